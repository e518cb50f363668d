"""What a compile for the target graph yields: the program as a torch module, and both on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from torch import Tensor

from cprograms.diagnostics import UsageError
from cprograms.graph import Graph
from cprograms.inputs import inputs_of
from cprograms.ops import REPEAT
from cprograms.program import Signature
from cprograms.screen import on_screen
from surrogate.container import CARD, Measurement, ensure_free, ensure_same, fingerprint, header, write
from surrogate.graph.card import card, graph_line
from surrogate.graph.constants import Line, Lines
from surrogate.graph.fit import STEPS, Fit, fit_constants
from surrogate.graph.module import GraphModule
from surrogate.graph.stored import as_dict, from_dict
from surrogate.numeric.artifact import C_PROGRAM, TENSORS, NumericArtifact, read_program, read_report, tensors_of
from surrogate.numeric.tables import ensure_held
from surrogate.numeric.words import measured_lines
from surrogate.optimise.optimising import Optimising


@dataclass(eq=False, repr=False, kw_only=True)
class GraphProgram(NumericArtifact, Optimising):
    """A compiled program that is computed exactly.

    `module` is the program itself (`surrogate.graph.module.GraphModule`): differentiable, its constants are parameters.
    `fitted` counts the rows that `fit` has fitted them to; 0 where they are those of the C program.
    """

    module: GraphModule
    fitted: int = 0

    def __repr__(self) -> str:
        """A screen at most: the signature, the graph, the measured error, the domain."""
        graph, domain = f"graph: {graph_line(self.module)}", f"domain: {self.signature.domain_text()}"
        return on_screen([f"Program {self.signature}", graph, domain, *measured_lines(self.measured)])

    def _fingerprint(self) -> str:
        shape = json.dumps([as_dict(self.module.graph), self.module.smooth]).encode()
        return fingerprint(super()._fingerprint().encode(), shape)

    @property
    def differentiable(self) -> bool:
        """Not where it has loops: of each pass of each row all would be kept."""
        return not any(n.op == REPEAT for n in self.module.graph.nodes)

    @property
    def constants(self) -> dict[str, float]:
        """The learnable constants by their labels, as in "line 2: 0.7152"."""
        return {
            n: c.item() for n, c in zip(self.module.labels, (c.detach() for c in self.module.constants), strict=True)
        }

    def fit(self, rows: Any, results: Any, /, *, steps: int = STEPS) -> Fit:
        """Fit the constants to rows of measured results, in place; returns what came of it.

        `rows` are inputs of all the kinds that `predict` takes, `results` float [n, results], or [n] of a single one.
        See `surrogate.graph.fit.fit_constants`. The measured error is then of other constants, and is measured anew.

        Raises ValueError for other shapes, and for a number that an argument's type does not hold; UsageError where
        there is nothing to fit, or there are too few rows.
        """
        x = np.asarray(inputs_of(rows, {}, [a.name for a in self.arguments])).reshape(-1, len(self.arguments))
        y = np.asarray(results, dtype=np.float64)
        if y.size != len(x) * len(self.results):
            raise ValueError(f"results of shape [{len(x)}, {len(self.results)}] are needed, not {list(y.shape)}")
        ensure_held(x, self.arguments)
        found = fit_constants(self.module, x, y.reshape(len(x), len(self.results)), steps)
        self.fitted += found.rows
        return found

    def save(self, path: str | PathLike[str]) -> None:
        """Write an artifact, all or nothing; of one that was there, the files that it lists are replaced.

        The error that it states is the latest check; a program that has none of these constants is checked first.

        Raises UsageError where something else than an artifact is in the way, where writing fails (permissions, a full
        disk), or where `module` is no graph of this signature.
        """
        ensure_free(Path(path), (TENSORS, C_PROGRAM))
        try:
            kept = replace(
                self, module=_module(self.module.graph, self.module.smooth, self.signature, self.module.lines)
            )
            kept.module.load_state_dict(self.module.state_dict())
        except (AttributeError, RuntimeError, ValueError) as e:
            raise UsageError(f"the module of '{self.entry}' cannot be saved: {e}") from e
        if kept.measured is None:
            kept.check()
            self.measurement = kept.measurement
        files = {TENSORS: tensors_of(kept.module), C_PROGRAM: kept.text.encode()}
        text = card(kept.signature, kept.module, kept.constants, kept.fitted, kept.measured)
        write(path, kept.config(), files | {CARD: text.encode()})

    def config(self) -> dict[str, Any]:
        """What `config.json` and `compile --json` say, without the files' hashes."""
        return header("graph", self.entry) | {
            "signature": self.signature.as_dict(),
            "graph": as_dict(self.module.graph),
            "lines": {str(node): list(lines) for node, lines in self.module.lines.items()},
            "smooth": self.module.smooth,
            "constants": list(self.module.labels),
            "fitted": self.fitted,
            "measured": self.measured.as_dict() if self.measured else None,
        }


def decode(config: dict[str, Any], files: dict[str, bytes]) -> GraphProgram:
    """The program that a configuration and the files describe.

    The C program is read: it must have the signature and the domain that the configuration states. Raises KeyError,
    TypeError, ValueError, AttributeError, OverflowError, RuntimeError or SafetensorError where they do not fit.
    """
    signature = Signature.from_dict(config["entry"], config["signature"])
    program = read_program(files[C_PROGRAM], signature)
    lines = {int(node): tuple(map(_line, found)) for node, found in config["lines"].items()}
    smooth = None if config["smooth"] is None else float(config["smooth"])
    found = GraphProgram(
        entry=signature.entry,
        arguments=signature.arguments,
        results=signature.results,
        text=files[C_PROGRAM].decode(),
        module=_module(from_dict(config["graph"]), smooth, signature, lines),
        fitted=int(config["fitted"]),
    )
    _hold(found.module, load_tensors(files[TENSORS]))
    found.program = program
    if found.fitted < 0:
        raise ValueError(f"constants fitted to {found.fitted} rows")
    ensure_same(config, {k: v for k, v in found.config().items() if k != "signature"})
    if config["measured"] is not None:
        found.measurement = Measurement(read_report(config["measured"], signature), found._fingerprint())
    return found


def _line(found: Any) -> Line:
    return found if isinstance(found, str) else int(found)


def _module(graph: Graph, smooth: float | None, signature: Signature, lines: Lines) -> GraphModule:
    """The module of a graph. Raises ValueError for one of another signature."""
    for n in graph.nodes:
        if n.op == "arg" and not (
            n.value < len(signature.arguments) and signature.arguments[int(n.value)].type == n.type
        ):
            raise ValueError(f"the graph reads an argument {n.value} of type {n.type.name}, which {signature} has not")
    if [graph.nodes[r].type for r in graph.roots] != [r.type for r in signature.results]:
        raise ValueError(f"the graph does not give the results of {signature}")
    return GraphModule(graph, [a.name for a in signature.arguments], smooth, lines)


def _hold(module: GraphModule, tensors: dict[str, Tensor]) -> None:
    """Take constants. Raises ValueError for others than the graph has, and for what is no finite number."""
    if {k: (v.shape, v.dtype) for k, v in tensors.items()} != {
        k: (v.shape, v.dtype) for k, v in module.state_dict().items()
    }:
        raise ValueError(f"tensors {sorted(tensors)} are not the {len(module.constants)} constants of the graph")
    if not all(torch.isfinite(v) for v in tensors.values()):
        raise ValueError("a constant is no finite number")
    module.load_state_dict(tensors)

"""What a compile yields, a surrogate: the emitted network and the program that it stands for, and both on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load as load_tensors
from torch import Tensor

import cprograms
from cprograms.diagnostics import UsageError
from cprograms.inputs import inputs_of
from cprograms.program import Program, Signature
from cprograms.screen import on_screen
from surrogate.container import CARD, Measurement, ensure_free, ensure_same, header, write
from surrogate.graph import stored
from surrogate.graph.truth import program_slopes
from surrogate.mlp.card import Origin, card, network_line, parts_of
from surrogate.mlp.fitting.choice import Rows
from surrogate.mlp.fitting.portfolio import Told, budget_of
from surrogate.mlp.fitting.teaching import Lesson
from surrogate.mlp.fitting.tuning import Finetuning, finetuned
from surrogate.mlp.network import AT_ONCE, SurrogateNetwork
from surrogate.mlp.parts.kernel import KernelHead, head_from_tensors
from surrogate.mlp.parts.polynomial import Chebyshev
from surrogate.mlp.parts.table import Table
from surrogate.mlp.parts.taps import Taps
from surrogate.numeric.artifact import C_PROGRAM, TENSORS, NumericArtifact, read_program, read_report, tensors_of
from surrogate.numeric.batches import predicted
from surrogate.numeric.checking.gradients import Slopes
from surrogate.numeric.checking.reading import plain, size, text
from surrogate.numeric.tables import ensure_held
from surrogate.numeric.words import measured_lines
from surrogate.optimise.optimising import Optimising

TAPS = "taps.json"


@dataclass(eq=False, repr=False, kw_only=True)
class Surrogate(NumericArtifact, Optimising):
    """A compiled surrogate.

    `module` is the network. `rows` counts the executed rows that shaped the weights, of which there were as many as
    needed where they were `free_rows`. `compiler` is the SHA-256 of the hypernetwork's weights, and `operators` counts
    what the program computes. `held_out` counts further executed rows, which chose the parts and decided for which
    results the network is not clearly better than the mean: those, `mean_only`, are the mean. `untuned` names the
    results that the fine-tuning of -O2 did not change, and `finetunings` are those after the compile. `derivatives`
    counts those of the graph, where -O2 read exactly so many rows and them. `taught` are the results whose towers were
    taught what polynomials of the text say. `options` are those of `surrogate compile` that make it again.
    """

    module: SurrogateNetwork
    opt_level: int
    seed: int
    rows: int
    compiler: str
    operators: int = 0
    free_rows: bool = False
    held_out: int = 0
    mean_only: tuple[str, ...] = ()
    untuned: tuple[str, ...] = ()
    derivatives: int | None = None
    taught: tuple[Lesson, ...] = ()
    finetunings: tuple[Finetuning, ...] = ()
    options: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """A screen at most: the signature, how it was compiled, the measured error, the domain."""
        return on_screen(
            [
                f"Surrogate of {self.signature}",
                f"compiled at -O{self.opt_level}: {self.origin}",
                f"domain: {', '.join(self.signature.domain_lines())}",
                *measured_lines(self.measured),
            ]
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write an artifact, all or nothing; of one that was there, the files that it lists are replaced.

        The error that the artifact states is the latest check. A surrogate that has none of these weights is checked
        first, unless it was compiled at -O0, which promises not to run the program.

        Raises UsageError where something else than an artifact is in the way, where writing fails (permissions, a full
        disk), or where `module` is no network of this signature.
        """
        ensure_free(Path(path), (TENSORS, C_PROGRAM, *([TAPS] if self._taps else [])))
        kept = self._as_stored()
        if kept.measured is None and not kept.never_run:
            kept.check()
        stale = kept.measurement is not None and kept.measured is None
        text = card(kept.signature, network_line(kept.module, kept.operators), kept.origin, kept.measured, stale)
        files = {TENSORS: tensors_of(kept.module), C_PROGRAM: kept.text.encode(), CARD: text.encode()}
        files |= _written_taps(kept.module.taps)
        write(path, kept.config(), files)

    def outputs(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return predicted(self.module, x, AT_ONCE)

    def program_slopes(self) -> Slopes | None:
        return program_slopes(self.lowered, [a.name for a in self.arguments]) if self.lowered else None

    @property
    def _taps(self) -> Taps | None:
        """Those of the module, which may have been replaced by anything."""
        found = getattr(self.module, "taps", None)
        return found if isinstance(found, Taps) else None

    def _as_stored(self) -> Surrogate:
        """The surrogate that loading the artifact gives: itself, unless its module was replaced or cast."""
        taps = self._taps
        try:
            network = _network(self.module.state_dict(), self.signature, taps)
        except (AttributeError, KeyError, ValueError) as e:
            raise UsageError(f"the module of '{self.entry}' cannot be saved: {e}") from e
        if isinstance(self.module, SurrogateNetwork) and tensors_of(network) == tensors_of(self.module):
            return self
        return replace(self, module=network)

    def finetune(
        self,
        data: Any = None,
        *,
        rows: int | None = None,
        mix: float | None = None,
        seconds: float | None = None,
        steps: int | None = None,
        target_nmse: float | None = None,
        result: str | None = None,
        ranges: Mapping[str, tuple[float, float]] | None = None,
        program: Program | None = None,
        width: int | None = None,
        plain: bool = False,
        seed: int = 0,
        told: Told | None = None,
    ) -> Surrogate:
        """Another surrogate that goes on from this one; see `surrogate.mlp.fitting.tuning.finetuned` for the options.

        `data` are measured rows x [n, arguments] and y [n, results], of the kinds that `cprograms.inputs.inputs_of`
        takes. The work takes `seconds`, 10 by default, or `steps` of half a second's work, or ends where every result
        errs at most `target_nmse`. What came of it is the last of `finetunings`.
        """
        budget = budget_of(seconds, steps, target_nmse, told)
        target = self._program_of(program, ranges)
        tuned = finetuned(
            self.module,
            self.signature,
            target,
            budget=budget,
            data=None if data is None else self._measured_rows(target, *data),
            rows=rows,
            mix=mix,
            result=result,
            width=width,
            plain=plain,
            seed=seed,
        )
        names = [r.name for r in target.results]
        found = replace(
            self,
            arguments=target.arguments,
            results=target.results,
            entry=target.entry,
            text=target.portable_text,
            module=tuned.network,
            measurement=None,
            operators=tuned.operators,
            held_out=tuned.held_out,
            mean_only=tuple(names[k] for k in tuned.averaged),
            untuned=(),
            finetunings=(*self.finetunings, tuned.record),
        )
        found.program = target
        return found

    def fit(self, x: Any, y: Any, **options: Any) -> Surrogate:
        """`finetune` on measured rows."""
        return self.finetune((x, y), **options)

    def _program_of(self, program: Program | None, ranges: Mapping[str, tuple[float, float]] | None) -> Program:
        """The program that is to be mimicked, in its domain."""
        if program is None and not ranges:
            return self.program
        text = self.text if program is None else program.portable_text
        return cprograms.load(source=text, ranges=ranges, self_contained=True)

    @staticmethod
    def _measured_rows(program: Program, x: Any, y: Any) -> Rows:
        """Raises ValueError for what are no rows of the program's arguments and results."""
        inputs = np.asarray(inputs_of(x, {}, [a.name for a in program.arguments]))
        outputs = np.asarray(y, dtype=np.float64).reshape(len(inputs), -1)
        if outputs.shape[1] != len(program.results) or inputs.ndim != 2:
            raise ValueError(f"results of shape [n, {len(program.results)}] are needed, not {list(np.shape(y))}")
        if not (np.isfinite(inputs).all() and np.isfinite(outputs).all()):
            raise ValueError("measured rows must be finite numbers")
        ensure_held(inputs, program.arguments)
        return inputs, outputs

    @property
    def never_run(self) -> bool:
        """Whether no row of its program was executed, as -O0 promises."""
        return self.opt_level == 0 and all(f.measured for f in self.finetunings)

    @property
    def measured_data(self) -> bool:
        """Whether measured rows pulled it away from its program."""
        return any(f.measured for f in self.finetunings)

    @property
    def origin(self) -> Origin:
        """Where the weights come from, for reports."""
        names = [r.name for r in self.results]
        return Origin(
            self.opt_level,
            self.rows,
            self.free_rows,
            self.held_out,
            names,
            self.mean_only,
            self.untuned,
            self.derivatives,
            self.taught,
            self.finetunings,
            self.options or (f"-O{self.opt_level}", "--seed", str(self.seed)),
        )

    def config(self) -> dict[str, Any]:
        """What `config.json` and `compile --json` say, without the files' hashes."""
        return header("mlp", self.entry) | {
            "signature": self.signature.as_dict(),
            "hidden_size": self.module.w1.shape[1],
            "parameters": self.module.parameter_count,
            "operators": self.operators,
            "parts": parts_of(self.module),
            "opt_level": self.opt_level,
            "seed": self.seed,
            "rows": self.rows,
            "free_rows": self.free_rows,
            **({"held_out_rows": self.held_out} if self.held_out else {}),
            **({"mean_only": list(self.mean_only)} if self.held_out or self.mean_only else {}),
            **({} if self.derivatives is None else {"derivatives": self.derivatives}),
            **({"untuned": list(self.untuned)} if self.untuned else {}),
            **({"taught": [self._lesson(lesson) for lesson in self.taught]} if self.taught else {}),
            **({"finetuned": [f.as_dict() for f in self.finetunings]} if self.finetunings else {}),
            **({"options": list(self.options)} if self.options else {}),
            "compiler_sha256": self.compiler,
            "measured": self.measured.as_dict() if self.measured else None,
        }

    def _lesson(self, lesson: Lesson) -> dict[str, Any]:
        """For JSON; errors that are not known are left out."""
        errors = {"held_out_before": lesson.before, "held_out_after": lesson.after}
        return {"result": self.results[lesson.result].name, **{k: plain(v) for k, v in errors.items() if v is not None}}


def _lessons(described: Sequence[dict[str, Any]], names: Sequence[str]) -> tuple[Lesson, ...]:
    """The inverse. Raises KeyError, TypeError or ValueError for what are no lessons of these results."""
    errors = [[size(d[k]) if k in d else None for k in ("held_out_before", "held_out_after")] for d in described]
    return tuple(Lesson(names.index(d["result"]), *own) for d, own in zip(described, errors, strict=True))


def decode(config: dict[str, Any], files: dict[str, bytes]) -> Surrogate:
    """The surrogate that a configuration and the files describe.

    The C program is read: it must have the signature and the domain that the configuration states. Raises KeyError,
    TypeError, ValueError, OverflowError, RuntimeError or SafetensorError where they do not fit together.
    """
    signature = Signature.from_dict(config["entry"], config["signature"])
    program = read_program(files[C_PROGRAM], signature)
    surrogate = Surrogate(
        entry=signature.entry,
        arguments=signature.arguments,
        results=signature.results,
        text=files[C_PROGRAM].decode(),
        module=_network(load_tensors(files[TENSORS]), signature, _taps(files.get(TAPS), signature)),
        opt_level=int(config["opt_level"]),
        seed=int(config["seed"]),
        rows=int(config["rows"]),
        compiler=config["compiler_sha256"],
        # Artifacts of version 0.1.0 do not have them.
        operators=int(config.get("operators", 0)),
        free_rows=bool(config.get("free_rows", False)),
        held_out=int(config.get("held_out_rows", 0)),
        mean_only=tuple(config.get("mean_only", ())),
        untuned=tuple(config.get("untuned", ())),
        derivatives=None if config.get("derivatives") is None else int(config["derivatives"]),
        taught=_lessons(config.get("taught", ()), [r.name for r in signature.results]),
        finetunings=tuple(Finetuning.from_dict(d) for d in config.get("finetuned", ())),
        options=tuple(map(text, config.get("options", ()))),
    )
    surrogate.program = program
    if surrogate.opt_level not in range(4) or min(surrogate.seed, surrogate.rows) < 0:
        raise ValueError(f"-O{surrogate.opt_level} of {surrogate.rows} rows with seed {surrogate.seed}")
    described = surrogate.config()
    # Artifacts of version 0.1.0 lack some of it; the signature was compared above.
    ensure_same(config, {k: v for k, v in described.items() if k in config and k != "signature"})
    if config["measured"] is not None:
        report = read_report(config["measured"], signature)
        surrogate.measurement = Measurement(report, surrogate._fingerprint())
    return surrogate


def _written_taps(taps: Taps | None) -> dict[str, bytes]:
    """The file of the sub-program that computes the taps; none where there are no taps."""
    if taps is None:
        return {}
    return {TAPS: json.dumps({"kinds": taps.kinds, "graph": stored.as_dict(taps.graph)}).encode()}


def _taps(content: bytes | None, signature: Signature) -> Taps | None:
    """The inverse. Raises KeyError, TypeError or ValueError for what describes no taps of this signature."""
    if content is None:
        return None
    described = json.loads(content)
    graph = stored.from_dict(described["graph"])
    for node in graph.nodes:
        if node.op == "arg" and node.type != signature.arguments[int(node.value)].type:
            raise ValueError(f"a tap reads argument {node.value} as {node.type.name}")
    return Taps(len(signature.arguments), graph, described["kinds"])


def _network(tensors: Mapping[str, Tensor], signature: Signature, taps: Taps | None) -> SurrogateNetwork:
    """The network of these tensors, in the types that it computes in.

    Raises KeyError or ValueError where they are not those of a network of this signature.
    """
    results, hidden, _ = tensors["w1"].shape
    skip = None
    if "polynomial.exponents" in tensors:
        exponents = tensors["polynomial.exponents"].to(torch.int64)
        skip = Chebyshev(exponents, torch.zeros(results, len(exponents), dtype=torch.float64))
    table = None
    if "table.values" in tensors:
        table = Table(tensors["table.low"], tensors["table.sizes"], tensors["table.values"])
        if int(table.sizes.prod()) != len(table.values) or table.values.shape[1:] != (results,):
            raise ValueError("a table of another box")
    dtype = torch.float64 if tensors["w1"].dtype == torch.float64 else torch.float32
    arguments, kernels = len(signature.arguments), _kernels(tensors)
    network = SurrogateNetwork(arguments, len(signature.results), hidden, taps, skip, dtype, table, kernels)
    if (found := _shapes(tensors)) != (shapes := _shapes(network.state_dict())):
        raise ValueError(f"tensors of shapes {found} are not those of {signature}, {shapes}")
    if skip is not None and (skip.exponents.min() < 0 or skip.exponents.shape[1] != network.w1.shape[2]):
        raise ValueError("a polynomial of other inputs")
    network.load_state_dict(dict(tensors))
    return network


def _kernels(tensors: Mapping[str, Tensor]) -> dict[int, KernelHead]:
    """The kernels by result, of tensors such as `kernels.0.centres`. Raises KeyError or ValueError for other ones."""
    found: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("kernels."):
            _, result, own = name.split(".", 2)
            found.setdefault(result, {})[own] = tensor
    results, _, inputs = tensors["w1"].shape
    if wrong := [result for result in found if result not in map(str, range(results))]:
        raise ValueError(f"a kernel of result {wrong[0]} of {results}")
    return {int(result): head_from_tensors(own, inputs) for result, own in found.items()}


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}

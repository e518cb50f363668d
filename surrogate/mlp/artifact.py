"""What a compile yields, a surrogate: the emitted network and the program that it stands for, and both on disk."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

import cprograms
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.frontend.loading import load_expanded
from cprograms.inputs import inputs_of, masked_like
from cprograms.program import Argument, Program, Result, Signature
from cprograms.screen import on_screen
from surrogate.container import (
    CARD,
    Measurement,
    ensure_free,
    ensure_same,
    fingerprint,
    first_message,
    header,
    self_contained,
    write,
)
from surrogate.mlp.card import Origin, card, error_line, trapped_line
from surrogate.mlp.check import Report, check
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.tables import OutOfDomainWarning, row_warning

TENSORS, C_PROGRAM = "model.safetensors", "program.c"


@dataclass(eq=False)
class Surrogate:
    """A compiled surrogate.

    `module` is the network, a differentiable torch.nn.Module from C units [n, arguments] to C units [n, results].
    `text` is the program as self-contained C with its domain in pragmas. `rows` counts the executed rows that shaped
    the weights, `compiler` is the SHA-256 of the hypernetwork's weights, and `measurement` the latest check against the
    program, of the weights as they were then. `held_out` counts further executed rows, which decided for which results
    the network is not clearly better than the mean: those, `mean_only`, are the mean. `untuned` names the results that
    the fine-tuning of -O2 did not change.
    """

    entry: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    text: str
    module: SurrogateNetwork
    opt_level: int
    seed: int
    rows: int
    compiler: str
    measurement: Measurement[Report] | None = None
    held_out: int = 0
    mean_only: tuple[str, ...] = ()
    untuned: tuple[str, ...] = ()

    @property
    def measured(self) -> Report | None:
        """The latest check; None where there is none of these weights, in this domain, against this program."""
        return None if self.measurement is None else self.measurement.of(self._fingerprint())

    def _fingerprint(self) -> str:
        described = json.dumps([self.entry, self.signature.as_dict()]).encode()
        return fingerprint(described, self.text.encode(), _tensors(self.module))

    def __post_init__(self) -> None:
        self.module.arguments = tuple(a.name for a in self.arguments)

    def __repr__(self) -> str:
        """A screen at most: the signature, how it was compiled, the measured error, the domain."""
        if self.measured is None:
            error = ["error: not measured; check() measures it"]
        else:
            error = [f"error: {error_line(self.measured)} on {self.measured.rows:,} fresh rows"]
            error += [line] if (line := trapped_line(self.measured)) else []
            error += [f"{r.name}: {error_line(r)}" for r in self.measured.results if len(self.results) > 1]
        return on_screen(
            [
                f"Surrogate of {self.signature}",
                f"compiled at -O{self.opt_level}: {self.origin}",
                f"domain: {', '.join(self.signature.domain_lines())}",
                *error,
            ]
        )

    @cached_property
    def program(self) -> Program:
        """The program, parsed from `text` when it is first needed: predictions do without."""
        return cprograms.load(source=self.text, self_contained=True)

    @property
    def signature(self) -> Signature:
        """What it takes and returns."""
        return Signature(self.entry, self.arguments, self.results)

    @property
    def domain(self) -> npt.NDArray[np.float64]:
        """float64 [arguments, 2], low and high of each argument."""
        return np.array([[a.low, a.high] for a in self.arguments], dtype=np.float64)

    def predict(self, rows: Any = None, /, **columns: Any) -> npt.NDArray[np.float64]:
        """Predict: [..., arguments] -> float64 [..., results], both in C units, for any batch shape.

        Inputs are of all the kinds that `cprograms.inputs.inputs_of` takes: by position, or by name, as
        `predict(x=1, y=[2, 3])`, which are broadcast. Results of integer types are floats too; rounding them is the
        caller's choice. Rows with a masked argument are masked, those with NaN are NaN. Outside the domain the network
        extrapolates, and an OutOfDomainWarning says so, once a call.

        Raises ValueError for another last axis, missing or unknown names, and what are no real numbers.
        """
        x = inputs_of(rows, columns, [a.name for a in self.arguments])
        flat = np.asarray(x).reshape(-1, len(self.arguments))
        if warning := row_warning(flat, self.arguments):
            warnings.warn(warning, OutOfDomainWarning, stacklevel=2)
        y = self.module.predict(flat).reshape(*x.shape[:-1], len(self.results))
        return masked_like(y, x)

    __call__ = predict

    def check(self, rows: int = 2000, seed: int = 0) -> Report:
        """Compare with the program on fresh rows; see `surrogate.mlp.check.check`. The report is kept as `measured`."""
        measured = check(self.program, self.module.predict, rows, seed)
        self.measurement = Measurement(measured, self._fingerprint())
        return measured

    def save(self, path: str | PathLike[str]) -> None:
        """Write an artifact, all or nothing; of one that was there, the files that it lists are replaced.

        The error that the artifact states is the latest check. A surrogate that has none of these weights is checked
        first, unless it was compiled at -O0, which promises not to run the program.

        Raises UsageError where something else than an artifact is in the way, where writing fails (permissions, a full
        disk), or where `module` is no network of this signature.
        """
        ensure_free(Path(path), (TENSORS, C_PROGRAM))
        stored = self._as_stored()
        if stored.measured is None and stored.opt_level > 0:
            stored.check()
        stale = stored.measurement is not None and stored.measured is None
        text = card(stored.signature, stored.module, stored.origin, stored.measured, stale)
        files = {TENSORS: _tensors(stored.module), C_PROGRAM: stored.text.encode(), CARD: text.encode()}
        write(path, stored.config(), files)

    def _as_stored(self) -> Surrogate:
        """The surrogate that loading the artifact gives: itself, unless its module was replaced or cast."""
        try:
            network = _network(self.module.state_dict(), self.signature)
        except (AttributeError, KeyError, ValueError) as e:
            raise UsageError(f"the module of '{self.entry}' cannot be saved: {e}") from e
        if isinstance(self.module, SurrogateNetwork) and _tensors(network) == _tensors(self.module):
            return self
        return replace(self, module=network)

    @property
    def origin(self) -> Origin:
        """Where the weights come from, for reports."""
        names = [r.name for r in self.results]
        return Origin(self.opt_level, self.rows, self.held_out, names, self.mean_only, self.untuned)

    def config(self) -> dict[str, Any]:
        """What `config.json` and `compile --json` say, without the files' hashes."""
        return header("mlp", self.entry) | {
            "signature": self.signature.as_dict(),
            "hidden_size": self.module.w1.shape[1],
            "parameters": self.module.parameter_count,
            "opt_level": self.opt_level,
            "seed": self.seed,
            "rows": self.rows,
            **({"held_out_rows": self.held_out, "mean_only": list(self.mean_only)} if self.held_out else {}),
            **({"untuned": list(self.untuned)} if self.opt_level == 2 else {}),
            "compiler_sha256": self.compiler,
            "measured": self.measured.as_dict() if self.measured else None,
        }


def decode(config: dict[str, Any], files: dict[str, bytes]) -> Surrogate:
    """The surrogate that a configuration and the files describe.

    The C program is read: it must have the signature and the domain that the configuration states. Raises KeyError,
    TypeError, ValueError, OverflowError, RuntimeError or SafetensorError where they do not fit together.
    """
    signature = Signature.from_dict(config["entry"], config["signature"])
    program = _program(files[C_PROGRAM])
    if (found := Signature.of(program)).without_origins() != signature.without_origins():
        raise ValueError(
            f"{C_PROGRAM} is {found}, {found.domain_text()}; it says {signature}, {signature.domain_text()}"
        )
    surrogate = Surrogate(
        entry=signature.entry,
        arguments=signature.arguments,
        results=signature.results,
        text=files[C_PROGRAM].decode(),
        module=_network(load_tensors(files[TENSORS]), signature),
        opt_level=int(config["opt_level"]),
        seed=int(config["seed"]),
        rows=int(config["rows"]),
        compiler=config["compiler_sha256"],
        # Artifacts of version 0.1.0 do not have them.
        held_out=int(config.get("held_out_rows", 0)),
        mean_only=tuple(config.get("mean_only", ())),
        untuned=tuple(config.get("untuned", ())),
    )
    surrogate.program = program
    if surrogate.opt_level not in (0, 1, 2) or min(surrogate.seed, surrogate.rows) < 0:
        raise ValueError(f"-O{surrogate.opt_level} of {surrogate.rows} rows with seed {surrogate.seed}")
    described = surrogate.config()
    # Artifacts of version 0.1.0 lack some of it; the signature was compared above.
    ensure_same(config, {k: v for k, v in described.items() if k in config and k != "signature"})
    if config["measured"] is not None:
        report = _report(config["measured"], signature)
        surrogate.measurement = Measurement(report, surrogate._fingerprint())
    return surrogate


def _program(content: bytes) -> Program:
    """The program of an artifact, which was printed: it is read without a preprocessor, and includes nothing."""
    try:
        return load_expanded(self_contained(content))
    except (ProgramError, UsageError) as e:
        raise ValueError(f"{C_PROGRAM}: {first_message(e)}") from e


def _report(measured: dict[str, Any], signature: Signature) -> Report:
    """The measured error that a configuration states. Raises ValueError for one that no check gives."""
    report = Report.from_dict(measured)
    if [r.name for r in report.results] != [r.name for r in signature.results]:
        raise ValueError("the measured error is of other results")
    if not 0 <= report.trapped <= report.rows - 2 or report.seed < 0:
        raise ValueError(f"an error measured on {report.rows} rows, {report.trapped} of them trapped")
    if not all(r.nmse >= 0 and r.max_error >= 0 for r in report.results):
        raise ValueError("a measured error is negative or no number")
    ensure_same(measured, {"rows": report.rows, "trapped": report.trapped, "seed": report.seed})
    return report


def _network(tensors: Mapping[str, Tensor], signature: Signature) -> SurrogateNetwork:
    """The network of these tensors, in the types that it computes in.

    Raises KeyError or ValueError where they are not those of a network of this signature.
    """
    results, hidden, arguments = tensors["w1"].shape
    with torch.device("meta"):
        shapes = _shapes(SurrogateNetwork(len(signature.arguments), len(signature.results), hidden).state_dict())
    if (found := _shapes(tensors)) != shapes:
        raise ValueError(f"tensors of shapes {found} are not those of {signature}")
    network = SurrogateNetwork(arguments, results, hidden)
    network.load_state_dict(dict(tensors))
    return network


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _tensors(module: nn.Module) -> bytes:
    """What TENSORS holds: the same bytes for the same weights, wherever they are."""
    return save_tensors({k: v.detach().cpu().contiguous().clone() for k, v in module.state_dict().items()})

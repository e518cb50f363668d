"""What compiled numeric programs have in common, whatever the target: a module, the program, and the error of one
against the other."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt
from safetensors.torch import save as save_tensors
from torch import nn

import cprograms
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.frontend.loading import load_expanded
from cprograms.inputs import inputs_of, masked_like
from cprograms.program import Argument, Program, Result, Signature
from surrogate.container import Measurement, ensure_same, fingerprint, first_message, self_contained
from surrogate.numeric.batches import predicted
from surrogate.numeric.check import Report, check
from surrogate.numeric.exact import Exact, as_batch, both
from surrogate.numeric.tables import OutOfDomainWarning, row_warning

TENSORS, C_PROGRAM = "model.safetensors", "program.c"


@dataclass(eq=False, repr=False, kw_only=True)
class NumericArtifact:
    """A compiled numeric program.

    `module` is a differentiable torch.nn.Module from C units [..., arguments] to C units [..., results]. `text` is the
    program as self-contained C with its domain in pragmas, and `measurement` the latest check against it, of the
    weights as they were then.
    """

    entry: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    text: str
    module: nn.Module
    measurement: Measurement[Report] | None = None

    @property
    def measured(self) -> Report | None:
        """The latest check; None where there is none of these weights, in this domain, against this program."""
        return None if self.measurement is None else self.measurement.of(self._fingerprint())

    def _fingerprint(self) -> str:
        described = json.dumps([self.entry, self.signature.as_dict()]).encode()
        return fingerprint(described, self.text.encode(), tensors_of(self.module))

    def __post_init__(self) -> None:
        self.module.arguments = tuple(a.name for a in self.arguments)  # type: ignore[assignment]

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

    @overload
    def predict(self, rows: Any = None, /, *, exact: Literal[True], **columns: Any) -> Exact: ...
    @overload
    def predict(self, rows: Any = None, /, **columns: Any) -> npt.NDArray[np.float64]: ...
    def predict(self, rows: Any = None, /, **columns: Any) -> npt.NDArray[np.float64] | Exact:
        """Predict: [..., arguments] -> float64 [..., results], both in C units, for any batch shape.

        Inputs are of all the kinds that `cprograms.inputs.inputs_of` takes: by position, or by name, as
        `predict(x=1, y=[2, 3])`, which are broadcast. Results of integer types are floats too; rounding them is the
        caller's choice. Rows with a masked argument are masked, those with NaN are NaN. Outside the domain the network
        extrapolates, and an OutOfDomainWarning says so, once a call.

        With `exact=True` the C program is run as well: see `surrogate.numeric.exact.Exact` for what is returned then.
        (Of a program that has an argument `exact`, that is its value.)

        Raises ValueError for another last axis, missing or unknown names, and what are no real numbers.
        """
        names = [a.name for a in self.arguments]
        exact = "exact" not in names and bool(columns.pop("exact", False))
        x = inputs_of(rows, columns, names)
        flat = np.asarray(x).reshape(-1, len(names))
        if warning := row_warning(flat, self.arguments):
            warnings.warn(warning, OutOfDomainWarning, stacklevel=2)
        if exact:
            return as_batch(both(self.program, self.outputs, flat), x)
        return masked_like(self.outputs(flat).reshape(*x.shape[:-1], len(self.results)), x)

    __call__ = predict

    def check(self, rows: int = 2000, seed: int = 0) -> Report:
        """Compare with the program on fresh rows; see `surrogate.numeric.check`. The report is kept as `measured`."""
        measured = check(self.program, self.outputs, rows, seed)
        self.measurement = Measurement(measured, self._fingerprint())
        return measured

    def outputs(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The module on rows, without gradients: float64 [n, arguments] -> float64 [n, results]."""
        return predicted(self.module, x)


def tensors_of(module: nn.Module) -> bytes:
    """The same bytes for the same weights, wherever they are."""
    return save_tensors({k: v.detach().cpu().contiguous().clone() for k, v in module.state_dict().items()})


def read_program(content: bytes, signature: Signature) -> Program:
    """The program of an artifact, which was printed: it is read without a preprocessor, and includes nothing.

    Raises ValueError where it is no program, or one of another signature or domain.
    """
    try:
        program = load_expanded(self_contained(content), C_PROGRAM)
    except (ProgramError, UsageError) as e:
        raise ValueError(f"{C_PROGRAM}: {first_message(e)}") from e
    if (found := Signature.of(program)).without_origins() != signature.without_origins():
        raise ValueError(
            f"{C_PROGRAM} is {found}, {found.domain_text()}; it says {signature}, {signature.domain_text()}"
        )
    return program


def read_report(measured: dict[str, Any], signature: Signature) -> Report:
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

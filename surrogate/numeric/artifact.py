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
from cprograms.graph import Graph
from cprograms.inputs import inputs_of, masked_like
from cprograms.lowering import lower
from cprograms.program import Argument, Program, Result, Signature
from surrogate.container import Measurement, ensure_same, fingerprint, first_message, self_contained
from surrogate.numeric.batches import predicted, slopes
from surrogate.numeric.check import Report, check
from surrogate.numeric.checking.bounds import Bars, Bounded, bars_at
from surrogate.numeric.checking.gradients import Derivatives, Slopes
from surrogate.numeric.exact import Exact, as_batch, both
from surrogate.numeric.tables import OutOfDomainWarning, ensure_held, row_warning

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

    @cached_property
    def lowered(self) -> Graph | None:
        """The program's dataflow graph, as far as it is followed; None where that takes too long."""
        try:
            return lower(self.program)
        except ProgramError:
            return None

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
    def predict(self, rows: Any = None, /, *, bounds: Literal[True], **columns: Any) -> Bounded: ...
    @overload
    def predict(self, rows: Any = None, /, **columns: Any) -> npt.NDArray[np.float64]: ...
    def predict(self, rows: Any = None, /, **columns: Any) -> npt.NDArray[np.float64] | Exact | Bounded:
        """Predict: [..., arguments] -> float64 [..., results], both in C units, for any batch shape.

        Inputs are of all the kinds that `cprograms.inputs.inputs_of` takes: by position, or by name, as
        `predict(x=1, y=[2, 3])`, which are broadcast. Results of integer types are floats too; rounding them is the
        caller's choice. Rows with a masked argument are masked, those with NaN are NaN. Outside the domain the network
        extrapolates, and an OutOfDomainWarning says so, once a call.

        With `exact=True` the C program is run as well: see `surrogate.numeric.exact.Exact` for what is returned then.
        With `bounds=True` error bars come with the results: see `surrogate.numeric.checking.bounds.Bounded`, and
        `error_bars`. (Of a program that has an argument `exact` or `bounds`, that is its value.)

        Raises ValueError for another last axis, missing or unknown names, what are no real numbers, for both at once,
        and with `exact=True` for what an argument's C type does not hold, as the C program would be run on another row.
        """
        names = [a.name for a in self.arguments]
        exact, bounds = (word not in names and bool(columns.pop(word, False)) for word in ("exact", "bounds"))
        if exact and bounds:
            raise ValueError("where the program is run (exact) there is nothing to bound (bounds)")
        x = inputs_of(rows, columns, names)
        flat = np.asarray(x).reshape(-1, len(names))
        if warning := row_warning(flat, self.arguments):
            warnings.warn(warning, OutOfDomainWarning, stacklevel=2)
        if exact:
            ensure_held(flat, self.arguments)
            return as_batch(both(self.program, self.outputs, flat), x)
        found = (self.outputs(flat), *(self.error_bars(flat) if bounds else ()))
        shaped = [masked_like(part.reshape(*x.shape[:-1], len(self.results)), x) for part in found]
        return Bounded(*shaped) if bounds else shaped[0]

    __call__ = predict

    def gradient(self, rows: Any = None, /, **columns: Any) -> npt.NDArray[np.float64]:
        """The derivative of each result in each argument, in C units: [..., arguments] -> [..., results, arguments].

        Inputs are of all the kinds that `predict` takes. It is that of the module: integers have one too.
        """
        names = [a.name for a in self.arguments]
        x = np.asarray(inputs_of(rows, columns, names))
        return self.slopes(x.reshape(-1, len(names))).reshape(*x.shape[:-1], len(self.results), len(names))

    def error_bars(self, x: npt.NDArray[np.float64]) -> Bars:
        """The error bars of rows [n, arguments]. They are measured first where there are none of these weights."""
        measured = self.measured
        if measured is None or not measured.bounds:
            measured = self.check()
        return bars_at(measured.bounds, x, self.arguments)

    def check(self, rows: int = 2000, seed: int = 0, *, timed: bool = False) -> Report:
        """Compare with the program on fresh rows; see `surrogate.numeric.check`. The report is kept as `measured`."""
        derivatives = Derivatives(self.slopes, self.program_slopes()) if self.differentiable else None
        measured = check(
            self.program, self.outputs, rows, seed, graph=self.lowered, derivatives=derivatives, timed=timed
        )
        self.measurement = Measurement(measured, self._fingerprint())
        return measured

    def outputs(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The module on rows, without gradients: float64 [n, arguments] -> float64 [n, results]."""
        return predicted(self.module, x)

    def slopes(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The module's derivatives at rows: float64 [n, arguments] -> float64 [n, results, arguments]."""
        return slopes(self.module, x)

    @property
    def differentiable(self) -> bool:
        """Whether the derivatives at many rows take no longer, and no more memory, than their values do, about."""
        return True

    def program_slopes(self) -> Slopes | None:
        """The program's derivatives from its dataflow graph; None where that is not followed or proves nothing."""
        return None


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
    _ensure_of(report, signature)
    ensure_same(measured, {"rows": report.rows, "trapped": report.trapped, "seed": report.seed})
    return report


def _ensure_of(report: Report, signature: Signature) -> None:
    """Raises ValueError where a report speaks of arguments or results that a program has not."""
    arguments, results = [a.name for a in signature.arguments], [r.name for r in signature.results]
    gradients = report.gradients.arguments if report.gradients else ()
    of_arguments = [*(r.argument for r in report.regions), *(b.argument for b in report.bounds)]
    of_arguments += [g.argument for g in gradients]
    of_results = [*(r.result for r in report.regions), *(g.result for g in gradients)]
    if not (set(of_arguments) <= {*arguments, ""} and set(of_results) <= set(results)):
        raise ValueError("what was measured is of other arguments or results")
    if report.bounds and [b.name for b in report.bounds] != results:
        raise ValueError("the error bars are of other results")
    if report.worst_row is not None and not report.worst_row.fits(len(arguments), results):
        raise ValueError("the worst row is of other arguments or results")

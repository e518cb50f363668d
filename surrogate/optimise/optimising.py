"""The whole search: from what users ask of a compiled program to its best input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from cprograms import options
from cprograms.program import Program, Signature
from surrogate.numeric.check import Report

if TYPE_CHECKING:
    from torch import nn

    from surrogate.optimise.optimum import Optimum

STARTS, EVALUATIONS = 64, 100


class Compiled(Protocol):
    """What an artifact must have."""

    @property
    def module(self) -> nn.Module: ...
    @property
    def signature(self) -> Signature: ...
    @property
    def program(self) -> Program: ...
    @property
    def measured(self) -> Report | None: ...


def optimise(
    artifact: Compiled,
    *,
    minimize: str | None = None,
    maximize: str | None = None,
    match: Mapping[str, float] | None = None,
    subject_to: Sequence[str] = (),
    fix: Mapping[str, float] | None = None,
    starts: int = STARTS,
    evaluations: int = EVALUATIONS,
    seed: int = 0,
) -> Optimum:
    """The input of the domain that is best by the C program, found through what was compiled from it.

    `minimize` or `maximize` is an expression of results and arguments (`surrogate.optimise.expressions`); `match` are
    values that such expressions are to take, `subject_to` inequalities, `fix` values of arguments that do not vary.
    The search begins at so many `starts`, and runs the program on at most so many `evaluations`, one row each.

    Raises UsageError for what makes no sense, ProgramError where the program has no finite result on any row.
    """
    # Half of SciPy, which predictions do without.
    from surrogate.optimise import outcome, problem, refinement, search
    from surrogate.optimise.model import Model

    starts, most = options.whole("starts", starts, 1, options.MANY), options.whole("evaluations", evaluations, 1)
    seed = options.seed(seed)
    asked = problem.problem(
        artifact.signature, minimize=minimize, maximize=maximize, match=match, subject_to=subject_to, fix=fix
    )
    sampled = search.sample(asked, starts, seed)
    model = Model(asked, artifact.module, _errors(artifact), sampled)
    optima = search.found(model, sampled, starts)
    truth = refinement.Truth(artifact.program, model, most)
    finished = refinement.refine(truth, optima, sampled, seed)
    return outcome.optimum(truth, finished, starts)


def _errors(artifact: Compiled) -> npt.NDArray[np.float64]:
    """The root mean squared error of each result, as far as it was measured, else 0: rows of the search tell it."""
    results = len(artifact.signature.results)
    if artifact.measured is None:
        return np.zeros(results)
    found = np.array([r.nmse**0.5 * r.std for r in artifact.measured.results])
    return np.where(np.isfinite(found), found, 0.0)


class Optimising:
    """What compiled numeric programs can do with the search: see `optimise` for all that it takes."""

    def minimize(self: Compiled, objective: str, **given: Any) -> Optimum:
        """The input at which an expression such as "price - 2 * delta" is least; see `optimise`."""
        return optimise(self, minimize=objective, **given)

    def maximize(self: Compiled, objective: str, **given: Any) -> Optimum:
        """The input at which an expression is greatest; see `optimise`."""
        return optimise(self, maximize=objective, **given)

    def match(self: Compiled, targets: Mapping[str, float], **given: Any) -> Optimum:
        """The input at which results come nearest to values, as in {"gamma": 0.02}; see `optimise`."""
        return optimise(self, match=targets, **given)

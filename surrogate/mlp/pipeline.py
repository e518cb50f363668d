"""The compile pipeline: from a program to a surrogate, a line a stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from os import PathLike
from typing import NamedTuple

import numpy as np
import torch

from cprograms import options
from cprograms.diagnostics import UsageError
from cprograms.graph import Graph
from cprograms.lowering import lower
from cprograms.program import Program
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.fitting.choice import Rows, assembled, fitted, table_network
from surrogate.mlp.fitting.finetune import finetune, training_rows
from surrogate.mlp.fitting.portfolio import Budget, Told, budget_of, compete
from surrogate.mlp.fitting.safeguards import average_unsure, best_of, fall_back, held_out_rows
from surrogate.mlp.fitting.scale import settle
from surrogate.mlp.fitting.series import series_parts, take_series
from surrogate.mlp.fitting.sobolev import fit_exactly
from surrogate.mlp.fitting.start import COMPILE_METHOD, emitted, emitted_towers, free_problem
from surrogate.mlp.fitting.teaching import Lesson, teach_exactly, teach_rows
from surrogate.mlp.network import (
    Scale,
    SurrogateNetwork,
    pruned,
    random_network,
    tapped,
)
from surrogate.mlp.parts.table import make_table
from surrogate.mlp.parts.taps import Choice, Taps, find_taps, most_taps, operator_count, tap_choice
from surrogate.mlp.parts.towers import Towers
from surrogate.numeric.batches import one_thread
from surrogate.numeric.rows import GAUSS_NEWTON_ROWS, MAX_ROWS, MIN_ROWS, compile_seed, ensure_finite, executed_rows

LEVEL_ROWS = {0: 0, 1: GAUSS_NEWTON_ROWS, 2: 256}
"""Executed rows at each -O level of the evaluation protocol, whose -O2 reads no others."""


@dataclass(frozen=True)
class _Settings:
    """What was asked for; see `compile_program`."""

    opt_level: int
    rows: int | None
    seed: int
    taps: Choice
    plain: bool
    budget: Budget

    @property
    def free(self) -> bool:
        """Whether rows cost nothing: at -O2 unless the user says how many there are, and at -O3."""
        return self.opt_level == 3 or (self.opt_level == 2 and self.rows is None)


class _Made(NamedTuple):
    """A network, the rows that shaped it, those that chose among candidates, and which results stayed as emitted.

    `averaged` are the results that are the mean, where no held-out rows say so; `derivatives` those that were read.
    `taught` are those whose towers polynomials of the text taught.
    """

    network: SurrogateNetwork
    rows: Rows
    held_out: Rows
    untuned: list[bool]
    averaged: list[int] | None = None
    derivatives: int | None = None
    taught: Sequence[Lesson] = ()


def compile_program(
    program: Program,
    *,
    opt_level: int = 1,
    rows: int | None = None,
    seed: int = 0,
    compiler: str | PathLike[str] | None = None,
    taps: str | int | None = None,
    plain: bool = False,
    seconds: float | None = None,
    steps: int | None = None,
    target_nmse: float | None = None,
    told: Told | None = None,
) -> Surrogate:
    """Compile a program to a surrogate.

    `opt_level` 0 never runs the program. It reads the text, and values of its dataflow graph, which scale taps and
    results, and weigh the tower and polynomials of the text against each other; `plain`, it reads the text alone. 1
    also reads `rows` executed rows (64 by default) by the hypernetwork's Gauss–Newton steps, or as many of them as
    held-out rows prefer; polynomials of the text, adapted to the rows, compete with the tower. 2 takes rows as free: it
    fits polynomials, and towers from the emitted weights, to 4,000 of them in about half a second of one core, and each
    result is the part that errs least on 2,000 fresh ones; with `rows`, it reads exactly so many. 3 goes on from there
    by a portfolio (see `surrogate.mlp.fitting.portfolio`), for `seconds` (10 by default) or for `steps` of half a
    second's work each, which give the same surrogate again, or until every result errs at most `target_nmse`. `told`
    hears how far it is, from 0 to 1, and the error.

    Beside the arguments, the network may read `taps`, exact values of inner nodes of the dataflow graph: "none",
    "gates", or at most so many of all kinds (24 by default, or as many as there are results; see
    `surrogate.mlp.parts.taps`). They are found by evaluating that graph at points of the domain, at 0 as well. `plain`
    is the paper's setting, an MLP of the arguments alone.

    At 1 and 2 a result that is not clearly better than the mean on held-out rows becomes the mean. `compiler` is a
    packaged hypernetwork's name or a directory of one. The same seed gives the same surrogate.

    Raises UsageError for options that make no sense, ProgramError where no row has finite outputs.
    """
    if not isinstance(program, Program):
        raise UsageError(f"a Program is needed, as cprograms.load gives, not {program!r:.40}")
    budget = _budget(opt_level, seconds, steps, target_nmse, told)
    settings = _settings(opt_level, rows, seed, taps, plain, budget, most_taps(program))
    hypernetwork = load_compiler(compiler)
    graph = lower(program)
    if settings.opt_level == 0 and not settings.plain:
        ensure_finite(program, graph)
    with one_thread():
        made = _made(hypernetwork.model, program, graph, settings)
    if settings.opt_level == 0:
        made = made._replace(taught=settle(made.network, program, graph, evaluated=not settings.plain))
    found = _surrogate(program, hypernetwork.sha256, settings, made, operator_count(graph))
    given = {"rows": rows, "taps": taps, "seconds": seconds, "steps": steps, "target-nmse": target_nmse}
    found.lowered = graph
    found.options = _asked(settings, {**given, "compiler": compiler})
    return found


def _surrogate(program: Program, compiler: str, settings: _Settings, made: _Made, operators: int) -> Surrogate:
    """The artifact of what was made, once its results that are not clearly better than the mean are the mean."""
    averaged = made.averaged
    if averaged is None:
        averaged = fall_back(made.network, made.rows[1], made.held_out)
    names = [r.name for r in program.results]
    found = Surrogate(
        entry=program.entry,
        arguments=program.arguments,
        results=program.results,
        text=program.portable_text,
        module=pruned(made.network),
        opt_level=settings.opt_level,
        seed=settings.seed,
        rows=len(made.rows[0]),
        compiler=compiler,
        operators=operators,
        free_rows=settings.free,
        held_out=len(made.held_out[0]),
        derivatives=made.derivatives,
        mean_only=tuple(names[k] for k in averaged),
        untuned=tuple(name for name, untuned in zip(names, made.untuned, strict=True) if untuned),
        taught=tuple(lesson for lesson in made.taught if lesson.result not in averaged),
    )
    found.program = program
    return found


def _asked(settings: _Settings, given: Mapping[str, object]) -> tuple[str, ...]:
    """The options of `surrogate compile` that ask for the same."""
    values = [word for name, value in given.items() if value is not None for word in (f"--{name}", str(value))]
    plain = ["--plain"] if settings.plain else []
    return (f"-O{settings.opt_level}", "--seed", str(settings.seed), *plain, *values)


def _budget(
    opt_level: int, seconds: float | None, steps: int | None, target_nmse: float | None, told: Told | None
) -> Budget:
    if opt_level != 3 and (seconds, steps, target_nmse) != (None, None, None):
        raise UsageError("seconds, steps and a target are of -O3")
    return budget_of(seconds, steps, target_nmse, told)


def _settings(
    opt_level: int,
    rows: int | None,
    seed: int,
    taps: str | int | None,
    plain: bool,
    budget: Budget,
    most: int,
) -> _Settings:
    opt_level, seed = options.whole("opt_level", opt_level), options.seed(seed)
    rows = None if rows is None else options.whole("rows", rows)
    if opt_level not in range(4):
        raise UsageError(f"there is no -O{opt_level}; there are -O0, -O1, -O2 and -O3")
    if opt_level == 3 and rows is not None:
        raise UsageError("rows cost nothing at -O3; -O2 reads exactly so many")
    if opt_level == 0 and rows:
        raise UsageError("-O0 never runs the program, so it takes no rows; use -O1 or -O2")
    if rows is not None and opt_level > 0 and not MIN_ROWS <= rows <= MAX_ROWS:
        raise UsageError(f"rows must be from {MIN_ROWS} to {MAX_ROWS}, not {rows}")
    if plain and taps not in (None, "none"):
        raise UsageError("a plain surrogate has no taps")
    choice = "none" if plain else tap_choice(taps, most)
    return _Settings(opt_level, rows, seed, choice, plain, budget)


def _made(hypernetwork: Hypernetwork, program: Program, graph: Graph, settings: _Settings) -> _Made:
    """The network, but for the safeguards."""
    taps = find_taps(program, graph, settings.taps)
    if settings.free:
        return _fitted(hypernetwork, program, graph, taps, settings)
    count = LEVEL_ROWS[settings.opt_level] if settings.rows is None else settings.rows
    x, y = rows = executed_rows(program, count, compile_seed(settings.seed), COMPILE_METHOD)
    none = x[:0], y[:0]
    if settings.opt_level == 2 and not settings.plain:
        exact = fit_exactly(hypernetwork, program, graph, taps, rows)
        return _Made(exact.network, rows, none, [False] * y.shape[1], exact.averaged, exact.derivatives)
    if settings.opt_level == 2:
        network, untuned, errors, taught = _finetuned(hypernetwork, program, graph, x, y)
        averaged = average_unsure(network, errors, len(x) - training_rows(len(x)))
        return _Made(network, rows, none, untuned, averaged, taught=taught)
    held_out = held_out_rows(program, settings.seed) if count else none
    network = _emitted_best(hypernetwork, program, graph, rows, held_out, taps)
    taught = []
    if len(held_out[0]) and settings.plain:
        taught = teach_rows(network, program, graph, rows, held_out)
    elif len(held_out[0]):
        take_series(network, program, graph, rows, held_out)
    return _Made(network, rows, held_out, [False] * y.shape[1], taught=taught)


def _fitted(
    hypernetwork: Hypernetwork, program: Program, graph: Graph, taps: Taps | None, settings: _Settings
) -> _Made:
    """-O2 and -O3, where rows are free."""
    problem, rows, fresh = free_problem(program, graph, taps, settings.seed, settings.opt_level)
    unchanged = [False] * problem.y.shape[1]
    if settings.opt_level == 3 and not settings.plain and (table := make_table(program)) is not None:
        return _Made(table_network(table, problem), rows, fresh, unchanged)
    few = rows[0][:GAUSS_NEWTON_ROWS], rows[1][:GAUSS_NEWTON_ROWS]
    towers = emitted_towers(program, graph, few, problem.scale, hypernetwork)
    towers = towers.widened(problem.z.shape[1] - len(problem.domain))
    said = [] if settings.plain else series_parts(program, graph, problem)
    parts = fitted(problem, towers, settings.seed, plain=settings.plain, best=said)
    if settings.opt_level == 3:
        parts = compete(problem, towers, parts, settings.seed, settings.budget, settings.plain)
    return _Made(assembled(problem, parts), rows, fresh, unchanged)


def _emitted_best(
    hypernetwork: Hypernetwork, program: Program, graph: Graph, rows: Rows, held_out: Rows, taps: Taps | None
) -> SurrogateNetwork:
    """What the hypernetwork emits, with taps or without, as errs less on the held-out rows.

    It may make less of more rows than it was trained to read: each result is made from 64, 128, … or all of them, as
    many as err least. Where nothing is held out, as at -O0, taps are read if there are any.
    """
    x, y = rows
    counts = [c for c in (GAUSS_NEWTON_ROWS << k for k in range(8)) if c < len(x)]
    if not len(held_out[0]):
        return tapped(emitted(hypernetwork, program, graph, x, y, len(x), taps), taps)
    networks = [
        emitted(hypernetwork, program, graph, x, y, count, read)
        for count in (*counts, len(x))
        for read in ((None,) if taps is None else (None, taps))
    ]
    return best_of([tapped(network, taps) for network in networks], held_out)


def build_network(
    hypernetwork: Hypernetwork, program: Program, graph: Graph, x: np.ndarray, y: np.ndarray, opt_level: int
) -> SurrogateNetwork:
    """The plain network that the evaluation protocol measures, of rows x [K, A], y [K, R] and no others (K = 0 at -O0).

    At 0 it is as it was emitted. At 1 polynomials of the text have taught it, at 2 it is fine-tuned then, as by
    `compile_program` with `rows`.
    """
    with one_thread():
        if opt_level == 0:
            return emitted(hypernetwork, program, graph, x, y, 0)
        if opt_level == 1:
            return _taught(hypernetwork, program, graph, x, y).network
        return _finetuned(hypernetwork, program, graph, x, y)[0]


class _Taught(NamedTuple):
    """The network of some rows, and that of the first of them alone (see `training_rows`), both taught what polynomials
    of the text say; the towers of the first as they were emitted; and which results were taught."""

    network: SurrogateNetwork
    early: SurrogateNetwork
    emission: Towers
    taught: list[Lesson]


def _taught(hypernetwork: Hypernetwork, program: Program, graph: Graph, x: np.ndarray, y: np.ndarray) -> _Taught:
    """The network of exactly these rows, taught what polynomials of the text say."""
    # Of more rows than it was trained to read, the hypernetwork's steps make weights that fine-tune worse.
    seen, before = (min(count, GAUSS_NEWTON_ROWS) for count in (len(x), training_rows(len(x))))
    network = emitted(hypernetwork, program, graph, x, y, seen)
    # What is held out to choose the start and the steps must not have shaped the weights.
    early = deepcopy(network) if before == seen else emitted(hypernetwork, program, graph, x, y, before)
    emission = network.towers
    return _Taught(network, early, emission, teach_exactly(network, early, program, graph, x, y))


def _finetuned(
    hypernetwork: Hypernetwork, program: Program, graph: Graph, x: np.ndarray, y: np.ndarray
) -> tuple[SurrogateNetwork, list[bool], list[float], list[Lesson]]:
    """The network fine-tuned on exactly these rows, which results [R] that did not change, the held-out error of each,
    and which results were taught before."""
    network, early, emission, taught = _taught(hypernetwork, program, graph, x, y)
    scale = Scale(early.mean.numpy(), early.std.numpy())
    fresh = random_network(program.domain, scale, seed=0, hidden=early.w1.shape[1])
    errors = finetune(network, x, y, early, [fresh])
    return network, [not changed for changed in _changed(emission, network)], errors.tolist(), taught


def _changed(before: Towers, network: SurrogateNetwork) -> list[bool]:
    """Which results [R] other towers give than before; a constant stays what it is."""
    same = [a.eq(b).flatten(1).all(1) for a, b in zip(before, network.towers, strict=True)]
    changed: list[bool] = (~torch.stack(same).all(0) & (network.std > 0)).tolist()
    return changed

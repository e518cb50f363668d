"""Fine-tuning: a surrogate goes on from what it is, on rows of its program, of another one, or on measured rows.

Shapes: n rows, A arguments, T taps, Z = A + T inputs, R results.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cprograms import options
from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.graph import Graph
from cprograms.lowering import lower
from cprograms.names import listed
from cprograms.program import Program, Signature
from surrogate.mlp.fitting.choice import Part, Problem, Rows, assembled, fitted, make_problem, table_network
from surrogate.mlp.fitting.portfolio import Budget, compete
from surrogate.mlp.fitting.safeguards import fall_back, held_out_rows
from surrogate.mlp.fitting.start import COMPILE_METHOD, FREE_ROWS, emitted_towers, known_scale, moments
from surrogate.mlp.network import HIDDEN, MOST_HIDDEN, Scale, SurrogateNetwork, input_scaling, pruned, rescaled, resized
from surrogate.mlp.parts.polynomial import Fit
from surrogate.mlp.parts.table import make_table
from surrogate.mlp.parts.taps import Taps, find_taps, operator_count
from surrogate.mlp.parts.towers import Towers, choose
from surrogate.numeric.batches import one_thread
from surrogate.numeric.checking.errors import result_error
from surrogate.numeric.rows import GAUSS_NEWTON_ROWS, compile_seed, executed_rows
from surrogate.numeric.words import number

HELD_OUT = 0.25
"""The share of rows that are given, not free, by which the parts are chosen."""
LEAST_ROWS = 4
"""Rows that can be split into those to fit to and those to choose by, two each."""
LEVEL = 3
"""The level whose rows a fine-tuning takes where they cost nothing."""


@dataclass(frozen=True)
class Finetuning:
    """What a fine-tuning did: `source` says in words what rows it read; `seconds` is None where it counted steps.

    Where it was not `finished`, a Ctrl-C ended it; where rows were `measured`, it need not be as the program is.
    `before` and `after` are the nMSE of the worst result on rows that chose its parts; of measured rows, where there
    are some.
    """

    source: str
    seconds: float | None
    before: float
    after: float
    finished: bool = True
    measured: bool = False

    def __str__(self) -> str:
        took = "" if self.seconds is None else f" in {self.seconds:.3g} s"
        return f"fine-tuned on {self.source}{took}: nMSE {number(self.before)} before, {number(self.after)} after"

    def as_dict(self) -> dict[str, Any]:
        """For JSON, which has no infinity."""
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in vars(self).items()}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Finetuning:
        """The inverse. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        before, after = (math.inf if d[k] is None else float(d[k]) for k in ("before", "after"))
        seconds = None if d["seconds"] is None else float(d["seconds"])
        return cls(str(d["source"]), seconds, before, after, bool(d["finished"]), bool(d["measured"]))


class Tuned(NamedTuple):
    """What a fine-tuning gives: the network, the operators of its program, the rows that chose its parts, which results
    are the mean, and the record of it."""

    network: SurrogateNetwork
    operators: int
    held_out: int
    averaged: list[int]
    record: Finetuning


@dataclass(frozen=True)
class Material:
    """Rows to fit to, rows to choose by, and those of them that the errors are told of: the measured ones, if any.

    `source` says in words where they are from.
    """

    rows: Rows
    fresh: Rows
    told: Rows
    source: str
    free: bool = False


def finetuned(
    network: SurrogateNetwork,
    signature: Signature,
    program: Program,
    *,
    budget: Budget,
    data: Rows | None = None,
    rows: int | None = None,
    mix: float | None = None,
    result: str | None = None,
    width: int | None = None,
    plain: bool = False,
    seed: int = 0,
) -> Tuned:
    """Fine-tune the network of a signature to a program; it stays as it is, and another one is returned.

    It goes on from its own weights and parts, on rows of the program, as many as help, or exactly `rows`; or on `data`,
    x [n, A] and y [n, R] in C units, of which a quarter is held out to choose by. With `mix`, so large a share of what
    it fits is data, and the rest are rows of the program. `result` names the only one that may change. Where the
    program is another one, or has another domain, arguments and results are matched by name, then by place. `width` is
    another number of hidden units, of an MLP alone. `plain` adds no taps and no other parts than an MLP.

    Raises UsageError for options that make no sense together, ProgramError where no row has finite outputs.
    """
    same = Signature.of(program).without_origins() == signature.without_origins() and not width
    if result is not None and not same:
        raise UsageError("--result keeps the others as they are: it does not go with another program, domain or width")
    width = None if width is None else options.whole("width", width, 1, MOST_HIDDEN)
    open_ = _results(program, result)
    graph = lower(program)
    material = _material(program, data, rows, mix, options.seed(seed))
    with one_thread():
        setting = _setting(network, signature, program, graph, material, plain or width is not None, same)
        before = _errors(network, setting.problem, material.told, setting.matches)
        whole = material.free and not (plain or width or result)
        table = make_table(program) if whole else None
        if table is None:
            made = _improved(setting, open_, width, budget, seed, plain or width is not None)
        else:
            made = table_network(table, setting.problem)
    after = _errors(made, setting.problem, material.told)
    averaged = fall_back(made, material.rows[1], material.fresh)
    seconds = None if budget.slices is not None else time.monotonic() - budget.started
    worst = float(before[open_].max()), float(after[open_].max())
    record = Finetuning(material.source, seconds, *worst, not budget.interrupted, data is not None)
    return Tuned(pruned(made), operator_count(graph), len(material.fresh[0]), averaged, record)


# --- What is fitted ---


def _results(program: Program, result: str | None) -> list[int]:
    """The numbers of the results that may change."""
    names = [r.name for r in program.results]
    if result is None:
        return list(range(len(names)))
    if result not in names:
        raise UsageError(f"no result '{result}'; {did_you_mean(result, names)}the results are {listed(names)}")
    return [names.index(result)]


def _material(program: Program, data: Rows | None, rows: int | None, mix: float | None, seed: int) -> Material:
    if mix is not None and data is None:
        raise UsageError("--mix weighs measured data against the program: it needs --data")
    if rows is not None and data is not None:
        raise UsageError("give --rows of the program or --data, not both")
    if mix is not None and not (isinstance(mix, int | float) and 0 < mix <= 1):
        raise UsageError(f"--mix is the share of the data, above 0 and at most 1, not {mix}")
    if data is not None:
        return _mixed(program, data, 1.0 if mix is None else mix, seed)
    if rows is not None:
        count = options.whole("rows", rows, LEAST_ROWS, options.MANY)
        executed = executed_rows(program, count, compile_seed(seed), COMPILE_METHOD)
        fit, choose = split_rows(executed, seed)
        return Material(fit, choose, choose, f"{count:,} executed rows")
    count, fresh = FREE_ROWS[LEVEL]
    executed = executed_rows(program, count, compile_seed(seed), COMPILE_METHOD)
    held_out = held_out_rows(program, seed, fresh)
    return Material(executed, held_out, held_out, f"{len(executed[0]):,} executed rows", free=True)


def _mixed(program: Program, data: Rows, share: float, seed: int) -> Material:
    """Measured rows, of which a part is held out; and rows of the program, so many that the data are their share."""
    if len(data[0]) < LEAST_ROWS:
        raise UsageError(f"{len(data[0])} rows of data are too few: at least {LEAST_ROWS} are needed")
    fit, choose = split_rows(data, seed)
    source = f"{len(data[0]):,} measured rows"
    if share == 1:
        return Material(fit, choose, choose, source)
    count, fresh = FREE_ROWS[2]
    executed = executed_rows(program, count, compile_seed(seed), COMPILE_METHOD)
    held = held_out_rows(program, seed, fresh)
    pairs = ((fit, executed), (choose, held))
    both = [_in_shares(*pair, share, np.random.default_rng([seed, k])) for k, pair in enumerate(pairs)]
    return Material(both[0], both[1], choose, f"{source}, and executed ones for {1 - share:.0%} of the weight")


def _in_shares(data: Rows, executed: Rows, share: float, rng: np.random.Generator) -> Rows:
    """As many rows as were executed, drawn in random order: so large a share of them are measured ones."""
    total = max(len(executed[0]), len(data[0]))
    measured = max(1, round(share * total))
    places = np.concatenate([np.arange(measured) % len(data[0]), np.arange(total - measured) % len(executed[0])])
    x, y = (np.concatenate([a[places[:measured]], b[places[measured:]]]) for a, b in zip(data, executed, strict=True))
    order = rng.permutation(total)
    return x[order], y[order]


def split_rows(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Rows to fit to, and those to choose by."""
    x, y = rows
    order = np.random.default_rng(seed).permutation(len(x))
    held = max(2, round(HELD_OUT * len(x)))
    return (x[order[held:]], y[order[held:]]), (x[order[:held]], y[order[:held]])


# --- From the old network to the new one ---


class Setting(NamedTuple):
    """What a network is fine-tuned to. `matches` [R] are the old results of the new ones.

    `same` says that program and domain are the old ones, so that parts can be kept as they are.
    """

    network: SurrogateNetwork
    names: list[str]  # of the old arguments
    program: Program
    graph: Graph
    material: Material
    problem: Problem
    matches: list[int]
    same: bool


def _setting(
    old: SurrogateNetwork,
    signature: Signature,
    program: Program,
    graph: Graph,
    material: Material,
    plain: bool,
    same: bool,
) -> Setting:
    taps = found = None if plain else find_taps(program, graph)
    if same and old.taps is not None:
        taps = old.taps if found is None else old.taps.with_more(found)
    y = material.rows[1]
    scale = known_scale(moments(y), program.results, graph, y)
    scale = kept_scale(old, scale) if same else scale
    problem = make_problem(material.rows, material.fresh, program.domain, scale, taps)
    names = [a.name for a in signature.arguments]
    return Setting(old, names, program, graph, material, problem, _matches(signature, program), same)


def _matches(signature: Signature, program: Program) -> list[int]:
    """The old result of each new one: by name, or by place where there are as many."""
    old, new = [r.name for r in signature.results], [r.name for r in program.results]
    if set(new) <= set(old):
        return [old.index(name) for name in new]
    if len(old) == len(new):
        return list(range(len(new)))
    raise UsageError(f"the new program's results, {listed(new)}, are not those of the surrogate, {listed(old)}")


def kept_scale(old: SurrogateNetwork, new: Scale) -> Scale:
    """The old network's scale, so that its parts can stay, but for results that are constant in either."""
    mean, std = old.mean.numpy(), old.std.numpy()
    varies = (std > 0) & (new.std > 0)
    return Scale(np.where(varies, mean, new.mean), np.where(varies, std, new.std))


def _errors(
    network: SurrogateNetwork, problem: Problem, fresh: Rows, matches: list[int] | None = None
) -> npt.NDArray[np.float64]:
    """The nMSE [R] on the fresh rows; infinite where the network gives no number, or takes other arguments."""
    x, y = fresh
    if len(network.mid) != len(problem.domain):
        return np.full(y.shape[1], np.inf)
    predicted = network.predict(x)
    predicted = predicted if matches is None else predicted[:, matches]
    found = [result_error("", a, b).nmse for a, b in zip(y.T, predicted.T, strict=True)]
    return np.where(np.isnan(found), np.inf, found)


def _improved(
    setting: Setting, open_: list[int], width: int | None, budget: Budget, seed: int, plain: bool
) -> SurrogateNetwork:
    """What competes on the new rows, from the old towers and beside the old parts."""
    problem = setting.problem
    start = _start(setting, width or setting.network.w1.shape[1] or HIDDEN, seed)
    known = setting.same and setting.network.table is None
    best = (
        old_parts(setting.network, problem, setting.material.fresh) if known else [Part(np.inf)] * len(setting.matches)
    )
    frozen = {k: part for k, part in enumerate(best) if k not in open_}
    tried = [part._replace(error=0.0) if k in frozen else part for k, part in enumerate(best)]
    tried = fitted(problem, start, seed, plain=plain, best=tried)
    tried = compete(problem, start, tried, seed, budget, plain)
    return assembled(problem, [frozen.get(k, part) for k, part in enumerate(tried)])


def old_parts(network: SurrogateNetwork, problem: Problem, fresh: Rows) -> list[Part]:
    """The parts of a network of the problem's domain over the problem's inputs, and their errors on fresh rows."""
    more = problem.z.shape[1] - network.w1.shape[2]
    errors = _errors(network, problem, fresh)
    towers = network.towers.map(Tensor.detach).widened(more).apart()
    fits: list[Fit | None] = [None] * len(errors)
    if network.polynomial is not None:
        exponents = np.pad(network.polynomial.exponents.numpy(), ((0, 0), (0, more)))
        rows = network.polynomial.coefficients.detach().numpy()
        fits = [Fit(exponents, row, 0.0) if row.any() else None for row in rows]
    heads = {k: head.widened(more) for k, head in network.heads.items()}
    return [
        Part(float(error), towers[k] if towers[k].w3.any() else None, fits[k], heads.get(k))
        for k, error in enumerate(errors)
    ]


def _start(setting: Setting, width: int, seed: int) -> Towers:
    """A tower for each result over the problem's inputs: the old one, or an emitted one where there is none."""
    old, problem, program = setting.network, setting.problem, setting.program
    x, y = (part[:GAUSS_NEWTON_ROWS] for part in setting.material.rows)
    emitted = emitted_towers(program, setting.graph, (x, y), problem.scale)
    emitted = resized(emitted, width, seed).widened(problem.z.shape[1] - len(problem.domain))
    if not old.w1.shape[1]:
        return emitted
    names = [a.name for a in program.arguments]
    carried = carried_towers(old, setting.names, names, problem, setting.matches)
    known = carried.w3[:, 0, :-1].any(1)
    return choose(known, resized(carried, width, seed).map(lambda w: w.to(emitted.w1.dtype)), emitted)


def carried_towers(
    old: SurrogateNetwork, old_names: list[str], new_names: list[str], problem: Problem, matches: list[int]
) -> Towers:
    """The old towers over the new inputs: what they read is matched by name, and scaled anew.

    Where no name is in both, and there are as many, by place. `matches` [R] are the old results of the new ones.
    """
    towers = old.towers.map(Tensor.detach).map(lambda w: w[matches])
    places = old_names if not set(old_names) & set(new_names) and len(old_names) == len(new_names) else new_names
    new_mid, new_reach = input_scaling(problem.domain)
    w1 = towers.w1.new_zeros(*towers.w1.shape[:2], problem.z.shape[1] + 1)
    w1[:, :, -1] = towers.w1[:, :, -1]
    pairs = [
        (old_names.index(name), k, old.mid[old_names.index(name)], old.reach[old_names.index(name)], mid, reach)
        for k, (name, mid, reach) in enumerate(zip(places, new_mid, new_reach, strict=True))
        if name in old_names
    ]
    for source, place, mid, reach, now, wide in [*pairs, *_tap_pairs(old.taps, problem)]:
        column = towers.w1[:, :, source]
        w1[:, :, place] = column * float(wide / reach) if np.isfinite(wide) else 0
        w1[:, :, -1] += column * float((now - mid) / reach)
    scale = Scale(old.mean.numpy()[matches], old.std.numpy()[matches])
    return rescaled(towers._replace(w1=w1), scale, problem.scale)


def _tap_pairs(old: Taps | None, problem: Problem) -> list[tuple[int, int, float, float, float, float]]:
    """Old and new column of each tap that is in both, its old middle and reach, and its new ones."""
    if old is None or problem.taps is None:
        return []
    new, count = problem.taps, len(problem.domain)
    known = [old.graph.of([root]).nodes for root in old.graph.roots]
    found = []
    for k, root in enumerate(new.graph.roots):
        nodes = new.graph.of([root]).nodes
        if nodes in known:
            j = known.index(nodes)
            mid, reach, now, wide = (float(v) for v in (old.mid[j], old.reach[j], new.mid[k], new.reach[k]))
            found.append((old.arguments + j, count + k, mid, reach, now, wide))
    return found

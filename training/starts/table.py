"""What a surrogate may start from before it is fine-tuned: one table of strategies, all of one topology.

Every start is a tower of `surrogate.mlp.parts.towers` a task, on inputs scaled to [-1, 1] by the domain and on outputs
that the rows' own moments standardise; without rows, see `Start.scale`. Shapes: B tasks, K rows, Z inputs, H hidden
width. Argument i of a program is column i of the first layer. Of tasks with taps, these stand behind the arguments.

To add a start, add a row to `STARTS`: the protocol, its report, the pictures and the tests follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import assert_never

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from cprograms.diagnostics import UsageError
from cprograms.strata import strata
from surrogate.mlp.emission.emit import Request, emit, scale_inputs
from surrogate.mlp.emission.hypernetwork import Hypernetwork, strata_moments
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.network import HIDDEN, Scale, input_scaling, random_towers
from surrogate.mlp.parts.towers import Towers
from surrogate.mlp.pipeline import LEVEL_ROWS
from training.examples.example import ARGUMENTS
from training.starts.compiled import Compiled
from training.starts.emitted import (
    MakeTowers,
    Scaling,
    predicted_scale,
    restandardised,
    row_start,
    stack_towers,
    text_request,
    text_start,
)
from training.starts.tasks import StartTask

# --- Starts that read nothing of the program ---


def random_start(tasks: Sequence[StartTask], seed: int) -> Towers:
    return stack_towers([random_towers(t.width, 1, np.random.default_rng([seed, t.key])) for t in tasks])


def shared_start(tower: Towers) -> MakeTowers:
    """The same tower [1, ...] for every task."""
    return lambda tasks, _seed: tower.map(lambda w: w.expand(len(tasks), -1, -1).clone())


def mean_emitted(model: Hypernetwork, tasks: Sequence[StartTask]) -> Towers:
    """The mean of the towers that the text of some programs gives; an argument's column is of the programs that have
    it."""
    w1, w2, w3 = text_start(model)(tasks, 0)
    has = np.zeros((len(tasks), ARGUMENTS + 1), dtype=np.float32)
    has[:, -1] = 1
    for row, task in zip(has, tasks, strict=True):
        row[list(task.used)] = 1
    counts = torch.from_numpy(has).sum(0).clamp_min(1)
    return Towers(w1.sum(0, keepdim=True) / counts, w2.mean(0, keepdim=True), w3.mean(0, keepdim=True))


def static_scale(tasks: Sequence[StartTask]) -> Scale:
    """What the ranges alone say: moments of the strata of `cprograms.strata`."""
    roots = np.array([strata(t.graph, t.domain)[t.graph.roots[0]] for t in tasks])  # [B, 7]
    mean, std = strata_moments(torch.from_numpy(roots))
    return Scale(mean.numpy(), std.numpy())


# --- The ablation: the text of another program, with the right rows ---


def wrong_text_start(model: Hypernetwork, others: Sequence[StartTask], with_rows: bool) -> MakeTowers:
    """The program's own rows with the text and the domain of the next program that reads as many arguments.

    The partner is found among `others`, of which the tasks are part. The n-th argument that the partner reads stands
    for the n-th that the program reads.
    """
    partners = _partners(others)

    def start(tasks: Sequence[StartTask], _seed: int) -> Towers:
        pairs = [(t, partners[t.key]) for t in tasks]
        emitted = emit(model, [_disguised(t, p, with_rows) for t, p in pairs])
        if with_rows:
            emitted = [(restandardised(*e, t), e[1]) for e, t in zip(emitted, tasks, strict=True)]
        towers = [_in_own_columns(own, t, p) for (own, _), (t, p) in zip(emitted, pairs, strict=True)]
        return stack_towers(towers)

    return start


def wrong_text_scale(model: Hypernetwork, others: Sequence[StartTask]) -> Scaling:
    partners = _partners(others)
    predicted = predicted_scale(model)
    return lambda tasks: predicted([partners[t.key] for t in tasks])


def _partners(tasks: Sequence[StartTask]) -> dict[int, StartTask]:
    """By key: the next task of another program that reads as many arguments, or as nearly as many as there are."""
    by_count: dict[int, list[StartTask]] = defaultdict(list)
    for t in {t.key: t for t in tasks}.values():
        by_count[len(t.used)].append(t)
    partners = {}
    for count, group in by_count.items():
        for i, task in enumerate(group):
            wider = sorted((c for c in by_count if c != count), key=lambda c: (abs(c - count), -c))
            ring = group[i + 1 :] + group[:i] + [t for c in wider for t in by_count[c]]
            found = next((t for t in ring if t.program != task.program), None)
            if found is None:
                raise UsageError("the ablation with a wrong text needs more than one program")
            partners[task.key] = found
    return partners


def _disguised(task: StartTask, partner: StartTask, with_rows: bool) -> Request:
    """The partner's text, with the rows of the task in the partner's units."""
    if not (with_rows and len(task.x)):
        return text_request(partner)
    own = scale_inputs(task.x[: LEVEL_ROWS[1]], task.domain)  # [K, A]
    middle, reach = input_scaling(partner.domain)
    reach = np.where(np.isfinite(reach), reach, 0)
    x = np.broadcast_to(middle, (len(own), len(middle))).copy()
    for mine, theirs in zip(task.used, partner.used, strict=False):
        x[:, theirs] = middle[theirs] + own[:, mine] * reach[theirs]
    return Request(partner.graph, partner.domain, x, task.y[: LEVEL_ROWS[1], None])


def _in_own_columns(towers: Towers, task: StartTask, partner: StartTask) -> Towers:
    shared = min(len(task.used), len(partner.used))
    return towers.of(partner.used[:shared]).among(task.arguments, task.used[:shared])


# --- Files ---


def load_tower(path: Path) -> tuple[Towers, dict[str, str]]:
    """A tower [1, ...] that was learned across programs, and its metadata.

    Raises UsageError for a file that is missing, is no safetensors file, or holds no tower of this topology.
    """
    shapes = {"w1": (HIDDEN, ARGUMENTS + 1), "w2": (HIDDEN, HIDDEN + 1), "w3": (1, HIDDEN + 1)}
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except (OSError, SafetensorError) as e:
        raise UsageError(f"{path}: this start does not load: {e}") from e
    found = {name: tuple(w.shape) for name, w in tensors.items()}
    if found != shapes:
        raise UsageError(f"{path}: a tower of {shapes} is needed, this file holds {found}")
    if not all(bool(torch.isfinite(w).all()) for w in tensors.values()):
        raise UsageError(f"{path}: a weight is not a finite number")
    return Towers(*(tensors[name][None] for name in shapes)), metadata


# --- The table ---


@dataclass(frozen=True)
class Start:
    """A strategy: `towers` makes its towers, `scale` their outputs' where there are no rows."""

    name: str
    towers: MakeTowers
    scale: Scaling


@dataclass(frozen=True)
class Source:
    """What a start is built of.

    `model` is the compiler, or the hypernetwork of the baselines that a row needs; `tower` [1, ...] is one of the
    baselines'. `tasks` are to be started, `others` are of programs beside them.
    """

    model: Hypernetwork
    tasks: Sequence[StartTask] = ()
    others: Sequence[StartTask] = ()
    tower: Towers | None = None

    @property
    def everything(self) -> Sequence[StartTask]:
        return [*self.tasks, *self.others]

    @cached_property
    def compiled(self) -> Compiled:
        return Compiled(self.model)


class Need(Enum):
    """What there must be for a start."""

    NOTHING = "nothing"
    COMPILER = "the hypernetwork that compiles"
    TOWER = "a file of the baselines, *.safetensors: a start for each, of its name"
    ROWS_ONLY = "the folder rows_only of the baselines, a hypernetwork that was trained without text"


@dataclass(frozen=True)
class StartRow:
    """All that there is to say of a start: its name, what it needs, how its towers and their scale are built.

    `taps`: whether it makes towers of tasks that have taps.
    """

    name: str
    need: Need
    towers: Callable[[Source], MakeTowers]
    scale: Callable[[Source], Scaling]
    taps: bool = False

    def build(self, source: Source, name: str = "") -> Start:
        return Start(name or self.name, self.towers(source), self.scale(source))


def learned_start(source: Source) -> MakeTowers:
    assert source.tower is not None  # of a row that needs one
    return shared_start(source.tower)


def ranges_scale(_source: Source) -> Scaling:
    return static_scale


def text_scale(source: Source) -> Scaling:
    return predicted_scale(source.model)


def partners_scale(source: Source) -> Scaling:
    return wrong_text_scale(source.model, source.everything)


RANDOM, TEXT, TEXT_AND_ROWS, COMPILED = "random", "text", "text + rows", "compiled"
ROWS_ONLY, WRONG_TEXT_AND_ROWS = "rows only", "wrong text + rows"

STARTS = (
    StartRow(RANDOM, Need.NOTHING, lambda s: random_start, ranges_scale, taps=True),
    StartRow("constant", Need.COMPILER, lambda s: shared_start(mean_emitted(s.model, s.others)), ranges_scale),
    StartRow("*", Need.TOWER, learned_start, ranges_scale),
    StartRow(ROWS_ONLY, Need.ROWS_ONLY, lambda s: row_start(s.model), text_scale, taps=True),
    StartRow(TEXT, Need.COMPILER, lambda s: text_start(s.model), text_scale, taps=True),
    StartRow(TEXT_AND_ROWS, Need.COMPILER, lambda s: row_start(s.model), text_scale, taps=True),
    StartRow(COMPILED, Need.COMPILER, lambda s: s.compiled.towers, lambda s: s.compiled.scale, taps=True),
    StartRow(
        "wrong text", Need.COMPILER, lambda s: wrong_text_start(s.model, s.everything, with_rows=False), partners_scale
    ),
    StartRow(
        WRONG_TEXT_AND_ROWS,
        Need.COMPILER,
        lambda s: wrong_text_start(s.model, s.everything, with_rows=True),
        partners_scale,
    ),
)
"""Every start, in the order of tables and plots."""


@dataclass(frozen=True)
class Baselines:
    """What was trained to be compared with: towers [1, ...] by name, and a hypernetwork that sees no text."""

    towers: Mapping[str, Towers]
    rows_only: Hypernetwork | None

    @classmethod
    def read(cls, folder: Path | None) -> Baselines:
        """Of a folder of towers (*.safetensors, named by their metadata or file) and of a hypernetwork, `rows_only`.

        Without a folder there are none. Raises UsageError for what does not load, and where the folder holds neither.
        """
        if folder is None:
            return cls({}, None)
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder of baselines")
        towers = {}
        for path in sorted(folder.glob("*.safetensors")):
            tower, metadata = load_tower(path)
            towers[metadata.get("name", path.stem)] = tower
        trained = folder / "rows_only"
        if not (towers or trained.is_dir()):
            raise UsageError(f"{folder} holds neither a learned tower (*.safetensors) nor {trained.name}")
        return cls(towers, _trained_model(trained) if trained.is_dir() else None)


def _trained_model(folder: Path) -> Hypernetwork:
    """Of a package of weights, or of the output folder of a training run."""
    package = folder if (folder / "config.json").exists() else folder / "checkpoint" / "model"
    return load_compiler(package).model


def table(
    model: Hypernetwork,
    tasks: Sequence[StartTask],
    others: Sequence[StartTask],
    baselines: Path | None,
    taps: bool = False,
) -> dict[str, Start]:
    """Every start that can be had, by name: `tasks` are to be started, `others` are programs beside them.

    `baselines` is a folder as of `Baselines.read`; where tasks have `taps`, starts that cannot read any are left out.
    Raises UsageError for a folder that does not load.
    """
    rows = [row for row in STARTS if row.taps or not taps]
    return {s.name: s for s in _built(rows, Source(model, tasks, others), Baselines.read(baselines))}


def learned(model: Hypernetwork, baselines: Path | None) -> list[Start]:
    """The starts of a folder of baselines, as in `table`; none without a folder."""
    rows = [row for row in STARTS if row.need in (Need.TOWER, Need.ROWS_ONLY)]
    return list(_built(rows, Source(model), Baselines.read(baselines)))


def _built(rows: Sequence[StartRow], source: Source, baselines: Baselines) -> Iterator[Start]:
    for row in rows:
        match row.need:
            case Need.NOTHING | Need.COMPILER:
                yield row.build(source)
            case Need.TOWER:
                for name, tower in baselines.towers.items():
                    yield row.build(replace(source, tower=tower), name)
            case Need.ROWS_ONLY:
                if baselines.rows_only is not None:
                    yield row.build(replace(source, model=baselines.rows_only))
            case _:
                assert_never(row.need)

"""What a surrogate may start from before it is fine-tuned: one table of strategies, all of one topology.

Every start is a tower of `surrogate.mlp.towers` a task, on inputs scaled to [-1, 1] by the domain and on outputs that the
rows' own moments standardise; without rows, see `Initialisation.scale`. Shapes: B tasks, K rows, A the most arguments
of any program (16), H hidden width. Argument i of a program reads column i of the first layer, the bias is the last.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from cprograms.diagnostics import UsageError
from cprograms.graph import Graph
from cprograms.program import MAX_ARGUMENTS, Result
from cprograms.strata import spread
from surrogate.mlp.emit import Request, emit, scale_inputs
from surrogate.mlp.hypernetwork import Hypernetwork, strata_moments
from surrogate.mlp.network import HIDDEN, Towers, input_scaling, random_weights
from surrogate.mlp.pipeline import ROWS, known_scale
from surrogate.mlp.pretrained import load_compiler
from surrogate.mlp.rows import output_moments
from surrogate.mlp.towers import Layers
from training.evaluation.held_out import HeldOut


@dataclass(frozen=True)
class Task:
    """One result of a program with its rows in C units: x [K, A], y [K].

    `domain` is float64 [A, 2]; `graph` is of that result alone, `used` are the arguments that it reads. `program` and
    `key` are numbers that depend on the program's text, and on that and the result.
    """

    program: int
    key: int
    domain: np.ndarray
    result: Result
    graph: Graph
    used: tuple[int, ...]
    x: np.ndarray
    y: np.ndarray

    @property
    def arguments(self) -> int:
        return len(self.domain)

    def first(self, rows: int) -> Task:
        return replace(self, x=self.x[:rows], y=self.y[:rows])


def make_task(held: HeldOut) -> Task:
    """The task of a held-out result, with all its rows for compiling."""
    alone = held.graph.result(held.result)
    text = held.program.text.encode()
    return Task(
        program=zlib.crc32(text),
        key=zlib.crc32(b"%d" % held.result, zlib.crc32(text)),
        domain=held.program.domain,
        result=held.program.results[held.result],
        graph=alone,
        used=tuple(sorted({int(n.value) for n in alone.nodes if n.op == "arg"})),
        x=held.x,
        y=held.y[:, held.result],
    )


Start = Callable[[Sequence[Task], int], Layers]
"""From tasks, whose rows are all that may be read, and a seed to their towers."""
Scale = Callable[[Sequence[Task]], tuple[np.ndarray, np.ndarray]]
"""From tasks to the means and deviations [B] of their outputs that can be known without rows."""


@dataclass(frozen=True)
class Initialisation:
    """A strategy; `scale` is for a start without rows."""

    name: str
    start: Start
    scale: Scale


# --- Starts that read nothing of the program ---


def random_start(tasks: Sequence[Task], seed: int) -> Layers:
    towers = []
    for task in tasks:
        weights = random_weights(task.arguments, 1, np.random.default_rng([seed, task.key]))
        towers.append(Towers(**weights, mean=np.zeros(1), std=np.ones(1)))
    return stack_towers(towers)


def shared_start(tower: Layers) -> Start:
    """The same tower [1, ...] for every task."""

    def start(tasks: Sequence[Task], _seed: int) -> Layers:
        w1, w2, w3 = (w.expand(len(tasks), -1, -1).clone() for w in tower)
        return w1, w2, w3

    return start


def mean_emitted(model: Hypernetwork, tasks: Sequence[Task]) -> Layers:
    """The mean of the towers that the text of some programs gives; an argument's column is of the programs that have
    it."""
    w1, w2, w3 = stack_towers(emit(model, [text_request(t) for t in tasks]))
    has = np.zeros((len(tasks), MAX_ARGUMENTS + 1), dtype=np.float32)
    has[:, -1] = 1
    for row, task in zip(has, tasks, strict=True):
        row[list(task.used)] = 1
    counts = torch.from_numpy(has).sum(0).clamp_min(1)
    return w1.sum(0, keepdim=True) / counts, w2.mean(0, keepdim=True), w3.mean(0, keepdim=True)


def static_scale(tasks: Sequence[Task]) -> tuple[np.ndarray, np.ndarray]:
    """What the ranges alone say: moments of the static estimate of `cprograms.strata`."""
    strata = np.array([spread(t.graph, t.domain)[t.graph.roots[0]] for t in tasks])
    mean, std = strata_moments(torch.from_numpy(strata))
    return mean.numpy(), std.numpy()


# --- Starts that the hypernetwork emits ---


def text_request(task: Task) -> Request:
    return Request(task.graph, task.domain)


def row_request(task: Task) -> Request:
    """With the task's rows, where it has any, as many as -O2 starts from."""
    if not len(task.x):
        return text_request(task)
    x, y = task.x[: ROWS[1]], task.y[: ROWS[1], None]
    return Request(task.graph, task.domain, x, y)


def text_start(model: Hypernetwork) -> Start:
    return lambda tasks, _seed: stack_towers(emit(model, [text_request(t) for t in tasks]))


def row_start(model: Hypernetwork) -> Start:
    def start(tasks: Sequence[Task], _seed: int) -> Layers:
        towers = emit(model, [row_request(t) for t in tasks])
        return stack_towers([_restandardised(w, t) for w, t in zip(towers, tasks, strict=True)])

    return start


def _restandardised(towers: Towers, task: Task) -> Towers:
    """The tower of a start that has read some of the rows, in units of the moments of all of them."""
    if len(task.y) <= ROWS[1]:
        return towers
    mean, std = output_moments(task.y)
    if std == 0:
        return towers
    ratio = (towers.std / std)[:, None]
    shift = (towers.mean - mean) / std
    return replace(
        towers,
        w3=(towers.w3 * ratio).astype(np.float32),
        b3=(towers.b3 * ratio[:, 0] + shift).astype(np.float32),
        mean=np.array([mean]),
        std=np.array([std]),
    )


def predicted_scale(model: Hypernetwork) -> Scale:
    """The hypernetwork's moments, within what is known of the program, as a compile at -O0 takes them."""

    def scale(tasks: Sequence[Task]) -> tuple[np.ndarray, np.ndarray]:
        towers = emit(model, [text_request(t) for t in tasks])
        known = [known_scale(w, [t.result], t.graph, np.empty((0, 1))) for w, t in zip(towers, tasks, strict=True)]
        return np.array([k.mean[0] for k in known]), np.array([k.std[0] for k in known])

    return scale


# --- The ablation: the text of another program, with the right rows ---


def wrong_text_start(model: Hypernetwork, others: Sequence[Task], with_rows: bool) -> Start:
    """The program's own rows with the text and the domain of the next program that reads as many arguments.

    The partner is found among `others`, of which the tasks are part. The n-th argument that the partner reads stands
    for the n-th that the program reads.
    """
    partners = _partners(others)

    def start(tasks: Sequence[Task], _seed: int) -> Layers:
        pairs = [(t, partners[t.key]) for t in tasks]
        emitted = emit(model, [_disguised(t, p, with_rows) for t, p in pairs])
        towers = [_in_own_columns(w, t, p) for w, (t, p) in zip(emitted, pairs, strict=True)]
        if with_rows:
            towers = [_restandardised(w, t) for w, t in zip(towers, tasks, strict=True)]
        return stack_towers(towers)

    return start


def wrong_text_scale(model: Hypernetwork, others: Sequence[Task]) -> Scale:
    partners = _partners(others)
    predicted = predicted_scale(model)
    return lambda tasks: predicted([partners[t.key] for t in tasks])


def _partners(tasks: Sequence[Task]) -> dict[int, Task]:
    """By key: the next task of another program that reads as many arguments, or as nearly as many as there are."""
    by_count: dict[int, list[Task]] = defaultdict(list)
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


def _disguised(task: Task, partner: Task, with_rows: bool) -> Request:
    """The partner's text, with the rows of the task in the partner's units."""
    if not (with_rows and len(task.x)):
        return text_request(partner)
    own = scale_inputs(task.x[: ROWS[1]], task.domain)  # [K, A]
    middle, reach = input_scaling(partner.domain)
    reach = np.where(np.isfinite(reach), reach, 0)
    x = np.broadcast_to(middle, (len(own), len(middle))).copy()
    for mine, theirs in zip(task.used, partner.used, strict=False):
        x[:, theirs] = middle[theirs] + own[:, mine] * reach[theirs]
    return Request(partner.graph, partner.domain, x, task.y[: ROWS[1], None])


def _in_own_columns(towers: Towers, task: Task, partner: Task) -> Towers:
    w1 = np.zeros((1, towers.w1.shape[1], task.arguments), dtype=np.float32)
    for mine, theirs in zip(task.used, partner.used, strict=False):
        w1[:, :, mine] = towers.w1[:, :, theirs]
    return replace(towers, w1=w1)


# --- Layers and files ---


def stack_towers(towers: Sequence[Towers]) -> Layers:
    """Towers of one result each as one batch, their arguments padded to 16: [B, H, 17], [B, H, H+1], [B, 1, H+1]."""
    hidden = towers[0].w2.shape[-1]
    w1 = np.zeros((len(towers), hidden, MAX_ARGUMENTS + 1), dtype=np.float32)
    for row, t in zip(w1, towers, strict=True):
        row[:, : t.w1.shape[2]] = t.w1[0]
        row[:, -1] = t.b1[0]
    w2 = np.stack([np.concatenate([t.w2[0], t.b2[0, :, None]], axis=1) for t in towers])
    w3 = np.stack([np.append(t.w3[0], t.b3[0])[None] for t in towers])
    return torch.from_numpy(w1), torch.from_numpy(w2), torch.from_numpy(w3)


def load_tower(path: Path) -> tuple[Layers, dict[str, Any]]:
    """A tower [1, ...] that was learned across programs, and its metadata.

    Raises UsageError for a file that is missing, is no safetensors file, or holds no tower of this topology.
    """
    shapes = {"w1": (HIDDEN, MAX_ARGUMENTS + 1), "w2": (HIDDEN, HIDDEN + 1), "w3": (1, HIDDEN + 1)}
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
    w1, w2, w3 = (tensors[name][None] for name in shapes)
    return (w1, w2, w3), metadata


# --- The table ---

ROWS_ONLY = "rows_only"


def table(
    model: Hypernetwork, tasks: Sequence[Task], others: Sequence[Task], baselines: Path | None
) -> dict[str, Initialisation]:
    """Every initialisation that can be had, by name: `tasks` are to be started, `others` are programs beside them.

    `baselines` is a folder of towers learned across programs (*.safetensors, named by their metadata or file) and of a
    hypernetwork trained without text, `rows_only`. Raises UsageError for one that does not load.
    """
    text = predicted_scale(model)
    everything = [*tasks, *others]
    wrong = wrong_text_scale(model, everything)
    constant = shared_start(mean_emitted(model, others))
    found = [
        Initialisation("random", random_start, static_scale),
        Initialisation("constant", constant, static_scale),
        *learned(baselines),
        Initialisation("text", text_start(model), text),
        Initialisation("text + rows", row_start(model), text),
        Initialisation("wrong text", wrong_text_start(model, everything, False), wrong),
        Initialisation("wrong text + rows", wrong_text_start(model, everything, True), wrong),
    ]
    return {i.name: i for i in found}


def learned(folder: Path | None) -> list[Initialisation]:
    """The starts of a folder of baselines, as in `table`; none without a folder."""
    if folder is None:
        return []
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder of baselines")
    found = []
    for path in sorted(folder.glob("*.safetensors")):
        tower, metadata = load_tower(path)
        name = metadata.get("name", path.stem)
        found.append(Initialisation(name, shared_start(tower), static_scale))
    trained = folder / ROWS_ONLY
    if trained.is_dir():
        # A package of weights, or the output folder of a training run.
        model = load_compiler(trained if (trained / "config.json").exists() else trained / "checkpoint" / "model").model
        scale = predicted_scale(model)
        found.append(Initialisation("rows only", row_start(model), scale))
    if not found:
        raise UsageError(f"{folder} holds neither a learned tower (*.safetensors) nor {ROWS_ONLY}")
    return found

"""Train one start for all programs: a single tower that fine-tuning then adapts to each program's rows.

accelerate launch -m training.starts training/configs/maml.yaml --data data/examples -o runs/maml

These are what compiled surrogates are compared with, of the same topology. Methods:

- pretrained: ordinary regression on the rows of all programs together. A program of n arguments reads the columns of
  its own arguments, in the signature's order; the other inputs are zero. As the network is not told which program a row
  is of, it learns the mean over programs.
- maml: model-agnostic meta-learning (Finn, Abbeel, Levine 2017, algorithm 1): gradient steps on K rows of a program,
  whose own moments standardise them, and the error on other rows is descended through these steps. `first_order` leaves
  out the second derivatives (section 5.2 there). The inner rate is learned with the weights (Li et al. 2017, Meta-SGD,
  but one rate for all weights).
- reptile: Reptile (Nichol, Achiam, Schulman 2018, algorithm 2): inner steps on K new rows each, then the start moves
  towards the mean of the adapted weights; their difference is Adam's gradient.

Shapes: B programs, R rows, K rows of an inner step, A = 16 argument columns, H hidden width.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor, nn

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from surrogate.mlp.network import HIDDEN
from surrogate.mlp.parts.towers import Towers, outputs
from training.errors import geometric_mean
from training.examples.batches import pack_rows, standardise_rows
from training.examples.example import ARGUMENTS, EXAMPLE_ROWS, Example
from training.examples.losses import program_errors, program_loss
from training.finetuning import OPTIMISERS, Optimiser, TowerRows, best_checkpoint, fit
from training.loop.command import command
from training.loop.config import LoopConfig, plain
from training.loop.trainer import Trainer

VALIDATION_EXAMPLES = 128
TUNED_ROWS = (8, 32)
"""Numbers of rows that a start is fine-tuned on to judge it."""


@dataclass(frozen=True, kw_only=True)
class MetaConfig(LoopConfig):
    """A run's settings. `name` is the start's in tables, and its file's."""

    name: str
    method: str
    first_order: bool = False  # maml only
    inner_rate: float = 0.1  # maml learns it from here
    inner_steps: int = 5
    rows: tuple[int, ...] = (8, 32)  # K; one is drawn for each step
    queries: int = 64  # maml's rows for the outer loss
    floor: float = 0.03  # of maml's outer loss: log(1 + error / floor)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method not in METHODS:
            raise UsageError(f"unknown method '{self.method}'; known are {', '.join(METHODS)}")
        for name in ("inner_rate", "inner_steps", "queries", "floor"):
            if getattr(self, name) <= 0:
                raise UsageError(f"'{name}' must be positive, not {getattr(self, name)}")
        if min(self.rows) < 1 or max(self.rows) + self.queries > EXAMPLE_ROWS:
            raise UsageError(
                f"'rows' {list(self.rows)} and {self.queries} 'queries' do not fit into {EXAMPLE_ROWS} rows"
            )


class SharedStart(nn.Module):
    """The tower, with weights drawn as torch's linear layers draw them for a program of four arguments, and the inner
    rate."""

    def __init__(self, inner_rate: float, hidden: int = HIDDEN):
        super().__init__()

        def drawn(out: int, fan_in: int, columns: int) -> nn.Parameter:
            return nn.Parameter((2 * torch.rand(out, columns + 1) - 1) / fan_in**0.5)

        self.w1 = drawn(hidden, 4, ARGUMENTS)
        self.w2 = drawn(hidden, hidden, hidden)
        self.w3 = drawn(1, hidden, hidden)
        self.log_rate = nn.Parameter(torch.tensor(inner_rate).log())

    @property
    def tower(self) -> Towers:
        """[1, H, A+1], [1, H, H+1], [1, 1, H+1]."""
        return Towers(self.w1[None], self.w2[None], self.w3[None])


def copies(tower: Towers, count: int) -> Towers:
    """`count` towers of one."""
    return tower.map(lambda w: w.expand(count, -1, -1))


def adapt(start: Towers, batches: list[tuple[Tensor, Tensor]], rate: Tensor, first_order: bool) -> Towers:
    """Gradient steps of B towers, each on its own rows: a step for each batch x [B, K, A], y [B, K].

    Differentiable in the start and the rate; with `first_order`, gradients count as constants.
    """

    def error(towers: Towers, x: Tensor, y: Tensor) -> Tensor:
        return program_errors(outputs(towers, x) - y).sum()  # no tower's gradient depends on another tower

    slope = torch.func.grad(error)
    towers = start
    for x, y in batches:
        gradients: Towers = slope(towers, x, y)
        if first_order:
            gradients = gradients.map(torch.detach)
        towers = Towers(*(w - rate * g for w, g in zip(towers, gradients, strict=True)))
    return towers


def pretrained(start: SharedStart, _config: MetaConfig, x: Tensor, y: Tensor, _rows: int) -> Tensor:
    f = outputs(start.tower, x.flatten(0, 1)[None])  # [1, B*R]
    return program_errors(f.view_as(y) - y).mean()


def maml(start: SharedStart, config: MetaConfig, x: Tensor, y: Tensor, rows: int) -> Tensor:
    given, mean, std = standardise_rows(y[:, :rows])
    inner = [(x[:, :rows], given)] * config.inner_steps
    adapted = adapt(copies(start.tower, len(x)), inner, start.log_rate.exp(), config.first_order)
    asked = slice(rows, rows + config.queries)
    return program_loss(outputs(adapted, x[:, asked]) * std + mean - y[:, asked], config.floor)


def reptile(start: SharedStart, config: MetaConfig, x: Tensor, y: Tensor, rows: int) -> Tensor:
    """A loss whose gradient is the start minus the mean of the adapted towers."""
    places = [torch.arange(k * rows, (k + 1) * rows) % EXAMPLE_ROWS for k in range(config.inner_steps)]
    inner = [(x[:, p], y[:, p]) for p in places]
    with torch.no_grad():
        adapted = adapt(copies(start.tower, len(x)), inner, start.log_rate.exp(), first_order=True)
    moved = [(w * (w - a.mean(0)).detach()).sum() for w, a in zip(start.tower, adapted, strict=True)]
    return torch.stack(moved).sum()


@dataclass(frozen=True)
class Method:
    """A way to train a shared start.

    `loss` is of a batch x [B, R, A], y [B, R], the rows in random order, with K rows of an inner step. `grids` are the
    settings that tuning chooses, in this order, with the ratio of a grid's neighbours.
    """

    loss: Callable[[SharedStart, MetaConfig, Tensor, Tensor, int], Tensor]
    grids: Mapping[str, float]


METHODS: Mapping[str, Method] = {
    "pretrained": Method(pretrained, {"learning_rate": 3}),
    "maml": Method(maml, {"learning_rate": 3, "inner_steps": 2}),
    "reptile": Method(reptile, {"learning_rate": 3, "inner_rate": 3, "inner_steps": 2}),
}


class MetaObjective(nn.Module):
    """The loss of one batch by the config's method."""

    def __init__(self, config: MetaConfig):
        super().__init__()
        self.config = config
        self.start = SharedStart(config.inner_rate)

    def forward(self, x: Tensor, y: Tensor, rows: int) -> dict[str, Tensor]:
        """x: [B, R, A], y: [B, R], the rows in random order.

        The rate takes part in every loss: a distributed wrapper waits for its gradient.
        """
        loss = METHODS[self.config.method].loss(self.start, self.config, x, y, rows)
        return {"loss": loss + 0 * self.start.log_rate, "inner_rate": self.start.log_rate.detach().exp()}


@torch.no_grad()
def tuned_errors(
    start: Towers, examples: list[Example], rows: int, optimiser: Optimiser, strength: float
) -> np.ndarray:
    """nMSE [examples] of a start [1, ...], or of one an example, on the rows that it was not fine-tuned on."""
    x, y = pack_rows(examples, np.random.default_rng(0))
    given = TowerRows(x[:, :rows], y[:, :rows].double())
    towers, strengths = copies(start, len(examples)), torch.full((len(examples),), strength)
    stop = best_checkpoint(optimiser, towers, given, strengths, seed=0)
    tuned = fit(optimiser, towers, given, strengths, 0, stop)
    mean, std = given.moments()
    error = outputs(tuned, x[:, rows:]) * std + mean - y[:, rows:]
    return (error.square().mean(1) / y[:, rows:].var(1, correction=0).clamp_min(1e-6)).numpy()


def errors_by_rows(start: Towers, examples: list[Example]) -> dict[int, float]:
    """Geometric mean nMSE after fine-tuning on some numbers of rows, by Levenberg–Marquardt from one damping."""
    o = OPTIMISERS["Levenberg–Marquardt"]
    return {rows: geometric_mean(tuned_errors(start, examples, rows, o, o.middle)) for rows in TUNED_ROWS}


class MetaTrainer(Trainer[MetaConfig]):
    """Batches are drawn from all programs alike.

    `<name>.safetensors` in the output folder is the start of least error on the validation split so far: longer
    training can make a start worse to fine-tune from.
    """

    most_arguments = ARGUMENTS

    def build(self) -> tuple[nn.Module, torch.optim.Optimizer]:
        objective = MetaObjective(self.config)
        return objective, torch.optim.Adam(objective.parameters(), lr=self.config.learning_rate)

    def losses(self, rng: np.random.Generator) -> dict[str, Tensor]:
        c = self.config
        examples = [self.train[i] for i in rng.integers(0, len(self.train), c.batch_size)]
        x, y = (part.to(self.accelerator.device) for part in pack_rows(examples, rng))
        rows = int(np.random.default_rng([c.seed, self.step]).choice(c.rows))
        losses: dict[str, Tensor] = self.objective(x, y, rows)
        return losses

    def validate(self) -> dict[str, float]:
        found = errors_by_rows(self.start.tower, self.validation.evenly_spaced(VALIDATION_EXAMPLES))
        self.keep(math.prod(found.values()))
        return {f"geo_{rows}": error for rows, error in found.items()}

    def keep(self, error: float) -> None:
        """Write the start where no earlier one of this run had less error on the validation split. Raises OSError."""
        path = self.out / f"{self.config.name.replace(' ', '_')}.safetensors"
        if path.exists():
            with safe_open(path, framework="pt") as file:
                if float(file.metadata()["validation"]) <= error:
                    return
        write_start(path, self.start, self.config, validation=error, step=self.step)

    def export(self, folder: Path) -> None:
        """Others read the best start, not the last one."""

    @property
    def start(self) -> SharedStart:
        start = self.module.start
        assert isinstance(start, SharedStart)
        return start


def write_start(path: Path, start: SharedStart, config: MetaConfig, **found: float) -> None:
    """One tower: w1 [H, 17], w2 [H, H+1], w3 [1, H+1], biases in the last columns. `found` is for the metadata.

    Raises OSError.
    """
    tensors = {name: getattr(start, name).detach().cpu().contiguous() for name in ("w1", "w2", "w3")}
    metadata = {"name": config.name, "seed": str(config.seed), "config": json.dumps(plain(config))}
    metadata |= {name: str(value) for name, value in found.items()}
    if config.method == "maml":
        metadata["inner_rate"] = str(float(start.log_rate.detach().exp()))
    replace_file(path, safetensors.torch.save(tensors, metadata))


def main() -> int:
    return command(__doc__ or "", MetaConfig, MetaTrainer)

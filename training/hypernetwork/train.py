"""Train the hypernetwork.

accelerate launch -m training.hypernetwork training/configs/small.yaml --data data/examples -o runs/small
accelerate launch -m training.hypernetwork training/configs/packaged.yaml --stage third \\
    --data data/examples -o runs/third

A file of stages holds trainings that begin one from the weights of another: see `training.hypernetwork.stages`.

On two processes of one machine without a GPU (`--multi_gpu` is the launcher's name for several local processes; `--cpu`
would want MPI):

ACCELERATE_USE_CPU=true accelerate launch --multi_gpu --num_processes 2 -m training.hypernetwork ...

The same command again resumes from the last checkpoint. Batches depend on (seed, step, process) only, so that a run
that was killed goes on as if it had not been.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers.utils.logging import disable_progress_bar

from cprograms.diagnostics import UsageError
from surrogate.mlp.emission.hub import HypernetworkModel, PretrainedHypernetworkConfig
from surrogate.mlp.emission.hypernetwork import (
    Emission,
    Hypernetwork,
    HypernetworkConfig,
    scale_moments,
)
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.parts.towers import outputs
from training.config import config_of
from training.errors import summary
from training.examples.batches import Batch, as_read, make_batch
from training.examples.example import EXAMPLE_ROWS, Example, with_first_taps
from training.examples.losses import program_loss
from training.examples.zero_shot import adapted_outputs, scaled_outputs, zero_shot_errors
from training.hypernetwork.stages import read_settings
from training.loop.command import exit_code, training_parser
from training.loop.config import LoopConfig
from training.loop.trainer import Trainer, first_line

VALIDATED_ROWS = (0, 8, 64)
"""The numbers of rows that a training validates with."""
TAPS = "taps."
"""What the names of the parameters begin with that read taps."""


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(LoopConfig):
    """A run's settings; the YAML file names them all by these names."""

    weight_decay: float = 0.01
    text_share: float = 0.35  # share of steps without rows
    rows: tuple[int, ...] = (4, 8, 16, 32, 64)  # one is drawn for each step with rows
    queries: int = 64
    unadapted_weight: float = 0.3
    dense_nodes: int = 6
    dense_weight: float = 0.5
    moment_weight: float = 0.1
    scaled_weight: float = 0.5  # of the error under the predicted mean and deviation, in steps without rows
    floor: float = 0.01  # errors well below it gain little: the loss of a program is log(1 + error / floor)
    adapted_floor: float = 0.001  # the same of the errors after the rows, which are lower
    mixed_precision: str = "bf16"
    model: dict[str, Any] = field(default_factory=dict)
    start: str = ""  # weights to start from: a packaged compiler or a folder of one, whose 'model' settings then hold
    taps_only: bool = False  # only what reads taps is trained; all else stays as it is in 'start'
    no_taps: float = 0.0  # share of the examples that have none of their taps, as plain surrogates
    fewer_taps: float = 0.3  # share that have a random number of their first taps alone

    def __post_init__(self) -> None:
        super().__post_init__()
        config_of(HypernetworkConfig, self.model, "'model'")
        if self.taps_only and not (self.start and self.model.get("taps")):
            raise UsageError("'taps_only' needs weights to 'start' from, and 'taps: true' under 'model'")
        if min(self.rows) < 1 or max(self.rows) + self.queries > EXAMPLE_ROWS:
            raise UsageError(
                f"'rows' {list(self.rows)} and {self.queries} 'queries' do not fit into"
                f" an example's {EXAMPLE_ROWS} rows"
            )


class Objective(nn.Module):
    """The loss of one batch, as a module, so that a distributed wrapper sees every parameter's use."""

    def __init__(self, model: Hypernetwork, config: TrainingConfig):
        super().__init__()
        self.model = model
        self.config = config

    def forward(self, batch: Batch, rows: int) -> dict[str, Tensor]:
        """`rows` executed rows (0: the text alone) adapt the emitted towers; the next ones are the queries."""
        c = self.config
        emission = self.model(batch.graphs)
        x, y = batch.x[:, rows : rows + c.queries], batch.y[:, rows : rows + c.queries]
        parts = {"text": program_loss(outputs(emission.towers, x) - y, c.floor)}
        if rows:
            parts["adapted"] = program_loss(adapted_outputs(emission, batch, rows, c.queries) - y, c.adapted_floor)
            loss = parts["adapted"] + c.unadapted_weight * parts["text"]
        else:
            parts["scaled"] = program_loss((scaled_outputs(emission, batch, x) - y).clamp(-1e6, 1e6), c.floor)
            loss = parts["text"] + c.scaled_weight * parts["scaled"]
        if c.taps_only:
            return {**parts, "loss": loss + 0 * unused(emission)}
        parts |= self.node_losses(emission, batch)
        loss = loss + c.dense_weight * parts["dense"] + c.moment_weight * (parts["moments"] + parts["scale"])
        return {**parts, "loss": loss + 0 * unused(emission)}

    def node_losses(self, emission: Emission, batch: Batch) -> dict[str, Tensor]:
        root_strata = batch.graphs.strata[batch.graphs.root - 1]
        root = scale_moments(batch.mean, batch.std, root_strata)
        predicted = scale_moments(emission.mean, emission.std, root_strata)
        parts = {"scale": moment_loss(predicted, root)}
        strata = batch.graphs.strata[batch.dense_node - 1]
        values, moments = self.model.predict_nodes(emission.states[batch.dense_node], batch.dense_x)
        if not len(batch.dense_node):  # a distributed wrapper waits for the decoder's gradient all the same
            zero = values.sum() + moments.sum()
            return {**parts, "dense": zero, "moments": zero}
        target = scale_moments(batch.dense_mean, batch.dense_std, strata)
        dense = nn.functional.huber_loss(values.float(), batch.dense_y) * 2
        return {**parts, "dense": dense, "moments": moment_loss(moments.float(), target)}


def unused(emission: Emission) -> Tensor:
    """The prior's sum: without rows it has no part in the loss; a distributed wrapper waits for its gradient all the
    same."""
    return emission.noise.sum() + torch.stack([part.sum() for pair in emission.prior for part in pair]).sum()


def moment_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """[n, 2], [n, 2] -> []: the mean counts in units of the true deviation, the deviation by its logarithm."""
    unit = torch.exp(-target[:, 1]).clamp(0.1, 10)
    mean = nn.functional.huber_loss(predicted[:, 0] * unit, target[:, 0] * unit)
    return mean + nn.functional.huber_loss(predicted[:, 1], target[:, 1])


def draw_plan(config: TrainingConfig, step: int) -> tuple[int, float]:
    """A step's number of rows and its examples' depth, as `ExampleStore.draw` takes it.

    They are the same on every process: these wait for one another in every step, and both decide how long it takes.
    """
    rng = np.random.default_rng([config.seed, step])
    rows = 0 if rng.random() < config.text_share else int(rng.choice(config.rows))
    return rows, rng.random()


def fewer_taps(example: Example, rng: np.random.Generator, none: float, fewer: float) -> Example:
    """The example, or with these probabilities the same without taps, or with some of its first ones: users may ask
    for fewer."""
    drawn = rng.random()
    if drawn < none:
        return with_first_taps(example, 0)
    most = example.taps.shape[1]
    return with_first_taps(example, int(rng.integers(most + 1))) if drawn < none + fewer else example


def initial_model(config: TrainingConfig) -> HypernetworkModel:
    """New weights, or those that the settings name. Raises UsageError where these do not fit."""
    if not config.start:
        return HypernetworkModel(PretrainedHypernetworkConfig(**config.model))
    start = load_compiler(config.start).model
    model = HypernetworkModel(PretrainedHypernetworkConfig(**asdict(start.architecture) | config.model))
    # What reads taps is new where the start knows none.
    new = {} if start.architecture.taps else {k: v for k, v in model.state_dict().items() if k.startswith(TAPS)}
    try:
        model.load_state_dict(start.state_dict() | new)
    except RuntimeError as e:
        raise UsageError(f"the weights of 'start' {config.start} are of another 'model': {first_line(e)}") from e
    if new:
        model.copy_to_taps()
    return model


class HypernetworkTrainer(Trainer[TrainingConfig]):
    def new_model(self) -> HypernetworkModel:
        return initial_model(self.config)

    def build(self) -> tuple[nn.Module, torch.optim.Optimizer]:
        c = self.config
        model = self.new_model()
        if c.taps_only:
            for name, parameter in model.named_parameters():
                parameter.requires_grad_(name.startswith(TAPS))
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(
            trained, lr=c.learning_rate, betas=(0.9, 0.98), weight_decay=c.weight_decay, fused=True
        )
        return Objective(model, c), optimizer

    @property
    def model(self) -> HypernetworkModel:
        model = self.module.model
        assert isinstance(model, HypernetworkModel)
        return model

    def losses(self, rng: np.random.Generator) -> dict[str, Tensor]:
        c = self.config
        rows, depth = draw_plan(c, self.step)
        examples = as_read(self.train.draw(c.batch_size, rng, depth), self.model.architecture)
        if self.model.architecture.taps:
            examples = [fewer_taps(e, rng, c.no_taps, c.fewer_taps) for e in examples]
        batch = make_batch(examples, rng, c.dense_nodes).to(self.accelerator.device)
        losses: dict[str, Tensor] = self.objective(batch, rows)
        return losses

    def validate(self) -> dict[str, float]:
        examples = self.validation.evenly_spaced(512)
        found = {rows: summary(zero_shot_errors(self.model, examples, rows)) for rows in VALIDATED_ROWS}
        return {f"{name}_{rows}": value for rows, figures in found.items() for name, value in figures.items()}

    def export(self, folder: Path) -> None:
        disable_progress_bar()  # of one shard, in the midst of the loop's own
        self.model.save_pretrained(folder / "model")


def main() -> int:
    parser = training_parser(__doc__ or "")
    parser.add_argument("--stage", help="which training of a file of stages, such as training/configs/packaged.yaml")
    args = parser.parse_args()

    def train() -> None:
        config = config_of(TrainingConfig, read_settings(args.config, args.stage), str(args.config))
        HypernetworkTrainer(config, args.data, args.output).run()

    return exit_code(train)

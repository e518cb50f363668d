"""Train the hypernetwork.

accelerate launch -m training.hypernetwork training/configs/default.yaml --data data/views -o runs/default

On two processes of one machine without a GPU (`--multi_gpu` is the launcher's name for several local processes; `--cpu`
would want MPI):

ACCELERATE_USE_CPU=true accelerate launch --multi_gpu --num_processes 2 -m training.hypernetwork ...

The same command again resumes from the last checkpoint. Batches depend on (seed, step, process) only, so that a run
that was killed goes on as if it had not been.
"""

from __future__ import annotations

import argparse
import shutil
import time
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import torch
import yaml
from accelerate import Accelerator
from accelerate.utils import set_seed
from rich.console import Console
from rich.progress import Progress
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from surrogate.hypernetwork import (
    Emission,
    Hypernetwork,
    scale_moments,
)
from surrogate.pretrained import HypernetworkConfig, HypernetworkModel
from surrogate.towers import outputs
from training.batches import Batch, ViewStore, make_batch
from training.zero_step import adapted_outputs, summary, zero_step_errors


@dataclass(frozen=True)
class TrainingConfig:
    """A run's settings; the YAML file names them all by these names."""

    steps: int
    batch_size: int = 64  # views a process and step
    learning_rate: float = 1e-3
    warmup: int = 300
    decay_from: float = 0.7  # share of the steps after which the learning rate falls linearly to zero
    weight_decay: float = 0.01
    clip: float = 1.0
    text_share: float = 0.35  # share of steps without rows
    rows: tuple[int, ...] = (4, 8, 16, 32, 64)  # one is drawn for each step with rows
    queries: int = 64
    unadapted_weight: float = 0.3
    dense_nodes: int = 6
    dense_weight: float = 0.5
    moment_weight: float = 0.1
    floor: float = 0.03  # errors well below it gain little: the loss of a program is log(1 + error / floor)
    seed: int = 0
    checkpoint_every: int = 1000
    validate_every: int = 2000
    mixed_precision: str = "bf16"
    model: dict = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> TrainingConfig:
        """Raises ValueError for a key that is not a setting, or a missing one."""
        values = yaml.safe_load(path.read_text())
        if not isinstance(values, dict):
            raise ValueError(f"{path}: a mapping of settings is needed")
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"{path}: unknown settings {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        if "steps" not in values:
            raise ValueError(f"{path}: 'steps' is missing")
        if "rows" in values:
            values["rows"] = tuple(values["rows"])
        return cls(**values)

    def rate(self, step: int) -> float:
        """The learning rate: warm-up, constant, then linear decay."""
        warm = min(1.0, (step + 1) / self.warmup)
        left = (self.steps - step) / max(1, self.steps * (1 - self.decay_from))
        return self.learning_rate * warm * min(1.0, max(left, 0.0))


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
        parts = {"text": self.program_loss(outputs(emission.layers, x) - y)}
        loss = parts["text"]
        if rows:
            parts["adapted"] = self.program_loss(adapted_outputs(emission, batch, rows, c.queries) - y)
            loss = parts["adapted"] + c.unadapted_weight * parts["text"]
        parts |= self.node_losses(emission, batch)
        loss = loss + c.dense_weight * parts["dense"] + c.moment_weight * (parts["moments"] + parts["scale"])
        # Without rows the prior has no part in the loss; a distributed wrapper waits for its gradient all the same.
        unused = emission.noise.sum() + sum(part.sum() for pair in emission.prior for part in pair)
        return {**parts, "loss": loss + 0 * unused}

    def program_loss(self, error: Tensor) -> Tensor:
        """[B, Q] -> []: a Huber mean a program; its logarithm makes an easy program's progress count as well."""
        per_program = nn.functional.huber_loss(error, torch.zeros_like(error), reduction="none").mul(2).mean(-1)
        return torch.log1p(per_program / self.config.floor).mean()

    def node_losses(self, emission: Emission, batch: Batch) -> dict[str, Tensor]:
        root_strata = batch.graphs.strata[batch.graphs.root - 1]
        root = scale_moments(batch.mean, batch.std, root_strata)
        predicted = scale_moments(emission.mean, emission.std, root_strata)
        parts = {"scale": moment_loss(predicted, root)}
        strata = batch.graphs.strata[batch.dense_node - 1]
        values, moments = self.model.predict_nodes(emission.states[batch.dense_node], strata, batch.dense_x)
        if not len(batch.dense_node):  # a distributed wrapper waits for the decoder's gradient all the same
            zero = values.sum() + moments.sum()
            return {**parts, "dense": zero, "moments": zero}
        target = scale_moments(batch.dense_mean, batch.dense_std, strata)
        dense = nn.functional.huber_loss(values.float(), batch.dense_y) * 2
        return {**parts, "dense": dense, "moments": moment_loss(moments.float(), target)}


def moment_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """[n, 2], [n, 2] -> []: the mean counts in units of the true deviation, the deviation by its logarithm."""
    unit = torch.exp(-target[:, 1]).clamp(0.1, 10)
    mean = nn.functional.huber_loss(predicted[:, 0] * unit, target[:, 0] * unit)
    return mean + nn.functional.huber_loss(predicted[:, 1], target[:, 1])


def draw_rows(config: TrainingConfig, step: int) -> int:
    """The number of rows of a step, the same on every process."""
    rng = np.random.default_rng([config.seed, step])
    return 0 if rng.random() < config.text_share else int(rng.choice(config.rows))


class Trainer:
    """The explicit loop, its checkpoints and its log."""

    def __init__(self, config: TrainingConfig, data: Path, out: Path):
        self.config, self.out = config, out
        self.accelerator = Accelerator(mixed_precision=config.mixed_precision)
        set_seed(config.seed)
        model = HypernetworkModel(HypernetworkConfig(**config.model))
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=config.learning_rate, betas=(0.9, 0.98), weight_decay=config.weight_decay
        )
        self.objective, self.optimizer = self.accelerator.prepare(Objective(model, config), optimizer)
        rank, world = self.accelerator.process_index, self.accelerator.num_processes
        self.train = ViewStore(data, "train", rank, world)
        self.validation = ViewStore(data, "validation", rank, world)
        self.step = 0
        self.seconds = 0.0

    @property
    def model(self) -> HypernetworkModel:
        return self.accelerator.unwrap_model(self.objective).model

    def run(self) -> None:
        self.resume()
        self.accelerator.print(f"{self.accelerator.num_processes} processes, {len(self.train)} views on the first")
        log = SummaryWriter(str(self.out / "log"), purge_step=self.step) if self.accelerator.is_main_process else None
        started = time.perf_counter() - self.seconds
        with self.progress_bar() as bar:
            task = bar.add_task("training", total=self.config.steps, completed=self.step)
            while self.step < self.config.steps:
                parts = self.train_step()
                self.step += 1
                self.seconds = time.perf_counter() - started
                bar.update(task, completed=self.step)
                if log and self.step % 100 == 0:
                    self.report(log, parts)
                if log and self.due(self.config.validate_every):
                    self.validate(log)
                if self.due(self.config.checkpoint_every):
                    self.save()

    def due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.config.steps

    def progress_bar(self) -> Progress:
        """On stderr, where that is a terminal, from the main process only."""
        console = Console(stderr=True)
        return Progress(console=console, disable=not (console.is_terminal and self.accelerator.is_main_process))

    def report(self, log: SummaryWriter, parts: dict[str, Tensor]) -> None:
        for name, value in parts.items():
            log.add_scalar(name, value.item(), self.step)
        text = " ".join(f"{k} {v.item():.3f}" for k, v in parts.items())
        print(f"step {self.step}/{self.config.steps} {self.seconds:.0f} s: {text}", flush=True)

    def train_step(self) -> dict[str, Tensor]:
        c = self.config
        rng = np.random.default_rng([c.seed, self.step, self.accelerator.process_index])
        views = self.train.draw(c.batch_size, rng)
        batch = make_batch(views, rng, c.dense_nodes, self.model.settings.text).to(self.accelerator.device)
        for group in self.optimizer.param_groups:
            group["lr"] = c.rate(self.step)
        with self.accelerator.autocast():
            parts = self.objective(batch, draw_rows(c, self.step))
        self.accelerator.backward(parts["loss"])
        norm = self.accelerator.clip_grad_norm_(self.objective.parameters(), c.clip)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return parts

    def validate(self, log: SummaryWriter) -> None:
        views = [self.validation[i] for i in np.linspace(0, len(self.validation) - 1, 512).astype(int)]
        for rows in (0, 8, 64):
            figures = summary(zero_step_errors(self.model, views, rows))
            text = ", ".join(f"{k} {v:.4f}" for k, v in figures.items())
            print(f"validation at step {self.step}, {rows} rows: {text}", flush=True)
            log.add_scalar(f"validation/geo_{rows}", figures["geo"], self.step)

    def save(self) -> None:
        """Write the state beside the old one and swap them: an interrupted save leaves the old one."""
        new, old = self.out / "checkpoint.partial", self.out / "checkpoint"
        self.accelerator.save_state(str(new))
        if self.accelerator.is_main_process:
            (new / "progress.yaml").write_text(yaml.safe_dump({"step": self.step, "seconds": self.seconds}))
            self.model.save_pretrained(new / "model")
            previous = self.out / "checkpoint.old"
            shutil.rmtree(previous, ignore_errors=True)
            if old.exists():
                old.rename(previous)
            new.rename(old)
            shutil.rmtree(previous, ignore_errors=True)
        self.accelerator.wait_for_everyone()

    def resume(self) -> None:
        for name in ("checkpoint", "checkpoint.old"):  # a kill between the two renames leaves only the old one
            folder = self.out / name
            if (folder / "progress.yaml").exists():
                self.accelerator.load_state(str(folder))
                progress = yaml.safe_load((folder / "progress.yaml").read_text())
                self.step, self.seconds = progress["step"], progress["seconds"]
                self.accelerator.print(f"resuming from step {self.step}")
                return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    Trainer(TrainingConfig.read(args.config), args.data, args.output).run()


if __name__ == "__main__":
    main()

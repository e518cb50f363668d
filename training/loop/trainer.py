"""The explicit loop that the hypernetwork and the starts it is compared with share: schedule, checkpoints, log.

The same command again resumes from the last checkpoint. Batches depend on (seed, step, process) only, so that a run
that was killed goes on as if it had not been.
"""

from __future__ import annotations

import pickle
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
import yaml
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, set_seed
from rich.console import Console
from rich.progress import Progress
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from cprograms.diagnostics import UsageError
from cprograms.program import MAX_ARGUMENTS
from training.checkpoints import other_settings
from training.examples.shards import ExampleStore
from training.loop.config import MAY_DIFFER, LoopConfig, plain

WAIT = timedelta(minutes=10)
"""A process that waits longer than this for another one gives up."""
CHECKPOINTS = ("checkpoint", "checkpoint.old")
"""The newest one, and the one before, which serves where the newest is damaged."""
PROGRESS = "progress.yaml"


class TrainingError(Exception):
    """The run cannot go on from here, though what was asked for makes sense. Exit code 1."""


Config = TypeVar("Config", bound=LoopConfig)


class Trainer(ABC, Generic[Config]):
    """A training run on a folder of examples; what is trained, and on which loss, is a subclass's.

    Examples that read an argument beyond `most_arguments` are left out.
    """

    most_arguments = MAX_ARGUMENTS

    def __init__(self, config: Config, data: Path, out: Path):
        """Raises UsageError where a folder holds no data to train on, or something damaged."""
        self.config, self.out = config, out
        out.mkdir(parents=True, exist_ok=True)
        group = InitProcessGroupKwargs(timeout=WAIT)
        self.accelerator = Accelerator(mixed_precision=config.mixed_precision, kwargs_handlers=[group])
        set_seed(config.seed)
        self.objective, self.optimizer = self.accelerator.prepare(*self.build())
        rank, world = self.accelerator.process_index, self.accelerator.num_processes
        most = self.most_arguments
        self.train = ExampleStore(data, "train", rank, world, most_arguments=most)
        self.validation = ExampleStore(data, "validation", rank, world, most_arguments=most)
        self.step = 0
        self.seconds = 0.0

    @abstractmethod
    def build(self) -> tuple[nn.Module, torch.optim.Optimizer]:
        """What is trained, as a module that is called by `losses`, and its optimiser."""

    @abstractmethod
    def losses(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """The losses of one batch; "loss" is descended, the others are logged."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Figures on the validation split; called on the main process only."""

    @abstractmethod
    def export(self, folder: Path) -> None:
        """Write into a checkpoint's folder what others read of it. Raises OSError."""

    @property
    def module(self) -> nn.Module:
        """What `build` made, out of its distributed wrapper."""
        module: nn.Module = self.accelerator.unwrap_model(self.objective)
        return module

    def run(self) -> None:
        """Train to the last step. Raises UsageError for a checkpoint that is another run's, TrainingError where the run
        cannot go on."""
        self.resume()
        self.accelerator.print(f"{self.accelerator.num_processes} processes, {len(self.train)} examples on the first")
        if self.train.left_out:
            wide = f"{self.train.left_out} of more than {self.most_arguments} arguments"
            self.accelerator.print(f"{wide} are left out")
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
                    self.report_validation(log)
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

    def report_validation(self, log: SummaryWriter) -> None:
        figures = self.validate()
        text = ", ".join(f"{k} {v:.4f}" for k, v in figures.items())
        print(f"validation at step {self.step}: {text}", flush=True)
        for name, value in figures.items():
            log.add_scalar(f"validation/{name}", value, self.step)

    def train_step(self) -> dict[str, Tensor]:
        c = self.config
        rng = np.random.default_rng([c.seed, self.step, self.accelerator.process_index])
        for group in self.optimizer.param_groups:
            group["lr"] = c.rate(self.step)
        with self.lost_process_named():
            with self.accelerator.autocast():
                parts = self.losses(rng)
            self.accelerator.backward(parts["loss"])
            norm = self.accelerator.clip_grad_norm_(self.objective.parameters(), c.clip)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return parts

    @contextmanager
    def lost_process_named(self) -> Iterator[None]:
        """Say in one line that another process of the run has died, or has not answered for `WAIT`."""
        try:
            yield
        except RuntimeError as e:
            # gloo, the backend of processors, has no exception of its own.
            if not isinstance(e, torch.distributed.DistError) and "gloo" not in str(e):
                raise
            raise TrainingError(f"another process of the run was lost at step {self.step}: {first_line(e)}") from e

    # --- Checkpoints ---

    def save(self) -> None:
        """Write the state beside the old one and swap them: an interrupted save leaves the old one.

        Raises TrainingError where it cannot be written; the old one then stays.
        """
        new = self.out / "checkpoint.partial"
        if self.accelerator.is_main_process:
            shutil.rmtree(new, ignore_errors=True)
        self.wait()
        try:
            self.accelerator.save_state(str(new))
            self.wait()  # every process has written its part
            if self.accelerator.is_main_process:
                self.export(new)
                (new / PROGRESS).write_text(yaml.safe_dump(self.progress()))
                self.swap(new)
        except (OSError, SafetensorError) as e:
            raise TrainingError(f"{new}: the checkpoint cannot be written: {first_line(e)}") from e
        self.wait()

    def wait(self) -> None:
        with self.lost_process_named():
            self.accelerator.wait_for_everyone()

    def progress(self) -> dict[str, Any]:
        return {"step": self.step, "seconds": self.seconds, "settings": plain(self.config)}

    def swap(self, new: Path) -> None:
        newest, previous = (self.out / name for name in CHECKPOINTS)
        if newest.exists():
            shutil.rmtree(previous, ignore_errors=True)
            newest.rename(previous)
        new.rename(newest)

    def resume(self) -> None:
        """Go on from the newest checkpoint that loads.

        Raises UsageError where it is of other settings, or where none of those that are there loads.
        """
        faults = []
        for folder in (self.out / name for name in CHECKPOINTS):
            if not folder.exists():
                continue
            try:
                self.load(folder)
            except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError) as e:
                faults.append(f"{folder}: the checkpoint is damaged: {first_line(e)}")
            except (SafetensorError, yaml.YAMLError, pickle.UnpicklingError) as e:
                faults.append(f"{folder}: the checkpoint is damaged: {first_line(e)}")
            else:
                self.accelerator.print(*faults, f"resuming from step {self.step}", sep="\n")
                return
        if faults:
            raise UsageError("\n".join([*faults, f"remove {self.out} to start afresh"]))

    def load(self, folder: Path) -> None:
        progress = yaml.safe_load((folder / PROGRESS).read_text())
        if not isinstance(progress, dict):
            raise ValueError(f"{PROGRESS} holds no mapping")
        step, seconds = int(progress["step"]), float(progress["seconds"])
        if other := other_settings(plain(self.config), dict(progress["settings"]), MAY_DIFFER):
            raise UsageError(f"{folder}: the checkpoint is of other settings: {other}; give another output folder")
        self.accelerator.load_state(str(folder))
        self.step, self.seconds = step, seconds


def first_line(error: Exception) -> str:
    """What an exception says, in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__

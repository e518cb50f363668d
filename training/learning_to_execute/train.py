"""Train an LSTM to execute programs, or to memorise digits.

accelerate launch -m training.learning_to_execute.train training/configs/learning_to_execute.yaml -o runs/execute

The same command again resumes from the last checkpoint, bit for bit on one process: blocks depend on (seed, block,
process) and the hardness only, and the carried state starts at zero with each block.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from rich.console import Console
from rich.progress import Progress as ProgressBar

from cprograms.diagnostics import UsageError
from training.config import read_mapping
from training.learning_to_execute import checkpoints
from training.learning_to_execute.checkpoints import Progress
from training.learning_to_execute.config import ExecuteConfig
from training.learning_to_execute.curricula import CURRICULA, Hardness, baseline
from training.learning_to_execute.lstm import CharacterLSTM, Reading, State
from training.learning_to_execute.streams import Source, windows
from training.learning_to_execute.tasks import TASKS, ExecuteTask, Split

SAVE_SECONDS = 60
"""A checkpoint is written after the first block that ends so long after the last one."""


class ExecuteTrainer:
    """The explicit loop over blocks of windows. `task` stands in for the one that the settings name."""

    def __init__(self, config: ExecuteConfig, out: Path, task: ExecuteTask | None = None):
        if task is None and config.task not in TASKS:
            raise UsageError(f"the task '{config.task}' needs functions, which a settings file cannot name")
        self.task = task or TASKS[config.task]
        self.config, self.folder = config, out / "checkpoint"
        out.mkdir(parents=True, exist_ok=True)
        self.accelerator = Accelerator(mixed_precision=config.mixed_precision)
        set_seed(config.seed)
        model = CharacterLSTM(len(self.task.alphabet), config.hidden, config.layers)
        self.progress = Progress.start(config)
        if self.folder.exists():
            weights, self.progress = checkpoints.load(self.folder, config, self.task.alphabet)
            model.load_state_dict(weights)
        optimizer = torch.optim.SGD(model.parameters(), lr=config.learning_rate)
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)

    def run(self, until: int | None = None) -> Progress:
        """Train for the settings' blocks, or until block `until`, and save."""
        last = min(self.config.blocks, until or self.config.blocks)
        saved = time.monotonic()
        with self.progress_bar() as bar:
            shown = bar.add_task("blocks", total=last, completed=self.progress.block)
            while not self.progress.finished(self.config) and self.progress.block < last:
                self.block()
                bar.update(shown, completed=self.progress.block)
                if time.monotonic() - saved > SAVE_SECONDS:
                    self.save()
                    saved = time.monotonic()
        self.save()
        return self.progress

    def block(self) -> None:
        """Train on one block of fresh streams, validate at the current hardness, and follow the schedule."""
        started = time.monotonic()
        s, at = self.config, self.progress
        for group in self.optimizer.param_groups:
            group["lr"] = at.rate
        source = Source(self.task, "train", CURRICULA[s.curriculum], at.current, s.target)
        training = self.accuracy(self.step(r) for r in self.readings(source, s.windows, at.block))
        validation = self.evaluate("validation", at.current, s.validation_windows)
        self.progress = at.after(s, training, validation)
        self.progress = replace(self.progress, seconds=at.seconds + time.monotonic() - started)

    def readings(self, source: Source, count: int, block: int) -> Iterable[Reading]:
        """The model's readings of `count` windows, the state carried from each to the next."""
        s = self.config
        seed = f"{s.seed} {source.split} {block} {self.accelerator.process_index}"
        streams = source.streams(s.batch_size, count * s.unroll + 1, seed)
        state: State | None = None
        for window in windows(streams, s.unroll, self.accelerator.device):
            reading = self.model(window, state)
            state = reading.state
            yield reading

    def step(self, reading: Reading) -> Reading:
        self.accelerator.backward(reading.loss)
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return reading

    def accuracy(self, readings: Iterable[Reading]) -> float:
        """The share of answer characters that are right, over all processes."""
        counts = torch.zeros(2, dtype=torch.long, device=self.accelerator.device)
        for reading in readings:
            counts += torch.stack([reading.right, reading.answers])
        right, answers = self.accelerator.reduce(counts).tolist()
        return float(right / answers)

    @torch.no_grad()
    def evaluate(self, split: Split, hardness: Hardness, count: int) -> float:
        """Teacher-forced accuracy on the answer characters of `count` windows of a split, at one hardness."""
        source = Source(self.task, split, baseline, hardness, hardness)
        return self.accuracy(self.readings(source, count, 0))

    def save(self) -> None:
        if self.accelerator.is_main_process:
            weights = self.accelerator.unwrap_model(self.model).state_dict()
            checkpoints.save(self.folder, self.config, self.task.alphabet, weights, self.progress)
        self.accelerator.wait_for_everyone()

    def progress_bar(self) -> ProgressBar:
        """On stderr, where that is a terminal, from the main process only."""
        console = Console(stderr=True)
        return ProgressBar(console=console, disable=not (console.is_terminal and self.accelerator.is_main_process))


TEST_WINDOWS = 40
"""Windows of test programs, at the target's hardness, that the reported accuracy is of."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    try:
        config = ExecuteConfig.of(read_mapping(args.config), str(args.config))
        trainer = ExecuteTrainer(config, args.output)
        if trainer.progress.block:
            trainer.accelerator.print(f"resuming from block {trainer.progress.block}")
        progress = trainer.run()
    except UsageError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    accuracy = trainer.evaluate("test", config.target, TEST_WINDOWS)
    trainer.accelerator.print(f"block {progress.block}, {progress.seconds:.0f} s: test accuracy {accuracy:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

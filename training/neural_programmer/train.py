"""Train restarts of the Neural Programmer, all in one batch.

The same command again resumes from the last checkpoint, bit for bit: batches and noise depend on (seed, step) only.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress as ProgressBar
from torch import Tensor

from cprograms.diagnostics import UsageError
from training.neural_programmer import checkpoints
from training.neural_programmer.checkpoints import Progress, State
from training.neural_programmer.config import ProgrammerConfig
from training.neural_programmer.gradients import add_noise, clip, deviation
from training.neural_programmer.likelihood import LOSSES
from training.neural_programmer.machine import Choice, given_of, tables_of
from training.neural_programmer.measure import accuracies
from training.neural_programmer.programmer import NeuralProgrammer, questions_of
from training.neural_programmer.questions import Ask

SAVE_SECONDS = 60
"""A checkpoint is also written after the first step that ends so long after the last one."""
VALIDATION_QUESTIONS = 500


def entropies(choices: list[Choice]) -> Tensor:
    """Of the operations of all steps, in each restart the mean over its questions: [R]."""
    chosen = torch.stack([choice.operation for choice in choices])  # [T, R, B, 9]
    found: Tensor = torch.special.entr(chosen)
    return found.sum((0, 3)).mean(1)


class ProgrammerTrainer:
    """The explicit loop. Raises UsageError for a checkpoint in `out` that is damaged or another run's."""

    def __init__(self, config: ProgrammerConfig, out: Path):
        self.config, self.out = config, out
        out.mkdir(parents=True, exist_ok=True)
        self.model = NeuralProgrammer(config.restarts, config.width, config.seed)
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.Adam(self.parameters)
        self.progress = Progress()
        if state := checkpoints.resumed(out, config):
            self.take_over(state)

    def take_over(self, state: State) -> None:
        try:
            self.model.load_state_dict(state.weights)
            self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state.moments})
        except (RuntimeError, ValueError, KeyError) as e:
            raise UsageError(f"{self.out}: the checkpoint is damaged; remove the folder to start afresh") from e
        self.progress = state.progress

    def run(self, until: int | None = None) -> Progress:
        """Train for the settings' steps, or until step `until`, and save."""
        last = min(self.config.steps, until or self.config.steps)
        saved, started = time.monotonic(), time.process_time() - self.progress.seconds
        console = Console(stderr=True)
        with ProgressBar(console=console, disable=not console.is_terminal) as bar:
            shown = bar.add_task("steps", total=last, completed=self.progress.step)
            while (step := self.progress.step) < last:
                self.step(step)
                trace = self.progress.trace
                if (step + 1) % self.config.validate_every == 0 or step + 1 == self.config.steps:
                    trace = (*trace, {"step": step + 1, "accuracies": self.validate()})
                self.progress = Progress(step + 1, time.process_time() - started, trace)
                bar.update(shown, completed=step + 1)
                if (step + 1) % self.config.checkpoint_every == 0 or time.monotonic() - saved > SAVE_SECONDS:
                    self.save()
                    saved = time.monotonic()
        self.save()
        return self.progress

    def step(self, number: int) -> Tensor:
        """The restarts' losses [R] before the step."""
        c = self.config
        rng = np.random.default_rng([c.seed, 0, number])
        batch = Ask(c.columns, conditions=c.conditions).draw(rng, c.restarts * c.batch_size)
        choices = self.model(questions_of(batch.asked, c.restarts))
        found = LOSSES[c.loss](choices, tables_of(batch, c.restarts), given_of(batch, c.restarts), c.cells)
        self.optimizer.zero_grad()
        (found - c.bonus(number) * entropies(choices)).sum().backward()  # type: ignore[no-untyped-call]
        clip(self.parameters, c.clip)
        if c.noise:
            generator = torch.Generator().manual_seed(c.seed * 1_000_003 + number)
            add_noise(self.parameters, deviation(c.noise, number), generator)
        for group in self.optimizer.param_groups:
            group["lr"] = c.rate(number)
        self.optimizer.step()
        return found.detach()

    def validate(self) -> list[float]:
        """Each restart's share of right answers, every choice made, to questions that it is not trained on."""
        c = self.config
        rng = np.random.default_rng([c.seed, 1])
        batch = Ask(c.columns, conditions=c.conditions).draw(rng, VALIDATION_QUESTIONS)
        return [round(float(a), 4) for a in accuracies(self.model, batch)]

    def save(self) -> None:
        weights = {name: w.detach() for name, w in self.model.state_dict().items()}
        moments = self.optimizer.state_dict()["state"]
        checkpoints.save(self.out, self.config, State(weights, moments, self.progress))

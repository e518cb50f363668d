"""Train a programmer-interpreter on the traces of a C program.

The same call again resumes from the last checkpoint, bit for bit: batches depend on the seed and the step only.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress as ProgressBar

from cprograms.diagnostics import UsageError
from cprograms.tape.situations import Endless
from training.programmer_interpreter import checkpoints
from training.programmer_interpreter.checkpoints import Progress, new_model
from training.programmer_interpreter.config import InterpreterConfig
from training.programmer_interpreter.frames import Codes, traced_frames
from training.programmer_interpreter.network import ProgrammerInterpreter
from training.programmer_interpreter.proof import Proof, prove
from training.programmer_interpreter.tasks import frames_of, traced

CHECKED = 2048
"""Frames that are checked at one go."""
SAVE_SECONDS = 20
"""A checkpoint is written after the first step so long after the last one."""


class InterpreterTrainer:
    """The loop over batches of frames. With a `core`, its programs stay as they are, and only new ones are learned."""

    def __init__(self, config: InterpreterConfig, out: Path, core: ProgrammerInterpreter | None = None):
        """Raises UsageError for a checkpoint in `out` that is another run's, and for a core that does not fit."""
        self.config, self.folder = config, out / "checkpoint"
        out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config.seed)
        codes = Codes.of(traced(config.task, config.version))
        if core is None:
            self.model = new_model(config, codes)
            new: list[str] = []
        else:
            self.model, new = core, [name for name in codes.programs if name not in core.codes.programs]
            codes = _extended(core.codes, codes)
            self.model.teach(codes)
        self.frames = traced_frames(config, codes, new)
        learned = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(learned, lr=config.learning_rate)
        self.progress = Progress()
        if self.folder.exists():
            self.progress = checkpoints.load(self.folder, config, self.model, self.optimizer)

    def run(self, until: int | None = None) -> Progress:
        """Train until all is `learned` or the rounds are over, or until a step, and save."""
        s, at = self.config, self.progress
        last = min(s.steps * s.rounds, until if until is not None else s.steps * s.rounds)
        saved = time.monotonic()
        console = Console(stderr=True)
        with ProgressBar(console=console, disable=not console.is_terminal) as bar:
            shown = bar.add_task(s.name, total=s.steps * s.rounds, completed=at.step)
            while not at.done and at.step < last:
                started = time.process_time()
                self.step()
                at.done = at.step % s.steps == 0 and self.learned()
                at.seconds += time.process_time() - started
                bar.update(shown, completed=at.step)
                if time.monotonic() - saved > SAVE_SECONDS:
                    self.save()
                    saved = time.monotonic()
        self.save()
        return at

    def step(self) -> float:
        """One step of Adam; the loss before it."""
        s, at = self.config, self.progress
        for group in self.optimizer.param_groups:
            group["lr"] = s.rate(at.step)
        loss = self.model.loss(self.frames.draw(np.random.default_rng([s.seed, at.step]), s.batch_size))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), s.clip)
        self.optimizer.step()
        at.step += 1
        return loss.item()

    def learned(self) -> bool:
        """Whether the proof holds; for a program that has none, whether all frames that it learns from are right."""
        found = self.prove()
        if found is not None:
            return found.holds
        whole = np.array_split(np.arange(len(self.frames)), 1 + len(self.frames) // CHECKED)
        return all(bool(self.model.right(self.frames.of(part)).all()) for part in whole)

    def prove(self) -> Proof | None:
        """The proof of what was learned; None for a program that loops."""
        try:
            return prove(self.model, frames_of(self.config.task, self.config.version))
        except Endless:
            return None

    def save(self) -> None:
        checkpoints.save(self.folder, self.config, self.model, self.optimizer, self.progress)


def _extended(known: Codes, wanted: Codes) -> Codes:
    """The codes of a core and of what it is to be taught. Raises UsageError where it has not learned the rest."""
    if (known.pointers, known.values, known.most_arguments) != (wanted.pointers, wanted.values, wanted.most_arguments):
        raise UsageError("the core was trained in another environment: of other pointers, values or arguments")
    if missing := sorted(set(known.programs) - set(wanted.programs)):
        raise UsageError(f"the core knows '{missing[0]}', which the program does not have")
    if len(known.programs) == len(wanted.programs):
        raise UsageError("the core knows every program already")
    return Codes(known.pointers, known.values, known.programs | wanted.programs)

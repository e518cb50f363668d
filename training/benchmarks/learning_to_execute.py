"""How fast training to execute is beside `torch.nn.LSTM` alone, and the program generator beside both."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.benchmarks.timing import processor_seconds
from training.learning_to_execute.config import ExecuteConfig
from training.learning_to_execute.curricula import CURRICULA, Hardness
from training.learning_to_execute.streams import Source
from training.learning_to_execute.tasks import ALPHABET, ANSWER_END, TASKS
from training.learning_to_execute.train import ExecuteTrainer

HARDNESS = Hardness(length=6, nesting=3)
REPEATS = 7
PRESETS = {
    "published": {"windows": 4, "mixed_precision": "bf16"},
    "cpu": {"hidden": 64, "batch_size": 32, "windows": 20, "mixed_precision": "bf16"},
}


def report(preset: str) -> dict[str, Any]:
    """The figures of a preset, "published" or "cpu"."""
    torch.set_num_threads(1)
    values = {"blocks": 10**6, "curriculum": "baseline", **HARDNESS._asdict(), **PRESETS[preset]}
    return {"preset": preset, **measure(ExecuteConfig.of(values, preset))}


def measure(settings: ExecuteConfig) -> dict[str, float]:
    """Medians of alternating repeats; the ratios are medians of each repeat's."""
    with tempfile.TemporaryDirectory() as folder:
        trainer = ExecuteTrainer(settings, Path(folder))
        source = Source(TASKS["programs"], "train", CURRICULA["baseline"], settings.target, settings.target)
        length = settings.windows * settings.unroll + 1
        streams = source.streams(settings.batch_size, length, "bench")
        plain = plain_lstm(settings)
        jobs: dict[str, Callable[[], object]] = {
            "training": lambda: [trainer.step(r) for r in trainer.readings(source, settings.windows, 0)],
            "plain": lambda: [plain() for _ in range(settings.windows)],
            "generator": lambda: source.streams(settings.batch_size, length, "bench"),
        }
        times = np.array([[processor_seconds(job) for job in jobs.values()] for _ in range(REPEATS + 1)])[1:]
    training, alone, generator = streams.size / np.median(times, 0)
    programs = int((streams == ALPHABET.index(ANSWER_END)).sum())
    return {
        "training_characters_per_second": training,
        "plain_lstm_characters_per_second": alone,
        "training_over_plain": float(np.median(times[:, 1] / times[:, 0])),
        "generator_programs_per_second": generator * programs / streams.size,
        "consumed_programs_per_second": training * programs / streams.size,
        "generator_over_consumed": float(np.median(times[:, 0] / times[:, 2])),
        "generator_share_of_training": float(np.median(times[:, 2] / times[:, 0])),
        "padding_share": 0.0,
        "padding_share_one_program_a_row": padding(source.streams(settings.batch_size, 3000, "padding")),
    }


def plain_lstm(settings: ExecuteConfig) -> Callable[[], None]:
    """Forward and backward of `torch.nn.LSTM` alone on one window's shape, in the same precision."""
    lstm = nn.LSTM(settings.hidden, settings.hidden, settings.layers)
    x = torch.randn(settings.unroll, settings.batch_size, settings.hidden, requires_grad=True)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.mixed_precision == "bf16"):
            y, _ = lstm(x)
        torch.autograd.backward(y.sum())
        lstm.zero_grad()
        x.grad = None

    return step


def padding(streams: np.ndarray) -> float:
    """The share of padding if each batch held one program a row, padded to the batch's longest."""
    end = ALPHABET.index(ANSWER_END)
    lengths = np.concatenate([np.diff(np.flatnonzero(column == end)) for column in streams.T])
    rows = lengths[: len(lengths) // streams.shape[1] * streams.shape[1]].reshape(-1, streams.shape[1])
    return float(1 - rows.sum() / (rows.max(1) * rows.shape[1]).sum())

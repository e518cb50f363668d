"""Samples as streams of characters: each stream is one text after the other, without padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from torch import Tensor

from training.learning_to_execute.curricula import Curriculum, Hardness
from training.learning_to_execute.tasks import ALPHABET, ANSWER_END, QUESTION_END, ExecuteTask, Split


@dataclass(frozen=True)
class Source:
    """Where samples come from. Equal sources and equal seeds give equal streams, in any process."""

    task: ExecuteTask
    split: Split
    curriculum: Curriculum
    current: Hardness
    target: Hardness

    def streams(self, batch: int, length: int, seed: str) -> np.ndarray:
        """uint8 [length, batch]: every stream begins with a sample, and its last one is cut at the end."""
        random = Random(seed)
        columns = np.empty((length, batch), dtype=np.uint8)
        for b in range(batch):
            columns[:, b] = np.frombuffer(self._stream(random, length).translate(self.task.codes), dtype=np.uint8)
        return columns

    def _stream(self, random: Random, length: int) -> bytes:
        texts, size = [], 0
        while size < length:
            texts.append(
                self.task.sample(random, lambda: self.curriculum(random, self.current, self.target), self.split)
            )
            size += len(texts[-1])
        return "".join(texts).encode()[:length]


@dataclass(frozen=True)
class Window:
    """T characters of B streams, the ones that follow, and which of these belong to an answer."""

    inputs: Tensor  # int64 [T, B]
    targets: Tensor  # int64 [T, B]
    answers: Tensor  # bool [T, B]


def windows(streams: np.ndarray, unroll: int, device: torch.device) -> Iterator[Window]:
    """The windows of streams of n · `unroll` + 1 characters, one after the other."""
    codes = torch.from_numpy(streams).long().to(device)
    answers = answer_mask(codes)
    for start in range(0, len(codes) - 1, unroll):
        after = slice(start + 1, start + unroll + 1)
        yield Window(codes[start : start + unroll], codes[after], answers[after])


def answer_mask(codes: Tensor) -> Tensor:
    """bool [length, B]: the characters after a question's end, up to the answer's end and with it."""
    began = (codes == ALPHABET.index(QUESTION_END)).cumsum(0)
    ended = (codes == ALPHABET.index(ANSWER_END)).cumsum(0)
    open_before = (began - ended)[:-1] == 1
    return torch.cat([torch.zeros_like(open_before[:1]), open_before])

"""The network that learns to execute: it reads characters and predicts the next one of an answer."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.learning_to_execute.streams import Window

INITIAL = 0.08
"""All parameters start uniform in ±INITIAL (Zaremba, Sutskever 2014, section 6)."""

State = tuple[Tensor, Tensor]  # hidden and cell: [layers, B, H] each


class Reading(NamedTuple):
    """What came of one window: the loss [], the counts [] of answer characters and of right ones, the carried state."""

    loss: Tensor
    answers: Tensor
    right: Tensor
    state: State


class CharacterLSTM(nn.Module):
    """Embedding, `torch.nn.LSTM`, one linear head over the symbols of an alphabet."""

    def __init__(self, symbols: int, hidden: int, layers: int):
        super().__init__()
        self.embedding = nn.Embedding(symbols, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers)
        self.head = nn.Linear(hidden, symbols)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -INITIAL, INITIAL)

    def forward(self, window: Window, state: State | None = None) -> Reading:
        """`state` is the previous window's; without one it is zero.

        The loss counts answer characters only. As published, it is their cross-entropy summed over the window and
        divided by the number of streams, not by the number of answer characters.
        """
        hidden, state = self.lstm(self.embedding(window.inputs), state)  # [T, B, H]
        # Only answer positions need the head: they are a small share of all. Their number differs from window to
        # window, and on CPU the low-precision kernels are compiled again for every new shape: hence float32.
        with torch.autocast(hidden.device.type, enabled=False):
            logits = self.head(hidden[window.answers].float())  # [answers, symbols]
        targets = window.targets[window.answers]
        loss = nn.functional.cross_entropy(logits, targets, reduction="sum") / window.inputs.shape[1]
        right = (logits.argmax(-1) == targets).sum()
        return Reading(loss, window.answers.sum(), right, (state[0].detach(), state[1].detach()))

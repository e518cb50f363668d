"""What is compared with the program that reads expressions: an LSTM over what the same networks say of each picture.

It needs no perception of its own, and learns arithmetic alone, from as many fresh expressions as there are steps for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from surrogate.sketch.model import Model
from training.sketches.expressions import LONGEST, MODULUS, Symbols, drawn

TRAINED = 5
"""Digits of the longest expressions that it learns from, as published."""
GROWN = 0.5
"""The part of the steps after which it has come to these."""


@dataclass(frozen=True)
class Tuning:
    """Which LSTMs are tried, of how many steps of how many expressions each; the best on lengths that were learned
    counts, on so many other expressions."""

    hidden: tuple[int, ...] = (128,)
    rates: tuple[float, ...] = (3e-3, 1e-2)
    layers: int = 2
    steps: int = 2500
    batch: int = 128
    compared: int = 2000


class Reader(nn.Module):
    """Symbols [T, B, features] of expressions of `ends` [B] + 1 symbols -> logits of their values [B, MODULUS]."""

    def __init__(self, features: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, layers)
        self.head = nn.Linear(hidden, MODULUS)

    def forward(self, symbols: Tensor, ends: Tensor) -> Tensor:
        found, _ = self.lstm(symbols)  # [T, B, hidden]
        return self.head(found[ends, torch.arange(len(ends))])  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Compared:
    """The LSTM that is best on expressions that it learned from others of; `tried` are the accuracies of all, by their
    hidden units and rates. `zeros` are the accuracies of always saying 0."""

    hidden: int
    rate: float
    tried: dict[str, float]
    by_length: dict[int, float]
    zeros: dict[int, float]


class Expressions:
    """Expressions as the networks of a model see them: [T, n, 14], the probabilities of digits and of operators."""

    @torch.no_grad()
    def __init__(self, model: Model, symbols: Symbols) -> None:
        self._symbols = symbols
        names = ("digit", "sign")
        seen = [
            torch.cat([model.networks.of(n)(torch.from_numpy(x))[0].softmax(-1) for n in names], dim=1)
            for x, _ in (symbols.digits, symbols.operators)
        ]
        self._blank = len(seen[0]) + len(seen[1])
        self._seen = torch.cat([*seen, torch.zeros(1, seen[0].shape[1])])  # digits, operators, a blank
        self._first_operator = len(seen[0])

    @property
    def features(self) -> int:
        return self._seen.shape[1]

    def drawn(self, lengths: np.ndarray, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """Symbols [T, n, features], the last of each expression [n], and their values [n]."""
        tape = 2 * int(lengths.max()) - 1
        placed, examples = drawn(self._symbols, lengths, tape, seed)
        places = placed["places"].copy()
        places[:, 1::2] += self._first_operator
        places[placed["places"] < 0] = self._blank
        ends = torch.from_numpy(2 * lengths - 2)
        return self._seen[torch.from_numpy(places)].transpose(0, 1), ends, torch.from_numpy(examples["result"])


def trained(expressions: Expressions, hidden: int, rate: float, tuning: Tuning, seed: int) -> Reader:
    """Learned from expressions of 2 digits, and of more little by little; the rate falls to 0 over the second half."""
    torch.manual_seed(seed)
    reader = Reader(expressions.features, hidden, tuning.layers)
    optimiser = torch.optim.Adam(reader.parameters(), rate, fused=True)
    falling = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1.0, 2 * (1 - step / tuning.steps)))
    for step in range(tuning.steps):
        most = min(TRAINED, 2 + int(step / (tuning.steps * GROWN) * (TRAINED - 1)))
        lengths = np.random.default_rng((seed, step)).integers(2, most + 1, tuning.batch)
        symbols, ends, wanted = expressions.drawn(lengths, seed * 1_000_003 + step)
        loss = nn.functional.cross_entropy(reader(symbols, ends), wanted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        falling.step()
    return reader


@torch.no_grad()
def accuracy(reader: Reader, expressions: Expressions, lengths: np.ndarray, seed: int) -> float:
    symbols, ends, wanted = expressions.drawn(lengths, seed)
    return float((reader(symbols, ends).argmax(-1) == wanted).float().mean())


def compared(model: Model, train: Symbols, test: Symbols, count: int, tuning: Tuning, seed: int) -> Compared:
    """The best LSTM of those that are tried, on `count` expressions of test pictures of each length."""
    known, fresh = Expressions(model, train), Expressions(model, test)
    lengths = np.resize(np.arange(2, TRAINED + 1), tuning.compared)
    readers: dict[tuple[int, float], Reader] = {}
    for hidden in tuning.hidden:
        for rate in tuning.rates:
            readers[hidden, rate] = trained(known, hidden, rate, tuning, seed)
    scores = {key: accuracy(reader, known, lengths, seed + 77) for key, reader in readers.items()}
    best = max(scores, key=lambda key: scores[key])
    each = {d: np.full(count, d) for d in range(2, LONGEST + 1)}
    by_length = {d: accuracy(readers[best], fresh, lengths, seed + d) for d, lengths in each.items()}
    zeros = {d: float((fresh.drawn(lengths, seed + d)[2] == 0).float().mean()) for d, lengths in each.items()}
    tried = {f"{hidden} units, rate {rate:g}": round(score, 4) for (hidden, rate), score in scores.items()}
    return Compared(*best, tried, by_length, zeros)

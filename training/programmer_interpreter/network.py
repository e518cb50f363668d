"""The neural programmer-interpreter (Reed, de Freitas 2016, section 3): a core that runs every program it knows.

B frames, T steps, P pointers, V values, A arguments, N programs; E, D, K, H are sizes. A frame begins with a state of
zeros. In each step the core sees the values under the pointers, its frame's arguments and its program's embedding, and
says whether the frame ends, else which program it calls and with what arguments. To write and to move a pointer are
programs too, that the environment executes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.programmer_interpreter.frames import Batch, Codes

State = tuple[Tensor, Tensor]  # hidden and cell: [layers, B, H] each


class Choices(NamedTuple):
    """Logits of what steps do: `end` [B, T], `program` [B, T, N], `arguments` [B, T, A, V]."""

    end: Tensor
    program: Tensor
    arguments: Tensor


class Memory(nn.Module):
    """What is remembered of some programs: their embeddings, and the keys by which they are called."""

    def __init__(self, programs: int, embedding: int, key: int):
        super().__init__()
        self.embeddings = nn.Parameter(torch.randn(programs, embedding))  # [n, D]
        self.keys = nn.Parameter(torch.randn(programs, key) / key**0.5)  # [n, K]


class ProgrammerInterpreter(nn.Module):
    """`codes` says what numbers stand for. `taught` adds programs to a core that has learned others."""

    def __init__(self, codes: Codes, hidden: int, layers: int, embedding: int, key: int):
        super().__init__()
        self.codes, self._sizes = codes, (embedding, key)
        self.encoder = nn.Sequential(
            nn.Linear(codes.pointers * codes.values + codes.most_arguments * codes.values, hidden),  # [.., E = H]
            nn.ReLU(),
        )
        self.core = nn.LSTM(hidden + embedding, hidden, layers, batch_first=True)
        self.end = nn.Linear(hidden, 1)
        self.call = nn.Linear(hidden, key)
        self.give = nn.Linear(hidden, codes.most_arguments * codes.values)
        self.memories = nn.ModuleList([Memory(len(codes.programs), embedding, key)])

    def teach(self, codes: Codes) -> None:
        """Add the programs that `codes` has beside those that are known; all that was learned is frozen.

        A program sees those that were taught with it or before it, as in C those that were declared. So whatever is
        learned of new ones, the old ones do bit for bit what they did.
        """
        known = self.codes.names
        assert codes.names[: len(known)] == known
        for parameter in self.parameters():
            parameter.requires_grad = False
        self.codes = codes
        self.memories.append(Memory(len(codes.names) - len(known), *self._sizes))

    @property
    def known(self) -> list[Memory]:
        """The `memories`, in the order in which they were learned."""
        return [memory for memory in self.memories if isinstance(memory, Memory)]

    @property
    def embeddings(self) -> Tensor:
        return torch.cat([memory.embeddings for memory in self.known])  # [N, D]

    def forward(
        self, program: Tensor, arguments: Tensor, seen: Tensor, state: State | None = None
    ) -> tuple[Choices, State]:
        """What frames of a `program` [B] with `arguments` [B, A] do where they see `seen` [B, T, P]."""
        steps = seen.shape[1]
        values = torch.cat([_one_hot(seen, self.codes.values), _spread(arguments, self.codes.values, steps)], -1)
        encoded = self.encoder(values)  # [B, T, E]
        own = self.embeddings[program][:, None].expand(-1, steps, -1)  # [B, T, D]
        hidden, state = self.core(torch.cat([encoded, own], -1), state)  # [B, T, H]
        given = self.give(hidden).unflatten(-1, (self.codes.most_arguments, self.codes.values))  # [B, T, A, V]
        return Choices(self.end(hidden)[..., 0], self._calls(hidden, program), given), state

    def _calls(self, hidden: Tensor, program: Tensor) -> Tensor:
        """Logits [B, T, N] of the programs to call: how well their keys match, for those that the caller sees."""
        wanted = self.call(hidden)  # [B, T, K]
        found, first = [], 0
        for memory in self.known:
            logits = wanted @ memory.keys.T  # [B, T, n]
            found.append(logits.masked_fill((program < first)[:, None, None], float("-inf")))
            first += len(memory.keys)
        return torch.cat(found, -1)

    def loss(self, batch: Batch) -> Tensor:
        """The mean over steps of the cross-entropy of all that is chosen in them (equation 4)."""
        choices, _ = self(batch.program, batch.arguments, batch.seen)
        calls = batch.called >= 0
        end = F.binary_cross_entropy_with_logits(choices.end[batch.steps], (~calls).float()[batch.steps])
        program = F.cross_entropy(choices.program[calls], batch.called[calls], reduction="sum")
        given = F.cross_entropy(
            choices.arguments[calls].flatten(0, 1), batch.given[calls].flatten(), ignore_index=-1, reduction="sum"
        )
        return end + (program + given) / batch.steps.sum()

    @torch.no_grad()
    def right(self, batch: Batch) -> Tensor:
        """bool [B]: frames in which every most likely choice is the right one, with those before it given."""
        choices, _ = self(batch.program, batch.arguments, batch.seen)
        calls = batch.called >= 0
        given = (choices.arguments.argmax(-1) == batch.given) | (batch.given < 0)
        same = (choices.program.argmax(-1) == batch.called) & given.all(-1)
        right = ((choices.end > 0) == ~calls) & (same | ~calls)
        found: Tensor = (right | ~batch.steps).all(1)
        return found


def _one_hot(values: Tensor, size: int) -> Tensor:
    """float [..., n * size] of values int [..., n], all zeros for -1."""
    return (values[..., None] == torch.arange(size)).flatten(-2).float()


def _spread(arguments: Tensor, size: int, steps: int) -> Tensor:
    return _one_hot(arguments, size)[:, None].expand(-1, steps, -1)  # [B, T, A * V]

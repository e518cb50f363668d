"""The network that reads a question and chooses four operations, with a column and a number for each.

All tensors have the restarts in front: R networks read B questions each. L words, C columns, K numbers, V words of the
vocabulary, d is the width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, one_hot, pad

from training.neural_programmer.machine import Choice
from training.neural_programmer.programs import OPERATIONS, STEPS, Program, Step
from training.neural_programmer.questions import FIRST_NAME, NAMES, PAD, WORDS, Asked

REACH = 2
"""A column's name is at most so many words from the place that a step looks at."""


class Questions(NamedTuple):
    words: Tensor  # long [R, B, L]
    keys: Tensor  # long [R, B, K]: where the word left of each number is
    given: Tensor  # bool [R, B, K]: whether there is such a number
    names: Tensor  # long [R, B, C]: of the table's columns, as words


def questions_of(asked: Asked, restarts: int) -> Questions:
    """R · B questions, each for the restart that its place says."""
    parts = (asked.words, asked.keys, asked.given, asked.names + FIRST_NAME)
    return Questions(*(torch.from_numpy(a).reshape(restarts, -1, *a.shape[1:]) for a in parts))


class NeuralProgrammer(nn.Module):
    """Question RNN, history RNN, and three selectors. A word of the question and the name of a column that are equal
    have one embedding.

    As published but for two parts. Every step looks at one place of the question: its operation, the number whose key
    is there, and the column whose name is near there are all read from it; published, each is chosen from the
    question's last state, by itself. And every step adds a learned vector of its own to the history, without which the
    first steps are much alike.
    """

    def __init__(self, restarts: int, width: int, seed: int) -> None:
        super().__init__()
        self.restarts, self.width = restarts, width
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape: int, scale: float) -> nn.Parameter:
            return nn.Parameter(scale * torch.randn(restarts, *shape, generator=generator))

        def weights(inputs: int) -> nn.Parameter:
            return normal(inputs * width, width, scale=(inputs * width) ** -0.5)

        self.words = normal(len(WORDS), width, scale=1.0)
        self.operations = normal(len(OPERATIONS), width, scale=width**-0.5)
        self.steps = normal(STEPS, 1, width, scale=1.0)
        self.read, self.reread, self.bias = weights(1), weights(1), nn.Parameter(torch.zeros(restarts, 1, width))
        self.recall, self.remember = weights(2), weights(1)
        self.look, self.choose_operation = weights(2), weights(3)
        self.look_beside = normal(3 * width, 2 * REACH + 1, scale=(3 * width) ** -0.5)

    def forward(self, questions: Questions, hard: bool = False) -> list[Choice]:
        """The four choices; with `hard` the likeliest of each, which the next steps then see."""
        R, B, L = questions.words.shape
        d = self.width
        said = self._embedded(questions.words)  # [R, B, L, d]
        names = self._embedded(questions.names).flatten(0, 1)  # [RB, C, d]
        states = self._states(said)  # [R, B, L, d]
        question = states[:, :, -1]  # [R, B, d]
        flat, words = states.flatten(0, 1), said.flatten(0, 1)  # [RB, L, d]
        padded = (questions.words == WORDS.index(PAD)).flatten(0, 1)  # [RB, L]
        keys, missing = questions.keys.flatten(0, 1), ~questions.given.flatten(0, 1)  # [RB, K]
        choices: list[Choice] = []
        history, chosen = said.new_zeros(R, B, d), said.new_zeros(R, B, 2 * d)
        for step in range(STEPS):
            history = torch.baddbmm(torch.baddbmm(self.steps[:, step], chosen, self.recall), history, self.remember)
            history = torch.tanh(history)
            known = torch.cat([question, history], -1)  # [R, B, 2d]
            looks = _scores(flat, known @ self.look).masked_fill(padded, -torch.inf)  # [RB, L]
            looked = looks.softmax(-1)
            seen = _mixed(looked, flat).reshape(R, B, d)
            known = torch.cat([known, seen], -1)  # [R, B, 3d]
            operation = torch.tanh(known @ self.choose_operation) @ self.operations.mT  # [R, B, 9]
            near = (known @ self.look_beside).softmax(-1).flatten(0, 1)  # [RB, 2 REACH + 1]
            beside = pad(looked, (REACH, REACH)).unfold(1, L, 1)  # [RB, 2 REACH + 1, L]
            named = _mixed(_mixed(near, beside), words)  # [RB, d]
            column = (names * named[:, None]).sum(-1)  # [RB, C]
            number = looks.gather(1, keys).masked_fill(missing, -1e9)  # [RB, K]
            choice = Choice(*(_chosen(x.reshape(R, B, -1), hard) for x in (operation, column, number)))
            column_seen = _mixed(choice.column.flatten(0, 1), names).reshape(R, B, d)
            chosen = torch.cat([choice.operation @ self.operations, column_seen], -1)  # [R, B, 2d]
            choices.append(choice)
        return choices

    def _embedded(self, words: Tensor) -> Tensor:
        """Each restart's embedding of its words: [R, ..., d]."""
        offsets = torch.arange(self.restarts).mul(len(WORDS)).reshape(-1, *[1] * (words.dim() - 1))
        return embedding(words + offsets, self.words.flatten(0, 1))

    def _states(self, said: Tensor) -> Tensor:
        """Of the question RNN after each word: [R, B, L, d]."""
        R, B, L, d = said.shape
        inputs = torch.baddbmm(self.bias, said.reshape(R, B * L, d), self.read).reshape(R, B, L, d)
        state, states = said.new_zeros(R, B, d), []
        for word in inputs.unbind(2):
            state = torch.tanh(torch.baddbmm(word, state, self.reread))
            states.append(state)
        return torch.stack(states, 2)

    def one(self, restart: int) -> NeuralProgrammer:
        """One of the restarts, alone."""
        alone = NeuralProgrammer(1, self.width, 0)
        alone.load_state_dict({name: w[restart : restart + 1] for name, w in self.state_dict().items()})
        return alone

    def decisions(self, asked: Asked) -> list[Choice]:
        """Every restart's hard choices for the same questions."""
        shared = (part.expand(self.restarts, *part.shape[1:]) for part in questions_of(asked, 1))
        with torch.no_grad():
            return list(self(Questions(*shared), hard=True))

    def programs(self, asked: Asked) -> list[list[Program]]:
        """What each restart answers each of the same questions with: R lists of n programs."""
        picked = [[part.argmax(-1).tolist() for part in choice] for choice in self.decisions(asked)]
        operations, questions = list(OPERATIONS), range(len(asked.words))

        def step(choice: list[list[list[int]]], r: int, b: int) -> Step:
            operation, column, number = (part[r][b] for part in choice)
            value = int(asked.numbers[b, number]) if asked.given[b].any() else None
            return Step(operations[operation], NAMES[asked.names[b, column]], value)

        return [
            [Program.of([step(choice, r, b) for choice in picked]) for b in questions] for r in range(self.restarts)
        ]


# Products and sums: of many small matrices these are faster than batched products, forward and backward 2.6 times.


def _scores(items: Tensor, wanted: Tensor) -> Tensor:
    """How well each item [RB, n, d] is what is wanted [R, B, d]: [RB, n]."""
    return (items * wanted.flatten(0, 1)[:, None]).sum(-1)


def _mixed(weights: Tensor, items: Tensor) -> Tensor:
    """The items [RB, n, d] by their weights [RB, n]: [RB, d]."""
    return (weights[:, :, None] * items).sum(1)


def _chosen(scores: Tensor, hard: bool) -> Tensor:
    return one_hot(scores.argmax(-1), scores.shape[-1]).float() if hard else scores.softmax(-1)

"""What the network reads and must write: tasks, their alphabet, and their splits."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Literal, get_args

from cprograms.diagnostics import UsageError
from training.learning_to_execute import programs
from training.learning_to_execute.curricula import Hardness

QUESTION_END = "@"
ANSWER_END = "."
ALPHABET = "0123456789-" + ANSWER_END + QUESTION_END + ";\n+*()=<>:" + " abcdefghijlnoprstx"
"""Every character of the published tasks. A character's code is its place in its task's alphabet."""

MOST_DRAWS = 10_000

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


def split_of(sample: str) -> Split:
    """Which split a sample belongs to: the same on every machine and in every process."""
    return SPLITS[zlib.crc32(sample.encode()) % len(SPLITS)]


@dataclass(frozen=True)
class ExecuteTask:
    """`draw` makes a question and its answer; hardness may lie between 1 and `limit`.

    `alphabet` begins with ALPHABET, so that the ends have the same codes in all. Without `splits` every sample is of
    every split: what is held out is held out elsewhere.
    """

    draw: Callable[[Random, Hardness], tuple[str, str]]
    limit: Hardness
    alphabet: str = ALPHABET
    splits: bool = True

    @cached_property
    def codes(self) -> bytes:
        """A table for `bytes.translate`: each character's code, and 255, which no embedding has, for all others."""
        return bytes(self.alphabet.find(chr(byte)) % 256 for byte in range(256))

    def sample(self, random: Random, hardness: Callable[[], Hardness], split: Split) -> str:
        """A question and its answer of the split, with their ends. Others are drawn and thrown away until one is.

        Raises UsageError where that does not happen: the task then has too few samples for three splits.
        """
        for _ in range(MOST_DRAWS):
            question, answer = self.draw(random, hardness())
            text = f"{question}{QUESTION_END}{answer}{ANSWER_END}"
            if not self.splits or split_of(text) == split:
                return text
        raise UsageError(f"the task has too few samples: none of {MOST_DRAWS} is of the {split} split")


def evaluation(random: Random, hardness: Hardness) -> tuple[str, str]:
    """A program, and what it prints."""
    program = programs.random_program(random, hardness)
    return program.python(), str(program.value())


def memorisation(encode: Callable[[str], str]) -> ExecuteTask:
    """A string of exactly `length` digits to be copied; the network sees it through `encode`."""

    def draw(random: Random, hardness: Hardness) -> tuple[str, str]:
        digits = f"{random.randrange(10**hardness.length):0{hardness.length}}"
        return encode(digits), digits

    return ExecuteTask(draw, Hardness(length=65, nesting=1))


TASKS: dict[str, ExecuteTask] = {
    "programs": ExecuteTask(evaluation, programs.LIMIT),
    "memorise plain": memorisation(lambda digits: digits),
    "memorise inverted": memorisation(lambda digits: digits[::-1]),
    "memorise doubled": memorisation(lambda digits: f"{digits};{digits}"),
    "memorise doubled and inverted": memorisation(lambda digits: f"{digits[::-1]};{digits[::-1]}"),
}
"""The published tasks. Two copies of the digits are told apart by `;`."""

FUNCTIONS = "functions"
"""The name of the task that `functions.function_task` makes."""

LIMITS = {name: task.limit for name, task in TASKS.items()} | {FUNCTIONS: Hardness(1, 1)}

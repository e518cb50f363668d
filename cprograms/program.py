"""The description of a program: what its entry takes, what it returns, and where its inputs come from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pycparser import c_ast, c_generator

from cprograms.types import Scalar

MAX_ARGUMENTS = 16
MAX_RESULTS = 4


@dataclass(frozen=True)
class Argument:
    """One input of the entry; `low` and `high` bound its domain, ends included.

    `origin` says who set them: "default" ([-1, 1]), "pragma" or "user".
    """

    name: str
    type: Scalar
    low: float = -1.0
    high: float = 1.0
    origin: str = "default"


@dataclass(frozen=True)
class Result:
    """One output: `name` is "return", or a struct field's path ("re", "rotation.x").

    `low` and `high` are the declared range of the result, where a pragma gives one.
    """

    name: str
    type: Scalar
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, eq=False)
class Program:
    """A numeric C program.

    `unit` is the entry's translation unit after preprocessing, trimmed to what the entry needs: no includes, no
    pragmas, types and helpers before their use. `source` is the text as the user gave it. `users` are the functions of
    the file that need an entry which nobody named: none of them is numeric, and one of them may have been meant.
    """

    path: str
    source: str
    entry: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    unit: c_ast.FileAST
    users: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """The trimmed unit as self-contained C."""
        return str(c_generator.CGenerator().visit(self.unit))

    @property
    def domain(self) -> np.ndarray:
        """float64 [arguments, 2], low and high of each argument."""
        return np.array([[a.low, a.high] for a in self.arguments], dtype=np.float64).reshape(-1, 2)

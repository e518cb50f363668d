"""What a compile yields: the emitted network together with the program that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

import cprograms
from cprograms.program import Argument, Program, Result
from surrogate.mlp.check import Report, check

if TYPE_CHECKING:
    from surrogate.mlp.network import SurrogateNetwork


@dataclass(eq=False)
class Surrogate:
    """A compiled surrogate.

    `module` is the network, a differentiable torch.nn.Module from C units [n, arguments] to C units [n, results].
    `text` is the program as self-contained C with its domain in pragmas. `rows` counts the executed rows that shaped
    the weights, `compiler` is the SHA-256 of the hypernetwork's weights, and `measured` the latest check against the
    program.
    """

    entry: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    text: str
    module: SurrogateNetwork
    opt_level: int
    seed: int
    rows: int
    compiler: str
    measured: Report | None = None

    @cached_property
    def program(self) -> Program:
        """The program, parsed from `text` when it is first needed: predictions do without."""
        return cprograms.load(source=self.text)

    @property
    def domain(self) -> np.ndarray:
        """float64 [arguments, 2], low and high of each argument."""
        return np.array([[a.low, a.high] for a in self.arguments], dtype=np.float64)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predict rows: [n, arguments] -> float64 [n, results], both in C units.

        Results of integer types are floats too; rounding them is the caller's choice. Outside the domain the network
        extrapolates. Raises ValueError for rows of another width.
        """
        rows = np.asarray(x, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.arguments):
            raise ValueError(f"rows of shape [n, {len(self.arguments)}] are needed, not {list(rows.shape)}")
        return self.module.predict(rows)

    def check(self, rows: int = 2000, seed: int = 0) -> Report:
        """Compare with the program on fresh rows; see `surrogate.mlp.check.check`. The report is kept as `measured`."""
        self.measured = check(self, rows, seed)
        return self.measured

    def save(self, path: str | PathLike[str]) -> None:
        """Write the artifact, a directory; see `surrogate.mlp.artifact.save`."""
        from surrogate.mlp.artifact import save

        save(self, path)

"""The systems that are compared: ours, by what they are given, and what a user would fit to as many rows.

A row of `OURS` is one of ours. Shapes: K rows, A arguments, R results, n asked rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np

from surrogate.mlp.emission.emit import scale_inputs
from surrogate.mlp.emission.pretrained import Compiler, load_compiler
from surrogate.mlp.pipeline import LEVEL_ROWS, build_network, compile_program
from training.evaluation.regressors import REGRESSORS, SETTINGS, TUNED, Regressor
from training.held_out import HeldOut, Predict

Fit = Callable[[HeldOut, int], Predict]
"""Fits one result of a program to its rows x [K, A], y [K, R], with a seed."""
OurFit = Callable[[HeldOut, int, str | None], Predict]
"""The same, with the compiler's name or directory as of `surrogate compile`."""


@dataclass(frozen=True)
class System:
    """One way to get a function that predicts a result.

    `rows` are the executed rows that it is given, the first of a compile's; None where it is given none and runs the
    program as often as it likes. What was measured is old where `depends` changes. `regressor` is the regressor's name
    where it is none of ours.
    """

    name: str
    rows: int | None
    fit: Fit
    depends: Mapping[str, Any]
    regressor: str | None = None

    @property
    def tuned(self) -> bool:
        """Whether it is one of the three that the best is taken of."""
        return self.regressor in TUNED


compiler_of = cache(load_compiler)


def at_level(opt_level: int, held: HeldOut, _seed: int, compiler: str | None) -> Predict:
    """What a compile's stages make of the rows at a level."""
    network = build_network(compiler_of(compiler).model, held.program, held.graph, held.x, held.y, opt_level)
    return lambda x: network.predict(x)[:, held.result]


def compiled(options: Mapping[str, Any], held: HeldOut, seed: int, compiler: str | None) -> Predict:
    """What `surrogate compile` makes of the program; it runs it itself."""
    found = compile_program(held.program, seed=seed, compiler=compiler, **options)
    return lambda x: found.module.predict(x)[:, held.result]


def of_exactly(taps: str, held: HeldOut, seed: int, compiler: str | None) -> Predict:
    """A compile of as many rows as are given, and of the graph's derivatives at them."""
    return compiled({"opt_level": 2, "rows": len(held.x), "taps": taps}, held, seed, compiler)


OURS: tuple[tuple[str, int | None, OurFit], ...] = (
    ("-O1, plain", LEVEL_ROWS[1], partial(at_level, 1)),
    ("-O1", LEVEL_ROWS[1], partial(compiled, {"opt_level": 1})),
    ("-O2, 64 rows, plain", 64, partial(at_level, 2)),
    ("-O2, 64 rows, derivatives", 64, partial(of_exactly, "none")),
    ("-O2, 64 rows, derivatives, gates", 64, partial(of_exactly, "gates")),
    ("-O2, plain", None, partial(compiled, {"opt_level": 2, "plain": True})),
    ("-O2, no taps", None, partial(compiled, {"opt_level": 2, "taps": "none"})),
    ("-O2, gates", None, partial(compiled, {"opt_level": 2, "taps": "gates"})),
    ("-O2", None, partial(compiled, {"opt_level": 2})),
    ("-O3", None, partial(compiled, {"opt_level": 3})),
)
"""Name, rows (None: as many as it likes, which it runs itself) and how it fits."""


def our_systems(compiler: str | None) -> list[System]:
    loaded: Compiler = compiler_of(compiler)
    depends = {"compiler": loaded.sha256, "surrogate-compiler": version("surrogate-compiler")}
    return [System(name, rows, partial(_ours, fit, compiler), depends) for name, rows, fit in OURS]


def _ours(fit: OurFit, compiler: str | None, held: HeldOut, seed: int) -> Predict:
    return fit(held, seed, compiler)


def regressor_systems(sizes: Sequence[int], limit: float) -> list[System]:
    """Every regressor with each number of rows, within so many processor seconds a result."""
    found = []
    for rows in sizes:
        for name, regressor in REGRESSORS.items():
            depends = {
                "limit": limit,
                "settings": repr(SETTINGS[name]),
                **{package: version(package) for package in ("scikit-learn", "scipy", "numpy")},
            }
            fit = partial(_scaled, regressor, limit)
            found.append(System(f"{name}, {rows:,} rows", rows, fit, depends, name))
    return found


def _scaled(regressor: Regressor, limit: float, held: HeldOut, seed: int) -> Predict:
    domain, y = held.program.domain, held.y[:, held.result]
    mean, std = y.mean(), y.std()
    if np.ptp(y) == 0:
        return lambda x: np.full(len(x), y[0])
    predict = regressor(scale_inputs(held.x, domain), (y - mean) / std, seed, limit)
    return lambda x: mean + std * predict(scale_inputs(x, domain))

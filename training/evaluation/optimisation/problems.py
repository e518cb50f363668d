"""The table of problems: C functions of the library, and kernels beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cprograms

KERNELS = Path(__file__).parent / "kernels"
LIBRARY = Path(cprograms.__file__).parent / "library"


@dataclass(frozen=True)
class Case:
    """A C function, and what is asked of it, in the words of `surrogate.optimise.optimising.optimise`."""

    name: str
    path: Path
    minimize: str | None = None
    maximize: str | None = None
    match: Mapping[str, float] = field(default_factory=dict)
    subject_to: tuple[str, ...] = ()
    fix: Mapping[str, float] = field(default_factory=dict)


def _kernel(name: str, **asked: object) -> Case:
    return Case(name, KERNELS / f"{name}.c", **asked)  # type: ignore[arg-type]


def _function(name: str, **asked: object) -> Case:
    return Case(name, LIBRARY / f"{name}.c", **asked)  # type: ignore[arg-type]


CASES = (
    _kernel("branin", minimize="return"),
    _kernel("six_hump_camel", minimize="return"),
    _kernel("goldstein_price", minimize="return"),
    _kernel("rosenbrock4", minimize="return"),
    _kernel("hartmann6", minimize="return"),
    _kernel("ackley", minimize="return"),
    _kernel("rastrigin", minimize="return"),
    _kernel(
        "coil_spring",
        minimize="weight",
        subject_to=("deflection <= 0", "shear <= 0", "surge <= 0", "size <= 0"),
    ),
    _kernel(
        "pressure_vessel",
        minimize="cost",
        subject_to=("shell_stress <= 0", "head_stress <= 0", "missing_volume <= 0"),
    ),
    _kernel(
        "welded_beam",
        minimize="cost",
        subject_to=(
            "shear <= 13600",
            "bending <= 30000",
            "deflection <= 0.25",
            "buckling >= 6000",
            "weld <= thickness",
        ),
    ),
    _kernel("drag_throw", maximize="return", fix={"drag": 0.01, "wind": 3}),
    _kernel("heated_rod", match={"first": 40, "middle": 55, "last": 30}),
    _kernel("predator_prey", match={"prey": 2, "predators": 0.5}),
    _kernel("reactor", maximize="b - 0.0001 * time - 0.3 * feed"),
    _function("black_scholes_call", match={"return": 12}, fix={"spot": 100, "strike": 105, "rate": 0.03}),
    _function("lennard_jones", minimize="return"),
    _function("projectile_range", maximize="return", fix={"height": 2}),
    _function("rlc_impedance", minimize="return", fix={"resistance": 10}),
    _function("planck_radiance", maximize="return", fix={"temperature": 5000}),
    _function("solar_cell_current", maximize="return * voltage", fix={"irradiance": 800}),
)

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
    folder: Path
    minimize: str | None = None
    maximize: str | None = None
    match: Mapping[str, float] = field(default_factory=dict)
    subject_to: tuple[str, ...] = ()
    fix: Mapping[str, float] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}.c"


CASES = (
    Case("branin", KERNELS, minimize="return"),
    Case("six_hump_camel", KERNELS, minimize="return"),
    Case("goldstein_price", KERNELS, minimize="return"),
    Case("rosenbrock4", KERNELS, minimize="return"),
    Case("hartmann6", KERNELS, minimize="return"),
    Case("ackley", KERNELS, minimize="return"),
    Case("rastrigin", KERNELS, minimize="return"),
    Case(
        "coil_spring",
        KERNELS,
        minimize="weight",
        subject_to=("deflection <= 0", "shear <= 0", "surge <= 0", "size <= 0"),
    ),
    Case(
        "pressure_vessel",
        KERNELS,
        minimize="cost",
        subject_to=("shell_stress <= 0", "head_stress <= 0", "missing_volume <= 0"),
    ),
    Case(
        "welded_beam",
        KERNELS,
        minimize="cost",
        subject_to=(
            "shear <= 13600",
            "bending <= 30000",
            "deflection <= 0.25",
            "buckling >= 6000",
            "weld <= thickness",
        ),
    ),
    Case("drag_throw", KERNELS, maximize="return", fix={"drag": 0.01, "wind": 3}),
    Case("heated_rod", KERNELS, match={"first": 40, "middle": 55, "last": 30}),
    Case("predator_prey", KERNELS, match={"prey": 2, "predators": 0.5}),
    Case("reactor", KERNELS, maximize="b - 0.0001 * time - 0.3 * feed"),
    Case("black_scholes_call", LIBRARY, match={"return": 12}, fix={"spot": 100, "strike": 105, "rate": 0.03}),
    Case("lennard_jones", LIBRARY, minimize="return"),
    Case("projectile_range", LIBRARY, maximize="return", fix={"height": 2}),
    Case("rlc_impedance", LIBRARY, minimize="return", fix={"resistance": 10}),
    Case("planck_radiance", LIBRARY, maximize="return", fix={"temperature": 5000}),
    Case("solar_cell_current", LIBRARY, maximize="return * voltage", fix={"irradiance": 800}),
)

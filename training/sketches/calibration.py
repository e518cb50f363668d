"""Constants of physical models fitted to noisy rows, beside scipy's least squares on the C program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from cprograms.files import replace_file, replace_json
from cprograms.frontend.sketching import Sketch, read_sketch
from surrogate.sketch.calibration import calibrate
from surrogate.sketch.data import examples_of
from surrogate.sketch.learning import Settings
from surrogate.sketch.model import Model

LIBRARY = Path(__file__).resolve().parents[2] / "cprograms" / "library" / "sketch"
TRUE: dict[str, dict[str, float]] = {
    "cooling": {"start": 420.0, "convection": 0.35, "radiation": 0.2},
    "throw": {"gravity": 9.81, "drag": 0.02, "height": 1.7, "lift": 0.15},
    "enzyme": {"fastest": 7.5, "half": 2.2, "hill": 1.6, "inhibition": 1.3},
    "dose": {"absorbed": 1.4, "cleared": 0.12, "volume": 32.0, "lag": 0.4},
    "spectrum": {
        "first": 6.0,
        "first_at": 3.1,
        "first_width": 0.7,
        "second": 3.5,
        "second_at": 6.4,
        "second_width": 1.1,
        "background": 1.5,
        "slope": 0.25,
    },
}
"""The constants that rows are made with, by the model, a file of the library."""
Array = npt.NDArray[np.float64]
HEADER = """\
Made by `python scripts/evaluate/calibration.py --rows {rows} --noise {noise} --seed {seed}`. Rows are the C program's
with Gaussian noise of {noise:.0%} of the results' deviation; both begin in the middle of every constant's range. The
error is the greatest of the constants', relative to the true ones. An evaluation is one of all rows; of ours, one with
derivatives counts as one, and of scipy's (`least_squares`, its default method, differences for derivatives, residuals
by the C program in the sandbox) every run. *Inside* counts the true constants in our 95 % intervals.
"""


@dataclass(frozen=True)
class Calibrated:
    """A model: its constants, and of our fit and scipy's the greatest relative error and the evaluations."""

    model: str
    constants: int
    error: float
    evaluations: int
    inside: int
    scipy_error: float
    scipy_evaluations: int


def rows_of(sketch: Sketch, true: Mapping[str, float], rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    """Inputs [n, A] and noisy results [n] of a model with its true constants."""
    rng = np.random.default_rng([seed, crc32(sketch.program.entry.encode())])
    given = _given(sketch)
    x = np.stack(
        [rng.uniform(sketch.program.arguments[k].low, sketch.program.arguments[k].high, rows) for k in given], 1
    )
    y = _run(sketch, x, [true[c.name] for c in sketch.constants])
    return x, y + noise * y.std() * rng.normal(size=rows)


def measure(name: str, rows: int, noise: float, seed: int) -> Calibrated:
    sketch, true = read_sketch(LIBRARY / f"{name}.c"), TRUE[name]
    x, y = rows_of(sketch, true, rows, noise, seed)
    names = [c.name for c in sketch.constants]
    wanted = np.array([true[n] for n in names])
    arrays = {sketch.program.arguments[k].name: x[:, j] for j, k in enumerate(_given(sketch))}
    fit, evaluations = calibrate(Model(sketch, 1), examples_of(sketch, arrays | {"result": y}), Settings(restarts=1))
    values = np.array([c.value for c in fit.constants])
    inside = sum(c.low <= w <= c.high for c, w in zip(fit.constants, wanted, strict=True))
    theirs, counted = _scipy(sketch, x, y)
    return Calibrated(
        name,
        len(names),
        float(np.abs(values / wanted - 1).max()),
        evaluations,
        int(inside),
        float(np.abs(theirs / wanted - 1).max()),
        counted,
    )


def _scipy(sketch: Sketch, x: Array, y: Array) -> tuple[Array, int]:
    """The constants that scipy finds, and the runs of the program that it took."""
    counted = 0

    def residuals(values: Array) -> Array:
        nonlocal counted
        counted += 1
        return _run(sketch, x, values.tolist()) - y

    ranges = [sketch.program.arguments[sketch.places(c.name)[0]] for c in sketch.constants]
    start = [(a.low + a.high) / 2 or a.high for a in ranges]
    found = least_squares(residuals, start, x_scale=np.abs(start))
    return np.asarray(found.x), counted


def _given(sketch: Sketch) -> list[int]:
    return [k for p in sketch.given for k in p.arguments if k is not None]


def _run(sketch: Sketch, x: Array, constants: list[float]) -> Array:
    columns = np.empty((len(x), len(sketch.program.arguments)))
    columns[:, _given(sketch)] = x
    columns[:, [sketch.places(c.name)[0] for c in sketch.constants]] = constants
    return np.asarray(sketch.program.run(columns)[:, 0])


def measure_all(out: Path, rows: int, noise: float, seed: int) -> list[Calibrated]:
    """Writes OUT.json and OUT.md."""
    found = [measure(name, rows, noise, seed) for name in TRUE]
    document = {"rows": rows, "noise": noise, "seed": seed, "models": [asdict(c) for c in found]}
    replace_json(out.with_suffix(".json"), document)
    lines = [
        "# Constants of physical models, fitted",
        "",
        HEADER.format(rows=rows, noise=noise, seed=seed),
        "| model | constants | error | evaluations | inside | scipy's error | scipy's evaluations |",
        "|---|--:|--:|--:|--:|--:|--:|",
        *(
            f"| `{c.model}.c` | {c.constants} | {c.error:.2%} | {c.evaluations} | {c.inside} of {c.constants} |"
            f" {c.scipy_error:.2%} | {c.scipy_evaluations} |"
            for c in found
        ),
        "",
    ]
    replace_file(out.with_suffix(".md"), "\n".join(lines).encode())
    return found

"""Pages of a few programs, made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import surrogate
from surrogate.cli import main
from surrogate.numeric.artifact import NumericArtifact
from tests.surrogate.anc.conftest import listk

__all__ = ["artifact_of", "listk", "page_of"]

PROGRAMS = {
    "wave": (
        "mlp",
        """
#include <math.h>
#pragma surrogate range(x, -1, 3)
double wave(double x) { return sqrt(x) * sin(3 * x); }
""",
    ),
    "two": (
        "mlp",
        """
#pragma surrogate range(x, -1, 1)
#pragma surrogate range(n, 0, 5)
typedef struct { double sum, product; } both;
both two(double x, int n) { both b = { x + n, x * n }; return b; }
""",
    ),
    "five": (
        "graph",
        """
#pragma surrogate range(a, 0, 2)
double five(double a, double b, double c, float d, unsigned char e) { return a * b + 10 * c * a + d * d + e; }
""",
    ),
    "days": (
        "graph",
        """
#include <math.h>
#pragma surrogate range(day, 2440000, 2470000)
#pragma surrogate range(code, -200000, 100000)
double days(double day, int code) { return 1e5 * sin(day / 1000) + code; }
""",
    ),
    "many": (
        "graph",
        """
#pragma surrogate range(w, 0, 1)
void many(const double w[64], double out[64]) {
    for (int i = 0; i < 64; i++) out[i] = w[i] + w[(i + 1) % 64] * w[i];
}
""",
    ),
}


@pytest.fixture(scope="session")
def artifact_of(compiler: Path) -> Callable[[str], NumericArtifact]:
    """The artifact of a program by its name."""

    @cache
    def made(name: str) -> NumericArtifact:
        target, source = PROGRAMS[name]
        options = {"compiler": compiler} if target == "mlp" else {}
        found = surrogate.compile(source=source, target=target, **options)
        assert isinstance(found, NumericArtifact)
        return found

    return made


@pytest.fixture(scope="session")
def page_of(
    artifact_of: Callable[[str], NumericArtifact], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """The page of a program by its name."""

    @cache
    def made(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        artifact_of(name).save(folder / f"{name}.artifact")
        assert main(["report", str(folder / f"{name}.artifact"), "-o", str(folder / f"{name}.html")]) == 0
        return folder / f"{name}.html"

    return made

"""Fixed point: the C against its reference bit by bit, and both against the network."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.diagnostics import UsageError
from cprograms.sampling import sample
from surrogate.export.fixed import called, made, quantised, sources
from surrogate.export.made import Request
from surrogate.export.native import compiled
from surrogate.mlp.network import SurrogateNetwork
from tests.surrogate.export.networks import plain, surrogate_of, with_every_part, with_table

MIXED = (
    "#pragma surrogate range(a, 0, 255)\n#pragma surrogate range(b, -1e-3, 2e-3)\n"
    "#pragma surrogate range(c, 1000, 1000)\n"
    "struct r { double v; int n; }; struct r f(unsigned char a, double b, double c)"
    " { struct r r = { a + b * c, a }; return r; }"
)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
@pytest.mark.parametrize("bits", [8, 16])
def test_the_c_is_the_reference_bit_by_bit(bits: int, tmp_path: Path) -> None:
    artifact = plain(source=MIXED)
    fixed = quantised(artifact, bits)
    flags = ["-std=c99", "-O1", "-fPIC", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsanitize=undefined"]
    flags += ["-fno-sanitize=shift-base", "-fno-sanitize-recover=all", "-static-libubsan"]
    texts = sources(artifact, fixed, Request("f", "f", fixed=bits))
    assert "double" not in texts["f.c"].split("*/", 1)[1]
    assert "float" not in texts["f.c"].split("*/", 1)[1]
    library = compiled(texts, tmp_path, flags)
    inside = fixed.arguments(sample(artifact.program, 2000, 0))
    anywhere = np.random.default_rng(0).integers(-(2**31), 2**31, size=(2000, 3))
    ends = np.array(np.meshgrid(*[[-(2**31), -1, 0, 1, 2**31 - 1]] * 3)).reshape(3, -1).T
    for x in (inside, anywhere, ends):
        np.testing.assert_array_equal(called(library, "f", x, 2), fixed(x))


@pytest.mark.parametrize(("bits", "most"), [(16, 2e-3), (8, 0.3)])
def test_it_is_near_the_network(bits: int, most: float) -> None:
    for artifact in (plain(), plain(source=MIXED)):
        fixed = quantised(artifact, bits)
        x = sample(artifact.program, 1000, 5)
        true = artifact.outputs(x)
        found = fixed.results(fixed(fixed.arguments(x)))
        rounding = np.array([0.5 if r.type.is_integer else 0.0 for r in artifact.results])
        assert (np.abs(found - true) - rounding < most * true.std(0)).all()


def test_what_it_cannot_hold_is_said() -> None:
    request = Request("f", "f", fixed=16)
    for artifact, why in (
        (with_every_part(), "taps and a polynomial and a kernel"),
        (with_table(), "a table"),
        (surrogate_of(plain().program, SurrogateNetwork(3, 2, 0)), "no hidden units"),
    ):
        with pytest.raises(UsageError, match=why):
            made(artifact, request)
    with pytest.raises(UsageError, match="--guard"):
        made(plain(), Request("f", "f", fixed=16, guard=True))
    program = cprograms.load(source="#pragma surrogate range(n, 0, 4e9)\ndouble f(unsigned n) { return n; }")
    with pytest.raises(UsageError, match="32 bits with a sign"):
        made(surrogate_of(program, plain(source="double f(double x) { return x; }").module), request)

"""How numbers may be written; characters are compared with gcc in `frontend/gnu`."""

from __future__ import annotations

import numpy as np
import pytest

import cprograms
from cprograms.diagnostics import ProgramError
from cprograms.graph import evaluate
from cprograms.lowering import lower


@pytest.mark.parametrize(
    ("written", "value"),
    [("1'000'000", 1e6), ("0x1'F", 31), ("0b1'01", 5), ("01'7", 15), ("1'0.2'5e1'0", 10.25e10), ("1'0u - 11 > 0", 1)],
)
def test_digits_may_be_separated(written: str, value: float) -> None:
    program = cprograms.load(source=f"double f(double x) {{ return x + ({written}); }}", standard="c23")
    assert cprograms.run(program, np.array([[0.0]])).item() == value
    assert evaluate(lower(program), np.array([[0.0]])).item() == value
    # What it is printed as needs no such standard.
    assert cprograms.run(cprograms.load(source=program.portable_text), np.array([[0.0]])).item() == value


@pytest.mark.parametrize("written", ["5wb", "0b101wb"])
@pytest.mark.parametrize("text", ["return x * {};", "int w[{}]; w[1] = 3; return x * w[1];"])
def test_a_number_that_is_not_read_is_named(written: str, text: str) -> None:
    program = cprograms.load(source=f"double f(double x) {{ {text.format(written)} }}")
    assert not lower(program).exact
    with pytest.raises(ProgramError, match=f"{written} is not supported as a constant"):
        lower(program, executable=True)

"""Signed integers that wrap where the user says so: in the sandbox, in the graph, in what is written down."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.diagnostics import ProgramError
from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.sampling import sample
from cprograms.sandbox import Status, run_with_status
from surrogate.graph.module import GraphModule
from tests.cprograms.native import GCC, run_native

HASHES = {
    "a hash": "int f(int a, int b) { int h = 17; for (int i = 0; i < 3; i++) h = h * 31 + a - b * i; return h; }",
    "signs": "int f(int a, int b) { int h = 3 * a - b; if (h < 0) h = -h; return h - (a < b ? -b : b); }",
    "64 bits": "long f(int a, int b) { long h = a; h = h * 6364136223846793005L + b; h *= 1442695040888963407L;"
    " return (h - b) / 4294967296L; }",
    "absolute values": "#include <stdlib.h>\nint f(int a, int b) { return abs(a * 5 - 7 - b) % 1000; }",
    "counters": "int f(int a, int b) { int n = a; n += 2147483600; n++; --n; n <<= 3; return n ^ b; }",
}
RANGES = {"a": (-(2**31), 2**31 - 1), "b": (-1000, 1000)}


@pytest.mark.parametrize("name", HASHES)
def test_sandbox_and_graph_wrap_as_gcc_does(name: str, tmp_path: Path) -> None:
    program = cprograms.load(source=HASHES[name], ranges=RANGES, wraps=True)
    x = sample(program, 300, seed=0)
    ran = run_with_status(program, x)
    assert not ran.status.any()
    graph = lower(program)
    assert graph.exact
    np.testing.assert_array_equal(evaluate(graph, x), ran.y)
    np.testing.assert_array_equal(GraphModule(graph).predict(x), ran.y)
    plain = cprograms.load(source=HASHES[name], ranges=RANGES)
    trapped = run_with_status(plain, x)
    assert set(trapped.status.tolist()) <= {Status.OK, Status.OVERFLOW}
    assert (trapped.status == Status.OVERFLOW).any()
    np.testing.assert_array_equal(np.isnan(evaluate(lower(plain), x)), np.isnan(trapped.y))
    if GCC is not None:
        options = {"optimise": "-fwrapv", "checked": False}
        [expected] = run_native([program], [x], tmp_path, **options)  # type: ignore[arg-type]
        np.testing.assert_array_equal(ran.y, expected)


def test_what_is_written_down_says_so() -> None:
    program = cprograms.load(source=HASHES["a hash"], ranges=RANGES, wraps=True)
    assert "#pragma surrogate wrapv" in program.portable_text
    again = cprograms.load(source=program.portable_text)
    assert again.wraps
    assert again.portable_text == program.portable_text
    assert not cprograms.load(source=HASHES["a hash"]).wraps


def test_a_build_says_so(tmp_path: Path) -> None:
    (tmp_path / "hash.c").write_text(HASHES["a hash"])
    for flags, wraps in (("-O2 -fwrapv", True), ("-O2", False), ("-fno-strict-overflow", True)):
        entry = {"directory": str(tmp_path), "file": "hash.c", "command": f"cc {flags} -c hash.c"}
        (tmp_path / "compile_commands.json").write_text(json.dumps([entry]))
        program = cprograms.load(tmp_path / "hash.c", compile_commands=tmp_path / "compile_commands.json")
        assert program.wraps == wraps


def test_a_pragma_that_says_more_is_malformed() -> None:
    with pytest.raises(ProgramError, match="this pragma is malformed"):
        cprograms.load(source="#pragma surrogate wrapv(x)\nint f(int x) { return x; }")

"""Runs the tests of the instructions with two more rows in the table.

Arguments: an artifact, and the bits of its soft run (see `soft_run`).
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[4]
END = "\n\n\nINSTRUCTIONS = "
"""What follows the last row."""
MORE = """
    TWICE = Row(1, lambda a, b: 2 * a, "2 * {a}")
    ISZERO = Row(1, lambda a, b: np.equal(a, 0).astype(np.int64), "{a} == 0")"""


def extend() -> None:
    """Puts the longer table in the place of the module, before any other is imported."""
    name = "surrogate.anc.machine.instructions"
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text(encoding="utf-8")
    assert text.count(END) == 1
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    exec(compile(text.replace(END, MORE + END), spec.origin, "exec"), module.__dict__)


def main(artifact: str, bits: str) -> int:
    sys.path.insert(0, str(ROOT))
    extend()
    import surrogate
    from surrogate.anc.machine.instructions import INSTRUCTIONS, PUBLISHED
    from tests.surrogate.anc.machine import test_instructions

    assert [op.name for op in INSTRUCTIONS[-2:]] == ["TWICE", "ISZERO"]
    program = surrogate.load(artifact)
    assert isinstance(program, surrogate.AncProgram)
    assert program.controller.matrices()["W_e"].shape[1] == PUBLISHED
    assert test_instructions.soft_run(program) == bits
    assert program.run([7, 2, 2, 5, 5, 9, 6, 3, 4]).stopped
    test_instructions.ORACLES["TWICE"] = lambda a, b, tape: 2 * a
    test_instructions.ORACLES["ISZERO"] = lambda a, b, tape: int(a == 0)
    tests = str(HERE / "test_instructions.py")
    return pytest.main(
        ["-q", "-n0", "-p", "no:cacheprovider", tests, "-k", "not all_that_a_new", "--rootdir", str(ROOT)]
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

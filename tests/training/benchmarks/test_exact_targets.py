"""The programs that are shown on the exact target do what they say, compiled."""

from __future__ import annotations

import pytest

from training.benchmarks.exact_targets.measure import measure, page
from training.benchmarks.exact_targets.programs import Shown, shown


@pytest.mark.parametrize("program", shown(seed=1), ids=lambda program: program.file.stem)
def test_a_program_gives_the_right_answer(program: Shown) -> None:
    found = measure(program)
    assert found.steps > found.lines / 2
    text = page([found], "python script.py")
    assert f"| {program.file.stem} | {program.problem} | {found.lines} |" in text


def test_a_wrong_answer_is_no_measurement() -> None:
    collatz = next(program for program in shown(0) if program.file.stem == "collatz")
    with pytest.raises(RuntimeError, match="collatz left"):
        measure(Shown(collatz.file, collatz.memory_size, collatz.problem, [6], collatz.place, collatz.expected))

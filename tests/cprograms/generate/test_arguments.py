"""Programs of numbers of arguments that are asked for."""

from __future__ import annotations

import pytest

from cprograms.diagnostics import UsageError
from cprograms.generate import generate
from cprograms.generate.distribution import of_arguments


def test_programs_have_the_numbers_of_arguments_that_are_asked_for() -> None:
    grammar = of_arguments([17, 64])
    counts = {len(generate(seed, grammar).arguments) for seed in range(20)}
    assert counts == {17, 64}


@pytest.mark.parametrize("count", [0, 65])
def test_a_number_that_no_program_may_have_is_told(count: int) -> None:
    with pytest.raises(UsageError, match=f"1 to 64 arguments, not {count}"):
        of_arguments([3, count])

"""Options of wrong types: one line that says what was given and what is expected."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import cprograms
from cprograms import UsageError, options
from cprograms.options import number
from cprograms.tape import load_tape

IDENTITY = "double f(double x) { return x; }"
COPY = "void f(int *mem) { mem[0] = mem[1]; }"


@pytest.mark.parametrize("given", [2.5, 2.0, True, np.True_, "64", [64], None, np.float64(3), np.array([1, 2])])
def test_what_is_no_whole_number(given: Any) -> None:
    with pytest.raises(UsageError, match=r"^rows must be a whole number, not "):
        options.whole("rows", given)


@pytest.mark.parametrize("given", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_whole_numbers_of_all_kinds_become_plain(given: Any) -> None:
    assert type(options.whole("rows", given)) is int
    assert options.whole("rows", given, least=3) == 3
    with pytest.raises(UsageError, match="rows must be at least 4, not 3"):
        options.whole("rows", given, least=4)


def test_a_long_value_is_shortened() -> None:
    with pytest.raises(UsageError) as caught:
        options.whole("rows", list(range(10_000)))
    assert len(str(caught.value)) < 100


WRONG_SOURCES: list[tuple[dict[str, Any], str]] = [
    ({"defines": {"A": 1}}, r"defines must be a list of texts, as in \["),
    ({"defines": "A=1"}, "defines must be a list of texts, .* not 'A=1'"),
    ({"defines": [1]}, "defines must be a list of texts"),
    ({"defines": None}, "defines must be a list of texts"),
    ({"include_dirs": "dir"}, "include_dirs must be a list of texts, .* not 'dir'"),
    ({"include_dirs": 3}, "include_dirs must be a list of texts"),
    ({"entry": 3}, "entry must be a text, not 3"),
    ({"entry": ["f"]}, "entry must be a text"),
    ({"path": "f.c"}, "give either a path or a source text, and not both"),
    ({"source": None}, "give either a path or a source text, and not none"),
    ({"source": 3}, "source must be a text, not 3"),
    ({"source": None, "path": 3}, "path must be a path, not 3"),
]


@pytest.mark.parametrize(("given", "message"), WRONG_SOURCES)
def test_every_reader_refuses_wrong_types(given: dict[str, Any], message: str) -> None:
    for read, source in ((cprograms.load, IDENTITY), (load_tape, COPY)):
        with pytest.raises(UsageError, match=message):
            read(**{"source": source, **given})  # type: ignore[operator]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([("x", 0, 1)], r"ranges must be a mapping of names to \(low, high\)"),
        ({1: (0, 1)}, "the name of a range must be a text, not 1"),
        ({"x": 3}, "the range of 'x' must be two numbers, not 3"),
        ({"x": {0, 1}}, "must be two numbers"),
        ({"x": {0: 1, 1: 2}}, "must be two numbers"),
        ({"x": "01"}, "must be two numbers"),
        ({"x": (False, True)}, "must be two numbers"),
        ({"x": (0, [1])}, "must be two numbers"),
        ({"x": (np.array([0, 1]), 1)}, "must be two numbers"),
    ],
)
def test_ranges_of_wrong_types_are_refused(given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        cprograms.load(source=IDENTITY, ranges=given)


def test_ranges_may_come_from_numpy() -> None:
    program = cprograms.load(source=IDENTITY, ranges={"x": np.array([2, 3])})
    assert program.domain.tolist() == [[2, 3]]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *(("0x10", 16), ("-0X1f", -31), (" +7 ", 7), ("1e3", 1000.0), (".5", 0.5), ("-3.", -3.0)),
        *(("0x1p-3", 0.125), ("0x.8p1", 1.0), ("-0x1.8P+4", -24.0), ("9007199254740993", 9007199254740993)),
        *(("0xffffffffffffffff", 2**64 - 1), ("-inf", -math.inf)),
    ],
)
def test_a_number_is_written_as_in_c(written: str, value: float) -> None:
    found = number(written)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("written", ["", "x", "0x", "0x1.8", "0x1p", "16u", "1.5f", "1_000", "0b11", "1 2", "٣"])
def test_what_c_does_not_write_is_no_number(written: str) -> None:
    with pytest.raises(ValueError):
        number(written)

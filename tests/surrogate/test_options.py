"""Every entry point from Python says what is wrong with an option, and under which name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cprograms
import surrogate
from cprograms import UsageError
from surrogate.anc.program import AncProgram
from surrogate.mlp.artifact import Surrogate

IDENTITY = "double f(double x) { return x; }"
COPY = "void f(int *mem) { mem[0] = mem[1]; }"


@pytest.fixture(scope="module")
def copy() -> AncProgram:
    return surrogate.compile(source=COPY, target="anc")


def refused(message: str, call: Callable[..., Any], *given: Any, **options: Any) -> None:
    with pytest.raises(UsageError, match=message):
        call(*given, **options)


COMPILE: list[tuple[dict[str, Any], str]] = [
    ({"rows": 2.5}, "rows must be a whole number, not 2.5"),
    ({"rows": True}, "rows must be a whole number, not True"),
    ({"opt_level": 0, "rows": True}, "rows must be a whole number, not True"),
    ({"opt_level": "1"}, "opt_level must be a whole number, not '1'"),
    ({"opt_level": 1.0}, "opt_level must be a whole number, not 1.0"),
    ({"opt_level": None}, "opt_level must be a whole number, not None"),
    ({"seed": 1.5}, "seed must be a whole number, not 1.5"),
    ({"seed": -1}, "a seed must not be negative: -1"),
    ({"compiler": 3}, "compiler must be a path, not 3"),
]


@pytest.mark.parametrize(("given", "message"), COMPILE)
def test_compile_refuses_wrong_types(given: dict[str, Any], message: str, compiler: Path) -> None:
    options = {"compiler": compiler, **given}
    refused(message, surrogate.compile, source=IDENTITY, **options)
    refused(message, surrogate.compile_program, cprograms.load(source=IDENTITY), **options)


def test_compile_program_needs_a_program() -> None:
    refused("a Program is needed, as cprograms.load gives, not 'heat.c'", surrogate.compile_program, "heat.c")


@pytest.mark.parametrize("target", [3, None, ["mlp"], True])
def test_a_target_is_a_name(target: Any) -> None:
    refused("target must be a text, not ", surrogate.compile, source=IDENTITY, target=target)


@pytest.mark.parametrize("name", ["memory_size", "tape", "registers"])
def test_sizes_of_the_machine_are_whole(name: str) -> None:
    for given in (2.5, "3", True):
        refused(f"{name} must be a whole number", surrogate.compile, source=COPY, target="anc", **{name: given})


def test_checks_refuse_wrong_types(plane: Surrogate, copy: AncProgram) -> None:
    for check, count in ((plane.check, "rows"), (copy.check, "tapes")):
        refused(f"{count} must be a whole number, not 2.5", check, **{count: 2.5})
        refused("seed must be a whole number, not 1.5", check, seed=1.5)
        refused("must not be negative", check, seed=-1)
    refused("max_steps must be a whole number", copy.check, max_steps=1.5)


def test_runs_and_traces_refuse_wrong_types(copy: AncProgram) -> None:
    for call in (copy.run, copy.trace):
        refused("max_steps must be a whole number, not '3'", call, [1], "3")
        refused("max_steps must be at least", call, [1], -1)
        for tape in (None, "12", [1.5], [[1], [1, 2]], {1: 2}):
            refused("a tape is a sequence of whole numbers", call, tape)
        refused("masked", call, np.ma.array([1, 2], mask=[0, 1]))
    size = copy.memory_size
    refused(rf"tapes of shape \[n, {size}\] are needed, not \[1, 2\]", copy.run_many, [[1, 2]])
    refused("cell 0 of tape 1 is 99", copy.run_many, np.array([[0] * size, [99] * size]))
    refused("whole numbers", copy.run_many, np.zeros((2, size)))
    assert copy.run_many([[3, 5] + [0] * (size - 2)]).tape[0, 0] == 5


def test_adaptations_refuse_wrong_types(copy: AncProgram) -> None:
    for given, message in (
        ({"task": 3}, "task must be a text, not 3"),
        ({"task": "sort", "method": 3}, "method must be a text"),
        ({"task": "sort", "seeds": 1.5}, "seeds must be a whole number"),
        ({"task": "sort", "seed": 1.5}, "seed must be a whole number"),
        ({"samples": [1]}, "samples must be Samples"),
    ):
        refused(message, copy.adapt, **given)


@pytest.mark.parametrize("path", [3, None, b"f.surrogate"])
def test_what_is_loaded_is_a_path(path: Any) -> None:
    refused("path must be a path, not ", surrogate.load, path)


def test_numbers_of_numpy_are_saved(compiler: Path, tmp_path: Path) -> None:
    compiled = surrogate.compile(source=IDENTITY, compiler=compiler, seed=np.int64(3), rows=np.int32(20))
    compiled.check(np.int64(50), np.uint8(4))
    compiled.save(tmp_path / "s")
    config = json.loads((tmp_path / "s" / "config.json").read_text())
    assert (config["seed"], config["rows"], config["measured"]["seed"]) == (3, 20, 4)

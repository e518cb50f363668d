"""MATH in small: expressions, the program that reads them on long tapes, and the LSTM beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from cprograms.frontend.sketching import read_sketch
from surrogate.sketch.artifact import SketchProgram
from surrogate.sketch.learning import Settings
from surrogate.sketch.model import Model
from tests.training.sketches.drawings import lit
from training.sketches.expressions import (
    LIBRARY,
    LongTape,
    Sizes,
    Symbols,
    balanced,
    drawn,
    is_exact,
    pictures,
    values,
)
from training.sketches.expressions_lstm import Expressions, Tuning
from training.sketches.expressions_report import measure

SYMBOLS = Symbols(lit(300, 10, 0), lit(80, 4, 1))
EXACT = {
    **{"instr[0]": 0, "net[0]": 1, "to[0]": 1, "next[0]": 1},  # the operator to r1
    **{"instr[1]": 0, "net[1]": 0, "to[1]": 2, "next[1]": 2},  # the digit to r2
    **{"instr[2]": 1, "net[2]": 0, "to[2]": 0, "next[2]": 0},  # r0 = r0 by r1 with r2; again
    **{"a": 0, "b": 2, "op": 1, "out": 0},
}


def by_hand(digits: list[int], operators: list[int]) -> int:
    value = digits[0]
    for by, y in zip(operators, digits[1:], strict=True):
        value = {0: value + y, 1: value - y, 2: value * y, 3: value // y if y else 18}[by] % 19
    return value


def test_values_are_those_by_hand() -> None:
    rng = np.random.default_rng(0)
    digits, operators = rng.integers(0, 10, (500, 6)), rng.integers(0, 4, (500, 5))
    expected = [by_hand(list(map(int, d)), list(map(int, o))) for d, o in zip(digits, operators, strict=True)]
    assert values(digits, operators).tolist() == expected


def test_tapes_show_what_their_values_are_of() -> None:
    lengths = np.array([2, 3, 2, 3, 3])
    placed, examples = drawn(SYMBOLS, lengths, 5, 0)
    tape = pictures(SYMBOLS, placed["places"])
    shown = tape.argmax(-1) // 70
    for row, d in enumerate(lengths):
        assert not tape[row, 2 * d - 1 :].any()
        symbols = shown[row, : 2 * d - 1].tolist()
        assert by_hand(symbols[::2], symbols[1::2]) == examples["result"][row]


def test_values_that_are_learned_from_are_about_as_frequent() -> None:
    made = balanced(SYMBOLS, 400, 5, 0)
    assert made["digits"].tolist() == [2] * 400 + [3] * 400
    for rows in (slice(0, 400), slice(400, 800)):
        assert np.bincount(made["result"][rows]).max() < 50  # of 400, and 21 were even


def test_a_program_that_reads_expressions_is_exact_and_one_that_reads_two_digits_is_not() -> None:
    tape = LongTape()
    assert is_exact(tape, EXACT, SYMBOLS, 60, 0)
    assert not is_exact(tape, EXACT | {"next[2]": 1}, SYMBOLS, 60, 0)


def test_the_decompiled_program_once_compiled_gives_the_values(tmp_path: Path) -> None:
    """By another compiler, the learned functions what the pictures say."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("there is no gcc")
    sketch = read_sketch(LIBRARY / "math.c")
    model = Model(sketch, 1)
    with torch.no_grad():
        for k, logits in ((int(key), logits) for key, logits in model.choices.items()):
            a = sketch.program.arguments[k]
            logits[0] = torch.eye(logits.shape[-1])[EXACT[a.name] - int(a.low)]
    assert model.chosen() == EXACT
    made = balanced(SYMBOLS, 20, 5, 1)
    said = (made["tape"].argmax(-1) // 70).astype(int)
    rows = str(said.tolist()).replace("[", "{").replace("]", "}")[1:-1]
    (tmp_path / "whole.c").write_text(
        f"#include <stdio.h>\n{SketchProgram(sketch=sketch, model=model).decompile()}\n"
        f"static const int said[40][5] = {{{rows}}};\n"
        "int digit(const float picture[784]) { return said[(int)picture[0]][(int)picture[1]]; }\n"
        "int sign(const float picture[784]) { return digit(picture); }\n"
        "int main(void) { for (int k = 0; k < 40; k++) { static float tape[5][784]; for (int j = 0; j < 5; j++) "
        'tape[j][0] = k, tape[j][1] = j; printf("%d\\n", math(tape, k < 20 ? 2 : 3)); } return 0; }\n'
    )
    subprocess.run([gcc, "-std=c11", "-o", tmp_path / "whole", tmp_path / "whole.c"], check=True)
    answers = subprocess.run([tmp_path / "whole"], check=True, capture_output=True, text=True).stdout.split()
    assert [int(a) for a in answers] == made["result"].tolist()


def test_the_lstm_sees_what_the_networks_say_of_the_same_tapes() -> None:
    model = Model(read_sketch(LIBRARY / "math.c"), 1)
    expressions, lengths = Expressions(model, SYMBOLS), np.array([2, 3])
    seen, ends, wanted = expressions.drawn(lengths, 0)
    placed, examples = drawn(SYMBOLS, lengths, 5, 0)
    tape = torch.from_numpy(pictures(SYMBOLS, placed["places"])).flatten(0, 1)
    with torch.no_grad():
        said = torch.cat([model.networks.of(n)(tape)[0].softmax(-1) for n in ("digit", "sign")], dim=1)
    said = said.reshape(2, 5, -1).transpose(0, 1)
    torch.testing.assert_close(seen[:3], said[:3])
    assert not seen[3:, 0].any()
    assert (ends.tolist(), wanted.tolist()) == ([2, 4], examples["result"].tolist())


def test_the_experiment_in_small(tmp_path: Path) -> None:
    sizes = Sizes(symbols=60, symbols_steps=5, expressions=40, improved_steps=1, tried=5, exact=10)
    settings = Settings(restarts=1, steps=2, batch=10)
    measure(
        tmp_path / "small", SYMBOLS, SYMBOLS, sizes, settings, Tuning((4,), (1e-3,), 1, 2, 4, 20), "python small.py"
    )
    document = json.loads((tmp_path / "small.json").read_text())
    assert list(document["found"]["by_length"]) == [str(d) for d in range(2, 17)]
    assert list(document["lstm"]["tried"]) == ["4 units, rate 0.001"]
    page = (tmp_path / "small.md").read_text()
    assert "0 of 1 restarts found an exact program (0%; published: 2 of 100)" in page
    assert (tmp_path / "small.svg").stat().st_size > 1000
    assert not (tmp_path / ".small.progress").exists()

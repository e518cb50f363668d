"""The task MATH of Gaunt et al. 2017: expressions of handwritten digits and operators on a tape, from their values.

An expression is read from left to right, without precedence, modulo 19, as `cprograms/library/sketch/math.c` says. The
networks begin with what `symbols.c` teaches: sums of two digits, and results of one operator. The program is learned
from expressions of two and then three digits, and tried on up to 16.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from cprograms.frontend.sketching import Sketch, read_sketch
from surrogate.sketch.artifact import SketchProgram
from surrogate.sketch.data import examples_of
from surrogate.sketch.learning import Settings, learn
from surrogate.sketch.model import Model
from training.sketches.mnist import Digits

LIBRARY = Path(__file__).resolve().parents[2] / "cprograms" / "library" / "sketch"
MODULUS = 19
LONGEST = 16
"""Digits of the longest expressions that a program is tried on."""
DRAWN = 8
"""How many expressions are drawn for one that is learned from, so that values can be made equally frequent."""
RATE = 0.01
"""Of what is fixed by the program; networks that are known already go on at a tenth of it."""
Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Symbols:
    """Pictures of digits and of operators, and what they show."""

    digits: Digits
    operators: Digits


@dataclass(frozen=True)
class Sizes:
    """Of the experiment: the examples and steps of the first acquaintance; expressions, and the steps that networks
    learn on through the program; expressions of each length to try, and how many with true symbols tell whether a
    program is exact."""

    symbols: int = 2000
    symbols_steps: int = 400
    expressions: int = 4000
    improved_steps: int = 400
    tried: int = 1000
    exact: int = 200


def values(digits: npt.NDArray[np.int64], operators: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The values of expressions of d digits [n, d] and d - 1 operators [n, d - 1], from left to right: [n]."""
    found = digits[:, 0]
    for y, by in zip(digits.T[1:], operators.T, strict=True):
        over = np.where(y > 0, found // np.maximum(y, 1), MODULUS - 1)
        found = np.choose(by, [(found + y) % MODULUS, (found - y) % MODULUS, found * y % MODULUS, over])
    return found


def drawn(symbols: Symbols, lengths: npt.NDArray[np.int64], tape: int, seed: int) -> tuple[Arrays, Arrays]:
    """Expressions of these many digits each, on tapes of so many cells, of which the rest is blank.

    Returns where their pictures are in `symbols`, -1 in blank cells, and the examples' `digits` and `result`.
    """
    rng = np.random.default_rng(seed)
    n, most = len(lengths), (tape + 1) // 2
    digits = rng.integers(0, len(symbols.digits[1]), (n, most))
    operators = rng.integers(0, len(symbols.operators[1]), (n, most - 1))
    shown = symbols.digits[1][digits], symbols.operators[1][operators]
    result = np.zeros(n, dtype=np.int64)
    for d in np.unique(lengths):
        of = lengths == d
        result[of] = values(shown[0][of, :d], shown[1][of, : d - 1])
    places = np.full((n, tape), -1)
    places[:, ::2], places[:, 1::2] = digits, operators
    places[np.arange(tape) >= 2 * lengths[:, None] - 1] = -1
    return {"places": places}, {"digits": lengths, "result": result}


def pictures(symbols: Symbols, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """The pictures of tapes, [n, tape, 784], from where they are in `symbols`."""
    found = np.zeros((*places.shape, 784), dtype=np.float32)
    for first, (x, _) in enumerate((symbols.digits, symbols.operators)):
        at = places[:, first::2]
        found[:, first::2] = x[at] * (at >= 0)[..., None]
    return found


def balanced(symbols: Symbols, each: int, tape: int, seed: int) -> Arrays:
    """Examples of math.c, `each` of two and of three digits: `tape` [n, tape, 784], `digits` and `result` [n].

    All values are about as frequent: of expressions drawn at random every fourth or so is worth 0, and wrong programs
    that say so are in the way.
    """
    rng = np.random.default_rng(seed)
    placed, examples = drawn(symbols, np.repeat([2, 3], each * DRAWN), tape, seed)
    kept = []
    for d in (2, 3):
        rows = np.flatnonzero(examples["digits"] == d)
        value = examples["result"][rows]
        weight = 1 / np.bincount(value)[value]
        kept.append(rng.choice(rows, each, replace=False, p=weight / weight.sum()))
    rows = np.concatenate(kept)
    return {"tape": pictures(symbols, placed["places"][rows]), **{name: v[rows] for name, v in examples.items()}}


def first_acquaintance(symbols: Symbols, count: int, steps: int, seed: int) -> SketchProgram:
    """Networks that know symbols somewhat: from sums of two digits, and results of one operator on given numbers."""
    rng = np.random.default_rng(seed)
    sketch = read_sketch(LIBRARY / "symbols.c")
    (digit_pictures, digits), (sign_pictures, signs) = symbols.digits, symbols.operators
    pair, by = rng.integers(0, len(digits), (count, 2)), rng.integers(0, len(signs), count)
    x, y = rng.integers(0, 10, (2, count))
    come_to = np.stack([digits[pair].sum(1), values(np.stack([x, y], axis=1), signs[by][:, None])], axis=1)
    arrays = {"digits": digit_pictures[pair], "x": x, "y": y, "by": sign_pictures[by], "result": come_to}
    found = learn(sketch, examples_of(sketch, arrays), Settings(restarts=1, steps=steps, seed=seed))
    return SketchProgram(sketch=sketch, model=found.model)


def learned(
    symbols: Symbols, sizes: Sizes, settings: Settings, start: SketchProgram, checkpoint: Path | None = None
) -> SketchProgram:
    """What learning the program of math.c from expressions of two and then three digits gives; networks stay.

    Its `learned` says of each restart the accuracy held back, and whether its program is exact.
    """
    sketch = read_sketch(LIBRARY / "math.c")
    examples = examples_of(sketch, balanced(symbols, sizes.expressions // 2, 5, settings.seed))
    settings = replace(settings, curriculum="digits", freeze=True)
    found = learn(sketch, examples, settings, starts=[start.model], checkpoint=checkpoint)
    tape, programs = LongTape(), [found.whole.chosen(r) for r in range(len(found.restarts))]
    said = {
        "restarts": [round(r.accuracy, 4) for r in found.restarts],
        "exact": [is_exact(tape, program, symbols, sizes.exact, settings.seed) for program in programs],
        "revised": found.revised,
        "best": found.best,
        "seconds": round(found.seconds),
    }
    return SketchProgram(sketch=sketch, model=found.model, learned=said)


def improved(symbols: Symbols, sizes: Sizes, program: SketchProgram, seed: int) -> SketchProgram:
    """The networks learned on through a program that is fixed: the decompiled C, from the same expressions."""
    sketch = read_sketch(source=program.decompile())
    examples = examples_of(sketch, balanced(symbols, sizes.expressions // 2, 5, seed))
    settings = Settings(restarts=1, steps=sizes.improved_steps, rate=RATE, seed=seed)
    found = learn(sketch, examples, settings, starts=[program.model])
    return SketchProgram(sketch=sketch, model=found.model)


class LongTape:
    """math.c for tapes of the longest expressions: C, with what was learned filled in, run in the sandbox."""

    def __init__(self) -> None:
        self.cells = 2 * LONGEST - 1
        self.sketch: Sketch = read_sketch(LIBRARY / "math.c", defines=[f"LENGTH={self.cells}"])

    def run(
        self, chosen: Mapping[str, int | float], said: tuple[npt.NDArray[Any], npt.NDArray[Any]], digits: np.ndarray
    ) -> npt.NDArray[np.float64]:
        """The values of expressions, of what `digit` and `sign` say of each cell, [n, cells] each: [n]."""
        arguments = self.sketch.program.arguments
        rows = np.zeros((len(digits), len(arguments)))
        for name, cells in zip(("surrogate_digit", "surrogate_sign"), said, strict=True):
            rows[:, self.sketch.places(name)] = cells
        rows[:, self.sketch.places("digits")] = digits[:, None]
        for choice in self.sketch.choices:
            for k in self.sketch.places(choice.name):
                rows[:, k] = chosen[arguments[k].name]
        return self.sketch.program.run(rows)[:, 0]


def is_exact(tape: LongTape, chosen: Mapping[str, int | float], symbols: Symbols, count: int, seed: int) -> bool:
    """Whether a program is right on expressions of all lengths, were its networks always right."""
    lengths = np.resize(np.arange(2, LONGEST + 1), count)
    placed, examples = drawn(symbols, lengths, tape.cells, seed)
    said = _said(placed["places"], symbols.digits[1], symbols.operators[1])
    return bool(np.array_equal(tape.run(chosen, said, lengths), examples["result"]))


def _said(
    places: npt.NDArray[np.int64], of_digits: npt.NDArray[np.int64], of_operators: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """What networks say of each cell, from what each says of the pictures that it is asked for: 0 of others."""
    found = np.zeros((2, *places.shape), dtype=np.int64)
    for first, known in enumerate((of_digits, of_operators)):
        at = places[:, first::2]
        found[first][:, first::2] = np.where(at >= 0, known[at], 0)
    return found[0], found[1]


@torch.no_grad()
def perceived(model: Model, symbols: Symbols) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """What the networks say of each picture of a digit, and of an operator."""
    pairs = (("digit", symbols.digits[0]), ("sign", symbols.operators[0]))
    digit, sign = (model.networks.of(n)(torch.from_numpy(x)).argmax(-1)[0].numpy() for n, x in pairs)
    return digit, sign


def accuracies_by_length(
    tape: LongTape, chosen: Mapping[str, int | float], model: Model, symbols: Symbols, count: int, seed: int
) -> dict[int, float]:
    """The share of `count` expressions of each number of digits whose value is right, by a program and networks."""
    said, found = perceived(model, symbols), {}
    for d in range(2, LONGEST + 1):
        lengths = np.full(count, d)
        placed, examples = drawn(symbols, lengths, tape.cells, seed + d)
        answers = tape.run(chosen, _said(placed["places"], *said), lengths)
        found[d] = float((answers == examples["result"]).mean())
    return found

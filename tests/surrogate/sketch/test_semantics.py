"""A sketch on distributions: with one value each it is the C program, and with several its exact mixture."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from cprograms.frontend.sketching import Sketch, read_sketch
from surrogate.sketch.data import examples_of
from surrogate.sketch.evaluate import Evaluator
from surrogate.sketch.model import Model, graph_of
from surrogate.sketch.plan import TRAP, plan
from tests.surrogate.sketch.random_sketches import random_sketch


def random_rows(sketch: Sketch, rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(a.low, a.high + 1, rows) for a in sketch.program.arguments], axis=1)


def sharp(sketch: Sketch, x: np.ndarray) -> dict[int, torch.Tensor]:
    """Rows as distributions, [1, B, n] for each argument."""
    return {
        k: one_hot(torch.from_numpy(x[:, k] - int(a.low)), int(a.high - a.low) + 1).double()[None]
        for k, a in enumerate(sketch.program.arguments)
    }


def likeliest(values: np.ndarray, distribution: torch.Tensor) -> np.ndarray:
    found = values[distribution.argmax(-1)[0].numpy()].astype(float)
    found[found == TRAP] = np.nan
    return found


def ensure_equal_to_c(source: str, rows: int, seed: int) -> None:
    sketch = read_sketch(source=source)
    evaluator = Evaluator(plan(sketch.program, graph_of(sketch)))
    x = random_rows(sketch, rows, seed)
    want = sketch.program.run(x)
    for k, distribution in enumerate(evaluator(sharp(sketch, x))):
        assert torch.equal(distribution.amax(-1), torch.ones_like(distribution[..., 0]))
        found = np.broadcast_to(likeliest(evaluator.values[k], distribution), len(x))
        np.testing.assert_array_equal(found, want[:, k], err_msg=source)


@pytest.mark.parametrize("seed", range(3))
def test_with_one_value_each_it_is_what_c_computes(seed: int) -> None:
    ensure_equal_to_c(random_sketch(seed, 12), 60, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_two_thousand_random_programs_are_what_c_computes(seed: int) -> None:
    ensure_equal_to_c(random_sketch(seed, 20), 100, seed)


@pytest.mark.parametrize(
    "expression", ["a / d", "a % (d - 1)", "t[a + d]", "d > 1 ? a / (d - 1) : 7", "a << (20 * d)"], ids=str
)
def test_what_is_undefined_is_undefined(expression: str) -> None:
    ensure_equal_to_c(
        "#pragma surrogate modulus(4)\n#pragma surrogate choose(d, 0, 3)\nextern const int d;\n"
        f"static const int t[5] = {{5, 4, 3, 2, 1}};\nint f(int a) {{ return {expression}; }}\n",
        60,
        0,
    )


def test_floating_numbers_that_are_given_may_be_compared() -> None:
    """As C computes it, for every choice: tests of them alone, and beside whole numbers that are given."""
    sketch = read_sketch(
        source="#pragma surrogate modulus(4)\n#pragma surrogate choose(k, 0, 3)\nextern const int k;\n"
        "int f(double x, float y[2], int n) {\n"
        "    int found = x > 0.25 ? k + n : n;\n"
        "    if (y[0] * y[1] < x || (x > n) == (y[1] <= 0)) found += 2 * k;\n"
        "    return (y[0] < 0 && !(n && y[1] < 0.5)) ? found : found * 3; }\n"
    )
    rng = np.random.default_rng(0)
    x, y, n = rng.normal(0, 1, 200), rng.normal(0, 1, (200, 2)).astype(np.float32), rng.integers(0, 4, 200)
    model = Model(sketch, 4)
    with torch.no_grad():
        next(iter(model.choices.values())).copy_(torch.eye(4))
    found = model.answers(examples_of(sketch, {"x": x, "y": y, "n": n}, with_results=False).inputs)
    for k in range(4):
        rows = np.zeros((200, len(sketch.program.arguments)))
        for name, values in (("x", x[:, None]), ("y", y), ("n", n[:, None]), ("k", np.full((200, 1), k))):
            rows[:, sketch.places(name)] = values
        np.testing.assert_array_equal(found[k], sketch.program.run(rows))


def enumerated(sketch: Sketch, weights: list[np.ndarray]) -> dict[float, float]:
    """The distribution of the first result, by running C on all combinations of its arguments."""
    ends = [range(int(a.low), int(a.high) + 1) for a in sketch.program.arguments]
    rows = np.array(list(itertools.product(*ends)))
    mass = np.array(list(itertools.product(*weights))).prod(1)
    found: dict[float, float] = {}
    for y, m in zip(sketch.program.run(rows)[:, 0], mass, strict=True):
        found[y] = found.get(y, 0.0) + m
    return found


SHARED = {
    "clamped": "return (x < 2 ? x + 1 : x) + 4 * y;",
    "square": "return x * x - x + y;",
    "nested": "return x % 2 ? (y > x ? x - y : y) : x + y;",
    "loop": "int s = 0; for (int i = 0; i < 3; i++) if (i < x) s += y + i; return s;",
    "table": "return t[x] * t[y] - x;",
}


@pytest.mark.parametrize("body", SHARED.values(), ids=SHARED)
def test_what_two_variables_share_is_exact(body: str) -> None:
    sketch = read_sketch(
        source="#pragma surrogate modulus(4)\n#pragma surrogate choose(x, 0, 3)\nextern const int x;\n"
        f"static const int t[4] = {{2, 0, 3, 1}};\nint f(int y) {{ {body} }}\n"
    )
    rng = np.random.default_rng(0)
    weights = [rng.dirichlet(np.ones(int(a.high - a.low) + 1)) for a in sketch.program.arguments]
    graph = graph_of(sketch)
    evaluator = Evaluator(plan(sketch.program, graph))
    given = {k: torch.from_numpy(w)[None, None] for k, w in enumerate(weights)}
    (found,) = evaluator(given)
    want = enumerated(sketch, weights)
    for value, p in zip(evaluator.values[0], found[0, 0].tolist(), strict=True):
        assert p == pytest.approx(want.get(float(value), 0.0), abs=1e-12)
    apart = Evaluator(plan(sketch.program, graph, tabulate=False))
    (other,) = apart(given)
    wrong = sum(abs(p - want.get(float(v), 0.0)) for v, p in zip(apart.values[0], other[0, 0].tolist(), strict=True))
    assert wrong > 1e-3  # operator by operator, shared variables are taken for independent ones


def test_a_select_mixes_and_an_index_mixes_cells() -> None:
    sketch = read_sketch(
        source="#pragma surrogate modulus(5)\n#pragma surrogate choose(k, 0, 2)\nextern const int k;\n"
        "int f(const int cells[3]) { return cells[k]; }\n"
    )
    rng = np.random.default_rng(1)
    weights = [torch.from_numpy(rng.dirichlet(np.ones(int(a.high - a.low) + 1))) for a in sketch.program.arguments]
    (found,) = Evaluator(plan(sketch.program, graph_of(sketch)))({k: w[None, None] for k, w in enumerate(weights)})
    cells = [weights[k] for k in sketch.places("cells")]
    (choice,) = (weights[k] for k in sketch.places("k"))
    want = sum(p * cell for p, cell in zip(choice, cells, strict=True))
    torch.testing.assert_close(found[0, 0], want)


def test_gradients_are_those_of_the_mixture() -> None:
    sketch = read_sketch(source=random_sketch(3, 2))
    evaluator = Evaluator(plan(sketch.program, graph_of(sketch)))
    rng = torch.Generator().manual_seed(0)
    sizes = [int(a.high - a.low) + 1 for a in sketch.program.arguments]
    logits = [torch.randn(2, 1, n, generator=rng, dtype=torch.float64, requires_grad=True) for n in sizes]

    def first(*given: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = evaluator({k: g.softmax(-1) for k, g in enumerate(given)})[0]
        return found

    assert torch.autograd.gradcheck(first, logits)

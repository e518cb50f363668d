"""Surrogates with random weights and every part: what an exporter makes of them is compared with the module."""

from __future__ import annotations

import numpy as np
import torch

import cprograms
from cprograms.lowering import lower
from cprograms.program import Program
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.network import Scale, SurrogateNetwork, emitted_network, random_towers
from surrogate.mlp.parts.kernel import KINDS, KernelHead
from surrogate.mlp.parts.polynomial import Chebyshev, total_degree
from surrogate.mlp.parts.table import Table
from surrogate.mlp.parts.taps import find_taps

SOURCE = """
#include <math.h>
#pragma surrogate range(n, 1, 9)
struct s { double a, b, c; };
struct s f(double x, double y, int n) {
    struct s r;
    r.a = x * y > 0.2 ? floor(3 * x) : fmin(y, x);
    r.b = sin(x * y) + n % 3;
    r.c = 100 / n;
    return r;
}
"""


def surrogate_of(program: Program, module: SurrogateNetwork) -> Surrogate:
    return Surrogate(
        entry=program.entry,
        arguments=program.arguments,
        results=program.results,
        text=program.portable_text,
        module=module,
        opt_level=1,
        seed=0,
        rows=64,
        compiler="",
    )


def with_every_part(dtype: torch.dtype = torch.float32, hidden: int = 24) -> Surrogate:
    """Three results: towers (of the second none), a polynomial, kernels of both kinds, one with slopes, and taps."""
    program = cprograms.load(source=SOURCE)
    rng = np.random.default_rng(0)
    taps = find_taps(program, lower(program))
    assert taps is not None
    Z = 3 + len(taps)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.normal(size=shape))

    towers = random_towers(Z, 3, rng, hidden).map(lambda w: w.to(dtype))
    towers.w3[1] = 0
    exponents = total_degree(Z, list(range(Z)), set(), 200)
    polynomial = Chebyshev(torch.from_numpy(exponents), drawn(3, len(exponents)))
    rates = drawn(Z).abs()
    rates[1] = 0
    smooth, rough = KINDS
    heads = {
        0: KernelHead(drawn(37, Z), rates, drawn(37), drawn(37, Z), rough),
        2: KernelHead(drawn(37, Z), rates, drawn(37), drawn(0, Z), smooth),
    }
    scale = Scale(np.array([1.0, 2.0, 3e6]), np.array([1.0, 0.5, 100.0]))
    return surrogate_of(program, emitted_network(towers, scale, program.domain, taps, polynomial, heads))


def with_sparse_polynomial(terms: int = 150) -> Surrogate:
    """Two results, each with some terms of high degree in three arguments, and nothing else."""
    program = cprograms.load(
        source="struct s { double a, b; }; struct s f(double x, double y, double z) {"
        " struct s r = { x + y, y * z }; return r; }"
    )
    rng = np.random.default_rng(0)
    exponents = rng.integers(0, 31, (terms, 3)) * (rng.random((terms, 3)) < 0.7)
    coefficients = rng.standard_normal((2, terms)) * (rng.random((2, terms)) < 0.6)
    polynomial = Chebyshev(torch.from_numpy(exponents), torch.from_numpy(coefficients))
    nothing = random_towers(3, 2, rng, 8).map(lambda w: 0 * w)
    scale = Scale(np.zeros(2), np.ones(2))
    return surrogate_of(program, emitted_network(nothing, scale, program.domain, polynomial=polynomial))


def plain(arguments: int = 3, results: int = 2, hidden: int = 20, source: str = "") -> Surrogate:
    """Towers of the arguments alone."""
    names = [f"x{k}" for k in range(arguments)]
    fields = " ".join(f"double r{k};" for k in range(results))
    sums = " ".join(f"r.r{k} = {' + '.join(names)};" for k in range(results))
    takes = ", ".join(f"double {n}" for n in names)
    text = f"struct r {{ {fields} }}; struct r f({takes}) {{ struct r r; {sums} return r; }}"
    program = cprograms.load(source=source or text)
    arguments, results = len(program.arguments), len(program.results)
    towers = random_towers(arguments, results, np.random.default_rng(1), hidden)
    scale = Scale(np.arange(1.0, results + 1), np.full(results, 2.0))
    return surrogate_of(program, emitted_network(towers, scale, program.domain))


def with_table() -> Surrogate:
    program = cprograms.load(
        source="#pragma surrogate range(a, -2, 5)\n#pragma surrogate range(b, 0, 3)\n"
        "double f(int a, int b) { return a * 0.5 + b; }"
    )
    module = SurrogateNetwork(
        2, 1, 0, table=Table(torch.tensor([-2, 0]), torch.tensor([8, 4]), torch.rand(32, 1).double())
    )
    return surrogate_of(program, module)

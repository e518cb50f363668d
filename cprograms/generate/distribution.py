"""What the random programs look like: every weight of the grammar in one place."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from random import Random

from cprograms.diagnostics import UsageError
from cprograms.program import MAX_ARGUMENTS


@dataclass(frozen=True)
class Weighted:
    """Names drawn in proportion to their weights; `table` is "name weight, name weight, ..."."""

    table: str

    @cached_property
    def names(self) -> list[str]:
        return [entry.split()[0] for entry in self.table.split(",")]

    @cached_property
    def _sums(self) -> list[float]:
        return list(accumulate(float(entry.split()[1]) for entry in self.table.split(",")))

    def draw(self, rng: Random) -> str:
        return self.names[bisect(self._sums, rng.random() * self._sums[-1])]


@dataclass(frozen=True)
class Distribution:
    """The grammar's weights.

    The names of `statement`, `loop`, `integer_loop`, `real_*` and `integer_*` are keys of the tables STATEMENTS,
    REAL_LOOPS, INTEGER_LOOPS, REAL and INTEGER, which hold the functions that write them.
    """

    arguments: Weighted = Weighted(
        "1 17, 2 22, 3 18, 4 13, 5 8, 6 8.5, 7 4, 8 3, 9 5, 10 1.2, 11 1.2, 12 1.5, 13 1.2, 14 1.2, 15 1.2, 16 1.5"
    )
    statements: Weighted = Weighted("0 66, 1 17, 2 10, 3 10, 4 6, 5 4, 6 2, 7 1.5")
    result: Weighted = Weighted("f64 42, f32 13, integer 37, struct 9")
    integer_result: Weighted = Weighted("i32 49, u32 21, i64 12, u8 9, i16 4, u16 5")
    # An integer result comes from whole-number code, from real code through a cast, or from a test.
    integer_body: Weighted = Weighted("integer 62, rounded 27, test 11")
    fields: Weighted = Weighted("2 60, 3 25, 4 15")

    # Share of programs whose real arguments have one range in common, and of integer arguments in real code.
    shared_domain: float = 0.65
    integer_argument: float = 0.1
    real_domain: Weighted = Weighted(
        "sym1 25, unit 18, byte 9, common 16, sym10 7, percent 5, pi 5, positive 6, wide 3, circle 2, angle 2, scaled 8"
    )
    integer_domain: Weighted = Weighted("byte 34, sym100 20, small 18, bit 4, thousand 8, digit 8, signed10 8")

    statement: Weighted = Weighted(
        "local 30, branch 10, adjust 9, compound 8, clamp 5, early 8, loop 13, switch 2.5, helper 6, recipe 7, "
        "ladder 6, chain 2, swap 1.5"
    )
    loop: Weighted = Weighted(
        "accumulate 26, recurrence 14, horner 8, newton 6, array 14, counted 10, converge 6, integral 6, solve 6, "
        "halve 4, find 4"
    )
    integer_loop: Weighted = Weighted(
        "accumulate 22, bits 12, digits 8, gcd 7, root 6, collatz 4, array 14, counted 12, power 4, reverse 3"
    )
    # Operators over one or two values, and those that gather many.
    real_few: Weighted = Weighted(
        "expression 40, linear 8, combine 9, cross 5, product 8, difference 4, ratio 6, polynomial 6, rational 4, "
        "distance 4, interpolate 4, smoothstep 2.5, wave 10, tangent 1, rotation 4, angle 4, arc 3, bell 4, decay 4, "
        "logarithm 5, root 5, power 5, hyperbolic 3, sigmoid 3, softplus 1.5, rectify 3, gamma 4, clamp 4, "
        "extremes 5, absolute 5, threshold 6, periodic 2.5, rounding 2, finance 2.5, physics 4, table 3, "
        "special 5, cosines 2, sums 3, quadratic 3, mean 2"
    )
    real_many: Weighted = Weighted(
        "expression 34, weighted 16, distance 16, squares 10, dot 16, extremes 8, mean 8, variance 6, bilinear 6, "
        "stencil 10, product 3"
    )
    integer_few: Weighted = Weighted(
        "expression 36, linear 10, combine 10, product 7, squares 4, shifted 7, blend 8, difference 7, extremes 7, "
        "clamp 6, divide 7, modulo 5, bits 8, field 5, compare 5, select 7, table 5, hash 1, quadratic 4, scale 5, "
        "manhattan 4, whole 3"
    )
    integer_many: Weighted = Weighted(
        "expression 28, weighted 18, manhattan 14, squares 10, dot 14, extremes 9, mean 8, stencil 14, compare 6, "
        "pack 2"
    )

    # Habits of writing, by the names of their functions in `styles`, and the share of programs that have each.
    styles: str = (
        "named_results 0.25, whole_literals 0.6, bare_points 0.06, hexadecimal 0.6, declarations_first 0.6, "
        "while_loops 0.1, braces 0.8, "
        "else_returns 0.3, steps_before 0.2, constant_parameters 0.08, file_constants 0.3, typedefs 0.08"
    )
    # Share of programs, recipes apart, that are like parts of people's functions (`parts`, by the shares of `shares`);
    # of these, the shares of floating code, of single expressions and of names that were read before, and their habits.
    part: float = 0.7
    part_real: float = 0.5
    part_expression: float = 0.54
    part_reuse: float = 0.28
    part_styles: str = "bare_points 0.06, hexadecimal 0.4, typedefs 0.03, steps_before 0.2"
    # Share of programs that are a variant of one recipe.
    whole_recipe: float = 0.055
    # Share of recipes that are drawn from those with a loop.
    looping_recipe: float = 0.35
    # Share of functions whose expressions are made of the plain operators.
    plain: float = 0.6
    real_plain: Weighted = Weighted(
        "expression 50, product 6, difference 6, ratio 5, cross 8, sums 8, dot 8, squares 5, distance 5, extremes 5, "
        "threshold 8, absolute 4, root 4, interpolate 3, wave 5, decay 3, logarithm 3, mean 3"
    )
    integer_plain: Weighted = Weighted(
        "expression 50, extremes 8, difference 8, select 10, compare 8, bits 12, shifted 8, field 4, dot 6, squares 4, "
        "divide 6, modulo 5, manhattan 5, stencil 2"
    )
    # Share of counting loops that run for more than eight rounds.
    long_loop: float = 0.25
    # Share of operands that are expressions themselves.
    nested: float = 0.2
    # Of fresh values where several are left, how often a gathering operator is drawn.
    gather: float = 0.6
    # Share of functions without statements before the last that repeat short expressions instead of naming them.
    terse: float = 0.8
    # Share of real literals that are usual ones, and the digits of the others.
    usual_number: float = 0.6
    digits: Weighted = Weighted("1 10, 2 40, 3 25, 4 12, 5 5, 6 4, 8 4")
    # Share of literals that become named constants.
    named_constant: float = 0.025
    # Share of divisions, roots and logarithms left without a guard.
    unguarded: float = 0.02
    # Share of float programs' calls and literals that are double's.
    double_in_float: float = 0.06

    @cached_property
    def habits(self) -> list[tuple[str, float]]:
        """Each of `styles` with its share."""
        return _habits(self.styles)

    @cached_property
    def part_habits(self) -> list[tuple[str, float]]:
        return _habits(self.part_styles)


def _habits(table: str) -> list[tuple[str, float]]:
    return [(name, float(share)) for name, share in (entry.split() for entry in table.split(","))]


DEFAULT = Distribution()


def of_arguments(counts: Sequence[int]) -> Distribution:
    """The usual programs, but of these numbers of arguments, each as often.

    Recipes and parts have numbers of their own and are left out.
    Raises UsageError for a number that no program may have.
    """
    if wrong := [count for count in counts if not 1 <= count <= MAX_ARGUMENTS]:
        raise UsageError(f"a program has 1 to {MAX_ARGUMENTS} arguments, not {wrong[0]}")
    return replace(DEFAULT, arguments=Weighted(", ".join(f"{count} 1" for count in counts)), whole_recipe=0.0, part=0.0)


_PI = 3.14159265
_COMMON = [
    (-2.0, 2.0), (-3.0, 3.0), (-4.0, 4.0), (-5.0, 5.0), (0.0, 2.0), (0.0, 5.0), (0.0, 10.0), (0.0, 20.0), (0.0, 200.0),
    (0.5, 2.0), (0.1, 2.0), (0.5, 1.5), (0.1, 3.0), (1.0, 2.0), (1.0, 5.0), (1.0, 10.0), (1.0, 100.0), (-0.5, 0.5),
    (-1.5, 1.5), (0.0, 0.5), (0.1, 1.0), (0.0, 90.0), (-90.0, 90.0), (-180.0, 180.0), (0.0, 1023.0), (0.01, 0.2),
]  # fmt: skip


def real_domain(name: str, rng: Random) -> tuple[float, float]:
    """The range that a real argument's domain name stands for."""
    if name == "scaled":
        width = float(f"{10 ** rng.uniform(-1.5, 3):.2g}")
        middle = float(f"{rng.choice((-1, 1)) * width * 10 ** rng.uniform(-1, 0.6):.2g}") if rng.random() < 0.7 else 0.0
        return float(f"{middle - width / 2:.4g}"), float(f"{middle + width / 2:.4g}")
    if name == "common":
        low, high = rng.choice(_COMMON)
        return low, high
    return {
        "sym1": (-1.0, 1.0),
        "unit": (0.0, 1.0),
        "byte": (0.0, 255.0),
        "sym10": (-10.0, 10.0),
        "percent": (0.0, 100.0),
        "pi": (-_PI, _PI),
        "positive": (0.1, 10.0),
        "wide": (1.0, 1000.0),
        "circle": (0.0, 360.0),
        "angle": (0.0, 2 * _PI),
    }[name]


INTEGER_DOMAINS = {
    "byte": (0, 255),
    "sym100": (-100, 100),
    "small": (0, 15),
    "bit": (0, 1),
    "thousand": (1, 1000),
    "digit": (1, 10),
    "signed10": (-10, 10),
}

# Families of argument names; those of a program come from one family first.
NAMES = [
    ["x", "y", "z", "w", "u", "v", "s", "t"],
    ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"],
    ["x0", "y0", "x1", "y1", "x2", "y2", "x3", "y3", "z0", "z1", "z2", "z3"],
    ["r", "g", "b", "alpha", "gain", "bias"],
    ["r1", "g1", "b1", "r2", "g2", "b2", "r3", "g3", "b3"],
    ["p00", "p01", "p02", "p10", "p11", "p12", "p20", "p21", "p22", "k0", "k1", "k2"],
    ["x", "t", "rate", "scale", "offset", "phase", "amp"],
    ["value", "width", "height", "depth", "level", "limit", "weight"],
    ["theta", "phi", "radius", "l1", "l2", "height"],
    ["mass", "velocity", "time", "force", "angle", "drag", "charge"],
    ["principal", "rate", "years", "price", "volatility", "fee", "tax"],
    ["temp", "pressure", "flow", "density", "area", "speed"],
    [f"in{i}" for i in range(16)],
    ["u", "v", "du", "dv", "eps", "delta"],
    ["q", "p", "mu", "sigma", "lambda", "kappa", "tau"],
    ["sensor", "target", "error", "kp", "ki", "kd", "dt"],
    ["a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4"],
    ["n", "m", "k", "q", "r", "s"],
]  # fmt: skip
LOCALS = [
    "t", "s", "u", "v", "d", "e", "h", "m", "p", "q", "acc", "sum", "tmp", "val", "out", "res", "dx", "dy", "dz",
    "num", "den", "diff", "dist", "norm", "scale", "base", "mix", "lo", "hi", "step", "w0", "w1", "t0", "t1", "t2",
    "a0", "ratio", "gx", "gy", "mag", "len", "avg", "total", "gain2", "part", "rest", "c0", "c1", "c2", "k1", "k2",
    "f0", "f1", "score", "err", "energy", "dev", "lum", "cur", "prev", "next",
]  # fmt: skip
CONSTANTS = [
    "K",
    "SCALE",
    "BIAS",
    "LIMIT",
    "GAIN",
    "C0",
    "C1",
    "C2",
    "C3",
    "ALPHA",
    "BETA",
    "EPS",
    "HALF",
    "STEP",
    "MAXV",
]
HELPERS = ["helper", "curve", "shape", "weight_of", "clamped", "kernel", "transfer", "blend", "profile", "eval_term"]
TABLES = ["TABLE", "lut", "coeff", "knots", "levels", "taps", "kWeights"]
ENTRIES = [
    "f", "compute", "evaluate", "kernel", "process", "transform", "score", "response", "model", "filter_value",
    "estimate", "sample", "shade", "cost", "apply",
]  # fmt: skip
STRUCTS = ["result", "pair", "vec", "output", "point", "state"]
FIELDS = [
    ["x", "y", "z", "w"],
    ["re", "im", "mag", "arg"],
    ["a", "b", "c", "d"],
    ["u", "v", "s", "t"],
    ["first", "second", "third", "fourth"],
    ["h", "s", "v", "alpha"],
    ["r", "g", "b", "a"],
    ["position", "speed", "energy", "force"],
]  # fmt: skip

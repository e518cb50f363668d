"""The operators of the dataflow graph, and what each computes: C's semantics on numpy arrays.

`apply` is the one definition of every operator: the graph's evaluation, constant folding and strata all call it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cprograms.libm import FUNCTIONS, OPERATORS, Operator
from cprograms.types import SCALARS, Scalar


class Op(NamedTuple):
    """`group` is what tables and features gather operators by."""

    name: str
    arity: int
    group: str


def _ops(group: str, arity: int, names: str) -> list[Op]:
    return [Op(name, arity, group) for name in names.split()]


_MATH = [Op(f.name, len(f.parameters), f.graph.group) for f in FUNCTIONS if isinstance(f.graph, Operator)]
_MATH_FIRST = 41
"""So many operators of `cprograms.libm` stand inside the table; later ones follow its end."""

# Encoded examples know an operator by its place here: append, never reorder. Weights know it by its name.
OPS = [
    *_ops("leaf", 0, "const arg"),
    *_ops("arithmetic", 2, "add sub mul div mod"),
    *_ops("arithmetic", 1, "neg abs"),
    *_ops("arithmetic", 2, "min max"),
    *_ops("bit", 2, "and or xor shl shr"),
    *_ops("bit", 1, "not"),
    *_ops("compare", 2, "lt le eq ne"),
    *_ops("select", 3, "sel"),
    *_ops("cast", 1, "cast"),
    *_MATH[:_MATH_FIRST],
    # What has no closed dataflow. A loop that is not unrolled: `carry` (child: the value before the loop; its value
    # numbers the variable) stands for a variable inside the body, `loop` (children: condition, value after one pass,
    # carry) for the variable afterwards. `opaque` stands for code that is not followed at all, its children for what it
    # reads.
    *_ops("loop", 1, "carry"),
    *_ops("loop", 3, "loop"),
    *_ops("loop", 2, "opaque"),
    # A constant table too long to become selects; children: index, least and greatest entry.
    *_ops("lookup", 3, "lookup"),
    *_MATH[_MATH_FIRST:],
    # The bits of a number as one of another type of as many.
    *_ops("bit", 1, "bitcast"),
]
INDEX = {op.name: i for i, op in enumerate(OPS)}
COMMUTATIVE = frozenset("add mul and or xor eq ne".split()) | {n for n, o in OPERATORS.items() if o.commutative}
PREDICATES = frozenset(op.name for op in OPS if op.group in ("compare", "test"))
UNEVALUABLE = frozenset("carry loop opaque".split())
# A loop that is computed, of graphs that are lowered to be executed; they stand outside of the table, as nothing that
# was trained reads them. `carry` is a variable inside the body, as above. `repeat` is the loop (children: whether it is
# entered, whether another pass follows, each variable after a pass, each carry): until no other pass follows, all
# variables become what they are after a pass at once. `after` is a variable after the loop; its value numbers it.
REPEAT, AFTER = "repeat", "after"


_FLOATING: dict[str, np.ufunc] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.abs,
}
_ROUNDED = ("power", "trigonometry", "special")
_COMPARE = {"lt": np.less, "le": np.less_equal, "eq": np.equal, "ne": np.not_equal}

Trap = np.ndarray | None
"""bool, True where C's behaviour is undefined and the sandbox traps; None where it never does."""


def apply(op: str, out: Scalar, args: list[np.ndarray], table: np.ndarray | None = None) -> tuple[np.ndarray, Trap]:
    """Evaluate one operator on arrays of its children's values, with numpy broadcasting.

    Operands of arithmetic, bit and math operators already have the type `out`, but for a shift's count, which may have
    any integer type; comparisons take equal types and give 0 or 1 of type `out`; `cast` takes any. Floating-point
    warnings are the caller's to silence.
    """
    a = args[0]
    b = args[1] if len(args) > 1 else a
    if op in _COMPARE:
        return _COMPARE[op](a, b).astype(out.dtype), None
    if op == "sel":
        return np.where(a != 0, b, args[2]), None
    if op == "cast":
        return _cast(a, out)
    if op == "bitcast":
        return np.ascontiguousarray(a).view(out.dtype).reshape(np.shape(a)), None
    if op == "min":
        return np.where(a < b, a, b), None
    if op == "max":
        return np.where(a > b, a, b), None
    if op == "lookup":
        assert table is not None
        outside = (a < 0) | (a >= len(table))
        return table[np.where(outside, 0, a).astype(np.int64)], outside
    if op in OPERATORS:
        value = _called(OPERATORS[op], args)
        return value.astype(out.dtype) if op in PREDICATES else value, None
    if out.is_integer:
        return _integer(op, out, a, b)
    return _floating(op, a, b), None


def _called(operator: Operator, args: list[np.ndarray]) -> np.ndarray:
    """What a function of the mathematical library gives; in single precision rounded once, as most round it."""
    if args[0].dtype != np.float32 or operator.group not in _ROUNDED:
        return operator.compute(*args)
    return operator.compute(*(a.astype(np.float64) for a in args)).astype(np.float32)


def _floating(op: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    compute = _FLOATING[op]
    return np.asarray(compute(a) if compute.nin == 1 else compute(a, b))


def _integer(op: str, out: Scalar, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Trap]:
    signed = out.kind == "int"
    if op in ("and", "or", "xor", "not"):
        return {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}[op](
            a, b
        ) if op != "not" else ~a, None
    if op in ("shl", "shr"):
        return _shift(op, out, a, b)
    if op in ("div", "mod"):
        return _divide(op, out, a, b)
    if op in ("neg", "abs"):
        trap = a == out.limits[0] if signed else None
        value = np.negative(a)
        return (np.where(a < 0, value, a) if op == "abs" else value), trap
    compute = {"add": np.add, "sub": np.subtract, "mul": np.multiply}[op]
    value = compute(a, b, dtype=out.dtype)
    if not signed:
        return value, None
    if out.bits <= 32:
        # The exact result fits in 64 bits, so a difference from the wrapped one is an overflow.
        return value, compute(a, b, dtype=np.int64) != value
    # A float64 is exact enough to tell a 64-bit overflow from a value within 2^10 of the limit.
    exact = compute(a.astype(np.float64), b.astype(np.float64))
    return value, np.abs(exact - value.astype(np.float64)) > 2.0**32


def _shift(op: str, out: Scalar, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Trap]:
    trap = (b < 0) | (b >= out.bits)
    count = np.where(trap, 0, b).astype(out.dtype)
    # Of a negative number, and where bits are shifted into the sign or out of it, as gcc and clang define it.
    return (np.right_shift if op == "shr" else np.left_shift)(a, count), trap


def _divide(op: str, out: Scalar, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Trap]:
    trap = b == 0
    if out.kind == "int":
        trap = trap | ((a == out.limits[0]) & (b == -1))
    divisor = np.where(trap, 1, b).astype(out.dtype)
    remainder = np.fmod(a, divisor)  # C's remainder has the dividend's sign, as fmod's has
    return (remainder if op == "mod" else (a - remainder) // divisor), trap


def _cast(a: np.ndarray, out: Scalar) -> tuple[np.ndarray, Trap]:
    if out.code == "bool":
        return a != 0, None
    if not out.is_integer or a.dtype.kind != "f":
        return a.astype(out.dtype), None
    low, high = out.limits
    whole = np.trunc(a)
    # float(high) rounds up to 2^63 or 2^64 for the 64-bit types: the comparison must exclude it.
    trap = ~((whole >= low) & (whole < float(high) + 1 if out.bits < 64 else (whole >= low) & (whole < float(high))))
    return np.where(trap, 0, whole).astype(out.dtype), trap


DTYPE_INDEX = {code: i for i, code in enumerate(SCALARS)}

"""How often people write what: shares counted on functions, and parts of functions, harvested from Debian's sources.

They were counted on half of the packages of the wide harvest (docs/corpus.md says which) and rounded; some were then
moved on the same half, by what a classifier told generated programs by. `training/studies/shares.py` counts them.
"""

from __future__ import annotations

from cprograms.generate.distribution import Weighted

# What stands at a place of an expression, for code with floating types and for whole-number code. A place is an
# operator and a side (`-R`: right of a minus; `?C`, `?T`, `?F`: a conditional's condition and branches), an assignment
# (`=`, `+=`), a return, a call's operand, the operand of a cast, a minus or a not, or the condition of an if.
# `whole` and `point` are literals, `compare`, `logic`, `negative`, `not` groups of operators.
REAL_PLACES = {
    "return": Weighted("+ 26, * 21, / 21, - 18, call 8, ? 3, negative 0.6"),
    "=": Weighted("name 14, - 16, * 14, + 14, / 13, call 9, whole 6, ? 3, cast 4, point 3, negative 2"),
    "+=": Weighted("name 33, * 33, / 9, whole 6, point 5, call 3, - 3, cast 3, + 2"),
    "*L": Weighted("name 49, point 13, * 12, - 5, whole 4, negative 4, + 3, / 3, call 3, cast 1, ? 0.3"),
    "*R": Weighted("name 60, call 10, point 8, - 7, + 5, / 5, whole 3, cast 1, negative 0.5, * 0.5, ? 0.3"),
    "-L": Weighted("name 51, * 13, point 9, + 9, whole 7, - 6, / 3, negative 1, call 1, cast 0.5"),
    "-R": Weighted("name 51, * 18, point 10, whole 15, call 4, / 3, cast 2, + 1, - 1"),
    "+L": Weighted("name 34, * 29, + 14, point 6, / 4, - 4, whole 4, call 2, cast 2, negative 0.8, ? 0.3"),
    "+R": Weighted("* 41, name 28, point 10, whole 10, / 7, call 2, cast 0.7, + 0.4, ? 0.3"),
    "/L": Weighted("name 31, * 17, point 17, - 14, cast 6, / 5, + 5, call 3, whole 1, negative 0.6"),
    "/R": Weighted("name 35, point 33, whole 11, - 5, * 5, + 5, cast 3, call 2"),
    "call": Weighted("name 38, / 16, * 14, + 9, - 7, point 3, cast 3, whole 2, call 2, negative 1, ? 0.7"),
    "compareL": Weighted("name 86, - 4, / 2, + 2, call 1, * 1, cast 0.6, ? 0.6"),
    "compareR": Weighted("whole 38, name 30, point 15, - 4, * 3, / 2, + 2, call 1, cast 1"),
    "if": Weighted("compare 70, logic 14, name 6, & 6, not 4"),
    "cast": Weighted("name 50, + 12, call 9, - 9, * 4, / 4, ? 2, negative 1"),
    "negative": Weighted("name 50, point 15, call 5, + 3, * 1"),
    "?C": Weighted("compare 94, name 4, logic 1"),
    "?T": Weighted("name 35, ? 14, / 13, whole 9, - 9, point 5, + 4, cast 4, negative 3, * 2, call 2"),
    "?F": Weighted("name 30, whole 26, point 10, / 9, negative 6, - 6, + 4, call 4, cast 2, ? 2, * 2"),
    "logicL": Weighted("compare 66, logic 17, name 12, & 3, not 3"),
    "logicR": Weighted("compare 70, name 13, logic 9, not 7, & 1"),
}
INTEGER_PLACES = {
    "return": Weighted("+ 43, - 13, * 11, ? 5, >> 4, / 6, | 2.5, & 3, ^ 1.5, << 1, ~ 0.4, % 0.4"),
    "=": Weighted(
        "+ 16, name 16, whole 15, - 11, ? 4, >> 4.5, / 6, * 5, cast 3, & 2, negative 2, call 1, | 1, << 1, ^ 1"
    ),
    "+=": Weighted("name 35, whole 30, * 11, ~ 5, - 5, + 3, << 3, / 2, ? 1, cast 1, | 1, & 0.7"),
    "*L": Weighted("name 35, whole 27, - 11, cast 7, * 7, + 6, / 2, & 1, negative 0.8, >> 0.8, ^ 0.2, ? 0.2"),
    "*R": Weighted("name 47, whole 29, + 6, - 5, cast 5, >> 3, << 1, / 0.8, % 0.5, ? 0.5, * 0.3, & 0.2"),
    "-L": Weighted("name 58, + 10, * 7, whole 6, - 6, negative 4, cast 3, << 2, / 2, & 0.5, ? 0.5, >> 0.3"),
    "-R": Weighted("name 47, whole 44, * 6, / 2, + 2, >> 1, ? 1, % 1, cast 0.8, & 0.3, << 0.3"),
    "+L": Weighted("name 36, * 23, + 21, / 5, whole 5, - 3, >> 2, << 1, ^ 1, & 0.7, ? 0.5, | 0.3, cast 0.3"),
    "+R": Weighted("name 35, whole 27, * 21, / 5, & 2, - 2, >> 2, ? 1, << 1, + 1, % 0.3"),
    "/L": Weighted("* 36, name 33, + 11, - 7, whole 5, / 3, cast 2, ? 0.5, << 0.5"),
    "/R": Weighted("whole 70, name 23, << 2, * 2, + 2"),
    "%L": Weighted("name 50, + 20, * 10, - 10, / 8"),
    "%R": Weighted("whole 75, name 25"),
    ">>L": Weighted("* 32, name 26, + 15, whole 4, - 6, & 4, | 3, cast 2, << 2, ^ 1"),
    ">>R": Weighted("whole 90, name 10"),
    "<<L": Weighted("name 40, whole 27, & 6, cast 5, / 5, | 5, * 5, >> 4, - 2, + 0.9"),
    "<<R": Weighted("whole 71, name 29"),
    "&L": Weighted("name 52, >> 16, << 7, + 7, whole 5, cast 3, & 1, ^ 0.7, / 0.7, - 0.7"),
    "&R": Weighted("whole 72, name 8, ~ 7, | 3, - 2, ^ 3, cast 1"),
    "|L": Weighted("| 29, << 27, & 20, whole 5, >> 4, name 8, ^ 1, ? 1"),
    "|R": Weighted("whole 31, << 24, name 19, >> 12, & 7, ^ 3, ? 3, * 1"),
    "^L": Weighted("name 70, ^ 12, << 8, >> 6, whole 2"),
    "^R": Weighted("name 48, whole 26, & 8, >> 8, + 2, ^ 2, ? 2"),
    "call": Weighted("name 58, - 20, + 10, whole 2, ? 2"),
    "compareL": Weighted("name 85, + 3, - 2, & 2, / 1, % 1, * 0.9, cast 0.9, ? 0.5, >> 0.2"),
    "compareR": Weighted("whole 62, name 22, - 6, negative 4, * 1, / 1, + 0.9, cast 0.7, ? 0.5"),
    "if": Weighted("compare 67, logic 20, name 8, & 3, not 2"),
    "cast": Weighted("name 54, - 9, + 8, whole 7, ^ 6, % 3, >> 3, / 1, & 1, ? 0.7, * 0.7"),
    "negative": Weighted("whole 60, name 30, cast 2"),
    "~": Weighted("whole 60, name 40"),
    "?C": Weighted("compare 69, not 13, name 10, & 5, logic 2"),
    "?T": Weighted("name 32, whole 17, >> 5, - 13, + 9, / 6, ? 3, negative 2, * 2, cast 1"),
    "?F": Weighted("whole 29, name 26, ? 17, - 12, * 4, + 3, / 2, >> 2, negative 2, cast 1, compare 0.7"),
    "not": Weighted("& 75, name 25"),
    "logicL": Weighted("compare 60, logic 23, name 12, not 3, & 1"),
    "logicR": Weighted("compare 86, name 8, not 5, logic 1"),
}

# Share of programs that have little of an operator: a program is not a mixture of everything.
AVOIDED = {"+": 0.4, "*": 0.35, "/": 0.2, "-": 0.2, "?": 0.35, "cast": 0.2, "&": 0.3}

# The types of arguments; the program's own type comes first.
REAL_TYPES = Weighted("f64 50, f32 28, i32 17, u32 2.5, u8 1, i64 0.8, u64 0.6, i16 0.6, u16 0.5")
INTEGER_TYPES = Weighted("i32 63, u32 14, u8 7, i16 5, u64 4.5, i64 3.5, u16 2, i8 2")
REAL_CASTS = Weighted("f64 45, i32 18, f32 18")
INTEGER_CASTS = Weighted("i32 62, u32 14, i64 10, u64 6, u8 1.5, u16 3")

REAL_COMPARISONS = Weighted("> 33, < 33, == 20, >= 12, <= 6, != 8")
INTEGER_COMPARISONS = Weighted("== 34, > 27, < 25, != 9, >= 7, <= 4")
REAL_CALLS = Weighted(
    "sqrt 16, fabs 11, cos 10, pow 10, sin 8, exp 8, log 7, floor 4.5, log10 3, tan 2, asin 2, acos 2, atan 2, "
    "atan2 1.2, ceil 1, tanh 0.5"
)

# Literals of usual size by the operator that they stand beside; `other` is drawn by its digits.
REAL_WHOLES = Weighted("2 40, 1 14, 3 5, 4 6, 8 3, 10 5, 100 4, 16 3, 180 2, 255 3, 1000 3, 5 2, 6 2, 20 2, other 10")
SUMMED_WHOLES = Weighted("1 72, 2 10, 3 3, 4 3, 8 2, 10 2, 5 1, 16 2, 15 1.5, 7 1, 100 1, other 10")
SCALING_WHOLES = Weighted(
    "2 36, 3 8, 4 11, 8 9, 10 6, 16 5, 5 2, 6 1.5, 7 1, 9 1, 100 3, 12 3, 1000 2, 255 2, other 10"
)
COMPARED_WHOLES = Weighted("0 44, 1 14, 2 7, 3 4, 4 3, 8 3, 5 2, 10 3, 7 2, other 30")
SHIFTS = Weighted("8 23, 1 17, 2 11, 16 7, 3 9, 4 10, 6 6, 5 4, 9 5, 7 4, 14 3")
MASKS = Weighted(
    "0xff 12, 0xFF 8, 255 5, 0x7f 5, 1 14, 0x01 5, 3 6, 7 7, 0x0f 6, 0x0F 4, 15 4, 0x1f 4, 0x80 5, 0x3f 4, 0x7fff 4, "
    "0xff00 4, 2 4, 4 4, 8 3, 0x10 3, 0x20 3, 0x40 3, 31 2, 63 2"
)
POINTS = Weighted(
    "1.0 13, 2.0 9, 0.5 9, 180.0 3, 255.0 3, 0.1 2, 100.0 2.5, 2. 3, .5 2.5, 10.0 3, 3.0 2, 1. 2, 4.0 2, 10. 1.5, "
    "0.8 1.2, 0.7 1, 1.5 1, 1.2 1, 20.0 1, 0.001 1, 365.25 0.8, 360.0 1, 3.14159265358979323846 9, 6.0 0.8, 60.0 1, "
    "12.0 0.8, 0.25 1, 8.0 1, 1000.0 1.5, 1024.0 0.8, 32768.0 0.8, 128.0 1, other 24"
)
POINT_DIGITS = Weighted("1 8, 2 22, 3 24, 4 18, 5 12, 6 6, 8 5, 9 5")

# What a row of statements is made of. `new` assigns to a variable that it declares, `old` to one that there is.
REAL_STEPS = Weighted("new 52, old 6, change 9, if 20, choice 17, step 1")
INTEGER_STEPS = Weighted("new 40, old 8, change 11, if 30, choice 12, step 3")
REAL_ROWS = Weighted("1 34, 2 29, 3 16, 4 9, 5 7, 6 2, 7 2, 8 3")
INTEGER_ROWS = Weighted("1 45, 2 29, 3 12, 4 5, 5 6, 6 2, 7 2")
REAL_CHANGES = Weighted("+= 52, *= 20, -= 20, /= 8")
INTEGER_CHANGES = Weighted("+= 55, -= 20, |= 13, &= 9, <<= 3, >>= 2")
BRANCH = Weighted("1 66, 2 28, 3 6")

# The ranges of arguments that are read where not every number can stand.
REAL_RANGES: dict[str, list[tuple[float, float]]] = {
    "positive": [(0.5, 2.0), (1.0, 10.0), (0.2, 1.0), (2.0, 50.0), (0.5, 5.0), (10.0, 100.0), (1.0, 2.0)],
    "nonnegative": [(0.0, 1.0), (0.0, 10.0), (0.0, 100.0), (0.0, 255.0), (0.1, 10.0)],
    "high": [(10.0, 100.0), (20.0, 200.0), (100.0, 1000.0), (12.0, 20.0)],
    "low": [(0.0, 1.0), (0.0, 10.0), (1.0, 8.0)],
    "unit": [(-1.0, 1.0), (0.0, 1.0)],
    "modest": [(-1.0, 1.0), (0.0, 1.0), (-3.0, 3.0), (0.0, 5.0), (-4.0, 2.0)],
}
INTEGER_RANGES: dict[str, list[tuple[int, int]]] = {
    "positive": [(1, 10), (2, 16), (4, 32), (10, 100), (16, 64), (1, 4)],
    "nonnegative": [(0, 255), (0, 100), (0, 15), (0, 1000), (0, 65535)],
    "high": [(20, 255), (100, 1000), (16, 64)],
    "low": [(0, 8), (0, 15), (1, 10)],
    "unit": [(0, 1)],
    "modest": [(0, 5), (-3, 3), (0, 7)],
    "shift": [(0, 7), (0, 15), (1, 8), (0, 4)],
    "few": [(0, 3), (0, 7), (1, 4), (0, 1), (0, 15)],
}

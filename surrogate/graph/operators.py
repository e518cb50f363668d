"""What the operators of the dataflow graph compute in torch, elementwise: `cprograms.ops` has the definition.

Values are held as one of five kinds of tensors:

- `f64`, `f32`: a floating type;
- `real`: an integer of at most 32 bits, exact, as float64: gradients flow through its arithmetic as of real numbers;
- `whole`: an integer as int64, without gradient: results of bit operators, and the bits of 64-bit types, unsigned too;
- `flag`: a truth value, as bool.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["f64", "f32", "real", "whole", "flag"]
Compute = Callable[..., Tensor]
DTYPES: dict[Kind, torch.dtype] = {
    "f64": torch.float64,
    "f32": torch.float32,
    "real": torch.float64,
    "whole": torch.int64,
    "flag": torch.bool,
}
LEAST = -(2**63)


def with_slope(value: Tensor, like: Tensor) -> Tensor:
    """The value, with the derivative of `like`, which is the same function without its jumps or in less precision."""
    if not (torch.is_grad_enabled() and like.requires_grad):
        return value
    nothing = (like - like.detach()).masked_fill(~torch.isfinite(like.detach()), 0)
    return value.detach() + nothing


def towards_zero(x: Tensor) -> Tensor:
    """torch.trunc, which takes twice as long."""
    return torch.div(x, 1.0, rounding_mode="trunc")


def truncated(x: Tensor) -> Tensor:
    """Towards zero, with the derivative 1: how an argument becomes an integer."""
    return with_slope(towards_zero(x), x)


# --- Floating types ---


def smaller(a: Tensor, b: Tensor) -> Tensor:
    if torch.is_inference_mode_enabled():
        return torch.minimum(_below_nan(a, math.inf), b)  # in a quarter of the time
    return torch.where(a < b, a, b)


def larger(a: Tensor, b: Tensor) -> Tensor:
    if torch.is_inference_mode_enabled():
        return torch.maximum(_below_nan(a, -math.inf), b)
    return torch.where(a > b, a, b)


def _below_nan(a: Tensor, neutral: float) -> Tensor:
    """With a neutral number for NaN: of a NaN and a number, C's idioms take the second operand."""
    return torch.nan_to_num(a, neutral, math.inf, -math.inf) if a.is_floating_point() else a


def rounded(x: Tensor) -> Tensor:
    """To the nearest integer, halves away from zero."""
    below_half = math.nextafter(0.5, 0) if x.dtype == torch.float64 else 0.5 - 2.0**-25
    return towards_zero(x + torch.copysign(torch.full_like(x, below_half), x))


def remainder(x: Tensor, y: Tensor) -> Tensor:
    """x - n y, exactly, with n the integer nearest to x / y, the even one of two."""
    period = torch.abs(y)
    rest = torch.fmod(torch.abs(x), period + period)
    half, once = period * 0.5, rest - period
    size = torch.where(rest <= half, rest, torch.where(once < half, once, once - period))
    return torch.where(torch.signbit(x), -size, size)


def positive_difference(x: Tensor, y: Tensor) -> Tensor:
    return torch.where(x <= y, torch.zeros_like(x), x - y)


def cube_root(x: Tensor) -> Tensor:
    size = torch.copysign(torch.pow(torch.abs(x), 1 / 3), x)
    with torch.no_grad():
        step = (size * size * size - x) / (3 * size * size)  # Newton's: the exponent 1/3 is rounded
        exact = torch.where(torch.isfinite(step), size - step, size)
    return with_slope(exact, size)


_LANCZOS = 607 / 128
_SERIES = (
    57.1562356658629235, -59.5979603554754912, 14.1360979747417471, -0.491913816097620199, 0.339946499848118887e-4,
    0.465236289270485756e-4, -0.983744753048795646e-4, 0.158088703224912494e-3, -0.210264441724104883e-3,
    0.217439618115212643e-3, -0.164318106536763890e-3, 0.844182239838527433e-4, -0.261908384015814087e-4,
    0.368991826595316234e-5,
)  # fmt: skip
_FACTORIALS = [float(math.factorial(n)) for n in range(171)]


def gamma(x: Tensor) -> Tensor:
    """Γ(x) by Lanczos' series (Godfrey's coefficients), reflected below 1/2; factorials are exact."""
    size = torch.exp(torch.lgamma(x))
    odd = (x < 0) & (torch.remainder(torch.floor(x), 2) == 1)
    with torch.no_grad():
        exact = _gamma(x.to(torch.float64)).to(x.dtype)
    return with_slope(exact, torch.where(odd, -size, size))


def _gamma(x: Tensor) -> Tensor:
    above = _upper_gamma(torch.where(x < 0.5, 1 - x, x))
    reflected = math.pi / (torch.sin(math.pi * torch.remainder(x, 2)) * above)
    integer = (x == torch.floor(x)) & (x >= 1) & (x <= len(_FACTORIALS))
    table = torch.tensor(_FACTORIALS, dtype=torch.float64, device=x.device)
    factorial = table[torch.where(integer, x - 1, torch.zeros_like(x)).long()]
    pole = (x == torch.floor(x)) & (x <= 0)
    value = torch.where(integer, factorial, torch.where(x < 0.5, reflected, above))
    at_pole = torch.where(x == 0, torch.copysign(torch.full_like(x, math.inf), x), torch.full_like(x, math.nan))
    return torch.where(pole, at_pole, value)


def _upper_gamma(x: Tensor) -> Tensor:
    """For x >= 1/2."""
    z = x - 1
    series = torch.full_like(x, 0.999999999999997092)
    for k, coefficient in enumerate(_SERIES):
        series = series + coefficient / (z + (k + 1))
    base = z + (_LANCZOS + 0.5)
    root = torch.pow(base, (z + 0.5) / 2)  # the whole power would overflow before Γ does
    return torch.where(
        x > 172, torch.full_like(x, math.inf), root * torch.exp(-base) * root * (series * math.sqrt(2 * math.pi))
    )


FLOATING: dict[str, Compute] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "neg": torch.neg,
    "abs": torch.abs,
    "min": smaller,
    "max": larger,
}
MATH: dict[str, Compute] = {
    "sqrt": torch.sqrt,
    "cbrt": cube_root,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "expm1": torch.expm1,
    "log": torch.log,
    "log2": torch.log2,
    "log10": torch.log10,
    "log1p": torch.log1p,
    "pow": torch.pow,
    "hypot": torch.hypot,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "asin": torch.asin,
    "acos": torch.acos,
    "atan": torch.atan,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "tanh": torch.tanh,
    "asinh": torch.asinh,
    "acosh": torch.acosh,
    "atanh": torch.atanh,
    "atan2": torch.atan2,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "trunc": towards_zero,
    "round": rounded,
    "rint": torch.round,
    "fmod": torch.fmod,
    "remainder": remainder,
    "fmin": torch.fmin,
    "fmax": torch.fmax,
    "fdim": positive_difference,
    "copysign": torch.copysign,
    "erf": torch.erf,
    "erfc": torch.erfc,
    "tgamma": gamma,
    "lgamma": torch.lgamma,
    "isnan": torch.isnan,
    "isinf": torch.isinf,
}
"""By the names of `cprograms.libm`; a test holds that none is missing."""
BITS: dict[str, Compute] = {
    "and": torch.bitwise_and,
    "or": torch.bitwise_or,
    "xor": torch.bitwise_xor,
    "not": torch.bitwise_not,
}
COMPARED: dict[str, Compute] = {"lt": torch.lt, "le": torch.le, "eq": torch.eq, "ne": torch.ne}


# --- Integers of at most 32 bits ---


def outside(low: float, high: float) -> Compute:
    """Where a value is not one of low … high; NaN is none."""

    def compute(v: Tensor) -> Tensor:
        if torch.is_inference_mode_enabled() and v.numel():
            least, greatest = torch.aminmax(v)
            if least >= low and greatest <= high:
                return torch.zeros((), dtype=torch.bool, device=v.device)  # which costs no later step anything
        return torch.ne(torch.clamp(v, low, high), v)

    return compute


def wrap_real(low: float, bits: int) -> Compute:
    """A `real` modulo 2^bits, from `low` on; exact below 2^53, with the derivative 1."""
    span = 2.0**bits
    return lambda v: v - torch.floor((v - low) / span) * span


def wrap_whole(low: int, bits: int) -> Compute:
    mask = (1 << bits) - 1
    if low == 0:
        return lambda v: torch.bitwise_and(v, mask)
    return lambda v: torch.bitwise_and(v - low, mask) + low


def quotient(a: Tensor, b: Tensor) -> Tensor:
    """Truncated, of `real` integers: their floating quotient is too exact to round to the next integer."""
    return torch.div(a, b, rounding_mode="trunc")


def modulo(a: Tensor, b: Tensor) -> Tensor:
    """With the sign of the dividend, of `real` integers; the derivative is 1 in the dividend."""
    return a - b * torch.div(a.detach(), b.detach(), rounding_mode="trunc")


def wrapped_product(bits: int) -> Compute:
    """Of unsigned `real` integers, modulo 2^bits: the floating product has too few digits."""
    mask = (1 << bits) - 1

    def compute(a: Tensor, b: Tensor) -> Tensor:
        exact = torch.bitwise_and(a.detach().long() * b.detach().long(), mask)
        return with_slope(exact.to(torch.float64), a * b)

    return compute


def known_sign(x: Tensor) -> Tensor:
    """A `real` as a floating number: integers have no negative zero."""
    return x + 0.0


# --- Shifts, of `whole` integers ---


def left(a: Tensor, count: Tensor) -> Tensor:
    return torch.bitwise_left_shift(a, torch.clamp(count, 0, 63))


def right(a: Tensor, count: Tensor) -> Tensor:
    return torch.bitwise_right_shift(a, torch.clamp(count, 0, 63))


def right_unsigned(a: Tensor, count: Tensor) -> Tensor:
    """Of 64 bits."""
    count = torch.clamp(count, 0, 63)
    kept = torch.bitwise_not(torch.bitwise_left_shift(torch.full_like(count, -2), 63 - count))
    return torch.bitwise_and(torch.bitwise_right_shift(a, count), kept)


# --- Integers of 64 bits, as `whole` ---


def signed_overflow(op: str) -> Compute:
    """Where a sum, difference or product (third operand) of two signed integers (the others) has wrapped."""

    def product(a: Tensor, b: Tensor, v: Tensor) -> Tensor:
        # A float64 is exact enough to tell an overflow from a value within 2^10 of the limit.
        return torch.abs(a.double() * b.double() - v.double()) > 2.0**32

    return {
        "add": lambda a, b, v: torch.bitwise_and(a ^ v, b ^ v) < 0,
        "sub": lambda a, b, v: torch.bitwise_and(a ^ b, a ^ v) < 0,
        "mul": product,
    }[op]


def flipped(a: Tensor) -> Tensor:
    """The top bit flipped: unsigned order becomes signed order."""
    return torch.bitwise_xor(a, LEAST)


def unsigned_compared(op: str) -> Compute:
    compute = COMPARED[op]
    return lambda a, b: compute(flipped(a), flipped(b))


def _divisor(b: Tensor, trap: Tensor) -> Tensor:
    return torch.where(trap, torch.ones_like(b), b)


def signed_division_trap(a: Tensor, b: Tensor) -> Tensor:
    return (b == 0) | ((a == LEAST) & (b == -1))


def signed_quotient(a: Tensor, b: Tensor) -> Tensor:
    return torch.div(a, _divisor(b, signed_division_trap(a, b)), rounding_mode="trunc")


def signed_modulo(a: Tensor, b: Tensor) -> Tensor:
    return torch.fmod(a, _divisor(b, signed_division_trap(a, b)))


def unsigned_quotient(a: Tensor, b: Tensor) -> Tensor:
    """Hacker's Delight, 9-3: half the dividend is divided as a signed number; the quotient is off by one at most."""
    divisor = _divisor(b, b <= 0)
    half = torch.div(right_unsigned(a, torch.ones_like(a)), divisor, rounding_mode="trunc") * 2
    more = flipped(a - half * divisor) >= flipped(divisor)
    return torch.where(b < 0, (flipped(a) >= flipped(b)).long(), half + more.long())


def unsigned_modulo(a: Tensor, b: Tensor) -> Tensor:
    return a - unsigned_quotient(a, b) * b


def unsigned_to_floating(dtype: torch.dtype) -> Compute:
    """Rounded once: the lowest bit of what does not fit is kept as a sticky one."""

    def compute(a: Tensor) -> Tensor:
        half = torch.bitwise_or(right_unsigned(a, torch.ones_like(a)), torch.bitwise_and(a, 1))
        return torch.where(a < 0, half.to(dtype) * 2, a.to(dtype))

    return compute


def floating_to_unsigned(x: Tensor) -> Tensor:
    """Of a truncated float64."""
    return torch.where(x < 2.0**63, x, x - 2.0**64).long()


def bits_of(bits: int, signed: bool) -> Compute:
    """The bits of a floating number, of as many, as a `whole` integer; without gradient."""
    if bits == 64:
        return lambda x: x.detach().contiguous().view(torch.int64)
    mask = -1 if signed else (1 << bits) - 1
    return lambda x: torch.bitwise_and(x.detach().contiguous().view(torch.int32).long(), mask)


def of_bits(bits: int) -> Compute:
    """The floating number that has the bits of a `whole` integer."""
    if bits == 64:
        return lambda v: v.contiguous().view(torch.float64)
    return lambda v: wrap_whole(-(2**31), 32)(v).int().view(torch.float32)


def beyond(low: float, end: float) -> Compute:
    """Where a value is not in low … end, without the end; NaN is not."""
    return lambda v: torch.bitwise_not((v >= low) & (v < end))


def entry(table: Tensor) -> Compute:
    """The entry at a `whole` index; that of the nearest end where there is none."""
    return lambda index: table.to(index.device)[torch.clamp(index, 0, len(table) - 1)]

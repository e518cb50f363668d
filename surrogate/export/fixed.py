"""Towers in integers alone, for processors without floating numbers: C, and the same in numpy, bit for bit.

Weights and activations have 8 or 16 bits; what a unit sums up has 64, and before its activation, as an input of the
first layer, 16. Every unit's weights have a scale of their own, and a layer's activations one that rows of the domain
say. All rounding is to the nearest, halves up, all shifts are arithmetic.

Shapes: n rows, A arguments, R results, H hidden units.
"""

from __future__ import annotations

import ctypes
import math
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.sampling import sample
from surrogate.export.c.numbers import array, comment
from surrogate.export.made import Made, Request, Rows
from surrogate.export.native import compiled
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.parts.towers import Towers
from surrogate.numeric.artifact import NumericArtifact
from surrogate.numeric.words import number
from surrogate.version import __version__

Whole = npt.NDArray[np.int64]

CALIBRATION = 4096
"""Rows of the domain that say how large activations are."""
MARGIN = 1.05
"""How much larger they may be elsewhere before they are cut off."""
FINE = 8
INPUT = 14
"""Binary digits after the point of an input of the first layer, which is from -2 to 2."""
SEGMENTS = 10
"""2 to this are the segments of the activation's table."""
MOST = 2**15 - 129
"""The greatest entry of a table, of which the upper 8 bits are rounded to 127."""
ROOM = 2**40
"""A unit's bias is at most so many steps of its scale."""


@dataclass(frozen=True)
class Step:
    """v · factor in integers: (v · multiplier + half) >> shift."""

    multiplier: Whole
    shift: Whole

    @classmethod
    def of(cls, factor: Rows, bits: int) -> Step:
        """Multipliers of so many bits. Raises UsageError for factors out of reach."""
        mantissa, exponent = np.frexp(np.where(factor == 0, 1, factor))
        shift = bits - exponent.astype(np.int64)
        if (shift < 1).any() or (shift > 62).any():
            raise UsageError("its scales are too far apart for fixed point: narrow the domain (--range)")
        multiplier = np.where(factor == 0, 0, np.rint(mantissa * 2**bits)).astype(np.int64)
        return cls(multiplier, shift)

    def __call__(self, value: Whole) -> Whole:
        return (value * self.multiplier + (1 << (self.shift - 1))) >> self.shift


@dataclass(frozen=True)
class Layer:
    """`weights` [out, in], `bias` [out], and the step to a sum of 16 bits before the activation, or to a result."""

    weights: Whole
    bias: Whole
    step: Step

    def __call__(self, given: Whole) -> Whole:
        """[n, in] -> [n, out]."""
        return self.step(given @ self.weights.T + self.bias)


class Unit(NamedTuple):
    """A tower: its hidden layers, their tables [2, 2^SEGMENTS + 1], its last layer, of one unit."""

    first: Layer
    second: Layer
    tables: Whole
    last: Layer


@dataclass(frozen=True)
class Fixed:
    """Towers in integers. An argument is `x · 2^in_shift`, a result `y · 2^out_shift`, both of 32 bits.

    `middle` is that of each argument's domain in its steps, with FINE digits after the point.
    """

    bits: int
    in_shift: Whole
    middle: Whole
    input: Step
    out_shift: Whole
    towers: tuple[Unit, ...]

    def arguments(self, x: Rows) -> Whole:
        """Rows in C units as integers: [n, A] -> [n, A]."""
        return np.clip(np.rint(np.ldexp(x, self.in_shift)), -(2**31), 2**31 - 1).astype(np.int64)

    def results(self, y: Whole) -> Rows:
        """The inverse for results: [n, R] -> [n, R]."""
        return np.ldexp(y.astype(np.float64), -self.out_shift)

    def __call__(self, x: Whole) -> Whole:
        """What the C computes: [n, A] -> [n, R]."""
        z = _cut(self.input((x << FINE) - self.middle), 16)
        found = []
        for first, second, tables, last in self.towers:
            h = self._activated(_cut(first(z), 16), tables[0])
            h = self._activated(_cut(second(h), 16), tables[1])
            found.append(last(h)[:, 0])
        return _cut(np.stack(found, axis=1), 32)

    def _activated(self, v: Whole, table: Whole) -> Whole:
        """A table of 16 bits, straight lines between its entries; of 8 bits the upper ones."""
        fraction = 16 - SEGMENTS
        place, rest = (v + 2**15) >> fraction, (v + 2**15) & (2**fraction - 1)
        between = (table[place] * (2**fraction - rest) + table[place + 1] * rest + 2 ** (fraction - 1)) >> fraction
        return np.asarray(between if self.bits == 16 else (between + 128) >> 8)


def _cut(v: Whole, bits: int) -> Whole:
    return np.clip(v, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


# --- From floating towers ---


def made(artifact: NumericArtifact, request: Request) -> Made:
    """The header and the C file. Raises UsageError for a network that has other parts than towers of the arguments."""
    if not isinstance(artifact.module, SurrogateNetwork):
        raise UsageError(f"{artifact.entry}: --fixed is for surrogates: a graph computes in the types of C")
    if request.guard:
        raise UsageError("--guard needs the original's signature, and --fixed takes integers: give one of them")
    assert request.fixed is not None
    _ensure_plain(artifact.module, artifact.entry)
    fixed = quantised(artifact, request.fixed)
    files = {name: text.encode() for name, text in sources(artifact, fixed, request).items()}
    x = sample(artifact.program, CALIBRATION, 1)
    true = artifact.outputs(x)
    spread = np.where(true.std(0) > 0, true.std(0), 1)
    error = (fixed.results(fixed(fixed.arguments(x))) - true) / spread
    nmse, worst = float((error**2).mean(0).max()), float(np.abs(error).max())
    far = f"nMSE {number(nmse)} of the surrogate, off by {number(worst)} deviations at most"
    line = f"fixed     {request.fixed} bits: {far}"
    facts = {"fixed": request.fixed, "nmse_of_surrogate": nmse, "greatest_difference": worst}
    return Made(files, partial(_run, artifact, fixed, files, request.name), partial(_expected, fixed), (line,), facts)


def _ensure_plain(module: SurrogateNetwork, entry: str) -> None:
    parts = {
        "taps": module.taps is not None,
        "a polynomial": module.polynomial is not None,
        "a table": module.table is not None,
        "a kernel": len(module.kernels) > 0,
        "no hidden units": module.w1.shape[1] == 0,
    }
    if found := [name for name, is_there in parts.items() if is_there]:
        raise UsageError(
            f"{entry}: fixed point holds an MLP of the arguments alone, and this surrogate has {' and '.join(found)};"
            " compile with --plain"
        )


def quantised(artifact: NumericArtifact, bits: int) -> Fixed:
    """The towers of a network in integers of so many bits, calibrated on rows of the domain."""
    module = artifact.module
    assert isinstance(module, SurrogateNetwork)
    x = sample(artifact.program, CALIBRATION, 0)
    mid, reach = module.mid.numpy(), module.reach.numpy()
    in_shift = np.array([0 if a.type.is_integer else _shift(max(abs(a.low), abs(a.high))) for a in artifact.arguments])
    with np.errstate(divide="ignore"):
        rate = np.where(np.isfinite(reach), 1 / reach, 0)
    for a, shift in zip(artifact.arguments, in_shift, strict=True):
        if max(abs(a.low), abs(a.high)) * 2.0**shift >= 2**31:
            raise UsageError(f"{artifact.entry}: '{a.name}' does not fit into 32 bits with a sign")
    middle = np.rint(np.ldexp(mid, in_shift + FINE)).astype(np.int64)
    step = Step.of(np.ldexp(rate, INPUT - FINE - in_shift), 20)
    y = artifact.outputs(x)
    largest = np.maximum(np.abs(y).max(0), 1e-300)
    integers = [r.type.is_integer for r in artifact.results]
    out_shift = np.array([0 if whole else _shift(v) for whole, v in zip(integers, largest, strict=True)])
    z = (x - mid) * rate
    towers = [
        _tower(Towers(*(w.detach().double() for w in tower)), z, bits, float(mean), float(std), int(shift))
        for tower, mean, std, shift in zip(module.towers.apart(), module.mean, module.std, out_shift, strict=True)
    ]
    return Fixed(bits, in_shift, middle, step, out_shift, tuple(towers))


def _shift(largest: float) -> int:
    """Digits after the point with which a number up to `largest`, and twice that, has 32 bits."""
    return 29 - math.frexp(largest or 1.0)[1]


def _tower(tower: Towers, z: Rows, bits: int, mean: float, std: float, out_shift: int) -> Unit:
    layers, tables, scale, given = [], [], 2.0**-INPUT, z
    for w in (tower.w1[0].numpy(), tower.w2[0].numpy()):
        sums = given @ w[:, :-1].T + w[:, -1]
        unit = MARGIN * float(np.abs(sums).max() or 1.0) / 2**15
        layers.append(_layer(w[:, :-1], w[:, -1], scale, unit, bits))
        given = sums / (1 + np.exp(-sums))
        activation = MARGIN * float(np.abs(given).max() or 1.0) / 2**15
        grid = (np.arange(2**SEGMENTS + 1) * 2 ** (16 - SEGMENTS) - 2**15) * unit
        table = np.rint(grid / (1 + np.exp(-grid)) / activation).astype(np.int64)
        tables.append(np.minimum(_cut(table, 16), MOST))
        scale = activation if bits == 16 else activation * 256
    w3 = tower.w3[0].numpy()
    last = _layer(w3[:, :-1] * std, w3[:, -1] * std + mean, scale, 2.0**-out_shift, bits)
    return Unit(layers[0], layers[1], np.stack(tables), last)


def _layer(weights: Rows, bias: Rows, scale: float, unit: float, bits: int) -> Layer:
    """Integers for weights [out, in] over inputs of one scale, to sums in steps of `unit`."""
    least = np.abs(bias) / scale / ROOM
    own = np.maximum(np.maximum(np.abs(weights).max(1) / (2 ** (bits - 1) - 1), least), 1e-300)  # [out]
    step = Step.of(own * scale / unit, 20)
    whole = np.rint(weights / own[:, None]).astype(np.int64)
    return Layer(whole, np.rint(bias / (own * scale)).astype(np.int64), step)


# --- C ---

_HEADER = """\
#ifndef <MACRO>_H
#define <MACRO>_H
#include <stddef.h>
#include <stdint.h>
<ABOUT>
#define <MACRO>_IN_SHIFTS {<IN>}
#define <MACRO>_OUT_SHIFTS {<OUT>}
#ifdef __cplusplus
extern "C" {
#endif
void <NAME>(const int32_t *x, int32_t *y);
void <NAME>_batch(const int32_t *x, int32_t *y, size_t n);
#ifdef __cplusplus
}
#endif
#endif
"""
_CODE = """\
static int64_t scaled(int64_t v, int64_t multiplier, int shift)
{
    return (v * multiplier + ((int64_t)1 << (shift - 1))) >> shift;
}

static int64_t cut(int64_t v, int64_t most)
{
    return v > most ? most : v < -most - 1 ? -most - 1 : v;
}

/* The activation: straight lines between the entries of a table. */
static whole activated(int64_t v, const int16_t *table)
{
    const int32_t moved = (int32_t)v + 32768, place = moved >> FRACTION, rest = moved & ((1 << FRACTION) - 1);
    const int32_t between = table[place] * ((1 << FRACTION) - rest) + table[place + 1] * rest;
    const int32_t found = (between + (1 << (FRACTION - 1))) >> FRACTION;
    return (whole)<UPPER>;
}

void <NAME>(const int32_t *x, int32_t *y)
{
    int16_t z[ARGUMENTS];
    whole first[HIDDEN], second[HIDDEN];
    for (int k = 0; k < ARGUMENTS; ++k)
        z[k] = (int16_t)cut(scaled(x[k] * (int64_t)STEP - middle[k], in_multiplier[k], in_shift[k]), 32767);
    for (int t = 0; t < RESULTS; ++t) {
        for (int h = 0; h < HIDDEN; ++h) {
            const int u = t * HIDDEN + h;
            int64_t sum = b1[u];
            for (int k = 0; k < ARGUMENTS; ++k) sum += (int32_t)w1[u * ARGUMENTS + k] * z[k];
            first[h] = activated(cut(scaled(sum, m1[u], s1[u]), 32767), table1 + t * ENTRIES);
        }
        for (int h = 0; h < HIDDEN; ++h) {
            const int u = t * HIDDEN + h;
            int64_t sum = b2[u];
            for (int k = 0; k < HIDDEN; ++k) sum += (int32_t)w2[u * HIDDEN + k] * first[k];
            second[h] = activated(cut(scaled(sum, m2[u], s2[u]), 32767), table2 + t * ENTRIES);
        }
        int64_t sum = b3[t];
        for (int k = 0; k < HIDDEN; ++k) sum += (int32_t)w3[t * HIDDEN + k] * second[k];
        y[t] = (int32_t)cut(scaled(sum, m3[t], s3[t]), 2147483647);
    }
}

void <NAME>_batch(const int32_t *x, int32_t *y, size_t n)
{
    for (size_t i = 0; i < n; ++i) <NAME>(x + i * ARGUMENTS, y + i * RESULTS);
}
"""


def sources(artifact: NumericArtifact, fixed: Fixed, request: Request) -> dict[str, str]:
    """The texts of the header and the C file."""
    first, second, last = ([getattr(t, name) for t in fixed.towers] for name in ("first", "second", "last"))
    hidden, (results, arguments) = len(first[0].bias), (len(fixed.towers), len(fixed.in_shift))
    whole = f"int{fixed.bits}_t"
    sizes = {"ARGUMENTS": arguments, "RESULTS": results, "HIDDEN": hidden}
    sizes |= {"STEP": 2**FINE, "FRACTION": 16 - SEGMENTS, "ENTRIES": 2**SEGMENTS + 1}
    tables = [
        f"enum {{ {', '.join(f'{name} = {size}' for name, size in sizes.items())} }};\ntypedef {whole} whole;",
        _array("int64_t middle[]", fixed.middle),
        _array("int32_t in_multiplier[]", fixed.input.multiplier),
        _array("int8_t in_shift[]", fixed.input.shift),
    ]
    for k, layers in enumerate((first, second, last), 1):
        tables += [
            _array(f"{whole} w{k}[]", np.stack([layer.weights for layer in layers])),
            _array(f"int64_t b{k}[]", np.stack([layer.bias for layer in layers])),
            _array(f"int32_t m{k}[]", np.stack([layer.step.multiplier for layer in layers])),
            _array(f"int8_t s{k}[]", np.stack([layer.step.shift for layer in layers])),
        ]
    tables += [_array(f"int16_t table{k + 1}[]", np.stack([t.tables[k] for t in fixed.towers])) for k in (0, 1)]
    about = [f"{artifact.signature} in integers, as `surrogate export --fixed` of version {__version__} wrote it.", ""]
    about += ["Domain:", *(f"  {line}" for line in artifact.signature.domain_lines())]
    names = f"x: {', '.join(a.name for a in artifact.arguments)}; y: {', '.join(r.name for r in artifact.results)}"
    how = [f"An argument a is given as a * 2^shift, a result r as r * 2^shift, rounded. {names}."]
    values = {
        "NAME": request.name,
        "MACRO": request.name.upper(),
        "ABOUT": comment(how),
        "IN": ", ".join(map(str, fixed.in_shift)),
        "OUT": ", ".join(map(str, fixed.out_shift)),
        "UPPER": "found" if fixed.bits == 16 else "((found + 128) >> 8)",
    }
    body = "\n\n".join([comment(about), f'#include "{request.file}.h"', "\n".join(tables), _CODE])
    texts = {f"{request.file}.h": _HEADER, f"{request.file}.c": body}
    for name, value in values.items():
        texts = {file: text.replace(f"<{name}>", value) for file, text in texts.items()}
    return texts


def _array(declaration: str, values: Whole) -> str:
    suffix = "ll" if "int64" in declaration else ""
    return array(declaration, (f"{v}{suffix}" for v in values.ravel().tolist()))


# --- Run back ---


def _expected(fixed: Fixed, x: Rows) -> Rows:
    return fixed.results(fixed(fixed.arguments(x)))


def _run(artifact: NumericArtifact, fixed: Fixed, files: dict[str, bytes], name: str, x: Rows) -> Rows:
    """The C on rows. Raises ProgramError where a bit differs from the reference."""
    given = fixed.arguments(x)
    with tempfile.TemporaryDirectory(prefix="surrogate-export-") as folder:
        library = compiled(
            {file: text.decode() for file, text in files.items()}, Path(folder), ["-std=c99", "-O2", "-fPIC"]
        )
        found = called(library, name, given, len(fixed.towers))
    if not np.array_equal(found, fixed(given)):
        raise ProgramError(
            [Diagnostic("the C that was written differs from its reference: nothing was kept", artifact.entry)]
        )
    return fixed.results(found)


def called(library: Path, name: str, x: Whole, results: int) -> Whole:
    """The batch entry of a shared library on integers [n, A]."""
    pointer: Any = ctypes.POINTER(ctypes.c_int32)
    function = getattr(ctypes.CDLL(str(library)), f"{name}_batch")
    function.argtypes, function.restype = [pointer, pointer, ctypes.c_size_t], None
    given, found = np.ascontiguousarray(x, dtype=np.int32), np.zeros((len(x), results), dtype=np.int32)
    function(given.ctypes.data_as(pointer), found.ctypes.data_as(pointer), len(given))
    return found.astype(np.int64)

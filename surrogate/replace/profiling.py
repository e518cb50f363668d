"""What a function is called with while its program runs: an instrumented build that notes every call."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pycparser import c_ast

from cprograms.program import Argument, Program
from cprograms.trees import type_text
from cprograms.types import paths
from surrogate.replace.rewriting import ORIGINAL, SURROGATE

NOTE = "SURROGATE_PROFILE"
"""The environment variable that names the file which the notes are written to, at the program's end."""
SAMPLE = 8192
_EVERY = 61
"""One call of so many is timed: a prime, so that no loop's rhythm is met."""
_HEADER = 6
_QUANTILES = 0.01, 0.5, 0.99

_NOTES = """\
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {{ ARGUMENTS = {arguments}, SAMPLE = {sample}, EVERY = {every} }};

static const double lowest[] = {{{low}}}, highest[] = {{{high}}};
static double least[ARGUMENTS], greatest[ARGUMENTS], sample[SAMPLE][ARGUMENTS];
static unsigned long long calls, outside, unbounded, timed, state = 88172645463325252ull;
static double seconds, clock_seconds;
static char busy;

static double now(void)
{{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}}

static void write_notes(void)
{{
    const char *name = getenv("{note}");
    FILE *file = name ? fopen(name, "wb") : NULL;
    double counts[] = {{(double)calls, (double)outside, (double)unbounded, (double)timed, seconds, clock_seconds}};
    if (!file)
        return;
    fwrite(counts, sizeof counts, 1, file);
    fwrite(least, sizeof least, 1, file);
    fwrite(greatest, sizeof greatest, 1, file);
    fwrite(sample, sizeof sample[0], calls < SAMPLE ? (size_t)calls : SAMPLE, file);
    fclose(file);
}}

static void begin(void)
{{
    for (int k = 0; k < ARGUMENTS; k++) {{
        least[k] = INFINITY;
        greatest[k] = -INFINITY;
    }}
    clock_seconds = INFINITY;
    for (int k = 0; k < 200; k++) {{
        double start = now(), took = now() - start;
        clock_seconds = took < clock_seconds ? took : clock_seconds;
    }}
    atexit(write_notes);
}}

/* Note a call; the time where it is to be timed, else 0. */
double surrogate_profile_begin(const double *row)
{{
    int out = 0, endless = 0;
    unsigned long long place;
    double start = 0;

    while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
        ;
    if (calls == 0)
        begin();
    for (int k = 0; k < ARGUMENTS; k++) {{
        double v = row[k];
        if (!isfinite(v)) {{
            endless = 1;
            continue;
        }}
        least[k] = v < least[k] ? v : least[k];
        greatest[k] = v > greatest[k] ? v : greatest[k];
        out |= v < lowest[k] || v > highest[k];
    }}
    outside += out || endless;
    unbounded += endless;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    place = calls < SAMPLE ? calls : state % (calls + 1);
    if (place < SAMPLE)
        for (int k = 0; k < ARGUMENTS; k++)
            sample[place][k] = row[k];
    if (calls++ % EVERY == 0)
        start = now();
    __atomic_clear(&busy, __ATOMIC_RELEASE);
    return start;
}}

void surrogate_profile_end(double start)
{{
    double end;
    if (start == 0)
        return;
    end = now();
    while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
        ;
    seconds += end - start;
    timed++;
    __atomic_clear(&busy, __ATOMIC_RELEASE);
}}
"""


@dataclass(frozen=True)
class Profile:
    """The calls of a function in one run: how many, those `outside` the domain that was known, and those with an
    argument that is no finite number; the least and the greatest value of each argument [A]; a `sample` of the rows
    [n, A], drawn evenly; and the mean processor
    time of a call in nanoseconds, the clock's own left out."""

    calls: int
    outside: int
    unbounded: int
    least: npt.NDArray[np.float64]
    greatest: npt.NDArray[np.float64]
    sample: npt.NDArray[np.float64]
    nanoseconds: float

    def quantiles(self, argument: int) -> tuple[float, float, float]:
        """The 1st percentile, the median and the 99th percentile of an argument."""
        column = self.sample[:, argument]
        low, middle, high = np.quantile(column[np.isfinite(column)], _QUANTILES)
        return float(low), float(middle), float(high)


def notes(arguments: Sequence[Argument], domain: Mapping[str, tuple[float, float]]) -> str:
    """The C file of an instrumented build. `domain` are the ranges that are known, by argument."""
    ranges = [domain.get(a.name, (-math.inf, math.inf)) for a in arguments]
    return _NOTES.format(
        arguments=len(arguments),
        sample=SAMPLE,
        every=_EVERY,
        low=", ".join(_constant(low) for low, _ in ranges),
        high=", ".join(_constant(high) for _, high in ranges),
        note=NOTE,
    )


DECLARATIONS = "extern double surrogate_profile_begin(const double *); extern void surrogate_profile_end(double);"


def wrapper(program: Program, of: str) -> str:
    """The body of a wrapper that notes the call and makes it, `of` ORIGINAL or SURROGATE."""
    row = ", ".join(f"(double)({leaf})" for leaf in leaves(program))
    begin = (
        f"const double surrogate_row[] = {{{row}}}; double surrogate_start = surrogate_profile_begin(surrogate_row); "
    )
    called, end = call(program, of), " surrogate_profile_end(surrogate_start);"
    if not program.returned:
        return f"{begin}{called};{end}"
    return f"{begin}__auto_type surrogate_result = {called};{end} return surrogate_result;"


def plain(program: Program, domain: Mapping[str, tuple[float, float]] | None) -> str:
    """The body of a wrapper that calls the surrogate, or where a `domain` is given the original outside it."""
    give = "return " if program.returned else ""
    if domain is None:
        return f"{give}{call(program, SURROGATE)};"
    inside = [
        f"{leaf} >= {_constant(domain[a.name][0])} && {leaf} <= {_constant(domain[a.name][1])}"
        for a, leaf in zip(program.arguments, leaves(program), strict=True)
    ]
    surrogate, original = call(program, SURROGATE), call(program, ORIGINAL)
    return f"if ({' && '.join(inside)}) {{ {give}{surrogate}; }} else {{ {give}{original}; }}"


def call(program: Program, of: str) -> str:
    """A call with the parameters that the caller was given."""
    return f"{of.format(program.entry)}({', '.join(p.name for p in program.parameters if p.passing != 'global')})"


def leaves(program: Program) -> list[str]:
    """The C expression of each argument within the function."""
    found = [""] * len(program.arguments)
    for parameter in program.parameters:
        for number, (path, _) in zip(parameter.arguments, paths(parameter.type), strict=True):
            if number is not None:
                found[number] = parameter.name + path
    return found


def pointers(program: Program) -> dict[str, str]:
    """The types of the parameters that are pointers, by name."""
    entry = next(n for n in program.unit.ext if isinstance(n, c_ast.FuncDef) and n.decl.name == program.entry)
    names = {p.name for p in program.parameters if p.passing == "pointer"}
    return {n.name: type_text(n.type) for n in (entry.decl.type.args.params if names else ()) if n.name in names}


def read(file: Path, arguments: int) -> Profile | None:
    """The notes of a run; None where it left none: the function was not called, or the program did not end as it
    should."""
    try:
        numbers = np.fromfile(file, dtype=np.float64)
    except FileNotFoundError:
        return None
    calls, outside, unbounded, timed, seconds, clock = (float(v) for v in numbers[:_HEADER])
    least, greatest, *rows = numbers[_HEADER:].reshape(-1, arguments)
    mean = (seconds / timed - clock) * 1e9 if timed else math.nan
    sample = np.array(rows).reshape(-1, arguments)
    return Profile(int(calls), int(outside), int(unbounded), least, greatest, sample, max(mean, 0.0))


def ranges(profile: Profile, arguments: Sequence[Argument]) -> dict[str, tuple[float, float]]:
    """The domain of each argument: what somebody declared, else from the least to the greatest value of the calls."""
    return {
        a.name: outwards(float(low), float(high)) if a.origin == "default" else (a.low, a.high)
        for a, low, high in zip(arguments, profile.least, profile.greatest, strict=True)
    }


def outwards(low: float, high: float) -> tuple[float, float]:
    """A range rounded to numbers of few digits around it, wider by less than a hundredth."""
    if not 0 < high - low < math.inf:
        return low, high
    digits = 2 - math.floor(math.log10(high - low))
    return _rounded(low, digits, ROUND_FLOOR), _rounded(high, digits, ROUND_CEILING)


def _rounded(v: float, digits: int, how: str) -> float:
    with localcontext() as context:
        context.prec = 400  # any double to any digit
        return float(Decimal(v).quantize(Decimal(1).scaleb(-digits), rounding=how))


def declared(arguments: Sequence[Argument]) -> dict[str, tuple[float, float]]:
    """The ranges that a pragma or the user gives."""
    return {a.name: (a.low, a.high) for a in arguments if a.origin != "default"}


def _constant(v: float) -> str:
    if math.isinf(v):
        return "INFINITY" if v > 0 else "-INFINITY"
    return v.hex() if isinstance(v, float) else repr(v)

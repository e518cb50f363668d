"""Which C functions are faster as surrogates, and by how much: nanoseconds an evaluation, each beside the C program.

For each function one executable is built that holds the C program and the exported C of its surrogates. It evaluates
the same rows with each of them, by turns, on one thread; a time is the least of several repeats. So what is compared
was measured in one run, and figures of different functions were not.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import geometric_mean
from textwrap import wrap
from typing import Any

import numpy as np

import cprograms
from cprograms.program import Program
from cprograms.types import Scalar
from surrogate.export.c import sources
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.network import Scale, random_network
from surrogate.mlp.pipeline import compile_program
from surrogate.numeric.checking.errors import result_error
from surrogate.numeric.rows import executed_rows, fresh_seed
from surrogate.replace.building import Compiler
from training.arrays import Array
from training.markdown import table_lines

LIBRARY = Path(cprograms.__file__).parent / "library"
EXPENSIVE = LIBRARY / "expensive"
WIDTHS = 8, 16, 32, 64
CHOSEN = "chosen"
"""The surrogate of the parts that -O2 chooses."""
GOOD = 1e-4
"""The greatest nMSE of any result at which a surrogate counts."""
BAR = 50
LEAST = 10.0
"""Nanoseconds: a function that takes less is not compiled, for no surrogate takes less."""
_ROWS, _SECONDS_A_TURN, _TURNS = 2048, 0.02, 7

_MAIN = """\
#define _POSIX_C_SOURCE 200809L
#include <stddef.h>
#include <stdio.h>
#include <time.h>
{text}
{declarations}
/* What is not static may be read elsewhere: so nothing of the work can be left out. */
__attribute__((noinline)) void c_batch(const double *restrict x, double *restrict y, size_t n)
{{
    for (size_t i = 0; i < n; i++, x += {arguments}, y += {results}) {{
        __auto_type r = {entry}({given});
        {stores}
    }}
}}
enum {{ ROWS = {rows}, KINDS = {kinds} }};
double x[ROWS * {arguments}], y[ROWS * {results}];
static double now(void)
{{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}}
int main(int argc, char **argv)
{{
    void (*batch[])(const double *restrict, double *restrict, size_t) = {{c_batch{batches}}};
    size_t rows[KINDS], repeats[KINDS];
    double least[KINDS];
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!file || fread(x, sizeof x, 1, file) != 1)
        return 1;
    for (int k = 0; k < KINDS; k++) {{
        double took = 0;
        for (rows[k] = 16;; rows[k] = rows[k] * 4 < ROWS ? rows[k] * 4 : ROWS) {{
            double start = now();
            batch[k](x, y, rows[k]);
            took = now() - start;
            if (took > {turn} / 4 || rows[k] == ROWS)
                break;
        }}
        repeats[k] = took < {turn} ? 1 + (size_t)({turn} / (took + 1e-9)) : 1;
        least[k] = 1e9;
    }}
    for (int turn = 0; turn < {turns}; turn++)
        for (int k = 0; k < KINDS; k++) {{
            double start = now(), took;
            for (size_t r = 0; r < repeats[k]; r++)
                batch[k](x, y, rows[k]);
            took = (now() - start) / (repeats[k] * rows[k]);
            least[k] = took < least[k] ? took : least[k];
        }}
    for (int k = 0; k < KINDS; k++)
        printf("%.4f\\n", 1e9 * least[k]);
    return 0;
}}
"""


@dataclass(frozen=True)
class Kind:
    """A surrogate of a function: its `name`, nanoseconds an evaluation, and the greatest nMSE of a result."""

    name: str
    nanoseconds: float
    nmse: float
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Speed:
    """A function: nanoseconds an evaluation of the C program, and its surrogates."""

    name: str
    about: str
    arguments: int
    results: int
    nanoseconds: float
    kinds: tuple[Kind, ...]

    @property
    def best(self) -> Kind | None:
        """The fastest surrogate that is good."""
        good = [k for k in self.kinds if k.nmse <= GOOD]
        return min(good, key=lambda k: k.nanoseconds) if good else None

    @property
    def ratio(self) -> float:
        """How many times faster it is; 0 where none is good."""
        return 0.0 if self.best is None else self.nanoseconds / self.best.nanoseconds

    def as_dict(self) -> dict[str, Any]:
        """For JSON, which has no infinity."""
        kinds = [{**vars(k), "nmse": k.nmse if math.isfinite(k.nmse) else None} for k in self.kinds]
        return {**vars(self), "kinds": kinds, "best": self.best and self.best.name, "ratio": self.ratio}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Speed:
        """The inverse of `as_dict`."""
        kinds = (
            Kind(k["name"], k["nanoseconds"], math.inf if k["nmse"] is None else k["nmse"], tuple(k["parts"]))
            for k in d["kinds"]
        )
        return cls(d["name"], d["about"], d["arguments"], d["results"], d["nanoseconds"], tuple(kinds))


def takes_scalars(program: Program) -> bool:
    """Whether all that a function takes is numbers, and all that it gives is returned."""
    by_value = all(p.passing == "value" and isinstance(p.type, Scalar) for p in program.parameters)
    return by_value and program.returned == len(program.results)


def measure(path: Path, steps: int, seed: int, by: Compiler, every: bool) -> Speed:
    """Time a function and its surrogates.

    A width that is slower than the C anyway is not fitted; nor, unless `every` one is wanted, one that is slower than a
    surrogate that is good.
    """
    program = cprograms.load(path)
    about = path.read_text().split(":")[0].strip("/* \n")
    rows = executed_rows(program, _ROWS, fresh_seed(seed))
    (own,) = _times(program, {}, by, rows[0])
    found = Speed(program.entry, about, len(program.arguments), len(program.results), own, ())
    if own < LEAST:
        return found
    made = {CHOSEN: compile_program(program, opt_level=2, seed=seed)}
    errors = _errors(made[CHOSEN], rows)
    nmse, limit = {CHOSEN: errors}, own
    if errors <= GOOD and not every:
        limit = min(own, _times(program, made, by, rows[0])[1])
    for width, took in zip(WIDTHS, _blank_times(found.arguments, found.results, by), strict=True):
        if took < limit:
            name, target = str(width), GOOD / 2
            made[name] = made[CHOSEN].finetune(width=width, plain=True, steps=steps, target_nmse=target, seed=seed)
            nmse[name] = _errors(made[name], rows)
            if nmse[name] <= GOOD and not every:
                limit = took
    own, *took_each = _times(program, made, by, rows[0])
    kinds = [
        Kind(name, took, nmse[name], tuple(surrogate.config()["parts"]))
        for (name, surrogate), took in zip(made.items(), took_each, strict=True)
    ]
    return replace(found, nanoseconds=own, kinds=tuple(kinds))


@cache
def _blank_times(arguments: int, results: int, by: Compiler) -> list[float]:
    """Nanoseconds an evaluation of a network of each width that knows nothing: it takes as long as one that does."""
    names = ", ".join(f"double x{k}" for k in range(arguments))
    fields = " ".join(f"double y{k};" for k in range(results))
    text = f"struct r {{ {fields} }}; struct r f({names}) {{ struct r r = {{x0}}; return r; }}"
    program = cprograms.load(source=text)
    scale = Scale(np.zeros(results), np.ones(results))
    blank = compile_program(program, opt_level=0, plain=True)
    networks = {w: random_network(program.domain, scale, 0, w) for w in WIDTHS}
    surrogates = {str(w): replace(blank, module=network) for w, network in networks.items()}
    x = np.random.default_rng(0).uniform(-1, 1, (_ROWS, arguments))
    return _times(program, surrogates, by, x)[1:]


def _errors(surrogate: Surrogate, rows: tuple[Array, Array]) -> float:
    """The greatest nMSE of a result on fresh rows."""
    x, y = rows
    pairs = zip(y.T, surrogate.outputs(x).T, strict=True)
    return max(result_error("", true, predicted).nmse for true, predicted in pairs)


def _times(program: Program, surrogates: Mapping[str, Surrogate], by: Compiler, x: Array) -> list[float]:
    """Nanoseconds an evaluation, of the C program and of each surrogate, in one run on the same rows [n, A]."""
    x = np.resize(x, (_ROWS, x.shape[1]))
    with tempfile.TemporaryDirectory(prefix="surrogate-speed-") as folder:
        room = Path(folder)
        names = [f"surrogate_{k}" for k in surrogates]
        units = ["main.c"]
        for name, surrogate in zip(names, surrogates.values(), strict=True):
            for file, text in sources(surrogate, name=name).items():
                (room / file).write_text(text)
            units.append(f"{name}.c")
        (room / "main.c").write_text(_main(program, names))
        x.tofile(room / "rows")
        command = [*by.command, *by.flags, "-std=gnu17", "-w", *units, "-o", "timed", "-lm"]
        subprocess.run(command, cwd=room, check=True, capture_output=True)
        done = subprocess.run([str(room / "timed"), "rows"], cwd=room, check=True, capture_output=True, text=True)
    return [float(line) for line in done.stdout.split()]


def _main(program: Program, names: Sequence[str]) -> str:
    paths = ["" if r.name == "return" else f".{r.name}" for r in program.results]
    return _MAIN.format(
        text=program.text,
        declarations="\n".join(
            f"void {name}_batch(const double *restrict, double *restrict, size_t);" for name in names
        ),
        entry=program.entry,
        given=", ".join(f"({a.type.name})x[{k}]" for k, a in enumerate(program.arguments)),
        stores=" ".join(f"y[{k}] = r{path};" for k, path in enumerate(paths)),
        batches="".join(f", {name}_batch" for name in names),
        arguments=len(program.arguments),
        results=len(program.results),
        kinds=1 + len(names),
        rows=_ROWS,
        turn=_SECONDS_A_TURN,
        turns=_TURNS,
    )


def measurable(folder: Path, names: Sequence[str]) -> list[Path]:
    """The files of a folder whose function takes and gives scalars; those of some names, or all."""
    paths = [path for path in sorted(folder.glob("*.c")) if not names or path.stem in names]
    return [path for path in paths if takes_scalars(cprograms.load(path))]


# --- The page ---


def page(document: Mapping[str, Any]) -> str:
    """docs/speed.md, from the figures of docs/results/speed.json."""
    expensive, library = ([Speed.from_dict(d) for d in document[name]] for name in ("expensive", "library"))
    return (
        "\n".join([*_about(document), *_of_expensive(expensive), *_of_library(library, document["functions"])]) + "\n"
    )


def _about(header: Mapping[str, Any]) -> list[str]:
    return f"""\
# Speed

When is a surrogate faster than the C function itself? Nanoseconds an evaluation, both in C, both built by
`{header["compiler"]}`, one thread, rows one after another. Made by

```console
$ {header["command"]}
```

- **C** is the C program in a loop over rows. The surrogate is what `surrogate export --format c` writes, by its batch
  entry.
- **chosen** is what `-O2` chooses: a polynomial, an MLP of 64 hidden units a layer, with or without taps. The
  widths are MLPs of the arguments alone (`finetune --width N --plain`), fitted in {header["steps"]} steps, half a
  second's work each, or in fewer where they suffice.
- A surrogate counts where the nMSE of each result is at most {GOOD:g}. Of those the fastest is **best**. One that errs
  more is in brackets.
- A width that is slower than the C is not fitted (–); nor, in the library, one that is slower than a good surrogate.
  A function of less than {LEAST:g} ns is not compiled at all.
- gcc builds the C for any x86-64 unasked. The surrogate's C has its loops for AVX2 and AVX-512 as well, and takes
  what the processor has: that is a part of its speed. `--cflags -march=native` lets the C program have them, too.
- Both sides of a ratio were timed in one run, by turns, and are the least of {_TURNS} repeats. Times of different rows
  of a table were not.
""".splitlines()


def _of_expensive(found: Sequence[Speed]) -> list[str]:
    ordered = sorted(found, key=lambda s: -s.ratio)
    over = sum(s.ratio >= BAR for s in found)
    lines = ["", "## Ten expensive kernels", ""]
    lines += _prose(
        "Root finding, integration, iteration, simulation, series, special functions, in"
        f" [`cprograms/library/expensive/`](../cprograms/library/expensive). {over} of {len(found)} are at least {BAR}"
        " times faster."
    )
    return [*lines, *_table(ordered)]


def _of_library(found: Sequence[Speed], functions: int) -> list[str]:
    faster = sorted((s for s in found if s.ratio > 1), key=lambda s: -s.ratio)
    slower = [s for s in found if 0 < s.ratio <= 1]
    short = [s for s in found if not s.kinds]
    bad = [s for s in found if s.kinds and s.best is None]
    lines = ["", "## The library", ""]
    others = []
    if slower:
        others.append(
            f"of {len(slower)} the good surrogates are slower ({_times_slower(slower)} in the geometric mean)"
        )
    if bad:
        others.append(f"of {len(bad)} no surrogate that was tried is good")
    if short:
        others.append(f"{len(short)} take less than {LEAST:g} ns, where the C is always faster")
    lines += _prose(
        f"Measured: {len(found)} of the {functions} functions of [the library](library.md), of those whose arguments"
        " and results are scalars"
        + ("." if len(found) > functions / 2 else ": the ones of most work first, so that the others are shorter.")
        + " Of these"
        f" {'; '.join([f'{len(faster)} are faster as surrogates', *others])}."
    )
    lines += _prose(
        "These are rows by the thousand. Called row by row a surrogate takes several times as long as in a batch, and"
        " a short C function does not: `surrogate check` has both times. What pays in either way is a loop of some"
        " hundred steps or more behind a few arguments."
    )
    if faster:
        lines += ["### Faster as a surrogate", "", *_table(faster)]
    if slower:
        ordered = sorted(slower, key=lambda s: -s.ratio)
        lines += ["", "### Slower", "", *_table(ordered)]
    return lines


def _prose(text: str) -> list[str]:
    """A paragraph, and the empty line after it."""
    return [*wrap(text, 110, break_long_words=False, break_on_hyphens=False), ""]


def _times_slower(found: Sequence[Speed]) -> str:
    return f"{1 / geometric_mean(s.ratio for s in found):.1f} times"


def _table(found: Sequence[Speed]) -> Iterator[str]:
    head = ["function", "what", "arguments", "C, ns", CHOSEN, *map(str, WIDTHS), "best", "nMSE", "times faster"]
    return table_lines(head, map(_row, found), len(head) - 2)


def _row(s: Speed) -> list[str]:
    by_name = {k.name: k for k in s.kinds}
    cells = [_cell(by_name.get(name)) for name in (CHOSEN, *map(str, WIDTHS))]
    best = (
        ["–", "–", "–"]
        if s.best is None
        else [s.best.name, f"{s.best.nmse:.1e}", f"{s.ratio:,.0f}" if s.ratio >= 100 else f"{s.ratio:.3g}"]
    )
    return [f"`{s.name}`", s.about, str(s.arguments), f"{s.nanoseconds:,.0f}", *cells, *best]


def _cell(kind: Kind | None) -> str:
    if kind is None:
        return "–"
    shown = f"{kind.nanoseconds:,.0f}"
    return shown if kind.nmse <= GOOD else f"({shown})"

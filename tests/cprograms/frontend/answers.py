"""What fuzzing asks of the front end and the lowering: whatever they are fed, a program or a diagnostic comes out."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

from pycparser import CParser

from cprograms import Program, ProgramError, UsageError
from cprograms.diagnostics import Diagnostic
from cprograms.frontend import file, loading
from cprograms.frontend.preprocess import Preprocessed
from cprograms.frontend.source import Source
from cprograms.lowering import lower

CORPUS = Path(__file__).parent / "corpus"
"""What fuzzing kept: inputs that reach different code, a text file each."""

SEED = """\
#include <math.h>
#define SQ(x) ((x) * (x))
typedef struct { double x, y; } point;
enum { N = 4 };
static const double table[N] = {1, 2, [3] = 4};
#pragma surrogate range(a, 0, 2)
static inline double helper(double a, int n) { return a * table[n & 3]; }
#pragma surrogate range(x, -2, 2)
#pragma surrogate entry(f)
point f(double x, unsigned n) {
  point p = {0, .y = sin(x)};
  for (int i = 0; i < N; i++) { p.x += i % 2 ? SQ(x) : helper(x, i); if (p.x > 1e3) break; }
  switch (n) { case 0: p.y = 1; break; default: goto end; }
end:
  return p;
}
"""
TOKENS = [
    *sorted(set(re.findall(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|[^\sA-Za-z_0-9]", SEED))),
    *("struct", "union", "enum", "typedef", "static", "const", "extern", "inline", "volatile", "_Complex", "void"),
    *("int", "long", "float", "char", "unsigned", "while", "do", "return", "goto", "sizeof", "typeof", "__attribute__"),
    *("...", "->", "<<", "&&", '"s"', "'c'", "0x1p3", "1e999", "089", "\n#pragma surrogate", "\n#line 3\n", "/*", "*/"),
]  # fmt: skip


def unchecked(source: Source) -> Preprocessed:
    """In place of the preprocessor: text as it is, and no compiler that rejects it first. A thousand times as fast."""
    return Preprocessed(f'# 1 "{source.name}"\n{source.text}')


def answers(source: str | bytes, compiler: bool = True) -> bool:
    """Whether a source loads, and then lowers; anything but an answer in one of the agreed forms is an error."""
    program = _loaded(source, compiler)
    if program is None:
        return False
    assert 1 <= len(program.arguments) <= 16
    assert 1 <= len(program.results) <= 4
    try:
        CParser(dialect="legacy").parse(program.text)
        graph = lower(program, max_nodes=64, unroll=16)
        assert len(graph.roots) == len(program.results)
    except Exception:
        # What no compiler has seen may be no C at all, of which nothing further need make sense.
        if compiler or _loaded(source, compiler=True) is not None:
            raise
    return True


def _loaded(source: str | bytes, compiler: bool) -> Program | None:
    found: tuple[Diagnostic, ...] = ()
    try:
        with nullcontext() if compiler else patch.object(file, "preprocess", unchecked):
            return loading.load(source=source)
    except UsageError:
        return None
    except ProgramError as error:
        found = error.diagnostics
    assert found
    assert all(isinstance(d, Diagnostic) and d.message and str(d) for d in found)
    return None

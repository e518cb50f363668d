"""Whatever is fed to the front end, it answers with a program or with a diagnostic."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycparser import CParser

from cprograms import ProgramError, UsageError
from cprograms.diagnostics import Diagnostic
from cprograms.frontend import file, loading
from cprograms.frontend.loading import describe
from cprograms.frontend.parse import Unit
from cprograms.frontend.preprocess import Preprocessed
from cprograms.frontend.source import Source

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
_TOKENS = [
    *sorted(set(re.findall(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|[^\sA-Za-z_0-9]", SEED))),
    *("struct", "union", "enum", "typedef", "static", "const", "extern", "inline", "volatile", "_Complex", "void"),
    *("int", "long", "float", "char", "unsigned", "while", "do", "return", "goto", "sizeof", "typeof", "__attribute__"),
    *("...", "->", "<<", "&&", '"s"', "'c'", "0x1p3", "1e999", "089", "\n#pragma surrogate", "\n#line 3\n", "/*", "*/"),
]  # fmt: skip
_FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_MANY = settings(_FEW, max_examples=200)


def unchecked(source: Source, include_dirs: object = (), defines: object = ()) -> Preprocessed:
    """In place of the preprocessor: text as it is, and no compiler that rejects it first. A thousand times as fast."""
    return Preprocessed(f'# 1 "{source.name}"\n{source.text}', ())


def answers(source: str | bytes, compiler: bool = True) -> bool:
    """Whether a source loads; anything but an answer in one of the agreed forms is an error."""
    found: tuple[Diagnostic, ...] = ()
    try:
        with nullcontext() if compiler else patch.object(file, "preprocess", unchecked):
            program = loading.load(source=source)
    except UsageError:
        return False
    except ProgramError as error:
        found = error.diagnostics
        program = None
    if program is None:
        assert found
        assert all(isinstance(d, Diagnostic) and d.message and str(d) for d in found)
        return False
    CParser(dialect="legacy").parse(program.text)
    assert 1 <= len(program.arguments) <= 16
    assert 1 <= len(program.results) <= 4
    return True


_SOUPS = st.lists(st.sampled_from(_TOKENS), max_size=60).map(" ".join)


@st.composite
def _mutations(draw: st.DrawFn) -> str:
    text = SEED
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(start + draw(st.integers(0, 12)), len(text))
        other = draw(st.integers(0, len(text)))
        piece = draw(st.sampled_from(["", text[other : other + 15], *_TOKENS]))
        text = text[:start] + piece + text[end:]
    return text


@_FEW
@given(st.binary(max_size=400))
def test_bytes(data: bytes):
    answers(data)


@_FEW
@given(_SOUPS)
def test_token_soup(text: str):
    answers(f"#include <math.h>\ndouble f(double x, int n) {{ {text} ; return x; }}")


@_FEW
@given(_mutations())
def test_mutations(text: str):
    answers(text)


@_MANY
@given(_SOUPS, st.booleans())
def test_token_soup_that_no_compiler_has_seen(text: str, inside: bool):
    answers(f"double f(double x, int n) {{ {text} ; return x; }}" if inside else text, compiler=False)


@_MANY
@given(_mutations())
def test_mutations_that_no_compiler_has_seen(text: str):
    answers(text, compiler=False)


@pytest.mark.parametrize(
    "text",
    [
        "}int g(int n) { return n; }f(a@@t n) { return a; }",
        "int f { return 1; }",
        "typedef int T(int); T f { return 1; }",
        "int f(int x) { return x; }SWITCH p;\n}\n}",
    ],
)
def test_what_fuzzing_once_found(text: str):
    answers(text, compiler=False)


def test_the_seed_itself_loads():
    assert answers(SEED)
    assert [c.eligible for c in describe(source=SEED).candidates] == [True, True]


@given(st.lists(st.sampled_from(_TOKENS), max_size=40).map(" ".join))
def test_chunks_cover_every_token_once(text: str):
    unit = Unit(text)
    ends = [0, *(c.end for c in unit.chunks)]
    assert all(c.start >= end for c, end in zip(unit.chunks, ends, strict=False))
    gaps = "".join(text[end : c.start] for c, end in zip(unit.chunks, ends, strict=False)) + text[ends[-1] :]
    assert set(re.sub(r"#[^\n]*", "", gaps)) <= set(" \n;}")


@pytest.mark.slow
def test_atheris(tmp_path: Path):
    """Coverage-guided, for a minute."""
    pytest.importorskip("atheris")
    script = Path(__file__).with_name("fuzz_front_end.py")
    command = [sys.executable, str(script), "-max_total_time=60", "-max_len=2000", "-timeout=10"]
    command += [f"-artifact_prefix={tmp_path}/", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=180, check=False)
    tried = re.findall(r"Done (\d+) runs", done.stderr)
    print(f"{tried[-1] if tried else 0} inputs tried")
    assert done.returncode == 0, done.stderr[-3000:]
    assert tried
    assert int(tried[-1]) > 100

"""Whatever is fed to the front end, it answers with a program or with a diagnostic."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cprograms.frontend.loading import describe
from cprograms.frontend.parse import Unit
from tests import ROOT
from tests.cprograms.frontend.answers import CORPUS, SEED, TOKENS, answers

_FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
_MANY = settings(_FEW, max_examples=200)


_SOUPS = st.lists(st.sampled_from(TOKENS), max_size=60).map(" ".join)


@st.composite
def _mutations(draw: st.DrawFn) -> str:
    text = SEED
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(start + draw(st.integers(0, 12)), len(text))
        other = draw(st.integers(0, len(text)))
        piece = draw(st.sampled_from(["", text[other : other + 15], *TOKENS]))
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
        "typedef struct { double x; } point;\nswitch point(n) { return n; }",
    ],
)
def test_what_fuzzing_once_found(text: str):
    answers(text, compiler=False)


def test_the_seed_itself_loads():
    assert answers(SEED)
    assert [c.eligible for c in describe(source=SEED).candidates] == [True, True]


@given(st.lists(st.sampled_from(TOKENS), max_size=40).map(" ".join))
def test_chunks_cover_every_token_once(text: str):
    unit = Unit(text)
    ends = [0, *(c.end for c in unit.chunks)]
    assert all(c.start >= end for c, end in zip(unit.chunks, ends, strict=False))
    gaps = "".join(text[end : c.start] for c, end in zip(unit.chunks, ends, strict=False)) + text[ends[-1] :]
    assert set(re.sub(r"#[^\n]*", "", gaps)) <= set(" \n;}")


def test_the_corpus_of_the_fuzzer():
    kept = sorted(CORPUS.iterdir())
    assert len(kept) > 50
    assert sum(path.stat().st_size for path in kept) < 200_000
    assert sum(answers(path.read_bytes(), compiler=False) for path in kept) > 5


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True])
def test_atheris(tmp_path: Path, whole: bool):
    """Coverage-guided, for a minute each: behind the preprocessor, and from the file's text on."""
    pytest.importorskip("atheris")
    command = [sys.executable, "-m", "tests.cprograms.frontend.fuzz", str(tmp_path / "found"), *["--compiler"] * whole]
    command += ["-max_total_time=60", "-max_len=1000", "-timeout=30", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=280, check=False)
    tried = re.findall(r"Done (\d+) runs", done.stderr)
    assert done.returncode == 0, done.stderr[-3000:]
    assert tried
    assert int(tried[-1]) > (20 if whole else 1000)

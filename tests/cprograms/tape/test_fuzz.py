"""Whatever is fed to the exact target's front end, it answers with a program or with a diagnostic."""

from __future__ import annotations

import re
from unittest.mock import patch

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cprograms import ProgramError, UsageError
from cprograms.diagnostics import Diagnostic
from cprograms.frontend import file
from cprograms.tape import load_tape
from cprograms.tape.modular import modular_job
from cprograms.tape.program import tape_parameter
from tests.cprograms.frontend.answers import unchecked

SEED = """\
enum { N = 4, LAST = -1 };
typedef unsigned word;
static const int STEP = N / 2;
static int twice(int a) { return a < 0 ? min(a, 2) : a * 2; }
static void put(int *tape, int i, word x) { int b[2] = {x, [1] = 3}; *(tape + i) = b[0] + tape[b[1]]; }
void f(int *mem) {
  int a[3], i = *mem, n = mem[LAST];
  _Bool done = !n;
  for (int j = 0, k = 1; j < N && !done; j++, k--) { a[j % 3] += twice(k); if (k == 2) continue; put(mem, i, j); }
  switch (n) { case 0: case -1: i = STEP; break; case 1 << 2: { mem[i++] = 'a'; } default: ; }
  do { n -= (i, 2); while (i > 3) { if (--i) break; else return; } } while (n > max(a[1], 7) || a[0]);
}
"""
_WORDS = re.findall(r"\w+|[^\w\s]|\s+", SEED)
_OTHERS = (
    '& -> goto x: float char struct static volatile sizeof 0 1.5 "s" extern const ~ <<= 999999999999999999999 '
    "typeof(i) int*p int(*g)(int) ({1;})"
)
_TOKENS = [*sorted({w for w in _WORDS if not w.isspace()}), *_OTHERS.split()]


def answers(source: str) -> bool:
    """Whether a source loads; anything but an answer in one of the agreed forms is an error."""
    found: tuple[Diagnostic, ...] = ()
    try:
        with patch.object(file, "preprocess", unchecked):
            program = load_tape(source=source)
        modular_job(program, 2**16 + 1)
    except UsageError:
        return False
    except ProgramError as error:
        found = error.diagnostics
        program = None
    if program is None:
        assert found
        assert all(isinstance(d, Diagnostic) and d.message and str(d) for d in found)
        return False
    assert tape_parameter(program.entry) is not None
    return True


def test_the_seed_is_a_program():
    assert answers(SEED)


@example([(3, 2, "f"), (173, 0, "!")])  # the entry is an enumerator as well
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(_WORDS) - 1), st.integers(0, 3), st.sampled_from(_TOKENS)), max_size=4))
def test_changed_programs_are_answered(changes: list[tuple[int, int, str]]):
    words = [*_WORDS]
    for place, length, token in changes:
        words[place : place + length] = [token]
    answers("".join(words))


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(_TOKENS), max_size=40))
def test_soups_are_answered(tokens: list[str]):
    answers(" ".join(tokens))
    answers(f"void f(int *mem) {{ int i, a[3]; {' '.join(tokens)} ; }}")

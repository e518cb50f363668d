"""Whole functions over arrays, structs, state and pointers: what they take and give, and what they are given for it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import cprograms
from cprograms.corpus.format import source_text
from cprograms.declarations import Unsupported
from cprograms.frontend.signature import Shape
from cprograms.harvest import candidates
from cprograms.harvest.candidates import Candidate
from cprograms.harvest.funnel import FORMS, form_of
from cprograms.harvest.settings import EXTENTS
from cprograms.harvest.trial import tried
from cprograms.sampling import sample
from cprograms.sandbox import run
from tests.cprograms.harvest.trees import harvested, harvested_text, write_tree


def whole(folder, text: str) -> Candidate:
    return harvested_text(folder, text)["f"]


def names(candidate: Candidate) -> tuple[list[str], list[str]]:
    return [a.name for a in candidate.program.arguments], [r.name for r in candidate.program.results]


# Text, form, arguments, results.
TAKEN = {
    "scalars": ("double f(double x, double y) { return x * y; }", "scalars", ["x", "y"], ["return"]),
    "results through pointers": (
        "void f(double x, double *s, double *c) { *s = x * x; *c = x + 1; }",
        "pointers to scalars",
        ["x"],
        ["s", "c"],
    ),
    "arrays": (
        "void f(const double v[2], double *o) { o[0] = v[0] * v[1]; o[1] = v[0] - v[1]; }",
        "arrays",
        ["v[0]", "v[1]"],
        ["o[0]", "o[1]"],
    ),
    "a struct": (
        "struct s { double x, y; }; void f(struct s *p, struct s q) { p->x += q.y * q.x; }",
        "structs",
        ["p.x", "q.x", "q.y"],
        ["p.x"],
    ),
    "globals and static locals": (
        "static double k; double f(double x) { static int n = 3; n++; k = k * 0.5 + x; return k * n; }",
        "state",
        ["x", "k", "n"],
        ["return", "k", "n"],
    ),
    "messages and exits that some rows reach": (
        'double f(double x) { if (x > 3) { printf("no\\n"); helper(x); exit(1); } return x * x; }',
        "scalars",
        ["x"],
        ["return"],
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken(name, tmp_path):
    text, form, arguments, results = TAKEN[name]
    found = whole(tmp_path, text)
    assert (*names(found), form_of(found.program)) == (arguments, results, form)
    assert found.shape == Shape()


def test_every_form_is_tested():
    assert {form for _, form, _, _ in TAKEN.values()} == set(FORMS)


# Text, and which settings are tried for it: a loop's bound, others, extents.
SETTLED = {
    "a loop's bound": (
        "double f(const double *a, int n) { double s = 0; for (int i = 0; i < n; i++) s += a[i] * a[i]; return s; }",
        Shape(fixed={"n": "extent"}),
    ),
    "a stride": (
        "void f(int n, double *a, int step) { for (int i = 0, k = 0; i < n; i++, k += step) a[k] = a[k] * 2 + 1; }",
        Shape(fixed={"n": "extent", "step": 1}),
    ),
    "an index": ("double f(const double *a, int i) { return a[i] * a[i] + 1; }", Shape(sizes={"a": "extent"})),
    "a row and a column": (
        "double f(double *m, int w, int i, int j) { return m[i * w + j] * 2 + m[0]; }",
        Shape(sizes={"m": "extent"}),
    ),
    "what is named as a length": (
        "double f(const double *a, int lda, int i) { return a[i * lda] * 2 + a[i]; }",
        Shape(fixed={"lda": "extent", "i": 1}),
    ),
    "an enum is none of them": (
        "enum order { ROWS = 101, COLUMNS }; double f(enum order by, const double *a, int n, int step) "
        "{ double s = 0; for (int i = 0; i < n; i++) s += a[by == ROWS ? i : i * step]; return s; }",
        Shape(fixed={"n": "extent", "step": 1}),
    ),
    "two dimensions, which make too many numbers": (
        "void f(double *o, const double *a, int n) { for (int i = 0; i < n; i++) { o[i] = 0; "
        "for (int j = 0; j < n; j++) o[i] += a[i * n + j]; } }",
        Shape(fixed={"n": 4}),
    ),
}


@pytest.mark.parametrize("name", SETTLED)
def test_what_the_code_does_not_tell_is_given(name, tmp_path):
    text, expected = SETTLED[name]
    shape = whole(tmp_path, text).shape
    for mine, theirs in ((shape.sizes, expected.sizes), (shape.fixed, expected.fixed)):
        assert mine.keys() == theirs.keys()
        assert all(mine[n] in EXTENTS if value == "extent" else mine[n] == value for n, value in theirs.items())


@pytest.mark.parametrize("name", [*TAKEN, *SETTLED])
def test_the_text_says_it_all(name, tmp_path):
    program = whole(tmp_path, {**TAKEN, **SETTLED}[name][0]).program
    loaded = cprograms.load(source=source_text(program))
    assert (loaded.parameters, loaded.results) == (program.parameters, program.results)
    assert [a.name for a in loaded.arguments] == [a.name for a in program.arguments]
    x = sample(program, 30, 0)
    np.testing.assert_array_equal(run(loaded, x), run(program, x))


REFUSED = {
    "void f(void *p, double x) { g(p, x * x + 2 * x); }": "not numeric: … points to what has no type of its own",
    "double f(double (*g)(double), double x) { return g(x * x) * 2; }": "not numeric: … is a pointer to a function",
    "void f(const double *a) { static double k; k = k * a[0] + 1; helper(k * 2); }": "not linked: a helper is not",
    "double f(const double *a, int n) { double s = 0; while (a[n] * 2 > s) s += a[n++] * 3; return s; }": "",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_taken_is_counted(text, tmp_path):
    counts: Counter[str] = Counter()
    found = harvested(write_tree(tmp_path / "t", {"a.c": text}), "a.c", counts)
    if REFUSED[text]:
        assert "f" not in found
        assert any(k.startswith(f"function: {REFUSED[text]}") for k in counts), counts
    else:
        assert found["f"].shape.sizes


def test_pieces_call_nothing_that_has_state(tmp_path):
    text = """
    static int calls;
    static double counted(double x) { calls++; return x * 2; }
    static double guarded(double x) { if (x > 3) gone(x); return x * 2; }
    void f(double *a) { a[0] = counted(a[1]) * a[2] + 1 / a[1]; a[3] = guarded(a[4]) * a[5] + 1 / a[4]; }
    """
    pieces = [c for c in harvested_text(tmp_path, text).values() if c.kind != "function"]
    assert pieces
    assert not any(word in c.program.text for c in pieces for word in ("counted(", "guarded("))


def test_what_only_hands_on_is_not_kept(tmp_path):
    text = """
    struct s { double x; int n; };
    void set(struct s *p, double x, int i) { p->x = x; p->n += 2 * 3 - 5 + 0 * i; }
    void mul(struct s *p, double x) { p->x = x * p->x; p->n = 2 * 3; }
    """
    counts: Counter[str] = Counter()
    found = [c for c in harvested_text(tmp_path, text).values() if c.kind == "function"]
    kept = [k.candidate.program.entry for k in tried(found, 64, counts)]
    assert kept == ["mul"]
    assert counts["function: run: gives its arguments alone"] == 1


def test_a_function_at_which_the_analysis_breaks_costs_itself_only(tmp_path, monkeypatch):
    functions = ("f", "broken", "large", "deep")
    text = "\n".join(f"double {name}(double x) {{ return x * x + {k}; }}" for k, name in enumerate(functions))
    original = candidates._Finder._program

    def program(finder, entity, kind):
        errors = {
            "broken": IndexError(),
            "large": Unsupported(entity.node, "'t' has too many members"),
            "deep": RecursionError(),
        }
        if entity.name in errors:
            raise errors[entity.name]
        return original(finder, entity, kind)

    monkeypatch.setattr(candidates._Finder, "_program", program)
    write_tree(tmp_path / "tree", {"a.c": text})
    counts: Counter[str] = Counter()
    assert list(harvested(tmp_path / "tree", "a.c", counts)) == ["f"]
    assert counts["function: not numeric: … has too many members"] == 1
    assert counts["function: not followed (IndexError)"] == counts["function: not followed (RecursionError)"] == 1

"""Distances between corpora: zero for equal ones, one for disjoint ones, and what is told apart."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from cprograms import load
from cprograms.corpus.distance import classifier_auc, distances, divergence, profile, traits
from cprograms.generate import generate


def test_the_divergence_is_that_of_its_definition():
    assert divergence(Counter("aab"), Counter("abaaab")) == pytest.approx(0)
    assert divergence(Counter("aab"), Counter("cd")) == pytest.approx(1)
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4), by hand
    by_hand = (math.log2(4 / 3) + 0.5 * math.log2(2 / 3) + 0.5 * math.log2(2)) / 2
    assert divergence(Counter("a"), Counter("ab")) == pytest.approx(by_hand)


def test_names_and_prototypes_do_not_count():
    a = load(source="double sin(double); double f(double x) { double t = sin(x); return 2.50 * t + 7; }")
    b = load(source="#include <math.h>\ndouble other(double u) { double v = sin(u); return 3.7 * v + 9; }")
    assert profile(a).tokens == profile(b).tokens
    assert profile(a).shapes == profile(b).shapes
    assert profile(a).literals == Counter({"real of 2 digits": 1, "integer of 1 digits": 1})


def test_traits_are_seen():
    program = load(source="static int g(int a) { return a & 3; } int f(int a) { if (a > 2) return g(a); return 1; }")
    held = profile(program).traits
    assert {"helper functions", "if", "several returns", "bit operators", "integer result"} <= held
    assert not held & {"loop", "else", "switch", "math.h", "local variables", "float", "one return statement only"}


def test_a_sample_is_near_itself_and_far_from_another():
    pytest.importorskip("sklearn", reason="the extra [analysis] is not installed")
    own = [profile(generate(seed)) for seed in range(120)]
    other = [profile(load(source=f"int f(int a) {{ return a / {n + 2} % {n + 3}; }}")) for n in range(12)] * 10
    names = [str(n) for n in range(240)]
    near = distances(own[:60], own[60:], (names[:60], names[60:120]))
    far = distances(own, other, (names[:120], names[120:]))
    assert all(near[name] < far[name] for name in near)
    assert traits(other)["remainder"] == 1


def test_a_classifier_tells_what_differs_only():
    pytest.importorskip("sklearn", reason="the extra [analysis] is not installed")
    own = [profile(generate(seed)) for seed in range(200)]
    other = [profile(load(source=f"int f(int a) {{ return a / {n + 2} % {n + 3}; }}")) for n in range(10)] * 10
    assert abs(classifier_auc(own[:100], own[100:]) - 0.5) < 0.15
    assert classifier_auc(own[:100], other) > 0.99


def test_a_package_that_is_known_by_its_neighbours_is_not_told_where_it_was_not_seen():
    pytest.importorskip("sklearn", reason="the extra [analysis] is not installed")
    # Every package has a word of its own, and nothing else tells the sides apart.
    words = ["sin", "cos", "tan", "exp", "log", "sqrt", "fabs", "floor", "ceil", "asin", "acos", "atan"]
    sources = [f"double {w}(double); double f(double x) {{ return {w}(x) + 1; }}" for w in words]
    profiles = [profile(load(source=source)) for source in sources for _ in range(8)]
    packages = [w for w in words for _ in range(8)]
    assert classifier_auc(profiles[:48], profiles[48:]) > 0.7
    assert classifier_auc(profiles[:48], profiles[48:], packages) == pytest.approx(0.5, abs=0.05)
    assert math.isnan(classifier_auc(profiles[:16], profiles[16:], packages))

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
    near, far = distances(own[:60], own[60:]), distances(own, other)
    assert all(near[name] < far[name] for name in near)
    assert traits(other)["remainder"] == 1


def test_a_classifier_tells_what_differs_only():
    pytest.importorskip("sklearn", reason="the extra [analysis] is not installed")
    own = [profile(generate(seed)) for seed in range(200)]
    other = [profile(load(source=f"int f(int a) {{ return a / {n + 2} % {n + 3}; }}")) for n in range(10)] * 10
    assert abs(classifier_auc(own[:100], own[100:]) - 0.5) < 0.15
    assert classifier_auc(own[:100], other) > 0.99

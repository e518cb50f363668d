"""Function definitions in the style of Kernighan and Ritchie's first edition."""

import numpy as np
import pytest

import cprograms

SOURCE = """
static float square(x) float x; { return x * x; }
int digits(n, m, k)
    int n, m;   /* the order of declarations is free */
    short k;
{ return 100 * n + 10 * m + k; }
__typeof__(1.0) unused;
static const double offset = 0.25;
double mixed(a, b)
double b;
float a;
{
    return square(a) + b + digits(1, 2, 3) + offset;
}
double modern(double a) { return 2 * a; }
"""


def test_parameters_have_their_declared_types_in_the_order_of_the_list():
    program = cprograms.load(source=SOURCE, entry="mixed")
    assert [(a.name, a.type.code) for a in program.arguments] == [("a", "f32"), ("b", "f64")]
    assert cprograms.run(program, np.array([[1.5, 0.5]])).item() == 1.5**2 + 0.5 + 123 + 0.25


@pytest.mark.parametrize("entry", ["square", "digits", "modern"])
def test_the_functions_around_it_are_found(entry):
    assert cprograms.load(source=SOURCE, entry=entry).entry == entry


def test_an_array_parameter_behind_a_typedef_is_a_pointer():
    source = "typedef double vec[3]; double norm(const vec v) { vec w; return v[1] * (sizeof w / sizeof *v); }"
    text = source + "double f(double x) { vec v = {1, x}; return norm(v); }"
    assert cprograms.run(cprograms.load(source=text), np.array([[2.0]])).item() == 6


def test_what_has_no_type_is_an_int():
    program = cprograms.load(source="next(n) { return n + 1; } int f(n, x) double x; { return next(n) * x; }")
    assert [a.type.code for a in program.arguments] == ["i32", "f64"]
    assert program.results[0].type.code == "i32"
    assert cprograms.run(program, np.array([[2, 1.5]])).item() == 4


def test_a_function_without_a_type_gives_an_int_whatever_its_parameters_are():
    source = """
sign(x)
double x;
{ return x < 0 ? -1.9 : 1; }
double f(double x) { return x * sign(x) * side(x, 2); }
side(x, y) double x; { return x < y ? 3.5 : y; }
"""
    program = cprograms.load(source=source, entry="sign")
    assert [(a.name, a.type.code) for a in program.arguments] == [("x", "f64")]
    assert program.results[0].type.code == "i32"
    assert cprograms.run(program, np.array([[-0.5], [0.5]])).ravel().tolist() == [-1, 1]
    with pytest.raises(cprograms.ProgramError) as told:
        cprograms.load(source=source.replace("side(x, y) double x; {", "side(x, y) double x, z; {"), entry="side")
    assert [d.line for d in told.value.diagnostics] == [6]

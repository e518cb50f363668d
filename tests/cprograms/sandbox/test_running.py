"""The sandbox against gcc and against hostile programs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cprograms
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.sandbox import running as sandbox
from cprograms.sandbox.running import Outcomes, Status, run, run_many, run_with_status
from tests.cprograms.native import GCC, processor_time, program_of, rows_of, run_native

OK = Status.OK
SQUARE = "double f(double x) { return x * x; }"
X = np.arange(3.0)[:, None]
ULPS = 2.0**-52
LIMITS = {
    "_Bool": (0, 1),
    "char": (-128, 127),
    "signed char": (-128, 127),
    "unsigned char": (0, 255),
    "short": (-(2**15), 2**15 - 1),
    "unsigned short": (0, 2**16 - 1),
    "int": (-(2**31), 2**31 - 1),
    "unsigned int": (0, 2**32 - 1),
    "long": (-(2**53), 2**53),
    "unsigned long": (0, 2**53),
    "long long": (-(2**53), 2**53),
    "unsigned long long": (0, 2**53),
    "float": (-1e6, 1e6),
    "double": (-1e6, 1e6),
}

# Source, ranges, and how many units in the last place the two C libraries may differ by.
AGREEMENT: list[tuple[str, list[tuple[float, float]] | None, float]] = [
    *((f"{t} f({t} a, {t} b) {{ return a > b ? a : b; }}", [r, r], 0) for t, r in LIMITS.items()),
    # gcc narrows the product of two unsigned shorts, whose overflow of int clang reports: such rows are left out.
    *(
        (f"{t} f({t} a, {t} b) {{ return a * b + 7 - a / 3; }}", [(r[0], min(r[1], 46340))] * 2, 0)
        for t, r in LIMITS.items()
    ),
    *(
        (f"{t} f({t} a, {t} b) {{ return (a << 3) ^ (b >> 2) ^ (a % 11) ^ (~a & b); }}", [r, r], 0)
        for t, r in LIMITS.items()
        if t not in ("float", "double")
    ),
    ("double f(double x, double y) { return x / y - x * y + (x < y); }", [(-2, 2), (-2, 2)], 0),
    ("float f(float x, float y) { return x * y * 1.1 + 0.1f; }", None, 0),
    ("int f(double x) { return x; }", [(-3e9, 3e9)], 0),
    ("unsigned char f(float x) { return (unsigned char)x; }", [(-20, 300)], 0),
    ("int f(int a, int b) { return a / b + a % b; }", [(-5, 5), (-2, 2)], 0),
    ("int f(int a, int n) { return a << n; }", [(-3, 100), (-2, 40)], 0),
    ("unsigned f(unsigned a, int n) { return a << n | a >> (32 - n); }", [(0, 2**32 - 1), (0, 32)], 0),
    ("long f(long a) { return a * 3000000000L % 1000003; }", [(-4e9, 4e9)], 0),
    ("unsigned long f(int a) { return a - sizeof(long) + sizeof(int) / 3 + (1L << 40); }", [(-100, 100)], 0),
    ("int f(int a) { return -1 < (int)sizeof(a) ? a - sizeof(long) > 0 : 5; }", [(-20, 20)], 0),
    ("double f(double x) { return x * 0x1.8p3 + 1e3 + 017 + 0xFFu + 10ULL + 3l; }", None, 0),
    (
        "int f(int c) { switch (c) { case 'n': return 1; case '\\n': return 2; case 'l': return 3; } return c; }",
        [(9, 120)],
        0,
    ),
    (
        "int f(int n) { int s = 0; for (int i = 0; i < n; ++i) { if (i % 3 == 0) continue; s += i * i; } return s; }",
        [(0, 50)],
        0,
    ),
    ("int f(int n) { int i = 0; again: if (i * i < n) { ++i; goto again; } return i; }", [(0, 1000)], 0),
    ("static int g(int n) { return n < 2 ? n : g(n - 1) + g(n - 2); } int f(int n) { return g(n); }", [(0, 15)], 0),
    (
        "static const double T[2][3] = {{1, 2.5, 3}, {4, 5, 6}}; double f(int i, int j) { return T[i][j]; }",
        [(0, 2), (0, 3)],
        0,
    ),
    ("double f(int i) { double t[5] = {1, 2}; t[i] = 9; return t[0] + 10 * t[1] + 100 * t[4]; }", [(-1, 5)], 0),
    ("enum E { A = 3, B, C = -2 }; enum E f(enum E e) { return e == A ? B : e == B ? C : A; }", [(-2, 4)], 0),
    ("typedef struct { double re, im; } cpx; cpx f(double a, double b) { cpx r = {a + b, a - b}; return r; }", None, 0),
    (
        "struct in { short k; float w; }; struct out { int a; struct in b; double c; };"
        "struct out f(int x, double y) { struct out r = {x, {(short)(2 * x), (float)y}, x * y}; return r; }",
        [(-99, 99), (-1, 1)],
        0,
    ),
    ("double sqrt(double); double f(double x) { return sqrt(x); }", [(-1, 4)], 0),
    (
        "double floor(double), fmod(double, double); double f(double x, double y) { return floor(x) + fmod(x, y); }",
        None,
        0,
    ),
    ("double sin(double), exp(double); double f(double x) { return sin(x) * exp(x); }", [(-3, 3)], 4),
    ("double pow(double, double); double f(double x, double y) { return pow(x, y); }", [(0, 9), (-3, 3)], 2),
    ("float sinf(float); float f(float x) { return sinf(x); }", [(-3, 3)], 2.0**30),
    (
        "long lround(double), lrint(double); long f(double x) { return lround(x) * 1000000 + lrint(x); }",
        [(-1e9, 1e9)],
        0,
    ),
    (
        "long labs(long); long long llabs(long long); long f(long a) { return labs(a) + llabs(a - 1); }",
        [(-1e15, 1e15)],
        0,
    ),
    ("double scalbln(double, long); double f(double x, long n) { return scalbln(x, n); }", [(-1, 1), (-99, 99)], 0),
    (
        "double f(double x) { return __builtin_isnan(x) + !!__builtin_signbit(x) + (x < __builtin_huge_val()); }",
        None,
        0,
    ),
    ("int f(int x) { return __builtin_popcount(x) + __builtin_abs(x); }", [(-(2**31), 2**31 - 1)], 0),
]


@pytest.mark.skipif(GCC is None, reason="needs gcc")
def test_agrees_with_gcc(tmp_path: Path) -> None:
    programs = [program_of(source, ranges) for source, ranges, _ in AGREEMENT]
    xs = [rows_of(program, 300, seed) for seed, program in enumerate(programs)]
    expected = run_native(programs, xs, tmp_path)
    for (source, _, ulps), y, result in zip(AGREEMENT, expected, run_many(programs, xs), strict=True):
        np.testing.assert_allclose(result.y, y, rtol=ulps * ULPS, atol=0, err_msg=source)
        assert (result.status == OK).any(), source


def test_optimised_code_agrees_with_that_of_batches() -> None:
    programs = [program_of(source, ranges) for source, ranges, _ in AGREEMENT[::3]]
    xs = [rows_of(program, 300, seed) for seed, program in enumerate(programs)]
    for program, x, result in zip(programs, xs, run_many(programs, xs), strict=True):
        alone = run_with_status(program, x)
        np.testing.assert_array_equal(alone.y, result.y, err_msg=program.source)
        np.testing.assert_array_equal(alone.status, result.status, err_msg=program.source)


@pytest.mark.skipif(GCC is None, reason="needs gcc")
def test_long_double_is_double(tmp_path: Path) -> None:
    wide = "long double sqrtl(long double); double f(double x) { long double y = sqrtl(x) / 3.0L; return y * 1e3L; }"
    narrow = "double sqrt(double); double f(double x) { double y = sqrt(x) / 3.0; return y * 1e3; }"
    x = np.linspace(0, 9, 100)[:, None]
    [expected] = run_native([program_of(narrow)], [x], tmp_path)
    np.testing.assert_array_equal(run(program_of(wide), x), expected)


NEVER = "int f(int a) { volatile int s = 0; while (a) s += a; return s; }"
HOSTILE = {
    "division by zero": ("int f(int a) { return 7 / a; }", [1, 0, 2], [OK, Status.DIVISION, OK]),
    "remainder by zero": ("unsigned f(unsigned a) { return 7 % a; }", [1, 0, 2], [OK, Status.DIVISION, OK]),
    "INT_MIN / -1": ("int f(int a) { return a / -1; }", [-(2**31), 5], [Status.DIVISION, OK]),
    "INT_MIN negated": ("int f(int a) { return -a; }", [-(2**31), 5], [Status.OVERFLOW, OK]),
    "signed overflow": ("int f(int a) { return a * a; }", [46340, 46341], [OK, Status.OVERFLOW]),
    "64-bit overflow": ("long f(long a) { return a * a; }", [3e9, 4e9], [OK, Status.OVERFLOW]),
    "shift too far": ("int f(int a) { return 1 << a; }", [30, 32, -1], [OK, Status.SHIFT, Status.SHIFT]),
    "conversion": ("int f(double a) { return (int)a; }", [2e9, 3e9, np.nan], [OK] + 2 * [Status.CONVERSION]),
    "input outside its type": ("int f(unsigned char a) { return a; }", [255, 256, -1], [OK] + 2 * [Status.CONVERSION]),
    "index": ("int f(int a) { int t[4] = {1, 2, 3, 4}; return t[a]; }", [3, 4, -1], [OK] + 2 * [Status.BOUNDS]),
    "no return": ("double f(double a) { if (a > 0) return a; }", [1, 0], [OK, Status.UNDEFINED]),
    "null pointer": ("int f(int a) { int *p = 0; if (a) *p = 1; return 2; }", [0, 1], [OK, Status.UNDEFINED]),
    "unreachable": ("int f(int a) { if (a) __builtin_unreachable(); return 2; }", [0, 1], [OK, Status.UNDEFINED]),
    "trap": ("int f(int a) { if (a) __builtin_trap(); return 2; }", [0, 1], [OK, Status.UNDEFINED]),
    "infinite loop": (NEVER, [0, 1, 0, 1], [OK, Status.FUEL, OK, Status.FUEL]),
    "recursion": (
        "int f(int a) { volatile int t[9] = {a}; return a == 0 ? 0 : 1 + f(a - 1) + t[8]; }",
        [1000, -1, 2],
        [OK, Status.STACK, OK],
    ),
    "huge array": (
        "static int g(int a) { volatile char t[50000000]; for (int i = 0; i < a; ++i) t[i] = 1; return t[0]; }"
        "int f(int a) { return a ? g(a) : 0; }",
        [0, 50000000, 0],
        [OK, Status.MEMORY, OK],
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_row_is_lost_alone(name: str) -> None:
    source, inputs, expected = HOSTILE[name]
    program, x = program_of(source), np.array(inputs, float)[:, None]
    for result in (run_with_status(program, x), run_many([program], [x])[0]):
        assert [Status(s).name for s in result.status] == [s.name for s in expected]
        np.testing.assert_array_equal(np.isnan(result.y[:, 0]), result.status != OK)


@pytest.mark.parametrize(
    "source",
    [
        "int f(int a) { for (;;); }",
        "int f(int a) { return f(a + 1) + 1; }",
        "void *malloc(unsigned n); int f(int a) { for (;;) { volatile char *p = malloc(4096); if (p) *p = 1; } }",
        "int f(int a) { volatile char t[60000000]; for (int i = 0;; ++i) t[i] = i; }",
    ],
)
def test_a_hostile_program_ends_within_seconds(source: str) -> None:
    start = processor_time()
    result = run_with_status(program_of(source), np.zeros((5000, 1)))
    assert processor_time() - start < 10
    assert np.isnan(result.y).all()
    assert OK not in result.status


@pytest.mark.parametrize("start", ["1", "(long)&a", "-9"])
@pytest.mark.parametrize("step", ["++", "--"])
def test_a_program_that_writes_everywhere_spoils_its_own_rows_only(start: str, step: str) -> None:
    begin = processor_time()
    run_with_status(program_of(f"int f(int a) {{ volatile char *p = (char *){start}; for (;;) *p{step} = 7; }}"), X)
    assert processor_time() - begin < 10
    np.testing.assert_array_equal(run(program_of(SQUARE), X), X * X)


def test_a_run_stops_after_many_endless_rows() -> None:
    x = np.ones((500, 1))
    x[:10] = 0
    status = run_with_status(program_of(NEVER), x).status
    assert (status[:10] == OK).all()
    # 64 rows, or as many as 5 seconds allow on a busy machine.
    assert status[10] == Status.FUEL
    assert set(status[10:74]) <= {Status.FUEL, Status.SKIPPED}
    assert (status[74:] == Status.SKIPPED).all()


@pytest.mark.parametrize("name", ["fopen", "system", "time", "getenv", "exit", "__wasi_fd_write"])
def test_nothing_outside_can_be_called(name: str) -> None:
    ran = run_with_status(program_of(f"int {name}(int); int f(int a) {{ return {name}(a); }}"), np.zeros((1, 1)))
    assert ran.status.tolist() == [Status.CALL]
    pointed_to = program_of(f"int {name}(int); int f(int a) {{ int (*p)(int) = {name}; return p(a); }}")
    assert run_with_status(pointed_to, np.zeros((1, 1))).status.tolist() == [Status.CALL]
    with pytest.raises(ProgramError, match="undeclared"):
        run(program_of(f"int f(int a) {{ return (long){name} + a; }}"), np.zeros((1, 1)))


def test_memory_is_bounded() -> None:
    with pytest.raises(ProgramError, match="memory"):
        run(program_of("static char t[100000000]; int f(int a) { return t[a] += a; }"), np.zeros((1, 1)))
    # The instruction itself takes long, whatever it is charged for, and no numeric program has a use for it.
    with pytest.raises(ProgramError, match="__builtin_wasm_memory_grow"):
        run(program_of("int f(int a) { return (int)__builtin_wasm_memory_grow(0, a); }"), np.zeros((1, 1)))


@settings(max_examples=25)
@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, 5]), min_size=1, max_size=60), st.data())
def test_a_row_does_not_depend_on_its_neighbours(kinds: list[int], data: st.DataObject) -> None:
    """Traps of every sort among good rows, in any order and any cut."""
    program = program_of(
        "static int deep(int n) { volatile int t[20] = {n}; return deep(n + 1) + t[3]; }"
        "int f(int a) { volatile int s = 0; if (a == 1) return 1 / (a - 1); if (a == 2) return deep(a);"
        "if (a == 3) for (int i = 0; i < 100000; ++i) s += i & 3; return s + a; }"
    )
    expected = {1: Status.DIVISION, 2: Status.STACK}
    x = np.array(kinds, float)[:, None]
    cut = data.draw(st.integers(0, len(kinds)))
    whole = run_with_status(program, x)
    parts = [run_with_status(program, part) for part in (x[:cut], x[cut:])]
    assert whole.status.tolist() == [expected.get(k, OK) for k in kinds]
    np.testing.assert_array_equal(whole.y, np.concatenate([p.y for p in parts]))


def test_steps_are_counted_per_row() -> None:
    """Rows that are long but not too long all end, though together they take more than one row may."""
    program = program_of("int f(int a) { volatile int s = 0; for (int i = 0; i < a; ++i) s ^= i; return 1; }")
    x = np.full((40, 1), sandbox.ROW_FUEL // 40)
    assert (run_with_status(program, x).status == OK).all()
    assert (run_with_status(program, x[:2] * 40).status == Status.FUEL).all()


def test_traps_do_not_use_up_the_stack() -> None:
    program = program_of("int f(int a) { volatile char t[100000]; t[9] = 1; return t[9] / a; }")
    x = np.zeros((300, 1))
    x[-1] = 1
    status = run_with_status(program, x).status
    assert (status[:-1] == Status.DIVISION).all()
    assert status[-1] == OK


def test_many_chunks() -> None:
    n = 3 * sandbox.CHUNK + 5
    x = np.arange(2.0 * n).reshape(n, 2)
    y = run(program_of("double f(double a, double b) { return a * 2 + b; }"), x)
    np.testing.assert_array_equal(y[:, 0], x @ [2, 1])


def test_sixteen_arguments_and_four_results() -> None:
    parameters = ", ".join(f"double a{i}" for i in range(16))
    source = (
        f"struct r {{ double p, q, s, t; }}; struct r f({parameters}) {{ struct r r = {{a0, a15, a7, a3}}; return r; }}"
    )
    x = np.random.default_rng(0).normal(size=(100, 16))
    np.testing.assert_array_equal(run(program_of(source), x), x[:, [0, 15, 7, 3]])


def test_no_rows() -> None:
    assert run(program_of("int f(int a) { return a; }"), np.zeros((0, 1))).shape == (0, 1)
    assert run_many([], []) == []


@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 1, 1)])
def test_rows_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="rows of 1 numbers"):
        run(program_of("int f(int a) { return a; }"), np.zeros(shape))


CLASHING = [
    ("int main(int a) { return a + 1; }", "main", 1),
    ("static double sin(double x) { return x + 1; } double f(double x) { return sin(x); }", "f", 1),
    ("enum { n = 1 }; typedef double x; static const x in = n; x f(x to) { x from = in; return to + from; }", "f", 1),
    ("struct f { double f; }; double g(double h) { struct f f = {h + 1}; return f.f; }", "g", 1),
    ("inline double h(double a) { return a + 1; } double f(double x) { return h(x); }", "f", 1),
    ("static double h(double a, int k) { return a + k; } typedef struct { double a, b; } r;"
     "r f(double x) { r y = {h(x, 1), 0}; return y; }", "f", 2),
    ("typedef int r; static r h(r a) { return a + 1; } enum e { a, b };"
     "r f(r x) { enum e k = a; return h(x) + k; }", "f", 1),
    ("double sqrt(double); static double T[1] = {1}; double f(double x) { return sqrt(x * x) + T[0]; }", "f", 1),
]  # fmt: skip


def test_names_of_programs_in_a_batch_do_not_collide() -> None:
    programs = [program_of(source, entry=entry) for source, entry, _ in CLASHING]
    x = np.arange(1.0, 9.0)[:, None]
    for result, program in zip(run_many(programs, [x] * len(programs)), programs, strict=True):
        np.testing.assert_array_equal(result.y[:, 0], x[:, 0] + 1)
        np.testing.assert_array_equal(run(program, x), result.y)


def test_a_program_that_does_not_compile_is_rejected_alone() -> None:
    good, bad = "int f(int a) { return a; }", "extern int g; int f(int a) { return g + a; }"
    programs = [program_of(s) for s in (good, good, bad, good, good)]
    results = run_many(programs, [np.ones((2, 1))] * 5)
    assert [int(r.status[0]) for r in results] == [OK, OK, Status.REJECTED, OK, OK]
    assert np.isnan(results[2].y).all()
    with pytest.raises(ProgramError) as caught:
        run(programs[2], np.ones((2, 1)))
    assert "test.c: error: the sandbox cannot compile 'f': undefined symbol: g" in str(caught.value)


def test_a_compiler_error_is_told() -> None:
    with pytest.raises(ProgramError, match="undeclared identifier 'b'"):
        run(program_of("int f(int a) { return a + b; }"), np.ones((2, 1)))


def test_importing_the_package_is_cheap() -> None:
    check = "import sys, cprograms; assert not {'wasmtime', 'scipy', 'numpy', 'rich'} & set(sys.modules), sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)
    assert cprograms.run is run
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        _ = cprograms.walk


def test_the_regression_each_time() -> None:
    program = program_of(
        "double sin(double); double f(double x, int k) { double t[9]; return sin(x) / k + (k ? 0 : t[3]); }"
    )
    x = np.random.default_rng(0).integers(-2, 3, (5000, 2)).astype(float)
    first, second = run_with_status(program, x), run_with_status(program, x)
    np.testing.assert_array_equal(first.y, second.y)
    np.testing.assert_array_equal(first.status, second.status)
    assert isinstance(first, Outcomes)


def test_the_steps_of_rows_that_trap_count_for_the_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row takes more than ten thousand steps before it divides by zero: two million are not enough for 500."""
    monkeypatch.setattr(sandbox, "_RUN_FUEL", 2_000_000)
    monkeypatch.setattr(sandbox, "_RUN_FUEL_PER_ROW", 0)
    program = program_of("int f(int a) { volatile int s = 0; for (int i = 0; i < 10000; ++i) s ^= i; return 1 / a; }")
    status = run_with_status(program, np.zeros((500, 1))).status
    ran = int((status == Status.DIVISION).sum())
    assert 1 < ran < 200
    assert (status[:ran] == Status.DIVISION).all()
    assert (status[ran:] == Status.SKIPPED).all()


def test_the_reason_of_a_trap_is_its_own() -> None:
    program = program_of("int f(int a) { if (a == 1) __builtin_trap(); return a * a; }")
    status = run_with_status(program, np.array([[2.0**30], [1.0], [2.0**30], [3.0]])).status
    assert status.tolist() == [Status.OVERFLOW, Status.UNDEFINED, Status.OVERFLOW, OK]


def test_rows_that_recurse_too_deep_end_and_so_do_not_end_the_run() -> None:
    """As many rows that never end would."""
    program = program_of("int f(int a) { return a == 0 ? 0 : 1 + f(a - 1); }")
    x = np.full((100, 1), -1.0)
    x[-1] = 5
    result = run_with_status(program, x)
    assert (result.status[:-1] == Status.STACK).all()
    assert result.y[-1, 0] == 5

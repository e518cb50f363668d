"""Networks as C against the module: every part, both precisions, one row and many; the vector exponential."""

from __future__ import annotations

import ctypes
import platform
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from cprograms.sampling import sample
from cprograms.sandbox.toolchain import executable
from surrogate.export.c import sources
from surrogate.export.c.code import compiled_for_all
from surrogate.export.native import batch_of, compiled
from surrogate.export.pipeline import off
from tests.surrogate.export.networks import plain, with_every_part, with_sparse_polynomial, with_table

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
FAST = ("-std=gnu99", "-O1", "-fPIC", "-Wall", "-Wextra", "-Werror")


@needs_gcc
@pytest.mark.parametrize(
    ("dtype", "precision", "most"),
    [(torch.float32, "float", 2e-6), (torch.float64, None, 1e-13)],
)
def test_every_part_is_what_the_module_computes(dtype, precision, most, tmp_path: Path) -> None:
    artifact = with_every_part(dtype)
    files = sources(artifact, name="f", precision=precision)
    call = batch_of(compiled(files, tmp_path, FAST), "f_batch", 3)
    x = sample(artifact.program, 500, 0)
    expected = artifact.outputs(x)
    assert off(call(x), expected).max() < most
    ones = np.concatenate([call(row[None]) for row in x[:40]])
    assert off(ones, expected[:40]).max() < 10 * most
    for k in range(3):
        x[7], x[8], x[9] = x[:3]
        x[7, k], x[8, k], x[9, k] = np.nan, np.inf, -np.inf
        assert np.isnan(call(x)[7:10]).all()
        assert np.isnan(call(x[7:8])).all()
    assert not np.isnan(call(x)[:7]).any()


@needs_gcc
@pytest.mark.parametrize("terms", [150, 1])
def test_a_sparse_polynomial_of_high_degree(terms, tmp_path: Path) -> None:
    artifact = with_sparse_polynomial(terms)
    call = batch_of(compiled(sources(artifact, name="f"), tmp_path, [*FAST, "-fsanitize=bounds"]), "f_batch", 2)
    x = sample(artifact.program, 100, 0)
    for n in (1, 3, 100):
        np.testing.assert_allclose(call(x[:n]), artifact.outputs(x[:n]), atol=1e-11)


@needs_gcc
def test_no_count_of_rows_reads_or_writes_beyond_them(tmp_path: Path) -> None:
    artifact = plain()
    call = batch_of(compiled(sources(artifact, name="f"), tmp_path, [*FAST, "-fsanitize=bounds"]), "f_batch", 2)
    x = sample(artifact.program, 100, 0)
    expected = artifact.outputs(x)
    for n in (0, 1, 3, 4, 5, 31, 32, 33, 35, 36, 67):
        assert np.abs(call(x[:n]) - expected[:n]).max(initial=0) < 1e-5, n


@needs_gcc
def test_a_table_is_read_at_the_nearest_point(tmp_path: Path) -> None:
    artifact = with_table()
    call = batch_of(compiled(sources(artifact, name="f"), tmp_path, FAST), "f_batch", 1)
    x = np.array([[-2, 0], [5, 3], [9, -4], [1.9, 2.2], [-1.9, 0], [1e30, 3], [np.nan, 1], [-np.inf, 1]])
    np.testing.assert_array_equal(call(x), artifact.outputs(x))


@needs_gcc
def test_all_kinds_of_processors_agree(tmp_path: Path) -> None:
    """Of those that this one has: narrower vectors are taken where the file is told so."""
    artifact = plain(results=3)
    files = sources(artifact, name="f")
    asked = "const int level = surrogate_level();"
    text = files["f.c"].replace(asked, "const int level = surrogate_level() < most ? surrogate_level() : most;")
    assert text.count("< most") == 2
    library = compiled({**files, "f.c": f"int most = 2;\n{text}"}, tmp_path)
    call, most = batch_of(library, "f_batch", 3), ctypes.c_int.in_dll(ctypes.CDLL(str(library)), "most")
    x = sample(artifact.program, 200, 0)
    expected = artifact.outputs(x)
    found = []
    for level in (0, 1, 2):
        most.value = level
        found.append(call(x))
        ones = np.concatenate([call(row[None]) for row in x[:20]])
        assert np.abs(found[-1] - expected).max() < 1e-6
        assert np.abs(ones - expected[:20]).max() < 1e-6
    if platform.machine() == "x86_64":
        assert not np.array_equal(found[0], found[1])  # fused sums round otherwise


@needs_gcc
@pytest.mark.parametrize(("single", "most", "limit"), [(True, 2e-7, 87), (False, 4e-16, 708)])
def test_the_error_of_the_exponential(single: bool, most: float, limit: float, tmp_path: Path) -> None:
    body = """
<TARGET> static void $row@(const double *restrict x, double *restrict y)
{
    $lanes@ v = {0};
    (($real *)&v)[0] = ($real)x[0];
    v = $exp_lanes@(v);
    y[0] = (($real *)&v)[0];
}
<TARGET> static void $rows@(const double *restrict x, double *restrict y, size_t n)
{
    for (; n > 0; --n, ++x, ++y) $row@(x, y);
}
"""
    real = "float" if single else "double"
    text = compiled_for_all([f"#include <math.h>\n#include <stddef.h>\ntypedef {real} $real;"], body, single)
    text += "void e(const double *x, double *y, size_t n) { if (n == 1) $one(x, y); else $many(x, y, n); }"
    call = batch_of(compiled({"e.c": text.replace("$", "own_")}, tmp_path, ["-std=gnu99", "-O1", "-fPIC"]), "e", 1)
    x = np.random.default_rng(0).uniform(-limit, limit, (200_000, 1))
    x = np.concatenate([x, np.linspace(-1e-3, 1e-3, 1001)[:, None], [[limit], [-limit]]])
    x = x.astype(np.float32).astype(np.float64) if single else x
    assert np.abs(call(x) / np.exp(x) - 1).max() < most
    beyond = call(np.array([[2.0 * limit], [-2.0 * limit], [np.nan]]))[:, 0]
    assert beyond[0] > 1e37
    assert 0 < beyond[1] < 1e-37
    assert np.isnan(beyond[2])


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float", "double"])
def test_clang_compiles_the_same(precision: str, tmp_path: Path) -> None:
    artifact = with_every_part()
    command = [executable(), "cc", "-fno-sanitize=undefined"]
    flags = ["-std=c99", "-O3", "-fPIC", "-Wall", "-Wextra", "-Werror"]
    library = compiled(sources(artifact, name="f", precision=precision), tmp_path, flags, command)
    x = sample(artifact.program, 500, 0)
    assert off(batch_of(library, "f_batch", 3)(x), artifact.outputs(x)).max() < 2e-6


@needs_gcc
def test_fast_math_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="without -ffast-math"):
        compiled(sources(plain(), name="f"), tmp_path, ["-std=gnu99", "-ffast-math", "-fPIC"])

"""The seven kernels of AxBench: what gcc and the sandbox make of them is what the mathematics says."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable, Sequence
from ctypes import POINTER, Structure, c_float, c_int, c_short
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import fft, stats

import cprograms
from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.lowering.entry import MOST_NODES
from tests.cprograms.native import GCC

FOLDER = Path(cprograms.__path__[0]) / "library" / "axbench"
ROWS = 300


class RgbPixel(Structure):
    _fields_ = [("r", c_float), ("g", c_float), ("b", c_float), ("cluster", c_int), ("distance", c_float)]


class Centroid(Structure):
    _fields_ = [("r", c_float), ("g", c_float), ("b", c_float), ("n", c_int)]


# --- The published signatures: a row [arguments] to the results, through a C function ---

Call = Callable[[Any, np.ndarray], Sequence[float]]


def call_fft(f: Any, row: np.ndarray) -> Sequence[float]:
    s, c = c_float(), c_float()
    f(c_float(row[0]), ctypes.byref(s), ctypes.byref(c))
    return s.value, c.value


def call_inversek2j(f: Any, row: np.ndarray) -> Sequence[float]:
    theta1, theta2 = c_float(), c_float()
    f(c_float(row[0]), c_float(row[1]), ctypes.byref(theta1), ctypes.byref(theta2))
    return theta1.value, theta2.value


def call_jmeint(f: Any, row: np.ndarray) -> Sequence[float]:
    return [f(*((c_float * 3)(*row[k : k + 3]) for k in range(0, 18, 3)))]


def call_jpeg(f: Any, row: np.ndarray) -> Sequence[float]:
    data = (c_short * 64)(*row.astype(int))
    f(data)
    return list(data)


def call_kmeans(f: Any, row: np.ndarray) -> Sequence[float]:
    pixel, centroid = RgbPixel(*row[:3], 7, 8.0), Centroid(*row[3:], 9)
    f.restype = c_float
    return [f(ctypes.byref(pixel), ctypes.byref(centroid))]


def call_sobel(f: Any, row: np.ndarray) -> Sequence[float]:
    window = (c_float * 3 * 3)(*((c_float * 3)(*line) for line in row.reshape(3, 3)))
    f.restype, f.argtypes = c_float, [POINTER(c_float * 3)]
    return [f(window)]


def call_blackscholes(f: Any, row: np.ndarray) -> Sequence[float]:
    f.restype = c_float
    return [f(*map(c_float, row[:5]), c_int(int(row[5])), c_float(0))]


# --- The mathematics: x [n, arguments] to y [n, results], in double precision ---


def twiddles(x: np.ndarray) -> np.ndarray:
    w = np.exp(-2j * np.pi * x[:, 0])
    return np.stack([w.imag, w.real], 1)


def arm_angles(hand: np.ndarray) -> np.ndarray:
    """The arm is half of a rhombus whose diagonal leads to the hand."""
    distance, direction = np.hypot(*hand.T), np.angle(hand[:, 0] + 1j * hand[:, 1])
    half = np.arccos(distance)  # a link of 0.5 and half the distance
    return np.stack([direction - half, 2 * half], 1)


def volume(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Six times the signed volume of tetrahedra, of corners [n, 3] each."""
    return np.linalg.det(np.stack([b - a, c - a, d - a], 1))


def crosses(p: np.ndarray, q: np.ndarray, triangle: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the segment from p to q passes through the triangle, by the signs of five volumes."""
    a, b, c = triangle
    parted = volume(a, b, c, p) * volume(a, b, c, q) < 0
    turns = np.stack([volume(p, q, a, b), volume(p, q, b, c), volume(p, q, c, a)])
    return parted & ((turns > 0).all(0) | (turns < 0).all(0))


def triangles_meet(x: np.ndarray) -> np.ndarray:
    """Two triangles that are not in one plane meet where an edge of one passes through the other."""
    v, u = np.split(x.reshape(-1, 6, 3).transpose(1, 0, 2), 2)
    edges = [crosses(one[k], one[k - 1], other) for one, other in ((v, u), (u, v)) for k in range(3)]
    return np.any(edges, 0)[:, None].astype(float)


def block_transform(x: np.ndarray) -> np.ndarray:
    return fft.dctn(x.reshape(-1, 8, 8), axes=(1, 2), norm="ortho").reshape(-1, 64)


def sobel_magnitude(x: np.ndarray) -> np.ndarray:
    smooth, slope = np.array([1, 2, 1]), np.array([-1, 0, 1])
    w = x.reshape(-1, 3, 3)
    gradient = np.hypot(np.einsum("nij,i,j->n", w, smooth, slope), np.einsum("nij,i,j->n", w, slope, smooth))
    return np.minimum(gradient, 255)[:, None]


def option_price(x: np.ndarray) -> np.ndarray:
    """The call by the exact normal distribution, the put by parity."""
    spot, strike, rate, volatility, time, put = x.T[:6]
    spread, discounted = volatility * np.sqrt(time), strike * np.exp(-rate * time)
    d1 = np.log(spot / discounted) / spread + spread / 2
    call = spot * stats.norm.cdf(d1) - discounted * stats.norm.cdf(d1 - spread)
    return (call + put * (discounted - spot))[:, None]


@dataclass(frozen=True)
class Kernel:
    """`atol` is what single precision, rounding or a polynomial may add to the exact results."""

    entry: str
    call: Call
    exact: Callable[[np.ndarray], np.ndarray]
    domain: Sequence[tuple[float, float]]
    integers: Sequence[int]
    arguments: Sequence[str]
    results: Sequence[str]
    atol: float


def box(n: int, low: float, high: float) -> list[tuple[float, float]]:
    return [(low, high)] * n


KERNELS = {
    "fft": Kernel("fftSinCos", call_fft, twiddles, box(1, 0, 1), [], ["x"], ["s", "c"], 1e-6),
    "inversek2j": Kernel(
        "inversek2j", call_inversek2j, arm_angles, box(2, 0.1, 0.7), [], ["x", "y"], ["theta1", "theta2"], 1e-5
    ),
    "jmeint": Kernel(
        "tri_tri_intersect",
        call_jmeint,
        triangles_meet,
        box(18, 0, 1),
        [],
        [f"{corner}[{k}]" for corner in ("V0", "V1", "V2", "U0", "U1", "U2") for k in range(3)],
        ["return"],
        0,
    ),
    "jpeg": Kernel(
        "dct",
        call_jpeg,
        block_transform,
        box(64, -128, 127),
        range(64),
        [f"data[{k}]" for k in range(64)],
        [f"data[{k}]" for k in range(64)],
        0.5001,
    ),
    "kmeans": Kernel(
        "euclideanDistance",
        call_kmeans,
        lambda x: np.linalg.norm(x[:, :3] - x[:, 3:], axis=1, keepdims=True),
        box(6, 0, 255),
        [],
        ["p.r", "p.g", "p.b", "c1.r", "c1.g", "c1.b"],
        ["return"],
        1e-4,
    ),
    "sobel": Kernel(
        "sobel",
        call_sobel,
        sobel_magnitude,
        box(9, 0, 255),
        [],
        [f"w[{i}][{j}]" for i in range(3) for j in range(3)],
        ["return"],
        1e-3,
    ),
    "blackscholes": Kernel(
        "BlkSchlsEqEuroNoDiv",
        call_blackscholes,
        option_price,
        [(40, 120), (40, 120), (0.02, 0.1), (0.05, 0.65), (0.05, 1), (0, 1)],
        [5],
        ["sptprice", "strike", "rate", "volatility", "time", "otype"],
        ["return"],
        1e-4,
    ),
}
every_kernel = pytest.mark.parametrize("name", KERNELS)


def rows_of(kernel: Kernel, seed: int = 5) -> np.ndarray:
    """Rows [n, arguments] over the published domain, as its types hold them."""
    low, high = np.array(kernel.domain).T
    x = np.random.default_rng(seed).uniform(low, high, (ROWS, len(low))).astype(np.float32).astype(float)
    x[:, kernel.integers] = np.rint(x[:, kernel.integers])
    return x


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """The entry of a kernel as gcc compiles its file."""
    if GCC is None:
        pytest.skip("needs gcc")
    folder = tmp_path_factory.mktemp("axbench")

    def entry(name: str) -> Any:
        library = folder / f"{name}.so"
        command = [GCC, "-O0", "-w", "-fPIC", "-shared", "-o", library, FOLDER / f"{name}.c", "-lm"]
        subprocess.run(command, check=True)
        return ctypes.CDLL(str(library))[KERNELS[name].entry]

    return entry


def by_gcc(native: Callable[[str], Any], name: str, x: np.ndarray) -> np.ndarray:
    f = native(name)
    return np.array([KERNELS[name].call(f, row) for row in x], dtype=float)


def test_there_are_these_seven_and_no_others() -> None:
    assert {path.stem for path in FOLDER.glob("*.c")} == set(KERNELS)


# --- As gcc compiles them ---


@every_kernel
def test_what_gcc_compiles_is_the_mathematics(name: str, native: Callable[[str], Any]) -> None:
    kernel = KERNELS[name]
    x = rows_of(kernel)
    exact = kernel.exact(x)
    np.testing.assert_allclose(by_gcc(native, name, x), exact, rtol=0, atol=kernel.atol)
    assert (np.ptp(exact, 0) > 0).all()


def test_some_random_triangles_meet() -> None:
    assert 0.05 < triangles_meet(rows_of(KERNELS["jmeint"])).mean() < 0.95


TRIANGLE = [[0, 0, 0], [4, 0, 0], [0, 4, 0]]
TOUCHING: dict[str, tuple[list[list[float]], bool]] = {
    "itself": ([[0, 0, 0], [4, 0, 0], [0, 4, 0]], True),
    "within it": ([[1, 1, 0], [2, 1, 0], [1, 2, 0]], True),
    "around it": ([[-9, -9, 0], [30, -9, 0], [-9, 30, 0]], True),
    "across an edge": ([[2, 1, 0], [9, 1, 0], [9, 3, 0]], True),
    "beside it": ([[3, 3, 0], [4, 4, 0], [3, 5, 0]], False),
    "beyond a corner": ([[5, -1, 0], [6, -1, 0], [6, 1, 0]], False),
    "parallel": ([[0, 0, 1], [4, 0, 1], [0, 4, 1]], False),
    "a corner on it": ([[1, 1, 0], [1, 1, 3], [2, 1, 3]], True),
    "an edge on it": ([[1, 1, 0], [2, 1, 0], [1, 1, 3]], True),
    "an edge along its plane, beside it": ([[5, 5, 0], [6, 5, 0], [5, 5, 3]], False),
    "a corner at a corner": ([[4, 0, 0], [5, 0, 1], [5, 1, 1]], True),
    "through it": ([[1, 1, -1], [1, 1, 1], [2, 1, 1]], True),
    "past it": ([[5, 1, -1], [5, 1, 1], [6, 1, 1]], False),
}


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("name", TOUCHING)
def test_triangles_that_touch_or_share_a_plane(name: str, turn: int, native: Callable[[str], Any]) -> None:
    """In every order of axes, of corners, and of the two triangles."""
    other, meet = TOUCHING[name]
    f = native("jmeint")
    for k in range(3):
        one, two = (np.roll(np.roll(corners, turn, 1), k, 0) for corners in (TRIANGLE, other))
        for row in (np.concatenate([one, two]), np.concatenate([two, one])):
            assert call_jmeint(f, row.reshape(-1)) == [meet]


def test_the_hand_is_where_the_angles_put_it(native: Callable[[str], Any]) -> None:
    hand = rows_of(KERNELS["inversek2j"])
    theta1, theta2 = by_gcc(native, "inversek2j", hand).T
    reached = 0.5 * np.exp(1j * theta1) + 0.5 * np.exp(1j * (theta1 + theta2))
    np.testing.assert_allclose(np.stack([reached.real, reached.imag], 1), hand, atol=1e-5)


# --- As the product reads and runs them ---


@every_kernel
def test_arguments_and_results_have_their_names_in_c(name: str) -> None:
    kernel, program = KERNELS[name], cprograms.load(FOLDER / f"{name}.c")
    assert program.entry == kernel.entry
    assert [a.name for a in program.arguments] == kernel.arguments
    assert [r.name for r in program.results] == kernel.results
    np.testing.assert_array_equal(program.domain, kernel.domain)
    assert {a.origin for a in program.arguments} == {"pragma"}
    assert not program.warnings


@every_kernel
def test_the_sandbox_gives_the_mathematics_and_what_gcc_gives(name: str, native: Callable[[str], Any]) -> None:
    kernel = KERNELS[name]
    x = rows_of(kernel)
    y = cprograms.load(FOLDER / f"{name}.c").run(x)
    np.testing.assert_allclose(y, kernel.exact(x), rtol=0, atol=kernel.atol)
    np.testing.assert_allclose(y, by_gcc(native, name, x), rtol=2e-5, atol=1e-6)


@every_kernel
def test_the_graph_is_followed_to_the_end_and_gives_the_same(name: str) -> None:
    kernel, program = KERNELS[name], cprograms.load(FOLDER / f"{name}.c")
    x, graph = rows_of(kernel), lower(program, max_nodes=MOST_NODES)
    assert graph.exact
    np.testing.assert_allclose(evaluate(graph, x), program.run(x), rtol=2e-5, atol=1e-6)

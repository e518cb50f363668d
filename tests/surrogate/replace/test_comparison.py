"""Outputs against numpy's and scikit-image's own figures."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.replace.comparison import Comparison, compared

pytest.importorskip("skimage")
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity


def of(original: bytes, replaced: bytes, again: bytes | None = None) -> Comparison:
    found = compared({"out": original}, {"out": original if again is None else again}, {"out": replaced})
    assert len(found) == 1
    return found[0]


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PPM", "PNG", "BMP"])
@pytest.mark.parametrize("shape", [(20, 31), (20, 31, 3)])
def test_pictures_have_the_figures_of_scikit_image(kind: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, shape, dtype=np.uint8)
    b = np.clip(a + rng.integers(-9, 10, shape), 0, 255).astype(np.uint8)
    found = of(encoded(a, kind), encoded(b, kind))
    channels = -1 if a.ndim == 3 else None
    assert found.kind == "picture"
    assert found.facts["ssim"] == pytest.approx(structural_similarity(a, b, channel_axis=channels), abs=1e-12)
    assert found.facts["psnr"] == pytest.approx(peak_signal_noise_ratio(a, b), abs=1e-9)
    assert "31×20" in found.line


def test_a_plain_picture_is_one_too() -> None:
    text = b"P2\n# a comment\n4 3\n255\n" + b" ".join(b"%d" % (20 * k) for k in range(12)) + b"\n"
    found = of(text, text)
    assert (found.kind, found.facts["ssim"], found.facts["psnr"]) == ("picture", 1.0, None)


def test_pictures_that_cannot_be_compared_say_so() -> None:
    a = np.zeros((8, 8), np.uint8)
    assert "another shape: 4×8" in of(encoded(a, "PPM"), encoded(a[:, :4], "PPM")).line
    assert "cannot be read: the surrogate's" in of(encoded(a, "PPM"), encoded(a, "PPM")[:40]).line
    assert of(encoded(a[:2, :2], "PPM"), encoded(a[:2, :2], "PPM")).facts["ssim"] is None


numbers = st.floats(-1e6, 1e6).map(lambda v: float(f"{v:.6g}"))


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20))
def test_numbers_err_by_the_size_of_their_column(pairs: list[tuple[float, float]]) -> None:
    first = "".join(f"x {a:.6g} y 1\n" for a, _ in pairs).encode()
    other = "".join(f"x {b:.6g} y 1\n" for _, b in pairs).encode()
    a, b = np.array(pairs).T
    found = of(first, other)
    if (a == b).all():
        assert found.facts["greatest_error"] == 0
        return
    size = math.sqrt(np.mean(a**2))
    expected = float(np.abs(b - a).max()) / size if size else None
    assert found.facts["greatest_error"] == (None if expected is None else pytest.approx(expected, rel=1e-9))
    assert found.facts["numbers"] == 2 * len(pairs)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a 1.5 b2 -3e-2,7", [1.5, -0.03, 7]),
        ("v1.2.3 and x_4", []),
        ("[.5] (1.) +2", [0.5, 1, 2]),
        ("nan -inf Infinity -nan(ind)", [math.nan, -math.inf, math.inf, math.nan]),
        ("12ms 0x1F", []),
        ("t=0.25s", []),
    ],
)
def test_what_is_a_number(text: str, values: list[float]) -> None:
    found = of(text.encode(), text.encode())
    assert found.facts["numbers"] == len(values)


def test_another_layout_is_said_and_where_it_begins() -> None:
    found = of(b"a 1\nb 2\nc 3\n", b"a 1.5\nbeta 2\nc 3\nd 4\n")
    assert (found.facts["other_lines"], found.facts["first_other_line"]) == (2, 2)
    assert found.facts["greatest_error"] == pytest.approx(0.5)
    assert "2 of 3 lines have another layout, the first is line 2" in found.line


def test_white_space_is_no_layout() -> None:
    assert of(b"a  1\n", b"a 1 \n").facts["other_lines"] == 0


def test_what_the_original_does_not_repeat_is_left_out() -> None:
    found = of(b"took 0.53 s\nx 2\n", b"took 0.01 s\nx 3\n", again=b"took 0.59 s\nx 2\n")
    assert found.unsteady
    assert (found.facts["numbers"], found.facts["unsteady_numbers"]) == (1, 1)
    assert found.facts["greatest_error"] == pytest.approx(0.5)


def test_a_result_that_is_no_number_is_an_infinite_error() -> None:
    found = of(b"x 2\n", b"x nan\n")
    assert found.facts["greatest_error"] is None
    assert "∞" in found.line
    assert "all equal" in of(b"x nan\n", b"x nan\n").line


def test_bytes_and_missing_outputs() -> None:
    found = of(b"\0\1\2\3", b"\0\1\2\4\5")
    assert (found.kind, found.facts["differing"]) == ("bytes", 2 / 5)
    both = compared({"a": b"x", "b": b"y"}, {"a": b"x", "b": b"y"}, {"a": b"x", "c": b"z"})
    assert [(c.name, c.kind, c.same) for c in both] == [
        ("a", "text", True),
        ("b", "missing", False),
        ("c", "missing", False),
    ]

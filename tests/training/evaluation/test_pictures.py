"""Pictures made with kernels: the two applications against scikit-learn, scikit-image and numpy."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("skimage", reason="the extra [analysis] is not installed")
pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")

from skimage.filters import sobel_h, sobel_v
from sklearn.cluster import KMeans

from training.evaluation import pictures
from training.evaluation.pictures import (
    APPLICATIONS,
    Rendering,
    assign,
    edges,
    exact_kernel,
    first_palette,
    mean_ratio,
    noise_ratio,
    quantise,
    ratios,
    sample_picture,
    similarity,
)
from training.script import run

COLOUR, SOBEL = APPLICATIONS


def euclidean(x: np.ndarray) -> np.ndarray:
    return np.linalg.norm(x[:, :3] - x[:, 3:], axis=1)


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    return sample_picture("astronaut", 32)


def test_assigns_as_scikit_learn_does(photograph: np.ndarray) -> None:
    pixels = 255 * photograph.reshape(-1, 3)
    palette = first_palette(pixels)
    fitted = KMeans(len(palette), init=palette, n_init=1, max_iter=1).fit(palette)
    fitted.cluster_centers_ = palette
    np.testing.assert_array_equal(assign(exact_kernel(COLOUR.program()), pixels, palette), fitted.predict(pixels))


def test_quantises_as_scikit_learn_does(photograph: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "ITERATIONS", 300)
    pixels = 255 * photograph.reshape(-1, 3)
    fitted = KMeans(pictures.COLOURS, init=first_palette(pixels), n_init=1, max_iter=300, tol=0, algorithm="lloyd")
    expected = fitted.fit(pixels).cluster_centers_[fitted.labels_].reshape(photograph.shape) / 255
    np.testing.assert_allclose(quantise(euclidean, photograph), expected, atol=1e-6)


def test_a_colour_without_pixels_stays() -> None:
    picture = np.zeros((4, 4, 3))
    np.testing.assert_array_equal(quantise(euclidean, picture), picture)


def test_edges_are_scikit_image_s() -> None:
    picture = sample_picture("camera", 48)
    # Its kernels are a quarter of Sobel's too; its margins are zero.
    expected = np.minimum(np.hypot(sobel_h(picture), sobel_v(picture)), 1)[1:-1, 1:-1]
    np.testing.assert_allclose(edges(exact_kernel(SOBEL.program()), picture)[1:-1, 1:-1], expected, atol=1e-12)


@pytest.mark.parametrize("name", [*COLOUR.names, *SOBEL.names])
def test_every_picture_comes_with_the_wheel(name: str) -> None:
    picture = sample_picture(name, 128)
    assert max(picture.shape[:2]) == 128
    assert picture.ndim == (3 if name in COLOUR.names else 2)
    assert 0 <= picture.min() < picture.max() <= 1


def test_a_picture_is_similar_to_itself(photograph: np.ndarray) -> None:
    assert similarity(photograph, photograph) == pytest.approx(1)
    assert noise_ratio(photograph, photograph) == np.inf
    assert similarity(1 - photograph, photograph) < 0.5
    assert noise_ratio(photograph + 0.1, photograph) == pytest.approx(20)


def test_ratios_are_geometric_means_over_seeds() -> None:
    def made(picture: str, method: str, seed: int, ssim: float) -> Rendering:
        return Rendering("sobel", picture, method, seed, ssim, 20, np.zeros((2, 2)))

    renderings = [made(p, "b", s, 0.5) for p in "xy" for s in (0, 1)]
    renderings += [made("x", "a", 0, 0.5), made("x", "a", 1, 1.0), made("y", "a", 0, 0.5), made("y", "a", 1, -0.2)]
    by_picture = ratios(renderings, "a", "b")
    assert by_picture["x"] == pytest.approx(2**0.5)
    assert by_picture["y"] == pytest.approx(0.002**0.5)
    found = mean_ratio(by_picture)
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(0.004**0.25)


@pytest.fixture
def script(load_script: Callable[[str], ModuleType]) -> ModuleType:
    return load_script("evaluate/pictures")


def test_the_script_writes_page_figures_and_grids(
    script: ModuleType, compiler: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "pictures"
    monkeypatch.setattr(pictures, "ITERATIONS", 1)
    few = tuple(replace(application, names=application.names[:2]) for application in APPLICATIONS)
    monkeypatch.setattr(pictures, "APPLICATIONS", few)
    options = ["--compiler", str(compiler), "--side", "16", "--seeds", "1", "--out", str(out)]
    assert run(script.PARSER, script.main, options) == 0
    report = json.loads((out / "pictures.json").read_text())
    page = (out / "pictures.md").read_text()
    for application in few:
        rows = report["applications"][application.name]
        assert {row["method"] for row in rows} >= {"-O0", "-O1, 64 rows", "-O2, 256 rows", "random, 64 rows"}
        for row in rows:
            assert list(row["ssim"]) == list(application.names)
            assert all(-1 <= v <= 1 for v in row["ssim"].values())
            assert f"| {row['method']} |" in page
        assert 1000 < (out / f"{application.kernel}.png").stat().st_size < 300_000


def test_a_missing_extra_is_named(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "training.evaluation.pictures")
    monkeypatch.delitem(sys.modules, "training.evaluation.picture_report", raising=False)
    monkeypatch.setitem(sys.modules, "skimage", None)
    assert run(script.PARSER, script.main, ["--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: pictures need scikit-image: pip install 'surrogate-compiler[analysis]'"
    ]

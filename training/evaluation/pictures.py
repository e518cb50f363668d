"""Pictures made with surrogates: k-means colour quantisation and Sobel edges, each with a C kernel replaced.

The exact picture is made with the C program itself, in the sandbox. Pictures are floats in [0, 1]: colour [h, w, 3],
grey [h, w]. Shapes: n rows, A arguments, C colours of a palette.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np

import cprograms
from cprograms.diagnostics import UsageError
from cprograms.lowering import lower
from cprograms.program import Program
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.fitting.finetune import finetune, training_rows
from surrogate.mlp.fitting.start import COMPILE_METHOD
from surrogate.mlp.network import Scale, SurrogateNetwork, emitted_network
from surrogate.mlp.pipeline import LEVEL_ROWS, build_network
from surrogate.numeric.batches import one_thread
from surrogate.numeric.rows import compile_seed, executed_rows
from training.arrays import Array, Integers
from training.evaluation.statistics import Estimate, geometric
from training.evaluation.suites import LIBRARY
from training.held_out import HeldOut, Predict
from training.starts.emitted import MakeTowers, text_start
from training.starts.table import TEXT, learned, random_start
from training.starts.tasks import make_task

try:
    from skimage import data
    from skimage.color import rgb2gray
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity
    from skimage.transform import resize
    from skimage.util import img_as_float
except ImportError:
    raise UsageError("pictures need scikit-image: pip install 'surrogate-compiler[analysis]'") from None

COLOUR_PICTURES = (
    "astronaut",
    "chelsea",
    "coffee",
    "hubble_deep_field",
    "immunohistochemistry",
    "retina",
    "rocket",
    "stereo_motorcycle",
)
"""The colour photographs that scikit-image's wheel holds; others it downloads."""
GREY_PICTURES = ("camera", "coins", "moon", "page", "brick", "gravel")
SIDE = 96
"""Pixels of a picture's longer side: k-means evaluates the kernel some 600,000 times a picture then."""
COLOURS = 8
ITERATIONS = 10
EXACT = "exact"
LEAST_SIMILARITY = 1e-3
"""SSIM may be negative; a ratio needs a positive number."""


@dataclass(frozen=True)
class Application:
    """What makes a picture with a kernel of the library, and the pictures to make it of."""

    name: str
    kernel: str
    names: tuple[str, ...]
    render: Callable[[Predict, Array], Array]

    def program(self) -> Program:
        return cprograms.load(LIBRARY / f"{self.kernel}.c")

    def pictures(self, side: int = SIDE) -> dict[str, Array]:
        return {name: sample_picture(name, side) for name in self.names}


def sample_picture(name: str, side: int = SIDE) -> Array:
    """A sample picture of scikit-image, its longer side at most `side` pixels: [h, w, 3] or [h, w] in [0, 1]."""
    loaded = getattr(data, name)()
    picture = img_as_float(loaded[0] if isinstance(loaded, tuple) else loaded)
    scale = min(1.0, side / max(picture.shape[:2]))
    shape = [max(1, round(scale * length)) for length in picture.shape[:2]]
    small: Array = np.clip(resize(picture, shape, anti_aliasing=scale < 1), 0, 1)
    return small


# --- The two applications ---


def quantise(distance: Predict, picture: Array) -> Array:
    """The picture [h, w, 3] in the COLOURS colours that k-means (Lloyd's iterations) finds with this distance.

    The kernel is the distance in the assignment only; a colour is the mean of the pixels assigned to it.
    """
    pixels = 255 * picture.reshape(-1, 3)
    palette = first_palette(pixels)
    for _ in range(ITERATIONS):
        nearest = assign(distance, pixels, palette)
        moved = np.array([pixels[nearest == c].mean(0) if (nearest == c).any() else palette[c] for c in range(COLOURS)])
        if np.allclose(moved, palette):
            break
        palette = moved
    quantised: Array = palette[assign(distance, pixels, palette)] / 255
    return quantised.reshape(picture.shape)


def first_palette(pixels: Array) -> Array:
    """[COLOURS, 3]: the mean colours of as many equal shares of the pixels [n, 3], dark to light."""
    order = np.argsort(rgb2gray(pixels), kind="stable")
    return np.array([pixels[part].mean(0) for part in np.array_split(order, COLOURS)])


def assign(distance: Predict, pixels: Array, palette: Array) -> Integers:
    """[n]: the colour of the palette [C, 3] to which each pixel [n, 3] is nearest."""
    distances = [distance(np.hstack([pixels, np.broadcast_to(colour, pixels.shape)])) for colour in palette]
    nearest: Integers = np.stack(distances).argmin(0)
    return nearest


def edges(gradient: Predict, picture: Array) -> Array:
    """[h, w]: the kernel over each pixel's 3 × 3 window, edges repeated."""
    padded = np.pad(picture, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).reshape(-1, 9)
    return np.clip(gradient(windows), 0, 1).reshape(picture.shape)


APPLICATIONS = (
    Application("colour quantisation", "colour_distance", COLOUR_PICTURES, quantise),
    Application("Sobel edges", "sobel", GREY_PICTURES, edges),
)


# --- Kernels ---


def exact_kernel(program: Program) -> Predict:
    """The C program, run in the sandbox."""
    return lambda x: cprograms.run(program, x)[:, 0]


def network_kernel(network: SurrogateNetwork) -> Predict:
    return lambda x: network.predict(x)[:, 0]


Method = Callable[[HeldOut, int], SurrogateNetwork]
"""From a program with the rows that it may read, and a seed, to a network."""


def compiled(model: Hypernetwork, opt_level: int) -> Method:
    return lambda held, _seed: build_network(model, held.program, held.graph, held.x, held.y, opt_level)


def tuned(start: MakeTowers) -> Method:
    """A start fine-tuned as -O2 fine-tunes: one that reads no held-out row tells how far, one that reads all goes."""

    def make(held: HeldOut, seed: int) -> SurrogateNetwork:
        with one_thread():
            early, network = (_started(start, held, rows, seed) for rows in (training_rows(len(held.x)), len(held.x)))
            finetune(network, held.x, held.y, early)
        return network

    return make


def _started(start: MakeTowers, held: HeldOut, rows: int, seed: int) -> SurrogateNetwork:
    """A start that reads the first `rows` rows."""
    tower = start([make_task(held).first(rows)], seed).of(range(held.x.shape[1]))
    return emitted_network(tower, Scale(held.y[:rows].mean(0), held.y[:rows].std(0)), held.program.domain)


@dataclass(frozen=True)
class Contender:
    """A method with the rows that it may read, and the name of the one that its similarity is divided by.

    `shown` says whether the grid of pictures has a column of it.
    """

    name: str
    rows: int
    make: Method
    against: str | None = None
    shown: bool = True


def contenders(model: Hypernetwork, baselines: Path | None = None) -> list[Contender]:
    """The compiles, the random start, and the starts of a folder of baselines (see `training.starts.table.table`).

    Raises UsageError for a baseline that does not load.
    """
    few, many = LEVEL_ROWS[1], LEVEL_ROWS[2]
    scratch = {rows: f"random, {rows} rows" for rows in (few, many)}
    others = {TEXT: text_start(model)} | {s.name: s.towers for s in learned(model, baselines)}
    return [
        Contender("-O0", 0, compiled(model, 0), scratch[few]),
        Contender(f"-O1, {few} rows", few, compiled(model, 1), scratch[few]),
        *(Contender(f"-O2, {rows} rows", rows, compiled(model, 2), scratch[rows]) for rows in (few, many)),
        *(Contender(name, rows, tuned(random_start)) for rows, name in scratch.items()),
        *(
            Contender(f"{name}, {rows} rows", rows, tuned(start), scratch[rows], shown=False)
            for name, start in others.items()
            for rows in (few, many)
        ),
    ]


# --- Measures ---


def similarity(picture: Array, exact: Array) -> float:
    """SSIM in [-1, 1] (Wang et al. 2004), of pictures in [0, 1]."""
    return float(structural_similarity(picture, exact, data_range=1.0, channel_axis=2 if exact.ndim == 3 else None))


def noise_ratio(picture: Array, exact: Array) -> float:
    """PSNR in dB; infinite for equal pictures."""
    with np.errstate(divide="ignore"):
        return float(peak_signal_noise_ratio(exact, picture, data_range=1.0))


# --- The comparison ---


@dataclass(frozen=True)
class Rendering:
    """A picture made with a method's network, and how near it comes to the exact one."""

    application: str
    picture: str
    method: str
    seed: int
    ssim: float
    psnr: float
    image: Array = field(repr=False)


def renderings(
    application: Application, pictures: Mapping[str, Array], entered: Sequence[Contender], seeds: Sequence[int]
) -> Iterator[Rendering]:
    """Every picture by every contender with every seed, then the exact pictures, under the method "exact"."""
    program = application.program()
    graph = lower(program)
    exact = {name: application.render(exact_kernel(program), picture) for name, picture in pictures.items()}
    for seed, contender in product(seeds, entered):
        x, y = executed_rows(program, contender.rows, compile_seed(seed), COMPILE_METHOD)
        held = HeldOut(program, 0, graph, x, y, x[:0], y[:0])
        kernel = network_kernel(contender.make(held, seed))
        for name, picture in pictures.items():
            image = application.render(kernel, picture)
            measured = similarity(image, exact[name]), noise_ratio(image, exact[name])
            yield Rendering(application.name, name, contender.name, seed, *measured, image)
    for name, image in exact.items():
        yield Rendering(application.name, name, EXACT, seeds[0], 1.0, math.inf, image)


def ratios(made: Sequence[Rendering], method: str, against: str) -> dict[str, float]:
    """By picture, the SSIM of one method over that of another: geometric means over the seeds."""
    logs: dict[str, list[float]] = {}
    ssim = {(r.picture, r.method, r.seed): max(r.ssim, LEAST_SIMILARITY) for r in made}
    for (picture, name, seed), value in ssim.items():
        if name == method:
            logs.setdefault(picture, []).append(math.log(value / ssim[picture, against, seed]))
    return {picture: math.exp(np.mean(values)) for picture, values in logs.items()}


def mean_ratio(by_picture: Mapping[str, float]) -> Estimate:
    """Geometric mean over the pictures, with its bootstrap interval."""
    return geometric(np.log(list(by_picture.values())), np.arange(len(by_picture)))

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
from surrogate.mlp.finetune import finetune, training_rows
from surrogate.mlp.hypernetwork import Hypernetwork
from surrogate.mlp.network import SurrogateNetwork, Towers, emitted_network
from surrogate.mlp.pipeline import COMPILE_METHOD, ROWS, build_network, one_thread
from surrogate.mlp.rows import compile_seed, executed_rows
from training.evaluation.held_out import HeldOut
from training.evaluation.statistics import Estimate, geometric
from training.evaluation.suites import LIBRARY
from training.starts.initialisations import Start, learned, make_task, random_start, text_start

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

Kernel = Callable[[np.ndarray], np.ndarray]
"""Rows [n, A] in C units to values [n]."""


@dataclass(frozen=True)
class Application:
    """What makes a picture with a kernel of the library, and the pictures to make it of."""

    name: str
    kernel: str
    names: tuple[str, ...]
    render: Callable[[Kernel, np.ndarray], np.ndarray]

    def program(self) -> Program:
        return cprograms.load(LIBRARY / f"{self.kernel}.c")

    def pictures(self, side: int = SIDE) -> dict[str, np.ndarray]:
        return {name: sample_picture(name, side) for name in self.names}


def sample_picture(name: str, side: int = SIDE) -> np.ndarray:
    """A sample picture of scikit-image, its longer side at most `side` pixels: [h, w, 3] or [h, w] in [0, 1]."""
    loaded = getattr(data, name)()
    picture = img_as_float(loaded[0] if isinstance(loaded, tuple) else loaded)
    scale = min(1.0, side / max(picture.shape[:2]))
    shape = [max(1, round(scale * length)) for length in picture.shape[:2]]
    return np.clip(resize(picture, shape, anti_aliasing=scale < 1), 0, 1)


# --- The two applications ---


def quantise(distance: Kernel, picture: np.ndarray) -> np.ndarray:
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
    return (palette[assign(distance, pixels, palette)] / 255).reshape(picture.shape)


def first_palette(pixels: np.ndarray) -> np.ndarray:
    """[COLOURS, 3]: the mean colours of as many equal shares of the pixels [n, 3], dark to light."""
    order = np.argsort(rgb2gray(pixels), kind="stable")
    return np.array([pixels[part].mean(0) for part in np.array_split(order, COLOURS)])


def assign(distance: Kernel, pixels: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """[n]: the colour of the palette [C, 3] to which each pixel [n, 3] is nearest."""
    distances = [distance(np.hstack([pixels, np.broadcast_to(colour, pixels.shape)])) for colour in palette]
    return np.stack(distances).argmin(0)


def edges(gradient: Kernel, picture: np.ndarray) -> np.ndarray:
    """[h, w]: the kernel over each pixel's 3 × 3 window, edges repeated."""
    padded = np.pad(picture, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).reshape(-1, 9)
    return np.clip(gradient(windows), 0, 1).reshape(picture.shape)


APPLICATIONS = (
    Application("colour quantisation", "colour_distance", COLOUR_PICTURES, quantise),
    Application("Sobel edges", "sobel", GREY_PICTURES, edges),
)


# --- Kernels ---


def exact_kernel(program: Program) -> Kernel:
    """The C program, run in the sandbox."""
    return lambda x: cprograms.run(program, x)[:, 0]


def network_kernel(network: SurrogateNetwork) -> Kernel:
    return lambda x: network.predict(x)[:, 0]


Method = Callable[[HeldOut, int], SurrogateNetwork]
"""From a program with the rows that it may read, and a seed, to a network."""


def compiled(model: Hypernetwork, opt_level: int) -> Method:
    return lambda held, _seed: build_network(model, held.program, held.graph, held.x, held.y, opt_level)


def tuned(start: Start) -> Method:
    """A start fine-tuned as -O2 fine-tunes: one that reads no held-out row tells how far, one that reads all goes."""

    def make(held: HeldOut, seed: int) -> SurrogateNetwork:
        with one_thread():
            early, network = (_started(start, held, rows, seed) for rows in (training_rows(len(held.x)), len(held.x)))
            finetune(network, held.x, held.y, early)
        return network

    return make


def _started(start: Start, held: HeldOut, rows: int, seed: int) -> SurrogateNetwork:
    """A start that reads the first `rows` rows."""
    w1, w2, w3 = (w.numpy() for w in start([make_task(held).first(rows)], seed))
    towers = Towers(
        w1=w1[..., : held.x.shape[1]],
        b1=w1[..., -1],
        w2=w2[..., :-1],
        b2=w2[..., -1],
        w3=w3[:, 0, :-1],
        b3=w3[:, 0, -1],
        mean=held.y[:rows].mean(0),
        std=held.y[:rows].std(0),
    )
    return emitted_network(towers, held.program.domain)


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
    """The compiles, the random start, and the starts of a folder of baselines (see `training.starts.initialisations.table`).

    Raises UsageError for a baseline that does not load.
    """
    few, many = ROWS[1], ROWS[2]
    scratch = {rows: f"random, {rows} rows" for rows in (few, many)}
    others = {"text": text_start(model)} | {i.name: i.start for i in learned(baselines)}
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


def similarity(picture: np.ndarray, exact: np.ndarray) -> float:
    """SSIM in [-1, 1] (Wang et al. 2004), of pictures in [0, 1]."""
    return float(structural_similarity(picture, exact, data_range=1.0, channel_axis=2 if exact.ndim == 3 else None))


def noise_ratio(picture: np.ndarray, exact: np.ndarray) -> float:
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
    image: np.ndarray = field(repr=False)


def renderings(
    application: Application, pictures: Mapping[str, np.ndarray], entered: Sequence[Contender], seeds: Sequence[int]
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

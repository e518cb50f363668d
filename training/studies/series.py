"""What polynomials of the text are worth beside the tower: each reading alone, and what a compile makes of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from cprograms.program import Program
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.fitting.choice import make_problem
from surrogate.mlp.fitting.hermite import fit_hermite
from surrogate.mlp.fitting.scale import settle
from surrogate.mlp.fitting.series import adapted, standardised, text_series, values_of
from surrogate.mlp.fitting.sobolev import MOST_TERMS, observed
from surrogate.mlp.fitting.start import emitted, known_scale, moments
from surrogate.mlp.network import tapped
from surrogate.mlp.parts.polynomial import Fit
from surrogate.mlp.parts.taps import find_taps
from surrogate.mlp.pipeline import LEVEL_ROWS, compile_program
from surrogate.numeric.batches import one_thread
from surrogate.numeric.checking.errors import result_error
from training.held_out import HeldOut, Predict, held_out_programs, varying
from training.markdown import table_lines
from training.studies.sets import capitalised, error_figures, heading

WAYS = {
    "-O0, tower": "the emitted tower with its taps, scaled by the graph's values",
    "-O0, polynomials": "those of the text without a tower, weighed by the graph's values",
    "-O0": "what a compile gives: both, weighed by these values",
    "-O1, tower": "the tower with its taps after 64 executed rows",
    "-O1, polynomial of the rows": "by least squares on the 64 rows, of arguments, gates or all taps: no text",
    "-O1, polynomial of the text": "those of the text, adapted to the 64 rows; the least error where a row is left out",
    "-O1": "what a compile gives: the best of towers and polynomials of the text on 256 further rows",
}


def measure(compiler: str | None, programs: Sequence[Program], rows: int, seed: int) -> dict[str, Any]:
    """The geometric mean and median of nMSE of each way on so many fresh rows; results that vary there alone count."""
    held = held_out_programs(programs, test_rows=rows, seed=seed, rows=LEVEL_ROWS[1])
    errors: dict[str, list[float]] = {way: [] for way in WAYS}
    for results in varying(held, LEVEL_ROWS[1] // 2):
        predictions = {way: predict(results[0].x_test) for way, predict in _ways(compiler, results[0])}
        for h in results:
            for way, predicted in predictions.items():
                errors[way].append(result_error("", h.y_test[:, h.result], predicted[:, h.result]).nmse)
    figures = {way: error_figures(np.array(own), "worse than a constant") for way, own in errors.items()}
    return {"results": len(errors["-O0"]), **figures}


def _ways(compiler: str | None, h: HeldOut) -> Iterator[tuple[str, Predict]]:
    """Each way's prediction for a program: [n, A] -> [n, R]."""
    model = load_compiler(compiler).model
    taps = find_taps(h.program, h.graph)
    with one_thread():
        yield "-O0, tower", _settled(model, h, silent=False, said=False)
        yield "-O0, polynomials", _settled(model, h, silent=True, said=True)
        yield "-O1, tower", emitted(model, h.program, h.graph, h.x, h.y, len(h.x), taps).predict
        yield from _polynomials(h)
    for level in (0, 1):
        yield f"-O{level}", compile_program(h.program, opt_level=level, compiler=compiler).module.predict


def _settled(model: Hypernetwork, h: HeldOut, *, silent: bool, said: bool) -> Predict:
    """The network of -O0 without its tower, or without polynomials."""
    taps = find_taps(h.program, h.graph)
    network = tapped(emitted(model, h.program, h.graph, h.x[:0], h.y[:0], 0, taps), taps)
    for k in range(len(network.mean)) if silent else ():
        network.silence(k)
    settle(network, h.program, h.graph, True, None if said else [[] for _ in h.program.results])
    return network.predict


def _polynomials(h: HeldOut) -> Iterator[tuple[str, Predict]]:
    """The polynomials of the rows alone, and those of the text that the rows change."""
    taps = find_taps(h.program, h.graph)
    scale = known_scale(moments(h.y), h.program.results, h.graph, h.y)
    problem = make_problem((h.x, h.y), (h.x[:0], h.y[:0]), h.program.domain, scale, taps)

    def predict(fits: Sequence[Fit | None]) -> Predict:
        def at(x: np.ndarray) -> np.ndarray:
            z = make_problem((x, np.zeros((len(x), len(fits)))), (x[:0], h.y[:0]), h.program.domain, scale, taps).z
            values = [np.zeros(len(x)) if fit is None else values_of(fit, z) for fit in fits]
            return np.asarray(scale.mean + scale.std * np.stack(values, axis=1))

        return at

    def best(candidates: Callable[[int], Iterator[Fit | None]]) -> Predict:
        known = [k for k in range(len(scale.std)) if scale.std[k] > 0]
        fits = {k: [fit for fit in candidates(k) if fit is not None] for k in known}
        return predict([min(fits[k], key=lambda f: f.error) if fits.get(k) else None for k in range(len(scale.std))])

    def of_rows(k: int) -> Iterator[Fit | None]:
        own = observed(problem, k, None, set(h.graph.result(k).arguments), [])
        for columns in own.sets:
            yield fit_hermite(own.z, own.y, None, 0.0, columns, own.flags & set(columns), MOST_TERMS)

    read = text_series(h.program, h.graph, taps)

    def of_text(k: int) -> Iterator[Fit | None]:
        for fit in standardised(read[k], float(scale.mean[k]), float(scale.std[k])):
            yield adapted(fit, problem.z, problem.y[:, k])

    with torch.no_grad():
        yield "-O1, polynomial of the rows", best(of_rows)
        yield "-O1, polynomial of the text", best(of_text)


def markdown(found: dict[str, Any]) -> str:
    lines = [
        *heading("Polynomials of the text", found),
        "nMSE on fresh rows; an error below 1e-9 counts as that in the geometric mean, and is called exact.",
        "",
        *(f"- {way}: {what}." for way, what in WAYS.items()),
    ]
    for name, part in found["sets"].items():
        lines += ["", f"## {capitalised(name)}: {part['results']} results", ""]
        header = ("way", "geometric mean", "median", "exact", "worse than a constant")
        rows = [
            [
                way,
                f"{part[way]['geo']:.2g}",
                f"{part[way]['median']:.2g}",
                f"{100 * part[way]['exact']:.0f} %",
                f"{100 * part[way]['worse than a constant']:.0f} %",
            ]
            for way in WAYS
        ]
        lines += table_lines(header, rows, len(header) - 1)
    return "\n".join(lines) + "\n"

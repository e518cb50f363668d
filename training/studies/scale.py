"""The scale of results that -O0 has without running anything: how far it is off, and what that costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from cprograms.graph import Graph
from cprograms.moments import expand
from cprograms.program import Program
from cprograms.strata import strata
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.fitting.scale import settle
from surrogate.mlp.fitting.start import emitted
from surrogate.mlp.network import Scale, SurrogateNetwork
from surrogate.mlp.pipeline import compile_program
from surrogate.numeric.batches import one_thread
from surrogate.numeric.checking.errors import result_error
from surrogate.numeric.rows import output_moments
from training.errors import geometric_mean
from training.held_out import HeldOut, Predict, held_out_programs, varying
from training.markdown import table_lines
from training.studies.sets import capitalised, heading

FAR = 2.0
"""A deviation is far off where the logarithm of its ratio to the true one is greater: by a factor above seven."""
WAYS = {
    "strata": "the strata alone, operands independent",
    "predicted": "the hypernetwork, relative to the strata: as before",
    "read": "the moments of the graph alone",
    "plain": "the moments or the prediction, and the plain tower trusted as far as the text agrees",
    "taught": "-O0 --plain: the same tower, taught what polynomials of the text say",
    "values": "the plain tower with the graph's values on 512 inputs in place of its moments",
    "polynomials": "those of the moments, alone, in place of the network",
    "compiled": "-O0: tower, taps, and polynomials of the text, weighed by those values",
    "true": "the deviation and the mean of the test rows: the scale given",
}


@dataclass(frozen=True)
class Measured:
    """Results of a set of programs: for each way the true deviations' ratios [n] as logarithms, and the nMSE [n].

    `seconds` are those of reading the moments, and of the emission, a program each.
    """

    name: str
    programs: int
    logarithms: dict[str, np.ndarray]
    errors: dict[str, np.ndarray]
    seconds: np.ndarray  # [programs, 2]


def measure(compiler: str | None, name: str, programs: Sequence[Program], rows: int, seed: int) -> Measured:
    """On so many fresh rows; results that are constant there are left out."""
    held = held_out_programs(programs, test_rows=rows, seed=seed, rows=0)
    logarithms: dict[str, list[float]] = {way: [] for way in WAYS}
    errors: dict[str, list[float]] = {way: [] for way in WAYS}
    seconds, count = [], 0
    for results in varying(held):
        count += 1
        ways, taken = _ways(compiler, results[0])
        seconds.append(taken)
        for h in results:
            true = h.y_test[:, h.result]
            _, deviation = output_moments(true)
            for way, (predict, scale) in ways.items():
                with np.errstate(divide="ignore"):
                    logarithms[way].append(abs(float(np.log(scale.std[h.result] / deviation))))
                errors[way].append(result_error("", true, predict(h.x_test)[:, h.result]).nmse)
    return Measured(
        name,
        count,
        {way: np.array(found) for way, found in logarithms.items()},
        {way: np.array(found) for way, found in errors.items()},
        np.array(seconds),
    )


def _ways(compiler: str | None, held: HeldOut) -> tuple[dict[str, tuple[Predict, Scale]], tuple[float, float]]:
    """What each way makes of inputs, and its scale; and the seconds of reading the moments, and of the emission."""
    program, graph, model = held.program, held.graph, load_compiler(compiler).model
    started = time.process_time()
    with one_thread():
        network = emitted(model, program, graph, held.x[:0], held.y[:0], 0)
    emission = time.process_time() - started
    started = time.process_time()
    reads = expand(graph, program.domain)
    taken = time.process_time() - started
    ways = {
        "strata": _of_strata(graph, program.domain),
        "predicted": _scale(network),
        "read": Scale(np.array([r.mean for r in reads]), np.array([r.std for r in reads])),
        "true": Scale(*np.array([output_moments(column) for column in held.y_test.T]).T),
    }
    found: dict[str, tuple[Predict, Scale]] = {
        way: (_with_scale(network, scale).predict, scale) for way, scale in ways.items()
    }
    found["polynomials"] = (lambda x: np.stack([read(x) for read in reads], axis=1), ways["read"])
    for way, evaluated in (("plain", False), ("values", True)):
        settled = deepcopy(network)
        settle(settled, program, graph, evaluated, [[] for _ in program.results])
        found[way] = (settled.predict, _scale(settled))
    for way, plain in (("taught", True), ("compiled", False)):
        compiled = compile_program(program, opt_level=0, compiler=compiler, plain=plain).module
        found[way] = (compiled.predict, _scale(compiled))
    return found, (taken, emission)


def _scale(network: SurrogateNetwork) -> Scale:
    return Scale(network.mean.numpy().copy(), network.std.numpy().copy())


def _with_scale(network: SurrogateNetwork, scale: Scale) -> SurrogateNetwork:
    changed = deepcopy(network)
    changed.mean[:], changed.std[:] = (changed.mean.new_tensor(v) for v in scale)
    return changed


def _of_strata(graph: Graph, domain: np.ndarray) -> Scale:
    known = strata(graph, domain)[list(graph.roots)]
    return Scale(known.mean(1), known.std(1))


def document(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """The figures of each set: of the deviation, of the error, and of the time."""
    return [
        {
            "set": m.name,
            "programs": m.programs,
            "results": len(m.errors["true"]),
            "ways": {way: _figures(m.logarithms[way], m.errors[way]) for way in WAYS},
            "milliseconds of reading, median and 90 %": [
                round(1e3 * q, 2) for q in np.quantile(m.seconds[:, 0], (0.5, 0.9))
            ],
            "reading over the rest of the compile, in all": round(
                float(m.seconds[:, 0].sum() / m.seconds[:, 1].sum()), 3
            ),
        }
        for m in measured
    ]


def _figures(logarithms: np.ndarray, errors: np.ndarray) -> dict[str, float]:
    safe = np.nan_to_num(errors, nan=np.inf)
    median, ninety, most = np.quantile(logarithms.clip(max=1e3), (0.5, 0.9, 0.99)).tolist()
    return {
        "median": median,
        "90 %": ninety,
        "99 %": most,
        "far": float((logarithms > FAR).mean()),
        "geo": geometric_mean(errors),
        "nMSE median": float(np.median(safe)),
        "nMSE worst": float(min(safe.max(), 1e300)),
        "worse than a constant": float((safe > 1).mean()),
        "nMSE above 2": int((safe > 2).sum()),
    }


def markdown(found: dict[str, Any]) -> str:
    lines = [
        *heading("The scale without running", found),
        "How far the deviation of a result is off, as |log(said / true)|: 0.1 is a tenth, 2 a factor of seven.",
        f"Far are those above {FAR:g}. Then the nMSE of `-O0` with the mean and deviation that are said.",
        "",
        *(f"- {way}: {what}" for way, what in WAYS.items()),
        "",
        "The choices were made on the first two sets, on further generated programs and on musl, libnova and R.",
    ]
    for part in found["sets"]:
        lines += [
            "",
            f"## {capitalised(part['set'])}: {part['programs']} programs, {part['results']} results",
        ]
        lines += ["", *table_lines(_HEADER, [_row(way, part["ways"][way]) for way in WAYS], len(_HEADER) - 1), ""]
        (median, ninety), rest = (part[key] for key in list(part)[-2:])
        lines += [
            f"Reading the moments takes {median:.2g} ms of a core for the median program, more than {ninety:.2g} ms",
            f"for one of ten, and in all {rest:.2f} times as long as the emission.",
        ]
    return "\n".join(lines) + "\n"


_HEADER = (
    *("scale", "median", "90 %", "99 %", "far", "nMSE: geometric mean", "median", "worst", "worse than a constant"),
    "above 2",
)


def _row(way: str, f: dict[str, float]) -> list[str]:
    return [
        way,
        *(f"{f[key]:.2g}" for key in ("median", "90 %", "99 %")),
        f"{100 * f['far']:.1f} %",
        *(f"{f[key]:.2g}" for key in ("geo", "nMSE median", "nMSE worst")),
        f"{100 * f['worse than a constant']:.0f} %",
        f"{f['nMSE above 2']:g}",
    ]

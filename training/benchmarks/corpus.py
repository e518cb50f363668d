"""How fast a corpus is made, by stage, and how numpy's rows compare with the sandbox's."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from cprograms.corpus.format import PROGRAM_ROWS, Origin, make_record, write_shard
from cprograms.corpus.rows import BATCH, numpy_rows
from cprograms.generate import generate
from cprograms.graph import Graph
from cprograms.lowering import lower
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import Outcomes, run, run_many
from training.benchmarks.timing import processor_seconds

TOLERANCE = 1e-9


def measure(count: int, singles: int, seed: int) -> dict[str, Any]:
    """Processor seconds a program by stage, rates, ratios, and how the two evaluators' rows compare."""
    seeds = range(seed, seed + count)
    first = [generate(s) for s in range(100)]  # reads the recipes
    run_many(first[:1], [sample(first[0], 1, 0)])  # builds the sandbox's library where it is not there
    generated: list[Program] = []
    graphs: list[Graph] = []
    by_numpy: list[Outcomes | None] = []
    by_sandbox: list[Outcomes] = []
    seconds = {
        "generate": processor_seconds(lambda: generated.extend(generate(s) for s in seeds)),
        "lower": processor_seconds(lambda: graphs.extend(lower(p) for p in generated)),
    }
    inputs = [sample(p, PROGRAM_ROWS, s) for p, s in zip(generated, seeds, strict=True)]
    seconds["numpy"] = processor_seconds(
        lambda: by_numpy.extend(numpy_rows(g, x) for g, x in zip(graphs, inputs, strict=True))
    )
    seconds["sandbox, batches"] = processor_seconds(lambda: by_sandbox.extend(_batches(generated, inputs)))
    seconds["write"] = processor_seconds(lambda: _write(generated, seeds, inputs, by_sandbox))
    each = {stage: total / count for stage, total in seconds.items()}
    alone = _alone(generated[: singles + 1], inputs[: singles + 1]) / singles
    numpy_able = [i for i, rows in enumerate(by_numpy) if rows is not None]
    return {
        "programs": count,
        "milliseconds_of_processor": {stage: 1e3 * s for stage, s in each.items()},
        "one_module_a_program_ms": 1e3 * alone,
        "batches_over_one_module_a_program": alone / each["sandbox, batches"],
        "the_same_with_generation": (alone + each["generate"]) / (each["sandbox, batches"] + each["generate"]),
        "batched_programs_per_second_with_generation": 1 / (each["sandbox, batches"] + each["generate"]),
        "numpy_over_sandbox": each["sandbox, batches"] * len(numpy_able) / seconds["numpy"],
        "numpy_with_lowering_over_sandbox": each["sandbox, batches"]
        * len(numpy_able)
        / (seconds["numpy"] + seconds["lower"]),
        "comparison": compare(numpy_able, by_numpy, by_sandbox),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _batches(programs: list[Program], inputs: list[np.ndarray]) -> Iterator[Outcomes]:
    for start in range(0, len(programs), BATCH):
        part = slice(start, start + BATCH)
        yield from run_many(programs[part], inputs[part])


def _alone(programs: list[Program], inputs: list[np.ndarray]) -> float:
    """Seconds of `run`, which compiles a module for its program, without its cache."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, SURROGATE_CACHE=folder):
        run(programs[0], inputs[0])  # the library goes to the new cache
        return processor_seconds(lambda: [run(p, x) for p, x in zip(programs[1:], inputs[1:], strict=True)])


def compare(
    chosen: Sequence[int], by_numpy: Sequence[Outcomes | None], by_sandbox: Sequence[Outcomes]
) -> dict[str, Any]:
    """How many rows differ by more than 1e-9 of their value. NaN equals NaN; integers and infinities must be equal."""
    rows = programs = 0
    greatest = 0.0
    for i in chosen:
        mine = by_numpy[i]
        assert mine is not None
        a, b = mine.y, by_sandbox[i].y
        with np.errstate(invalid="ignore"):
            difference = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b) / np.abs(b))
        far = ~(difference <= TOLERANCE).all(1)
        rows, programs = rows + int(far.sum()), programs + int(far.any())
        greatest = max(greatest, float(difference[difference <= TOLERANCE].max(initial=0.0)))
    return {
        "programs": len(chosen),
        "rows": len(chosen) * PROGRAM_ROWS,
        "programs_with_a_row_apart": programs,
        "rows_apart": rows,
        "greatest_difference_of_the_others": greatest,
    }


def _write(programs: list[Program], seeds: range, inputs: list[np.ndarray], ran: list[Outcomes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(programs), 1000):
            part = slice(start, start + 1000)
            records = [
                make_record(p, x, r.y, r.status, Origin("generated", seed=s))
                for p, s, x, r in zip(programs[part], seeds[part], inputs[part], ran[part], strict=True)
            ]
            write_shard(Path(folder) / "shard.parquet", records)


def table(report: dict[str, Any]) -> str:
    lines = [f"{stage:44} {ms:9.3f} ms" for stage, ms in report["milliseconds_of_processor"].items()]
    lines.append(f"{'sandbox, one module a program':44} {report['one_module_a_program_ms']:9.3f} ms")
    rate = report["batched_programs_per_second_with_generation"]
    lines += [
        f"{'batches over one module a program':44} {report['batches_over_one_module_a_program']:9.1f} x",
        f"{'the same with generation counted':44} {report['the_same_with_generation']:9.1f} x",
        f"{'numpy over the sandbox, from graphs':44} {report['numpy_over_sandbox']:9.1f} x",
        f"{'the same with lowering counted':44} {report['numpy_with_lowering_over_sandbox']:9.1f} x",
        f"{'programs a second and core, in batches':44} {rate:9.0f}",
        f"{'peak memory':44} {report['peak_memory_mb']:9.0f} MB",
    ]
    c = report["comparison"]
    lines.append(
        f"numpy against the sandbox: {c['programs']} programs, {c['rows']} rows, {c['rows_apart']} rows of "
        f"{c['programs_with_a_row_apart']} programs more than {TOLERANCE:g} apart; "
        f"the others at most {c['greatest_difference_of_the_others']:.1e}"
    )
    return "\n".join(lines)

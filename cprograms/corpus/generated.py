"""Shards of generated programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cprograms.corpus.format import PROGRAM_ROWS, Origin, Record, make_record, write_shard
from cprograms.corpus.rows import BATCH, Evaluator, execute
from cprograms.generate import DEFAULT, Distribution, accept, generate
from cprograms.sandbox import Status

SHARD = 1000
"""Programs tried for a shard."""
_SEEDS = 2**40


def first_seed(seed: int, shard: int) -> int:
    """The seed of a shard's first program: those of different runs never meet."""
    return seed * _SEEDS + shard * SHARD


def write_generated_shard(
    path: Path,
    first: int,
    programs: int,
    rows: int = PROGRAM_ROWS,
    evaluator: Evaluator = "numpy",
    grammar: Distribution = DEFAULT,
) -> None:
    """Write the programs of the seeds from `first` on that are worth learning from. Raises OSError."""
    counts: Counter[str] = Counter()
    seeds = range(first, first + programs)
    write_shard(path, list(generated_records(seeds, rows, evaluator, counts, grammar)), counts)


def generated_records(
    seeds: range,
    rows: int = PROGRAM_ROWS,
    evaluator: Evaluator = "numpy",
    counts: Counter[str] | None = None,
    grammar: Distribution = DEFAULT,
) -> Iterator[Record]:
    """The programs of the seeds whose every result is worth learning from; what becomes of each is counted."""
    counts = Counter() if counts is None else counts
    for start in range(seeds.start, seeds.stop, BATCH):
        part = range(start, min(start + BATCH, seeds.stop))
        programs = [generate(seed, grammar) for seed in part]
        for seed, program, ran in zip(part, programs, execute(programs, part, rows, evaluator), strict=True):
            counts["tried"] += 1
            if (ran.status == Status.REJECTED).any():
                counts["not compiled"] += 1
            elif not all(accept(r.type, ran.y[:, k]) for k, r in enumerate(program.results)):
                counts["constant, rare, exploding or mostly undefined"] += 1
            else:
                counts["kept"] += 1
                origin = Origin("generated", seed=seed)
                yield make_record(
                    program,
                    ran.x,
                    ran.y,
                    ran.status,
                    origin,
                    graph=ran.graph,
                    behaviour=ran.behaviour,
                    licence="Apache-2.0",
                )

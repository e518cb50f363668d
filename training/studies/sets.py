"""The sets of programs that studies measure compiles on, and how they write what they find."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import cprograms
from cprograms.corpus.format import read_corpus
from cprograms.corpus.shards import corpus_paths
from cprograms.diagnostics import UsageError
from cprograms.files import replace_file, replace_json
from cprograms.program import Program
from surrogate.mlp.emission.pretrained import load_compiler
from training.errors import geometric_mean
from training.evaluation.suites import LIBRARY
from training.held_out import learnable
from training.script import command_line

Sets = Iterable[tuple[str, Callable[[], list[Program]]]]
"""Names, and what reads their programs."""
EXACT = 1e-9
"""An nMSE below this is called exact, and counts as this in a geometric mean."""


def sets(data: Path) -> Iterator[tuple[str, Callable[[], list[Program]]]]:
    """The sets that the choices were made on first, then those that were measured once."""
    yield "generated, validation", lambda: _programs(data, ("train", "validation"), generated=True)
    yield "harvested, validation", lambda: _programs(data, ("validation",), generated=False)
    yield "generated, test", lambda: _programs(data, ("test",), generated=True)
    yield "harvested, test", lambda: _programs(data, ("test",), generated=False)
    yield "library", lambda: [cprograms.load(path) for path in sorted(LIBRARY.glob("*.c"))]


def _programs(data: Path, splits: Sequence[str], generated: bool) -> list[Program]:
    return [
        record.program()
        for split in splits
        for record in read_corpus(corpus_paths([data], f"{split}-*.parquet"))
        if learnable(record) and (record.origin.kind == "generated") == generated
    ]


def chosen(args: Namespace, among: Sets) -> Iterator[tuple[str, list[Program]]]:
    """The programs of the sets that a study is asked for (see `training.studies.arguments`).

    Raises UsageError for a name that none has.
    """
    found = dict(among)
    if unknown := [name for name in args.sets or () if name not in found]:
        raise UsageError(f"no set '{unknown[0]}'; there are {'; '.join(found)}")
    for name, programs in found.items():
        if args.sets is None or name in args.sets:
            yield name, programs()[: args.programs]


def error_figures(errors: np.ndarray, worse: str) -> dict[str, float]:
    """Of nMSE the geometric mean, the median, and the shares of exact ones and of those `worse` than a constant."""
    return {
        "geo": geometric_mean(errors),
        "median": float(min(np.median(np.nan_to_num(errors, nan=np.inf)), 1e300)),
        "exact": float((errors < EXACT).mean()),
        worse: float((~(errors <= 1)).mean()),
    }


def heading(title: str, found: dict[str, Any]) -> list[str]:
    """How a page begins: its title, the command and the weights."""
    return [f"# {title}", "", f"`{found['command']}`; hypernetwork weights {found['compiler'][:12]}.", ""]


def capitalised(name: str) -> str:
    """A set's name as a title."""
    return name[0].upper() + name[1:]


def write(args: Namespace, found: Any, page: Callable[[dict[str, Any]], str]) -> None:
    """Write what was found of the sets, as JSON and as a page."""
    document = {
        "command": command_line(),
        "compiler": load_compiler(args.compiler).sha256,
        "rows": args.rows,
        "seed": args.seed,
        "sets": found,
    }
    replace_json(args.out.with_suffix(".json"), document)
    replace_file(args.out.with_suffix(".md"), page(document).encode())

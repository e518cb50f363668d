"""The card of a corpus: counts and distributions, as the README.md that a data set's page shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from cprograms.corpus.format import FEATURES
from cprograms.corpus.splits import DUPLICATE, SPLITS, STRADDLING
from cprograms.corpus.tokens import tokens
from cprograms.sandbox import Status

_LENGTHS = (25, 50, 100, 200, 400)
_CONTROL = ("if", "for", "while", "do", "switch", "?")


@dataclass
class Statistics:
    """What a corpus holds: `outcomes` counts all programs that were read, the rest those of a split, by split."""

    outcomes: Counter[str]
    tables: dict[str, dict[str, Counter[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter))
    )

    def add(self, split: str, table: pa.Table) -> None:
        """Count the programs of a table with the columns of `FEATURES`."""
        columns = table.select(["source", "arguments", "results", "origin", "licence", "status"]).to_pylist()
        for row in columns:
            for name, value in _described(row):
                self.tables[name][value][split] += 1

    def as_dict(self) -> dict[str, Any]:
        return {
            "outcomes": dict(self.outcomes),
            **{name: {value: dict(c) for value, c in table.items()} for name, table in self.tables.items()},
        }


def _described(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The tables and the line of each in which a program counts."""
    found = tokens(row["source"])
    length = next((f"{n:4} or fewer" for n in _LENGTHS if len(found) <= n), f"more than {_LENGTHS[-1]}")
    ended = int(np.count_nonzero(np.array(row["status"]) == Status.OK))
    return [
        ("kind", row["origin"]["kind"]),
        ("package", row["origin"]["package"] or "-"),
        ("licence", row["licence"] or "not recorded"),
        ("arguments", f"{len(row['arguments']):2}"),
        ("results", f"{len(row['results']):2}"),
        ("result type", row["results"][0]["type"]),
        ("tokens", length),
        ("rows that ended well", "all" if ended == len(row["status"]) else "at least 90 %"),
        *(("holds", word) for word in _CONTROL if word in found),
        *(("argument type", t) for t in {a["type"] for a in row["arguments"]}),
        *(("domain from", o) for o in {a["origin"] for a in row["arguments"]}),
    ]


def card(statistics: Statistics) -> str:
    """The card, with the front matter by which `datasets` finds the splits."""
    outcomes = statistics.outcomes
    files = "\n".join(f"  - split: {s}\n    path: {s}-*.parquet" for s in SPLITS if outcomes[s])
    fields = "\n".join(f"| `{name}` | {_FIELDS[name]} |" for name in FEATURES)
    tables = "\n".join(_table(name, statistics.tables[name]) for name in statistics.tables)
    return f"""\
---
configs:
- config_name: default
  data_files:
{files}
---
# A corpus of numeric C programs with rows

Numeric, deterministic C functions, each self-contained, with inputs and the outputs that it gives for them.
{outcomes.total()} programs were read: {outcomes[DUPLICATE]} equal an earlier one but for names, {outcomes[STRADDLING]}
are like a program of another package's split and were left out, and {sum(outcomes[s] for s in SPLITS)} are here.

No two programs of different splits have the same text but for names and numbers, the same dataflow graph but for
constants, equal outputs on shared inputs, or 80 % of their runs of five tokens in common (found with a probability of
0.9999, by MinHash). Harvested programs are split by package.

| field | what it is |
|---|---|
{fields}

{tables}"""


_FIELDS = {
    "id": "hash of source and entry",
    "source": "self-contained C; the domain, extents, fixed numbers and state in `#pragma surrogate` lines",
    "entry": "the function that the rows are of",
    "signature": "its prototype",
    "arguments": "name (`x`, `w[3]`, `s.sum`), type, range of the inputs, and where the range comes from",
    "results": "name (`return`, a struct's field, or what is written: `out`, `w[3]`, `s.sum`) and type",
    "tokens": "hash of the tokens, names canonical",
    "skeleton": "the same with numbers masked",
    "graph": "hash of the dataflow graph's shape; empty where the graph leaves something out",
    "behaviour": "hashes of the outputs on inputs shared with other programs",
    "origin": "kind (generated, function, expression, block, iteration); package, path, line, function; seed",
    "licence": "of the source text",
    "inputs": "float64 [rows, arguments]",
    "outputs": "float64 [rows, results], NaN where the row did not end well",
    "status": "why: 0 is well, the others are `cprograms.sandbox.Status`",
}


def _table(name: str, lines: Mapping[str, Counter[str]]) -> str:
    head = f"| {name} | " + " | ".join(SPLITS) + " |\n" + "|---|" + "---:|" * len(SPLITS)
    body = "\n".join(
        f"| {value.strip()} | " + " | ".join(str(counts[s]) for s in SPLITS) + " |"
        for value, counts in sorted(lines.items())
    )
    return f"{head}\n{body}\n"

"""What became of every file, function and candidate of a harvest, stage by stage."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from rich.console import Group
from rich.table import Table

from cprograms.corpus.shards import ShardReport
from cprograms.files import replace_file, replace_json
from cprograms.harvest.outline import PieceKind
from cprograms.program import Program
from cprograms.types import Array, CType, Struct, Union

KINDS: tuple[str, ...] = ("function", *get_args(PieceKind))
FORMS = ("scalars", "pointers to scalars", "arrays", "structs", "state")
"""What whole functions work on, the last of which one has counts."""
FORM_STAGES = (
    ("numeric", "in the numeric subset"),
    ("settings", "of these with an extent or a number given"),
    ("kept in this shard", "runs, varies, loads"),
    ("distinct", "distinct"),
)
_STAGES = (
    ("found", "found"),
    ("numeric", "in the numeric subset, with what it needs"),
    ("unique", "of another text than the others of its shard"),
    ("run: kept", "runs, is deterministic, varies, is finite"),
    ("kept in this shard", "the same when loaded"),
    ("distinct", "distinct from all others"),
)
_REASONS = 12
_TIMES = (("read", "files"), ("candidates", "functions"), ("run", "candidates"), ("records", "programs"))


def form_of(program: Program) -> str:
    """Which of `FORMS` a program has."""
    parameters = program.parameters
    if any(p.passing == "global" for p in parameters):
        return "state"
    if any(_has_fields(p.type) for p in parameters):
        return "structs"
    pointed = [p.type for p in parameters if p.passing == "pointer"]
    if any(isinstance(type, Array) and type.length > 1 for type in pointed):
        return "arrays"
    return "pointers to scalars" if pointed else "scalars"


def _has_fields(type: CType) -> bool:
    while isinstance(type, Array):
        type = type.element
    return isinstance(type, Struct | Union)


@dataclass
class Funnel:
    """Counts by "stage: reason" for files and functions, by "kind: stage" for candidates, by "form: stage" for whole
    functions, with those of `FORMS`; programs by package."""

    names: tuple[str, ...]
    counts: Counter[str]
    shards: ShardReport
    times: Counter[str]
    packages: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def stages(self) -> list[tuple[str, list[int]]]:
        """What is left after each stage: its name, and one number for each of `KINDS`."""
        for kind in KINDS:
            same = self.counts[f"{kind}: the same text in this shard"]
            self.counts[f"{kind}: unique"] = self.counts[f"{kind}: numeric"] - same
        return [(label, [self.counts[f"{kind}: {stage}"] for kind in KINDS]) for stage, label in _STAGES]

    def reasons(self) -> list[tuple[str, int]]:
        """Why candidates were left out, the commonest first."""
        stages = {f"{kind}: {stage}" for kind in KINDS for stage, _ in _STAGES}
        left_out = [(k, n) for k, n in self.counts.items() if k not in stages and k.split(":")[0] in KINDS]
        return sorted(left_out, key=lambda item: (-item[1], item[0]))

    def forms(self) -> list[tuple[str, list[int]]]:
        """What is left of whole functions after some stages, by form."""
        return [(label, [self.counts[f"{form}: {stage}"] for form in FORMS]) for stage, label in FORM_STAGES]

    def of_files(self) -> list[tuple[str, int]]:
        return sorted((k, n) for k, n in self.counts.items() if k.startswith(("files: ", "functions: ")))

    def speeds(self) -> list[tuple[str, float, float]]:
        """Stage, processor seconds, things a second."""
        things = {
            "files": self.times["files"],
            "functions": self.counts["functions: found"],
            "candidates": sum(self.counts[f"{kind}: unique"] for kind in KINDS),
            "programs": sum(self.counts[f"{kind}: run: kept"] for kind in KINDS),
        }
        return [
            (f"{stage} ({thing}/s)", self.times[stage], things[thing] / self.times[stage])
            for stage, thing in _TIMES
            if self.times[stage]
        ]

    def tables(self) -> list[tuple[str, list[str], list[list[str]]]]:
        """Title, heading and rows of each part of the report."""
        made = dict(sorted(self.packages.items()))
        return [
            ("Files and functions", ["", "number"], [[k, f"{n:,}"] for k, n in self.of_files()]),
            ("Candidates", ["left", *KINDS], [[label, *(f"{n:,}" for n in row)] for label, row in self.stages()]),
            ("Whole functions", ["of", *FORMS], [[label, *(f"{n:,}" for n in row)] for label, row in self.forms()]),
            ("Left out", ["", "number"], [[k, f"{n:,}"] for k, n in self.reasons()[:_REASONS]]),
            ("Programs", ["package", *KINDS], [[p, *(f"{c[k]:,}" for k in KINDS)] for p, c in made.items()]),
            ("Time", ["stage", "CPU seconds", "a second"], [[s, f"{t:.1f}", f"{v:.1f}"] for s, t, v in self.speeds()]),
        ]

    def rendered(self) -> Group:
        """The report for a terminal."""
        return Group(*(_table(title, heading, rows) for title, heading, rows in self.tables()))

    def markdown(self) -> str:
        lines: list[str] = ["# Funnel", "", f"{len(self.names)} source trees: {', '.join(self.names)}", ""]
        for title, heading, rows in self.tables():
            lines += [f"## {title}", ""]
            for row in (heading, ["---", *(["---:"] * (len(heading) - 1))], *rows):
                lines.append(f"| {' | '.join(row)} |")
            lines.append("")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        return {
            "packages": list(self.names),
            "counts": dict(sorted(self.counts.items())),
            "programs": {package: dict(kinds) for package, kinds in sorted(self.packages.items())},
            "seconds": {stage: round(t, 3) for stage, t, _ in self.speeds()},
            "shards": {k: v for k, v in self.shards.as_dict().items() if k != "counts"},
        }

    def save(self, folder: Path) -> None:
        """Write funnel.json and funnel.md. Raises OSError."""
        replace_json(folder / "funnel.json", self.as_dict())
        replace_file(folder / "funnel.md", self.markdown().encode())


def _table(title: str, heading: list[str], rows: list[list[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(heading[0])
    for name in heading[1:]:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*row)
    return table

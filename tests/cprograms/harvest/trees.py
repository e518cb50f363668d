"""Small C trees for the harvester's tests, and the way from a text to what is harvested of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cprograms.harvest.candidates import Candidate, candidates
from cprograms.harvest.includes import prepare
from cprograms.harvest.linking import Linker
from cprograms.harvest.reading import Reader


def write_tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def open_reader(root: Path) -> tuple[Reader, Linker]:
    work = root.parent / f"{root.name}-work"
    prepared = prepare(root, work / "headers")
    reader = Reader(root, work / "headers", prepared.identity, work / "preprocessed")
    return reader, Linker(reader.read, prepared.definitions)


def harvested(root: Path, file: str, counts: Counter[str] | None = None) -> dict[str, Candidate]:
    """The candidates of one file of a tree, by the name of their entry."""
    reader, linker = open_reader(root)
    found = candidates(reader.read(file), linker, True, Counter() if counts is None else counts)
    return {c.program.entry: c for c in found}


def harvested_text(folder: Path, text: str) -> dict[str, Candidate]:
    return harvested(write_tree(folder / "tree", {"a.c": text}), "a.c")

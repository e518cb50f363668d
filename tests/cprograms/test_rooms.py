"""What reads and runs C never imports what makes and keeps many programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cprograms

ROOT = Path(cprograms.__path__[0])
MANY = ("generate", "corpus", "harvest")
FIRST = sorted(p for p in ROOT.rglob("*.py") if p.relative_to(ROOT).parts[0] not in MANY)
BELOW = {"generate": ("corpus", "harvest"), "corpus": ("harvest",)}


@pytest.mark.parametrize("path", FIRST, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_first_rooms_do_not_import_the_second(path: Path) -> None:
    assert not re.search(
        rf"\bcprograms\.(?:{'|'.join(MANY)})\b|from cprograms import .*\b(?:{'|'.join(MANY)})\b", _code(path)
    )


@pytest.mark.parametrize("room", BELOW)
def test_the_second_rooms_build_on_each_other_in_order(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        assert not re.search(rf"\bcprograms\.(?:{'|'.join(BELOW[room])})\b", _code(path)), path


def _code(path: Path) -> str:
    return "\n".join(line for line in path.read_text().splitlines() if re.match(r"\s*(?:from|import) ", line))

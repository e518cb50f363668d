"""A small program that every test of the exact target's artifacts uses: the k-th value of a linked list."""

from __future__ import annotations

from pathlib import Path

import pytest

import cprograms
from surrogate.anc.pipeline import compile_anc
from surrogate.anc.program import AncProgram

LISTK = Path(cprograms.__file__).parent / "library" / "anc" / "listk.c"


@pytest.fixture(scope="session")
def listk() -> AncProgram:
    return compile_anc(LISTK, memory_size=20)

"""Programs that several test files share."""

from pathlib import Path

import pytest

import cprograms
from cprograms.program import Program


@pytest.fixture(scope="session")
def library() -> dict[str, Program]:
    """The library's programs by name."""
    folder = Path(cprograms.__path__[0]) / "library"
    return {path.stem: cprograms.load(path) for path in sorted(folder.glob("*.c"))}

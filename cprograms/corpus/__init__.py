"""Corpora of numeric C programs with rows: their format, how shards are made, and how splits are kept apart."""

from pathlib import Path

TINY = Path(__file__).parent / "tiny"
"""A corpus of some two hundred generated programs, for tests and tutorials."""

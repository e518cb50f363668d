"""The tests mirror the tree of the packages; helpers are imported by their whole names."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The checkout."""

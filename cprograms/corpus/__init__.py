"""Corpora of numeric C programs with rows: their format, how shards are made, and how splits are kept apart.

In reading order: `tokens` and `format`, a record and a shard; `rows`, what its inputs and outputs are; `shards` and
`generated`, making them; `near` and `splits`, what is a duplicate and which programs are held out; `build`, shards to a
corpus; `card` and `distance`, what is in one and how far two are apart.
"""

from pathlib import Path

TINY = Path(__file__).parent / "tiny"
"""A corpus of some two hundred generated programs, for tests and tutorials."""

"""Experiments with the neural random-access machine: the ten tasks of its paper, seed by seed.

`experiments` measures, `table` writes.
"""

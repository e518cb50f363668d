"""Corpora of numeric C programs with rows: their format, how shards are made, and how splits are kept apart."""

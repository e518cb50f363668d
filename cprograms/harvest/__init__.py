"""Numeric functions out of any C source tree: whole ones, and parts of others made into functions of their own.

In reading order: `harvest`, the whole of it; `sources` and `includes`, a tree; `shard`, one part of it; `reading` and
`assumptions`, a file; `candidates`, `settings` and `linking`, its functions; `outline`, `scopes`, `abstraction` and
`pruning`, parts of them; `domain` and `trial`, on which inputs they run and whether they are kept; `funnel`, the
report, and `comparison`, several reports.
"""

"""A random generator of numeric C programs, built as syntax trees.

`distribution` holds every weight of the grammar; `values` tracks types, intervals and moments of expressions as they are
built, so that domains are legal and nothing explodes; `real`, `integers`, `loops` and `statements` hold the idioms.
"""

from cprograms.generate.accept import accept
from cprograms.generate.distribution import DEFAULT, Distribution
from cprograms.generate.program import generate, programs

__all__ = ["DEFAULT", "Distribution", "accept", "generate", "programs"]

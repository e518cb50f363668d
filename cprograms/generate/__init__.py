"""A random generator of numeric C programs, built as syntax trees.

`distribution` holds the grammar's weights; docs/corpus.md describes the grammar. `values` tracks types, intervals and
moments of expressions as they are built, so that domains are legal and nothing explodes. `real`, `curves`, `integers`,
`loops` and `statements` hold the idioms, `writer` and `function` the function being written, `calls` and `recipes`
helper functions, `program` the signature and the translation unit, `styles` habits of writing that change the finished
text only.
"""

from cprograms.generate.accept import accept
from cprograms.generate.distribution import DEFAULT, Distribution
from cprograms.generate.program import generate, programs

__all__ = ["DEFAULT", "Distribution", "accept", "generate", "programs"]

"""A random generator of numeric C programs, built as syntax trees; docs/corpus.md describes the grammar.

To be read in this order, in which each module imports from those before it only:

- `distribution`, the grammar's weights; `nodes`, short constructors of syntax; `values`, which tracks types, intervals
  and moments of expressions as they are built, so that domains are legal and nothing explodes;
- `writer`, the function being written;
- the idioms, which are expressions: `guards`, `transcendental`, `real`, `integers`; then `loops`, `integer_loops`;
- `function`, a whole function; `recipe`, functions as people write them; `calls` of both; `statements` of all kinds;
- `styles`, habits of writing that change the finished text only; `shares`, how often people write what, and by these
  `part_expressions` and `parts`, programs like parts of people's functions;
- `program`, the signature and the translation unit.

`accept` tells which results are worth learning from. `tape_expressions` and `tape_programs` write programs on a tape.
"""

from cprograms.generate.accept import accept
from cprograms.generate.distribution import DEFAULT, Distribution
from cprograms.generate.program import generate, programs

__all__ = ["DEFAULT", "Distribution", "accept", "generate", "programs"]

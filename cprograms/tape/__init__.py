"""Programs over a memory tape, the input of the exact target: reading, checking, running modulo M.

`program` says what a tape program is once it is read, `loading` reads one. `subset` is its check: `definitions` uses
`statements`, which uses `locals` and `expressions`; `names` and `kinds` say what names and types stand for.
`oracle` runs programs in the sandbox, `modular` writes the C for that. `interpreter` runs them from their tree, with
recursion; `traces` notes what calls see and do then, and `situations` lists all that they can see.
"""

from cprograms.tape.loading import load_tape
from cprograms.tape.program import TapeProgram

__all__ = ["TapeProgram", "load_tape"]

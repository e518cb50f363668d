"""From a tape program's syntax tree to the intermediate representation.

`entry` lowers a program. `statements` uses `expressions`, which uses `comparisons` and `arithmetic`; all of them add to
the function in `builder`, and look names up in `environment`. `costs`, `choices` and `counting` judge a tree before it
is lowered, `tidy` the function afterwards.
"""

from surrogate.anc.compiler.lowering.entry import lower

__all__ = ["lower"]

"""From a program to its dataflow graph.

`entry` puts the stages together and is read first. Then, in the order in which they are built on each other:

- `values`, `state`, `unit`: what the stages pass around, what they change, what the program declares;
- `bounds`, `attempts`, `conditions`, `variables`, `flow`: what is proved, tried, selected, stored, and jumped to;
- `initialisers`, `expressions`, `mentions`, `loops`, `switches`, `statements`, `libm`, `calls`: C's syntax.
"""

from cprograms.lowering.entry import lower

__all__ = ["lower"]

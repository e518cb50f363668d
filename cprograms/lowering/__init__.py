"""From a program to its dataflow graph.

`entry` puts the stages together and is read first. Then, in the order in which they are built on each other:

- `values`, `state`, `jumps`, `unit`: what the stages pass around, what they change, what the program declares;
- `bounds`, `attempts`, `conditions`, `puns`, `variables`, `pointers`, `flow`: what is proved, tried, selected, stored,
  pointed to, and jumped to;
- `initialisers`, `expressions`, `mentions`, `counters`, `loops`, `switches`, `statements`: C's syntax;
- `libm`, `memory`, `calls`: calls of the program's functions and of the C library's;
- `stages`, `interface`: all of these together, and the program's arguments and results;
- `watching`, `summaries`, `accesses`: the same without numbers, which finds what a function reads and writes.
"""

from cprograms.lowering.entry import lower

__all__ = ["lower"]

"""From a program to its dataflow graph.

In reading order: `memory`, where variables are; `bounds`, intervals of nodes; `values`, `expressions`, `flow` and
`statements`, each on the one before; `libm`, calls of the C library; `entry`, calls and the whole program.
"""

from cprograms.lowering.entry import lower

__all__ = ["lower"]

"""The neural random-access machine of Kurach, Andrychowicz and Sutskever 2016: a network wires a circuit each step.

Read `modules`, `machine`, `controller`, `learning`; then `circuits`, `rendering`, `decompiler`, and `program`.
"""

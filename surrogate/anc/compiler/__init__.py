"""From a tape program to an assembly of the ANC machine.

Read `compile`, the whole way in one place, and `ir`, what the two halves pass each other; then `lowering`, from C to
the IR, and `backend`, from the IR to assembly.
"""

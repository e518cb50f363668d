"""From a tape program's syntax tree to the intermediate representation."""

from surrogate.anc.compiler.lowering.entry import lower

__all__ = ["lower"]

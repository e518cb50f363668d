"""From a program to its dataflow graph."""

from cprograms.lowering.entry import lower

__all__ = ["lower"]

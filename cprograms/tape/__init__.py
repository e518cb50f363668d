"""Programs over a memory tape, the input of the exact target: reading, checking, running modulo M, generating."""

from cprograms.tape.loading import load_tape
from cprograms.tape.program import TapeProgram

__all__ = ["TapeProgram", "load_tape"]

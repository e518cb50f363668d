"""What a target says of an artifact of its own, for its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """`made` are sentences on what it is and where it comes from.

    `compiling` are the words of the command that makes it from `program.c`, `facts` further names and values that say
    which artifact it is, and `trained` what each fine-tuning did: in words, and the nMSE before and after it.
    """

    made: Sequence[str]
    compiling: Sequence[str]
    facts: Sequence[tuple[str, str]] = ()
    trained: Sequence[tuple[str, float, float]] = ()

"""The ten tasks of the paper, each with the settings that it is learned with.

The layouts are those of the tasks of the ANC machine, which differ from the paper's in detail: the first element of a
Permutation is 1, for example, and 0 ends it. The first five are the paper's easy tasks.
"""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.nram.learning import Settings


@dataclass(frozen=True)
class NramTask:
    """A task's settings, and the error of the paper's controllers at the size that they were trained to, in percent."""

    settings: Settings
    published: float
    easy: bool = False


NRAM_TASKS: dict[str, NramTask] = {
    "access": NramTask(Settings(size=10, steps=3, restarts=32, screen=60, updates=300, check=50), 0, easy=True),
    "increment": NramTask(Settings(size=7, steps=9, halting=(5e-3, 5e-2)), 0, easy=True),
    "copy": NramTask(Settings(size=12, steps=10), 0, easy=True),
    "reverse": NramTask(Settings(size=12, steps=10), 0, easy=True),
    "swap": NramTask(Settings(size=10, steps=5), 0, easy=True),
    "permutation": NramTask(Settings(size=12, steps=12), 0),
    "listk": NramTask(Settings(size=12, steps=10), 0),
    "list_search": NramTask(Settings(size=12, steps=10), 0),
    "merge": NramTask(Settings(size=20, steps=16), 1),
    "walk_bst": NramTask(Settings(size=20, steps=10), 0.3),
}

"""The ten tasks of the paper, each with the settings that it is learned with.

The layouts are those of the tasks of the ANC machine, which differ from the paper's in detail: the first element of a
Permutation is 1, for example, and 0 ends it. The first five are the paper's easy tasks.
"""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.nram.learning import Settings
from surrogate.nram.search import SearchSettings


@dataclass(frozen=True)
class NramTask:
    """A task's settings, of descent and of the search, and the error of the paper's controllers at the size that they
    were trained to, in percent."""

    settings: Settings
    search: SearchSettings
    published: float
    easy: bool = False


NRAM_TASKS: dict[str, NramTask] = {
    "access": NramTask(
        Settings(size=10, steps=3, restarts=32, screen=60, updates=300, check=50, halting=(0.02, 0.3)),
        SearchSettings(size=10, steps=3),
        0,
        easy=True,
    ),
    "increment": NramTask(Settings(size=7, steps=9), SearchSettings(size=10, least=6, steps=12), 0, easy=True),
    "copy": NramTask(Settings(size=14, least=8, steps=14), SearchSettings(size=14, least=8, steps=14), 0, easy=True),
    "reverse": NramTask(Settings(size=11, steps=11), SearchSettings(size=13, least=9, steps=13), 0, easy=True),
    "swap": NramTask(
        Settings(size=8, steps=6, registers=5),
        SearchSettings(size=10, least=7, steps=6, registers=5),
        0,
        easy=True,
    ),
    "permutation": NramTask(Settings(size=11, steps=18), SearchSettings(size=13, least=9, steps=22, registers=5), 0),
    "listk": NramTask(Settings(size=13, steps=10), SearchSettings(size=19, least=13, steps=14), 0),
    "list_search": NramTask(Settings(size=13, steps=10), SearchSettings(size=15, least=13, steps=16, registers=5), 0),
    "merge": NramTask(Settings(size=18, steps=14), SearchSettings(size=20, least=18, steps=16, registers=6), 1),
    "walk_bst": NramTask(Settings(size=19, steps=8), SearchSettings(size=37, least=25, steps=9), 0.3),
}

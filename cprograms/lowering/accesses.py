"""What a function reads and writes of the objects that its pointers point to: found by following it without numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from cprograms.declarations import Unsupported
from cprograms.lowering import pointers
from cprograms.lowering.interface import globals_are_set_up
from cprograms.lowering.state import Null, Place, Slot
from cprograms.lowering.summaries import Run, Summaries
from cprograms.lowering.unit import TranslationUnit
from cprograms.lowering.values import Value, leaves, scalar_of, value_of
from cprograms.lowering.watching import Access, EnoughError
from cprograms.types import CType, Pointer, Scalar

PATIENCE = 300
"""What is read, after something that cannot be followed, in search of what else cannot be."""


@dataclass(frozen=True)
class Given:
    """A parameter: its type; where that is a pointer, what it points to and how many of these there are, None where
    that is to be found out; and the number that it always has, where it has one."""

    name: str
    type: CType
    element: CType | None = None
    extent: int | None = None
    fixed: int | float | None = None


class Accesses:
    """Follows the functions of a unit, which may grow."""

    def __init__(self, unit: TranslationUnit) -> None:
        self._summaries = Summaries(unit)

    def of(
        self,
        entry: str,
        given: Sequence[Given],
        live: Sequence[str],
        state: Collection[str],
        touch: Callable[[str, Collection[str]], bool],
    ) -> dict[str, Access] | None:
        """The accesses to what the pointers among the parameters point to, and to the globals of the `state`, by name.

        `live` are the globals that may change; others have their initial values. `touch` tells whether a function, or
        what it calls, has to do with such ones. None where the function cannot be followed at all.
        """
        self._summaries.touch = lambda name: touch(name, live)
        run = self._summaries.run()
        try:
            globals_are_set_up(run.stages, live)
        except Unsupported:  # an initial value that is no number and no place, as (struct s *)-1
            return None
        watched, found = run.watched, run.stages.state.globals
        places = {name: found[name] for name in live if name in found and name in state}
        places |= {g.name: run.opened(g.element, g.extent) for g in given if g.element is not None}
        for name, place in places.items():
            watched.watch(name, place)
        watched.patience = PATIENCE
        try:
            if self._summaries.value(run, entry, [_value(run, g, places) for g in given]) is None:
                return None
        except EnoughError:
            pass
        return {name: watched.found(name) for name in places}


def _value(run: Run, given: Given, places: Mapping[str, Place]) -> Value:
    """What the entry is called with."""
    build = run.builder
    if given.element is not None:
        return pointers.decayed(places[given.name])
    if given.fixed is not None and isinstance(given.type, Scalar):
        return build.constant(given.fixed, given.type)
    slots: list[Slot] = [
        Null() if isinstance(leaf, Pointer) else build.any(scalar_of(leaf)) for leaf in leaves(given.type)
    ]
    return value_of(given.type, slots)

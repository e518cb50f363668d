"""Between a program's arguments and results and the objects that its entry works on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pycparser import c_ast

from cprograms.lowering import pointers
from cprograms.lowering.stages import Stages
from cprograms.lowering.state import UNSET, Place, Slot
from cprograms.lowering.values import Value, leaves, nodes_of, numbers, size, type_of, value_of, zero_of
from cprograms.program import Parameter, Program
from cprograms.types import Array, Scalar, Struct, Union, bytes_of

_NOWHERE = c_ast.EmptyStatement()


class Interface:
    """Sets up the memory that a program starts with; `inputs` are the nodes of its arguments."""

    def __init__(self, program: Program, stages: Stages, inputs: Sequence[int]) -> None:
        self._program, self._stages, self._inputs = program, stages, inputs
        globals_are_set_up(stages, program.restored)
        self._places = {p.name: self._placed(p) for p in program.parameters if p.passing != "value"}

    def _placed(self, parameter: Parameter) -> Place:
        """The object of a parameter that is not passed by value, its leaves set."""
        state = self._stages.state
        if parameter.passing == "global":
            place = state.globals[parameter.name]
        else:
            place = state.allocate(parameter.type, [UNSET] * size(parameter.type))
        self._set(parameter, place)
        return place

    def _set(self, parameter: Parameter, place: Place) -> None:
        build = self._stages.builder
        for part, argument, fixed in zip(leaf_places(place), parameter.arguments, parameter.fixed, strict=True):
            value: Value | None = self._inputs[argument] if argument is not None else None
            if fixed is not None and isinstance(part.type, Scalar):
                value = build.constant(fixed, part.type)
            if value is not None:
                self._stages.variables.store(part, value, _NOWHERE)

    def arguments(self) -> list[Value]:
        """What the entry is called with."""
        return [self._argument(p) for p in self._program.parameters if p.passing != "global"]

    def _argument(self, parameter: Parameter) -> Value:
        if parameter.passing == "pointer":
            return pointers.decayed(self._places[parameter.name])
        state = self._stages.state
        mark = len(state.memory)
        unset: list[Slot] = [zero_of(self._stages.builder, leaf) for leaf in leaves(parameter.type)]
        self._set(parameter, state.allocate(parameter.type, unset))
        slots = state.memory[mark:]
        del state.memory[mark:]
        return value_of(parameter.type, slots)

    def results(self, value: Value) -> list[int]:
        """The nodes of the results: what was returned, and what is in the objects now."""
        state, variables = self._stages.state, self._stages.variables
        found: dict[int, int] = {}
        if self._program.returned:
            place = state.allocate(type_of(self._stages.builder, value), list(nodes_of(value)))
            for k, part in enumerate(leaf_places(place)):
                found[k] = numbers(variables.load(part, _NOWHERE))[0]
        for parameter in self._program.parameters:
            if parameter.passing == "value":
                continue
            for part, result in zip(leaf_places(self._places[parameter.name]), parameter.results, strict=True):
                if result is not None:
                    found[result] = numbers(variables.load(part, _NOWHERE))[0]
        return [found[k] for k in range(len(self._program.results))]


def globals_are_set_up(stages: Stages, names: Sequence[str]) -> None:
    """Give the globals that may change their places in the memory, with their initial values."""
    state = stages.state
    for name in names:
        if name not in stages.unit.globals:
            continue
        type, slots = stages.expressions.initialisers.variable(stages.unit.globals[name])
        initial = [
            zero_of(stages.builder, leaf) if slot == UNSET else slot
            for slot, leaf in zip(slots, leaves(type), strict=True)
        ]
        state.globals[name] = state.allocate(type, initial)


def leaf_places(place: Place) -> Iterator[Place]:
    """The places of the leaves of what lies at a place, in the order of `cprograms.types.paths`."""
    type = place.type
    if isinstance(type, Array):
        step = size(type.element)
        for k in range(type.length):
            yield from leaf_places(place._replace(type=type.element, offset=place.offset + k * step))
    elif isinstance(type, Struct):
        for number in range(len(type.fields)):
            yield from leaf_places(pointers.member(place, number))
    elif isinstance(type, Union):
        fullest = max(range(len(type.fields)), key=lambda number: bytes_of(type.fields[number][1]))
        yield from leaf_places(pointers.member(place, fullest))
    else:
        yield place

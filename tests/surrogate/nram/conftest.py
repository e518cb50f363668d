"""Controllers that are written down, and not learned."""

from __future__ import annotations

import numpy as np

from surrogate.nram.circuits import Circuits, controller_of
from surrogate.nram.controller import Controller
from surrogate.nram.modules import MODULES, wires

NUMBER = {module.name: q for q, module in enumerate(MODULES)}


def written(circuits: dict[int, dict[str, str | tuple[str, ...]]], registers: int) -> Controller:
    """The MLP of circuits by state: `{"INC": "r0", "WRITE": ("r1", "INC"), "r0": "INC", "finish": ""}`.

    What is not said comes from register 0; a register that is not said stays. Other states finish and do nothing but
    write register 0 to its cell.
    """
    said = [circuits.get(state, {"finish": ""}) for state in range(2**registers)]
    sources = np.array([_sources(one, registers) for one in said])
    return controller_of(Circuits(registers, sources, np.array(["finish" in one for one in said])))


def _sources(said: dict[str, str | tuple[str, ...]], registers: int) -> list[int]:
    found = []
    for wire in wires(registers):
        name = f"r{wire.argument}" if wire.module is None else MODULES[wire.module].name
        given = said.get(name, name if wire.module is None else "r0")
        source = given if isinstance(given, str) else given[wire.argument]
        found.append(int(source[1:]) if source[0] == "r" and source[1:].isdigit() else registers + NUMBER[source])
    return found


def access() -> Controller:
    """A[k] to cell 0 in two steps: k + 1 is kept, then read."""
    first = {"READ": "r0", "INC": "READ", "r1": "INC", "WRITE": ("r0", "READ")}
    return written({3: first, 1: {"READ": "r1", "WRITE": ("r0", "READ"), "finish": ""}}, 2)


def increment() -> Controller:
    """A loop that increments as it reads, and puts the 0 back that it finds at the end."""
    loop = {
        "READ": "r0",
        "INC": "r0",
        "ADD": ("READ", "ONE"),
        "WRITE": ("r0", "ADD"),
        "r0": "INC",
        "r1": "READ",
    }
    end = {"DEC": "r0", "WRITE": ("DEC", "ZERO"), "finish": ""}
    return written({3: loop, 0: loop, 2: end}, 2)

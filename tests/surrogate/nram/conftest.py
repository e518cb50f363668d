"""Controllers that are written down, and not learned."""

from __future__ import annotations

import numpy as np
import torch

from surrogate.nram.controller import Controller, Shape
from surrogate.nram.modules import MODULES, wires

NUMBER = {module.name: q for q, module in enumerate(MODULES)}


def written(circuits: dict[int, dict[str, str | tuple[str, ...]]], registers: int) -> Controller:
    """The MLP of circuits by state: `{"INC": "r0", "WRITE": ("r1", "INC"), "r0": "INC", "finish": ""}`.

    What is not said comes from register 0; a register that is not said stays. Other states finish and do nothing but
    write register 0 to its cell.
    """
    shape = Shape("mlp", registers, 2**registers)
    controller = Controller(shape, torch.zeros(1, shape.size))
    parts = controller.parts()
    states = np.arange(2**registers)
    bits = (states[:, None] >> np.arange(registers) & 1).astype(np.float32)  # [2^R, R]
    with torch.no_grad():
        # A cell of the first layer a state: positive where all bits are its own.
        parts["first"][0] = torch.from_numpy(2 * bits - 1)
        parts["first_bias"][0, :, 0] = torch.from_numpy(1 - bits.sum(1))
        parts["second"][0] = torch.eye(2**registers)
        for state in states:
            said = circuits.get(int(state), {"finish": ""})
            last = parts["last"][0, :, state]
            choices = last[:-1].view(len(wires(registers)), registers + len(MODULES))
            for choice, source in zip(choices, _sources(said, registers), strict=True):
                choice[source] = 50
            last[-1] = 50 if "finish" in said else -50
    return controller


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

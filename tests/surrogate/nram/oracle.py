"""The machine a second time, in plain Python over integers and in torch, module by module."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

BINARY: dict[str, Callable[[int, int], int]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "LT": lambda a, b: int(a < b),
    "LE": lambda a, b: int(a <= b),
    "EQ": lambda a, b: int(a == b),
    "MIN": min,
    "MAX": max,
}
UNARY: dict[str, Callable[[int], int]] = {"INC": lambda a: a + 1, "DEC": lambda a: a - 1}
CONSTANT = {"ZERO": 0, "ONE": 1, "TWO": 2}
ORDER = ("READ", "ZERO", "ONE", "TWO", "INC", "ADD", "SUB", "DEC", "LT", "LE", "EQ", "MIN", "MAX", "WRITE")
"""The paper's order."""


def operands(name: str) -> int:
    return 2 if name in BINARY or name == "WRITE" else 1 if name in UNARY or name == "READ" else 0


def hard_step(sources: Sequence[int], registers: list[int], tape: list[int]) -> tuple[list[int], list[int]]:
    """One step of one execution: the registers and the tape after it."""
    m, tape, values, at = len(tape), list(tape), list(registers), iter(sources)
    for name in ORDER:
        found = [values[next(at)] for _ in range(operands(name))]
        if name == "READ":
            values.append(tape[found[0]])
        elif name == "WRITE":
            tape[found[0]] = found[1]
            values.append(0)
        else:
            result = CONSTANT[name] if not found else UNARY[name](*found) if len(found) == 1 else BINARY[name](*found)
            values.append(result % m)
    return [values[next(at)] for _ in registers], tape


def soft_step(choices: Tensor, registers: Tensor, tape: Tensor) -> tuple[Tensor, Tensor]:
    """One step over distributions, [P, W, K, B], [P, R, M, B], [P, M, M, B]: by enumeration of all arguments."""
    m, values, wire = registers.shape[2], list(registers.unbind(1)), 0

    def mixed() -> Tensor:
        nonlocal wire
        wire += 1
        return sum(choices[:, wire - 1, k, None] * value for k, value in enumerate(values))  # type: ignore[return-value]

    for name in ORDER:
        found = [mixed() for _ in range(operands(name))]
        out = [torch.zeros_like(registers[:, 0, 0]) for _ in range(m)]
        if name == "READ":
            values.append(torch.einsum("pib,pijb->pjb", found[0], tape))
            continue
        if name == "WRITE":
            x, y = found
            tape = tape * (1 - x[:, :, None]) + x[:, :, None] * y[:, None]
        if name in BINARY:
            for i in range(m):
                for j in range(m):
                    k = BINARY[name](i, j) % m
                    out[k] = out[k] + found[0][:, i] * found[1][:, j]
        elif name in UNARY:
            for i in range(m):
                out[UNARY[name](i) % m] = found[0][:, i]
        else:
            k = CONSTANT.get(name, 0) % m
            out[k] = out[k] + 1
        values.append(torch.stack(out, dim=1))
    after = [mixed() for _ in range(registers.shape[1])]
    return torch.stack(after, dim=1), tape

"""The ANC controller: the matrices that a compiled program becomes, for P programs at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import ISAS, PUBLISHED

# e^-200 is zero in float32: a softmax over rows this sharp is one-hot, so the machine computes exactly.
EXACT = 200.0


class Controller(nn.Module):
    """The learnable matrices of P programs with M lines and R registers (Bunel et al. 2016, section 3.1), as logits.

    `weight` [P, M, N + 3R] holds, for each value of the instruction register, the logits of the instruction (W_e), of
    the two argument registers (W_a, W_b) and of the output register (W_o); `registers` [P, R, M] is R0 and `start`
    [P, M] is IR0. The N instructions are the first of the table: one that was written before a row was added has fewer.
    """

    def __init__(self, weight: Tensor, registers: Tensor, start: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.registers = nn.Parameter(registers)
        self.start = nn.Parameter(start)

    @classmethod
    def of(
        cls, programs: Sequence[Assembly], sharpness: float = EXACT, unused: torch.Generator | None = None
    ) -> Controller:
        """The controllers of programs that share M and R: one-hot rows times `sharpness`.

        A row that no one looks at (an argument that the instruction ignores) is zero: its softmax is flat. So are the
        lines after a program's last one, or, where `unused` generates them, uniform in +-1/sqrt(M), as the reference
        leaves its linear layers there.
        """
        memory_size, registers = programs[0].memory_size, len(programs[0].registers)
        shape = (len(programs), memory_size)
        count = max(ISAS[program.isa] for program in programs)
        rows = [torch.zeros(*shape, count), *(torch.zeros(*shape, registers) for _ in range(3))]
        initial = torch.zeros(len(programs), registers, memory_size)
        for p, program in enumerate(programs):
            if unused is not None:
                for row in rows:
                    row[p, len(program) :].uniform_(-(memory_size**-0.5), memory_size**-0.5, generator=unused)
            for line, i in enumerate(program.instructions):
                for row, choice in zip(rows, (i.op, i.arg1, i.arg2, i.out), strict=True):
                    if choice is not None:
                        row[p, line, choice] = sharpness
            for register, value in enumerate(program.registers):
                if value is not None:
                    initial[p, register, value] = sharpness
        start = torch.zeros(shape)
        start[:, 0] = sharpness
        return cls(torch.cat(rows, dim=-1), initial, start)

    @classmethod
    def random(cls, programs: int, memory_size: int, registers: int, generator: torch.Generator) -> Controller:
        """P programs of nothing: rows uniform in +-1/sqrt(M), initial values in 0..1, as the reference begins."""
        bound = memory_size**-0.5
        weight = torch.empty(programs, memory_size, PUBLISHED + 3 * registers)
        initial, start = torch.empty(programs, registers, memory_size), torch.empty(programs, memory_size)
        weight.uniform_(-bound, bound, generator=generator)
        return cls(weight, initial.uniform_(0, 1, generator=generator), start.uniform_(0, 1, generator=generator))

    @property
    def isa(self) -> str:
        """The name of the least instruction set that has all that it chooses from."""
        count = self.weight.shape[-1] - 3 * self.register_count
        return next((name for name, size in ISAS.items() if size >= count), max(ISAS, key=ISAS.__getitem__))

    @property
    def memory_size(self) -> int:
        return self.start.shape[1]

    @property
    def register_count(self) -> int:
        return self.registers.shape[1]

    def one(self, p: int) -> Controller:
        """A copy of program p alone."""
        return Controller(*(parameter.detach()[p : p + 1].clone() for parameter in self.parameters()))

    def split(self, rows: Tensor) -> tuple[Tensor, ...]:
        """`rows` [..., N + 3R] as its parts: instruction [..., N], first and second argument, output [..., R]."""
        r = self.register_count
        return rows.split_with_sizes([rows.shape[-1] - 3 * r, r, r, r], dim=-1)

    def matrices(self) -> dict[str, Tensor]:
        """W_e [P, N, M], W_a, W_b, W_o [P, R, M], R0 [P, R, M] and IR0 [P, M], as the paper writes them (logits)."""
        names = ("W_e", "W_a", "W_b", "W_o")
        columns = {name: part.transpose(1, 2) for name, part in zip(names, self.split(self.weight), strict=True)}
        return columns | {"R0": self.registers, "IR0": self.start}

    def distributions(self, hard: bool = False) -> dict[str, Tensor]:
        """What the matrices choose, line by line: e [P, M, N], a, b, o [P, M, R], R0 [P, R, M], IR0 [P, M]."""
        names = ("e", "a", "b", "o")
        rows = {name: choose(part, hard) for name, part in zip(names, self.split(self.weight), strict=True)}
        return rows | {"R0": choose(self.registers, hard), "IR0": choose(self.start, hard)}


def from_matrices(matrices: dict[str, Tensor]) -> Controller:
    """The controller whose `matrices()` these are."""
    rows = [matrices[name].transpose(1, 2) for name in ("W_e", "W_a", "W_b", "W_o")]
    return Controller(torch.cat(rows, dim=-1), matrices["R0"], matrices["IR0"])


def choose(logits: Tensor, hard: bool) -> Tensor:
    """The distribution over the last axis: a softmax, or one-hot on the arg-max (the first one where several tie)."""
    if hard:
        return one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    return logits.softmax(dim=-1)

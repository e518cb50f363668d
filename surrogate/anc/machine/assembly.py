"""ANC assembly: a program as instructions and initial registers, and its text form.

memory 20                              ; values are modulo 20, the tape has 20 cells
registers r0=0 r1=1 r2=2 r3=6 r4=?     ; initial values, ? where no one looks
 0  r1 = READ r1
 1  r4 = JEZ r1, r3                    ; a jump to the line that r3 holds; every instruction writes a register
 2  STOP

An argument that the instruction ignores may be written after the others, as in `r1 = READ r1, r4`; its row of the
matrices chooses that register then, in place of being flat. Nothing else depends on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cprograms.diagnostics import UsageError
from cprograms.names import counted
from surrogate.anc.machine.instructions import ISAS, Instruction, Op


@dataclass(frozen=True)
class Assembly:
    """A program of the ANC machine. Execution starts at line 0; the lines after the last one are STOP.

    `registers[i]` is the initial value of register i, None where it does not matter.
    """

    memory_size: int
    registers: tuple[int | None, ...]
    instructions: tuple[Instruction, ...]

    def __len__(self) -> int:
        return len(self.instructions)

    @property
    def isa(self) -> str:
        """The name of the least instruction set that has all of its instructions."""
        needed = max((i.op for i in self.instructions), default=Op.STOP)
        return next(name for name, size in ISAS.items() if needed < size)

    def __str__(self) -> str:
        names = " ".join(f"r{i}={'?' if value is None else value}" for i, value in enumerate(self.registers))
        lines = [f"{i:3d}  {instruction_text(instruction)}" for i, instruction in enumerate(self.instructions)]
        return "\n".join([f"memory {self.memory_size}", f"registers {names}", *lines]) + "\n"


def instruction_text(instruction: Instruction) -> str:
    """An instruction as in `r4 = JEZ r1, r3`, with the ignored arguments that it names."""
    out = "" if instruction.out is None else f"r{instruction.out} = "
    named = [register for register in (instruction.arg1, instruction.arg2) if register is not None]
    return out + " ".join([instruction.op.name, ", ".join(f"r{a}" for a in named)]).rstrip()


def size_line(assembly: Assembly, tape: int) -> str:
    """The size in words, as in "10 lines, 6 registers, a memory of 20 cells"; `tape` cells are not local arrays'."""
    cells = f"a memory of {counted(assembly.memory_size, 'cell')}"
    own = assembly.memory_size - tape
    arrays = f" (the last {own} for local arrays)" if own > 0 else ""
    return f"{counted(len(assembly), 'line')}, {counted(len(assembly.registers), 'register')}, {cells}{arrays}"


_LINE = re.compile(r"(?:(\d+)\s+)?(?:r(\d+)\s*=\s*)?([A-Z]+)(?:\s+r(\d+)(?:\s*,\s*r(\d+))?)?")


def parse(text: str, name: str = "<assembly>") -> Assembly:
    """The program that `text` spells in the form of this module; a `;` starts a comment.

    Raises UsageError, with name:line, where the text is not a program.
    """
    memory_size, registers = 0, None
    instructions: list[Instruction] = []
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        line = raw.split(";")[0].strip()
        where = f"{name}:{number}"
        if line.startswith("memory "):
            memory_size = _integer(line.removeprefix("memory "), where)
        elif line.startswith("registers "):
            registers = _registers(line.removeprefix("registers ").split(), where)
        elif line:
            instructions.append(_instruction(line, len(instructions), len(registers or ()), where))
    if memory_size < 2 or registers is None or not instructions:
        raise UsageError(f"{name}: an assembly needs a `memory` line (at least 2), a `registers` line and instructions")
    if len(instructions) > memory_size:
        raise UsageError(f"{name}: {len(instructions)} lines do not fit a memory of {memory_size}")
    if any(value is not None and value >= memory_size for value in registers):
        raise UsageError(f"{name}: an initial register is not below the memory size {memory_size}")
    return Assembly(memory_size, registers, tuple(instructions))


def _integer(text: str, where: str) -> int:
    if not text.strip().isdecimal():
        raise UsageError(f"{where}: {text.strip()!r} is not a number")
    return int(text)


def _registers(words: list[str], where: str) -> tuple[int | None, ...]:
    values: list[int | None] = []
    for word in words:
        name, _, value = word.partition("=")
        if name != f"r{len(values)}":
            raise UsageError(f"{where}: expected r{len(values)}=VALUE, found {word!r}")
        values.append(None if value == "?" else _integer(value, where))
    return tuple(values)


def _instruction(line: str, expected: int, registers: int, where: str) -> Instruction:
    match = _LINE.fullmatch(line)
    if match is None or match[3] not in Op.__members__:
        raise UsageError(f"{where}: {line!r} is not an instruction")
    number, out, op = match[1], match[2], Op[match[3]]
    arguments = [int(group) for group in (match[4], match[5]) if group is not None]
    if number is not None and int(number) != expected:
        raise UsageError(f"{where}: line {expected} of the program is numbered {number}")
    if len(arguments) < op.row.operands:
        raise UsageError(f"{where}: {op.name} takes {op.row.operands} registers, found {len(arguments)}")
    if out is None and op is not Op.STOP:
        raise UsageError(f"{where}: {op.name} needs an output register")
    used = [*arguments, *([] if out is None else [int(out)])]
    if any(register >= registers for register in used):
        raise UsageError(f"{where}: register r{max(used)} is not declared")
    arg1, arg2 = (*arguments, None, None)[:2]
    return Instruction(op, arg1, arg2, None if out is None else int(out))

"""A decompiled program as text: assembly that can be read back, its probabilities in the comments."""

from __future__ import annotations

from collections.abc import Sequence

from surrogate.anc.decompiler.decompile import MEANING, Decompiled
from surrogate.anc.decompiler.softness import INITIAL, NEGLIGIBLE, START, Choice, register_name
from surrogate.anc.machine.assembly import instruction_text


def listing(decompiled: Decompiled, name: str) -> str:
    """The type, and a line an instruction with the least probability among its choices, and the soft ones spelt out."""
    assembly = decompiled.assembly
    by_line: dict[int, list[Choice]] = {}
    for choice in decompiled.choices:
        if choice.what not in (START, INITIAL):
            by_line.setdefault(choice.where, []).append(choice)
    texts = [instruction_text(i) for i in assembly.instructions]
    width = max(map(len, texts))
    lines = [f"; {name}: type {decompiled.kind}: {MEANING[decompiled.kind]}"]
    lines += [f";   {part}" for part in (decompiled.reason or "").split("; ") if part]
    lines += [f"memory {assembly.memory_size}", _registers_line(decompiled), *_start_lines(decompiled)]
    for i, text in enumerate(texts):
        lines.append(f"{i:>3}  {text:<{width}}  ; {_comment(decompiled, i, by_line.get(i, []))}")
    return "\n".join(lines) + "\n"


def _registers_line(decompiled: Decompiled) -> str:
    values = decompiled.assembly.registers
    names = " ".join(f"{register_name(i)}={'?' if v is None else v}" for i, v in enumerate(values))
    looked_at = [c for c in decompiled.choices if c.what == INITIAL]
    least = f"{min(c.probability for c in looked_at):.2f}" if looked_at else "no one looks"
    soft = [f"; r{c.where}: {_options(c)}" for c in looked_at if c.soft]
    return "".join([f"registers {names}  ; {least}", *soft])


def _start_lines(decompiled: Decompiled) -> list[str]:
    first = [c for c in decompiled.choices if c.what == START]
    told = decompiled.start != 0 or any(c.soft for c in first)
    return [f"; execution starts at line {decompiled.start}: {_least(first)}"] if told else []


def _comment(decompiled: Decompiled, line: int, choices: list[Choice]) -> str:
    if not choices:
        return "not reached"
    reached = 1.0 if decompiled.reached is None else float(decompiled.reached[line])
    seldom = f", reached with {reached:.2f} at most" if NEGLIGIBLE < reached < 0.5 else ""
    return _least(choices) + seldom


def _least(choices: Sequence[Choice]) -> str:
    """The least probability of the choices, with the options of the soft ones."""
    soft = [f"{c.what}: {_options(c)}" for c in choices if c.soft]
    return "; ".join([f"{min(c.probability for c in choices):.2f}", *soft])


def _options(choice: Choice) -> str:
    return ", ".join(f"{name} {probability:.2f}" for name, probability in choice.named)

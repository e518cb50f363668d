"""Circuits as text: only what counts of each, and the C program that chooses between them.

Of a circuit counts what its WRITE and the next registers look at; of its last step, only the WRITE. States with the
same circuit share it, and registers that are 0 in all of them are written as 0. States that no run reached are left
out: there the program may do anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from surrogate.anc.machine.samples import Mask
from surrogate.nram.circuits import Circuits, bits_of
from surrogate.nram.modules import MODULES, WRITE

INDENT = "    "


@dataclass(frozen=True)
class Circuit:
    """What counts of a circuit: each module that does, with the sources of its arguments, in order; the sources of the
    registers (none in the last step); and whether the step is the last one.

    A source is a register, or R + q for the output of module q.
    """

    modules: tuple[tuple[int, tuple[int, ...]], ...]
    registers: tuple[int, ...]
    finish: bool


@dataclass(frozen=True)
class Leaf:
    """States with the same circuit; `zero` are the registers that are 0 in all of them."""

    states: tuple[int, ...]
    circuit: Circuit
    zero: frozenset[int]


@dataclass(frozen=True)
class Split:
    """What to do where a register is 0, and where it is not."""

    register: int
    zero: Tree
    other: Tree


Tree = Leaf | Split


def live_circuit(circuits: Circuits, state: int) -> Circuit:
    """What counts of a state's circuit."""
    row, r, finish = circuits.sources[state], circuits.registers, bool(circuits.finish[state])
    wire = map(int, row)
    arguments = [tuple(next(wire) for _ in range(module.row.operands)) for module in MODULES]
    registers = () if finish else tuple(wire)
    live: set[int] = set()
    wanted = [*(source - r for source in registers), *([] if _idle(arguments, r) else [WRITE])]
    while wanted:
        q = wanted.pop()
        if q >= 0 and q not in live:
            live.add(q)
            wanted += [source - r for source in arguments[q]]
    if _idle(arguments, r) and WRITE in live:  # its 0 is wanted, and what it writes is there already
        wanted = []
    return Circuit(tuple((q, arguments[q]) for q in sorted(live)), registers, finish)


def _idle(arguments: list[tuple[int, ...]], registers: int) -> bool:
    """Whether WRITE puts back what READ found at the same address."""
    address, value = arguments[WRITE]
    return value == registers and address == arguments[0][0]


def tree_of(circuits: Circuits, reached: Mask) -> Tree:
    """The least tree of questions that leads every state of `reached` [2^R] to its circuit."""
    r = circuits.registers
    live = {int(state): live_circuit(circuits, int(state)) for state in np.flatnonzero(reached)}

    @cache
    def tree(states: frozenset[int]) -> tuple[int, Tree]:
        if len({live[state] for state in states}) == 1:
            bits = bits_of(np.array(sorted(states)), r)
            zero = frozenset(map(int, np.flatnonzero(bits.all(0))))
            return 1, Leaf(tuple(sorted(states)), live[min(states)], zero)
        found = []
        for register in range(r):
            parts = [frozenset(s for s in states if s >> register & 1 == bit) for bit in (1, 0)]
            if all(parts):
                (one, at_zero), (two, other) = map(tree, parts)
                found.append((one + two, register, Split(register, at_zero, other)))
        size, _, best = min(found, key=lambda f: f[:2])
        return size, best

    return tree(frozenset(live))[1]


def leaves(tree: Tree) -> Iterator[Leaf]:
    """From left to right."""
    if isinstance(tree, Leaf):
        yield tree
    else:
        yield from leaves(tree.zero)
        yield from leaves(tree.other)


def circuit_lines(leaf: Leaf, registers: int) -> list[str]:
    """A circuit to read: its states, a line a module that counts, and the registers that change."""
    circuit = leaf.circuit
    width = max((len(MODULES[q].name) for q, _ in circuit.modules if not _is_constant(q)), default=0)
    names = [f"r{r}" for r in range(registers)] + _names()
    lines = [f"; where {' or '.join(_state_text(state, registers) for state in leaf.states)}"]
    for q, sources in circuit.modules:
        module = MODULES[q]
        if _is_constant(q):
            continue
        does = module.row.effect or module.row.c
        text = does.format(**dict(zip("ab", (names[s] for s in sources), strict=False)))
        lines.append(f"  {module.name.lower():<{width}} = {text}" if q != WRITE else f"  {text}")
    changes = [f"r{r} = {names[source]}" for r, source in enumerate(circuit.registers) if source != r]
    lines += [f"  {', '.join(changes)}"] if changes else []
    return [*lines, *(["  finish"] if circuit.finish else [])]


def _is_constant(q: int) -> bool:
    return MODULES[q].row.operands == 0


def _names() -> list[str]:
    """What the modules give is called by their names, if it is not always the same."""
    return [
        module.row.c if module.row.operands == 0 or q == WRITE else module.name.lower()
        for q, module in enumerate(MODULES)
    ]


def _state_text(state: int, registers: int) -> str:
    return " ".join(f"r{r}{'=' if state >> r & 1 else '≠'}0" for r in range(registers))


# --- C ---


def c_text(tree: Tree, registers: int, name: str, last: tuple[int, int] | None = None) -> str:
    """The program as C over a tape: a loop whose turns are the steps.

    With `last`, the number of steps and M, it counts them, modulo M as everything is, and ends after the last one.
    """
    used = _used(tree, registers)
    held = "".join(f"{INDENT}int r{r} = 0;\n" for r in used)
    body = "\n".join(_tree_lines(tree, registers, used, 2))
    counted = "" if last is None else _counting(*last)
    held = (_COUNTERS if last else "") + held
    return f"void {name}(int *mem)\n{{\n{held}{INDENT}while (1) {{\n{body}\n{counted}{INDENT}}}\n}}\n"


_COUNTERS = f"{INDENT}int step = 0;\n{INDENT}int turns = 0;\n"


def _counting(last: int, m: int) -> str:
    tab = INDENT * 2
    if last <= m:
        return f"{tab}step++;\n{tab}if (step == {last % m}) return;\n"
    turns = f"{tab}if (step == 0) turns++;\n"
    return f"{tab}step++;\n{turns}{tab}if (step == {last % m}) {{ if (turns == {last // m}) return; }}\n"


def _used(tree: Tree, registers: int) -> list[int]:
    """The registers that a question or a circuit looks at, and those that they come from."""
    asked = _asked(tree)
    circuits = [leaf.circuit for leaf in leaves(tree)]
    wanted = asked | {s for c in circuits for _, sources in c.modules for s in sources if s < registers}
    while True:
        more = {c.registers[r] for c in circuits if c.registers for r in wanted if c.registers[r] < registers} - wanted
        if not more:
            return sorted(wanted)
        wanted |= more


def _asked(tree: Tree) -> set[int]:
    return set() if isinstance(tree, Leaf) else {tree.register} | _asked(tree.zero) | _asked(tree.other)


def _tree_lines(tree: Tree, registers: int, used: Sequence[int], depth: int) -> Iterable[str]:
    tab = INDENT * depth
    if isinstance(tree, Leaf):
        return [tab + line for line in _leaf_lines(tree, registers, used)]
    return [
        f"{tab}if (r{tree.register} == 0) {{",
        *_tree_lines(tree.zero, registers, used, depth + 1),
        f"{tab}}} else {{",
        *_tree_lines(tree.other, registers, used, depth + 1),
        f"{tab}}}",
    ]


def _leaf_lines(leaf: Leaf, registers: int, used: Sequence[int]) -> list[str]:
    """A circuit's statements. A register that another one becomes is kept before it changes."""
    circuit = leaf.circuit
    names = [("0" if r in leaf.zero else f"r{r}") for r in range(registers)]
    names += _names()
    lines = []
    for q, sources in circuit.modules:
        value = MODULES[q].row.c.format(**dict(zip("ab", (names[s] for s in sources), strict=False)))
        if q == WRITE:
            address, content = (names[s] for s in sources)
            lines.append(f"mem[{address}] = {content};")
        elif not _is_constant(q):
            lines.append(f"int {names[registers + q]} = {value};")
    changed = {r: source for r, source in enumerate(circuit.registers) if source != r and r in used}
    for source in sorted(set(changed.values()) & set(changed)):
        if source not in leaf.zero:
            lines.append(f"int was{source} = r{source};")
            names[source] = f"was{source}"
    lines += [f"r{r} = {names[source]};" for r, source in changed.items()]
    return [*lines, "return;"] if circuit.finish else lines

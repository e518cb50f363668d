"""C texts of tape programs of any length: what the compile of the exact target is timed on.

Each maker takes a number of sections and gives `void f(int *mem)`. All are for a memory of at least 40 cells and end on
every tape, though they may take long.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from random import Random

SECTIONS = (
    "for (int i = {a}; i < {b}; i++) {x} += mem[i];",
    "for (int i = {a}; i < {b}; i++) if (mem[i] > {x}) {x} = mem[i]; else {y}++;",
    "{{ int t = mem[{a}]; mem[{a}] = mem[{b}]; mem[{b}] = t; }}",
    "if ({x} < {y} && mem[{a}] != {c}) {{ {x} = {y} - {c}; mem[{x}] = {z}; }} else {y} = mem[{x}] + {c};",
    "{{ int n = {c}; while (n--) {{ if (mem[n + {a}] == {z}) break; {z} += n; }} mem[{b}] = n; }}",
    "switch ({x} - {y}) {{ case 0: {z}++; break; case {c}: mem[{a}] = {z}; default: {x} += {c}; }}",
    "for (int i = 0; i < {c}; i++) for (int k = i; k < {c}; k++) if (mem[i] > mem[k]) {{"
    " int t = mem[i]; mem[i] = mem[k]; mem[k] = t; }}",
    "{x} = max(min({y}, mem[{a}]), {z}) + {c} * {y};",
    "if (mem[{x}] == {c} || {y} >= {z}) {x} = {y} = {z} + 1;",
    "mem[{z} + {a}] = mem[{z}] + (mem[{b}] < {x} ? {y} : {c}) % 3;",
)
"""What a mixed program is made of."""
VARIABLES = ("u", "v", "w", "x", "y", "z")


def mixed(sections: int) -> str:
    """Loops, branches, switches, swaps and arithmetic over six variables, drawn at random."""
    random = Random(sections)
    body = []
    for _ in range(sections):
        x, y, z = random.sample(VARIABLES, 3)
        a = random.randrange(1, 12)
        values = {"x": x, "y": y, "z": z, "a": a, "b": a + random.randrange(1, 8), "c": random.randrange(2, 7)}
        body.append(random.choice(SECTIONS).format(**values))
    return _function([f"int {', '.join(f'{name} = mem[{k}]' for k, name in enumerate(VARIABLES))};", *body])


def straight(sections: int) -> str:
    """Hardly a jump: reads, writes and sums, many of them of the same cells."""
    kinds = ("mem[{a}] = mem[{b}] + {c};", "if (mem[{a}] > mem[{b}]) mem[{c}] = x;", "x = x + mem[{b}];")
    made = (kinds[k % 3].format(a=k % 11, b=k * 3 % 7, c=k * 5 % 13) for k in range(sections))
    return _function(["int x = 0;", *made, "mem[0] = x;"])


def states(sections: int) -> str:
    """A state machine: a loop around a switch, a case a state."""
    random = Random(sections)
    kinds = ("at++", "mem[{a}] += {c}", "x = mem[at]", "mem[at] = x + {c}", "if (x == {c}) mem[{a}]++", "x -= mem[{a}]")
    body = ["int state = mem[0], at = 0, x = 0;", "while (at != -1) switch (state) {"]
    for state in range(sections):
        work = (random.choice(kinds).format(a=random.randrange(20), c=random.randrange(1, 9)) for _ in range(2))
        body.append(
            f"case {state}: {'; '.join(work)}; state = x < {random.randrange(2, 30)} ? {random.randrange(sections)}"
            f" : {random.randrange(sections)}; at++; break;"
        )
    return _function([*body, "default: return;", "}"])


def nested(sections: int) -> str:
    """Loops three deep around what the sections of `mixed` do: many values are live around them."""
    random = Random(sections)
    body, rest = [], iter(mixed(sections).splitlines()[2:-1])
    while chunk := list(islice(rest, 4)):
        depth = random.randrange(1, 4)
        heads = [f"for (int l{k} = 0; l{k} < {random.randrange(2, 4)}; l{k}++)" for k in range(depth)]
        body += [f"{' '.join(heads)} {{", *chunk, "}"]
    return _function([f"int {', '.join(f'{name} = mem[{k}]' for k, name in enumerate(VARIABLES))};", *body])


def _function(body: list[str]) -> str:
    return "\n".join(["void f(int *mem) {", *(f"    {line.strip()}" for line in body), "}"]) + "\n"


TEXTS: dict[str, Callable[[int], str]] = {made.__name__: made for made in (mixed, nested, straight, states)}

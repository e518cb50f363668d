"""Random sketches whose undefined constants are choices, several functions in one file: one compile tests all."""

from __future__ import annotations

from random import Random

MODULUS = 6
_HEAD = f"""#pragma surrogate modulus({MODULUS})
#pragma surrogate choose(c, 0, 5)
#pragma surrogate choose(d, 0, 2)
extern const int c[3], d;
static const int table[6] = {{3, 1, 4, 1, 5, 2}};
"""


def random_sketch(seed: int, functions: int) -> str:
    """A sketch of random functions of a, b in 0 … 5, whose results are an array; nothing undefined is done."""
    rng = Random(seed)
    bodies = "".join(f"static int p{k}(int a, int b)\n{{\n{_body(rng)}}}\n" for k in range(functions))
    calls = " ".join(f"o[{k}] = p{k}(a, b);" for k in range(functions))
    last = f"o[{functions}] = c[0] + c[1] + c[2] + d;"
    return f"{_HEAD}{bodies}void all(int a, int b, int o[{functions + 1}]) {{ {calls} {last} }}\n"


def _body(rng: Random) -> str:
    statements = "".join(_statement(rng, 2) for _ in range(rng.randint(1, 4)))
    return f"    int v = {_expression(rng, 2)}, w = b;\n{statements}    return v + 2 * w;\n"


def _statement(rng: Random, depth: int) -> str:
    kind = rng.randrange(5 if depth else 2)
    variable = rng.choice("vw")
    if kind < 2:
        return f"    {variable} = ({_expression(rng, 2)}) % 7;\n"
    if kind == 2:
        yes, no = _statement(rng, depth - 1), _statement(rng, depth - 1)
        return f"    if ({_condition(rng)}) {{\n{yes}    }} else {{\n{no}    }}\n"
    if kind == 3:
        leave = rng.choice(["", f"        if ({_condition(rng)}) break;\n"])
        return f"    for (int i = 0; i < 3; i++) {{\n{leave}{_statement(rng, depth - 1)}    }}\n"
    cases = "".join(
        f"    case {k}:\n{_statement(rng, 0)}{rng.choice(['        break;', ''])}\n" for k in range(rng.randint(1, 3))
    )
    return f"    switch ({_leaf(rng)}) {{\n{cases}    default:\n{_statement(rng, 0)}    }}\n"


def _condition(rng: Random) -> str:
    first = f"{_expression(rng, 1)} {rng.choice(['<', '<=', '==', '!=', '>'])} {_expression(rng, 1)}"
    return first if rng.random() < 0.7 else f"{first} {rng.choice(['&&', '||'])} {_leaf(rng)} > {rng.randrange(4)}"


def _expression(rng: Random, depth: int) -> str:
    if not depth or rng.random() < 0.2:
        return _leaf(rng)
    a, b = _expression(rng, depth - 1), _expression(rng, depth - 1)
    return rng.choice(
        [
            f"({a} + {b})",
            f"({a} - {b})",
            f"({a} * {b}) % 11",
            f"({a} % 5 + ({b}) / 2)",
            f"({_leaf(rng)} < {_leaf(rng)} ? {a} : {b})",
            f"(({a}) ^ ({b}) & 3)",
            f"c[(({a}) % 3 + 3) % 3]",
            f"table[(({a}) % 6 + 6) % 6]",
            f"({b} ? ({a}) / ({b} ? {b} : 1) : 4)",
        ]
    )


def _leaf(rng: Random) -> str:
    return rng.choice(["a", "b", "c[0]", "c[1]", "c[2]", "d", str(rng.randrange(6))])

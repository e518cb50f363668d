"""How the reading and the lowering of a program grow with its length, construct by construct: lines of a report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import cprograms
from cprograms.diagnostics import ProgramError
from cprograms.lowering import lower
from cprograms.tape import load_tape
from surrogate.anc.compiler.compile import compile_tape
from training.benchmarks.timing import processor_seconds

SIZES = (100, 200, 400, 800, 1600, 3200)
TAPE_SIZES = (100, 200, 400, 800)


def statements(lines: int) -> str:
    body = "".join(f"    x = x * {k % 7 + 1} + y;\n" for k in range(lines))
    return f"double f(double x, double y) {{\n{body}    return x;\n}}\n"


def gotos(lines: int) -> str:
    body = "".join(f"l{k}: x = x + {k % 5};\n    if (x > {k}) goto l{k + 1};\n" for k in range(lines // 2))
    return f"double f(double x) {{\n{body}l{lines // 2}: return x;\n}}\n"


def cases(lines: int) -> str:
    body = "".join(f"    case {k}: x = x + {k % 9}; break;\n" for k in range(lines))
    return f"int f(int n, int x) {{\n    switch (n) {{\n{body}    }}\n    return x;\n}}\n"


def functions(lines: int) -> str:
    made = "".join(f"static double g{k + 1}(double x) {{ return g{k}(x) + {k % 3}; }}\n" for k in range(lines))
    return f"static double g0(double x) {{ return x; }}\n{made}double f(double x) {{ return g{lines}(x); }}\n"


def unused_functions(lines: int) -> str:
    return "".join(f"double g{k}(double x) {{ return x + {k % 3}; }}\n" for k in range(lines))


def nested_ifs(lines: int) -> str:
    body = "".join(f"if (x > {k}) {{ x = x - y;\n" for k in range(lines)) + "}" * lines
    return f"double f(double x, double y) {{\n{body}\nreturn x; }}\n"


def ifs(lines: int) -> str:
    body = "".join(f"    if (x > {k}) x = x - y;\n" for k in range(lines))
    return f"double f(double x, double y) {{\n{body}    return x;\n}}\n"


def nested_expressions(lines: int) -> str:
    body = "".join(f"(y + {k % 7} *\n" for k in range(lines)) + "x" + ")" * lines
    return f"double f(double x, double y) {{ return {body}; }}\n"


def variables(lines: int) -> str:
    body = "".join(f"    double v{k} = {'x' if k == 0 else f'v{k - 1}'} + {k % 5};\n" for k in range(lines))
    return f"double f(double x) {{\n{body}    return v{lines - 1};\n}}\n"


def tape(lines: int) -> str:
    kinds = ("mem[{a}] = mem[{b}] + {c};", "if (mem[{a}] > mem[{b}]) mem[{c}] = x;", "x = x + mem[{b}];")
    made = (kinds[k % 3].format(a=k % 11, b=k * 3 % 7, c=k * 5 % 13) for k in range(lines))
    body = "".join(f"    {line}\n" for line in made)
    return f"void f(int *mem) {{\n    int x = 0;\n{body}    mem[0] = x;\n}}\n"


CONSTRUCTS: dict[str, Callable[[int], str]] = {
    made.__name__.replace("_", " "): made
    for made in (
        *(statements, variables, gotos, cases, ifs, nested_ifs, nested_expressions, functions, unused_functions, tape),
    )
}


def report(constructs: Sequence[str] = tuple(CONSTRUCTS), most: int = SIZES[-1]) -> Iterator[str]:
    """A line a construct and length: processor seconds, what became of it, the exponent since half the length."""
    yield "construct            lines   read s  lower s  exponent  outcome"
    for name in constructs:
        before = None
        for lines in TAPE_SIZES if name == "tape" else SIZES:
            if lines > most:
                break
            read, lowered, outcome = measured(name, lines)
            total = read + lowered
            exponent = "" if not before or not total else f"{math.log2(total / before):8.2f}"
            yield f"{name:20} {lines:5} {read:8.2f} {lowered:8.2f}  {exponent:>8}  {outcome}"
            before = total


def measured(name: str, lines: int) -> tuple[float, float, str]:
    """Processor seconds of reading, the compiler's included, and of lowering a construct; and what became of it."""
    source = CONSTRUCTS[name](lines)
    outcome = ""
    found: list[object] = []

    def reading() -> None:
        found.append(load_tape(source=source) if name == "tape" else cprograms.load(source=source))

    def lowering() -> None:
        program = found[0]
        if name == "tape":
            found.append(f"{len(compile_tape(program))} lines")  # type: ignore[arg-type]
        else:
            graph = lower(program)  # type: ignore[arg-type]
            found.append(f"{len(graph.nodes)} nodes" + ("" if graph.exact else ", not exact"))

    seconds = [0.0, 0.0]
    try:
        for k, work in enumerate((reading, lowering)):
            seconds[k] = processor_seconds(work)
        outcome = str(found[1])
    except ProgramError as error:
        outcome = error.diagnostics[0].message
    return seconds[0], seconds[1], outcome

"""A decompiled sketch as a C compiler understands it: its learned functions are tables of what the networks found."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from cprograms.diagnostics import UsageError
from cprograms.frontend.sketching import Pictures
from cprograms.frontend.undefined import Learned
from cprograms.program import Parameter
from surrogate.export.native import compiler
from surrogate.sketch.artifact import SketchProgram
from surrogate.sketch.data import Examples

FLAGS = ("-std=c99", "-O2", "-w")
SECONDS = 120


def agreement(program: SketchProgram, examples: Examples) -> float:
    """The share of examples on which the decompiled C, compiled, gives what the sketch gives.

    Raises UsageError where there is no compiler, or it takes no such C.
    """
    return float((native_answers(program, examples) == program.run(examples)[:, 0]).mean())


def native_answers(program: SketchProgram, examples: Examples) -> np.ndarray:
    """What the decompiled C gives for the examples: [n]. Of whole numbers and pictures only."""
    with TemporaryDirectory() as folder:
        source, made = Path(folder) / "program.c", Path(folder) / "program"
        source.write_text(harness(program, examples), encoding="utf-8")
        _called([*compiler(), *FLAGS, str(source), "-o", str(made), "-lm"], "")
        numbers = torch.stack(list(examples.inputs.numbers.values()), 1) if examples.inputs.numbers else None
        text = "" if numbers is None else "\n".join(" ".join(map(str, row)) for row in numbers.long().tolist())
        return np.array(_called([str(made)], text).split(), dtype=np.float64)


def _called(command: list[str], given: str) -> str:
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=SECONDS, check=True)
    except subprocess.CalledProcessError as e:
        raise UsageError(f"the decompiled C does not work: {(e.stderr or str(e)).strip()[:500]}") from None
    except (OSError, subprocess.TimeoutExpired) as e:
        raise UsageError(f"the decompiled C does not work: {e}") from None
    return done.stdout


def harness(program: SketchProgram, examples: Examples) -> str:
    """The decompiled C, each learned function as a table by the number of a picture, and a main that runs all examples.

    Of a picture only the first element is filled in: its number among all cells of all examples.
    """
    sketch = program.sketch
    tables = [_table(program, f, examples) for f in sketch.learned]
    drawn = {p.name: p for p in sketch.pictures}
    parameters = [p for p in sketch.program.parameters if p.name in drawn or p in sketch.given]
    lines = [line for p in parameters for line in _read(p, drawn.get(p.name), examples)]
    declared = [_declared(p, drawn.get(p.name)) for p in parameters]
    called = f"{sketch.program.entry}({', '.join(p.name for p in parameters)})"
    return "\n".join(
        [
            "#include <stdio.h>",
            program.decompile(),
            *tables,
            "int main(void)",
            "{",
            *(f"    static {d};" for d in declared),
            f"    for (long example = 0; example < {len(examples)}; example++) {{",
            *(f"        {line}" for line in lines),
            f'        printf("%d\\n", (int){called});',
            "    }",
            "    return 0;",
            "}",
            "",
        ]
    )


def _table(program: SketchProgram, function: Learned, examples: Examples) -> str:
    """A learned function that reads a picture's number."""
    if function.takes != "picture" or not function.values:
        raise UsageError(f"'{function.name}' is no function of a picture that gives whole numbers")
    pictures = examples.inputs.pictures[function.size].flatten(0, 1)
    with torch.no_grad():
        found = program.model.networks.of(function.name)(pictures)[0].argmax(-1).tolist()
    table = f"static const short {function.cells}[] = {{{', '.join(map(str, found))}}};"
    head = f"{function.type.name} {function.name}(const float *picture)"
    return f"{table}\n{head} {{ return {function.cells}[(long)picture[0]]; }}"


def _declared(parameter: Parameter, pictures: Pictures | None) -> str:
    shape = (*pictures.shape, pictures.size) if pictures else _extents(parameter)
    return f"{'float' if pictures else 'int'} {parameter.name}{''.join(f'[{n}]' for n in shape)}"


def _extents(parameter: Parameter) -> tuple[int, ...]:
    return (len(parameter.arguments),) if len(parameter.arguments) > 1 else ()


def _read(parameter: Parameter, pictures: Pictures | None, examples: Examples) -> Iterator[str]:
    """How an example's value of a parameter comes in: numbers are read, and a picture is its number."""
    if pictures is None:
        for k in range(len(parameter.arguments)):
            place = f"[{k}]" if _extents(parameter) else ""
            yield f'if (scanf("%d", &{parameter.name}{place}) != 1) return 1;'
        return
    cells = examples.inputs.pictures[pictures.size].shape[1]
    for k in range(prod(pictures.shape)):
        place = f"((float *){parameter.name})[{k * pictures.size}]"
        yield f"{place} = (float)(example * {cells} + {pictures.first + k});"

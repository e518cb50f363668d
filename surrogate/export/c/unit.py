"""The two files of an export: a header, and the C of the function, alone and on many rows."""

from __future__ import annotations

import re

import torch

from cprograms.diagnostics import UsageError
from cprograms.program import Program
from surrogate.export.c import entry, graph, guards
from surrogate.export.c.network import network
from surrogate.export.c.numbers import comment
from surrogate.graph.constants import fitted
from surrogate.graph.module import GraphModule
from surrogate.mlp.artifact import Surrogate
from surrogate.numeric.artifact import NumericArtifact
from surrogate.numeric.words import error_line
from surrogate.version import __version__

_GRAPH_MANY = """
static void $one(const double *restrict x, double *restrict y)
{
    $nodes(x, y);
}

static void $many(const double *restrict x, double *restrict y, size_t n)
{
    for (size_t i = 0; i < n; ++i) $nodes(x + i * $arguments, y + i * $results);
}
"""


def sources(
    artifact: NumericArtifact,
    *,
    name: str,
    file: str | None = None,
    precision: str | None = None,
    guard: bool = False,
    max_error: float | None = None,
) -> dict[str, str]:
    """The texts of a header and a C file, by their names, `<file>.h` and `<file>.c`; `file` is by default `name`.

    They define `name`, with the original's signature, and `<name>_batch`, from rows [n, arguments] of doubles to [n,
    results]. `precision` is that of the towers, "float" or "double", by default as the network has it. With `guard` the
    file holds the original, too, and calls it outside of the domain, and where the 99 % error bar of a result is above
    `max_error`.

    Raises UsageError where C cannot hold a part of the artifact, and for a guard that makes no sense.
    """
    file, program = file or name, artifact.program
    includes = {"math.h", "stddef.h", *(["stdlib.h", *entry.headers(program, whole=True)] if guard else [])}
    body = _body(artifact, precision)
    doubtful = guards.doubtful(artifact, max_error) if guard else []
    if guard:
        original = [
            *map(_include, sorted(includes)),
            f"#define {_macro(name)}_HAS_TYPES",
            entry.original(program, "$original", f"{_macro(name)}_HAS_STATE"),
            f'#include "{file}.h"',
        ]
    else:
        original = [
            *map(_include, sorted(includes)),
            f'#include "{file}.h"',
            entry.state(program, f"{_macro(name)}_HAS_STATE"),
        ]
    parts = [
        comment(_about(artifact, program, name, guard, max_error)),
        "\n".join(filter(None, original)),
        body,
        entry.conversions(program),
        entry.drop_in(program, name, "$original" if guard else "", doubtful),
        f"void {name}_batch(const double *restrict x, double *restrict y, size_t n)\n{{\n    $many(x, y, n);\n}}",
    ]
    text = "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
    return {f"{file}.h": _header(artifact, program, name), f"{file}.c": text.replace("$", "surrogate_")}


def _include(header: str) -> str:
    return f"#include <{header}>"


def _macro(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()


def _body(artifact: NumericArtifact, precision: str | None) -> str:
    """What defines `$one` and `$many`."""
    module = artifact.module
    if isinstance(artifact, Surrogate):
        own = "float" if artifact.module.w1.dtype == torch.float32 else "double"
        return network(artifact.module, (precision or own) == "float")
    if precision is not None:
        raise UsageError(f"{artifact.entry}: only the towers of a surrogate have a precision of their own")
    if isinstance(module, GraphModule):
        if module.smooth is not None:
            raise UsageError(f"{artifact.entry}: C has no smooth selects; a graph without --smooth can be exported")
        held = fitted(module.graph, [float(c.detach()) for c in module.constants])
        sizes = f"enum {{ $arguments = {len(artifact.arguments)}, $results = {len(artifact.results)} }};"
        return "\n".join([sizes, graph.function("$nodes", held, len(artifact.arguments)), _GRAPH_MANY])
    raise UsageError(f"{artifact.entry}: C holds surrogates and graphs, not a {type(artifact).__name__}")


def _header(artifact: NumericArtifact, program: Program, function: str) -> str:
    """The header: types as the program has them, the two functions."""
    macro = _macro(function)
    types = entry.types(program)
    own = [f"#ifndef {macro}_HAS_TYPES", *types, "#endif"] if types else []
    why = ["The types are those of the original program: where another header defines them, include it first and"]
    why += [f"define {macro}_HAS_TYPES."]
    columns = [
        f"x: {', '.join(a.name for a in artifact.arguments)}",
        f"y: {', '.join(r.name for r in artifact.results)}",
    ]
    return "\n".join(
        [
            f"#ifndef {macro}_H",
            f"#define {macro}_H",
            *map(_include, sorted({"stddef.h", *entry.headers(program)})),
            *([comment([" ".join(why)])] if types else []),
            *own,
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            comment([f"In the place of the original: {artifact.signature}"]),
            f"{entry.prototype(program, function)};",
            comment(["n rows at once, all numbers doubles, in the order of", *columns]),
            f"void {function}_batch(const double *x, double *y, size_t n);",
            "#ifdef __cplusplus",
            "}",
            "#endif",
            "#endif",
            "",
        ]
    )


def _about(
    artifact: NumericArtifact, program: Program, function: str, guard: bool, max_error: float | None
) -> list[str]:
    """The comment that the file begins with."""
    lines = [f"{artifact.signature}, as `surrogate export` of version {__version__} wrote it.", ""]
    lines += ["Domain:", *(f"  {line}" for line in artifact.signature.domain_lines())]
    if artifact.measured is None:
        lines += ["Error: not measured."]
    else:
        lines += [f"Error on {artifact.measured.rows:,} fresh rows of the domain:"]
        lines += [f"  {r.name}: {error_line(r)}" for r in artifact.measured.results]
    if any(r.type.is_integer for r in artifact.results):
        lines += [f"{function} rounds results of integer types to the nearest; {function}_batch does not round."]
    outside = "the original is called, which this file holds" if guard else "nothing is known of the error"
    lines += [f"Outside of the domain {outside}."]
    if any(p.passing == "global" for p in program.parameters):
        lines.append(f"The state is defined here; define {_macro(function)}_HAS_STATE where another file defines it.")
    return lines

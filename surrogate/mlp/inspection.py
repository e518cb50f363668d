"""What `surrogate inspect` says of a C file: a program's signature, its domain, and how large it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from cprograms.frontend.loading import CandidateEntry, Description
from cprograms.lowering import lower
from cprograms.names import counted
from cprograms.program import Program, Signature
from surrogate.terminal.console import OK, REJECTED, in_one_line, print_diagnostics, print_json, report

_TOKEN = re.compile(
    r"""[A-Za-z_]\w*                            # names and keywords
    | \.?\d(?:[eEpP][+-]|[\w.])*               # numbers
    | '(?:\\.|[^'\\])+' | "(?:\\.|[^"\\])*"   # characters and strings
    | <<= | >>= | \+\+ | -- | -> | && | \|\| | << | >> | [-+*/%&|^<>=!]=
    | \S""",
    re.VERBOSE,
)


def tell(described: Description, json: bool) -> int:
    """Print what was found, and return the exit code: whether there is a numeric program."""
    functions = [c.as_dict() for c in described.candidates]
    if described.program is None:
        if json:
            diagnostics = [d.as_dict() for d in described.diagnostics]
            print_json({"numeric": False, "diagnostics": diagnostics, "functions": functions})
        else:
            print_diagnostics(described.diagnostics)
        return REJECTED
    found = inspection(described.program)
    if json:
        warnings = [in_one_line(w) for w in described.program.warnings]
        print_json({"numeric": True, **found, "functions": functions, "warnings": warnings})
    else:
        report(*inspect_lines(described.program, found), *function_lines(described.candidates))
        print_diagnostics(described.program.warnings)
    return OK


def inspection(program: Program) -> dict[str, Any]:
    """For JSON. `tokens` counts those of the trimmed program; `graph` describes what a hypernetwork reads."""
    graph = lower(program)
    return {
        "file": program.path,
        "entry": program.entry,
        "signature": Signature.of(program).as_dict(),
        "tokens": count_tokens(program.text),
        "graph": {
            "nodes": len(graph.nodes),
            "exact": graph.exact,
            "operators": dict(Counter(n.op for n in graph.nodes).most_common()),
        },
        "text": program.text,
    }


def inspect_lines(program: Program, found: dict[str, Any]) -> list[str]:
    """The same for reading."""
    graph = found["graph"]
    operators = ", ".join(f"{count} {op}" for op, count in graph["operators"].items())
    followed = "all of it is followed" if graph["exact"] else "its loops or recursion are summarised, not followed"
    signature = Signature.of(program)
    return [
        f"{program.path}: '{program.entry}' is a numeric program",
        f"  function  {signature}",
        *(f"  {'' if i else 'domain':9} {line}" for i, line in enumerate(signature.domain_lines())),
        f"  text      {counted(found['tokens'], 'token')}",
        f"  graph     {counted(graph['nodes'], 'node')} ({operators}); {followed}",
    ]


def function_lines(candidates: Sequence[CandidateEntry]) -> list[str]:
    """A line for each function of a file that has several: whether it could be the entry, or why not."""
    if len(candidates) < 2:
        return []
    lines = []
    for i, candidate in enumerate(candidates):
        others = f" (and {len(candidate.diagnostics) - 1} more)" if len(candidate.diagnostics) > 1 else ""
        verdict = "numeric" if candidate.eligible else candidate.diagnostics[0].message + others
        lines.append(f"  {'' if i else 'file':9} line {candidate.line}: {candidate.name}: {verdict}")
    return lines


def count_tokens(text: str) -> int:
    """C tokens of a preprocessed text."""
    return len(_TOKEN.findall(text))

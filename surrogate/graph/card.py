"""The card of an artifact of the target graph."""

from __future__ import annotations

from collections.abc import Mapping

from cprograms.names import counted
from cprograms.ops import AFTER, REPEAT
from cprograms.program import Signature
from surrogate.graph.module import GraphModule
from surrogate.numeric.cards import (
    HEADER,
    LICENSE,
    domain_table,
    error_section,
    example_inputs,
    example_note,
    reproduction,
)
from surrogate.numeric.check import Report
from surrogate.version import __version__

_LEAVES = frozenset(("const", "arg", "carry", AFTER))


def graph_line(module: GraphModule) -> str:
    """The graph's size, as in "11 nodes, 5 operators, 3 learnable constants"."""
    nodes = module.graph.nodes
    operators, loops = sum(n.op not in _LEAVES for n in nodes), sum(n.op == REPEAT for n in nodes)
    parts = [counted(len(nodes), "node"), counted(operators - loops, "operator")]
    parts += [counted(loops, "loop")] if loops else []
    parts.append(counted(len(module.constants), "learnable constant"))
    return ", ".join(parts) + (f", selects smooth over {module.smooth:g}" if module.smooth is not None else "")


def card(
    signature: Signature, module: GraphModule, constants: Mapping[str, float], fitted: int, measured: Report | None
) -> str:
    """The text of an artifact's README.md; `constants` are the learnable ones by their labels."""
    example, note = example_inputs(signature.arguments), example_note(signature.arguments)
    origin = f"Its constants were fitted to {counted(fitted, 'row')}." if fitted else "Its constants are the program's."
    smooth = "" if module.smooth is None else f" --smooth {module.smooth:g}"
    fitted_note = "Then its constants were fitted, as said above." if fitted else ""
    return "\n".join(
        [
            *HEADER,
            "tags: [differentiable-programming, c]",
            "---",
            f"# `{signature.entry}` as a torch module",
            "",
            f"`{signature}`, compiled by surrogate-compiler {__version__}: {graph_line(module)}.",
            f"It computes what the C program computes, `program.c`, and is differentiable. {origin}",
            "",
            *domain_table(signature),
            "",
            "## Intended use",
            "",
            "Where the derivatives of the C program are needed, or its constants are to be learned. Loops were unrolled"
            " for this domain: outside of it, nothing was measured.",
            "",
            *_constant_table(constants),
            *error_section(measured, signature),
            "## Use",
            "",
            "```python",
            "import surrogate",
            'program = surrogate.load("this directory")',
            f"program.predict({example}){note}",
            "program.module  # torch: [..., arguments] -> [..., results]",
            f"program.gradient({example})  # of shape [..., {len(signature.results)}, {len(signature.arguments)}]",
            "```",
            "",
            *reproduction(f"surrogate compile program.c --target graph{smooth}", fitted_note),
            *LICENSE,
        ]
    )


def _constant_table(constants: Mapping[str, float]) -> list[str]:
    if not constants:
        return []
    rows = [f"| {label} | {value!r} |" for label, value in constants.items()]
    return ["## Constants", "", "| constant | value |", "|---|---|", *rows, ""]

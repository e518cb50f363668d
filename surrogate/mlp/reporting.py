"""The page of a surrogate: what it says of itself."""

from __future__ import annotations

import argparse

from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.card import network_line
from surrogate.numeric.commands import stem
from surrogate.report.about import About
from surrogate.report.commands import report_numeric


def report_page(options: argparse.Namespace, surrogate: Surrogate) -> int:
    """Write its page."""
    origin, guard = str(surrogate.origin), surrogate.origin.safeguard()
    about = About(
        made=[
            f"A neural surrogate of a C function, compiled at -O{surrogate.opt_level}: "
            f"{network_line(surrogate.module, surrogate.operators)}.",
            f"{'. '.join(f'{text[0].upper()}{text[1:]}' for text in (origin, guard) if text)}.",
        ],
        compiling=["surrogate", "compile", "program.c", *surrogate.origin.options],
        facts=[("compiler's weights", f"SHA-256 {surrogate.compiler}")],
        trained=[(f"on {f.source}", f.before, f.after) for f in surrogate.finetunings],
    )
    output = options.output or f"{stem(options.artifact, '.surrogate')}.html"
    return report_numeric(options, surrogate, about, output)

"""Plots as files: the same bytes for the same figure."""

from __future__ import annotations

import io

from cprograms.diagnostics import UsageError

try:
    from matplotlib import rc_context
    from matplotlib.figure import Figure
except ImportError:
    raise UsageError("plots need matplotlib: pip install 'surrogate-compiler[plot]'") from None


def image(figure: Figure, file_format: str) -> bytes:
    """A figure as "png" or "svg": no date, fixed identifiers."""
    out = io.BytesIO()
    with rc_context({"svg.hashsalt": "evaluation"}):
        figure.savefig(out, format=file_format, dpi=150, metadata={"Date": None} if file_format == "svg" else None)
    return out.getvalue()

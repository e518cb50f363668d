"""What a compiled program says with how far off it may be: `--bounds`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from surrogate.numeric.checking.bounds import Bounded
from surrogate.numeric.tables import aligned_text, row_facts, table_text
from surrogate.numeric.words import short


def bounded_table(columns: Sequence[str], found: Bounded) -> str:
    """As CSV: a column each for what the surrogate says, and for its error bars."""
    header = [*columns, *(f"{c} {level}" for level in ("p90", "p99") for c in columns)]
    return table_text(np.hstack(found), header)


def bounded_lines(columns: Sequence[str], found: Bounded) -> str:
    """One row to read, a line a result."""
    values = [f"{v:.12g}" for v in found.values[0]]
    bars = ([_bar(v) for v in part[0]] for part in (found.p90, found.p99))
    return aligned_text([("result", "surrogate", "90 %", "99 %"), *zip(columns, values, *bars, strict=True)])


def _bar(v: float) -> str:
    return f"±{short(v)}" if np.isfinite(v) else "none"


def bounded_facts(columns: Sequence[str], found: Bounded) -> dict[str, Any]:
    """For JSON, beside the surrogate's rows; an infinite bar is None."""
    return {"p90": row_facts(columns, found.p90), "p99": row_facts(columns, found.p99)}

"""What a compiled program says beside what its C program gives: `--exact`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cprograms.inputs import masked_like
from cprograms.program import Program
from cprograms.sandbox import Fault, Status, run_with_status, why
from surrogate.numeric.rows import MOST_FAULTS
from surrogate.numeric.tables import aligned_text, row_facts, table_text

Rows = npt.NDArray[np.float64]


class Exact(NamedTuple):
    """Results of the same inputs, float64 [..., R] both, and for each input why the program gave none: "" where it did.

    The program's are NaN where it trapped, and may be NaN or infinite where it did not. `faults` say the same of all
    inputs together, with the places in the C file.
    """

    surrogate: Rows
    program: Rows
    reasons: npt.NDArray[np.str_]
    faults: tuple[Fault, ...]


def both(program: Program, outputs: Callable[[Rows], Rows], x: Rows) -> Exact:
    """The results of rows x [n, A] by `outputs` and by the program, which is run. Raises ProgramError."""
    outcomes = run_with_status(program, x)
    finite = np.isfinite(outcomes.y).all(1)
    kinds = {code: Fault(Status(code), 1).words for code in set(outcomes.status.tolist())}
    reasons = ["" if fine else kinds[code] for fine, code in zip(finite, outcomes.status.tolist(), strict=True)]
    return Exact(outputs(x), outcomes.y, np.array(reasons, dtype=np.str_), tuple(why(program, x, outcomes)))


def as_batch(found: Exact, x: Rows) -> Exact:
    """Those of rows in the batch shape of the inputs [..., A] that the rows were, masked where these are."""
    surrogate, program = (masked_like(y.reshape(*x.shape[:-1], y.shape[-1]), x) for y in found[:2])
    return Exact(surrogate, program, found.reasons.reshape(x.shape[:-1]), found.faults)


def exact_table(columns: Sequence[str], found: Exact) -> str:
    """As CSV: a column each for what the surrogate says, what the program gives, and why it gives nothing."""
    header = [*(f"{c} surrogate" for c in columns), *(f"{c} program" for c in columns), "reason"]
    return table_text(np.hstack([found.surrogate, found.program]), header, [[r] for r in found.reasons])


def side_by_side(columns: Sequence[str], found: Exact) -> str:
    """One row to read, a line a result."""
    values = ([f"{v:.12g}" for v in y[0]] for y in (found.surrogate, found.program))
    return aligned_text([("result", "surrogate", "program"), *zip(columns, *values, strict=True)])


def exact_facts(columns: Sequence[str], found: Exact) -> dict[str, Any]:
    """For JSON, beside the surrogate's rows."""
    return {"program": row_facts(columns, found.program), "reasons": [str(r) or None for r in found.reasons]}


def reason_warning(found: Exact) -> str | None:
    """What to say where the program gave nothing."""
    if not found.faults:
        return None
    if len(found.reasons) == 1:
        return f"the program gives no finite result for this input: {found.faults[0].words}"
    missing, told = np.count_nonzero(found.reasons != ""), ", ".join(map(str, found.faults[:MOST_FAULTS]))
    return f"the program gives no finite result for {missing:,} of {len(found.reasons):,} inputs: {told}"

"""How long an evaluation takes: the C program in the sandbox, and the surrogate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from surrogate.numeric.checking import reading


@dataclass(frozen=True)
class Speed:
    """Nanoseconds for an evaluation, medians on this machine.

    `program` is that of the C program in the sandbox: optimised WebAssembly with checks of undefined behaviour, made
    machine code, many rows in one call. `alone` is the surrogate on one row a call, `batched` on `batch` rows a call.
    """

    program: float
    alone: float
    batched: float
    batch: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f"{k}_ns" if k != "batch" else k: v for k, v in vars(self).items()}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Speed:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        program, alone, batched = (reading.finite(d[f"{name}_ns"]) for name in ("program", "alone", "batched"))
        batch = reading.count(d["batch"])
        if min(program, alone, batched, batch) <= 0:
            raise ValueError("no measured speed")
        return cls(program, alone, batched, batch)

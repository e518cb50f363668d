"""The driver: one `compile` for both targets."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

from cprograms.diagnostics import UsageError

if TYPE_CHECKING:
    from surrogate.anc.program import AncProgram
    from surrogate.mlp.surrogate import Surrogate


def compile(path: str | PathLike[str] | None = None, *, target: str = "mlp", **options: Any) -> Surrogate | AncProgram:
    """Compile a C file, or the text `source`, for a target: "mlp", a surrogate, or "anc", the exact register machine.

    For both: `source`, `entry`, `include_dirs`, `defines`. For "mlp": `ranges`, `opt_level`, `rows`, `seed`,
    `compiler`, as in `surrogate.mlp.pipeline.compile_numeric`. For "anc": `memory_size`, `tape`, `registers`, as in
    `surrogate.anc.pipeline.compile_exact`.

    Raises ProgramError for a program that the target does not take, UsageError for options that make no sense.
    """
    # Each target's modules take a while to import.
    if target == "mlp":
        from surrogate.mlp.pipeline import compile_numeric

        return compile_numeric(path, **options)
    if target == "anc":
        from surrogate.anc.pipeline import compile_exact

        return compile_exact(path, **options)
    raise unknown_target(target)


def unknown_target(target: str) -> UsageError:
    return UsageError(f"unknown target '{target}'; there are mlp and anc")

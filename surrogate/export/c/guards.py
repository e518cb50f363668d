"""Where a guarded function calls the original inside of the domain: where the measured error bars are too wide."""

from __future__ import annotations

from cprograms.diagnostics import UsageError
from surrogate.export.c.numbers import floating
from surrogate.mlp.artifact import Surrogate
from surrogate.numeric.artifact import NumericArtifact
from surrogate.numeric.checking.bounds import Bound


def doubtful(artifact: NumericArtifact, max_error: float | None) -> list[str]:
    """C conditions on the arguments `$given` under which a bar for 99 % of inputs is wider than `max_error`.

    Raises UsageError where there is no program to call, it is not what the artifact mimics, there are no bars, or all
    are too wide.
    """
    if not artifact.text.strip():
        raise UsageError(f"{artifact.entry}: a guard calls the C program, and this artifact has none")
    if (isinstance(artifact, Surrogate) and artifact.measured_data) or getattr(artifact, "fitted", False):
        raise UsageError(
            f"{artifact.entry}: it was fitted to measured rows, which the C program need not agree with: a guard would"
            " mix the two"
        )
    if max_error is None:
        return []
    bars = artifact.measured.bounds if artifact.measured is not None else ()
    if not bars:
        raise UsageError(
            f"{artifact.entry}: it has no error bars that --max-error could mean; `surrogate check` measures"
        )
    return [condition for bar in bars if (condition := _too_wide(artifact, bar, max_error))]


def _too_wide(artifact: NumericArtifact, bar: Bound, most: float) -> str:
    """Where one bar is too wide; "" where it is nowhere. Neighbouring slices are one."""
    wide = [not p99 <= most for _, p99 in bar.slices]
    if (not any(wide) and bar.argument) or (not bar.argument and bar.p99 <= most):
        return ""
    if not bar.argument or all(wide):
        least = min([p99 for _, p99 in bar.slices] or [bar.p99])
        raise UsageError(
            f"{artifact.entry}: the error bar of '{bar.name}', ±{least:.4g}, is above --max-error {most:g} everywhere:"
            " every call would be one of the original"
        )
    place = [a.name for a in artifact.arguments].index(bar.argument)
    parts = []
    for k, is_wide in enumerate(wide):
        if is_wide and (k == 0 or not wide[k - 1]):
            last = next((j for j in range(k, len(wide)) if not wide[j]), len(wide))
            low = "" if k == 0 else f"$given[{place}] >= {floating(bar.edges[k])}"
            high = "" if last == len(wide) else f"$given[{place}] <= {floating(bar.edges[last])}"
            parts.append(" && ".join(filter(None, (low, high))))
    return " || ".join(f"({part})" for part in parts)

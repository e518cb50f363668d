"""Whole programs of the library with a surrogate in the place of their expensive function: time and output error."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.replace.building import Compiler
from surrogate.replace.commands import facts_of, maker
from surrogate.replace.pipeline import Replacement, replace
from surrogate.replace.running import Case
from training.evaluation.suites import LIBRARY
from training.markdown import table_lines

PROGRAMS = LIBRARY / "programs"
GAP = 4
"""White pixels between two pictures."""


@dataclass(frozen=True)
class Application:
    """A program, the function that is replaced, how its surrogate is compiled, and what the program does."""

    name: str
    function: str
    about: str
    arguments: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float, float]] | None = None
    width: int | None = None

    @property
    def command(self) -> str:
        """What a user would type."""
        width = [] if self.width is None else [f"--width {self.width}"]
        flags = [f"--range {n}={low:g}:{high:g}" for n, (low, high) in (self.ranges or {}).items()]
        given = [f"--args '{' '.join(self.arguments)}'"] if self.arguments else []
        return " ".join([f"surrogate replace {self.name}.c --function {self.function}", *flags, *width, *given])


APPLICATIONS = (
    Application("ray_marcher", "sky", "ray marcher; the sky by an integral along each ray"),
    Application("periodic_bodies", "ewald", "N bodies in a periodic box; Ewald's sum for each pair"),
    Application("colour_quantisation", "seen", "k-means of colours; the eye's answer to a lamp's spectrum"),
)


def measure(application: Application, by: Compiler, runs: int, seed: int) -> Replacement:
    """Run a program with a surrogate and without."""
    return replace(
        str(PROGRAMS / f"{application.name}.c"),
        application.function,
        maker({"seed": seed}, application.width, False),
        case=Case(application.arguments),
        by=by,
        runs=runs,
        ranges=application.ranges,
    )


def facts(application: Application, found: Replacement, by: Compiler) -> dict[str, Any]:
    """What a program's row and the JSON say of it."""
    parts = found.artifact.config().get("parts", [])
    own = {"name": application.name, "about": application.about, "command": application.command, "parts": parts}
    return own | facts_of(found, by)


def page(rows: Sequence[Mapping[str, Any]], header: Mapping[str, Any]) -> str:
    """The page of results."""
    lines = [
        "# Whole programs",
        "",
        "Three programs of [`cprograms/library/programs/`](../../cprograms/library/programs), each with a surrogate in"
        " the place of",
        "the function that takes nearly all of its time. Made by",
        "",
        "```console",
        f"$ {header['command']}",
        "```",
        "",
        f"Both are built by `{rows[0]['compiler']}`. Times are of the processor, medians of {header['runs']} runs",
        "each, by turns in one go. The pictures are the original's, that with the surrogate, and ten times their",
        "difference. [Replacing a function](../replace.md) says how it works.",
        "",
        *_times(rows),
        "",
        *_errors(rows),
        "",
    ]
    for row in rows:
        lines += [f"`{row['command']}`" + (f"\n\n![{row['name']}]({row['picture']})" if "picture" in row else ""), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _times(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    head = [
        "program",
        "what",
        "calls",
        "share of time",
        "a call, ns",
        "surrogate",
        "program, s",
        "surrogate",
        "times faster",
    ]
    return table_lines(head, map(_time_row, rows), 7)


def _time_row(row: Mapping[str, Any]) -> list[str]:
    before, now = row["processor_seconds"], row["processor_seconds_replaced"]
    calls = [f"{row['calls']:,}", f"{100 * row['share']:.0f} %"]
    each = [f"{row['nanoseconds']:,.0f}", f"{row['nanoseconds_replaced']:,.0f}"]
    return [f"`{row['name']}`", row["about"], *calls, *each, f"{before:.3f}", f"{now:.3f}", f"{before / now:.3g}"]


def _errors(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    head = ["program", "surrogate", "nMSE over the domain", "on its own calls", "calls outside", "output"]
    return table_lines(head, map(_error_row, rows), 0)


def _error_row(row: Mapping[str, Any]) -> list[str]:
    (output,) = row["outputs"]
    if output["kind"] == "picture":
        said = f"SSIM {output['ssim']:.4f}, PSNR {output['psnr']:.1f} dB"
    else:
        median, greatest = output["median_error"], output["greatest_error"]
        said = f"{output['numbers']} numbers: relative error {median:.1g} in the median, {greatest:.1g} at most"
    outside = f"{row['outside_replaced']:,} of {row['calls_replaced']:,}"
    errors = [f"{row[name]:.1e}" for name in ("nmse", "nmse_own_calls")]
    return [f"`{row['name']}`", ", ".join(row["parts"]), *errors, outside, said]


def side_by_side(found: Replacement) -> bytes | None:
    """The original's picture, that with the surrogate, and ten times their difference, as PNG; None without one."""
    from PIL import Image  # of the extra "analysis"

    pictures = []
    for outputs in (found.given, found.gives):
        content = outputs.get("stdout", b"")
        if not content.startswith(b"P"):
            return None
        with Image.open(io.BytesIO(content)) as picture:
            pictures.append(np.asarray(picture.convert("RGB"), dtype=np.float64))
    gap = np.full((pictures[0].shape[0], GAP, 3), 255.0)
    difference = np.clip(10 * np.abs(pictures[0] - pictures[1]), 0, 255)
    joined = np.concatenate([pictures[0], gap, pictures[1], gap, difference], axis=1)
    file = io.BytesIO()
    Image.fromarray(joined.astype(np.uint8)).save(file, "PNG", optimize=True)
    return file.getvalue()

"""Charts as inline SVG. A chart's inside is 1000 by 1000, whatever its size, so that the script can draw there too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

from surrogate.numeric.words import number

WIDTH, HEIGHT = 360, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 10, 20, 36
"""Pixels around the inside, for the labels."""
DIGIT = 7
"""Pixels that a digit of a label takes."""
INSIDE = 1000
TICKS = 5
ROUNDING = 1e-9
"""Values that differ by a smaller share of the greatest are one value."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, which differ; `whole` numbers have whole ticks, `log` is for positive ones."""

    low: float
    high: float
    label: str = ""
    whole: bool = False
    log: bool = False

    @classmethod
    def over(cls, values: Values, label: str = "", whole: bool = False, room: float = 0.0) -> Axis:
        """The axis that holds all values that are numbers, with some room at both ends (a share of its length)."""
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        if not high / 2 - low / 2 > ROUNDING * max(abs(low), abs(high)):
            beside = max(abs(low), abs(high)) / 20 or 1.0
            return cls(low - beside, high + beside, label, whole)
        spare = room * (high / 2 - low / 2) * 2
        most = np.finfo(np.float64).max
        return cls(max(low - spare, -most), min(high + spare, most), label, whole)

    def place(self, values: Values) -> Values:
        """Values as places from 0 to INSIDE. Halves do not overflow where the length does."""
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            return INSIDE * (np.log(np.maximum(values, 5e-324)) - low) / (high - low)
        return INSIDE * ((values / 2 - self.low / 2) / (self.high / 2 - self.low / 2))

    def ticks(self) -> list[float]:
        """Round numbers along the axis."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            each = max(1, math.ceil((last - first) / TICKS))
            return [10.0**power for power in range(first, last + 1, each)]
        half = self.high / 2 - self.low / 2
        step = 2 * (half / TICKS)
        power = 10.0 ** math.floor(math.log10(step)) if step > 0 else 5e-324
        step = next((m * power for m in (1, 2, 5) if m * power >= step * 0.999), 10 * power)
        if self.whole:
            step = max(1.0, step)
        start = math.ceil(self.low / step - 1e-9)
        last = min(math.floor(self.high / step + 1e-9), start + 3 * TICKS)
        return [place * step for place in range(start, last + 1)]


def tick_texts(ticks: list[float]) -> list[str]:
    """As few digits as tell the ticks apart."""
    for digits in range(1, 18):
        texts = [f"{tick:.{digits}g}" for tick in ticks]
        if all(abs(float(text) - tick) <= 1e-6 * abs(tick) for text, tick in zip(texts, ticks, strict=True)):
            break
    whole = all(abs(tick) < 1e5 and tick == round(tick) for tick in ticks)
    return [_minus(f"{tick:.0f}" if whole else text) for tick, text in zip(ticks, texts, strict=True)]


def _minus(text: str) -> str:
    return text.replace("-", "−")


def polyline(x: Values, y: Values, dots: bool = False) -> str:
    """The `d` of a path through points, with a gap where one is no number; or a dot at each."""
    parts, pen = [], False
    for a, b in zip(np.round(x, 1).tolist(), np.round(np.clip(y, -9e5, 9e5), 1).tolist(), strict=True):
        if b != b:
            pen = False
            continue
        place = f"{a:g} {INSIDE - b:.6g}"
        parts.append(f"M{place}h0" if dots else f"{'L' if pen else 'M'}{place}")
        pen = True
    return "".join(parts)


def bars(edges: Values, heights: Values) -> str:
    """The `d` of bars between edges [n + 1], of heights [n], all of them places."""
    parts = []
    for a, b, h in zip(edges[:-1].tolist(), edges[1:].tolist(), heights.tolist(), strict=True):
        if h > 0:
            parts.append(f"M{a:.4g} {INSIDE}V{INSIDE - h:.4g}H{b:.4g}V{INSIDE}Z")
    return "".join(parts)


def short(value: float, digits: int = 4) -> str:
    """A number to read: so many digits, and a true minus."""
    return _minus(f"{value:.0f}" if abs(value) < 1e5 and value == round(value) else number(value, digits))


def chart(x: Axis, y: Axis, body: str, about: str, attributes: str = "", height: int = HEIGHT) -> str:
    """A chart of axes with what is drawn inside; `about` says in words what it shows."""
    wide, high = WIDTH - LEFT - RIGHT, height - TOP - BOTTOM
    parts = []
    for tick, text in zip(x.ticks(), tick_texts(x.ticks()), strict=True):
        at = LEFT + wide * float(x.place(np.array(tick))) / INSIDE
        parts.append(f'<path class="rule" d="M{at:.1f} {TOP}v{high}"/>')
        at, anchor = (at, "middle") if at + len(text) * DIGIT / 2 <= WIDTH else (WIDTH, "end")
        parts.append(f'<text x="{at:.1f}" y="{TOP + high + 14}" text-anchor="{anchor}">{text}</text>')
    for tick, text in zip(y.ticks(), tick_texts(y.ticks()), strict=True):
        at = TOP + high * (1 - float(y.place(np.array(tick))) / INSIDE)
        parts.append(f'<path class="rule" d="M{LEFT} {at:.1f}h{wide}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{text}</text>')
    middle = f'x="{LEFT + wide / 2:.0f}" y="{height - 5}" text-anchor="middle"'
    parts.append(f'<text class="label" {middle}>{escape(x.label)}</text>')
    parts.append(f'<text class="label" x="4" y="12">{escape(y.label)}</text>')
    inside = (
        f'<svg x="{LEFT}" y="{TOP}" width="{wide}" height="{high}" viewBox="0 0 {INSIDE} {INSIDE}"'
        f' preserveAspectRatio="none">{body}</svg>'
    )
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(about)}"{attributes}>'
        f"{''.join(parts)}{inside}</svg>"
    )

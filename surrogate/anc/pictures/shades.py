"""The colours of both pictures: from white over blue to a dark blue, as lightness falls evenly; on a dark page from its
own darkness to a light blue."""

from __future__ import annotations

import numpy as np

STOPS = np.array([[255, 255, 255], [203, 222, 243], [118, 169, 221], [38, 103, 178], [10, 46, 102]])
DARK_STOPS = np.array([[22, 28, 36], [29, 56, 92], [43, 98, 160], [104, 160, 217], [205, 226, 248]])
LEVELS = 17
"""Shades that a page has."""


def shade(value: float, stops: np.ndarray = STOPS) -> str:
    """A colour, as #rrggbb, for a number from 0 to 1."""
    place = np.linspace(0, 1, len(stops))
    return "#" + "".join(f"{round(float(np.interp(value, place, channel))):02x}" for channel in stops.T)


def ink(value: float, dark: bool = False) -> str:
    """The colour of text on a shade."""
    if value == 0:
        return "#5d6977" if dark else "#b4bcc6"
    return "#1f2933" if (value > 0.65 if dark else value <= 0.55) else "#ffffff"


def level(value: float) -> int:
    """Which of the shades of a page a number from 0 to 1 has."""
    return round(value * (LEVELS - 1))


def shade_styles() -> str:
    """The shades of a page as classes `s0`, `s1`, …, on light ones and dark ones."""
    return f"{_rules(STOPS, False)}\n@media (prefers-color-scheme: dark) {{\n{_rules(DARK_STOPS, True)}\n}}"


def _rules(stops: np.ndarray, dark: bool) -> str:
    values = [k / (LEVELS - 1) for k in range(LEVELS)]
    return "\n".join(f".s{k} {{ --shade: {shade(v, stops)}; --figure: {ink(v, dark)}; }}" for k, v in enumerate(values))

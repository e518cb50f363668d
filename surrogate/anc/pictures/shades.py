"""The colours of both pictures: from white over blue to a dark blue, as lightness falls evenly."""

from __future__ import annotations

import numpy as np

STOPS = np.array([[255, 255, 255], [203, 222, 243], [118, 169, 221], [38, 103, 178], [10, 46, 102]])


def shade(value: float) -> str:
    """A colour, as #rrggbb, for a number from 0 to 1."""
    place = np.linspace(0, 1, len(STOPS))
    return "#" + "".join(f"{round(float(np.interp(value, place, channel))):02x}" for channel in STOPS.T)


def ink(value: float) -> str:
    """The colour of text on a shade."""
    if value == 0:
        return "#b4bcc6"
    return "#ffffff" if value > 0.55 else "#1f2933"

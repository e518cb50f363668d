"""The colours of maps, and maps as PNG files in the page."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

VIRIDIS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")
"""Of values: lightness rises evenly, for every kind of sight."""
DIVERGING = ("#0b4f8a", "#3a83bd", "#8fbcdc", "#d5e4ee", "#f5f4f2", "#f4dccb", "#e8a684", "#c7573f", "#8a1020")
"""Of errors: blue where the surrogate is too low, red where it is too high."""

Grid = npt.NDArray[np.float64]


def gradient(stops: tuple[str, ...]) -> str:
    """The scale as a CSS background."""
    return f"linear-gradient(to right, {', '.join(stops)})"


def painted(values: Grid, low: float, high: float, stops: tuple[str, ...]) -> bytes:
    """A PNG, a pixel a value [rows, columns], the first row at the bottom; what is no number is transparent."""
    unit = np.clip((values / 2 - low / 2) / max(high / 2 - low / 2, 5e-324), 0, 1)
    channels = np.array([list(bytes.fromhex(stop[1:])) for stop in stops], dtype=np.float64)  # [stops, 3]
    place = np.linspace(0, 1, len(stops))
    known = np.isfinite(values)
    rgb = np.stack([np.interp(np.where(known, unit, 0), place, channel) for channel in channels.T], axis=-1)
    return _png(np.dstack([rgb.round(), 255.0 * known])[::-1].astype(np.uint8))


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """The file of RGBA pixels [height, width, 4]; see the PNG specification, sections 5 and 11.2."""
    height, width, _ = pixels.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    body = (struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def as_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"

"""How far the output of a program with a surrogate is from the original's: pictures, numbers, text, other bytes."""

from __future__ import annotations

import io
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms.diagnostics import UsageError
from cprograms.names import counted

_PICTURE = re.compile(rb"P[1-6]\s|\x89PNG\r\n\x1a\n|BM.{4}\0\0\0\0", re.DOTALL)
"""How a picture begins: PBM, PGM, PPM; PNG; BMP."""
_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?|nan(?:\(\w*\))?)(?![\w.]*\w)", re.IGNORECASE
)
_MARK = "\0"
_WINDOW = 7
"""Pixels of the windows that SSIM compares, unless the picture is smaller."""
_BYTE = 255.0
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """One output beside the original's: its `name`, its `kind`, what to say of it, and the same as facts.

    `same`: byte for byte. `unsteady`: two runs of the original itself differ in it.
    """

    name: str
    kind: str
    line: str
    same: bool
    unsteady: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "same": self.same, "unsteady": self.unsteady, **self.facts}


def needs_pictures(outputs: Mapping[str, bytes]) -> str | None:
    """The name of the first output that is a picture."""
    return next((name for name, content in outputs.items() if _PICTURE.match(content)), None)


def ensure_pictures() -> None:
    """Raises UsageError where what compares pictures is not installed."""
    try:
        import PIL  # noqa: F401
        import skimage  # noqa: F401
    except ImportError:
        message = "comparing pictures needs scikit-image: pip install 'surrogate-compiler[analysis]'"
        raise UsageError(message) from None


def compared(
    original: Mapping[str, bytes], again: Mapping[str, bytes], replaced: Mapping[str, bytes]
) -> list[Comparison]:
    """All outputs of two runs of the original and one of the other program, in the order of their names."""
    found = []
    for name in [*original, *(n for n in replaced if n not in original)]:
        if name not in replaced or name not in original:
            which = "the original" if name in original else "the program with the surrogate"
            found.append(Comparison(name, "missing", f"only {which} gives it", False))
        else:
            found.append(_compared(name, original[name], again.get(name, b""), replaced[name]))
    return found


def _compared(name: str, original: bytes, again: bytes, replaced: bytes) -> Comparison:
    same, unsteady = original == replaced, original != again
    if _PICTURE.match(original):
        line, facts = _of_pictures(original, again if unsteady else None, replaced)
        return Comparison(name, "picture", line, same, unsteady, facts)
    texts = [_text(content) for content in (original, again, replaced)]
    if texts[0] is not None and texts[2] is not None:
        kind, line, facts = _of_texts(texts[0], texts[1] or "", texts[2])
        return Comparison(name, kind, line, same, unsteady, facts)
    share = _differing(original, replaced)
    line = "the same bytes" if same else f"bytes: {100 * share:.3g} % of {len(original):,} differ"
    return Comparison(name, "bytes", line, same, unsteady, {"differing": share, "bytes": len(original)})


def _differing(a: bytes, b: bytes) -> float:
    """The share of bytes that differ, those that one lacks counted."""
    shorter = min(len(a), len(b))
    first, second = (np.frombuffer(v, dtype=np.uint8, count=shorter) for v in (a, b))
    return float((np.count_nonzero(first != second) + abs(len(a) - len(b))) / max(len(a), len(b), 1))


# --- Pictures ---


def _of_pictures(original: bytes, again: bytes | None, replaced: bytes) -> tuple[str, dict[str, Any]]:
    first, other = _picture(original), _picture(replaced)
    if first is None or other is None:
        which = "the original's" if first is None else "the surrogate's"
        return f"a picture that cannot be read: {which}", {"ssim": None, "psnr": None}
    height, width = first.shape[:2]
    if first.shape != other.shape:
        is_now = "×".join(str(n) for n in (other.shape[1], other.shape[0], *other.shape[2:]))
        return f"a picture of {width}×{height}, of another shape: {is_now}", {"ssim": None, "psnr": None}
    similarity, ratio = ssim(first, other), psnr(first, other)
    facts: dict[str, Any] = {"width": width, "height": height, "ssim": similarity, "psnr": _finite(ratio)}
    words = [f"SSIM {_similarity(similarity)}", f"PSNR {'∞' if math.isinf(ratio) else f'{ratio:.1f} dB'}"]
    if again is not None and (second := _picture(again)) is not None and second.shape == first.shape:
        facts["ssim_of_originals"] = ssim(first, second)
        words.append(f"two runs of the original have SSIM {_similarity(facts['ssim_of_originals'])}")
    return f"a picture of {width}×{height}: {', '.join(words)}", facts


def _similarity(v: float | None) -> str:
    return "of so small a picture says nothing" if v is None else f"{v:.4f}"


def _picture(content: bytes) -> Array | None:
    """Pixels from 0 to 255, [h, w] or [h, w, channels]; None for what is no whole picture."""
    from PIL import Image  # of the extra "analysis"

    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            plain = picture.convert({"1": "L", "P": "RGB"}.get(picture.mode, picture.mode))
            unit = _BYTE / 65535 if plain.mode.startswith("I") else 1.0
            return np.asarray(plain, dtype=np.float64) * unit
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def ssim(a: Array, b: Array) -> float | None:
    """Structural similarity of two pictures of pixels from 0 to 255; None for pictures of fewer than 3×3 pixels."""
    from skimage.metrics import structural_similarity  # of the extra "analysis", and not quick to import

    window = min(_WINDOW, *a.shape[:2])
    window -= 1 - window % 2
    if window < 3:
        return None
    channels = -1 if a.ndim == 3 else None
    return float(structural_similarity(a, b, win_size=window, data_range=_BYTE, channel_axis=channels))


def psnr(a: Array, b: Array) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures."""
    error = float(np.mean((a - b) ** 2))
    return math.inf if error == 0 else 10 * math.log10(_BYTE**2 / error)


# --- Text ---


def _text(content: bytes) -> str | None:
    """The text, or None for what is none."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if _MARK in text else text


@dataclass(frozen=True)
class _Line:
    layout: str
    numbers: tuple[float, ...]


def _lines(text: str) -> list[_Line]:
    """Each line with its numbers taken out; how much white space there is says nothing."""
    return [
        _Line(" ".join(_NUMBER.sub(_MARK, line).split()), tuple(map(_value, _NUMBER.findall(line))))
        for line in text.splitlines()
    ]


def _value(word: str) -> float:
    return float(word.partition("(")[0])


def _of_texts(original: str, again: str, replaced: str) -> tuple[str, str, dict[str, Any]]:
    first, second, other = _lines(original), _lines(again), _lines(replaced)
    moved = [k for k in range(max(len(first), len(other))) if _layout(first, k) != _layout(other, k)]
    layout = {"lines": len(first), "other_lines": len(moved), "first_other_line": moved[0] + 1 if moved else None}
    rows = [k for k in range(min(len(first), len(other))) if k not in set(moved)]
    unsteady = {
        (k, j)
        for k in rows
        for j, v in enumerate(first[k].numbers)
        if _layout(second, k) != first[k].layout or not _equal(second[k].numbers[j], v)
    }
    places = [(k, j) for k in rows for j in range(len(first[k].numbers)) if (k, j) not in unsteady]
    said = []
    if moved:
        have = "lines has" if len(moved) == 1 else "lines have"
        said.append(f"{len(moved):,} of {len(first):,} {have} another layout, the first is line {moved[0] + 1}")
    if unsteady:
        differ = counted(len(unsteady), "number that differs", "numbers that differ")
        said.append(f"left out: {differ} between two runs of the original")
    if not places:
        words = "the same text" if not moved and not unsteady else f"text: {'; '.join(said)}"
        return "text", words, layout | {"numbers": 0, "unsteady_numbers": len(unsteady)}
    line, facts = _of_numbers(first, other, places)
    return "numbers", "; ".join([line, *said]), {**layout, **facts, "unsteady_numbers": len(unsteady)}


def _layout(lines: Sequence[_Line], k: int) -> str | None:
    return lines[k].layout if k < len(lines) else None


def _equal(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _of_numbers(
    first: Sequence[_Line], other: Sequence[_Line], places: Sequence[tuple[int, int]]
) -> tuple[str, dict[str, Any]]:
    """The errors of numbers, each relative to the size of its column: the root mean square of the original's numbers
    at the same place of lines with the same layout."""
    a = np.array([first[k].numbers[j] for k, j in places])
    b = np.array([other[k].numbers[j] for k, j in places])
    alike: dict[tuple[str, int], list[int]] = defaultdict(list)
    for n, (k, j) in enumerate(places):
        alike[first[k].layout, j].append(n)
    size = np.empty(len(a))
    for column in alike.values():
        finite = a[column][np.isfinite(a[column])]
        size[column] = np.sqrt(np.mean(finite**2)) if len(finite) else 1.0
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(all="ignore"):
        error = np.where(equal, 0.0, np.abs(b - a) / size)
        own = np.where(equal, 0.0, np.abs(b - a) / np.abs(a))
    error[np.isnan(error)] = math.inf  # where one of them is no number
    worst = int(np.argmax(error))
    facts = {
        "numbers": len(a),
        "median_error": _finite(float(np.median(error))),
        "greatest_error": _finite(float(error[worst])),
        "greatest_error_of_itself": _finite(float(np.nanmax(own))) if not np.isnan(own).all() else None,
        "worst_line": places[worst][0] + 1,
        "worst_original": _finite(float(a[worst])),
        "worst_replaced": _finite(float(b[worst])),
    }
    if not error[worst]:
        return f"{counted(len(a), 'number')}, all equal", facts
    return (
        f"{counted(len(a), 'number')}: relative error {np.median(error):.2g} in the median,"
        f" {_shown(error[worst])} at most"
        f" (line {places[worst][0] + 1}: {b[worst]:.7g} instead of {a[worst]:.7g})"
    ), facts


def _shown(v: float) -> str:
    return "∞" if math.isinf(v) else f"{v:.2g}"


def _finite(v: float) -> float | None:
    return v if math.isfinite(v) else None

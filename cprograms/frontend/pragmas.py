"""`#pragma surrogate` lines: which function is the entry, and which ranges its arguments and results have."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.parse import Unit

_ENTRY = re.compile(r"surrogate\s+entry\s*\(\s*([A-Za-z_]\w*)\s*\)\s*;?\s*")
_PATH = r"\*?\s*[A-Za-z_]\w*(?:\s*(?:\.|->)\s*\w+|\s*\[\s*\d+\s*\])*"
_RANGE = re.compile(rf"surrogate\s+range\s*\(\s*({_PATH})\s*,([^,()]*),([^,()]*)\)\s*;?\s*")
_SIZE = re.compile(r"surrogate\s+size\s*\(\s*([A-Za-z_]\w*)\s*,([^,()]*)\)\s*;?\s*")
_FIX = re.compile(r"surrogate\s+fix\s*\(\s*([A-Za-z_]\w*)\s*,([^,()]*)\)\s*;?\s*")
_STATE = re.compile(r"surrogate\s+state(?:\s*\(([\w\s,]*)\))?\s*;?\s*")
_WRAPS = re.compile(r"surrogate\s+wrapv\s*;?\s*")
_ALIKE = 0.7
_FORMS = (
    "write `#pragma surrogate range(name, low, high)`, `size(array, 9)`, `fix(argument, 9)`, `state`, `wrapv` or "
    "`entry(function)`"
)
_NUMBER = re.compile(r"([-+]?)\s*(?:(0[xX][0-9a-fA-F]+|\d+)[uUlL]*|((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)[fFlL]?)")


@dataclass(frozen=True)
class Range:
    """A range as a pragma gives it; `offset` is the pragma's place in the preprocessed text."""

    name: str
    low: int | float
    high: int | float
    offset: int
    node: c_ast.Node


@dataclass(frozen=True)
class Setting:
    """What a pragma says of an argument: how many elements it has (`size`), or its number (`fix`); or that a global is
    `state`, all of them where `name` is ""."""

    kind: Literal["size", "fix", "state"]
    name: str
    value: int | float
    offset: int
    node: c_ast.Node


@dataclass(frozen=True)
class Pragmas:
    """All pragmas of a unit. `entry` is the function that the last entry pragma names, `entry_node` its place.

    `misspelt` are those of a word that only looks like "surrogate". `wraps`: one says that signed integers wrap.
    """

    ranges: tuple[Range, ...]
    entry: str | None
    entry_node: c_ast.Node | None
    faults: tuple[Unsupported, ...]
    misspelt: tuple[Unsupported, ...]
    settings: tuple[Setting, ...] = ()
    wraps: bool = False


def read_pragmas(unit: Unit) -> Pragmas:
    ranges: list[Range] = []
    faults: list[Unsupported] = []
    misspelt: list[Unsupported] = []
    settings: list[Setting] = []
    entry, entry_node, wraps = None, None, False
    for pragma in unit.pragmas:
        node = c_ast.EmptyStatement(coord=pragma.coord)
        word = pragma.text.split()[0]
        if not pragma.text.startswith("surrogate"):
            if SequenceMatcher(None, word.lower(), "surrogate").ratio() > _ALIKE:
                misspelt.append(
                    Unsupported(node, f"the pragma '{word}' says nothing here", "did you mean 'surrogate'?")
                )
            continue
        try:
            if any(chunk.start < pragma.offset < chunk.end for chunk in unit.chunks):
                raise Unsupported(node, "this pragma stands inside a declaration", "put it before the function")
            if match := _ENTRY.fullmatch(pragma.text):
                entry, entry_node = match[1], node
            elif match := _RANGE.fullmatch(pragma.text):
                low, high = (_number(text, node) for text in match.group(2, 3))
                if low > high:
                    raise Unsupported(
                        node, f"the range of '{match[1]}' is empty: {match[2].strip()} > {match[3].strip()}"
                    )
                ranges.append(Range(re.sub(r"\s", "", match[1]), low, high, pragma.offset, node))
            elif match := _SIZE.fullmatch(pragma.text):
                size = _number(match[2], node)
                if not isinstance(size, int) or size < 1:
                    raise Unsupported(node, f"the size of '{match[1]}' must be a positive whole number")
                settings.append(Setting("size", match[1], size, pragma.offset, node))
            elif match := _FIX.fullmatch(pragma.text):
                settings.append(Setting("fix", match[1], _number(match[2], node), pragma.offset, node))
            elif match := _STATE.fullmatch(pragma.text):
                names = (match[1] or "").replace(",", " ").split() or [""]
                settings += [Setting("state", name, 0, pragma.offset, node) for name in names]
            elif _WRAPS.fullmatch(pragma.text):
                wraps = True
            else:
                raise Unsupported(node, "this pragma is malformed", _FORMS)
        except Unsupported as fault:
            faults.append(fault)
    return Pragmas(tuple(ranges), entry, entry_node, tuple(faults), tuple(misspelt), tuple(settings), wraps)


def _number(text: str, node: c_ast.Node) -> int | float:
    text = text.strip()
    match = _NUMBER.fullmatch(text)
    if match is None:
        hint = "a range has two finite numbers, such as 0, -1.5, 0x10 or 1e-3" if text else _FORMS
        raise Unsupported(node, f"'{text}' is not a number" if text else "this pragma is malformed", hint)
    sign = -1 if match[1] == "-" else 1
    try:
        value = int(match[2], 0 if match[2][:2].lower() == "0x" else 10) if match[2] else float(match[3])
    except ValueError:
        value = math.inf
    if abs(value) > 1.7e308:
        raise Unsupported(node, f"'{text}' is not a finite number")
    return sign * value

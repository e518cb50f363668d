"""`#pragma surrogate` lines: which function is the entry, and which ranges its arguments and results have."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.parse import Pragma, Unit
from cprograms.options import number

_ENTRY = re.compile(r"surrogate\s+entry\s*\(\s*([A-Za-z_]\w*)\s*\)\s*;?\s*")
_PATH = r"\*?\s*[A-Za-z_]\w*(?:\s*(?:\.|->)\s*\w+|\s*\[\s*\d+\s*\])*"
_RANGE = re.compile(rf"surrogate\s+range\s*\(\s*({_PATH})\s*,([^,()]*),([^,()]*)\)\s*;?\s*")
_SIZE = re.compile(r"surrogate\s+size\s*\(\s*([A-Za-z_]\w*)\s*,([^,()]*)\)\s*;?\s*")
_FIX = re.compile(r"surrogate\s+fix\s*\(\s*([A-Za-z_]\w*)\s*,([^,()]*)\)\s*;?\s*")
_STATE = re.compile(r"surrogate\s+state(?:\s*\(([\w\s,]*)\))?\s*;?\s*")
_WRAPS = re.compile(r"surrogate\s+wrapv\s*;?\s*")
_NUMBERS = r"\s*,\s*(?:(?:values|hidden)\s*\(\s*\d+(?:\s*,\s*\d+)*\s*\)|module\s*\(\s*[A-Za-z_]\w*\s*\))"
_LEARN = re.compile(rf"surrogate\s+learn\s*\(\s*([A-Za-z_]\w*)((?:{_NUMBERS})*)\s*\)\s*;?\s*")
_CHOOSE = re.compile(r"surrogate\s+choose\s*\(\s*([A-Za-z_]\w*)\s*,([^,()]*),([^,()]*)\)\s*;?\s*")
_MODULUS = re.compile(r"surrogate\s+modulus\s*\(([^,()]*)\)\s*;?\s*")
_ALIKE = 0.7
MOST_VALUES = 1024
"""Of a sketch: a modulus beyond it makes distributions that are too long."""
_FORMS = (
    "write `#pragma surrogate range(name, low, high)`, `size(array, 9)`, `fix(argument, 9)`, `state`, `wrapv` or "
    "`entry(function)`; of a sketch `learn(function, values(10), hidden(256, 256))`, `choose(constant, low, high)` or "
    "`modulus(M)`"
)
_NUMBER = re.compile(
    r"([-+]?)\s*(?:(0[xX][0-9a-fA-F]+|\d+)[uUlL]*"
    r"|((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][-+]?\d+)[fFlL]?)"
)


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
class Undefined:
    """What a pragma says of what a sketch leaves undefined: that a function is a network (`learn`), with so many values
    (0: it is not said) and hidden layers, or a torch module of this name; that a constant is a choice among low … high
    (`choose`); or that whole numbers are those from 0 to M-1 (`modulus`, `high` is M)."""

    kind: Literal["learn", "choose", "modulus"]
    name: str
    low: int
    high: int
    hidden: tuple[int, ...]
    offset: int
    node: c_ast.Node
    module: str = ""


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
    undefined: tuple[Undefined, ...] = ()


def read_pragmas(unit: Unit) -> Pragmas:
    ranges: list[Range] = []
    faults: list[Unsupported] = []
    misspelt: list[Unsupported] = []
    settings: list[Setting] = []
    undefined: list[Undefined] = []
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
            elif (found := _undefined(pragma, node)) is not None:
                undefined.append(found)
            else:
                raise Unsupported(node, "this pragma is malformed", _FORMS)
        except Unsupported as fault:
            faults.append(fault)
    said = (tuple(settings), wraps, tuple(undefined))
    return Pragmas(tuple(ranges), entry, entry_node, tuple(faults), tuple(misspelt), *said)


def _undefined(pragma: Pragma, node: c_ast.Node) -> Undefined | None:
    """What a pragma says of a sketch, or None. Raises Unsupported where it makes no sense."""
    if match := _LEARN.fullmatch(pragma.text):
        said = {word: _list(numbers) for word, numbers in re.findall(r"(values|hidden)\s*\(([^()]*)\)", match[2])}
        values = said.get("values", [0])
        if len(values) != 1 or (0 in values and "values" in said) or values == [1]:
            raise Unsupported(node, f"'{match[1]}' needs one number of values, at least 2", "write `values(10)`")
        hidden = tuple(said.get("hidden", []))
        if 0 in hidden:
            raise Unsupported(node, f"a hidden layer of '{match[1]}' has no units")
        modules = re.findall(r"module\s*\(\s*(\w+)\s*\)", match[2])
        if hidden and modules:
            raise Unsupported(node, f"the module '{modules[0]}' has its own layers", "leave `hidden` out")
        module = modules[-1] if modules else ""
        return Undefined("learn", match[1], 0, values[0], hidden, pragma.offset, node, module)
    if match := _CHOOSE.fullmatch(pragma.text):
        low, high = (_whole(text, node) for text in match.group(2, 3))
        if low >= high:
            raise Unsupported(node, f"there is nothing to choose for '{match[1]}': {low} to {high}")
        return Undefined("choose", match[1], low, high, (), pragma.offset, node)
    if match := _MODULUS.fullmatch(pragma.text):
        modulus = _whole(match[1], node)
        if not 2 <= modulus <= MOST_VALUES:
            raise Unsupported(node, f"a modulus is a whole number from 2 to {MOST_VALUES}, not {modulus}")
        return Undefined("modulus", "", 0, modulus, (), pragma.offset, node)
    return None


def _list(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _whole(text: str, node: c_ast.Node) -> int:
    value = _number(text, node)
    if not isinstance(value, int):
        raise Unsupported(node, f"'{text.strip()}' is not a whole number")
    return value


def _number(text: str, node: c_ast.Node) -> int | float:
    text = text.strip()
    match = _NUMBER.fullmatch(text)
    if match is None:
        hint = "a range has two finite numbers, such as 0, -1.5, 0x10, 0x1p-3 or 1e-3" if text else _FORMS
        raise Unsupported(node, f"'{text}' is not a number" if text else "this pragma is malformed", hint)
    sign = -1 if match[1] == "-" else 1
    try:
        value = number(match[2] or match[3])
    except (ValueError, OverflowError):
        value = math.inf
    if abs(value) > 1.7e308:
        raise Unsupported(node, f"'{text}' is not a finite number")
    return sign * value

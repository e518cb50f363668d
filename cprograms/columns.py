"""Columns of text on a terminal: how wide characters are, and a source line with a caret under one of them."""

from __future__ import annotations

import unicodedata

TAB = 8
"""Columns between tab stops, as in gcc's and clang's messages."""
LONGEST = 500
"""Columns of a source line that are quoted where no terminal says how wide it is."""
_CUT = "..."


def width(text: str) -> int:
    """The columns that a text without tabs and control characters takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def display_column(line: str, column: int) -> int:
    """The column on a terminal, counted from 1, of the character that is number `column` of a line.

    As gcc counts (its default, -fdiagnostics-column-unit=display): a tab goes to the next multiple of 8, a wide
    character is two columns, and a combining one none.
    """
    return 1 + width("".join(_shown(line[: column - 1])))


def character(line: str, byte: int) -> int:
    """The number, from 1, of the character at a byte of a line in UTF-8, also counted from 1, as clang counts."""
    return len(line.encode("utf-8", "replace")[: byte - 1].decode("utf-8", "ignore")) + 1


def quoted(line: str, column: int, most: int | None = None) -> list[str]:
    """A line as it is shown, and a caret under the character that is number `column` of it (0: no caret).

    Nothing of the line moves the cursor: tabs are expanded, other control characters are a space each. Where it is
    wider than `most` columns, what surrounds the caret is shown.
    """
    most = LONGEST if most is None else most
    cells = _shown(line.rstrip())
    at = min(max(column - 1, 0), len(cells))
    if width("".join(cells)) + 1 > most:
        cells, at = _window(cells, at, most - 1)
    text = "".join(cells)
    return [text, " " * width("".join(cells[:at])) + "^"] if column else [text]


def _window(cells: list[str], at: int, most: int) -> tuple[list[str], int]:
    """The cells around number `at`, that which goes before it and after it cut to `most` columns in all."""
    room = max(most - 2 * len(_CUT), 8)
    first = last = at
    used = 0
    # Two thirds of the room are before the caret, and what little follows it leaves.
    for limit, before in ((2 * room // 3, True), (room, False), (room, True)):
        while (first > 0) if before else (last < len(cells)):
            cells_width = width(cells[first - 1 if before else last])
            if used + cells_width > limit:
                break
            used += cells_width
            first, last = (first - 1, last) if before else (first, last + 1)
    head, tail = [_CUT] if first else [], [_CUT] if last < len(cells) else []
    return [*head, *cells[first:last], *tail], at - first + len(head)


def _shown(line: str) -> list[str]:
    """What is shown for each character of a line."""
    shown = []
    at = 0
    for c in line:
        cell = " " * (TAB - at % TAB) if c == "\t" else _visible(c)
        at += width(cell)
        shown.append(cell)
    return shown


def _visible(c: str) -> str:
    """A character without its effect on a terminal: a control is a space, what only formats its neighbours is nothing.

    Marks that reorder text would otherwise show another program than the compiler reads.
    """
    if c.isascii():
        return c if c.isprintable() else " "
    category = unicodedata.category(c)
    if category == "Cf":
        return ""
    return " " if category in ("Cc", "Zl", "Zp", "Cs") else c


def _cells(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me", "Cf") or "\u1160" <= c <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1

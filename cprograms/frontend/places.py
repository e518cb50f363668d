"""From places in preprocessed text back to the user's lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import cached_property, lru_cache

from pycparser.c_parser import Coord

from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic
from cprograms.frontend.source import Source, unescape

_MARKER = re.compile(r'[ \t]*#[ \t]*(?:line[ \t]+)?(\d+)[ \t]+"((?:[^"\\]|\\.)*)"')
_WORD = re.compile(r"""L?"(?:[^"\\]|\\.)*"?|L?'(?:[^'\\]|\\.)*'?|[A-Za-z_$][\w$]*|\.?\d(?:[eEpP][+-]|[\w.])*|\S""")
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|//.*")
_Token = tuple[str, int]
_MOST_WORDS = 1000
"""Words of a line that differ before and after preprocessing, beyond which their columns are not worked out."""


class Places:
    """Turns faults found in the preprocessed text into diagnostics on the source."""

    def __init__(self, sources: Sequence[Source], text: str):
        self._sources, self._source = {source.name: source for source in sources}, sources[0]
        self._found: dict[Unsupported, Diagnostic] = {}
        self._text = text

    @cached_property
    def _lines(self) -> dict[tuple[str, int], str]:
        """What is in each line of a file after preprocessing."""
        lines: dict[tuple[str, int], str] = {}
        file, number = "", 0
        for line in self._text.split("\n"):
            if marker := _MARKER.match(line):
                file, number = marker[2], int(marker[1][:9])
                continue
            if line.strip():
                lines.setdefault((file, number), line)
            number += 1
        return lines

    def diagnostics(self, faults: Iterable[Unsupported]) -> list[Diagnostic]:
        """One diagnostic a fault, in the order of the source, without repetitions."""
        found = [self.diagnostic(f) for f in faults]
        return sorted(dict.fromkeys(found), key=lambda d: (d.file != self._source.name, d.file, d.line, d.column))

    def diagnostic(self, fault: Unsupported) -> Diagnostic:
        # Functions that share a helper share its faults.
        if fault not in self._found:
            self._found[fault] = self._diagnostic(fault)
        return self._found[fault]

    def _diagnostic(self, fault: Unsupported) -> Diagnostic:
        coord = fault.node.coord
        if not isinstance(coord, Coord):
            return Diagnostic(fault.message, self._source.name, hint=fault.hint)
        file = unescape(coord.file)
        quoted = self._sources.get(file, self._source).line(file, coord.line)
        expanded = self._lines.get((coord.file, coord.line), "")
        column = _column(expanded, coord.column or 1, quoted)
        return Diagnostic(fault.message, file, coord.line, column, quoted, fault.hint)


def _column(expanded: str, column: int, source: str) -> int:
    """The column in a source line of what stands at a column of the same line after preprocessing.

    Preprocessing squeezes white space, drops comments and expands macros; what a macro put there is placed at its name.
    """
    before, after, blocks = _aligned(expanded, source)
    if not before or not after:
        return 0
    index = max(bisect_right(before, column - 1, key=lambda token: token[1]) - 1, 0)
    tag, low, start = next((t, low, start) for t, low, high, start, _ in blocks if low <= index < high)
    if tag == "unknown":
        return 0
    start = min(start, len(after) - 1)
    return after[start + index - low if tag == "equal" else _origin(before, after, index, start)][1] + 1


@lru_cache(maxsize=256)
def _aligned(expanded: str, source: str) -> tuple[list[_Token], list[_Token], list[tuple[str, int, int, int, int]]]:
    """The words of both lines with their offsets, and which runs of them correspond."""
    before = [(m.group(), m.start()) for m in _WORD.finditer(expanded)]
    after = [(m.group(), m.start()) for m in _WORD.finditer(_COMMENT.sub(lambda m: " " * len(m.group()), source))]
    return before, after, _blocks([w for w, _ in before], [w for w, _ in after])


def _blocks(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    """Which runs of words correspond, as `SequenceMatcher.get_opcodes` says; "unknown" where there are too many.

    What both begin and end with is matched first: the rest takes quadratic time.
    """
    least = min(len(before), len(after))
    head = next((i for i in range(least) if before[i] != after[i]), least)
    tail = next((i for i in range(least - head) if before[-1 - i] != after[-1 - i]), least - head)
    rest, other = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(len(rest), len(other)) > _MOST_WORDS:
        middle = [("unknown", 0, len(rest), 0, len(other))]
    else:
        middle = list(SequenceMatcher(None, rest, other, autojunk=False).get_opcodes())
    return [
        ("equal", 0, head, 0, head),
        *((tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in middle),
        ("equal", len(before) - tail, len(before), len(after) - tail, len(after)),
    ]


def _origin(before: list[_Token], after: list[_Token], index: int, near: int) -> int:
    """Where a macro's word comes from: the same name among the macro's arguments, or else the macro's own name."""
    word = before[index][0]
    if word[0].isalnum() or word[0] == "_":
        arguments = [j for j, (other, _) in enumerate(after) if other == word]
        if arguments:
            return min(arguments, key=lambda j: abs(j - near))
    expanded = {word for word, _ in before}
    names = (j for j in range(near, -1, -1) if after[j][0][0].isalpha() and after[j][0] not in expanded)
    return next(names, near)

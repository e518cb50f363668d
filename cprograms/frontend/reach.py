"""What of a program reaches beyond its own text, where it may not: into other folders than were given, or anywhere."""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from cprograms.diagnostics import Diagnostic
from cprograms.frontend.source import Source, is_inside, unescape

SANDBOXED = "--sandboxed-includes keeps includes inside the file's folder and those of -I"
NO_EMBED, INSTEAD_OF_EMBED = "#embed is not supported", "write the numbers into a table"
_SELF_CONTAINED = "this program must hold all that it needs"

_SPLICE = re.compile(r"\\[ \t\f\v]*\n")
# Where a line begins, or behind a comment: strings and comments are not told apart, so that none hides a directive.
_GAP = r"(?:[ \t\f\v]|/\*.*?\*/)*"
_DIRECTIVE = re.compile(rf"(?:^|\*/){_GAP}(#|%:|\?\?=){_GAP}(\w*)([^\n]*)", re.MULTILINE | re.DOTALL)
_REACHES = re.compile(r"\b(?:__has_(?:include|include_next|embed)|_Pragma|__pragma)\b")
_WITHIN = frozenset("if ifdef ifndef elif elifdef elifndef else endif define undef error warning line".split())
_OWN_PRAGMA = re.compile(r"[ \t\f\v]*(?:surrogate|STDC)\b")
_MARKER_OR_EMBED = re.compile(r'^(?:# (\d+) "((?:[^"\\\n]|\\.)*)"([ \d]*)$|#embed\b)', re.MULTILINE)


def outward(source: Source) -> list[Diagnostic]:
    """What in a text, which is to be self-contained, reaches for other files: told from the text alone.

    Any directive but conditions, macros and this program's own pragmas does, also where a comment or a string holds it.
    """
    text, place = _spliced(source.text)
    found = {
        m.start(1): f"#{m[2]}" for m in _DIRECTIVE.finditer(text) if not _is_within(m[2], m[3]) and not m[2].isdigit()
    }
    found |= {m.start(): m[0] for m in _REACHES.finditer(text)}
    return [_refusal(source, place(offset), found[offset]) for offset in sorted(found)]


def _is_within(name: str, rest: str) -> bool:
    return name in _WITHIN or not name or (name == "pragma" and _OWN_PRAGMA.match(rest) is not None)


def _refusal(source: Source, offset: int, what: str) -> Diagnostic:
    line = source.text.count("\n", 0, offset) + 1
    column = offset - source.text.rfind("\n", 0, offset)
    quoted = source.text.split("\n")[line - 1]
    return Diagnostic(f"{what} is not allowed here", source.name, line, column, quoted, _SELF_CONTAINED)


def _spliced(text: str) -> tuple[str, Callable[[int], int]]:
    """The text with lines that end in a backslash joined, and where in the text an offset into that is."""
    splices = list(_SPLICE.finditer(text))
    removed = [0, *accumulate(m.end() - m.start() for m in splices)]
    starts = [m.start() - gone for m, gone in zip(splices, removed, strict=False)]
    return _SPLICE.sub("", text), lambda offset: offset + removed[bisect_right(starts, offset)]


def outside(expanded: str, source: Source) -> list[Diagnostic]:
    """What an expanded text took in that it may not, at its place: files by `#embed`, and includes that a symbolic link
    led out of the source's folders.
    """
    folders = source.folders
    file, line, end = source.name, 1, 0
    found = []
    allowed: dict[str, bool] = {}
    for match in _MARKER_OR_EMBED.finditer(expanded):
        line += expanded.count("\n", end, match.start())
        if match[1] is None:
            found.append(_told(source, file, line, NO_EMBED, INSTEAD_OF_EMBED))
            end = match.start()
            continue
        entered = unescape(match[2])
        if folders is not None and "1" in match[3].split() and os.path.isabs(entered):
            if entered not in allowed:
                allowed[entered] = is_inside(entered, folders)
            if not allowed[entered]:
                found.append(_told(source, file, line, f"'{entered}' leads out of the folders of includes", SANDBOXED))
        file, line, end = entered, int(match[1][:9]), match.end() + 1
    return found


def _told(source: Source, file: str, line: int, message: str, hint: str) -> Diagnostic:
    quoted = source.line(file, line)
    return Diagnostic(message, file, line, quoted.find("#") + 1, quoted, hint)


def overlay(folders: Sequence[str]) -> str:
    """A view of the file system for the compiler in which there are these folders, absolute, and nothing else."""
    outermost = [f for f in sorted(set(folders)) if not any(f != g and _is_under(f, g) for g in folders)]
    roots = [{"type": "directory-remap", "name": f, "external-contents": f} for f in outermost]
    return json.dumps(
        {"version": 0, "redirecting-with": "redirect-only", "case-sensitive": "true", "roots": roots},
        ensure_ascii=False,
    )


def _is_under(folder: str, other: str) -> bool:
    return os.path.commonpath((folder, other)) == other

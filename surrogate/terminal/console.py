"""What commands share: exit codes and output, which fits the terminal that it goes to."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from cprograms.columns import width
from cprograms.diagnostics import Diagnostic, UsageError
from surrogate.terminal.interrupts import held

OK, REJECTED, WRONG_USAGE, INTERNAL_ERROR, BROKEN_PIPE = 0, 1, 2, 70, 141


_NARROWEST = 20
_CODES = {
    "error": "1;31",
    "warning": "1;35",
    "hint": "1;36",
    "caret": "1;32",
    "strong": "1",
    "label": "36",
    "passed": "32",
    "failed": "31",
}
"""As gcc and clang colour their messages; `label` is what begins a line of a report, the last two a verdict."""
_ESCAPE = re.compile(r"\x1b\[[\d;]*m")
_LABEL = re.compile(r"( *)((?:\S+ {2,}|hint: |; +)?)")
"""What begins a line, under the end of which its other lines begin: spaces, and a label or the sign of a comment."""


# --- The terminal ---


def columns(stream: TextIO) -> int | None:
    """The width of the terminal that a stream goes to ($COLUMNS where that is set), or None where it goes elsewhere."""
    if not stream.isatty():
        return None
    set_width = os.environ.get("COLUMNS", "")
    if set_width.isdigit() and int(set_width) > 0:
        return max(int(set_width), _NARROWEST)
    try:
        return max(os.get_terminal_size(stream.fileno()).columns or 80, _NARROWEST)
    except (OSError, ValueError):
        return 80


def coloured(stream: TextIO) -> bool:
    """Whether a stream takes colour: a terminal does. NO_COLOR and TERM=dumb refuse it, FORCE_COLOR demands it."""
    environment = os.environ
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def painted(text: str, colour: str, stream: TextIO) -> str:
    """A text in one of the colours of messages and reports, where the stream takes colour."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if text and coloured(stream) else text


def wrapped(line: str, most: int | None, under: int | None = None, begin: str = "") -> str:
    """A line in as many as it takes to fit `most` columns; None: as it is.

    The others begin with `begin` at the column `under`, by default below what follows the label, and are broken at
    spaces, or after commas where there is none. Colours take no room.
    """
    if most is None or _shown_width(line) <= most:
        return line
    if under is None:
        label = _LABEL.match(_ESCAPE.sub("", line))
        under = len(label[0]) if label else 0
        under += 0 if (label and label[2]) or under > 2 else 2
    indent = " " * min(under, most // 2) + begin
    lines = [""]
    for word in _words(line, most - len(indent)):
        if lines[-1].strip() and _shown_width(lines[-1] + word) > most:
            lines.append(indent + word.lstrip(" "))
        else:
            lines[-1] += word
    return "\n".join(lines)


def _words(line: str, most: int) -> Iterable[str]:
    for word in re.findall(r" *[^ ]+", line):
        yield from re.findall(r" *[^,]*,?", word)[:-1] if _shown_width(word) > most and "," in word[:-1] else [word]


def _shown_width(text: str) -> int:
    return width(_ESCAPE.sub("", text))


# --- Reports, to stdout ---


def report(*lines: str) -> None:
    """Print a report: a line that is not indented is what it is of, and others may begin with a label."""
    most = columns(sys.stdout)
    print("\n".join(wrapped(_report_line(line), most) for line in lines))


def _report_line(line: str) -> str:
    if not coloured(sys.stdout):
        return line
    label = re.match(r"  (\w+)(?=  )", line)
    if label:
        return f"  {painted(label[1], 'label', sys.stdout)}{line[label.end() :]}"
    return line if line.startswith(" ") else painted(line, "strong", sys.stdout)


_printed = False


def print_json(document: dict[str, Any]) -> None:
    """Print the one document of a command: whole, or not at all."""
    global _printed
    text = json.dumps(document, indent=2, allow_nan=False) + "\n"
    with held():
        _printed = True
        sys.stdout.write(text)
        sys.stdout.flush()


def fail_in_json(document: dict[str, Any]) -> None:
    """Print the document of a command that failed, unless its report is printed."""
    if not _printed:
        print_json(document)


def begin() -> None:
    """A command begins: it has printed no document."""
    global _printed
    _printed = False


# --- Messages, to stderr ---


def complain(place: str, severity: str, message: str) -> None:
    """Print a message on stderr in the manner of a compiler."""
    print(wrapped(_heading(place, severity, message), columns(sys.stderr)), file=sys.stderr)


def in_one_line(warning: str | Diagnostic) -> str:
    """A warning for JSON, after its place where it has one."""
    if isinstance(warning, str):
        return warning
    place = f"{warning.file}:{warning.line}:{warning.column}"
    return f"{place}: {warning.message}" + (f"; {warning.hint}" if warning.hint else "")


def warn(message: str) -> None:
    complain("surrogate", "warning", message)


def print_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Print them on stderr: each with its source line, a caret and a hint."""
    most = columns(sys.stderr)
    for d in diagnostics:
        lines = [wrapped(_heading(d.place, d.severity, d.message), most)]
        quoted = d.quoted(most)
        lines += quoted[:1] + [painted(caret, "caret", sys.stderr) for caret in quoted[1:]]
        for hint in d.hints():
            lines.append(wrapped(hint.replace("hint:", painted("hint:", "hint", sys.stderr), 1), most))
        print("\n".join(lines), file=sys.stderr)


def _heading(place: str, severity: str, message: str) -> str:
    colour = severity if severity in _CODES else "error"
    start = f"{painted(f'{place}:', 'strong', sys.stderr)} {painted(f'{severity}:', colour, sys.stderr)}"
    return f"{start} {painted(message, 'strong', sys.stderr)}"


# --- Files ---


def write_output(path: str | None, content: str | bytes) -> None:
    """To a file, all or nothing, or to stdout. Raises UsageError where the file cannot be written."""
    from cprograms.files import replace_file

    if path is None:
        assert isinstance(content, str)
        sys.stdout.write(content)
        return
    try:
        replace_file(Path(path), content.encode() if isinstance(content, str) else content)
    except OSError as e:
        raise UsageError(f"{path}: cannot be written: {e.strerror or e}") from e

"""The text of a program as the user gave it, and the lines that diagnostics quote."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cprograms import options
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError, did_you_mean
from cprograms.frontend.flags import NO_FLAGS, Flags

MAX_BYTES = 1_000_000
"""Largest source that is read."""

_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_LINE_DIRECTIVE = re.compile(r'[ \t]*#[ \t]*(?:line[ \t]+)?(\d+)(?:[ \t]+"((?:[^"\\]|\\.)*)")?')


@dataclass(frozen=True)
class Source:
    """One C file. `name` is what diagnostics call it, `directory` where its quoted includes are looked for, `flags` are
    those that it is preprocessed with.

    `on_disk` says whether it is a file of that directory, and not text from elsewhere. `folders` are those that it may
    take files from, all where it is None; diagnostics quote no line of another file, for a text may claim to be any.
    A `self_contained` text may include nothing, not even the headers that lie in its folders.
    """

    name: str
    text: str
    directory: str
    on_disk: bool = False
    folders: tuple[str, ...] | None = None
    self_contained: bool = False
    flags: Flags = NO_FLAGS

    @cached_property
    def _lines(self) -> dict[tuple[str, int], str]:
        """The file's lines by the place that they claim to be at (`#line` honoured)."""
        found: dict[tuple[str, int], str] = {}
        file, number = self.name, 0
        for line in self.text.split("\n"):
            number += 1
            found.setdefault((file, number), line)
            if directive := _LINE_DIRECTIVE.match(line):
                number = int(directive[1][:9]) - 1
                file = unescape(directive[2]) if directive[2] is not None else file
        return found

    def line(self, file: str, number: int) -> str:
        """The text at a place in this file or in one that it includes; "" where it cannot be found."""
        here = self._lines.get((file, number))
        return self._elsewhere(file, number) if here is None else here

    def _elsewhere(self, file: str, number: int) -> str:
        lines = self.lines_of(file)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def lines_of(self, file: str) -> list[str]:
        """The lines of a file that this one includes; none where it may not be read."""
        if self.folders is not None and not is_inside(file, self.folders):
            return []
        try:
            with open(file, "rb") as included:
                return _lines_of(included.read(MAX_BYTES))
        except (OSError, ValueError):
            return []


def read(path: str | os.PathLike[str] | None, source: str | bytes | None) -> Source:
    """Read a program from a path ("-" is standard input) or take it from `source`; exactly one must be given.

    Raises UsageError where there is no such file, and ProgramError where its content cannot be C.
    """
    on_disk = False
    if (path is None) == (source is None):
        raise UsageError(f"give either a path or a source text, and not {'none' if path is None else 'both'}")
    if source is not None:
        if not isinstance(source, bytes):
            options.text("source", source)
        name, directory = "<source>", os.getcwd()
        data = source.encode("utf-8", "replace") if isinstance(source, str) else source
    elif os.fspath(options.path("path", path)) == "-":
        name, directory, data = "<stdin>", os.getcwd(), sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        name, directory = os.fspath(path or ""), os.path.dirname(os.fspath(path or "")) or "."
        data, on_disk = _read_file(name), True
    return Source(name, _decode(name, data), directory, on_disk)


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"cannot read {path!r}: {reason}{_instead(path)}") from None


def _instead(path: str) -> str:
    """What may have been meant in the place of a path that cannot be read: "; ..." or ""."""
    folder, name = os.path.split(path)
    try:
        if os.path.isdir(path):
            return "; it holds a program.c" if os.path.isfile(os.path.join(path, "program.c")) else ""
        guess = did_you_mean(name, (other for other in os.listdir(folder or ".") if other.endswith((".c", ".h"))))
    except (OSError, ValueError):
        return ""
    return f"; {guess.strip()}" if guess else ""


def _decode(name: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        hint = "keep the function and what it calls in a file of its own"
        raise ProgramError([Diagnostic(f"the file is larger than {MAX_BYTES // 1_000_000} MB", name, hint=hint)])
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ProgramError([Diagnostic("this is text in UTF-16", name, 1, hint="save it as UTF-8")])
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise ProgramError([Diagnostic("this is a binary file, not C (it contains a NUL byte)", name, line)])
    return "\n".join(_lines_of(data.removeprefix(b"\xef\xbb\xbf")))


def _lines_of(data: bytes) -> list[str]:
    """The lines as C and its compilers count them: a form feed, say, ends none."""
    return data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def is_inside(path: str, folders: Sequence[str]) -> bool:
    """Whether a file is in one of the folders, or further down, once symbolic links are followed."""
    try:
        real = os.path.realpath(path)
        return any(os.path.commonpath((real, root)) == root for root in map(os.path.realpath, folders))
    except ValueError:  # no name of a file, or one on another drive
        return False


def unescape(text: str) -> str:
    """A file name as a line marker spells it, without its escapes; bytes that are not ASCII may be octal there."""
    data = _ESCAPE.sub(
        lambda m: bytes([int(m[1], 8) & 255]) if len(m[1]) == 3 else m[1], text.encode("utf-8", "surrogateescape")
    )
    return data.decode("utf-8", "surrogateescape")


def escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "?")

"""A C file as a unit of functions that can be parsed one by one, whatever of its includes is missing."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cprograms.cache import Cache, key
from cprograms.diagnostics import ProgramError
from cprograms.frontend.parse import Chunk, Unit
from cprograms.frontend.preprocess import expand
from cprograms.frontend.source import MAX_BYTES, Source, escape, read, unescape
from cprograms.harvest.assumptions import MACROS, USES, assume

_LONGEST_TABLE = 20_000
"""Characters of a declaration beyond which it is passed over: data, which takes longer to parse than all the code."""
_SECONDS = 300
"""For the preprocessor: what includes much takes longer than a program of one file may."""
_HEADERS = (".h", ".hpp", ".hh")
_BODY = re.compile(rb"\)[^;{}()#=]*\{")
"""What stands between a function's parameters and its body may be a macro, a comment or an old-style declaration."""
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b[^\n]*", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class CFile:
    """A file's unit, the chunks of the functions that count as its own, and its text before preprocessing.

    `how` says which text was read: "whole", or "without includes" where there would have been too much.
    """

    unit: Unit
    functions: tuple[Chunk, ...]
    text: str
    how: str


class Reader:
    """Reads the files of one tree. `headers` is the folder of forwarding headers, `identity` a hash of the tree."""

    def __init__(self, root: Path, headers: Path, identity: str, cache: Path):
        self._root, self._identity = root, identity
        self._flags = [f"-I{headers}", f"-I{root}"]
        self._cache = Cache(cache)

    def read(self, file: str) -> CFile:
        """Raises ProgramError where the file cannot be preprocessed, UsageError where it cannot be read."""
        path = self._root / file
        source = read(str(path), None)
        how = "whole"
        try:
            text = self._expanded(source, file)
        except ProgramError:
            how = "without includes"
            text = self._expanded(_without_includes(source), file)
        unit = Unit(text)
        functions = tuple(self._own(unit, path))
        for chunk in unit.chunks:
            if not chunk.function and len(chunk.text) > _LONGEST_TABLE:
                unit.repair(chunk, "")
        for chunk in functions:
            assume(unit, chunk)
        return CFile(unit, functions, source.text, how)

    def _expanded(self, source: Source, file: str) -> str:
        name = key(self._identity, file, source.text, " ".join(self._flags), version("ziglang"))
        if (stored := self._cache.get(name)) is not None:
            return zlib.decompress(stored).decode()
        text = expand(source, self._flags, _SECONDS)
        if missing := {*USES.findall(text)}:
            text = expand(source, [*self._flags, *(MACROS[word] for word in sorted(missing))], _SECONDS)
        self._cache.put(name, zlib.compress(text.encode(), 1))
        return text

    def _own(self, unit: Unit, path: Path) -> Iterator[Chunk]:
        """The functions of the file and of what it includes that is no header; headers are files of their own."""
        for chunk in unit.functions.values():
            place = unescape(chunk.coord.file)
            included = place.startswith(str(self._root)) and not place.endswith(_HEADERS)
            if place == escape(str(path)) or (chunk.included and included):
                yield chunk


def is_bare_header(path: Path) -> bool:
    """Whether a file is a header that defines no function, as most do: told by its text alone."""
    return path.suffix == ".h" and not _BODY.search(path.read_bytes()[:MAX_BYTES])


def _without_includes(source: Source) -> Source:
    return Source(source.name, _INCLUDE.sub("", source.text), source.directory)

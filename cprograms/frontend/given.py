"""The files that a program is read from: their text, the flags that each is read with, and how far it may reach."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Unpack

from cprograms import options
from cprograms.diagnostics import UsageError
from cprograms.frontend.compile_commands import flags_of
from cprograms.frontend.flags import Flags, Given, Reading, flags
from cprograms.frontend.preprocess import header_folders
from cprograms.frontend.reach import SANDBOXED
from cprograms.frontend.source import Source, is_inside, read

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""A C file, or several that are one program; the first holds the entry."""


def sources(
    path: Paths | None, source: str | bytes | None, self_contained: bool = False, **reading: Unpack[Reading]
) -> tuple[Source, ...]:
    """The files, or the text, that `cprograms.load` is given.

    Raises UsageError where there is no such file, one is given twice, or a flag makes no sense; and ProgramError where
    the content of one cannot be C.
    """
    paths = list(path) if isinstance(path, Sequence) and not isinstance(path, str | bytes) else [path]
    if not paths:
        raise UsageError("give at least one file")
    for given in paths if len(paths) > 1 else ():
        options.path("path", given)
    _refuse_repeated([os.fspath(p) for p in paths if p is not None and isinstance(p, str | os.PathLike)])
    return tuple(_confined(read(given, source), self_contained, **reading) for given in paths)


def _refuse_repeated(paths: Sequence[str]) -> None:
    for one, other in combinations(paths, 2):
        if one == other:
            raise UsageError(f"'{one}' is given twice")
        if "-" not in (one, other) and os.path.realpath(one) == os.path.realpath(other):
            raise UsageError(f"'{one}' and '{other}' are the same file")


def _confined(
    source: Source,
    self_contained: bool,
    compile_commands: str | os.PathLike[str] | None = None,
    sandboxed_includes: bool = False,
    **given: Unpack[Given],
) -> Source:
    """The source with its flags, as one that reaches no further than it may."""
    own = flags(**given)
    if self_contained and (own.includes or compile_commands is not None):
        raise UsageError("a self-contained program includes nothing: leave out `includes` and `compile_commands`")
    folders: tuple[str, ...] | None = None
    if self_contained or sandboxed_includes:
        beside = [os.path.abspath(source.directory)] if source.on_disk else []
        allowed = [] if self_contained else [*beside, *map(os.path.abspath, own.include_dirs)]
        folders = (*allowed, *map(str, header_folders()))
    if compile_commands is not None:
        if not source.on_disk:
            raise UsageError(f"compile commands are those of files, and {source.name} is none")
        own = own.over(flags_of(compile_commands, source.name))
    own = replace(own, includes=tuple(_found(file, source, own, folders) for file in own.includes))
    return replace(source, flags=own, folders=folders, self_contained=self_contained)


def _found(file: str, source: Source, own: Flags, folders: Sequence[str] | None) -> str:
    """Where a file to be included first is: in the working directory, else where other includes are looked for."""
    places = [os.path.join(folder, file) for folder in ("", source.directory, *own.include_dirs)]
    found = next((os.path.abspath(place) for place in places if os.path.isfile(place)), None)
    if found is None:
        raise UsageError(f"-include: there is no file '{file}'")
    if folders is not None and not is_inside(found, folders):
        raise UsageError(f"-include: '{file}' is out of reach; {SANDBOXED}")
    return found

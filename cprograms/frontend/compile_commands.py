"""The flags of a file that a build system noted down in a `compile_commands.json`."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from typing import Any

from cprograms import options
from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.frontend.flags import STANDARDS, Flags, flags
from cprograms.names import counted

MAX_BYTES = 256 * 2**20
"""Largest file of commands that is read."""
_FOLDERS = ("-iquote", "-I", "--include-directory", "-isystem", "-idirafter")
"""In the order in which they are looked through."""
_VALUES = (*_FOLDERS, "-D", "-U", "-include", "-imacros", "-std", "--std")
_WHOLE = ("-include", "-imacros")
"""Flags whose value is always the next word."""
_SKIPPED = ("-o", "-x", "-MF", "-MT", "-MQ", "-Xclang", "-arch", "-target", "--target")
"""Flags whose value, the next word, is none of a flag."""


def flags_of(path: str | os.PathLike[str], file: str) -> Flags:
    """The flags of the first entry for a file.

    Raises UsageError where the commands cannot be read, are none, or have no entry for the file.
    """
    name = os.fspath(options.path("compile_commands", path))
    wanted, known = os.path.realpath(file), []
    for entry in _entries(name):
        place = os.path.join(_text(entry, "directory", name), _text(entry, "file", name))
        if os.path.realpath(place) == wanted:
            return _flags(_words(entry, name), _text(entry, "directory", name))
        known.append(os.path.relpath(place))
    beside = [other for other in known if os.path.basename(other) == os.path.basename(file)]
    guess = f"did you mean '{beside[0]}'? " if beside else did_you_mean(file, known)
    count = f"it has {counted(len(known), 'entry', 'entries')}"
    raise UsageError(f"{name} has no entry for '{file}'; {guess}{count}")


def _entries(name: str) -> Iterator[dict[str, Any]]:
    try:
        with open(name, "rb") as file:
            content = file.read(MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        inside = os.path.join(name, "compile_commands.json")
        hint = f"; did you mean '{inside}'?" if os.path.isfile(inside) else ""
        raise UsageError(f"cannot read {name!r}: {reason}{hint}") from None
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON: {error}") from None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise UsageError(f"{name} is no list of compile commands")
    yield from found


def _text(entry: dict[str, Any], key: str, name: str) -> str:
    found = entry.get(key)
    if not isinstance(found, str) or "\0" in found:
        raise UsageError(f"{name} has an entry without a {key!r}")
    return found


def _words(entry: dict[str, Any], name: str) -> list[str]:
    """The command of an entry, of which there are two forms, without the compiler."""
    words = entry.get("arguments")
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return words[1:]
    try:
        return shlex.split(_text(entry, "command", name))[1:]
    except ValueError as error:
        raise UsageError(f"{name}: the command of '{entry['file']}' does not parse: {error}") from None


def _flags(words: list[str], directory: str) -> Flags:
    folders: dict[str, list[str]] = {option: [] for option in _FOLDERS}
    defines: dict[str, str] = {}
    undefines: dict[str, None] = {}
    includes: list[str] = []
    standard = None
    for option, value in _options(words):
        if option in folders:
            folders[option].append(os.path.join(directory, value))
        elif option == "-D":
            macro = value.partition("=")[0]
            undefines.pop(macro, None)
            defines[macro] = value
        elif option == "-U":
            defines.pop(value, None)
            undefines[value] = None
        elif option in ("-include", "-imacros"):
            includes.append(_beside(directory, value))
        elif value in STANDARDS:
            standard = value
    include_dirs = [folder for given in folders.values() for folder in given]
    wraps = any(word in ("-fwrapv", "-fno-strict-overflow") for word in words)
    return flags(include_dirs, list(defines.values()), list(undefines), includes, standard, wraps)


def _beside(directory: str, file: str) -> str:
    """A forced include is looked for in the command's folder first, else as other includes are."""
    beside = os.path.join(directory, file)
    return beside if os.path.isfile(beside) else file


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """The options that say how a file is preprocessed, and their values: joined, after `=` or the next word."""
    following = iter(words)
    for word in following:
        if word in _SKIPPED:
            next(following, None)
            continue
        option = next((o for o in _VALUES if word == o or (o not in _WHOLE and word.startswith(o))), None)
        if option is None:
            continue
        value = word.removeprefix(option)
        if not value:
            value = next(following, "")
        elif option.startswith("--") or option == "-std":
            value = value.removeprefix("=")
        if value:
            yield option, value

"""Source trees: directories and archives, the C files in them, and the licence of each file."""

from __future__ import annotations

import fnmatch
import os
import re
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from cprograms.diagnostics import UsageError
from cprograms.frontend.source import MAX_BYTES

SUFFIXES = (".c", ".h")
LICENCE_FILES = ("debian/copyright", "COPYING", "LICENSE", "LICENCE", "COPYRIGHT", "LICENSE.txt", "LICENSE.md")
_SHARD_BYTES, _SHARD_FILES = 600_000, 64
_VERSION = re.compile(r"[-_]v?\d[\w.+~:-]*$")


@dataclass(frozen=True)
class Tree:
    """A source tree. `files` are the C files in it, relative to `root`, in order; `skipped` counts others by reason."""

    package: str
    root: Path
    files: tuple[str, ...]
    skipped: tuple[tuple[str, int], ...]
    licence_file: str | None = None

    def parts(self) -> list[tuple[str, ...]]:
        """The files in portions of some seconds' work each, the same for the same tree."""
        found: list[tuple[str, ...]] = []
        part: list[str] = []
        size = 0
        for file in self.files:
            size += (self.root / file).stat().st_size
            part.append(file)
            if size >= _SHARD_BYTES or len(part) == _SHARD_FILES:
                found.append(tuple(part))
                part, size = [], 0
        return [*found, tuple(part)] if part else found

    @cached_property
    def licences(self) -> Licences:
        names = [self.licence_file] if self.licence_file else LICENCE_FILES
        texts = [_text(self.root / name) for name in names if (self.root / name).is_file()]
        return Licences(texts[0] if texts else "")


def open_tree(path: Path, unpacked: Path, licence_file: str | None = None) -> Tree:
    """The tree at a directory, or in a tar archive, which is unpacked once into a folder of `unpacked`.

    Raises UsageError where there is no such thing, or where it is damaged.
    """
    if path.is_dir():
        root, name = path, path.resolve().name
    elif path.is_file():
        name = re.sub(r"(\.orig)?\.(tar(\.\w+)?|tgz|tbz2?|txz)$", "", path.name)
        root = _unpack(path, unpacked / name)
    else:
        raise UsageError(f"{path} is neither a directory nor an archive")
    files, skipped = _find(root)
    return Tree(_VERSION.sub("", name) or name, root, files, skipped, licence_file)


def _unpack(archive: Path, folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = folder.with_name(folder.name + ".complete")
    with FileLock(folder.with_name(folder.name + ".lock")):
        if not done.exists():
            try:
                with tarfile.open(archive) as tar:
                    tar.extractall(folder, filter="data")
            except (tarfile.TarError, OSError, EOFError) as error:
                raise UsageError(f"cannot unpack {archive}: {error}") from None
            done.touch()
    return folder


def _find(root: Path) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    files: list[str] = []
    large = links = 0
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(s for s in subfolders if not s.startswith("."))
        for name in names:
            path = Path(folder) / name
            if not name.endswith(SUFFIXES):
                continue
            if path.is_symlink() or not path.is_file():
                links += 1
            elif path.stat().st_size > MAX_BYTES:
                large += 1
            else:
                files.append(path.relative_to(root).as_posix())
    skipped = (("links", links), (f"larger than {MAX_BYTES // 1_000_000} MB", large))
    return tuple(sorted(files)), tuple((reason, n) for reason, n in skipped if n)


def _text(path: Path) -> str:
    return path.read_bytes()[:MAX_BYTES].decode("utf-8", "replace")


# Words of the usual licences' texts, the more particular ones first, with their SPDX identifiers.
_WORDINGS = (
    ("GNU AFFERO GENERAL PUBLIC", "AGPL-3.0"),
    (r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3", "LGPL-3.0"),
    (r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1", "LGPL-2.1"),
    (r"GNU LIBRARY GENERAL PUBLIC LICENSE", "LGPL-2.0"),
    (r"GNU GENERAL PUBLIC LICENSE\s+Version 3", "GPL-3.0"),
    (r"GNU GENERAL PUBLIC LICENSE\s+Version 2", "GPL-2.0"),
    ("Mozilla Public License", "MPL-2.0"),
    ("Apache License", "Apache-2.0"),
    (r"Permission is hereby granted, free of charge", "MIT"),
    (r"Redistribution and use in source and binary forms[\s\S]*Neither the name", "BSD-3-Clause"),
    (r"Redistribution and use in source and binary forms", "BSD-2-Clause"),
    (r"This software is provided 'as-is', without any express", "Zlib"),
)
_STATED = re.compile(r"SPDX-License-Identifier:\s*([^\n*]+)")
_STANZA = re.compile(r"^Files:\s*((?:.*(?:\n[ \t].*)*))[\s\S]*?^License:[ \t]*([^\n]+)", re.MULTILINE)


class Licences:
    """What a licence file says: a Debian copyright file by file pattern, any other text for all files."""

    def __init__(self, text: str):
        self._patterns = [
            (pattern, licence.strip())
            for stanza in re.split(r"\n[ \t]*\n", text)
            for files, licence in _STANZA.findall(stanza)
            for pattern in files.split()
        ]
        self._whole = "" if self._patterns else _recognised([text])

    def of(self, file: str, text: str) -> str:
        """A file's licence: what its own text states, else what the licence file says, else ""."""
        if stated := _STATED.search(text):
            return stated[1].strip()
        # The last stanza that matches is the one that holds (Debian's machine-readable format 1.0).
        matching = [licence for pattern, licence in self._patterns if fnmatch.fnmatchcase(file, pattern)]
        return matching[-1] if matching else self._whole


def _recognised(texts: Iterable[str]) -> str:
    for text in texts:
        for wording, name in _WORDINGS:
            if re.search(wording, text, re.IGNORECASE):
                return name
    return ""


def distinct(trees: Sequence[Tree]) -> list[tuple[str, Tree]]:
    """Each tree with a name of its own."""
    seen: dict[str, int] = {}
    named = []
    for tree in trees:
        count = seen[tree.package] = seen.get(tree.package, 0) + 1
        named.append((tree.package if count == 1 else f"{tree.package}.{count}", tree))
    return named

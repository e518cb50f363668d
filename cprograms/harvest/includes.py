"""Where the includes of a source tree lead, without its build system: a folder that forwards to the headers."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from cprograms.files import replace_file
from cprograms.frontend.preprocess import header_folders
from cprograms.frontend.source import MAX_BYTES

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
_TEMPLATES = (".in", ".cmake", ".cmakein", ".in.h", ".h.in")
_PLACEHOLDER = re.compile(rb"^.*@\w+@.*$|^[ \t]*#[ \t]*(?:undef|cmakedefine|mesondefine)\b.*$", re.MULTILINE)


_DEFINITION = re.compile(rb"(?:^|[\s*])(\w+)[ \t]*\(([^(){};#]*)\)\s*\{", re.MULTILINE)
_NO_FUNCTIONS = frozenset("if for while switch".split())
_MOST_DEFINITIONS = 4
"""A name that more files define is left alone: which one is meant is the build system's secret."""


@dataclass(frozen=True)
class Prepared:
    """A hash of the tree's text, and the files that seem to define each function."""

    identity: str
    definitions: dict[str, list[str]]


def prepare(root: Path, folder: Path) -> Prepared:
    """Fill `folder` with a forwarding header for each include that the compiler would not find by itself.

    An include that is spelled `<a/b.h>` leads to the header whose path in the tree has the longest common end with it;
    a header that only exists as a build system's template is read without what the template leaves open. Done once:
    what is there is left as it is. Raises OSError.
    """
    done = folder / ".complete"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(folder.name + ".lock")):
        if not done.exists():
            folder.mkdir(exist_ok=True)
            replace_file(done, json.dumps(asdict(_forward(root, folder))).encode())
    return Prepared(**json.loads(done.read_text()))


def _forward(root: Path, folder: Path) -> Prepared:
    headers, wanted, prepared = _scan(root)
    system = header_folders()
    for spelled in sorted(wanted):
        target = _best(spelled, headers)
        if spelled.startswith("/") or ".." in spelled or any((s / spelled).exists() for s in system):
            continue
        if target is not None:
            path = folder / spelled
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_forwarder(root / target))
    return prepared


def _scan(root: Path) -> tuple[dict[str, list[str]], set[str], Prepared]:
    """The tree's headers by file name, the includes that do not lead anywhere from where they stand, and the rest."""
    definitions: dict[str, list[str]] = defaultdict(list)
    headers: dict[str, list[str]] = defaultdict(list)
    wanted: set[str] = set()
    texts = hashlib.sha256()
    for place, subfolders, names in os.walk(root):
        subfolders.sort()
        for name in sorted(names):
            path = Path(place) / name
            relative = path.relative_to(root).as_posix()
            plain = next((name.removesuffix(s) for s in _TEMPLATES if name.endswith(s)), name)
            headers[plain if "." in plain else f"{plain}.h"].append(relative)
            if not name.endswith((".c", ".h", ".inc")) or path.is_symlink() or not path.is_file():
                continue
            content = path.read_bytes()[:MAX_BYTES]
            texts.update(b"\0".join([relative.encode(), content, b""]))
            for style, spelled in _INCLUDE.findall(content):
                target = os.fsdecode(spelled)
                if style == b"<" or not (path.parent / target).exists():
                    wanted.add(target)
            for defined in {m[0].decode() for m in _DEFINITION.findall(content)} - _NO_FUNCTIONS:
                definitions[defined].append(relative)
    few = {name: files for name, files in sorted(definitions.items()) if len(files) <= _MOST_DEFINITIONS}
    return headers, wanted, Prepared(texts.hexdigest(), few)


def _best(spelled: str, headers: dict[str, list[str]]) -> str | None:
    """Of the headers of that file name: the longest common end, a real one before a template, the shortest path."""
    parts = spelled.split("/")
    found = headers.get(parts[-1], [])
    return min(found, key=lambda p: (-_common(parts, p), p.endswith(_TEMPLATES), len(p), p), default=None)


def _common(parts: list[str], path: str) -> int:
    """How many parts from the end on are the same; the file name always counts."""
    count = 1
    for mine, theirs in zip(parts[-2::-1], path.split("/")[-2::-1], strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _forwarder(target: Path) -> bytes:
    if target.name.endswith(_TEMPLATES):
        return _PLACEHOLDER.sub(b"", target.read_bytes()[:MAX_BYTES])
    return f'#include "{target.resolve()}"\n'.encode()

"""How files are preprocessed: what `-I`, `-D`, `-U`, `-include` and `-std` say, in a compiler's words."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from cprograms import options, processes
from cprograms.diagnostics import UsageError, did_you_mean

_MACRO = re.compile(r"[A-Za-z_]\w*(?:\([^()]*\))?(?:=[^\n]*)?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*")
_YEARS = "89 90 99 9x 11 1x 17 18 23 2x 2y".split()
STANDARDS = (*(f"{kind}{year}" for kind in ("c", "gnu") for year in _YEARS),)
"""What `-std` may be."""


class Given(TypedDict, total=False):
    """What a user may give.

    `include_dirs` are folders of includes, `defines` are `NAME` or `NAME=value`, `undefines` macros that are not
    defined, also not by `defines`; `includes` are read before the file, `standard` is a C standard, such as "c99". With
    `wraps` signed integers that overflow wrap, as with a compiler's `-fwrapv`.
    """

    include_dirs: Sequence[str]
    defines: Sequence[str]
    undefines: Sequence[str]
    includes: Sequence[str]
    standard: str | None
    wraps: bool


class Reading(Given, total=False):
    """The keywords of everything that reads C files: the flags, and where else they come from.

    `compile_commands` names a `compile_commands.json`, whose entry for a file has flags, too. With `sandboxed_includes`
    a file may include nothing but the C library's headers and what lies in its own folder and in `include_dirs`.
    """

    compile_commands: str | os.PathLike[str] | None
    sandboxed_includes: bool


@dataclass(frozen=True)
class Flags:
    """The same for one file, checked."""

    include_dirs: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    undefines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    standard: str | None = None
    wraps: bool = False

    def over(self, others: Flags) -> Flags:
        """These flags, and those of `others` that they do not contradict."""
        named = {_name(define) for define in self.defines}
        kept = tuple(d for d in others.defines if _name(d) not in named)
        return Flags(
            (*self.include_dirs, *others.include_dirs),
            (*kept, *self.defines),
            (*(u for u in others.undefines if u not in named), *self.undefines),
            (*others.includes, *self.includes),
            self.standard or others.standard,
            self.wraps or others.wraps,
        )


NO_FLAGS = Flags()


def flags(
    include_dirs: Sequence[str] = (),
    defines: Sequence[str] = (),
    undefines: Sequence[str] = (),
    includes: Sequence[str] = (),
    standard: str | None = None,
    wraps: bool = False,
) -> Flags:
    """The flags that a user gives. Raises UsageError for what makes none."""
    include_dirs = options.texts("include_dirs", include_dirs, '["include"]')
    defines = options.texts("defines", defines, '["SIZE=3"]')
    undefines = options.texts("undefines", undefines, '["NDEBUG"]')
    includes = options.texts("includes", includes, '["config.h"]')
    for define in defines:
        if not _MACRO.fullmatch(define) or not processes.is_writable(define):
            raise UsageError(f"-D needs NAME or NAME=value, not {define!r}")
    for name in undefines:
        if not _NAME.fullmatch(name):
            raise UsageError(f"-U needs the name of a macro, not {name!r}")
    for folder in include_dirs:
        if not folder or not processes.is_writable(folder):
            raise UsageError(f"-I needs the name of a folder, not {folder!r}")
    for file in includes:
        if not file or not processes.is_writable(file):
            raise UsageError(f"-include needs the name of a file, not {file!r}")
    if standard is not None and options.text("standard", standard) not in STANDARDS:
        cplusplus = "C++ is not read; " if "++" in standard else did_you_mean(standard, STANDARDS)
        raise UsageError(f"-std={standard} is no C standard; {cplusplus}there are c89, c99, c11, c17, c23, gnu89 …")
    return Flags(tuple(include_dirs), tuple(defines), tuple(undefines), tuple(includes), standard, bool(wraps))


def _name(define: str) -> str:
    found = _NAME.match(define)
    return found[0] if found else ""

"""Building a program of the user's, natively: gcc where there is one, else the C compiler of the package 'ziglang'."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import TypeVar

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.frontend.flags import Flags
from cprograms.frontend.source import Source
from cprograms.processes import argument
from surrogate.export.native import compiler as usual_compiler

BUILD_SECONDS = 300
_MOST_ERRORS = 8
_LEVEL = "-O3"
_LIBRARIES = ("-lm",)
_ERROR = re.compile(r"^(.+?):(\d+)(?::(\d+))?: (?:fatal )?error: (.*)$", re.MULTILINE)
_TROUBLE = re.compile(r"^.*(?:error|undefined reference|undefined symbol|cannot|multiple definition).*$", re.MULTILINE)
_UNIT = re.compile(r"\.(?:i|c)$")
P = TypeVar("P", Path, str)


@dataclass(frozen=True)
class Compiler:
    """A C compiler's command and the flags of every build. `name` is what reports call it."""

    command: tuple[str, ...]
    flags: tuple[str, ...]

    @property
    def name(self) -> str:
        return " ".join([Path(self.command[0]).name, *self.command[1:2], *self.flags])


def compiler(chosen: str | None = None, flags: str | None = None) -> Compiler:
    """The compiler: `chosen`, a command line, else gcc, else `zig cc`, with -O3 and the user's flags after it.

    Raises UsageError where there is none of that name, or quotes do not match.
    """
    try:
        words, given = shlex.split(chosen or ""), shlex.split(flags or "")
    except ValueError as e:
        raise UsageError(f"--cc and --cflags take words as a shell does: {e}") from None
    if words and shutil.which(words[0]) is None:
        raise UsageError(f"--cc: there is no command '{words[0]}'")
    return Compiler(tuple(words or usual_compiler()), (_LEVEL, *given))


def native_flags(flags: Flags) -> list[str]:
    """The flags of a file, as a C compiler's command line has them."""
    return [
        *(argument("-I", folder) for folder in flags.include_dirs),
        *(f"-D{define}" for define in flags.defines),
        *(f"-U{name}" for name in flags.undefines),
        *(word for file in flags.includes for word in ("-include", argument("", file))),
        *([f"-std={flags.standard}"] if flags.standard else []),
        *(["-fwrapv"] if flags.wraps else []),
    ]


def preprocessed(by: Compiler, source: Source) -> str:
    """The text of a file after the compiler's own preprocessor. Raises ProgramError where it fails."""
    return _done(by, ["-E", *native_flags(source.flags), argument("", source.name)], source.name).stdout


def build(by: Compiler, sources: Sequence[Source], others: Mapping[str, str], added: Sequence[Path], to: Path) -> None:
    """Build a program at `to`. `others` are texts in the place of some files, by their names, already preprocessed.

    `added` are files of our own, which are compiled as the user's are. Raises ProgramError with what the compiler says.
    """
    units = []
    for k, source in enumerate(sources):
        unit = to.with_name(f"{to.name}_{k}.o")
        where = Path(source.name)
        if source.name in others:
            where = to.with_name(f"{to.name}_{k}.i")
            where.write_text(others[source.name], encoding="utf-8")
        own = [] if source.name in others else native_flags(source.flags)
        language = ["-w", *(f for f in native_flags(source.flags) if f.startswith(("-std=", "-fwrapv")))]
        _done(by, [*by.flags, *language, *own, "-c", argument("", str(where)), "-o", str(unit)], source.name)
        units.append(unit)
    for k, path in enumerate(added):
        unit = to.with_name(f"{to.name}_own_{k}.o")
        _done(by, [*by.flags, "-w", "-c", str(path), "-o", str(unit)], path.name)
        units.append(unit)
    _done(by, [*by.flags, *map(str, units), "-o", str(to), *_LIBRARIES], sources[0].name)


def _done(by: Compiler, arguments: Sequence[str], file: str) -> subprocess.CompletedProcess[str]:
    command = [*by.command, *arguments]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**environ, "LC_ALL": "C"},
            timeout=BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ProgramError([Diagnostic(f"building takes more than {BUILD_SECONDS} s", file)]) from None
    except OSError as e:
        raise UsageError(f"cannot start the C compiler {command[0]}: {e.strerror or e}") from None
    if done.returncode:
        raise ProgramError(list(_diagnostics(done.stderr, file, Path(by.command[0]).name)))
    return done


def _diagnostics(said: str, file: str, name: str) -> Sequence[Diagnostic]:
    """What a compiler complained of: each error at its place, else the lines that tell of trouble, else the last."""
    hint = f"{name} says so: the program must build by itself; --cflags gives it more flags"
    found = [
        Diagnostic(message, where, int(line), int(column or 0), _line(where, int(line)), hint)
        for where, line, column, message in _ERROR.findall(said)[:_MOST_ERRORS]
    ]
    if found:
        return found
    trouble = [line.strip() for line in _TROUBLE.findall(said)] or [line for line in said.splitlines() if line.strip()]
    # The linker's messages begin with where its own files are.
    lines = [re.sub(r"^\S*/(?:ld|collect2)\S*: *", "", line) for line in trouble]
    shown = [re.sub(r"\S*/[\w.]+\.o:\s*|\(\.text\S*\): *", "", line) for line in lines if "exit status" not in line]
    return [Diagnostic(f"{name}: {line}", file, hint=hint) for line in shown[:_MOST_ERRORS] or ["the compiler failed"]]


def _line(file: str, number: int) -> str:
    try:
        lines = Path(file).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return lines[number - 1] if 0 < number <= len(lines) else ""

"""The C preprocessor, and what the compiler's own check says about the source: clang, from the ziglang wheel."""

from __future__ import annotations

import math
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from cprograms import processes
from cprograms.budget import COMPILER_MEMORY, RAISE, current
from cprograms.columns import character
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.frontend import cplusplus
from cprograms.frontend.missing import Missing, is_directive, missing
from cprograms.frontend.reach import NO_EMBED, outside, outward, overlay
from cprograms.frontend.source import Source, escape
from cprograms.sandbox.toolchain import executable
from cprograms.standard import DECLARATIONS

MAX_TEXT = 2_000_000
"""Bytes of preprocessed text that are read."""
MAX_ERRORS = 50
"""Errors after which no more are told."""
MOST_SEEN = 1000
"""Errors that are looked for: where a header is missing, each function of other headers may have some."""
TIMEOUT = 5.0
"""Seconds of processor time after which the preprocessor and the check are stopped."""

# What pycparser does not know and numeric code can do without, in its terms.
_SHIMS = (
    "-D__extension__=",
    "-D__inline=inline",
    "-D__inline__=inline",
    "-D__restrict=",
    "-D__restrict__=",
    "-Drestrict=",
    "-D__const=const",
    "-D__const__=const",
    "-D__volatile=volatile",
    "-D__volatile__=volatile",
    "-D__signed=signed",
    "-D__signed__=signed",
    "-D__thread=_Thread_local",
    "-D__alignof__=_Alignof",
    "-D__alignof=_Alignof",
    "-D__typeof__=typeof",
    "-D__typeof=typeof",
    "-D__auto_type=auto",
    "-D__complex__=_Complex",
    "-D_Float64=double",
    "-D_Float32=float",
    "-D__builtin_va_list=int",
    "-D__builtin_expect(x,y)=(x)",
    "-D__builtin_constant_p(x)=0",
    "-D__builtin_assume(x)=((void)0)",
    "-D__builtin_huge_val()=1e5000",
    "-D__builtin_huge_valf()=1e5000f",
    "-D__builtin_inf()=1e5000",
    "-D__builtin_inff()=1e5000f",
    "-D__builtin_nan(s)=(0.0/0.0)",
    "-D__builtin_nanf(s)=(0.0f/0.0f)",
)
# Not errors of C, but of this compiler, even without warnings: an int left out, a < b < c.
_CHECK = ("-Wno-implicit-int", "-Wno-parentheses", f"-ferror-limit={MOST_SEEN}")
# What this compiler's target can do besides C: without it, headers and sources fall back to plain C.
_FEATURES = "__FXSR__ __MMX__ __SEG_FS __SEG_GS __SSE__ __SSE2__ __SSE_MATH__ __SSE2_MATH__".split()
# C23 has these without a header, as C++ has.
_BOOL = ("-Dbool=_Bool", "-Dtrue=1", "-Dfalse=0")
_C23 = (
    *_BOOL,
    "-Dnullptr=((void*)0)",
    "-Dstatic_assert=_Static_assert",
    "-Dalignas=_Alignas",
    "-Dalignof=_Alignof",
    "-Dthread_local=_Thread_local",
)
_LACKS_BOOL = re.compile(r"(?:unknown type name|use of undeclared identifier) '(?:bool|true|false)'")
# An include that is not found is passed over: "-MG" says so, but only where dependencies are written.
_PASS_OVER = ("-Xclang", "-MG", "-MD", "-MF")
_MESSAGE = re.compile(
    r"(?:(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): )?(?P<kind>fatal error|error|note): (?P<text>.*)"
)


@dataclass(frozen=True)
class Preprocessed:
    """The expanded text, with line markers, the errors that the compiler sees in the source, and the includes that were
    not found.
    """

    text: str
    errors: tuple[Diagnostic, ...] = ()
    missing: tuple[Missing, ...] = ()


def preprocess(source: Source) -> Preprocessed:
    """Expand a source, and check it with a real compiler's eyes.

    An include that is not found is passed over, and so is `#error` then. Raises ProgramError where there is no text to
    go on with: an unterminated comment, too much text, or one that reaches further than it may.
    """
    if source.self_contained and (found := outward(source)):
        raise ProgramError(found[:MAX_ERRORS])
    flags = _user_arguments(source)
    expanded = _expanded(source, flags)
    if not expanded.missing and any(_LACKS_BOOL.fullmatch(error.message) for error in expanded.errors):
        expanded = _expanded(source, [*_BOOL, *flags])
    return expanded


def _expanded(source: Source, flags: Sequence[str]) -> Preprocessed:
    marked, budget = _marked(source), current()
    seconds = TIMEOUT if budget is None else budget.compiler_seconds
    with _view(source.folders) as view, tempfile.TemporaryDirectory(prefix="surrogate-") as folder:
        includes = os.path.join(folder, "includes")
        arguments = [*_PASS_OVER, includes, *_SHIMS, *view, *flags]
        try:
            expansion = _Clang(["-E", "-Xclang", "-dE", *arguments], marked, seconds)
            check = _Clang(["-fsyntax-only", *_CHECK, *_PASS_OVER, os.devnull, *view, *flags], marked, seconds)
        except OSError as error:
            raise UsageError(f"cannot run the C preprocessor: {error}") from None
        text, expansion_errors = expansion.result()
        taken = outside(text, source)
        if len(text) > MAX_TEXT or taken or expansion.fault:
            check.stop()
        _, errors = check.result()
        passed_over = missing(includes, text, source)
    if taken := taken or [m.fault for m in passed_over if m.fault.message == NO_EMBED]:
        raise ProgramError(taken[:MAX_ERRORS])
    if found := [d for d in _diagnostics(expansion_errors, source) if not (passed_over and is_directive(d))]:
        foreign = cplusplus.verdict(source.name, found, [header.name for header in passed_over])
        absent = [header.fault for header in passed_over if header.fault.line]
        raise ProgramError([foreign] if foreign else [*absent, *found][:MAX_ERRORS])
    if len(text) > MAX_TEXT:
        raise ProgramError([_too_long(source)])
    if fault := expansion.fault or check.fault:
        raise ProgramError([_stopped(source, fault)])
    return Preprocessed(text, tuple(_diagnostics(errors, source)), passed_over)


def _user_arguments(source: Source) -> list[str]:
    """The compiler's options that come from the user."""
    flags = source.flags
    folders = [("-iquote", source.directory), *(("-I", folder) for folder in flags.include_dirs)]
    if source.folders is not None:  # the compiler's view of them is by their full names
        folders = [(option, os.path.abspath(folder)) for option, folder in folders]
    given = [f"-std={flags.standard}"] if flags.standard else []
    if cplusplus.is_named_so(source.name):
        folders.append(("-I", str(header_folders()[0] / "cplusplus")))
    if cplusplus.is_named_so(source.name) or (flags.standard or "").endswith(("23", "2x", "2y")):
        given += _C23
    given += [*(f"-D{d}" for d in flags.defines), *(f"-U{name}" for name in flags.undefines)]
    given += [processes.argument(option, folder) for option, folder in folders]
    return given + [word for file in flags.includes for word in ("-include", file)]


@contextmanager
def _view(folders: Sequence[str] | None) -> Iterator[list[str]]:
    """The options with which the compiler sees these folders and no others, where any are given."""
    if folders is None:
        yield []
        return
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8", errors="surrogateescape") as file:
        file.write(overlay(folders))
        file.flush()
        yield ["-ivfsoverlay", file.name]


def expand(source: Source, flags: Sequence[str] = (), seconds: float = TIMEOUT) -> str:
    """The expanded text, with line markers, as far as there is one: an include that is not found is passed over.

    `flags` are the compiler's own. Raises ProgramError where there is too much text or it takes more than `seconds` of
    processor time.
    """
    try:
        process = _Clang(["-E", *_SHIMS, f"-iquote{source.directory}", *flags], _marked(source), seconds)
    except OSError as error:
        raise UsageError(f"cannot run the C preprocessor: {error}") from None
    text, _ = process.result()
    if process.fault or len(text) > MAX_TEXT:
        raise ProgramError([_stopped(source, process.fault) if process.fault else _too_long(source)])
    return text


def _marked(source: Source) -> str:
    """The marker names the file, and says that what follows it is line 1."""
    return f'# 1 "{escape(source.name)}"\n{cplusplus.without_linkage(source.text)}\n'


def _too_long(source: Source) -> Diagnostic:
    return Diagnostic(f"the preprocessed text is larger than {MAX_TEXT // 1_000_000} MB", source.name)


def _stopped(source: Source, fault: str) -> Diagnostic:
    return Diagnostic(fault, source.name, hint=RAISE if fault.endswith(" s") else "")


class _Clang:
    """A running compiler; `result` waits for it. It is stopped after some time or after `MAX_TEXT` of output.

    `seconds` is processor time; by the clock it may take 20 times as long. `fault` then says why there is no result.
    """

    def __init__(self, arguments: list[str], text: str, seconds: float = TIMEOUT):
        # `result` closes both files. Files rather than pipes, so that neither side ever waits for the other.
        self._input = tempfile.TemporaryFile()  # noqa: SIM115
        self._input.write(text.encode("utf-8", "replace"))
        self._input.seek(0)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._seconds = math.ceil(seconds)
        self._process = subprocess.Popen(
            [*_clang(), *arguments, "-"], stdin=self._input, stdout=subprocess.PIPE, stderr=self._errors
        )
        processes.limit(self._process, seconds, COMPILER_MEMORY)
        self.fault = ""
        self._late = False
        self._timer = threading.Timer(processes.PATIENCE * seconds, self._too_late)
        self._timer.daemon = True  # an interrupted program does not wait for it
        self._timer.start()

    def _too_late(self) -> None:
        self._late = True
        self._process.kill()

    def stop(self) -> None:
        """Do without a result."""
        self._process.kill()

    def result(self) -> tuple[str, str]:
        """Standard output and standard error."""
        with self._process, self._input, self._errors:
            assert self._process.stdout is not None
            output = self._process.stdout.read(MAX_TEXT + 1)
            complete = len(output) <= MAX_TEXT
            if not complete:
                self._process.kill()
            self._process.wait()
            self._timer.cancel()
            self._errors.seek(0)
            errors = self._errors.read(MAX_TEXT)
        if complete:
            self.fault = self._why(errors)
        return output.decode("utf-8", "replace"), errors.decode("utf-8", "replace")

    def _why(self, errors: bytes) -> str:
        """Why there is no result; "" where there is one, be it a list of errors."""
        if self._late or processes.was_limited(self._process):
            return f"preprocessing took longer than {self._seconds} s"
        if b"out of memory" in errors or b"bad_alloc" in errors:
            return f"preprocessing took more than {COMPILER_MEMORY >> 20} MB of memory"
        if self._process.returncode not in (0, 1) or b"frontend command failed" in errors:
            return "the C compiler broke down over this program"
        return ""


@cache
def _clang() -> tuple[str, ...]:
    """The compiler and the flags that are always the same: C for x86-64 Linux with musl's headers and our math.h, whose
    `long double` is a double.

    `zig clang` is called rather than `zig cc`: it is one process, and needs neither a cache nor a home directory.
    """
    flags = ["-x", "c", "-target", "x86_64-linux-musl", "-mlong-double-64", "-nostdinc", "-w"]
    flags += ["-fno-color-diagnostics", "-fno-crash-diagnostics", "-fno-caret-diagnostics"]
    flags += ["-fmacro-backtrace-limit=1"]
    flags.append(f"-DSURROGATE_MATH_PROTOTYPES={DECLARATIONS}")
    flags += [f"-U{name}" for name in _FEATURES]
    flags += [flag for header in header_folders() for flag in ("-isystem", str(header))]
    return (executable(), "clang", *flags)


def header_folders() -> list[Path]:
    """Where the compiler looks for the C library's headers."""
    library = Path(executable()).parent / "lib"
    libc = library / "libc" / "include"
    return [
        Path(__file__).parent / "include",
        library / "include",
        libc / "x86_64-linux-musl",
        libc / "generic-musl",
    ]


def _diagnostics(stderr: str, source: Source) -> list[Diagnostic]:
    """The compiler's errors; the first note after one becomes its hint."""
    found: list[Diagnostic] = []
    for line in stderr.split("\n"):
        match = _MESSAGE.fullmatch(line)
        if match is None or match["text"].startswith("too many errors emitted"):
            continue
        if match["kind"] == "note":
            if found and not found[-1].hint and not match["text"].startswith(("expanded from", "use -f")):
                elsewhere = match["line"] and int(match["line"]) != found[-1].line
                where = f" (line {match['line']})" if elsewhere else ""
                found[-1] = replace(found[-1], hint=match["text"] + where)
            continue
        place = (match["file"], int(match["line"]), int(match["column"])) if match["file"] else (source.name, 0, 0)
        quoted = source.line(place[0], place[1]) if match["file"] else ""
        file, number, column = place
        column = character(quoted, column) if quoted else column
        found.append(Diagnostic(_reworded(match["text"]), file, number, column, quoted))
    return found


def _reworded(text: str) -> str:
    text = re.sub(r" \[-W[^\]]*\]$", "", text)
    return text.replace("; ISO C99 and later do not support implicit function declarations", "")

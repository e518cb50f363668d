"""From C to WebAssembly with the clang and the linker of the ziglang wheel. No header and no system library is used."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from cprograms import processes
from cprograms.announcements import announced
from cprograms.cache import Cache, key, root
from cprograms.diagnostics import UsageError
from cprograms.libm import FUNCTIONS
from cprograms.sandbox.source import MEMORY, OWN, RENAMED, CompileError

COMPILE_SECONDS = 20
"""Processor time that a program may take."""
BATCH_SECONDS = 600
"""For many programs at once."""
_STACK = 4 * 2**20

_COMPILE = """
clang --target=wasm32-wasip1 -x c -std=gnu11 -fgnu89-inline -w -c -fvisibility=hidden -mnontrapping-fptoint
-mbulk-memory -ffp-contract=off -fno-math-errno -fno-strict-aliasing -fno-finite-loops -ftrivial-auto-var-init=zero
-fbracket-depth=4096
"""
_TRAPS = """
-fsanitize=undefined,float-cast-overflow -fno-sanitize=shift-base -fsanitize-minimal-runtime -fno-sanitize-recover=all
"""
_LINK = f"""
wasm-ld --no-entry --strip-all --stack-first -z stack-size={_STACK} --max-memory={MEMORY} --fatal-warnings
"""
_ROW_EXPORTS = (
    *("surrogate_in", "surrogate_out", "surrogate_row", "surrogate_end", "surrogate_reason", "surrogate_fill"),
    *("surrogate_subject", "surrogate_line", "__stack_pointer"),
)
# What else than a function of the table a program may call: the compiler's helpers, and what the classification macros
# expand to.
_SUPPORT = """
memcpy memset memmove __fpclassify __fpclassifyf __signbit __signbitf
__multi3 __divti3 __modti3 __udivti3 __umodti3 __ashlti3 __ashrti3 __lshrti3
"""


def to_wasm(source: str, optimise: bool, options: Sequence[str] = (), seconds: float = COMPILE_SECONDS) -> bytes:
    """Compile C text that holds programs as `source` writes it, with undefined behaviour trapped, to a module.

    `options` are those that the text asks for. `seconds` is the processor time that each step may take. Raises
    CompileError where it is rejected, and UsageError where there is no compiler or no place for its files.
    """
    return _module(source, [*_TRAPS.split(), *options, "-O2" if optimise else "-O0"], _ROW_EXPORTS, seconds)


def kernel_to_wasm(source: str, exports: Sequence[str]) -> bytes:
    """Compile C text of this project's own to a fast module that exports `exports`. Raises as `to_wasm`."""
    return _module(source, ["-O3"], exports)


def _module(source: str, options: Sequence[str], exports: Sequence[str], seconds: float = COMPILE_SECONDS) -> bytes:
    """A WebAssembly module without imports that exports its memory and the names in `exports`.

    Raises CompileError where it is rejected, and UsageError where there is no compiler or no place for its files.
    """
    library = _math_library()
    try:
        with tempfile.TemporaryDirectory(prefix="surrogate-") as folder:
            names = ("program.c", "program.o", "libm.o", "program.wasm")
            text, unit, libm, module = (Path(folder) / name for name in names)
            text.write_text(source, encoding="utf-8")
            libm.write_bytes(library)
            _zig([*_COMPILE.split(), *options, str(text), "-o", str(unit)], seconds)
            exported = [f"--export={name}" for name in exports]
            _zig([*_LINK.split(), *exported, str(unit), str(libm), "-o", str(module)], seconds)
            return module.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot compile in the temporary directory: {error}") from None


@cache
def identity() -> str:
    """What a compiled module depends on besides its source."""
    return " ".join([_COMPILE, _TRAPS, _LINK, *_ROW_EXPORTS, _roots(), version("ziglang")])


@cache
def executable() -> str:
    """Path of zig. Raises UsageError where the package that holds it is missing."""
    spec = find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            "the package 'ziglang', whose C compiler runs the programs, is not installed: pip install ziglang"
        )
    return str(Path(spec.submodule_search_locations[0]) / ("zig.exe" if os.name == "nt" else "zig"))


def _zig(arguments: list[str], seconds: float | None = COMPILE_SECONDS, **environment: str) -> None:
    """Run zig. Raises CompileError where it fails or takes longer, UsageError where there is no zig."""
    try:
        status, errors = processes.run([executable(), *arguments], seconds, {**os.environ, **environment})
    except subprocess.TimeoutExpired:
        raise CompileError(f"it is too long: compiling took more than {seconds} s") from None
    except OSError as error:
        raise UsageError(f"cannot start the C compiler of the package 'ziglang': {error}") from None
    if status and status == processes.TOO_LARGE:
        raise CompileError("it needs too much memory: what it compiles to is too large a file")
    if status:
        raise CompileError(_first_error(errors) or f"the compiler ended with status {status}")


def _first_error(output: str) -> str:
    """The first message, without the paths and the names that the text was compiled under."""
    found = re.search(r"error: (?:\S*program\.o: )?(.*)", output)
    return re.sub(rf"{RENAMED}\d+", "", found[1]) if found else ""


def _roots() -> str:
    """C text that refers to every function that programs may call."""
    functions = dict.fromkeys(f.in_sandbox(form) for f in FUNCTIONS if f.header for form in f.forms)
    names = [*_SUPPORT.split(), *(name for name in functions if not name.startswith(OWN))]
    declarations = "".join(f"void {name}(void);\n" for name in names)
    return f"{declarations}void *surrogate_roots[] = {{{', '.join(names)}}};\n"


@cache
def _math_library() -> bytes:
    """An object file with libm and nothing else of the C library, built where the cache does not hold it whole.

    Programs therefore have no I/O and no clock to link with. Raises UsageError where that fails.
    """
    stored = Cache(root() / "libm")
    name = key(_roots(), version("ziglang"))
    if (library := stored.get(name)) is not None:
        return library
    from filelock import FileLock  # needed this once only, and not quick to import

    try:
        stored.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(stored.folder / f"{name}.lock")
        with lock, announced("building the C library of the sandbox, once: about 15 s"):
            if (library := stored.get(name)) is None:  # another process may have built it by now
                library = _built_math_library()
                stored.put(name, library)
    except OSError as error:
        message = f"cannot write the cache directory {stored.folder}: {error} (SURROGATE_CACHE names another)"
        raise UsageError(message) from None
    except CompileError as error:
        raise UsageError(f"cannot build the sandbox's C library: {error}") from None
    return library


def _built_math_library() -> bytes:
    """zig builds the C library when it links a program; of its archives only what the roots refer to is kept.

    Raises OSError where there is no place for its files, and CompileError where zig fails.
    """
    with tempfile.TemporaryDirectory(prefix="surrogate-") as folder:
        text, unit, module, library = (Path(folder) / name for name in ("roots.c", "roots.o", "roots.wasm", "libm.o"))
        text.write_text(_roots())
        caches = {name: str(Path(folder) / "zig") for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
        common = ["-O2", "-w", "-fno-builtin", "-fno-sanitize=all", str(text)]
        reactor = ["cc", "-target", "wasm32-wasi", "-mexec-model=reactor"]
        _zig([*reactor, *common, "-o", str(module)], None, **caches)
        archives = sorted(str(p) for p in Path(folder).rglob("*.a") if "ubsan" not in p.name)
        _zig(["clang", "--target=wasm32-wasip1", *common, "-c", "-o", str(unit)], None)
        _zig(["wasm-ld", "-r", "--strip-debug", str(unit), *archives, "-o", str(library)], None)
        return library.read_bytes()

"""The C text that the sandbox compiles: programs with an LP64 `long`, and a loop over rows around each entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.libm import FUNCTIONS
from cprograms.sandbox import memory
from cprograms.sandbox.objects import Named, Passed, Row, row_of
from cprograms.sandbox.printing import Place, Printer
from cprograms.sandbox.status import Status
from cprograms.trees import walk
from cprograms.types import Pointer

CHUNK = 8192
"""Rows that one call of a row loop takes at most."""
_BUFFER = 16 * CHUNK
"""Numbers that a block of rows holds at most, in or out."""

RENAMED = "__surrogate"
"""What stands between a program's own name and its number in the compiled text."""

MEMORY = 64 * 2**20
"""Bytes of linear memory that a program may have."""

OWN = "surrogate_"
"""What the names of the sandbox's own functions start with."""


class CompileError(Exception):
    """The sandbox does not compile a program; the message is the first reason."""


# The checks of clang's undefined behaviour sanitizer, as its minimal runtime names them.
_HANDLERS = {
    Status.OVERFLOW: "add_overflow sub_overflow mul_overflow negate_overflow",
    Status.DIVISION: "divrem_overflow",
    Status.SHIFT: "shift_out_of_bounds",
    Status.CONVERSION: "float_cast_overflow",
    Status.BOUNDS: "out_of_bounds local_out_of_bounds vla_bound_not_positive",
    Status.UNDEFINED: "type_mismatch alignment_assumption builtin_unreachable load_invalid_value "
    "invalid_builtin nonnull_arg nonnull_return pointer_overflow",
}


def _handlers() -> Iterator[str]:
    # A WebAssembly trap does not say why, so each handler notes the reason first.
    for status, names in _HANDLERS.items():
        for name in names.split():
            suffix = "" if name == "builtin_unreachable" else "_abort"
            yield (
                f"__attribute__((cold, noreturn)) void __ubsan_handle_{name}_minimal{suffix}(void)"
                f" {{ surrogate_reason = {status.value}; __builtin_trap(); }}"
            )


_PRELUDE = f"""\
double surrogate_in[{_BUFFER}];
double surrogate_out[{_BUFFER}];
volatile int surrogate_row, surrogate_end, surrogate_reason;
const char *volatile surrogate_subject;
int surrogate_line;
unsigned char surrogate_fill;
__attribute__((cold, noreturn)) static void *surrogate_call(const char *name) {{
  surrogate_reason = {Status.CALL.value}; surrogate_subject = name; __builtin_trap();
}}
__attribute__((cold, noreturn)) static void surrogate_unfit(void) {{
  surrogate_reason = {Status.CONVERSION.value}; __builtin_trap();
}}
double surrogate_scalbn(double, int) __asm__("scalbn");
float surrogate_scalbnf(float, int) __asm__("scalbnf");
static int surrogate_exponent(long long n) {{ return n < -99999 ? -99999 : n > 99999 ? 99999 : (int)n; }}
double surrogate_scalbln(double x, long long n) {{ return surrogate_scalbn(x, surrogate_exponent(n)); }}
float surrogate_scalblnf(float x, long long n) {{ return surrogate_scalbnf(x, surrogate_exponent(n)); }}
static long long surrogate_lrint(double x) {{ return (long long)__builtin_rint(x); }}
static long long surrogate_lrintf(float x) {{ return (long long)__builtin_rintf(x); }}
static long long surrogate_lround(double x) {{ return (long long)__builtin_round(x); }}
static long long surrogate_lroundf(float x) {{ return (long long)__builtin_roundf(x); }}
static int surrogate_ilogb(double x) {{ return (int)__builtin_logb(x); }}
static int surrogate_ilogbf(float x) {{ return (int)__builtin_logbf(x); }}
""" + "\n".join(_handlers())

# Functions whose C signatures have a `long` or a `long double`, which the sandbox's own library has in other widths,
# and those with a function of the sandbox's own. A builtin becomes that function, or the other one's builtin.
_RENAMED = {form.name: f.in_sandbox(form) for f in FUNCTIONS if f.header for form in f.forms}
_RENAMED |= {f"__builtin_{n}": o if o.startswith(OWN) else f"__builtin_{o}" for n, o in _RENAMED.items()}
_RENAMED |= {f"__builtin_{f.name}": f"__builtin_{f.sandbox}" for f in FUNCTIONS if f.sandbox and not f.header}
_RENAMED |= {"__fpclassifyl": "__fpclassify", "__signbitl": "__signbit"}
_RENAMED = {name: other for name, other in _RENAMED.items() if name != other} | memory.RENAMED
_LIBRARY = _RENAMED.keys() | _RENAMED.values()

# In a function of a program that notes its places: after a call, the place is the caller's again.
_RETURNS = """
static void surrogate_return(int *line) { surrogate_line = *line; }
#define SURROGATE_RETURNS __attribute__((cleanup(surrogate_return))) int surrogate_at = surrogate_line;
"""
# Signed integers wrap in what follows, up to the attribute's end.
_WRAPPING = """\
#pragma clang attribute push(__attribute__((no_sanitize("signed-integer-overflow"))), apply_to = function)
"""
_WRAPPING_END = "#pragma clang attribute pop\n"
_WRAPS = "-fwrapv", "-fsanitize=signed-integer-overflow"

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


class Runnable(Protocol):
    """What the sandbox needs of a `cprograms.program.Program`, which can run itself and so stands above the sandbox."""

    @property
    def path(self) -> str: ...
    @property
    def entry(self) -> str: ...
    @property
    def arguments(self) -> Sequence[Named]: ...
    @property
    def results(self) -> Sequence[Named]: ...
    @property
    def unit(self) -> c_ast.FileAST: ...
    @property
    def parameters(self) -> Sequence[Passed]: ...
    @property
    def returned(self) -> int: ...
    @property
    def restored(self) -> Sequence[str]: ...
    @property
    def wraps(self) -> bool: ...
    def __hash__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Job:
    """What the sandbox does with a row: `row` is C that reads surrogate_x[0 … inputs - 1] and sets
    surrogate_y[0 … outputs - 1], both double. `text` is what it needs, `names` the names that this defines, `variables`
    those of its variables that are functions' of the C library (`cosl`, `cos`), `setup` is done once for many rows.
    `fills`: whether variables that may be read before they are set begin as bytes of `surrogate_fill`; `unwritten` are
    the results that may be such bytes, and their values under each filling.

    `checked`: it has pointers, and what they read and write is checked; it works on `objects` objects, which take
    `arena` bytes. `wraps`: its signed integers do. Where it notes its places, `places` are these.
    """

    text: str
    names: frozenset[str]
    row: str
    inputs: int
    outputs: int
    variables: frozenset[str] = frozenset()
    fills: bool = False
    setup: str = ""
    unwritten: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    checked: bool = False
    arena: int = 0
    objects: int = 0
    wraps: bool = False
    places: Sequence[Place] = ()

    @property
    def chunk(self) -> int:
        """Rows that one call takes."""
        return min(CHUNK, _BUFFER // max(self.inputs, self.outputs))


@lru_cache(maxsize=64)
def job_of(program: Runnable, located: bool = False) -> Job:
    """A row of a numeric program: its arguments in, its results out. Raises CompileError.

    With `located` its statements note where they stand.
    """
    printer = Printer(program.unit, located)
    text = printer.visit(program.unit)
    used = set(_IDENTIFIER.findall(text))
    if instructions := sorted(name for name in used if name.startswith("__builtin_wasm_")):
        raise CompileError(f"'{instructions[0]}' is not available to programs")
    names = frozenset(_defined_names(program.unit))
    entry = next(n for n in program.unit.ext if isinstance(n, c_ast.FuncDef) and n.decl.name == program.entry)
    row = row_of(entry, program.parameters, program.restored)
    return Job(
        text=text,
        names=names,
        row=_row(program, row),
        inputs=len(program.arguments),
        outputs=len(program.results),
        variables=frozenset(n.name for n in walk(program.unit) if _is_variable(n) and n.name in _LIBRARY),
        fills=printer.fills or row.fills,
        setup="\n  ".join(row.setup),
        unwritten=row.unwritten,
        checked=_has_pointers(program.unit),
        arena=row.arena,
        objects=row.objects,
        wraps=program.wraps,
        places=tuple(printer.places),
    )


def _row(program: Runnable, row: Row) -> str:
    call = f"{program.entry}({', '.join(row.given)});"
    if program.returned:
        call = f"__auto_type surrogate_r = {call}"
    paths = ["" if r.name == "return" else f".{r.name}" for r in program.results[: program.returned]]
    stores = [f"surrogate_y[{j}] = (double)surrogate_r{path};" for j, path in enumerate(paths)]
    return "\n    ".join([*row.before, call, " ".join([*stores, *row.after])])


def _is_variable(node: c_ast.Node) -> bool:
    return isinstance(node, c_ast.Decl) and not isinstance(node.type, c_ast.FuncDecl)


def _has_pointers(unit: c_ast.FileAST) -> bool:
    declarations = Declarations()
    for node in unit.ext:
        declarations.declare(node.decl if isinstance(node, c_ast.FuncDef) else node)
    return any(_is_pointer(node, declarations) for node in walk(unit))


def _is_pointer(node: c_ast.Node, declarations: Declarations) -> bool:
    """Whether a node declares, makes or follows a pointer; an array that is a parameter is one."""
    if isinstance(node, c_ast.FuncDecl):
        given = node.args.params if node.args else ()
        return any(isinstance(p, c_ast.Decl) and _is_array(p, declarations) for p in given)
    return isinstance(node, c_ast.PtrDecl) or (isinstance(node, c_ast.UnaryOp) and node.op in ("&", "*"))


def _is_array(parameter: c_ast.Decl, declarations: Declarations) -> bool:
    try:
        return isinstance(declarations.parameter(parameter)[0], Pointer)
    except Unsupported:
        return False


def source_of(programs: Sequence[Runnable]) -> str:
    """One translation unit with the row loop of the k-th program exported as `rows_<k>`. Raises CompileError."""
    return source_of_jobs([job_of(program) for program in programs])


def source_of_jobs(jobs: Sequence[Job]) -> str:
    """As `source_of`, for jobs. To be compiled with `options_of(jobs)`."""
    own = _PRELUDE + (_RETURNS if any(job.places for job in jobs) else "")
    if any(job.checked for job in jobs):
        arena, objects = max(job.arena for job in jobs), max(job.objects for job in jobs)
        checker = memory.checker(MEMORY, arena, objects)
        own = "\n".join([memory.EXEMPT + own, checker + memory.EXEMPT_END, memory.FUNCTIONS])
    return "\n".join([own, *(_block(job, k, "__asan_" in own) for k, job in enumerate(jobs))])


def options_of(jobs: Sequence[Job]) -> list[str]:
    """What the compiler of `source_of_jobs(jobs)` is given besides."""
    checked = memory.OPTIONS.split() if any(job.checked for job in jobs) else []
    return [*checked, *(_WRAPS if any(job.wraps for job in jobs) else ())]


def _block(job: Job, index: int, checker: bool) -> str:
    """A job and its row loop. Macros rename what it names at file scope, so that programs can share a unit.

    A macro renames a name wherever it stands, so a local or a field of the same name stays consistent with itself. But
    a local `cosl` must not become another `cos`: where there is one, only calls are renamed. And where there is a local
    `cos`, `cosl` is a name of its own of the function `cos`.
    `checker`: whether there is one, of which a job without pointers is to be exempt.
    """
    used = set(_IDENTIFIER.findall(job.text))
    names = {name: f"{name}{RENAMED}{index}" for name in job.names}
    names |= {name: _RENAMED[name] for name in used & _RENAMED.keys() - job.names}
    hidden = {name for name in names.keys() - job.names if names[name] in job.variables}
    own = {name: f"{name}{RENAMED}{index}" for name in hidden}
    aliases = [f"#pragma redefine_extname {own[name]} {names[name]}" for name in sorted(hidden)]
    names |= own
    calls = job.variables - job.names
    define = [
        f"#define {name}(...) {new}(__VA_ARGS__)" if name in calls else f"#define {name} {new}"
        for name, new in sorted(names.items())
    ]
    undefine = [f"#undef {name}" for name in sorted(names)]
    text = job.text
    if checker and not job.checked:
        text = memory.EXEMPT + text + memory.EXEMPT_END
    if job.wraps:
        text = _WRAPPING + text + _WRAPPING_END
    return "\n".join([*aliases, *define, text, _row_loop(job, index, checker), *undefine])


def _row_loop(job: Job, index: int, checker: bool) -> str:
    """Evaluates rows from `surrogate_row` up to `surrogate_end`; the former stays at the row that traps, if one does.

    Rows are read and written through volatile pointers, so that a row's work stays between the stores of its number
    and of the next: optimisers take a call without effects for one that may be moved past a store, even past the
    volatile one of the next row's number, and its trap with it. The loop's own indexing needs no checks; those of its
    conversions stay.
    """
    exempt = ["array-bounds", "pointer-overflow", "null", "alignment", "object-size", *["address"] * checker]
    setup = f"  {job.setup}\n" if job.setup else ""
    return f"""\
__attribute__((__export_name__("rows_{index}"),
               no_sanitize({", ".join(f'"{check}"' for check in exempt)})))
void surrogate_rows_{index}(void) {{
  unsigned surrogate_i = surrogate_row, surrogate_n = surrogate_end;
  const volatile double *surrogate_x = surrogate_in + surrogate_i * {job.inputs}u;
  volatile double *surrogate_y = surrogate_out + surrogate_i * {job.outputs}u;
{setup}  for (; surrogate_i < surrogate_n; surrogate_row = ++surrogate_i) {{
    {job.row}
    surrogate_x += {job.inputs};
    surrogate_y += {job.outputs};
  }}
}}"""


def _defined_names(unit: c_ast.FileAST) -> Iterator[str]:
    """What a unit names at file scope: types, tags, enumerators, constants and functions with a body."""
    for node in unit.ext:
        if isinstance(node, c_ast.FuncDef):
            yield node.decl.name
            yield from _tags(node.decl)
        elif isinstance(node, c_ast.Decl | c_ast.Typedef):
            if node.name and not isinstance(node.type, c_ast.FuncDecl):
                yield node.name
            yield from _tags(node)


def _tags(node: c_ast.Node) -> Iterator[str]:
    if isinstance(node, c_ast.Struct | c_ast.Union | c_ast.Enum | c_ast.Enumerator) and node.name:
        yield node.name
    for child in node:
        yield from _tags(child)

"""The C text that the sandbox compiles: programs with an LP64 `long`, and a loop over rows around each entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Protocol

from pycparser import c_ast, c_generator

from cprograms.declarations import Declarations
from cprograms.libm import FUNCTIONS
from cprograms.sandbox.assignment import is_unset_local, maybe_unset
from cprograms.types import Scalar

CHUNK = 8192
"""Rows that one call of a row loop takes at most."""
_BUFFER = 16 * CHUNK
"""Numbers that a block of rows holds at most, in or out."""

RENAMED = "__surrogate"
"""What stands between a program's own name and its number in the compiled text."""


OWN = "surrogate_"
"""What the names of the sandbox's own functions start with."""


class CompileError(Exception):
    """The sandbox does not compile a program; the message is the first reason."""


class Status(IntEnum):
    """What became of a row. All but OK leave NaN."""

    OK = 0
    OVERFLOW = 1
    """Signed integer overflow."""
    DIVISION = 2
    """Integer division by zero, or of the least integer by -1."""
    SHIFT = 3
    """A shift by a negative amount, or by the type's width or more."""
    CONVERSION = 4
    """A floating-point number converted to an integer type that cannot hold it."""
    BOUNDS = 5
    """An array index outside its array."""
    UNDEFINED = 6
    """Any other undefined behaviour: a null pointer, a missing return, an invalid argument of a builtin."""
    MEMORY = 7
    """An access outside the sandbox's memory; large local arrays that overflow the stack show like this."""
    STACK = 8
    """Recursion too deep."""
    FUEL = 9
    """The row took more steps than a row may."""
    SKIPPED = 10
    """Not run: the rows before it used up the steps of the whole run."""
    REJECTED = 11
    """Not run: the program does not compile (batches only)."""
    UNSET = 12
    """What the row gives depends on a variable, or a part of one, that was never set."""


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
unsigned char surrogate_fill;
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
_RENAMED |= {"__fpclassifyl": "__fpclassify", "__signbitl": "__signbit"}
_RENAMED = {name: other for name, other in _RENAMED.items() if name != other}

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


class Named(Protocol):
    """An argument or a result."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> Scalar: ...


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
    def __hash__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Job:
    """What the sandbox does with a row: `row` is C that reads surrogate_x[0 … inputs - 1] and sets
    surrogate_y[0 … outputs - 1], both double. `text` is what it needs, `names` the names that this defines. `fills`:
    whether variables that may be read before they are set begin as bytes of `surrogate_fill`.
    """

    text: str
    names: frozenset[str]
    row: str
    inputs: int
    outputs: int
    fills: bool = False

    @property
    def chunk(self) -> int:
        """Rows that one call takes."""
        return min(CHUNK, _BUFFER // max(self.inputs, self.outputs))


@lru_cache(maxsize=64)
def job_of(program: Runnable) -> Job:
    """A row of a numeric program: its arguments in, its results out. Raises CompileError."""
    printer = _Printer(program.unit)
    text = printer.visit(program.unit)
    used = set(_IDENTIFIER.findall(text))
    if instructions := sorted(name for name in used if name.startswith("__builtin_wasm_")):
        raise CompileError(f"'{instructions[0]}' is not available to programs")
    arguments = ", ".join(f"({a.type.name})surrogate_x[{j}]" for j, a in enumerate(program.arguments))
    paths = ["" if r.name == "return" else f".{r.name}" for r in program.results]
    stores = " ".join(f"surrogate_y[{j}] = (double)surrogate_r{path};" for j, path in enumerate(paths))
    row = f"__auto_type surrogate_r = {program.entry}({arguments});\n    {stores}"
    names = frozenset(_defined_names(program.unit))
    return Job(text, names, row, len(program.arguments), len(program.results), printer.fills)


def source_of(programs: Sequence[Runnable]) -> str:
    """One translation unit with the row loop of the k-th program exported as `rows_<k>`. Raises CompileError."""
    return source_of_jobs([job_of(program) for program in programs])


def source_of_jobs(jobs: Sequence[Job]) -> str:
    """As `source_of`, for jobs."""
    return "\n".join([_PRELUDE, *(_block(job, k) for k, job in enumerate(jobs))])


def _block(job: Job, index: int) -> str:
    """A job and its row loop. Macros rename what it names at file scope, so that programs can share a unit.

    A macro renames a name wherever it stands, so a local or a field of the same name stays consistent with itself.
    """
    used = set(_IDENTIFIER.findall(job.text))
    names = {name: f"{name}{RENAMED}{index}" for name in job.names}
    names |= {name: _RENAMED[name] for name in used & _RENAMED.keys() - job.names}
    define = [f"#define {name} {new}" for name, new in sorted(names.items())]
    undefine = [f"#undef {name}" for name in sorted(names)]
    return "\n".join([*define, job.text, _row_loop(job, index), *undefine])


def _row_loop(job: Job, index: int) -> str:
    """Evaluates rows from `surrogate_row` up to `surrogate_end`; the former stays at the row that traps, if one does.

    Rows are read and written through volatile pointers, so that a row's work stays between the stores of its number
    and of the next: optimisers take a call without effects for one that may be moved past a store, even past the
    volatile one of the next row's number, and its trap with it. The loop's own indexing needs no checks; those of its
    conversions stay.
    """
    return f"""\
__attribute__((__export_name__("rows_{index}"),
               no_sanitize("array-bounds", "pointer-overflow", "null", "alignment", "object-size")))
void surrogate_rows_{index}(void) {{
  unsigned surrogate_i = surrogate_row, surrogate_n = surrogate_end;
  const volatile double *surrogate_x = surrogate_in + surrogate_i * {job.inputs}u;
  volatile double *surrogate_y = surrogate_out + surrogate_i * {job.outputs}u;
  for (; surrogate_i < surrogate_n; surrogate_row = ++surrogate_i) {{
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


def _returns_void(function: c_ast.FuncDef) -> bool:
    returned = function.decl.type.type
    return isinstance(returned, c_ast.TypeDecl) and getattr(returned.type, "names", None) == ["void"]


def _tags(node: c_ast.Node) -> Iterator[str]:
    if isinstance(node, c_ast.Struct | c_ast.Union | c_ast.Enum | c_ast.Enumerator) and node.name:
        yield node.name
    for child in node:
        yield from _tags(child)


class _Printer(c_generator.CGenerator):  # type: ignore[misc]  # pycparser has no types
    """C for a 32-bit target without extended precision that computes what LP64 C computes, `long double` as double.

    `fills` tells afterwards whether variables that may be read before they are set were given a filling.
    """

    def __init__(self, unit: c_ast.FileAST) -> None:
        super().__init__()
        self.fills = False
        self._unset: frozenset[str] = frozenset()
        self._declarations = Declarations()
        for node in unit.ext:
            self._declarations.declare(node.decl if isinstance(node, c_ast.FuncDef) else node)

    def visit_FuncDef(self, n: c_ast.FuncDef) -> str:  # noqa: N802
        self._unset = maybe_unset(n, self._declarations)
        # clang has no check of its own for the end of a C function that should have returned a value.
        text = super().visit_FuncDef(n).rstrip()
        self._unset = frozenset()
        assert text.endswith("}")
        return text if _returns_void(n) else f"{text[:-1]}__builtin_unreachable();\n}}\n"

    def _generate_stmt(self, n: c_ast.Node, add_indent: bool = False) -> str:
        text = str(super()._generate_stmt(n, add_indent))
        if not (self._unset and is_unset_local(n) and n.name in self._unset):
            return text
        self.fills = True
        return f"{text}__builtin_memset((void *)&{n.name}, surrogate_fill, sizeof {n.name});\n"

    def visit_Decl(self, n: c_ast.Decl, no_type: bool = False) -> str:  # noqa: N802
        text = str(super().visit_Decl(n, no_type))
        # The address of a variable in a register cannot be taken, and it is none here.
        return text.replace("register ", "", 1) if "register" in n.storage else text

    def _generate_struct_union_enum(self, n: c_ast.Node, name: str) -> str:
        unset, self._unset = self._unset, frozenset()  # fields are not variables
        text = str(super()._generate_struct_union_enum(n, name))
        self._unset = unset
        return text

    def visit_IdentifierType(self, n: c_ast.IdentifierType) -> str:  # noqa: N802
        names = list(n.names)
        if "double" in names:
            names = [name for name in names if name != "long"]
        elif names.count("long") == 1:
            names.insert(names.index("long"), "long")
        return " ".join(names)

    def visit_Constant(self, n: c_ast.Constant) -> str:  # noqa: N802
        if n.type in ("string", "char") or "'" in n.value or '"' in n.value:
            return str(n.value)
        value = str(n.value)
        digits = value.rstrip("uUlL")
        suffix = value[len(digits) :].lower()
        if "double" in n.type or "float" in n.type:
            return digits
        return digits + suffix.replace("ll", "l").replace("l", "ll")

    def visit_UnaryOp(self, n: c_ast.UnaryOp) -> str:  # noqa: N802
        text = super().visit_UnaryOp(n)
        return f"((unsigned long long)({text}))" if n.op in ("sizeof", "_Alignof") else text

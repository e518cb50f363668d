"""The functions of the C library: those that numeric programs may call, and what becomes of a call of another."""

from __future__ import annotations

from functools import cache

from pycparser import CParser, c_ast

from cprograms.libm import FUNCTIONS, called

MEMORY = {
    "memcpy": "void *memcpy(void *, const void *, unsigned long);",
    "memmove": "void *memmove(void *, const void *, unsigned long);",
    "memset": "void *memset(void *, int, unsigned long);",
    "memcmp": "int memcmp(const void *, const void *, unsigned long);",
}
"""The functions of <string.h> that programs may call, and their prototypes."""
PROTOTYPES = MEMORY | {form.name: form.prototype for name, _, form in called() if name == form.name}
"""C prototype of each callable library function, by name."""
BUILTINS = frozenset({name for name, _, form in called() if name != form.name})
BUILTINS |= {"__builtin_unreachable", "__builtin_trap", *(f"__builtin_{name}" for name in MEMORY)}
DECLARATIONS = " ".join(form.prototype for f in FUNCTIONS if f.header == "math.h" for form in f.forms)
"""The prototypes of our <math.h>, also of what numeric programs may not call."""


def _table(reasons: dict[str, str]) -> dict[str, str]:
    return {name: why for why, names in reasons.items() for name in names.split()}


DROPPED = _table(
    {
        "reads or writes files, the terminal or the system": (
            "printf fprintf vprintf vfprintf puts fputs putchar putc fputc fwrite perror fflush setbuf setvbuf"
        )
    }
)
"""Functions whose calls do nothing to a program's results, where these do not use what they return; and what they do.
Statements that call them are left out."""
TRAPPED = _table(
    {
        "reads or writes files, the terminal or the system": (
            "sprintf snprintf vsprintf vsnprintf scanf fscanf sscanf getchar getc fgetc fgets gets ungetc fopen fclose "
            "freopen fread fseek ftell rewind feof ferror read write open close system getenv remove rename exec execv "
            "execl fork popen"
        ),
        "is random": "rand srand random srandom drand48 erand48 lrand48 srand48 arc4random rand_r",
        "depends on the time": ("time clock gettimeofday clock_gettime localtime gmtime mktime ftime sleep usleep"),
        "allocates memory": "malloc calloc realloc free alloca aligned_alloc posix_memalign",
        "works on memory through pointers": (
            "strlen strcmp strncmp strcpy strncpy strcat strtod strtol atof atoi qsort bsearch"
        ),
        "leaves the function": "exit abort _exit _Exit quick_exit longjmp raise signal atexit __assert_fail",
    }
)
"""Functions whose calls end the row that reaches them, and what they do."""
FORBIDDEN = _table({"is inline assembly": "asm __asm__ __asm", "leaves the function": "setjmp _setjmp sigsetjmp"})
"""What a program may not call at all, and why."""
REFUSED = DROPPED | TRAPPED | FORBIDDEN | dict.fromkeys(MEMORY, "works on memory through pointers")
"""Why the functions that do more than compute numbers from numbers are not numeric."""

ERRNO = "surrogate_errno"
"""The object that `errno` is in our <errno.h>."""


@cache
def prototype(name: str) -> c_ast.Decl:
    """The declaration of a callable library function."""
    return CParser().parse(PROTOTYPES[name]).ext[0]

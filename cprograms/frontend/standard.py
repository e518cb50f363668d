"""The functions of the C library: those that numeric programs may call, and why the others are not."""

from __future__ import annotations

from functools import cache

from pycparser import CParser, c_ast

from cprograms.libm import FUNCTIONS, called

PROTOTYPES = {form.name: form.prototype for name, f, form in called() if name == form.name}
"""C prototype of each callable library function, by name."""
BUILTINS = frozenset({name for name, _, form in called() if name != form.name})
BUILTINS |= {"__builtin_unreachable", "__builtin_trap"}
DECLARATIONS = " ".join(form.prototype for f in FUNCTIONS if f.header == "math.h" for form in f.forms)
"""The prototypes of our <math.h>, also of what numeric programs may not call."""

_POINTERS = "works on memory through pointers"
_REFUSED = {
    "reads or writes files, the terminal or the system": (
        "printf fprintf sprintf snprintf vprintf vfprintf puts fputs putchar putc fputc scanf fscanf sscanf getchar "
        "getc fgetc fgets gets ungetc fopen fclose freopen fread fwrite fseek ftell fflush perror read write open "
        "close system getenv remove rename exec execv execl fork popen"
    ),
    "is random": "rand srand random srandom drand48 erand48 lrand48 srand48 arc4random rand_r",
    "depends on the time": "time clock gettimeofday clock_gettime localtime gmtime mktime difftime ftime sleep usleep",
    "allocates memory": "malloc calloc realloc free alloca aligned_alloc posix_memalign",
    _POINTERS: (
        "memcpy memmove memset memcmp strlen strcmp strncmp strcpy strncpy strcat strtod strtol atof atoi qsort "
        "bsearch sincos sincosf"
    ),
    "is inline assembly": "asm __asm__ __asm",
    "leaves the function": "exit abort _exit _Exit quick_exit longjmp setjmp raise signal atexit __assert_fail",
}
REFUSED = {name: why for why, names in _REFUSED.items() for name in names.split()}
REFUSED |= {form.name: _POINTERS for f in FUNCTIONS if not f.numeric for form in f.forms}


@cache
def prototype(name: str) -> c_ast.Decl:
    """The declaration of a callable library function."""
    return CParser().parse(PROTOTYPES[name]).ext[0]

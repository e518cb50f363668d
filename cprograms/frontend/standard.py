"""The functions of the C library: those that numeric programs may call, and why the others are not."""

from __future__ import annotations

from functools import cache

from pycparser import CParser, c_ast

# T is double, float in the form whose name ends in f, long double in the form whose name ends in l.
_TRIPLE = {
    "T(T)": (
        "acos asin atan cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 log log10 log1p log2 logb cbrt "
        "fabs sqrt erf erfc lgamma tgamma ceil floor nearbyint rint round trunc"
    ),
    "T(T, T)": "atan2 pow hypot fmod remainder copysign nextafter fdim fmax fmin",
    "T(T, T, T)": "fma",
    "T(T, int)": "ldexp scalbn",
    "T(T, long)": "scalbln",
    "int(T)": "ilogb",
    "long(T)": "lround lrint",
    "long long(T)": "llround llrint",
}
_SINGLE = {
    "double(double)": "j0 j1 y0 y1",
    "double(int, double)": "jn yn",
    "int(int)": "abs",
    "long(long)": "labs",
    "long long(long long)": "llabs",
}
_TESTS = "isnan isinf isfinite isnormal signbit isgreater isgreaterequal isless islessequal islessgreater isunordered"
_OTHERS = "popcount popcountll clz clzll ctz ctzll unreachable trap"


def _prototypes() -> dict[str, str]:
    """C prototype of each callable library function, by name."""
    found: dict[str, str] = {}
    for shape, names in _TRIPLE.items():
        for suffix, kind in (("", "double"), ("f", "float"), ("l", "long double")):
            result, _, arguments = shape.replace("T", kind).partition("(")
            found |= {n + suffix: f"{result} {n}{suffix}({arguments};" for n in names.split()}
    for shape, names in _SINGLE.items():
        result, _, arguments = shape.partition("(")
        found |= {n: f"{result} {n}({arguments};" for n in names.split()}
    return found


PROTOTYPES = _prototypes()
BUILTINS = frozenset(f"__builtin_{n}" for n in [*PROTOTYPES, *_TESTS.split(), *_OTHERS.split()])

_REFUSED = {
    "reads or writes files, the terminal or the system": (
        "printf fprintf sprintf snprintf vprintf vfprintf puts fputs putchar putc fputc scanf fscanf sscanf getchar "
        "getc fgetc fgets gets ungetc fopen fclose freopen fread fwrite fseek ftell fflush perror read write open "
        "close system getenv remove rename exec execv execl fork popen"
    ),
    "is random": "rand srand random srandom drand48 erand48 lrand48 srand48 arc4random rand_r",
    "depends on the time": "time clock gettimeofday clock_gettime localtime gmtime mktime difftime ftime sleep usleep",
    "allocates memory": "malloc calloc realloc free alloca aligned_alloc posix_memalign",
    "works on memory through pointers": (
        "memcpy memmove memset memcmp strlen strcmp strncmp strcpy strncpy strcat strtod strtol atof atoi qsort "
        "bsearch frexp modf remquo frexpf modff remquof sincos sincosf nan nanf"
    ),
    "is inline assembly": "asm __asm__ __asm",
    "leaves the function": "exit abort _exit _Exit quick_exit longjmp setjmp raise signal atexit __assert_fail",
}
REFUSED = {name: why for why, names in _REFUSED.items() for name in names.split()}


@cache
def prototype(name: str) -> c_ast.Decl:
    """The declaration of a callable library function."""
    return CParser().parse(PROTOTYPES[name]).ext[0]

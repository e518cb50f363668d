"""Programs that are rejected: name, source, where each diagnostic stands (line:column) and what it says.

One table for the front end and for the command line.
"""

from __future__ import annotations

from typing import NamedTuple


class Bad(NamedTuple):
    name: str
    source: str | bytes
    faults: tuple[tuple[str, str], ...]
    """Place as `line:column`, `line` or "" (the whole file), and a fragment of the message, in order."""


def _bad(name: str, source: str | bytes, *faults: tuple[str, str]) -> Bad:
    return Bad(name, source, faults)


_CHAIN = "int f(int x) { return %s; }"
_MACRO_BOMB = "#define A0 x\n" + "".join(f"#define A{i} A{i - 1} A{i - 1}\n" for i in range(1, 34))

BAD = [
    # Not a program at all
    _bad("empty", "", ("", "defines no function")),
    _bad("blank", " \n\t\n", ("", "defines no function")),
    _bad("comment only", "/* nothing */\n", ("", "defines no function")),
    _bad("junk", bytes(range(1, 256)) * 4, ("1:1", "expected")),
    _bad("nul byte", b"double f(double x)\n{ return x\0; }", ("2", "binary file")),
    _bad("10 MB", b"lorem ipsum\n" * 900_000, ("", "larger than 1 MB")),
    _bad("prose", b"lorem ipsum\n" * 20_000, ("1:1", "unknown type name 'lorem'")),
    _bad("macro bomb", f"{_MACRO_BOMB}int f(int x) {{ return A33; }}", ("", "preprocessed text is larger")),
    _bad("unterminated comment", "double f(double x) { return x; }\n/* abc", ("2:1", "unterminated /* comment")),
    _bad("no function", "static int x;\n", ("", "defines no function")),
    _bad("prototype only", "double f(double x);\n", ("", "defines no function")),
    # Preprocessing
    _bad(
        "missing include", '#include <math.h>\n#include "no.h"\ndouble f(double x) { return x; }', ("2:10", "not found")
    ),
    _bad("error directive", "#error stop\ndouble f(double x) { return x; }", ("1:2", "stop")),
    _bad("unterminated if", "#ifdef A\ndouble f(double x) { return x; }", ("1:2", "unterminated")),
    # Syntax and names
    _bad("missing operand", "double f(double x) {\n  return x +;\n}", ("2:13", "expected expression")),
    _bad("missing semicolon", "double f(double x) {\n  double y = x\n  return y;\n}", ("2:15", "expected ';'")),
    _bad("missing brace", "double f(double x) {\n  return x;\n", ("3:1", "expected '}'")),
    _bad("extra brace", "double f(double x) {\n  return x;\n}}\n", ("3:2", "extraneous closing brace")),
    _bad("undeclared variable", "double f(double x) { return x * y; }", ("1:33", "undeclared identifier 'y'")),
    _bad("undeclared function", "double f(double x) { return g(x); }", ("1:29", "call to undeclared function 'g'")),
    _bad("missing math.h", "double f(double x) { return sin(x); }", ("1:29", "undeclared library function 'sin'")),
    _bad("wrong type", "struct s { int a; }; int f(int x) { struct s t = x; return x; }", ("1:46", "initializing")),
    _bad("too many arguments", "#include <math.h>\ndouble f(double x) { return sin(x, x); }", ("2:36", "too many")),
    _bad("octal", "int f(int x) { return x + 089; }", ("1:28", "invalid digit '8'")),
    _bad("huge integer", _CHAIN % ("x + " + "9" * 5000), ("1:27", "too large")),
    _bad("line directive", '#line 7 "orig.y"\ndouble f(double x) { return x * y; }', ("7:33", "undeclared identifier")),
    # Nesting
    _bad("parentheses", _CHAIN % ("(" * 10_000 + "x" + ")" * 10_000), ("1:2071", "nesting level")),
    _bad("minuses", _CHAIN % ("- " * 10_000 + "x"), ("1:1", "nested too deeply")),
    _bad("sum of 10,000", _CHAIN % ("x + " * 10_000 + "x"), ("1:5", "nested more than")),
    _bad("conditionals", _CHAIN % ("x ? x : " * 5000 + "x"), ("1:1", "nested too deeply")),
    _bad("else if", "int f(int x) { " + "if (x) return 1; else " * 3000 + "return 2; }", ("1:1", "nested too deeply")),
    _bad("unclosed attributes", "__attribute__((" * 50_000, ("1:15390", "nesting level")),
    _bad("closing braces", "}" * 100_000, ("1:1", "extraneous closing brace")),
    _bad("endless old style", "int f(a) " + "int a;" * 20_000, ("1:20", "redefinition of parameter")),
    _bad(
        "huge case range", "int f(int x) { switch (x) { case 0 ... 1000000000000000000000: ; } }", ("1:40", "too large")
    ),
    _bad("blocks", "int f(int x) " + "{" * 5000 + "}" * 5000, ("1:2062", "nesting level")),
    _bad("pointers", "int " + "*" * 3000 + "f(int x) { return 0; }", ("1:3005", "nested more than")),
    _bad(
        "typedef chain",
        "typedef int t0;\n"
        + "".join(f"typedef t{i} t{i + 1};\n" for i in range(2000))
        + "t2000 f(int x) { return x; }",
        ("2002:7", "nested too deeply"),
    ),
    _bad(
        "doubling structs",
        "struct s0 { int a, b; };\n"
        + "".join(f"struct s{i + 1} {{ struct s{i} a, b; }};\n" for i in range(24))
        + "int f(int x) { struct s24 y; return x; }",
        ("26:27", "more than 1000 fields"),
    ),
    # Signatures
    _bad(
        "17 arguments",
        f"double f({', '.join(f'int a{i}' for i in range(17))}) {{ return a0; }}",
        ("1:8", "17 arguments"),
    ),
    _bad("no arguments", "double f(void) { return 1; }", ("1:8", "takes no arguments")),
    _bad("empty parentheses", "double f() { return 1; }", ("1:8", "takes no arguments")),
    _bad("no result", "void f(double x) { }", ("1:6", "returns nothing")),
    _bad("pointer result", "double *f(double x) { return 0; }", ("1:8", "pointers are not numeric")),
    _bad(
        "five results",
        "struct s { int a, b, c, d, e; };\nstruct s f(int x) { struct s r = {x}; return r; }",
        ("2:10", "more than 4 numbers"),
    ),
    _bad(
        "array result",
        "struct s { int a[2]; };\nstruct s f(int x) { struct s r = {{x}}; return r; }",
        ("2:10", "holds an array"),
    ),
    _bad(
        "struct argument", "struct s { int a; };\nint f(struct s x) { return x.a; }", ("2:16", "structs as arguments")
    ),
    _bad(
        "pointer argument",
        "double f(double *p) {\n  return *p;\n}",
        ("1:17", "'p': pointers"),
        ("2:11", "through a pointer"),
    ),
    _bad("array argument", "double f(double a[3]) { return a[0]; }", ("1:17", "array parameters are pointers")),
    _bad("varargs", "double f(double x, ...) { return x; }", ("1:20", "variable number of arguments")),
    _bad(
        "complex",
        "double f(double x) { double _Complex z = x; return 0; }",
        ("1:38", "complex numbers are not numeric"),
    ),
    # Effects and state
    _bad(
        "global written",
        "int n;\nint f(int x) {\n  n = x;\n  n++;\n  return n;\n}",
        ("3:3", "'n' is a global that can change, and it is written"),
        ("4:3", "written"),
        ("5:10", "read"),
    ),
    _bad(
        "global elsewhere", "extern const int n;\nint f(int x) { return n + x; }", ("2:23", "defined outside this file")
    ),
    _bad(
        "in a helper",
        "int n;\nstatic int g(int x) { return n; }\nint f(int x) { return g(x); }\n#pragma surrogate entry(f)",
        ("2:30", "can change"),
    ),
    _bad("static local", "int f(int x) { static int n; return ++n; }", ("1:27", "static local")),
    _bad(
        "printf",
        '#include <stdio.h>\nint f(int x) { printf("%d", x); return x; }',
        ("2:16", "'printf' reads or writes"),
    ),
    _bad(
        "several",
        "#include <stdlib.h>\n#include <time.h>\nint f(int x) {\n  x += rand();\n  return x + time(0);\n}",
        ("4:8", "'rand' is random"),
        ("5:14", "'time' depends on the time"),
    ),
    _bad("malloc", "#include <stdlib.h>\nint f(int x) { for (;;) malloc(100); }", ("2:25", "allocates memory")),
    _bad(
        "undefined function",
        "double g(double);\ndouble f(double x) { return g(x); }",
        ("2:29", "not defined in this file"),
    ),
    _bad(
        "function value",
        "int g(int x) { return x; }\nint f(int x) { return x + (g == 0); }\n#pragma surrogate entry(f)",
        ("2:28", "function used as a value"),
    ),
    _bad("assembly", 'int f(int x) { __asm__("nop"); return x; }', ("1:16", "inline assembly")),
    _bad("volatile", "int f(int x) { volatile int y = x; return y; }", ("1:29", "is volatile")),
    _bad(
        "union",
        "int f(int x) { union { int a; float b; } u; u.a = x; return u.b; }",
        ("1:42", "unions are not numeric"),
    ),
    _bad(
        "bit-field",
        "struct s { int a : 3; };\nint f(int x) { struct s t; t.a = x; return t.a; }",
        ("2:25", "bit-fields"),
    ),
    _bad("variable array", "int f(int x) { int t[x]; t[0] = x; return t[0]; }", ("1:20", "integer constant")),
    _bad(
        "vector",
        "typedef float v __attribute__((vector_size(16)));\nfloat f(float x) { v y = {x}; return y[0]; }",
        ("2:22", "not supported"),
    ),
    _bad(
        "macro",
        "#define SQ(p) ((p) * (p))\nint n;\nint f(int   x) { /* c */ return SQ(n)   +  x; }",
        ("3:36", "can change"),
    ),
    _bad("elvis", "int f(int x) {\n  return x++ ?: 2;\n}", ("2:15", "without a middle operand")),
    _bad("label address", "int f(int x) { void *p = &&l; goto *p; l: return x; }", ("1:24", "addresses of labels")),
    # Pragmas
    _bad("pragma: one bound", "#pragma surrogate range(x, 0)\nint f(int x) { return x; }", ("1:9", "malformed")),
    _bad("pragma: unknown word", "#pragma surrogate rnge(x, 0, 1)\nint f(int x) { return x; }", ("1:9", "malformed")),
    _bad(
        "pragma: empty range",
        "#pragma surrogate range(x, 1, 0)\nint f(int x) { return x; }",
        ("1:9", "is empty: 1 > 0"),
    ),
    _bad(
        "pragma: nan",
        "#pragma surrogate range(x, 0, nan)\nint f(int x) { return x; }",
        ("1:9", "'nan' is not a number"),
    ),
    _bad("pragma: overflow", "#pragma surrogate range(x, 0, 1e999)\nfloat f(float x) { return x; }", ("1:9", "finite")),
    _bad(
        "pragma: fraction", "#pragma surrogate range(x, 0.5, 2)\nint f(int x) { return x; }", ("1:9", "whole numbers")
    ),
    _bad(
        "pragma: type",
        "#pragma surrogate range(x, 0, 256)\nint f(unsigned char x) { return x; }",
        ("1:9", "does not fit"),
    ),
    _bad(
        "pragma: argument", "#pragma surrogate range(y, 0, 1)\nint f(int x) { return x; }", ("1:9", "no argument 'y'")
    ),
    _bad("pragma: entry", "#pragma surrogate entry(g)\nint f(int x) { return x; }", ("1:9", "defines no function 'g'")),
    _bad(
        "pragma: inside",
        "int f(int x) {\n#pragma surrogate range(x, 0, 1)\nreturn x; }",
        ("2:9", "inside a declaration"),
    ),
    _bad(
        "pragmas: all of them",
        "#pragma surrogate range(x)\n#pragma surrogate\nint f(int x) { return x; }",
        ("1:9", "malformed"),
        ("2:9", "malformed"),
    ),
    # Several functions
    _bad(
        "none of two",
        "void g(int x) { }\nint f(int *x) { return x[0] + *x; }",
        ("", "none of the 2 functions is numeric; the nearest is 'g'"),
        ("1:6", "returns nothing"),
    ),
]

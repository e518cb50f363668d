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
    _bad("utf-16", "double f(double x) { return x; }".encode("utf-16"), ("1", "text in UTF-16")),
    _bad("nul byte", b"double f(double x)\n{ return x\0; }", ("2", "binary file")),
    _bad("10 MB", b"lorem ipsum\n" * 900_000, ("", "larger than 1 MB")),
    _bad("prose", b"lorem ipsum\n" * 20_000, ("1:1", "unknown type name 'lorem'")),
    _bad("macro bomb", f"{_MACRO_BOMB}int f(int x) {{ return A33; }}", ("", "preprocessed text is larger")),
    _bad("unterminated comment", "double f(double x) { return x; }\n/* abc", ("2:1", "unterminated /* comment")),
    _bad("no function", "static int x;\n", ("", "defines no function")),
    _bad("prototype only", "double f(double x);\n", ("", "defines no function")),
    # Preprocessing
    _bad(
        "missing include",
        '#include <math.h>\n#include "no.h"\ndouble f(double x) { return NO * x; }',
        ("2:10", "not found"),
        ("3:29", "undeclared identifier 'NO'"),
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
        "65 arguments",
        f"double f({', '.join(f'int a{i}' for i in range(65))}) {{ return a0; }}",
        ("1:8", "takes 65 numbers; at most 64"),
    ),
    _bad("no arguments", "double f(void) { return 1; }", ("1:8", "takes no arguments")),
    _bad("empty parentheses", "double f() { return 1; }", ("1:8", "takes no arguments")),
    _bad("no result", "void f(double x) { }", ("1:6", "gives no result")),
    _bad("varargs", "double f(double x, ...) { return x; }", ("1:20", "variable number of arguments")),
    _bad(
        "complex",
        "double f(double x) { double _Complex z = x; return 0; }",
        ("1:38", "complex numbers are not numeric"),
    ),
    # Effects and state
    _bad(
        "one mistake, told once",
        "extern int n;\nint f(int x) {\n  n = x;\n  n++;\n  return n;\n}",
        ("3:3", "'n' is defined outside this file"),
    ),
    _bad(
        "the compiler's, told once",
        "int f(int x) {\n  n = x;\n  n++;\n  return n;\n}",
        ("2:3", "undeclared identifier 'n'"),
    ),
    _bad(
        "global elsewhere", "extern const int n;\nint f(int x) { return n + x; }", ("2:23", "defined outside this file")
    ),
    _bad(
        "in a helper",
        "extern int n;\nstatic int g(int x) { return n; }\nint f(int x) { return g(x); }\n#pragma surrogate entry(f)",
        ("2:30", "defined outside this file"),
    ),
    _bad("volatile global", "volatile int n;\nint f(int x) { return n + x; }", ("1:14", "is volatile")),
    _bad("atomic", "_Atomic int n;\nint f(int x) { return n + x; }", ("1:13", "is atomic")),
    _bad(
        "static of a local type",
        "int f(int x) {\n  struct s { int n; };\n  static struct s t;\n  return t.n += x;\n}",
        ("3:19", "'t' is static, and counts on what 'f' declares"),
    ),
    _bad(
        "the value of printf",
        '#include <stdio.h>\nint f(int x) { return printf("%d", x); }',
        ("2:23", "'printf' reads or writes"),
    ),
    _bad(
        "a helper that always leaves",
        "#include <stdlib.h>\nstatic int g(int x) {\n  if (x) x++;\n  exit(x);\n}\nint f(int x) { return g(x); }",
        ("4:3", "'exit' leaves the function"),
    ),
    _bad(
        "always a variable number",
        "static int g(int x, ...) { return x; }\nint f(int x) { return g(x, 1); }",
        ("2:23", "'g' takes a variable number of arguments"),
    ),
    _bad("setjmp", "#include <setjmp.h>\njmp_buf b;\nint f(int x) { return x ? setjmp(b) : 0; }", ("3:27", "leaves")),
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
    _bad("assembly", 'int f(int x) { __asm__("nop"); return x; }', ("1:16", "inline assembly")),
    _bad("volatile target", "int f(int x) { volatile int *y = &x; return *y; }", ("1:29", "is volatile")),
    _bad(
        "vector",
        "typedef float v __attribute__((vector_size(16)));\nfloat f(float x) { v y = {x}; return y[0]; }",
        ("2:22", "not supported"),
    ),
    _bad(
        "macro",
        "#define SQ(p) ((p) * (p))\nextern int n;\nint f(int   x) { /* c */ return SQ(n)   +  x; }",
        ("3:36", "defined outside"),
    ),
    _bad("elvis call", "int g(int);\nint f(int x) { return g(x) ?: 2; }", ("2:29", "without a middle operand")),
    _bad("empty range", "int f(int x) { int t[4] = {[3 ... 2] = 1}; return t[x & 3]; }", ("1:31", "empty")),
    _bad(
        "range of no numbers",
        "enum { N = 2 };\nint f(int x) { switch (x) { case 0 ... N: return 1; } return 0; }",
        ("2:40", "the bounds of a range must be numbers"),
    ),
    _bad(
        "large range", "char t[9999] = {[0 ... 9998] = 1};\nint f(int x) { return t[x]; }", ("1:18", "more than 4,096")
    ),
    _bad(
        "generic",
        "int f(int x) { struct s { int a; } s = {x}; return _Generic(s, int: 1, double: 2); }",
        ("1:61", "not compatible with any generic association"),
    ),
    _bad(
        "assembly with operands",
        'int f(int x)\n{\n  x++;\n  __asm__ volatile ("" : "+r"(x));\n  return x;\n}',
        ("4:3", "inline assembly is not supported"),
    ),
    _bad("imaginary", "double f(double x) {\n  return x * 2.0i;\n}", ("2:14", "complex numbers are not numeric")),
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
        "the chosen one",
        "int g(int x) { return x; }\nint h(int);\nint f(int x) { return x + rand(); }\n"
        "static int i(int x) { return f(x) + h(x); }\nint j(int x) { return i(x); }",
        ("", "'j' is taken for the entry, and it is not numeric"),
        ("3:27", "call to undeclared function 'rand'"),
        ("4:37", "'h' is called but not defined in this file"),
    ),
]

"""Tape programs that are rejected: name, source, and where each diagnostic stands (line:column) and what it says.

One table for the front end and for the command line.
"""

from __future__ import annotations

from typing import NamedTuple


class BadTape(NamedTuple):
    name: str
    source: str | bytes
    faults: tuple[tuple[str, str], ...]
    """Place as `line:column`, or "" (the whole file), and a fragment of the message or of the hint, in order."""


def _bad(name: str, source: str | bytes, *faults: tuple[str, str]) -> BadTape:
    return BadTape(name, source, faults)


def _body(name: str, body: str, *faults: tuple[str, str]) -> BadTape:
    """A program whose statements begin on line 2."""
    return BadTape(name, f"void f(int *mem) {{\n{body}\n}}\n", faults)


BAD_TAPES = [
    # Not a program at all
    _bad("empty", "", ("", "defines no function")),
    _bad("comment only", "/* nothing */\n", ("", "void f(int *mem)")),
    _bad("binary", b"\x7fELF\x02\x01\x00\x00" * 8, ("1", "binary file")),
    _bad("junk", bytes(range(1, 256)) * 4, ("1:1", "expected")),
    _bad("unterminated comment", "void f(int *mem) { mem[0] = 1; }\n/* abc", ("2:1", "unterminated /* comment")),
    _bad("missing brace", "void f(int *mem) {\n  mem[0] = 1;\n", ("3:1", "expected '}'")),
    _bad("missing semicolon", "void f(int *mem) {\n  mem[0] = 1\n}\n", ("2:13", "expected ';'")),
    _bad("deep parentheses", f"void f(int *m) {{ m[0] = {'(' * 9999}1{')' * 9999}; }}", ("1:2073", "nesting level")),
    _bad("deep blocks", "void f(int *m) " + "{" * 200 + "}" * 200, ("1:6", "nested more than 150 levels")),
    _bad("long sum", "void f(int *m) { m[0] = " + "m[1] + " * 200 + "1; }", ("1:6", "nested more than 150 levels")),
    # The entry
    _bad("numeric program", "int f(int x) {\n  return x;\n}", ("1:5", "returns a value"), ("1:5", "--target mlp")),
    _bad(
        "float program",
        "double f(double x) { return 2 * x; }",
        ("1:8", "double is not a type of a tape program"),
        ("1:17", "--target mlp"),
    ),
    _bad("no argument", "void f(void) { }", ("1:6", "takes nothing")),
    _bad("a number", "void f(int x) { }", ("1:6", "takes a number")),
    _bad("two arguments", "void f(int *mem, int n) { }", ("1:6", "takes 2 arguments")),
    _bad("two tapes", "void f(int *a, int *b) { }", ("1:6", "takes 2 arguments"), ("1:20", "only one tape")),
    _bad("entry returns int", "int f(int *mem) { return 0; }", ("1:5", "returns a value")),
    _bad(
        "entry returns a pointer",
        "int *f(int *mem) { return mem; }",
        ("1:6", "returns a pointer"),
        ("1:27", "'mem' is the tape"),
    ),
    _bad("value returned", "void f(int *mem) {\n  return 1;\n}", ("2:3", "should not return a value")),
    _bad("float tape", "void f(float *mem) { mem[0] = 1; }", ("1:14", "--target mlp")),
    _bad("byte tape", "void f(unsigned char *mem) { mem[0] = 1; }", ("1:22", "holds 8 bits only")),
    _bad("tape of pointers", "void f(int **mem) { }", ("1:13", "only the tape itself")),
    _bad("tape of rows", "void f(int mem[2][3]) { }", ("1:12", "arrays of one dimension only")),
    _bad(
        "several, none fits",
        "int f(int x) { return x; }\nint g(int x) { return x; }",
        ("", "'g' is taken for the entry"),
    ),
    # Types
    _body("float local", "  float x = 0;", ("2:9", "'x': float is not a type")),
    _body("float literal", "  mem[0] = 1.5;", ("2:12", "1.5 is not a value")),
    _body("char", "  char c = 0;\n  short s = 1;", ("2:8", "holds 8 bits"), ("3:9", "declare it int")),
    _body(
        "struct", "  struct p { int x; } p;\n  p.x = 1;", ("2:23", "'p': structs"), ("3:3", "structs are not values")
    ),
    _body("union", "  union { int x; int y; } u;", ("2:27", "unions are not")),
    _body("pointer", "  int *p = mem;", ("2:7", "'p': pointers other than the tape"), ("2:12", "'mem' is the tape")),
    _body("function pointer", "  void (*g)(int *);", ("2:9", "pointers to functions")),
    _body("complex", "  double _Complex z;", ("2:19", "is not a type of a tape program")),
    _body("volatile", "  volatile int x = 0;", ("2:16", "remove the qualifier")),
    _body("static local", "  static int n;", ("2:14", "lives on between calls")),
    _body("string", '  char *s = "abc";', ("2:8", "'s': char holds"), ("2:13", "strings are not")),
    _body("cast to float", "  mem[0] = (double)mem[1];", ("2:12", "double is not a type")),
    _body("cast to a pointer", "  mem[0] = *(int *)mem;", ("2:13", "only the tape and local arrays have cells")),
    # The tape and arrays
    _body("tape increment", "  mem++;", ("2:3", "'mem' cannot move")),
    _body(
        "tape moved",
        "  mem += 2;\n  mem = mem + 1;",
        ("2:3", "cannot move"),
        ("3:3", "use mem[i]"),
        ("3:9", "is the tape"),
    ),
    _body("read and move", "  int x = *mem++;", ("2:12", "only the tape and local arrays have cells")),
    _body("address of a cell", "  *&mem[0] = 1;", ("2:5", "only the tape and local arrays have cells")),
    _body("address of a local", "  int x = 1;\n  mem[0] = *(&x);", ("3:15", "only the tape")),
    _body("address as a value", "  if (&mem[1]) mem[0] = 1;", ("2:8", "addresses cannot be taken")),
    _body("tape as a condition", "  if (mem) mem[0] = 1;", ("2:7", "'mem' is the tape, not a value")),
    _body("tape hidden", "  { int mem = 1; }", ("2:9", "'mem' hides the tape")),
    _body("no base", "  int x = 1;\n  mem[0] = x[1];", ("3:13", "subscripted value is not an array")),
    _body("variable length", "  int n = mem[0];\n  int a[n];", ("3:7", "array of variable length")),
    _body("empty array", "  int a[0];", ("2:7", "has 0 cells")),
    _body("huge array", "  int a[100000];", ("2:7", "an array has 1 to 4096")),
    _body("rows", "  int a[2][2];", ("2:7", "'a': arrays of one dimension only")),
    _body("too many values", "  int a[2] = {1, 2, 3};", ("2:21", "more values than the 2 cells")),
    _body("outside an array", "  int a[2];\n  a[2] = 1;", ("3:5", "cell 2 is outside the array 'a'")),
    _body("array as a value", "  int a[2];\n  if (a) a[0] = 1;", ("3:7", "'a' is an array, not a value")),
    # Operators
    _body(
        "bits", "  mem[0] = mem[1] & 3;\n  mem[0] |= 1;", ("2:12", "operator & is not"), ("3:3", "operator |= is not")
    ),
    _body("shift", "  mem[0] = 1 << mem[1];\n  mem[1] >>= 1;", ("2:12", "operator <<"), ("3:3", "operator >>=")),
    _body("complement", "  mem[0] = ~mem[1];", ("2:13", "operator ~")),
    _body("sizeof", "  mem[0] = sizeof(int);\n  mem[1] = sizeof mem[0];", ("2:12", "no bytes"), ("3:12", "no bytes")),
    _body(
        "division by zero", "  mem[0] = mem[1] / 0;\n  mem[0] %= 2 - 2;", ("2:12", "division by zero"), ("3:3", "zero")
    ),
    _body("zero in a constant", "  mem[0] = 1 / 0;", ("2:12", "division by zero in a constant")),
    _body("large constant", "  mem[0] = 9000000000000000000 * 2;", ("2:12", "too large")),
    _body("bool step", "  _Bool b = 1;\n  b += 1;", ("3:3", "which only = can write")),
    # Constants and globals
    _bad("global", "int n;\nvoid f(int *mem) { n = 1; }", ("2:20", "'n' is a global that can change")),
    _bad("global read", "int n = 3;\nvoid f(int *mem) { mem[0] = n; }", ("2:29", "declare it const")),
    _bad("table", "const int t[2] = {1, 2};\nvoid f(int *mem) { mem[0] = t[1]; }", ("1:11", "is a table")),
    _bad("extern", "extern const int n;\nvoid f(int *mem) { mem[0] = n; }", ("2:29", "defined outside this file")),
    _bad("const written", "const int n = 3;\nvoid f(int *mem) { n = 1; }", ("2:22", "const-qualified")),
    _bad("float constant", "const double n = 3;\nvoid f(int *mem) { mem[0] = n; }", ("1:14", "'n': double is not")),
    _bad("undeclared", "void f(int *mem) { mem[0] = x; }", ("1:29", "undeclared identifier 'x'")),
    # Calls
    _body("unknown function", "  mem[0] = g(1);", ("2:12", "undeclared function 'g'")),
    _bad("prototype only", "int g(int x);\nvoid f(int *mem) { mem[0] = g(1); }", ("2:29", "only min and max")),
    _bad("printf", '#include <stdio.h>\nvoid f(int *mem) { printf("x"); }', ("2:20", "'printf' reads or writes files")),
    _bad("sin", "#include <math.h>\nvoid f(int *mem) { mem[0] = sin(1); }", ("2:29", "--target mlp")),
    _bad("malloc", "#include <stdlib.h>\nvoid f(int *mem) { malloc(3); }", ("2:20", "allocates memory")),
    _body("min of three", "  mem[0] = min(1, 2, 3);", ("2:12", "min takes two arguments")),
    _bad(
        "recursion",
        "static int g(int x) {\n  return x ? g(x - 1) : 0;\n}\nvoid f(int *mem) { mem[0] = g(3); }",
        ("2:14", "recursion is not supported"),
    ),
    _bad(
        "mutual recursion",
        "static int h(int x);\nstatic int g(int x) { return h(x); }\nstatic int h(int x) { return g(x); }\n"
        "void f(int *mem) { mem[0] = g(3); }",
        ("3:30", "recursion is not supported"),
    ),
    _bad("entry calls itself", "void f(int *mem) { f(mem); }", ("1:20", "'f' calls itself")),
    _bad(
        "part of the tape passed",
        "static void g(int *m) { m[0] = 1; }\nvoid f(int *mem) {\n  g(mem + 1);\n  g(&mem[2]);\n}",
        ("3:5", "only the tape itself can be passed"),
        ("4:6", "pass mem, and the index"),
    ),
    _bad(
        "array passed",
        "static void g(int *m) { m[0] = 1; }\nvoid f(int *mem) { int a[2]; g(a); }",
        ("2:32", "only the tape itself"),
    ),
    _bad(
        "too few arguments",
        "static int g(int x) { return x; }\nvoid f(int *mem) { mem[0] = g(); }",
        ("2:31", "too few"),
    ),
    _bad(
        "call through a pointer",
        "static int g(int x) { return x; }\nvoid f(int *mem) {\n  int (*h)(int) = g;\n  mem[0] = h(1);\n}",
        ("3:8", "pointers to functions"),
        ("3:19", "used as a value"),
        ("4:12", "through a pointer"),
    ),
    _bad(
        "helper of floats",
        "static float g(float x) { return x; }\nvoid f(int *mem) { mem[0] = g(1); }",
        ("1:14", "float is not a type"),
        ("1:22", "'x': float"),
    ),
    _bad(
        "variable arguments",
        "static int g(int x, ...) { return x; }\nvoid f(int *mem) { mem[0] = g(1); }",
        ("1:21", "variable number of arguments"),
    ),
    _bad(
        "helpers that double",
        "static int g0(int x) { return x; }\n"
        + "".join(f"static int g{i}(int x) {{ return g{i - 1}(x) + g{i - 1}(x + 1); }}\n" for i in range(1, 40))
        + "void f(int *mem) { mem[0] = g39(1); }",
        ("41:6", "too long with its helpers inlined"),
    ),
    # Statements
    _body("goto", "  goto end;\n  mem[0] = 1;\n  end: ;", ("2:3", "goto is not supported")),
    _body("case inside", "  switch (mem[0]) { case 0: if (mem[1]) { case 1: ; } }", ("2:43", "directly in the body")),
    _body("before the first case", "  switch (mem[0]) { mem[1] = 2; case 0: ; }", ("2:21", "never reached")),
    _body("variable case", "  int n = 1;\n  switch (mem[0]) { case n: ; }", ("3:26", "not an integer constant")),
    _body("assembly", '  __asm__("nop");', ("2:3", "is inline assembly")),
    # All faults at once
    _body(
        "several",
        "  float x = 1;\n  goto end;\n  mem[0] = mem[1] ^ 2;\n  end: mem++;",
        ("2:9", "float"),
        ("3:3", "goto"),
        ("4:12", "operator ^"),
        ("5:8", "cannot move"),
    ),
]

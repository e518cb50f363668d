"""Random programs of several files, whose files mean different things by the same few names."""

from __future__ import annotations

from random import Random

_NAMES = ("u", "v", "w", "t", "k")
_HEADER = """
#ifndef COMMON_H
#define COMMON_H
#include <math.h>
typedef struct {{ {real} x, y; }} pair;
struct point {{ int m; pair p; }};
enum {{ SIDES = {sides} }};
static const double weights[SIDES + 1] = {{ 1, {weight} }};
static inline double common(double x)
{{ pair p = {{ x, UNIT }}; struct point q = {{ 3, p }}; return p.x + q.p.y * q.m; }}
static inline double weighed(double x) {{ return x * weights[1] + sizeof(pair); }}
#endif
"""


def random_files(seed: int) -> dict[str, str]:
    """Files of C by name, the header among them; `f`, a function of two doubles, is in a.c."""
    random = Random(seed)
    files = [f"{letter}.c" for letter in "abcd"[: random.randint(2, 4)]]
    helpers = {f"helper{i}": random.choice(files) for i in range(random.randint(2, 5))}
    tables = {f"table{i}": random.choice(files) for i in range(2)}
    made = {"common.h": _HEADER.format(real="double", sides=random.randint(1, 3), weight=random.randint(2, 9))}
    return made | {file: _file(file, helpers, tables, random) for file in files}


def _file(file: str, helpers: dict[str, str], tables: dict[str, str], random: Random) -> str:
    lines = [f"#define UNIT {random.choice((1, 1, 2.5))}", '#include "common.h"']
    lines += [f"extern const double {name}[3];" for name in tables]
    lines += [f"double {name}(double x);" for name in helpers]
    terms = ["x", "common(x)", "weighed(x)", "SIDES"]
    for name in random.sample(_NAMES, random.randint(1, len(_NAMES))):
        declaration, term = _thing(name, random)
        lines.append(declaration)
        terms.append(term)
    for name, home in tables.items():
        if home == file:
            lines.append(f"const double {name}[3] = {{ {', '.join(str(random.randint(1, 9)) for _ in range(3))} }};")
    own = [name for name, home in helpers.items() if home == file]
    for name in own:  # which call only helpers of greater numbers, and so end
        later = [f"{other}(x + 1)" for other in helpers if other > name]
        chosen = random.sample([*terms, *later, *(f"{t}[2]" for t in tables)], 3)
        lines.append(f"double {name}(double x) {{ return {' + 0.5 * '.join(chosen)}; }}")
    if file == "a.c":
        calls = [f"{name}(y)" for name in helpers]
        lines.append(f"double f(double x, double y) {{ return {' + '.join([*terms, *calls])}; }}")
    return "\n".join(lines) + "\n"


def _thing(name: str, random: Random) -> tuple[str, str]:
    """A declaration of something that a file has by itself, and a term that uses it."""
    number = random.randint(1, 9)
    return random.choice(
        [
            (f"static double {name}(double x) {{ return x * {number}; }}", f"{name}(x)"),
            (f"static const double {name} = {number};", f"{name}"),
            (f"static const int {name}[2] = {{ {number}, 2 }};", f"{name}[0]"),
            (f"enum {{ {name} = {number} }};", f"{name}"),
            (f"typedef float {name};", f"({name})(x / {number})"),
            (f"struct {name} {{ float a; double {name}; }};", f"((struct {name}){{ {number}, x }}).{name}"),
            (f"static const struct {{ float a; union {{ double b; }} c; }} {name} = {{ {number} }};", f"{name}.a"),
            (f"union {name} {{ double a; }};", f"((union {name}){{ {number} }}).a"),
            (
                f"struct {name} {{ double a[{number}]; }}; static double size_{name}(double {name}) "
                f"{{ struct {name} s = {{ {{ {name} }} }}; return s.a[0] + sizeof s; }}",
                f"size_{name}(x)",
            ),
        ]
    )

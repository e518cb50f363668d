"""Files are read whatever of their includes is missing, and functions parsed whatever of their types is."""

from __future__ import annotations

import pytest

from cprograms.frontend import parse
from cprograms.harvest import reading
from cprograms.harvest.includes import prepare
from tests.cprograms.harvest.trees import harvested, harvested_text, open_reader, write_tree

# A function, and what its signature or body needs that no header says.
TOLERATED = {
    "an unknown type": "double f(widget_t *w, double x) { return x * 2 + 1 / x; }",
    "a known type of a missing header": "gdouble f(gdouble x) { return x * 2 + 1 / x; }",
    "a macro before the type": "EXPORT_API double f(double x) { return x * 2 + 1 / x; }",
    "a macro after the type": "double WINAPI f(double x) { return x * 2 + 1 / x; }",
    "a macro after an argument": "double f(double x, int n ATTRIBUTE_UNUSED) { return x * 2 + 1 / x; }",
    "a local of an unknown type": "double f(double x) { widget_t *w = 0; thing_t t; return x * 2 + 1 / x; }",
    "a cast to an unknown pointer": "double f(double x, void *p) { return ((widget_t *) p)->k * 0 + (x * 2 + 1 / x); }",
    "a cast to an unknown type": "double f(double x) { double y = (real_t) x; return y * 2 + 1 / x; }",
    "a macro that stands for a value": "double f(double x) { return MAX(x, 2) * CLAMP(x, 0, 1) + G_PI; }",
    "a macro that takes a type": "double f(void *p, double x) { w_t *w = g_new (w_t, 1); return x * 2 + 1 / x; }",
}


@pytest.mark.parametrize("name", TOLERATED)
def test_missing_headers_cost_nothing_but_what_they_say(name, tmp_path):
    text = f'#include "config.h"\n#include <no/such/header.h>\n{TOLERATED[name]}\n'
    assert any(c.function == "f" for c in harvested_text(tmp_path, text).values())


def test_a_product_is_no_declaration(tmp_path):
    found = harvested_text(
        tmp_path, "double g(double a, double b, double c) { double r; r = (a) * b; return r * c - 1; }"
    )
    assert found["g"].program.text.count("* b") == 1


def test_headers_of_the_tree_are_found_without_its_build_system(tmp_path):
    files = {
        "src/a.c": "#include <lib/kinds.h>\n#include <sub/made.h>\nreal f(real x) { return x * SCALE + 1 / x; }\n",
        "include/lib/kinds.h": '#include "inner.h"\n',
        "include/lib/inner.h": "typedef float real;\n",
        "other/kinds.h": "typedef char *real;\n",
        "sub/made.h.in": "#define VERSION @VERSION@\n#undef HAVE_X\n#define SCALE 3\n",
    }
    (found,) = (c for c in harvested(write_tree(tmp_path / "t", files), "src/a.c").values() if c.kind == "function")
    assert found.program.arguments[0].type.code == "f32"
    assert "* 3" in found.program.text


def test_a_header_of_the_c_library_is_the_compilers(tmp_path):
    root = write_tree(
        tmp_path / "t", {"a.c": "#include <math.h>\n", "math.h": "int x;", "b/own.h": "", "b/b.c": '#include "own.h"\n'}
    )
    prepare(root, tmp_path / "headers")
    assert [p.name for p in (tmp_path / "headers").rglob("*.h")] == []


def test_functions_count_where_they_are_written(tmp_path):
    files = {
        "a.c": '#include "h.h"\n#include "body.inc"\nint a(int x) { return x; }\n',
        "h.h": "static inline int h(int x) { return x; }\n",
        "body.inc": "int b(int x) { return x; }\n",
    }
    reader, _ = open_reader(write_tree(tmp_path / "t", files))
    names = {file: [c.function for c in reader.read(file).functions] for file in ("a.c", "h.h")}
    assert names == {"a.c": ["b", "a"], "h.h": ["h"]}


def test_a_text_that_is_too_long_is_read_without_its_includes(tmp_path, monkeypatch):
    monkeypatch.setattr("cprograms.frontend.preprocess.MAX_TEXT", 5000)
    files = {"a.c": '#include "big.h"\nint a(int x) { return x; }\n', "big.h": "int x;\n" * 2000}
    reader, _ = open_reader(write_tree(tmp_path / "t", files))
    file = reader.read("a.c")
    assert (file.how, [c.function for c in file.functions]) == ("without includes", ["a"])


def test_preprocessing_is_cached(tmp_path, monkeypatch):
    root = write_tree(tmp_path / "t", {"a.c": "int a(int x) { return x; }\n"})
    reader, _ = open_reader(root)
    reader.read("a.c")
    monkeypatch.setattr(reading, "expand", None)  # would raise if it was called
    assert [c.function for c in reader.read("a.c").functions] == ["a"]
    (root / "a.c").write_text("int b(int x) { return x; }\n")
    with pytest.raises(TypeError):
        reader.read("a.c")


def test_large_tables_are_not_parsed(tmp_path):
    table = "static const double big[] = {" + "1.5, " * 20_000 + "0 };\n"
    text = table + "double f(int i, double x) { return big[i] * x + 1; }\ndouble g(double x) { return x * x + 1; }\n"
    assert [c.program.entry for c in harvested_text(tmp_path, text).values() if c.kind == "function"] == ["g"]


def test_cutting_by_includes_gives_what_cutting_as_a_whole_gives(tmp_path):
    """Also where a declaration goes on in an included file."""
    files = {
        "a.c": """
            #include "x.h"
            int a(int n) { return n; }
            #include "x.h"
            int t[] = {
            #include "items.h"
            };
            #include "x.h"
            int z;
        """,
        "b.c": '#include "x.h"\nint b(int n) { return n; }\n#include <stdint.h>\n#include "y.h"\nint y;\n',
        "x.h": "struct s { int a; };\n;\nint x(int k) { return k; }\n",
        "y.h": '#include "x.h"\n#include "items.h"\n',
        "items.h": "1, 2\n",
    }
    reader, _ = open_reader(write_tree(tmp_path / "t", files))
    for name in ("a.c", "b.c"):
        text = reader._expanded(reading.read(str(tmp_path / "t" / name), None), name)
        by_includes, whole = list(parse._pieces(text, 0, 0)), parse._split(text, 0)[0]
        assert len(by_includes) > 3
        assert [vars(p) for p in by_includes] == [vars(p) for p in whole]

"""The tokens are those that the parser's own lexer finds, with their places."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pycparser.c_lexer import CLexer

from cprograms.frontend import lexer
from cprograms.frontend.lexer import Lexer
from tests.cprograms.frontend.random_c import statement_program

FOLDER = Path(lexer.__file__).parents[1] / "library"
TEXTS = {
    "places": '# 7 "a.h" 1 3\nint\tx;\n  y\n# 3 "b.c"\n{ z }',
    "numbers": "0x1p-3f 0x1e+5 1.e5 .5f 10ull 0b101 1e+ 08 077 3.f 1..2",
    "text": r'''"a\"b" L"w" u8"x" '\n' 'ab' L'c' "" "" a"b"''',
    "operators": "x::y a+++b--->c<<=d>>=f(e, ...)?g:h&&i||j!=k==l<=m>=n%=o^=p|=q&=~r/=s*=-t[u]{v}(w).x,!y;",
    "keywords": "int typeof bool nullptr constexpr _Bool inline __func__ while whiles",
    "attributes": "[[nodiscard]] int f(void); a[ [ 1",
    "directives": '#pragma once\nint x;\n#line 9\nint y;\n  # 4 "c.c"\nint z;',
    "strange": "int a = 1 @ 2; $x é `",
    "a quote that stays open": 'char *s = "abc;\nint x;',
    "nothing": "  \n\t\n",
}


def tokens(kind: type, dialect: str, text: str) -> tuple[list[object], list[object], str]:
    """The tokens, the errors, and the file of the last token."""
    found: list[object] = []
    errors: list[object] = []
    made = kind(error_func=lambda *error: errors.append(error), dialect=dialect)
    made.input(text, "first.c")
    while (token := made.token()) is not None:
        found.append((token.type, token.value, token.lineno, token.column, token.filename))
    return found, errors, made.filename


@pytest.mark.parametrize("dialect", ["legacy", "c23"])
@pytest.mark.parametrize("text", TEXTS)
def test_tokens_of_one_kind(text: str, dialect: str):
    assert tokens(Lexer, dialect, TEXTS[text]) == tokens(CLexer, dialect, TEXTS[text])


@pytest.mark.parametrize("seed", range(20))
def test_tokens_of_random_programs(seed: int):
    text = statement_program(seed)
    assert tokens(Lexer, "legacy", text) == tokens(CLexer, "legacy", text)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.c")), ids=lambda path: path.stem)
def test_tokens_of_the_library(path: Path):
    text = re.sub(r"/\*.*?\*/|//[^\n]*|^#[^\n]*", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    assert tokens(Lexer, "legacy", text) == tokens(CLexer, "legacy", text)

"""A program's text as canonical tokens: what duplicates are told by."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from cprograms.libm import FUNCTIONS

LITERAL = "0"
"""What stands for every number in a skeleton."""

_TOKEN = re.compile(
    r"""(?P<skip>\s+|/\*.*?\*/|//[^\n]*|^[ \t]*\#[^\n]*)
      | (?P<number>(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)[uUlLfF]*|'(?:[^'\\]|\\.)*')
      | (?P<name>[A-Za-z_]\w*)
      | (?P<mark>"(?:[^"\\]|\\.)*"|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while _Bool
"""
# The digests of stored corpora were taken with these: without what has a `long`, but with those of the integers.
_LONG = re.compile(r"(?<!long )\blong\b(?! long)")
_MATH = frozenset(form.name for f in FUNCTIONS if "T" in f.shape and not _LONG.search(f.shape) for form in f.forms)
_OTHERS = frozenset(name + suffix for name in ("abs", "labs", "exp10") for suffix in ("", "f", "l"))
_KEPT = frozenset(_KEYWORDS.split()) | _MATH | _OTHERS


def tokens(source: str) -> list[str]:
    """The tokens of C text, without comments and preprocessor lines."""
    return [m[0] for m in _TOKEN.finditer(source) if m.lastgroup != "skip"]


def canonical(source: str) -> list[str]:
    """The tokens with names numbered by first use (v0, v1, ...), but for keywords and the functions of math.h."""
    numbers: dict[str, str] = {}
    return [
        numbers.setdefault(m[0], f"v{len(numbers)}") if m.lastgroup == "name" and m[0] not in _KEPT else m[0]
        for m in _TOKEN.finditer(source)
        if m.lastgroup != "skip"
    ]


def masked(tokens: Sequence[str]) -> list[str]:
    """Tokens with every number replaced by `LITERAL`."""
    return [LITERAL if t[0].isdigit() or (t[0] in ".'" and len(t) > 1 and t != "...") else t for t in tokens]


def digest(tokens: Sequence[str]) -> str:
    """Sixteen hexadecimal digits that stand for a sequence of tokens."""
    return hashlib.sha256(" ".join(tokens).encode()).hexdigest()[:16]

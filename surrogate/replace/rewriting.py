"""The text of a program in which one function is another: its definition gets a new name, and a wrapper the old one.

Works on preprocessed text and on its tokens alone: macros are expanded, whatever the language's extensions are. The
wrapper has the definition's own words before its name, so that `static`, `inline` and every earlier declaration hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ORIGINAL, SURROGATE = "{}__original", "{}__surrogate"
"""What the functions are called that stand behind a wrapper."""
_TOKEN = re.compile(
    r"""
    ^[ \t]*\#.*$                                       # markers of lines, and pragmas
    | (?:u8|[uUL])?"(?:[^"\\\n]|\\.)*" | [uUL]?'(?:[^'\\\n]|\\.)*'
    | (?P<name>[A-Za-z_$][\w$]*) | \.?\d(?:[eEpP][+-]|[\w.])* | -> | (?P<sign>\S)
    """,
    re.VERBOSE | re.MULTILINE,
)
_OPEN, _CLOSE = "([{", ")]}"
_ATTRIBUTES = {"__attribute__", "__attribute", "__asm__", "__asm", "asm", "__extension__", "_Alignas", "__declspec"}
_OTHER_NAMES = {".", "->", "struct", "union", "enum"}
"""What stands before names that are not of functions and objects."""
_STORAGE = {"static", "extern", "inline", "__inline", "__inline__", "register", "_Noreturn", "__extension__"}


@dataclass(frozen=True)
class Definition:
    """Where a function is defined in a text, as offsets: `start`, its `name`, the `list` of its parameters in brackets,
    its `body` in braces, and the `end`."""

    text: str
    start: int
    name: int
    list: int
    list_end: int
    body: int
    end: int
    function: str

    def head(self, name: str) -> str:
        """All before the body, with another name."""
        return self.text[self.start : self.name] + name + self.text[self.name + len(self.function) : self.body]

    @property
    def renamed(self) -> str:
        """The definition under its other name, which calls itself by it: what a wrapper counts are calls of others."""
        name = ORIGINAL.format(self.function)
        body = _renamed_calls(self.text[self.body : self.end], self.function, name)
        return f"__attribute__((unused)) static {_without(self.head(name), _STORAGE)}{body}"

    @property
    def declaration(self) -> str:
        """That of the surrogate, which another file defines. An old-style list of names says nothing of types."""
        old = self.text[self.list_end : self.body].strip() != "" and ";" in self.text[self.list_end : self.body]
        parameters = "()" if old else self.text[self.list : self.list_end]
        before = _without(self.text[self.start : self.name], _STORAGE | _ATTRIBUTES)
        return f"extern {before}{SURROGATE.format(self.function)}{parameters};"


def definition(text: str, function: str) -> Definition | None:
    """Where a preprocessed text defines a function at file scope; None where it does not."""
    tokens = [m for m in _TOKEN.finditer(text) if not m[0].lstrip().startswith("#")]
    depth, start = 0, 0
    for k, token in enumerate(tokens):
        sign = token["sign"]
        if not depth and sign == ";":
            start = token.end()
        elif not depth and token["name"] == function and k + 1 < len(tokens) and tokens[k + 1][0] == "(":
            close = _closing(tokens, k + 1)
            body = None if close is None else _body(tokens, close + 1)
            end = None if body is None else _closing(tokens, body)
            if close is not None and body is not None and end is not None:
                at = tokens[body].start()
                places = token.start(), tokens[k + 1].start(), tokens[close].end(), at, tokens[end].end()
                return Definition(text, _first(text, start), *places, function)
        elif sign and sign in _OPEN:
            depth += 1
        elif sign and sign in _CLOSE:
            depth -= 1
            if not depth and sign == "}":
                start = token.end()
    return None


def typed(found: Definition, pointers: Mapping[str, str], body: str) -> str:
    """A body in which parameters that the definition declares as `void *` are `pointers`, types by name."""
    declared = found.text[found.list : found.body]
    for name, pointer in pointers.items():
        if re.search(rf"\bvoid\s*\*[\s\w]*\b{re.escape(name)}\b", declared):
            type, kept = f"__typeof__({pointer})", f"surrogate_{name}"
            body = f"{type} {kept} = (void *){name}; {{ {type} {name} = {kept}; {body} }}"
    return body


def with_wrapper(found: Definition, before: str, body: str) -> str:
    """The text with the definition under its other name, `before`, and a wrapper of the old name with this body.

    All of it stands in the lines of the definition's end, so that later lines keep their numbers.
    """
    parts = [found.renamed, before, found.declaration, f"{found.head(found.function)}{{{body}}}"]
    return f"{found.text[: found.start]}{' '.join(parts[:1])}\n{' '.join(parts[1:])}\n{found.text[found.end :]}"


def _first(text: str, start: int) -> int:
    """The first place from `start` that is neither white space nor a marker of a line."""
    while match := re.compile(r"\s*^[ \t]*#.*$|\s+", re.MULTILINE).match(text, start):
        if match.end() == start:
            break
        start = match.end()
    return start


def _closing(tokens: Sequence[re.Match[str]], at: int) -> int | None:
    """The token that closes the bracket at a place."""
    depth = 0
    for k in range(at, len(tokens)):
        sign = tokens[k]["sign"]
        if sign and sign in _OPEN:
            depth += 1
        elif sign and sign in _CLOSE:
            depth -= 1
            if not depth:
                return k
    return None


def _body(tokens: Sequence[re.Match[str]], at: int) -> int | None:
    """The brace that a body opens with, behind a list of parameters; None where what stands there is a declaration."""
    while at < len(tokens) and tokens[at]["name"] in _ATTRIBUTES:
        close = _closing(tokens, at + 1) if at + 1 < len(tokens) and tokens[at + 1][0] == "(" else at
        if close is None:
            return None
        at = close + 1
    if at < len(tokens) and tokens[at]["name"]:  # the types of an old-style definition's parameters
        while at < len(tokens) and tokens[at][0] != "{":
            at += 1
    return at if at < len(tokens) and tokens[at][0] == "{" else None


def _renamed_calls(body: str, function: str, name: str) -> str:
    """A body whose calls of a function are of another name; a field or a type that is called like it keeps its name."""
    out, last, before = [], 0, ""
    for token in _TOKEN.finditer(body):
        if token["name"] == function and before not in _OTHER_NAMES:
            out += [body[last : token.start()], name]
            last = token.end()
        before = token[0]
    return "".join([*out, body[last:]])


def _without(head: str, words: set[str]) -> str:
    """A head without some words, each with the brackets that follow an attribute."""
    out, last, skip = [], 0, -1
    tokens = list(_TOKEN.finditer(head))
    for k, token in enumerate(tokens):
        if k <= skip or token["name"] not in words:
            continue
        end = k
        if token["name"] in _ATTRIBUTES and k + 1 < len(tokens) and tokens[k + 1][0] == "(":
            end = _closing(tokens, k + 1) or k
        out.append(head[last : token.start()])
        last, skip = tokens[end].end(), end
    return "".join([*out, head[last:]])

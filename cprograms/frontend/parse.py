"""From preprocessed text to declarations: cut at top level, each piece parsed by itself and only when it is asked for.

So a construct that the parser does not know costs the declaration that it stands in, and large headers cost nothing.
"""

from __future__ import annotations

import re
import zlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from string import ascii_letters
from typing import Any

from pycparser import CParser, c_ast
from pycparser.c_parser import Coord, ParseError

from cprograms.budget import tick
from cprograms.declarations import Unsupported
from cprograms.frontend.lexer import Lexer
from cprograms.frontend.normalise import normalise
from cprograms.trees import walk

_TOKEN = re.compile(
    r"""(?P<directive>^[ \t]*\#[^\n]*)
      | (?P<literal>L?"(?:[^"\\\n]|\\.)*" | L?'(?:[^'\\\n]|\\.)*')
      | (?P<name>[A-Za-z_$][\w$]*)
      | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
      | (?P<other>\S)""",
    re.VERBOSE | re.MULTILINE,
)
_MARKER = re.compile(r'[ \t]*#[ \t]*(?:line[ \t]+)?(\d+)[ \t]+"((?:[^"\\]|\\.)*)"([ \d]*)')
_MARKER_LINE = re.compile(r'^# (\d+) "((?:[^"\\\n]|\\.)*)"[^\n]*$', re.MULTILINE)
_MOST_STRETCHES = 40
_ENTERS_OR_LEAVES = re.compile(r'^# \d+ "(?:[^"\\\n]|\\.)*" ([12])', re.MULTILINE)
_PRAGMA = re.compile(r"[ \t]*#[ \t]*pragma[ \t]+(\w+[ \t]+(?:range|entry|size|fix|state)\b.*|surrogate\b.*)")
_ATTRIBUTE = re.compile(r"\b__attribute(?:__)?\s*\(")
# Attributes that change what a declaration means: these stay, and the parser rejects them.
_MEANINGFUL = re.compile(r"vector_size|ext_vector_type|mode|cleanup|alias|ifunc")
_LONGEST_HEAD = 500
"""Tokens beyond which what precedes a body is no old-style function's head."""
_STANDARD_ATTRIBUTE = re.compile(r"\[\[[^\[\]]*\]\]")
_OTHER_DIRECTIVE = re.compile(r"^[ \t]*#(?![ \t]*(?:line[ \t]+)?\d)[^\n]*", re.MULTILINE)
_OPEN, _CLOSE = "([{", ")]}"
_NAME_STARTS = frozenset(ascii_letters + "_$")
_PLACE = re.compile(r"(.*?):(\d+):(\d+): (.*)", re.DOTALL)
_KEYWORDS = frozenset(
    """auto char const double enum extern float inline int long register restrict return short signed sizeof static
    struct typedef union unsigned void volatile _Bool _Complex _Alignas _Noreturn _Thread_local typeof""".split()
)


@dataclass(frozen=True)
class Pragma:
    """A `#pragma surrogate` line, or one that may have been meant so: `text` starts with the word after `#pragma`.

    `offset` is its place in the preprocessed text.
    """

    text: str
    offset: int
    coord: Coord

    def moved(self, _index: int, by: int) -> Pragma:
        return replace(self, offset=self.offset + by)


@dataclass(frozen=True, eq=False)
class Chunk:
    """One piece of a unit at top level: a function definition, or declarations up to a semicolon.

    `names` holds every identifier in it, `declares` those that it may declare at file scope (a superset),
    `enumerators` and `tags` the same for enum constants and for struct, union and enum tags. `function` names the
    function that it defines; `included` says whether it comes from another file than the user's.
    """

    index: int
    start: int
    end: int
    text: str
    coord: Coord
    last_line: int
    included: bool
    names: frozenset[str]
    declares: frozenset[str]
    enumerators: frozenset[str]
    tags: frozenset[str]
    function: str | None
    is_typedef: bool

    def moved(self, index: int, by: int) -> Chunk:
        """The same piece as the unit's `index`-th, `by` characters further on."""
        made = object.__new__(Chunk)  # much faster than `replace`, and done for every declaration of every header
        made.__dict__.update(self.__dict__, index=index, start=self.start + by, end=self.end + by)
        return made

    def covers(self, file: str, line: int) -> bool:
        return bool(file == self.coord.file and self.coord.line <= line <= self.last_line)


def _made(index: int, coord: Coord, names: set[str], declared: str, **rest: Any) -> Chunk:
    """A chunk that no text of the unit's stands behind."""
    return Chunk(
        index=index,
        start=0,
        end=0,
        text=rest.get("text", ""),
        coord=coord,
        last_line=coord.line,
        included=True,
        names=frozenset(names),
        declares=frozenset({declared}),
        enumerators=frozenset(),
        tags=frozenset(),
        function=rest.get("function"),
        is_typedef=rest.get("is_typedef", False),
    )


class Unit:
    """A preprocessed translation unit, indexed by name and parsed on demand."""

    def __init__(self, text: str, index: int = 0, offset: int = 0):
        """`index` and `offset` are those of what precedes it, where it is one unit of several."""
        pieces = list(_pieces(_without_attributes(text), index, offset))
        self._take([p for p in pieces if isinstance(p, Chunk)], [p for p in pieces if isinstance(p, Pragma)])

    def _take(self, chunks: list[Chunk], pragmas: list[Pragma]) -> None:
        self.chunks, self.pragmas = chunks, pragmas
        self.functions = {c.function: c for c in chunks if c.function}
        self._by_name: dict[str, list[Chunk]] = defaultdict(list)
        self._by_tag: dict[str, list[Chunk]] = defaultdict(list)
        self._typedefs: dict[str, list[Chunk]] = defaultdict(list)
        self._assumed = 0
        self._repaired: dict[int, str] = {}
        self._parsed: dict[int, list[c_ast.Node] | Unsupported] = {}
        for chunk in chunks:
            self._enter(chunk)

    @property
    def own_functions(self) -> dict[str, Chunk]:
        """Those that do not come from an include."""
        return {name: chunk for name, chunk in self.functions.items() if not chunk.included}

    def following(self, offset: int) -> list[Chunk]:
        """The chunks of the same file that begin after an offset."""
        return [chunk for chunk in self.chunks if chunk.start > offset]

    def _enter(self, chunk: Chunk) -> None:
        for name in chunk.declares:
            self._by_name[name].append(chunk)
        for name in chunk.enumerators - chunk.declares if chunk.enumerators else ():
            self._by_name[name].append(chunk)
        for tag in chunk.tags:
            self._by_tag[tag].append(chunk)
        for name in chunk.declares if chunk.is_typedef else ():
            self._typedefs[name].append(chunk)

    def add_function(self, function: c_ast.FuncDef, coord: Coord) -> Chunk:
        """Add a function that is made of parts of the unit's, as if it stood at its end; its name must be new."""
        names = {n.name for n in walk(function) if isinstance(n, c_ast.ID | c_ast.Decl) and n.name}
        names |= {name for n in walk(function) if isinstance(n, c_ast.IdentifierType) for name in n.names}
        names |= {n.name for n in walk(function) if isinstance(n, c_ast.Struct | c_ast.Union | c_ast.Enum) and n.name}
        name = function.decl.name
        chunk = _made(len(self.chunks), coord, names, name, function=name)
        self.chunks.append(chunk)
        self.functions[name] = chunk
        self._parsed[chunk.index] = [function]
        self._enter(chunk)
        return chunk

    def is_type(self, name: str) -> bool:
        """Whether a typedef may declare a name."""
        return name in self._typedefs

    def assume_type(self, name: str, declaration: str) -> None:
        """Take `declaration`, a typedef, for the one that a type's missing header has; as if it came first."""
        chunk = _made(-1 - self._assumed, Coord("", 1, 1), {name}, name, text=declaration, is_typedef=True)
        self._assumed += 1
        self._enter(chunk)

    def repair(self, chunk: Chunk, text: str) -> None:
        """Have a chunk that is not parsed yet read as `text`."""
        self._repaired[chunk.index] = text

    def named(self, name: str) -> list[Chunk]:
        """The chunks that may declare an ordinary identifier (object, function, typedef, enum constant)."""
        return self._by_name.get(name, [])

    def tagged(self, tag: str) -> list[Chunk]:
        """The chunks that may define a struct, union or enum tag."""
        return self._by_tag.get(tag, [])

    def parse(self, chunk: Chunk) -> list[c_ast.Node]:
        """The declarations of a chunk. Raises Unsupported where the parser does not understand it."""
        if chunk.index not in self._parsed:
            try:
                self._parsed[chunk.index] = self._parse(chunk)
            except Unsupported as fault:
                self._parsed[chunk.index] = fault
        found = self._parsed[chunk.index]
        if isinstance(found, Unsupported):
            raise found
        return found

    def _parse(self, chunk: Chunk) -> list[c_ast.Node]:
        types = sorted(n for n in chunk.names if any(c is not chunk for c in self._typedefs.get(n, ())))
        types = [n for n in types if not (chunk.is_typedef and n in chunk.declares)]
        coord = chunk.coord
        # All that a parse depends on is which of the names that it meets are types.
        text = "".join(f"typedef int {n};" for n in types)
        # The parser knows `sign(x) { … }`, but not `sign(x) double x; { … }`.
        text += "int" if chunk.function and re.match(rf"{re.escape(chunk.function)}\s*\(", chunk.text) else ""
        text += f'\n# {coord.line} "{coord.file}"\n{" " * ((coord.column or 1) - 1)}'
        text += self._repaired.get(chunk.index, chunk.text)
        # Nobody changes the nodes of types, so files that share headers share them; what names objects is parsed anew.
        of_types = chunk.function is None and (chunk.is_typedef or not chunk.declares)
        nodes = _shared_nodes(text, len(types), chunk) if of_types else _nodes(text, len(types), chunk, chunk.index)
        self._enter_tags(chunk, nodes)
        return nodes

    def _enter_tags(self, chunk: Chunk, nodes: list[c_ast.Node]) -> None:
        """Take note of the tags of types that had no name in the source."""
        for node in nodes:
            tag = getattr(node.type, "name", None) if isinstance(node, c_ast.Decl) and node.name is None else None
            if tag and chunk not in self._by_tag[tag]:
                self._by_tag[tag].append(chunk)


_SHARED: OrderedDict[str, list[c_ast.Node]] = OrderedDict()
_MOST_SHARED = 8192


def _shared_nodes(text: str, preceding: int, chunk: Chunk) -> list[c_ast.Node]:
    """As `_nodes`, the least recently used of many forgotten; invented tags are numbered by the text."""
    if text not in _SHARED:
        _SHARED[text] = _nodes(text, preceding, chunk, zlib.crc32(text.encode("utf-8", "replace")))
        if len(_SHARED) > _MOST_SHARED:
            _SHARED.popitem(last=False)
    _SHARED.move_to_end(text)
    return _SHARED[text]


def _nodes(text: str, preceding: int, chunk: Chunk, number: int) -> list[c_ast.Node]:
    """The declarations of `text`, which is that of `chunk` after `preceding` others. Raises Unsupported."""
    try:
        tree = _parse_either_dialect(text)
    except ParseError as error:
        raise _fault(error, chunk) from None
    except RecursionError:
        raise Unsupported(_at(chunk.coord), "the code is nested too deeply") from None
    nodes = tree.ext[preceding:]
    # The parser takes `int f { … }`, and a typedef name in place of the parameters, for functions.
    if any(isinstance(n, c_ast.FuncDef) and not isinstance(n.decl.type, c_ast.FuncDecl) for n in nodes):
        raise Unsupported(_at(chunk.coord), "this is not a function definition")
    return normalise(nodes, number)


def _parse_either_dialect(text: str) -> c_ast.FileAST:
    """C11 first, for code that has names of its own for what C23 made keywords; C23 knows `typeof`."""
    try:
        return CParser(lexer=Lexer).parse(text)
    except ParseError as error:
        try:
            return CParser(lexer=Lexer, dialect="c23").parse(text)
        except ParseError as other:
            raise max(error, other, key=_reached) from None


def _reached(error: ParseError) -> tuple[int, int]:
    match = _PLACE.match(str(error))
    return (int(match[2]), int(match[3])) if match else (0, 0)


def _at(coord: Coord) -> c_ast.Node:
    return c_ast.EmptyStatement(coord=coord)


# What the parser does not know by its name. The rest of such a declaration is not looked at.
_REJECTED = (
    (re.compile(r"\b(?:asm|__asm|__asm__)\b"), "inline assembly is not supported", "write it in C"),
    (
        re.compile(r"\b_Complex\b|\b(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[fFlL]?[ij][fFlL]?\b"),
        "complex numbers are not numeric",
        "compute with real and imaginary parts",
    ),
    (re.compile(r"[=(,{]\s*&&"), "addresses of labels are not supported", ""),
)


def _fault(error: ParseError, chunk: Chunk) -> Unsupported:
    for pattern, known, hint in _REJECTED:
        if found := pattern.search(chunk.text):
            return Unsupported(_at(_coord_in(chunk, found.start())), known, hint)
    match = _PLACE.match(str(error))
    message = match[4] if match else str(error).rpartition(": ")[2]
    if message.startswith("before: "):
        message = f"before '{message.removeprefix('before: ')}'"
    else:
        message = f"{message[:1].lower()}{message[1:]}"
    place = Coord(chunk.coord.file, int(match[2]), int(match[3])) if match else chunk.coord
    return Unsupported(_at(place), f"this construct is not supported ({message})")


def _coord_in(chunk: Chunk, offset: int) -> Coord:
    """The place of what stands at an offset of a chunk's text."""
    before = chunk.text[:offset]
    file, line, end = chunk.coord.file, chunk.coord.line, 0
    for marker in _MARKER_LINE.finditer(before):
        file, line, end = marker[2], int(marker[1][:9]), marker.end() + 1
    start = before.rfind("\n") if "\n" in before else -(chunk.coord.column or 1)
    return Coord(file, line + before.count("\n", end), offset - start)


def _without_attributes(text: str) -> str:
    """Blank out `__attribute__((…))` and `[[…]]`, so that places stay what they are."""
    if "[[" in text:
        text = _STANDARD_ATTRIBUTE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    pieces, position = [], 0
    for match in _ATTRIBUTE.finditer(text):
        if match.start() < position:
            continue
        end = _closing(text, match.end() - 1)
        if end < 0:
            break
        if _MEANINGFUL.search(text, match.start(), end):
            continue
        pieces += [text[position : match.start()], re.sub(r"[^\n]", " ", text[match.start() : end])]
        position = end
    return "".join([*pieces, text[position:]])


def _closing(text: str, start: int) -> int:
    """The offset after the parenthesis that closes the one at `start`; -1 where none does within 2,000 characters."""
    depth = 0
    for i in range(start, min(start + 2000, len(text))):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i + 1
    return -1


class _Lines:
    """File, line and column of an offset, as the line markers passed so far claim them."""

    def __init__(self, text: str, depth: int):
        self._text = text
        self._file, self._line, self._offset = "", 1, 0
        self.depth = depth

    def mark(self, directive: str, end: int) -> None:
        match = _MARKER.match(directive)
        if match is None:
            return
        flags = match[3].split()
        self.depth += ("1" in flags) - ("2" in flags)
        self._file, self._line, self._offset = match[2], int(match[1][:9]), end + 1

    def at(self, offset: int) -> Coord:
        """Offsets must not decrease from call to call."""
        self._line += self._text.count("\n", self._offset, offset)
        self._offset = max(offset, self._offset)
        return Coord(self._file, self._line, offset - self._text.rfind("\n", 0, offset))


_Piece = Chunk | Pragma


def _pieces(text: str, index: int, offset: int) -> Iterator[_Piece]:
    """Cut a unit, whose first chunk is the `index`-th, at the semicolons and function bodies of its top level.

    It is cut by the stretches of text between line markers first, each of which is the same in many files and is worked
    on once for all of them. A stretch that ends inside a declaration is taken with those that follow.
    """
    for found, start in _cut(text):
        for piece in found:
            yield piece.moved(index, start + offset)
            index += isinstance(piece, Chunk)


def _cut(text: str) -> list[tuple[list[_Piece], int]]:
    """The pieces of each stretch, and where it starts."""
    pieces: list[tuple[list[_Piece], int]] = []
    start = depth = 0
    following = 0
    for end, next_depth in _stretches(text):
        following += 1
        # A depth of more than two tells no more than two does, but where more than one marker is passed.
        found, complete = _split(text[start:end], min(depth, 2) if following == 1 else depth)
        if not complete and following < _MOST_STRETCHES and end < len(text):
            continue
        if not complete and end < len(text):
            return [(_split(text, 0)[0], 0)]
        pieces.append((found, start))
        start, depth, following = end, next_depth, 0
    return pieces


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Where each stretch between two line markers that enter or leave a file ends, and the depth of includes there."""
    depth = 0
    for match in _ENTERS_OR_LEAVES.finditer(text):
        yield match.start(), depth
        depth += 1 if match[1] == "1" else -1
    yield len(text), depth


@lru_cache(maxsize=4096)
def _split(text: str, depth: int) -> tuple[list[_Piece], bool]:
    """The pieces of a text that begins at a depth of includes, and whether the last one is complete."""
    lines = _Lines(text, depth)
    pieces: list[_Piece] = []
    tokens: list[str] = []
    start, coord = 0, Coord("", 1, 1)
    nesting, body = 0, 0
    tick(len(text) // 4)
    for match in _TOKEN.finditer(text):
        token = match.group()
        if match.lastgroup == "directive":
            if pragma := _PRAGMA.match(token):
                place = lines.at(match.start() + pragma.start(1))
                pieces.append(Pragma(pragma[1], match.start(), place))
            lines.mark(token, match.end())
            continue
        if not tokens:
            start, coord = match.start(), lines.at(match.start())
        if token in _OPEN:
            begins = token == "{" and not nesting and (tokens[-1:] == [")"] or _is_old_style(tokens))
            body = len(tokens) if begins and not body else body
            nesting += 1
        elif token in _CLOSE and nesting:
            nesting -= 1
        tokens.append(token)
        if nesting:
            continue
        ends = token == "}" and (body or len(tokens) == 1)
        if ends or (token == ";" and not _is_old_style(tokens)):
            if tokens not in ([";"], ["}"]):
                pieces.append(_chunk(len(pieces), text[start : match.end()], start, coord, lines, tokens, body))
            tokens, body = [], 0
    if tokens:
        pieces.append(_chunk(len(pieces), text[start:], start, coord, lines, tokens, 0))
    return pieces, not tokens


def _chunk(index: int, text: str, start: int, coord: Coord, lines: _Lines, tokens: list[str], body: int) -> Chunk:
    """`body` is the index of the token that opens a function's body, 0 where there is none."""
    names = frozenset(t for t in tokens if _is_name(t))
    outer, enumerators, tags = _declared(tokens[:body] if body else tokens)
    function = _function_name(tokens[:body]) if body else None
    return Chunk(
        index=index,
        start=start,
        end=start + len(text),
        # What is left of other directives (pragmas) means nothing here.
        text=_OTHER_DIRECTIVE.sub("", text),
        coord=coord,
        last_line=lines.at(start + len(text) - 1).line,
        included=lines.depth > 0,
        names=names,
        declares=frozenset({function} if function else () if body else outer),
        enumerators=frozenset(enumerators),
        tags=frozenset(tags),
        function=function,
        is_typedef="typedef" in (tokens[:body] if body else tokens),
    )


def _is_old_style(tokens: list[str]) -> bool:
    """Whether these begin an old-style function definition, `int f(a, b) int a, b;`, whose body is still to come."""
    if len(tokens) > _LONGEST_HEAD or "{" in tokens or not {"(", ")"} <= {*tokens}:
        return False
    opening, closing = tokens.index("("), tokens.index(")")
    name, inside, following = tokens[opening - 1], tokens[opening + 1 : closing], tokens[closing + 1 : closing + 2]
    if not (opening and _is_name(name) and name not in _KEYWORDS and following and _is_name(following[0])):
        return False
    if name.startswith("__") or following[0].startswith("__"):  # an extension such as __typeof__ or __asm__
        return False
    return bool(inside) and all(_is_name(t) for t in inside[::2]) and {*inside[1::2]} <= {","}


def _is_name(token: str) -> bool:
    return token[0] in _NAME_STARTS


def _function_name(tokens: list[str]) -> str | None:
    """The first name before a parenthesis: `int f(…)`, or `int (f)(…)`."""
    for name, following, after in zip(tokens, tokens[1:], [*tokens[2:], ""], strict=False):
        if _is_name(name) and name not in _KEYWORDS and (following == "(" or (following, after) == (")", "(")):
            return name
    return None


def _declared(tokens: list[str]) -> tuple[set[str], set[str], set[str]]:
    """The identifiers that stand where a declared name, an enum constant or a tag does."""
    outer: set[str] = set()
    enumerators: set[str] = set()
    tags: set[str] = set()
    braces = parentheses = 0
    for i, token in enumerate(tokens):
        braces += (token == "{") - (token == "}")
        parentheses += (token in ("(", "[")) - (token in (")", "]"))
        if not _is_name(token) or token in _KEYWORDS:
            continue
        before = tokens[i - 1] if i else ""
        after = tokens[i + 1] if i + 1 < len(tokens) else ";"
        if before in ("struct", "union", "enum") and after == "{":
            tags.add(token)
            continue
        if braces and after in (",", "=", "}"):
            enumerators.add(token)
        if after == "(" and tokens[i + 2 : i + 3] == ["*"]:  # the type of `T (*f)(int)`
            continue
        alone = (before, after) == ("(", ")")  # int (f)(int)
        if (
            not braces
            and after in (";", ",", "=", "(", "[", ")")
            and (not parentheses or before in ("*", "const") or alone)
        ):
            outer.add(token)
    return outer, enumerators, tags

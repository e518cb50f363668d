"""The tokens of C: as pycparser's lexer finds them, but much faster where nothing unusual is met."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pycparser.c_lexer import CLexer, Token

from cprograms.budget import tick
from cprograms.frontend.normalise import RANGE, SAME

_LEXEME = re.compile(
    r"""[ \t]*(?:
        (?P<line>\n)
      | (?P<lexeme>[A-Za-z_]\w*(?!["'\w])
          | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
          | \.?\d(?:[eEpP][+-]|[\w.])*(?!')
          | (?!/[/*])(?:::|\.\.\.|->|\+\+|--|<<=?|>>=?|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^<>=!~?:;,.(){}\[\]]))
      | \#[ ](?P<number>\d+)[ ]"(?P<file>[^"\\\n]*)"[ \d]*\n
      )""",
    re.VERBOSE | re.ASCII,
)
_ATTRIBUTE = re.compile(r"\[\s*\[")
_MOST_KNOWN = 65536
_KINDS: dict[str, dict[str, str]] = {}
"""The type of each lexeme that was met, by dialect."""


class Lexer(CLexer):  # type: ignore[misc]  # pycparser has no types
    """The parser's, within the budget, with GNU C's `x ?: y` and ranges spelled as the parser knows it.

    `normalise` takes it from there: an operand called SAME, an operator RANGE.
    """

    def __init__(self, error_func: Callable[[str, int, int], None], **options: Any) -> None:
        self._dialect = str(options.get("dialect", ""))
        self._prober = CLexer(_refused, **options)
        self._left: list[Token] | None = None  # the tokens, last first, once all are found
        self._end = ""  # the file of the last one
        super().__init__(error_func, **options)

    def input(self, text: str, filename: str = "") -> None:
        self._left = None
        super().input(text, filename)
        tokens = None if _ATTRIBUTE.search(text) else self._plain(text, filename)
        if tokens is None:
            tokens = [_joined(token) for token in iter(super().token, None)]
            tick(10 * len(tokens))
        self._end = tokens[-1].filename if tokens else str(super().filename)
        if "?" in text or "..." in text:
            tokens = list(_spelled(tokens))
        self._left = tokens[::-1]

    @property
    def filename(self) -> str:
        return str(super().filename) if self._left is None else self._end

    def token(self) -> Token | None:
        return self._left.pop() if self._left else None

    def _plain(self, text: str, file: str) -> list[Token] | None:
        """All tokens of a text; None where the parser's own lexer has to find them."""
        kinds = _KINDS.setdefault(self._dialect, {})
        tokens: list[Token] = []
        line, start, end = 1, 0, 0
        for match in _LEXEME.finditer(text):
            if match.start() != end:
                return None
            end = match.end()
            group = match.lastgroup
            if group == "lexeme":
                lexeme = match[group]
                kind = kinds.get(lexeme) or self._kind(lexeme, kinds)
                if not kind:
                    return None
                tokens.append(Token(kind, lexeme, line, match.start(group) - start + 1, file))
                continue
            if group == "file":
                if start != match.start():
                    return None
                line, file = int(match["number"]), match[group]
            else:
                line += 1
            start = end
        tick(5 * len(tokens))
        return tokens if not text[end:].strip(" \t") else None

    def _kind(self, lexeme: str, kinds: dict[str, str]) -> str:
        """What the parser's own lexer takes a lexeme for; "" where it is not one token for it."""
        self._prober.input(lexeme)
        try:
            token, rest = self._prober.token(), self._prober.token()
        except ValueError:
            return ""
        if token is None or rest is not None or token.value != lexeme:
            return ""
        if len(kinds) > _MOST_KNOWN:
            kinds.clear()
        kinds[lexeme] = str(token.type)
        return kinds[lexeme]


def _joined(token: Token) -> Token:
    """With a number's digits together: C23 may separate them, `1'000'000`."""
    if "'" not in token.value or not token.value[0].isdigit():
        return token
    return Token(token.type, token.value.replace("'", ""), token.lineno, token.column, token.filename)


def _spelled(tokens: Iterable[Token]) -> Iterator[Token]:
    """With what GNU C adds as the parser knows it."""
    last = ""
    for token in tokens:
        if (last, token.type) == ("CONDOP", "COLON"):
            yield Token("ID", SAME, token.lineno, token.column, token.filename)
        elif token.type == "ELLIPSIS" and last not in ("COMMA", "LPAREN"):
            token = Token("LOR", RANGE, token.lineno, token.column, token.filename)  # what binds least
        last = token.type
        yield token


def _refused(message: str, line: int, column: int) -> None:
    raise ValueError(message)

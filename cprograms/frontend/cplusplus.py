"""C++ is not read; what of it is C, too, is: a file named as C++ whose functions parse as C."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from cprograms.diagnostics import Diagnostic

NOT_READ = "this is C++; only C is read"
_HINT = "write the kernel as C: functions of numbers, arrays and structs, with <math.h>, in a .c file"
_SUFFIXES = (".cpp", ".cc", ".cxx", ".c++", ".C", ".hpp", ".hh", ".hxx", ".h++", ".H", ".ipp", ".tpp", ".cu")
HEADERS = frozenset(
    """algorithm any array atomic barrier bit bitset cassert ccomplex cctype cerrno cfenv cfloat charconv chrono
    cinttypes climits clocale cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal
    cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution expected
    filesystem format forward_list fstream functional future generator initializer_list iomanip ios iosfwd iostream
    istream iterator latch limits list locale map mdspan memory memory_resource mutex new numbers numeric optional
    ostream print queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span
    spanstream sstream stack stacktrace stdexcept stdfloat stop_token streambuf string string_view strstream
    syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray
    variant vector version""".split()
)
"""The headers of C++'s library."""
_SYNTAX = re.compile(
    r"""\b(?:class|using|typename)\s+\w+ | \btemplate\s*< | \b(?:namespace|virtual|mutable|friend)\b | \w\s*::\s*~?\w
    | \b(?:public|private|protected)\s*: | \boperator\s*(?:[-+*/%^&|~!=<>\[(]|new\b|delete\b) | \bextern\s*"C
    | \b(?:static|const|dynamic|reinterpret)_cast\s*< | \bnew\s+\w+\s*[\[({;] | \bdelete\s*\[\s*\]
    | \)\s*(?:const|noexcept|override|final)\s*[{;]
    | \b(?:char|short|int|long|unsigned|signed|float|double|bool|auto|size_t|\w+_t)\s*&&?\s*\w+\s*[,)=;]""",
    re.VERBOSE,
)
_COMMENT = re.compile(r'/\*.*?(?:\*/|$)|//.*|"(?:[^"\\]|\\.)*"(?<!"C")')
_TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | (?P<linkage>\bextern\s*"C(?:\+\+)?"\s*\{?) | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
    | (?P<brace>[{}])""",
    re.VERBOSE | re.DOTALL,
)


def is_named_so(name: str) -> bool:
    """Whether a file's name is that of C++."""
    return os.path.splitext(name)[1] in _SUFFIXES


def without_linkage(text: str) -> str:
    """The text without `extern "C"` and `extern "C" { … }`, what they hold in its place; as it is where braces do not
    match.
    """
    if '"C' not in text:
        return text
    gone: list[tuple[int, int, str]] = []
    inside: list[bool] = []
    """For each brace that is open, whether it is a linkage's."""
    for token in _TOKEN.finditer(text):
        if linkage := token["linkage"]:
            if linkage.endswith("{"):
                inside.append(True)
                gone.append((*token.span(), ""))
            else:
                gone.append((*token.span(), "extern"))
        elif token["brace"] == "{":
            inside.append(False)
        elif token["brace"]:
            if not inside:
                return text
            if inside.pop():
                gone.append((*token.span(), ""))
    return text if inside else _blanked(text, gone)


def _blanked(text: str, gone: Iterable[tuple[int, int, str]]) -> str:
    pieces, position = [], 0
    for start, end, instead in gone:
        blank = re.sub(r"[^\n]", " ", text[start + len(instead) : end])
        pieces += [text[position:start], instead, blank]
        position = end
    return "".join([*pieces, text[position:]])


def verdict(name: str, errors: Sequence[Diagnostic], missing: Iterable[str]) -> Diagnostic | None:
    """What to say in the place of a file's errors where they come of its being C++, at the place that shows it."""
    lines: dict[str, Diagnostic] = {}  # of many errors in one line the first
    for error in errors:
        lines.setdefault(error.source_line, error)
    shown = next((e for line, e in lines.items() if _SYNTAX.search(_COMMENT.sub(" ", line))), None)
    if not errors or not (shown or is_named_so(name) or any(header in HEADERS for header in missing)):
        return None
    at = shown or errors[0]
    return Diagnostic(NOT_READ, at.file, at.line, at.column, at.source_line, _HINT)

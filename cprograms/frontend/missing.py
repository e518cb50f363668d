"""Includes that are nowhere: which there are, what may come from them, and whom they keep out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from cprograms.diagnostics import Diagnostic
from cprograms.frontend.reach import INSTEAD_OF_EMBED, NO_EMBED, SANDBOXED
from cprograms.frontend.source import Source, is_inside, unescape

_ADD = "-I DIR adds a directory in which includes are looked for"
_MOST_TOLD = 8
"""Headers, or names, that a diagnostic lists."""
_DEPENDENCY = re.compile(r"(?:\\[ #\\]|\$\$|\\(?!\n)|[^\s\\$])+")
_ENTERED = re.compile(r'^# \d+ "((?:[^"\\\n]|\\.)*)" 1', re.MULTILINE)
_DIRECTIVE = re.compile(r'[ \t]*((?:#|%:)[ \t]*)(include|include_next|import|embed)\b[ \t]*([<"])([^">\n]+)[">]')
_NAMELESS = re.compile(
    r"(?:unknown type name|use of undeclared identifier|call to undeclared (?:library )?function"
    r"|(?:variable|field) has incomplete type|incomplete definition of type"
    r"|.* incomplete type) '(?:struct |union |enum )?(\w+)'.*"
)
_OF_VOID, _TWO_NAMES = "variable has incomplete type 'void'", "expected ';' after top level declarator"
_CONDITION = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|define|undef)\b(.*(?:\\\n.*)*)", re.MULTILINE)
_ERROR = re.compile(r"[ \t]*(?:#|%:)[ \t]*error\b")
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")


@dataclass(frozen=True)
class Missing:
    """An include that was not found: its name as it is spelled, and where it stands, as an error."""

    name: str
    fault: Diagnostic


def missing(dependencies: str, text: str, source: Source) -> tuple[Missing, ...]:
    """The includes of an expanded text that were not found: its dependencies, a compiler's file, that it never entered.

    Each once, in order.
    """
    try:
        listed = Path(dependencies).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ()
    words = _DEPENDENCY.findall(listed.partition(": ")[2].replace("\\\n", "\n"))
    names = dict.fromkeys(re.sub(r"\\([ #\\])", r"\1", word).replace("$$", "$") for word in words)
    if not names:
        return ()
    entered = dict.fromkeys(unescape(name) for name in _ENTERED.findall(text))
    known = {os.path.normpath(name) for name in entered}
    absent = [name for name in names if os.path.normpath(name) not in known]
    found = ((name, _place(name, source, entered)) for name in absent)
    return tuple(Missing(name, fault) for name, fault in found if fault.line or not _is_asked_for(name, source))


def _is_asked_for(name: str, source: Source) -> bool:
    """Whether what no directive names is a file that `__has_include` found."""
    return os.path.exists(name) and (source.folders is None or is_inside(name, source.folders))


def _place(name: str, source: Source, entered: Iterable[str]) -> Diagnostic:
    """An error at the directive that names a file, which may be one of an included file."""
    hint = SANDBOXED if source.folders is not None else _ADD
    fault = Diagnostic(f"'{name}' file not found", source.name, hint=hint)
    own = source.text.split("\n") if name in source.text else []
    for file, lines in chain([(source.name, own)], ((file, source.lines_of(file)) for file in entered)):
        for number, line in enumerate(lines, 1):
            found = _DIRECTIVE.match(line) if name in line else None
            if found and found[4] == name:
                place = replace(fault, file=file, line=number, column=found.start(3) + 1, source_line=line)
                return replace(place, message=NO_EMBED, hint=INSTEAD_OF_EMBED) if found[2] == "embed" else place
    return fault


def is_directive(error: Diagnostic) -> bool:
    """Whether an error is one that the program itself gives, `#error`: where includes are missing, they may be why."""
    return _ERROR.match(error.source_line) is not None


def passed_over(source: Source, absent: Sequence[Missing], errors: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The warnings where nothing that is needed seems to come from these includes, for all the errors of the file."""
    tested = _tested_macros(source) if absent else []
    hint = f"unless it is where {_listed(tested)} may come from, which the file tests" if tested else ""
    for header in absent:
        message = f"'{header.name}' was not found; nothing of it is needed"
        yield replace(header.fault, message=message, hint=hint, severity="warning")
    for error in errors if absent else ():
        if is_directive(error):
            message = f"#error {error.message} was passed over: includes are missing"
            yield replace(error, message=message, hint="", severity="warning")


def _tested_macros(source: Source) -> list[str]:
    """The macros that conditions of the file ask for and that it does not define itself: an include may."""
    defined = {re.split(r"\W", define)[0] for define in source.flags.defines}
    tested: dict[str, None] = {}
    for directive, rest in _CONDITION.findall(source.text):
        words = _WORD.findall(re.sub(r"/\*.*?\*/|//.*", "", rest))
        if directive in ("define", "undef"):
            defined |= {*words[:1]}
        else:
            tested |= dict.fromkeys(w for w in words if not w.startswith("__") and w != "defined")
    return [name for name in tested if name not in defined]


def explained(
    errors: Sequence[Diagnostic], absent: Sequence[Missing], keeps_out: Mapping[str, Sequence[Diagnostic]]
) -> list[Diagnostic]:
    """The errors of a program, and before them the missing includes that some of them may come from.

    `keeps_out` are the errors of each function of the file.
    """
    guessed = [e for e in errors if _missed(e)]
    if not guessed:
        return list(errors)
    names = dict.fromkeys(name for e in guessed if (name := _missed(e)))
    kept = [function for function, own in keeps_out.items() if any(_missed(e) for e in own)]
    what = f"perhaps it has {_listed(list(names))}"
    whom = f", which {_listed(kept)} {'needs' if len(kept) == 1 else 'need'}" if kept else ""
    first, *others = (header.fault for header in absent[:_MOST_TOLD])
    headers = [replace(first, hint=f"{what}{whom}; {first.hint}"), *(replace(f, hint="") for f in others)]
    was = "was" if len(absent) == 1 else "were"
    perhaps = f"perhaps from {_listed([header.name for header in absent], 'or')}, which {was} not found"
    dropped = {e: f"; -D {macro}= leaves it out" for e in guessed if (macro := _macro(e)) is not None}
    return [*headers, *(replace(e, hint=e.hint or perhaps + dropped.get(e, "")) if e in guessed else e for e in errors)]


def _missed(error: Diagnostic) -> str | None:
    """The name that an error says is not declared, or not known to the end."""
    if (macro := _macro(error)) is not None:
        return macro
    found = _NAMELESS.fullmatch(error.message)
    return found[1] if found else None


def _macro(error: Diagnostic) -> str | None:
    """What stands between a type and the name that is declared, `int API f(int x)`: a macro that nothing defines."""
    before, behind = error.source_line[: error.column - 1], error.source_line[error.column - 1 :]
    if error.message == _OF_VOID:
        found = re.match(r"\w+", behind)
    elif error.message == _TWO_NAMES and re.match(r"\s*\w", behind):
        found = re.search(r"\w+$", before)
    else:
        return None
    return found[0] if found else None


def _listed(names: Sequence[str], word: str = "and") -> str:
    shown = [f"'{name}'" for name in names[:_MOST_TOLD]]
    if len(names) > _MOST_TOLD:
        return f"{', '.join(shown)} {word} {len(names) - _MOST_TOLD} more"
    *others, last = shown
    return f"{', '.join(others)} {word} {last}" if others else last

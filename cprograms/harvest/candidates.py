"""The candidates of a file: its whole functions with scalar signatures, and pieces of the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.parse import Chunk
from cprograms.frontend.scope import FileScope
from cprograms.frontend.signature import Shape, signature_of
from cprograms.frontend.source import unescape
from cprograms.frontend.subset import Subset
from cprograms.frontend.trim import trim
from cprograms.harvest import outline
from cprograms.harvest.linking import Linker, NotLinked, undefined_calls
from cprograms.harvest.reading import CFile
from cprograms.harvest.scopes import Scopes
from cprograms.program import Program

CandidateKind = Literal["function"] | outline.PieceKind
_NAMES = re.compile(r"'[^']*'")
_POINTER = re.compile(r"[*\[]")
_VOID = re.compile(r"(?:\s|\b(?:static|extern|inline|const)\b)*void\b")
# An operator between operands; `->`, `++` and `--` are none. A pointer's star in a declaration passes for one.
_ARITHMETIC = re.compile(r"[\w\])]\s*(?:\+(?!\+)|-(?![->])|[*/%^]|<<|>>)")
_LEAST_ARITHMETIC = 2


@dataclass(frozen=True, eq=False)
class Candidate:
    """A numeric program from a file, its domain still the default; `place` is the file and line it comes from."""

    program: Program
    kind: CandidateKind
    function: str
    file: str
    line: int


def candidates(file: CFile, linker: Linker, outlined: bool, counts: Counter[str]) -> Iterator[Candidate]:
    """The candidates of a file that are in the numeric subset, closed over what they need and trimmed.

    Whole functions are also closed over helpers in other files. `counts` gets what became of every function and
    candidate, by stage and reason.
    """
    scope = FileScope(file.unit)
    finder = _Finder(file, scope, linker, counts)
    for chunk in file.functions:
        counts["functions: found"] += 1
        if not is_promising(chunk.text, outlined):
            counts["functions: neither scalar nor with arithmetic enough"] += 1
            continue
        try:
            nodes = file.unit.parse(chunk)
        except Unsupported:
            counts["functions: not parsed"] += 1
            continue
        function = next((n for n in nodes if isinstance(n, c_ast.FuncDef)), None)
        if function is None:
            counts["functions: not parsed"] += 1
            continue
        counts["functions: parsed"] += 1
        yield from finder.of(chunk, function, outlined)


def _takes_pointers(function: c_ast.FuncDef) -> bool:
    """Whether the signature is not scalar on the face of it, so that the body need not be looked at."""
    parameters = function.decl.type.args.params if function.decl.type.args else []
    for node in (*parameters, function.decl.type):
        kind = getattr(node, "type", None)
        if not isinstance(kind, c_ast.TypeDecl) or getattr(kind.type, "names", None) == ["void"]:
            return True
    return False


def is_promising(text: str, outlined: bool) -> bool:
    """Whether a function is worth parsing, which takes longer than all the rest: told by its text alone."""
    head, _, body = text.partition("{")
    if not (_POINTER.search(head) or _VOID.match(head)):
        return True
    return outlined and len(_ARITHMETIC.findall(body)) >= _LEAST_ARITHMETIC


class _Finder:
    def __init__(self, file: CFile, scope: FileScope, linker: Linker, counts: Counter[str]):
        self._unit, self._scope, self._subset, self._counts = file.unit, scope, Subset(scope), counts
        self._linker = linker

    def of(self, chunk: Chunk, function: c_ast.FuncDef, outlined: bool) -> Iterator[Candidate]:
        name = function.decl.name
        if not outlined:
            pieces = []
        else:
            scopes = Scopes(self._scope, self._subset, chunk)
            pieces = outline.outline(function, scopes)
        whole = self._checked(name, name, "function", chunk, chunk.coord.line)
        if whole is not None:
            yield whole
        numbers: Counter[str] = Counter()
        for piece in pieces:
            numbers[piece.kind] += 1
            made = f"{name}_{piece.kind}_{numbers[piece.kind]}"
            if self._scope.lookup(made) is not None:
                continue
            self._unit.add_function(piece.function(made), chunk.coord)
            self._scope.forget(made)
            found = self._checked(made, name, piece.kind, chunk, piece.line)
            if found is not None:
                yield found

    def _checked(self, name: str, function: str, kind: CandidateKind, chunk: Chunk, line: int) -> Candidate | None:
        """The candidate, where it is in the subset; else the first reason is counted."""
        entity = self._scope.lookup(name)
        if entity is None or not isinstance(entity.node, c_ast.FuncDef):
            self._counts[f"{kind}: defined twice"] += 1
            return None
        self._counts[f"{kind}: found"] += 1
        if kind == "function" and _takes_pointers(entity.node):
            self._counts["function: not numeric: an argument or the result is a pointer, an array or nothing"] += 1
            return None
        signature = signature_of(entity.node, self._scope.declarations_of(entity.chunk), Shape(), {}, None)
        faults = [*signature.faults, *self._subset.faults(name)]
        try:
            unit = self._closed(name, kind, faults)
        except NotLinked as error:
            self._counts[f"{kind}: not linked: {error}"] += 1
            return None
        if unit is None:
            why = _NAMES.sub("…", faults[0].message) if faults else "a global that can change"
            self._counts[f"{kind}: not numeric: {why}"] += 1
            return None
        self._counts[f"{kind}: numeric"] += 1
        program = Program(
            path=unescape(chunk.coord.file),
            source="",
            entry=name,
            arguments=signature.arguments,
            results=signature.results,
            unit=unit,
        )
        return Candidate(program, kind, function, unescape(chunk.coord.file), line)

    def _closed(self, name: str, kind: CandidateKind, faults: list[Unsupported]) -> c_ast.FileAST | None:
        """A function with what it needs, None where it is not numeric. Raises NotLinked."""
        missing = undefined_calls(name, self._subset, faults)
        if missing is None or (missing and kind != "function"):
            return None
        unit = trim(self._unit, name, self._subset.needed(name))
        return self._linker.link(unit, missing) if missing else unit

"""The candidates of a file: its whole functions that take and give numbers, and pieces of the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from pycparser import c_ast

from cprograms.budget import spending
from cprograms.declarations import Unsupported
from cprograms.diagnostics import ProgramError
from cprograms.frontend.parse import Chunk
from cprograms.frontend.scope import Entity, FileScope
from cprograms.frontend.signature import Shape, Signature, signature_of
from cprograms.frontend.source import unescape
from cprograms.frontend.subset import Subset
from cprograms.frontend.trim import trim
from cprograms.harvest import outline
from cprograms.harvest.funnel import form_of
from cprograms.harvest.linking import Linker, NotLinked, undefined_calls
from cprograms.harvest.reading import CFile
from cprograms.harvest.scopes import Scopes
from cprograms.harvest.settings import settled
from cprograms.lowering.accesses import Accesses, Given
from cprograms.lowering.unit import TranslationUnit
from cprograms.lowering.watching import Access
from cprograms.program import Program
from cprograms.standard import ERRNO

CandidateKind = Literal["function"] | outline.PieceKind
_NAMES = re.compile(r"'[^']*'")
_POINTER = re.compile(r"[*\[]")
_VOID = re.compile(r"(?:\s|\b(?:static|extern|inline|const)\b)*void\b")
# An operator between operands; `->`, `++` and `--` are none. A pointer's star in a declaration passes for one.
_ARITHMETIC = re.compile(r"[\w\])]\s*(?:\+(?!\+)|-(?![->])|[*/%^]|<<|>>)")
_LEAST_ARITHMETIC = 2
_SECONDS = 2.0
"""Budget of a function, half of which is processor time for its signature."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A numeric program from a file, its domain still the default; `file` and `line` are the place it comes from.

    `shape` is what a user would have to say of its arguments: extents, and numbers that some always have.
    """

    program: Program
    kind: CandidateKind
    function: str
    file: str
    line: int
    shape: Shape = field(default_factory=Shape)


class _NotNumeric(Exception):
    """A function is no candidate; the message says why."""


def candidates(file: CFile, linker: Linker, outlined: bool, counts: Counter[str]) -> Iterator[Candidate]:
    """The candidates of a file that are in the numeric subset, closed over what they need and trimmed.

    Whole functions are also closed over helpers in other files. `counts` gets what became of every function and
    candidate, by stage and reason.
    """
    scope = FileScope(file.unit)
    finder = _Finder(file, scope, linker, counts)
    for chunk in file.functions:
        counts["functions: found"] += 1
        if not is_promising(chunk.text):
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


def is_promising(text: str) -> bool:
    """Whether a function is worth parsing, which takes longer than all the rest: told by its text alone."""
    head, _, body = text.partition("{")
    if not (_POINTER.search(head) or _VOID.match(head)):
        return True
    return len(_ARITHMETIC.findall(body)) >= _LEAST_ARITHMETIC


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
        try:
            with spending(name, _SECONDS):
                program, shape = self._program(entity, kind)
        except (_NotNumeric, NotLinked) as error:
            stage = "not linked" if isinstance(error, NotLinked) else "not numeric"
            self._counts[f"{kind}: {stage}: {error}"] += 1
            return None
        except ProgramError:
            self._counts[f"{kind}: not numeric: it takes too long to follow"] += 1
            return None
        except Unsupported as error:
            self._counts[f"{kind}: not numeric: {_NAMES.sub('…', error.message)}"] += 1
            return None
        except Exception as error:  # whatever a hostile function does to the analysis
            self._counts[f"{kind}: not followed ({type(error).__name__})"] += 1
            return None
        self._counts[f"{kind}: numeric"] += 1
        if kind == "function":
            form = form_of(program)
            self._counts[f"{form}: numeric"] += 1
            self._counts[f"{form}: settings"] += shape != Shape()
        program = replace(program, path=unescape(chunk.coord.file))
        return Candidate(program, kind, function, program.path, line, shape)

    def _program(self, entity: Entity, kind: CandidateKind) -> tuple[Program, Shape]:
        """The program with a function as its entry, all that may change being state, and the settings that it needs.

        Raises _NotNumeric, NotLinked, or ProgramError where it takes too long.
        """
        name, node = entity.name, entity.node
        assert isinstance(node, c_ast.FuncDef)
        declarations = self._scope.declarations_of(entity.chunk)
        _check(signature_of(node, declarations, Shape(), {}, None).faults)
        unit = self._closed(name, kind)
        mutable = self._subset.mutable(name)
        if mutable and kind != "function":
            raise _NotNumeric("a global that can change")
        state = {other: (other, place) for other, place in mutable.items() if other != ERRNO}

        followed = Accesses(TranslationUnit(unit))
        live = self._subset.live(name, state)

        def follow(given: list[Given]) -> dict[str, Access] | None:
            return followed.of(name, given, live, state, self._subset.touches)

        def found(shape: Shape) -> Signature:
            return signature_of(node, declarations, shape, state, follow)

        signature, shape = settled(node, declarations, found)
        _check(signature.faults)
        program = Program(
            path="",
            source="",
            entry=name,
            arguments=signature.arguments,
            results=signature.results,
            unit=unit,
            parameters=signature.parameters,
            returned=signature.returned,
            restored=tuple(mutable),
        )
        return program, shape

    def _closed(self, name: str, kind: CandidateKind) -> c_ast.FileAST:
        """A function with what it needs. What is defined nowhere stays a prototype, where only some rows reach it.

        Raises _NotNumeric, NotLinked.
        """
        faults = self._subset.faults(name)
        missing = undefined_calls(name, self._subset, faults)
        if missing is None or (missing and kind != "function"):
            _check(faults)
            raise _NotNumeric("a function that is not defined")
        unit = trim(self._unit, name, self._subset.needed(name))
        if not missing:
            return unit
        always = {found for fault in faults for found in missing if f"'{found}'" in fault.message}
        try:
            return self._linker.link(unit, missing, always)
        except NotLinked:
            if faults:
                raise
            return unit


def _check(faults: Sequence[Unsupported]) -> None:
    """Raises _NotNumeric with the first fault, its names left out."""
    if faults:
        raise _NotNumeric(_NAMES.sub("…", faults[0].message))

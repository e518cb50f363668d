"""Helpers from the other files of a tree: what a linker does, for programs that have to stand alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from functools import lru_cache

from pycparser import c_ast, c_generator

from cprograms.declarations import Unsupported
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.frontend.scope import FileScope
from cprograms.frontend.subset import UNDEFINED, Subset
from cprograms.frontend.trim import trim
from cprograms.harvest.reading import CFile

_MAX_HELPERS = 12
_OPEN_FILES = 16


class NotLinked(Exception):
    """A function's helpers cannot be found or do not fit together; the message says why."""


def undefined_calls(name: str, subset: Subset, faults: Iterable[Unsupported]) -> list[str] | None:
    """The functions that a function, or what it needs, calls but nothing defines, where that is all that is at fault;
    else None.
    """
    return subset.undefined(name) if all(fault.message.endswith(UNDEFINED) for fault in faults) else None


class Linker:
    """Finds helpers in the files that `definitions` names for each function; `read` gives a file of the tree."""

    def __init__(self, read: Callable[[str], CFile], definitions: Mapping[str, Sequence[str]]):
        self._definitions = definitions
        self._opened = lru_cache(_OPEN_FILES)(lambda file: _Opened(read(file)))

    def link(self, unit: c_ast.FileAST, missing: Sequence[str], always: Collection[str]) -> c_ast.FileAST:
        """The unit with the missing functions, and what they need, before its own.

        What cannot be found is left out, so that it ends the rows that reach it. Raises NotLinked where it is one of
        those that are `always` called, or where things do not fit together.
        """
        parts: dict[str, c_ast.FileAST] = {}
        wanted, seen = list(missing), set(missing)
        while wanted:
            name = wanted.pop()
            try:
                parts[name], more = self._found(name)
            except NotLinked:
                if name in always:
                    raise
                continue
            if len(parts) > _MAX_HELPERS:
                raise NotLinked("too many helpers")
            wanted += [other for other in more if other not in seen]
            seen.update(more)
        return _merged([*reversed(parts.values()), unit]) if parts else unit

    def _found(self, name: str) -> tuple[c_ast.FileAST, list[str]]:
        """A function's own unit, and what is missing in it."""
        for file in self._definitions.get(name, ()):
            try:
                opened = self._opened(file)
            except (ProgramError, UsageError):
                continue
            entity = opened.scope.lookup(name)
            if entity is None or not isinstance(entity.node, c_ast.FuncDef):
                continue
            if "static" in entity.node.decl.storage:
                continue
            missing = undefined_calls(name, opened.subset, opened.subset.faults(name))
            if missing is None or opened.subset.mutable(name):
                raise NotLinked("a helper in another file is not numeric")
            unit = trim(opened.file.unit, name, opened.subset.needed(name))
            return unit, missing
        raise NotLinked("a helper is not defined in the tree")


class _Opened:
    def __init__(self, file: CFile):
        self.file = file
        self.scope = FileScope(file.unit)
        self.subset = Subset(self.scope)


def _merged(units: Sequence[c_ast.FileAST]) -> c_ast.FileAST:
    """One unit of several, each thing once; the last unit's last function stays the only external one."""
    generator = c_generator.CGenerator()
    seen: dict[tuple[str, str], str] = {}
    others: list[c_ast.Node] = []
    functions: list[c_ast.FuncDef] = []
    for unit in units:
        for node in unit.ext:
            if isinstance(node, c_ast.FuncDef):
                node = node if unit is units[-1] else _static(node)
            elif _is_prototype(node) and _is_defined(node, units):
                continue
            key, text = _key(node), generator.visit(node)
            if key in seen and seen[key] != text and not _is_prototype(node):
                raise NotLinked("two things of one name")
            if key not in seen:
                seen[key] = text
                functions.append(node) if isinstance(node, c_ast.FuncDef) else others.append(node)
    forward = [copy(function.decl) for function in functions[:-1]]
    return c_ast.FileAST([*others, *forward, *functions])


def _is_prototype(node: c_ast.Node) -> bool:
    return isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl)


def _is_defined(prototype: c_ast.Decl, units: Sequence[c_ast.FileAST]) -> bool:
    return any(isinstance(n, c_ast.FuncDef) and n.decl.name == prototype.name for u in units for n in u.ext)


def _static(function: c_ast.FuncDef) -> c_ast.FuncDef:
    made = copy(function)
    made.decl = copy(function.decl)
    made.decl.storage = ["static"]
    return made


def _key(node: c_ast.Node) -> tuple[str, str]:
    if isinstance(node, c_ast.FuncDef):
        return "name", node.decl.name
    name = getattr(node, "name", None)
    if name:
        return "name", name
    return "tag", getattr(node.type, "name", None) or ""

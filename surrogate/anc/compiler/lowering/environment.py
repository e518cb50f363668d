"""What the names of the C program stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from surrogate.anc.compiler.ir import Register, Value


class Environment:
    """The scopes of the function at hand: a variable's register, a constant, or where an array or the tape begins."""

    def __init__(self) -> None:
        self._scopes: list[dict[str, Value]] = []
        """Innermost last."""

    def lookup(self, name: str) -> Value:
        return next(scope[name] for scope in reversed(self._scopes) if name in scope)

    def variable(self, name: str) -> Register:
        found = self.lookup(name)
        assert isinstance(found, Register)
        return found

    def declare(self, name: str, value: Value) -> None:
        """Adds a name to the innermost scope."""
        self._scopes[-1][name] = value

    @contextmanager
    def scope(self) -> Iterator[None]:
        """A scope inside of the others."""
        self._scopes.append({})
        yield
        self._scopes.pop()

    @contextmanager
    def function(self, parameters: Mapping[str, Value]) -> Iterator[None]:
        """The body of a function, which sees its parameters and no other names from outside."""
        outer, self._scopes = self._scopes, [dict(parameters)]
        yield
        self._scopes = outer

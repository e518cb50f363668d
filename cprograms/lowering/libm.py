"""Calls of the C library's functions as nodes of the dataflow graph."""

from __future__ import annotations

from cprograms.graph import GraphBuilder
from cprograms.libm import called

_CALLED = {name: (function, form.type) for name, function, form in called()}


def call(builder: GraphBuilder, name: str, arguments: list[int]) -> int | None:
    """The node of a call of a library function or of its `__builtin_` form; None for what the graph does not know."""
    if name not in _CALLED:
        return None
    function, type = _CALLED[name]
    return function.lower(builder, type, [(node, builder.nodes[node].type) for node in arguments])

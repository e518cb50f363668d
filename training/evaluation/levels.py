"""The compiler's error on held-out generated programs, at each -O level and split by what the programs hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pycparser import c_ast

from cprograms.ops import OPS
from surrogate.mlp.emission.emit import Request, emit
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.fitting.scale import settle
from surrogate.mlp.network import Scale, emitted_network
from surrogate.mlp.pipeline import LEVEL_ROWS, build_network
from training.errors import geometric_mean
from training.held_out import HeldOut, network_error

GROUP_OF = {op.name: op.group for op in OPS}


def errors_at(model: Hypernetwork, held: list[HeldOut], opt_level: int, rows: int | None = None) -> np.ndarray:
    """nMSE [programs] of the networks that a compile at `opt_level` makes, on the test rows."""
    rows = LEVEL_ROWS[opt_level] if rows is None else rows
    errors = []
    for h in held:
        network = build_network(model, h.program, h.graph, h.x[:rows], h.y[:rows], opt_level)
        if opt_level == 0:
            settle(network, h.program, h.graph)
        errors.append(network_error(h, network))
    return np.array(errors)


def text_errors_with_scale(model: Hypernetwork, held: list[HeldOut]) -> np.ndarray:
    """nMSE [programs] at -O0 where the outputs' true mean and deviation are given."""
    requests = [Request(h.graph, h.program.domain, scale=Scale(h.y_test.mean(0), h.y_test.std(0))) for h in held]
    networks = (emitted_network(*e, h.program.domain) for e, h in zip(emit(model, requests), held, strict=True))
    return np.array([network_error(h, network) for h, network in zip(held, networks, strict=True)])


def _has_loop(node: c_ast.Node) -> bool:
    loops = (c_ast.For, c_ast.While, c_ast.DoWhile)
    return isinstance(node, loops) or any(_has_loop(child) for _, child in node.children())


def _uses(held: HeldOut, *groups: str) -> bool:
    return any(GROUP_OF[n.op] in groups for n in held.graph.result(held.result).nodes)


def _arguments(held: HeldOut) -> int:
    return sum(n.op == "arg" for n in held.graph.result(held.result).nodes)


CLASSES: dict[str, Callable[[HeldOut], bool]] = {
    "all": lambda h: True,
    "1-2 arguments": lambda h: _arguments(h) <= 2,
    "3-4 arguments": lambda h: 3 <= _arguments(h) <= 4,
    "5-8 arguments": lambda h: 5 <= _arguments(h) <= 8,
    "9-16 arguments": lambda h: 9 <= _arguments(h) <= 16,
    "17-32 arguments": lambda h: 17 <= _arguments(h) <= 32,
    "33-64 arguments": lambda h: _arguments(h) >= 33,
    "selects": lambda h: _uses(h, "select"),
    "no selects": lambda h: not _uses(h, "select"),
    "loops": lambda h: _has_loop(h.program.unit),
    "loops not unrolled": lambda h: not h.graph.exact,
    "trigonometry": lambda h: _uses(h, "trigonometry"),
    "integer result": lambda h: h.program.results[h.result].type.is_integer,
    "floating result": lambda h: not h.program.results[h.result].type.is_integer,
}


def level_rows(held: list[HeldOut], errors: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """A row a class of programs: its name, its size, and the geometric mean and median of each column of errors."""
    rows = []
    for name, belongs in CLASSES.items():
        mask = np.array([belongs(h) for h in held])
        row: dict[str, Any] = {"class": name, "programs": int(mask.sum())}
        for column, e in errors.items():
            part = e[mask]
            row[column] = {"geo": geometric_mean(part), "median": float(np.median(part))} if len(part) else None
        rows.append(row)
    return rows

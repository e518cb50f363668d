"""Whole functions as people write them, which the generator varies: the folder `recipes` holds the originals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from pycparser import c_ast, c_parser

from cprograms.generate import nodes
from cprograms.standard import PROTOTYPES
from cprograms.types import scalar_of_names

_FOLDER = Path(__file__).with_name("recipes")
_ENTRY = re.compile(
    r"// (?P<ranges>.*) -> (?P<lo>\S+) (?P<hi>\S+), mean (?P<mid>\S+), deviation (?P<dev>\S+)\n(?P<text>(?:.+\n)+)"
)
_SIMPLE = frozenset("0 1 2 3 4 0.0 1.0 2.0 0.5".split())
_SWAPPED = {"+": "-", "-": "+", "<": "<=", ">": ">=", "<=": "<", ">=": ">"}


@dataclass(frozen=True, eq=False)
class Recipe:
    """A function with the ranges of its arguments; `lo`, `hi`, `mid`, `dev` describe its values for those."""

    function: c_ast.FuncDef
    ranges: tuple[tuple[float, float], ...]
    lo: float
    hi: float
    mid: float
    dev: float
    loops: bool
    fixed: bool
    """Whether a changed constant or operator could make a loop endless, an index or a shift wrong."""

    @property
    def name(self) -> str:
        return str(self.function.decl.name)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Name and type code of each parameter."""
        return [(p.name, _code(p.type)) for p in self.function.decl.type.args.params]

    @property
    def type(self) -> str:
        return _code(self.function.decl.type.type)


def _code(node: c_ast.TypeDecl) -> str:
    scalar = scalar_of_names(node.type.names)
    assert scalar is not None
    return scalar.code


@cache
def recipes(real: bool) -> tuple[Recipe, ...]:
    text = (_FOLDER / ("real.c" if real else "integer.c")).read_text()
    return tuple(_recipe(m) for m in _ENTRY.finditer(text))


def _recipe(entry: re.Match[str]) -> Recipe:
    ranges = tuple((float(low), float(high)) for _, low, high in (r.split() for r in entry["ranges"].split(", ")))
    function = c_parser.CParser().parse(entry["text"]).ext[0]
    lo, hi, mid, dev = (float(entry[k]) for k in ("lo", "hi", "mid", "dev"))
    loops = bool(re.search(r"\b(for|while)\b", entry["text"]))
    return Recipe(
        function, ranges, lo, hi, mid, dev, loops, loops or any(mark in entry["text"] for mark in ("[", "<<"))
    )


def choose(rng: Random, candidates: Sequence[Recipe], loops: float) -> Recipe:
    """One of the candidates, with a loop at the given share where there are such."""
    looping = [r for r in candidates if r.loops]
    return rng.choice(looping if looping and rng.random() < loops else candidates)


def vary(recipe: Recipe, rng: Random, name: str, *, single: bool) -> tuple[c_ast.FuncDef, dict[str, c_ast.Decl]]:
    """A variant under another name, and the prototypes that it needs: constants are moved, operators exchanged.

    `single` makes it a function of floats. Where there are loops or tables, operators and whole numbers stay.
    """
    prototypes: dict[str, c_ast.Decl] = {}
    swaps = 0.0 if recipe.fixed else 0.1
    moved = 0.0 if rng.random() < 0.3 else 0.5
    integer = recipe.type != "f64"

    def change(node: c_ast.Node) -> None:
        if isinstance(node, c_ast.FuncCall):
            _call(node, single, prototypes)
        elif isinstance(node, c_ast.IdentifierType) and single and node.names == ["double"]:
            node.names = ["float"]
        elif isinstance(node, c_ast.Constant):
            if node.value not in _SIMPLE and rng.random() < moved and not (integer and recipe.fixed):
                node.value = _moved(node, rng)
            if single and node.type == "double":
                node.value, node.type = node.value + "f", "float"
        elif isinstance(node, c_ast.BinaryOp) and node.op in _SWAPPED and rng.random() < swaps:
            node.op = _SWAPPED[node.op]
        elif isinstance(node, c_ast.TypeDecl) and node.declname == recipe.name:
            node.declname = name
        elif isinstance(node, c_ast.Decl) and node.name == recipe.name:
            node.name = name

    function = clone(recipe.function, change)
    assert isinstance(function, c_ast.FuncDef)
    return function, prototypes


def _call(node: c_ast.FuncCall, single: bool, prototypes: dict[str, c_ast.Decl]) -> None:
    called = node.name.name
    assert f"{called}f" in PROTOTYPES, called
    if single:
        called = node.name.name = called + "f"
    prototypes[called] = nodes.prototype(called, "f32" if single else "f64", len(node.args.exprs))


def _moved(node: c_ast.Constant, rng: Random) -> str:
    """A constant near this one, with as many digits; characters and bit masks stay."""
    value = str(node.value)
    if node.type == "int" and value.isdigit() and int(value) > 9:
        return str(max(2, round(int(value) * rng.uniform(0.85, 1.2))))
    if node.type != "double":
        return value
    digits = len(re.split("[eE]", value)[0].replace(".", "").strip("0"))
    text = f"{float(value) * rng.uniform(0.75, 1.3):.{max(min(digits, 9), 1)}g}"
    return text if "." in text or "e" in text else text + ".0"


def clone(node: c_ast.Node, change: Callable[[c_ast.Node], None]) -> c_ast.Node:
    """A deep copy, each copied node given to `change`."""
    copied = object.__new__(type(node))
    for name in type(node).__slots__:
        if name == "__weakref__":
            continue
        value = getattr(node, name)
        if isinstance(value, c_ast.Node):
            value = clone(value, change)
        elif isinstance(value, list):
            value = [clone(v, change) if isinstance(v, c_ast.Node) else v for v in value]
        setattr(copied, name, value)
    change(copied)
    return copied

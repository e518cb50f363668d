"""A whole random program: signature, domain, body, translation unit."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np
from pycparser import c_ast

from cprograms.generate import nodes
from cprograms.generate.distribution import (
    DEFAULT,
    ENTRIES,
    FIELDS,
    INTEGER_DOMAINS,
    NAMES,
    STRUCTS,
    Distribution,
    real_domain,
)
from cprograms.generate.function import FunctionWriter
from cprograms.generate.parts import part
from cprograms.generate.recipe import choose, recipes, vary
from cprograms.generate.statements import STATEMENTS
from cprograms.generate.styles import restyle
from cprograms.generate.values import Value
from cprograms.generate.writer import UnitDraft
from cprograms.program import Argument, Program, Result
from cprograms.types import SCALARS

Seed = int | np.random.SeedSequence | np.random.Generator


def generate(seed: Seed, grammar: Distribution = DEFAULT) -> Program:
    """One random numeric program. The same seed gives the same program; a Generator is advanced by one draw."""
    rng = Random(_entropy(seed))
    if rng.random() < grammar.whole_recipe:
        return _from_recipe(grammar, rng)
    if rng.random() < grammar.part:
        return part(grammar, rng, _names(rng, 32))
    n = int(grammar.arguments.draw(rng))
    result = grammar.result.draw(rng)
    struct = result == "struct"
    body = ""
    if struct:
        result = rng.choice(("f64", "f64", "f64", "f32", "i32"))
        body = "integer" if result == "i32" else ""
    elif result == "integer":
        result = grammar.integer_result.draw(rng)
        body = grammar.integer_body.draw(rng)
    if body == "integer":
        type = "i64" if result == "i64" else "i32"
        arguments = _integer_arguments(grammar, rng, n, result)
    else:
        type = result if result in ("f32", "f64") else rng.choice(("f64", "f64", "f32"))
        arguments = _real_arguments(grammar, rng, n, type)
    return _write(grammar, rng, arguments, type, result, body, struct)


def _from_recipe(grammar: Distribution, rng: Random) -> Program:
    """A variant of a recipe, on about the recipe's domain."""
    recipe = choose(rng, recipes(real=rng.random() < 0.6), grammar.looping_recipe)
    single = recipe.type == "f64" and rng.random() < 0.2
    function, prototypes = vary(recipe, rng, recipe.name, single=single)
    result = "f32" if single else recipe.type
    arguments = tuple(
        Argument(
            name, SCALARS["f32" if single else code], *_part(rng, *ends, whole=code not in ("f32", "f64")), "pragma"
        )
        for (name, code), ends in zip(recipe.parameters, recipe.ranges, strict=True)
    )
    unit = c_ast.FileAST(restyle(rng, grammar.habits, [*prototypes.values(), function]))
    return Program("<generated>", "", recipe.name, arguments, (Result("return", SCALARS[result]),), unit)


def _part(rng: Random, low: float, high: float, *, whole: bool) -> tuple[float, float]:
    """Mostly the range, sometimes a half of it or more."""
    if whole or rng.random() < 0.6:
        return low, high
    cut = 0.5 * rng.random() * (high - low)
    first = low if rng.random() < 0.5 else low + cut
    return float(f"{first:.4g}"), float(f"{first + high - low - cut:.4g}")


def programs(seed: int, grammar: Distribution = DEFAULT) -> Iterator[Program]:
    """An endless stream of random programs; program i depends on the seed and i only."""
    i = 0
    while True:
        yield generate(np.random.SeedSequence((seed, i)), grammar)
        i += 1


def _entropy(seed: Seed) -> int:
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**63))
    if isinstance(seed, np.random.SeedSequence):
        return int.from_bytes(seed.generate_state(4).tobytes(), "little")
    return seed


def _names(rng: Random, n: int) -> list[str]:
    family = rng.choice([f for f in NAMES if len(f) >= min(n, 8)])
    names = list(family) if rng.random() < 0.8 else rng.sample(family, len(family))
    while len(names) < n:
        names += [name for name in rng.choice(NAMES) if name not in names]
    return names[:n]


def _real_arguments(grammar: Distribution, rng: Random, n: int, type: str) -> tuple[Argument, ...]:
    shared = real_domain(grammar.real_domain.draw(rng), rng) if n > 6 or rng.random() < grammar.shared_domain else None
    own = 0.03 if n > 6 else 0.15
    integers = grammar.integer_argument if rng.random() < 0.5 else 0.0
    arguments = []
    for name in _names(rng, n):
        if rng.random() < integers and n > 1:
            arguments.append(_integer_argument(grammar.integer_domain.draw(rng), name, "i32", rng))
            continue
        low, high = shared if shared and rng.random() >= own else real_domain(grammar.real_domain.draw(rng), rng)
        code = type if rng.random() < 0.96 else ("f32" if type == "f64" else "f64")
        arguments.append(Argument(name, SCALARS[code], low, high, "pragma"))
    return tuple(arguments)


def _integer_arguments(grammar: Distribution, rng: Random, n: int, result: str) -> tuple[Argument, ...]:
    shared = grammar.integer_domain.draw(rng) if rng.random() < grammar.shared_domain or n > 6 else None
    own = 0.03 if n > 6 else 0.15
    code = rng.choice(("i32", "i32", "i32", result, result, "u8", "u32", "u32", "u16", "i64"))
    arguments = []
    for name in _names(rng, n):
        domain = shared if shared and rng.random() >= own else grammar.integer_domain.draw(rng)
        if n == 1 and domain in ("bit", "digit"):
            domain = "byte"
        arguments.append(_integer_argument(domain, name, code, rng))
    return tuple(arguments)


def _integer_argument(domain: str, name: str, code: str, rng: Random) -> Argument:
    low, high = INTEGER_DOMAINS[domain]
    limits = SCALARS[code].limits
    if low < limits[0] or high > limits[1]:
        code = "i32"
    return Argument(name, SCALARS[code], low, high, "pragma")


def _write(
    grammar: Distribution, rng: Random, arguments: tuple[Argument, ...], type: str, result: str, body: str, struct: bool
) -> Program:
    unit = UnitDraft(rng, grammar)
    entry = unit.name(ENTRIES)
    unit.names.update(a.name for a in arguments)
    parameters = [
        Value(nodes.identifier(a.name), a.type.code, a.low, a.high, mask=1 << i) for i, a in enumerate(arguments)
    ]
    function = FunctionWriter(unit, type, parameters, STATEMENTS, result=result, body=body, struct=struct)
    statements = int(grammar.statements.draw(rng))
    results: tuple[Result, ...]
    head: list[c_ast.Node] = []
    if struct:
        tag, fields = rng.choice(STRUCTS), rng.choice(FIELDS)[: int(grammar.fields.draw(rng))]
        head = [nodes.structure(tag, [(result, f) for f in fields])]
        function.write_struct(statements, tag, fields)
        results = tuple(Result(f, SCALARS[result]) for f in fields)
    else:
        tag = ""
        function.write(statements)
        results = (Result("return", SCALARS[result]),)
    signature = [(a.type.code, a.name) for a in arguments]
    definition = nodes.function(result, entry, signature, function.statements, struct=tag)
    external = [*unit.prototypes.values(), *head, *unit.globals, *unit.helpers, definition]
    return Program("<generated>", "", entry, arguments, results, c_ast.FileAST(restyle(rng, grammar.habits, external)))

"""Whole random programs: types, constants, helpers, and the entry `f` with a domain for its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.fuzz.expressions import Array, Expressions, Helper, Scalar, Scope, Struct, Variable
from tests.fuzz.statements import Shapes, Statements, declaration
from tests.fuzz.values import BOOL, DOUBLE, FLOAT, INT, UINT, USHORT, WILD

FILE_NAMES = r"\b(?:f|[ehkstuE]_\d+)\b"
"""What a program calls the things that it defines for the whole file."""


@dataclass(frozen=True)
class Written:
    """`inexact`: C may round otherwise than the graph, whose operators do not have all of C's functions."""

    source: str
    inexact: bool


def program(seed: int) -> Written:
    """The program of a seed."""
    return _Writer(Random(seed)).written()


class _Writer:
    def __init__(self, random: Random):
        self.random, self.scope = random, Scope()
        self.shapes = Shapes(random, [], {})
        self.lines: list[str] = []

    def written(self) -> Written:
        chance = self.random.random
        if chance() < 0.4:
            self._aliases()
        if chance() < 0.4:
            self._enumeration()
        for k in range(self.random.choice([0, 0, 1, 2])):
            self._struct(k)
        for k in range(self.random.choice([0, 0, 1, 2])):
            self._constant(k)
        if chance() < 0.08:
            self._pointers()
        for k in range(self.random.choice([0, 1, 1, 2])):
            (self._recursive if chance() < 0.15 else self._helper)(k)
        self._entry()
        return Written("\n".join([*sorted(self.scope.prototypes), *self.lines, ""]), self.scope.inexact)

    def _aliases(self) -> None:
        for k, type in enumerate(self.random.sample([INT, UINT, USHORT, FLOAT, DOUBLE], 2)):
            self.lines.append(f"typedef {type.name} u_{k};")
            self.shapes.aliases[f"u_{k}"] = type

    def _enumeration(self) -> None:
        values, value = [], -1
        items = []
        for k in range(self.random.randint(1, 4)):
            given = self.random.random() < 0.4
            value = self.random.choice([-2, 0, 1, 4, 100]) if given else value + 1
            items.append(f"E_{k} = {value}" if given else f"E_{k}")
            values.append((f"E_{k}", value))
        self.lines.append(f"enum e_0 {{ {', '.join(items)} }};")
        self.scope.enumerators += values
        # An enumeration's own type is unsigned where none of its values is negative.
        self.shapes.aliases["enum e_0"] = INT if any(v < 0 for _, v in values) else UINT

    def _struct(self, k: int) -> None:
        made = []
        for i in range(self.random.randint(1, 4)):
            chance = self.random.random()
            if chance < 0.15 and self.shapes.structs:
                made.append((f"m{i}", self.shapes.structs[0]))
            elif chance < 0.3:
                made.append((f"m{i}", Array(self.shapes.scalar(), (self.random.randint(1, 3),))))
            else:
                made.append((f"m{i}", self.shapes.scalar()))
        self._define_struct(Struct(f"s_{k}", tuple(made)))

    def _define_struct(self, struct: Struct) -> None:
        fields = " ".join(f"{declaration(shape, name)};" for name, shape in struct.fields)
        self.lines.append(f"struct {struct.name} {{ {fields} }};")
        self.shapes.structs.append(struct)

    def _constant(self, k: int) -> None:
        shape = self.shapes.local() if self.random.random() < 0.5 else self.shapes.array()
        text, _ = Expressions(self.random, self.scope).initialiser(shape, 0, constant=True)
        storage = self.random.choice(["static const", "static const", "const"])
        self.lines.append(f"{storage} {declaration(shape, f'k_{k}')} = {text};")
        self.scope.blocks[0].append(Variable(f"k_{k}", shape, writable=False))

    def _pointers(self) -> None:
        """A helper that sets what it is given a pointer to, and one that walks over an array."""
        type = self.random.choice([UINT, DOUBLE])
        self.shapes.pointers = Scalar(type, type.bounds, type.name)
        t, op, walk = type.name, self.random.choice("+-*"), self.random.choice(["a0[i]", "*(a0 + i)", "*a0++"])
        self.lines += [
            f"static void h_8({t} *a0, {t} a1) {{ if (a1 > 3) *a0 {op}= a1; else *a0 = a1 {op} 2; }}",
            f"static {t} h_9(const {t} *a0, int a1) {{",
            f"  {t} a2 = 1;",
            f"  for (int i = 0; i < a1; i++) a2 = a2 * 3 + {walk};",
            "  return a2;",
            "}",
        ]

    def _function(self, head: str, parameters: list[Variable], result: Scalar | Struct) -> None:
        self.scope.blocks.append(list(parameters))
        body = Statements(self.random, self.scope, self.shapes, result).body()
        self.scope.blocks.pop()
        self.lines += [f"{head} {{", *body, "}"]

    def _helper(self, k: int) -> None:
        parameters = [Variable(f"a{i}", self.shapes.passed()) for i in range(self.random.randint(0, 3))]
        result = self.shapes.passed()
        given = ", ".join(declaration(p.shape, p.name) for p in parameters) or "void"
        storage = self.random.choice(["static", "static inline"])
        self._function(f"{storage} {declaration(result, f'h_{k}')}({given})", parameters, result)
        self.scope.helpers.append(
            Helper(f"h_{k}", tuple(p.shape for p in parameters if not isinstance(p.shape, Array)), result)
        )

    def _recursive(self, k: int) -> None:
        """A helper that calls itself with a smaller count; its other parameter is wrapped or wild, so all fits."""
        shape = Scalar(*self.random.choice([(UINT, UINT.bounds), (DOUBLE, WILD), (USHORT, USHORT.bounds)]), "")
        shape = Scalar(shape.type, shape.bounds, shape.type.name)
        count = Scalar(INT, (0, self.random.randint(1, 5)), "int")
        writer = Expressions(self.random, self.scope)
        self.scope.blocks.append([Variable("a0", count, writable=False), Variable("a1", shape, writable=False)])
        stop, next_, last = (writer.fitted(writer.expression(2), shape).at(2) for _ in range(3))
        self.scope.blocks.pop()
        call = f"h_{k}(a0 - 1, {next_})"
        last = f"({shape.name})({last})"
        end = self.random.choice([f"return {call};", f"return {call} + {last};", f"return {last} - {call};"])
        self.lines += [
            f"static {declaration(shape, f'h_{k}')}(int a0, {shape.name} a1) {{",
            f"  if (a0 <= 0) return {stop};",
            f"  {end}",
            "}",
        ]
        self.scope.helpers.append(Helper(f"h_{k}", (count, shape), shape))

    def _entry(self) -> None:
        parameters = [Variable(f"x{i}", self._argument()) for i in range(self.random.randint(1, 5))]
        result: Scalar | Struct = self._result()
        for parameter in parameters:
            assert isinstance(parameter.shape, Scalar)
            low, high = parameter.shape.bounds
            self.lines.append(f"#pragma surrogate range({parameter.name}, {low!r}, {high!r})")
        self.lines.append("#pragma surrogate entry(f)")
        given = ", ".join(declaration(p.shape, p.name) for p in parameters)
        self._function(f"{declaration(result, 'f')}({given})", parameters, result)

    def _argument(self) -> Scalar:
        """An argument is as a variable, but its bounds are the domain: finite, and exact as float64."""
        shape = self.shapes.scalar()
        low, high = shape.bounds
        if shape.type.floating:
            low, high = self.random.choice([(-8.0, 8.0), (0.0, 1.0), (-1000.0, 1000.0), (-1.0, 1.0)])
        elif shape.type != BOOL:
            low, high = max(low, -(2**53)), min(high, 2**53)
        return Scalar(shape.type, (low, high), shape.name)

    def _result(self) -> Scalar | Struct:
        if self.random.random() < 0.7:
            return self.shapes.scalar()
        made = tuple((f"m{i}", self.shapes.scalar()) for i in range(self.random.randint(1, 4)))
        self._define_struct(Struct("s_9", made))
        return self.shapes.structs[-1]

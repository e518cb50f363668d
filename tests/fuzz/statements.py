"""Random statements: every loop ends after a few passes, every variable is set before it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.fuzz.expressions import Array, Expression, Expressions, Scalar, Scope, Shape, Struct, Variable
from tests.fuzz.values import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT,
    INTEGERS,
    LLONG,
    LONG,
    SCHAR,
    SHORT,
    UCHAR,
    UINT,
    ULLONG,
    USHORT,
    WILD,
    Type,
    promoted,
)

_COUNTERS = (INT, INT, INT, UINT, LONG, SHORT, UCHAR, SCHAR, ULLONG, LLONG, USHORT)
_MOST_PASSES = 40
"""Passes of all loops around a statement, multiplied."""


class Statements:
    """Writes the body of a function that gives `result`. Indented lines are collected in `lines`."""

    def __init__(self, random: Random, scope: Scope, shapes: Shapes, result: Scalar | Struct):
        self.random, self.scope, self.shapes, self.result = random, scope, shapes, result
        self.expressions = Expressions(random, scope)
        self.lines: list[str] = []
        self._depth, self._passes, self._names = 1, 1, 0
        self._loops: list[bool] = []
        """The loops and switches around, innermost last: whether `continue` may be used as well as `break`."""
        self._jumps: list[str] = []
        """Labels further down to which a `goto` may lead."""
        self._budget = random.randint(2, 9)

    def body(self) -> list[str]:
        while self._budget > 0:
            self.statement()
        self._write(f"return {self._gathered()};")
        return self.lines

    def _gathered(self) -> str:
        """A result that depends on several variables, so that what happened to them shows."""
        if isinstance(self.result, Struct):
            return self._returned(2)
        places = self.expressions.places(writable=True)
        e = self.expressions.expression(2)
        for place in self.random.sample(places, min(len(places), 3)):
            e = self.expressions.combined(self.random.choice("+-*+"), e, place) or e
        return self.expressions.fitted(e, self.result).text

    def _write(self, line: str) -> None:
        self.lines.append("  " * self._depth + line)

    def _returned(self, depth: int) -> str:
        return self.expressions.value(self.result, depth).text

    def _name(self, letter: str = "v") -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def _declared(self, variable: Variable) -> None:
        self.scope.blocks[-1].append(variable)

    # One statement

    def statement(self, declarations: bool = True) -> None:
        self._budget -= 1
        kinds: list[tuple[int, Callable[[], None]]] = [(9, self._assign), (2, self._step), (2, self._leave)]
        if declarations and self.shapes.pointers:
            kinds += [(4, self._point), (4, self._hand_over), (4, self._walk)]
        if declarations:
            kinds += [(8, self._declare), (3, self._declare_later)]
        if self._depth < 4 and self._budget > 0:
            kinds += [(6, self._if), (2, self._switch), (1, self._jump_over), (1, self._nested_block)]
            if self._passes < _MOST_PASSES // 2:
                kinds += [(4, self._for), (3, self._while)][: 2 if declarations else 1]
        weights, makers = zip(*kinds, strict=True)
        self.random.choices(makers, weights)[0]()

    def _block(self, head: str, tail: str = "}", variables: tuple[Variable, ...] = (), most: int = 3) -> None:
        """A block in braces, what follows its head and precedes its end included."""
        self._write(f"{head} {{".lstrip())
        self._inside(variables, most)
        self._write(tail)

    def _inside(self, variables: tuple[Variable, ...] = (), most: int = 3) -> None:
        self.scope.blocks.append(list(variables))
        self._depth += 1
        for _ in range(self.random.randint(1, most)):
            if self._budget > 0:
                self.statement()
        self._depth -= 1
        self.scope.blocks.pop()

    def _nested_block(self) -> None:
        self._block("")

    def _declare(self) -> None:
        shape = self.shapes.local()
        text, _ = self.expressions.initialiser(shape, self.random.randint(0, 2))
        qualifier = self.random.choice(["", "", "", "", "const ", "register ", "static const "])
        if "static" in qualifier:
            text, _ = self.expressions.initialiser(shape, 0, constant=True)
        if "register" in qualifier and (self.shapes.pointers or not isinstance(shape, Scalar)):
            qualifier = ""
        name = self._name()
        self._write(f"{qualifier}{declaration(shape, name)} = {text};")
        self._declared(Variable(name, shape, writable="const" not in qualifier))

    def _declare_later(self) -> None:
        """A variable that both branches of a condition set."""
        shape, name = self.shapes.scalar(), self._name()
        values = [self.expressions.fitted(self.expressions.expression(2), shape).text for _ in range(2)]
        self._write(f"{declaration(shape, name)};")
        self._write(f"if ({self.expressions.condition(1).text}) {name} = {values[0]}; else {name} = {values[1]};")
        self._declared(Variable(name, shape))

    def _assign(self) -> None:
        structs = [v for v in self.scope.variables if isinstance(v.shape, Struct) and v.writable]
        if structs and self.random.random() < 0.2:
            target = self.random.choice(structs)
            assert isinstance(target.shape, Struct)
            e = self.expressions.value(target.shape, 2)
            e = self.expressions.plain(target.shape) if target.name in e.writes else e
            self._write(f"{target.name} = {e.text};")
        elif targets := self.expressions.places(writable=True):
            e = self.expressions.assignment(self.random.choice(targets), self.random.randint(1, 2))
            self._write(f"{e.text};")
        else:
            self._write(";")

    def _step(self) -> None:
        targets = self.expressions.places(writable=True)
        e = self.expressions.step(self.random.choice(targets)) if targets else None
        self._write(f"{e.text};" if e is not None else ";")

    def _leave(self) -> None:
        """A conditional jump: out of the function, of a loop, over some statements."""
        ways = [f"return {self._returned(2)};"]
        if self._loops:
            ways += ["break;"] * 2 + ["continue;"] * 2 * all(self._loops[-1:])
        ways += [f"goto {label};" for label in self._jumps[-1:]] * 2
        way = self.random.choice(ways)
        self._write(f"if ({self.expressions.condition(1).text}) {way}")

    # Pointers

    @property
    def _pointed(self) -> Scalar:
        assert self.shapes.pointers is not None
        return self.shapes.pointers

    def _alike(self) -> list[Variable]:
        """Writable scalars of one type and bounds, in any order."""
        found = [v for v in self.scope.variables if v.writable and isinstance(v.shape, Scalar) and v.shape.type != BOOL]
        self.random.shuffle(found)
        return [v for v in found if v.shape == found[0].shape]

    def _point(self) -> None:
        """A pointer to one or the other of two variables, and assignments through it."""
        targets = self._alike()
        if not targets:
            return
        shape, name = targets[0].shape, self._name("p")
        assert isinstance(shape, Scalar)
        self._write(f"{shape.name} *{name} = &{targets[0].name};")
        if len(targets) > 1:
            self._write(f"if ({self.expressions.condition(1).text}) {name} = &{targets[1].name};")
        e = self.expressions.fitted(self.expressions.expression(1), shape)
        e = self.expressions.plain(shape) if e.writes else e
        self._write(f"*{name} = {e.text};")
        copy = self._name()
        self._write(f"{shape.name} {copy} = *{name};")
        self._declared(Variable(copy, shape))

    def _hand_over(self) -> None:
        """A call of the helper that sets what its argument points to."""
        shape = self._pointed
        targets = [v for v in self._alike() if v.shape == shape]
        if targets:
            e = self.expressions.fitted(self.expressions.expression(1), shape)
            e = self.expressions.plain(shape) if e.writes else e
            self._write(f"h_8(&{targets[0].name}, {e.at(2)});")

    def _walk(self) -> None:
        """A call of the helper that walks over an array."""
        shape, name, given = self._pointed, self._name(), self._name()
        n = self.random.randint(1, 4)
        self._write(f"{declaration(Array(shape, (n,)), given)} = {self._list(n)};")
        self._declared(Variable(given, Array(shape, (n,))))
        self._write(f"{declaration(shape, name)} = h_9({given}, {self.random.randint(0, n)});")
        self._declared(Variable(name, shape))

    def _list(self, n: int) -> str:
        return self.expressions.initialiser(Array(self._pointed, (n,)), 1)[0]

    # Branches

    def _if(self) -> None:
        condition = self.expressions.condition(1).text
        if self.random.random() < 0.5:
            self._block(f"if ({condition})")
            return
        self._block(f"if ({condition})", tail="} else {")
        self._inside()
        self._write("}")

    def _jump_over(self) -> None:
        label = self._name("l")
        self._jumps.append(label)
        self._write(f"if ({self.expressions.condition(1).text}) goto {label};")
        self._block("")
        self._jumps.pop()
        self._write(f"{label}:;")

    def _switch(self) -> None:
        e = self.expressions.integer(2)
        if self.random.random() < 0.7:
            e = self.expressions.within(e, (-3, 6))
        self._write(f"switch ({e.text}) {{")
        labels = self._labels(promoted(e.type))
        self._loops.append(bool(self._loops) and self._loops[-1])
        while labels:
            count = min(len(labels), self.random.choice([1, 1, 2]))
            self._write(" ".join(labels.pop() for _ in range(count)))
            self._section()
        self._loops.pop()
        self._write("}")

    def _labels(self, type: Type) -> list[str]:
        values = self.random.sample(range(-3 if type.signed else 0, 8), self.random.randint(1, 5))
        names = {value: name for name, value in self.scope.enumerators}
        spelled = [str(v) if v not in names or self.random.random() < 0.5 else names[v] for v in values]
        labels = [f"case {text}:" for text in spelled]
        if self.random.random() < 0.3:
            constant = self.random.choice(["10 + 3", "'x'", "(1 << 5)", "0x7fL", "9 * 2 - 1"])
            labels.append(f"case {constant}:")
        labels += ["default:"] * (self.random.random() < 0.7)
        self.random.shuffle(labels)
        return labels

    def _section(self) -> None:
        if self.random.random() < 0.5:
            self._block("", most=2)
        else:
            self.statement(declarations=False)
        ends = ["break;", "break;", "break;", ";"]
        self._write(self.random.choice(ends))

    # Loops

    def _passing(self, passes: int, write: Callable[[], None], continues: bool = True) -> None:
        """Write a loop's body, which runs at most so many times."""
        outer = self._passes
        self._passes *= passes
        self._loops.append(continues)
        write()
        self._loops.pop()
        self._passes = outer

    def _for(self) -> None:
        type, n = self.random.choice(_COUNTERS), self.random.randint(1, 6)
        name, spelled = self._name("i"), self.random.choice(type.spellings)
        counter = Variable(name, Scalar(type, (0, n - 1), spelled), writable=False)
        forms = [
            f"{spelled} {name} = 0; {name} < {n}; {name}++",
            f"{spelled} {name} = 0; {name} <= {n - 1}; ++{name}",
            f"{spelled} {name} = 0; {name} != {n}; {name} += 1",
            f"{spelled} {name} = {n}; {name}-- > 0;",
            f"{spelled} {name} = 0; {name} < {n}; {name} += {self.random.randint(2, 3)}",
            f"{spelled} {name} = 0; {name} < {n} && {self.expressions.condition(1).at(6)}; {name}++",
            f"{spelled} {name} = 0; {name} < ({spelled}){self._count(n).at(14)}; {name}++",
        ]
        if type.signed:
            forms.append(f"{spelled} {name} = {n - 1}; {name} >= 0; {name}--")
        head = f"for ({self.random.choice(forms)})"
        self._passing(n, lambda: self._block(head, variables=(counter,)))

    def _count(self, most: int) -> Expression:
        return self.expressions.within(self.expressions.integer(2), (0, most))

    def _while(self) -> None:
        n, name = self.random.randint(1, 6), self._name("n")
        type = self.random.choice((INT, INT, UINT, LONG))
        self._write(f"{type.name} {name} = {self._count(n).text};")
        counter = Variable(name, Scalar(type, (0, n), type.name), writable=False)
        # What a count down leaves behind is not known, so nobody reads it any more.
        form = self.random.choice(["while", "decrement", "do", "halves", "goto"])
        match form:
            case "while":
                self._passing(n, lambda: self._block(f"while ({name} > 0)", f"  {name}--; }}", (counter,)), False)
            case "decrement":
                counter = replace(counter, shape=Scalar(type, (0, n - 1), type.name))
                self._passing(n, lambda: self._block(f"while ({name}-- > 0)", variables=(counter,)))
            case "do":
                self._passing(n, lambda: self._block("do", f"}} while ({name}-- > 1);", (counter,)))
            case "goto":
                label, outer = self._name("l"), self._passes
                self._write(f"{label}:;")
                self._passes *= n
                self._block("", variables=(counter,))
                self._passes = outer
                self._write(f"if ({name}-- > 1) goto {label};")
            case "halves":
                self._passing(3, lambda: self._block(f"for (; {name}; {name} /= 2)", variables=(counter,)))


class Shapes:
    """The types that a program may use for its objects."""

    def __init__(self, random: Random, structs: list[Struct], aliases: dict[str, Type]):
        self.random, self.structs, self.aliases = random, structs, aliases
        self.pointers: Scalar | None = None
        """What the helpers `h_8` and `h_9` take pointers to, in a program that has any."""

    def scalar(self) -> Scalar:
        """A scalar type, and bounds which hold 0."""
        type = self.random.choice([*INTEGERS, INT, INT, INT, UINT, UINT, FLOAT, FLOAT, DOUBLE, DOUBLE, DOUBLE])
        names = [*type.spellings, *(a for a, t in self.aliases.items() if t == type)]
        name = self.random.choice([type.name, self.random.choice(names)])
        if type.floating:
            return Scalar(type, self.random.choice([WILD, WILD, (-1e3, 1e3), (-10.0, 10.0)]), name)
        low, high = type.bounds
        limit = self.random.choice([high, high, 1000, 100, 7])
        return Scalar(type, (max(low, -limit - 1), min(high, limit)), name)

    def passed(self) -> Scalar | Struct:
        """What can be handed over and given back."""
        return self.random.choice(self.structs) if self.structs and self.random.random() < 0.25 else self.scalar()

    def local(self) -> Shape:
        chance = self.random.random()
        if chance < 0.6:
            return self.scalar()
        if chance < 0.75 and self.structs:
            return self.random.choice(self.structs)
        return self.array()

    def array(self) -> Array:
        lengths = (self.random.randint(1, 5),) if self.random.random() < 0.75 else (2, self.random.randint(1, 3))
        element = self.random.choice(self.structs) if self.structs and self.random.random() < 0.15 else self.scalar()
        return Array(element, lengths)


def declaration(shape: Shape, name: str) -> str:
    """A declarator with its type."""
    if isinstance(shape, Array):
        return f"{declaration(shape.element, name)}{''.join(f'[{n}]' for n in shape.lengths)}"
    return f"{shape.name if isinstance(shape, Scalar) else f'struct {shape.name}'} {name}"

"""Random tape programs: rich in what the language has, always ending soon, mostly short once compiled.

Every loop counts with a variable that nothing else writes, or with one that is counted down in its own condition, so
that `continue` skips no count. Loops whose bound is any value do not hold others, nor multiplications. Local variables
without a value are read only where their declaration is reached once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from cprograms.frontend.source import read
from cprograms.tape.loading import TapeFile
from cprograms.tape.program import TapeProgram
from tests.cprograms.tape.random_tape_expressions import TAPE, Helper, Scope, Values, chance

MAX_LOOPS = 2
"""Loops inside each other."""
SIZES = (1, 2, 4, 6, 8, 10, 14)
_NAMES = ("a", "b", "c", "i", "j", "k", "n", "x", "y")


def random_tape_program(random: Random, name: str = "f", size: int = max(SIZES), bits: bool = False) -> str:
    """The C text of a tape program, `void f(int *mem)`, which means something for every memory size from 20.

    All choices are drawn from `random`, so that hypothesis, which passes its own, can shrink them. Texts of different
    names can stand in one file. `size` bounds the entry's statements, but for those of its last block. `bits` lets it
    use the operators on bits.
    """
    head, constants = _constants(random, name)
    helpers: list[Helper] = []
    texts = []
    for number in range(random.choice([0, 0, 1, 2])):
        helper = Helper(f"{name}_h{number}", random.randrange(3), chance(random, 0.5), chance(random, 0.6))
        texts.append(_Writer(random, helper.tape, helpers[:], constants, bits).helper(helper))
        helpers.append(helper)
    texts.append(_Writer(random, True, helpers, constants, bits).entry(name, size))
    return "\n".join([*head, *texts])


def random_tape_programs(seeds: Iterable[int], size: int = max(SIZES), bits: bool = False) -> list[TapeProgram]:
    """A program for each seed, all read from one file: the compiler checks many in the time of one."""
    texts = {f"f{seed}": random_tape_program(Random(seed), f"f{seed}", size, bits) for seed in seeds}
    file = TapeFile(read(None, "\n".join(texts.values())), bits=bits)
    return [file.program(name) for name in texts]


def _constants(random: Random, name: str) -> tuple[list[str], list[str]]:
    """Lines that define constants, and the names of these."""
    guards = {
        f"{name}_FIVE": "enum {{ {0} = 5 }};",
        f"{name}_LIMIT": "#define {0} (3 + 1)",
        f"{name}_STEP": "static const int {0} = 2;",
        f"{name}_LAST": "const int {0} = -1;",
    }
    names = [constant for constant in guards if chance(random, 0.2)]
    return [guards[constant].format(constant) for constant in names], names


class _Writer(Values):
    """Writes the statements of one function, each as a list of lines."""

    def __init__(self, random: Random, tape: bool, helpers: list[Helper], constants: list[str], bits: bool):
        super().__init__(random, tape, helpers, constants, bits)
        self._loops = 0
        self._simple = False
        """Inside a loop whose bound is any value."""
        self._breakable = False
        self._returns = "return;"
        self._budget = 0

    # Functions

    def entry(self, name: str, size: int) -> str:
        self._budget = self.random.choice([s for s in SIZES if s <= size])
        lines = self._declarations()
        while self._budget > 0:
            lines += self._statement(2)
        return _block(f"void {name}(int *{TAPE})", lines)

    def helper(self, helper: Helper) -> str:
        parameters = [f"p{k}" for k in range(helper.values)]
        self.scopes[-1].variables += parameters
        self.costly = 1
        self._budget = self.random.randrange(1, 4)
        self._returns = "return 0;" if helper.result else "return;"
        lines: list[str] = []
        while self._budget > 0:
            lines += self._statement(1)
        if helper.result:
            lines.append(f"return {self.value(1)};")
        given = [*([f"int *{TAPE}"] if helper.tape else []), *(f"int {p}" for p in parameters)]
        result = "int" if helper.result else "void"
        return _block(f"static {result} {helper.name}({', '.join(given) or 'void'})", lines)

    def _declarations(self) -> list[str]:
        """The entry's own variables, some without a value, and perhaps an array."""
        lines = []
        for _ in range(self.random.randrange(4)):
            lines += self._declare(initialised=self.chance(0.6))
        if self.chance(0.25):
            lines += self._declare_array()
        return lines

    # Declarations

    def _new_name(self) -> str:
        taken = self.scopes[-1].variables + list(self.scopes[-1].arrays)
        free = [name for name in _NAMES if name not in taken]
        return self.random.choice(free) if free else f"v{len(taken)}"

    def _declare(self, initialised: bool = True) -> list[str]:
        name = self._new_name()
        with self.hidden(name):  # in C, it stands for the new variable in its own initialiser already
            init = f" = {self.value(2)}" if initialised else ""
        self.scopes[-1].variables.append(name)
        return [f"int {name}{init};"]

    def _declare_array(self) -> list[str]:
        name, size = self._new_name(), self.random.randrange(2, 5)
        with self.hidden(name), self.without_cells():
            values = [self.atom() for _ in range(self.random.randrange(size + 1))]
        self.scopes[-1].arrays[name] = size
        init = f" = {{{', '.join(values)}}}" if values else ""
        return [f"int {name}[{size}]{init};"]

    # Statements

    def _statement(self, depth: int) -> list[str]:
        self._budget -= 1
        simple: list[Callable[[], list[str]]] = [self._assign, self._assign, self._store, self._store, self._step_alone]
        simple += [self._expression, self._call_alone, self._swap, self._jump]
        nested: list[Callable[[int], list[str]]] = [self._if, self._if, self._switch, self._inner]
        if self._loops < MAX_LOOPS and not self._simple:
            nested += [self._for, self._while, self._do]
        if depth > 0 and self.chance(0.45):
            return self.random.choice(nested)(depth - 1)
        return self.random.choice(simple)()

    def _body(self, depth: int, count: int = 3) -> list[str]:
        """The statements of a block with a scope of its own."""
        self.scopes.append(Scope())
        lines = self._declare() if self.chance(0.15) else []
        for _ in range(self.random.randrange(1, count + 1)):
            lines += self._statement(depth)
        self.scopes.pop()
        return lines

    def _assign(self) -> list[str]:
        names = self.writable()
        if not names or self.chance(0.15):
            return self._declare()
        name = self.random.choice(names)
        op = self.random.choice(["=", "=", "=", *(f"{op}=" for op in self.sums), "*=", "/=", "%="])
        if op in ("*=", "/=", "%="):
            if self.costly <= 0 or self._simple:
                op = "+="
            else:
                self.costly -= 1
        value = self.random.choice("23") if op in ("/=", "%=") else self.changed(name, 2)
        return [f"{name} {op} {value};"]

    def _store(self) -> list[str]:
        if not self.tape and not self.arrays():
            return self._assign()
        target = self.cell(1)
        if self.writable() and self.tape and self.chance(0.15):
            name = self.random.choice(self.writable())
            with self.hidden(name):
                return [f"{TAPE}[{name}{self.random.choice(['++', '--'])}] = {self.value(1)};"]
        op = self.random.choice(["=", "=", *(f"{op}=" for op in self.sums)])
        return [f"{target} {op} {self.value(2)};"]

    def _step_alone(self) -> list[str]:
        targets = [*self.writable(), *([self.cell(1)] if self.tape or self.arrays() else [])]
        if not targets:
            return self._assign()
        target = self.random.choice(targets)
        return [f"({target}){self.random.choice(['++', '--'])};"]

    def _expression(self) -> list[str]:
        return [f"{self.effect(1)};"]

    def _call_alone(self) -> list[str]:
        usable = [h for h in self.helpers if self.tape or not h.tape]
        if not usable or self._loops > 1 or self._simple:
            return self._store()
        helper = self.random.choice(usable)
        with_tape = [TAPE] if helper.tape else []
        call = f"{helper.name}({', '.join([*with_tape, *(self.value(1) for _ in range(helper.values))])})"
        names = self.writable()
        if helper.result and names and self.chance(0.7):
            return [f"{self.random.choice(names)} {self.random.choice(['=', '+='])} {call};"]
        return [f"{call};"]

    def _swap(self) -> list[str]:
        if not self.tape:
            return self._assign()
        left, right, name = self.cell(1), self.cell(0), self._new_name()
        if name in left + right:
            return self._store()
        return ["{", f"  int {name} = {left};", f"  {left} = {right};", f"  {right} = {name};", "}"]

    def _jump(self) -> list[str]:
        """An early way out, mostly under a condition."""
        jumps = [
            self._returns,
            *(["break;"] * 2 if self._breakable else []),
            *(["continue;"] * 2 if self._loops else []),
        ]
        jump = self.random.choice(jumps)
        if jump == "return 0;":
            jump = f"return {self.value(1)};"
        return [f"if ({self.test(1)}) {jump}"] if self.chance(0.9) else [jump]

    def _if(self, depth: int) -> list[str]:
        test = self.effect(1) if self.chance(0.15) else self.test(2)
        lines = _block(f"if ({test})", self._body(depth)).splitlines()
        if self.chance(0.4):
            lines += _block("else", self._body(depth)).splitlines()
        return lines

    def _inner(self, depth: int) -> list[str]:
        """A block, whose variables may have the names of outer ones."""
        self.scopes.append(Scope())
        lines = self._declare_array() if self.chance(0.15) else self._declare()
        lines += self._statement(depth)
        self.scopes.pop()
        return _block("", lines).splitlines()

    def _switch(self, depth: int) -> list[str]:
        subject = self.value(1) if self.chance(0.8) else self.effect(1)
        labels = self.random.sample(["0", "1", "2", "3", "-1", "2 + 2"], self.random.randrange(1, 4))
        cases = [f"case {label}:" for label in labels]
        if self.chance(0.6):
            cases.insert(self.random.randrange(len(cases) + 1), "default:")
        breakable, self._breakable = self._breakable, True
        lines = []
        for case in cases:
            self.scopes.append(Scope())
            lines += [case, *_block("", self._statement(depth)).splitlines()]
            self.scopes.pop()
            lines += ["  break;"] if self.chance(0.6) else []
        self._breakable = breakable
        return _block(f"switch ({subject})", lines).splitlines()

    # Loops

    def _loop_body(self, depth: int) -> list[str]:
        loops, breakable = self._loops, self._breakable
        self._loops, self._breakable = loops + 1, True
        lines = self._body(depth, 2)
        self._loops, self._breakable = loops, breakable
        return lines

    def _bound(self) -> str:
        """A number of turns: small, or any value where the loop is simple."""
        if self._simple:
            return self.atom()
        if self.costly > 0 and self.chance(0.3):
            self.costly -= 1
            return f"({self.value(1)} % {self.random.choice('345')})"
        return self.random.choice("1234")

    def _for(self, depth: int) -> list[str]:
        outer = (self._simple, self.costly, self.helpers)
        if not self._loops and self.chance(0.2):
            self._simple, self.costly, self.helpers = True, 0, []
        self.scopes.append(Scope())
        name, bound = self._counter()
        first = self.random.choice("001")
        # A bound that changes on the way ends the loop all the same: the count passes every value.
        head = f"int {name} = {first}; {name} < {bound}; {name}++"
        if self.chance(0.3):
            head = f"int {name} = {bound}; {name} > {first}; {name}--"
        lines = _block(f"for ({head})", self._loop_body(depth)).splitlines()
        self.scopes.pop()
        self._simple, self.costly, self.helpers = outer
        return lines

    def _counter(self) -> tuple[str, str]:
        """A variable for a loop to count with, new to its scope, and the number of turns."""
        name = self._new_name()
        with self.hidden(name):
            bound = self._bound()
        self.scopes[-1].variables.append(name)
        self.scopes[-1].fixed.add(name)
        return name, bound

    def _while(self, depth: int) -> list[str]:
        self.scopes.append(Scope())
        name, bound = self._counter()
        body = self._loop_body(depth)
        form = self.random.randrange(4)
        if form == 0:
            lines = _block("for (;;)", [f"if ({name}-- == 0) break;", *body]).splitlines()
        elif form == 1:
            lines = _block(f"while ({name})", [f"{name}--;", *body]).splitlines()
        elif form == 2:
            lines = _block(f"while ({name}-- > 0 && {self.value(1)})", body).splitlines()
        else:
            lines = _block(f"while ({name}--)", body).splitlines()
        self.scopes.pop()
        return _block("", [f"int {name} = {bound};", *lines]).splitlines()

    def _do(self, depth: int) -> list[str]:
        self.scopes.append(Scope())
        name, bound = self._counter()
        lines = _block("do", self._loop_body(depth)).splitlines()
        lines[-1] += f" while ({name} && --{name});"
        self.scopes.pop()
        return _block("", [f"int {name} = {bound};", *lines]).splitlines()


def _block(head: str, lines: list[str]) -> str:
    return "\n".join([f"{head} {{".lstrip(), *(f"  {line}" for line in lines), "}"])

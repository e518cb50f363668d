"""From the dataflow graph of a sketch to a plan: which distributions are computed, from which others, and how.

Every node of the graph is a *form*. A `Table` gives its value for all values of one or two variables: sub-graphs over
these are tabulated exactly, however deep they are. A `Switch` takes another form for every value of its variable: a
select, or an element chosen by an index. What would need more variables is *cut*: it becomes a variable itself, whose
distribution is computed, and which is taken to be independent of the others, as in TerpreT and in the register machine.
Where every variable has one value the plan computes what C computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.graph import Graph, Node
from cprograms.ops import PREDICATES, UNEVALUABLE, apply
from cprograms.program import Program
from cprograms.types import Scalar

Values = npt.NDArray[Any]
"""int64 or float64."""
MOST_CELLS = 1 << 16
"""Of a table."""
MOST_VALUES = 4096
"""That a whole number may have."""
TRAP = np.iinfo(np.int64).min
"""Where C's behaviour is undefined; of a floating number, NaN."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A number with a distribution: `values` are those that it may have. `argument` is its number among the program's
    arguments, or None where its distribution is that of `form`."""

    values: Values
    argument: int | None = None
    form: Form | None = None


@dataclass(frozen=True, eq=False)
class Table:
    """A number for each combination of values of its variables, at most two: `values` has an axis for each."""

    variables: tuple[Variable, ...]
    values: Values


@dataclass(frozen=True, eq=False)
class Switch:
    """A form for each value of a variable; those that are the same form are one object."""

    variable: Variable
    branches: tuple[Form, ...]
    values: Values = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """All values that it may have."""


Form = Table | Switch


@dataclass(frozen=True, eq=False)
class Plan:
    """The results as forms; `variables` are the program's arguments, None for one that is not read.

    `tests` are nodes of the graph that compare floating numbers which are given, and the variables of what they find:
    their arguments' numbers are beyond those of the program.
    """

    results: tuple[Form, ...]
    variables: tuple[Variable | None, ...]
    tests: tuple[int, ...] = ()


def support(form: Form) -> Values:
    """The values that a form may have, sorted; what is undefined among them."""
    return form.values if isinstance(form, Switch) else np.unique(form.values)


def plan(program: Program, graph: Graph, tabulate: bool = True) -> Plan:
    """The plan of a sketch's graph. Without `tabulate` every operator is taken by itself, of independent operands.

    Raises ProgramError where a number may have too many values.
    """
    return _Planner(program, graph, tabulate).plan()


FOUND = np.array([TRAP, 0, 1])
"""What a test of given floating numbers may find."""


class _Planner:
    def __init__(self, program: Program, graph: Graph, tabulate: bool) -> None:
        self._program, self._graph, self._tabulate = program, graph, tabulate
        self._given = {k for p in program.parameters if p.passing != "global" for k in p.arguments if k is not None}
        self._floating = self._of_given()
        self._tests: list[int] = []
        self._arguments: list[Variable | None] = [None] * len(program.arguments)
        self._cuts: dict[int, Table] = {}
        self._restricted: dict[tuple[int, int, int], Form] = {}
        self._same: dict[object, Form] = {}
        self._kept: list[Form] = []

    def plan(self) -> Plan:
        forms: dict[int, Form] = {}
        for node, n in enumerate(self._graph.nodes):
            if self._floating[node] is not None and not self._is_test(node):
                continue
            self._ensure_no_number(n.children if self._floating[node] is None else ())
            forms[node] = self._test(node) if self._is_test(node) else self._form(n, [forms[c] for c in n.children])
            if not self._tabulate and n.op not in ("const", "arg"):
                forms[node] = self._cut(forms[node])
        self._ensure_no_number(self._graph.roots)
        return Plan(tuple(forms[r] for r in self._graph.roots), tuple(self._arguments), tuple(self._tests))

    # Floating numbers that are given: what compares them is known of each example

    def _of_given(self) -> list[int | None]:
        """Of each node a floating argument that it is made of, where it is made of what is given alone. What is made of
        tests of such numbers is a whole number as any other."""
        found: list[int | None] = []
        known: list[bool] = []
        for n in self._graph.nodes:
            is_given = n.op == "arg" and int(n.value) in self._given
            known.append(is_given or n.op == "const" or (bool(n.children) and all(known[c] for c in n.children)))
            below = [f for c in n.children if (f := found[c]) is not None and self._graph.nodes[c].op not in PREDICATES]
            if is_given and not n.type.is_integer:
                below = [int(n.value)]
            found.append(below[0] if below and known[-1] else None)
        return found

    def _is_test(self, node: int) -> bool:
        return self._floating[node] is not None and self._graph.nodes[node].op in PREDICATES

    def _test(self, node: int) -> Table:
        self._tests.append(node)
        return self._of(Variable(FOUND, argument=len(self._program.arguments) + len(self._tests) - 1))

    def _ensure_no_number(self, nodes: Sequence[int]) -> None:
        """Raises ProgramError where a floating number that is given is used for more than comparing it."""
        for node in nodes:
            k = self._floating[node]
            if k is not None and not self._is_test(node):
                name = self._program.arguments[k].name
                message = f"'{name}' is a floating number beside whole numbers that are learned or chosen"
                raise self._fault(
                    message, "there it can be compared with what is given, or a learned function reads it"
                )

    def _fault(self, message: str, hint: str = "") -> ProgramError:
        return ProgramError([Diagnostic(message, self._program.path, hint=hint)])

    def _form(self, n: Node, children: Sequence[Form]) -> Form:
        if n.op == "const":
            return self._shared(Table((), np.asarray(n.value, dtype=_kind(n.type))))
        if n.op == "arg":
            return self._argument(int(n.value))
        if n.op in UNEVALUABLE:
            raise self._fault(f"'{self._program.entry}' has a loop that is not known to end soon", LOOP_HINT)
        if n.op == "sel":
            return self._select(n, *children)
        return self._tabulated(n, children)

    def _argument(self, k: int) -> Table:
        a = self._program.arguments[k]
        if not a.type.is_integer:
            message = f"'{a.name}' is a floating number beside whole numbers that are learned or chosen"
            raise self._fault(message, "only whole numbers are computed with there")
        variable = self._arguments[k]
        if variable is None:
            variable = Variable(np.arange(int(a.low), int(a.high) + 1, dtype=np.int64), argument=k)
            self._arguments[k] = variable
        return self._of(variable)

    def _of(self, variable: Variable) -> Table:
        found = self._shared(Table((variable,), variable.values))
        assert isinstance(found, Table)
        return found

    def _shared(self, form: Form) -> Form:
        """The form, or an older one that is the same."""
        if isinstance(form, Table):
            key: object = (tuple(map(id, form.variables)), form.values.shape, form.values.dtype, form.values.tobytes())
        else:
            key = (id(form.variable), tuple(map(id, form.branches)))
        if key not in self._same:
            self._same[key] = form
            self._kept.append(form)  # ids are of objects that live
        return self._same[key]

    # Operators

    def _tabulated(self, n: Node, children: Sequence[Form]) -> Table:
        tables = self._fitting(children)
        found = _computed(n, [self._graph.nodes[c].type for c in n.children], tables, self._graph)
        simple = self._shared(_reduced(found))
        assert isinstance(simple, Table)
        return simple

    def _fitting(self, children: Sequence[Form]) -> list[Table]:
        """The children as tables of two variables in all: those that need more are cut."""
        tables = [c if isinstance(c, Table) else self._cut(c) for c in children]
        if not _fits(tables):
            tables = [self._cut(t) if len(t.variables) > 1 else t for t in tables]
        if not _fits(tables):
            message = f"a number in '{self._program.entry}' may have too many values to be followed"
            raise self._fault(message, "keep numbers small, as by % M")
        return tables

    def _select(self, n: Node, condition: Form, yes: Form, no: Form) -> Form:
        if yes is no:
            return yes
        if isinstance(condition, Table) and isinstance(yes, Table) and isinstance(no, Table):
            if not condition.variables and condition.values != TRAP:
                return yes if condition.values != 0 else no
            if _fits([condition, yes, no]):
                return self._tabulated(n, [condition, yes, no])
        test = condition if isinstance(condition, Table) and len(condition.variables) == 1 else self._cut(condition)
        if not test.variables:
            return self._shared(test) if test.values == TRAP else yes if test.values != 0 else no
        (variable,) = test.variables
        branches = []
        for k, value in enumerate(test.values):
            if value == TRAP:
                branches.append(self._shared(Table((), np.asarray(_undefined(n.type)))))
            else:
                branches.append(self._restrict(yes if value != 0 else no, variable, k))
        return self._switch(variable, branches)

    def _switch(self, variable: Variable, branches: Sequence[Form]) -> Form:
        if all(b is branches[0] for b in branches):
            return branches[0]
        values = np.unique(np.concatenate([support(b) for b in dict.fromkeys(branches)]))
        if len(values) > MOST_VALUES:
            message = f"a number in '{self._program.entry}' may have more than {MOST_VALUES} values"
            raise self._fault(message, "keep numbers small, as by % M")
        return self._shared(Switch(variable, tuple(branches), values))

    def _restrict(self, form: Form, variable: Variable, k: int) -> Form:
        """What a form is where a variable has its k-th value."""
        key = (id(form), id(variable), k)
        if key not in self._restricted:
            self._restricted[key] = self._found_restriction(form, variable, k)
        return self._restricted[key]

    def _found_restriction(self, form: Form, variable: Variable, k: int) -> Form:
        if isinstance(form, Table):
            if variable not in form.variables:
                return form
            axis = form.variables.index(variable)
            rest = tuple(v for v in form.variables if v is not variable)
            return self._shared(_reduced(Table(rest, np.take(form.values, k, axis=axis))))
        if form.variable is variable:
            return self._restrict(form.branches[k], variable, k)
        branches = [self._restrict(b, variable, k) for b in form.branches]
        same = all(a is b for a, b in zip(branches, form.branches, strict=True))
        return form if same else self._switch(form.variable, branches)

    def _cut(self, form: Form) -> Table:
        """A form as a variable of its own, taken to be independent of all others."""
        if isinstance(form, Table) and len(form.variables) < (2 if self._tabulate else 1):
            return form
        if id(form) not in self._cuts:
            values = support(form)
            if len(values) > MOST_VALUES:
                message = f"a number in '{self._program.entry}' may have more than {MOST_VALUES} values"
                raise self._fault(message, "keep numbers small, as by % M")
            self._cuts[id(form)] = self._of(Variable(values, form=form))
            self._kept.append(form)
        return self._cuts[id(form)]


LOOP_HINT = (
    "give it a bound that does not depend on what is learned, as in for (int k = 0; k < 8; k++), and leave early"
)


def _kind(type: Scalar) -> type[np.int64] | type[np.float64]:
    return np.int64 if type.is_integer else np.float64


def _undefined(type: Scalar) -> np.int64 | np.float64:
    return np.int64(TRAP) if type.is_integer else np.float64(np.nan)


def _variables(tables: Sequence[Table]) -> tuple[Variable, ...]:
    return tuple(dict.fromkeys(v for t in tables for v in t.variables))


def _fits(tables: Sequence[Table]) -> bool:
    """Whether one table of at most two variables can be made of these."""
    variables = _variables(tables)
    return len(variables) <= 2 and np.prod([len(v.values) for v in variables], dtype=float) <= MOST_CELLS


def _computed(n: Node, types: Sequence[Scalar], tables: Sequence[Table], graph: Graph) -> Table:
    """An operator on tables, as C computes it; undefined where an operand that it takes is, or it is itself."""
    variables = _variables(tables)
    shape = tuple(len(v.values) for v in variables)
    given = [np.broadcast_to(_aligned(t, variables), shape) for t in tables]
    traps = [v == TRAP if v.dtype.kind == "i" else np.isnan(v) for v in given]
    args = [np.where(trap, 0, v).astype(t.dtype) for v, trap, t in zip(given, traps, types, strict=True)]
    with np.errstate(all="ignore"):
        value, trap = apply(n.op, n.type, args, graph.tables[int(n.value)] if n.op == "lookup" else None)
    chosen = [traps[0], np.where(args[0] != 0, traps[1], traps[2])] if n.op == "sel" else traps
    undefined = np.logical_or.reduce(chosen)
    undefined = undefined if trap is None else undefined | trap
    found = np.broadcast_to(np.asarray(value).astype(_kind(n.type)), shape)
    return Table(variables, np.where(undefined, _undefined(n.type), found))


def _aligned(table: Table, variables: Sequence[Variable]) -> Values:
    """A table's values with an axis for each of the variables."""
    order = sorted(range(len(table.variables)), key=lambda k: variables.index(table.variables[k]))
    values = table.values.transpose(order)
    return values.reshape([len(v.values) if v in table.variables else 1 for v in variables])


def _reduced(table: Table) -> Table:
    """Without the variables that its values do not depend on."""
    values, kept = table.values, list(table.variables)
    for axis in reversed(range(len(kept))):
        first = values.take([0], axis=axis)
        if np.array_equal(values, np.broadcast_to(first, values.shape), equal_nan=values.dtype.kind == "f"):
            values = first.squeeze(axis)
            del kept[axis]
    return Table(tuple(kept), np.array(values, order="C"))

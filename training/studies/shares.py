"""How often people write what: the counts on harvested programs that the generator's shares were rounded from.

A place is an operator and a side, an assignment, a return, a call's operand and so on: see `cprograms.generate.shares`,
whose tables are counted here again, and compared with the counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.generate import shares
from cprograms.generate.distribution import Weighted
from cprograms.libm import FUNCTIONS
from cprograms.program import Program
from cprograms.trees import walk
from cprograms.types import Scalar
from training.markdown import table_lines
from training.studies.distance import drawn

Counts = Mapping[str, Counter[str]]
"""Of each table by its name, how often each entry was met."""

_COMPARISONS = frozenset(("<", ">", "<=", ">=", "==", "!="))
_LOGIC = frozenset(("&&", "||"))
_CALLS = frozenset(f.name for f in FUNCTIONS)
_UNARY = {"-": "negative", "~": "~", "!": "not"}
_SUMMED, _SCALING, _MASKED = frozenset("+-"), frozenset("*/%"), frozenset("&|^")
_PLAIN_RETURNS = {("return", kind) for kind in ("name", "whole", "point")}
"""They are no expressions: what is returned so was written before."""
MOST_SHOWN = 12
"""Entries of a table that a page shows."""


def tables() -> dict[str, Weighted]:
    """The tables of `cprograms.generate.shares` that are counts, by name: `+L, real`, `calls, real`."""
    found = {f"{place}, real": table for place, table in shares.REAL_PLACES.items()}
    found |= {f"{place}, whole": table for place, table in shares.INTEGER_PLACES.items()}
    return found | {
        "types, real": shares.REAL_TYPES,
        "types, whole": shares.INTEGER_TYPES,
        "casts, real": shares.REAL_CASTS,
        "casts, whole": shares.INTEGER_CASTS,
        "comparisons, real": shares.REAL_COMPARISONS,
        "comparisons, whole": shares.INTEGER_COMPARISONS,
        "calls, real": shares.REAL_CALLS,
        "changes, real": shares.REAL_CHANGES,
        "changes, whole": shares.INTEGER_CHANGES,
        "wholes scaling, real": shares.REAL_WHOLES,
        "wholes summed, whole": shares.SUMMED_WHOLES,
        "wholes scaling, whole": shares.SCALING_WHOLES,
        "wholes compared, real": shares.COMPARED_WHOLES,
        "wholes compared, whole": shares.COMPARED_WHOLES,
        "shifts, whole": shares.SHIFTS,
        "masks, whole": shares.MASKS,
        "points, real": shares.POINTS,
    }


def counted(programs: Iterable[Program]) -> dict[str, Counter[str]]:
    """What stands at each place of programs, and the other tables' counts, each in code of its kind."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for program in programs:
        kind = "real" if _is_real(program) else "whole"
        for argument in program.arguments:
            found[f"types, {kind}"][argument.type.code] += 1
        declarations = Declarations()
        for item in program.unit.ext:
            if not isinstance(item, c_ast.FuncDef):
                declarations.declare(item)
        for item in program.unit.ext:
            if isinstance(item, c_ast.FuncDef):
                for table, entry in _entries(item.body, declarations):
                    found[f"{table}, {kind}"][entry] += 1
    return found


def _is_real(program: Program) -> bool:
    """Whether it has floating types."""
    types = [*(a.type for a in program.arguments), *(r.type for r in program.results)]
    if not all(type.is_integer for type in types):
        return True
    named = (n for item in program.unit.ext for n in walk(item) if isinstance(n, c_ast.IdentifierType))
    return any({"float", "double"} & {*n.names} for n in named)


def _entries(body: c_ast.Node, declarations: Declarations) -> Iterator[tuple[str, str]]:
    for node in walk(body):
        for place, operand in _places(node):
            if operand is not None and (kind := kind_of(operand)) and (place, kind) not in _PLAIN_RETURNS:
                yield place, kind
                yield from _literal(place[:-1] if place[-1:] in ("L", "R") else place, operand)
        if isinstance(node, c_ast.BinaryOp) and node.op in _COMPARISONS:
            yield "comparisons", node.op
        elif isinstance(node, c_ast.Assignment) and node.op != "=":
            yield "changes", node.op
        elif isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID):
            if (name := node.name.name) in _CALLS or (name := name.removesuffix("f")) in _CALLS:
                yield "calls", name
        elif isinstance(node, c_ast.Cast) and (type := _scalar(node.to_type, declarations)) is not None:
            yield "casts", type.code


def _scalar(node: c_ast.Node, declarations: Declarations) -> Scalar | None:
    try:
        type = declarations.type_of(node)
    except Unsupported:
        return None
    return type if isinstance(type, Scalar) else None


def _places(node: c_ast.Node) -> Iterator[tuple[str, c_ast.Node | None]]:
    """The places of a node, and what stands there."""
    if isinstance(node, c_ast.BinaryOp):
        op = "compare" if node.op in _COMPARISONS else "logic" if node.op in _LOGIC else node.op
        yield f"{op}L", node.left
        yield f"{op}R", node.right
    elif isinstance(node, c_ast.UnaryOp) and node.op in _UNARY:
        yield _UNARY[node.op], node.expr
    elif isinstance(node, c_ast.TernaryOp):
        yield from (("?C", node.cond), ("?T", node.iftrue), ("?F", node.iffalse))
    elif isinstance(node, c_ast.Assignment):
        yield "=" if node.op == "=" else "+=", node.rvalue
    elif isinstance(node, c_ast.Decl) and not isinstance(node.init, c_ast.InitList):
        yield "=", node.init
    elif isinstance(node, c_ast.FuncCall) and node.args is not None:
        yield from (("call", argument) for argument in node.args.exprs)
    elif isinstance(node, c_ast.Cast):
        yield "cast", node.expr
    elif isinstance(node, c_ast.If):
        yield "if", node.cond
    elif isinstance(node, c_ast.Return):
        yield "return", node.expr


def kind_of(node: c_ast.Node) -> str:
    """What stands at a place, as the tables call it; "" for what they have no word for."""
    if isinstance(node, c_ast.ID | c_ast.ArrayRef | c_ast.StructRef):
        return "name"
    if isinstance(node, c_ast.Constant):
        return "point" if "float" in node.type or "double" in node.type else "whole"
    if isinstance(node, c_ast.BinaryOp):
        return "compare" if node.op in _COMPARISONS else "logic" if node.op in _LOGIC else str(node.op)
    if isinstance(node, c_ast.UnaryOp):
        return "name" if node.op == "*" else _UNARY.get(node.op, "")
    kinds = {c_ast.TernaryOp: "?", c_ast.Cast: "cast", c_ast.FuncCall: "call"}
    return kinds.get(type(node), "")


def _literal(op: str, node: c_ast.Node) -> Iterator[tuple[str, str]]:
    """The table that counts a literal beside an operator, and the literal without its suffix."""
    if not isinstance(node, c_ast.Constant) or node.type in ("char", "string"):
        return
    if "float" in node.type or "double" in node.type:
        yield "points", node.value.rstrip("fFlL")
        return
    text = node.value.rstrip("uUlL")
    if op in _MASKED or op == "~":
        yield "masks", text
    elif op in ("<<", ">>"):
        yield "shifts", text
    elif op == "compare":
        yield "wholes compared", text
    elif op in _SUMMED:
        yield "wholes summed", text
    elif op in _SCALING:
        yield "wholes scaling", text


@dataclass(frozen=True)
class Compared:
    """A table beside its counts, both as shares of their sums, and how much of one would have to move to be the other:
    0 for the same, 1 for what has nothing in common. What a table does not name is its `other`, where it has one."""

    name: str
    count: int
    shares: dict[str, float]
    table: dict[str, float]

    @property
    def distance(self) -> float:
        return sum(abs(self.shares.get(k, 0) - self.table.get(k, 0)) for k in {*self.shares, *self.table}) / 2


def compared(counts: Counts) -> list[Compared]:
    """Each table of the generator's beside its counts."""
    found = []
    for name, table in tables().items():
        weights = {entry.split()[0]: float(entry.split()[1]) for entry in table.table.split(",")}
        own: Counter[str] = Counter()
        for entry, count in counts.get(name, Counter()).items():
            own[entry if entry in weights or "other" not in weights else "other"] += count
        total, whole = own.total(), sum(weights.values())
        ordered = {entry: count / total for entry, count in own.most_common()} if total else {}
        found.append(Compared(name, total, ordered, {entry: weight / whole for entry, weight in weights.items()}))
    return found


def page(command: str, programs: int, found: list[Compared]) -> str:
    """A line a table: how many were counted, how far the table is from them, and both."""
    met = [c for c in found if c.count]
    of_all = sum(c.distance * c.count for c in met) / max(sum(c.count for c in met), 1)
    rows = [[f"`{c.name}`", f"{c.count:,}", f"{c.distance:.2f}", _shown(c.shares), _shown(c.table)] for c in found]
    header = ("table", "counted", "distance", "counts, %", "`shares.py`, %")
    lines = [
        "# Shares of operators, operands and literals",
        "",
        f"Command: `{command}`.",
        "",
        f"{programs:,} harvested programs. The distance is the share that would have to move; {of_all:.3f} in the mean",
        "over all that was counted. What a table does not name counts as moved, but for `other`.",
        "",
        *table_lines(header, rows),
    ]
    return "\n".join(lines) + "\n"


def _shown(entries: Mapping[str, float]) -> str:
    """The greatest shares, in percent."""
    kept = sorted(entries.items(), key=lambda item: -item[1])[:MOST_SHOWN]
    return ", ".join(f"{entry} {100 * share:.2g}" for entry, share in kept).replace("|", "\\|")


def measure(command: str, harvested: Path, count: int, seed: int, side: int) -> str:
    """The page of at most so many programs of a side of harvested packages. Raises UsageError."""
    programs = [record.program() for record in drawn(harvested, count, seed, side)]
    return page(command, len(programs), compared(counted(programs)))

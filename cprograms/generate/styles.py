"""Habits of writing: rewritings of a finished program that change its text, not what it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from pycparser import c_ast

from cprograms.generate import nodes
from cprograms.generate.values import PLAIN

_TYPEDEFS = {
    "f64": ["real", "gdouble", "scalar", "Float64", "number_t", "real_t"],
    "f32": ["real32", "gfloat", "sample_t", "Float32"],
    "u8": ["uint8_t", "byte", "guint8", "u8"],
    "u16": ["uint16_t", "guint16", "u16"],
    "i16": ["int16_t", "gint16", "s16"],
    "u32": ["uint32_t", "guint32", "u32", "uint"],
    "i32": ["int32_t", "gint", "s32"],
    "i64": ["int64_t", "gint64", "s64"],
}
_RESULTS = ["result", "ret", "value", "retval", "rv", "ans", "final_value"]


class Written:
    """A program's unit, and its nodes in the order that they were found in at first, without the shared prototypes."""

    def __init__(self, unit: list[c_ast.Node]):
        self.unit = unit
        self.nodes: list[c_ast.Node] = []
        for item in unit:
            if not (isinstance(item, c_ast.Decl) and isinstance(item.type, c_ast.FuncDecl)):
                self.nodes.extend(_walk(item))
        self.functions = [n for n in unit if isinstance(n, c_ast.FuncDef)]
        self.blocks = [n for n in self.nodes if isinstance(n, c_ast.Compound)]


def restyle(rng: Random, habits: Sequence[tuple[str, float]], unit: list[c_ast.Node]) -> list[c_ast.Node]:
    """The unit with some of the habits, each drawn by its share."""
    program = Written(unit)
    for name, share in habits:
        if rng.random() < share:
            STYLES[name](program, rng)
    return program.unit


def _walk(node: c_ast.Node) -> Iterator[c_ast.Node]:
    stack = [node]
    while stack:
        n = stack.pop()
        yield n
        stack.extend(n)


def whole_literals(program: Written, _rng: Random) -> None:
    """2 * x for 2.0 * x."""
    for n in program.nodes:
        if isinstance(n, c_ast.Constant) and n.coord == PLAIN and n.type in ("double", "float"):
            plain = n.value.rstrip("f")
            if plain.endswith(".0") and len(plain) <= 5:
                n.value, n.type = plain[:-2], "int"


def bare_points(program: Written, _rng: Random) -> None:
    """2. for 2.0."""
    for n in program.nodes:
        if isinstance(n, c_ast.Constant) and n.type == "double" and n.value.endswith(".0"):
            n.value = n.value[:-1]


def hexadecimal(program: Written, rng: Random) -> None:
    """0xff for 255 beside a bit operator."""
    width = rng.choice(("02x", "x", "02X", "X"))
    for n in program.nodes:
        if isinstance(n, c_ast.BinaryOp) and n.op in "&|^":
            for side in (n.left, n.right):
                if isinstance(side, c_ast.Constant) and side.value.isdigit() and int(side.value) > 6:
                    side.value = f"0x{int(side.value):{width}}"


def typedefs(program: Written, rng: Random) -> None:
    """Types under names of one's own."""
    codes = {" ".join(spelling): code for code, spelling in nodes.SPELLING.items()}
    chosen: dict[str, str] = {}
    for n in program.nodes:
        code = codes.get(" ".join(n.names)) if isinstance(n, c_ast.IdentifierType) else None
        if code in _TYPEDEFS and (code != "i32" or rng.random() < 0.5 or code in chosen):
            n.names = [chosen.setdefault(code, rng.choice(_TYPEDEFS[code]))]
    named = {n.name for n in program.nodes if isinstance(n, c_ast.ID | c_ast.Decl)}
    assert named.isdisjoint(chosen.values())
    program.unit[:0] = [nodes.typedef(code, name) for code, name in sorted(chosen.items())]


def named_results(program: Written, rng: Random) -> None:
    """A variable for what is returned last."""
    for function in program.functions:
        last = function.body.block_items[-1]
        kind = function.decl.type.type
        if not (isinstance(last, c_ast.Return) and isinstance(kind.type, c_ast.IdentifierType)):
            continue
        if isinstance(last.expr, c_ast.BinaryOp | c_ast.TernaryOp | c_ast.FuncCall | c_ast.Cast):
            taken = {n.name for n in program.nodes if isinstance(n, c_ast.ID | c_ast.Decl)}
            name = rng.choice([n for n in _RESULTS if n not in taken])
            type = c_ast.TypeDecl(name, [], None, c_ast.IdentifierType(list(kind.type.names)))
            declared = c_ast.Decl(name, [], [], [], [], type, last.expr, None)
            program.nodes += [declared, type.type]
            function.body.block_items[-1:] = [declared, c_ast.Return(c_ast.ID(name))]


def declarations_first(program: Written, _rng: Random) -> None:
    """As before C99: a block declares all of its variables, then assigns to them."""
    for block in program.blocks:
        _separate(block)


def _separate(block: c_ast.Compound) -> None:
    declared: dict[str, c_ast.Decl] = {}
    rest: list[c_ast.Node] = []
    for item in block.block_items or []:
        if isinstance(item, c_ast.For) and isinstance(item.init, c_ast.DeclList) and len(item.init.decls) == 1:
            (counter,) = item.init.decls
            item.init = c_ast.Assignment("=", c_ast.ID(counter.name), counter.init)
            declared.setdefault(counter.name, counter).init = None
        if not isinstance(item, c_ast.Decl):
            rest.append(item)
        elif item.name in declared or not _plain_variable(item):
            if rest or not isinstance(item.type, c_ast.TypeDecl):
                rest.append(item)
            else:
                declared[item.name] = item
        else:
            if item.init is not None:
                rest.append(c_ast.Assignment("=", c_ast.ID(item.name), item.init))
                item.init = None
            declared[item.name] = item
    block.block_items = [*declared.values(), *rest]


def _plain_variable(item: c_ast.Decl) -> bool:
    kind = item.type
    scalar = isinstance(kind, c_ast.TypeDecl) and isinstance(kind.type, c_ast.IdentifierType)
    return scalar and not item.quals and not item.storage


def braces(program: Written, _rng: Random) -> None:
    """Braces around the single statements of branches and loops."""
    for n in program.nodes:
        if isinstance(n, c_ast.If):
            n.iftrue = _braced(n.iftrue)
            n.iffalse = n.iffalse if n.iffalse is None or isinstance(n.iffalse, c_ast.If) else _braced(n.iffalse)
        elif isinstance(n, c_ast.For | c_ast.While):
            n.stmt = _braced(n.stmt)


def _braced(n: c_ast.Node) -> c_ast.Node:
    return n if isinstance(n, c_ast.Compound) else c_ast.Compound([n])


def else_returns(program: Written, _rng: Random) -> None:
    """An else before the last return, where an if that returns precedes it."""
    for function in program.functions:
        items = function.body.block_items
        while len(items) > 1 and isinstance(items[-2], c_ast.If) and items[-2].iffalse is None:
            test, last = items[-2], items[-1]
            inner = test.iftrue.block_items[-1:] if isinstance(test.iftrue, c_ast.Compound) else [test.iftrue]
            if not (inner and isinstance(inner[0], c_ast.Return)) or not isinstance(last, c_ast.Return | c_ast.If):
                break
            test.iffalse = last
            del items[-1]


def constant_parameters(program: Written, _rng: Random) -> None:
    """const for the parameters that nothing assigns to."""
    for function in program.functions:
        changed = {
            n.lvalue.name for n in _walk(function.body) if isinstance(n, c_ast.Assignment) and _is_name(n.lvalue)
        }
        changed |= {n.expr.name for n in _walk(function.body) if isinstance(n, c_ast.UnaryOp) and _steps(n)}
        for parameter in function.decl.type.args.params:
            if parameter.name not in changed:
                parameter.quals = parameter.type.quals = ["const"]


def _is_name(n: c_ast.Node) -> bool:
    return isinstance(n, c_ast.ID)


def _steps(n: c_ast.UnaryOp) -> bool:
    return n.op in ("++", "--", "p++", "p--") and _is_name(n.expr)


def file_constants(program: Written, _rng: Random) -> None:
    """Constants that a function declares, declared before it instead."""
    lifted: list[c_ast.Node] = []
    names = {n.decl.name for n in program.functions}
    names |= {n.name for n in program.nodes if isinstance(n, c_ast.Decl) and not _is_constant(n)}
    for function in program.functions:
        for item in list(function.body.block_items):
            if _is_constant(item) and item.name not in names:
                names.add(item.name)
                function.body.block_items.remove(item)
                item.storage = ["static"]
                lifted.append(item)
    first = program.unit.index(program.functions[0])
    program.unit[first:first] = lifted


def _is_constant(item: c_ast.Node) -> bool:
    if not (isinstance(item, c_ast.Decl) and item.quals == ["const"] and isinstance(item.init, c_ast.Constant)):
        return False
    return isinstance(item.type, c_ast.TypeDecl)


def steps_before(program: Written, _rng: Random) -> None:
    """++i for i++, where the value is not used."""
    for n in program.nodes:
        if isinstance(n, c_ast.For) and isinstance(n.next, c_ast.UnaryOp):
            n.next.op = n.next.op.replace("p", "")


def while_loops(program: Written, _rng: Random) -> None:
    """while for a counting for that declares no counter of its own."""
    for block in program.blocks:
        items: list[c_ast.Node] = []
        for item in block.block_items or []:
            if isinstance(item, c_ast.For) and isinstance(item.init, c_ast.Assignment) and not _continues(item.stmt):
                body = _braced(item.stmt)
                items += [item.init, c_ast.While(item.cond, c_ast.Compound([*(body.block_items or []), item.next]))]
            else:
                items.append(item)
        block.block_items = items


def _continues(n: c_ast.Node) -> bool:
    return any(isinstance(m, c_ast.Continue) for m in _walk(n))


STYLES: dict[str, Callable[[Written, Random], None]] = {
    f.__name__: f
    for f in (
        named_results, whole_literals, bare_points, hexadecimal, declarations_first, while_loops, braces, else_returns,
        steps_before, constant_parameters, file_constants, typedefs,
    )
}  # fmt: skip

"""The function with the original signature: leaves of its parameters become arguments, results go where C has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import islice

from pycparser import c_ast, c_generator

from cprograms.diagnostics import UsageError
from cprograms.program import Parameter, Program
from cprograms.standard import PROTOTYPES, REFUSED
from cprograms.types import Pointer, Scalar, paths
from surrogate.export.c.numbers import constant, floating
from surrogate.export.c.types import library_headers, needed


def headers(program: Program, *, whole: bool = False) -> list[str]:
    """The headers of the C library that have types of the signature and of the state, or of the `whole` program."""
    if not whole:
        return needed(program, _outside(program)).headers
    return sorted(set(library_headers(program).values()))


def _outside(program: Program) -> list[c_ast.Node]:
    """What other files see of the program: its entry's declaration, and the globals that are state."""
    states = _states(program)
    return [_entry(program).decl, *(n for n in program.unit.ext if isinstance(n, c_ast.Decl) and n.name in states)]


def types(program: Program) -> list[str]:
    """The types that the signature and the state need, but for those that `headers` have, and this state as `extern`,
    in the program's order.
    """
    states, own = _states(program), needed(program, _outside(program)).own
    found = []
    for node in program.unit.ext:
        if node in own:
            found.append(_printed(node))
        elif isinstance(node, c_ast.Decl) and node.name in states:
            found.append(_printed(_bare(node, ["extern"])))
        elif isinstance(node, c_ast.FuncDef) and node.decl.name == program.entry:
            found += [_printed(c_ast.Decl(None, [], [], [], [], tag, None, None)) for tag in _own_tags(node)]
    return found


def state(program: Program, macro: str) -> str:
    """The definitions of the globals that are state, but where a macro says that another file defines them."""
    nodes = [node for node in program.unit.ext if isinstance(node, c_ast.Decl) and node.name in _states(program)]
    found = [_printed(_external(node)) for node in nodes if "extern" not in node.storage]
    return "\n".join([f"#ifndef {macro}", *found, "#endif"]) if found else ""


def original(program: Program, name: str, macro: str) -> str:
    """The program's text with everything static: its entry under another name. State is as `state` has it, and types of
    the C library as its headers have them."""
    parts, included = [], library_headers(program)
    for node in program.unit.ext:
        if id(node) in included:
            continue
        if isinstance(node, c_ast.Decl) and node.name in _states(program):
            parts += [
                f"#ifdef {macro}",
                _printed(_bare(node, ["extern"])),
                "#else",
                _printed(_external(node)),
                "#endif",
            ]
            continue
        kept = deepcopy(node)
        declared = kept.decl if isinstance(kept, c_ast.FuncDef) else kept
        if isinstance(declared, c_ast.Decl) and declared.name and "extern" not in declared.storage:
            of_library = isinstance(declared.type, c_ast.FuncDecl) and declared.name not in _defined(program)
            declared.storage = [] if of_library else ["static"]
            declared.funcspec = []
        parts.append(_printed(kept, end="" if isinstance(kept, c_ast.FuncDef) else ";"))
    return "\n".join([f"#define {program.entry} {name}", *parts, f"#undef {program.entry}"])


def foreign(program: Program) -> list[str]:
    """The functions that the program calls, and that neither it nor the C library defines."""
    known = _defined(program) | PROTOTYPES.keys() | REFUSED.keys()
    declared = (n for n in program.unit.ext if isinstance(n, c_ast.Decl) and isinstance(n.type, c_ast.FuncDecl))
    return [node.name for node in declared if node.name not in known]


def _defined(program: Program) -> set[str]:
    return {node.decl.name for node in program.unit.ext if isinstance(node, c_ast.FuncDef)}


def _states(program: Program) -> set[str]:
    return {p.name for p in program.parameters if p.passing == "global"}


def prototype(program: Program, function: str) -> str:
    """The entry's declaration under another name, without its storage, as it is in a header and in a definition."""
    return _printed(_renamed(program, function), end="")


def drop_in(program: Program, function: str, guard: str = "", doubtful: Sequence[str] = ()) -> str:
    """The definition with the original signature. With a `guard` the original of that name is called outside of the
    domain, and where a condition of `doubtful` holds."""
    inputs = [f"(double){place}" for place in _argument_places(program)]
    unread = [p.name for p in program.parameters if {*p.arguments, *p.results} == {None}]
    lines = [f"(void){name};" for name in unread]
    lines += [f"const double $given[] = {{{', '.join(inputs) or '0.0'}}};"]
    if guard:
        inside = " || ".join([f"!({' && '.join(_domain(program)) or '1'})", *doubtful])
        call = f"{guard}({', '.join(_parameter_names(program))})"
        lines.append(f"if ({inside}) {{ {call}; return; }}" if _is_void(program) else f"if ({inside}) return {call};")
    lines += [f"double $found[{max(len(program.results), 1)}];", "$one($given, $found);"]
    lines += [f"{place} = {_as_result(program, k)};" for k, place in _result_places(program)]
    lines += _returned(program)
    return "\n".join([prototype(program, function), "{", *(f"    {line}" for line in lines), "}"])


def conversions(program: Program) -> str:
    """How doubles become each integer type of the results: the nearest value, halves away from zero, clamped to the
    type; NaN becomes 0."""
    used = {r.type.code: r.type for r in program.results if r.type.is_integer}
    return "\n".join(_conversion(type) for type in used.values())


def _conversion(type: Scalar) -> str:
    if type.kind == "bool":
        return "static inline _Bool $to_bool(double v) { return v > 0.5; }"
    low, high = (int(end) for end in type.limits)
    ends = [f"v <= {floating(low)} ? {constant(low, type)}", f"v >= {floating(high)} ? {constant(high, type)}"]
    return (
        f"static inline {type.name} $to_{type.code}(double v) {{\n"
        f"    return {' : '.join(ends)} : v == v ? ({type.name})round(v) : 0;\n}}"
    )


def _as_result(program: Program, k: int) -> str:
    type = program.results[k].type
    if type.is_integer:
        return f"$to_{type.code}($found[{k}])"
    return f"$found[{k}]" if type.bits == 64 else f"(float)$found[{k}]"


def _entry(program: Program) -> c_ast.FuncDef:
    return next(n for n in program.unit.ext if isinstance(n, c_ast.FuncDef) and n.decl.name == program.entry)


def _is_void(program: Program) -> bool:
    """Whether the entry returns nothing. Raises UsageError where it returns what is no result, such as a pointer."""
    type = _entry(program).decl.type.type
    void = isinstance(type, c_ast.TypeDecl) and getattr(type.type, "names", []) == ["void"]
    if not void and program.returned == 0:
        raise UsageError(f"{program.entry}: what it returns is none of its results: C cannot have its signature")
    return void


def _places(program: Program) -> Iterator[tuple[str, Parameter, int]]:
    """Every leaf of the parameters and of the state: its place in C, its parameter, its number there."""
    for parameter in program.parameters:
        leaves = islice(paths(parameter.type), len(parameter.arguments))
        for number, (path, leaf) in enumerate(leaves):
            if not isinstance(leaf, Pointer):
                yield f"{parameter.name}{path}", parameter, number


def _argument_places(program: Program) -> list[str]:
    found = {}
    for place, parameter, number in _places(program):
        if (argument := parameter.arguments[number]) is not None:
            found[argument] = place
    return [found[k] for k in range(len(program.arguments))]


def _result_places(program: Program) -> Iterator[tuple[int, str]]:
    for place, parameter, number in _places(program):
        if (result := parameter.results[number]) is not None:
            yield result, place


def _domain(program: Program) -> list[str]:
    """What holds inside the domain: of arguments, and of leaves that have one value."""
    inside = [
        f"$given[{k}] >= {floating(a.low)} && $given[{k}] <= {floating(a.high)}"
        for k, a in enumerate(program.arguments)
    ]
    for place, parameter, number in _places(program):
        if (fixed := parameter.fixed[number]) is not None:
            inside.append(f"{place} == {floating(float(fixed))}")
    return inside


def _parameter_names(program: Program) -> list[str]:
    return [p.name for p in program.parameters if p.passing != "global"]


def _returned(program: Program) -> list[str]:
    if _is_void(program):
        return []
    names = [r.name for r in program.results[: program.returned]]
    if names == ["return"]:
        return [f"return {_as_result(program, 0)};"]
    declared = _printed(
        c_ast.Decl("$result", [], [], [], [], _named(_entry(program).decl.type.type, "$result"), None, None)
    )
    fields = [f"$result.{name} = {_as_result(program, k)};" for k, name in enumerate(names)]
    return [declared, *fields, "return $result;"]


# --- Declarations ---


def _printed(node: c_ast.Node, end: str = ";") -> str:
    text = str(c_generator.CGenerator().visit(node)).rstrip().removesuffix(";")
    return text + end


def _bare(node: c_ast.Decl, storage: list[str]) -> c_ast.Decl:
    """A declaration without initialiser."""
    bare = deepcopy(node)
    bare.init, bare.storage = None, storage
    return bare


def _external(node: c_ast.Decl) -> c_ast.Decl:
    """A definition that other files see."""
    seen = deepcopy(node)
    seen.storage = []
    return seen


def _renamed(program: Program, function: str) -> c_ast.Decl:
    bare = _bare(_entry(program).decl, [])
    bare.funcspec, bare.name = [], function
    _base(bare.type.type).declname = function
    for tag in _own_tags(bare):
        tag.decls = None
    for given in bare.type.args.params if bare.type.args else []:
        if isinstance(given.type, c_ast.ArrayDecl) and not _is_plain(given.type):
            given.type = c_ast.PtrDecl([], given.type.type)
    return bare


def _is_plain(array: c_ast.ArrayDecl) -> bool:
    """Whether a parameter says how long it is as C++ has it, too: not `a[n]`, nor `a[static 3]`."""
    return not array.dim_quals and (array.dim is None or isinstance(array.dim, c_ast.Constant))


def _named(node: c_ast.Node, name: str) -> c_ast.Node:
    named = deepcopy(node)
    base = _base(named)
    base.declname, base.quals = name, []
    if isinstance(base.type, c_ast.Struct | c_ast.Union):
        base.type.decls = None
    return named


def _base(node: c_ast.Node) -> c_ast.TypeDecl:
    while not isinstance(node, c_ast.TypeDecl):
        node = node.type
    return node


def _own_tags(node: c_ast.FuncDef | c_ast.Decl) -> list[c_ast.Struct | c_ast.Union]:
    """The struct that a function's declaration defines as what it returns. Raises UsageError where it has no name."""
    declared = node.decl if isinstance(node, c_ast.FuncDef) else node
    type = _base(declared.type.type).type
    if not isinstance(type, c_ast.Struct | c_ast.Union) or type.decls is None:
        return []
    if not type.name:
        raise UsageError(f"{declared.name}: it returns a struct without a name, which no header can declare")
    return [type]

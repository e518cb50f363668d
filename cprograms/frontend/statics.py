"""Static locals as objects at file scope, which they are but for their names' scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain, count

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.trees import Visitor, base, walk


def has_statics(function: c_ast.FuncDef) -> bool:
    return any(isinstance(n, c_ast.Decl) and "static" in n.storage for n in walk(function.body))


def lift_statics(
    function: c_ast.FuncDef, is_free: Callable[[str], bool], is_constant: Callable[[c_ast.Decl], bool]
) -> dict[str, tuple[str, c_ast.Decl]]:
    """Take the static locals out of a function, in place: by their names at file scope, in order, their own names and
    their declarations. `is_free` says whether a name is not in use.

    Constants of a type that the function declares itself stay where they are. Raises Unsupported for other objects of
    such a type.
    """
    lifter = _Lifter(function.decl.name, is_free, is_constant)
    lifter.visit(function)
    return lifter.lifted


@dataclass
class _Scope:
    """What names stand for: the name at file scope that takes a static local's place, or None for another local.

    `types` are the typedefs, and the tags as `struct tag`, of enums and unions too.
    """

    names: dict[str, str | None] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)


class _Lifter(Visitor):
    def __init__(self, function: str, is_free: Callable[[str], bool], is_constant: Callable[[c_ast.Decl], bool]):
        self._function, self._is_free, self._is_constant = function, is_free, is_constant
        self._scopes: list[_Scope] = []
        self._declared: Counter[str | None] = Counter()
        self.lifted: dict[str, tuple[str, c_ast.Decl]] = {}

    def visit_FuncDef(self, node: c_ast.FuncDef) -> None:  # noqa: N802
        given = node.decl.type.args.params if node.decl.type.args else []
        self._declared = Counter(n.name for n in walk(node) if isinstance(n, c_ast.Decl))
        self._scopes.append(_Scope({p.name: None for p in given if getattr(p, "name", None)}))
        self.visit(node.body)

    def visit_Compound(self, node: c_ast.Compound) -> None:  # noqa: N802
        self._scopes.append(_Scope())
        node.block_items = self._kept(node.block_items or [])
        self._scopes.pop()

    def _case(self, node: c_ast.Case | c_ast.Default) -> None:
        node.stmts = self._kept(node.stmts or [])

    visit_Case = _case  # noqa: N815
    visit_Default = _case  # noqa: N815

    def _kept(self, items: list[c_ast.Node]) -> list[c_ast.Node]:
        """Those that are not lifted."""
        for item in items:
            self.visit(item)
        lifted = [node for _, node in self.lifted.values()]
        return [item for item in items if not any(item is node for node in lifted)]

    def visit_For(self, node: c_ast.For) -> None:  # noqa: N802
        self._scopes.append(_Scope())
        self.generic_visit(node)
        self._scopes.pop()

    def visit_Decl(self, node: c_ast.Decl) -> None:  # noqa: N802
        name = node.name
        if name and "static" in node.storage and not isinstance(node.type, c_ast.FuncDecl):
            if not self._counts_on_locals(node):
                self._lift(node)
                return
            if not self._is_constant(node):
                hint = "declare what it is made of before the function"
                raise Unsupported(node, f"'{name}' is static, and counts on what '{self._function}' declares", hint)
        self.visit(node.type)
        if name and "extern" not in node.storage:
            self._scopes[-1].names[name] = None
        if node.init is not None:
            self.visit(node.init)

    def _lift(self, node: c_ast.Decl) -> None:
        made = self._name_at_file_scope(node.name)
        scope = self._scopes[-1]
        known = scope.names.copy(), scope.types.copy()
        self.visit(node.type)
        scope.names, scope.types = known  # what it defines goes with it
        scope.names[node.name] = made
        if node.init is not None:
            self.visit(node.init)
        place = base(node)
        assert place is not None
        self.lifted[made] = node.name, node
        node.name = place.declname = made

    def _name_at_file_scope(self, own: str) -> str:
        """The static's own name where nothing else has it, so that state is called as in the source."""
        longer = f"{self._function}_{own}"
        alone = [own] if self._declared[own] == 1 else []
        names = chain(alone, [longer], (f"{longer}_{k}" for k in count(1)))
        return next(name for name in names if name not in self.lifted and self._is_free(name))

    def _counts_on_locals(self, node: c_ast.Decl) -> bool:
        """Whether a declaration names what only the function knows: a type, an enum constant, another variable."""
        known = {name for scope in self._scopes for name in scope.types}
        roots = [node.type] if node.init is None else [node.type, node.init]
        fields = {id(i) for n in walk(*roots) if isinstance(n, c_ast.NamedInitializer) for i in n.name}
        fields |= {id(n.field) for n in walk(*roots) if isinstance(n, c_ast.StructRef)}
        for part in walk(*roots):
            if isinstance(part, c_ast.IdentifierType) and known & {*part.names}:
                return True
            if isinstance(part, c_ast.Struct | c_ast.Union | c_ast.Enum) and f"struct {part.name}" in known:
                return True
            if isinstance(part, c_ast.ID) and part.name != node.name and id(part) not in fields:
                scope = next((s for s in reversed(self._scopes) if part.name in s.names), None)
                if scope is not None and scope.names[part.name] is None:
                    return True
        return False

    def visit_Typedef(self, node: c_ast.Typedef) -> None:  # noqa: N802
        self.visit(node.type)
        self._scopes[-1].types.add(node.name)

    def _tagged(self, node: c_ast.Struct | c_ast.Union) -> None:
        if node.decls is not None and node.name:
            self._scopes[-1].types.add(f"struct {node.name}")
        for member in node.decls or []:
            self.visit(member.type if isinstance(member, c_ast.Decl) else member)  # fields are no variables

    visit_Struct = _tagged  # noqa: N815
    visit_Union = _tagged  # noqa: N815

    def visit_Enum(self, node: c_ast.Enum) -> None:  # noqa: N802
        if node.values is not None:
            self._scopes[-1].types.add(f"struct {node.name}")
            self._scopes[-1].names |= {item.name: None for item in node.values.enumerators}

    def visit_FuncDecl(self, node: c_ast.FuncDecl) -> None:  # noqa: N802
        self.visit(node.type)  # the parameters' names are nobody's

    def visit_ID(self, node: c_ast.ID) -> None:  # noqa: N802
        scope = next((s for s in reversed(self._scopes) if node.name in s.names), None)
        if scope is not None:
            node.name = scope.names[node.name] or node.name

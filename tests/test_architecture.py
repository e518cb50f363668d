"""The house by its imports: floors, no circles, no arrow back up between folders.

Every import counts: at the top, inside functions, for types only, and by a name in a text.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests import ROOT

FLOORS = ("cprograms", "surrogate", "training", "scripts")
"""Each imports only from itself and from those before it."""
MAKING = {"generate", "harvest", "corpus"}
"""The rooms of cprograms that make and keep many programs; those that read and run C never import them."""
LONGEST_FUNCTION = 60

LATER = re.compile(rf"({'|'.join(FLOORS)})(\.\w+)+(:\w+)?")
"""Text that names a module, or a function of it, to be imported when it is needed."""

Room = tuple[str, ...]
"""The parts of a module's or a folder's path from the checkout, without `.py`."""


@cache
def modules() -> frozenset[Room]:
    paths = (path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
    return frozenset(path.relative_to(ROOT).with_suffix("").parts for path in paths)


def resolved(name: str) -> Room | None:
    """The module that a dotted name stands for, or that it is an attribute of; None for one of another project."""
    parts = tuple(name.split("."))
    for size in range(len(parts), 0, -1):
        for room in (parts[:size], (*parts[:size], "__init__")):
            if room in modules():
                return room
    return None


def imported(room: Room) -> set[Room]:
    tree = ast.parse((ROOT / Path(*room)).with_suffix(".py").read_text())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{'/'.join(room)} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and LATER.fullmatch(node.value):
            names.add(node.value.replace(":", "."))
    return {found for name in names if (found := resolved(name)) is not None and found != room}


@cache
def arrows() -> Mapping[Room, frozenset[Room]]:
    """What each module imports."""
    return {room: frozenset(imported(room)) for room in modules()}


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """The rooms of a circle, or none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as e:
        return list(e.args[1])
    return []


def faces(room: Room) -> bool:
    """Whether a module is a package's face, which only hands on the names of what is inside."""
    return room[-1] == "__init__"


def folders() -> list[Room]:
    return sorted({room[:size] for room in modules() for size in range(1, len(room))})


def test_each_floor_imports_only_from_those_below() -> None:
    wrong = [
        f"{'/'.join(room)} imports {'/'.join(other)}"
        for room, others in arrows().items()
        for other in others
        if FLOORS.index(other[0]) > FLOORS.index(room[0])
    ]
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {
        "/".join(room): ["/".join(other) for other in others if not faces(other)]
        for room, others in arrows().items()
        if not faces(room)
    }
    assert circle(graph) == []


@pytest.mark.parametrize("folder", folders(), ids="/".join)
def test_arrows_between_the_rooms_of_a_folder_run_down(folder: Room) -> None:
    """A room is a file of the folder, or a folder in it with all that is inside, its face too."""
    depth = len(folder)
    graph: dict[str, set[str]] = defaultdict(set)
    for room, others in arrows().items():
        if room[:depth] != folder or room[depth] == "__init__":
            continue
        graph[room[depth]] |= {
            other[depth]
            for other in others
            if other[:depth] == folder and other[depth] not in (room[depth], "__init__")
        }
    assert circle(graph) == []


def test_a_packages_face_is_not_used_from_inside() -> None:
    """Names that a package hands on come from their own modules where its own modules need them."""
    wrong = [
        f"{'/'.join(room)} imports {'/'.join(other)}"
        for room, others in arrows().items()
        for other in others
        if faces(other) and other[:-1] == room[: len(other) - 1]
    ]
    assert wrong == []


def test_reading_and_running_c_never_imports_the_making_of_programs() -> None:
    wrong = [
        f"{'/'.join(room)} imports {'/'.join(other)}"
        for room, others in arrows().items()
        for other in others
        if room[0] == other[0] == "cprograms" and other[1] in MAKING and room[1] not in MAKING
    ]
    assert wrong == []


def test_each_package_says_its_reading_order_and_is_typed() -> None:
    for package in FLOORS[:3]:
        assert (ROOT / package / "py.typed").exists()
    silent = [
        "/".join(room)
        for room in modules()
        if faces(room) and not ast.get_docstring(ast.parse((ROOT / Path(*room)).with_suffix(".py").read_text()))
    ]
    assert silent == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{'/'.join(room)}:{node.lineno} {node.name}"
        for room in modules()
        for node in ast.walk(ast.parse((ROOT / Path(*room)).with_suffix(".py").read_text()))
        if isinstance(node, ast.FunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []

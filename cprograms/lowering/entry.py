"""A C program as a dataflow graph: branches become selects, calls are inlined, loops unrolled."""

from __future__ import annotations

from cprograms.budget import spending
from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.graph import Graph, GraphBuilder
from cprograms.lowering.attempts import ExhaustedError, TooLongError
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.calls import Calls
from cprograms.lowering.interface import Interface
from cprograms.lowering.stages import stages_of
from cprograms.lowering.unit import TranslationUnit
from cprograms.lowering.values import Mixture
from cprograms.lowering.variables import Variables
from cprograms.program import Program

MOST_NODES = 2048
"""Nodes of a graph where there is nothing left that could be composed once instead of being unrolled."""
MOST_TOGETHER = 4096
"""Nodes of the graph of several results."""
FEW = 8
"""Repetitions that are still unrolled in a graph that came out too large."""


def lower(program: Program, *, max_nodes: int = 256, unroll: int = 256, executable: bool = False) -> Graph:
    """Lower a program's entry to a graph whose roots are the program's results, in order.

    A loop is unrolled, and recursion inlined, where it is proved to end on the program's domain after at most `unroll`
    repetitions and the graph keeps within `max_nodes` nodes. Other loops are composed once (`carry` and `loop` nodes);
    other recursive calls, and what is not followed at all, are `opaque` nodes. The graph's `exact` tells whether any
    such node is left. An exact graph gives what C gives on every row of the domain where C's behaviour is defined.
    Code without repetition is followed beyond `max_nodes`, up to MOST_NODES; so is what gives several results, up to
    MOST_TOGETHER, where each alone keeps within twice `max_nodes`.

    With `executable` a loop that is composed once is a `repeat` node, which computes it (`cprograms.ops`), and nothing
    is opaque. One whose passes only a run decides is then hardly unrolled.

    Raises ProgramError where it takes more time or memory than `cprograms.budget` gives it, and with `executable` where
    something cannot be followed.
    """
    with spending(program.path):
        if executable:
            return _executable(program, max_nodes, unroll)
        graph = _lowered(program, max_nodes, unroll)
        if graph.exact or len(graph.roots) == 1:
            return graph
        return _many_results(program, max_nodes, unroll) or graph


def _many_results(program: Program, max_nodes: int, unroll: int) -> Graph | None:
    """The exact graph, if no result alone has more than twice as many nodes: results share much of them."""
    try:
        graph = _followed(program, MOST_TOGETHER, unroll)
    except (RecursionError, TooLongError, Unsupported):
        return None
    most = max(len(graph.needed([root])) for root in graph.roots)
    small = len(graph.nodes) <= MOST_TOGETHER and most <= 2 * max_nodes
    return graph if small and graph.exact else None


def _executable(program: Program, max_nodes: int, unroll: int) -> Graph:
    for limit in sorted({unroll, min(unroll, FEW), 0}, reverse=True):
        try:
            graph = _followed(program, max_nodes, limit, executable=True)
        except ExhaustedError:
            break
        except (RecursionError, TooLongError):
            continue
        except Unsupported as fault:
            raise ProgramError([_diagnostic(program, fault)]) from fault
        if len(graph.nodes) <= (MOST_NODES if limit == 0 else max_nodes):
            return graph
    raise ProgramError([Diagnostic(f"'{program.entry}' is too large to be followed", program.path)])


def _diagnostic(program: Program, fault: Unsupported) -> Diagnostic:
    """What cannot be followed, at its place in the file that the user gave."""
    coord = fault.node.coord
    if coord is None:
        return Diagnostic(fault.message, program.path, hint=fault.hint)
    lines = program.source.split("\n")
    quoted = lines[coord.line - 1] if coord.file == program.path and coord.line <= len(lines) else ""
    column = coord.column if quoted and coord.column and coord.column <= len(quoted) else 0
    return Diagnostic(fault.message, coord.file or program.path, coord.line, column, quoted, fault.hint)


def _lowered(program: Program, max_nodes: int, unroll: int) -> Graph:
    for limit in sorted({unroll, min(unroll, FEW), 0}, reverse=True):
        most = MOST_NODES if limit == 0 else max_nodes
        try:
            graph = _followed(program, max_nodes, limit)
        except (ExhaustedError, Unsupported):  # or a global that begins as what is no number and no place
            break
        except (RecursionError, TooLongError):  # nested deeper than Python's stack, or calls that multiply
            continue
        if len(graph.nodes) <= most:
            return graph
    return _opaque(program)


def _followed(program: Program, max_nodes: int, unroll: int, executable: bool = False) -> Graph:
    builder = GraphBuilder(program.wraps)
    stages = stages_of(
        TranslationUnit(program.unit),
        builder,
        Bounds(builder, program.domain),
        Variables,
        Calls,
        max_nodes,
        unroll,
        executable,
    )
    inputs = [builder.argument(k, a.type) for k, a in enumerate(program.arguments)]
    interface = Interface(program, stages, inputs)
    value = stages.calls.entry(program.entry, interface.arguments())
    return builder.finish(interface.results(value))


def _opaque(program: Program) -> Graph:
    """The graph where nothing is followed: every result depends on every argument."""
    builder = GraphBuilder(program.wraps)
    arguments = [builder.argument(k, a.type) for k, a in enumerate(program.arguments)]
    mixed = Mixture(builder, arguments)
    return builder.finish([n for r in program.results if isinstance(n := mixed.slot(r.type), int)])

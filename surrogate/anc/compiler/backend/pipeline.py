"""From the IR to a program of the machine: the passes, in their order."""

from __future__ import annotations

from itertools import chain

from surrogate.anc.compiler.backend.allocate import allocate
from surrogate.anc.compiler.backend.analysis import Analyses
from surrogate.anc.compiler.backend.cfg import clean
from surrogate.anc.compiler.backend.coalesce import coalesce, constants_as_copies
from surrogate.anc.compiler.backend.dead import remove_dead
from surrogate.anc.compiler.backend.initial import hoist_initial
from surrogate.anc.compiler.backend.jumps import thread
from surrogate.anc.compiler.backend.layout import layout
from surrogate.anc.compiler.backend.linear import LinearCode, linearise
from surrogate.anc.compiler.backend.loops import Expected
from surrogate.anc.compiler.backend.motion import hoist_invariants, sink_partly_dead
from surrogate.anc.compiler.backend.propagate import propagate
from surrogate.anc.compiler.backend.sharing import shared_heads, shared_tails
from surrogate.anc.compiler.backend.webs import split_webs
from surrogate.anc.compiler.backend.zeros import absorb_zeros
from surrogate.anc.compiler.ir import Function
from surrogate.anc.machine.assembly import Assembly

# Each round can open the way for another; programs settle within a few.
MAX_ROUNDS = 20


def assemble(function: Function, memory_size: int, max_registers: int | None = None) -> Assembly:
    """The function as a program of a machine with `memory_size` cells, on which all its arithmetic is modulo that.

    What folds and what is the same depends on that size: who looks for the least memory assembles for each anew. Raises
    DoesNotFitError where the program has more lines than the memory has cells, or more registers than `max_registers`.
    """
    return allocate(generate(optimise(function, memory_size)), memory_size, max_registers)


def optimise(function: Function, memory_size: int) -> Function:
    """The function made small and fast; each of its registers is then one of the machine's, or shares one."""
    analyses = Analyses(memory_size)
    for _ in range(MAX_ROUNDS):
        before = function
        function = simplify_values(clean(function), analyses)
        function = clean(thread(function, analyses))
        function = sink_partly_dead(hoist_invariants(function))
        if function == before:
            break
    function = constants_as_copies(function, analyses)
    return share(coalesce(hoist_initial(function)))


def share(function: Function) -> Function:
    """Common ends and beginnings of ways once, as long as that makes the program cheaper."""
    best: Function | None = function
    while best is not None:
        function, cost = best, generate(best).cost
        ways = map(clean, chain(shared_heads(function), shared_tails(function)))
        best = next((shared for shared in ways if generate(shared).cost < cost), None)
    return function


def simplify_values(function: Function, analyses: Analyses) -> Function:
    """No computation whose result is known, present already, or of no use."""
    return remove_dead(propagate(split_webs(function), analyses))


def generate(function: Function) -> LinearCode:
    """The function's lines, in the order that jumps least."""
    expected = Expected(function)
    return absorb_zeros(linearise(function, layout(function, expected), expected))

"""The back end of the exact target: an optimising compiler from the IR to programs of the ANC machine.

`pipeline` has the passes in their order. `flow` and `loops` answer their questions about a function, `facts` says what
may be known at a point of it, `arithmetic` what follows for an operation, and `analysis` what is known where; `sets`
are sets of small numbers. Passes over the IR: `cfg`, `webs`, `propagate`, `dead`, `jumps`, `motion`, `coalesce`,
`initial`, `sharing`. Then `layout` orders the blocks, `linear` makes lines of them, `zeros` saves some, and `allocate`
gives out registers.
"""

from surrogate.anc.compiler.backend.allocate import DoesNotFitError
from surrogate.anc.compiler.backend.pipeline import assemble

__all__ = ["DoesNotFitError", "assemble"]

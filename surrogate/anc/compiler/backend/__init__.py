"""The back end of the exact target: an optimising compiler from the IR to programs of the ANC machine."""

from surrogate.anc.compiler.backend.allocate import DoesNotFitError
from surrogate.anc.compiler.backend.pipeline import assemble

__all__ = ["DoesNotFitError", "assemble"]

"""Neural surrogates of C functions, and exact ones: `compile` a C file, `predict` or `run`, `check`, `save` and `load`.

Everything is imported when it is first used: the command line's `--help` must not wait for torch.
"""

# isort: off
from surrogate.terminal import starting as starting

# isort: on
from importlib import import_module
from typing import TYPE_CHECKING, Any

from surrogate.version import __version__

if TYPE_CHECKING:
    from surrogate.anc.program import AncProgram
    from surrogate.driver import compile, load
    from surrogate.mlp.artifact import Surrogate
    from surrogate.mlp.pipeline import compile_program
    from surrogate.mlp.regressor import SurrogateRegressor as SurrogateRegressor
    from surrogate.numeric.check import Report
    from surrogate.numeric.tables import OutOfDomainWarning

__all__ = [
    "AncProgram",
    "OutOfDomainWarning",
    "Report",
    "Surrogate",
    "__version__",
    "compile",
    "compile_program",
    "load",
]

_HOMES = {
    "AncProgram": "surrogate.anc.program",
    "OutOfDomainWarning": "surrogate.numeric.tables",
    "Report": "surrogate.numeric.check",
    "Surrogate": "surrogate.mlp.artifact",
    # Not in __all__: `from surrogate import *` must do without scikit-learn, which an extra brings.
    "SurrogateRegressor": "surrogate.mlp.regressor",
    "compile": "surrogate.driver",
    "compile_program": "surrogate.mlp.pipeline",
    "load": "surrogate.driver",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value

"""The mean and the deviation of what a program gives, read from its dataflow graph: an abstract interpretation.

Nothing is executed, and no input is drawn. Each node becomes an abstract number: a polynomial of the arguments and
noises, with strata and an interval. Read `analysis` first; then `values` and `basis`, what a number is; `algebra`, its
arithmetic; `choices`, conditions and selects; `operators`, a row each; and `loops`.

`reading` makes of the same graph a longer polynomial, without moments: `sparse` is its arithmetic.
"""

from cprograms.moments.analysis import Expansion, expand, series
from cprograms.moments.reading import Polynomial, sparse_series

__all__ = ["Expansion", "Polynomial", "expand", "series", "sparse_series"]

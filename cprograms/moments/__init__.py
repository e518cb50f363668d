"""The mean and the deviation of what a program gives, read from its dataflow graph: an abstract interpretation.

Nothing is executed, and no input is drawn. Each node becomes an abstract number: a polynomial of the arguments and
noises, with strata and an interval. Read `analysis` first; then `values` and `basis`, what a number is; `algebra`, its
arithmetic; `choices`, conditions and selects; `operators`, a row each; and `loops`.
"""

from cprograms.moments.analysis import Expansion, expand, series
from cprograms.moments.sparse import Polynomial, sparse_series

__all__ = ["Expansion", "Polynomial", "expand", "series", "sparse_series"]

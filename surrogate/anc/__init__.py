"""The exact target: C programs as controllers of the ANC register machine (Bunel et al. 2016, arXiv 1605.07969).

To read in this order: `machine`, what a program is and how it runs; `compiler`, from C to assembly; `decompiler`, back
from matrices to C; `adaptation`, faster programs for the tapes that come; then `program`, which stands above them, with
`running`, `check`, `artifact` and `card` for it to use, and `pictures` beside it.
"""

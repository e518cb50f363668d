"""The C that a controller is, compiled by gcc, beside the sandbox's reading of it.

Numbers are those of the tape, 0..M-1, and every operation is modulo M, as in all C that becomes a program of the exact
target: what gcc gets is the C with that written out.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cprograms.tape import load_tape
from cprograms.tape.modular import modular_job
from cprograms.tape.oracle import run
from surrogate.anc.machine.instructions import Values
from surrogate.export.native import batch_of, compiled


def agreement(source: str, tapes: Values) -> int | None:
    """On how many of the tapes [n, M] gcc's program leaves what the sandbox's does, cell by cell; None without gcc.

    Tapes on which the sandbox's does not end are not tried, and count as others. Raises ProgramError where gcc refuses
    the text.
    """
    if not shutil.which("gcc"):
        return None
    program, m = load_tape(source=source, self_contained=True, bits=True), tapes.shape[1]
    ours = run(program, tapes, m)
    job = modular_job(program, m)
    text = (
        f"#include <stddef.h>\n{job.text}\n"
        "void rows(const double *surrogate_x, double *surrogate_y, size_t n)\n{\n"
        f"    for (; n; n--, surrogate_x += {m}, surrogate_y += {m}) {{ {job.row} }}\n}}\n"
    )
    with TemporaryDirectory() as folder:
        library = compiled({"program.c": text}, Path(folder), ("-std=gnu11", "-O2", "-w", "-fPIC"), ["gcc"])
        theirs = batch_of(library, "rows", m)(tapes[ours.ended].astype(np.float64))
    return int((theirs == ours.tapes[ours.ended]).all(1).sum())

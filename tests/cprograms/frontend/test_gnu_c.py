"""C as it is found in the wild (gnu/*.c: extensions, macro mazes, odd declarations), against gcc."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms import Program
from cprograms.lowering import lower

GCC = shutil.which("gcc")
GNU = {path.stem: path for path in sorted((Path(__file__).parent / "gnu").glob("*.c"))}
_LOOP = """
#undef main
void run_rows(const double *x, double *y, int n) {
    for (int i = 0; i < n; i++, x += %d, y += %d) { __typeof__(%s) r = %s; %s }
}
"""


def _native(program: Program, x: np.ndarray, folder: Path) -> np.ndarray:
    assert GCC is not None
    call = f"{program.entry}({', '.join(f'x[{i}]' for i in range(x.shape[1]))})"
    stores = [f"y[{i}] = r{'' if r.name == 'return' else '.' + r.name};" for i, r in enumerate(program.results)]
    loop = _LOOP % (x.shape[1], len(stores), call, call, " ".join(stores))
    source, library = folder / "f.c", folder / "f.so"
    source.write_text(f"#define main main_\n{program.source}\n{loop}")
    flags = ["-std=gnu2x", "-Dinline=", "-w", "-O0", "-shared", "-fPIC", "-Wl,-Bsymbolic"]
    subprocess.run([GCC, *flags, "-o", library, source, "-lm"], check=True)
    y = np.empty((len(x), len(stores)))
    pointer = ctypes.POINTER(ctypes.c_double)
    ctypes.CDLL(str(library)).run_rows(x.ctypes.data_as(pointer), y.ctypes.data_as(pointer), len(x))
    return y


@pytest.mark.skipif(GCC is None, reason="needs gcc")
@pytest.mark.parametrize("name", GNU)
def test_means_what_gcc_makes_of_it(name: str, tmp_path: Path):
    ranges = {"n": (-9, 9)} if name in ("initialisers", "comma_and_conditionals") else {}
    program = cprograms.load(GNU[name], entry="f", ranges=ranges)
    low, high = program.domain.T * np.array([[3.0] if not ranges else [1.0]])
    x = np.random.default_rng(0).uniform(low, high, (64, len(low)))
    whole = [a.type.is_integer for a in program.arguments]
    x[:, whole] = np.rint(x[:, whole])
    np.testing.assert_allclose(cprograms.run(program, x), _native(program, x, tmp_path), rtol=1e-12)


@pytest.mark.parametrize("name", GNU)
def test_the_trimmed_text_is_a_program_of_its_own(name: str):
    program = cprograms.load(GNU[name], entry="f")
    again = cprograms.load(source=program.text, entry="f")
    assert (again.arguments, again.results) == (program.arguments, program.results)
    assert again.text == program.text


@pytest.mark.parametrize("name", GNU)
def test_can_be_lowered(name: str):
    graph = lower(cprograms.load(GNU[name], entry="f"))
    assert graph.nodes

"""C of this package's own as machine code, which a computer compiles once."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import wasmtime

from cprograms.cache import Cache, key, root
from cprograms.sandbox import toolchain
from surrogate.anc.machine.instructions import Row


class Kernel:
    """An instance of C text of this project's own, its globals as arrays. One instance serves one thread."""

    def __init__(self, source: str, functions: Sequence[str], arrays: dict[str, tuple[type[np.generic], int]]) -> None:
        """`arrays` are the globals by name, each with the type and the number of its elements.

        Raises UsageError where there is no compiler or no place for its files.
        """
        engine, module = _module(source, (*functions, *arrays))
        self._store = wasmtime.Store(engine)
        exports: Any = wasmtime.Instance(self._store, module, []).exports(self._store)
        self._functions = {name: exports[name] for name in functions}
        base = ctypes.addressof(exports["memory"].data_ptr(self._store).contents)
        self.arrays = {}
        for name, (dtype, length) in arrays.items():
            size = length * np.dtype(dtype).itemsize
            block = (ctypes.c_ubyte * size).from_address(base + exports[name].value(self._store))
            self.arrays[name] = np.frombuffer(memoryview(block), dtype)

    def call(self, name: str, *arguments: int) -> int:
        """What a function of it returns. The interpreter's lock is free meanwhile."""
        found: int = self._functions[name](self._store, *arguments)
        return found


def search_text(path: Path, table: Mapping[str, Row]) -> str:
    """The C text of a search: the rows that it searches among, annealing.c, and the file of its own."""
    rows = [f"X({name}, {row.operands}, ({row.everywhere.format(a='a', b='b')}))" for name, row in table.items()]
    common = Path(__file__).with_name("annealing.c")
    return f"#define TABLE(X) {' '.join(rows)}\n" + "".join(p.read_text(encoding="utf-8") for p in (common, path))


@cache
def _module(source: str, exports: tuple[str, ...]) -> tuple[wasmtime.Engine, wasmtime.Module]:
    engine = wasmtime.Engine()
    modules = Cache(root() / "kernels")
    name = key(source, *exports, toolchain.identity(), version("wasmtime"), platform.machine())
    code = modules.get(name)
    if code is not None:
        with suppress(wasmtime.WasmtimeError):  # made for another CPU
            return engine, wasmtime.Module.deserialize(engine, code)
    module = wasmtime.Module(engine, toolchain.kernel_to_wasm(source, exports))
    with suppress(OSError):  # a cache that cannot be written costs time only
        modules.put(name, bytes(module.serialize()))
    return engine, module

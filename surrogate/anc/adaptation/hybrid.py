"""Adaptation by search: annealed discrete edits of a program, scored by running it on samples.

Local moves are single edits; global ones delete lines, replace a line by the constant that it gives on the data, and
restart from the best program at another temperature. Every result is exact assembly (the paper's type 1). Candidates
run as compiled C (search.c). In the spirit of stochastic superoptimisation (Schkufza,
Sharma, Aiken 2013), which the discussion of Bunel et al. 2016 names as the road beyond gradients.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import torch
import wasmtime

from cprograms.diagnostics import UsageError
from cprograms.sandbox import toolchain
from surrogate.anc.adaptation.outcome import Draw, Progress
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import INSTRUCTIONS, ISAS, Instruction
from surrogate.anc.machine.interpreter import run_one
from surrogate.anc.machine.kernel import search_text
from surrogate.anc.machine.samples import Samples

PROPOSALS = 17_000  # a round, for each step of the best program up to LONG; each round starts from the best program
LONG = 16
ROUNDS, IDLE = 80, 8  # at most so many; at most so many, and one for each step up to LONG, without a better program
HOTTEST = (0.06, 0.15)  # a round's first temperature over the best program's cost, log-uniform in this range
COLDEST = 0.05  # the last temperature, in steps
WRONG = 4.0  # what a tape costs that is wrong in every cell, over the best program's cost
TAPES = 32  # that score a candidate; tapes that refute the best one are added
CHECKS = 500  # fresh tapes that the best program must pass
_CELLS, _REGISTERS, _MOST_TAPES = 256, 64, 512


class _Line(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in ("op", "a", "b", "out")]


class _Program(ctypes.Structure):
    _fields_ = [
        ("lines", ctypes.c_int32),
        ("line", _Line * _CELLS),
        ("initial", ctypes.c_int32 * _REGISTERS),
    ]


def adapt(
    program: Assembly,
    draw: Draw,
    max_steps: int,
    seeds: int,
    seed: int,
    progress: Progress,
    starts: Sequence[Assembly | None] | None = None,
) -> Controller:
    """Searches for a faster program once per seed, each on tapes of its own: the controllers of the best.

    A seed starts from its program of `starts`, of as many registers, where that is right and faster than `program`.
    A seed's best program is right on CHECKS fresh tapes; where nothing better is found it is `program` itself. Ctrl-C
    ends the search and keeps the best so far. Raises UsageError where the program is larger than the search's arrays
    or not right itself.
    """
    if program.memory_size > _CELLS or len(program.registers) > _REGISTERS:
        raise UsageError(f"the search takes programs of up to {_CELLS} cells and {_REGISTERS} registers")
    stop = Event()
    # The kernels run outside the interpreter's lock.
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        generators = np.random.default_rng(seed).spawn(seeds)
        searches = [
            pool.submit(_search, program, start, draw, max_steps, rng, stop)
            for start, rng in zip(starts or [None] * seeds, generators, strict=True)
        ]
        try:
            for done, search in enumerate(as_completed(searches), 1):
                search.result()
                progress(done, seeds)
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
    return Controller.of([search.result() for search in searches])


def _search(
    program: Assembly, start: Assembly | None, draw: Draw, max_steps: int, rng: np.random.Generator, stop: Event
) -> Assembly:
    """The best program found when the search ends, or soon after `stop` is set."""
    if stop.is_set():
        return program
    kernel, samples = _Kernel(), draw(rng, TAPES)
    verified = program if start is None else _faster(start, program, draw(rng, CHECKS), max_steps)
    cost, idle = kernel.start(verified, samples, max_steps, rng), 0
    for _ in range(ROUNDS):
        hottest, length = float(np.exp(rng.uniform(*np.log(HOTTEST)))), min(cost, LONG)
        found, idle = kernel.anneal(int(PROPOSALS * length), hottest * cost, WRONG * cost), idle + 1
        if found < cost:
            candidate, cost, idle = kernel.best(program), found, 0
            refuting = _wrong(candidate, draw(rng, CHECKS), max_steps)
            if not len(refuting.tape):
                verified = candidate
            elif len(samples.tape) + len(refuting.tape) <= _MOST_TAPES:
                samples = _joined(samples, refuting)
                cost = kernel.start(verified, samples, max_steps, rng)
        if idle > IDLE + length or stop.is_set():
            break
    return verified


def _wrong(program: Assembly, samples: Samples, max_steps: int) -> Samples:
    """The samples on which the program goes wrong, at most as many as score a candidate."""
    runs = run_one(program, samples.tape, max_steps)
    return samples.take(np.flatnonzero(samples.wrong(runs.tape, runs.stopped))[:TAPES])


def _faster(start: Assembly, program: Assembly, samples: Samples, max_steps: int) -> Assembly:
    """`start` where it is right on all samples, and faster on them than `program`; else that."""
    runs, before = (run_one(one, samples.tape, max_steps) for one in (start, program))
    right = not samples.wrong(runs.tape, runs.stopped).any()
    return start if right and runs.steps.mean() < before.steps.mean() else program


def _joined(first: Samples, second: Samples) -> Samples:
    return Samples(
        np.concatenate((first.tape, second.tape)),
        np.concatenate((first.target, second.target)),
        np.concatenate((first.mask, second.mask)),
    )


class _Kernel:
    """search.c as a WebAssembly instance, its globals read and written from here."""

    def __init__(self) -> None:
        engine, module = _module()
        self._store = wasmtime.Store(engine)
        exports: Any = wasmtime.Instance(self._store, module, []).exports(self._store)
        self._exports = exports
        self._base = ctypes.addressof(exports["memory"].data_ptr(self._store).contents)

    def start(self, program: Assembly, samples: Samples, max_steps: int, rng: np.random.Generator) -> float:
        """Sets the tapes and the program to start from: its cost. Raises UsageError where it is wrong on a tape."""
        samples = samples.take(np.unique(samples.tape, axis=0, return_index=True)[1])
        for name, values in (("tape", samples.tape), ("target", samples.target), ("mask", samples.mask)):
            array = np.ctypeslib.as_array((ctypes.c_int32 * _CELLS * _MOST_TAPES).from_address(self._address(name)))
            array[: len(values), : values.shape[1]] = values
        _write(_Program.from_address(self._address("best")), program)
        right = self._exports["start"](
            self._store,
            *(program.memory_size, len(program.registers), len(samples.tape), max_steps, ISAS[program.isa]),
            int(rng.integers(2**32)),
        )
        if not right:
            raise UsageError(
                "the program is wrong on the samples that it is to be adapted to, or does not stop on them"
            )
        return self._best_cost()

    def anneal(self, proposals: int, hottest: float, wrong: float) -> float:
        """One annealing from the best program: the cost of the best yet that is right on every tape."""
        self._exports["anneal"](self._store, proposals, hottest, COLDEST, wrong)
        return self._best_cost()

    def _best_cost(self) -> float:
        """Mean steps of the best program, and 0.001 for each of its lines."""
        return ctypes.c_double.from_address(self._address("best_cost")).value

    def best(self, like: Assembly) -> Assembly:
        return _read(_Program.from_address(self._address("best")), like)

    def _address(self, name: str) -> int:
        offset: int = self._exports[name].value(self._store)
        return self._base + offset


def _write(raw: _Program, program: Assembly) -> None:
    raw.lines = len(program)
    for i, instruction in enumerate(program.instructions):
        fields = (instruction.arg1, instruction.arg2, instruction.out)
        raw.line[i] = _Line(instruction.op, *(0 if field is None else field for field in fields))
    for i, value in enumerate(program.registers):
        raw.initial[i] = 0 if value is None else value


def _read(raw: _Program, like: Assembly) -> Assembly:
    return Assembly(
        like.memory_size,
        tuple(raw.initial[: len(like.registers)]),
        tuple(Instruction.of(INSTRUCTIONS[i.op], i.a, i.b, i.out) for i in raw.line[: raw.lines]),
    )


@cache
def _module() -> tuple[wasmtime.Engine, wasmtime.Module]:
    source = search_text(Path(__file__).with_name("search.c"), {op.name: op.row for op in INSTRUCTIONS})
    exports = ("start", "anneal", "best", "best_cost", "tape", "target", "mask")
    engine = wasmtime.Engine()
    return engine, wasmtime.Module(engine, toolchain.kernel_to_wasm(source, exports))

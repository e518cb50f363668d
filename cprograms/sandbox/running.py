"""Runs numeric C programs safely: WebAssembly without imports, with limits on steps, memory and stack."""

from __future__ import annotations

import ctypes
import platform
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import wasmtime

from cprograms.cache import Cache, key, root
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.inputs import inputs_of, masked_like
from cprograms.sandbox import toolchain
from cprograms.sandbox.objects import FILLS
from cprograms.sandbox.source import (
    CHUNK,
    MEMORY,
    RENAMED,
    CompileError,
    Job,
    Runnable,
    job_of,
    options_of,
    source_of_jobs,
)
from cprograms.sandbox.status import Status

__all__ = ["CHUNK", "ROW_FUEL", "Job", "Outcomes", "Status", "run", "run_jobs", "run_many", "run_with_status"]

_NATIVE_STACK = 2**20

# Fuel counts WebAssembly instructions, so that what a row is given does not depend on the machine. A unit took 0.1 to
# 1.3 ns, most often 0.15.
ROW_FUEL = 100_000_000
"""Steps that a row may take."""
_RUN_FUEL, _RUN_FUEL_PER_ROW = 5_000_000_000, 10_000_000
# A run ends early when this much, in seconds of processor time, is lost to rows that never end: such programs must be
# done within seconds.
_LOST_ROWS, _LOST_SECONDS = 64, 5.0


class Outcomes(NamedTuple):
    """What rows gave.

    `y` float64 [n, results], NaN where a row did not end well; `status` uint8 [n], a `Status` each.
    """

    y: np.ndarray
    status: np.ndarray


def run(program: Runnable, x: np.ndarray) -> np.ndarray:
    """Evaluate a program: float64 [n, arguments] -> float64 [n, results], NaN where a row trapped.

    Inputs are converted to the arguments' types as C converts them; a number outside an integer argument's type traps.
    64-bit integers beyond 2^53 are rounded to float64 on either side. Raises ProgramError where the program does not
    compile, UsageError where `x` has another shape. Names of columns are matched and masks kept, as `Program.run` does.
    """
    if type(x) is not np.ndarray:
        x = inputs_of(x, {}, [a.name for a in program.arguments])
    return masked_like(run_with_status(program, x).y, x)


def run_with_status(program: Runnable, x: np.ndarray) -> Outcomes:
    """As `run`, with the reason for each NaN row."""
    x = _checked(program, x)
    try:
        job = job_of(program)
        module = _module(job)
    except CompileError as error:
        raise ProgramError([_rejection(program, error)]) from None
    return Instance(engine_of(True), module).run(job, 0, x, ROW_FUEL)


def run_many(
    programs: Sequence[Runnable],
    xs: Sequence[np.ndarray],
    *,
    fuel: int = ROW_FUEL,
    optimise: bool = False,
) -> list[Outcomes]:
    """Run each program on its own rows, compiled together: much faster than one at a time for some 50 to 400 programs.

    The rows of a program that does not compile have the status REJECTED. Nothing is cached. `fuel` is the number of
    steps that a row may take; `optimise` compiles with -O2, which takes longer and pays for many rows.
    """
    jobs = [_job_or_none(program) for program in programs]
    xs = [_checked(program, x) for program, x in zip(programs, xs, strict=True)]
    valid = [(job, x) for job, x in zip(jobs, xs, strict=True) if job]
    ran = iter(run_jobs([job for job, _ in valid], [x for _, x in valid], fuel, optimise=optimise))
    rejected = (_unrun(len(p.results), len(x), Status.REJECTED) for p, x in zip(programs, xs, strict=True))
    return [next(ran) if job else other for job, other in zip(jobs, rejected, strict=True)]


def _job_or_none(program: Runnable) -> Job | None:
    try:
        return job_of(program)
    except CompileError:
        return None


def run_jobs(
    jobs: Sequence[Job], xs: Sequence[np.ndarray], fuel: int = ROW_FUEL, *, optimise: bool = False
) -> list[Outcomes]:
    """As `run_many`, for jobs, on float64 [n, inputs] each."""
    if not jobs:
        return []
    try:
        module = compiled(jobs, optimise, toolchain.BATCH_SECONDS)
    except CompileError:
        if len(jobs) == 1:
            return [_unrun(jobs[0].outputs, len(xs[0]), Status.REJECTED)]
        middle = len(jobs) // 2
        halves = (jobs[:middle], xs[:middle]), (jobs[middle:], xs[middle:])
        return [rows for part, x in halves for rows in run_jobs(part, x, fuel, optimise=optimise)]
    instance = Instance(engine_of(optimise), module)
    return [instance.run(job, k, x, fuel) for k, (job, x) in enumerate(zip(jobs, xs, strict=True))]


def _checked(program: Runnable, x: np.ndarray) -> np.ndarray:
    x = np.ascontiguousarray(x, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != len(program.arguments):
        raise UsageError(f"{program.entry}: rows of {len(program.arguments)} numbers are needed, not shape {x.shape}")
    return x


def _rejection(program: Runnable, error: CompileError) -> Diagnostic:
    return Diagnostic(f"the sandbox cannot compile '{program.entry}': {error}", program.path)


def _unrun(outputs: int, n: int, status: Status) -> Outcomes:
    return Outcomes(np.full((n, outputs), np.nan), np.full(n, status, np.uint8))


_TRAPS: dict[wasmtime.TrapCode | None, Status] = {
    wasmtime.TrapCode.OUT_OF_FUEL: Status.FUEL,
    wasmtime.TrapCode.STACK_OVERFLOW: Status.STACK,
    wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: Status.MEMORY,
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: Status.DIVISION,
    wasmtime.TrapCode.INTEGER_OVERFLOW: Status.DIVISION,
    wasmtime.TrapCode.BAD_CONVERSION_TO_INTEGER: Status.CONVERSION,
}


_NOTED = {*range(Status.OVERFLOW, Status.MEMORY + 1), Status.CALL, Status.READ, Status.WRITE}


@dataclass
class _Budget:
    """What is left for a whole run: steps, and what may be lost to rows that never end, rows and seconds."""

    fuel: int
    rows: int = _LOST_ROWS
    seconds: float = _LOST_SECONDS

    def lose(self, reason: Status, seconds: float) -> None:
        self.rows -= reason == Status.FUEL
        self.seconds -= seconds

    @property
    def spent(self) -> bool:
        return self.fuel <= 0 or self.rows <= 0 or self.seconds <= 0


@cache
def engine_of(optimise: bool) -> wasmtime.Engine:
    """Without `optimise` for modules that run once on few rows: compiling those takes longer than running them."""
    config = wasmtime.Config()
    config.consume_fuel = True
    config.max_wasm_stack = _NATIVE_STACK
    config.cranelift_opt_level = "speed" if optimise else "none"
    config.parallel_compilation = False  # its threads would not survive a fork
    return wasmtime.Engine(config)


def compiled(jobs: Sequence[Job], optimise: bool, seconds: float = toolchain.COMPILE_SECONDS) -> wasmtime.Module:
    """The machine code of jobs, for an Instance. Raises CompileError."""
    binary = toolchain.to_wasm(source_of_jobs(jobs), optimise, options_of(jobs), seconds)
    try:
        return wasmtime.Module(engine_of(optimise), binary)
    except wasmtime.WasmtimeError as error:
        raise CompileError(str(error).splitlines()[0]) from None


@lru_cache(maxsize=64)
def _module(job: Job) -> wasmtime.Module:
    """The job's machine code, from the cache where it is there. Raises CompileError."""
    engine = engine_of(True)
    modules = Cache(root() / "modules")
    text = source_of_jobs([job]), *options_of([job])
    name = key(*text, toolchain.identity(), version("wasmtime"), platform.machine())
    code = modules.get(name)
    if code is not None:
        with suppress(wasmtime.WasmtimeError):  # made for another CPU
            return wasmtime.Module.deserialize(engine, code)
    module = compiled([job], optimise=True)
    with suppress(OSError):  # a cache that cannot be written costs time only
        modules.put(name, bytes(module.serialize()))
    return module


def _unwritten(job: Job, y: np.ndarray, fill: int) -> np.ndarray:
    """bool [n, outputs]: which results are what the filling with this number leaves of one that is not written."""
    found = np.zeros(y.shape, bool)
    for result, values in job.unwritten.items():
        found[:, result] = y[:, result] == values[fill]
    return found


class Instance:
    """A compiled module with its memory: a block of rows in, a block of rows out, the current row and a trap's reason.

    One instance serves a whole batch, as looking up a module's exports takes time in proportion to their number. A
    program that writes through wild pointers can spoil the rows of its batch, but nothing outside the instance.
    """

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module):
        self.store = wasmtime.Store(engine)
        self.store.set_limits(memory_size=MEMORY, instances=1, memories=1)
        exports: Any = wasmtime.Instance(self.store, module, []).exports(self.store)
        self.exports = exports
        self.stack = exports["__stack_pointer"]
        self.stack_top = self.lowest = self.stack.value(self.store)
        self.base = ctypes.addressof(exports["memory"].data_ptr(self.store).contents)
        self.row, self.end, self.reason = (self._view(name, np.int32, 1) for name in ("row", "end", "reason"))
        self.fill = self._view("fill", np.uint8, 1)

    def _view(self, name: str, dtype: type[np.generic], length: int) -> np.ndarray:
        address = self.base + self.exports[f"surrogate_{name}"].value(self.store)
        size = length * np.dtype(dtype).itemsize
        block = memoryview((ctypes.c_ubyte * size).from_address(address))
        return np.frombuffer(block, dtype)

    def run(self, job: Job, index: int, x: np.ndarray, fuel: int) -> Outcomes:
        """Rows of the job at `index`; a row that depends on what unset variables are filled with is UNSET.

        It is UNWRITTEN where all that depends on it are results that are such a filling.
        """
        result = self.filled(job, index, x, fuel, FILLS[0])
        unwritten = _unwritten(job, result.y, 0)
        for number, fill in enumerate(FILLS[1:] if job.fills else (), 1):
            ended = np.flatnonzero(result.status == Status.OK)
            other = self.filled(job, index, x[ended], fuel, fill)
            same = (other.y == result.y[ended]) | (np.isnan(other.y) & np.isnan(result.y[ended]))
            differs = (other.status != Status.OK) | ~same.all(axis=1)
            only = (same | (_unwritten(job, other.y, number) & unwritten[ended])).all(axis=1)
            result.y[ended[differs]] = np.nan
            result.status[ended[differs]] = np.where(only, Status.UNWRITTEN, Status.UNSET)[differs]
            result.status[ended[other.status == Status.SKIPPED]] = Status.SKIPPED
        return result

    def filled(self, job: Job, index: int, x: np.ndarray, fuel: int, fill: int) -> Outcomes:
        """Rows in chunks, until the steps for the whole run are used up."""
        self.fill[0] = fill
        rows, chunk = self.exports[f"rows_{index}"], job.chunk
        begin = self.exports["begin"] if job.checked else None
        inputs = self._view("in", np.float64, chunk * job.inputs).reshape(chunk, -1)
        outputs = self._view("out", np.float64, chunk * job.outputs).reshape(chunk, -1)
        result = _unrun(job.outputs, len(x), Status.SKIPPED)
        budget = _Budget(_RUN_FUEL + _RUN_FUEL_PER_ROW * len(x))
        for start in range(0, len(x), chunk):
            part = x[start : start + chunk]
            inputs[: len(part)] = part
            self._run_chunk(begin, rows, result.status[start : start + chunk], budget, fuel)
            result.y[start : start + chunk] = outputs[: len(part)]
        result.y[result.status != Status.OK] = np.nan
        return result

    def _run_chunk(
        self, begin: wasmtime.Func | None, rows: wasmtime.Func, status: np.ndarray, budget: _Budget, fuel: int
    ) -> None:
        """Each call goes on where the last one trapped, with the steps of a single row at least.

        A row is out of steps only where it had all of its fuel to itself, so what becomes of it does not depend on the
        rows before it. A trap leaves the stack pointer where it was, so it is set back. `begin` is the checker's, where
        there is one: what it does is no row's.
        """
        row = 0
        while row < len(status) and not budget.spent:
            start = time.thread_time()
            if begin is not None:
                self.store.set_fuel(ROW_FUEL)
                begin(self.store, self.lowest)
                self.lowest = self.stack_top
            self.row[0], self.end[0] = row, len(status)
            self.store.set_fuel(fuel)
            try:
                rows(self.store)
            except wasmtime.Trap as trap:
                reached = min(max(int(self.row[0]), row), len(status) - 1)
                reason = self._reason(trap)
                self.lowest = max(min(self.lowest, self.stack.value(self.store)), 0)
                self.stack.set_value(self.store, self.stack_top)
            else:
                reached, reason = len(status), Status.OK
            budget.fuel -= fuel - self.store.get_fuel()
            status[row:reached] = Status.OK
            if reason == Status.OK or (reason == Status.FUEL and reached > row):
                row = reached
                continue
            status[reached] = reason
            if reason in (Status.FUEL, Status.STACK):
                budget.lose(reason, time.thread_time() - start)
            row = reached + 1

    def _reason(self, trap: wasmtime.Trap) -> Status:
        noted, self.reason[0] = int(self.reason[0]), 0
        status = _TRAPS.get(trap.trap_code, Status.UNDEFINED)
        return Status(noted) if status == Status.UNDEFINED and noted in _NOTED else status

    def located(self) -> tuple[int, str]:
        """Where the program was last, as a number of its job's places, and what a trap since `forget` was about."""
        line, address = int(self._view("line", np.int32, 1)[0]), int(self._view("subject", np.int32, 1)[0])
        name = ctypes.string_at(self.base + address).decode("ascii", "replace") if address else ""
        return line, name.partition(RENAMED)[0]

    def forget(self) -> None:
        """Begin anew to note where the program is, and what traps are about."""
        self._view("line", np.int32, 1)[0] = self._view("subject", np.int32, 1)[0] = 0

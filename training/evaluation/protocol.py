"""The protocol: each start is tuned on validation programs, size by size, then measured on test programs.

A job is one start at one number of rows. Its figures go to a file of the work folder, so that an interrupted
run goes on where it was. Shapes: U tasks of the test suite, S seeds, C checkpoints.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from cprograms.workers import begin_quietly
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.fitting.finetune import training_rows
from surrogate.mlp.parts.taps import Choice
from surrogate.mlp.parts.towers import Towers
from surrogate.mlp.pipeline import LEVEL_ROWS
from training.errors import geometric_mean
from training.evaluation.suites import Suite, executed, make_suite, nmse, suite_programs
from training.finetuning import OPTIMISERS, Optimiser, TowerRows, best_checkpoint, fit
from training.grid_search import climb
from training.held_out import HeldOut
from training.starts.table import RANDOM, Start, table

BASELINE = RANDOM
"""The start that others are compared with."""
SIZES = (8, 32, 128, 512, 2048)
START_ROWS = (0, 4, 8, 32, 64)
"""Rows that a start may read in the table of starts, which are not fine-tuned."""
NO_STEPS = "none"
TRACED_ROWS = 256
"""Test rows on which the error is followed during fine-tuning."""
CACHED_ROWS, CACHED_TOWERS = 4096, 48
"""Rows and towers that are worked on together: more leave the processor's cache."""


@dataclass(frozen=True)
class ProtocolConfig:
    """What the figures depend on; `programs` and `validation` are numbers of programs.

    `data` is a corpus; programs to choose on are its own, or those of the corpus `validation_data`. With `taps`, every
    tower reads beside the arguments what a compile takes by default.
    """

    suite: str
    data: str
    programs: int
    validation: int
    sizes: tuple[int, ...] = SIZES
    seeds: int = 3
    seed: int = 0
    test_rows: int = 1000
    compiler: str | None = None
    baselines: str | None = None
    optimisers: tuple[str, ...] = tuple(OPTIMISERS)
    taps: bool = False
    validation_data: str | None = None

    def __post_init__(self) -> None:
        if self.seeds < 1 or self.programs < 1 or self.validation < 1:
            raise UsageError("seeds, programs and validation programs must be at least 1")
        if any(n < 4 for n in self.sizes):
            raise UsageError("a size must be at least 4 rows: a quarter of them is held out")
        if self.taps and not self.sizes:
            raise UsageError(
                "without sizes there is nothing to fine-tune; scripts/evaluate/taps.py measures compiles with taps"
            )
        if unknown := [name for name in self.optimisers if name not in OPTIMISERS]:
            raise UsageError(f"no optimiser '{unknown[0]}'; there are {', '.join(OPTIMISERS)}")

    @property
    def rows(self) -> int:
        return max(*self.sizes, *START_ROWS, *LEVEL_ROWS.values())

    @property
    def read(self) -> Choice | None:
        """Which taps are read; None is the default of a compile."""
        return None if self.taps else "none"


@dataclass(frozen=True)
class Bench:
    """What a worker holds: a suite a seed (the same tasks, other rows), the validation suite, the starts."""

    suites: list[Suite]
    validation: Suite
    starts: dict[str, Start]
    seed: int


@dataclass(frozen=True)
class Prepared:
    """The executed test programs: a suite a seed, and the first seed's results for the compiler's own levels."""

    suites: list[Suite]
    held: list[HeldOut]
    left_out: list[str]


def prepare(config: ProtocolConfig) -> Prepared:
    """Execute the programs of the test suite for each seed. Raises UsageError for a suite or split that is empty."""
    programs = suite_programs(config.suite, Path(config.data), config.programs)
    counts = config.rows, config.test_rows
    ran = [executed(programs, *counts, config.seed + s) for s in range(config.seeds)]
    made = [make_suite(held, *counts, config.read) for held in ran]
    # A result may have enough rows with one seed only.
    common = set.intersection(*({t.key for t in suite.tasks} for suite, _, _ in made))
    left_out = sorted({name for *_, names in made for name in names})
    return Prepared([suite.of(common) for suite, *_ in made], made[0][1], left_out)


def prepare_validation(config: ProtocolConfig) -> Suite:
    """Execute the programs that optimisers are chosen on. Raises UsageError for a split that is empty."""
    data = config.data if config.validation_data is None else config.validation_data
    programs = suite_programs(config.suite, Path(data), config.validation, "validation")
    counts = config.rows, config.test_rows
    suite, *_ = make_suite(executed(programs, *counts, config.seed), *counts, config.read)
    return suite


# --- One start at one size ---


@dataclass(frozen=True)
class Outcome:
    """Of U tasks: nMSE on the test rows, the step taken, and nMSE on some test rows at each checkpoint [C, U]."""

    errors: np.ndarray
    stops: np.ndarray
    traces: np.ndarray

    def copy(self, i: int, copies: int) -> Outcome:
        """The i-th of several copies of the same tasks."""
        size = len(self.errors) // copies
        own = slice(i * size, (i + 1) * size)
        return Outcome(self.errors[own], self.stops[own], self.traces[:, own])


def start_errors(start: Start, suite: Suite, rows: int, seed: int) -> dict[str, np.ndarray]:
    """nMSE [U] of the starts themselves, by the scale of their outputs: "given" or "predicted", or the rows' own."""
    tasks = [t.first(rows) for t in suite.tasks]
    towers = start.towers(tasks, seed)
    if rows:
        mean, std = suite.rows.first(rows).moments()
        return {"rows": nmse(towers, mean, std, suite.test).numpy()}
    predicted = [torch.from_numpy(np.asarray(m, dtype=np.float64))[:, None] for m in start.scale(tasks)]
    return {
        "given": nmse(towers, *suite.test.moments(), suite.test).numpy(),
        "predicted": nmse(towers, predicted[0], predicted[1], suite.test).numpy(),
    }


def tuned(
    start: Start, suite: Suite, rows: int, optimiser: Optimiser, strengths: Sequence[float], seed: int
) -> list[Outcome]:
    """Start from `rows` rows and fine-tune on them, once for each strength: an outcome each."""
    early = start.towers([t.first(training_rows(rows)) for t in suite.tasks], seed)
    late = start.towers([t.first(rows) for t in suite.tasks], seed)
    together = min(CACHED_TOWERS, CACHED_ROWS // min(rows, optimiser.size))
    width = max(1, together // len(strengths))
    done = []
    for at in range(0, len(suite), width):
        part = slice(at, at + width)
        inputs = max(t.width for t in suite.tasks[part])
        # Without the columns of inputs that no program of the part has.
        starts = [_copied(towers, part, len(strengths)).of(range(inputs)) for towers in (early, late)]
        given, test = (_repeated(r.part(part, inputs), len(strengths)) for r in (suite.rows.first(rows), suite.test))
        strength = torch.tensor(strengths).repeat_interleave(len(given.x) // len(strengths))
        outcome = _fine_tuned(starts[0], starts[1], given, test, optimiser, strength, seed)
        done.append([outcome.copy(i, len(strengths)) for i in range(len(strengths))])
    return [_joined(parts) for parts in zip(*done, strict=True)]


def _fine_tuned(
    early: Towers, start: Towers, rows: TowerRows, test: TowerRows, optimiser: Optimiser, strength: Tensor, seed: int
) -> Outcome:
    """Stop where `early`, which read the first rows, says; `start` read them all."""
    stop = best_checkpoint(optimiser, early, rows, strength, seed)
    mean, std = rows.moments()
    few = test.first(TRACED_ROWS)
    traces: list[Tensor] = []

    def trace(_step: int, towers: Towers) -> None:
        traces.append(nmse(towers, mean, std, few))

    fitted = fit(optimiser, start, rows, strength, seed, stop, trace)
    traces += traces[-1:] * (len(optimiser.checkpoints()) - len(traces))
    return Outcome(nmse(fitted, mean, std, test).numpy(), stop.numpy(), torch.stack(traces).numpy())


def _copied(towers: Towers, part: slice, copies: int) -> Towers:
    return towers.map(lambda w: w[part].repeat(copies, 1, 1))


def _repeated(rows: TowerRows, copies: int) -> TowerRows:
    return TowerRows(rows.x.repeat(copies, 1, 1), rows.y.repeat(copies, 1))


def _joined(parts: Sequence[Outcome]) -> Outcome:
    return Outcome(*(np.concatenate([getattr(p, f) for p in parts], axis=-1) for f in ("errors", "stops", "traces")))


def choose_strength(bench: Bench, method: str, rows: int, optimiser: Optimiser) -> dict[str, Any]:
    """The best strength on the validation programs, and the geometric mean error of each that was tried."""

    def errors(strengths: list[float]) -> list[float]:
        outcomes = tuned(bench.starts[method], bench.validation, rows, optimiser, strengths, bench.seed)
        return [geometric_mean(o.errors) for o in outcomes]

    best, tried = climb(errors, optimiser.middle, optimiser.factor)
    return {"strength": best, "error": tried[best], "tried": {f"{s:g}": e for s, e in tried.items()}}


# --- Jobs ---

Figures = dict[str, Any]
Job = tuple[Any, ...]
"""What a job is of: a start's name, a number of rows, and for fine-tuning an optimiser and a strength."""


def start_job(bench: Bench, method: str, rows: int) -> Figures:
    """Starts that are not fine-tuned: errors [S, U] by scale."""
    per_seed = [start_errors(bench.starts[method], suite, rows, bench.seed + s) for s, suite in enumerate(bench.suites)]
    return {scale: [errors[scale].tolist() for errors in per_seed] for scale in per_seed[0]}


def tune_job(bench: Bench, method: str, rows: int, optimiser: str) -> Figures:
    """What an optimiser comes to on the validation programs at its best strength, or the start without any step."""
    if optimiser == NO_STEPS:
        errors = start_errors(bench.starts[method], bench.validation, rows, bench.seed)["rows"]
        return {"strength": 0.0, "error": geometric_mean(errors)}
    return choose_strength(bench, method, rows, OPTIMISERS[optimiser])


def fit_job(bench: Bench, method: str, rows: int, optimiser: str, strength: float) -> Figures:
    """Fine-tuned test programs: errors and stops [S, U], traces [S, C, U]."""
    outcomes = [
        tuned(bench.starts[method], suite, rows, OPTIMISERS[optimiser], [strength], bench.seed + s)[0]
        for s, suite in enumerate(bench.suites)
    ]
    return {name: [getattr(o, name).tolist() for o in outcomes] for name in ("errors", "stops", "traces")}


Progress = Callable[[int], None]
"""Told how many jobs were done since the last call."""

JOBS: dict[str, Callable[..., Figures]] = {"start": start_job, "tune": tune_job, "fit": fit_job}

_bench: Bench
"""In a worker: what its jobs work on."""


def _begin(suites: list[Suite], validation: Suite, config: ProtocolConfig) -> None:
    global _bench
    begin_quietly()
    torch.set_num_threads(1)
    # Weights of no size slow the processor's arithmetic many times.
    torch.set_flush_denormal(True)
    _bench = make_bench(suites, validation, config)


def make_bench(suites: list[Suite], validation: Suite, config: ProtocolConfig) -> Bench:
    """Raises UsageError where the compiler or a baseline does not load."""
    model = load_compiler(config.compiler).model
    baselines = Path(config.baselines) if config.baselines else None
    starts = table(model, suites[0].tasks, validation.tasks, baselines, config.taps)
    return Bench(suites, validation, starts, config.seed)


def _work(name: str, job: Job) -> Figures:
    with torch.no_grad():
        return JOBS[name](_bench, *job)


@dataclass
class Runner:
    """Runs jobs in processes, each once: its figures are kept in `folder`."""

    folder: Path
    pool: Executor
    advance: Progress = lambda jobs: None

    def run(self, name: str, jobs: Sequence[Job]) -> dict[Job, Figures]:
        paths = {job: self.folder / f"{name}-{'-'.join(map(str, job)).replace(' ', '')}.json" for job in jobs}
        missing = [job for job in jobs if not paths[job].exists()]
        self.advance(len(jobs) - len(missing))
        futures = {self.pool.submit(_work, name, job): job for job in missing}
        for future in as_completed(futures):
            replace_file(paths[futures[future]], json.dumps(future.result()).encode())
            self.advance(1)
        return {job: json.loads(path.read_bytes()) for job, path in paths.items()}


@dataclass(frozen=True)
class Measured:
    """All figures: starts by (method, rows), choices by (method, size), fits by (method, size, optimiser, strength).

    `programs` [U] tells whose result a task is.
    """

    methods: list[str]
    sizes: tuple[int, ...]
    programs: np.ndarray
    starts: dict[Job, Figures]
    choices: dict[Job, Figures]
    fits: dict[Job, Figures]

    def errors(self, method: str, size: int) -> np.ndarray:
        """nMSE [S, U] after fine-tuning by the optimiser that is best on the validation programs."""
        optimiser = chosen(self.choices[method, size])
        if optimiser == NO_STEPS:
            return np.array(self.starts[method, size]["rows"])
        return np.array(self.fit(method, size, optimiser)["errors"])

    def start_errors(self, method: str, rows: int, scale: str = "rows") -> np.ndarray:
        """nMSE [S, U] of the start itself; `scale` is "given" or "predicted" where there are no rows."""
        return np.array(self.starts[method, rows][scale])

    def fit(self, method: str, size: int, optimiser: str) -> Figures:
        return self.fits[method, size, optimiser, self.choices[method, size][optimiser]["strength"]]

    def trained(self, size: int) -> str:
        """The optimiser that training times are compared with: of those that take steps, random's best."""
        return chosen(self.choices[BASELINE, size], steps=True)


def chosen(choice: Figures, steps: bool = False) -> str:
    """The optimiser of least error on the validation programs; with `steps`, one that takes any."""
    names = [name for name in choice if not (steps and name == NO_STEPS)]
    return min(names, key=lambda name: choice[name]["error"])


def measure(
    bench: Bench, config: ProtocolConfig, methods: Sequence[str], folder: Path, processes: int, advance: Progress
) -> Measured:
    """Run every job that `folder` has no figures of. `methods` are names of the bench's starts.

    Raises UsageError where a grid has no best value, or a worker dies.
    """
    begin = (bench.suites, bench.validation, config)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin, begin) as pool:
        try:
            return _measured(Runner(folder, pool, advance), config, methods, bench.suites[0].programs)
        except BrokenProcessPool:
            raise UsageError("a worker process died; the same command goes on where it was") from None
        finally:
            # Nothing is left to do, or what is left must not be begun.
            pool.shutdown(cancel_futures=True)


def _measured(runner: Runner, config: ProtocolConfig, methods: Sequence[str], programs: np.ndarray) -> Measured:
    sizes, optimisers = config.sizes, (NO_STEPS, *config.optimisers)
    # The long jobs first, so that no worker is left with one at the end.
    pairs = [(m, n) for n in sorted(sizes, reverse=True) for m in methods]
    tunings = runner.run("tune", [(*pair, o) for pair in pairs for o in optimisers])
    choices = {pair: {o: tunings[*pair, o] for o in optimisers} for pair in pairs}
    fits = runner.run("fit", list(_fits(choices, pairs)))
    starts = runner.run("start", [(m, n) for n in sorted({*START_ROWS, *sizes}) for m in methods])
    return Measured(list(methods), sizes, programs, starts, choices, fits)


def _fits(choices: dict[Job, Figures], pairs: Sequence[tuple[str, int]]) -> Iterator[Job]:
    """Each start's best optimiser, and the random one's best, with which training times are compared."""
    for method, size in pairs:
        choice = choices[method, size]
        for name in sorted({chosen(choice), chosen(choices[BASELINE, size], steps=True)} - {NO_STEPS}):
            yield method, size, name, choice[name]["strength"]


def job_count(config: ProtocolConfig, methods: Sequence[str]) -> int:
    """An upper bound."""
    a_size = 1 + len(config.optimisers) + 2
    return len(methods) * (a_size * len(config.sizes) + len({*START_ROWS, *config.sizes}))


def work_folder(root: Path, config: ProtocolConfig, compiler: str) -> Path:
    """Where the figures of these settings are kept: another compiler (its hash) or baseline is another folder."""
    files = sorted(Path(config.baselines).rglob("*.safetensors")) if config.baselines else []
    baselines = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    optimisers = [(o.name, o.steps, o.size, o.middle, o.factor) for o in OPTIMISERS.values()]
    settings = {**asdict(config), "sizes": None, "baselines": None, "optimisers": None}
    if config.validation_data is None:
        del settings["validation_data"]  # figures that were measured before there was such a setting still count
    depends = [
        settings,
        compiler,
        baselines,
        optimisers,
    ]
    digest = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
    folder = root / f"{config.suite}-{digest[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""The experiment MATH as one call: learned, tried on longer expressions beside an LSTM, a table and a plot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from matplotlib.figure import Figure

import surrogate
from cprograms.files import replace_file, replace_json
from surrogate.container import fingerprint
from surrogate.sketch.artifact import SketchProgram
from surrogate.sketch.learning import Settings
from surrogate.sketch.model import Model
from training.plots import image
from training.sketches.expressions import (
    LongTape,
    Sizes,
    Symbols,
    accuracies_by_length,
    first_acquaintance,
    improved,
    learned,
    perceived,
)
from training.sketches.expressions_lstm import TRAINED, Compared, Tuning, compared

SLACK = 0.02
"""How far accuracy may be below that of the digits to the power of how many there are."""


@dataclass(frozen=True)
class Found:
    """Of each restart the accuracy held back, and whether its program is exact; how many choices were revised; of the
    best its program, its accuracy by the number of digits on test pictures, and how often its networks are right on
    single ones, before they learned on through it and after."""

    restarts: tuple[float, ...]
    exact: tuple[bool, ...]
    revised: int
    best: int
    program: Mapping[str, int | float]
    by_length: Mapping[int, float]
    before: Mapping[str, float]
    after: Mapping[str, float]
    seconds: float

    @property
    def bars(self) -> dict[int, float]:
        """The accuracy that is asked of each number of digits."""
        return {d: self.after["digit"] ** d - SLACK for d in self.by_length}


def alone(model: Model, symbols: Symbols) -> dict[str, float]:
    """How often each network is right on single pictures."""
    pairs = zip(("digit", "sign"), perceived(model, symbols), (symbols.digits, symbols.operators), strict=True)
    return {name: float((said == shown).mean()) for name, said, (_, shown) in pairs}


def found(program: SketchProgram, networks: SketchProgram, test: Symbols, sizes: Sizes, seed: int) -> Found:
    """What came of learning the program, and then its networks, tried on test pictures."""
    said = program.learned
    return Found(
        tuple(said["restarts"]),
        tuple(said["exact"]),
        said["revised"],
        said["best"],
        program.chosen,
        accuracies_by_length(LongTape(), program.chosen, networks.model, test, sizes.tried, seed + 1),
        alone(program.model, test),
        alone(networks.model, test),
        said["seconds"],
    )


def measure(
    out: Path, train: Symbols, test: Symbols, sizes: Sizes, settings: Settings, tuning: Tuning, command: str
) -> None:
    """Writes OUT.json, OUT.md and OUT.svg. What is interrupted goes on from .OUT.*, which go when all is done."""
    stages = Stages(out, fingerprint(repr((sizes, settings)).encode()))
    seed, checkpoint = settings.seed, out.with_name(f".{out.name}.progress")
    start = stages.of("symbols", lambda: first_acquaintance(train, sizes.symbols, sizes.symbols_steps, seed))
    program = stages.of("program", lambda: learned(train, sizes, settings, start, checkpoint))
    networks = program
    if program.learned["exact"][program.learned["best"]]:
        networks = stages.of("networks", lambda: improved(train, sizes, program, seed))
    of_program = found(program, networks, test, sizes, seed)
    of_lstm = compared(networks.model, train, test, sizes.tried, tuning, seed)
    document = {
        "command": command,
        "sizes": asdict(sizes),
        "settings": asdict(settings),
        "tuning": asdict(tuning),
        "found": asdict(of_program),
        "lstm": asdict(of_lstm),
    }
    replace_json(out.with_suffix(".json"), document)
    replace_file(out.with_suffix(".svg"), image(figure(of_program, of_lstm), "svg"))
    replace_file(out.with_suffix(".md"), page(out.name, of_program, of_lstm, sizes, command, seed).encode())
    stages.remove()


class Stages:
    """Sketches that parts of a run gave, beside its output, so that it goes on where it was interrupted."""

    def __init__(self, out: Path, run: str) -> None:
        self._out, self._run, self._names = out, run, list[Path]()

    def of(self, name: str, make: Callable[[], SketchProgram]) -> SketchProgram:
        """What a part gave, where it is there and of this run; else it is made."""
        path = self._out.with_name(f".{self._out.name}.{name}.sketch")
        self._names.append(path)
        if path.is_dir():
            kept = surrogate.load(path)
            if isinstance(kept, SketchProgram) and kept.learned.get("run") == self._run:
                return kept
        made = make()
        made.learned["run"] = self._run
        made.save(path)
        return made

    def remove(self) -> None:
        for path in self._names:
            shutil.rmtree(path, ignore_errors=True)


def figure(program: Found, lstm: Compared) -> Figure:
    """Accuracy by the number of digits."""
    made = Figure(figsize=(6, 3.6), layout="constrained")
    axes = made.subplots()
    lengths = list(program.by_length)
    axes.plot(lengths, list(program.by_length.values()), "o-", label="the program that was found")
    axes.plot(lengths, [program.after["digit"] ** d for d in lengths], "k:", label="all digits right")
    axes.plot(list(lstm.by_length), list(lstm.by_length.values()), "s-", label="an LSTM over the same networks")
    axes.plot(list(lstm.zeros), list(lstm.zeros.values()), "--", color="0.6", label="always 0")
    axes.axvline(TRAINED, color="0.8", zorder=0)
    axes.text(TRAINED + 0.1, 0.02, "longer than what the LSTM learned from", color="0.5", fontsize=8)
    axes.set(xlabel="digits of the expression", ylabel="accuracy", ylim=(0, 1.1), xticks=lengths)
    axes.legend(loc="upper right", fontsize=8)
    return made


def page(name: str, program: Found, lstm: Compared, sizes: Sizes, command: str, seed: int) -> str:
    restarts, exact = len(program.restarts), sum(program.exact)
    tried = "; ".join(f"{what} {score:.1%}" for what, score in lstm.tried.items())
    rows = [
        f"| {d} | {program.by_length[d]:.1%} | {bar:.1%} | {lstm.by_length[d]:.1%} | {lstm.zeros[d]:.1%} |"
        for d, bar in program.bars.items()
    ]
    chosen = ", ".join(f"{what} = {value}" for what, value in program.program.items())
    return "\n".join(
        [
            "# Expressions of handwritten digits and drawn operators, from their values",
            "",
            f"Made by `{command}`, with seed `{seed}`.",
            "",
            "A program of three blocks that reads a tape of pictures is learned, with the networks that it asks:",
            "`cprograms/library/sketch/math.c`. There are 3.8 million programs. The networks begin with what",
            f"`symbols.c` teaches, {sizes.symbols:,} sums of two digits and results of one operator. They stay until",
            "the program is found, and then learn on through it, where it is exact. Examples are",
            f"{sizes.expressions:,} expressions of two and then three digits. Operators are drawn by code.",
            "",
            f"- {exact} of {restarts} restarts found an exact program ({exact / restarts:.0%}; published: 2 of 100).",
            "  Exact means right on expressions of 2 to 16 digits, were the networks always right.",
            f"  Of all restarts, {program.revised} choices were revised after the gradients (`--revise`).",
            f"- Restart {program.best}, the best on expressions held back, is"
            f" {'exact' if program.exact[program.best] else 'not exact'}: {chosen}.",
            f"- Of single test pictures `digit` knew {program.before['digit']:.1%} before it learned on through the"
            f" program, and knows {program.after['digit']:.1%} after (published: 97.5 %);",
            f"  `sign` {program.before['sign']:.1%} and {program.after['sign']:.1%}.",
            f"- The program took {program.seconds:.0f} seconds of a core that was shared, all restarts in one batch.",
            "",
            f"Accuracy is on {sizes.tried:,} expressions of test pictures for each number of digits: the C program, on",
            "the likeliest values of the networks. The bar is (accuracy of a digit)^digits less 2 %. The LSTM reads",
            f"what the same networks say of each picture, and learns from 2 to {TRAINED} digits: it needs to learn",
            f"arithmetic alone. The best of these on expressions as it learned counts: {tried}.",
            "",
            f"![accuracy by the number of digits]({name}.svg)",
            "",
            "| digits | program | bar | LSTM | always 0 |",
            "|--:|--:|--:|--:|--:|",
            *rows,
            "",
        ]
    )

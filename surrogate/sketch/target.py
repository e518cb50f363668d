"""The target sketch: C programs of which some functions and constants are undefined, and are learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from surrogate.anc.target import DECOMPILE, DECOMPILE_OPTIONS
from surrogate.target import (
    CHECK,
    CHECK_SEED,
    ROWS_TO_RUN,
    RUN,
    Command,
    LearnedTarget,
    Option,
    Summary,
    Target,
    bound,
    deferred,
)

if TYPE_CHECKING:
    from surrogate.sketch.artifact import SketchProgram

INPUT, OUTPUT = (option for option in ROWS_TO_RUN if option.dest in ("input", "output"))
EXAMPLES = Option("--data", metavar="FILE", help="sketches: examples that were not learned from, as `learn` takes them")
LEAST = Option("--least", type=bound, metavar="X", help="sketches: fail (exit 1) where the accuracy is below X")


class SketchTarget(LearnedTarget):
    """See `surrogate.target.Target`."""

    name = "sketch"
    suffix = ".sketch"
    about = "learned by `surrogate learn`"
    one = "a sketch (surrogate learn)"
    many = "sketches"
    refusal = "a sketch is learned"
    instead = "a sketch is learned from examples, not compiled: surrogate learn FILE.c --data FILE.npz"
    commands: tuple[Command[SketchProgram], ...] = (
        Command("run", RUN, (INPUT, OUTPUT), deferred("surrogate.sketch.commands:run")),
        Command("check", CHECK, (EXAMPLES, LEAST, CHECK_SEED), deferred("surrogate.sketch.commands:check")),
        Command("decompile", DECOMPILE, DECOMPILE_OPTIONS, deferred("surrogate.sketch.commands:decompile")),
    )

    def decode(self, config: dict[str, Any], files: dict[str, bytes]) -> SketchProgram:
        from surrogate.sketch.artifact import decode

        return decode(config, files)

    def described(self, artifact: SketchProgram) -> str:
        return f"a sketch of '{artifact.entry}'"

    def summary(self, artifact: SketchProgram, max_nmse: float | None = None) -> Summary:
        return Summary(artifact.config(), artifact.lines())


TARGET: Target[SketchProgram] = SketchTarget()

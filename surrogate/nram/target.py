"""The target nram: controllers of the neural random-access machine, learned from a task's tapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from surrogate.anc.target import CHECK_OPTIONS, DECOMPILE, DECOMPILE_OPTIONS, SHOW_OPTIONS, STEPS, TAPE
from surrogate.target import CHECK, RUN, Command, LearnedTarget, Summary, Target, deferred

if TYPE_CHECKING:
    from surrogate.nram.program import NramProgram


class Nram(LearnedTarget):
    """See `surrogate.target.Target`."""

    name = "nram"
    suffix = ".nram"
    about = "learned by `surrogate learn --machine nram`"
    one = "a learned controller (surrogate learn --machine nram)"
    many = "learned controllers"
    refusal = "a controller is learned"
    instead = "a controller is learned from tapes, not compiled: surrogate learn --machine nram --task NAME"
    commands: tuple[Command[NramProgram], ...] = (
        Command("run", RUN, (TAPE, STEPS), deferred("surrogate.nram.commands:run")),
        Command("check", CHECK, CHECK_OPTIONS, deferred("surrogate.nram.commands:check")),
        Command("trace", "show each step of a run on a tape", (TAPE, STEPS), deferred("surrogate.nram.commands:trace")),
        Command("decompile", DECOMPILE, DECOMPILE_OPTIONS, deferred("surrogate.nram.commands:decompile")),
        Command("show", "draw circuits, or a run", SHOW_OPTIONS, deferred("surrogate.nram.commands:show"), json=False),
    )

    def decode(self, config: dict[str, Any], files: dict[str, bytes]) -> NramProgram:
        from surrogate.nram.program import decode

        return decode(config, files)

    def described(self, artifact: NramProgram) -> str:
        return f"a controller that learned '{artifact.entry}'"

    def summary(self, artifact: NramProgram, max_nmse: float | None = None) -> Summary:
        return Summary(artifact.as_dict(), artifact.lines())


TARGET: Target[NramProgram] = Nram()

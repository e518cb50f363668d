"""The target nram: controllers of the neural random-access machine, learned from a task's tapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from cprograms.diagnostics import UsageError
from surrogate.anc.target import CHECK_OPTIONS, DECOMPILE, DECOMPILE_OPTIONS, SHOW_OPTIONS, STEPS, TAPE
from surrogate.target import CHECK, RUN, Command, Option, Summary, Target, deferred

if TYPE_CHECKING:
    from cprograms.frontend.flags import Reading
    from cprograms.frontend.given import Paths
    from surrogate.nram.program import NramProgram


class Nram:
    """See `surrogate.target.Target`."""

    name = "nram"
    suffix = ".nram"
    about = "learned by `surrogate learn --machine nram`"
    one = "a learned controller (surrogate learn --machine nram)"
    many = "learned controllers"
    refusal = "a controller is learned"
    options: tuple[Option, ...] = ()
    commands: tuple[Command[NramProgram], ...] = (
        Command("run", RUN, (TAPE, STEPS), deferred("surrogate.nram.commands:run")),
        Command("check", CHECK, CHECK_OPTIONS, deferred("surrogate.nram.commands:check")),
        Command("trace", "show each step of a run on a tape", (TAPE, STEPS), deferred("surrogate.nram.commands:trace")),
        Command("decompile", DECOMPILE, DECOMPILE_OPTIONS, deferred("surrogate.nram.commands:decompile")),
        Command("show", "draw circuits, or a run", SHOW_OPTIONS, deferred("surrogate.nram.commands:show"), json=False),
    )

    def compile(
        self,
        path: Paths | None = None,
        *,
        source: str | None = None,
        entry: str | None = None,
        limit: float | None = None,
        **reading: Unpack[Reading],
    ) -> NramProgram:
        """Raises UsageError: a controller is learned from tapes."""
        raise UsageError("a controller is learned from tapes, not compiled: surrogate learn --machine nram --task NAME")

    def decode(self, config: dict[str, Any], files: dict[str, bytes]) -> NramProgram:
        from surrogate.nram.program import decode

        return decode(config, files)

    def described(self, artifact: NramProgram) -> str:
        return f"a controller that learned '{artifact.entry}'"

    def summary(self, artifact: NramProgram, max_nmse: float | None = None) -> Summary:
        return Summary(artifact.as_dict(), artifact.lines())


TARGET: Target[NramProgram] = Nram()

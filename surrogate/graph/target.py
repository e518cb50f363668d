"""The target graph: the program itself as a torch module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from surrogate.numeric.options import COMMANDS, DATA, FINETUNE, FINETUNE_OUTPUT, RANGE, SHAPE, TARGET_NMSE
from surrogate.optimise.options import OPTIMIZE
from surrogate.report.options import ROWS as REPORT_ROWS
from surrogate.report.options import report_command
from surrogate.target import Command, Option, Summary, Target, deferred

if TYPE_CHECKING:
    from cprograms.frontend.given import Paths
    from cprograms.frontend.loading import NumericReading
    from surrogate.graph.artifact import GraphProgram


OPTIONS = (
    RANGE,
    *SHAPE,
    Option(
        "--smooth",
        type=float,
        metavar="T",
        help="weigh both sides of a branch by sigmoid((b - a) / T) where a < b is asked (default: one is taken)",
    ),
)
FINETUNE_OPTIONS = (DATA, TARGET_NMSE, FINETUNE_OUTPUT)


class GraphTarget:
    """See `surrogate.target.Target`."""

    name = "graph"
    suffix = ".graph"
    about = "the program itself, in torch"
    one = "a graph (--target graph)"
    many = "graphs"
    refusal = "a graph computes the program itself"
    options: tuple[Option, ...] = OPTIONS
    commands: tuple[Command[GraphProgram], ...] = (
        *COMMANDS,
        Command("finetune", FINETUNE, FINETUNE_OPTIONS, deferred("surrogate.graph.commands:finetune")),
        report_command(deferred("surrogate.graph.reporting:report_page"), (REPORT_ROWS,)),
        OPTIMIZE,
    )

    def compile(
        self,
        path: Paths | None = None,
        *,
        source: str | None = None,
        entry: str | None = None,
        ranges: Mapping[str, tuple[float, float]] | None = None,
        smooth: float | None = None,
        limit: float | None = None,
        **reading: Unpack[NumericReading],
    ) -> GraphProgram:
        """Compile a numeric program, a C file or `source`, to a torch module that computes it.

        `entry`, `ranges`, `limit` and `reading` are as in `cprograms.load`; `smooth` as in
        `surrogate.graph.pipeline.compile_program`.
        """
        from cprograms.budget import shared
        from cprograms.frontend.loading import load

        with shared(limit):
            program = load(
                path,
                source=source,
                entry=entry,
                ranges=ranges,
                **reading,
            )
            # A program that is rejected does not wait for torch either.
            from surrogate.graph.pipeline import compile_program

            return compile_program(program, smooth)

    def decode(self, config: dict[str, Any], files: dict[str, bytes]) -> GraphProgram:
        from surrogate.graph.artifact import decode

        return decode(config, files)

    def described(self, artifact: GraphProgram) -> str:
        return f"a graph of '{artifact.signature}'"

    def summary(self, artifact: GraphProgram, max_nmse: float | None = None) -> Summary:
        from surrogate.graph.commands import summary

        return summary(artifact, max_nmse)


TARGET: Target[GraphProgram] = GraphTarget()

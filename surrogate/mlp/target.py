"""The target mlp: numeric programs become surrogates."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Unpack

from surrogate.numeric.options import (
    COMMANDS,
    DATA,
    FINETUNE,
    FINETUNE_OUTPUT,
    FINETUNE_ROWS,
    FINETUNE_SEED,
    RANGE,
    SECONDS,
    SHAPE,
    STEPS,
    TARGET_NMSE,
)
from surrogate.optimise.options import OPTIMIZE
from surrogate.report.options import ROWS as REPORT_ROWS
from surrogate.report.options import report_command
from surrogate.target import Command, Option, Summary, Target, deferred

if TYPE_CHECKING:
    from cprograms.frontend.given import Paths
    from cprograms.frontend.loading import NumericReading
    from surrogate.mlp.artifact import Surrogate


PLAIN = Option(
    "--plain", action="store_true", default=None, help="an MLP of the arguments alone: no taps, no other parts"
)
OPTIONS = (
    Option(
        "-O",
        dest="opt_level",
        type=int,
        choices=(0, 1, 2, 3),
        help="0: the program is never run; 1 (default): it is read with 64 executed rows; 2: rows cost"
        " nothing, and half a second is spent on them; 3: ten seconds, or as long as --seconds says",
    ),
    RANGE,
    *SHAPE,
    Option("--rows", type=int, metavar="K", help="read exactly so many executed rows, at -O1 or -O2"),
    Option(
        "--taps",
        metavar="none|gates|N",
        help="inner values of the program that the network may read: comparisons and roundings (gates), or N of all"
        " kinds (default 24, or one a result)",
    ),
    PLAIN,
    SECONDS,
    STEPS,
    TARGET_NMSE,
    Option("--seed", type=int, metavar="S", help="seed of the rows (default 0)"),
    Option("--compiler", metavar="DIR", help="a hypernetwork's directory, or a packaged one's name"),
)
FINETUNE_OPTIONS = (
    FINETUNE_ROWS,
    DATA,
    Option("--mix", type=float, metavar="SHARE", help="the share of the data; the rest are rows of the program"),
    TARGET_NMSE,
    SECONDS,
    STEPS,
    Option("--result", metavar="NAME", help="the only result that may change"),
    RANGE,
    Option("--program", metavar="FILE.c", help="go over to another C program"),
    Option("--width", type=int, metavar="N", help="another number of hidden units, of an MLP alone"),
    PLAIN,
    FINETUNE_SEED,
    FINETUNE_OUTPUT,
)


class Mlp:
    """See `surrogate.target.Target`."""

    name = "mlp"
    suffix = ".surrogate"
    about = "a surrogate"
    one = "a surrogate (--target mlp)"
    many = "surrogates"
    refusal = ""
    options: tuple[Option, ...] = OPTIONS
    commands: tuple[Command[Surrogate], ...] = (
        *COMMANDS,
        Command("finetune", FINETUNE, FINETUNE_OPTIONS, deferred("surrogate.mlp.commands:finetune")),
        report_command(deferred("surrogate.mlp.reporting:report_page"), (REPORT_ROWS,)),
        OPTIMIZE,
    )

    def compile(
        self,
        path: Paths | None = None,
        *,
        source: str | None = None,
        entry: str | None = None,
        ranges: Mapping[str, tuple[float, float]] | None = None,
        opt_level: int = 1,
        rows: int | None = None,
        seed: int = 0,
        compiler: str | PathLike[str] | None = None,
        taps: str | int | None = None,
        plain: bool = False,
        seconds: float | None = None,
        steps: int | None = None,
        target_nmse: float | None = None,
        limit: float | None = None,
        **reading: Unpack[NumericReading],
    ) -> Surrogate:
        """Compile a numeric program, a C file or `source`, to a surrogate.

        `entry`, `ranges`, `limit` and `reading` are as in `cprograms.load`; the rest as in
        `surrogate.mlp.pipeline.compile_program`.
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
            from surrogate.mlp.pipeline import compile_program

            return compile_program(
                program,
                opt_level=opt_level,
                rows=rows,
                seed=seed,
                compiler=compiler,
                taps=taps,
                plain=plain,
                seconds=seconds,
                steps=steps,
                target_nmse=target_nmse,
            )

    def decode(self, config: dict[str, Any], files: dict[str, bytes]) -> Surrogate:
        from surrogate.mlp.artifact import decode

        return decode(config, files)

    def described(self, artifact: Surrogate) -> str:
        return f"a surrogate of '{artifact.signature}'"

    def summary(self, artifact: Surrogate, max_nmse: float | None = None) -> Summary:
        from surrogate.mlp.commands import summary

        return summary(artifact, max_nmse)


TARGET: Target[Surrogate] = Mlp()

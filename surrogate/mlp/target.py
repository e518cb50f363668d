"""The target mlp: numeric programs become surrogates."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from surrogate.target import CHECK, CHECK_SEED, ROWS_TO_RUN, RUN, Command, Option, Summary, Target, deferred

if TYPE_CHECKING:
    from surrogate.mlp.artifact import Surrogate


class Ranges(argparse.Action):
    """Collects NAME=LOW:HIGH options into a dictionary."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        name, equals, bounds = values.partition("=")
        low, colon, high = bounds.partition(":")
        try:
            if not (name.strip() and equals and colon):
                raise ValueError
            found = {name.strip(): (float(low), float(high))}
        except ValueError:
            message = f"'{values}' is not of the form NAME=LOW:HIGH, as in x=0:255"
            raise argparse.ArgumentError(self, message) from None
        setattr(namespace, self.dest, {**(getattr(namespace, self.dest) or {}), **found})


RANGE = Option(
    "--range",
    dest="ranges",
    action=Ranges,
    metavar="X=LOW:HIGH",
    help="the domain of an argument (default: its pragma's, else -1:1); may be repeated",
)
OPTIONS = (
    Option(
        "-O",
        dest="opt_level",
        type=int,
        choices=(0, 1, 2),
        help="0: from the text alone, the program is never run; 1 (default): also from 64 executed rows; 2: from 256"
        " rows, then fine-tuned on them",
    ),
    RANGE,
    Option("--rows", type=int, metavar="K", help="rows to execute at -O1 or -O2"),
    Option("--seed", type=int, metavar="S", help="seed of the rows (default 0)"),
    Option("--compiler", metavar="DIR", help="a hypernetwork's directory, or a packaged one's name"),
)
CHECK_OPTIONS = (
    Option("--rows", type=int, metavar="N", help="surrogates: fresh rows to compare on (default 2000)"),
    Option(
        "--max-nmse", type=float, metavar="X", help="surrogates: fail (exit 1) where the nMSE of any result is above X"
    ),
    CHECK_SEED,
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
        Command("run", RUN, ROWS_TO_RUN, deferred("surrogate.mlp.commands:run")),
        Command("check", CHECK, CHECK_OPTIONS, deferred("surrogate.mlp.commands:check")),
    )

    def compile(
        self,
        path: str | PathLike[str] | None = None,
        *,
        source: str | None = None,
        entry: str | None = None,
        ranges: Mapping[str, tuple[float, float]] | None = None,
        opt_level: int = 1,
        rows: int | None = None,
        seed: int = 0,
        compiler: str | PathLike[str] | None = None,
        include_dirs: Sequence[str] = (),
        defines: Sequence[str] = (),
        sandboxed_includes: bool = False,
        limit: float | None = None,
    ) -> Surrogate:
        """Compile a numeric program, a C file or `source`, to a surrogate.

        `entry`, `ranges` and from `include_dirs` on are as in `cprograms.load`; the rest as in
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
                include_dirs=include_dirs,
                defines=defines,
                sandboxed_includes=sandboxed_includes,
            )
            # A program that is rejected does not wait for torch either.
            from surrogate.mlp.pipeline import compile_program

            return compile_program(program, opt_level=opt_level, rows=rows, seed=seed, compiler=compiler)

    def decode(self, config: dict[str, Any], files: dict[str, bytes]) -> Surrogate:
        from surrogate.mlp.artifact import decode

        return decode(config, files)

    def described(self, artifact: Surrogate) -> str:
        return f"a surrogate of '{artifact.signature}'"

    def summary(self, artifact: Surrogate) -> Summary:
        from surrogate.mlp.commands import summary

        return summary(artifact)


TARGET: Target[Surrogate] = Mlp()

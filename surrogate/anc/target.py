"""The target anc: programs on a tape, `void f(int *mem)`, become programs of the register machine."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Unpack

from cprograms.diagnostics import UsageError
from surrogate.report.options import report_command
from surrogate.target import CHECK, CHECK_SEED, RUN, Command, Option, Summary, Target, deferred, output_option

if TYPE_CHECKING:
    from cprograms.frontend.flags import Reading
    from cprograms.frontend.given import Paths
    from surrogate.anc.program import AncProgram


def _tape(text: str) -> list[int]:
    try:
        return [int(cell) for cell in text.split(",")] if text.strip() else []
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of whole numbers, as in 3,1,2") from None


OPTIONS = (
    Option("--memory-size", type=int, metavar="M", help="cells, and values (default: the least)"),
    Option("--tape", type=int, metavar="N", help="cells beside local arrays (default 16)"),
    Option("--isa", choices=("published", "extended"), help="extended has * / %% & | ^ << >> < == (default published)"),
    Option("--registers", type=int, metavar="R", help="the most registers it may use (default: any)"),
)
TAPE = Option("--tape", type=_tape, metavar="A,B,...", help="programs on a tape: its first cells; zeros follow")
STEPS = Option("--steps", type=int, metavar="N", help="programs on a tape: give up after N steps (exact: 10000)")
CHECK_OPTIONS = (
    Option("--tapes", type=int, metavar="N", help="programs on a tape: tapes to compare on (1000, learned: 200)"),
    STEPS,
    CHECK_SEED,
)
DECOMPILE = "print an exact or learned program as assembly and C, or a sketch with its choices as C"
DECOMPILE_OPTIONS = (output_option("FILE", "write the C there; NAME.anc: a learned program for the exact target"),)
ADAPT_OPTIONS = (
    Option("--task", one_of="tapes", metavar="NAME", help="tapes of one of the paper's tasks, such as sort"),
    Option(
        "--samples",
        one_of="tapes",
        metavar="JSONL",
        help='rows {"in": [...], "out": [...], "mask": [...]}; - is stdin',
    ),
    Option("--method", choices=("published", "hybrid", "both"), default="hybrid", help="how (default hybrid)"),
    Option("--gradient", choices=("published", "exact"), help="of the published method (default: the authors')"),
    Option("--watch", metavar="DIR", help="write there how the published method goes on"),
    Option("--seeds", type=int, default=100, metavar="N", help="attempts (default 100)"),
    Option("--seed", type=int, default=0, metavar="S", help="seed of the attempts (default 0)"),
    output_option("DIR", "where the best goes (default: the stem + -adapted.anc)"),
)
SHOW_OPTIONS = (
    output_option("FILE", "a .html file, or a .png", required=True),
    TAPE,
    STEPS,
)


def _own(name: str, about: str, options: tuple[Option, ...], run: str, json: bool = True) -> Command[AncProgram]:
    """A command that no other target has."""
    return Command(name, about, options, deferred(run), lacking="has no program to look at", json=json)


class Anc:
    """See `surrogate.target.Target`."""

    name = "anc"
    suffix = ".anc"
    about = "exact, void f(int *)"
    one = "a program (--target anc)"
    many = "programs of --target anc"
    refusal = "the exact target computes what the program does"
    options: tuple[Option, ...] = OPTIONS
    commands: tuple[Command[AncProgram], ...] = (
        Command("run", RUN, (TAPE, STEPS), deferred("surrogate.anc.commands:run")),
        Command("check", CHECK, CHECK_OPTIONS, deferred("surrogate.anc.commands:check")),
        report_command(deferred("surrogate.anc.reporting:report_page"), (TAPE, STEPS)),
        _own("trace", "show each step of an exact program on a tape", (TAPE, STEPS), "surrogate.anc.commands:trace"),
        _own(
            "decompile",
            DECOMPILE,
            DECOMPILE_OPTIONS,
            "surrogate.anc.commands:decompile",
        ),
        _own(
            "adapt",
            "make an exact program faster on the tapes that it gets",
            ADAPT_OPTIONS,
            "surrogate.anc.commands:adapt",
        ),
        _own(
            "show",
            "draw an exact program's matrices, or a run",
            SHOW_OPTIONS,
            "surrogate.anc.commands:show",
            json=False,
        ),
    )

    def compile(
        self,
        path: Paths | None = None,
        *,
        source: str | None = None,
        entry: str | None = None,
        memory_size: int | None = None,
        tape: int | None = None,
        registers: int | None = None,
        isa: str | None = None,
        limit: float | None = None,
        **reading: Unpack[Reading],
    ) -> AncProgram:
        """Compile a program on a tape to a controller; see `surrogate.anc.pipeline.compile_anc`."""
        from surrogate.anc.pipeline import compile_anc

        return compile_anc(
            path,
            source=source,
            entry=entry,
            memory_size=memory_size,
            tape=tape,
            registers=registers,
            isa=isa or "published",
            limit=limit,
            **reading,
        )

    def decode(self, config: dict[str, Any], files: dict[str, bytes]) -> AncProgram:
        from surrogate.anc.program import decode

        return decode(config, files)

    def described(self, artifact: AncProgram) -> str:
        return f"the exact program 'void {artifact.entry}(int *)'"

    def summary(self, artifact: AncProgram, max_nmse: float | None = None) -> Summary:
        from surrogate.anc.commands import summary

        if max_nmse is not None:
            raise UsageError(f"--max-nmse is for surrogates and graphs; {self.many} have no nMSE")
        return summary(artifact)


TARGET: Target[AncProgram] = Anc()

"""The `surrogate` command: its options, and what becomes of errors."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

from cprograms.diagnostics import ProgramError, UsageError
from surrogate import __version__
from surrogate.anc import adapt_command as adapt
from surrogate.anc import commands as exact
from surrogate.console import BROKEN_PIPE, INTERRUPTED, REJECTED, WRONG_USAGE, print_json
from surrogate.mlp import commands as mlp


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 program rejected or check failed, 2 wrong usage."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    # argparse takes -1e-3 for an option; with a space in front it is a value, and still a number.
    options = build_parser().parse_args([f" {a}" if _NEGATIVE.fullmatch(a) else a for a in arguments])
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except ProgramError as e:
        _report_failure(options, e, [d.as_dict() for d in e.diagnostics])
        return REJECTED
    except UsageError as e:
        _report_failure(options, f"surrogate: error: {e}", [{"message": str(e), "severity": "error"}])
        return WRONG_USAGE
    except BrokenPipeError:
        # Python flushes stdout once more at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as e:
        print(f"surrogate: error: {e}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


_NEGATIVE = re.compile(r"-(\d+\.?\d*|\.\d+)(e[+-]?\d+)?(,.*)?|-inf(inity)?|-nan", re.IGNORECASE)


def _report_failure(options: argparse.Namespace, message: object, diagnostics: list[dict[str, Any]]) -> None:
    if getattr(options, "json", False):
        verdict = {"numeric": False} if options.run is mlp.inspect_command else {}
        print_json({**verdict, "diagnostics": diagnostics})
    else:
        print(message, file=sys.stderr)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="surrogate",
        description="Compile C functions to neural surrogates, which mimic them, or to the exact ANC register machine.",
        epilog="Exit codes: 0 done, 1 the program was rejected or a check failed, 2 wrong usage.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"surrogate {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_add_compile, _add_run, _add_check, _add_inspect, _add_trace, _add_decompile, _add_adapt, _add_show):
        add(commands)
    return parser


def _command(commands: Any, name: str, run: Any, about: str, json: bool = True) -> argparse.ArgumentParser:
    p = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".", allow_abbrev=False)
    p.set_defaults(run=run)
    if json:
        p.add_argument("--json", action="store_true", help="report as one JSON document")
    return p


def _add_compile(commands: Any) -> None:
    p = _command(commands, "compile", _compile_command, "compile a C function to a surrogate, or to the exact target")
    _add_program_options(p)
    p.add_argument(
        "-o", dest="output", metavar="DIR", help="the artifact (default: the C file's stem and the target's suffix)"
    )
    p.add_argument(
        "--target", default="mlp", metavar="mlp|anc", help="mlp (default): a surrogate; anc: exact, void f(int *)"
    )
    mlp_options = p.add_argument_group("target mlp")
    mlp_options.add_argument(
        "-O",
        dest="opt_level",
        type=int,
        choices=(0, 1, 2),
        help="0: from the text alone, the program is never run; 1 (default): also from 64 executed rows; 2: from 256"
        " rows, then fine-tuned on them",
    )
    _add_range(mlp_options)
    mlp_options.add_argument("--rows", type=int, metavar="K", help="rows to execute at -O1 or -O2")
    mlp_options.add_argument("--seed", type=int, metavar="S", help="seed of the rows (default 0)")
    mlp_options.add_argument("--compiler", metavar="DIR", help="a hypernetwork's directory, or a packaged one's name")
    anc_options = p.add_argument_group("target anc")
    anc_options.add_argument("--memory-size", type=int, metavar="M", help="cells, and values (default: the least)")
    anc_options.add_argument("--tape", type=int, metavar="N", help="cells beside local arrays (default 16)")
    anc_options.add_argument("--registers", type=int, metavar="R", help="the most registers it may use (default: any)")


def _add_run(commands: Any) -> None:
    p = _command(commands, "run", _on_artifact(mlp.run_command, exact.run_command), "run a compiled program")
    p.add_argument("artifact")
    p.add_argument("values", nargs="*", metavar="VALUE", help="surrogates: one value an argument, in C units")
    p.add_argument("--input", metavar="CSV", help="rows to run, with a header of argument names or without; - is stdin")
    p.add_argument("--output", metavar="CSV", help="where to write the results (default: stdout)")
    _add_tape(p)


def _add_check(commands: Any) -> None:
    about = "compare a compiled program with its C program"
    p = _command(commands, "check", _on_artifact(mlp.check_command, exact.check_command), about)
    p.add_argument("artifact")
    p.add_argument("--rows", type=int, metavar="N", help="surrogates: fresh rows to compare on (default 2000)")
    p.add_argument("--max-nmse", type=float, metavar="X", help="surrogates: fail (exit 1) where the nMSE is above X")
    p.add_argument("--tapes", type=int, metavar="N", help="exact programs: tapes to compare on (default 1000)")
    p.add_argument("--steps", type=int, metavar="N", help="exact programs: give up after N steps (default 10000)")
    p.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the rows or tapes (default 0)")


def _add_inspect(commands: Any) -> None:
    p = _command(commands, "inspect", mlp.inspect_command, "say what a C function is, or why it is not numeric")
    _add_program_options(p)
    _add_range(p)


def _add_trace(commands: Any) -> None:
    p = _command(commands, "trace", exact.trace_command, "show each step of an exact program on a tape")
    p.add_argument("artifact")
    _add_tape(p)


def _add_decompile(commands: Any) -> None:
    p = _command(commands, "decompile", exact.decompile_command, "print an exact program's assembly, type and C")
    p.add_argument("artifact")
    p.add_argument("-o", dest="output", metavar="FILE", help="write the C there")


def _add_adapt(commands: Any) -> None:
    p = _command(commands, "adapt", adapt.adapt_command, "make an exact program faster on the tapes that it gets")
    p.add_argument("artifact")
    tapes = p.add_mutually_exclusive_group(required=True)
    tapes.add_argument("--task", metavar="NAME", help="tapes of one of the paper's tasks, such as sort")
    tapes.add_argument("--samples", metavar="JSONL", help='rows {"in": [...], "out": [...], "mask": [...]}; - is stdin')
    p.add_argument("--method", choices=("published", "hybrid"), default="hybrid", help="how (default hybrid)")
    p.add_argument("--seeds", type=int, default=100, metavar="N", help="attempts (default 100)")
    p.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the attempts (default 0)")
    p.add_argument("-o", dest="output", metavar="DIR", help="where the best goes (default: the stem + -adapted.anc)")


def _add_show(commands: Any) -> None:
    p = _command(commands, "show", exact.show_command, "draw an exact program's matrices, or a run", json=False)
    p.add_argument("artifact")
    p.add_argument("-o", dest="output", required=True, metavar="FILE", help="a .html file, or a .png")
    _add_tape(p)


def _add_tape(p: argparse.ArgumentParser) -> None:
    p.add_argument("--tape", type=_tape, metavar="A,B,...", help="exact programs: the first cells; zeros follow")
    p.add_argument("--steps", type=int, metavar="N", help="exact programs: give up after N steps (default 10000)")


def _add_program_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", help="the C file; - is stdin")
    p.add_argument("--entry", metavar="F", help="the function to compile (default: the last eligible one)")
    p.add_argument(
        "-I", dest="include_dirs", action="append", default=[], metavar="DIR", help="add an include directory"
    )
    p.add_argument("-D", dest="defines", action="append", default=[], metavar="NAME[=VALUE]", help="define a macro")


def _add_range(p: Any) -> None:
    p.add_argument(
        "--range",
        dest="ranges",
        action="append",
        default=[],
        type=_range,
        metavar="X=LOW:HIGH",
        help="the domain of an argument (default: its pragma's, else -1:1); may be repeated",
    )


def _range(text: str) -> tuple[str, tuple[float, float]]:
    name, equals, bounds = text.partition("=")
    low, colon, high = bounds.partition(":")
    try:
        if not (name.strip() and equals and colon):
            raise ValueError
        return name.strip(), (float(low), float(high))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=LOW:HIGH, as in x=0:255") from None


def _tape(text: str) -> list[int]:
    try:
        return [int(cell) for cell in text.split(",")] if text.strip() else []
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of whole numbers, as in 3,1,2") from None


def _compile_command(options: argparse.Namespace) -> int:
    from surrogate.driver import unknown_target

    commands = {"mlp": mlp.compile_command, "anc": exact.compile_command}
    if options.target not in commands:
        raise unknown_target(options.target)
    return commands[options.target](options)


def _on_artifact(on_surrogate: Any, on_program: Any) -> Any:
    """The command that loads an artifact and does with it what its target needs."""

    def command(options: argparse.Namespace) -> int:
        from surrogate.container import load
        from surrogate.mlp.surrogate import Surrogate

        loaded = load(options.artifact)
        return on_surrogate(options, loaded) if isinstance(loaded, Surrogate) else on_program(options, loaded)

    return command


if __name__ == "__main__":
    sys.exit(main())

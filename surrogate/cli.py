"""The `surrogate` command. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cprograms.diagnostics import ProgramError, UsageError
from surrogate import __version__

if TYPE_CHECKING:
    from cprograms.program import Program
    from surrogate.check import Report
    from surrogate.surrogate import Surrogate

OK, REJECTED, WRONG_USAGE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141


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


_NEGATIVE = re.compile(r"-(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|-inf(inity)?|-nan", re.IGNORECASE)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="surrogate",
        description="Compile C functions to neural surrogates: small networks that mimic them.",
        epilog="Exit codes: 0 done, 1 the program was rejected or a check failed, 2 wrong usage.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"surrogate {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_compile(commands)
    _add_run(commands)
    _add_check(commands)
    _add_inspect(commands)
    return parser


def _add_compile(commands: Any) -> None:
    p = commands.add_parser("compile", help="compile a C function to a surrogate", allow_abbrev=False)
    _add_program_options(p)
    p.add_argument("-o", dest="output", metavar="DIR", help="the artifact (default: the C file's stem + .surrogate)")
    p.add_argument(
        "-O",
        dest="opt_level",
        type=int,
        choices=(0, 1, 2),
        default=1,
        help="0: from the text alone, the program is never run; 1 (default): also from 64 executed rows; 2: from 256"
        " rows, then fine-tuned on them",
    )
    p.add_argument("--rows", type=int, metavar="K", help="rows to execute at -O1 or -O2")
    p.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the rows (default 0)")
    p.add_argument("--target", default="mlp", metavar="mlp|anc", help="what to emit (default mlp)")
    p.add_argument("--compiler", metavar="DIR", help="a hypernetwork's directory, or a packaged one's name")
    p.add_argument("--json", action="store_true", help="report as one JSON document")
    p.set_defaults(run=compile_command)


def _add_run(commands: Any) -> None:
    p = commands.add_parser("run", help="run a surrogate on values or on the rows of a CSV file", allow_abbrev=False)
    p.add_argument("artifact")
    p.add_argument("values", nargs="*", metavar="VALUE", help="one value an argument, in C units")
    p.add_argument("--input", metavar="CSV", help="rows to run, with a header of argument names or without; - is stdin")
    p.add_argument("--output", metavar="CSV", help="where to write the results (default: stdout)")
    p.set_defaults(run=run_command)


def _add_check(commands: Any) -> None:
    p = commands.add_parser("check", help="measure a surrogate's error against its C program", allow_abbrev=False)
    p.add_argument("artifact")
    p.add_argument("--rows", type=int, default=2000, metavar="N", help="fresh rows to compare on (default 2000)")
    p.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the rows (default 0)")
    p.add_argument("--max-nmse", type=float, metavar="X", help="fail (exit 1) where the nMSE is above X")
    p.add_argument("--json", action="store_true", help="report as one JSON document")
    p.set_defaults(run=check_command)


def _add_inspect(commands: Any) -> None:
    p = commands.add_parser("inspect", help="say what a C function is, or why it is not numeric", allow_abbrev=False)
    _add_program_options(p)
    p.add_argument("--json", action="store_true", help="report as one JSON document")
    p.set_defaults(run=inspect_command)


def _add_program_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", help="the C file; - is stdin")
    p.add_argument("--entry", metavar="F", help="the function to compile (default: the last eligible one)")
    p.add_argument(
        "--range",
        dest="ranges",
        action="append",
        default=[],
        type=_range,
        metavar="X=LOW:HIGH",
        help="the domain of an argument (default: its pragma's, else -1:1); may be repeated",
    )
    p.add_argument(
        "-I", dest="include_dirs", action="append", default=[], metavar="DIR", help="add an include directory"
    )
    p.add_argument("-D", dest="defines", action="append", default=[], metavar="NAME[=VALUE]", help="define a macro")


def _range(text: str) -> tuple[str, tuple[float, float]]:
    name, equals, bounds = text.partition("=")
    low, colon, high = bounds.partition(":")
    try:
        if not (name.strip() and equals and colon):
            raise ValueError
        return name.strip(), (float(low), float(high))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=LOW:HIGH, as in x=0:255") from None


def compile_command(options: argparse.Namespace) -> int:
    started = time.perf_counter()
    program = _load_program(options)
    output = Path(options.output or f"{_stem(options.file, program)}.surrogate")

    from surrogate.pipeline import compile_program

    surrogate = compile_program(
        program,
        opt_level=options.opt_level,
        rows=options.rows,
        seed=options.seed,
        target=options.target,
        compiler=options.compiler,
    )
    # -O0 promises never to run the program.
    if options.opt_level > 0:
        surrogate.check()
    surrogate.save(output)
    seconds = time.perf_counter() - started
    warnings = _compile_warnings(surrogate)
    if options.json:
        from surrogate.artifact import config_of

        _print_json(config_of(surrogate) | {"artifact": str(output), "seconds": seconds, "warnings": warnings})
    else:
        _print_summary(surrogate, options.file, output, seconds)
        for warning in warnings:
            print(f"{options.file}: warning: {warning}", file=sys.stderr)
    return OK


def _load_program(options: argparse.Namespace) -> Program:
    import cprograms

    return cprograms.load(**_program_options(options))


def _program_options(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "path": options.file,
        "entry": options.entry,
        "ranges": dict(options.ranges),
        "include_dirs": options.include_dirs,
        "defines": options.defines,
    }


def _stem(file: str, program: Program) -> str:
    return program.entry if file == "-" else Path(file).stem


def _print_summary(surrogate: Surrogate, file: str, output: Path, seconds: float) -> None:
    from surrogate.describe import domain_lines, network_line, rows_line, signature

    print(f"{file} -> {output}")
    print(f"  function  {signature(surrogate.entry, surrogate.arguments, surrogate.results)}")
    for i, line in enumerate(domain_lines(surrogate.arguments)):
        print(f"  {'' if i else 'domain':9} {line}")
    print(f"  network   {network_line(surrogate)}; {rows_line(surrogate)}")
    if surrogate.measured is None:
        print("  error     not measured: -O0 never runs the program; `surrogate check` does")
    else:
        _print_report(surrogate.measured)
    print(f"  time      {seconds:.2f} s")


def _print_report(report: Report) -> None:
    from surrogate.describe import error_line

    trapped = f" ({report.trapped:,} without finite results left out)" if report.trapped else ""
    print(f"  error     {error_line(report)} on {report.rows:,} fresh rows{trapped}")
    if len(report.results) > 1:
        for r in report.results:
            print(f"            {r.name}: {error_line(r)}")


def _compile_warnings(surrogate: Surrogate) -> list[str]:
    from surrogate.describe import BAD_NMSE, number

    report = surrogate.measured
    if report is None:
        return []
    warnings = []
    if report.trapped > report.rows / 10:
        warnings.append(
            f"{report.trapped:,} of {report.rows:,} rows of the domain gave no finite result: is it the right one?"
        )
    # An undefined error is a bad one.
    if not report.nmse <= BAD_NMSE:
        remedies = ["-O2"] if surrogate.opt_level < 2 else ["more rows (--rows)"]
        remedies.append("a narrower domain (--range)")
        warnings.append(
            f"this is a bad surrogate: nMSE {number(report.nmse)} is above {BAD_NMSE} (1 is a constant's error);"
            f" {' or '.join(remedies)} may help"
        )
    unset = [a.name for a in surrogate.arguments if a.origin == "default"]
    if warnings and unset:
        warnings.append(f"nothing declares where {', '.join(unset)} lie: -1 to 1 is assumed; say so with --range")
    return warnings


def run_command(options: argparse.Namespace) -> int:
    from surrogate.container import load
    from surrogate.tables import parse_values, read_rows, row_warning, table_text

    if (options.input is None) == (not options.values):
        raise UsageError("give either one value an argument or --input CSV")
    surrogate = load(options.artifact)
    names = [a.name for a in surrogate.arguments]
    x = parse_values(options.values, names) if options.input is None else read_rows(options.input, names)
    warning = row_warning(x, surrogate.arguments)
    if warning:
        print(f"surrogate: warning: {warning}", file=sys.stderr)
    y = surrogate.predict(x)
    header = None if options.input is None and options.output is None else [r.name for r in surrogate.results]
    text = table_text(y, header)
    if options.output is None:
        sys.stdout.write(text)
    else:
        _write(Path(options.output), text)
    return OK


def _write(path: Path, text: str) -> None:
    from cprograms.files import replace_file

    try:
        replace_file(path, text.encode())
    except OSError as e:
        raise UsageError(f"{path}: cannot be written: {e.strerror or e}") from e


def check_command(options: argparse.Namespace) -> int:
    from surrogate.container import load

    surrogate = load(options.artifact)
    report = surrogate.check(options.rows, options.seed)
    # A comparison with NaN is false: an undefined error passes no bound.
    passed = options.max_nmse is None or report.nmse <= options.max_nmse
    if options.json:
        _print_json({"artifact": options.artifact, "passed": passed, "max_nmse": options.max_nmse, **report.as_dict()})
        return OK if passed else REJECTED
    print(options.artifact)
    _print_report(report)
    if not passed:
        print(f"surrogate: the nMSE is above --max-nmse {options.max_nmse:g}", file=sys.stderr)
    return OK if passed else REJECTED


def inspect_command(options: argparse.Namespace) -> int:
    from cprograms.frontend.loading import describe

    described = describe(**_program_options(options))
    functions = [c.as_dict() for c in described.candidates]
    if described.program is None:
        if options.json:
            diagnostics = [d.as_dict() for d in described.diagnostics]
            _print_json({"numeric": False, "diagnostics": diagnostics, "functions": functions})
        else:
            print(ProgramError(described.diagnostics), file=sys.stderr)
        return REJECTED

    from surrogate.inspection import function_lines, inspect_lines, inspection

    found = inspection(described.program)
    if options.json:
        _print_json({"numeric": True, **found, "functions": functions})
    else:
        print("\n".join([*inspect_lines(described.program, found), *function_lines(described.candidates)]))
    return OK


def _report_failure(options: argparse.Namespace, message: object, diagnostics: list[dict[str, Any]]) -> None:
    if getattr(options, "json", False):
        verdict = {"numeric": False} if options.run is inspect_command else {}
        _print_json({**verdict, "diagnostics": diagnostics})
    else:
        print(message, file=sys.stderr)


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2, allow_nan=False))


if __name__ == "__main__":
    sys.exit(main())

"""The `surrogate` command: its parser, which follows from the targets' tables, and what becomes of errors."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cprograms.diagnostics import ProgramError, UsageError
from surrogate import driver
from surrogate.console import BROKEN_PIPE, INTERRUPTED, OK, REJECTED, WRONG_USAGE, print_json, warn
from surrogate.driver import TARGETS
from surrogate.mlp.target import RANGE
from surrogate.target import Artifact, Command, Option, Target, add_options
from surrogate.version import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 program rejected or check failed, 2 wrong usage."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    # argparse takes -1e-3 for an option; with a space in front it is a value, and still a number.
    options = build_parser().parse_args([f" {a}" if _NEGATIVE.fullmatch(a) else a for a in arguments])
    try:
        code = _run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Python flushes stdout once more at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as e:
        print(f"surrogate: error: {e}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    """Run the command; what is wrong with the program or its usage is reported as the command reports."""
    try:
        code: int = options.run(options)
        return code
    except ProgramError as e:
        _report_failure(options, e, [d.as_dict() for d in e.diagnostics])
        return REJECTED
    except UsageError as e:
        _report_failure(options, f"surrogate: error: {e}", [{"message": str(e), "severity": "error"}])
        return WRONG_USAGE


_NEGATIVE = re.compile(r"-(\d+\.?\d*|\.\d+)(e[+-]?\d+)?(,.*)?|-inf(inity)?|-nan", re.IGNORECASE)


def _report_failure(options: argparse.Namespace, message: object, diagnostics: list[dict[str, Any]]) -> None:
    if getattr(options, "json", False):
        verdict = {"numeric": False} if options.run is _inspect else {}
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
    tables = _command_tables()
    _add_compile(commands)
    for rows in tables:
        if len(rows) > 1:
            _add_artifact_command(commands, rows)
    _add_inspect(commands)
    for rows in tables:
        if len(rows) == 1:
            _add_artifact_command(commands, rows)
    return parser


def _add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], about: str, json: bool = True
) -> argparse.ArgumentParser:
    p: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=about[0].upper() + about[1:] + ".", allow_abbrev=False
    )
    p.set_defaults(run=run)
    if json:
        p.add_argument("--json", action="store_true", help="report as one JSON document")
    return p


# --- commands on a C file ---

SOURCE_OPTIONS = (
    Option("file", help="the C file; - is stdin"),
    Option("--entry", metavar="F", help="the function to compile (default: the last eligible one)"),
    Option("-I", dest="include_dirs", action="append", default=[], metavar="DIR", help="add an include directory"),
    Option("-D", dest="defines", action="append", default=[], metavar="NAME[=VALUE]", help="define a macro"),
    Option(
        "--sandboxed-includes",
        action="store_true",
        help="include nothing from outside the file's folder and those of -I",
    ),
    Option("--limit", type=float, metavar="SECONDS", help="processor time to read the file in (default 20)"),
)


def _source(options: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments that say which function of the file is meant."""
    return {
        "entry": options.entry,
        "include_dirs": options.include_dirs,
        "defines": options.defines,
        "sandboxed_includes": options.sandboxed_includes,
        "limit": options.limit,
    }


def _add_compile(commands: Any) -> None:
    p = _add_command(commands, "compile", _compile, "compile a C function to a surrogate, or to the exact target")
    add_options(p, SOURCE_OPTIONS)
    p.add_argument(
        "-o", dest="output", metavar="DIR", help="the artifact (default: the C file's stem and the target's suffix)"
    )
    default = next(iter(TARGETS))
    about = "; ".join(f"{t.name}{' (default)' if t.name == default else ''}: {t.about}" for t in TARGETS.values())
    p.add_argument("--target", default=default, metavar="|".join(TARGETS), help=about)
    declared: list[Option] = []
    for target in TARGETS.values():
        add_options(p.add_argument_group(f"target {target.name}"), [o for o in target.options if o not in declared])
        declared += target.options


def _compile(options: argparse.Namespace) -> int:
    started = time.perf_counter()
    target = driver.find_target(options.target)
    if foreign := _foreign_option(options, target, {t.name: t.options for t in TARGETS.values()}):
        option, owners = foreign
        why = f": {target.refusal}" if target.refusal else ""
        raise UsageError(f"{option.shown} is of --target {' and '.join(t.name for t in owners)}{why}")
    given = {o.dest: getattr(options, o.dest) for o in target.options if o.given(options)}
    artifact: Artifact = driver.compile(options.file, target=target.name, **_source(options), **given)
    stem = artifact.entry if options.file == "-" else Path(options.file).stem
    output = Path(options.output or f"{stem}{target.suffix}")
    summary = target.summary(artifact)
    artifact.save(output)
    seconds = time.perf_counter() - started
    if options.json:
        warnings = {} if summary.warnings is None else {"warnings": summary.warnings}
        print_json(summary.facts | {"artifact": str(output), "seconds": seconds} | warnings)
    else:
        print(f"{options.file} -> {output}")
        for line in [*summary.lines, f"time      {seconds:.2f} s"]:
            print(f"  {line}")
        for warning in summary.warnings or []:
            print(f"{options.file}: warning: {warning}", file=sys.stderr)
    if summary.failure is not None:
        warn(summary.failure)
    return OK if summary.failure is None else REJECTED


def _add_inspect(commands: Any) -> None:
    p = _add_command(commands, "inspect", _inspect, "say what a C function is, or why it is not numeric")
    add_options(p, [*SOURCE_OPTIONS, RANGE])


def _inspect(options: argparse.Namespace) -> int:
    # The parser takes longer to import than `--help` takes to print.
    from cprograms.budget import shared
    from cprograms.frontend.loading import describe
    from surrogate.inspection import report

    source = _source(options)
    with shared(source.pop("limit")):
        return report(describe(options.file, ranges=options.ranges, **source), options.json)


# --- commands on an artifact ---

Rows = Mapping[str, Command[Any]]
"""One command, as the targets have it that do: a row for each."""


def _command_tables() -> list[Rows]:
    """Every command on artifacts, in the order of the targets' tables."""
    tables: dict[str, dict[str, Command[Any]]] = {}
    for target in TARGETS.values():
        for command in target.commands:
            tables.setdefault(command.name, {})[target.name] = command
    return list(tables.values())


def _add_artifact_command(commands: Any, rows: Rows) -> None:
    first = next(iter(rows.values()))
    p = _add_command(
        commands, first.name, partial(_on_artifact, rows), first.about, json=any(row.json for row in rows.values())
    )
    p.add_argument("artifact")
    options = dict.fromkeys(option for row in rows.values() for option in row.options)
    # What several targets share is said last.
    add_options(p, sorted(options, key=lambda option: sum(option in row.options for row in rows.values())))


def _on_artifact(rows: Rows, options: argparse.Namespace) -> int:
    """Load the artifact, and do with it what its target does."""
    target, artifact = driver.load_with_target(options.artifact)
    if target.name not in rows:
        raise UsageError(f"{options.artifact}: {target.one} {next(iter(rows.values())).lacking}")
    if foreign := _foreign_option(options, target, {name: row.options for name, row in rows.items()}):
        option, owners = foreign
        raise UsageError(f"{option.shown} is for {' and '.join(t.many for t in owners)}")
    return rows[target.name].run(options, artifact)


def _foreign_option(
    options: argparse.Namespace, target: Target[Any], tables: Mapping[str, Sequence[Option]]
) -> tuple[Option, list[Target[Any]]] | None:
    """The first option given that a target's table does not have, and the targets whose tables have it."""
    for option in (option for table in tables.values() for option in table if option not in tables[target.name]):
        if option.given(options):
            return option, [TARGETS[name] for name, table in tables.items() if option in table]
    return None


if __name__ == "__main__":
    sys.exit(main())

"""The `surrogate` command: its parser, which follows from the targets' tables, and what becomes of errors."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from cprograms.announcements import announced
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from surrogate import driver
from surrogate.driver import TARGETS
from surrogate.export.options import COMMANDS as EXPORT
from surrogate.export.suffixes import ensure_directory
from surrogate.nram import options as nram
from surrogate.numeric.options import MAX_NMSE, RANGE, SHAPE
from surrogate.replace import options as replacing
from surrogate.sketch import options as learning
from surrogate.target import Artifact, Command, Option, Target, add_options, output_option
from surrogate.terminal import console, interrupts
from surrogate.terminal.arguments import Parser, WrongArguments
from surrogate.terminal.console import (
    BROKEN_PIPE,
    INTERNAL_ERROR,
    OK,
    REJECTED,
    WRONG_USAGE,
    complain,
    in_one_line,
    print_diagnostics,
    print_json,
    report,
    warn,
)
from surrogate.terminal.examples import WORDS, examples_of
from surrogate.terminal.starting import INTERRUPTED, asks_for_json
from surrogate.version import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 program rejected or check failed, 2 wrong usage.

    Without `argv`, that of the process, which then ends: Ctrl-C is not heard any more.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    with interrupts.answered() if argv is None else nullcontext():
        try:
            return _outcome(arguments)
        except KeyboardInterrupt:  # while a failure was being told
            return INTERRUPTED


def _outcome(arguments: Sequence[str]) -> int:
    """Run the command, and tell what becomes of it."""
    console.begin()
    # argparse takes -1e-3 for an option; with a space in front it is a value, and still a number.
    arguments = [f" {a}" if _NEGATIVE.fullmatch(a) else a for a in arguments]
    options: argparse.Namespace | None = None
    try:
        try:
            options = build_parser().parse_args(arguments)
            code: int = options.run(options)
        except (Exception, KeyboardInterrupt) as e:
            code = _tell_failure(e, asks_for_json(arguments), options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Python flushes stdout once more at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as e:  # stdout is full
        complain("surrogate", "error", _system_error(e))
        return WRONG_USAGE


def _tell_failure(e: BaseException, json: bool, options: argparse.Namespace | None) -> int:
    """Say what was wrong, as the command reports; returns the exit code."""
    if isinstance(e, BrokenPipeError):
        raise e
    code, message = _judged(e)
    if json:
        verdict = {"numeric": False} if options is not None and options.run is _inspect and code != INTERRUPTED else {}
        told = [d.as_dict() for d in e.diagnostics] if isinstance(e, ProgramError) else [_diagnostic(message)]
        console.fail_in_json({**verdict, "diagnostics": told})
    elif isinstance(e, ProgramError):
        console.print_diagnostics(e.diagnostics)
    elif code != INTERRUPTED:
        if isinstance(e, WrongArguments):
            sys.stderr.write(e.usage)
        complain(e.command if isinstance(e, WrongArguments) else "surrogate", "error", message)
    return code


def _judged(e: BaseException) -> tuple[int, str]:
    """The exit code of a failure, and what to say of it."""
    # What an interrupt breaks may fail in other ways.
    if isinstance(e, KeyboardInterrupt) or (interrupts.heard() and not isinstance(e, ProgramError | UsageError)):
        return INTERRUPTED, "interrupted"
    if isinstance(e, ProgramError):
        return REJECTED, str(e)
    if isinstance(e, UsageError):
        return WRONG_USAGE, str(e)
    if isinstance(e, OSError):
        return WRONG_USAGE, _system_error(e)
    if isinstance(e, MemoryError):
        return REJECTED, f"there is not enough memory for this{f': {e}' if str(e) else ''}"
    if sys.flags.dev_mode:
        raise e
    kind = type(e).__name__
    what = " ".join(str(e).split())[:300]
    return INTERNAL_ERROR, f"internal error: {kind}{': ' if what else ''}{what}; python -X dev -m surrogate says where"


def _system_error(e: OSError) -> str:
    """What the system says, without Python's words: of which file, where it says that, and why not."""
    if e.strerror is None:
        return str(e)
    named = isinstance(e.filename, str | bytes | os.PathLike)
    return f"{os.fsdecode(e.filename)}: {e.strerror}" if named else e.strerror


def _diagnostic(message: str) -> dict[str, Any]:
    return {"message": message, "severity": "error"}


_NEGATIVE = re.compile(r"-(\d+\.?\d*|\.\d+)(e[+-]?\d+)?(,.*)?|-inf(inity)?|-nan", re.IGNORECASE)


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="surrogate",
        description="Compile C functions to neural surrogates, which mimic them, or to the exact ANC register machine.",
        epilog=WORDS,
    )
    parser.add_argument("--version", action="version", version=f"surrogate {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    tables = _command_tables()
    _add_compile(commands)
    for rows in tables:
        if len(rows) > 1:
            _add_artifact_command(commands, rows)
    _add_inspect(commands)
    _add_replace(commands)
    _add_learn(commands)
    _add_demo(commands)
    for rows in tables:
        if len(rows) == 1:
            _add_artifact_command(commands, rows)
    return parser


def _add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], about: str, json: bool = True
) -> argparse.ArgumentParser:
    p: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=about[0].upper() + about[1:] + ".", epilog=examples_of(name)
    )
    p.set_defaults(run=run)
    if json:
        p.add_argument("--json", action="store_true", help="report as one JSON document")
    return p


# --- commands on a C file ---

SOURCE_OPTIONS = (
    Option(
        "files",
        nargs="+",
        metavar="FILE",
        help="the C file, or several that are one program, the first with the function to compile; - is stdin",
    ),
    Option("--entry", metavar="F", help="the function to compile (default: the last one that nothing else uses)"),
    Option("-I", dest="include_dirs", action="append", default=[], metavar="DIR", help="add an include directory"),
    Option("-D", dest="defines", action="append", default=[], metavar="NAME[=VALUE]", help="define a macro"),
    Option("-U", dest="undefines", action="append", default=[], metavar="NAME", help="do not define a macro"),
    Option("-include", dest="includes", action="append", default=[], metavar="FILE", help="include a file first"),
    Option("-std", dest="standard", metavar="STANDARD", help="the C standard, such as c99 (default gnu17)"),
    Option("-fwrapv", dest="wraps", action="store_true", help="signed integers that overflow wrap"),
    Option("--compile-commands", metavar="JSON", help="take the file's flags in a compile_commands.json, too"),
    Option(
        "--sandboxed-includes",
        action="store_true",
        help="include nothing from outside the file's folder and those of -I",
    ),
    Option("--limit", type=float, metavar="SECONDS", help="processor time to read the file in (default 20)"),
)


LEARN_FILES = Option("files", nargs="*", metavar="FILE", help="the sketch, a C file or several; - is stdin")


def _path(options: argparse.Namespace) -> str | list[str]:
    files: list[str] = options.files
    return files[0] if len(files) == 1 else files


def _source(options: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments that say which function of the file is meant."""
    return {
        "entry": options.entry,
        "include_dirs": options.include_dirs,
        "defines": options.defines,
        "undefines": options.undefines,
        "includes": options.includes,
        "standard": options.standard,
        "wraps": options.wraps,
        "compile_commands": options.compile_commands,
        "sandboxed_includes": options.sandboxed_includes,
        "limit": options.limit,
    }


def _add_compile(commands: Any) -> None:
    p = _add_command(commands, "compile", _compile, "compile a C function to a surrogate, or to the exact target")
    add_options(p, SOURCE_OPTIONS)
    add_options(
        p,
        [output_option("DIR", "the artifact (default: the C file's stem, the entry if need be, the target's suffix)")],
    )
    add_options(p, [MAX_NMSE])
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
    name = " ".join(options.files)
    ensure_directory(options.output, target.suffix)
    with announced(f"compiling {name}"):
        artifact: Artifact = driver.compile(_path(options), target=target.name, **_source(options), **given)
        output = Path(options.output or _default_stem(options, artifact.entry) + target.suffix)
        summary = target.summary(artifact, options.max_nmse)
        artifact.save(output)
    seconds = time.perf_counter() - started
    if options.json:
        warnings = {} if summary.warnings is None else {"warnings": [in_one_line(w) for w in summary.warnings]}
        print_json(summary.facts | {"artifact": str(output), "seconds": seconds} | warnings)
    else:
        lines = [*summary.lines, f"time      {seconds:.2f} s"]
        report(f"{name} -> {output}", *(f"  {line}" for line in lines))
        for warning in summary.warnings or []:
            if isinstance(warning, Diagnostic):
                print_diagnostics([warning])
            else:
                complain(options.files[0], "warning", warning)
    if summary.failure is not None:
        warn(summary.failure)
    return OK if summary.failure is None else REJECTED


def _default_stem(options: argparse.Namespace, entry: str) -> str:
    """What an artifact is called without -o: two functions of one file do not replace one another."""
    first = options.files[0]
    stem = entry if first == "-" else Path(first).stem
    return stem if entry == stem or _is_alone(options, entry) else f"{stem}.{entry}"


def _is_alone(options: argparse.Namespace, entry: str) -> bool:
    """Whether the entry was not asked for, and the file, of several the first, defines no other function."""
    # What a pipe gave is gone.
    if options.entry is not None or not all(Path(file).is_file() for file in options.files):
        return False
    from cprograms.frontend.loading import function_names

    reading = _source(options)
    del reading["entry"]
    found = function_names(_path(options), **reading)
    return set(found) <= {entry}


def _add_inspect(commands: Any) -> None:
    p = _add_command(commands, "inspect", _inspect, "say what a C function is, or why it is not numeric")
    add_options(p, [*SOURCE_OPTIONS, RANGE, *SHAPE])


def _inspect(options: argparse.Namespace) -> int:
    # The parser takes longer to import than `--help` takes to print.
    from cprograms.budget import shared
    from cprograms.frontend.loading import describe
    from surrogate.mlp.inspection import tell

    source = _source(options) | {o.dest: getattr(options, o.dest) for o in SHAPE if o.given(options)}
    with shared(source.pop("limit")):
        return tell(describe(_path(options), ranges=options.ranges, **source), options.json)


def _add_replace(commands: Any) -> None:
    p = _add_command(commands, "replace", _replace, replacing.ABOUT)
    # A C compiler, which builds the program, includes what it finds.
    add_options(p, [o for o in SOURCE_OPTIONS if o.dest not in ("entry", "sandboxed_includes")])
    add_options(p, replacing.OPTIONS)
    p.set_defaults(sandboxed_includes=False)


def _replace(options: argparse.Namespace) -> int:
    from surrogate.replace.commands import run

    return run(options, _path(options), _source(options))


def _add_learn(commands: Any) -> None:
    p = _add_command(commands, "learn", _learn, learning.ABOUT)
    add_options(p, [LEARN_FILES, *SOURCE_OPTIONS[1:], *learning.OPTIONS, *nram.OPTIONS])


def _learn(options: argparse.Namespace) -> int:
    foreign = [LEARN_FILES, *nram.NOT_THERE] if options.machine else nram.OPTIONS
    if given := next((option for option in foreign if option.given(options)), None):
        raise UsageError(
            f"{given.shown} is of sketches, and --machine {options.machine} learns a task: --task NAME"
            if options.machine
            else f"{given.shown} is of machines that learn a task: --machine nram --task NAME"
        )
    if options.machine:
        from surrogate.nram.commands import learn_command as learn_task

        return learn_task(options)
    if not options.files:
        raise UsageError("what is to be learned? A sketch, FILE.c, or a task: --machine nram --task NAME")
    from surrogate.sketch.commands import learn_command

    library = [(path, driver.load(path)) for path in options.library or ()]
    return learn_command(options, _path(options), _source(options), library)


def _add_demo(commands: Any) -> None:
    p = _add_command(commands, "demo", _demo, "show what one does with a surrogate, on a slow C function", json=False)
    add_options(p, [output_option("DIR", "a new folder for its files (default: surrogate-demo)")])


def _demo(options: argparse.Namespace) -> int:
    from surrogate.demo.session import play

    return play(Path(options.output or "surrogate-demo"), _outcome)


# --- commands on an artifact ---

Rows = Mapping[str, Command[Any]]
"""One command, as the targets have it that do: a row for each."""


def _command_tables() -> list[Rows]:
    """Every command on artifacts, in the order of the targets' tables."""
    tables: dict[str, dict[str, Command[Any]]] = {}
    for target in TARGETS.values():
        for command in (*target.commands, *EXPORT.get(target.name, ())):
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
    with announced(f"loading {options.artifact}"):
        target, artifact = driver.load_with_target(options.artifact)
    if target.name not in rows:
        lacking = next(iter(rows.values())).lacking
        raise UsageError(f"{options.artifact}: {target.one} {lacking}; it is {target.described(artifact)}")
    if foreign := _foreign_option(options, target, {name: row.options for name, row in rows.items()}):
        option, owners = foreign
        own = [o.shown for o in rows[target.name].options]
        instead = f"; {target.one} takes {', '.join(own)}" if own else ""
        raise UsageError(f"{option.shown} is for {' and '.join(t.many for t in owners)}{instead}")
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

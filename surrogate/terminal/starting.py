"""Ctrl-C while the command starts: quiet from the first line of the package on. Imported before everything else.

It imports only what the interpreter has loaded already. Where the process is not the command it changes nothing: a
program that imports the package, a notebook say, keeps its own way.
"""

import _signal
import os
import sys

INTERRUPTED = 130
REPORT = '{\n  "diagnostics": [\n    {\n      "message": "interrupted",\n      "severity": "error"\n    }\n  ]\n}\n'
"""What `--json` prints of an interrupted command."""


def asks_for_json(arguments: list[str]) -> bool:
    """Whether a command line asks for JSON, be it otherwise right or wrong."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return any(a == "--json" or a.startswith("--json=") for a in options)


def leave(*_: object) -> None:
    """End at once: nothing is begun that would have to be cleaned up. The cursor may be hidden by a spinner."""
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    try:
        if os.isatty(2) and os.environ.get("TERM") != "dumb":
            os.write(2, b"\r\x1b[2K\x1b[?25h")
        if asks_for_json(sys.argv[1:]):
            os.write(1, REPORT.encode())
    finally:
        os._exit(INTERRUPTED)


def _is_the_command() -> bool:
    """Whether the process was started by the entry point, or by `python -m`."""
    started = sys.argv[0] if sys.argv else ""
    if started == "-m":  # while the module is looked for
        return any(argument.partition(".")[0] == "surrogate" for argument in sys.orig_argv)
    name = os.path.basename(started).removesuffix(".exe").removesuffix("-script.py")
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return name == "surrogate" or os.path.dirname(os.path.abspath(started)) == package


if _is_the_command() and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, leave)

"""What the scripts share: how they read their arguments, and what becomes of errors.

Nothing heavy is imported here: a script declares its arguments, and `main` imports what it runs, so that `--help`
answers without waiting for torch.
"""

from __future__ import annotations

import json
import shlex
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import Any

from cprograms.diagnostics import ProgramError, UsageError


def parser_of(doc: str | None) -> ArgumentParser:
    """A parser whose help is a script's docstring."""
    return ArgumentParser(description=doc, formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False)


def run(parser: ArgumentParser, main: Callable[[Namespace], int | None], argv: Sequence[str] | None = None) -> int:
    """Run a script on its arguments; its exit code: 0 done, 1 a program was rejected or work failed, 2 wrong usage.

    `main` gives 1 where a part of its work failed. 130 is an interrupt, as a shell counts it.
    """
    options = parser.parse_args(argv)
    try:
        return main(options) or 0
    except ProgramError as e:
        print(e, file=sys.stderr)
        return 1
    except (UsageError, OSError) as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def give(args: Namespace, document: Any, text: str) -> None:
    """Give what was found: with `--json` as one document on stdout; as a text there, or in the file `--out`."""
    if args.json:
        print(json.dumps(document, indent=2))
    if args.out:
        args.out.write_text(text, encoding="utf-8")
    elif not args.json:
        print(text, end="")


def command_line() -> str:
    """The command of this process, as results record it: a shell can read it."""
    return shlex.join(["python", *sys.argv])

"""What commands share: exit codes, output, and the options of the front end."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cprograms.diagnostics import UsageError

OK, REJECTED, WRONG_USAGE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2, allow_nan=False))


def warn(message: str) -> None:
    print(f"surrogate: warning: {message}", file=sys.stderr)


def write_output(path: str | None, content: str | bytes) -> None:
    """To a file, all or nothing, or to stdout. Raises UsageError where the file cannot be written."""
    from cprograms.files import replace_file

    if path is None:
        assert isinstance(content, str)
        sys.stdout.write(content)
        return
    try:
        replace_file(Path(path), content.encode() if isinstance(content, str) else content)
    except OSError as e:
        raise UsageError(f"{path}: cannot be written: {e.strerror or e}") from e


def source_options(options: argparse.Namespace) -> dict[str, Any]:
    """The options that say which function of which file is meant."""
    return {
        "path": options.file,
        "entry": options.entry,
        "include_dirs": options.include_dirs,
        "defines": options.defines,
    }


def artifact_path(options: argparse.Namespace, entry: str, suffix: str) -> Path:
    """Where a compile writes: as asked, else after the C file, or the entry where that is stdin."""
    return Path(options.output or f"{entry if options.file == '-' else Path(options.file).stem}{suffix}")


def reject_options(options: argparse.Namespace, names: dict[str, str], why: str) -> None:
    """Raises UsageError where one of the options, by attribute and spelling, is given."""
    for name, spelling in names.items():
        value = getattr(options, name)
        if value is not None and value != []:
            raise UsageError(f"{spelling} {why}")

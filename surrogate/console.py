"""What commands share: exit codes and output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cprograms.diagnostics import Diagnostic, UsageError

OK, REJECTED, WRONG_USAGE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2, allow_nan=False))


def in_one_line(warning: str | Diagnostic) -> str:
    """A warning for JSON, after its place where it has one."""
    if isinstance(warning, str):
        return warning
    place = f"{warning.file}:{warning.line}:{warning.column}"
    return f"{place}: {warning.message}" + (f"; {warning.hint}" if warning.hint else "")


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

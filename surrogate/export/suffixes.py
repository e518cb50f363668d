"""The formats by the suffixes of their files."""

from __future__ import annotations

from pathlib import Path

from cprograms.diagnostics import UsageError

SUFFIXES = {".c": "c", ".onnx": "onnx", ".pt2": "torch", ".py": "numpy"}


def ensure_directory(output: str | None, suffix: str) -> None:
    """Before a compile: raises UsageError where the name of an artifact, a directory, is that of an exported file."""
    path = Path(output or "")
    if path.suffix in SUFFIXES and not path.exists():
        made = path.with_suffix(suffix)
        raise UsageError(
            f"{output}: an artifact is a directory, and {path.suffix} is the suffix of a file that one is exported to:"
            f" compile -o {made}, then surrogate export {made} --format {SUFFIXES[path.suffix]} -o {output}"
        )

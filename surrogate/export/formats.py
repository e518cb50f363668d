"""The formats of numeric programs: one row says all of one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cprograms.diagnostics import UsageError
from cprograms.names import listed
from surrogate.export.c import entry
from surrogate.export.c.unit import sources
from surrogate.export.made import Made, Request, Rows
from surrogate.export.native import batch_of, compiled
from surrogate.numeric.artifact import NumericArtifact
from surrogate.target import deferred


@dataclass(frozen=True)
class Format:
    """A way to write an artifact to a file with a `suffix`, and to others `beside` it; `options` are its own."""

    name: str
    suffix: str
    make: Callable[[NumericArtifact, Request], Made]
    beside: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def _c(artifact: NumericArtifact, request: Request) -> Made:
    """C, of which what is run back has no guard: the original is compiled, but never run outside of the sandbox."""
    if request.fixed is not None:
        make: Callable[[NumericArtifact, Request], Made] = deferred("surrogate.export.fixed:made")
        return make(artifact, request)

    def run(x: Rows) -> Rows:
        with tempfile.TemporaryDirectory(prefix="surrogate-export-") as folder:
            if request.guard:
                compiled(files, Path(folder))
            plain = texts(guard=False)
            return batch_of(compiled(plain, Path(folder)), f"{request.name}_batch", len(artifact.results))(x)

    def texts(guard: bool) -> dict[str, str]:
        return sources(
            artifact,
            name=request.name,
            file=request.file,
            precision=request.precision,
            guard=guard,
            max_error=request.max_error if guard else None,
        )

    files = texts(request.guard)
    needs = entry.foreign(artifact.program) if request.guard else []
    lines = (f"needs     {listed(needs)}, which the original calls",) if needs else ()
    return Made({name: text.encode() for name, text in files.items()}, run, lines=lines, facts={"needs": needs})


def _onnx(artifact: NumericArtifact, request: Request) -> Made:
    for package in ("onnx", "onnxruntime"):
        if find_spec(package) is None:
            raise UsageError(f"--format onnx needs the package '{package}': pip install 'surrogate-compiler[onnx]'")
    make: Callable[[NumericArtifact, Request], Made] = deferred("surrogate.export.onnx.model:made")
    return make(artifact, request)


FORMATS = {
    f.name: f
    for f in (
        Format("c", ".c", _c, (".h",), ("--precision", "--guard", "--max-error", "--fixed")),
        Format("onnx", ".onnx", _onnx),
        Format("torch", ".pt2", deferred("surrogate.export.exported_program:made")),
        Format("numpy", ".py", deferred("surrogate.export.module:made")),
    )
}

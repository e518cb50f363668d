"""The driver: one `compile` and one `load` for all targets."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from cprograms import options
from cprograms.diagnostics import UsageError, did_you_mean
from surrogate.target import Artifact, Target

if TYPE_CHECKING:
    from cprograms.frontend.flags import Reading
    from cprograms.frontend.given import Paths
    from cprograms.frontend.loading import NumericReading
    from surrogate.anc.program import AncProgram
    from surrogate.graph.artifact import GraphProgram
    from surrogate.mlp.artifact import Surrogate
    from surrogate.nram.program import NramProgram
    from surrogate.sketch.artifact import SketchProgram

_HOMES = (
    "surrogate.mlp.target",
    "surrogate.graph.target",
    "surrogate.anc.target",
    "surrogate.sketch.target",
    "surrogate.nram.target",
)
_TABLE: list[Target[Any]] = [import_module(home).TARGET for home in _HOMES]
TARGETS = {target.name: target for target in _TABLE}
"""Every target, by its name; the first is the default."""


@overload
def compile(
    path: Paths | None = None,
    *,
    target: Literal["mlp"] = "mlp",
    source: str | None = None,
    entry: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    opt_level: int = 1,
    rows: int | None = None,
    seed: int = 0,
    compiler: str | PathLike[str] | None = None,
    taps: str | int | None = None,
    plain: bool = False,
    seconds: float | None = None,
    steps: int | None = None,
    target_nmse: float | None = None,
    limit: float | None = None,
    **reading: Unpack[NumericReading],
) -> Surrogate: ...


@overload
def compile(
    path: Paths | None = None,
    *,
    target: Literal["graph"],
    source: str | None = None,
    entry: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    smooth: float | None = None,
    limit: float | None = None,
    **reading: Unpack[NumericReading],
) -> GraphProgram: ...


@overload
def compile(
    path: Paths | None = None,
    *,
    target: Literal["anc"],
    source: str | None = None,
    entry: str | None = None,
    memory_size: int | None = None,
    tape: int | None = None,
    registers: int | None = None,
    isa: str | None = None,
    limit: float | None = None,
    **reading: Unpack[Reading],
) -> AncProgram: ...


@overload
def compile(
    path: Paths | None = None,
    *,
    target: Literal["sketch"],
    source: str | None = None,
    entry: str | None = None,
    limit: float | None = None,
    **reading: Unpack[Reading],
) -> SketchProgram: ...


@overload
def compile(
    path: Paths | None = None, *, target: str, **options: Any
) -> Surrogate | GraphProgram | AncProgram | SketchProgram: ...


def compile(path: Paths | None = None, *, target: str = "mlp", **options: Any) -> Artifact:
    """Compile a C file, several that are one program, or the text `source`, for a target: "mlp", a surrogate, "graph",
    the program itself as a torch module, or "anc", the exact register machine.

    For all: `source`, `entry`, `limit`, and how the files are read, as in `cprograms.frontend.flags.Reading`. For
    "mlp": `ranges`, `opt_level`, `rows`, `seed`, `compiler`, `taps`, `plain`, `seconds`, `steps`, `target_nmse`, as in
    `surrogate.mlp.pipeline.compile_program`. For "graph": `ranges`, `smooth`, as in
    `surrogate.graph.pipeline.compile_program`. For "anc": `memory_size`, `tape`, `registers`, as in
    `surrogate.anc.pipeline.compile_anc`. A "sketch" is not compiled: `surrogate.sketch.learn` learns one.

    Raises ProgramError for a program that the target does not take, UsageError for options that make no sense.
    """
    artifact: Artifact = find_target(target).compile(path, **options)
    return artifact


def find_target(name: str) -> Target[Any]:
    """Raises UsageError where there is no target of that name."""
    if options.text("target", name) not in TARGETS:
        *others, last = TARGETS
        raise UsageError(
            f"unknown target '{name}'; {did_you_mean(name, TARGETS)}there are {', '.join(others)} and {last}"
        )
    return TARGETS[name]


def load(path: str | PathLike[str]) -> Surrogate | GraphProgram | AncProgram | SketchProgram | NramProgram:
    """Read an artifact of any target.

    Raises UsageError for what is not an artifact, was truncated or edited, or comes from a newer version.
    """
    artifact: Surrogate | GraphProgram | AncProgram | SketchProgram | NramProgram = load_with_target(path)[1]
    return artifact


def load_with_target(path: str | PathLike[str]) -> tuple[Target[Any], Any]:
    """The same, and the target that it is an artifact of."""
    # `--help` does without artifacts.
    from surrogate import container

    options.path("path", path)

    def decode(config: dict[str, Any], files: dict[str, bytes]) -> tuple[Target[Any], Any]:
        target = TARGETS[config["target"]]
        return target, target.decode(config, files)

    return container.read(path, decode)

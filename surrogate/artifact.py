"""Surrogates on disk: a directory of `config.json`, `model.safetensors`, `program.c` and a `README.md` card.

The tensors are safetensors, so that loading an artifact runs no code. The configuration records the SHA-256 of the
tensors, of the program and of its own values; an artifact that was truncated or edited does not load.
"""

from __future__ import annotations

import hashlib
import json
from os import PathLike
from pathlib import Path
from typing import Any

from pycparser import c_ast, c_generator
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from cprograms.diagnostics import UsageError
from cprograms.program import Argument, Program, Result
from cprograms.types import SCALARS
from surrogate import __version__
from surrogate.card import card
from surrogate.check import Report
from surrogate.describe import signature_dict
from surrogate.files import replace_directory
from surrogate.network import SurrogateNetwork
from surrogate.surrogate import Surrogate

FORMAT = "surrogate"
FORMAT_VERSION = 1
TARGET = "mlp"
HASHED = ("model.safetensors", "program.c")


def save(surrogate: Surrogate, path: str | PathLike[str]) -> None:
    """Write an artifact, all or nothing; an artifact that was there is replaced at once.

    The error that the artifact states is the surrogate's latest check. A surrogate that has none is checked first,
    unless it was compiled at -O0, which promises not to run the program.

    Raises UsageError where something else than an artifact is in the way, or where writing fails (permissions, a full
    disk).
    """
    target = Path(path)
    if target.exists() and not is_artifact(target):
        raise UsageError(f"{target}: exists and is not a surrogate artifact; it will not be overwritten")
    if surrogate.measured is None and surrogate.opt_level > 0:
        surrogate.check()
    files = {
        "model.safetensors": save_tensors({k: v.contiguous() for k, v in surrogate.module.state_dict().items()}),
        "program.c": surrogate.text.encode(),
        "README.md": card(surrogate).encode(),
    }
    config = config_of(surrogate) | {"sha256": {name: _sha256(files[name]) for name in HASHED}}
    config["seal"] = _seal(config)
    files["config.json"] = (json.dumps(config, indent=2, allow_nan=False) + "\n").encode()
    try:
        replace_directory(target, files)
    except OSError as e:
        raise UsageError(f"{target}: cannot be written: {e.strerror or e}") from e


def load(path: str | PathLike[str]) -> Surrogate:
    """Read an artifact.

    Raises UsageError for what is not an artifact, was truncated or edited, or comes from a newer version.
    """
    source = Path(path)
    config = _read_config(source)
    if config.pop("seal", None) != _seal(config):
        raise UsageError(f"{source}: damaged artifact: config.json was edited (its seal does not fit)")
    files = {name: _read_file(source, name) for name in HASHED}
    for name, content in files.items():
        if config["sha256"][name] != _sha256(content):
            raise UsageError(f"{source}: damaged artifact: {name} was truncated or edited (its SHA-256 has changed)")
    try:
        return _surrogate(config, files)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, SafetensorError) as e:
        raise UsageError(f"{source}: damaged artifact: config.json does not describe its files ({_brief(e)})") from e


def is_artifact(path: Path) -> bool:
    """True for a directory whose configuration says that it is an artifact, of any version, damaged or not."""
    try:
        return json.loads((path / "config.json").read_bytes())["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        return False


def config_of(surrogate: Surrogate) -> dict[str, Any]:
    """What `config.json` and `compile --json` say of a surrogate, without the files' hashes."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "library_version": __version__,
        "target": TARGET,
        "entry": surrogate.entry,
        "signature": signature_dict(surrogate.arguments, surrogate.results),
        "hidden_size": surrogate.module.w1.shape[1],
        "parameters": surrogate.module.parameter_count,
        "opt_level": surrogate.opt_level,
        "seed": surrogate.seed,
        "rows": surrogate.rows,
        "compiler_sha256": surrogate.compiler,
        "measured": surrogate.measured.as_dict() if surrogate.measured else None,
    }


def portable_text(program: Program) -> str:
    """The program as self-contained C whose pragmas, before its entry, state that it is the entry, and its domain."""
    ranges = [(a.name, a.low, a.high) for a in program.arguments]
    ranges += [(r.name, r.low, r.high) for r in program.results if r.low is not None and r.high is not None]
    pragmas = [c_ast.Pragma(f"surrogate entry({program.entry})")]
    pragmas += [c_ast.Pragma(f"surrogate range({name}, {low!r}, {high!r})") for name, low, high in ranges]
    parts: list[c_ast.Node] = []
    for part in program.unit.ext:
        is_entry = isinstance(part, c_ast.FuncDef) and part.decl.name == program.entry
        parts += [*pragmas, part] if is_entry else [part]
    return c_generator.CGenerator().visit(c_ast.FileAST(parts))


def _surrogate(config: dict[str, Any], files: dict[str, bytes]) -> Surrogate:
    arguments = tuple(
        Argument(a["name"], SCALARS[a["type"]], float(a["low"]), float(a["high"]), a["origin"])
        for a in config["signature"]["arguments"]
    )
    results = tuple(Result(r["name"], SCALARS[r["type"]], r["low"], r["high"]) for r in config["signature"]["results"])
    module = SurrogateNetwork(len(arguments), len(results), int(config["hidden_size"]))
    module.load_state_dict(load_tensors(files["model.safetensors"]))
    return Surrogate(
        entry=config["entry"],
        arguments=arguments,
        results=results,
        text=files["program.c"].decode(),
        module=module,
        opt_level=int(config["opt_level"]),
        seed=int(config["seed"]),
        rows=int(config["rows"]),
        compiler=config["compiler_sha256"],
        measured=Report.from_dict(config["measured"]) if config["measured"] else None,
    )


def _read_config(source: Path) -> dict[str, Any]:
    if not source.exists():
        raise UsageError(f"{source}: no such artifact; `surrogate compile` makes one from a C file")
    try:
        config = json.loads((source / "config.json").read_bytes())
    except (OSError, ValueError) as e:
        what = "config.json cannot be read" if isinstance(e, OSError) else "config.json is not JSON"
        raise UsageError(f"{source}: not a surrogate artifact: {what}") from e
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise UsageError(f"{source}: not a surrogate artifact: config.json is of something else")
    version = config.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise UsageError(f"{source}: damaged artifact: format version {version!r}")
    if version > FORMAT_VERSION:
        newer = config.get("library_version", "a newer version")
        raise UsageError(
            f"{source}: written by surrogate-compiler {newer} in format {version}; this is {__version__}, which reads"
            f" format {FORMAT_VERSION}: upgrade to read it"
        )
    return config


def _read_file(source: Path, name: str) -> bytes:
    try:
        return (source / name).read_bytes()
    except OSError as e:
        raise UsageError(f"{source}: damaged artifact: {name}: {e.strerror}") from e


def _brief(e: Exception) -> str:
    """An exception in one short line: state-dict errors run over many."""
    text = f"missing {e}" if isinstance(e, KeyError) else " ".join(str(e).split())
    return text if len(text) <= 160 else text[:159] + "…"


def _seal(config: dict[str, Any]) -> str:
    """The SHA-256 of a configuration's values, whatever its layout."""
    return _sha256(json.dumps(config, sort_keys=True).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

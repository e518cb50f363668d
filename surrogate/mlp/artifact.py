"""The artifact of a surrogate: its configuration, its network's tensors, its program and its card."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from pycparser import c_ast, c_generator
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from cprograms.program import Argument, Program, Result
from cprograms.types import SCALARS
from surrogate.container import ensure_free, header, write
from surrogate.mlp.card import card
from surrogate.mlp.check import Report
from surrogate.mlp.describe import signature_dict
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.surrogate import Surrogate

FILES = ("model.safetensors", "program.c")
OPTIONAL_FILES = ()


def save(surrogate: Surrogate, path: str | PathLike[str]) -> None:
    """Write an artifact, all or nothing; an artifact that was there is replaced at once.

    The error that the artifact states is the surrogate's latest check. A surrogate that has none is checked first,
    unless it was compiled at -O0, which promises not to run the program.

    Raises UsageError where something else than an artifact is in the way, or where writing fails (permissions, a full
    disk).
    """
    ensure_free(Path(path))
    if surrogate.measured is None and surrogate.opt_level > 0:
        surrogate.check()
    files = {
        "model.safetensors": save_tensors({k: v.contiguous() for k, v in surrogate.module.state_dict().items()}),
        "program.c": surrogate.text.encode(),
        "README.md": card(surrogate).encode(),
    }
    write(path, config_of(surrogate), files)


def config_of(surrogate: Surrogate) -> dict[str, Any]:
    """What `config.json` and `compile --json` say of a surrogate, without the files' hashes."""
    return header("mlp", surrogate.entry) | {
        "signature": signature_dict(surrogate.arguments, surrogate.results),
        "hidden_size": surrogate.module.w1.shape[1],
        "parameters": surrogate.module.parameter_count,
        "opt_level": surrogate.opt_level,
        "seed": surrogate.seed,
        "rows": surrogate.rows,
        "compiler_sha256": surrogate.compiler,
        "measured": surrogate.measured.as_dict() if surrogate.measured else None,
    }


def decode(config: dict[str, Any], files: dict[str, bytes]) -> Surrogate:
    """The surrogate that a configuration and the files of FILES describe.

    Raises KeyError, TypeError, ValueError, RuntimeError or SafetensorError where they do not fit together.
    """
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

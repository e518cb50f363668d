"""What a compile yields, a surrogate: the emitted network and the program that it stands for, and both on disk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

import cprograms
from cprograms.program import Argument, Program, Result
from surrogate.container import CARD, ensure_free, header, write
from surrogate.mlp.card import card
from surrogate.mlp.check import Report, check
from surrogate.mlp.network import SurrogateNetwork
from surrogate.signature import Signature

TENSORS, C_PROGRAM = "model.safetensors", "program.c"


@dataclass(eq=False)
class Surrogate:
    """A compiled surrogate.

    `module` is the network, a differentiable torch.nn.Module from C units [n, arguments] to C units [n, results].
    `text` is the program as self-contained C with its domain in pragmas. `rows` counts the executed rows that shaped
    the weights, `compiler` is the SHA-256 of the hypernetwork's weights, and `measured` the latest check against the
    program.
    """

    entry: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    text: str
    module: SurrogateNetwork
    opt_level: int
    seed: int
    rows: int
    compiler: str
    measured: Report | None = None

    @cached_property
    def program(self) -> Program:
        """The program, parsed from `text` when it is first needed: predictions do without."""
        return cprograms.load(source=self.text, self_contained=True)

    @property
    def signature(self) -> Signature:
        """What it takes and returns."""
        return Signature(self.entry, self.arguments, self.results)

    @property
    def domain(self) -> npt.NDArray[np.float64]:
        """float64 [arguments, 2], low and high of each argument."""
        return np.array([[a.low, a.high] for a in self.arguments], dtype=np.float64)

    def predict(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Predict rows: [n, arguments] -> float64 [n, results], both in C units.

        Results of integer types are floats too; rounding them is the caller's choice. Outside the domain the network
        extrapolates. Raises ValueError for rows of another width.
        """
        rows = np.asarray(x, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.arguments):
            raise ValueError(f"rows of shape [n, {len(self.arguments)}] are needed, not {list(rows.shape)}")
        return self.module.predict(rows)

    def check(self, rows: int = 2000, seed: int = 0) -> Report:
        """Compare with the program on fresh rows; see `surrogate.mlp.check.check`. The report is kept as `measured`."""
        self.measured = check(self.program, self.predict, rows, seed)
        return self.measured

    def save(self, path: str | PathLike[str]) -> None:
        """Write an artifact, all or nothing; an artifact that was there is replaced at once.

        The error that the artifact states is the latest check. A surrogate that has none is checked first, unless it
        was compiled at -O0, which promises not to run the program.

        Raises UsageError where something else than an artifact is in the way, or where writing fails (permissions, a
        full disk).
        """
        ensure_free(Path(path))
        if self.measured is None and self.opt_level > 0:
            self.check()
        text = card(self.signature, self.module, self.opt_level, self.rows, self.measured)
        files = {
            TENSORS: save_tensors({k: v.contiguous() for k, v in self.module.state_dict().items()}),
            C_PROGRAM: self.text.encode(),
            CARD: text.encode(),
        }
        write(path, self.config(), files)

    def config(self) -> dict[str, Any]:
        """What `config.json` and `compile --json` say, without the files' hashes."""
        return header("mlp", self.entry) | {
            "signature": self.signature.as_dict(),
            "hidden_size": self.module.w1.shape[1],
            "parameters": self.module.parameter_count,
            "opt_level": self.opt_level,
            "seed": self.seed,
            "rows": self.rows,
            "compiler_sha256": self.compiler,
            "measured": self.measured.as_dict() if self.measured else None,
        }


def decode(config: dict[str, Any], files: dict[str, bytes]) -> Surrogate:
    """The surrogate that a configuration and the files describe.

    Raises KeyError, TypeError, ValueError, RuntimeError or SafetensorError where they do not fit together.
    """
    signature = Signature.from_dict(config["entry"], config["signature"])
    module = SurrogateNetwork(len(signature.arguments), len(signature.results), int(config["hidden_size"]))
    module.load_state_dict(load_tensors(files[TENSORS]))
    return Surrogate(
        entry=signature.entry,
        arguments=signature.arguments,
        results=signature.results,
        text=files[C_PROGRAM].decode(),
        module=module,
        opt_level=int(config["opt_level"]),
        seed=int(config["seed"]),
        rows=int(config["rows"]),
        compiler=config["compiler_sha256"],
        measured=Report.from_dict(config["measured"]) if config["measured"] else None,
    )

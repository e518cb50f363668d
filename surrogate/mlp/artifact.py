"""What a compile yields, a surrogate: the emitted network and the program that it stands for, and both on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from torch import Tensor

from cprograms.diagnostics import UsageError
from cprograms.program import Signature
from cprograms.screen import on_screen
from surrogate.container import CARD, Measurement, ensure_free, ensure_same, header, write
from surrogate.mlp.card import Origin, card
from surrogate.mlp.network import SurrogateNetwork
from surrogate.numeric.artifact import C_PROGRAM, TENSORS, NumericArtifact, read_program, read_report, tensors_of
from surrogate.numeric.words import error_line, trapped_line


@dataclass(eq=False, repr=False, kw_only=True)
class Surrogate(NumericArtifact):
    """A compiled surrogate.

    `module` is the network. `rows` counts the executed rows that shaped the weights, and `compiler` is the SHA-256 of
    the hypernetwork's weights. `held_out` counts further executed rows, which decided for which results
    the network is not clearly better than the mean: those, `mean_only`, are the mean. `untuned` names the results that
    the fine-tuning of -O2 did not change.
    """

    module: SurrogateNetwork
    opt_level: int
    seed: int
    rows: int
    compiler: str
    held_out: int = 0
    mean_only: tuple[str, ...] = ()
    untuned: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """A screen at most: the signature, how it was compiled, the measured error, the domain."""
        if self.measured is None:
            error = ["error: not measured; check() measures it"]
        else:
            error = [f"error: {error_line(self.measured)} on {self.measured.rows:,} fresh rows"]
            error += [line] if (line := trapped_line(self.measured)) else []
            error += [f"{r.name}: {error_line(r)}" for r in self.measured.results if len(self.results) > 1]
        return on_screen(
            [
                f"Surrogate of {self.signature}",
                f"compiled at -O{self.opt_level}: {self.origin}",
                f"domain: {', '.join(self.signature.domain_lines())}",
                *error,
            ]
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write an artifact, all or nothing; of one that was there, the files that it lists are replaced.

        The error that the artifact states is the latest check. A surrogate that has none of these weights is checked
        first, unless it was compiled at -O0, which promises not to run the program.

        Raises UsageError where something else than an artifact is in the way, where writing fails (permissions, a full
        disk), or where `module` is no network of this signature.
        """
        ensure_free(Path(path), (TENSORS, C_PROGRAM))
        stored = self._as_stored()
        if stored.measured is None and stored.opt_level > 0:
            stored.check()
        stale = stored.measurement is not None and stored.measured is None
        text = card(stored.signature, stored.module, stored.origin, stored.measured, stale)
        files = {TENSORS: tensors_of(stored.module), C_PROGRAM: stored.text.encode(), CARD: text.encode()}
        write(path, stored.config(), files)

    def _as_stored(self) -> Surrogate:
        """The surrogate that loading the artifact gives: itself, unless its module was replaced or cast."""
        try:
            network = _network(self.module.state_dict(), self.signature)
        except (AttributeError, KeyError, ValueError) as e:
            raise UsageError(f"the module of '{self.entry}' cannot be saved: {e}") from e
        if isinstance(self.module, SurrogateNetwork) and tensors_of(network) == tensors_of(self.module):
            return self
        return replace(self, module=network)

    @property
    def origin(self) -> Origin:
        """Where the weights come from, for reports."""
        names = [r.name for r in self.results]
        return Origin(self.opt_level, self.rows, self.held_out, names, self.mean_only, self.untuned)

    def config(self) -> dict[str, Any]:
        """What `config.json` and `compile --json` say, without the files' hashes."""
        return header("mlp", self.entry) | {
            "signature": self.signature.as_dict(),
            "hidden_size": self.module.w1.shape[1],
            "parameters": self.module.parameter_count,
            "opt_level": self.opt_level,
            "seed": self.seed,
            "rows": self.rows,
            **({"held_out_rows": self.held_out, "mean_only": list(self.mean_only)} if self.held_out else {}),
            **({"untuned": list(self.untuned)} if self.opt_level == 2 else {}),
            "compiler_sha256": self.compiler,
            "measured": self.measured.as_dict() if self.measured else None,
        }


def decode(config: dict[str, Any], files: dict[str, bytes]) -> Surrogate:
    """The surrogate that a configuration and the files describe.

    The C program is read: it must have the signature and the domain that the configuration states. Raises KeyError,
    TypeError, ValueError, OverflowError, RuntimeError or SafetensorError where they do not fit together.
    """
    signature = Signature.from_dict(config["entry"], config["signature"])
    program = read_program(files[C_PROGRAM], signature)
    surrogate = Surrogate(
        entry=signature.entry,
        arguments=signature.arguments,
        results=signature.results,
        text=files[C_PROGRAM].decode(),
        module=_network(load_tensors(files[TENSORS]), signature),
        opt_level=int(config["opt_level"]),
        seed=int(config["seed"]),
        rows=int(config["rows"]),
        compiler=config["compiler_sha256"],
        # Artifacts of version 0.1.0 do not have them.
        held_out=int(config.get("held_out_rows", 0)),
        mean_only=tuple(config.get("mean_only", ())),
        untuned=tuple(config.get("untuned", ())),
    )
    surrogate.program = program
    if surrogate.opt_level not in (0, 1, 2) or min(surrogate.seed, surrogate.rows) < 0:
        raise ValueError(f"-O{surrogate.opt_level} of {surrogate.rows} rows with seed {surrogate.seed}")
    described = surrogate.config()
    # Artifacts of version 0.1.0 lack some of it; the signature was compared above.
    ensure_same(config, {k: v for k, v in described.items() if k in config and k != "signature"})
    if config["measured"] is not None:
        report = read_report(config["measured"], signature)
        surrogate.measurement = Measurement(report, surrogate._fingerprint())
    return surrogate


def _network(tensors: Mapping[str, Tensor], signature: Signature) -> SurrogateNetwork:
    """The network of these tensors, in the types that it computes in.

    Raises KeyError or ValueError where they are not those of a network of this signature.
    """
    results, hidden, arguments = tensors["w1"].shape
    with torch.device("meta"):
        shapes = _shapes(SurrogateNetwork(len(signature.arguments), len(signature.results), hidden).state_dict())
    if (found := _shapes(tensors)) != shapes:
        raise ValueError(f"tensors of shapes {found} are not those of {signature}")
    network = SurrogateNetwork(arguments, results, hidden)
    network.load_state_dict(dict(tensors))
    return network


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}

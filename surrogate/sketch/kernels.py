"""Compiled programs that stand for learned functions: a sketch that calls them, as they are or fine-tuned."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from cprograms.frontend.undefined import Learned
from surrogate.container import CARD
from surrogate.graph.artifact import GraphProgram
from surrogate.graph.artifact import decode as decode_graph
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.artifact import decode as decode_mlp
from surrogate.sketch.networks import Standing

SURE = 60.0
"""The logit of the value that a compiled program gives, above those of others: these have a probability of 0."""
Compiled = GraphProgram | Surrogate
_DECODERS: Mapping[str, Callable[[dict[str, Any], dict[str, bytes]], Compiled]] = {
    "mlp": decode_mlp,
    "graph": decode_graph,
}


@dataclass(frozen=True)
class Kernels:
    """Compiled programs by the names of the functions that they stand for; with `tuned` they are learned, too."""

    programs: Mapping[str, Compiled]
    tuned: bool = False


class Kernel(Standing):
    """A compiled program that stands for a learned function; R copies where it is tuned, one for all where it is not.

    Raises ProgramError, at the function's place, where the signatures differ, or, of a function of whole numbers, where
    it gives none of its values; and where what gives whole numbers is to be tuned.
    """

    def __init__(self, function: Learned, modulus: int, program: Compiled, restarts: int, tuned: bool) -> None:
        super().__init__()
        _ensure_fits(function, program)
        if tuned and function.values:
            raise function.fault(f"'{function.name}' gives whole numbers: what is compiled has no slope to tune it by")
        self._function, self._modulus, self.tuned = function, modulus, tuned
        self._table: Tensor | None = None
        self._ends = torch.from_numpy(program.domain)  # [inputs, 2]
        self._target = "graph" if isinstance(program, GraphProgram) else "mlp"
        self.copies = nn.ModuleList(deepcopy(program.module) for _ in range(restarts if tuned else 1))
        self.requires_grad_(tuned)

    @property
    def about(self) -> str:
        what = "the compiled program" if self._target == "graph" else "the surrogate"
        return f"{what} '{self._function.name}', {'fine-tuned' if self.tuned else 'as it is'}"

    @property
    def described(self) -> Any:
        return {"kernel": self._target, "tuned": self.tuned}

    def forward(self, x: Tensor) -> Tensor:
        if self._function.takes != "numbers":
            return self._computed(x)
        if self._table is None or self.tuned:  # it is asked for all numbers each time, and says the same
            self._table = self._computed(x)
        return self._table

    def _computed(self, x: Tensor) -> Tensor:
        function = self._function
        if function.takes == "numbers":
            x = x.reshape(len(x), function.size, self._modulus).argmax(-1)
        self._ensure_inside(x)
        found = torch.stack([module(x.to(torch.float64))[:, 0] for module in self.copies])  # [R or 1, P]
        if not function.values:
            return found[..., None]
        numbers = found.round()
        wrong = ~((numbers >= 0) & (numbers < function.values))
        if wrong.any():
            row = int(wrong[0].nonzero()[0, 0])
            given = ", ".join(f"{v:g}" for v in x[row].tolist()) if function.takes == "numbers" else "a picture"
            gives = f"'{function.name}' of the library gives {found[0, row].item():g} for {given}"
            raise function.fault(gives, f"it is said to give one of {function.values} values")
        return one_hot(numbers.long(), function.values).to(torch.get_default_dtype()) * SURE

    def _ensure_inside(self, x: Tensor) -> None:
        """Raises ProgramError where it is asked beyond the domain that it was compiled for, where it may be wrong."""
        outside = ((x < self._ends[:, 0]) | (x > self._ends[:, 1])).any(0)
        if outside.any():
            k = int(outside.nonzero()[0, 0])
            asked, (low, high) = x[:, k].aminmax(), self._ends[k].tolist()
            name = f"argument {k + 1} of '{self._function.name}'"
            message = (
                f"{name} is {asked.min:g} to {asked.max:g}, and of the library it was compiled for {low:g} to {high:g}"
            )
            raise self._function.fault(message, "compile it with a --range that covers what it is asked")

    def one(self, restart: int) -> Kernel:
        if self.tuned:
            made = deepcopy(self)
            made.copies = nn.ModuleList([self.copies[restart]])
            return made
        return self

    def begin_as(self, other: Standing) -> None:
        raise ValueError("compiled")


def _ensure_fits(function: Learned, program: Compiled) -> None:
    """Raises ProgramError where a program's signature is not that of a function."""
    types = [a.type for a in program.arguments]
    takes_whole = function.takes == "numbers"
    fits = len(types) == function.size and all(t.is_integer == takes_whole for t in types)
    gives = [r.type.is_integer for r in program.results] == [function.values > 0]
    if fits and gives:
        return
    taken = "whole numbers" if takes_whole else "floating numbers"
    result = "a whole number" if function.values else "a floating number"
    message = f"'{function.name}' takes {function.size} {taken} and gives {result}; that of the library is another"
    raise function.fault(message, f"it is {program.signature}")


def stored(kernels: Kernels) -> dict[str, bytes]:
    """The files of compiled programs, each named after its function: "drag.config.json"."""
    found: dict[str, bytes] = {}
    for name, program in kernels.programs.items():
        with TemporaryDirectory() as folder:
            path = Path(folder) / "kernel"
            program.save(path)
            found |= {f"{name}.{file.name}": file.read_bytes() for file in path.iterdir() if file.name != CARD}
    return found


def restored(networks: Mapping[str, Any], files: Mapping[str, bytes]) -> Kernels:
    """The compiled programs among an artifact's files; `networks` say what stands for each function.

    Raises KeyError, TypeError, ValueError and what else their decoding raises, where they do not fit.
    """
    programs: dict[str, Compiled] = {}
    tuned = False
    for name, about in networks.items():
        if isinstance(about, dict) and "kernel" in about:
            own = {f.removeprefix(f"{name}."): content for f, content in files.items() if f.startswith(f"{name}.")}
            config = json.loads(own.pop("config.json"))
            programs[name] = _DECODERS[config["target"]](config, own)
            tuned = tuned or bool(about["tuned"])
    return Kernels(programs, tuned)

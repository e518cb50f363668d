"""What stands for learned functions, R of each at once: one a restart. Networks, and torch modules of the user's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Self

import torch
from torch import Generator, Tensor, nn

from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.frontend.undefined import Learned


class Standing(nn.Module):
    """Stands for a learned function: [P, inputs] -> [R or 1, P, outputs], logits of its values or its number."""

    @property
    def about(self) -> str:
        """In words, as in "a network 784-256-256-10"."""
        raise NotImplementedError

    @property
    def described(self) -> Any:
        """As `config.json` has it."""
        raise NotImplementedError

    def one(self, restart: int) -> Standing:
        """What stands for it in one restart, as R = 1."""
        raise NotImplementedError

    @torch.no_grad()
    def begin_as(self, other: Standing) -> None:
        """Let every restart begin as another's only one. Raises ValueError where that is something else."""
        raise NotImplementedError


class Networks(Standing):
    """R multilayer perceptrons of one shape: [P, inputs] -> logits [R, P, outputs], ReLU between layers."""

    def __init__(self, restarts: int, widths: Sequence[int], generator: Generator) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for inputs, outputs in pairwise(widths):
            weight = torch.randn(restarts, inputs, outputs, generator=generator) * math.sqrt(2 / inputs)
            self.weights.append(nn.Parameter(weight))
            self.biases.append(nn.Parameter(torch.zeros(restarts, 1, outputs)))

    @property
    def about(self) -> str:
        return f"a network {'-'.join(map(str, self.widths))}"

    @property
    def described(self) -> Any:
        return list(self.widths)

    def forward(self, x: Tensor) -> Tensor:
        found = x  # [P, inputs], then [R, P, width]
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            found = torch.matmul(found, weight) + bias
            if k + 1 < len(self.weights):
                found = found.relu()
        return found

    @torch.no_grad()
    def one(self, restart: int) -> Networks:
        made = Networks(1, self.widths, torch.Generator())
        for mine, theirs in zip(made.parameters(), self.parameters(), strict=True):
            mine.copy_(theirs[restart : restart + 1])
        return made

    @torch.no_grad()
    def begin_as(self, other: Standing) -> None:
        if self.described != other.described:
            raise ValueError("of other shapes")
        for mine, theirs in zip(self.parameters(), other.parameters(), strict=True):
            mine.copy_(theirs.expand_as(mine))


class Copies(Standing):
    """R torch modules of the user's, of one kind: [P, inputs] -> [P, outputs] each."""

    def __init__(self, name: str, copies: Sequence[nn.Module]) -> None:
        super().__init__()
        self.name = name
        self.copies = nn.ModuleList(copies)

    @classmethod
    def of(cls, function: Learned, inputs: int, restarts: int, seed: int) -> Self:
        """Those of the module that a sketch names, each with its own seed.

        Raises ProgramError, at its place, where none is registered, or it does not give what the function has to.
        """
        name = function.module
        if name not in _MODULES:
            guess = did_you_mean(name, _MODULES)
            raise function.fault(f"no torch module '{name}' is registered; {guess}".removesuffix("; "), HINT)
        copies = []
        with torch.random.fork_rng(devices=[]):
            for restart in range(restarts):
                torch.manual_seed(seed * 1_000_003 + restart)
                copies.append(_MODULES[name]())
        outputs = max(function.values, 1)
        try:
            with torch.no_grad():
                given = list(_rows(copies[0].eval()(torch.zeros(2, inputs))).shape)
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as e:
            message = f"the module '{name}' does not take pictures [n, {inputs}]: {str(e).splitlines()[0]}"
            raise function.fault(message) from e
        if given != [2, outputs]:
            gives = f"one of {function.values} values" if function.values else "one number"
            message = f"the module '{name}' gives {given} for 2 pictures, and '{function.name}' {gives}: [2, {outputs}]"
            raise function.fault(message)
        return cls(name, copies)

    @property
    def about(self) -> str:
        return f"the module '{self.name}' of {sum(p.numel() for p in self.copies[0].parameters()):,} parameters"

    @property
    def described(self) -> Any:
        return {"module": self.name}

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([_rows(module(x)) for module in self.copies])

    def one(self, restart: int) -> Copies:
        return Copies(self.name, [self.copies[restart]])

    @torch.no_grad()
    def begin_as(self, other: Standing) -> None:
        if self.described != other.described:
            raise ValueError("of other modules")
        assert isinstance(other, Copies)
        for module in self.copies:
            module.load_state_dict(other.copies[0].state_dict())


HINT = "in Python, surrogate.sketch.networks.register names one; what is loaded runs no code of its own"
_MODULES: dict[str, Callable[[], nn.Module]] = {}


def register(name: str, make: Callable[[], nn.Module]) -> None:
    """Name a torch module that `learn(f, module(name))` of a sketch means; `make` makes one, new for each restart.

    It takes pictures [P, numbers], or whole numbers one-hot, and gives logits [P, values], or numbers [P, 1] or [P]. An
    artifact that was learned with it can be loaded where it is registered again. Raises UsageError for what is no name
    in C.
    """
    if not (name.isidentifier() and name.isascii()):
        raise UsageError(f"a module's name is one of C, not {name!r}")
    _MODULES[name] = make


def ensure_registered(learned: Sequence[Learned]) -> None:
    """Raises UsageError where functions were learned with modules that are not registered."""
    for function in learned:
        if function.module and function.module not in _MODULES:
            raise UsageError(f"it needs the torch module '{function.module}', which is not registered: {HINT}")


def _rows(found: Tensor) -> Tensor:
    return found[:, None] if found.ndim == 1 else found


def inputs_of(function: Learned, modulus: int) -> int:
    """How many numbers what stands for a function takes: whole numbers come in one-hot."""
    return function.size if function.takes == "picture" else function.size * modulus


def widths_of(function: Learned, modulus: int) -> tuple[int, ...]:
    """The width of each layer of a learned function's network, inputs and outputs among them."""
    return (inputs_of(function, modulus), *function.hidden, max(function.values, 1))


def all_numbers(size: int, modulus: int) -> Tensor:
    """All tuples of whole numbers, one-hot: [modulus ^ size, size modulus], the last number running faster."""
    places = torch.cartesian_prod(*[torch.arange(modulus)] * size).reshape(-1, size)
    return nn.functional.one_hot(places, modulus).flatten(1).to(torch.get_default_dtype())


class Library(nn.ModuleDict):
    """What stands for functions, by their names."""

    def of(self, name: str) -> Standing:
        found = self[name]
        assert isinstance(found, Standing)
        return found

"""The controller: a network that sees which registers are 0, and wires the next circuit (Kurach et al. 2016).

P programs at once, the number of a tape last, as in `machine`. All weights of a program are one row, so that what is
done to each program by itself (Adam, clipping, noise) is done to rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from surrogate.nram.modules import MODULES, wires

Kind = Literal["mlp", "lstm"]
KINDS: tuple[Kind, ...] = ("mlp", "lstm")
_NEVER = -1e9
"""The logit of a source that a choice does not have."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a controller: R registers, two hidden layers of H (`mlp`) or a layer of H cells (`lstm`)."""

    kind: Kind
    registers: int
    hidden: int

    @property
    def outputs(self) -> int:
        """A logit for each source of each choice, and one for the willingness to finish."""
        return len(wires(self.registers)) * (self.registers + len(MODULES)) + 1

    @property
    def parts(self) -> dict[str, tuple[int, ...]]:
        """The weights by name, for one program."""
        r, h, out = self.registers, self.hidden, self.outputs
        if self.kind == "mlp":
            inner = {"first": (h, r), "first_bias": (h, 1), "second": (h, h), "second_bias": (h, 1)}
        else:
            inner = {"gates": (4 * h, r + h), "gates_bias": (4 * h, 1)}
        return {**inner, "last": (out, h), "last_bias": (out, 1)}

    @property
    def size(self) -> int:
        return sum(math.prod(shape) for shape in self.parts.values())


Hidden = tuple[Tensor, Tensor] | None
"""What an LSTM remembers: its output and its cells, [P, H, B] each."""


class Controller(nn.Module):
    """P controllers of one shape. `weights` [P, n] holds the parts of `shape` one after the other."""

    def __init__(self, shape: Shape, weights: Tensor) -> None:
        super().__init__()
        self.shape = shape
        self.weights = nn.Parameter(weights)
        r = shape.registers
        absent = torch.zeros(len(wires(r)), r + len(MODULES))
        for w, wire in enumerate(wires(r)):
            absent[w, wire.sources(r) :] = _NEVER
        self._absent = torch.cat((absent.flatten(), torch.zeros(1)))[:, None]  # [outputs, 1]

    @classmethod
    def random(cls, shape: Shape, scales: Tensor, generator: torch.Generator) -> Controller:
        """P controllers of nothing: uniform in +-scale, one of `scales` [P] for each; the biases are 0."""
        p = len(scales)
        rows = []
        for name, part in shape.parts.items():
            drawn = torch.empty(p, math.prod(part)).uniform_(-1, 1, generator=generator)
            rows.append(torch.zeros_like(drawn) if name.endswith("bias") else drawn * scales[:, None])
        return cls(shape, torch.cat(rows, dim=1))

    def one(self, p: int) -> Controller:
        """A copy of controller p alone."""
        return Controller(self.shape, self.weights.detach()[p : p + 1].clone())

    def parts(self) -> dict[str, Tensor]:
        """The weights by name, each [P, ...]."""
        pieces = self.weights.split_with_sizes([math.prod(part) for part in self.shape.parts.values()], dim=1)
        return {
            name: piece.view(-1, *part) for (name, part), piece in zip(self.shape.parts.items(), pieces, strict=True)
        }

    def forward(self, parts: dict[str, Tensor], zero: Tensor, hidden: Hidden) -> tuple[Tensor, Tensor, Hidden]:
        """What follows from the probabilities of being 0 [P, R, B].

        The logits of the choices [P, 19 + R, R + 14, B], that of finishing [P, B], and what to remember.
        """
        if self.shape.kind == "mlp":
            h = (parts["first"] @ zero + parts["first_bias"]).relu()  # [P, H, B]
            h = (parts["second"] @ h + parts["second_bias"]).relu()
        else:
            if hidden is None:
                hidden = (zero.new_zeros(len(zero), self.shape.hidden, zero.shape[-1]),) * 2
            seen = torch.cat((zero, hidden[0]), dim=1)  # [P, R + H, B]
            i, f, o, g = (parts["gates"] @ seen + parts["gates_bias"]).chunk(4, dim=1)
            cells = torch.sigmoid(f + 1) * hidden[1] + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(cells)
            hidden = (h, cells)
        out = parts["last"] @ h + (parts["last_bias"] + self._absent)  # [P, outputs, B]
        r = self.shape.registers
        return out[:, :-1].view(len(out), len(wires(r)), r + len(MODULES), -1), out[:, -1], hidden


def choose(logits: Tensor, bonus: Tensor) -> Tensor:
    """The distributions over sources, a softmax over the third axis.

    Its derivative is as if the loss were less by the entropy of all choices times `bonus` [P, 1, 1, 1].
    """
    chosen: Tensor = _Choose.apply(logits, bonus)  # type: ignore[no-untyped-call]
    return chosen


class _Choose(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, bonus: Tensor) -> Tensor:
        chosen = logits.softmax(2)
        ctx.save_for_backward(chosen, bonus)
        return chosen

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        chosen, bonus = ctx.saved_tensors
        grad = grads[0]
        if bool(bonus.any()):
            grad = torch.addcmul(grad, bonus, chosen.clamp_min(1e-20).log())
        return torch._softmax_backward_data(grad, chosen, 2, chosen.dtype), None

"""The surrogate compiler's network: a dataflow graph goes in, the weights of an MLP come out.

From top to bottom: the configuration, the numbers' features, bottom-up composition of the graph's nodes, a transformer
over the composed states, what training asks of single nodes, the heads that emit the weights, and the Gauss–Newton
steps by which executed rows enter.

Shapes: B programs (one result each), T graph nodes in all, N of them attended to, Q = 1 + A queries (a root and its
arguments), d hidden size, A arguments, H surrogate width, K rows. Taps, where a model reads them, stand behind the
arguments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cprograms.ops import OPS
from cprograms.types import SCALARS
from surrogate.mlp.emission.encoding import GraphBatch
from surrogate.mlp.parts.taps import KINDS
from surrogate.mlp.parts.towers import Deviations, Towers, damped_step, full_precision, linearise

# --- The configuration ---


@dataclass
class HypernetworkConfig:
    """What weights are stored with, as their `config.json`.

    `operators` and `types` are the vocabulary that the weights were trained with, a row of their embeddings each; see
    `operator_rows` and `type_rows`. Without `text`, what is read of a program is its signature and domain; see
    `surrogate.mlp.emission.encoding.without_text`. `slots` are the arguments that the weights tell apart: of more, the
    further ones are all read as the last. `taps`: whether the weights say anything of taps; see `TapReader`.
    """

    hidden_size: int = 128
    layers: int = 2
    heads: int = 4
    surrogate_width: int = 64
    decoder_width: int = 96
    gauss_newton_steps: int = 3
    text: bool = True
    slots: int = 16
    taps: bool = False
    operators: list[str] = field(default_factory=lambda: [op.name for op in OPS])
    types: list[str] = field(default_factory=lambda: list(SCALARS))


def operator_rows(operators: Sequence[str]) -> np.ndarray:
    """The row of each operator of `cprograms.ops.OPS` in a vocabulary, int64 [operators].

    One that the weights do not know is read as code that is not followed, `opaque`. Raises ValueError where they do not
    know that either.
    """
    rows = {name: row for row, name in enumerate(operators)}
    if "opaque" not in rows:
        raise ValueError("the vocabulary lacks the operator 'opaque'")
    return np.array([rows.get(op.name, rows["opaque"]) for op in OPS], dtype=np.int64)


def type_rows(types: Sequence[str]) -> np.ndarray:
    """The row of each type of `cprograms.types.SCALARS` in a vocabulary, int64 [types].

    One that the weights do not know is read as the widest of its kind, or else as `f64`. Raises ValueError where they
    do not know that.
    """
    rows = {code: row for row, code in enumerate(types)}
    if "f64" not in rows:
        raise ValueError("the vocabulary lacks the type 'f64'")
    widest = {SCALARS[code].kind: code for code in sorted(rows.keys() & SCALARS, key=lambda code: SCALARS[code].bits)}
    read = [code if code in rows else widest.get(type.kind, "f64") for code, type in SCALARS.items()]
    return np.array([rows[code] for code in read], dtype=np.int64)


# --- Features of numbers ---

NUMBER_FEATURES = 23


def number_features(v: Tensor) -> Tensor:
    """Features by which a number of any magnitude can be read: [...] -> [..., 23].

    Sign, asinh, log magnitude, is-zero, the clamped value; then sines and cosines of the value, which tell constants
    such as pi/2 from 1.5, and of its logarithm, which tell magnitudes apart.
    """
    log = torch.log(v.abs() + 1e-12)
    parts = [v.sign(), torch.asinh(v) / 4, log / 4, (v == 0).to(v.dtype), v.clamp(-2, 2)]
    plain = torch.stack(parts, dim=-1)  # [..., 5]
    turns = v.clamp(-1e4, 1e4).unsqueeze(-1) * (math.pi * 2.0 ** torch.arange(-4, 1, device=v.device))  # [..., 5]
    scales = log.unsqueeze(-1) * 2.0 ** torch.arange(-1, 3, device=v.device)  # [..., 4]
    return torch.cat([plain, turns.sin(), turns.cos(), scales.sin(), scales.cos()], dim=-1)


def strata_moments(strata: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of strata: [..., 7] -> [...], [...]. The deviation is kept off zero."""
    mean = strata.mean(-1)
    std = strata.std(-1, correction=0)
    return mean, torch.maximum(std, 0.02 * mean.abs()).clamp_min(1e-6)


def scale_moments(mean: Tensor, std: Tensor, strata: Tensor) -> Tensor:
    """True moments [n] relative to those of strata [n, 7]: [n, 2], what the moment heads learn."""
    at, width = strata_moments(strata)
    return torch.stack([((mean - at) / width).clamp(-20, 20), torch.log(std / width).clamp(-10, 10)], dim=-1)


def unscale_moments(relative: Tensor, strata: Tensor) -> tuple[Tensor, Tensor]:
    """The inverse of `scale_moments`: relative [n, 2], strata [n, 7] -> [n], [n]."""
    at, width = strata_moments(strata)
    return at + width * relative[:, 0], width * torch.exp(relative[:, 1].clamp(-10, 10))


# --- Composition ---


class GatedResidual(nn.Module):
    """A residual MLP whose hidden layer an operator may scale."""

    def __init__(self, size: int):
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.up = nn.Linear(size, 2 * size)
        self.down = nn.Linear(2 * size, size)

    def forward(self, z: Tensor, gate: Tensor | None = None) -> Tensor:
        """[..., size] -> [..., size]; gate: [..., 2 size]."""
        h = F.gelu(self.up(self.norm(z)))  # [..., 2 size]
        z = z + self.down(h if gate is None else h * (1 + gate))
        return z


class Compose(nn.Module):
    """The cell that makes a node's state from its own features and its children's states; one for all operators.

    The operator gates the children and the hidden layer; products of child states let `a * b` and `c ? a : b` be read.
    """

    def __init__(self, config: HypernetworkConfig):
        super().__init__()
        d, operators, self.slots = config.hidden_size, len(config.operators), config.slots
        # Not buffers, which transformers leaves empty where the weights' file does not hold them.
        self.operator_rows, self.type_rows = operator_rows(config.operators), type_rows(config.types)
        self.operator = nn.Embedding(operators, d)
        self.kind = nn.Embedding(len(config.types), d)  # of a node's type; the name is that in stored weights
        self.slot = nn.Embedding(config.slots + 1, d)
        self.numbers = nn.Sequential(nn.Linear(2 * NUMBER_FEATURES + 7, d), nn.GELU(), nn.Linear(d, d))
        self.child_gate = nn.Embedding(operators, 3 * d)
        self.hidden_gate = nn.Embedding(operators, 2 * d)
        self.operands = nn.Linear(3 * d, d)
        self.left = nn.Linear(d, d, bias=False)
        self.right = nn.Linear(d, d, bias=False)
        self.third = nn.Linear(d, d, bias=False)
        self.product = nn.Linear(2 * d, d, bias=False)
        self.first = GatedResidual(d)
        self.second = GatedResidual(d)
        self.norm = nn.LayerNorm(d)
        for embedding in (self.operator, self.kind, self.slot):
            nn.init.normal_(embedding.weight, std=0.5)
        for embedding in (self.child_gate, self.hidden_gate):
            nn.init.zeros_(embedding.weight)

    @full_precision
    def forward(self, graphs: GraphBatch) -> Tensor:
        """[T+1, d]: the states of the batch's nodes; row 0 stands for no node."""
        operator = known(self.operator_rows, graphs.op)  # [T]
        parts = (
            self.local(graphs, operator),  # [T, d]
            1 + self.child_gate(operator),  # [T, 3d]
            self.hidden_gate(operator),  # [T, 2d]
            graphs.children,  # [T, 3]
        )
        # Split, not sliced: a slice's backward pass fills a gradient of the whole batch for every level.
        levels = zip(*(torch.split(part, graphs.levels) for part in parts), strict=True)
        room = self.operator.weight.new_zeros(1 + len(graphs.op), self.operator.embedding_dim)  # [T+1, d]
        states = room[:1]
        for z, child_gate, hidden_gate, children in levels:  # [n, d], [n, 3d], [n, 2d], [n, 3]
            if len(states) > 1:
                c = states[children]  # [n, 3, d]
                c0, c1, c2 = c.unbind(1)  # [n, d] each
                left = self.left(c0)  # [n, d]
                products = torch.cat([left * self.right(c1), left * self.third(c2)], dim=-1)  # [n, 2d]
                z = z + self.operands(c.flatten(1) * child_gate) + self.product(products)  # [n, d]
            z = self.second(self.first(z, hidden_gate))
            z = self.norm(z)
            if z.requires_grad:
                states = torch.cat([states, z])
            else:  # in place, which autograd would pay for
                room[len(states) : len(states) + len(z)] = z
                states = room[: len(states) + len(z)]
        return states

    def local(self, graphs: GraphBatch, operator: Tensor) -> Tensor:
        """[T, d]: what a node says by itself: operator, type, and the numbers of its strata."""
        mean, std = strata_moments(graphs.strata)  # [T]
        numbers = torch.cat(
            [
                number_features(graphs.strata[:, 0]),
                number_features(graphs.strata[:, -1]),
                ((graphs.strata - mean[:, None]) / std[:, None]).clamp(-5, 5),
            ],
            dim=-1,
        )  # [T, 2*23+7]
        type = known(self.type_rows, graphs.type)  # [T]
        slot = self.slot(graphs.slot.clamp(max=self.slots - 1))
        local: Tensor = self.operator(operator) + self.kind(type) + slot + self.numbers(numbers)
        return local  # [T, d]


def known(rows: np.ndarray, places: Tensor) -> Tensor:
    """The vocabulary's rows of operators or types that are given by their places in the table: int64 [T] -> [T]."""
    return torch.from_numpy(rows).to(places.device)[places]


# --- Context ---


class TransformerLayer(nn.Module):
    """A pre-norm transformer layer in which the root and the arguments attend to every node and to one another.

    Only their states are updated: the heads read no others, and it saves most of the work. Attention is written out, as
    masked fused attention is slow backwards on CPUs.
    """

    def __init__(self, d: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(d)
        self.query = nn.Linear(d, d)
        self.own = nn.Linear(d, 2 * d)
        self.nodes = nn.Linear(d, 2 * d)
        self.out = nn.Linear(d, d)
        self.mlp = GatedResidual(d)

    def forward(self, t: Tensor, states: Tensor, places: Tensor, mask: Tensor) -> Tensor:
        """t: [B, Q, d]; states: [T+1, d]; places: int64 [B, N], the nodes attended to; mask: bool [B, Q+N]."""
        B, Q, d = t.shape
        h = self.heads
        own = self.norm(t)  # [B, Q, d]
        q = self.query(own).view(B, Q, h, -1).permute(2, 0, 1, 3)  # [h, B, Q, d/h]
        own_k, own_v = self.own(own).view(B, Q, 2, h, -1).permute(2, 3, 0, 1, 4)  # [h, B, Q, d/h] each
        # Keys and values are made once a node, then gathered.
        k, v = self.nodes(states).view(-1, 2, h, d // h).permute(1, 2, 0, 3)[:, :, places]  # [h, B, N, d/h] each
        scores = torch.cat([q @ own_k.mT, q @ k.mT], dim=-1) / math.sqrt(d // h)  # [h, B, Q, Q+N]
        weights = scores.masked_fill(~mask[:, None], -1e9).softmax(-1)
        read = weights[..., :Q] @ own_v + weights[..., Q:] @ v  # [h, B, Q, d/h]
        t = t + self.out(read.permute(1, 2, 0, 3).reshape(B, Q, d))  # [B, Q, d]
        t = self.mlp(t)
        return t


# --- What training asks of single nodes ---


class NodeDecoder(nn.Module):
    """A small network of the inputs, modulated by a node's state: a node that cannot be decoded was not understood."""

    def __init__(self, d: int, width: int, slots: int):
        super().__init__()
        self.modulation = nn.Linear(d, 4 * width)
        self.inputs = nn.Linear(slots, width)
        self.by_state = nn.Linear(d, slots * 16)
        self.mixed = nn.Linear(16, width, bias=False)
        self.hidden = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)

    def forward(self, states: Tensor, x: Tensor) -> Tensor:
        """states: [n, d]; x: [n, P, slots], P inputs a node -> [n, P]."""
        g1, b1, g2, b2 = self.modulation(states).unsqueeze(1).chunk(4, dim=-1)  # each [n, 1, width]
        directions = self.by_state(states).view(len(states), x.shape[2], 16) / 4  # [n, slots, 16]
        h = F.silu((self.inputs(x) + self.mixed(x @ directions)) * (1 + g1) + b1)  # [n, P, width]
        h = F.silu(self.hidden(h) * (1 + g2) + b2)  # [n, P, width]
        values: Tensor = self.out(h).squeeze(-1)  # [n, P]
        return values


# --- The heads ---


class Heads(NamedTuple):
    """What the heads say of B programs' towers, before it is scaled and added to the base weights."""

    columns: Tensor  # [B, A, H+1], of each input its column of the first layer, and that column's prior deviation
    bias: Tensor  # [B, H]
    middle: Tensor  # [B, H (H+1)]
    last: Tensor  # [B, H+1]
    prior: Tensor  # [B, sum(prior_sizes) + 2]


def prior_sizes(H: int) -> list[int]:
    """Rows and columns of each layer's prior, but for the first layer's columns; then the noise of the rows."""
    return [H, 1, H, H + 1, 1, H + 1, 2]


class TapReader(nn.Module):
    """What taps change: their own columns, and a correction of what the heads say without them. All heads start at 0.

    A transformer of its own, as queries of which the taps stand behind the arguments; `Hypernetwork.copy_to_taps` is
    where a training begins. A program without taps is not changed.
    """

    RANK = 32
    """Of the correction to the middle layer, most of whose parameters would be in its head."""

    def __init__(self, config: HypernetworkConfig):
        super().__init__()
        d, H = config.hidden_size, config.surrogate_width
        self.role = nn.Embedding(3, d)  # root, argument, tap
        self.kind = nn.Embedding(len(KINDS), d)
        self.scale = nn.Linear(2 * NUMBER_FEATURES, d)
        self.transformer = nn.ModuleList(TransformerLayer(d, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(d)
        self.trunk = nn.Sequential(GatedResidual(d), GatedResidual(d), nn.LayerNorm(d))
        self.column = nn.Linear(2 * d, d)
        self.column_head = nn.Linear(d, H + 1)
        self.bias_head = nn.Linear(d, H)
        self.middle = nn.Linear(d, self.RANK, bias=False)
        self.middle_head = nn.Linear(self.RANK, H * (H + 1))
        self.last_head = nn.Linear(d, H + 1)
        self.prior_head = nn.Linear(d, sum(prior_sizes(H)))
        nn.init.normal_(self.kind.weight, std=0.1)
        for head in (self.column_head, self.bias_head, self.middle_head, self.last_head, self.prior_head):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def forward(self, states: Tensor, graphs: GraphBatch) -> Heads:
        """states: [T+1, d]. The columns are of the arguments, then of the taps."""
        queries = torch.cat([graphs.root.unsqueeze(1), graphs.arguments, graphs.taps], dim=1)  # [B, Q]
        A, taps = graphs.arguments.shape[1], graphs.taps.shape[1]
        roles = torch.tensor([0] + [1] * A + [2] * taps, device=queries.device)  # [Q]
        numbers = number_features(graphs.tap_scale).flatten(2)  # [B, taps, 2*23]
        own = self.kind(graphs.tap_kind) + self.scale(numbers)  # [B, taps, d]
        t = states[queries] + self.role(roles) + F.pad(own, (0, 0, 1 + A, 0))  # [B, Q, d]
        mask = torch.cat([queries, graphs.tokens], dim=1) > 0  # [B, Q+N]
        for layer in self.transformer:
            t = layer(t, states, graphs.tokens, mask)  # [B, Q, d]
        return self._say(self.norm(t).float(), (graphs.taps > 0).any(1))

    @full_precision
    def _say(self, t: Tensor, tapped: Tensor) -> Heads:
        """t: [B, Q, d]; tapped: bool [B], which programs have taps."""
        trunk = self.trunk(t[:, 0])  # [B, d]
        pair = torch.cat([t[:, 1:], trunk.unsqueeze(1).expand_as(t[:, 1:])], dim=-1)  # [B, A+taps, 2d]
        return Heads(
            self.column_head(F.gelu(self.column(pair))) * tapped[:, None, None],
            self.bias_head(trunk) * tapped[:, None],
            self.middle_head(self.middle(trunk)) * tapped[:, None],
            self.last_head(trunk) * tapped[:, None],
            self.prior_head(trunk) * tapped[:, None],
        )


# --- The hypernetwork ---


@dataclass(frozen=True)
class Emission:
    """What the hypernetwork says of B programs."""

    towers: Towers  # [B, ...] each layer
    prior: Deviations  # of the towers' weights
    noise: Tensor  # [B, 2], the variance that the first Gauss–Newton step and the later ones allow the rows
    mean: Tensor  # [B], predicted mean of the result, in C units
    std: Tensor  # [B], predicted deviation of the result
    states: Tensor  # [T+1, d], the composed nodes, for the dense losses
    steps: int  # of Gauss–Newton

    def widened(self, columns: int) -> Emission:
        """With so many further inputs of the towers, of which the model says nothing: their columns are zero, of
        deviation one."""
        (rows, first), *others = self.prior
        first = torch.cat([first[:, :-1], first.new_ones(len(first), columns), first[:, -1:]], dim=-1)
        return replace(self, towers=self.towers.widened(columns), prior=((rows, first), *others))


class Hypernetwork(nn.Module):
    """Emits an MLP for each graph of a batch.

    `surrogate.mlp.emission.hub.HypernetworkModel` is the same network as a transformers model; a compile does without
    transformers, whose import takes longer than the rest of it.
    """

    def __init__(self, config: HypernetworkConfig):
        super().__init__()
        self._build(config)

    def _build(self, config: HypernetworkConfig) -> None:
        self.architecture = config
        d, H = config.hidden_size, config.surrogate_width
        self.compose = Compose(config)
        self.role = nn.Embedding(2, d)  # root, argument
        self.transformer = nn.ModuleList(TransformerLayer(d, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(d)
        self.trunk = nn.Sequential(GatedResidual(d), GatedResidual(d), nn.LayerNorm(d))
        self.column = nn.Linear(2 * d, d)
        self.column_head = nn.Linear(d, H + 1)  # an argument's column of the first layer, and its prior deviation
        self.bias_head = nn.Linear(d, H)
        self.middle_head = nn.Linear(d, H * (H + 1))
        self.last_head = nn.Linear(d, H + 1)
        self.prior_head = nn.Linear(d, sum(prior_sizes(H)))
        self.moment_head = nn.Linear(d, 2)
        self.node_moments = nn.Linear(d, 2)
        self.decoder = NodeDecoder(d, config.decoder_width, config.slots)
        self.base1 = nn.Parameter(torch.randn(H, config.slots + 1) * 0.8)
        self.base2 = nn.Parameter(torch.randn(H, H + 1) * 1.4 / math.sqrt(H))
        self.base3 = nn.Parameter(torch.randn(1, H + 1) * 0.5 / math.sqrt(H))
        for head in (self.prior_head, self.moment_head, self.node_moments):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        if config.taps:
            self.taps = TapReader(config)

    @property
    def device(self) -> torch.device:
        return self.base1.device

    def forward(self, graphs: GraphBatch) -> Emission:
        """Emit from the program alone. Where its graphs have taps, the towers read them behind the arguments."""
        states = self.compose(graphs)  # [T+1, d]
        root, arguments = self._contextualise(states, graphs)  # [B, d], [B, A, d]
        # In training also where a batch has none: a distributed wrapper waits for every parameter's gradient.
        reads_taps = self.architecture.taps and (graphs.taps.shape[1] > 0 or self.training)
        change = self.taps(states, graphs) if reads_taps else None
        return self._emit(states, root.float(), arguments.float(), change, graphs)

    @full_precision
    def _emit(
        self, states: Tensor, root: Tensor, arguments: Tensor, change: Heads | None, graphs: GraphBatch
    ) -> Emission:
        heads = self._say(root, arguments)
        inputs = graphs.arguments  # [B, A]
        if change is not None:
            taps = graphs.taps.shape[1]
            heads = heads._replace(columns=F.pad(heads.columns, (0, 0, 0, taps)))  # [B, A+taps, H+1]
            heads = Heads(*(said + changed for said, changed in zip(heads, change, strict=True)))
            inputs = torch.cat([inputs, graphs.taps], dim=1)  # [B, A+taps]
        base = self._base_columns(graphs.arguments.shape[1], inputs.shape[1])  # [H, A+taps]
        w1 = (base + 0.5 * heads.columns[..., :-1].mT) * (inputs > 0).unsqueeze(1)  # [B, H, A+taps]
        b1 = self.base1[:, -1] + 0.5 * heads.bias  # [B, H]
        H = self.architecture.surrogate_width
        w2 = self.base2 + heads.middle.view(-1, H, H + 1) / math.sqrt(H)  # [B, H, H+1]
        w3 = self.base3 + heads.last.unsqueeze(1) / math.sqrt(H)  # [B, 1, H+1]
        moments = self.moment_head(root)  # [B, 2]
        mean, std = unscale_moments(moments, graphs.strata[graphs.root - 1])  # [B] each
        prior, noise = self._prior(heads)
        if change is not None:  # a tap that a result does not read stays so
            (rows, first), *others = prior
            reads = torch.cat([torch.ones_like(graphs.arguments), graphs.taps, graphs.root.unsqueeze(1)], dim=1) > 0
            prior = ((rows, first * reads), *others)
        towers = Towers(torch.cat([w1, b1.unsqueeze(-1)], dim=-1), w2, w3)  # [B, H, A+taps+1], as above
        return Emission(towers, prior, noise, mean, std, states, self.architecture.gauss_newton_steps)

    def _say(self, root: Tensor, arguments: Tensor) -> Heads:
        trunk = self.trunk(root)  # [B, d]
        pair = torch.cat([arguments, trunk.unsqueeze(1).expand_as(arguments)], dim=-1)  # [B, A, 2d]
        return Heads(
            self.column_head(F.gelu(self.column(pair))),
            self.bias_head(trunk),
            self.middle_head(trunk),
            self.last_head(trunk),
            self.prior_head(trunk),
        )

    def _base_columns(self, arguments: int, inputs: int) -> Tensor:
        """[H, inputs]: those of taps are zero."""
        base = self.base1[:, torch.arange(arguments).clamp(max=self.architecture.slots - 1)]  # [H, A]
        return F.pad(base, (0, inputs - arguments))

    @torch.no_grad()
    def copy_to_taps(self) -> None:
        """Let what reads taps begin with the weights of what reads arguments, all heads at zero."""
        for name in ("transformer", "norm", "trunk", "column"):
            getattr(self.taps, name).load_state_dict(getattr(self, name).state_dict())
        self.taps.role.weight.copy_(self.role.weight[[0, 1, 1]])

    def _contextualise(self, states: Tensor, graphs: GraphBatch) -> tuple[Tensor, Tensor]:
        """Root [B, d] and arguments [B, A, d] after the transformer has read all the nodes."""
        queries = torch.cat([graphs.root.unsqueeze(1), graphs.arguments], dim=1)  # [B, 1+A]
        roles = torch.ones_like(queries[0])  # [1+A]
        roles[0] = 0
        t = states[queries] + self.role(roles)  # [B, 1+A, d]
        mask = torch.cat([queries, graphs.tokens], dim=1) > 0  # [B, 1+A+N]
        for layer in self.transformer:
            t = layer(t, states, graphs.tokens, mask)  # [B, 1+A, d]
        t = self.norm(t)
        return t[:, 0], t[:, 1:]

    def _prior(self, heads: Heads) -> tuple[Deviations, Tensor]:
        """Deviations around 0.3, 0.1 and 0.15 for the three layers, and the rows' noise: what the program suggests."""
        sizes = prior_sizes(self.architecture.surrogate_width)
        r1, c1, r2, c2, r3, c3, noise = torch.split(heads.prior, sizes, dim=-1)  # [B, size] each
        c1 = torch.cat([heads.columns[..., -1], c1], dim=-1)  # [B, A+taps+1]

        def pair(rows: Tensor, columns: Tensor, scale: float) -> tuple[Tensor, Tensor]:
            return scale * torch.exp(rows.clamp(-3, 3)), torch.exp(columns.clamp(-3, 3))

        variance = torch.exp((noise - 6).clamp(-11, 1))  # [B, 2]
        return (pair(r1, c1, 0.3), pair(r2, c2, 0.1), pair(r3, c3, 0.15)), variance

    def predict_nodes(self, states: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """What node states [n, d] say of their nodes: standardised values at inputs x [n, P, slots] -> [n, P], and
        moments [n, 2] relative to the strata's. Used by the dense losses only."""
        return self.decoder(states, x), self.node_moments(states)


# --- Executed rows ---


@full_precision
def gauss_newton(emission: Emission, x: Tensor, y: Tensor) -> Towers:
    """Adapt the emitted weights to rows by a few damped, unrolled Gauss–Newton steps anchored at them.

    With prior covariance S² (diagonal) around w0 and noise λ, step t linearises the tower at w_t and takes the
    posterior mean w = w0 + S² Jᵀ (J S² Jᵀ + λ I)⁻¹ (y − f + J (w_t − w0)); see `damped_step`.

    x: [B, K, A] scaled inputs, y: [B, K] standardised outputs. A program whose kernel fails to factorise keeps its
    weights.
    """
    anchor = emission.towers
    towers = anchor
    for step in range(emission.steps):
        f, inputs, slopes = linearise(towers, x)
        # J (w_t − w0), [B, K]
        moved = [((s @ (w - w0)) * a).sum(-1) for a, s, w, w0 in zip(inputs, slopes, towers, anchor, strict=True)]
        residual = y - f + moved[0] + moved[1] + moved[2]  # [B, K]
        noise = emission.noise[:, min(step, 1)]  # [B]
        changes, _ = damped_step(inputs, slopes, emission.prior, residual, noise, jitter=1e-5)
        towers = Towers(*(w0 + _capped(change, w0) for change, w0 in zip(changes, anchor, strict=True)))
    return towers


def _capped(step: Tensor, anchor: Tensor) -> Tensor:
    """A layer's step, at most three times as long as the layer's weights are: a bad linearisation must not run away."""
    limit = 3 * anchor.flatten(1).norm(dim=1) + 1  # [B]
    length = step.flatten(1).norm(dim=1)  # [B]
    factor: Tensor = (limit / length.clamp_min(1e-12)).clamp(max=1)  # [B]
    return step * factor[:, None, None]

"""Architectures of the hypernetwork at an equal budget: each is trained from scratch for as many processor seconds.

How many steps these are is measured before, so that a larger network takes fewer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

from cprograms.files import replace_file, replace_json
from surrogate.mlp.emission.hub import HypernetworkModel
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from training.config import config_of
from training.errors import geometric_mean
from training.examples.example import Example
from training.examples.shards import ExampleStore
from training.examples.zero_shot import ScaleSource, zero_shot_errors
from training.hypernetwork.train import HypernetworkTrainer, TrainingConfig
from training.markdown import table_lines

ROUNDS, WARM_STEPS, TIMED_STEPS = 3, 5, 20
"""How steps are timed: every variant in turn, so many times, by steps after those that warm it up."""
COLUMNS: dict[str, tuple[int, ScaleSource]] = {
    "0 rows": (0, "given"),
    "0 rows, predicted scale": (0, "predicted"),
    "8 rows": (8, "given"),
    "64 rows": (64, "given"),
}
"""What a variant's errors are measured with."""


# --- What is tried ---


@dataclass(frozen=True)
class Variant:
    """An architecture: settings that differ, of the training or under its 'model', and a change of the new network."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    change: Callable[[Hypernetwork], None] = lambda model: None


def low_rank(rank: int) -> Callable[[Hypernetwork], None]:
    """The middle layer by so few numbers times a learned matrix, in the place of a direct head."""

    def change(model: Hypernetwork) -> None:
        head = model.middle_head
        low = nn.Sequential(nn.Linear(head.in_features, rank, bias=False), nn.Linear(rank, head.out_features))
        model.add_module("middle_head", low)

    return change


def mixture(bases: int) -> Callable[[Hypernetwork], None]:
    """The middle layer as a mean of so many learned ones, whose shares sum to one."""

    def change(model: Hypernetwork) -> None:
        head = model.middle_head
        shares = nn.Sequential(nn.Linear(head.in_features, bases), nn.Softmax(-1))
        model.add_module("middle_head", nn.Sequential(*shares, nn.Linear(bases, head.out_features, bias=False)))

    return change


def one_block(model: Hypernetwork) -> None:
    """One residual block a composed node, in the place of two."""
    model.compose.add_module("second", nn.Identity())


class AttendedOperands(nn.Module):
    """Operands that attend to one another by several heads, before they are added to a node's state."""

    def __init__(self, d: int, heads: int):
        super().__init__()
        self.attend = nn.MultiheadAttention(d, heads, batch_first=True)
        self.add = nn.Linear(3 * d, d)

    def forward(self, gated: Tensor) -> Tensor:
        """[n, 3 d] -> [n, d]."""
        c = gated.view(len(gated), 3, -1)  # [n, 3, d]
        read, _ = self.attend(c, c, c, need_weights=False)  # [n, 3, d]
        added: Tensor = self.add((c + read).flatten(1))  # [n, d]
        return added


def attended(model: Hypernetwork) -> None:
    model.compose.add_module("operands", AttendedOperands(model.architecture.hidden_size, model.architecture.heads))


AS_PACKAGED = Variant("as packaged")
VARIANTS = [
    AS_PACKAGED,
    Variant("as packaged, another seed", {"seed": 1}),
    Variant("64 wide", model={"hidden_size": 64}),
    Variant("192 wide", model={"hidden_size": 192}),
    Variant("256 wide", model={"hidden_size": 256}),
    Variant("one transformer layer", model={"layers": 1}),
    Variant("four transformer layers", model={"layers": 4}),
    Variant("one head", model={"heads": 1}),
    Variant("eight heads", model={"heads": 8}),
    Variant("operands attend by four heads", change=attended),
    Variant("one block a node", change=one_block),
    Variant("middle layer of rank 32", change=low_rank(32)),
    Variant("middle layer mixed of 16", change=mixture(16)),
    Variant("towers 96 wide", model={"surrogate_width": 96}),
    Variant("one Gauss–Newton step", model={"gauss_newton_steps": 1}),
    Variant("no dense supervision", {"dense_weight": 0.0}),
]


# --- Training at a budget ---


class VariantTrainer(HypernetworkTrainer):
    """Trains a variant of the hypernetwork."""

    def __init__(self, variant: Variant, config: TrainingConfig, data: Path, out: Path):
        self.variant = variant
        super().__init__(config, data, out)

    def new_model(self) -> HypernetworkModel:
        model = super().new_model()
        self.variant.change(model)
        return model

    def validate(self) -> dict[str, float]:
        return {}  # it is measured on other folders when all is trained


def settings_of(variant: Variant, settings: Mapping[str, Any], steps: int) -> TrainingConfig:
    """The settings of a variant's training, which warms up in a twentieth of its steps."""
    model = dict(settings.get("model", {})) | dict(variant.model)
    changed = dict(settings) | dict(variant.settings)
    return config_of(
        TrainingConfig, changed | {"steps": steps, "warmup": max(1, steps // 20), "model": model}, variant.name
    )


def timed(variants: Sequence[Variant], settings: Mapping[str, Any], data: Path, work: Path) -> dict[str, float]:
    """Processor seconds of a step of each variant, by its name: the least of some rounds, as another process on the
    machine makes steps longer. All do the same draws, those of the settings' seed."""
    least: dict[str, float] = {}
    for _ in range(ROUNDS):
        for variant in variants:
            with TemporaryDirectory(dir=work) as out:
                seconds = seconds_a_step(variant, settings, data, Path(out))
            least[variant.name] = min(seconds, least.get(variant.name, seconds))
    return least


def seconds_a_step(variant: Variant, settings: Mapping[str, Any], data: Path, out: Path) -> float:
    """Processor seconds of one step, in the mean."""
    config = replace(settings_of(variant, settings, WARM_STEPS + TIMED_STEPS), seed=settings.get("seed", 0))
    trainer = VariantTrainer(variant, config, data, out)
    started = time.process_time()
    while trainer.step < trainer.config.steps:
        if trainer.step == WARM_STEPS:
            started = time.process_time()
        trainer.train_step()
        trainer.step += 1
    return (time.process_time() - started) / TIMED_STEPS


def measure(
    variant: Variant,
    settings: Mapping[str, Any],
    steps: int,
    data: Path,
    validation: Mapping[str, Sequence[Example]],
    work: Path,
) -> dict[str, Any]:
    """Train a variant, and measure it: parameters, steps, and each folder's errors.

    An interrupted training goes on from its checkpoint in `work`.
    """
    out = work / variant.name.replace(" ", "_")
    trainer = VariantTrainer(variant, settings_of(variant, settings, steps), data, out)
    trainer.run()
    return {
        "variant": variant.name,
        "parameters": sum(p.numel() for p in trainer.model.parameters()),
        "steps": trainer.step,
        "errors": {name: errors_of(trainer.model, examples) for name, examples in validation.items()},
    }


def errors_of(model: Hypernetwork, examples: Sequence[Example]) -> dict[str, float]:
    """The geometric mean of nMSE in each of `COLUMNS`."""
    return {
        name: geometric_mean(zero_shot_errors(model, list(examples), rows, scale=scale))
        for name, (rows, scale) in COLUMNS.items()
    }


def study(
    command: str,
    settings: Mapping[str, Any],
    names: Sequence[str],
    budget: float,
    data: Path,
    validation: Sequence[Path],
    count: int,
    out: Path,
    work: Path,
) -> Iterator[str]:
    """Measure the variants of these names, one after the other, and write OUT.json and OUT.md after each.

    Their steps are timed before, all in one run. What OUT.json holds is not measured again. Gives each variant's name
    once it is measured.
    """
    target = out.with_suffix(".json")
    work.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {"seconds": {}, "variants": []}
    held = {folder.name: ExampleStore(folder, "validation").evenly_spaced(count) for folder in validation}
    found |= {"command": command, "budget": budget, "examples": {name: len(e) for name, e in held.items()}}
    asked = [v for v in VARIANTS if v.name in names]
    if any(v.name not in found["seconds"] for v in asked):
        found["seconds"] |= timed(asked, settings, data, work)
        replace_json(target, found)
    for variant in asked:
        if variant.name not in {v["variant"] for v in found["variants"]}:
            steps = max(1, round(budget / found["seconds"][variant.name]))
            found["variants"].append(measure(variant, settings, steps, data, held, work))
            replace_json(target, found)
            replace_file(out.with_suffix(".md"), markdown(found).encode())
            yield variant.name


# --- The page ---


def markdown(found: Mapping[str, Any]) -> str:
    """The page: a table for each folder, with ratios to the packaged architecture where that was measured."""
    base = next((v for v in found["variants"] if v["variant"] == AS_PACKAGED.name), None)
    lines = [
        "# Architectures at an equal budget",
        "",
        f"Command: `{found['command']}`, torch {torch.__version__}, one thread.",
        "",
        f"Each variant is trained from scratch for {found['budget']:g} processor seconds, on the same examples.",
        "Geometric means of nMSE on validation examples; the scale is given unless the column says otherwise.",
        "In brackets: how many times the error of the packaged architecture. Less than 1 is better.",
        "The two seeds of the packaged architecture show what is chance.",
        "",
    ]
    header = ["variant", "parameters", "ms a step", "steps", *COLUMNS]
    for folder, count in found["examples"].items():
        rows = (_row(v, found["seconds"][v["variant"]], folder, base) for v in found["variants"])
        lines += [f"## {folder}, {count} results", "", *table_lines(header, rows, len(header) - 1), ""]
    return "\n".join(lines)


def _row(variant: Mapping[str, Any], seconds: float, folder: str, base: Mapping[str, Any] | None) -> list[str]:
    size, steps = f"{variant['parameters'] / 1e6:.2f} M", f"{variant['steps']:,}"
    errors = variant["errors"][folder]
    return [
        variant["variant"],
        size,
        f"{1000 * seconds:.0f}",
        steps,
        *(_cell(error, base["errors"][folder][column] if base else None) for column, error in errors.items()),
    ]


def _cell(error: float, base: float | None) -> str:
    return f"{error:.3g}" if base is None else f"{error:.3g} ({error / base:.2f})"

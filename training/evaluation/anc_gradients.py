"""The two gradients of an ANC descent on one program: how each line is pulled towards STOP, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import torch

from surrogate.anc.adaptation.loss import execute
from surrogate.anc.adaptation.outcome import Floats
from surrogate.anc.adaptation.tasks import TapeTask
from surrogate.anc.machine.assembly import instruction_text
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import Op
from surrogate.anc.machine.machine import StopGradient, to_tape

try:
    from matplotlib.figure import Figure
except ImportError:
    from cprograms.diagnostics import UsageError

    raise UsageError("plots need matplotlib: pip install 'surrogate-compiler[plot]'") from None

COPIES, TAPES = 50, 20  # of the program, which differ after its last line; for each
COLOURS = {"published": "#d9480f", "exact": "#2667b2"}
SAID = {"published": "the authors' backward pass", "exact": "the gradient of the loss"}


@dataclass(frozen=True)
class Both:
    """Of each gradient: `pulls` [lines], how descent changes the logit of STOP on each line at first, and `cosine`."""

    pulls: dict[StopGradient, Floats]
    cosine: float


def both(task: TapeTask, sharpness: float, seed: int) -> Both:
    """The two gradients of a published program, with its published settings, in float64.

    Means over COPIES copies and TAPES tapes each; the cosine is that of all weights, of all copies.
    """
    assert task.adaptation is not None
    samples = task.sample(np.random.default_rng(seed), COPIES * TAPES, biased=True)
    tape, target, mask = (
        torch.from_numpy(part).reshape(COPIES, TAPES, -1) for part in (samples.tape, samples.target, samples.mask)
    )
    program, pulls, flat = task.published(), {}, {}
    for gradient in get_args(StopGradient):
        settings = replace(task.adaptation, stop_gradient=gradient)
        controller = Controller.of([program] * COPIES, sharpness, torch.Generator().manual_seed(seed)).double()
        tapes, targets = to_tape(tape).double(), to_tape(target).double()
        loss = execute(controller, tapes, targets, mask.double(), settings, settings.max_steps).loss
        torch.autograd.backward(loss.sum() / (COPIES * TAPES))
        grads = [parameter.grad for parameter in controller.parameters() if parameter.grad is not None]
        flat[gradient] = torch.cat([grad.flatten() for grad in grads])
        pulls[gradient] = -grads[0].sum(dim=0)[: len(program), Op.STOP].numpy()
    return Both(pulls, float(torch.cosine_similarity(flat["published"], flat["exact"], dim=0)))


def draw(task: TapeTask, sharpnesses: Sequence[float], seed: int) -> Figure:
    """A panel for each sharpness of the program, a pair of bars for each of its lines."""
    figure = Figure(figsize=(4.2 * len(sharpnesses), 3.1), layout="constrained")
    lines = [f"{i}  {instruction_text(line)}" for i, line in enumerate(task.published().instructions)]
    places = np.arange(len(lines))
    panels = figure.subplots(1, len(sharpnesses), sharex=True, sharey=True, squeeze=False)[0]
    for axes, sharpness in zip(panels, sharpnesses, strict=True):
        for offset, (gradient, pull) in zip((-0.19, 0.19), both(task, sharpness, seed).pulls.items(), strict=True):
            axes.barh(places + offset, pull, 0.36, color=COLOURS[gradient], label=SAID[gradient])
        axes.axvline(0, color="#52606d", linewidth=0.8)
        axes.set_yticks(places, lines, family="monospace", fontsize=8)
        axes.set_title(f"sharpness {sharpness:g}", fontsize=9, loc="left")
        axes.set_xlabel("away from STOP  ←   pull   →  towards STOP", fontsize=8)
        axes.tick_params(axis="x", labelsize=7)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), fontsize=8, frameon=False, loc="outside upper left", ncols=2)
    return figure

"""The search with what a descent finds: as programs to start from, and as soft programs that no search can reach."""

from __future__ import annotations

import numpy as np
import torch

from surrogate.anc.adaptation import gradient, hybrid
from surrogate.anc.adaptation.outcome import Draw, Progress, evaluate
from surrogate.anc.adaptation.tasks import Published
from surrogate.anc.decompiler.reading import likeliest, probabilities_of
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller


def adapt(
    program: Assembly,
    draw: Draw,
    settings: Published,
    seeds: int,
    seed: int,
    progress: Progress,
    watch: gradient.Watch | None = None,
) -> Controller:
    """A descent, then the search from its programs' likeliest choices where these are right: the faster of each seed.

    A soft program of the descent is taken where it is right on all of CHECKS fresh tapes, and there in fewer iterations
    than the exact one that the search ends with. Ctrl-C ends the descent or the search, and the best so far is kept.
    """

    def descending(done: int, total: int) -> None:
        progress(seeds * done // total, 2 * seeds)

    descent = gradient.adapt(program, draw, settings, seeds, seed, descending, watch)
    best = descent.best
    if descent.checkpoints[-1].step < settings.steps:
        exact = Controller.of([program] * seeds)
    else:
        starts = [_exact(best.one(p)) for p in range(seeds)]
        exact = hybrid.adapt(
            program,
            draw,
            settings.max_steps,
            seeds,
            seed,
            lambda done, total: progress(seeds + done, 2 * seeds),
            starts,
        )
    tapes = draw(np.random.default_rng([seed, 2]), hybrid.CHECKS)
    soft, hard = (evaluate(controllers, tapes, settings.max_steps) for controllers in (best, exact))
    better = torch.from_numpy((soft.right == 1) & (soft.iterations < hard.iterations))
    pairs = zip(best.parameters(), exact.parameters(), strict=True)
    return Controller(*(torch.where(better.view(-1, *[1] * (s.ndim - 1)), s, e).detach() for s, e in pairs))


def _exact(controller: Controller) -> Assembly | None:
    """The likeliest program of a controller; None for one that does not begin at line 0."""
    reading = likeliest(probabilities_of(controller))
    return reading.assembly if reading.start == 0 else None

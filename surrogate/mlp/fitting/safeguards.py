"""What stands between the measured pipeline and the user, so that it is seldom worse than a constant.

At -O1 and -O2 rows that shaped no weights decide: a result whose network is not clearly better on them than the mean
becomes that mean, and at -O1 they say how many of the rows the hypernetwork reads. -O0, which runs nothing, has
`surrogate.mlp.fitting.scale`.

Shapes: n held-out rows, A arguments, R results.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from cprograms.program import Program
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.parts.towers import choose
from surrogate.numeric.checking.errors import result_error
from surrogate.numeric.rows import compile_seed, output_moments, sampled_rows

HELD_OUT_ROWS = 256
LEAST_GAIN = 0.05
"""What a network must gain over the mean. On so many rows one that errs no less than the mean seems to gain as much
once in some thousand times: of nMSE 1 + v, its gain there is -v ± √v / 8, where the rows are near Gaussian."""
UNSURE_GAIN = 1.3
"""What it must gain, over the root of the rows, where each is left out: a choice among many gains some by chance."""

Rows = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def held_out_rows(program: Program, seed: int, count: int = HELD_OUT_ROWS) -> Rows:
    """Inputs [n, A] and outputs [n, R] that neither shape weights nor measure them: n may be 0.

    They are uniform, as those of a check are; no check draws with an even seed, and a compile's rows are Sobol' points.
    """
    return sampled_rows(program, count, compile_seed(seed), "uniform")


def errors(network: SurrogateNetwork, rows: Rows) -> npt.NDArray[np.float64]:
    """The nMSE [R] on rows; infinite where the network gives no number."""
    x, y = rows
    found = [result_error("", true, predicted).nmse for true, predicted in zip(y.T, network.predict(x).T, strict=True)]
    return np.where(np.isnan(found), np.inf, found)


def best_of(networks: Sequence[SurrogateNetwork], rows: Rows) -> SurrogateNetwork:
    """Of networks of one program, that whose every tower errs least on the rows; of equals the first."""
    best = networks[0]
    least = errors(best, rows)
    for other in networks[1:]:
        error = errors(other, rows)
        better = torch.from_numpy(error < least)
        best.hold(choose(better, other.towers, best.towers))
        for name in ("mean", "std"):
            own = getattr(best, name)
            own.copy_(torch.where(better, getattr(other, name), own))
        least = np.minimum(error, least)
    return best


@torch.no_grad()
def fall_back(network: SurrogateNetwork, shaped: npt.NDArray[np.float64], rows: Rows) -> list[int]:
    """Make results whose network is not clearly better on held-out rows the mean, in place, and return them.

    `shaped` [K, R] are the outputs that shaped the weights: the mean is that of all rows.
    """
    x, y = rows
    if not len(x):
        return []
    means = np.array([output_moments(column)[0] for column in np.concatenate([shaped, y]).T])
    of_mean = [result_error("", true, np.full(len(true), mean)).nmse for true, mean in zip(y.T, means, strict=True)]
    better = errors(network, rows) <= (1 - LEAST_GAIN) * np.array(of_mean)
    worse = [k for k in range(len(means)) if network.std[k] > 0 and not better[k]]
    for k in worse:
        network.mean[k], network.std[k] = means[k], 0
        # Nothing times zero is still nothing where a tower overflows.
        network.silence(k)
    return worse


@torch.no_grad()
def average_unsure(network: SurrogateNetwork, left_out: Sequence[float], rows: int) -> list[int]:
    """Make results the mean that err no less than it where each of so many rows is left out, in place; return them.

    `left_out` [R] are mean squared errors in units of the results' variance. For where there are no held-out rows. Of
    fewer rows, a greater gain is asked for, as the chance of one grows.
    """
    most = (1 - UNSURE_GAIN / rows**0.5) * (rows / (rows - 1)) ** 2
    worse = [k for k, error in enumerate(left_out) if network.std[k] > 0 and not error <= most]
    for k in worse:
        network.std[k] = 0
        network.silence(k)
    return worse

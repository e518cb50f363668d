"""The parts of a network in numpy alone: `surrogate.export.module` writes the text of these functions into its files.

They import nothing and call only each other. Shapes: n rows, A arguments, Z inputs, R results, H hidden units, N terms,
M centres.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Rows = np.ndarray


def towers(w: dict[str, Any], z: Rows) -> Rows:
    """An MLP of two hidden layers a result: [n, Z] -> [n, R], in the type of its weights."""
    z = z.astype(w["w1"].dtype)
    h = silu(z @ w["w1"].swapaxes(1, 2) + w["b1"][:, None])  # [R, n, H]
    h = silu(h @ w["w2"].swapaxes(1, 2) + w["b2"][:, None])
    found: Rows = (h @ w["w3"][:, :, None])[:, :, 0].T + w["b3"]
    return found


def silu(z: Rows) -> Rows:
    """z σ(z)."""
    found: Rows = z / (1 + np.exp(-z))
    return found


def polynomial(w: dict[str, Any], z: Rows) -> Rows:
    """Sums of products of Chebyshev polynomials, by the steps of the surrogate: [n, Z] -> [n, R]."""
    rows = np.concatenate([np.ones((1, len(z))), z.T[w["inputs"]]])
    for first, second, less in (level for name, level in w.items() if name.startswith("powers")):
        rows = np.concatenate([rows, 2 * rows[first] * rows[second] - rows[less]])
    for first, second in (level for name, level in w.items() if name.startswith("products")):
        rows = np.concatenate([rows, rows[first] * rows[second]])
    found: Rows = (w["matrix"] @ rows[w["left"]] * rows[w["right"]]).sum(1).T
    return found


def kernel(w: dict[str, Any], z: Rows) -> Rows:
    """The mean of a Gaussian process, of values and perhaps slopes: [n, Z] -> [n]."""
    z, c = z * w["rates"], w["centres"] * w["rates"]
    s = np.maximum((z * z).sum(1)[:, None] + (c * c).sum(1) - 2 * z @ c.T, 0)  # [n, M]
    if w["kind"] == "gaussian":
        value = first = np.exp(-s / 2)
    else:  # Matérn 5/2
        q = np.sqrt(np.maximum(5 * s, 1e-30))
        e = np.exp(-q)
        value, first = (1 + q + q * q / 3) * e, 5 / 3 * (1 + q) * e
    found: Rows = value @ w["weights"]
    if len(w["slopes"]):
        b = w["slopes"] * w["rates"]
        found = found + (first * (z @ b.T - (c * b).sum(1))).sum(1)
    return found


def table(w: dict[str, Any], x: Rows) -> Rows:
    """What a table has at integers: [n, A] -> [n, R]. Outside of it the nearest point is read."""
    steps = np.clip(np.nan_to_num(x), -(2.0**62), 2.0**62).astype(np.int64) - w["low"]
    place = np.zeros(len(x), dtype=np.int64)
    for step, size in zip(steps.T, w["sizes"], strict=True):
        place = place * size + np.clip(step, 0, size - 1)
    found: Rows = w["values"][place].copy()
    found[np.isnan(x).any(1)] = np.nan
    return found


def network(w: dict[str, Any], x: Rows) -> Rows:
    """The whole network: [n, A] -> [n, R], both in C units. `taps` are inner values of the program."""
    if "table" in w:
        return table(w["table"], x)
    z = (x - w["mid"]) / w["reach"]
    if "taps" in w:
        scaled = (w["graph"](x) - w["taps"]["mid"]) / w["taps"]["reach"]
        z = np.concatenate([z, np.clip(np.nan_to_num(scaled, nan=0.0), -w["limit"], w["limit"])], axis=1)
    y = towers(w["towers"], z).astype(np.float64)
    if "polynomial" in w:
        y = y + polynomial(w["polynomial"], z)
    for k, head in w["kernels"].items():
        y[:, k] += kernel(head, z)
    found: Rows = w["mean"] + w["std"] * y
    return found

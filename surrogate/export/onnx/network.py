"""An emitted network in ONNX: the same parts, as few nodes as they take.

Shapes: n rows, A arguments, Z inputs of the parts, R results, H hidden units, N terms, M centres.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from surrogate.export.onnx import graph
from surrogate.export.onnx.building import Builder
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.parts.kernel import KernelHead
from surrogate.mlp.parts.polynomial import Chebyshev
from surrogate.mlp.parts.table import Table
from surrogate.mlp.parts.taps import LIMIT, Taps


def network(b: Builder, module: SurrogateNetwork, x: str, columns: list[str]) -> str:
    """From x [n, A], or each argument of `columns` [n], float64, to [n, R]. Raises UsageError as `graph.results`."""
    if module.table is not None:
        return _table(b, module.table, x)
    with np.errstate(divide="ignore"):
        rate = 1 / module.reach.numpy()
    z = b.add("Mul", b.add("Sub", x, b.constant(module.mid.numpy())), b.constant(rate))  # [n, A]
    if module.taps is not None:
        z = b.add("Concat", z, _taps(b, module.taps, columns), axis=1)  # [n, Z]
    parts = [part for part in (_towers(b, module, z), _polynomial(b, module.polynomial, z)) if part]
    if len(module.kernels):
        parts.append(_kernels(b, module.heads, len(module.mean), z))
    total = parts[0]
    for part in parts[1:]:
        total = b.add("Add", total, part)
    return b.add("Add", b.add("Mul", total, b.constant(module.std.numpy())), b.constant(module.mean.numpy()))


def _taps(b: Builder, taps: Taps, columns: list[str]) -> str:
    """[n, T] of the arguments' columns [n]."""
    values = [b.add("Unsqueeze", value, b.axes(1)) for value in graph.results(b, taps.graph, columns)]
    raw = b.add("Concat", *values, axis=1) if len(values) > 1 else values[0]
    scaled = b.add("Div", b.add("Sub", raw, b.constant(taps.mid.numpy())), b.constant(taps.reach.numpy()))
    defined = b.add("Where", b.add("IsNaN", scaled), b.constant(0.0), scaled)
    return b.add("Clip", defined, b.constant(-LIMIT), b.constant(LIMIT))


def _towers(b: Builder, module: SurrogateNetwork, z: str) -> str:
    """[n, R], or, where no tower is read, their offsets [R]."""
    kind = "f32" if module.w1.dtype == torch.float32 else "f64"
    w1, b1, w2, b2, w3, b3 = (p.detach().numpy() for p in module.tower_parameters)
    if not w3.any():
        return b.constant(b3.astype(np.float64))
    given = z if kind == "f64" else b.cast(z, kind)
    if len(b3) == 1:
        layers = [(w1[0].T, b1[0]), (w2[0].T, b2[0]), (w3.T, b3)]
        for k, (w, bias) in enumerate(layers):
            weights = b.constant(w, kind, f"w{k + 1}"), b.constant(bias, kind, f"b{k + 1}")
            given = b.add("Gemm", given, *weights)
            given = given if k == 2 else _silu(b, given)
    else:
        for k, (w, bias) in enumerate([(w1, b1), (w2, b2)]):
            summed = b.add("MatMul", given, b.constant(w.transpose(0, 2, 1), kind, f"w{k + 1}"))  # [R, n, H]
            given = _silu(b, b.add("Add", summed, b.constant(bias[:, None], kind, f"b{k + 1}")))
        summed = b.add("MatMul", given, b.constant(w3[:, :, None], kind, "w3"))  # [R, n, 1]
        turned = b.add("Transpose", b.add("Squeeze", summed, b.axes(2)), perm=[1, 0])
        given = b.add("Add", turned, b.constant(b3, kind, "b3"))
    return given if kind == "f64" else b.cast(given, "f64")


def _silu(b: Builder, value: str) -> str:
    return b.add("Mul", value, b.add("Sigmoid", value))


def _polynomial(b: Builder, part: Chebyshev | None, z: str) -> str:
    """[n, R], by the steps of `surrogate.mlp.parts.products`; within, n is innermost."""
    if part is None:
        return ""

    def rows(table: str, places: npt.NDArray[np.int64]) -> str:
        return b.add("Gather", table, b.constant(places, "int"), axis=0)

    own = part.steps
    inputs = rows(b.add("Transpose", z, perm=[1, 0]), own.inputs)
    known = b.add("Pad", inputs, b.axes(1, 0, 0, 0), b.constant(1.0))  # a row of ones before them
    for first, second, less in own.powers:
        product = b.add("Mul", rows(known, first), rows(known, second))
        power = b.add("Sub", b.add("Mul", product, b.constant(2.0)), rows(known, less))
        known = b.add("Concat", known, power, axis=0)
    for first, second in own.products:
        known = b.add("Concat", known, b.add("Mul", rows(known, first), rows(known, second)), axis=0)
    left, right, _ = own.grid
    matrix = b.constant(own.matrix(part.coefficients.detach().numpy()), name="coefficients")
    sums = b.add("MatMul", matrix, rows(known, left))  # [R, B, n]
    total = b.add("ReduceSum", b.add("Mul", sums, rows(known, right)), b.axes(1), keepdims=0)  # [R, n]
    return b.add("Transpose", total, perm=[1, 0])


def _kernels(b: Builder, heads: dict[int, KernelHead], results: int, z: str) -> str:
    """[n, R], 0 for a result that has none."""
    none = b.add("Mul", b.add("ReduceSum", z, b.axes(1)), b.constant(0.0))  # [n, 1]
    columns = [_kernel(b, heads[k], z, f"kernel{k}") if k in heads else none for k in range(results)]
    return b.add("Concat", *columns, axis=1) if results > 1 else columns[0]


def _kernel(b: Builder, head: KernelHead, z: str, name: str) -> str:
    """[n, 1]; see `surrogate.mlp.parts.kernel.KernelHead`."""
    rates, centres = head.rates.numpy(), (head.centres * head.rates).numpy()
    scaled = b.add("Mul", z, b.constant(rates))
    own = b.add("ReduceSum", b.add("Mul", scaled, scaled), b.axes(1))  # [n, 1]
    both = b.add("MatMul", scaled, b.constant(-2 * centres.T, name=f"{name}_centres"))  # [n, M]
    distance = b.add("Add", b.add("Add", own, both), b.constant((centres**2).sum(1)))
    s = b.add("Max", distance, b.constant(0.0))
    if head.kind == "gaussian":
        value = first = b.add("Exp", b.add("Mul", s, b.constant(-0.5)))
    else:
        q = b.add("Sqrt", b.add("Mul", s, b.constant(5.0)))
        e = b.add("Exp", b.add("Neg", q))
        linear = b.add("Add", q, b.constant(1.0))
        third = b.add("Mul", b.add("Mul", q, q), b.constant(1 / 3))
        value = b.add("Mul", b.add("Add", linear, third), e)
        first = b.add("Mul", b.add("Mul", linear, e), b.constant(5 / 3))
    found = b.add("MatMul", value, b.constant(head.weights.detach().numpy()[:, None], name=f"{name}_weights"))
    if head.slopes.shape[0] == 0:
        return found
    slopes = (head.slopes.detach() * head.rates).numpy()
    turned = b.add("MatMul", scaled, b.constant(slopes.T, name=f"{name}_slopes"))
    along = b.add("Sub", turned, b.constant((centres * slopes).sum(1)))
    return b.add("Add", found, b.add("ReduceSum", b.add("Mul", first, along), b.axes(1)))


def _table(b: Builder, table: Table, x: str) -> str:
    sizes = table.sizes.numpy()
    known = b.add("Where", b.add("IsNaN", x), b.constant(0.0), x)
    held = b.add("Max", b.add("Min", known, b.constant(2.0**62)), b.constant(-(2.0**62)))
    steps = b.add("Sub", b.cast(held, "int"), b.constant(table.low.numpy(), "int"))
    inside = b.add("Max", b.add("Min", steps, b.constant(sizes - 1, "int")), b.constant(0, "int"))
    strides = np.array([int(np.prod(sizes[k + 1 :])) for k in range(len(sizes))])
    place = b.add("ReduceSum", b.add("Mul", inside, b.constant(strides, "int")), b.axes(1), keepdims=0)  # [n]
    found = b.add("Gather", b.constant(table.values.numpy(), name="values"), place, axis=0)  # [n, R]
    counted = b.add("ReduceMax", b.cast(b.add("IsNaN", x), "int"), b.axes(1))  # [n, 1]
    return b.add("Where", b.cast(counted, "flag"), b.constant(np.nan), found)

"""An emitted network as C: the file's tables of weights, and the code that reads them.

Shapes: A arguments, Z inputs of the parts, R results, H hidden units, T towers that are read. A block is some rows,
which are innermost in every array, so that each step is one of vectors; its width follows the processor, which is asked
once a call. One row alone goes through the same weights with the hidden units innermost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from surrogate.export.c import graph
from surrogate.export.c.code import KERNEL, LOOKUP, POLYNOMIAL, ROWS, TOWERS, compiled_for_all
from surrogate.export.c.numbers import array, floats
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.parts.kernel import KernelHead
from surrogate.mlp.parts.polynomial import Chebyshev
from surrogate.mlp.parts.products import steps
from surrogate.mlp.parts.taps import LIMIT, Taps

Array = npt.NDArray[np.float64]
PAD = 16
"""Hidden units come in so many, as centres of kernels do: those of a vector of the widest kind. Further ones are 0."""


class Piece(NamedTuple):
    """A part of the network: `tables` are its numbers, `code` is written for each kind of processor.

    `one` and `many` are statements of the functions on a row and on a block.
    """

    tables: str
    code: str
    one: str
    many: str


def network(module: SurrogateNetwork, single: bool) -> str:
    """The text that defines `$row` and `$rows`: `$` stands for the prefix of the file's own names.

    `single`: the towers compute in float, else in double.
    """
    if module.table is not None:
        low, sizes, values = (t.numpy() for t in (module.table.low, module.table.sizes, module.table.values))
        tables = [
            f"enum {{ $arguments = {len(low)}, $results = {values.shape[1]} }};",
            floats("double $low[]", low.astype(np.float64)),
            floats("double $sizes[]", sizes.astype(np.float64)),
            floats("double $values[]", values),
        ]
        return "\n".join([*tables, LOOKUP])
    pieces = [*_towers(module, single)]
    if module.polynomial is not None:
        pieces += _polynomial(module.polynomial)
    pieces += [_kernel(result, head) for result, head in module.heads.items()]
    taps = _taps(module.taps, len(module.mid)) if module.taps is not None else ""
    return _assembled(module, pieces, taps, single)


def _assembled(module: SurrogateNetwork, pieces: list[Piece], taps: str, single: bool) -> str:
    with np.errstate(divide="ignore"):
        rate = 1 / module.reach.numpy()
    sizes = {
        "arguments": len(module.mid),
        "inputs": module.w1.shape[2],
        "results": len(module.mean),
    }
    head = [
        f"enum {{ {', '.join(f'${name} = {size}' for name, size in sizes.items())} }};",
        f"typedef {'float' if single else 'double'} $real;",
        floats("double $mid[]", module.mid.numpy()),
        floats("double $rate[]", rate),
        floats("double $mean[]", module.mean.numpy()),
        floats("double $std[]", module.std.numpy()),
        *(piece.tables for piece in pieces),
        taps,
    ]
    inputs = ("$taps(x, z + $arguments);", "$taps(row, t);\n{store}") if taps else ("", "")
    store = "        for (int k = $arguments; k < $inputs; ++k) z[k][r] = t[k - $arguments];"
    code = ROWS.replace("<TAPS>", inputs[0]).replace("<BLOCK_TAPS>", inputs[1].replace("{store}", store))
    code = code.replace("<TAPS_ROOM>", "double t[$inputs - $arguments];" if taps else "")
    code = code.replace("<ONE>", "\n".join(piece.one for piece in pieces))
    code = code.replace("<MANY>", "\n".join(piece.many for piece in pieces))
    functions = "".join(dict.fromkeys(piece.code for piece in pieces)) + code
    return compiled_for_all(head, functions, single)


def _towers(module: SurrogateNetwork, single: bool) -> Iterator[Piece]:
    """The towers of which something is read, over the inputs that one of them reads."""
    w1, b1, w2, b2, w3, b3 = (p.detach().to(torch.float64).numpy() for p in module.tower_parameters)
    offset = floats("double $offset[]", b3)
    read = np.flatnonzero(w3.any(1)) if w3.shape[1] else np.array([], dtype=np.int64)
    if not len(read):
        yield Piece(offset, "", "", "")
        return
    inputs = np.flatnonzero(w1[read].any((0, 1)))
    hidden = w3.shape[1]
    width = -(-hidden // PAD) * PAD
    more = width - hidden
    tables = [
        offset,
        f"enum {{ $towers = {len(read)}, $hidden = {width}, $read = {max(len(inputs), 1)} }};",
        array("int $tower_result[]", map(str, read)),
        array("int $tower_input[]", map(str, inputs if len(inputs) else [0])),
    ]
    columns = inputs if len(inputs) else [0]
    layers = {
        "w1": np.pad(w1[read][:, :, columns].transpose(0, 2, 1), ((0, 0), (0, 0), (0, more))),  # [T, read, width]
        "b1": np.pad(b1[read], ((0, 0), (0, more))),
        "w2": np.pad(w2[read].transpose(0, 2, 1), ((0, 0), (0, more), (0, more))),  # [T, width of in, width of out]
        "b2": np.pad(b2[read], ((0, 0), (0, more))),
        "w3": np.pad(w3[read], ((0, 0), (0, more))),
    }
    for name, values in layers.items():
        tables.append(floats(f"$real ${name}[] $ALIGNED", values, single))
    yield Piece("\n".join(tables), TOWERS, "    $towers_one@(z, y);", "        $towers_many@(z, found);")


def _polynomial(part: Chebyshev) -> Iterator[Piece]:
    """The steps of the terms that some result has. A group is a right half and what one result multiplies it by."""
    coefficients, exponents = part.coefficients.detach().numpy(), part.exponents.numpy()
    kept = coefficients.any(0)
    if not kept.any():
        return
    own = steps(exponents[kept], 1)
    result, term = np.nonzero(coefficients[:, kept])
    order = np.lexsort((own.left[term], own.right[term], result))
    result, term = result[order], term[order]
    key = result * own.count + own.right[term]
    ends = np.flatnonzero(np.append(key[1:] != key[:-1], True)) + 1
    powers, products = (
        np.concatenate([np.empty(0, int), *(v.T.ravel() for v in s)]) for s in (own.powers, own.products)
    )

    def whole(name: str, values: npt.NDArray[np.int64]) -> str:
        return array(f"int {name}[]", map(str, values if len(values) else [0]))

    tables = [
        f"enum {{ $poly_rows = {own.count}, $poly_read = {len(own.inputs)}, $groups = {len(ends)},",
        f"    $first_product = {own.count - len(products) // 2} }};",
        whole("$poly_input", own.inputs),
        whole("$power", powers),
        whole("$product", products),
        whole("$group_result", result[ends - 1]),
        whole("$group_row", own.right[term][ends - 1]),
        whole("$end", ends),
        whole("$term", own.left[term]),
        floats("double $coefficient[]", coefficients[:, kept][result, term]),
    ]
    yield Piece("\n".join(tables), POLYNOMIAL, "    $polynomial_one@(z, y);", "        $polynomial_many@(z, found);")


def _kernel(result: int, head: KernelHead) -> Piece:
    """A kernel head; its centres and slopes scaled by the lengths, an input innermost that has none is left out."""
    rates, centres = head.rates.numpy(), head.centres.numpy()
    read = np.flatnonzero(rates)
    sloped = head.slopes.shape[0] > 0
    count = len(centres)
    width = -(-count // PAD) * PAD

    def padded(values: Array) -> Array:
        return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, width - count)])

    scaled = (centres * rates)[:, read].T  # [read, M]
    name = f"$kernel{result}"
    tables = [
        array(f"int {name}_input[]", map(str, read) if len(read) else ["0"]),
        floats(f"double {name}_rate[]", rates[read] if len(read) else np.zeros(1)),
        floats(f"double {name}_centre[] $ALIGNED", padded(scaled) if len(read) else np.zeros(1)),
        floats(f"double {name}_weight[] $ALIGNED", padded(head.weights.detach().numpy())),
    ]
    slope = "0"
    if sloped:
        slopes = (head.slopes.detach().numpy() * rates)[:, read].T
        tables.append(floats(f"double {name}_slope[] $ALIGNED", padded(slopes) if len(read) else np.zeros(1)))
        slope = f"{name}_slope"
    of = f"{name}_input, {name}_rate, {name}_centre, {name}_weight, {slope}, {len(read)}, {width}"
    kind = int(head.place)
    one = f"    y[{result}] += $kernel_one@(z, {of}, {kind});"
    many = f"        $kernel_many@(z, found[{result}], {of}, {kind});"
    return Piece("\n".join(tables), KERNEL, one, many)


def _taps(taps: Taps, arguments: int) -> str:
    """The function `$taps` from C units to scaled taps, 0 where one is not defined."""
    written = graph.function("$nodes", taps.graph, arguments)
    mid, reach = taps.mid.numpy(), taps.reach.numpy()
    return "\n".join(
        [
            written,
            floats("double $tap_mid[]", mid),
            floats("double $tap_reach[]", reach),
            "static inline void $taps(const double *x, double *t) {",
            "    $nodes(x, t);",
            f"    for (int k = 0; k < {len(mid)}; ++k) {{",
            "        const double v = (t[k] - $tap_mid[k]) / $tap_reach[k];",
            f"        t[k] = v != v ? 0.0 : v < -{LIMIT!r} ? -{LIMIT!r} : v > {LIMIT!r} ? {LIMIT!r} : v;",
            "    }",
            "}",
        ]
    )

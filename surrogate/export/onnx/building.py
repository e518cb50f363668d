"""Building an ONNX graph node by node."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper

OPSET = 20
TYPES = {"f64": TensorProto.DOUBLE, "f32": TensorProto.FLOAT, "int": TensorProto.INT64, "flag": TensorProto.BOOL}
DTYPES: dict[str, type[np.generic]] = {"f64": np.float64, "f32": np.float32, "int": np.int64, "flag": np.bool_}


class Builder:
    """Adds nodes, each named after what it computes and its number; equal constants are one initializer.

    No value has one of the names that are `taken`, by arguments and results.
    """

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = frozenset(taken)
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._known: dict[tuple[bytes, str, tuple[int, ...]], str] = {}

    def constant(self, value: npt.ArrayLike, kind: str = "f64", name: str = "") -> str:
        """The initializer of a number or an array; `name` is that of weights."""
        array = np.asarray(value, dtype=DTYPES[kind])
        key = array.tobytes(), kind, array.shape
        if key not in self._known:
            self._known[key] = self._free(name or f"constant_{len(self._known)}")
            self.initializers.append(numpy_helper.from_array(array.copy(order="C"), self._known[key]))
        return self._known[key]

    def add(self, op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """A node; returns the name of its output."""
        output = output or self._free(f"{op.lower()}_{len(self.nodes)}")
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=f"{op}_{len(self.nodes)}", **attributes))
        return output

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        return name

    def choose(self, flag: str, yes: str, no: str) -> str:
        """A truth value or another by a third: runtimes have no Where of truth values."""
        return self.add("Or", self.add("And", flag, yes), self.add("And", self.add("Not", flag), no))

    def cast(self, value: str, kind: str) -> str:
        return self.add("Cast", value, to=TYPES[kind])

    def axes(self, *numbers: int) -> str:
        """Axes or a shape, int64."""
        return self.constant(list(numbers), "int")

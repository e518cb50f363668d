"""The model: inputs and outputs named as in C, what they are of in the metadata, and how ONNX Runtime runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper

from cprograms.diagnostics import UsageError
from cprograms.names import result_columns
from surrogate.export.made import Made, Request, Rows
from surrogate.export.onnx import graph
from surrogate.export.onnx.building import OPSET, Builder
from surrogate.export.onnx.network import network
from surrogate.graph.constants import fitted
from surrogate.graph.module import GraphModule
from surrogate.mlp.network import SurrogateNetwork
from surrogate.numeric.artifact import NumericArtifact
from surrogate.version import __version__

IR_VERSION = 10
_ELEMENT = re.compile(r"(.*)\[(\d+)\]")


def made(artifact: NumericArtifact, request: Request) -> Made:
    """The file and its run by ONNX Runtime on one thread. Raises UsageError for what ONNX cannot hold."""
    content = model(artifact).SerializeToString(deterministic=True)

    def run(x: Rows) -> Rows:
        return session_rows(content, artifact, x)

    return Made({f"{request.file}.onnx": content}, run)


def model(artifact: NumericArtifact) -> ModelProto:
    """An input for each argument, float64 [batch], or [batch, n] for an array, and an output for each result alike."""
    arguments, plain = grouped([a.name for a in artifact.arguments]), grouped([r.name for r in artifact.results])
    names = result_columns([name for name, _ in arguments], [name for name, _ in plain])
    results = [(name, count) for name, (_, count) in zip(names, plain, strict=True)]
    b = Builder([name for name, _ in (*arguments, *results)])
    columns, whole = [], []
    for name, count in arguments:
        if count is None:
            columns.append(name)
            whole.append(b.add("Unsqueeze", name, b.axes(1)))
        else:
            whole.append(name)
            columns += [b.add("Gather", name, b.constant(k, "int"), axis=1) for k in range(count)]
    if isinstance(artifact.module, SurrogateNetwork):
        x = b.add("Concat", *whole, axis=1) if len(whole) > 1 else whole[0]
        y = network(b, artifact.module, x, columns)
        found = [b.add("Gather", y, b.constant(k, "int"), axis=1) for k in range(len(artifact.results))]
    else:
        module = artifact.module
        assert isinstance(module, GraphModule)
        if module.smooth is not None:
            raise UsageError(f"{artifact.entry}: ONNX is for graphs without --smooth")
        found = graph.results(b, fitted(module.graph, [float(c.detach()) for c in module.constants]), columns)
    _name_outputs(b, found, results)
    built = helper.make_graph(
        _needed(b.nodes, [name for name, _ in results]),
        artifact.entry,
        [_value(name, count) for name, count in arguments],
        [_value(name, count) for name, count in results],
        b.initializers,
        doc_string=str(artifact.signature),
    )
    kept = {name for node in built.node for name in node.input}
    del built.initializer[:]
    built.initializer.extend(i for i in b.initializers if i.name in kept)
    made = helper.make_model(
        built,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="surrogate",
        producer_version=__version__,
        doc_string=str(artifact.signature),
    )
    helper.set_model_props(made, _metadata(artifact))
    checker.check_model(made, full_check=True)
    return made


def _needed(nodes: Sequence[NodeProto], outputs: Sequence[str]) -> list[NodeProto]:
    """The nodes that the outputs need, in their order."""
    wanted, kept = set(outputs), list[NodeProto]()
    for node in reversed(nodes):
        if wanted & {*node.output}:
            wanted |= {*node.input}
            kept.append(node)
    return kept[::-1]


def _name_outputs(b: Builder, found: Sequence[str], results: Sequence[tuple[str, int | None]]) -> None:
    """Results [n] as outputs, those of an array side by side."""
    place = 0
    for name, count in results:
        if count is None:
            b.add("Identity", found[place], output=name)
            place += 1
            continue
        parts = [b.add("Unsqueeze", value, b.axes(1)) for value in found[place : place + count]]
        b.add("Concat", *parts, output=name, axis=1)
        place += count


def grouped(names: Sequence[str]) -> list[tuple[str, int | None]]:
    """Arguments or results by the names that C has for them: an array's elements w[0], w[1] … together, with their
    number; None of what is no array."""
    found: list[tuple[str, int | None]] = []
    for base, members in groupby(names, lambda name: _base(name)):
        own = list(members)
        if base and own == [f"{base}[{k}]" for k in range(len(own))]:
            found.append((base, len(own)))
        else:
            found += [(name, None) for name in own]
    return found


def _base(name: str) -> str:
    match = _ELEMENT.fullmatch(name)
    return match[1] if match else ""


def _value(name: str, count: int | None) -> ValueInfoProto:
    shape: list[str | int] = ["batch"] if count is None else ["batch", count]
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape)


def _metadata(artifact: NumericArtifact) -> dict[str, str]:
    measured = artifact.measured
    return {
        "signature": str(artifact.signature),
        "domain": json.dumps({a.name: [a.low, a.high] for a in artifact.arguments}),
        "measured": json.dumps(None if measured is None else {r.name: {"nmse": r.nmse} for r in measured.results}),
    }


def session_rows(content: bytes, artifact: NumericArtifact, x: Rows) -> Rows:
    """A model on rows [n, A]: [n, R], by ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    given, place = {}, 0
    for name, count in grouped([a.name for a in artifact.arguments]):
        given[name] = np.ascontiguousarray(x[:, place] if count is None else x[:, place : place + count])
        place += count or 1
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return np.column_stack(session.run(None, given))
    except Exception as e:  # onnxruntime's exceptions have no common base of their own
        raise UsageError(
            f"{artifact.entry}: ONNX Runtime does not run what was written: {' '.join(str(e).split())}"
        ) from e

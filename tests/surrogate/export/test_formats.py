"""ONNX, torch.export and numpy against the module; what they cannot hold."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import torch

import surrogate
from cprograms.diagnostics import UsageError
from cprograms.graph import evaluate
from cprograms.libm import OPERATORS
from cprograms.lowering import lower
from cprograms.sampling import sample
from cprograms.types import FLOAT
from surrogate.export import exported_program, formats, module
from surrogate.export.formats import FORMATS as FORMATS_OF
from surrogate.export.made import Request
from surrogate.export.pipeline import off
from surrogate.graph.artifact import GraphProgram
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.parts.kernel import KernelHead
from surrogate.mlp.parts.polynomial import Chebyshev
from tests.cprograms.cases import CASES
from tests.cprograms.native import program_of, rows_of
from tests.surrogate.export.networks import (
    plain,
    surrogate_of,
    with_every_part,
    with_sparse_polynomial,
    with_table,
)
from tests.surrogate.graph.test_module import same

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from surrogate.export.onnx import graph as onnx_graph  # noqa: E402
from surrogate.export.onnx import model  # noqa: E402
from surrogate.export.onnx.building import OPSET, Builder  # noqa: E402

SLOW_TORCH = ["onnx", "numpy", pytest.param("torch", marks=pytest.mark.slow)]
FORMATS = {"onnx": model.made, "torch": exported_program.made, "numpy": module.made}
REQUEST = Request("f", "f")
LOOP = "double f(double a) { double r = a; while (r * r - a > 1e-9) r = (r + a / r) / 2; return r; }"


def graph_of(source: str) -> GraphProgram:
    artifact = surrogate.compile(source=source, target="graph")
    assert isinstance(artifact, GraphProgram)
    return artifact


@pytest.mark.parametrize(
    ("format", "dtype", "most"),
    [
        ("onnx", torch.float32, 3e-6),
        ("numpy", torch.float32, 3e-6),
        ("onnx", torch.float64, 1e-12),
        ("numpy", torch.float64, 1e-12),
        pytest.param("torch", torch.float32, 3e-6, marks=pytest.mark.slow),
    ],
)
def test_every_part_is_what_the_module_computes(format, dtype, most) -> None:
    artifact = with_every_part(dtype)
    made = FORMATS[format](artifact, REQUEST)
    x = sample(artifact.program, 300, 0)
    assert off(made.run(x), artifact.outputs(x)).max() < most
    assert off(made.run(x[:1]), artifact.outputs(x[:1])).max() < most


@pytest.mark.parametrize("terms", [150, 1])
@pytest.mark.parametrize("format", SLOW_TORCH)
def test_a_sparse_polynomial_of_high_degree(format, terms) -> None:
    artifact = with_sparse_polynomial(terms)
    x = sample(artifact.program, 100, 0)
    run = FORMATS[format](artifact, REQUEST).run
    for rows in (x, x[:1], x[:0]):
        np.testing.assert_allclose(run(rows), artifact.outputs(rows), atol=1e-11)


def test_arguments_may_have_the_names_of_weights_and_nodes() -> None:
    artifact = plain(source="double coefficients(double b1, double w2, double sub_1, double constant_0) { return b1; }")
    x = sample(artifact.program, 20, 0)
    assert off(model.made(artifact, REQUEST).run(x), artifact.outputs(x)).max() < 1e-5


@pytest.mark.parametrize("format", SLOW_TORCH)
def test_towers_alone_and_tables(format) -> None:
    for artifact in (plain(results=1), plain(results=3)) if format != "torch" else ():
        x = sample(artifact.program, 100, 0)
        assert off(FORMATS[format](artifact, REQUEST).run(x), artifact.outputs(x)).max() < 1e-5
    artifact = with_table()
    x = np.array([[-2, 0], [3, 2], [9, -4], [1.9, 2.2], [1e30, 3], [np.nan, 1]])
    np.testing.assert_array_equal(FORMATS[format](artifact, REQUEST).run(x), artifact.outputs(x))


@pytest.mark.parametrize("format", SLOW_TORCH)
def test_graphs(format) -> None:
    artifact = graph_of(
        "#include <math.h>\n#pragma surrogate range(n, -3, 3)\nstatic const double t[] = {1, 4, 2};\n"
        "double f(double a, int n) { int k = n % 3; if (k < 0) k += 3;"
        " return t[k] * sqrt(a) + (n ? 10 / n : 100) + (a > 0.5 && n > 0 ? floor(4 * a) : fmin(a, 0.25)); }"
    )
    artifact.module.constants[0].data += 0.5
    x = np.concatenate([sample(artifact.program, 300, 0), [[0.25, 3e9]]])
    expected = artifact.outputs(x)
    assert 0 < np.isnan(expected).sum() < len(x)
    assert off(FORMATS[format](artifact, REQUEST).run(x[:-1]), expected[:-1]).max() < 1e-12


@pytest.mark.parametrize("format", FORMATS)
def test_a_loop_whose_passes_differ_is_refused(format) -> None:
    with pytest.raises(UsageError, match="loop"):
        FORMATS[format](graph_of(LOOP), REQUEST)


def test_a_constant_polynomial_and_a_kernel_that_reads_nothing() -> None:
    program = plain().program
    none = torch.zeros(3, dtype=torch.float64)
    head = KernelHead(torch.ones(1, 3).double(), none, torch.ones(1).double(), torch.zeros(0, 3).double())
    constant = Chebyshev(torch.zeros(1, 3, dtype=torch.int64), torch.tensor([[3.0], [0.5]], dtype=torch.float64))
    artifact = surrogate_of(program, SurrogateNetwork(3, 2, 0, polynomial=constant, kernels={1: head}))
    x = sample(program, 6, 0)
    for make in (FORMATS_OF["c"].make, model.made, module.made):
        np.testing.assert_array_equal(make(artifact, REQUEST).run(x), [[3, 1.5]] * 6)
    # An argument that is no number makes NaN in C, though nothing reads it.
    assert np.isnan(FORMATS_OF["c"].make(artifact, REQUEST).run(np.array([[np.nan, 0, 0], [0, 0, np.inf]]))).all()


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs the package 'onnx': pip install 'surrogate-compiler\[onnx\]'"):
        FORMATS_OF["onnx"].make(plain(), REQUEST)


# --- ONNX ---


def test_onnx_computes_what_the_graph_says_or_refuses() -> None:
    held, refused = set(), {}
    for name, case in [*CASES.items()][::4]:
        if not case.exact:
            continue
        program = program_of(case.source, case.ranges)
        lowered = lower(program)
        try:
            content = built(lowered, len(program.arguments))
        except UsageError as e:
            refused[name] = str(e)
            continue
        x = rows_of(program, 200)
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        found = np.column_stack(session.run(None, {f"x{k}": column.copy() for k, column in enumerate(x.T)}))
        loose = any(n.type == FLOAT for n in lowered.nodes)
        called = any(n.op in OPERATORS for n in lowered.nodes)
        digits = 2e-6 if loose else 1e-9 if called else 0
        assert same(found, evaluate(lowered, x), digits), name
        held.add(name)
    assert len(held) > 2 * len(refused)
    assert all("ONNX cannot hold the program's" in why for why in refused.values())


def built(lowered, arguments: int) -> bytes:
    """A model of a graph, its inputs x0 … and its outputs as many as its roots."""
    b = Builder()
    names = [f"x{k}" for k in range(arguments)]
    found = onnx_graph.results(b, lowered, names)
    outputs = [b.add("Identity", value, output=f"y{k}") for k, value in enumerate(found)]
    value = onnx.helper.make_tensor_value_info
    double = onnx.TensorProto.DOUBLE
    graph = onnx.helper.make_graph(
        b.nodes, "f", [value(n, double, ["n"]) for n in names], [value(n, double, ["n"]) for n in outputs],
        b.initializers,
    )  # fmt: skip
    opsets = [onnx.helper.make_opsetid("", OPSET)]
    made: bytes = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    return made


def test_inputs_and_outputs_are_named_as_in_c() -> None:
    artifact = graph_of(
        "struct s { double sum; };\n"
        "double f(double x, const double w[3], struct s *s, double out[2])"
        " { s->sum += x; out[0] = w[0] * x; out[1] = w[1] + w[2]; return s->sum; }"
    )
    made = model.model(artifact)
    assert [shape(i) for i in made.graph.input] == [("x", ["batch"]), ("w", ["batch", 3]), ("s.sum", ["batch"])]
    outputs = [("return", ["batch"]), ("s.sum after", ["batch"]), ("out", ["batch", 2])]
    assert [shape(o) for o in made.graph.output] == outputs
    x = sample(artifact.program, 50, 0)
    assert off(model.made(artifact, REQUEST).run(x), artifact.outputs(x)).max() < 1e-12


def shape(value) -> tuple[str, list[str | int]]:
    return value.name, [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def test_casts_only_where_the_precision_changes() -> None:
    casts = [n for n in model.model(plain(results=1)).graph.node if n.op_type == "Cast"]
    assert len(casts) == 2
    artifact = plain(results=1)
    artifact.module.double()
    assert [n for n in model.model(artifact).graph.node if n.op_type == "Cast"] == []


# --- torch and numpy ---


def test_a_torch_program_says_what_it_is_of(tmp_path: Path) -> None:
    made = exported_program.made(plain(), REQUEST)
    path = tmp_path / "f.pt2"
    path.write_bytes(made.files["f.pt2"])
    about = {"about.json": ""}
    loaded = torch.export.load(path, extra_files=about)
    assert '"x0"' in about["about.json"]
    for n in (1, 2, 77):
        assert loaded.module()(torch.zeros(n, 3, dtype=torch.float64)).shape == (n, 2)


def test_a_numpy_module_imports_numpy_alone_and_takes_any_batch(tmp_path: Path, monkeypatch) -> None:
    artifact = with_every_part()
    text = module.text(artifact)
    imported = {name.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for name in node.names}
    assert imported == {"base64", "io", "json", "math", "numpy"}
    (tmp_path / "exported_f.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    import exported_f

    assert exported_f.ARGUMENTS == ["x", "y", "n"]
    x = sample(artifact.program, 12, 0)
    found = exported_f.predict(x.reshape(3, 4, 3))
    assert found.shape == (3, 4, 3)
    np.testing.assert_allclose(found.reshape(12, 3), artifact.outputs(x), rtol=1e-5)
    with pytest.raises(ValueError, match=r"shape \[..., 3\]"):
        exported_f.predict(np.zeros((2, 2)))

"""A compiled program as one Python file that needs numpy alone: its numbers, and the code that reads them.

The code is that of `surrogate.export.standalone`, and of a graph that of `cprograms.ops` and `cprograms.graph`, so that
what an operator computes stays defined in one place.
"""

from __future__ import annotations

import base64
import inspect
import io
import json
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms import graph as graphs
from cprograms import libm, ops
from cprograms.diagnostics import UsageError
from cprograms.graph import Graph
from cprograms.types import SCALARS, Scalar
from surrogate.export import standalone
from surrogate.export.made import Made, Request, Rows
from surrogate.graph.constants import fitted
from surrogate.graph.module import GraphModule
from surrogate.graph.stored import as_dict
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.parts.polynomial import Chebyshev
from surrogate.mlp.parts.taps import LIMIT
from surrogate.numeric.artifact import NumericArtifact
from surrogate.numeric.words import error_line
from surrogate.version import __version__

_SECONDS = 300
_PARTS = [getattr(standalone, n) for n in "towers silu polynomial kernel table network".split()]
_EVALUATION: list[Callable[..., Any]] = [
    *(getattr(ops, n) for n in "apply _called _floating _integer _shift _divide _cast".split()),
    *(getattr(libm, n) for n in "_remainder _round _positive_difference".split()),
    *(getattr(graphs, n) for n in "evaluate evaluate_nodes _poison".split()),
]
_SPECIAL = {"erf": "math.erf", "erfc": "math.erfc", "gamma": "math.gamma", "gammaln": "math.lgamma"}
_PREDICT = '''
def predict(x):
    """Rows [..., {count}] of {arguments} to [..., {results}], both in C units."""
    x = np.asarray(x, dtype=np.float64)
    if x.ndim == 0 or x.shape[-1] != len(ARGUMENTS):
        raise ValueError(f"inputs of shape [..., {{len(ARGUMENTS)}}] are needed, not {{list(x.shape)}}")
    with np.errstate(all="ignore"):
        return _computed(x.reshape(-1, len(ARGUMENTS))).reshape(*x.shape[:-1], len(RESULTS))
'''


def made(artifact: NumericArtifact, request: Request) -> Made:
    """The file. Raises UsageError for a program with a loop that is computed, or with smooth selects."""
    content = text(artifact).encode()

    def run(x: Rows) -> Rows:
        return _imported(content, artifact.entry, x)

    return Made({f"{request.file}.py": content}, run)


def text(artifact: NumericArtifact) -> str:
    """The module's text: imports, names, numbers, code, `predict`."""
    module = artifact.module
    if isinstance(module, SurrogateNetwork):
        numbers = _numbers(module)
        graph = None if module.taps is None else module.taps.graph
        code = [inspect.getsource(f) for f in _PARTS]
        computed = "\n\ndef _computed(x):\n    return network(_W, x)\n"
    else:
        assert isinstance(module, GraphModule)
        if module.smooth is not None:
            raise UsageError(f"{artifact.entry}: a numpy module is for graphs without --smooth")
        graph = fitted(module.graph, [float(c.detach()) for c in module.constants])
        numbers, code, computed = {}, [], "\n\ndef _computed(x):\n    return evaluate(_GRAPH, x)\n"
    if graph is not None and not graph.exact:
        raise UsageError(
            f"{artifact.entry}: a numpy module cannot hold a loop of as many passes as its rows need: export C"
        )
    parts = [
        _docstring(artifact),
        "from __future__ import annotations\n\nimport base64\nimport io\nimport json\nimport math\n"
        "from dataclasses import dataclass\nfrom types import SimpleNamespace\n\nimport numpy as np\n",
        f"ARGUMENTS = {[a.name for a in artifact.arguments]!r}\nRESULTS = {[r.name for r in artifact.results]!r}\n"
        f"DOMAIN = {[[a.low, a.high] for a in artifact.arguments]!r}\n",
        *code,
        *([] if graph is None else [_evaluation(graph)]),
        _weights(numbers, graph is not None) if numbers else "",
        computed,
        _PREDICT.format(
            count=len(artifact.arguments), arguments=", ".join(a.name for a in artifact.arguments)[:60],
            results=len(artifact.results),
        ),
    ]  # fmt: skip
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _docstring(artifact: NumericArtifact) -> str:
    lines = [
        f"{artifact.signature}, as `surrogate export` of version {__version__} wrote it: predict(x).",
        "",
        "Domain:",
    ]
    lines += [f"  {line}" for line in artifact.signature.domain_lines()]
    if artifact.measured is not None:
        lines += [f"Error on {artifact.measured.rows:,} fresh rows:"]
        lines += [f"  {r.name}: {error_line(r)}" for r in artifact.measured.results]
    body = "\n".join(part for line in lines for part in textwrap.wrap(line, 100) or [""])
    return '"""' + body.replace("\\", "\\\\").replace('"""', "'''") + '\n"""'


def _numbers(module: SurrogateNetwork) -> dict[str, npt.NDArray[Any]]:
    """The arrays by their places, such as `towers/w1`."""
    state = {name: value.detach().numpy() for name, value in module.state_dict().items()}
    if module.table is not None:
        return {f"table/{name}": state[f"table.{name}"] for name in ("low", "sizes", "values")}
    found = {name: state[name] for name in ("mid", "reach", "mean", "std")}
    found |= {f"towers/{name}": state[name] for name in ("w1", "b1", "w2", "b2", "w3", "b3")}
    if module.taps is not None:
        found |= {f"taps/{name}": state[f"taps.{name}"] for name in ("mid", "reach")}
        found["limit"] = np.array(LIMIT)
    if module.polynomial is not None:
        found |= {f"polynomial/{name}": value for name, value in _polynomial(module.polynomial).items()}
    for k, head in module.heads.items():
        own = ("centres", "rates", "weights", "slopes")
        found |= {f"kernels/{k}/{name}": state[f"kernels.{k}.{name}"] for name in own}
        found[f"kernels/{k}/kind"] = np.array(head.kind)
    return found


def _polynomial(part: Chebyshev) -> dict[str, npt.NDArray[Any]]:
    """The steps, an array a level, and the matrix."""
    own = part.steps
    left, right, _ = own.grid
    found = {"inputs": own.inputs, "left": left, "right": right}
    levels = {f"{name}{k}": v for name in ("powers", "products") for k, v in enumerate(getattr(own, name))}
    return found | levels | {"matrix": own.matrix(part.coefficients.detach().numpy())}


def _weights(numbers: Mapping[str, npt.NDArray[Any]], with_graph: bool) -> str:
    """The arrays as text, and how they become the nested dictionary `_W`."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name.replace("/", "__"): value for name, value in numbers.items()})  # type: ignore[arg-type]
    lines = textwrap.wrap(base64.b85encode(buffer.getvalue()).decode(), 110, break_on_hyphens=False)
    literal = "\n".join(f"    {line!r}" for line in lines)
    graph = '_W["graph"] = lambda x: evaluate(_GRAPH, x)\n' if with_graph else ""
    return f'''_NUMBERS = (
{literal}
)


def _nested():
    """The arrays by name, those of a part together."""
    found = {{"kernels": {{}}}}
    with np.load(io.BytesIO(base64.b85decode(_NUMBERS)), allow_pickle=False) as arrays:
        for name in arrays.files:
            *parts, last = name.split("__")
            place = found
            for part in parts:
                place = place.setdefault(int(part) if part.isdigit() else part, {{}})
            place[last] = arrays[name]
    return found


_W = _nested()
{graph}'''


def _evaluation(graph: Graph) -> str:
    """The code that evaluates a graph, and the graph."""
    scalars = ",\n".join(f"    {code!r}: {s!r}" for code, s in SCALARS.items())
    used = {n.op for n in graph.nodes} & set(libm.OPERATORS)
    operators = ",\n".join(
        f"    {name!r}: SimpleNamespace(group={libm.OPERATORS[name].group!r}, compute={_spelled(libm.OPERATORS[name])})"
        for name in sorted(used)
    )
    return "\n\n".join(
        [
            inspect.getsource(Scalar),
            f"SCALARS = {{\n{scalars},\n}}\n_DTYPES = {{code: np.dtype('bool' if code == 'bool' else _numpy_name(code))"
            " for code in SCALARS}".replace("_numpy_name(code)", "code.replace('i', 'int').replace('u', 'uint')"
            ".replace('f', 'float')"),
            *(inspect.getsource(f) for f in _EVALUATION),
            "_FLOATING = {\"add\": np.add, \"sub\": np.subtract, \"mul\": np.multiply, \"div\": np.divide,"
            " \"neg\": np.negative, \"abs\": np.abs}\n"
            "_COMPARE = {\"lt\": np.less, \"le\": np.less_equal, \"eq\": np.equal, \"ne\": np.not_equal}\n"
            f"_ROUNDED = {ops._ROUNDED!r}\nPREDICATES = {set(ops.PREDICATES)!r}\nOPERATORS = {{\n{operators}\n}}",
            f"_STORED = json.loads({json.dumps(as_dict(graph))!r})",
            _GRAPH,
        ]
    )  # fmt: skip


_GRAPH = """\
def _number(value):
    return float(value) if isinstance(value, str) else value


_GRAPH = SimpleNamespace(
    exact=True,
    nodes=[SimpleNamespace(op=o, type=SCALARS[t], children=c, value=_number(v)) for o, t, c, v in _STORED["nodes"]],
    roots=_STORED["roots"],
    tables=[np.array([_number(v) for v in t["entries"]], SCALARS[t["type"]].dtype) for t in _STORED["tables"]],
)
"""


def _spelled(operator: libm.Operator) -> str:
    """The Python of what an operator computes."""
    name = operator.compute.__name__
    if name in _SPECIAL:
        return f"np.vectorize({_SPECIAL[name]}, otypes=[float])"
    return name if name.startswith("_") else f"np.{name}"


def _imported(content: bytes, entry: str, x: Rows) -> Rows:
    """`predict` of a file on rows, in a process of its own that has no torch."""
    with tempfile.TemporaryDirectory(prefix="surrogate-export-") as folder:
        for name, what in (("exported.py", content), ("run.py", _RUN.encode())):
            (Path(folder) / name).write_bytes(what)
        np.save(Path(folder) / "x.npy", x)
        command = [sys.executable, "-I", str(Path(folder) / "run.py"), folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["?"])[-1]
            raise UsageError(f"{entry}: the module that was written does not run: {said}")
        found: Rows = np.load(Path(folder) / "y.npy")
    return found


_RUN = """\
import sys

sys.path.insert(0, sys.argv[1])
import numpy as np
import exported

np.save(sys.argv[1] + "/y.npy", exported.predict(np.load(sys.argv[1] + "/x.npy")))
assert "torch" not in sys.modules
"""

"""A compiled program as a torch.export program, with a batch of any size."""

from __future__ import annotations

import copy
import io
import json
import warnings

import torch
from torch import Tensor, nn

from cprograms.diagnostics import UsageError
from surrogate.export.made import Made, Request, Rows
from surrogate.graph.module import GraphModule
from surrogate.numeric.artifact import NumericArtifact

ROWS = 8
"""Of the example that the module is followed on; it says nothing of the batch."""


class _OfRows(nn.Module):
    """The module on rows: [batch, arguments] -> [batch, results], float64."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.module(x)
        return found


def made(artifact: NumericArtifact, request: Request) -> Made:
    """The file; its input is called `x`, and names and domain lie beside the program as `about.json`.

    Raises UsageError for a program with a loop, as tracing follows the passes of one example.
    """
    module = artifact.module
    if isinstance(module, GraphModule) and any(n.op == "repeat" for n in module.graph.nodes):
        raise UsageError(
            f"{artifact.entry}: torch.export cannot hold a loop of as many passes as its rows need: export C"
        )
    x = torch.as_tensor(artifact.domain.mean(1)).expand(ROWS, -1).clone()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about itself
        program = torch.export.export(
            _OfRows(copy.deepcopy(module)).eval(),
            (x,),
            dynamic_shapes={"x": {0: torch.export.Dim("batch")}},
        )
        torch.export.save(program, buffer, extra_files={"about.json": json.dumps(_about(artifact), indent=2)})
    content = buffer.getvalue()

    def run(rows: Rows) -> Rows:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            loaded = torch.export.load(io.BytesIO(content)).module()
            loaded(x[:1])  # a batch of one, too
            found: Rows = loaded(torch.from_numpy(rows)).numpy()
        return found

    return Made({f"{request.file}.pt2": content}, run)


def _about(artifact: NumericArtifact) -> dict[str, object]:
    return {
        "signature": str(artifact.signature),
        "arguments": [{"name": a.name, "low": a.low, "high": a.high} for a in artifact.arguments],
        "results": [r.name for r in artifact.results],
    }

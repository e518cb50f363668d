"""The times of long polynomials: what is measured, and the table of it."""

from __future__ import annotations

import pytest

import surrogate
from surrogate.mlp.artifact import Surrogate
from tests.surrogate.replace.native import needs_gcc
from training.benchmarks import polynomials
from training.benchmarks.polynomials import page, timed

TOWERS = [{"arguments": 6, "terms": 462, "torch": 2.71, "C": 0.482}]


@needs_gcc
def test_every_runtime_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(polynomials, "ROWS", (1, 16))
    monkeypatch.setattr(polynomials, "SECONDS", 0.001)
    made = surrogate.compile(source="double f(double x, double y) { return x * x * y; }")
    assert isinstance(made, Surrogate)
    found = timed(made)
    runtimes = ("torch", "ONNX Runtime", "numpy", "torch with gradient", "C")
    assert {f"{name}, {n}" for name in runtimes for n in (1, 16)} < set(found)
    assert min(found.values()) > 0
    assert found["torch, 16"] < found["torch, 1"]


def test_the_table_has_ratios_where_there_are_two_checkouts() -> None:
    one = {"name": "f", "terms": 1000, "inputs": 3, "after": {"C, 1": 20.0}, "before": {"C, 1": 80.0}}
    other = one | {"name": "g", "after": {"C, 1": 1000.0}, "before": {"C, 1": 1000.0}}
    text = page({"command": "python it", "functions": [one, other], "towers": TOWERS})
    assert "| runtime, rows | `f`, 1,000 terms | `g`, 1,000 terms | times faster |" in text
    assert "| C, 1 | 20 (4) | 1,000 (1) | 2 |" in text
    assert "| 6 | 462 | 2.7 | 0.48 |" in text
    del one["before"], other["before"]
    assert "| C, 1 | 20 | 1,000 |" in page({"command": "python it", "functions": [one, other], "towers": TOWERS})

"""Artifacts that were written by version 0.1.0 load, and compute what they did then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import surrogate
from surrogate.anc.program import AncProgram
from surrogate.mlp.artifact import Surrogate

ARTIFACTS = Path(__file__).parent / "artifacts"
EXPECTED: dict[str, dict[str, Any]] = json.loads((ARTIFACTS / "expected.json").read_text())


def test_a_surrogate_predicts_the_same() -> None:
    expected = EXPECTED["to_polar.surrogate"]
    loaded = surrogate.load(ARTIFACTS / "to_polar.surrogate")
    assert isinstance(loaded, Surrogate)
    np.testing.assert_allclose(loaded.predict(expected["inputs"]), expected["outputs"], rtol=1e-5)


def test_a_surrogate_errs_the_same() -> None:
    loaded = surrogate.load(ARTIFACTS / "to_polar.surrogate")
    assert isinstance(loaded, Surrogate)
    assert loaded.measured is not None
    measured = loaded.measured
    found = loaded.check(measured.rows, measured.seed)
    assert found.nmse == pytest.approx(measured.nmse, rel=1e-5)
    assert found.nmse == pytest.approx(EXPECTED["to_polar.surrogate"]["nmse"], rel=1e-5)


@pytest.mark.parametrize("name", ["listk.anc", "increment-adapted.anc"])
def test_a_program_leaves_the_same_tape(name: str) -> None:
    expected = EXPECTED[name]
    loaded = surrogate.load(ARTIFACTS / name)
    assert isinstance(loaded, AncProgram)
    run = loaded.run(expected["tape"])
    assert run.tape.tolist() == expected["result"]
    assert (run.steps, run.stopped, loaded.kind) == (expected["steps"], True, expected.get("kind", 1))
    assert loaded.check().passed


@pytest.mark.parametrize("name", EXPECTED)
def test_an_artifact_is_saved_as_it_was(name: str, tmp_path: Path) -> None:
    """But for what names the version that saved it."""
    surrogate.load(ARTIFACTS / name).save(tmp_path / name)
    old, new = (json.loads((folder / name / "config.json").read_text()) for folder in (ARTIFACTS, tmp_path))
    for config in (old, new):
        del config["library_version"], config["seal"]
    # What older versions did not state.
    if name.endswith(".surrogate"):
        del new["measured"]["worst"], new["parts"], new["operators"], new["free_rows"]
    else:
        assert new.pop("isa") == "published"
    # The SHA-256 of every file but the card is in there.
    assert new == old

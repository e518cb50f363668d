"""What tests of all packages share."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import settings

from tests import ROOT

# A busy machine is no fault of an example.
settings.register_profile("surrogate", deadline=None)
settings.load_profile("surrogate")


@pytest.fixture(scope="session")
def load_script() -> Callable[[str], ModuleType]:
    """A script as a module, by its name below scripts/."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name.replace("/", "_"), ROOT / "scripts" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load

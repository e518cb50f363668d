"""What the tests of whole programs share."""

from __future__ import annotations

import shutil

import pytest

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

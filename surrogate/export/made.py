"""What an exporter makes: files, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Request:
    """What is asked for: `file` is the stem of the files, `name` the function that C defines.

    `precision` is that of the towers, "float" or "double", None for the network's own; `fixed` the bits of integers
    where everything is computed in integers. `guard`: the original is called outside of the domain, and where the error
    bar of a result is above `max_error`, if that is given.
    """

    file: str
    name: str
    precision: str | None = None
    guard: bool = False
    max_error: float | None = None
    fixed: int | None = None


@dataclass(frozen=True)
class Made:
    """`files` by name, `run` what they give on rows [n, arguments], once they are read back. The results [n, results]
    are to be `expected` of the rows, by default the artifact's; `facts` are what else is to be said of them."""

    files: Mapping[str, bytes]
    run: Callable[[Rows], Rows]
    expected: Callable[[Rows], Rows] | None = None
    lines: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

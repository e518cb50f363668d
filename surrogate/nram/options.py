"""The options of `surrogate learn --machine nram`."""

from __future__ import annotations

from surrogate.sketch import options as sketch
from surrogate.target import Option

CONTROLLERS = ("mlp", "lstm")
METHODS = ("descent", "search")
SHARED = ("restarts", "steps", "batch", "seed", "least", "output")
NOT_THERE = tuple(option for option in sketch.OPTIONS if option.dest not in SHARED)
"""Options of sketches that mean nothing to a machine."""
OPTIONS = (
    Option("--machine", choices=("nram",), help="learn a controller of this machine from a task's tapes; no FILE then"),
    Option("--task", metavar="NAME", help="nram: the task, such as increment"),
    Option("--method", choices=METHODS, help="nram: descent of a network (default), or a search for circuits"),
    Option("--controller", choices=CONTROLLERS, help="nram: the network (default mlp)"),
    Option("--rounds", type=int, metavar="N", help="nram: the most rounds (default 10, or 60 of a search)"),
)

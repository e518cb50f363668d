"""The command `optimize`, as the targets have it whose artifacts are differentiable."""

from __future__ import annotations

from typing import Any

from surrogate.numeric.options import Numbers
from surrogate.target import Command, Option, deferred

OPTIONS = (
    Option("--minimize", metavar="E", help="what is to be least: a result, or an expression such as 'price - 2*delta'"),
    Option("--maximize", metavar="E", help="what is to be greatest"),
    Option(
        "--match",
        action=Numbers,
        metavar="R=VALUE",
        help="a value that a result is to take, as near as can be; beside an objective a condition; may be repeated",
    ),
    Option(
        "--subject-to",
        action="append",
        metavar="CONDITION",
        help="an inequality that must hold, as in 'delta <= 0.6' or '0 <= x + y <= 1'; may be repeated",
    ),
    Option("--fix", action=Numbers, metavar="X=VALUE", help="an argument that does not vary; may be repeated"),
    Option("--starts", type=int, metavar="N", help="where the search through the surrogate begins (default 64)"),
    Option("--evaluations", type=int, metavar="N", help="rows of the C program to run at most (default 100)"),
    Option("--seed", type=int, metavar="S", help="seed of the starts (default 0)"),
)
OPTIMIZE: Command[Any] = Command(
    "optimize",
    "find the input that is best by the C program",
    OPTIONS,
    deferred("surrogate.optimise.commands:optimize"),
)

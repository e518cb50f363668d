"""The options of `surrogate learn`."""

from __future__ import annotations

from surrogate.target import Option, bound, output_option

ABOUT = "learn what a C program leaves undefined, from examples, or a task on a tape"
OPTIONS = (
    Option(
        "--data",
        metavar="FILE",
        help="examples: an .npz file with an array for each argument, and `result`; or a table without pictures",
    ),
    Option(
        "--library",
        action="append",
        metavar="DIR",
        help="a sketch whose networks are gone on with, by the functions' names, or a compiled program that stands for "
        "the function of its name; more than once for several",
    ),
    Option("--freeze", action="store_true", default=None, help="leave the networks of the library as they are"),
    Option(
        "--finetune",
        action="store_true",
        default=None,
        help="learn the constants and weights of compiled programs, too",
    ),
    Option("--restarts", type=int, metavar="N", help="how many are learned at once (default 8)"),
    Option("--steps", type=int, metavar="N", help="steps of all of them (default 1000)"),
    Option("--batch", type=int, metavar="N", help="examples of a step (default 100)"),
    Option("--rate", type=float, metavar="X", help="rate of choices, 100 times the networks' (0.1)"),
    Option("--entropy", type=float, metavar="X", help="bonus for choices that are not made yet (0.1)"),
    Option(
        "--curriculum",
        metavar="NAME",
        help="a whole number that the program takes: examples in which it is small come first",
    ),
    Option(
        "--revise",
        action="store_true",
        default=None,
        help="try other values of each choice once, in place of what gradients have come to",
    ),
    Option("--seed", type=int, default=0, metavar="S", help="seed of the restarts (default 0)"),
    Option("--least", type=bound, metavar="X", help="fail (exit 1) where the accuracy held back is below X"),
    output_option("DIR", "where it goes (default: the file's stem + .sketch)"),
)

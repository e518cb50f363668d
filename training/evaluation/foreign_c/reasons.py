"""Kinds of refusals: what of C a function needs that is not accepted."""

from __future__ import annotations

import re

from training.evaluation.foreign_c.inspection import Refusal

EXTENT = "an extent must be given"
_KINDS = (
    (EXTENT, r"\bsize\("),
    ("a header is missing", r"file not found"),
    ("calls what the file does not define", r"called but not defined|call to undeclared"),
    ("uses an object that is defined elsewhere", r"is defined outside this file"),
    ("reads through a pointer", r"reading through a pointer"),
    ("takes an address", r"taking an address"),
    ("an array parameter", r"array parameters are pointers"),
    ("a pointer, union or other type that is not arithmetic", r"is not an arithmetic type|not an arithmetic scalar"),
    ("returns nothing", r"returns nothing"),
    ("takes no arguments", r"takes no arguments"),
    ("a struct as an argument", r"structs as arguments"),
    ("a struct that holds an array is returned", r"returns a struct that holds an array"),
    ("too many arguments or results", r"(returns|takes|has|gives) more than \d+"),
    ("a global that can change", r"a global that can change"),
    ("a static local", r"is a static local"),
    ("files, the terminal or the system", r"reads or writes files"),
    ("allocates memory", r"allocates memory"),
    ("strings", r"^strings are not numeric"),
    ("a pointer to a function", r"call through a pointer|function used as a value"),
    ("volatile", r"is volatile"),
    ("memory through pointers", r"works on memory through pointers"),
    ("what the parser does not know", r"^this construct is not supported"),
    ("complex numbers", r"complex numbers are not numeric"),
    ("leaves the function", r"leaves the function"),
)
_QUOTED = re.compile(r"'[^']*'|\d+")


def kind_of(refusal: Refusal) -> str:
    """The kind of a refusal; of one that no kind is known for, its message without the names and numbers in it."""
    text = f"{refusal.message}\n{refusal.hint}"
    for kind, pattern in _KINDS:
        if re.search(pattern, text):
            return kind
    return _QUOTED.sub("…", refusal.message)[:80]

"""How far two corpora's programs are apart: token runs, syntax, literals, arguments, and what a classifier can tell.

Distances are Jensen-Shannon divergences in bits (Lin, "Divergence measures based on the Shannon entropy", 1991): 0 for
equal distributions, 1 for disjoint ones. Estimated from samples, even two halves of one corpus are some way apart; only
numbers from equally many programs can be compared.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pycparser import c_ast, c_generator

from cprograms.corpus.tokens import canonical
from cprograms.program import Program

_FOLDS = 5
_NAME = re.compile(r"v\d+")
_COMMON_NUMBERS = frozenset("0 1 2 3 4 8 10 16 255 256 0.0 0.5 1.0 2.0 3.0 4.0 10.0 100.0".split())


@dataclass(frozen=True)
class Profile:
    """What the distances are taken of, for one program; the functions' and tables' text alone, without prototypes."""

    tokens: tuple[str, ...]
    shapes: Counter[str]
    literals: Counter[str]
    arguments: int
    traits: frozenset[str]


def profile(program: Program) -> Profile:
    kept = [n for n in program.unit.ext if not (isinstance(n, c_ast.Decl) and isinstance(n.type, c_ast.FuncDecl))]
    text = c_generator.CGenerator().visit(c_ast.FileAST(kept))
    tokens = tuple(_plain(t) for t in canonical(text))
    shapes: Counter[str] = Counter()
    literals: Counter[str] = Counter()
    for node in kept:
        for parent, child in _edges(node):
            shapes[f"{_kind(parent)} > {_kind(child)}"] += 1
            if isinstance(child, c_ast.Constant):
                literals[_number(child.value)] += 1
    return Profile(tokens, shapes, literals, len(program.arguments), frozenset(_traits(program, tokens, shapes)))


def _plain(token: str) -> str:
    if token[0].isdigit() or (token[0] == "." and len(token) > 1):
        return _number(token)
    return "v" if _NAME.fullmatch(token) else token


def _number(text: str) -> str:
    """A usual number as it is; another one by its kind, digits and size."""
    plain = text.rstrip("fFlLuU") if not text.lower().startswith("0x") else text.rstrip("lLuU")
    if plain in _COMMON_NUMBERS:
        return plain
    if plain.lower().startswith("0x"):
        return "hexadecimal"
    if "." in plain or "e" in plain.lower():
        mantissa = re.split("[eE]", plain)[0].replace(".", "").strip("0")
        return f"real of {min(len(mantissa), 9)} digits" + (", exponent" if "e" in plain.lower() else "")
    return f"integer of {len(plain)} digits" if plain.isdigit() else "character"


def _edges(node: c_ast.Node) -> Iterator[tuple[c_ast.Node, c_ast.Node]]:
    for child in node:
        yield node, child
        yield from _edges(child)


def _kind(node: c_ast.Node) -> str:
    op = getattr(node, "op", "")
    if isinstance(node, c_ast.IdentifierType):
        return " ".join(node.names) if {*node.names} <= {"int", "double", "float", "unsigned", "long"} else "type"
    return f"{type(node).__name__} {op}".strip()


_TRAITS: dict[str, Callable[[Program, Sequence[str], Counter[str]], bool]] = {
    "helper functions": lambda p, t, s: sum(isinstance(n, c_ast.FuncDef) for n in p.unit.ext) > 1,
    "loop": lambda p, t, s: not {"for", "while", "do"}.isdisjoint(t),
    "while loop": lambda p, t, s: "while" in t and "do" not in t,
    "if": lambda p, t, s: "if" in t,
    "else": lambda p, t, s: "else" in t,
    "several returns": lambda p, t, s: t.count("return") > sum(isinstance(n, c_ast.FuncDef) for n in p.unit.ext),
    "one return statement only": lambda p, t, s: ";" in t and t.count(";") == 1,
    "switch": lambda p, t, s: "switch" in t,
    "conditional operator": lambda p, t, s: "?" in t,
    "logical and, or": lambda p, t, s: "&&" in t or "||" in t,
    "bit operators": lambda p, t, s: not {"&", "|", "^", "<<", ">>", "~"}.isdisjoint(t),
    "remainder": lambda p, t, s: "%" in t,
    "math.h": lambda p, t, s: any(x in t for x in ("sqrt", "sin", "cos", "exp", "log", "pow", "fabs", "floor")),
    "cast": lambda p, t, s: any(x.endswith("> Cast") for x in s),
    "array or table": lambda p, t, s: "[" in t,
    "local variables": lambda p, t, s: any(x.startswith("Compound > Decl") for x in s),
    "compound assignment": lambda p, t, s: not {"+=", "-=", "*=", "/=", "|=", ">>=", "<<=", "&=", "^="}.isdisjoint(t),
    "integer result": lambda p, t, s: p.results[0].type.is_integer,
    "float": lambda p, t, s: "float" in t,
    "unsigned": lambda p, t, s: "unsigned" in t,
    "struct": lambda p, t, s: "struct" in t,
}


def _traits(program: Program, tokens: Sequence[str], shapes: Counter[str]) -> Iterator[str]:
    return (name for name, holds in _TRAITS.items() if holds(program, tokens, shapes))


def divergence(a: Counter[str], b: Counter[str]) -> float:
    """The Jensen-Shannon divergence, in bits, of two distributions given by counts."""
    names = sorted(a.keys() | b.keys())
    p, q = (np.array([c[n] for n in names], float) / c.total() for c in (a, b))
    m = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(x > 0, x * np.log2(x / m), 0.0).sum() for x in (p, q)]
    return float(sum(parts) / 2)


def runs(profile: Profile, n: int) -> Counter[str]:
    """The runs of n tokens."""
    return Counter(" ".join(profile.tokens[i : i + n]) for i in range(len(profile.tokens) - n + 1))


def distances(
    a: Sequence[Profile], b: Sequence[Profile], packages: tuple[Sequence[str], Sequence[str]]
) -> dict[str, float]:
    """Divergences between two samples, a program counting as much as its size, and the classifier's scores.

    `packages` says where each program of a and of b is from.
    """
    kinds: dict[str, Callable[[Profile], Counter[str]]] = {
        "tokens": lambda p: runs(p, 1),
        "runs of 2 tokens": lambda p: runs(p, 2),
        "runs of 3 tokens": lambda p: runs(p, 3),
        "syntax (parent > child)": lambda p: p.shapes,
        "literals": lambda p: p.literals,
        "number of arguments": lambda p: Counter([str(p.arguments)]),
        "length (tokens, by powers of two)": lambda p: Counter([str(len(p.tokens).bit_length())]),
    }
    found = {name: divergence(_total(a, count), _total(b, count)) for name, count in kinds.items()}
    return found | {
        "classifier's AUC": classifier_auc(a, b),
        "classifier's AUC, on packages that it has not seen": classifier_auc(a, b, [*packages[0], *packages[1]]),
    }


def _total(profiles: Sequence[Profile], count: Callable[[Profile], Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for p in profiles:
        total.update(count(p))
    return total


def classifier_auc(a: Sequence[Profile], b: Sequence[Profile], packages: Sequence[str] | None = None) -> float:
    """How well logistic regression over runs of one to three tokens tells the two apart, cross-validated.

    0.5: not at all; 1: always. With the packages of all programs, a's before b's, none is in two folds: else a program
    may be known by its neighbours in the file. NaN where a side has too few packages for that. Needs scikit-learn (the
    extra "analysis").
    """
    if packages is not None and min(len({*packages[: len(a)]}), len({*packages[len(a) :]})) < _FOLDS:
        return math.nan
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(sublinear_tf=True, min_df=3, analyzer=_token_runs)
    model = make_pipeline(words, LogisticRegression(C=10.0, max_iter=500))
    texts, labels = [p.tokens for p in [*a, *b]], [0] * len(a) + [1] * len(b)
    folds = StratifiedKFold(_FOLDS) if packages is None else StratifiedGroupKFold(_FOLDS)
    return float(cross_val_score(model, texts, labels, groups=packages, cv=folds, scoring="roc_auc").mean())


def _token_runs(tokens: Sequence[str]) -> list[str]:
    return [" ".join(tokens[i : i + n]) for n in (1, 2, 3) for i in range(len(tokens) - n + 1)]


def traits(profiles: Sequence[Profile]) -> dict[str, float]:
    """The share of programs with each trait."""
    return {name: float(np.mean([name in p.traits for p in profiles])) for name in _TRAITS}

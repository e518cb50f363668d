"""What a comparison with regressors comes to: figures by suite and together, wins, the library's worst, as a page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from training.arrays import Array, Integers
from training.errors import bounded, geometric_mean
from training.evaluation.regressor_comparison import Line
from training.evaluation.statistics import estimate, geometric
from training.evaluation.systems import System
from training.markdown import table_lines

ALL = "all"
GOOD = (1e-5, 1e-6)
"""Errors of which the share of results with at most as much is told."""
DIFFICULTY = (0.0, 1e-5, 1e-3, np.inf)
"""Bounds of the best regressor's error by which results are told apart."""
WORST = 10


def best_of(rows: int) -> str:
    return f"the best of the three, {rows:,} rows"


def summary(lines: Sequence[Line], systems: Sequence[System]) -> dict[str, Any]:
    """Figures of each suite and of all; the results on which the last of our systems errs most in the library."""
    suites = list(dict.fromkeys(line["suite"] for line in lines))
    parts = {suite: [line for line in lines if line["suite"] == suite] for suite in suites}
    if len(suites) > 1:
        parts = {ALL: list(lines), **parts}
    found: dict[str, Any] = {"parts": {name: _part(part, systems) for name, part in parts.items()}}
    ours = [s.name for s in systems if s.regressor is None]
    if "library" in parts and ours:
        found["worst"] = {"system": ours[-1], "results": _worst(parts["library"], systems, ours[-1])}
    return found


def _part(lines: Sequence[Line], systems: Sequence[System]) -> dict[str, Any]:
    by_system = {s.name: [line for line in lines if line["system"] == s.name] for s in systems}
    of = [line["program"] for line in next(iter(by_system.values()))]
    programs = np.unique(of, return_inverse=True)[1]
    errors = {name: np.array([line["nmse"] for line in own]) for name, own in by_system.items()}
    bests = _bests(errors, systems)
    ours = [s.name for s in systems if s.regressor is None]
    rows = {s.name: s.rows for s in systems} | dict(zip(bests, _sizes(systems), strict=True))
    everything = errors | bests
    our_errors = {mine: errors[mine] for mine in ours}
    figures = {name: {"rows": rows[name]} | _figures(e, by_system.get(name, [])) for name, e in everything.items()}
    return {
        "programs": len(set(programs)),
        "results": len(programs),
        "systems": figures,
        "wins": {
            mine: {name: _wins(own, e, programs) for name, e in everything.items() if name not in ours}
            for mine, own in our_errors.items()
        },
        "by_difficulty": {name: _by_difficulty(best, our_errors) for name, best in bests.items()},
    }


def _sizes(systems: Sequence[System]) -> list[int]:
    """The numbers of rows with which all of the three were measured."""
    sizes = dict.fromkeys(s.rows for s in systems if s.tuned and s.rows is not None)
    return [n for n in sizes if sum(s.tuned and s.rows == n for s in systems) == 3]


def _bests(errors: dict[str, Array], systems: Sequence[System]) -> dict[str, Array]:
    """The least error on the test rows of the three with as many rows, which no user could choose by."""
    return {
        best_of(n): np.min([errors[s.name] for s in systems if s.tuned and s.rows == n], axis=0)
        for n in _sizes(systems)
    }


def _figures(errors: Array, lines: Sequence[Line]) -> dict[str, Any]:
    found: dict[str, Any] = {"geo": geometric_mean(errors), "median": float(np.median(bounded(errors)))}
    found |= {f"at most {bar:g}": float((bounded(errors) <= bar).mean()) for bar in GOOD}
    for time_of in ("seconds", "microseconds"):
        found[time_of] = float(np.mean([line[time_of] for line in lines])) if lines else None
    return found


def _wins(ours: Array, theirs: Array, programs: Integers) -> dict[str, Any]:
    """Share of results on which ours has the lower error, equal ones half, and the geometric mean of theirs / ours."""
    wins = won(ours, theirs)
    share = estimate(lambda weights: weights @ wins / weights.sum(1), programs)
    no_worse = float((wins > 0).mean())
    return {
        "share": share.as_dict(),
        "no_worse": no_worse,
        "ratio": geometric(np.log(bounded(theirs) / bounded(ours)), programs).as_dict(),
    }


def won(ours: Array, theirs: Array) -> Array:
    """1 where ours has the lower error, 1/2 where both are equal: errors below 1e-9 are."""
    ours, theirs = bounded(ours), bounded(theirs)
    wins: Array = (ours < theirs) + 0.5 * (ours == theirs)
    return wins


def _by_difficulty(best: Array, ours: dict[str, Array]) -> list[dict[str, Any]]:
    """How often each of ours beats the best of the three, where that one's error is small, middling or large."""
    found = []
    for low, high in itertools.pairwise(DIFFICULTY):
        part = (best >= low) & (best < high)
        wins = {name: float(won(e[part], best[part]).mean()) for name, e in ours.items() if part.any()}
        found.append({"from": low, "below": high if np.isfinite(high) else None, "results": int(part.sum()), **wins})
    return found


def _worst(lines: Sequence[Line], systems: Sequence[System], name: str) -> list[dict[str, Any]]:
    """The results with the greatest errors of a system; all of our systems' errors on them, and the best of others."""
    errors: dict[tuple[str, str], dict[str, float]] = {}
    names = {}
    for line in lines:
        of = line["program"], line["result"]
        names[of] = line["entry"] if line["result"] == "return" else f"{line['entry']}.{line['result']}"
        errors.setdefault(of, {})[line["system"]] = line["nmse"]
    shown = []
    for of in sorted(errors, key=lambda of: -float(bounded(np.array(errors[of][name]))))[:WORST]:
        every = {system: bounded(np.array(e)) for system, e in errors[of].items()}
        ours = {s.name: every[s.name] for s in systems if s.regressor is None}
        shown.append({"result": names[of], "errors": {n: float(e) for n, e in (ours | _bests(every, systems)).items()}})
    return shown


# --- Markdown ---


def markdown(report: dict[str, Any]) -> str:
    lines = [
        f"Command: `{report['command']}`, seed {report['seed']}, weights {report['compiler'][:12]}.",
        f"{report['test_rows']:,} test rows; a regressor may take {report['limit']:g} processor seconds a result.",
        "Shares of wins have 95 % intervals over programs.",
    ]
    for name, part in report["parts"].items():
        title = "All suites" if name == ALL else name.capitalize()
        lines += ["", f"## {title}: {part['results']} results of {part['programs']} programs", ""]
        lines += _systems_table(part["systems"])
        if part["wins"]:
            lines += ["", *_wins_table(part["wins"])]
    first = next(iter(report["parts"].values()))
    for best, rows in first["by_difficulty"].items() if first["wins"] else ():
        lines += ["", f"## By the error of {best}", "", *_difficulty_table(rows, best)]
    if worst := report.get("worst"):
        lines += ["", f"## Where {worst['system']} errs most in the library", "", *_worst_table(worst["results"])]
    return "\n".join(lines) + "\n"


def _systems_table(systems: dict[str, dict[str, Any]]) -> Iterator[str]:
    shares = [f"at most {bar:g}" for bar in GOOD]

    def cells(name: str, figures: dict[str, Any]) -> list[str]:
        times = [f"{figures[k]:.3g}" if figures[k] is not None else "–" for k in ("seconds", "microseconds")]
        rows = "free" if figures["rows"] is None else f"{figures['rows']:,}"
        errors = [f"{figures[k]:.2g}" for k in ("geo", "median")]
        return [name, rows, *errors, *(f"{figures[k]:.0%}" for k in shares), *times]

    header = ["system", "rows", "nMSE, geo", "median", *shares, "seconds to fit", "µs an evaluation"]
    return table_lines(header, (cells(*system) for system in systems.items()), numbers=len(header) - 1)


def _wins_table(wins: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A row an opponent, a column each of ours."""
    opponents = list(next(iter(wins.values()), {}))
    rows = ([name, *(_cell(own[name]) for own in wins.values())] for name in opponents)
    return table_lines(["beaten by, and error ratio", *wins], rows)


def _difficulty_table(rows: list[dict[str, Any]], best: str) -> Iterator[str]:
    ours = list(dict.fromkeys(name for row in rows for name in row if name not in ("from", "below", "results")))

    def cells(row: dict[str, Any]) -> list[str]:
        errs = f"from {row['from']:g}" + (f" to {row['below']:g}" if row["below"] else "")
        return [errs, str(row["results"]), *(f"{row[name]:.0%}" if name in row else "–" for name in ours)]

    header = ["where it errs", "results", *(f"{name} beats it" for name in ours)]
    return table_lines(header, map(cells, rows), numbers=len(header) - 1)


def _worst_table(results: list[dict[str, Any]]) -> Iterator[str]:
    names = list(results[0]["errors"])
    rows = ([row["result"], *(f"{row['errors'][name]:.2g}" for name in names)] for row in results)
    return table_lines(["result", *names], rows, numbers=len(names))


def _cell(wins: dict[str, Any]) -> str:
    share, ratio = wins["share"], wins["ratio"]
    of_results = f"{share['value']:.0%} ({share['low']:.0%}–{share['high']:.0%}), no worse {wins['no_worse']:.0%}"
    return f"{of_results}, {ratio['value']:.3g}×"

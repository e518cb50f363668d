"""Mutation testing: each small fault of a fixed list is put into a copy of the tree, where tests are to fail.

The list is `training.studies.mutation_list`. The checkout itself is never changed. A test that fails is run again
without the mutation, and must pass then: otherwise that it failed would say nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file, replace_json
from training.markdown import table_lines
from training.script import command_line
from training.studies import forked_tests
from training.studies.mutation_list import MUTATIONS, Mutation

PROCESSOR_SECONDS = 240
"""What one process of a test run may take: a mutation may make a loop endless."""
IMPORTED = ("torch", "transformers", "datasets", "scipy.stats", "wasmtime", "accelerate", "pycparser")
"""Modules that are slow to import: once for all test runs."""
CAUGHT, SURVIVED = "caught", "survived"
PASSED, NO_TESTS = 0, (4, 5)
"""Exit codes of pytest; the last ones: wrong usage, and nothing collected."""


def mutated(text: str, mutation: Mutation) -> str:
    """The text of a file with the mutation in it. Raises UsageError where its old text does not occur just once."""
    count = text.count(mutation.old)
    if count != 1:
        raise UsageError(f"stale: {mutation.name}: {mutation.file} holds its text {count} times, not once")
    return text.replace(mutation.old, mutation.new)


def stale(root: Path, mutations: Sequence[Mutation]) -> list[str]:
    """What is wrong with mutations that no longer fit the tree: a line each."""
    faults = []
    for mutation in mutations:
        faults += [f"stale: {mutation.name}: there is no {p}" for p in mutation.paths if not (root / p).exists()]
        if (root / mutation.file).exists():
            try:
                mutated((root / mutation.file).read_text(), mutation)
            except UsageError as e:
                faults.append(str(e))
    return faults


def digest(root: Path, mutation: Mutation) -> str:
    """Hexadecimal digits that stand for a mutation and the tests that are run for it."""
    found = hashlib.sha256(repr(mutation).encode())
    for name in mutation.tests:
        path = root / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(file.read_bytes())
    return found.hexdigest()[:16]


def selected(only: Sequence[str]) -> list[Mutation]:
    """The mutations of some names, all where there are none. Raises UsageError for an unknown one."""
    names = {m.name for m in MUTATIONS}
    if unknown := [name for name in only if name not in names]:
        raise UsageError(f"no mutation '{unknown[0]}'; there are {', '.join(sorted(names))}")
    return [m for m in MUTATIONS if not only or m.name in only]


class Tree:
    """A copy of a checkout, and a process that runs tests in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Bytecode is told stale by a file's size and second of writing, which a mutation may leave as they were.
        env = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, forked_tests.__file__, str(PROCESSOR_SECONDS), *IMPORTED]
        self._process = subprocess.Popen(
            command, cwd=root, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @contextmanager
    def holding(self, mutation: Mutation) -> Iterator[None]:
        path = self.root / mutation.file
        before = path.read_text()
        path.write_text(mutated(before, mutation))
        try:
            yield
        finally:
            path.write_text(before)

    def run_tests(self, tests: Sequence[str]) -> tuple[int, str]:
        """The exit code of pytest, and the first test that failed. Raises UsageError where there is nothing to run."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(tests), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise UsageError(f"the process that runs tests died at {' '.join(tests)}")
        code, failed = json.loads(answer)
        if code in NO_TESTS:
            raise UsageError(f"pytest cannot run {' '.join(tests)}")
        return code, failed

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def copied(checkout: Path, to: Path) -> Tree:
    """A tree of the files that git knows of or would add, in a folder of their own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (checkout / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, to / name)
    return Tree(to)


@dataclass
class Results:
    """What is known of each mutation, in a JSON file that is written as soon as something is."""

    path: Path
    root: Path
    known: dict[str, Any]

    @classmethod
    def at(cls, path: Path, root: Path) -> Results:
        """Those of an earlier run, where there was one. Raises UsageError for a file of another kind."""
        try:
            known = json.loads(path.read_bytes())["mutations"] if path.exists() else {}
        except (ValueError, KeyError, TypeError):
            raise UsageError(f"{path} holds no results of mutations") from None
        return cls(path, root, known)

    def missing(self, mutations: Sequence[Mutation]) -> list[Mutation]:
        """The mutations without a result; one from before it or its tests were changed does not count."""
        return [m for m in mutations if self.known.get(m.name, {}).get("of") != digest(self.root, m)]

    def add(self, mutation: Mutation, outcome: dict[str, Any]) -> None:
        self.known[mutation.name] = outcome
        self.write()

    def write(self) -> None:
        # In the order of the list; what the list no longer holds is dropped.
        kept = {m.name: self.known[m.name] for m in MUTATIONS if m.name in self.known}
        page = {"command": command_line(), "python": sys.version.split()[0], "mutations": kept}
        replace_json(self.path, page)
        replace_file(self.path.with_suffix(".md"), report(self.known).encode())


def run(checkout: Path, mutations: Sequence[Mutation], out: Path, processes: int) -> Results:
    """The outcome of each mutation, those of an earlier run taken as they are.

    Raises UsageError for a stale mutation, and where tests fail in the tree as it is.
    """
    results = Results.at(out, checkout)
    missing = results.missing(mutations)
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder, ExitStack() as stack:
        trees: SimpleQueue[Tree] = SimpleQueue()
        for k in range(min(processes, len(missing))):
            trees.put(copied(checkout, Path(folder) / str(k)))
            stack.callback(lambda: trees.get().close())
        pool = stack.enter_context(ThreadPoolExecutor(processes))
        stack.callback(lambda: pool.shutdown(cancel_futures=True))
        futures = {pool.submit(_outcome, trees, m): m for m in missing}
        for future in as_completed(futures):
            results.add(futures[future], future.result())
            print(f"{futures[future].name}: {future.result()['outcome']}", file=sys.stderr, flush=True)
    results.write()
    return results


def _outcome(trees: SimpleQueue[Tree], mutation: Mutation) -> dict[str, Any]:
    tree = trees.get()
    started = time.perf_counter()
    try:
        with tree.holding(mutation):
            code, failed = tree.run_tests(mutation.tests)
        if code != PASSED:
            anyway, _ = tree.run_tests([failed] if failed else mutation.tests)
            if anyway != PASSED:
                raise UsageError(f"fails without any mutation: {failed or ' '.join(mutation.tests)}")
    finally:
        trees.put(tree)
    return {
        "of": digest(tree.root, mutation),
        "outcome": SURVIVED if code == PASSED else CAUGHT,
        "by": failed,
        "seconds": round(time.perf_counter() - started, 1),
    }


def measure(checkout: Path, only: Sequence[str], out: Path, processes: int) -> int:
    """The exit code of the script: 1 where a mutation is stale or survives. Raises UsageError as `run` does."""
    if processes < 1:
        raise UsageError(f"the number of processes must be at least 1, not {processes}")
    mutations = selected(only)
    if faults := stale(checkout, mutations):
        print(*faults, sep="\n", file=sys.stderr)
        return 1
    known = run(checkout, mutations, out, processes).known
    survivors = [m.name for m in mutations if known[m.name]["outcome"] == SURVIVED]
    print(f"{len(mutations) - len(survivors)} of {len(mutations)} mutations are caught")
    print(*(f"survived: {name}" for name in survivors), sep="\n", end="\n" * bool(survivors))
    return int(bool(survivors))


def caught_share(known: dict[str, Any]) -> tuple[int, int]:
    """How many of the listed mutations are caught, and how many have a result."""
    outcomes = [known[m.name]["outcome"] for m in MUTATIONS if m.name in known]
    return outcomes.count(CAUGHT), len(outcomes)


def report(known: dict[str, Any]) -> str:
    """The page of all results."""
    caught, measured = caught_share(known)
    rows = [_row(m, known[m.name]) for m in MUTATIONS if m.name in known]
    return "\n".join(
        [
            "# Mutations",
            "",
            f"{caught} of {measured} mutations are caught; {len(MUTATIONS) - measured} more of the list were not run.",
            "",
            *table_lines(["mutation", "file", "what it breaks", "outcome", "the first test that fails"], rows),
            "",
        ]
    )


def _row(mutation: Mutation, found: dict[str, Any]) -> list[str]:
    return [mutation.name, f"`{mutation.file}`", mutation.breaks, found["outcome"], found["by"].rpartition("::")[2]]

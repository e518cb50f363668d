"""A process that runs tests in forks of itself, so that what is slow to import is imported once.

python training/studies/forked_tests.py PROCESSOR_SECONDS MODULE …

It reads a JSON list of tests a line and answers each with the exit code of pytest and the first test that failed. The
modules are imported first. It imports nothing of the tree that it runs in, which may change between two lines.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress

import pytest

# That what was imported first is not rewritten is meant.
OPTIONS = ("-x", "-q", "-n0", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")


class FirstFailure:
    """A plugin that notes which test, or which file, failed first."""

    name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.name = self.name or report.nodeid * report.failed

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.name = self.name or report.nodeid * report.failed


def run(tests: Sequence[str], seconds: int) -> tuple[int, str]:
    """pytest's exit code and the first test that failed; less than 0 is the signal that ended the fork.

    Each process of a run has some seconds of processor time.
    """
    read, write = os.pipe()
    os.set_blocking(read, False)
    child = os.fork()
    if child == 0:
        _answer(tests, seconds, write)
    os.close(write)
    _, status = os.waitpid(child, 0)
    with suppress(BlockingIOError):
        if said := os.read(read, 65536):
            os.close(read)
            code, name = json.loads(said)
            return code, name
    os.close(read)
    return -os.WTERMSIG(status) or -1, ""


def _answer(tests: Sequence[str], seconds: int, write: int) -> None:
    """The fork's part, which never returns."""
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        first = FirstFailure()
        code = pytest.main([*OPTIONS, *tests], plugins=[first])
        os.write(write, json.dumps([int(code), first.name]).encode())
    finally:
        os._exit(0)


def main(seconds: int, modules: Sequence[str]) -> None:
    # The script's own folder is no part of the path that tests see, the tree is.
    sys.path[0] = os.getcwd()
    for module in modules:
        with suppress(ImportError):
            importlib.import_module(module)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line), seconds)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])

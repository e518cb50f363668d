"""What stops a child process: its own processor time, not how long a busy machine lets it wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cprograms import ProgramError, processes
from cprograms.frontend import preprocess
from cprograms.frontend.source import Source, read
from cprograms.sandbox import toolchain
from cprograms.sandbox.source import CompileError

linux = pytest.mark.skipif(sys.platform != "linux", reason="processor time is limited on Linux only")
SLEEPS = "import sys, time; time.sleep(1.5); print('int x;'); print('done', file=sys.stderr)"
BURNS = "while True: pass"
# Forty macros, each of them the one before twice: a condition of a million million terms, and no text.
ENORMOUS = "".join(f"#define A{k} A{k - 1} A{k - 1}\n" for k in range(1, 40))
ENORMOUS = f"#define A0 1 +\n{ENORMOUS}#if A39 0\n#endif\nint f(int x) {{ return x; }}\n"
# A file that includes itself twice, and again in each of the two, and asks for a long sum each time.
ENDLESS = f"""#if {"1 + " * 20_000}1 && __INCLUDE_LEVEL__ < 60
#include "endless.h"
#include "endless.h"
#endif
"""


def test_a_process_that_waits_is_not_stopped() -> None:
    assert processes.run([sys.executable, "-c", SLEEPS], 1, os.environ) == (0, "done\n")


@linux
def test_a_process_that_computes_is_stopped() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        processes.run([sys.executable, "-c", BURNS], 1, os.environ)


def test_a_process_that_waits_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        processes.run([sys.executable, "-c", "import time; time.sleep(1000)"], 1, os.environ)


@linux
def test_a_limit_of_the_user_stays() -> None:
    code = f"""
import os, resource, subprocess, sys
from cprograms import processes
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
print(processes.run([sys.executable, "-c", "import resource; print(resource.getrlimit(0)); exit(3)"], 60, os.environ))
try:
    processes.run([sys.executable, "-c", {BURNS!r}], 1, os.environ)
except subprocess.TimeoutExpired:
    print("stopped")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(3, '')\nstopped\n"


def test_a_preprocessor_that_waits_is_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preprocess, "_clang", lambda: (sys.executable, "-c", SLEEPS))
    assert preprocess.expand(read(None, ""), seconds=1) == "int x;\n"


@linux
def test_a_preprocessor_that_computes_for_long_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "endless.h").write_text(ENDLESS)
    with pytest.raises(ProgramError, match="preprocessing took longer than 1 s"):
        preprocess.expand(Source("<source>", ENDLESS, str(tmp_path)), seconds=1)


@linux
def test_a_program_that_loops_in_the_preprocessor_is_told(tmp_path: Path) -> None:
    (tmp_path / "endless.h").write_text(ENDLESS)
    with pytest.raises(ProgramError, match="<source>: error: preprocessing took longer than 5 s"):
        preprocess.preprocess(Source("<source>", ENDLESS, str(tmp_path)))


@linux
def test_a_preprocessor_that_fills_the_memory_is_stopped() -> None:
    """In a process of its own: a child counts the memory of the process that it was forked from, too."""
    code = f"""
import resource, cprograms
try:
    cprograms.load(source={ENORMOUS!r})
except cprograms.ProgramError as e:
    print(str(e).splitlines()[0])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    message, most = done.stdout.splitlines()
    assert message.startswith("<source>: error: preprocessing took more than 512 MB of memory")
    assert int(most) <= 512 * 1024


@linux
def test_a_process_that_writes_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LARGEST_FILE", 100_000)
    code = "import sys\nwith open(sys.argv[1], 'wb') as f:\n  for _ in range(1000): f.write(bytes(10_000))"
    status, _ = processes.run([sys.executable, "-c", code, str(tmp_path / "out")], 10, os.environ)
    assert status
    assert (tmp_path / "out").stat().st_size <= 100_000


def test_a_compiler_that_waits_is_not_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler = tmp_path / "zig"
    compiler.write_text(f"#!{sys.executable}\n{SLEEPS}\n")
    compiler.chmod(0o755)
    monkeypatch.setattr(toolchain, "executable", lambda: str(compiler))
    toolchain._zig([], 1)
    compiler.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('error: no room')\n")
    with pytest.raises(CompileError, match="no room"):
        toolchain._zig([], 1)

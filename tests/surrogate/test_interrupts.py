"""Ctrl-C at many moments of real processes: exit 130 or a finished 0, no traceback, nothing half written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from surrogate.terminal.starting import asks_for_json

pytestmark = pytest.mark.usefixtures("in_own_folder", "interruptible")

SCRIPT = """\
import os, sys
import surrogate.terminal.starting
os.write(2, b".")
from surrogate.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""
MODULE = """\
import os, runpy
import surrogate.terminal.starting
os.write(2, b".")
runpy.run_module("surrogate", run_name="__main__", alter_sys=True)
"""
"""What the two entry points do, and a sign of life: before it, the interpreter has not come to the package yet."""


def started(text: str, arguments: list[str], **settings: str) -> subprocess.Popen[bytes]:
    Path("bin").mkdir(exist_ok=True)
    Path("bin/surrogate").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "bin/surrogate", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **settings},
        start_new_session=True,
    )
    assert process.stderr is not None
    assert process.stderr.read(1) == b"."
    return process


MOMENTS = (0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6, 0.8, 1.1, 1.5, 2, 3)


@pytest.mark.parametrize("entry", [SCRIPT, MODULE], ids=["script", "module"])
def test_ctrl_c_at_any_moment(entry: str, plane_file: Path, compiler: Path) -> None:
    codes = []
    for i, seconds in enumerate(MOMENTS):
        process = started(entry, ["compile", str(plane_file), "--compiler", str(compiler), "--json", "-o", f"{i}.out"])
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        codes.append(process.returncode)
        assert (process.returncode in (0, 130), err) == (True, b""), (seconds, process.returncode, err.decode())
        document = json.loads(out)
        if process.returncode == 130 and "artifact" not in document:
            assert document["diagnostics"][0]["message"] == "interrupted"
        else:
            assert (Path(f"{i}.out") / "model.safetensors").exists()
    assert codes[0] == 130
    whole = {f"{i}.out" for i in range(len(MOMENTS))}
    assert set(os.listdir()) <= whole | {"bin", plane_file.name}


def children(process: subprocess.Popen[bytes]) -> str:
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc")
@pytest.mark.parametrize("wait", [0, 0.5])
def test_ctrl_c_while_a_compiler_runs(wait: float, compiler: Path, plane_file: Path) -> None:
    """The terminal sends it to the child as well. The cache is empty, so that the C library has to be built."""
    for name in ("cache", "temporary"):
        Path(name).mkdir()
    settings = {"SURROGATE_CACHE": os.path.abspath("cache"), "TMPDIR": os.path.abspath("temporary")}
    process = started(SCRIPT, ["compile", str(plane_file), "--compiler", str(compiler)], **settings)
    while process.poll() is None and not os.listdir("temporary"):
        time.sleep(0.01)
    while process.poll() is None and not children(process):
        time.sleep(0.01)
    time.sleep(wait)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")
    assert os.listdir("temporary") == []
    assert not [p for p in Path("cache").rglob("*.o*") if p.suffix != ".lock"]
    assert not list(Path().glob("*.surrogate"))


def test_a_program_that_imports_the_package_keeps_its_own_way() -> None:
    code = (
        "import signal, surrogate, surrogate.cli\nprint(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_an_interrupt_that_cannot_be_raised_comes_again() -> None:
    """In a destructor the interpreter would print it and go on."""
    Path("bin").mkdir()
    Path("bin/surrogate").write_text(
        "import signal, sys, time\n"
        "from surrogate import cli\n"
        "class Dying:\n"
        "    def __del__(self):\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "        for _ in range(1000): pass\n"
        "def run(arguments):\n"
        "    Dying()\n"
        "    time.sleep(600)\n"
        "    return 0\n"
        "cli._outcome = run\n"
        "sys.exit(cli.main())\n"
    )
    done = subprocess.run([sys.executable, "bin/surrogate"], capture_output=True, check=False, timeout=240)
    assert (done.returncode, done.stderr) == (130, b"")


def test_what_asks_for_json() -> None:
    assert asks_for_json(["run", "--json", "x"])
    assert asks_for_json(["--json=1"])
    assert not asks_for_json(["run", "x", "--", "--json"])
    assert not asks_for_json(["run", "--jsonx"])

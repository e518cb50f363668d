"""The sandbox's compiler and its cache: faults, corruption, several processes."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from cprograms.announcements import announced
from cprograms.cache import Cache, key, root
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.sandbox import Status, run, run_many, running, toolchain
from tests.cprograms.native import program_of

SQUARE = "double f(double x) { return x * x; }"
X = np.arange(3.0)[:, None]
Damage = Callable[[bytes], bytes]


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of an empty cache, for this process: the C library stays where it is."""
    toolchain._math_library()
    monkeypatch.setenv("SURROGATE_CACHE", str(tmp_path))
    return tmp_path / "modules"


def test_a_missing_compiler_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SURROGATE_CACHE", str(tmp_path))
    monkeypatch.setattr(toolchain, "executable", toolchain.executable.__wrapped__)
    monkeypatch.setattr(toolchain, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install ziglang"):
        run(program_of("int f(int a) { return a; }"), np.ones((2, 1)))


def test_no_place_to_compile_is_a_usage_error(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(modules / "missing"))
    with pytest.raises(UsageError, match="cannot compile in the temporary directory"):
        run(program_of(SQUARE), X)


def test_what_cannot_be_compiled_in_time_is_rejected(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.compiled, "__defaults__", (1e-6,))
    with pytest.raises(ProgramError, match="it is too long: compiling took more than"):
        run(program_of(SQUARE), X)


def test_what_the_runtime_refuses_is_rejected(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "to_wasm", lambda *arguments: b"not a module")
    with pytest.raises(ProgramError, match="the sandbox cannot compile 'f'"):
        run(program_of(SQUARE), X)
    assert run_many([program_of(SQUARE)], [X])[0].status.tolist() == [Status.REJECTED] * 3


def test_a_cached_module_is_not_compiled_again(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run(program_of(SQUARE), X)
    assert len(list(modules.iterdir())) == 1
    monkeypatch.setattr(toolchain, "to_wasm", None)
    np.testing.assert_array_equal(run(program_of(SQUARE), X), expected)


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


DAMAGES = {
    "emptied": lambda b: b"",
    "without its end": lambda b: b[:-100],
    "halved": lambda b: b[: len(b) // 2],
    "only its digest": lambda b: b[:32],
    "longer": lambda b: b + b"1",
    "a bit of its digest": lambda b: _flipped(b, 3),
    "its first bit": lambda b: _flipped(b, 32),
    "a bit in the middle": lambda b: _flipped(b, len(b) // 2),
    "its last bit": lambda b: _flipped(b, len(b) - 1),
    "zeros": lambda b: bytes(len(b)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_corrupt_entry_is_compiled_again(modules: Path, damage: Damage) -> None:
    run(program_of(SQUARE), X)
    [entry] = modules.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert entry.read_bytes() != whole
    np.testing.assert_array_equal(run(program_of(SQUARE), X), X * X)
    assert Cache(modules).get(entry.name) == whole[32:]


def test_an_entry_of_another_program_is_compiled_again(modules: Path) -> None:
    run(program_of(SQUARE), X)
    [square] = modules.iterdir()
    content = square.read_bytes()
    square.unlink()
    cube = "double f(double x) { return x * x * x; }"
    run(program_of(cube), X)
    [entry] = modules.iterdir()
    entry.write_bytes(content)
    np.testing.assert_array_equal(run(program_of(cube), X), X**3)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_corrupt_c_library_is_built_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: Damage) -> None:
    library = toolchain._math_library()
    monkeypatch.setenv("SURROGATE_CACHE", str(tmp_path))
    monkeypatch.setattr(toolchain, "_built_math_library", lambda: library)  # it takes 15 s
    monkeypatch.setattr(toolchain, "_math_library", toolchain._math_library.__wrapped__)
    toolchain._math_library()
    [entry] = (p for p in (tmp_path / "libm").iterdir() if p.suffix != ".lock")
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert entry.read_bytes() != whole
    sine = program_of("double sin(double); double f(double x) { return sin(x); }")
    np.testing.assert_allclose(run(sine, X), np.sin(X), rtol=1e-15)
    assert entry.read_bytes() == whole


def test_a_c_library_damaged_while_the_process_runs_is_not_read(modules: Path) -> None:
    """What was read once is kept."""
    (modules.parent / "libm").write_text("not a folder")
    np.testing.assert_array_equal(run(program_of(SQUARE), X), X * X)


def test_an_entry_for_another_machine_is_compiled_again(modules: Path) -> None:
    run(program_of(SQUARE), X)
    [entry] = modules.iterdir()
    Cache(modules).put(entry.name, b"\x7fELF not this machine's code")
    np.testing.assert_array_equal(run(program_of(SQUARE), X), X * X)


def test_a_cache_that_cannot_be_written_costs_time_only(modules: Path) -> None:
    modules.write_text("a file where the folder should be")
    np.testing.assert_array_equal(run(program_of(SQUARE), X), X * X)


def test_a_c_library_that_cannot_be_written_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "libm").write_text("a file where the folder should be")
    monkeypatch.setenv("SURROGATE_CACHE", str(tmp_path))
    with pytest.raises(UsageError, match="SURROGATE_CACHE names another"):
        toolchain._math_library.__wrapped__()


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=1000)
    for k in range(4):
        cache.put(str(k), bytes(200))
        os.utime(tmp_path / str(k), (k, k))
    assert cache.get("0") == bytes(200)  # now the latest
    cache.put("4", bytes(200))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0", "2", "3", "4"]
    assert cache.get("1") is None


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SURROGATE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert root() == Path.home() / ".cache" / "surrogate"
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert root() == Path("/x/surrogate")
    monkeypatch.setenv("SURROGATE_CACHE", "/y")
    assert root() == Path("/y")


WORKER = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from tests.cprograms.native import program_of
from cprograms.sandbox import run
for k in range(4):
    y = run(program_of(f"double f(double x) {{ return x * {k}; }}"), np.arange(3.0)[:, None])
    assert y[:, 0].tolist() == [0, k, 2 * k]
print(y.tolist())
"""


def test_several_processes_share_the_cache(modules: Path) -> None:
    Cache(modules.parent / "libm").put(key(toolchain._roots(), version("ziglang")), toolchain._math_library())
    command = [sys.executable, "-c", WORKER, str(Path(__file__).parent)]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: subprocess.run(command, capture_output=True, text=True, check=True), range(3)))
    assert {p.stdout for p in done} == {"[[0.0], [3.0], [6.0]]\n"}
    assert [p.stderr for p in done] == [""] * 3
    assert len(list(modules.iterdir())) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_compiles_too() -> None:
    run_many([program_of(SQUARE)], [X])
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        np.testing.assert_array_equal(pool.submit(_square_in_a_batch).result(timeout=60), X * X)


def _square_in_a_batch() -> np.ndarray:
    return run_many([program_of(SQUARE)] * 3, [X] * 3)[2].y


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_build_the_c_library_once(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "SURROGATE_CACHE": str(tmp_path / "cache"), "TMPDIR": str(scratch)}
    command = [sys.executable, "-c", WORKER, str(Path(__file__).parent)]
    workers = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [w.wait() for w in workers] == [0, 0]
    assert len(list((tmp_path / "cache" / "libm").iterdir())) == 2, "the library and its lock"
    assert not list(scratch.iterdir()), "zig's own cache must not stay"


def test_the_first_build_is_announced_on_a_terminal_only(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    with announced("building"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with announced("building"):
        pass
    assert "building" in capsys.readouterr().err

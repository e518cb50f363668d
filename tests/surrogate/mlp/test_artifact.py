from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import cprograms
import surrogate
from cprograms import files
from cprograms.diagnostics import UsageError
from cprograms.program import Program
from cprograms.sampling import sample
from surrogate import container
from surrogate.anc.pipeline import compile_anc
from surrogate.anc.program import AncProgram
from surrogate.mlp.artifact import Surrogate

LIBRARY = sorted((Path(cprograms.__file__).parent / "library").glob("*.c"))
STRUCT = """\
#include <math.h>
#define SCALE 0.5
typedef struct { double x; struct { float re, im; } z; } out_t;
static double half(double v) { return SCALE * v; }
#pragma surrogate range(a, -2.5, 1e-3)
#pragma surrogate range(n, 0, 18446744073709551615)
out_t spin(double a, unsigned long n) { out_t o = { half(a), { cosf(a), sinf(a) } }; if (n > 5) o.x += 1; return o; }
double unused(double x) { return x; }
"""


@pytest.fixture
def listk() -> AncProgram:
    return compile_anc(LIBRARY[0].parent / "anc" / "listk.c", memory_size=20)


@pytest.fixture
def saved(plane: Surrogate, tmp_path: Path) -> Path:
    plane.save(tmp_path / "plane.surrogate")
    return tmp_path / "plane.surrogate"


def test_a_loaded_surrogate_is_the_saved_one(plane: Surrogate, saved: Path) -> None:
    loaded = surrogate.load(saved)
    x = sample(plane.program, 100, 3)
    np.testing.assert_array_equal(loaded.predict(x), plane.predict(x))
    for name in ("entry", "arguments", "results", "text", "opt_level", "seed", "rows", "compiler", "measured"):
        assert getattr(loaded, name) == getattr(plane, name), name
    assert loaded.check(rows=100, seed=5) == plane.check(rows=100, seed=5)


def test_the_artifact_holds_the_program_and_its_domain(compiler: Path, tmp_path: Path) -> None:
    compiled = surrogate.compile(source=STRUCT, entry="spin", ranges={"a": (-1, 0.1)}, compiler=compiler)
    compiled.save(tmp_path / "s")
    program = surrogate.load(tmp_path / "s").program
    assert "unused" not in (tmp_path / "s" / "program.c").read_text()
    assert [r.name for r in program.results] == ["x", "z.re", "z.im"]
    np.testing.assert_array_equal(program.domain, compiled.program.domain)
    assert program.domain.tolist() == [[-1, 0.1], [0, 2.0**64]]
    x = np.array([[-0.5, 3], [0.05, 2.0**60]])
    np.testing.assert_array_equal(cprograms.run(program, x), cprograms.run(compiled.program, x))


def test_declared_ranges_of_results_survive(compiler: Path, tmp_path: Path) -> None:
    source = "#pragma surrogate range(return, -3, 5.5)\ndouble f(double x) { return 4 * x; }"
    surrogate.compile(source=source, compiler=compiler).save(tmp_path / "s")
    loaded = surrogate.load(tmp_path / "s")
    assert (loaded.results[0].low, loaded.results[0].high) == (-3, 5.5)
    assert loaded.program.results == loaded.results


def described(program: Program) -> tuple:
    arguments = [(a.name, a.type, a.low, a.high) for a in program.arguments]
    return program.entry, arguments, program.results


def test_pragmas_stay_with_the_entry() -> None:
    """A pragma belongs to the function after it, which need not be the file's first, nor its last."""
    source = """
    static double clamp(double x) { return x < 0 ? 0 : x; }
    double f(double x);
    #pragma surrogate range(x, 2, 3)
    #pragma surrogate range(return, 0, 9)
    double f(double x) { return clamp(x) * x; }
    #pragma surrogate range(x, 5, 6)
    double g(double x) { return f(x); }
    """
    for entry in ("f", "g"):
        program = cprograms.load(source=source, entry=entry)
        assert described(cprograms.load(source=program.portable_text)) == described(program)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", sorted((Path(cprograms.__file__).parent / "library").glob("*.c")), ids=lambda p: p.stem
)
def test_every_library_program_survives(path: Path) -> None:
    program = cprograms.load(path)
    again = cprograms.load(source=program.portable_text)
    assert described(again) == described(program)
    x = sample(program, 50, 0)
    np.testing.assert_array_equal(cprograms.run(again, x), cprograms.run(program, x))


def test_records_how_it_was_made(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    assert config["library_version"] == surrogate.__version__
    assert len(config["compiler_sha256"]) == 64
    assert config["measured"]["nmse"] < 1
    assert sorted(os.listdir(saved)) == ["README.md", "config.json", "model.safetensors", "program.c"]


def test_the_card_states_the_error(plane: Surrogate, saved: Path) -> None:
    card = (saved / "README.md").read_text()
    assert plane.measured is not None
    assert f"{plane.measured.nmse:.4g}" in card
    assert "| `x` | `double` | 0 to 4 |" in card


def test_o0_is_saved_unmeasured(compiler: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surrogate.numeric.rows.run_with_status", None)
    compiled = surrogate.compile(source="double f(double x) { return x; }", opt_level=0, compiler=compiler)
    compiled.save(tmp_path / "s")
    assert surrogate.load(tmp_path / "s").measured is None
    assert "never runs the program" in (tmp_path / "s" / "README.md").read_text()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "program.c"])
@pytest.mark.parametrize("damage", ["truncated", "emptied", "edited", "removed"])
def test_a_damaged_artifact_does_not_load(saved: Path, name: str, damage: str) -> None:
    path = saved / name
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage == "edited":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + b"\x00" + content[middle + 1 :])
    else:
        path.unlink()
    with pytest.raises(UsageError, match=r"plane\.surrogate: (damaged|not a surrogate) artifact"):
        surrogate.load(saved)


@pytest.mark.parametrize("edit", [{"entry": "other"}, {"seed": 1}, {"sha256": None}, {"seal": None}, {"new": 0}])
def test_an_edited_configuration_does_not_load(saved: Path, edit: dict) -> None:
    config = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**config, **edit}))
    with pytest.raises(UsageError, match=r"damaged artifact: config\.json was edited"):
        surrogate.load(saved)


def test_the_layout_of_the_configuration_is_free(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps(dict(reversed(config.items()))))
    surrogate.load(saved)


@pytest.mark.parametrize(
    "edit",
    [
        {"signature": {"arguments": [], "results": []}},
        {"signature": {"arguments": [{"name": "x"}], "results": []}},
        {"hidden_size": 32},
        {"hidden_size": "wide"},
        {"measured": 5},
    ],
)
def test_a_configuration_that_does_not_fit_does_not_load(saved: Path, edit: dict) -> None:
    config = {**json.loads((saved / "config.json").read_text()), **edit}
    del config["seal"]
    config["seal"] = container.seal(config)
    (saved / "config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError, match=r"damaged artifact: config\.json does not describe its files"):
        surrogate.load(saved)


@pytest.mark.parametrize("version", ["one", 0, None])
def test_a_format_version_is_a_positive_number(saved: Path, version: object) -> None:
    config = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**config, "format_version": version}))
    with pytest.raises(UsageError, match="damaged artifact: format version"):
        surrogate.load(saved)


def test_an_artifact_of_a_newer_version_says_so(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    newer = {**config, "format_version": 2, "library_version": "9.0", "signature": "something new"}
    (saved / "config.json").write_text(json.dumps(newer))
    with pytest.raises(UsageError, match=r"written by surrogate-compiler 9\.0 in format 2.*upgrade"):
        surrogate.load(saved)


def test_what_is_no_artifact_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such artifact"):
        surrogate.load(tmp_path / "missing")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="not a surrogate artifact"):
        surrogate.load(tmp_path / "file")
    with pytest.raises(UsageError, match="not a surrogate artifact"):
        surrogate.load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(UsageError, match="not a surrogate artifact"):
        surrogate.load(tmp_path)


def test_replaces_an_artifact_only(plane: Surrogate, saved: Path, tmp_path: Path) -> None:
    plane.check(rows=50)
    plane.save(saved)
    assert surrogate.load(saved).measured == plane.measured
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "keep.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not a surrogate artifact; it will not be overwritten"):
        plane.save(tmp_path / "notes")
    assert (tmp_path / "notes" / "keep.txt").read_text() == "mine"
    with pytest.raises(UsageError, match="will not be overwritten"):
        plane.save(tmp_path / "notes" / "keep.txt")


def keep(folder: Path) -> dict[str, bytes]:
    """Put files of the user's own beside an artifact's: what must stay."""
    kept = {"notes.txt": b"mine", "inner.surrogate/config.json": b'{"format": "surrogate"}', ".git/HEAD": b"ref"}
    for name, content in kept.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return kept


def test_other_files_beside_an_artifact_stay(plane: Surrogate, listk: AncProgram, saved: Path) -> None:
    kept = keep(saved)
    own = {"README.md", "config.json", "model.safetensors", "program.c"}
    for artifact, more in ((plane, set()), (listk, {"program.asm"}), (plane, set())):
        artifact.save(saved)
        assert {p.name for p in saved.iterdir() if p.is_file()} == own | more | {"notes.txt"}
        assert {name: (saved / name).read_bytes() for name in kept} == kept
        assert type(surrogate.load(saved)) is type(artifact)


def test_a_file_that_the_artifact_does_not_list_is_not_replaced(
    plane: Surrogate, listk: AncProgram, saved: Path
) -> None:
    (saved / "program.asm").write_text("mine")
    with pytest.raises(UsageError, match=r"program\.asm: is no file of the artifact; it will not be overwritten"):
        listk.save(saved)
    assert (saved / "program.asm").read_text() == "mine"
    assert isinstance(surrogate.load(saved), Surrogate)
    plane.save(saved)
    assert (saved / "program.asm").read_text() == "mine"


@pytest.mark.parametrize("listed", [None, [], {"../mine": "0"}, {"..": "0"}, {"inner": "0"}, {"a\0b": "0"}, {"": "0"}])
def test_an_odd_list_of_files_loses_none(plane: Surrogate, saved: Path, tmp_path: Path, listed: object) -> None:
    (tmp_path / "mine").write_text("mine")
    (saved / "inner").mkdir()
    (saved / "inner" / "mine").write_text("mine")
    own = dict.fromkeys(("model.safetensors", "program.c"), "0")
    config = json.loads((saved / "config.json").read_text())
    config["sha256"] = listed if not isinstance(listed, dict) else own | listed
    (saved / "config.json").write_text(json.dumps(config))
    if isinstance(listed, dict):
        plane.save(saved)
        surrogate.load(saved)
    else:
        with pytest.raises(UsageError, match="is no file of the artifact"):
            plane.save(saved)
    assert (tmp_path / "mine").read_text() == (saved / "inner" / "mine").read_text() == "mine"


@pytest.mark.filterwarnings("ignore:This process")  # of more than one thread, from Python 3.12 on
def test_a_killed_save_leaves_an_artifact_that_loads(plane: Surrogate, saved: Path, tmp_path: Path) -> None:
    """Killed before any step: the old artifact or the new one; the next save tidies up."""
    keep(saved)
    shutil.copytree(saved, tmp_path / "fresh")
    old = surrogate.load(saved).measured
    plane.check(rows=60)
    errors = set()
    for step in range(100):
        place = tmp_path / f"{step}.surrogate"
        shutil.copytree(tmp_path / "fresh", place)
        pid = os.fork()
        if pid == 0:
            kill_before(step, str(place))
            plane.save(place)
            os._exit(0)
        status = os.waitpid(pid, 0)[1]
        errors.add(surrogate.load(place).measured)
        if status == 0:
            break
        plane.save(place)
        assert sorted(os.listdir(place)) == sorted({*os.listdir(saved)})
    assert errors == {old, plane.measured}
    assert step > 12


def kill_before(step: int, place: str) -> None:
    """Have the system kill this process before its step of that number on files below a place."""
    left = step

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "open") and place in str(arguments[0]):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def test_a_damaged_artifact_may_be_replaced(plane: Surrogate, saved: Path) -> None:
    (saved / "model.safetensors").unlink()
    plane.save(saved)
    surrogate.load(saved)


def test_an_unwritable_place_is_one_clear_error(plane: Surrogate, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written"):
        plane.save(tmp_path / "file" / "s")
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        plane.save(tmp_path / "missing" / "s")


def test_a_full_disk_leaves_the_old_artifact(
    plane: Surrogate, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = surrogate.load(saved)
    plane.check(rows=60)

    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_write_durably", full)
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        plane.save(saved)
    assert surrogate.load(saved).measured == before.measured
    assert os.listdir(tmp_path) == ["plane.surrogate"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 KiB, where this process may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(place)], capture_output=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip("mounting needs privileges")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_really_full_disk(plane: Surrogate, small_disk: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        plane.save(small_disk / "s")
    assert os.listdir(small_disk) == []

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cprograms import files
from cprograms.files import file_names, read_file, replace_file, replace_json, write_directory
from tests import ROOT

OLD, NEW = {"a": b"old a", "b": b"old b"}, {"a": b"new a", "c": b"new c"}
STALE = {"b"}
KEPT = {"notes.txt": b"mine", "nested/config.json": b"{}", ".git/HEAD": b"ref"}


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def make_old(folder: Path) -> None:
    """The old files, and others that are not the writer's."""
    for name, content in {**OLD, **KEPT}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "link").symlink_to("notes.txt")


def fail_at(name: str, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let writing fail at the file of that name, after half of its content."""
    write = files._write_durably

    def failing(path: Path, content: bytes) -> None:
        if path.name == name:
            write(path, content[: len(content) // 2])
            raise error
        write(path, content)

    monkeypatch.setattr(files, "_write_durably", failing)


def test_makes_a_directory(tmp_path: Path) -> None:
    write_directory(tmp_path / "d", NEW)
    assert contents(tmp_path / "d") == NEW
    assert os.listdir(tmp_path) == ["d"]


def test_replaces_its_own_files_alone(tmp_path: Path) -> None:
    make_old(tmp_path / "d")
    place, note = (tmp_path / "d").stat().st_ino, (tmp_path / "d/notes.txt").stat()
    write_directory(tmp_path / "d", NEW, STALE)
    assert contents(tmp_path / "d") == {**NEW, **KEPT, "link": b"mine"}
    assert (tmp_path / "d/link").is_symlink()
    assert (tmp_path / "d").stat().st_ino == place
    assert (tmp_path / "d/notes.txt").stat().st_mtime_ns == note.st_mtime_ns
    assert os.listdir(tmp_path) == ["d"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("existing", [True, False])
def test_an_interrupted_write_leaves_what_was_there(
    tmp_path: Path, error: BaseException, existing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if existing:
        make_old(tmp_path / "d")
        before = contents(tmp_path / "d")
    fail_at("c", error, monkeypatch)
    with pytest.raises(type(error)):
        write_directory(tmp_path / "d", NEW, STALE)
    assert os.listdir(tmp_path) == (["d"] if existing else [])
    if existing:
        assert contents(tmp_path / "d") == before


KILLED = """
import os, signal, sys
from pathlib import Path
from cprograms.files import write_directory

folder, steps = Path(sys.argv[1]), int(sys.argv[2])
left = steps
def hook(event, arguments):
    global left
    if event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "open") and str(folder.parent) in str(arguments[0]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
write_directory(folder, {"a": b"new a", "c": b"new c"}, {"b"})
"""


def states_after_a_kill(folder: Path, existing: bool) -> Iterator[int]:
    """Kills a writer before each of its steps, from the first to the last; what it leaves is at `folder` each time."""
    for step in range(100):
        place = folder / str(step) / "d"
        place.parent.mkdir()
        if existing:
            make_old(place)
        killed = subprocess.run(
            [sys.executable, "-S", "-c", KILLED, str(place), str(step)],
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
        )
        if killed.returncode == 0:
            assert step > 4  # a folder, two files, the folder to the disk, a rename
            return
        assert killed.returncode == -9, killed.stderr
        yield step
    raise AssertionError("the writer does not end")


def as_read(folder: Path) -> dict[str, bytes]:
    return {name: read_file(folder, name) for name in file_names(folder)}


def test_a_killed_write_leaves_the_old_files_or_the_new_ones(tmp_path: Path) -> None:
    seen = set()
    for step in states_after_a_kill(tmp_path, existing=True):
        place = tmp_path / str(step) / "d"
        found = as_read(place)
        kept = {name: found.pop(name) for name in ("notes.txt", "link")}
        assert kept == {"notes.txt": b"mine", "link": b"mine"}
        assert contents(place).items() >= KEPT.items(), step
        new = found["a"] == NEW["a"]
        seen.add(new)
        # What is stale may be left, but never beside the old files' place in a mix.
        assert found == OLD if not new else found in (NEW, NEW | {"b": OLD["b"]}), step
        write_directory(place, {"a": b"third"}, {"b", "c"})
        assert contents(place) == {"a": b"third", **KEPT, "link": b"mine"}, step
    assert seen == {False, True}


def test_a_killed_first_write_leaves_nothing_or_all(tmp_path: Path) -> None:
    for step in states_after_a_kill(tmp_path, existing=False):
        place = tmp_path / str(step) / "d"
        assert not place.exists() or as_read(place) == NEW, step
        write_directory(place, {"a": b"third"}, {"c"})
        assert as_read(place)["a"] == b"third"


@pytest.mark.parametrize("failing", [0, 1])
def test_what_cannot_be_replaced_leaves_the_old_or_the_new(
    tmp_path: Path, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(tmp_path)
    replace, calls = Path.replace, 0

    def refuse(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls > failing:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        write_directory(tmp_path, NEW, STALE)
    found = as_read(tmp_path)
    assert {name: found[name] for name in (NEW if failing else OLD)} == (NEW if failing else OLD)
    assert contents(tmp_path).items() >= KEPT.items()


def test_an_interrupt_amid_the_replacing_ends_it_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_old(tmp_path)
    replace, interrupted = Path.replace, False

    def interrupt(self: Path, target: Path) -> Path:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_directory(tmp_path, NEW, STALE)
    assert contents(tmp_path) == {**NEW, **KEPT, "link": b"mine"}


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_folder_in_the_way_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine").write_text("kept")
    with pytest.raises(IsADirectoryError):
        write_directory(tmp_path, NEW, STALE)
    assert contents(tmp_path) == {f"{name}/mine": b"kept"}


def test_follows_a_link_to_the_directory(tmp_path: Path) -> None:
    make_old(tmp_path / "d")
    (tmp_path / "link").symlink_to("d")
    write_directory(tmp_path / "link", NEW, STALE)
    assert as_read(tmp_path / "d").items() >= NEW.items()
    assert (tmp_path / "link").is_symlink()


def test_a_linked_file_is_replaced_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"mine")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a").symlink_to("../elsewhere")
    write_directory(tmp_path / "d", NEW)
    assert contents(tmp_path / "d") == NEW
    assert (tmp_path / "elsewhere").read_bytes() == b"mine"


def test_writers_take_turns(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from cprograms.files import write_directory\n"
    code += "for _ in range(30): write_directory(Path(sys.argv[1]), {k: sys.argv[2].encode() for k in 'abc'})"
    write_directory(tmp_path / "d", {})
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "d"), who], env={"PYTHONPATH": str(ROOT)})
        for who in ("one", "other")
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    found = contents(tmp_path / "d")
    assert found in (dict.fromkeys("abc", b"one"), dict.fromkeys("abc", b"other"))


def test_honours_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_directory(tmp_path / "d", NEW)
        replace_file(tmp_path / "f", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "d").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "d" / "a").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o640


def test_replaces_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "f"
    replace_file(target, b"old")
    replace_file(target, b"new")
    assert target.read_bytes() == b"new"

    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_write_durably", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(target, b"newer")
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["f"]


def test_a_json_file_is_whole_or_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    replace_json(path, {"error": 0.5, "rows": [1, 2]})
    assert path.read_text() == '{\n "error": 0.5,\n "rows": [\n  1,\n  2\n ]\n}\n'
    with pytest.raises(TypeError):
        replace_json(path, {"error": object()})
    assert json.loads(path.read_text()) == {"error": 0.5, "rows": [1, 2]}


def test_writes_to_a_device(tmp_path: Path) -> None:
    replace_file(Path(os.devnull), b"x")
    assert Path(os.devnull).is_char_device()

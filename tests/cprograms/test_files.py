from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from cprograms import files
from cprograms.files import replace_directory, replace_file

OLD, NEW = {"a": b"old a", "b": b"old b"}, {"a": b"new a", "c": b"new c"}


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


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
    replace_directory(tmp_path / "d", NEW)
    assert contents(tmp_path / "d") == NEW
    assert os.listdir(tmp_path) == ["d"]


@pytest.mark.parametrize("platform", [sys.platform, "other"])
def test_replaces_a_directory_whole(tmp_path: Path, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_directory(tmp_path / "d", OLD)
    monkeypatch.setattr(files.sys, "platform", platform)
    replace_directory(tmp_path / "d", NEW)
    assert contents(tmp_path / "d") == NEW
    assert os.listdir(tmp_path) == ["d"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("existing", [True, False])
def test_an_interrupted_write_leaves_what_was_there(
    tmp_path: Path, error: BaseException, existing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if existing:
        replace_directory(tmp_path / "d", OLD)
    fail_at("c", error, monkeypatch)
    with pytest.raises(type(error)):
        replace_directory(tmp_path / "d", NEW)
    assert os.listdir(tmp_path) == (["d"] if existing else [])
    if existing:
        assert contents(tmp_path / "d") == OLD


def test_a_failed_swap_by_two_renames_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_directory(tmp_path / "d", OLD)
    monkeypatch.setattr(files.sys, "platform", "other")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if (self / "c").exists():
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(KeyboardInterrupt):
        replace_directory(tmp_path / "d", NEW)
    assert contents(tmp_path / "d") == OLD
    assert os.listdir(tmp_path) == ["d"]


def test_follows_a_link_to_the_directory(tmp_path: Path) -> None:
    replace_directory(tmp_path / "d", OLD)
    (tmp_path / "link").symlink_to("d")
    replace_directory(tmp_path / "link", NEW)
    assert contents(tmp_path / "d") == NEW
    assert (tmp_path / "link").is_symlink()


def test_honours_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_directory(tmp_path / "d", NEW)
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


def test_writes_to_a_device(tmp_path: Path) -> None:
    replace_file(Path(os.devnull), b"x")
    assert Path(os.devnull).is_char_device()

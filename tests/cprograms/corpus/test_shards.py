"""Folders of shards: whatever goes wrong, the run goes on or the next one does, and the bytes are the same."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from cprograms.corpus.format import write_shard
from cprograms.corpus.generated import write_generated_shard
from cprograms.corpus.shards import make_shards
from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from tests import ROOT
from tests.cprograms.corpus.shard_troubles import plain_shard


def jobs(folder: Path, *troubles: str) -> dict[Path, tuple]:
    return {folder / f"{i}.parquet": (trouble,) for i, trouble in enumerate(troubles)}


def test_a_killed_worker_is_replaced(tmp_path: Path):
    folder = tmp_path / "shards"
    report = make_shards(plain_shard, jobs(folder, "", f"die:{tmp_path}/died", "", ""), {}, processes=2)
    assert (report.made, report.failures) == (4, {})
    assert report.lost_workers == 1
    assert report.counts["made"] == 4


@pytest.mark.slow
def test_a_shard_that_kills_every_worker_is_given_up(tmp_path: Path):
    report = make_shards(plain_shard, jobs(tmp_path, "die"), {})
    assert report.made == 0
    assert report.lost_workers == 3
    assert report.failures == {"0.parquet": "the worker process died, 3 times"}


def test_a_full_disk_is_reported_and_the_next_run_goes_on(tmp_path: Path):
    folder = tmp_path / "shards"
    todo = jobs(folder, "", f"full:{tmp_path}/cleared", "")
    first = make_shards(plain_shard, todo, {})
    assert first.made == 2
    assert "No space left on device" in first.failures["1.parquet"]
    second = make_shards(plain_shard, todo, {})
    assert (second.made, second.present, second.failures) == (1, 2, {})
    assert second.counts["made"] == 3


def test_a_full_disk_leaves_no_shard_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_shard(tmp_path / "0.parquet", [])
    assert not list(tmp_path.iterdir())


def test_only_missing_shards_are_made_and_equal(tmp_path: Path):
    todo = {tmp_path / f"{i}.parquet": (1000 * i, 60, 64, "numpy") for i in range(2)}
    make_shards(write_generated_shard, todo, {})
    first, second = (p.read_bytes() for p in todo)
    assert first != second
    (tmp_path / "1.parquet").unlink()
    leftover = tmp_path / ".1.parquet.0123"  # of a writer that was killed
    leftover.write_bytes(second[:1000])
    report = make_shards(write_generated_shard, todo, {}, processes=2)
    assert (report.made, report.present) == (1, 1)
    assert [p.read_bytes() for p in todo] == [first, second]
    assert not leftover.exists()
    assert report.counts["tried"] == 120


def test_the_evaluators_give_the_same_programs(tmp_path: Path):
    for evaluator in ("numpy", "sandbox"):
        write_generated_shard(tmp_path / f"{evaluator}.parquet", 0, 60, 64, evaluator)
    sizes = [(tmp_path / f"{e}.parquet").stat().st_size for e in ("numpy", "sandbox")]
    assert abs(sizes[0] - sizes[1]) < 0.01 * sizes[0]


def test_a_folder_keeps_to_its_settings(tmp_path: Path):
    make_shards(plain_shard, jobs(tmp_path, ""), {"seed": 1, "rows": 2})
    with pytest.raises(UsageError, match=r"other settings \(seed\)"):
        make_shards(plain_shard, jobs(tmp_path, "", ""), {"seed": 2, "rows": 2})


def test_two_runs_do_not_share_a_folder(tmp_path: Path):
    with FileLock(tmp_path / ".lock"), pytest.raises(UsageError, match="another run is writing"):
        make_shards(plain_shard, jobs(tmp_path, ""), {})


@pytest.mark.slow
def test_ray_makes_the_same_shards(tmp_path: Path):
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    settings = {"seed": 0}
    made = []
    for folder, address in ((tmp_path / "a", None), (tmp_path / "b", "local")):
        todo = {folder / f"{i}.parquet": (1000 * i, 30, 64, "numpy") for i in range(3)}
        report = make_shards(write_generated_shard, todo, settings, processes=2, ray_address=address)
        assert (report.made, report.failures) == (3, {})
        made.append([p.read_bytes() for p in todo])
    assert made[0] == made[1]


def test_ray_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"pip install 'surrogate-compiler\[ray\]'"):
        make_shards(plain_shard, jobs(tmp_path, ""), {}, ray_address="local")


def generate(folder: Path) -> list[str]:
    return [sys.executable, "scripts/data/generate.py", "--programs", "2000", "--rows", "64", "-o", str(folder)]


@pytest.mark.slow
def test_a_killed_run_goes_on(tmp_path: Path):
    whole = subprocess.run(generate(tmp_path / "whole"), cwd=ROOT, capture_output=True, text=True, check=True)
    killed = tmp_path / "killed"
    process = subprocess.Popen(generate(killed), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while not (killed / "000000.parquet").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    resumed = subprocess.run(generate(killed), cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(resumed.stdout[resumed.stdout.index("{") :])["present"] == 1
    assert json.loads(whole.stdout[whole.stdout.index("{") :])["made"] == 2
    for name in ("000000.parquet", "000001.parquet"):
        assert (killed / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_script_refuses_other_settings(tmp_path: Path):
    replace_file(tmp_path / "settings.json", b"{}")
    done = subprocess.run(generate(tmp_path), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "holds shards of other settings" in done.stderr
    assert "Traceback" not in done.stderr

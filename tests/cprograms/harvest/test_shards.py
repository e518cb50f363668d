"""From a tree to shards of distinct programs: the funnel's counts, hostile files, interruptions."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

import datasets
import numpy as np
import pytest

import cprograms
from cprograms.corpus.format import FEATURES, read_shard, shard_counts
from cprograms.diagnostics import UsageError
from cprograms.harvest import shard, sources
from cprograms.harvest.harvest import HarvestSettings, _parts, harvest
from cprograms.harvest.shard import ShardJob, write_harvested_shard
from cprograms.harvest.sources import open_tree
from cprograms.sandbox import run
from tests import ROOT
from tests.cprograms.harvest.trees import write_tree

SCRIPT = ROOT / "scripts" / "data" / "harvest.py"
PLANTED = {
    # Kept: a whole function with a helper, a typedef, a macro and a constant; one expression of `main`.
    "good.c": "#include <math.h>\n#include <missing.h>\n#define HALF 0.5\ntypedef double real;\n"
    "static const real table[3] = {1, 2, 3};\nstatic real square(real v) { return v * v; }\n"
    "real good(real x, int n) { return square(x) * HALF + table[n % 3 < 0 ? 0 : n % 3] * sin(x); }\n"
    "int main(int argc, char **argv) { double *a = load(argv); a[0] = a[1] * a[2] + 1 / a[2]; return 0; }\n",
    # The same but for names, and the same but for the way it is written.
    "again.c": "double anew(double u, double w) { return u * w - 3 * u; }\n"
    "double old(double a, double b) { return a * b - 3 * a; }\n",
    "behaves.c": "double other(double p, double q) { return p * (q - 3); }\n",
    "fruitless.c": "int sign(double x) { return x < 0 ? -1 : x > 0; }\n"
    "double endless(double x) { while (1) x = x * 0.5 + 1; return x; }\n"
    "double nan_only(double x) { return (x - x) / (x - x); }\n"
    "int wild(int n) { int a[2] = {1, 2}; return a[n + 1000] + n; }\n",
    "hostile.c": "int broken( { ;;; }} ) int x = (((;\n\x01\x02 @@@ #%^ \n",
    "deep.c": f"double deep(double x) {{ return {'(' * 3000}x{')' * 3000}; }}\n",
    "endless.h": "#pragma once\n#define EVER for (;;)\n",
    "sub/COPYING": "GNU GENERAL PUBLIC LICENSE\n Version 2, June 1991\n",
    "COPYING": "Permission is hereby granted, free of charge, to any person\n",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    return write_tree(tmp_path_factory.mktemp("source") / "planted-1.2", PLANTED)


@pytest.fixture(scope="module")
def made(tree, tmp_path_factory):
    output = tmp_path_factory.mktemp("harvested")
    return harvest([tree], output, HarvestSettings(rows=64, outline=True)), output


def test_every_stage_counts_exactly(made):
    counts = made[0].counts
    assert {k: n for k, n in counts.items() if k.startswith("f") and n} == {
        "files: found": 7,
        "files: read whole": 6,
        "files: headers without functions": 1,
        "functions: found": 11,
        "functions: parsed": 10,
        "functions: not parsed": 1,
        "function: found": 10,
        "function: numeric": 9,
        "function: not numeric: … is a pointer to pointers": 1,
        "function: the same text in this shard": 1,
        "function: unique": 8,
        "function: run: fewer than 20 distinct outputs": 1,
        "function: run: endless, or too deep": 1,
        "function: run: less than 90 % finite": 2,
        "function: run: kept": 4,
        "function: kept in this shard": 4,
        "function: the same outputs as another": 1,
        "function: distinct": 3,
    }
    # What a whole function returns is found again as an expression, and dropped for its text or its outputs.
    assert {k: n for k, n in counts.items() if k.startswith("expression")} == {
        "expression: found": 6,
        "expression: numeric": 6,
        "expression: the same text in this shard": 4,
        "expression: unique": 2,
        "expression: run: kept": 2,
        "expression: kept in this shard": 2,
        "expression: the same outputs as another": 1,
        "expression: distinct": 1,
    }


def test_records_say_where_they_come_from_and_load(made, tree):
    records = {r.entry: r for r in read_shard(made[1] / "000000.parquet")}
    assert sorted(records) == ["anew", "good", "main_expression_1", "square"]
    good = records["good"]
    assert (good.origin.package, good.origin.path, good.origin.line) == ("planted", "good.c", 7)
    assert (good.origin.kind, good.licence) == ("function", "MIT")
    assert PLANTED[good.origin.path].splitlines()[good.origin.line - 1].startswith("real good(")
    program = cprograms.load(source=good.source)
    np.testing.assert_array_equal(run(program, good.inputs), good.outputs)
    np.testing.assert_array_equal(program.domain, [[a.low, a.high] for a in good.arguments])
    assert good.inputs.shape == (64, 2)


def test_the_shards_are_plain_parquet_with_explicit_features(made):
    loaded = datasets.load_dataset(
        "parquet", data_files=str(made[1] / "*.parquet"), split="train", cache_dir=str(made[1] / "cache")
    )
    assert loaded.features == FEATURES
    assert len(loaded) == 4


def test_the_report_is_saved(made):
    saved = json.loads((made[1] / "funnel.json").read_text())
    assert saved["programs"] == {"planted": {"function": 3, "expression": 1}}
    assert saved["counts"]["files: found"] == 7
    assert "| distinct from all others | 3 | 1 | 0 | 0 |" in (made[1] / "funnel.md").read_text()


def test_an_archive_gives_what_its_directory_gives(made, tree, tmp_path):
    archive = tmp_path / "planted_1.2.orig.tar.xz"
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(tree, "planted")
    opened = open_tree(archive, tmp_path / "unpacked")
    assert opened.package == "planted"
    assert {Path(f).name for f in opened.files} == {Path(f).name for f in open_tree(tree, tmp_path).files}


@pytest.mark.parametrize("content", [None, b"no archive at all"])
def test_what_is_no_source_tree_is_told(content, tmp_path):
    path = tmp_path / "x.tar.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.tar\.gz"):
        open_tree(path, tmp_path / "unpacked")


def _job(tree: Path, folder: Path) -> tuple[Path, ShardJob]:
    opened = open_tree(tree, folder)
    return folder / "parts" / "p-000.parquet", ShardJob("p", opened, opened.files, folder, 32, True)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Killed(BaseException):
    """As if the process had died: nothing catches it."""


def test_a_file_that_kills_the_process_twice_is_left_out(tree, tmp_path, monkeypatch):
    path, job = _job(tree, tmp_path)

    def deadly(file, *rest):
        if "behaves" in file.text or "p * (q - 3)" in file.text:
            raise _Killed
        return original(file, *rest)

    original = shard.candidates
    monkeypatch.setattr(shard, "candidates", deadly)
    for _ in range(2):
        with pytest.raises(_Killed):
            write_harvested_shard(path, job)
        assert not path.exists()
    write_harvested_shard(path, job)
    counts = shard_counts(path)
    assert counts["files: crashed the process"] == 1
    assert counts["files: read whole"] == 5
    assert counts["function: run: kept"] == 3


def test_a_death_that_does_not_come_again_leaves_no_trace(tree, tmp_path, monkeypatch):
    path, job = _job(tree, tmp_path / "a")
    with monkeypatch.context() as patched:
        patched.setattr(shard, "tried", lambda *_: (_ for _ in ()).throw(_Killed()))
        with pytest.raises(_Killed):
            write_harvested_shard(path, job)
    write_harvested_shard(path, job)
    other, again = _job(tree, tmp_path / "b")
    write_harvested_shard(other, again)
    assert _digest(path) == _digest(other)
    assert "files: crashed the process" not in shard_counts(path)


@pytest.mark.parametrize("error", [RuntimeError, RecursionError, MemoryError, AssertionError])
def test_a_file_that_breaks_the_parser_is_counted(error, tree, tmp_path, monkeypatch):
    path, job = _job(tree, tmp_path)
    original = shard.candidates

    def broken(file, *rest):
        if "nan_only" in file.text:
            raise error
        return original(file, *rest)

    monkeypatch.setattr(shard, "candidates", broken)
    write_harvested_shard(path, job)
    counts = shard_counts(path)
    assert counts[f"files: broke the parser ({error.__name__})"] == 1
    assert counts["files: read whole"] == 5


def test_a_file_that_takes_for_ever_is_given_up(tree, tmp_path, monkeypatch):
    path, job = _job(tree, tmp_path)
    original = shard.candidates

    def endless(file, *rest):
        while "nan_only" in file.text:
            pass
        return original(file, *rest)

    monkeypatch.setattr(shard, "candidates", endless)
    monkeypatch.setattr(shard, "FILE_SECONDS", 1)
    write_harvested_shard(path, job)
    assert shard_counts(path)["files: took more than 1 s"] == 1


def test_a_full_disk_leaves_no_shard_and_the_next_run_makes_it(tree, tmp_path, monkeypatch):
    path, job = _job(tree, tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("cprograms.corpus.format.replace_file", full)
        with pytest.raises(OSError, match="No space left"):
            write_harvested_shard(path, job)
    assert not path.exists()
    write_harvested_shard(path, job)
    assert Counter(r.origin.kind for r in read_shard(path)) == {"function": 4, "expression": 2}


def test_unknown_paths_are_one_line_and_no_traceback(tmp_path):
    ran = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "nowhere", "-o", tmp_path / "out"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.endswith("nowhere is neither a directory nor an archive\n")


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path):
    """Many small trees, so that the kill falls between shards."""
    trees = []
    for k in range(6):
        files = {f"f{i}.c": f"double g{i}(double x) {{ return x * x * {k} + {i} / (x + 9); }}\n" for i in range(3)}
        trees.append(write_tree(tmp_path / f"tree{k}", files))
    command = [sys.executable, str(SCRIPT), *map(str, trees), "--outline", "--rows", "32", "-o"]
    process = subprocess.Popen([*command, str(tmp_path / "killed")], start_new_session=True, stdout=subprocess.DEVNULL)
    parts = tmp_path / "killed" / "work" / "parts"
    while process.poll() is None and len(list(parts.glob("*.parquet"))) < 2:
        time.sleep(0.02)
    assert process.poll() is None, "too quick to be killed"
    process.kill()  # the parent only: its worker has to notice
    process.wait()
    deadline = time.monotonic() + 120
    while _lives(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(process.pid)
    before = {p.name: p.stat().st_mtime_ns for p in parts.glob("*.parquet")}
    subprocess.run([*command, str(tmp_path / "killed")], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*command, str(tmp_path / "whole")], check=True, stdout=subprocess.DEVNULL)
    assert {n: (parts / n).stat().st_mtime_ns for n in before} == before
    for name in ("000000.parquet", "funnel.json"):
        killed, whole = (_without_times(tmp_path / run / name) for run in ("killed", "whole"))
        assert killed == whole


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _without_times(path: Path) -> object:
    if path.suffix != ".json":
        return _digest(path)
    saved = json.loads(path.read_text())
    return {k: v for k, v in saved.items() if k not in ("seconds", "shards")}


def test_a_wide_harvest_takes_some_portions_of_each_tree(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_SHARD_FILES", 1)
    opened = open_tree(tree, tmp_path)
    taken = {most: [files for _, files in _parts(opened, most)] for most in (0, 1, 2, 4, 100)}
    assert taken[0] == taken[100] == [(file,) for file in opened.files]
    assert [len(taken[most]) for most in (1, 2, 4)] == [1, 2, 4]
    assert set(taken[1]) < set(taken[2]) < set(taken[4])
    harvest([tree], tmp_path / "wide", HarvestSettings(rows=64, outline=True, most_parts=2))
    wide = json.loads((tmp_path / "wide" / "funnel.json").read_text())
    assert wide["counts"]["files: read whole"] <= 2 < wide["counts"]["files: found"]
    harvest([tree], tmp_path / "wide", HarvestSettings(rows=64, outline=True))
    assert json.loads((tmp_path / "wide" / "funnel.json").read_text())["programs"]["planted"]["function"] == 3

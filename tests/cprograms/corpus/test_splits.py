"""Splits do not leak: planted duplicates of every kind stay on one side."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import datasets
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cprograms.corpus.build import build
from cprograms.corpus.format import FEATURES, Record, make_record, read_shard, write_shard
from cprograms.corpus.generated import generated_records
from cprograms.corpus.near import NEAR, near_pairs, shingles, signature
from cprograms.corpus.rows import execute
from cprograms.corpus.splits import DUPLICATE, SPLITS, STRADDLING, TEST, TRAIN, VALIDATION, Keys, Shares, assign, extend
from cprograms.corpus.tokens import canonical, digest, masked, tokens
from cprograms.diagnostics import UsageError

SHARES = Shares(generated=0.25, harvested=0.25)


def renamed(record: Record) -> str:
    source = record.source
    for argument in record.arguments:
        source = re.sub(rf"\b{argument.name}\b", f"{argument.name}_renamed", source)
    return source


def with_other_numbers(record: Record) -> str:
    lines = record.source.split("\n")
    numbers = re.compile(r"(?<![\w.])(\d+\.\d+)")
    changed = [x if x.startswith("#") else numbers.sub(lambda m: f"{float(m[1]) * 1.25:.4f}", x) for x in lines]
    return "\n".join(changed)


def with_one_more_statement(record: Record) -> str:
    head, body = re.split(rf"(?<= ){record.entry}\(", record.source, maxsplit=1)
    return f"{head}{record.entry}({body.replace('{', '{ int nothing_reads_this = 3;', 1)}"


def behaving_alike(record: Record) -> str:
    """Other text and another graph with the same outputs: the result goes through a detour."""
    arguments = ", ".join(f"{a.type.name} {a.name}" for a in record.arguments)
    names = ", ".join(a.name for a in record.arguments)
    inner = record.source.replace(f" {record.entry}(", " inner_one(")
    detour = " ".join(f"double d{k} = kept * {k}.5; if (d{k} > 1e{k}0) kept = kept + 0.0 * d{k};" for k in range(1, 9))
    return (
        f"{inner}\ndouble {record.entry}({arguments}) {{ double kept = inner_one({names}); {detour} return kept; }}\n"
    )


PLANTS: list[Callable[[Record], str]] = [renamed, with_other_numbers, with_one_more_statement, behaving_alike]


def plant(record: Record, kind: Callable[[Record], str]) -> Record:
    """A relative of the record, executed anew."""
    source = kind(record)
    arguments = record.arguments
    if kind is renamed:
        arguments = tuple(replace(a, name=f"{a.name}_renamed") for a in arguments)
    program = replace(record, source=source, arguments=arguments).program()
    (ran,) = execute([program], [record.origin.seed or 0], evaluator="numpy")
    return make_record(program, ran.x, ran.y, ran.status, record.origin, graph=ran.graph, behaviour=ran.behaviour)


@pytest.fixture(scope="module")
def originals() -> list[Record]:
    """Read from their text, as their relatives are: reading orders prototypes in its own way."""
    return [plant(r, attrgetter("source")) for r in generated_records(range(700)) if plantable(r)]


def plantable(record: Record) -> bool:
    """Whether each kind of relative is one: there are numbers to change, and one more statement changes little."""
    real = record.signature.startswith("double") and "float" not in record.source
    long = len(shingles(record.source)) > 60
    return real and long and bool(record.behaviour) and with_other_numbers(record) != record.source


@pytest.fixture(scope="module")
def planted(originals: list[Record], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """A folder of programs with a relative of each, and the pairs of their ids."""
    folder = tmp_path_factory.mktemp("planted")
    relatives = [plant(record, PLANTS[n % 4]) for n, record in enumerate(originals)]
    write_shard(folder / "0.parquet", originals)
    write_shard(folder / "1.parquet", relatives)
    return folder, [(a.id, b.id) for a, b in zip(originals, relatives, strict=True)]


def test_planted_relatives_never_straddle(planted: tuple[Path, list[tuple[str, str]]], tmp_path: Path):
    folder, pairs = planted
    assert len(pairs) > 40
    statistics = build([folder], tmp_path / "corpus", SHARES)
    home = homes_of(tmp_path / "corpus")
    assert {home[a] for a, _ in pairs} == set(SPLITS)
    for n, (a, b) in enumerate(pairs):
        if PLANTS[n % 4] is renamed:
            assert b not in home  # equal but for names: dropped
        else:
            assert home[a] == home[b], PLANTS[n % 4].__name__
    assert statistics.outcomes[DUPLICATE] >= len(pairs) // 4
    assert sum(statistics.outcomes[s] for s in SPLITS) == len(home)


def test_each_way_of_telling_is_needed(planted: tuple[Path, list[tuple[str, str]]]):
    """Without the marks and the near pairs, relatives do straddle: the test above can fail."""
    folder, pairs = planted
    records = {r.id: r for n in (0, 1) for r in read_shard(folder / f"{n}.parquet")}
    keys = keys_of([(r.tokens, (), "") for r in records.values()])
    home = dict(zip(records, assign(keys, different(len(keys)), SHARES), strict=True))
    apart = [PLANTS[n % 4] for n, (a, b) in enumerate(pairs) if home[b] != DUPLICATE and home[a] != home[b]]
    assert set(apart) == set(PLANTS) - {renamed}


def test_what_tells_each_relative(originals: list[Record]):
    base = originals[0]
    assert plant(base, renamed).tokens == base.tokens
    numbers = plant(base, with_other_numbers)
    assert numbers.tokens != base.tokens
    assert numbers.skeleton == base.skeleton
    near = plant(base, with_one_more_statement)
    assert near.skeleton != base.skeleton
    assert len(near_pairs(np.stack([signature(base.source), signature(near.source)]))) == 1
    alike = plant(base, behaving_alike)
    assert (alike.skeleton != base.skeleton, alike.graph != base.graph) == (True, True)
    assert set(alike.behaviour) & set(base.behaviour)


def test_the_same_input_gives_the_same_corpus(planted: tuple[Path, list[tuple[str, str]]], tmp_path: Path):
    for name in ("a", "b", "b"):  # the second time in the place of the first
        build([planted[0]], tmp_path / name, SHARES)
    files = {p.name: p.read_bytes() for p in (tmp_path / "a").iterdir()}
    assert files == {p.name: p.read_bytes() for p in (tmp_path / "b").iterdir()}


def test_the_card_is_a_data_set_card(planted: tuple[Path, list[tuple[str, str]]], tmp_path: Path):
    build([planted[0]], tmp_path / "corpus", SHARES)
    loaded = datasets.load_dataset(str(tmp_path / "corpus"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == set(SPLITS)
    assert loaded["test"].features == FEATURES
    text = (tmp_path / "corpus" / "README.md").read_text()
    counts = [loaded[s].num_rows for s in SPLITS]
    assert f"| generated | {' | '.join(map(str, counts))} |" in text
    assert all(f"| `{name}` |" in text for name in FEATURES)


def different(n: int) -> np.ndarray:
    return np.arange(n * 120, dtype=np.uint32).reshape(n, 120)


def keys_of(programs: list[tuple[str, tuple[str, ...], str]]) -> Keys:
    keys = Keys()
    for program in programs:
        keys.add(*program)
    return keys


TEN_PACKAGES = [(f"{p} {i}", (f"own {p} {i}",), p) for p in "abcdefghij" for i in range(10)]


def test_packages_stay_whole():
    homes = assign(keys_of(TEN_PACKAGES), different(100), Shares(harvested=0.2))
    by_package = {p: set(homes[10 * k : 10 * k + 10]) for k, p in enumerate("abcdefghij")}
    assert all(len(h) == 1 for h in by_package.values())
    assert [homes.count(s) for s in (TRAIN, VALIDATION, TEST)] == [60, 20, 20]


def test_what_is_like_another_packages_split_is_left_out():
    homes = assign(keys_of(TEN_PACKAGES), different(100), Shares(harvested=0.15))
    train = [p for (_, _, p), home in zip(TEN_PACKAGES, homes, strict=True) if home == TRAIN]
    test = next(p for (_, _, p), home in zip(TEN_PACKAGES, homes, strict=True) if home == TEST)
    common = [(f"common {p}", ("common",), p) for p in (train[0], train[-1], test, "")]
    homes = assign(keys_of([*TEN_PACKAGES, *common]), different(104), Shares(harvested=0.15))
    assert homes[100:] == [TRAIN, TRAIN, STRADDLING, TRAIN]


def test_a_family_that_is_too_large_is_trained_on():
    keys = keys_of([(str(i), ("same",) if i < 500 else (), "") for i in range(1000)])
    assert set(assign(keys, different(1000), Shares(generated=0.5))[:500]) == {TRAIN}


def test_homes_stay_as_the_corpus_grows():
    programs = [(str(i), (), "") for i in range(400)]
    assert assign(keys_of(programs), different(400))[:200] == assign(keys_of(programs[:200]), different(200))


PROGRAMS = st.lists(st.tuples(st.integers(0, 30), st.lists(st.integers(0, 12), max_size=3)), min_size=1, max_size=40)


@settings(max_examples=60)
@given(PROGRAMS)
def test_no_mark_is_in_two_splits(programs: list[tuple[int, list[int]]]):
    written = [(str(identity), tuple(map(str, marks)), "") for identity, marks in programs]
    homes = assign(keys_of(written), different(len(written)), Shares(generated=0.3))
    seen: set[str] = set()
    for (identity, marks, _), home in zip(written, homes, strict=True):
        assert (home == DUPLICATE) == (identity in seen)
        seen.add(identity)
        others = [h for (_, m, _), h in zip(written, homes, strict=True) if set(m) & set(marks) and h != DUPLICATE]
        assert home == DUPLICATE or set(others) <= {home}


def test_relatives_of_what_is_held_out_do_not_extend_a_corpus(
    planted: tuple[Path, list[tuple[str, str]]], tmp_path: Path
):
    folder, pairs = planted
    for n in (0, 1):
        (tmp_path / str(n)).mkdir()
        shutil.copy(folder / f"{n}.parquet", tmp_path / str(n))
    build([tmp_path / "0"], tmp_path / "base", SHARES)
    statistics = build([tmp_path / "1"], tmp_path / "larger", bases=[tmp_path / "base"])
    before, after = (homes_of(tmp_path / name) for name in ("base", "larger"))
    assert {id: after[id] for id in before} == before
    assert set(after.values()) == set(before.values()) == set(SPLITS)
    for n, (a, b) in enumerate(pairs):
        if PLANTS[n % 4] is renamed:
            assert b not in after
        else:
            assert after.get(b) == (TRAIN if before[a] == TRAIN else None), PLANTS[n % 4].__name__
    assert statistics.outcomes[STRADDLING] > 0


def homes_of(corpus: Path) -> dict[str, str]:
    return {r.id: s for s in SPLITS for p in corpus.glob(f"{s}-*") for r in read_shard(p)}


@settings(max_examples=60)
@given(PROGRAMS, st.data())
def test_what_extends_a_corpus_shares_no_mark_with_what_is_held_out(
    programs: list[tuple[int, list[int]]], data: st.DataObject
):
    written = [(str(identity), tuple(map(str, marks)), "") for identity, marks in programs]
    known = data.draw(st.integers(0, len(written)))
    homes = assign(keys_of(written[:known]), different(known), Shares(generated=0.3)) if known else []
    outcome = extend(keys_of(written), different(len(written)), homes)
    assert outcome[:known] == homes
    held = {m for (_, marks, _), home in zip(written, homes, strict=False) if home in (VALIDATION, TEST) for m in marks}
    seen = {identity for identity, _, _ in written[:known]}
    for (identity, marks, _), found in zip(written[known:], outcome[known:], strict=True):
        assert found == (DUPLICATE if identity in seen else STRADDLING if held & set(marks) else TRAIN)
        seen.add(identity)


@settings(max_examples=40)
@given(st.data())
def test_near_pairs_are_those_of_all_pairs(data: st.DataObject):
    n = data.draw(st.integers(2, 12))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    base = rng.integers(0, 2**32, (3, 120), dtype=np.uint32)
    signatures = base[rng.integers(0, 3, n)]
    changed = rng.random((n, 120)) < rng.uniform(0, 0.15, (n, 1))
    signatures = np.where(changed, rng.integers(0, 2**32, (n, 120), dtype=np.uint32), signatures)
    pairs = {(a, b) for a in range(n) for b in range(a) if (signatures[a] == signatures[b]).mean() >= NEAR}
    assert {(int(b), int(a)) for a, b in near_pairs(signatures)} == pairs


def test_signatures_estimate_resemblance(originals: list[Record]):
    """Against the exact share of equal runs of tokens; 120 entries give a deviation of at most 0.046."""
    errors = []
    for a, b in pairwise(originals):
        x, y = shingles(a.source), shingles(b.source)
        exact = len(np.intersect1d(x, y)) / len(np.union1d(x, y))
        errors.append((signature(a.source) == signature(b.source)).mean() - exact)
    assert np.abs(errors).max() < 0.2
    assert abs(np.mean(errors)) < 0.02


def test_tokens():
    source = "#define X 1\nint f(int a) { /* no */ return a << 2u >= 0x1F ? fabs(.5e-3f * a) : 'a' + \"s\"[a]; } // end"
    found = tokens(source)
    assert found[:6] == ["int", "f", "(", "int", "a", ")"]
    assert [t for t in found if t in ("<<", ">=", "2u", "0x1F", ".5e-3f", "'a'", '"s"')] == [
        "<<", "2u", ">=", "0x1F", ".5e-3f", "'a'", '"s"',
    ]  # fmt: skip
    assert canonical(source)[:6] == ["int", "v0", "(", "int", "v1", ")"]
    assert "fabs" in canonical(source)
    assert masked(["1.5", "'a'", ".5", ".", "...", "x"]) == ["0", "0", "0", ".", "...", "x"]
    assert digest(canonical("int f(int b) { return b; }")) == digest(canonical("int g(int c)\n{ return c; }"))


def test_a_folder_without_shards_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match="holds no shard"):
        build([tmp_path], tmp_path / "corpus")


def test_what_is_nearly_a_held_out_program_is_not_trained_on() -> None:
    written = [(name, (f"own {name}",), "") for name in ("held", "trained", "like held", "like trained", "new")]
    signatures = different(5)
    signatures[2], signatures[3] = signatures[0], signatures[1]
    outcome = extend(keys_of(written), signatures, [TEST, TRAIN])
    assert outcome == [TEST, TRAIN, STRADDLING, TRAIN, TRAIN]


def test_no_more_of_a_held_out_package_is_trained_on():
    packages = ["held", "trained", "held", "trained", "new", ""]
    written = [(f"{k}", (f"own {k}",), package) for k, package in enumerate(packages)]
    outcome = extend(keys_of(written), different(6), [VALIDATION, TRAIN])
    assert outcome == [VALIDATION, TRAIN, STRADDLING, TRAIN, TRAIN, TRAIN]


def test_packages_that_are_named_are_held_out_beside_what_is_known():
    packages = ["known", "trained", "fresh", "fresh", "chosen", "chosen", "other", "other", ""]
    marks = ["a", "b", "a", "c", "c", "d", "d", "e", "b"]
    written = [(f"{k}", (mark,), package) for k, (mark, package) in enumerate(zip(marks, packages, strict=True))]
    outcome = extend(keys_of(written), different(9), [VALIDATION, TRAIN], {"fresh": TEST, "chosen": VALIDATION})
    assert outcome[:2] == [VALIDATION, TRAIN]
    assert outcome[2:] == [STRADDLING, TEST, STRADDLING, VALIDATION, STRADDLING, TRAIN, TRAIN]


def test_what_is_nearly_a_later_held_out_program_is_left_out() -> None:
    """Whichever of the two comes first."""
    written = [(name, (f"own {name}",), package) for name, package in (("0", "a"), ("1", "fresh"), ("2", "b"))]
    signatures = different(3)
    signatures[0], signatures[2] = signatures[1], signatures[1]
    assert extend(keys_of(written), signatures, [], {"fresh": TEST}) == [STRADDLING, TEST, STRADDLING]


def test_a_package_to_hold_out_that_is_nowhere_is_named(
    planted: tuple[Path, list[tuple[str, str]]], tmp_path: Path
) -> None:
    build([planted[0]], tmp_path / "base", SHARES)
    with pytest.raises(UsageError, match="no program is of the package nowhere"):
        build([planted[0]], tmp_path / "larger", bases=[tmp_path / "base"], held={"nowhere": TEST})
    with pytest.raises(UsageError, match="holds no split"):
        build([planted[0]], tmp_path / "larger", bases=[planted[0]])
    assert not (tmp_path / "larger").exists()


def test_several_corpora_grow_into_one(planted: tuple[Path, list[tuple[str, str]]], tmp_path: Path) -> None:
    folder, pairs = planted
    for n in (0, 1):
        (tmp_path / str(n)).mkdir()
        shutil.copy(folder / f"{n}.parquet", tmp_path / str(n))
    some = list(read_shard(folder / "0.parquet"))
    for name, records in (("tested", some[::2]), ("known", some[1::2])):
        (tmp_path / f"{name} shards").mkdir()
        write_shard(tmp_path / f"{name} shards" / "0.parquet", records)
    build([tmp_path / "tested shards"], tmp_path / "tested", Shares(generated=1))
    build([tmp_path / "known shards"], tmp_path / "known", SHARES)
    build([tmp_path / "1"], tmp_path / "larger", bases=[tmp_path / "known", tmp_path / "tested"])
    known, tested, after = (homes_of(tmp_path / name) for name in ("known", "tested", "larger"))
    assert set(tested.values()) == {TEST}
    assert {id: after[id] for id in known | tested} == known | tested
    assert not any(b in after for a, b in pairs if a in tested)

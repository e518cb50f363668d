"""Tasks, their splits, and their streams."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cprograms.diagnostics import UsageError
from tests import ROOT
from training.learning_to_execute.curricula import CURRICULA, Hardness
from training.learning_to_execute.programs import LIMIT
from training.learning_to_execute.streams import Source, windows
from training.learning_to_execute.tasks import ALPHABET, SPLITS, TASKS, Split, split_of


def source(split: Split = "train") -> Source:
    hardness = Hardness(3, 1)
    return Source(TASKS["programs"], split, CURRICULA["baseline"], hardness, hardness)


def texts(streams: np.ndarray) -> list[str]:
    return ["".join(ALPHABET[code] for code in column) for column in streams.T]


def samples(streams: np.ndarray) -> list[str]:
    """The whole samples of streams, without the cut last one of each."""
    return [sample + "." for text in texts(streams) for sample in text.split(".")[:-1]]


def test_the_splits_share_no_sample():
    found = {s: set(samples(source(s).streams(8, 4000, "0"))) for s in SPLITS}
    assert all(len(f) > 400 for f in found.values())
    assert not (found["train"] & found["validation"] | found["train"] & found["test"])
    assert not found["validation"] & found["test"]


def test_the_splits_are_of_similar_size():
    random = Random(0)
    counts = Counter(split_of("@".join(TASKS["programs"].draw(random, Hardness(4, 2)))) for _ in range(3000))
    assert all(abs(counts[s] - 1000) < 5 * 26 for s in SPLITS)


def test_the_split_does_not_depend_on_the_process():
    script = "from training.learning_to_execute.tasks import split_of; print(*map(split_of, ['1@1.', '12@12.', 'a']))"
    said = [
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1] == " ".join(map(split_of, ["1@1.", "12@12.", "a"])) + "\n"


@given(st.sampled_from(sorted(TASKS)), st.integers(0, 2**32), st.data())
def test_every_character_is_of_the_alphabet(name: str, seed: int, data: st.DataObject):
    limit = TASKS[name].limit
    hardness = Hardness(data.draw(st.integers(1, limit.length)), data.draw(st.integers(1, limit.nesting)))
    question, answer = TASKS[name].draw(Random(seed), hardness)
    assert set(question + answer) <= set(ALPHABET) - {"@", "."}


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("memorise plain", "{0}"),
        ("memorise inverted", "{1}"),
        ("memorise doubled", "{0};{0}"),
        ("memorise doubled and inverted", "{1};{1}"),
    ],
)
@pytest.mark.parametrize("length", [1, 5, 65])
def test_memorised_strings_are_seen_as_the_encoding_says(task: str, expected: str, length: int):
    for seed in range(20):
        question, answer = TASKS[task].draw(Random(seed), Hardness(length, 1))
        assert len(answer) == length
        assert question == expected.format(answer, answer[::-1])


def test_streams_begin_with_a_sample_and_have_no_padding():
    streams = source().streams(5, 1001, "seed")
    assert streams.shape == (1001, 5)
    assert all(split_of(s) == "train" for s in samples(streams))
    assert all(len(text) == 1001 for text in texts(streams))


def test_streams_depend_on_the_seed_alone():
    assert (source().streams(3, 500, "a") == source().streams(3, 500, "a")).all()
    assert (source().streams(3, 500, "a") != source().streams(3, 500, "b")).any()


def test_windows_pair_each_character_with_the_next_and_mark_the_answers():
    streams = source().streams(4, 201, "seed")
    found = list(windows(streams, 50, torch.device("cpu")))
    assert len(found) == 4
    inputs = torch.cat([w.inputs for w in found])
    targets = torch.cat([w.targets for w in found])
    assert torch.equal(inputs, torch.from_numpy(streams[:-1]).long())
    assert torch.equal(targets, torch.from_numpy(streams[1:]).long())
    answers = torch.cat([w.answers for w in found])
    for b, text in enumerate(texts(streams)):
        inside, expected = False, []
        for character in text:  # by hand, one character after the other
            expected.append(inside)
            inside = (inside or character == "@") and character != "."
        assert answers[:, b].tolist() == expected[1:]


def hardness_counts(name: str, current: Hardness, target: Hardness, draws: int = 5000) -> Counter:
    random = Random(0)
    return Counter(CURRICULA[name](random, current, target) for _ in range(draws))


def test_each_curriculum_draws_the_published_hardnesses():
    current, target = Hardness(2, 1), Hardness(4, 3)
    assert set(hardness_counts("baseline", current, target)) == {target}
    assert set(hardness_counts("naive", current, target)) == {current}
    mixed = hardness_counts("mix", current, target)
    assert set(mixed) == {Hardness(n, m) for n in range(1, 5) for m in range(1, 4)}
    assert all(abs(n - 5000 / 12) < 100 for n in mixed.values())
    combined = hardness_counts("combined", current, target)
    assert set(combined) == set(mixed)
    assert combined[current] / 5000 == pytest.approx(4 / 5 + 1 / 60, abs=0.03)


def test_hardness_grows_by_length_then_by_nesting():
    path, at = [], Hardness(1, 1)
    while at := at.harder(Hardness(3, 2)):
        path.append(tuple(at))
    assert path == [(2, 1), (3, 1), (1, 2), (2, 2), (3, 2)]


@pytest.mark.parametrize(
    ("hardness", "message"),
    [
        (Hardness(0, 1), "length 0 is out of range: 1 to 10"),
        (Hardness(11, 1), "length 11"),
        (Hardness(1, 0), "nesting 0 is out of range: 1 to 10"),
        (Hardness(1, 11), "nesting 11"),
    ],
)
def test_a_hardness_out_of_range_is_named(hardness: Hardness, message: str):
    with pytest.raises(UsageError, match=message):
        hardness.check(LIMIT)

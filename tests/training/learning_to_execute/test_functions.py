"""C functions as the LSTM reads them: numbers, questions, answers."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cprograms.diagnostics import UsageError
from training.learning_to_execute.config import ExecuteConfig
from training.learning_to_execute.curricula import Hardness
from training.learning_to_execute.functions import (
    FUNCTION_ALPHABET,
    LONGEST,
    FunctionRows,
    function_task,
    predict,
    question,
    read_number,
    written,
)
from training.learning_to_execute.lstm import CharacterLSTM
from training.learning_to_execute.tasks import ALPHABET, ANSWER_END, QUESTION_END
from training.learning_to_execute.train import ExecuteTrainer

HALF = FunctionRows("double half(double a) { return 0.5 * a; }", np.array([[1.0], [2.0]]), np.array([0.5, 1.0]))


@given(st.floats(-1e308, 1e308))
def test_a_number_is_read_as_it_was_written_to_four_digits(value: float):
    text = written(value)
    assert len(text) <= LONGEST
    assert set(text) <= set(ALPHABET) | {"e"}
    # A subnormal number's last digit is worth more than the fourth decimal one.
    assert read_number(text) == pytest.approx(value, rel=5.1e-4, abs=5e-324)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0e0"), (-0.0, "0e0"), (1.0, "1000e-3"), (-3.14159, "-3142e-3"), (9.9996, "1000e-2")]
)
def test_numbers_are_written_as_digits_and_a_power_of_ten(value: float, text: str):
    assert written(value) == text


@pytest.mark.parametrize("text", ["", "12", "e3", "1e", "1.5e3", "--1e2", "9999e308"])
def test_what_is_no_number_reads_as_zero(text: str):
    assert read_number(text) == 0


@given(st.text(), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4))
def test_a_question_has_the_alphabet_and_no_ends(text: str, row: list[float]):
    asked = question(text, np.array(row))
    assert set(asked) <= set(FUNCTION_ALPHABET) - {ANSWER_END, QUESTION_END}


def test_a_sample_holds_the_text_the_arguments_and_the_result():
    draws = {function_task([HALF]).draw(Random(seed), Hardness(1, 1)) for seed in range(20)}
    text = "double half(double a) { return 0`5 * a; }"
    assert draws == {(f"{text}\n1000e-3", "5000e-4"), (f"{text}\n2000e-3", "1000e-3")}


def test_every_alphabet_begins_with_the_published_one():
    assert FUNCTION_ALPHABET.startswith(ALPHABET)
    assert len(set(FUNCTION_ALPHABET)) == len(FUNCTION_ALPHABET) < 255


def test_an_lstm_of_one_program_answers_the_rows_that_it_was_trained_on(tmp_path: Path):
    function = FunctionRows("f", np.arange(1.0, 4)[:, None], np.arange(1.0, 4) ** 2)
    values = {"length": 1, "blocks": 14, "hidden": 32, "batch_size": 8, "windows": 40, "validation_windows": 1}
    trainer = ExecuteTrainer(
        ExecuteConfig.of({"task": "functions"} | values, "test"), tmp_path, function_task([function])
    )
    trainer.run()
    found = predict(trainer.model, function.text, function.x)
    assert found.tolist() == function.y.tolist()


def test_without_functions_the_task_is_a_usage_error(tmp_path: Path):
    with pytest.raises(UsageError, match="needs functions"):
        ExecuteTrainer(ExecuteConfig.of({"task": "functions", "length": 1, "blocks": 1}, "test"), tmp_path)


def test_an_untrained_model_predicts_numbers():
    torch.manual_seed(0)
    model = CharacterLSTM(len(FUNCTION_ALPHABET), hidden=8, layers=1)
    assert np.isfinite(predict(model, HALF.text, HALF.x)).all()

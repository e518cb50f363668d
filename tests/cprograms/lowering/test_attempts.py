"""An attempt that is given up leaves the state as it was; the outermost of several is given up."""

from __future__ import annotations

import pytest

from cprograms.graph import GraphBuilder
from cprograms.lowering.attempts import MOST_ALTOGETHER, MOST_STEPS, Attempts, ExhaustedError, TooLongError
from cprograms.lowering.state import RETURN, Exit, Object, State, whole
from cprograms.types import INT


@pytest.fixture
def state() -> State:
    state = State()
    state.memory = [3]
    state.scopes = [{"x": whole(Object(INT, 0))}]
    return state


def overwrite(state: State) -> None:
    state.memory[0] = 4
    state.declare("y", INT, [5])
    state.exits.append(Exit(RETURN, None, list(state.memory)))


def test_an_attempt_that_succeeds_keeps_its_changes(state: State):
    assert Attempts(GraphBuilder(), state, 8, patient=True).attempt(lambda: overwrite(state) or state.repeating) == 1
    assert (state.memory, list(state.scopes[0]), len(state.exits), state.repeating) == ([4, 5], ["x", "y"], 1, 0)


@pytest.mark.parametrize("depth", [1, 3])
def test_an_attempt_that_is_given_up_changes_nothing(state: State, depth: int):
    attempts = Attempts(GraphBuilder(), state, 8, patient=True)

    def nested(more: int) -> bool:
        overwrite(state)
        if more:
            attempts.attempt(lambda: nested(more - 1))
        raise TooLongError

    assert attempts.attempt(lambda: nested(depth - 1)) is None
    assert (state.memory, list(state.scopes[0]), state.exits, state.repeating) == ([3], ["x"], [], 0)


def test_what_was_given_up_does_not_count(state: State):
    builder = GraphBuilder()
    attempts = Attempts(builder, state, 8, patient=True)

    def grow() -> None:
        x = builder.argument(0, INT)
        for k in range(9):
            x = builder.add("add", INT, x, builder.constant(k + 1, INT))
        attempts.check_size()

    assert attempts.attempt(grow) is None
    assert builder.operators > 8
    attempts.check_size()


def test_steps_are_bounded(state: State):
    attempts = Attempts(GraphBuilder(), state, 8, patient=True)
    taken = []

    def run() -> None:
        while True:
            attempts.step()
            taken.append(1)

    assert attempts.attempt(run) is None
    assert len(taken) == MOST_STEPS
    for _ in range(MOST_ALTOGETHER):
        attempts.step()
    with pytest.raises(ExhaustedError):
        attempts.step()

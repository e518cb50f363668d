"""The network: its shapes, its loss, and that programs taught later leave the old ones as they are."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch.nn import functional as F

from cprograms.tape.traces import MOVE, WRITE, Action, Frame, Step, trace
from tests.training.programmer_interpreter.conftest import tiny
from training.programmer_interpreter.frames import Codes, Counter, FrameSet, traced_frames
from training.programmer_interpreter.network import ProgrammerInterpreter
from training.programmer_interpreter.tasks import traced

CODES = Codes.of(traced("addition", "recursive"))


def small(codes: Codes = CODES) -> ProgrammerInterpreter:
    torch.manual_seed(0)
    return ProgrammerInterpreter(codes, hidden=12, layers=2, embedding=6, key=5)


def done(model: ProgrammerInterpreter) -> ProgrammerInterpreter:
    """A copy that is not to learn, and so computes with torch's kernels for that."""
    return copy.deepcopy(model).requires_grad_(False)


def frames() -> FrameSet:
    return traced_frames(tiny("addition", traces=9), CODES)


def test_codes_name_what_steps_do():
    assert CODES.names == [WRITE, MOVE, "carry", "add_column", "left", "add"]
    assert (CODES.pointers, CODES.values, CODES.most_arguments) == (4, 11, 2)
    assert CODES.arguments(Action("carry")) == [-1, -1]
    assert CODES.arguments(Action(WRITE, (3, 7))) == [3, 7]


def test_frames_become_the_tensors_that_they_are():
    tape = [7, 11, 15, 19, 10, 10, 10, 7, 10, 10, 10, 5, 0, 0, 0, 0, 10, 10, 10, 10]  # 7 + 5
    found = trace(traced("addition", "recursive"), tape).frames
    carry = next(f for f in found if f.name == "carry")
    key = (carry.name, carry.arguments, tuple((s.seen, s.action) for s in carry.steps))
    batch = FrameSet(CODES, Counter({key: 3})).of(slice(None))
    assert batch.program.tolist() == [2]
    assert batch.arguments.tolist() == [[-1, -1]]
    assert batch.seen.tolist() == [[[7, 5, 0, 2], [7, 5, 0, 2], [7, 5, 1, 2], [7, 5, 0, 2]]]
    assert batch.called.tolist() == [[1, 0, 1, -1]]
    assert batch.given.tolist() == [[[2, 0], [2, 1], [2, 1], [-1, -1]]]
    assert batch.steps.all()


def test_equal_frames_are_kept_once_and_drawn_by_program():
    one = Frame("carry", (), steps=[Step((0, 0, 0, 0), Action("(end)"))])
    other = Frame("left", (), steps=[Step((1, 0, 0, 0), Action("(end)"))])
    keys = [(f.name, f.arguments, tuple((s.seen, s.action) for s in f.steps)) for f in (one, one, one, other)]
    found = FrameSet(CODES, Counter(keys))
    assert len(found) == 2
    assert found._chances.tolist() == [0.5, 0.5]


def test_a_step_at_a_time_is_the_whole_frame():
    model, batch = small(), frames().of(slice(None))
    whole, _ = model(batch.program, batch.arguments, batch.seen)
    state, parts = None, []
    for t in range(batch.seen.shape[1]):
        choices, state = model(batch.program, batch.arguments, batch.seen[:, t : t + 1], state)
        parts.append(choices)
    for k, name in enumerate(("end", "program", "arguments")):
        torch.testing.assert_close(torch.cat([p[k] for p in parts], 1), getattr(whole, name))


def test_the_loss_is_the_mean_over_steps_of_all_that_is_chosen():
    model, batch = small(), frames().of(slice(None))
    choices, _ = model(batch.program, batch.arguments, batch.seen)
    total, steps = 0.0, 0
    for b, t in batch.steps.nonzero().tolist():
        called, steps = int(batch.called[b, t]), steps + 1
        total -= F.logsigmoid(choices.end[b, t] * (1 if called < 0 else -1)).item()
        if called >= 0:
            total -= F.log_softmax(choices.program[b, t], -1)[called].item()
            for a, value in enumerate(batch.given[b, t].tolist()):
                if value >= 0:
                    total -= F.log_softmax(choices.arguments[b, t, a], -1)[value].item()
    torch.testing.assert_close(model.loss(batch).item(), total / steps, rtol=1e-5, atol=1e-6)


def test_old_programs_neither_change_nor_see_what_is_taught():
    model, batch = small(), frames().of(slice(None))
    before, _ = done(model)(batch.program, batch.arguments, batch.seen)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    model.teach(Codes(4, 11, CODES.programs | {"twice": 0, "thrice": 0}))
    learned = [name for name, p in model.named_parameters() if p.requires_grad]
    assert learned == ["memories.1.embeddings", "memories.1.keys"]
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=10.0)
    taught = replace(batch, program=(batch.program + 2).clamp(6, 7))
    for _ in range(3):
        optimizer.zero_grad()
        model.loss(taught).backward()
        optimizer.step()
    after, _ = done(model)(batch.program, batch.arguments, batch.seen)
    assert torch.equal(after.end, before.end)
    assert torch.equal(after.program[..., :6], before.program)
    assert torch.isneginf(after.program[..., 6:]).all()
    assert torch.equal(after.arguments, before.arguments)
    assert all(torch.equal(model.state_dict()[name], value) for name, value in weights.items())
    seen_by_new, _ = model(taught.program, taught.arguments, taught.seen)
    assert torch.isfinite(seen_by_new.program).all()


def test_traces_of_one_size_have_loops_of_one_length():
    codes = Codes.of(traced("sort", "loop"))
    for only, lengths in ((0, {1, 2, 3, 4}), (2, {2}), (4, {4})):
        found = traced_frames(tiny("sort", version="loop", only=only), codes)
        bubbles = [steps for name, _, steps in found.counts if name == "bubble"]
        assert {sum(action.name == "step" for _, action in steps) for steps in bubbles} == lengths

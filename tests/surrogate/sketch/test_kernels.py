"""Compiled programs and torch modules of the user's that stand for learned functions."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import surrogate
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.frontend.sketching import read_sketch
from surrogate.cli import main
from surrogate.sketch import networks
from surrogate.sketch.artifact import SketchProgram
from surrogate.sketch.data import examples_of
from surrogate.sketch.kernels import Kernels
from surrogate.sketch.learning import Settings, learn
from surrogate.sketch.model import Model
from surrogate.sketch.networks import register
from tests.surrogate.command import usage_error

GCD = """
#pragma surrogate range(a, 0, 6)
#pragma surrogate range(b, 0, 6)
int gcd(int a, int b) { while (b) { int r = a % b; a = b; b = r; } return a; }
"""
CALLS = """
#pragma surrogate modulus(7)
#pragma surrogate learn(gcd, values(7))
extern int gcd(int, int);
#pragma surrogate choose(k, 0, 3)
extern const int k;
int f(int a, int b) { return (gcd(a, b) + k) % 7; }
"""
WEIGHT = "double weight(const float p[3]) { return 1.5 * p[0] + 0.25 * p[1] * p[2]; }"
WEIGHS = """
#pragma surrogate learn(weight)
extern double weight(const float p[3]);
extern const double scale, offset;
double f(const float load[3]) { return scale * weight(load) + offset; }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("gcd", GCD), ("weight", WEIGHT), ("calls", CALLS), ("weighs", WEIGHS)):
        Path(f"{name}.c").write_text(text)
    return tmp_path


def divisors(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    a, b = np.random.default_rng(seed).integers(0, 7, (2, rows))
    return {"a": a, "b": b, "result": np.array([(math.gcd(*v) + 2) % 7 for v in zip(a, b, strict=True)])}


def loads(rows: int, weight: float = 1.5, seed: int = 0) -> dict[str, np.ndarray]:
    p = np.random.default_rng(seed).uniform(-1, 1, (rows, 3)).astype(np.float32)
    return {"load": p, "result": 4 * (weight * p[:, 0] + 0.25 * p[:, 1] * p[:, 2]) - 3}


def compiled(source: str, name: str) -> Kernels:
    program = surrogate.compile(source=source, target="graph")
    assert isinstance(program, surrogate.graph.artifact.GraphProgram)
    return Kernels({name: program})


def test_a_compiled_program_of_whole_numbers_is_called(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("some.npz", **divisors(100))
    assert main(["compile", "gcd.c", "--target", "graph", "-o", "gcd.graph"]) == 0
    argv = ["learn", "calls.c", "--data", "some.npz", "--library", "gcd.graph", "--steps", "60", "--restarts", "2"]
    capsys.readouterr()
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert "k = 2" in out
    assert "gcd: the compiled program 'gcd', as it is, which gives one of 7 values" in out
    assert main(["check", "calls.sketch", "--data", "some.npz", "--least", "1"]) == 0
    loaded = surrogate.load("calls.sketch")
    assert isinstance(loaded, SketchProgram)
    assert loaded.check(divisors(50, 1)) == 1.0
    assert "which gives one of 7 values; its weights are in" in loaded.decompile()
    loaded.save("again.sketch")
    for name in ("config.json", "gcd.config.json", "gcd.program.c", "model.safetensors"):
        assert Path("calls.sketch", name).read_bytes() == Path("again.sketch", name).read_bytes()


def test_constants_beside_a_compiled_program_are_calibrated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("loads.npz", **loads(40))
    assert main(["compile", "weight.c", "--target", "graph", "-o", "weight.graph"]) == 0
    capsys.readouterr()
    assert main(["learn", "weighs.c", "--data", "loads.npz", "--library", "weight.graph"]) == 0
    assert "the program was evaluated" in capsys.readouterr().out
    found = surrogate.load("weighs.sketch")
    assert isinstance(found, SketchProgram)
    assert found.chosen == pytest.approx({"scale": 4, "offset": -3})
    assert found.check(loads(20, seed=1)) == pytest.approx(1)


def test_a_compiled_program_is_fine_tuned(folder: Path) -> None:
    """A constant of it was measured wrongly: what is known is how the results are made of it."""
    sketch = read_sketch(source=WEIGHS.replace("extern const double scale, offset", "enum { scale = 4, offset = -3 }"))
    kernels = compiled(WEIGHT.replace("1.5", "1.2"), "weight")
    as_it_is = Model(sketch, 1, kernels=kernels)
    tuned = Kernels(kernels.programs, tuned=True)
    examples = examples_of(sketch, loads(100))
    found = learn(sketch, examples, Settings(restarts=2, steps=200), kernels=tuned)
    assert found.restarts[found.best].accuracy > 0.9999
    before = as_it_is.answers(examples.inputs)[0]
    assert np.abs(before - examples.results).max() > 0.5  # and the compiled program is as it was
    made = SketchProgram(sketch=sketch, model=found.model, learned={})
    made.save("tuned.sketch")
    loaded = surrogate.load("tuned.sketch")
    assert isinstance(loaded, SketchProgram)
    np.testing.assert_array_equal(loaded.run(examples), found.model.answers(examples.inputs)[0])


def test_what_is_not_tuned_and_all_there_is_leaves_nothing_to_learn() -> None:
    sketch = read_sketch(source=WEIGHS.replace("extern const double scale, offset", "enum { scale = 4, offset = -3 }"))
    with pytest.raises(UsageError, match="there is nothing to learn"):
        learn(sketch, examples_of(sketch, loads(20)), kernels=compiled(WEIGHT, "weight"))


UNFIT = {
    "fewer arguments": (CALLS, "int gcd(int a) { return a; }", "gcd", "it is int gcd(int a)"),
    "floating arguments": (
        CALLS,
        "int gcd(double a, double b) { return a > b; }",
        "gcd",
        "'gcd' takes 2 whole numbers",
    ),
    "a floating result": (CALLS, "double gcd(int a, int b) { return a + b; }", "gcd", "and gives a whole number"),
    "a smaller picture": (WEIGHS, "double weight(const float p[2]) { return p[0]; }", "weight", "takes 3 floating"),
    "other values": (CALLS, GCD.replace("return a", "return a + 3"), "gcd", "gives 7 for 0, 4"),
    "a smaller domain": (
        CALLS,
        GCD.replace("b, 0, 6", "b, 0, 5"),
        "gcd",
        "is 0 to 6, and of the library it was compiled for 0 to 5",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_does_not_fit_is_told_at_its_place(case: str) -> None:
    source, kernel, name, message = UNFIT[case]
    sketch = read_sketch(source=source)
    data = divisors(20) if name == "gcd" else loads(20)
    with pytest.raises(ProgramError) as raised:
        learn(sketch, examples_of(sketch, data), Settings(restarts=1, steps=1), kernels=compiled(kernel, name))
    (diagnostic,) = raised.value.diagnostics
    assert message in f"{diagnostic.message} {diagnostic.hint}"
    line = next(k for k, text in enumerate(source.split("\n"), 1) if f"learn({name}" in text)
    assert diagnostic.line == line


def test_whole_numbers_are_not_tuned() -> None:
    kernels = Kernels(compiled(GCD, "gcd").programs, tuned=True)
    with pytest.raises(ProgramError, match="gives whole numbers"):
        Model(read_sketch(source=CALLS), 1, kernels=kernels)


def test_libraries_that_are_of_no_use(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("some.npz", **divisors(20))
    for c_file, target in (("weight.c", "graph"), ("gcd.c", "graph")):
        assert main(["compile", c_file, "--target", target, "-o", f"{c_file}.{target}"]) == 0
    Path("tape.c").write_text("void gcd(int *mem) { mem[0] = mem[1] + 1; }")
    assert main(["compile", "tape.c", "--target", "anc", "-o", "tape.anc"]) == 0
    capsys.readouterr()
    learns = ["learn", "calls.c", "--data", "some.npz"]
    assert "it has weight, not gcd" in usage_error([*learns, "--library", "weight.c.graph"], capsys)
    assert "only sketches and compiled numeric" in usage_error([*learns, "--library", "tape.anc"], capsys)
    assert "--finetune needs what is learned already" in usage_error([*learns, "--finetune"], capsys)
    assert main([*learns, "--library", "gcd.c.graph", "--finetune"]) == 1
    assert "calls.c:3:" in capsys.readouterr().err


# Torch modules of the user's

READS = """
#pragma surrogate learn(sign, values(2), module(convolves))
extern int sign(const float picture[16]);
int both(const float x[2][16]) { return 2 * sign(x[0]) + sign(x[1]); }
"""


class Convolves(nn.Module):
    """With a layer that learns, one that drops and one with state of its own."""

    def __init__(self, outputs: int = 2) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv1d(1, 4, 4, stride=4), nn.BatchNorm1d(4)
        self.dropped, self.last = nn.Dropout(0.1), nn.Linear(16, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.last(self.dropped(self.norm(self.first(x[:, None])).relu().flatten(1)))
        return found


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_MODULES", {})
    register("convolves", Convolves)


def signs(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shown = rng.integers(0, 2, (rows, 2))
    x = rng.normal(0, 0.3, (rows, 2, 16))
    x[..., 3] += np.where(shown, 2, -2)
    return {"x": x.astype(np.float32), "result": shown @ [2, 1]}


@pytest.mark.usefixtures("registered")
def test_a_registered_module_is_learned_saved_and_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sketch = read_sketch(source=READS)
    examples = examples_of(sketch, signs(200))
    found = learn(sketch, examples, Settings(restarts=2, steps=150, batch=50))
    assert found.restarts[found.best].accuracy > 0.95
    assert not any(module.training for module in found.model.modules())
    made = SketchProgram(sketch=sketch, model=found.model, learned={})
    made.save("both.sketch")
    loaded = surrogate.load("both.sketch")
    assert isinstance(loaded, SketchProgram)
    fresh = signs(100, 1)
    np.testing.assert_array_equal(loaded.run(fresh), made.run(fresh))
    assert loaded.networks() == {"sign": "the module 'convolves' of 62 parameters, which gives one of 2 values"}
    monkeypatch.setattr(networks, "_MODULES", {})
    with pytest.raises(UsageError, match="needs the torch module 'convolves', which is not registered"):
        surrogate.load("both.sketch")


@pytest.mark.usefixtures("registered")
def test_restarts_of_a_module_begin_apart_and_the_same_seed_as_the_same() -> None:
    sketch = read_sketch(source=READS)
    first, second = Model(sketch, 2, seed=3), Model(sketch, 2, seed=3)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
    one, other = first.networks.of("sign").one(0), first.networks.of("sign").one(1)
    assert not torch.equal(next(one.parameters()), next(other.parameters()))


@pytest.mark.usefixtures("registered")
def test_a_learned_module_is_gone_on_with() -> None:
    sketch = read_sketch(source=READS)
    start = Model(sketch, 1, seed=7)
    settings = Settings(restarts=2, steps=1, rate=1e-12)
    found = learn(sketch, examples_of(sketch, signs(20)), settings, starts=[start])
    for mine, theirs in zip(found.model.parameters(), start.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


MISFITS = {
    "unregistered": (READS.replace("convolves", "convolve"), "no torch module 'convolve' is registered; did you mean"),
    "other values": (
        READS.replace("values(2)", "values(3)"),
        r"gives [2, 2] for 2 pictures, and 'sign' one of 3 values",
    ),
    "other pictures": (READS.replace("16", "12"), "the module 'convolves' does not take pictures [n, 12]"),
}


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("case", MISFITS)
def test_a_module_that_does_not_fit_is_told_at_its_place(case: str) -> None:
    source, message = MISFITS[case]
    with pytest.raises(ProgramError) as raised:
        Model(read_sketch(source=source), 1)
    (diagnostic,) = raised.value.diagnostics
    assert message in diagnostic.message
    assert diagnostic.line == 2


def test_a_module_has_its_own_layers() -> None:
    with pytest.raises(ProgramError, match="has its own layers"):
        read_sketch(source=READS.replace("module(", "hidden(3), module("))

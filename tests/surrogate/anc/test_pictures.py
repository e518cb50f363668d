"""Pictures of matrices and runs."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from cprograms.diagnostics import UsageError
from surrogate.anc.machine.instructions import INSTRUCTIONS, PUBLISHED, Op
from surrogate.anc.pictures import matrix_picture, run_picture
from surrogate.anc.pictures.grids import DRAWN_STEPS, matrix_grids, trace_grid
from surrogate.anc.pictures.shades import DARK_STOPS, shade
from surrogate.anc.pipeline import compile_anc
from surrogate.anc.program import AncProgram
from tests.surrogate.report.browser import look, needs_browser

TAPE = [7, 2, 2, 5, 5, 9, 6, 3, 4, 0, 7]


def picture(program: AncProgram, traced: bool, form: str) -> bytes:
    if traced:
        return run_picture(program.entry, program.program, program.trace(TAPE), form)
    return matrix_picture(program.entry, program.controller, program.tape, form)


def test_the_heat_maps_are_the_program(listk: AncProgram) -> None:
    grids = {grid.name: grid for grid in matrix_grids(listk.controller)}
    assert list(grids) == ["W_e", "W_a", "W_b", "W_o", "R0", "IR0"]
    program = listk.program
    for line, instruction in enumerate(program.instructions):
        assert grids["W_e"].rows[int(grids["W_e"].shade[:, line].argmax())].strip() == instruction.op.name
        if instruction.op is not Op.STOP:
            assert grids["W_o"].rows[int(grids["W_o"].shade[:, line].argmax())].strip() == f"r{instruction.out}"
    assert grids["R0"].shade.shape == (len(program.registers), 20)
    np.testing.assert_allclose(grids["R0"].shade.sum(1), 1, atol=1e-6)


def test_a_run_shows_registers_and_tape_over_time(listk: AncProgram) -> None:
    steps = listk.trace(TAPE)
    grid = trace_grid(steps)
    assert grid.text is not None
    registers = len(listk.program.registers)
    assert grid.columns == (*(f"r{r}" for r in range(registers)), *map(str, range(20)))
    assert [int(v) for v in grid.text[-1][registers:]] == listk.run(TAPE).tape.tolist()
    write = next(i for i, s in enumerate(steps) if s.changed)
    assert (write, registers + 2) in grid.marked
    assert "r5 = WRITE" in grid.rows[write]


def test_a_long_run_is_cut() -> None:
    endless = compile_anc(source="void f(int *mem) { while (mem[0] == 0) mem[1]++; }")
    steps = endless.trace([], max_steps=DRAWN_STEPS + 20)
    grid = trace_grid(steps)
    assert len(grid.rows) == DRAWN_STEPS
    assert f"the first {DRAWN_STEPS}" in grid.about


@pytest.mark.parametrize("traced", [False, True])
def test_a_page_is_whole_and_needs_nothing_else(listk: AncProgram, traced: bool) -> None:
    text = picture(listk, traced, "html").decode()
    assert not re.search(r"https?:|src=|@import|url\(", text)
    assert ("<script" in text) == traced
    # Apart from its declaration, void tags and script it is XML, so every tag is closed and every name escaped.
    plain = re.sub(r"<script.*?</script>|<meta [^>]*>|<input [^>]*>", "", text, flags=re.DOTALL)
    page = ElementTree.fromstring(plain.removeprefix("<!doctype html>"))
    cells = [group for svg in page.iter("svg") if svg.get("role") == "img" for group in svg.findall("g")]
    registers = len(listk.program.registers)
    lines = len(listk.program)
    matrices = (PUBLISHED + 3 * registers) * lines + (registers + 1) * 20
    assert len(cells) == (13 * (registers + 20) if traced else matrices)
    assert all(group.find("title") is not None for group in cells)
    names = "".join(page.itertext())
    assert all(op.name in names for op in INSTRUCTIONS[:PUBLISHED]) or traced


@needs_browser
def test_a_run_is_stepped_through(listk: AncProgram, tmp_path: Path) -> None:
    """At every step the machine is as the trace says, the instruction in use stands out, and so does what it wrote."""
    page = tmp_path / "run.html"
    page.write_bytes(picture(listk, True, "html"))
    found = look(
        page,
        """
        const at = (box) => [...document.querySelectorAll(box)];
        const state = () => [at("[data-register] b").map((b) => b.textContent),
          at("[data-cell] b").map((b) => Number(b.textContent)), at(".current").map((l) => Number(l.dataset.line)),
          at("[data-cell].written").map((b) => Number(b.dataset.cell)), document.querySelector("output").textContent];
        const seen = [state()], on = document.querySelector(".on");
        for (let k = 0; k < 13; k++) { on.click(); seen.push(state()); }
        document.querySelector(".back").click();
        return [seen, state(), document.documentElement.scrollWidth <= innerWidth];
        """,
        width=390,
    )
    assert found.console == []
    seen, back, fits = found.value
    steps = listk.trace(TAPE)
    assert seen[0][1] == listk.full_tape(TAPE).tolist()
    assert seen[0][0] == ["?" if r is None else str(r) for r in listk.program.registers]
    for (registers, tape, lines, written, said), step in zip(seen[1:], steps, strict=True):
        assert registers == list(map(str, step.registers))
        assert (tape, lines, written) == (list(step.tape), [step.line], list(step.changed))
        assert said == f"{step.step} of 13"
    assert back == seen[-2]
    assert fits


@pytest.mark.parametrize("traced", [False, True])
def test_a_png(listk: AncProgram, traced: bool) -> None:
    imread = pytest.importorskip("matplotlib.image").imread
    content = picture(listk, traced, "png")
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    image = imread(io.BytesIO(content))
    assert image.shape[0] > 500
    assert image.shape[1] > 700
    dark = (image[..., :3] < 0.5).all(-1).mean()
    assert 0.001 < dark < 0.2


def test_a_png_without_matplotlib_says_what_to_install(listk: AncProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"pip install surrogate-compiler\[plot\]"):
        picture(listk, False, "png")
    assert picture(listk, False, "html")


def test_shades_get_darker() -> None:
    light = [sum(bytes.fromhex(shade(v)[1:])) for v in np.linspace(0, 1, 20)]
    assert light == sorted(light, reverse=True)
    assert shade(0) == "#ffffff"
    dark = [sum(bytes.fromhex(shade(v, DARK_STOPS)[1:])) for v in np.linspace(0, 1, 20)]
    assert dark == sorted(dark)

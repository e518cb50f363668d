"""Pages in a browser: they need nothing else, fit every window, and show what the program gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from surrogate.numeric.artifact import NumericArtifact
from tests.surrogate.report.browser import look, needs_browser, screenshot

NAMES = ("wave", "two", "five", "many")
Page = Callable[[str], Path]
Made = Callable[[str], NumericArtifact]
VOID = {"meta", "img", "input"}


class Tags(HTMLParser):
    """All that a page opens, and whether it closes it in the right order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        assert len(attrs) == len(dict(attrs)), f"an attribute of {tag} twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(page: Path) -> Tags:
    parser = Tags()
    parser.feed(page.read_text())
    parser.close()
    return parser


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_well_formed_and_small(page_of: Page, name: str) -> None:
    found = tags(page_of(name))
    assert found.open == []
    ids = [attributes["id"] for _, attributes in found.seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in found.seen if tag == "a"}
    assert links <= {f"#{i}" for i in ids}
    assert all(attributes.get("alt") for tag, attributes in found.seen if tag == "img")
    assert page_of(name).stat().st_size < 3_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_no_other_file(page_of: Page, name: str) -> None:
    text = page_of(name).read_text()
    assert not re.search(r"https?:|@import|url\(", text)
    for tag, attributes in tags(page_of(name)).seen:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        assert (attributes.get("src") or "data:").startswith("data:")
        assert (attributes.get("href") or "#").startswith("#")


@needs_browser
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_without_a_word_loads_nothing_and_fits_a_phone(page_of: Page, name: str) -> None:
    loaded = "performance.getEntriesByType('resource').map((e) => e.name.slice(0, 5))"
    found = look(page_of(name), f"return [{loaded}, innerWidth, document.documentElement.scrollWidth];", width=390)
    resources, inner, scrolled = found.value
    assert set(resources) <= {"data:"}
    assert found.console == []
    assert scrolled <= inner == 390


@needs_browser
def test_the_browser_would_tell(page_of: Page) -> None:
    """Of an error, and of a request, which the page's own policy refuses."""
    assert "broken" in look(page_of("wave"), "throw new Error('broken');").console[0]
    refused = look(page_of("wave"), "const i = new Image(); i.src = 'https://example.invalid/x.png'; return 1;").console
    assert any("Content Security Policy" in said for said in refused)


@needs_browser
def test_light_and_dark(page_of: Page) -> None:
    script = "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color];"
    brightness = {}
    for dark in (False, True):
        page, ink = look(page_of("wave"), script, dark=dark).value
        brightness[dark] = [sum(map(int, re.findall(r"\d+", colour))) / 765 for colour in (page, ink)]
    assert brightness[False][0] > 0.9 > 0.3 > brightness[False][1]
    assert brightness[True][0] < 0.2 < 0.7 < brightness[True][1]


# --- What sliders do ---

PATHS = """
const inner = (kind, panel, result) => document.querySelector(
  `#slice-view [data-result="${result}"] svg[data-panel="${panel}"][data-kind="${kind}"]`);
const drawn = (kind, panel, result = 0) => { const svg = inner(kind, panel, result); return {
  truth: svg.querySelector(".truth").getAttribute("d"), surrogate: svg.querySelector(".surrogate").getAttribute("d"),
  low: Number(svg.dataset.low), high: Number(svg.dataset.high), left: Number(svg.dataset.left),
  right: Number(svg.dataset.right) }; };
const set = (root, argument, value) => { const input = document.querySelector(
  `${root} input[data-argument="${argument}"]`); input.value = value; input.dispatchEvent(new Event("input")); };
const said = (root, argument) => document.querySelector(`${root} input[data-argument="${argument}"]`)
  .closest("label").querySelector("output").textContent;
const choose = (result) => { const list = document.getElementById("choose-result"); list.value = result;
  list.dispatchEvent(new Event("change")); };
const images = () => [...document.querySelectorAll('#map-view [data-result="0"] img')].map((i) => i.src);
"""


def points(drawn: dict, which: str) -> np.ndarray:
    """The points [n, 2] of a path, in C units."""
    places = np.array(re.findall(r"[ML]([-\d.]+) ([-\d.e+]+)", drawn[which]), dtype=np.float64)
    x = drawn["left"] + places[:, 0] / 1000 * (drawn["right"] - drawn["left"])
    y = drawn["low"] + (1 - places[:, 1] / 1000) * (drawn["high"] - drawn["low"])
    return np.stack([x, y], 1)


def assert_drawn(drawn: dict, truth: Callable[[np.ndarray], np.ndarray], which: str = "truth") -> None:
    found = points(drawn, which)
    assert len(found) > 3
    np.testing.assert_allclose(found[:, 1], truth(found[:, 0]), atol=0.01 * (drawn["high"] - drawn["low"]))


@needs_browser
def test_slices_are_the_program_and_sliders_move_them(page_of: Page, artifact_of: Made) -> None:
    found = look(
        page_of("two"),
        PATHS + 'choose(0); const before = drawn("value", 0); set("#slice-view", 1, 5);'
        'return [before, drawn("value", 0), drawn("slope", 0), said("#slice-view", 1), drawn("value", 1)];',
    )
    assert found.console == []
    before, after, slope, said, dots = found.value
    assert_drawn(before, lambda x: x + 3)
    assert_drawn(after, lambda x: x + 5)
    assert_drawn(after, lambda x: artifact_of("two").predict(x=x, n=5)[:, 0], "surrogate")
    assert_drawn(slope, np.ones_like)
    assert said == "5"
    assert_drawn(dots, lambda n: n)
    assert sorted(points(dots, "truth")[:, 0].round()) == [0, 1, 2, 3, 4, 5]


@needs_browser
def test_values_far_from_zero_are_told_apart(page_of: Page) -> None:
    page = page_of("days")
    found = look(page, PATHS + 'return [said("#slice-view", 0), set("#slice-view", 0, 1), said("#slice-view", 0)];')
    before, _, after = found.value
    assert found.console == []
    assert before == "2455000"
    assert 2440000 < float(after) < 2455000
    assert float(after) % 10
    text = page.read_text()
    assert "2440000 to 2470000" in text
    assert "−200000 to 100000" in text
    cell = r'<td class="number">({})</td>'.format
    days, codes = zip(*re.findall(cell(r"24\d{5}") + cell(r"−?\d+"), text), strict=True)
    assert len(set(days)) == len(days) > 4
    assert max(map(len, codes)) > 5


@needs_browser
def test_the_pointer_reads_values_out(page_of: Page, artifact_of: Made) -> None:
    """Where there is a truth, and where there is none."""
    found = look(
        page_of("wave"),
        PATHS
        + """
        const plot = inner("value", 0, 0).querySelector("svg"), box = plot.getBoundingClientRect();
        const at = (share) => { plot.dispatchEvent(new PointerEvent("pointermove", { bubbles: true,
          clientX: box.left + share * box.width, clientY: box.top + 5 }));
          return document.querySelector("#slice-view .readout").textContent; };
        return [at(0.75), at(0.1)];
        """,
    )
    assert found.console == []
    inside, outside = found.value
    numbers = [float(v.replace("−", "-")) for v in re.findall(r"−?\d+\.?\d*", inside)]
    assert numbers[0] == pytest.approx(2, abs=0.02)
    assert numbers[1] == pytest.approx(artifact_of("wave").program.run(x=numbers[0])[0], rel=0.01)
    assert numbers[2] == pytest.approx(artifact_of("wave").predict(x=numbers[0])[0], rel=0.01)
    assert outside.startswith("x = −0.6: the program no finite result, the surrogate ")


@needs_browser
def test_the_script_draws_what_the_page_came_with(page_of: Page) -> None:
    """The script draws once it starts; what is there without it says the same."""
    page = page_of("five")
    static = [match[1] for match in re.finditer(r'<path class="truth[^"]*" d="([^"]*)"', page.read_text())]
    script = "return [...document.querySelectorAll('svg[data-panel] .truth')].map((p) => p.getAttribute('d'));"
    for before, after in zip(static, look(page, script).value, strict=True):
        a, b = (np.array(re.findall(r"-?\d+\.?\d*", d), dtype=np.float64) for d in (before, after))
        np.testing.assert_allclose(a, b, atol=0.6)


@needs_browser
def test_another_result_has_pictures_of_its_own(page_of: Page) -> None:
    found = look(
        page_of("two"),
        PATHS + 'choose(1); set("#slice-view", 1, 4);'
        ' const shown = [...document.querySelectorAll("[data-result]")].map((e) => [e.dataset.result,'
        ' e.offsetParent !== null]); return [drawn("value", 0, 1), shown];',
    )
    drawn, shown = found.value
    assert_drawn(drawn, lambda x: 4 * x)
    assert {tuple(pair) for pair in shown} == {("0", False), ("1", True)}


MOVED = (
    "const at = () => [1, 2].map((k) => said('#slice-view', k)), before = at(); set('#slice-view', 1, 0);"
    " const first = at(); set('#slice-view', 2, 0); return [before, first, at(), drawn('value', 0)];"
)


@needs_browser
def test_sliders_move_together_where_there_are_few(page_of: Page) -> None:
    before, first, second, drawn = look(page_of("five"), PATHS + MOVED).value
    assert before == ["0", "0"]
    assert first == ["−1", "0"]
    assert second == ["−1", "−1"]
    assert_drawn(drawn, lambda a: -11 * a + 1)


@needs_browser
def test_of_many_sliders_one_moves_at_a_time(page_of: Page) -> None:
    before, first, second, _ = look(page_of("many"), PATHS + MOVED.replace("drawn('value', 0)", "0")).value
    assert before == ["0.5", "0.5"]
    assert first == ["0", "0.5"]
    assert second == ["0.5", "0"]
    assert "the others go back to the middle" in page_of("many").read_text()


@needs_browser
def test_maps_follow_the_pair_and_the_sliders(page_of: Page) -> None:
    found = look(
        page_of("five"),
        PATHS + 'const list = document.getElementById("choose-pair"), seen = [images()];'
        ' set("#map-view", 4, 0); seen.push(images()); list.value = "3"; list.dispatchEvent(new Event("change"));'
        ' seen.push(images()); list.value = "0"; list.dispatchEvent(new Event("change")); seen.push(images());'
        ' return [seen, [...document.querySelectorAll("#map-view .slider")].map((l) => l.hidden),'
        ' document.querySelector("#map-view .across em").textContent];',
    )
    assert found.console == []
    seen, hidden, name = found.value
    assert seen[0][0] != seen[1][0] != seen[2][0]
    assert seen[3] == seen[0]
    assert hidden == [True, True, False, False, False]
    assert name == "a"


@needs_browser
def test_a_map_is_painted_alike_with_and_without_the_script(page_of: Page) -> None:
    script = """
    const pixels = (image) => { const c = document.createElement("canvas"); c.width = image.naturalWidth;
      c.height = image.naturalHeight; const g = c.getContext("2d"); g.drawImage(image, 0, 0);
      return [c.width, c.height, ...g.getImageData(0, 0, c.width, c.height).data]; };
    return [...document.querySelectorAll("#map-view img")].map(pixels);
    """
    page = page_of("two")
    still = page.with_name("still.html")
    still.write_text(page.read_text().replace('"use strict";', '"use strict"; throw new Error("no script");'))
    with_script, without = (np.array(look(p, script).value[0]) for p in (page, still))
    assert with_script[:2].tolist() == without[:2].tolist() == [65, 6]
    np.testing.assert_allclose(with_script, without, atol=1)


@needs_browser
def test_without_scripts_everything_is_there(page_of: Page, tmp_path: Path) -> None:
    imread = pytest.importorskip("matplotlib.image").imread
    still = tmp_path / "still.html"
    still.write_text(re.sub(r"<script.*?</script>", "", page_of("two").read_text(), flags=re.DOTALL))
    screenshot(still, tmp_path / "still.png", 1000, 6000)
    image = imread(tmp_path / "still.png")[..., :3]
    blue, orange = np.array([0x8F, 0xB4, 0xDC]) / 255, np.array([0xC2, 0x41, 0x0C]) / 255
    for colour in (blue, orange):
        assert (np.abs(image - colour).max(-1) < 0.02).sum() > 500


def test_a_trap_is_a_gap(page_of: Page) -> None:
    """Where the program has no number, its line stops, and the surrogate's goes on."""
    text = page_of("wave").read_text()
    truth, surrogate = (
        re.search(rf'data-kind="value".*?class="{k}" d="([^"]*)"', text) for k in ("truth", "surrogate")
    )
    assert truth is not None
    assert surrogate is not None
    starts = [float(re.match(r"M(-?[\d.]+)", found[1])[1]) for found in (truth, surrogate)]  # type: ignore[index]
    assert starts[0] == pytest.approx(250, abs=6)
    assert starts[1] == 0
    assert re.search(r"It gave no finite result for \d+ of them", text)


def test_what_is_left_out_is_said(page_of: Page) -> None:
    text = page_of("many").read_text()
    assert "44 more arguments matter less" in text
    assert "56 arguments that matter less stay in the middle" in text
    assert "Pictures are of the 4 results of the greatest error; 60 err less" in text

"""A real browser without a screen, where there is one: what a page is once its script ran, and how it looks."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--hide-scrollbars",
    "--virtual-time-budget=3000",
)
_CONSOLE = re.compile(r"CONSOLE[^\"]*\"(.*)\", source")


@dataclass(frozen=True)
class Look:
    """What a script returned that ran in a page, and what was said on its console."""

    value: Any
    console: list[str]


_TELL = """
addEventListener("message", (e) => { const out = document.createElement("pre"); out.id = "looked-at";
  out.textContent = e.data; document.body.append(out); });
"""
_ASK = """
addEventListener("load", () => { let value = null;
  try { value = (() => { SCRIPT })(); } catch (e) { console.error(String(e)); }
  parent.postMessage(JSON.stringify(value ?? null), "*"); });
"""


def look(page: Path, script: str, width: int = 1200, dark: bool = False) -> Look:
    """Open a page and run a script in it: the body of a function, whose value JSON holds.

    A window is 500 pixels wide at least; narrower pages are in a frame of one.
    """
    copy = page.with_name(f"{page.stem}-looked-at.html")
    framed = width < 500
    told = ("" if framed else _TELL) + _ASK.replace("SCRIPT", script)
    copy.write_text(page.read_text().replace("</body>", f"<script>{told}</script></body>"))
    shown = copy
    if framed:
        shown = page.with_name(f"{page.stem}-framed.html")
        frame = f'<iframe src="{copy.name}" width="{width}" height="800" style="border: 0"></iframe>'
        shown.write_text(f"<!doctype html><body>{frame}<script>{_TELL}</script></body>")
    done = _run(shown, ("--dump-dom", "--enable-logging=stderr"), max(width + 100, 600), dark)
    found = re.search(r'<pre id="looked-at">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr
    return Look(json.loads(html.unescape(found[1])), _CONSOLE.findall(done.stderr))


def screenshot(page: Path, image: Path, width: int, height: int, dark: bool = False) -> None:
    """A picture of the first `height` pixels."""
    _run(page, (f"--screenshot={image}", f"--window-size={width},{height}"), width, dark)


def _run(page: Path, flags: tuple[str, ...], width: int, dark: bool) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    settings = f"preferredColorScheme={0 if dark else 1}"
    size = () if any("window-size" in flag for flag in flags) else (f"--window-size={width},900",)
    profile = page.with_name("browser-profile")
    command = [BROWSER, *_FLAGS, *size, *flags, f"--user-data-dir={profile}", f"--blink-settings={settings}"]
    return subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=100, check=True)

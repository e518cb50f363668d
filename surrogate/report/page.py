"""The frame of every page: one file that needs no other one, and forbids itself to ask for any."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from cprograms.diagnostics import UsageError
from surrogate.terminal.console import write_output
from surrogate.version import __version__

MARK = '<meta name="generator" content="surrogate-compiler'
"""What a page is known by."""
_HEAD = 2000


@dataclass(frozen=True)
class Section:
    """A part of a page: its title, its HTML, and what the link to it is called, if not as its title is."""

    title: str
    body: str
    link: str = ""

    @property
    def name(self) -> str:
        """Its anchor."""
        return "".join(c if c.isalnum() else "-" for c in (self.link or self.title).lower())


def page(title: str, lead: str, sections: Sequence[Section], data: Any = None, styles: str = "") -> bytes:
    """The whole page. `lead` is HTML, and `styles` are further rules; `data`, for the script, is what JSON holds.

    A page without data has no script.
    """
    links = "".join(f'<a href="#{s.name}">{escape(s.link or s.title)}</a>' for s in sections)
    body = "\n".join(f'<section id="{s.name}">\n<h2>{escape(s.title)}</h2>\n{s.body}\n</section>' for s in sections)
    return (
        Template(_part("page.html"))
        .substitute(
            title=escape(title),
            version=__version__,
            style=f"{_part('page.css')}\n{styles}".strip(),
            lead=lead,
            links=f"<nav>{links}</nav>" if len(sections) > 2 else "",
            sections=body,
            script="" if data is None else _script(data),
        )
        .encode()
    )


@cache
def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8").strip()


def _script(data: Any) -> str:
    """The data and what draws them."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="data">{text}</script>\n<script>\n{_part("page.js")}\n</script>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table of cells that are HTML; the first `words` columns are words, and the others numbers."""

    def line(cells: Sequence[str], tag: str) -> str:
        kinds = ("" if k < words else ' class="number"' for k in range(len(cells)))
        return f"<tr>{''.join(f'<{tag}{kind}>{c}</{tag}>' for kind, c in zip(kinds, cells, strict=True))}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f'<div class="wide"><table><thead>{line(header, "th")}</thead><tbody>{body}</tbody></table></div>'


def code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of HTML."""
    return f"<p{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{text}</p>"


def folded_away(title: str, body: str) -> str:
    """What is only there when one asks for it."""
    return f"<details><summary>{title}</summary>{body}</details>"


def ensure_place(path: str) -> None:
    """Before long work: raises UsageError where a page has no place at `path`: another file is there, or no folder."""
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{path}: a page is an .html file")
    if not target.parent.is_dir():
        raise UsageError(f"{path}: cannot be written: there is no folder {target.parent}")
    if target.is_dir():
        raise UsageError(f"{path}: cannot be written: it is a folder")
    if target.exists() and not is_page(target):
        raise UsageError(f"{path}: exists and is no page of surrogate; it will not be overwritten")


def is_page(path: Path) -> bool:
    """True for a file that `page` wrote, of any version."""
    try:
        with path.open(encoding="utf-8", errors="replace") as f:
            return MARK in f.read(_HEAD)
    except OSError:
        return False


def write_page(path: str, content: bytes) -> None:
    """All or nothing. Raises UsageError where the file cannot be written."""
    write_output(path, content)

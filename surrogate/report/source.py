"""C with colours."""

from __future__ import annotations

import re
from collections import defaultdict

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import CLexer


def coloured_c(text: str) -> str:
    """The text as HTML; the page's style has the colours of its classes."""
    made: str = highlight(text.rstrip() + "\n", CLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return f'<pre class="source"><code>{made.rstrip()}</code></pre>'


_RANGE = re.compile(r"#pragma surrogate range\((\w+)((?:\[\d+\])*), ([^,]+), ([^,]+)\)\n")


def folded(text: str) -> str:
    """The text with one range for an array whose elements all have the same; it says the same."""
    ranges: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for name, _, low, high in _RANGE.findall(text):
        ranges[name].add((low, high))
    seen: set[str] = set()

    def fold(line: re.Match[str]) -> str:
        name, index, low, high = line.groups()
        if not index or len(ranges[name]) > 1:
            return line[0]
        first = name not in seen
        seen.add(name)
        return f"#pragma surrogate range({name}, {low}, {high})\n" if first else ""

    return _RANGE.sub(fold, text)

"""C with colours."""

from __future__ import annotations

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import CLexer


def coloured_c(text: str) -> str:
    """The text as HTML; the page's style has the colours of its classes."""
    made: str = highlight(text.rstrip() + "\n", CLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return f'<pre class="source"><code>{made.rstrip()}</code></pre>'

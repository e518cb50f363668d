"""The pictures of a numeric program's page, as they are before anyone moves a slider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import numpy as np
import numpy.typing as npt

from cprograms.program import Argument, Result
from surrogate.report.colours import DIVERGING, VIRIDIS, as_url, gradient, painted
from surrogate.report.study import Panel, Through, Views
from surrogate.report.svg import HEIGHT, INSIDE, ROUNDING, Axis, bars, chart, polyline, short

BINS = 41
DOTS = 40
"""A slice of at most so many whole numbers is drawn as dots."""
QUANTILES = 0.01, 0.99
SLOPE_HEIGHT = 170
LEAST = 1e-32
"""Of errors on a scale of powers of ten."""

Values = npt.NDArray[np.float64]


def scatter(truth: Values, surrogate: Values, name: str) -> str:
    """Truth against prediction, and the line on which they are the same."""
    ends = np.quantile(surrogate, QUANTILES)
    axis = Axis.over(np.concatenate([truth, ends]), "truth", room=0.03)
    x, y = axis.place(truth), axis.place(surrogate)
    seen = (y >= 0) & (y <= INSIDE)
    out = f" ({np.count_nonzero(~seen):,} beyond its edges)" if not seen.all() else ""
    dots = polyline(np.round(x[seen]), np.round(y[seen]), dots=True)
    about = f"{name}: the surrogate against the truth on {len(x):,} rows{out}"
    body = f'<path class="same" d="M0 {INSIDE}L{INSIDE} 0"/><path class="dots" d="{dots}"/>'
    return _figure(chart(axis, replace(axis, label="surrogate"), body, about), escape(about))


def histogram(error: Values, name: str) -> str:
    """How the errors are spread; the few of either end that would squeeze the others are counted, not drawn."""
    reach = float(np.quantile(np.abs(error), 0.99)) or float(np.abs(error).max()) or 1.0
    counts, edges = np.histogram(error, BINS, (-reach, reach))
    out = len(error) - int(counts.sum())
    x = Axis(-reach, reach, "surrogate − truth")
    y = Axis(0, 1.05 * max(1, int(counts.max())), "rows", whole=True)
    about = f"{name}: rows by error" + (f"; {out:,} err more than {short(reach)}" if out else "")
    body = f'<path class="bars" d="{bars(x.place(edges), y.place(counts.astype(np.float64)))}"/>'
    return _figure(chart(x, y, body + f'<path class="same" d="M{INSIDE // 2} 0V{INSIDE}"/>', about), escape(about))


def slice_figure(views: Views, place: int, arguments: Sequence[Argument], results: Sequence[Result]) -> str:
    """The slices along an argument, and their slopes, of each result that is shown, and its slider."""
    panel, k = views.panels[place], views.arguments[place]
    argument = arguments[k]
    pairs = "".join(
        f'<div data-result="{r}">{_values(panel, place, argument, result.name, r)}'
        f"{_slopes(panel, place, argument, result.name, r)}</div>"
        for r, result in enumerate(results)
    )
    beside = _slider(views, place, argument) if len(views.arguments) > 1 else ""
    return f'<figure>{pairs}<p class="readout"></p>{beside}</figure>'


def through_figures(through: Through, arguments: Sequence[Argument], name: str) -> str:
    """The slices of a result through a row, and where that is on each."""
    figures = []
    for place, panel in enumerate(through.panels):
        (k,) = panel.axes
        at = float(through.row[k])
        figures.append(
            f"<figure>{_values(panel, place, arguments[k], name, 0, at)}"
            f"<figcaption>{escape(arguments[k].name)} = {short(at, arguments[k].digits)}</figcaption></figure>"
        )
    return "".join(figures)


def _values(panel: Panel, place: int, argument: Argument, name: str, r: int, mark: float | None = None) -> str:
    x = _axis(panel, argument)
    both = panel.truth[:, :, r], panel.surrogate[:, :, r]
    y = fixed_axis(*both, name)
    about = f"{name} along {argument.name}: the program and its surrogate"
    return _pair(panel, place, r, "value", x, y, both[0][0], both[1][0], about, HEIGHT, mark)


def _slopes(panel: Panel, place: int, argument: Argument, name: str, r: int) -> str:
    points = panel.points[0]
    if len(points) < 2:
        return ""
    truth, surrogate = (slopes(points, y[:, :, r]) for y in (panel.truth, panel.surrogate))
    x = _axis(panel, argument)
    about = f"the slope of {name} along {argument.name}: of the program and of its surrogate"
    # Where the program jumps, slopes leave the picture; where one hardly changes, the picture is no magnifying glass.
    ends = not_far_out(truth)
    y = Axis.over(np.concatenate([ends, 0.9 * ends, 1.1 * ends]), "its slope", room=0.2)
    return _pair(panel, place, r, "slope", x, y, truth[0], surrogate[0], about, SLOPE_HEIGHT)


def slopes(points: Values, y: Values) -> Values:
    """Between neighbours: [..., n] -> [..., n - 1]."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.diff(y, axis=-1) / np.diff(points)


def _axis(panel: Panel, argument: Argument) -> Axis:
    whole = argument.type.is_integer
    return Axis.over(panel.points[0], argument.name, whole=whole, room=0.03 if _dotted(panel, whole) else 0)


def _dotted(panel: Panel, whole: bool) -> bool:
    return whole and len(panel.points[0]) <= DOTS


def fixed_axis(truth: Values, surrogate: Values, label: str) -> Axis:
    """An axis for slices at all settings [c, n]: it holds the truth of the first whole, and else what is not far out.

    What a surrogate says where there is no truth does not count.
    """
    beside = np.where(np.isfinite(truth), surrogate, np.nan)
    return Axis.over(np.concatenate([truth[0], not_far_out(truth), not_far_out(beside)]), label, room=0.06)


def not_far_out(values: Values) -> Values:
    """The ends of what most of the values are between; none where there are no values."""
    known = values[np.isfinite(values)]
    return np.quantile(known, QUANTILES) if len(known) else np.empty(0)


def _pair(
    panel: Panel,
    place: int,
    r: int,
    kind: str,
    x: Axis,
    y: Axis,
    truth: Values,
    surrogate: Values,
    about: str,
    height: int,
    mark: float | None = None,
) -> str:
    at = x.place(panel.points[0])
    dots = _dotted(panel, x.whole)
    if kind == "slope":
        at = (at[1:] + at[:-1]) / 2
    paths = "".join(
        f'<path class="{name}{" dotted" if dots else ""}" d="{polyline(at, y.place(values), dots)}"/>'
        for name, values in (("truth", truth), ("surrogate", surrogate))
    )
    line = "" if mark is None else f"M{float(x.place(np.array(mark))):.1f} 0V{INSIDE}"
    ends = f' data-left="{x.low!r}" data-right="{x.high!r}" data-low="{y.low!r}" data-high="{y.high!r}"'
    given = f' data-panel="{place}" data-kind="{kind}"{ends}'
    return chart(x, y, f'<path class="at" d="{line}"/>{paths}', about, given, height)


def _slider(views: Views, place: int, argument: Argument) -> str:
    stops, middle = views.stops[place], views.middle[place]
    if len(stops) < 2:
        return ""
    at = short(stops[middle], argument.digits)
    return (
        f'<label class="slider"><span>{escape(argument.name)} = <output>{at}</output></span>'
        f'<input type="range" min="0" max="{len(stops) - 1}" value="{middle}" data-argument="{place}"></label>'
    )


# --- Maps ---


def map_view(views: Views, arguments: Sequence[Argument], results: Sequence[Result]) -> str:
    """The maps over two arguments, which a list chooses, and sliders for the others."""
    names = [arguments[k].name for k in views.arguments]
    pairs = "".join(
        f'<option value="{k}">{escape(" × ".join(arguments[i].name for i in panel.axes))}</option>'
        for k, panel in enumerate(views.panels)
    )
    several = len(views.panels) > 1
    choice = f'<label class="live">over <select id="choose-pair">{pairs}</select></label>' if several else ""
    maps = "".join(f'<div data-result="{r}">{maps_of(views.panels[0], arguments, q, r, len(results) > 1)}</div>'
                   for r, q in enumerate(results))  # fmt: skip
    sliders = "".join(_slider(views, place, arguments[k]) for place, k in enumerate(views.arguments))
    beside = f'<div class="sliders">{sliders}</div>' if len(names) > 2 else ""
    return f'<div id="map-view">{choice}{maps}{beside}</div>'


def maps_of(panel: Panel, arguments: Sequence[Argument], result: Result, r: int, several: bool) -> str:
    """Truth, surrogate and error over two arguments, the others in the middle."""
    truth, surrogate = panel.truth[:, :, r], panel.surrogate[:, :, r]
    low, high, reach = map_scale(truth, surrogate)
    shape = tuple(map(len, panel.points))[::-1]
    error = surrogate[0] - truth[0]
    drawn = (
        ("truth", truth[0], low, high, VIRIDIS),
        ("surrogate", surrogate[0], low, high, VIRIDIS),
        ("error", error, -reach, reach, DIVERGING),
    )
    of = f" of {escape(result.name)}" if several else ""
    figures = []
    for kind, values, least, most, stops in drawn:
        url = as_url(painted(values.reshape(shape), least, most, stops))
        across, upwards = (arguments[k] for k in panel.axes)
        ends = f'<span class="low">{short(least)}</span><i style="background:{gradient(stops)}"></i>'
        figures.append(
            f'<figure class="map"><figcaption>{kind}{of}</figcaption><div class="box">'
            f'<span class="up">{_ends(upwards)}</span><img src="{url}" data-kind="{kind}" alt="{kind} of'
            f' {escape(result.name)}"><span class="across">{_ends(across)}</span></div>'
            f'<div class="scale">{ends}<span class="high">{short(most)}</span></div></figure>'
        )
    return f'<div class="maps">{"".join(figures)}</div>'


def map_scale(truth: Values, surrogate: Values) -> tuple[float, float, float]:
    """Of all settings [c, n]: the ends of the values' scale, and of the errors', which is from -reach to reach."""
    axis = Axis.over(np.concatenate([truth[0], not_far_out(truth)]))
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(surrogate - truth)
    known = error[np.isfinite(error)]
    ends = [float(np.quantile(known, QUANTILES[1]))] if len(known) else []
    first = error[0][np.isfinite(error[0])]
    low = 0.0 if abs(axis.low) < ROUNDING * axis.high else axis.low
    return low, axis.high, max([*ends, *first.tolist()], default=1.0) or 1.0


def _ends(argument: Argument) -> str:
    low, high = (short(end, argument.digits) for end in (argument.low, argument.high))
    return f"<b>{low}</b><em>{escape(argument.name)}</em><b>{high}</b>"


# --- Training ---


def training_curve(errors: Sequence[tuple[float, float]]) -> str:
    """The error before and after each fine-tuning, on a scale of powers of ten."""
    known = [max(e, LEAST) for pair in errors for e in pair if np.isfinite(e)]
    low, high = 10.0 ** np.floor(np.log10(min(known))), 10.0 ** np.ceil(np.log10(max(known)) + 1e-9)
    x = Axis(0, len(errors), "fine-tunings", whole=True)
    y = Axis(float(low), float(max(high, 10 * low)), "nMSE", log=True)
    parts = []
    for k, pair in enumerate(errors):
        if np.isfinite(pair).all():
            ends = x.place(np.array([k, k + 1.0])), y.place(np.maximum(pair, LEAST))
            parts.append(f'<path class="surrogate" d="{polyline(*ends)}"/><path class="dots" d="'
                         f'{polyline(*ends, dots=True)}"/>')  # fmt: skip
    about = "nMSE of the worst result, before and after each fine-tuning"
    return _figure(chart(x, y, "".join(parts), about), about)


def _figure(body: str, caption: str) -> str:
    return f"<figure>{body}<figcaption>{caption}</figcaption></figure>"

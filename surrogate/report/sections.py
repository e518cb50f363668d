"""The sections of a numeric program's page."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from cprograms.names import counted
from cprograms.program import MOST_LINES, Argument, Result, bound
from surrogate.numeric.artifact import NumericArtifact, tensors_of
from surrogate.numeric.words import bad_results, beside
from surrogate.report import charts
from surrogate.report.about import About
from surrogate.report.colours import DIVERGING, VIRIDIS
from surrogate.report.errors import error_section, figure
from surrogate.report.packing import packed
from surrogate.report.page import Section, code, paragraph, table
from surrogate.report.source import coloured_c, folded
from surrogate.report.study import Study, Views
from surrogate.report.svg import short
from surrogate.version import __version__

WORST_ROWS = 8
KEY = '<span class="key truth"></span>the C program <span class="key surrogate"></span>its surrogate'


def lead(artifact: NumericArtifact, about: About, study: Study) -> str:
    """What stands above all sections: what it is, in a line, its figures, and which result is looked at."""
    report, worst = study.report, study.report.worst
    verdict = "bad" if bad_results(report) else ""
    of = f" of {worst.name}" if len(report.results) > 1 else ""
    figures = [
        (f"nMSE{of}", figure(worst.nmse), verdict),
        ("R²", figure(worst.r2), verdict),
        ("greatest error", figure(worst.max_error), ""),
        ("fresh rows", f"{report.rows:,}", ""),
    ]
    if report.speed is not None:
        figures.append(("beside the C program", beside(report.speed.program, report.speed.batched), ""))
    shown = "".join(f'<div class="{kind}"><dt>{escape(k)}</dt><dd>{v}</dd></div>' for k, v, kind in figures)
    return (
        f"<p>{code(str(artifact.signature))}</p>{''.join(paragraph(escape(s)) for s in about.made)}"
        f'<dl class="figures">{shown}</dl>{_chooser(artifact.results, study)}'
    )


def _chooser(results: Sequence[Result], study: Study) -> str:
    """Which of the results the pictures show."""
    if len(study.results) < 2:
        return ""
    worst = [r.name for r in study.report.results].index(study.report.worst.name)
    options = "".join(
        f'<option value="{r}"{" selected" if k == worst else ""}>{escape(results[k].name)}</option>'
        for r, k in enumerate(study.results)
    )
    return f'<p class="live chooser"><label>The pictures show <select id="choose-result">{options}</select></label></p>'


def sections(artifact: NumericArtifact, about: About, study: Study, path: str) -> list[Section]:
    """All of them, from what it is to how it is made again."""
    return [
        Section("The program", coloured_c(folded(artifact.text)), "Program"),
        Section("Where its inputs come from", _domain(artifact.arguments, study), "Domain"),
        Section("How far it is off", error_section(study.report), "Error"),
        Section("Truth and prediction", _predictions(artifact, study), "Predictions"),
        Section("The worst rows", _worst_rows(artifact, study), "Worst rows"),
        Section("Slices", _slices(artifact, study), "Slices"),
        Section("Slices through the worst row", _through(artifact, study), "Through the worst"),
        *([Section("Maps", _maps(artifact, study.maps, study), "Maps")] if study.maps else []),
        *([Section("Training", _training(about), "Training")] if about.trained else []),
        Section("Use it", _use(artifact, path), "Use"),
        Section("Make it again", _again(artifact, about, study), "Reproduce"),
    ]


def data(artifact: NumericArtifact, study: Study) -> dict[str, Any]:
    """What the script draws from."""
    return {
        "slices": _packed(study.slices, artifact.arguments),
        "maps": None if study.maps is None else _packed(study.maps, artifact.arguments),
        "colours": {"values": VIRIDIS, "errors": DIVERGING},
    }


def _packed(views: Views, arguments: Sequence[Argument]) -> dict[str, Any]:
    panels = []
    for panel in views.panels:
        scales = [charts.map_scale(panel.truth[:, :, r], panel.surrogate[:, :, r]) for r in range(panel.truth.shape[2])]
        panels.append(
            {
                "axes": [views.arguments.index(k) for k in panel.axes],
                "points": [p.tolist() for p in panel.points],
                "settings": [",".join(map(str, s)) for s in panel.settings],
                "results": [
                    packed(panel.truth[:, :, r], panel.surrogate[:, :, r]) for r in range(panel.truth.shape[2])
                ],
                "scales": scales if len(panel.axes) > 1 else [],
            }
        )
    return {
        "names": [arguments[k].name for k in views.arguments],
        "digits": [arguments[k].digits for k in views.arguments],
        "joint": views.layout.joint,
        "stops": [s.tolist() for s in views.stops],
        "middle": views.middle,
        "panels": panels,
    }


# --- What it is ---


def _domain(arguments: Sequence[Argument], study: Study) -> str:
    order = np.argsort(-study.effects, kind="stable") if len(arguments) > MOST_LINES else np.arange(len(arguments))
    rows = []
    for k in order[:MOST_LINES]:
        a = arguments[k]
        default = " <small>(nobody declared it)</small>" if a.origin == "default" else ""
        share = min(1.0, float(study.effects[k]))
        bar = f'<span class="share"><i style="width:{100 * share:.0f}%"></i></span>{100 * share:.0f} %'
        ends = f'<span class="range">{short(a.low, a.digits)} to {short(a.high, a.digits)}</span>{default}'
        rows.append((code(a.name), code(a.type.name), ends, f'<span class="range">{bar}</span>'))
    left = len(arguments) - len(rows)
    return (
        table(("argument", "type", "range", "how much it matters"), rows, 4)
        + (
            paragraph(f"{counted(left, 'more argument matters', 'more arguments matter')} less, left out here.")
            if left
            else ""
        )
        + paragraph(
            "How much an argument matters is the share of the result's variance that is left when all others are known"
            " (Jansen's estimate of the total effect, from a few rows of the program; shares add up to more than 100 %"
            " where arguments act together). Outside these ranges nothing was measured.",
            "note",
        )
    )


# --- Rows ---


def _predictions(artifact: NumericArtifact, study: Study) -> str:
    parts = []
    for r, k in enumerate(study.results):
        name, truth, surrogate = artifact.results[k].name, study.truth[:, k], study.surrogate[:, k]
        finite = np.isfinite(surrogate)
        figures = charts.scatter(truth[finite], surrogate[finite], name)
        figures += charts.histogram((surrogate - truth)[finite], name)
        parts.append(f'<div class="panels" data-result="{r}">{figures}</div>')
    return "".join(parts) + _left_out_results(artifact.results, study)


def _left_out_results(results: Sequence[Result], study: Study) -> str:
    left = len(results) - len(study.results)
    if not left:
        return ""
    return paragraph(
        f"Pictures are of the {len(study.results)} results of the greatest error; {counted(left, 'errs', 'err')} less.",
        "note",
    )


def _worst_rows(artifact: NumericArtifact, study: Study) -> str:
    shown = study.slices.arguments
    left = len(artifact.arguments) - len(shown)
    header = [*(escape(artifact.arguments[k].name) for k in shown), "truth", "surrogate", "error"]
    parts = []
    for r, k in enumerate(study.results):
        error = study.surrogate[:, k] - study.truth[:, k]
        order = np.argsort(-np.abs(np.where(np.isfinite(error), error, np.inf)), kind="stable")
        different = np.sort(np.unique(study.x[order], axis=0, return_index=True)[1])[:WORST_ROWS]
        rows = [
            [
                *(short(study.x[i, a], artifact.arguments[a].digits) for a in shown),
                *(short(v) for v in (study.truth[i, k], study.surrogate[i, k], error[i])),
            ]
            for i in order[different]
        ]
        name = f"<h3>{code(artifact.results[k].name)}</h3>" if len(study.results) > 1 else ""
        parts.append(f'<div data-result="{r}">{name}{table(header, rows, 0)}</div>')
    note = (
        paragraph(
            f"Left out: {counted(left, 'more argument, which matters', 'more arguments, which matter')} less.", "note"
        )
        if left
        else ""
    )
    return "".join(parts) + note


# --- Slices and maps ---


def _slices(artifact: NumericArtifact, study: Study) -> str:
    views, results = study.slices, [artifact.results[k] for k in study.results]
    figures = "".join(
        charts.slice_figure(views, place, artifact.arguments, results) for place in range(len(views.panels))
    )
    left = len(artifact.arguments) - len(views.arguments)
    said = [
        "Each picture moves one argument"
        + (", the others are in the middle of their ranges." if len(artifact.arguments) > 1 else "."),
        "Below it is the slope between neighbouring points.",
        f"{counted(left, 'argument that matters less stays', 'arguments that matter less stay')} in the middle."
        if left
        else "",
    ]
    moves = "" if len(views.arguments) < 2 else f'<p class="live">{_moving(views)}</p>'
    return (
        f'<p class="legend">{KEY}</p>{paragraph(" ".join(filter(None, said)))}{moves}'
        f'<div class="panels" id="slice-view">{figures}</div>{_gaps(study)}'
    )


def _through(artifact: NumericArtifact, study: Study) -> str:
    parts = [
        f'<div class="panels" data-result="{r}">'
        f"{charts.through_figures(through, artifact.arguments, artifact.results[k].name)}</div>"
        for r, (k, through) in enumerate(zip(study.results, study.through, strict=True))
    ]
    said = "Here the other arguments are as in the row on which the surrogate errs most; a line says where that row is."
    return f'<p class="legend">{KEY}</p>{paragraph(said)}{"".join(parts)}'


def _moving(views: Views) -> str:
    if views.layout.joint:
        return "A slider sets its argument for all other pictures."
    return (
        "A slider sets its argument for all other pictures. One is moved at a time: the others go back to the middle."
    )


def _maps(artifact: NumericArtifact, views: Views, study: Study) -> str:
    results = [artifact.results[k] for k in study.results]
    left = len(artifact.arguments) - len(views.arguments)
    said = [
        "Two arguments at a time"
        + (", the others in the middle of their ranges." if len(artifact.arguments) > 2 else "."),
        "Error is surrogate − truth. What lies beyond the ends of a scale has the colour of its end.",
        f"{counted(left, 'argument that matters less is', 'arguments that matter less are')} left out." if left else "",
        "" if views.layout.joint or len(views.arguments) < 3 else "One slider is moved at a time.",
    ]
    return paragraph(" ".join(filter(None, said))) + charts.map_view(views, artifact.arguments, results)


def _gaps(study: Study) -> str:
    """What gaps in the pictures mean, where there are some."""
    views = [study.slices, *([study.maps] if study.maps else [])]
    missing = sum(int(np.isnan(panel.truth).any(2).sum()) for v in views for panel in v.panels)
    said = f"The slices and maps took {counted(study.executed, 'row')} of the program."
    if missing:
        said += f" It gave no finite result for {missing:,} of them: lines have gaps there, and maps are hatched."
    if study.unfinished:
        said += f" {study.unfinished:,} of these were not run to their end, as they took too long."
    return paragraph(said, "note")


# --- What one does with it ---


def _training(about: About) -> str:
    rows = [(escape(words), figure(before), figure(after)) for words, before, after in about.trained]
    curve = charts.training_curve([(before, after) for _, before, after in about.trained])
    return f'<div class="panels">{curve}</div>' + table(("fine-tuning", "nMSE before", "nMSE after"), rows)


def _use(artifact: NumericArtifact, path: str) -> str:
    values = ", ".join(bound((a.low + a.high) / 2 if not a.type.is_integer else a.low) for a in artifact.arguments[:6])
    more = ", …" if len(artifact.arguments) > 6 else ""
    quoted = shlex.quote(path)
    snippets = (
        (
            "Python",
            f"import surrogate\n\ns = surrogate.load({json.dumps(path)})\ns.predict([[{values}{more}]])"
            f"\ns.predict([[{values}{more}]], bounds=True)  # and error bars"
            f"\ns.gradient([[{values}{more}]])  # of each result in each argument",
        ),
        ("torch", "s.module  # a torch.nn.Module: C units in, C units out, differentiable"),
        ("C", f"surrogate export {quoted} --format c"),
        ("ONNX", f"surrogate export {quoted} --format onnx"),
    )
    return "".join(f"<h3>{title}</h3><pre><code>{escape(text)}</code></pre>" for title, text in snippets)


def _again(artifact: NumericArtifact, about: About, study: Study) -> str:
    facts = [
        ("version", f"surrogate-compiler {__version__}"),
        ("weights", f"SHA-256 {hashlib.sha256(tensors_of(artifact.module)).hexdigest()}"),
        ("program", f"SHA-256 {hashlib.sha256(artifact.text.encode()).hexdigest()}"),
        *about.facts,
        ("this page's rows", f"{study.report.rows:,}, seed {study.report.seed}"),
    ]
    command = " ".join(map(shlex.quote, about.compiling))
    return (
        paragraph("The program above, saved as <code>program.c</code>, holds its ranges:")
        + f"<pre><code>{escape(command)}</code></pre>"
        + (paragraph("Then it was fine-tuned, as said above.") if about.trained else "")
        + table(("what", "value"), [(escape(k), f'<span class="hash">{escape(v)}</span>') for k, v in facts], 2)
    )

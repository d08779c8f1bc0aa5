"""A run's report: one HTML file that needs nothing else, with its figures, its curves, and what
the network gets wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.files import write
from netdsl.report.table import html_table
from netdsl.training.metrics.definitions import (
    ABSOLUTE_ERROR,
    ACCURACY,
    MACRO_F1,
    R2,
    RMSE,
    f1,
    is_share,
    training_metric,
)
from netdsl.training.preparation.outputs import LABELS, TAGS, VALUES
from netdsl.training.reporting.charts import (
    FAINT,
    GRID,
    INK,
    TRAINING,
    VALIDATION,
    curve,
    curves,
    scatter,
)
from netdsl.training.reporting.text import opening_lines
from netdsl.training.runs.folder import RECIPE, REPORT, VERSIONS, read_json
from netdsl.wording import number_text

if TYPE_CHECKING:
    from netdsl.training.evaluation.mistakes import Mistake
    from netdsl.training.evaluation.outcomes import Outcome
    from netdsl.training.metrics.counters import Counter
    from netdsl.training.planning.job import Job
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.runs.history import History
    from netdsl.training.runs.run import Run

CLASSES = 30
"""The most classes that are told one by one."""

MATRIX = 30
"""The most classes of a confusion matrix; of more, so many confused pairs are shown."""


def write_page(
    run: Run, job: Job, model: Any, history: History, taken_over: Sequence[str] = ()
) -> Path:
    """Looks at the test part with the model, which holds the weights to be kept, and writes
    `report.html` into the run's folder.

    Raises NetError N613, N614 where the folder lacks its recipe or versions, RunError N610 where
    the disk does not take the page.
    """
    from netdsl.training.evaluation.network_outputs import predictor
    from netdsl.training.evaluation.outcomes import outcomes

    versions = read_json(run.folder, VERSIONS)
    found = outcomes(predictor(model), job.data.test, job.data.preparation, job.recipe.batch or 1)
    path = run.folder / REPORT
    write(
        path,
        page(
            run,
            job,
            history,
            found,
            (run.folder / RECIPE).read_text(encoding="utf-8"),
            versions,
            taken_over,
        ),
    )
    return path


def page(
    run: Run,
    job: Job,
    history: History,
    found: Sequence[Outcome],
    recipe: str,
    versions: Mapping[str, Any],
    taken_over: Sequence[str] = (),
) -> str:
    """The report as HTML. `recipe` is the text that the run keeps, with its reasons; `found` is
    what was seen of the test part; `taken_over` says what came from other weights.
    """
    title = f"{run.network} on {Path(run.data).name}"
    several = len(found) > 1
    parts = [
        f"<header><p class=over>{escape(run.folder.name)}</p><h1>{escape(title)}</h1>{_verdict(run)}</header>",
        _tiles(run, job),
        _section(
            "Learning curves",
            f"<div class=charts>{''.join(map(_chart, _curves(run, job, history)))}</div>",
        ),
        *(_outcome(one, several) for one in found),
        _section("Network", f"<div class=wide>{html_table(job.network)}</div>{_source(job)}"),
        _section("Recipe", f"<pre>{_code(recipe)}</pre>"),
        _section(
            "Data and versions",
            _listing(opening_lines(job.data, job.resolved.doubts, taken_over)) + _pairs(versions),
        ),
    ]
    return _PAGE.format(title=escape(title), style=_STYLE, body="\n".join(parts))


# --- the verdict ----------------------------------------------------------------------------------


def _verdict(run: Run) -> str:
    """What ended the training and which weights were kept, in two sentences."""
    epochs = f"{run.epochs:,} epoch{'s' if run.epochs != 1 else ''}"
    told = f"Ended after {epochs} ({run.steps:,} steps, {_time(run.seconds)}): {run.why_ended}."
    step = f"step {run.best_step:,}, epoch {run.best_epoch:,}"
    kept = f"The {'best' if run.patience else 'last'} weights are those of {step}."
    if run.retrained:
        kept = f"The best was {step}; the weights were then trained anew on training and validation part together for {run.retrained:,} steps."
    return f"<p class=verdict>{escape(told)} {kept}</p>"


def _tiles(run: Run, job: Job) -> str:
    """The figures that matter most: the test's first, large."""
    tiles = []
    for part, scores in (("test", run.test), ("validation", run.validation)):
        examples = int(scores["examples"])
        for name, value in scores.items():
            if name not in ("examples", "loss"):
                about = f"{examples:,} examples"
                first = job.data.preparation.outputs[0]
                if (
                    part == "test"
                    and name == ACCURACY.name
                    and first.task == LABELS
                    and not first.dense
                ):
                    low, high = interval(value, examples)
                    about = f"95 % interval {100 * low:.1f} to {100 * high:.1f} %; {about}"
                tiles.append((f"{part} {_words(name)}", _figure(name, value), about, part))
    losses = f"validation {run.validation['loss']:.4f}"
    counts = job.network.counts
    tiles += [
        ("test loss", f"{run.test['loss']:.4f}", losses, ""),
        ("best step", f"{run.best_step:,}", f"epoch {run.best_epoch:,} of {run.epochs:,}", ""),
        ("parameters", f"{counts.params:,}", f"{counts.macs:,} multiply-accumulates", ""),
    ]
    shown = (
        f'<div class="tile {kind}"><b>{escape(name)}</b><span>{value}</span><i>{about}</i></div>'
        for name, value, about, kind in tiles
    )
    return f"<div class=tiles>{''.join(shown)}</div>"


def interval(share: float, examples: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share that was found among so many examples (Wilson 1927)."""
    z = 1.96
    middle = share + z * z / (2 * examples)
    room = z * math.sqrt(share * (1 - share) / examples + z * z / (4 * examples * examples))
    whole = 1 + z * z / examples
    return max(0.0, (middle - room) / whole), min(1.0, (middle + room) / whole)


def _figure(name: str, value: float) -> str:
    return f"{100 * value:.2f}\u00a0%" if is_share(name) else number_text(value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _time(seconds: float) -> str:
    """A duration with the two units that matter."""
    whole = round(seconds)
    if seconds < 100:
        return f"{seconds:.1f} s"
    return (
        f"{whole // 60} min {whole % 60} s"
        if whole < 6000
        else f"{whole // 3600} h {whole % 3600 // 60} min"
    )


# --- curves ---------------------------------------------------------------------------------------


def _curves(run: Run, job: Job, history: History) -> list[str]:
    """Loss and first metric by epoch, the learning rate where it changes, and the loss of a
    second training on all the data.
    """
    steps, best, rows, seen = job.steps, history.best, history.rows, history.evaluations
    outputs = job.data.preparation.outputs
    metric = _words(training_metric(outputs[0]).name)
    if len(outputs) > 1:
        metric = f"{outputs[0].name} {metric}"
    at = best.step / steps if best else 0.0
    pictures = [
        curve(
            "Loss",
            f"validation {best.loss:.4f} at step {best.step:,}" if best else "",
            [(row.step / steps, row.loss) for row in rows],
            [(found.step / steps, found.loss) for found in seen],
            (at, best.loss) if best else None,
        ),
        curve(
            metric.capitalize(),
            f"validation {number_text(best.metric)} at step {best.step:,}" if best else "",
            [(row.step / steps, row.metric) for row in rows],
            [(found.step / steps, found.metric) for found in seen],
            (at, best.metric) if best else None,
            metric,
        ),
    ]
    if len({f"{row.rate:.4g}" for row in rows}) > 1:
        pictures.append(
            curves(
                "Learning rate",
                "at the end of each epoch",
                {"": [(row.step / steps, row.rate) for row in rows]},
                name="rate",
            )
        )
    if history.retrained:
        again = [(float(row.epoch), row.loss) for row in history.retrained]
        pictures.append(
            curves("Trained again: loss", "on training and validation part together", {"": again})
        )
    return pictures


def _chart(svg: str) -> str:
    return f"<figure>{svg}</figure>"


# --- what the network says of the test part -------------------------------------------------------


def _outcome(found: Outcome, several: bool) -> str:
    """A section for an output: its figures and its worst mistakes."""
    name = f"Test part: {found.output.name}" if several else "Test part"
    shown = _values(found) if found.output.task == VALUES else _classes(found.counter)
    return _section(name, shown + _mistakes(found))


def _values(found: Outcome) -> str:
    absolute, root, explained = (
        found.counter.result(metric) for metric in (ABSOLUTE_ERROR, RMSE, R2)
    )
    told = [
        ("Mean absolute error", number_text(absolute)),
        ("root mean squared error", number_text(root)),
    ]
    if math.prod(found.output.shape) == 1 and not math.isnan(explained):
        told.append(("R²", f"{explained:.4f}"))
    words = "; ".join(f"{name} <b>{value}</b>" for name, value in told)
    about = "on the dashed line the prediction is the target"
    chart = _chart(scatter("Predictions", about, found.points))
    return f"<p>{words}.</p><div class=charts>{chart}</div>"


def _classes(counter: Counter) -> str:
    output, confusion, parts = counter.output, counter.confusion, []
    if confusion and output.categories <= MATRIX:
        parts.append(_matrix(confusion.matrix(), output))
    parts.append(_by_class(counter))
    if confusion and output.categories > MATRIX and (pairs := confusion.mistakes(MATRIX)):
        rows = (
            [output.label(given), output.label(said), f"{count:,}"] for given, said, count in pairs
        )
        parts.append(_table("Most confused", ["given", "predicted", "times"], rows, left=2))
    return f"{_shares(counter)}<div class=side>{''.join(parts)}</div>"


def _shares(counter: Counter) -> str:
    """How many are right, and how many would be by saying the same of all."""
    output, counts = counter.output, counter.class_counts
    if output.task == TAGS:
        answers = math.prod(output.shape) * counter.examples
        return f"<p>{answers:,} times yes or no, one for each output of each example.</p>"
    labels, right, most = counts.support.sum(), counts.right.sum(), int(counts.support.argmax())
    usual = int(counts.support[most])
    what = "positions" if output.dense else "examples"
    return (
        f"<p><b>{right:,}</b> of {labels:,} {what} right, {_percent(right, labels)}. Always saying "
        f"{escape(output.label(most))}, the most frequent class, would be right in {_percent(usual, labels)}.</p>"
    )


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.1f}\u00a0%" if of else "–"


def _matrix(matrix: Any, output: OutputTransform) -> str:
    """The confusion matrix: a row for each given class, its cells shaded by their share of the
    row.
    """
    names = [escape(output.label(label)) for label in range(len(matrix))]
    tall = " tall" if max(map(len, names)) > 4 else ""
    size = " small" if len(names) > 16 else ""
    head = "".join(f"<th><span>{name}</span></th>" for name in names)
    shares = matrix / matrix.sum(axis=1, keepdims=True).clip(1)
    most = (
        max(
            (
                share
                for given, row in enumerate(shares.tolist())
                for said, share in enumerate(row)
                if given != said
            ),
            default=0,
        )
        or 1.0
    )
    rows = []
    for given, counts in enumerate(matrix.tolist()):
        cells = "".join(
            _cell(
                count, shares[given, said], most, given == said, f"{names[given]} → {names[said]}"
            )
            for said, count in enumerate(counts)
        )
        rows.append(f"<tr><th>{names[given]}</th>{cells}</tr>")
    caption = "<caption>Given down, predicted across</caption>"
    table = f"{caption}<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class=wide><table class="heat{tall}{size}">{table}</table></div>'


def _cell(count: int, share: float, most: float, right: bool, what: str) -> str:
    """A cell of the matrix: right ones are shaded by their share of the row, wrong ones beside
    the largest share of wrong ones.
    """
    if not count:
        return "<td></td>"
    shade = share if right else 0.8 * math.sqrt(share / most)
    kind = ("hit" if right else "miss") + (" deep" if right and shade > 0.6 else "")
    return f'<td class="{kind}" style="--s:{shade:.2f}" title="{what}: {count:,}, {100 * share:.1f} % of the row">{count:,}</td>'


def _by_class(counter: Counter) -> str:
    """Precision, recall and F1 of each class; of many classes, those with the lowest F1."""
    import numpy as np

    output, counts = counter.output, counter.class_counts
    columns = (counts.support, counts.answered, counts.right, f1(np, counts))
    rows = [
        (score, label, given, said, right)
        for label, (given, said, right, score) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    ]
    caption = "By class"
    if len(rows) > CLASSES:
        caption = f"The {CLASSES} classes of {len(rows):,} with the lowest F1"
        rows = sorted(row for row in rows if not math.isnan(row[0]))[:CLASSES]
    told = (
        [
            output.label(label),
            f"{given:,}",
            _share(right, said),
            _share(right, given),
            "–" if math.isnan(score) else f"{100 * score:.1f}",
        ]
        for score, label, given, said, right in rows
    )
    heads = ["output" if output.task == TAGS else "class", "given", "precision", "recall", "F1"]
    mean = counter.result(MACRO_F1)
    foot = ["mean", "", "", "", "–" if math.isnan(mean) else f"{100 * mean:.1f}"]
    return _table(f"{caption}, in %", heads, told, foot=foot)


def _share(count: int, of: int) -> float | str:
    return count / of if of else "–"


def _table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[float | str]],
    left: int = 1,
    foot: Sequence[str] = (),
) -> str:
    """A table of texts, the first `left` columns to the left; a share is written in percent,
    with a bar behind it.
    """

    def cell(place: int, value: float | str) -> str:
        if isinstance(value, float):
            return f'<td class="n bar" style="--s:{100 * value:.1f}%">{100 * value:.1f}</td>'
        return f"<td{'' if place < left else ' class=n'}>{escape(value)}</td>"

    head = "".join(
        f"<th{'' if place < left else ' class=n'}>{escape(text)}</th>"
        for place, text in enumerate(heads)
    )
    body = "".join(
        f"<tr>{''.join(cell(place, value) for place, value in enumerate(row))}</tr>" for row in rows
    )
    end = (
        f"<tfoot><tr>{''.join(cell(place, text) for place, text in enumerate(foot))}</tr></tfoot>"
        if foot
        else ""
    )
    return f"<div class=wide><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{end}</table></div>"


def _mistakes(found: Outcome) -> str:
    """The worst mistakes: as pictures where the examples are some, else as rows of numbers."""
    worst = found.worst
    if not worst:
        return "<p>Every example is right.</p>"
    if found.output.task == VALUES:
        order = "largest error"
    else:
        several = found.output.task == TAGS or found.output.dense
        order = "most mistakes" if several else "highest loss"
    which = (
        f"The {len(worst)} of {found.wrong:,} with the {order}"
        if found.wrong > len(worst)
        else f"All {len(worst)}, the {order} first"
    )
    title = f"<h3>Worst mistakes</h3><p class=about>{which}: "
    if worst[0].pictures:
        about = f"{_legend(worst[0])}, and the example's number in the test part.</p>"
        return f"{title}{about}<div class=mistakes>{''.join(map(_figure_of, worst))}</div>"
    names = [name for name, _ in worst[0].numbers]
    sure = ["probability"] if worst[0].sure is not None else []
    rows = (
        [
            str(one.row),
            one.given,
            one.said,
            *([f"{one.sure:.3f}"] if one.sure is not None else []),
            *(value for _, value in one.numbers),
        ]
        for one in worst
    )
    told = "test examples by their number, with what was given, what was predicted, and their values.</p>"
    return title + told + _table("", ["example", "given", "predicted", *sure, *names], rows, left=3)


def _legend(one: Mistake) -> str:
    """What stands below a picture."""
    sides = {
        1: "",
        2: "the example and what the network makes of it",
        3: "the example, what was given and what was predicted",
    }[len(one.pictures)]
    words = (
        "given → predicted"
        if one.given
        else "how far off it is"
        if len(one.pictures) < 3
        else "the share that is right"
    )
    return ", ".join(
        filter(
            None,
            (sides, words, "the probability of the prediction" if one.sure is not None else ""),
        )
    )


def _figure_of(one: Mistake) -> str:
    words = f"{one.given} → {one.said}" if one.given else one.said
    pictures = "".join(
        f'<img src="{source}" alt="test example {one.row}: {escape(words)}">'
        for source in one.pictures
    )
    told = f"{100 * one.sure:.1f}\u00a0% · " if one.sure is not None else ""
    return f"<figure><div>{pictures}</div><figcaption><b>{escape(words)}</b><br>{told}#{one.row}</figcaption></figure>"


# --- parts ----------------------------------------------------------------------------------------


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>\n{body}</section>"


def _source(job: Job) -> str:
    """The network's text, and those of the files that it uses."""
    texts = [("", job.network.text), *job.network.used.items()]
    return "".join(
        (f"<h3>{escape(name)}</h3>" if name else "") + f"<pre>{_code(text)}</pre>"
        for name, text in texts
    )


def _code(text: str) -> str:
    """A text of lines with its comments set back."""
    lines = []
    for line in text.rstrip().split("\n"):
        code, mark, comment = (line, "", "") if "#" not in line else line.partition("#")
        lines.append(escape(code) + (f"<i>#{escape(comment)}</i>" if mark else ""))
    return "\n".join(lines)


def _listing(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _pairs(values: Mapping[str, Any]) -> str:
    return f"<dl>{''.join(f'<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>' for name, value in values.items())}</dl>"


_DARK = {
    INK: "#e6e6e6",
    FAINT: "#9a9a9a",
    GRID: "#333",
    "white": "#1c1c1e",
    TRAINING: "#6aa7ee",
    VALIDATION: "#f0935c",
}
"""The curves' colours on a dark page."""

_STYLE = (
    f":root{{--ink:{INK};--faint:{FAINT};--line:{GRID};--paper:#fff;--card:#f7f7f8;--hit:37 99 168;--miss:209 97 22}}"
    + """
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:32px 24px 64px;font:15px/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;
color:var(--ink);background:var(--paper);font-variant-numeric:tabular-nums}
h1{font-size:30px;line-height:1.2;margin:0}h2{font-size:20px;margin:44px 0 12px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:16px;margin:26px 0 2px}p{margin:8px 0;max-width:100ch}.over,.about,i,dt{color:var(--faint)}.over{margin:0}i{font-style:normal}
.verdict{font-size:16px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin-top:20px}
.tile{background:var(--card);border-radius:10px;padding:12px 16px;border-left:4px solid var(--line)}
.tile.test{border-color:rgb(var(--hit))}.tile.validation{border-color:rgb(var(--miss))}
.tile b,.tile i{display:block;font-weight:400;font-size:13px}.tile span{font-size:25px;font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:16px}
figure{margin:0}.charts figure{max-width:540px}.charts svg{display:block;width:100%;height:auto}
.charts text:not([font-weight=bold]){font-size:14px}
.side{display:flex;flex-wrap:wrap;gap:28px;align-items:flex-start;margin-top:14px}
.wide{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:13.5px}caption{text-align:left;color:var(--faint);padding-bottom:6px}
th,td{padding:3px 9px;text-align:left;white-space:nowrap}.n{text-align:right}
thead th{border-bottom:1px solid var(--faint);font-weight:600}tbody tr+tr td,tbody tr+tr th{border-top:1px solid var(--line)}
tfoot td,tfoot th{border-top:1px solid var(--faint)}
.bar{min-width:90px;background:linear-gradient(90deg,rgb(var(--hit)/.22) var(--s),transparent 0)}
.heat{border-collapse:separate;border-spacing:2px}.heat th{border:0;font-weight:400;color:var(--faint)}
.heat td{border:0;width:40px;min-width:34px;height:32px;padding:0 3px;text-align:center;background:var(--card);border-radius:4px}
.heat thead th{text-align:center;vertical-align:bottom}.heat.tall thead span{writing-mode:vertical-rl;transform:rotate(180deg)}
.heat .hit{background:rgb(var(--hit)/var(--s))}.heat .miss{background:rgb(var(--miss)/var(--s))}.heat .deep{color:#fff}
.heat thead th{padding:2px}
.heat.small{font-size:10.5px}.heat.small td{min-width:22px;width:26px;height:22px;padding:0 1px}
.mistakes{display:flex;flex-wrap:wrap;gap:16px 14px;margin-top:10px}
.mistakes div{display:flex;gap:4px}.mistakes img{display:block;max-width:192px;border-radius:5px;border:1px solid var(--line)}
figcaption{font-size:13px;line-height:1.35;margin-top:5px}
pre{background:var(--card);border-radius:8px;padding:12px 16px;overflow-x:auto;font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}
ul{padding-left:20px;margin:8px 0}dl{display:flex;flex-wrap:wrap;gap:6px 26px}dt,dd{display:inline;margin:0}dt::after{content:" "}
"""
    + "@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--faint:#9a9a9a;--line:#333;--paper:#121214;--card:#1c1c1e;"
    + "--hit:74 142 220;--miss:222 116 48;color-scheme:dark}"
    + "".join(
        f'svg [fill="{old}"]{{fill:{new}}}svg [stroke="{old}"]{{stroke:{new}}}'
        for old, new in _DARK.items()
    )
    + "}\n@media print{body{padding:0;font-size:10pt;max-width:none}.charts{grid-template-columns:1fr 1fr}tfoot{display:table-row-group}"
    + "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    + "figure,.tile,tr{break-inside:avoid}h2,h3{break-after:avoid}pre{white-space:pre-wrap}.wide{overflow:visible}"
    + "th,td{white-space:normal;padding:2px 5px}}"
)

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""

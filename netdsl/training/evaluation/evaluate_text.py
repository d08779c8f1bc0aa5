"""The result of `evaluate` as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netdsl.text_table import aligned_lines
from netdsl.training.metrics.definitions import EXTRA, metric_named
from netdsl.training.metrics.naive import baseline_text, baseline_warning
from netdsl.training.runs.decisions import decision_lines
from netdsl.wording import counted

FIGURES = (
    ("auc", "AUC"),
    ("pr_auc", "PR-AUC"),
    ("ece", "calibration error"),
)
"""The figures of an output with classes, and their titles."""

LISTED, WORST, MISTAKES = 30, 10, 5
"""The most classes that a table lists; how many it lists where there are more; how many mistakes
are listed.
"""


OF_PAIR = (
    "generator_loss",
    "discriminator_loss",
    "real_score",
    "generated_score",
    "diversity",
)
"""The figures of a GAN."""


def describe_evaluation(result: Mapping[str, Any]) -> str:
    """Write the result of `evaluate` as text."""
    lines = [f"{result['run']}, weights of step {result['step']:,}"]
    if result["changed"]:
        lines.append(
            "this is not the data that the run was trained with: some examples may have been used "
            "in training"
        )
    figures = ", ".join(
        f"{name.replace('_', ' ')} {_number(result[name])}"
        for name in result
        if name in ("loss", *OF_PAIR, *EXTRA) or metric_named(name)
    )
    measured = f"{figures} ({counted(result['examples'], 'example')})"
    baseline = result.get("baseline", {})
    lines.append(f"{_what(result)}: {measured}{baseline_text(baseline)}")
    lines += baseline_warning(baseline, result)
    lines += decision_lines(result.get("decisions", {}))
    several = len(result["outputs"]) > 1
    for name, details in result["outputs"].items():
        title = f"{name}: " if several else ""
        about = _class_lines(details, title) if "classes" in details else [title + _errors(details)]
        lines += ["", *about]
    if "zeros" in result:
        lines += ["", *_zeros(result["zeros"])]
    if "subnetworks" in result:
        lines += ["", *_subnetworks(result["subnetworks"], result)]
    return "\n".join(lines)


def _zeros(layers: Sequence[Mapping[str, Any]]) -> list[str]:
    """List how many of each layer's numbers are 0."""
    if not layers:
        return ["no layer gives a 0"]
    rows = [
        [one["layer"], f"{one['units']:,}", f"{one['zeros']:z.4f}", f"{one['never']:,}"]
        for one in layers
    ]
    heads = ["layer", "units", "share of zeros", "always 0"]
    return aligned_lines([heads, *rows], "lrrr", rule=True)


def _subnetworks(found: Mapping[str, Any], result: Mapping[str, Any]) -> list[str]:
    """List the figures of the mean of networks with dropped units."""
    name = found["metric"].replace("_", " ")
    rows = [["one subnetwork, on average", _number(found["single"])]]
    rows += [
        [f"mean of {counted(count, 'output')}", _number(value)] for count, value in found["means"]
    ]
    if found["metric"] in result:
        rows.append(["the whole network", _number(result[found["metric"]])])
    return aligned_lines([["", name], *rows], "lr", rule=True)


def _what(result: Mapping[str, Any]) -> str:
    """Name what was measured."""
    part, data, whole = result["part"], result["data"], result["whole"]
    what = f"all of {data}" if part == "all" or whole else f"{part} part of {data}"
    if whole and part != "all":
        what += ", which has no test part of its own"
    return what + (", which was trained on" if result["trained_on"] else "")


def _errors(details: Mapping[str, Any]) -> str:
    mae, rmse = ("-" if one is None else f"{one:.6g}" for one in (details["mae"], details["rmse"]))
    return f"R2 {_number(details['r2'])}, MAE {mae}, RMSE {rmse}"


def _class_lines(details: Mapping[str, Any], title: str) -> list[str]:
    """List the figures of all classes, or of the worst ones, and the most frequent confusions."""
    known = details["classes"]
    shown, heads = known, []
    if "top5_accuracy" in details:
        heads.append(f"top-5 accuracy {_number(details['top5_accuracy'])}")
    if len(known) > LISTED:
        heads.append(f"the {WORST} of {len(known):,} classes with the lowest f1")
        with_f1 = (one for one in known if one["f1"] is not None)
        shown = sorted(with_f1, key=lambda one: float(one["f1"]))[:WORST]
    lines = [(title + ", ".join(heads)).strip()] if title or heads else []
    lines += _class_table(shown, known)
    mistakes = _mistakes(details.get("confusion"), known)
    lines += [f"confused (true -> predicted): {mistakes}"] if mistakes else []
    figures = [f"{words} {_number(details[name])}" for name, words in FIGURES if name in details]
    return [*lines, ", ".join(figures)] if figures else lines


def _class_table(
    shown: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Write a line for each class that is shown, and a last line with the means of all classes."""
    columns = [name for name in ("precision", "recall", "f1", "iou") if name in known[0]]
    rows = [
        [str(one["name"]), *(_number(one[name]) for name in columns), f"{one['support']:,}"]
        for one in shown
    ]
    # Over all classes, also those that the table leaves out.
    means = [_number(_mean([one[name] for one in known])) for name in columns]
    total = f"{sum(one['support'] for one in known):,}"
    rows = [["class", *columns, "support"], *rows, ["mean", *means, total]]
    head, rule, *lines, last = aligned_lines(rows, "l" + "r" * (len(columns) + 1), rule=True)
    return [head, rule, *lines, rule, last]


def _mean(values: Sequence[float | None]) -> float | None:
    """Return the mean over the classes that have a value."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _mistakes(confusion: Sequence[Sequence[int]] | None, known: Sequence[Mapping[str, Any]]) -> str:
    """List the most frequent mistakes, the true class first: `8 -> 1 (4)`."""
    found = [
        (count, true, answered)
        for true, row in enumerate(confusion or ())
        for answered, count in enumerate(row)
        if count and true != answered
    ]
    # Equally frequent ones by class, so that every machine lists the same.
    worst = sorted(found, key=lambda one: (-one[0], one[1], one[2]))[:MISTAKES]
    return ", ".join(
        f"{known[true]['name']} -> {known[answered]['name']} ({count:,})"
        for count, true, answered in worst
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:z.4f}"

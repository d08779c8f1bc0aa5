"""The beginning of a report: the verdict, the most important figures, and the curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from netdsl.training.metrics.definitions import ACCURACY, is_share, training_metric
from netdsl.training.preparation.outputs import LABELS
from netdsl.training.reporting.charts import curve, curves
from netdsl.training.runs.history import growth
from netdsl.wording import counted, number_text

if TYPE_CHECKING:
    from netdsl.training.planning.job import Job
    from netdsl.training.runs.history import History
    from netdsl.training.runs.run import RunResult


def verdict(run: RunResult, history: History) -> str:
    """Say what ended the training, which weights were kept, and whether the loss has grown."""
    steps = f"{run.steps:,} steps, {_time(run.seconds)}"
    ended = f"Ended after {counted(run.epochs, 'epoch')} ({steps}): {run.why_ended}."
    step = f"step {run.best_step:,}, epoch {run.best_epoch:,}"
    kept = f"The {run.kept} weights are those of {step}."
    if run.retrained:
        kept = (
            f"The best was {step}; new weights were then trained on the training and validation "
            f"parts together for {run.retrained:,} steps."
        )
    grown = growth(history)
    return f"{ended} {kept}" + (f" {grown[0].upper()}{grown[1:]}." if grown else "")


class Tile(NamedTuple):
    """A figure at the top of the report, with a remark; `kind` is its part of the data."""

    name: str
    value: str
    about: str
    kind: str = ""


def tiles_of(run: RunResult, job: Job) -> list[Tile]:
    """Return the most important figures: first those of the test, which are shown large."""
    first = job.data.preparation.outputs[0]
    tiles = []
    counts_examples = first.task == LABELS and not first.dense
    seen = "validation" if run.validation["examples"] else "training"
    parts = (("test", run.test), (seen, run.validation))
    for part, scores in parts:
        examples = int(scores.get("examples", 0)) or len(job.data.train)
        for name, value in scores.items():
            if name in ("examples", "loss"):
                continue
            about = f"{examples:,} examples"
            # Wilson's interval is of independent yes/no answers: not of the pixels of one image,
            # nor of the validation part, by which the weights were chosen.
            if part == "test" and name == ACCURACY.name and counts_examples:
                low, high = wilson_interval(value, examples)
                about = f"95 % interval {100 * low:z.1f} to {100 * high:z.1f} %; {about}"
            tiles.append(Tile(f"{part} {_words(name)}", _figure(name, value), about, part))
    counts, loss = job.network.counts, f"{run.validation['loss']:z.4f}"
    lost = Tile(f"{seen} loss", loss, "there is no test part")
    if run.test:
        lost = Tile("test loss", f"{run.test['loss']:z.4f}", f"{seen} {loss}")
    return [
        *tiles,
        lost,
        Tile("best step", f"{run.best_step:,}", f"epoch {run.best_epoch:,} of {run.epochs:,}"),
        *_sparse(run),
        Tile("parameters", f"{counts.params:,}", f"{counts.macs:,} multiply-accumulates"),
    ]


def _sparse(run: RunResult) -> list[Tile]:
    """Return the share of weights that are exactly 0, if the penalty makes some so."""
    weights = sum(one["weights"] for one in run.zeros.values())
    if not weights:
        return []
    zeros = sum(one["zeros"] for one in run.zeros.values())
    about = f"{zeros:,} of {weights:,} in kernels"
    return [Tile("weights exactly 0", f"{100 * zeros / weights:z.1f}\u00a0%", about)]


def wilson_interval(share: float, examples: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval for a share measured on some examples (Wilson, 1927)."""
    z = 1.96
    middle = share + z * z / (2 * examples)
    spread = z * math.sqrt(share * (1 - share) / examples + z * z / (4 * examples * examples))
    whole = 1 + z * z / examples
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def _figure(name: str, value: float) -> str:
    return f"{100 * value:z.2f}\u00a0%" if is_share(name) else number_text(value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _time(seconds: float) -> str:
    """Write a duration with the two units that matter."""
    whole = round(seconds)
    if seconds < 100:
        return f"{seconds:z.1f} s"
    return (
        f"{whole // 60} min {whole % 60} s"
        if whole < 6000
        else f"{whole // 3600} h {whole % 3600 // 60} min"
    )


# --- curves ---------------------------------------------------------------------------------------


def learning_curves(run: RunResult, job: Job, history: History) -> list[str]:
    """Draw the loss and the first metric by epoch, and the learning rate where it changes.

    The loss of a second training on all the data comes last.
    """
    steps, best, rows, seen = job.steps, history.best, history.rows, history.evaluations
    outputs = job.data.preparation.outputs
    metric = _words(training_metric(outputs[0]).name)
    if len(outputs) > 1:
        metric = f"{outputs[0].name} {metric}"
    at = best.step / steps if best else 0.0
    part = "validation" if seen else "training"
    pictures = [
        curve(
            "Loss",
            f"{part} {best.loss:z.4f} at step {best.step:,}" if best else "",
            [(row.step / steps, row.loss) for row in rows],
            [(found.step / steps, found.loss) for found in seen],
            (at, best.loss) if best else None,
        ),
        curve(
            metric.capitalize(),
            f"{part} {number_text(best.metric)} at step {best.step:,}" if best else "",
            [(row.step / steps, row.metric) for row in rows],
            [(found.step / steps, found.metric) for found in seen],
            (at, best.metric) if best else None,
            metric,
        ),
    ]
    # Rounded to four digits: a change that a chart cannot show does not count.
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
            curves(
                "Trained again: loss", "on the training and validation parts together", {"": again}
            )
        )
    return pictures

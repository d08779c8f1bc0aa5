"""Using what was trained: `evaluate` measures a run's network, `predict` asks it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import did_you_mean, fail
from netdsl.text_table import aligned
from netdsl.training.data import load_other, read_inputs, reload
from netdsl.training.memory import memory_context
from netdsl.training.preparation.ranges import scan
from netdsl.training.preparation.shapes import size
from netdsl.training.runs.finished import finished_run
from netdsl.training.runs.inputs import is_trained_on, read_recipe
from netdsl.wording import counted

if TYPE_CHECKING:
    import keras

    from netdsl.architecture import Architecture
    from netdsl.training.data import Data, Part
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array, Rows
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Recipe

PARTS = ("test", "validation", "training", "all")
"""What can be evaluated: a part of the data, or all of it."""

CONFUSION = 1000
"""The most classes of which a confusion matrix is told."""

BATCH = 32
"""Examples that are predicted at a time."""

METRICS = ("accuracy", "absolute_error")
"""How the names of metrics end."""

LISTED, WORST, TAKEN = 30, 10, 5
"""Classes that a table lists; how many it lists where there are more; how many mistakes are
told.
"""


# --- evaluate -------------------------------------------------------------------------------------


def evaluate(folder: str | Path, *, part: str = "test", data: Any = None) -> dict[str, Any]:
    """How good a run's network is on a part of its data, or of other `data`: a source as in a
    recipe, or arrays as `train` takes them.

    `loss` and the metrics are the training's; `outputs` tells for each output by name, of classes
    `classes` (precision, recall, f1 and support, None where undefined, and with a label for each
    position `iou`), `macro_f1`, `top5_accuracy` beyond 5 classes, and `confusion` (rows are the
    true classes, to 1,000 of them); of values `r2` (weighted by variance), `mae` and `rmse`, in the
    data's units. `trained_on` says that the training has seen the part, `changed` that this is not
    the data that the run was trained with, `whole` that this is other data without a test part of
    its own, which is measured whole.

    Raises NetError N613, N614 of the folder, N630 for a part that is none, and what `load_data`
    raises of the data.
    """
    if part not in PARTS:
        raise fail(
            "N630",
            f"there is no part `{part}`",
            help=did_you_mean(part, PARTS) or f"a part is {', '.join(PARTS)}",
        )
    folder = Path(folder)
    held = finished_run(folder)
    run, preparation, recipe = held.run, held.preparation, read_recipe(folder)

    def known(found: Data) -> bool:
        return is_trained_on(folder, found)

    loaded = (
        reload(recipe, preparation)
        if data is None
        else load_other(recipe, preparation, data, known)
    )
    whole = not len(loaded.train)
    chosen, batch = _part(loaded, part, whole), recipe.batch or BATCH
    with _memory_context(batch):
        model = held.model()
        found = _scores(model, chosen, preparation, recipe, held.network)
        outputs = _details(model, chosen, preparation, batch)
    changed = whole or not known(loaded)
    return {
        "run": str(folder),
        "part": part,
        "data": str(loaded.spec.source),
        "step": run.retrained or run.best_step,
        "examples": len(chosen),
        **{name: _finite(value) for name, value in found.items()},
        "outputs": outputs,
        "trained_on": not changed
        and (part in ("training", "all") or (part == "validation" and run.retrained > 0)),
        "changed": changed,
        "whole": whole,
    }


def _part(data: Data, part: str, whole: bool) -> Part:
    """The part. Raises NetError N630 where it holds nothing."""
    if part == "all":
        return data.test if whole else data.train.joined(data.validation).joined(data.test)
    chosen = {"training": data.train, "validation": data.validation, "test": data.test}[part]
    if not len(chosen):
        help = "`--part test` measures all of it" if whole else "the recipe has `validation: 0`"
        raise fail("N630", f"{data.spec.source} has no {part} part", help=help)
    return chosen


def _scores(
    model: keras.Model, part: Part, preparation: Preparation, recipe: Recipe, network: Architecture
) -> dict[str, float]:
    """The loss and the metrics as the training tells them, its penalty with them."""
    from netdsl.training.data.batches import Batches
    from netdsl.training.loop import compile as fit

    if recipe.penalty.l1 or recipe.penalty.l2:
        fit.penalise(model, network.graph, recipe.penalty)
    return fit.scores(
        fit.judge(model, preparation), Batches(part, preparation, recipe.batch or BATCH)
    )


def _details(
    model: keras.Model, part: Part, preparation: Preparation, batch: int
) -> dict[str, Any]:
    """What there is to tell of each output, by name."""
    tallies = [_tally(output, y) for output, y in zip(preparation.outputs, part.y, strict=True)]
    for rows, given in _outputs(model, part.x, preparation, batch):
        for tally, y, values in zip(tallies, part.y, given, strict=True):
            tally.add(y[rows], values)
    return {
        output.name: tally.told()
        for output, tally in zip(preparation.outputs, tallies, strict=True)
    }


def _tally(output: OutputTransform, y: Rows) -> _Classes | _Values:
    """What counts for an output.

    Where the loss is binary and the data holds but 0 and 1, one number is two classes, several are
    tags.
    """
    if (
        not output.classes
        and output.loss == "binary"
        and not output.copies
        and scan(y).not_whole is None
    ):
        tags = output.shape[-1]
        return (
            _Classes(dataclasses.replace(output, classes=2))
            if tags == 1
            else _Tags(dataclasses.replace(output, classes=tags))
        )
    return _Classes(output) if output.classes else _Values(output)


class _Classes:
    """How often each class was told, rightly or not.

    With a label for each position, positions are counted.
    """

    def __init__(self, output: OutputTransform) -> None:
        import numpy as np

        self.output, classes = output, output.classes
        self.right, self.support, self.said = (np.zeros(classes, np.int64) for _ in range(3))
        self.confusion = np.zeros((classes, classes), np.int64) if classes <= CONFUSION else None
        self.top5 = 0

    def add(self, y: Array, values: Array) -> None:
        """Labels [n, *positions] and what the network gives [n, *shape]."""
        import numpy as np

        from netdsl.training.evaluation.outcomes import scores

        classes, given = self.output.classes, scores(self.output, values)
        labels, said = y.reshape(-1).astype(np.int64), given.argmax(axis=-1).reshape(-1)
        self.right += np.bincount(labels[labels == said], minlength=classes)
        self.support += np.bincount(labels, minlength=classes)
        self.said += np.bincount(said, minlength=classes)
        if self.confusion is not None:
            self.confusion += np.bincount(labels * classes + said, minlength=classes**2).reshape(
                classes, classes
            )
        if classes > 5:
            best = np.argpartition(-given.reshape(-1, classes), 4, axis=-1)[:, :5]
            self.top5 += int((best == labels[:, None]).any(axis=-1).sum())

    def told(self) -> dict[str, Any]:
        known = [self._class(label) for label in range(self.output.classes)]
        told: dict[str, Any] = {"classes": known, "macro_f1": _mean([one["f1"] for one in known])}
        if self.output.classes > 5:
            told["top5_accuracy"] = self.top5 / int(self.support.sum())
        if self.confusion is not None:
            told["confusion"] = self.confusion.tolist()
        return told

    def _class(self, label: int) -> dict[str, Any]:
        right, support, said = (
            int(counts[label]) for counts in (self.right, self.support, self.said)
        )
        told = {
            "class": label,
            "name": self.output.label(label),
            "precision": _share(right, said),
            "recall": _share(right, support),
            "f1": _share(2 * right, said + support),
            "support": support,
        }
        return told | ({"iou": _share(right, said + support - right)} if self.output.dense else {})


class _Tags(_Classes):
    """Several classes an example, or none: each is told or not."""

    def add(self, y: Array, values: Array) -> None:
        tags = self.output.classes
        true, said = y.reshape(-1, tags) > 0, values.reshape(-1, tags) > self.output.threshold
        self.right += (true & said).sum(axis=0)
        self.support += true.sum(axis=0)
        self.said += said.sum(axis=0)

    def told(self) -> dict[str, Any]:
        found = super().told()
        return {name: found[name] for name in ("classes", "macro_f1")}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


class _Values:
    """Sums of errors, and of what the values are apart from their mean, element by element."""

    def __init__(self, output: OutputTransform) -> None:
        self.output, self.count = output, 0
        self.absolute = self.squared = 0.0
        self.origin: Any = None
        self.sums: Any = 0.0
        self.squares: Any = 0.0

    def add(self, y: Array, values: Array) -> None:
        """Values [n, ...] and what the network gives [n, *shape]."""
        import numpy as np

        true = y.reshape(len(y), -1).astype(np.float64)
        errors = in_units(self.output, values).reshape(len(y), -1) - true
        if self.origin is None:
            self.origin = true.mean(axis=0)
        self.count += len(y)
        self.absolute += float(np.abs(errors).sum())
        self.squared += float(np.square(errors).sum())
        self.sums = self.sums + (true - self.origin).sum(axis=0)
        self.squares = self.squares + np.square(true - self.origin).sum(axis=0)

    def told(self) -> dict[str, Any]:
        spread = float((self.squares - self.sums**2 / self.count).sum())
        elements = self.count * math.prod(self.output.shape)
        r2 = 1 - self.squared / spread if spread > 0 else math.nan
        found = {
            "r2": r2,
            "mae": self.absolute / elements,
            "rmse": math.sqrt(self.squared / elements),
        }
        return {name: _finite(value) for name, value in found.items()}


def _finite(value: float) -> float | None:
    """The number; None for one that JSON does not know."""
    return value if math.isfinite(value) else None


# --- what a network gives -------------------------------------------------------------------------


def _outputs(
    model: keras.Model, arrays: Sequence[Any], preparation: Preparation, batch: int
) -> Iterator[tuple[Array, tuple[Array, ...]]]:
    """Batch by batch: which rows of the arrays, and what each output gives [b, *shape] as
    float64.
    """
    import keras
    import numpy as np

    from netdsl.training.data.batches import unpack_single

    for start in range(0, len(arrays[0]), batch):
        rows = np.arange(start, min(start + batch, len(arrays[0])))
        given = model.predict_on_batch(
            unpack_single(preparation.x(tuple(array[rows] for array in arrays)))
        )
        yield (
            rows,
            tuple(np.asarray(values).astype(np.float64) for values in keras.tree.flatten(given)),
        )


def in_units(output: OutputTransform, values: Array) -> Array:
    """What an output without classes gives, in the units of the data."""
    import numpy as np

    return output.original(
        0.5 * (1 + np.tanh(values / 2)) if output.loss == "binary" and output.logits else values
    )


def _memory_context(batch: int) -> AbstractContextManager[None]:
    """Makes one clear message of the ways in which memory runs out."""
    message = f"the memory does not hold a batch of {batch:,} examples"
    return memory_context(
        lambda: (message, "a machine with more memory, or a smaller `batch` in recipe.yaml")
    )


# --- predict --------------------------------------------------------------------------------------


def predict(
    folder: str | Path, inputs: str | Path | Sequence[str | Path], top: int = 3
) -> list[dict[str, Any]]:
    """What a run's network says of images, arrays and rows of tables, as `read_inputs` takes them:
    one record each.

    Of classes a record holds `class`, `name`, and `top`, the most likely ones as `{class, name,
    probability}` (`output` instead of `probability` where the network gives none). Of a class for
    each position: `shape`, `classes`, those that occur, as `{class, name, count, share}` from the
    most frequent on, and `labels` [*positions]. Of values: `output`, in the data's units. With
    several outputs `outputs` holds this for each by name. Raises NetError N506, N511 to N518, N524,
    N527, N529 to N532, N613, N614.
    """
    held = finished_run(Path(folder))
    preparation = held.preparation
    names, x = read_inputs(inputs, preparation)
    records = []
    with _memory_context(BATCH):
        for rows, given in _outputs(held.model(), x, preparation, BATCH):
            for place, row in enumerate(rows.tolist()):
                records.append(
                    {
                        "input": names[row],
                        **_record([values[place] for values in given], preparation, top),
                    }
                )
    return records


def _record(values: Sequence[Array], preparation: Preparation, top: int) -> dict[str, Any]:
    """What the outputs [*shape] say of one example."""
    told = {
        output.name: _said(output, one, top)
        for output, one in zip(preparation.outputs, values, strict=True)
    }
    return {"outputs": told} if len(told) > 1 else next(iter(told.values()))


def _said(output: OutputTransform, values: Array, top: int) -> dict[str, Any]:
    if not output.classes:
        return {"output": in_units(output, values).tolist()}
    from netdsl.training.evaluation.outcomes import scores

    given = scores(output, values[None])[0]
    return _map(output, given.argmax(axis=-1)) if given.ndim > 1 else _likely(output, given, top)


def _likely(output: OutputTransform, given: Array, top: int) -> dict[str, Any]:
    """The most likely classes of a number for each [classes]."""
    import numpy as np

    kind = "probability" if output.loss in ("cross-entropy", "binary") else "output"
    order = np.argsort(-given, kind="stable")[: max(1, top)].tolist()
    best = [
        {"class": label, "name": output.label(label), kind: float(given[label])} for label in order
    ]
    return {"class": best[0]["class"], "name": best[0]["name"], "top": best}


def _map(output: OutputTransform, labels: Array) -> dict[str, Any]:
    """Which classes a label for each position holds, and the labels."""
    import numpy as np

    counts = np.bincount(labels.reshape(-1), minlength=output.classes)
    order = [label for label in np.argsort(-counts, kind="stable").tolist() if counts[label]]
    found = [
        {
            "class": label,
            "name": output.label(label),
            "count": int(counts[label]),
            "share": float(counts[label] / labels.size),
        }
        for label in order
    ]
    return {"shape": list(labels.shape), "classes": found, "labels": labels.tolist()}


# --- telling --------------------------------------------------------------------------------------


def describe_evaluation(result: Mapping[str, Any]) -> str:
    """What `evaluate` gave, for people."""
    outputs = result["outputs"]
    found = [
        f"{name.replace('_', ' ')} {_number(result[name])}"
        for name in result
        if name == "loss" or name.endswith(METRICS)
    ]
    seen = ", which was trained on" if result["trained_on"] else ""
    what = (
        f"all of {result['data']}"
        if result["part"] == "all" or result["whole"]
        else f"{result['part']} part of {result['data']}"
    )
    what += (
        ", which has no test part of its own" if result["whole"] and result["part"] != "all" else ""
    )
    lines = [f"{result['run']}, weights of step {result['step']:,}"]
    if result["changed"]:
        lines.append(
            "this is not the data that the run was trained with: some examples may have been trained on"
        )
    lines.append(f"{what}{seen}: {', '.join(found)} ({counted(result['examples'], 'example')})")
    for name, details in outputs.items():
        title = f"{name}: " if len(outputs) > 1 else ""
        lines += [
            "",
            *(
                _class_lines(details, title)
                if "classes" in details
                else [title + _value_line(details)]
            ),
        ]
    return "\n".join(lines)


def _value_line(details: Mapping[str, Any]) -> str:
    return (
        f"R2 {_number(details['r2'])}, MAE {_plain(details['mae'])}, RMSE {_plain(details['rmse'])}"
    )


def _class_lines(details: Mapping[str, Any], title: str) -> list[str]:
    """The figures of all classes, or of the worst, and what was taken for what."""
    known = details["classes"]
    top5 = (
        f"top-5 accuracy {_number(details['top5_accuracy'])}" if "top5_accuracy" in details else ""
    )
    head = [
        text
        for text in (
            top5,
            f"the {WORST} of {len(known):,} classes with the least f1"
            if len(known) > LISTED
            else "",
        )
        if text
    ]
    shown = known
    if len(known) > LISTED:
        shown = sorted((one for one in known if one["f1"] is not None), key=lambda one: one["f1"])[
            :WORST
        ]
    lines = [(title + ", ".join(head)).strip()] if title or head else []
    lines += _table(shown, known)
    taken = _mistakes(details.get("confusion"), known)
    return [*lines, f"taken for another: {taken}"] if taken else lines


def _table(shown: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each class, and the means of all in the last."""
    columns = [name for name in ("precision", "recall", "f1", "iou") if name in known[0]]
    rows = [
        [str(one["name"]), *(_number(one[name]) for name in columns), f"{one['support']:,}"]
        for one in shown
    ]
    means = [_number(_mean([one[name] for one in known])) for name in columns]
    rows = [
        ["class", *columns, "support"],
        *rows,
        ["mean", *means, f"{sum(one['support'] for one in known):,}"],
    ]
    head, rule, *lines, last = aligned(rows, "l" + "r" * (len(columns) + 1), rule=True).splitlines()
    return [head, rule, *lines, rule, last]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _mistakes(confusion: Sequence[Sequence[int]] | None, known: Sequence[Mapping[str, Any]]) -> str:
    """The most frequent ones, the true class first: `8 for 1 (4)`."""
    if confusion is None:
        return ""
    found = [
        (count, true, said)
        for true, row in enumerate(confusion)
        for said, count in enumerate(row)
        if count and true != said
    ]
    worst = sorted(found, key=lambda one: (-one[0], one[1], one[2]))[:TAKEN]
    return ", ".join(
        f"{known[true]['name']} for {known[said]['name']} ({count:,})"
        for count, true, said in worst
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def describe_predictions(records: Sequence[Mapping[str, Any]]) -> str:
    """What `predict` gave, a line for each input."""
    return "\n".join(f"{record['input']}: {_record_line(record)}" for record in records)


def _record_line(record: Mapping[str, Any]) -> str:
    if "outputs" in record:
        return "; ".join(f"{name}: {_told(one)}" for name, one in record["outputs"].items())
    return _told(record)


def _told(said: Mapping[str, Any]) -> str:
    if "top" in said:
        return ", ".join(
            f"{best['name']} {best.get('probability', best.get('output')):.3f}"
            for best in said["top"]
        )
    if "labels" in said:
        return f"{size(tuple(said['shape']))} labels, " + ", ".join(
            f"{one['name']} {one['share']:.1%}" for one in said["classes"][:LISTED]
        )
    import numpy as np

    values = np.asarray(said["output"])
    if values.size > LISTED:
        return f"{size(values.shape)} values from {values.min():.6g} to {values.max():.6g}"
    return ", ".join(f"{value:.6g}" for value in values.reshape(-1).tolist())


def predictions_csv(records: Sequence[Mapping[str, Any]]) -> str:
    """What `predict` gave as CSV, a row for each input; with several outputs a column begins with
    the output's name and a point.

    Of classes the columns are `class`, `name`, `probability` (or `output`), then `class_2`,
    `name_2`, ... for the next; of labels for each position `count_NAME` of each class that occurs;
    of values `output`, or `output_0`, `output_1`, ...
    """
    import csv
    import io

    rows = [{"input": record["input"], **_cells(record)} for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, names, restval=0, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _cells(record: Mapping[str, Any]) -> dict[str, Any]:
    if "outputs" in record:
        return {
            f"{name}.{column}": cell
            for name, one in record["outputs"].items()
            for column, cell in _cells(one).items()
        }
    if "top" in record:
        ranked = enumerate(record["top"], 1)
        return {
            (name if rank == 1 else f"{name}_{rank}"): _cell(value)
            for rank, best in ranked
            for name, value in best.items()
        }
    if "labels" in record:
        return {
            f"count_{one['name']}": one["count"]
            for one in sorted(record["classes"], key=lambda one: one["class"])
        }
    import numpy as np

    values = np.asarray(record["output"]).reshape(-1).tolist()
    return {
        "output" if len(values) == 1 else f"output_{place}": _cell(value)
        for place, value in enumerate(values)
    }


def _cell(value: Any) -> Any:
    return f"{value:.7g}" if isinstance(value, float) else value

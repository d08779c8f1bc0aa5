"""Predictions of a run's network for images, arrays and rows of tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, fail
from netdsl.training.data import given_inputs, read_inputs
from netdsl.training.data.prediction import STANDARD_INPUT
from netdsl.training.evaluation.ensemble import (
    Member,
    averaged_preparation,
    check_alike,
    mean_answers,
)
from netdsl.training.evaluation.evaluate import memory_errors
from netdsl.training.evaluation.network_outputs import BATCH, in_batches, predictor
from netdsl.training.metrics.answers import (
    answer,
    category_scores,
    in_units,
    probabilities,
    yes_or_no,
)
from netdsl.training.preparation.outputs import VALUES
from netdsl.training.runs.finished import finished_run
from netdsl.training.runs.folder import DISCRIMINATOR
from netdsl.training.runs.inputs import read_recipe
from netdsl.wording import counted

CLASSES = 100
"""The most classes for which a record has the probability of each."""

if TYPE_CHECKING:
    from netdsl.training.data.prediction import PredictionInputs
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.runs.finished import FinishedRun


def predict(
    folder: str | Path,
    inputs: Any,
    top: int = 3,
    *,
    strict: bool = False,
    net: str | None = None,
    others: Sequence[str | Path] = (),
    versions: int = 0,
) -> list[dict[str, Any]]:
    """Predict inputs by a run's network.

    Args:
        folder: the run's.
        inputs: files, as `read_inputs` accepts them, or the examples, as `given_inputs` does.
        top: how many of the likeliest classes are listed.
        strict: whether cells that the network was not trained on are an error.
        net: for a GAN's run, which of its networks predicts; by default the discriminator.
        others: folders of runs whose answers are averaged with this one's: probabilities, or
            values.
        versions: how many versions of each image, changed at random as in the training, are
            averaged with the image itself.

    Returns:
        A record for each example. For classes it holds `class`, `name`, `top`, the likeliest as
        `{class, name, probability}`, and for up to 100 classes `probabilities` by class name
        (`output` and `scores` instead if the network gives no probabilities). For a class of each
        position: `shape`, `classes`, those that occur, as `{class, name, count, share}`, the most
        frequent first, and `labels` [*positions]. For values: `output`, in the data's units, with
        `columns`, the columns of the table that they are for. For tags: `output` with their
        probabilities, and `labels` in the same form, 1 where a tag is the answer, else 0. With
        several outputs, `outputs` holds this for each by name. `id` holds the cells that identify a
        row, by column, `notes` the values that the network was not trained on, `filled` the empty
        cells that are filled as in the training. A file that cannot be read has a record of `input`
        and `error`, after the others.

    Raises:
        NetError: N506, N511 to N518, N524, N527, N529 to N532, N613, N614; N531 also where `strict`
            rejects a row.
    """
    held = finished_run(Path(folder), net, DISCRIMINATOR)
    preparation = held.preparation
    given = _read(inputs, preparation)
    # Printed before the network is loaded, which takes seconds.
    for path, error in given.others.items():
        why = error.diagnostics[0].message
        print(f"note: {path} is skipped: {why}", file=sys.stderr, flush=True)
    if strict and given.notes:
        raise _unfamiliar(given.names, given.notes)
    answers = in_batches(predictor(held.model()), given.x, preparation, BATCH)
    if others or versions:
        members = [Member(held, read_recipe(Path(folder)), given.x)]
        members += [_member(Path(other), held, inputs, given.names) for other in others]
        answers = mean_answers(members, versions)
        preparation = averaged_preparation([member.run.preparation for member in members])
    records = []
    with memory_errors(BATCH):
        for rows, outputs in answers:
            for place, row in enumerate(rows.tolist()):
                values = [array[place] for array in outputs]
                record: dict[str, Any] = {"input": given.names[row]}
                if row in given.ids:
                    record["id"] = dict(given.ids[row])
                record |= record_of(values, preparation, top)
                for key, said in (("notes", given.notes), ("filled", given.filled)):
                    if row in said:
                        record[key] = list(said[row])
                records.append(record)
    errors = ((path, error.diagnostics[0]) for path, error in given.failed.items())
    return records + [
        {"input": path, "error": first.message, "code": first.code} for path, first in errors
    ]


def _read(inputs: Any, preparation: Preparation) -> PredictionInputs:
    read = read_inputs if is_paths(inputs) else given_inputs
    return read(inputs, preparation)


def _member(folder: Path, first: FinishedRun, inputs: Any, names: Sequence[str]) -> Member:
    """Open a further run of an ensemble, and prepare the inputs for it.

    Raises:
        NetError: N506 for standard input, which can be read once, N518, N526 for another task.
    """
    # An array is compared with a text element by element: only paths are.
    paths = [inputs] if isinstance(inputs, str | os.PathLike) else inputs
    if is_paths(inputs) and STANDARD_INPUT in paths:
        message = "standard input can be read once, and each run reads the inputs for itself"
        raise fail("N506", message, help="save it as a file")
    run = finished_run(folder)
    check_alike(first, run)
    given = _read(inputs, run.preparation)
    # Another preparation may drop other rows: answers for different rows would be averaged.
    if list(given.names) != list(names):
        message = f"{folder} reads {counted(len(given.names), 'example')} of the inputs"
        raise fail("N515", f"{message}, and the first run {len(names):,}")
    return Member(run, read_recipe(folder), given.x)


def _unfamiliar(names: Sequence[str], notes: Mapping[int, Sequence[str]]) -> NetError:
    """Return the error N531 for rows with values that the network was not trained on."""
    row, held = min(notes), "holds" if len(notes) == 1 else "hold"
    message = (
        f"{counted(len(notes), 'row')} of {len(names):,} {held} values that the network was not "
        f"trained on; {names[row]}: {'; '.join(notes[row])}"
    )
    return fail("N531", message, help="without `strict` they are predicted, with a note")


def is_paths(inputs: object) -> bool:
    """Return whether inputs are a path, or a list of paths."""
    if isinstance(inputs, str | os.PathLike):
        return True
    return isinstance(inputs, list | tuple) and all(
        isinstance(each, str | os.PathLike) for each in inputs
    )


def record_of(values: Sequence[Array], preparation: Preparation, top: int) -> dict[str, Any]:
    """Return the record for the outputs [*shape] for one example."""
    said = {
        output.name: _said(output, one, top)
        for output, one in zip(preparation.outputs, values, strict=True)
    }
    return {"outputs": said} if len(said) > 1 else next(iter(said.values()))


def _said(output: OutputTransform, values: Array, top: int) -> dict[str, Any]:
    import numpy as np

    values = np.asarray(values, np.float64)[None]
    if not output.classes:
        given: dict[str, Any] = {"output": in_units(np, output, values)[0].tolist()}
        if output.task != VALUES:
            given["labels"] = yes_or_no(np, output, values)[0].tolist()
        return {**given, "columns": list(output.columns)} if output.columns else given
    scores = category_scores(np, output, values)
    if output.dense:
        return _labels(output, answer(np, output, scores).reshape(output.shape[:-1]))
    return _likely(output, scores.reshape(-1), top, int(answer(np, output, scores)[0, 0]))


def _likely(output: OutputTransform, scores: Array, top: int, said: int) -> dict[str, Any]:
    """Return the answered class, and the likeliest ones, by the scores [classes]."""
    import numpy as np

    kind = "probability" if output.probable else "output"
    known = probabilities(np, output, scores)
    ranked = np.argsort(-scores, kind="stable").tolist()
    order = sorted(ranked, key=lambda label: bool(label != said))[: max(1, top)]
    best = [
        {"class": label, "name": output.label(label), kind: float(known[label])} for label in order
    ]
    record = {"class": said, "name": output.label(said), "top": best}
    if output.classes > CLASSES:
        return record
    each = {output.label(label): float(value) for label, value in enumerate(known)}
    return {**record, {"probability": "probabilities", "output": "scores"}[kind]: each}


def _labels(output: OutputTransform, labels: Array) -> dict[str, Any]:
    """Return the classes that occur in labels of positions, and the labels."""
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

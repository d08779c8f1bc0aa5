"""The examples that a network gets most wrong, ready to be shown. This module imports numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netdsl.training.evaluation.network_outputs import outputs_of
from netdsl.training.evaluation.pictures import label_uri, png_uri
from netdsl.training.metrics.answers import Answers, answers, probabilities
from netdsl.training.preparation.columns import TEXT
from netdsl.training.preparation.outputs import LABELS, TAGS, VALUES
from netdsl.training.preparation.tokens import FIRST
from netdsl.wording import number_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netdsl.training.data import Examples
    from netdsl.training.evaluation.network_outputs import Predict
    from netdsl.training.preparation.columns import ColumnTransform
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.transforms import Preparation

    Doubles = NDArray[np.float64]

WORST = 24
"""How many mistakes are shown."""

LONGEST = 12
"""The most values of an example that are shown."""


class Mistake(NamedTuple):
    """An example that the network gets wrong.

    Attributes:
        row: its number in its part, from 0.
        place: where it is in the data: a file, a line of a table, or a row.
        given: its label or its value.
        said: the network's answer instead.
        sure: the network's probability of its answer; None where it gives no probability.
        pictures: PNG data URIs of the example and, if the output is an image, of the target and of
            the network's answer.
        numbers: the values of an example that is not an image, by name.
    """

    row: int
    place: str
    given: str
    said: str
    sure: float | None
    pictures: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]


def wrongness(output: OutputTransform, found: Answers) -> Doubles:
    """Return how wrong the answer for each example is [n], 0 for a right one.

    For a class, it is how far its probability is below 1, or its score below the largest one; for
    positions and tags, the share that is wrong; for values, the mean absolute error.
    """
    if output.task == VALUES:
        return np.asarray(np.abs(found.given - found.true).mean(axis=1) * output.spread)
    wrong = found.true != found.given
    if output.task == TAGS or output.dense:
        return np.asarray(wrong.reshape(len(wrong), -1).mean(axis=1))
    scores = probabilities(np, output, found.scores)[:, 0]
    best = 1.0 if output.probable else scores.max(axis=-1)
    lost = best - np.take_along_axis(scores, found.true, axis=-1)[:, 0]
    # Above 0 for every wrong answer, also in a tie: 0 means right.
    return np.where(wrong[:, 0], np.maximum(lost, np.finfo(np.float32).tiny), 0.0)


def worst_mistakes(
    predict: Predict, part: Examples, preparation: Preparation, place: int, ranks: Doubles
) -> tuple[Mistake, ...]:
    """Return the examples that are most wrong at an output, the worst first.

    Args:
        predict: the network.
        part: the examples.
        preparation: what is done to them.
        place: the output's.
        ranks: how wrong each example is [n].
    """
    # Stable, so that the first of equally wrong examples are chosen on every machine.
    rows = np.argsort(-ranks, kind="stable")[:WORST]
    rows = rows[ranks[rows] > 0]
    if not len(rows):
        return ()
    output, inputs = preparation.outputs[place], preparation.inputs
    # Predicted again, as the outputs of all examples are not kept.
    given = outputs_of(predict, part.x, preparation, rows)[place]
    x, y = [np.asarray(array[rows]) for array in part.x], np.asarray(part.y[place][rows])
    shown = next((at for at, input in enumerate(inputs) if input.images), None)
    mistakes = []
    for at, row in enumerate(rows):
        found = _read(output, y[at], given[at])
        pictures: tuple[str, ...] = ()
        if shown is not None:
            limits = (0.0, inputs[shown].scale) if inputs[shown].unit else None
            example = png_uri(x[shown][at], limits)
            pictures = (example, *_answer_pictures(output, inputs[shown], found))
        numbers = tuple(
            pair
            for input, array in zip(inputs, x, strict=True)
            for pair in _example_values(input, array[at])
        )
        words = _words(output, found)
        mistakes.append(Mistake(int(row), part.place(int(row)), *words, pictures, numbers))
    return tuple(mistakes)


def _read(output: OutputTransform, y: Array, values: Array) -> Answers:
    """Read the answers of one example."""
    y = y[None] if output.classes else np.asarray(y, np.float64)[None]
    targets = output.targets(y, np.float64)
    return answers(np, output, targets, np.asarray(values, np.float64)[None])


# --- in words -------------------------------------------------------------------------------------


def _words(output: OutputTransform, found: Answers) -> tuple[str, str, float | None]:
    """Return in words the target and the network's answer, and the answer's probability."""
    if output.task == VALUES:
        true, given = output.original(found.true[0]), output.original(found.given[0])
        if output.copies:
            return "", f"off by {np.abs(given - true).mean():.4g}", None
        return _listed(true), _listed(given), None
    if output.task == TAGS:
        return _tags(found.true[0]), _tags(found.given[0]), None
    true, given = found.true[0], found.given[0]
    if output.dense:
        right = true == given
        return "", f"{100 * right.mean():.1f} % of {right.size:,} right", None
    sure = None
    if output.probable:
        sure = float(probabilities(np, output, found.scores[0, 0])[given[0]])
    return output.label(int(true[0])), output.label(int(given[0])), sure


def _tags(yes: Array) -> str:
    """List the tags that are answered yes, by their places."""
    places = [str(place) for place in np.flatnonzero(yes.reshape(-1))]
    return ", ".join(places[:LONGEST]) + (", ..." if len(places) > LONGEST else "") or "none"


def _listed(values: Array) -> str:
    return ", ".join(number_text(value) for value in values[:4]) + (
        ", ..." if values.size > 4 else ""
    )


def _example_values(input: InputTransform, x: Array) -> list[tuple[str, str]]:
    """Return an example's values by name, where it is not an image."""
    if input.images:
        return []
    if input.columns and input.vocabulary:
        (column,) = input.columns.columns
        return [(column.name, _words_of(column, x.tolist()))]
    if input.columns:
        cells = {
            column.name: column.shown(float(cell))
            for column, cell in zip(input.columns.columns, x, strict=True)
        }
        return list(cells.items())[:LONGEST]
    flat = x.reshape(-1)
    more = " ..." if flat.size > LONGEST else ""
    return [(input.name, " ".join(f"{value:.5g}" for value in flat[:LONGEST]) + more)]


def _words_of(column: ColumnTransform, indices: Sequence[int]) -> str:
    """Return the words, or the category, of an input of indices."""
    first = FIRST if column.kind == TEXT else 1
    known = [column.categories[at - first] if at >= first else "?" for at in indices if at]
    return " ".join(known[:LONGEST]) + (" ..." if len(known) > LONGEST else "") or "missing"


# --- as images ------------------------------------------------------------------------------------


def _answer_pictures(
    output: OutputTransform, input: InputTransform, found: Answers
) -> tuple[str, ...]:
    """Draw the target and the network's answer, if these have the form of images."""
    if output.copies == input.name:
        same = math.prod(input.example) == math.prod(output.shape)
        shape = input.example if same else output.shape
        if len(shape) not in (2, 3):
            return ()
        limits = (0.0, 1.0) if input.unit else None
        return (png_uri(output.original(found.given[0]).reshape(shape), limits),)
    if output.task == LABELS and len(output.shape) == 3:
        shape = output.shape[:2]
        return tuple(
            label_uri(labels[0].reshape(shape), output.categories)
            for labels in (found.true, found.given)
        )
    return ()

"""What a network says of a part's examples: which class for which, how far off its values are, and
its worst mistakes.

This module imports numpy. Nothing of the network's outputs is kept but counts, sums and a rank for
each example, so that the outputs of a large part need not fit into the memory.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from netdsl.training.preparation.ranges import scan
from netdsl.training.preparation.readings import reads_margins
from netdsl.training.reporting.charts import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netdsl.training.data import Part
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array, Floats, Rows
    from netdsl.training.preparation.transforms import Preparation

    Ints = NDArray[np.int64]
    Predict = Callable[[tuple[Array, ...]], Sequence[Array]]

WORST = 24
"""How many mistakes are shown."""

MATRIX = 30
"""The most classes of a confusion matrix."""

POINTS = 1_500
"""The most points of a scatter plot."""

SMALL, LARGE = 96, 192
"""Pixels: pictures are enlarged to the one and reduced to the other."""

LONGEST = 12
"""The most values of an example that are shown."""


class Mistake(NamedTuple):
    """An example that the network gets wrong.

    Attributes:
        row: its number in its part, from 0.
        given: its label or its value.
        said: what the network gives it instead.
        sure: how probable the network says that is; None where it tells no probability.
        pictures: PNG data URIs of the example and, where the output is a picture too, of what was
            given and of what the network gives.
        numbers: the values of an example that is no picture, by name.
    """

    row: int
    given: str
    said: str
    sure: float | None
    pictures: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Classes:
    """How often each class was given, was predicted, and was both [classes].

    `labels` is the number of labels: one an example, or one for each of its positions, or for each
    of its tags. `pairs` are the most frequent (given, predicted, count) that differ. The `matrix`
    [given, predicted] is None beyond `MATRIX` classes, and for tags.
    """

    labels: int
    given: Ints
    predicted: Ints
    right: Ints
    pairs: tuple[tuple[int, int, int], ...] = ()
    matrix: Ints | None = None
    tags: bool = False


@dataclass(frozen=True)
class Values:
    """Mean absolute error, root of the mean squared error, share of the variance that is explained
    (of a single value), and (target, prediction) points; all in the data's units.
    """

    absolute: float
    root: float
    explained: float | None
    points: tuple[tuple[float, float], ...]


class Outcome(NamedTuple):
    """What the network says at one output of so many examples."""

    output: OutputTransform
    examples: int
    wrong: int
    figures: Classes | Values
    worst: tuple[Mistake, ...]


def outcomes(
    predict: Predict, part: Part, preparation: Preparation, batch: int
) -> tuple[Outcome, ...]:
    """What the network says of a part, at each output.

    `predict` takes prepared inputs [n, *input] and gives its outputs [n, *output].
    """
    counters = [_counter(output, y) for output, y in zip(preparation.outputs, part.y, strict=True)]
    ranks = np.zeros((len(counters), len(part)), np.float32)
    for start in range(0, len(part), batch):
        rows = np.arange(start, min(start + batch, len(part)))
        for place, (given, y) in enumerate(
            zip(_given(predict, part, preparation, rows), part.y, strict=True)
        ):
            ranks[place, rows] = counters[place].see(given, np.asarray(y[rows]))
    ranks = np.nan_to_num(ranks, nan=np.inf)
    return tuple(
        Outcome(
            counter.output,
            len(part),
            int((rank > 0).sum()),
            counter.figures(),
            _worst(counter, predict, part, preparation, place, rank),
        )
        for place, (counter, rank) in enumerate(zip(counters, ranks, strict=True))
    )


def _given(predict: Predict, part: Part, preparation: Preparation, rows: Ints) -> list[Floats]:
    """The outputs for these rows."""
    x = preparation.x(tuple(np.asarray(array[rows]) for array in part.x))
    return [np.asarray(found, np.float32) for found in predict(x)]


# --- counting -------------------------------------------------------------------------------------


class Counter(Protocol):
    """Looks at one output batch by batch."""

    output: OutputTransform

    def see(self, given: Floats, y: Array) -> Floats:
        """Takes in outputs [n, *output] and their targets; gives how wrong each is [n], 0 for
        right ones.
        """

    def figures(self) -> Classes | Values: ...

    def words(self, given: Floats, y: Array) -> tuple[str, str, float | None]:
        """One output [*output] in words: what was given, what the network says, and how sure it
        is of that.
        """


def _counter(output: OutputTransform, y: Rows) -> Counter:
    yes_or_no = (
        output.loss == "binary"
        and not output.classes
        and not output.copies
        and scan(y).not_whole is None
    )
    if output.classes or (yes_or_no and output.shape[-1] == 1):
        return _Labels(output)
    return _Tags(output) if yes_or_no else _Numbers(output, len(y))


def scores(output: OutputTransform, given: Floats) -> Floats:
    """What the network gives each class [n, *positions, classes]: probabilities where the loss
    tells them, else scores.
    """
    if output.logits and output.loss == "cross-entropy":
        given = np.exp(given - given.max(axis=-1, keepdims=True))
        given = given / given.sum(axis=-1, keepdims=True)
    elif output.logits:
        given = _sigmoid(given)
    if output.shape[-1] > 1:
        return given
    border = 0.0 if reads_margins(output.loss) else 0.5
    return np.concatenate([2 * border - given, given], axis=-1)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)), np.float32)


class _Labels:
    """A class for each example, or for each position of it."""

    def __init__(self, output: OutputTransform) -> None:
        self.output, self.count = output, output.classes or 2
        self.codes: list[tuple[Ints, Ints]] = []

    def see(self, given: Floats, y: Array) -> Floats:
        found = scores(self.output, given)
        labels = np.asarray(y, np.int64).reshape(found.shape[:-1])
        said = found.argmax(axis=-1)
        self.codes.append(_counted(labels.reshape(-1) * self.count + said.reshape(-1), self.count))
        wrong = said != labels
        if wrong.ndim > 1:
            return np.asarray(wrong.reshape(len(wrong), -1).mean(axis=1), np.float32)
        lost = (1.0 if self.probable else found.max(axis=-1)) - np.take_along_axis(
            found, labels[:, None], axis=-1
        )[:, 0]
        return np.asarray(
            np.where(wrong, np.maximum(lost, np.finfo(np.float32).tiny), 0.0), np.float32
        )

    def figures(self) -> Classes:
        count = self.count
        codes, places = np.unique(
            np.concatenate([codes for codes, _ in self.codes]), return_inverse=True
        )
        counts = np.bincount(places, np.concatenate([counts for _, counts in self.codes])).astype(
            np.int64
        )
        given, said = codes // count, codes % count
        wrong = np.flatnonzero(given != said)
        most = wrong[np.argsort(-counts[wrong], kind="stable")[:MATRIX]]
        matrix = (
            _summed(codes, counts, count * count).reshape(count, count) if count <= MATRIX else None
        )
        right = _summed(given, np.where(given == said, counts, 0), count)
        pairs = tuple((int(given[place]), int(said[place]), int(counts[place])) for place in most)
        return Classes(
            int(counts.sum()),
            _summed(given, counts, count),
            _summed(said, counts, count),
            right,
            pairs,
            matrix,
        )

    def words(self, given: Floats, y: Array) -> tuple[str, str, float | None]:
        found = scores(self.output, given[None])[0]
        if found.ndim > 1:
            right = found.argmax(axis=-1).reshape(-1) == np.asarray(y).reshape(-1)
            return "", f"{100 * right.mean():.1f} % of {right.size:,} right", None
        said = int(found.argmax())
        return (
            self.output.label(int(np.asarray(y).reshape(-1)[0])),
            self.output.label(said),
            float(found[said]) if self.probable else None,
        )

    @property
    def probable(self) -> bool:
        """Whether the scores are probabilities."""
        return self.output.loss in ("cross-entropy", "binary")


def _counted(codes: Ints, classes: int) -> tuple[Ints, Ints]:
    """Each code that there is, and how often."""
    if classes <= 1_000:
        counts = np.bincount(codes)
        found = np.flatnonzero(counts)
        return found, counts[found]
    return np.unique(codes, return_counts=True)


def _summed(places: Ints, counts: Ints, size: int) -> Ints:
    return np.bincount(places, counts, minlength=size).astype(np.int64)


class _Tags:
    """Several yes or no for each example."""

    def __init__(self, output: OutputTransform) -> None:
        self.output = output
        self.sums = np.zeros((3, output.shape[-1]), np.int64)
        self.labels = 0

    def see(self, given: Floats, y: Array) -> Floats:
        said, wanted = given > self.output.threshold, np.asarray(y).reshape(given.shape) > 0.5
        size = given.shape[-1]
        self.sums += np.stack(
            [one.reshape(-1, size).sum(axis=0) for one in (wanted, said, wanted & said)]
        )
        self.labels += wanted.size
        return np.asarray((said != wanted).reshape(len(given), -1).mean(axis=1), np.float32)

    def figures(self) -> Classes:
        given, said, right = self.sums
        return Classes(self.labels, given, said, right, tags=True)

    def words(self, given: Floats, y: Array) -> tuple[str, str, float | None]:
        return (
            _tags(np.asarray(y).reshape(-1) > 0.5),
            _tags(given.reshape(-1) > self.output.threshold),
            None,
        )


def _tags(held: Array) -> str:
    found = [str(place) for place in np.flatnonzero(held)]
    return ", ".join(found[:LONGEST]) + (", ..." if len(found) > LONGEST else "") or "none"


class _Numbers:
    """Values to be met."""

    def __init__(self, output: OutputTransform, examples: int) -> None:
        self.output = output
        self.size = math.prod(output.shape)
        self.every = max(1, math.ceil(examples * min(self.size, POINTS) / POINTS))
        self.seen, self.centre = 0, 0.0
        self.absolute = self.squared = self.sum = self.spread = 0.0
        self.points: list[Floats] = []

    def see(self, given: Floats, y: Array) -> Floats:
        said = np.asarray(self.output.original(given.astype(np.float64))).reshape(len(given), -1)
        target = np.asarray(y, np.float64).reshape(len(given), -1)
        error = np.abs(said - target)
        if not self.seen:
            self.centre = float(target.mean())
        self.absolute += float(error.sum())
        self.squared += float(np.square(error).sum())
        self.sum += float((target - self.centre).sum())
        self.spread += float(np.square(target - self.centre).sum())
        rows = slice(-self.seen % self.every, None, self.every)
        columns = slice(None, None, math.ceil(self.size / POINTS))
        self.points.append(
            np.stack(
                [target[rows, columns].reshape(-1), said[rows, columns].reshape(-1)], axis=1
            ).astype(np.float32)
        )
        self.seen += len(given)
        return np.asarray(error.mean(axis=1), np.float32)

    def figures(self) -> Values:
        count = self.seen * self.size
        variance = self.spread - self.sum**2 / count
        explained = 1 - self.squared / variance if self.size == 1 and variance > 0 else None
        points = np.concatenate(self.points)
        found = points[np.isfinite(points).all(axis=1)]
        return Values(
            self.absolute / count,
            math.sqrt(self.squared / count),
            explained,
            tuple((float(x), float(y)) for x, y in found),
        )

    def words(self, given: Floats, y: Array) -> tuple[str, str, float | None]:
        if self.output.copies:
            return (
                "",
                f"off by {np.abs(self.output.original(given) - np.asarray(y).reshape(given.shape)).mean():.4g}",
                None,
            )
        return _listed(np.asarray(y)), _listed(self.output.original(given.astype(np.float64))), None


def _listed(values: Array) -> str:
    flat = np.asarray(values, np.float64).reshape(-1)
    return ", ".join(number(value) for value in flat[:4]) + (", ..." if flat.size > 4 else "")


# --- the worst mistakes ---------------------------------------------------------------------------


def _worst(
    counter: Counter,
    predict: Predict,
    part: Part,
    preparation: Preparation,
    place: int,
    ranks: Floats,
) -> tuple[Mistake, ...]:
    """The examples with the largest loss among those that are wrong, the worst first."""
    rows = np.argsort(-ranks, kind="stable")[:WORST]
    rows = rows[ranks[rows] > 0]
    if not len(rows):
        return ()
    given = _given(predict, part, preparation, rows)[place]
    x, y = [np.asarray(array[rows]) for array in part.x], np.asarray(part.y[place][rows])
    shown = next((at for at, input in enumerate(preparation.inputs) if input.images), None)
    found = []
    for at, row in enumerate(rows):
        pictures: tuple[str, ...] = ()
        numbers = [
            told
            for input, array in zip(preparation.inputs, x, strict=True)
            for told in _values(input, array[at])
        ]
        if shown is not None:
            input = preparation.inputs[shown]
            pictures = (
                picture(x[shown][at], (0.0, input.scale) if input.unit else None),
                *_answers(counter, input, given[at], y[at]),
            )
        found.append(Mistake(int(row), *counter.words(given[at], y[at]), pictures, tuple(numbers)))
    return tuple(found)


def _values(input: InputTransform, x: Array) -> list[tuple[str, str]]:
    """An example's values by name, where it is no picture."""
    if input.images:
        return []
    if input.columns:
        cells = zip(input.columns.columns, x, strict=True)
        return [
            (
                column.name,
                "missing"
                if np.isnan(cell)
                else column.categories[int(cell)]
                if column.text
                else f"{cell:.6g}",
            )
            for column, cell in list(cells)[:LONGEST]
        ]
    flat = x.reshape(-1)
    return [
        (
            input.name,
            " ".join(f"{value:.5g}" for value in flat[:LONGEST])
            + (" ..." if flat.size > LONGEST else ""),
        )
    ]


def _answers(counter: Counter, input: InputTransform, given: Floats, y: Array) -> tuple[str, ...]:
    """Pictures of what was given and of what the network says, where these have the form of
    pictures.
    """
    output = counter.output
    if output.copies == input.name:
        shape = (
            input.example if math.prod(input.example) == math.prod(output.shape) else output.shape
        )
        return (
            (picture(output.original(given).reshape(shape), (0.0, 1.0) if input.unit else None),)
            if len(shape) in (2, 3)
            else ()
        )
    if isinstance(counter, _Labels) and len(output.shape) == 3:
        said = scores(output, given[None])[0].argmax(axis=-1)
        return tuple(
            _map(labels, counter.count) for labels in (np.asarray(y).reshape(said.shape), said)
        )
    return ()


def _map(labels: Array, classes: int) -> str:
    """Labels [h, w] as a picture: class 0 is black, each other one has a colour of its own."""
    angles = 2 * np.pi * (np.arange(classes)[:, None] / max(1, classes - 1) + np.arange(3) / 3)
    colours = np.where(np.arange(classes)[:, None], 0.55 + 0.4 * np.cos(angles), 0.0)
    return picture(colours[labels], (0.0, 1.0))


def picture(values: Array, limits: tuple[float, float] | None = None) -> str:
    """An image [h, w] or [h, w, c] as a PNG data URI, small ones enlarged pixel by pixel, large
    ones reduced.

    `limits` are black and white; without them, the least and the largest value. Of two channels the
    first is shown, of more than three the first three.
    """
    from PIL import Image

    values = np.nan_to_num(np.asarray(values, np.float32))
    low, high = limits or (float(values.min()), float(values.max()))
    levels = np.clip((values - low) / ((high - low) or 1.0) * 255 + 0.5, 0, 255).astype(np.uint8)
    if levels.ndim == 3:
        levels = levels[:, :, :3] if levels.shape[2] > 2 else levels[:, :, 0]
    image = Image.fromarray(levels)
    side = max(image.size)
    if side < SMALL:
        factor = math.ceil(SMALL / side)
        image = image.resize(
            (image.width * factor, image.height * factor), Image.Resampling.NEAREST
        )
    image.thumbnail((LARGE, LARGE))
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def predictor(model: Any) -> Predict:
    """A Keras model's outputs for a batch of prepared inputs, as arrays in their order."""

    def predict(x: tuple[Array, ...]) -> Sequence[Array]:
        found = model.predict_on_batch(x[0] if len(x) == 1 else x)
        return found if isinstance(found, list | tuple) else (found,)

    return predict

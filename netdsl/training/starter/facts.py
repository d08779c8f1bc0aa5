"""What data holds, as far as a first network depends on it."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, fail
from netdsl.errors.printable import in_one_line
from netdsl.training.data.example_shape import example_shape
from netdsl.training.data.inspect import MAX_CLASSES, class_counts, survey
from netdsl.training.data.parts import INPUT
from netdsl.training.data.sources.date_cells import NOT_DATES, are_dates
from netdsl.training.data.sources.parsed_table import as_text, find_targets
from netdsl.training.data.sources.toys import short_name
from netdsl.training.preparation.ranges import scan
from netdsl.training.preparation.shapes import size
from netdsl.training.recipes.recipe import Recipe
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.data.parts import SourceData
    from netdsl.training.data.sources.parsed_table import ParsedColumn, ParsedTable
    from netdsl.training.preparation.rows import Array, Rows, Shape
    from netdsl.training.recipes.recipe import DataSpec

FEW = 10
"""A column with at most this many different integers is read as classes, else as values."""

LARGEST, IMAGE = 96, 64
"""Images with a side longer than the first are resized to the second, which a laptop can train."""

WORDS = 1000
"""Rows of integers from 0 to at least this one are read as words by their places in a list."""


class Task(NamedTuple):
    """What is predicted.

    Attributes:
        name: its name in comments.
        counts: the number of examples of each class by its name; empty for values.
        values: how many values are predicted for an example.
    """

    name: str
    counts: dict[str, int]
    values: int = 1


class ExampleForm(NamedTuple):
    """What an example is.

    Attributes:
        word: `table`, `numbers`, `images`, `sequence` or `words`.
        shape: the network's input.
        about: the shape in words.
        vocabulary: how many words there are; 0 if the examples are not words.
    """

    word: str
    shape: Shape
    about: str
    vocabulary: int = 0


class Facts(NamedTuple):
    """What a first network for a data set depends on.

    Attributes:
        source: the data's name in comments.
        form: what an example is.
        examples: how many there are, without a test part that the data has itself.
        task: what is predicted.
    """

    source: str
    form: ExampleForm
    examples: int
    task: Task


def facts_of(spec: DataSpec) -> Facts:
    """Read a source, and find out what a first network for it depends on.

    Raises:
        NetError: as `load_data` does of a source; N560 where no first network is written for it.
    """
    if spec.target == INPUT:
        raise _unwritten("its target is the input itself", "see examples/autoencoder_deep.net")
    found = survey(spec)
    source = in_one_line(short_name(found.source))
    if found.table is not None:
        return _facts_of_table(spec, found.table, source)
    data = found.data
    assert data is not None
    if len(data.train.x) != 1 or len(data.train.y) != 1:
        inputs = counted(len(data.train.x), "input")
        both = f"{source} has {inputs} and {counted(len(data.train.y), 'target')} for an example"
        raise _unwritten(both, "a network may have several: netdsl explain input")
    form = _form(data.train.x[0], source)
    return Facts(source, form, len(data.train), _task(data, form, source))


def _unwritten(why: str, help: str) -> NetError:
    """Return the error about data that no first network is written for."""
    return fail("N560", f"no first network is written for this data: {why}", help=help)


# --- tables ---------------------------------------------------------------------------------------


def _facts_of_table(spec: DataSpec, table: ParsedTable, source: str) -> Facts:
    """Return the facts of a table. Raises NetError N530 where no target column is named."""
    target, *others = find_targets(spec.target, table)
    if others:
        raise _unwritten(f"it has {len(others) + 1} targets", "begin with one: --target NAME")
    counts, rows = _classes(table.column(target)), len(table.places)
    # Texts that hardly repeat are names or remarks: a class that occurs once cannot be learned.
    if len(counts) > max(FEW, min(MAX_CLASSES, rows // 2)):
        texts = f"{len(counts):,} different texts in {counted(rows, 'row')}"
        help = "name the column that is predicted"
        if are_dates(tuple(counts)):
            help = NOT_DATES
        raise _unwritten(f"column `{target}` has {texts}", help)
    (width,) = example_shape(Recipe(data=dataclasses.replace(spec, target=target)))
    form = ExampleForm(
        "table", (width,), "a number for each number of a row, and for each category"
    )
    return Facts(source, form, rows, Task(f"`{in_one_line(target)}`", counts))


def _classes(column: ParsedColumn) -> dict[str, int]:
    """Count the rows of each class of a column; return nothing if it holds values."""
    import numpy as np

    known = column.values[~np.isnan(column.values)]
    if column.categories is None:
        found = np.unique(known)
        if not 1 < len(found) <= FEW or (found != np.floor(found)).any():
            return {}
    column = as_text(column._replace(values=known))
    names = column.categories or ()
    counts = np.bincount(column.values.astype(int), minlength=len(names))
    return dict(zip(map(in_one_line, names), counts.tolist(), strict=True))


# --- arrays and images ----------------------------------------------------------------------------


def _form(x: Rows, source: str) -> ExampleForm:
    """Return what an example of an array or a folder is. Raises NetError N560."""
    shape = tuple(x.shape[1:])
    # PyTorch's order. Only if the sides are equal: other [3, h, w] may be 3 rows of anything.
    if len(shape) == 3 and shape[0] in (1, 3) and shape[1] == shape[2] > 3:
        raise _unwritten(
            f"examples of {size(shape)} have their channels first",
            "netdsl has them last: x.transpose(0, 2, 3, 1)",
        )
    # Bytes, or a square, are grey images; any other [t, n] is a sequence.
    if len(shape) == 2 and (x.dtype == "uint8" or shape[0] == shape[1] > 3):
        shape = (*shape, 1)
    if len(shape) == 3:
        return _image(shape)
    if len(shape) == 2:
        return ExampleForm(
            "sequence", shape, f"{shape[0]} positions of {counted(shape[1], 'number')}"
        )
    if len(shape) > 3:
        raise _unwritten(f"an example of {source} has the shape {size(shape)}", "see docs/kinds.md")
    count = math.prod(shape)
    # Bytes cannot be places in a list of 1,000 words.
    if count > 1 and x.dtype.kind in "iu" and x.dtype.itemsize > 1:
        values = scan(x)
        if values.low >= 0 and values.high >= WORDS:
            words = f"{count} words, each by its place in a list"
            return ExampleForm("words", (count,), words, int(values.high) + 1)
    return ExampleForm("numbers", (count,), f"{counted(count, 'number')} for an example")


def _image(shape: Shape) -> ExampleForm:
    height, width, channels = shape
    kind = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    if max(height, width) <= LARGEST:
        return ExampleForm("images", shape, f"height x width x channels: {kind}")
    about = f"height x width x channels: {kind}; larger ones are resized"
    return ExampleForm("images", (IMAGE, IMAGE, channels), about)


def _task(data: SourceData, form: ExampleForm, source: str) -> Task:
    """Return what is learned of arrays or images. Raises NetError N560."""
    y = data.train.y[0]
    # The arrays of a known data set are called `y`, which means nothing to a beginner.
    name = "the class" if data.own or form.word == "images" else data.train.y_names[0]
    example = tuple(y.shape[1:])
    if counts := class_counts(y, data.classes) or _one_hot(y):
        labels = counts if data.classes else _from_0(counts)
        # A single class, or labels too high to be counted from 0, are learned as values.
        if len(labels) > 1:
            return Task(name, labels)
    if len(example) > 1:
        target = f"the target of an example of {source} has the shape {size(example)}"
        raise _unwritten(target, "see examples/unet.net, which gives an answer for each position")
    return Task(data.train.y_names[0], {}, math.prod(example))


def _from_0(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts of all labels from 0 to the highest; nothing if these are too many."""
    highest = max(map(int, counts))
    if highest >= MAX_CLASSES:
        return {}
    return {str(label): counts.get(str(label), 0) for label in range(highest + 1)}


def _one_hot(y: Rows) -> dict[str, int]:
    """Count the examples of each class where each row is 1 at its class and else 0."""
    import numpy as np

    if len(y.shape) != 2 or y.shape[1] < 2:
        return {}
    rows: Array = np.asarray(y[:])
    if not np.isin(rows, (0, 1)).all() or (rows.sum(axis=1) != 1).any():
        return {}
    return {str(label): int(count) for label, count in enumerate(rows.sum(axis=0))}

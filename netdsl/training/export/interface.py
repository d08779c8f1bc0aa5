"""The inputs and outputs of an export that prepares its examples itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.naming import unique_name
from netdsl.training.data.sources.deep_images import SIXTEEN
from netdsl.training.preparation.columns import DATE, TEXT
from netdsl.training.preparation.outputs import VALUES

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import ColumnTransform
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Shape
    from netdsl.training.preparation.transforms import Preparation

BATCH_AXIS = "batch"


class ExportedInput(NamedTuple):
    """An input of an export.

    Attributes:
        name: the column's, or that of the network's input.
        dtype: the type of its numbers, `string` for texts.
        shape: without the batch.
        meaning: what it holds, in words.
        texts: for a column of texts, those that the network knows; for indices, the words.
    """

    name: str
    dtype: str
    shape: Shape
    meaning: str
    texts: tuple[str, ...] = ()

    @property
    def coded(self) -> bool:
        """Whether its texts are replaced by their places."""
        return self.dtype == "string"

    @property
    def words(self) -> bool:
        """Whether it takes the places of a text's words."""
        return bool(self.texts) and not self.coded


class ExportedOutput(NamedTuple):
    """An output of an export.

    Attributes:
        name: its name.
        place: that of the network's output that it belongs to.
        key: what it gives for that output: see `said`.
        dtype: the type of its numbers, `string` for texts.
        shape: without the batch.
        meaning: what it holds, in words.
        names: of the classes, or of the columns along the last axis.
    """

    name: str
    place: int
    key: str
    dtype: str
    shape: Shape
    meaning: str
    names: tuple[str, ...] = ()


class Interface(NamedTuple):
    """The inputs and the outputs of an export, in their order."""

    inputs: tuple[ExportedInput, ...]
    outputs: tuple[ExportedOutput, ...]

    def as_plain(self) -> dict[str, Any]:
        """Return it as dicts, lists, texts and numbers."""
        texts = {True: "categories", False: "words"}
        return {
            "inputs": [_plain(one, texts[one.coded], one.texts) for one in self.inputs],
            "outputs": [_plain(one, "names", one.names) for one in self.outputs],
        }


def _plain(
    one: ExportedInput | ExportedOutput, called: str, texts: tuple[str, ...]
) -> dict[str, Any]:
    """Return an input or an output as plain values, with its texts if it has some."""
    return {
        "name": one.name,
        "dtype": one.dtype,
        "shape": [BATCH_AXIS, *one.shape],
        "meaning": one.meaning,
        **({called: list(texts)} if texts else {}),
    }


def interface_of(preparation: Preparation) -> Interface:
    """Return the inputs and outputs of an export with a run's preparation."""
    inputs: dict[str, ExportedInput] = {}
    for input in preparation.inputs:
        if input.columns is None:
            inputs[input.name] = _array(input)
            continue
        for column in input.columns.columns:
            # The parts of a date are columns with the same name, and one input.
            inputs.setdefault(column.name, _column(column))
    taken = set(inputs)
    outputs = []
    several = len(preparation.outputs) > 1
    for place, output in enumerate(preparation.outputs):
        own = [*_said(output, place)]
        # Named as the columns of `predict --format csv`, also where a name would occur twice.
        if several or any(one.name in taken for one in own):
            own = [one._replace(name=f"{output.name}.{one.name}") for one in own]
        outputs += [one._replace(name=unique_name(one.name, taken)) for one in own]
    return Interface(tuple(inputs.values()), tuple(outputs))


# --- inputs ---------------------------------------------------------------------------------------


def _column(column: ColumnTransform) -> ExportedInput:
    missing = f"NaN where it is missing, which counts as {column.shown(column.median)}"
    if column.kind == TEXT:
        meaning = (
            f"the places of the last {column.length} words in `words`, the first of which has "
            "place 2: 0 before a shorter text, 1 for another word"
        )
        return ExportedInput(column.name, "int32", (column.length,), meaning, column.categories)
    if column.coded:
        meaning = "a category as text; empty where it is missing"
        if not column.one_hot and not column.length:
            known = column.shown(column.median)
            meaning = f"a text of an order; another or an empty one counts as {known}"
        return ExportedInput(column.name, "string", (1,), meaning, column.categories)
    if column.kind == DATE:
        meaning = f"a date as days since 1970-01-01 in UTC, with a fraction; {missing}"
        return ExportedInput(column.name, "float64", (1,), meaning)
    return ExportedInput(column.name, "float64", (1,), f"a number; {missing}")


def _array(input: InputTransform) -> ExportedInput:
    if input.vocabulary:
        meaning = f"integers from 0 to {input.vocabulary - 1:,}"
        return ExportedInput(input.name, "int32", input.shape, meaning)
    if input.pixel_range:
        low, high = input.pixel_range
        # Other ranges are those of 32 bits, or of floats.
        dtype = "uint16" if input.pixel_range == SIXTEEN else "float32"
        meaning = f"grey values as image files hold them: {low:g} is black, {high:g} is white"
        shape = (*input.example[:2], 1) if len(input.example) == 3 else input.example
        return ExportedInput(input.name, dtype, shape, meaning)
    dtype = _integer_type(input.scale) if input.whole and input.unit else "float32"
    meaning = "numbers as the training data has them"
    if input.unit and input.images:
        meaning = f"pixels from 0 to {input.scale:g}"
    elif input.unit:
        meaning += f", from 0 to {input.scale:g}"
    return ExportedInput(input.name, dtype, input.example, meaning)


def _integer_type(largest: float) -> str:
    """Return the narrowest type of integers from 0 to the largest."""
    return "uint8" if largest < 2**8 else "uint16" if largest < 2**16 else "float32"


# --- outputs --------------------------------------------------------------------------------------


def _said(output: OutputTransform, place: int) -> Iterator[ExportedOutput]:
    """Yield what an export gives for an output, with the names of `predict --format json`."""
    if not output.classes:
        asked = output.task != VALUES
        meaning = "probabilities" if asked else "values in the units of the data"
        # Values in a table's units are computed in double, as in `predict`: prices have more digits
        # than float32.
        dtype = "float64" if output.columns else "float32"
        names = output.columns or output.names
        yield ExportedOutput("output", place, "output", dtype, output.shape, meaning, names)
        if asked:
            meaning = "1 where the answer is yes, else 0"
            yield ExportedOutput("labels", place, "labels", "int64", output.shape, meaning, names)
        return
    names = tuple(map(output.label, range(output.categories))) if output.names else ()
    if output.dense:
        meaning = "the class of each position"
        shape = output.shape[:-1]
        yield ExportedOutput("labels", place, "labels", "int64", shape, meaning, names)
        return
    yield ExportedOutput("class", place, "class", "int64", (), "the class answered", names)
    if names:
        yield ExportedOutput("name", place, "name", "string", (), "the name of that class", names)
    key = "probabilities" if output.probable else "scores"
    shape = (output.categories,)
    yield ExportedOutput(key, place, "scores", "float32", shape, f"{key} of the classes", names)

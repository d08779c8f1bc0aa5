"""A network with its run's preparation around it: from raw examples to answers.

It is traced by TensorFlow, through the functions by which NumPy prepares examples and reads
answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.training.metrics.answers import (
    answer,
    category_scores,
    in_units,
    probabilities,
    yes_or_no,
)
from netdsl.training.preparation.columns import TEXT
from netdsl.training.preparation.outputs import VALUES
from netdsl.training.preparation.ranges import unit_pixels
from netdsl.training.preparation.resize import centre_cut, with_channels
from netdsl.training.preparation.shapes import channels

if TYPE_CHECKING:
    import keras

    from netdsl.training.export.interface import Interface
    from netdsl.training.preparation.columns import ColumnTransform
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.transforms import Preparation


class PreparedModel(NamedTuple):
    """A network with the preparation before it and the reading of answers after it.

    Attributes:
        model: the network.
        preparation: the run's.
        interface: the inputs and outputs of all of it.
    """

    model: keras.Model
    preparation: Preparation
    interface: Interface

    def answers(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the network's answers: a tensor for each output except the names of classes.

        Args:
            given: a tensor [n, *shape] for each input by its name; for texts their places among the
                known ones [n, 1] as float32, NaN for others.
        """
        ops = traced_ops()
        x = [_prepared(ops, input, given) for input in self.preparation.inputs]
        found = self.model(x if len(x) > 1 else x[0], training=False)
        listed = list(found) if isinstance(found, list | tuple) else [found]
        each = [
            # Multiplied by the spread in double, as NumPy does with a table's values.
            said(ops, output, ops.cast(values, "float64") if _in_units(output) else values)
            for output, values in zip(self.preparation.outputs, listed, strict=True)
        ]
        return [
            ops.cast(each[one.place][one.key], one.dtype)
            for one in self.interface.outputs
            if one.key != "name"
        ]

    def class_of(self, place: int) -> int:
        """Return which of `answers` is the class of the network's output at a place."""
        keys = [(one.place, one.key) for one in self.interface.outputs if one.key != "name"]
        return keys.index((place, "class"))


def _in_units(output: OutputTransform) -> bool:
    """Return whether an output gives values of a table's columns, which have units."""
    return bool(output.columns) and output.task == VALUES


def said(xp: Any, output: OutputTransform, values: Any) -> dict[str, Any]:
    """Return an output's answers, as `predict` reads them.

    Args:
        xp: numpy or keras.ops.
        output: the output.
        values: the network's numbers [n, *shape].

    Returns:
        For values and tags `output` [n, *shape], for tags also `labels` [n, *shape], 1 where a tag
        is the answer; for a class of each position `labels` [n, *positions]; else `class` [n] and
        `scores` [n, classes], which are probabilities if the output gives some.
    """
    if not output.classes:
        given = {"output": in_units(xp, output, values)}
        asked = output.task != VALUES
        return {**given, "labels": yes_or_no(xp, output, values)} if asked else given
    scores = category_scores(xp, output, values)
    given = answer(xp, output, scores)
    if output.dense:
        return {"labels": xp.reshape(given, (-1, *output.shape[:-1]))}
    known = probabilities(xp, output, xp.reshape(scores, (-1, output.categories)))
    return {"class": xp.reshape(given, (-1,)), "scores": known}


def traced_ops() -> Any:
    """Return keras.ops with TensorFlow's own argmax: Keras's examines the bits of -0, which ONNX
    cannot.
    """
    import keras
    import tensorflow

    class Ops:
        argmax = staticmethod(tensorflow.argmax)

        def __getattr__(self, name: str) -> Any:
            return getattr(keras.ops, name)

    return Ops()


def array_of(xp: Any, input: InputTransform, x: Any) -> Any:
    """Convert an export's examples to the form that `InputTransform.values` takes."""
    if not input.pixel_range:
        return x
    pixels = with_channels(xp, unit_pixels(xp, x, input.pixel_range), channels(input.example))
    return xp.reshape(pixels, (-1, *input.example))


def indices_of(xp: Any, column: ColumnTransform, cells: Any) -> Any:
    """Return the indices of a column that has an input of its own [n, length]."""
    return cells if column.kind == TEXT else xp.where(xp.isnan(cells), 0, cells + 1)


def _prepared(ops: Any, input: InputTransform, given: Mapping[str, Any]) -> Any:
    """Prepare the examples of one input, as `InputTransform.values` does in NumPy."""
    import numpy as np

    if input.columns is None and not input.vocabulary:
        # Converted to float32 first, as `values` does: TensorFlow does not mix types.
        x = array_of(ops, input, ops.cast(given[input.name], "float32"))
        x = input.uncut.shaped(ops, ops.einsum, x / np.float32(input.scale))
        return centre_cut(x, input.shape[:2]) if input.crop_from else x
    columns: Sequence[ColumnTransform] = input.columns.columns if input.columns else ()
    if input.vocabulary:
        x = indices_of(ops, columns[0], given[columns[0].name]) if columns else given[input.name]
        return ops.reshape(ops.cast(x, "int32"), (-1, *input.shape))
    parts = [column.encoded(ops, given[column.name][:, 0]) for column in columns]
    x = ops.concatenate([ops.cast(part, "float32") for part in parts], axis=1)
    return ops.reshape(x, (-1, *input.shape))

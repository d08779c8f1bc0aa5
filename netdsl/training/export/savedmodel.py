"""TensorFlow's SavedModel, a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.training.export.examples import as_input, as_list
from netdsl.training.export.format import Format, Runner

if TYPE_CHECKING:
    import keras


def _write(model: keras.Model, path: Path) -> str:
    model.export(path, format="tf_saved_model", verbose=False)
    return ""


def _run(model: keras.Model, path: Path) -> Runner:
    import tensorflow

    loaded = tensorflow.saved_model.load(path)
    return lambda examples: as_list(loaded.serve(as_input(examples)))


SAVEDMODEL = Format("a SavedModel", ("",), _write, _run, "tensorflow")

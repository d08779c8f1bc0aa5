"""Keras's own files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.training.export.examples import as_input, as_list
from netdsl.training.export.format import Format, Runner

if TYPE_CHECKING:
    import keras


def _write(model: keras.Model, path: Path) -> str:
    model.save(path)
    return ""


def _run(model: keras.Model, path: Path) -> Runner:
    from netdsl.keras.opening import load_model

    loaded = load_model(path)
    # Loaded again from the file: the model that was saved would always equal itself.
    return lambda examples: as_list(loaded.predict_on_batch(as_input(examples)))


KERAS = Format("a Keras model", (".keras",), _write, _run, "keras", tensorflow=False)

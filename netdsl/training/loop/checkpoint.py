"""A training's numbers in one file, written beside and renamed: what is needed to resume it bit for
bit. This module imports Keras.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from netdsl.errors import fail
from netdsl.files import save
from netdsl.training.loop.state import State, as_plain, from_plain
from netdsl.training.runs.folder import CHECKPOINT


def arrays_of(model: keras.Model) -> dict[str, Any]:
    """Give what training changes, by place: the weights, the random states of its layers, and the
    optimizer's numbers.
    """
    variables = {"model": model.variables, "optimizer": model.optimizer.variables}
    held = {
        f"{kind}/{place}": variable
        for kind, own in variables.items()
        for place, variable in enumerate(own)
    }
    # copied: under torch the arrays are the variables themselves; bfloat16, which NumPy's files do
    # not know, fits into float32
    return {
        name: _plain(keras.ops.convert_to_numpy(variable.value)) for name, variable in held.items()
    }


def _plain(array: Any) -> Any:
    return np.array(array, np.float32 if array.dtype.name == "bfloat16" else None)


def restore(model: keras.Model, held: dict[str, Any]) -> None:
    """Give the model and its optimizer the numbers of `arrays_of`.

    Raises:
        ValueError: where they are another model's.
    """
    for kind, variables in (("model", model.variables), ("optimizer", model.optimizer.variables)):
        for place, variable in enumerate(variables):
            array = held.get(f"{kind}/{place}")
            if array is None or tuple(array.shape) != tuple(variable.shape):
                raise ValueError(f"{kind} array {place} has another shape")
            variable.assign(array)


def write_checkpoint(folder: Path, model: keras.Model, state: State) -> None:
    """Write how far the training has come.

    Raises:
        RunError: N610 where the disk does not take it; then the last one is still there.
    """
    held = arrays_of(model)
    held |= {f"best/{place}": _plain(array) for place, array in enumerate(state.weights)}
    values = np.frombuffer(json.dumps(as_plain(state)).encode(), np.uint8)

    def write(path: Path) -> None:
        with path.open("wb") as file:  # by name, NumPy would add .npz to it
            np.savez(file, state=values, **held)

    save(folder / CHECKPOINT, write)


def read_checkpoint(folder: Path, model: keras.Model) -> State | None:
    """Bring the model to where the training was left, and give its state.

    None where nothing was written yet.

    Raises:
        NetError: N614 where the file is damaged or another model's.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        best = sum(name.startswith("best/") for name in held)
        weights = [held[f"best/{place}"] for place in range(best)]
        state = from_plain(json.loads(held.pop("state").tobytes()), weights)
        restore(model, held)
    except Exception as error:  # zip, zlib, NumPy and JSON each raise what they like of damage
        raise fail("N614", f"{path} is damaged, or belongs to another network: {error}") from None
    return state

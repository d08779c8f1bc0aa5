"""A training's numbers in one file, written next to and renamed: what is needed to resume it bit
for bit. This module imports Keras.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from netdsl.errors import NetError, fail, first_line
from netdsl.files import save
from netdsl.keras import private
from netdsl.training.data.npz import ArrayHeader, NpzFile
from netdsl.training.loop.state import State, as_plain, from_plain
from netdsl.training.runs.folder import CHECKPOINT, LAST_NUMBERS

RUNNING = "running"
"""The kind of the numbers that the figures of an epoch are made of: kept within an epoch alone."""

MAX_STATE = 1 << 28
"""Bytes of a state: a million epochs take less. A damaged or foreign file may claim any size, and
the array is made before it is read.
"""


Variables = Mapping[str, Sequence[Any]]
"""What a training changes: Keras's variables by their kind."""

T = TypeVar("T")


def variables_of(model: keras.Model) -> Variables:
    """Return what a model's training changes.

    The weights, the random states of its layers, and the optimizer's numbers.
    """
    return {"model": model.variables, "optimizer": model.optimizer.variables}


def arrays_of(variables: Variables) -> dict[str, Any]:
    """Return the variables' numbers by kind and place."""
    held = {
        f"{kind}/{place}": variable
        for kind, own in variables.items()
        for place, variable in enumerate(own)
    }
    # copied: under torch the arrays are the variables themselves; bfloat16, which NumPy's files do
    # not know, fits into float32
    return {name: _array(variable) for name, variable in held.items()}


def _array(variable: Any) -> Any:
    return _plain(keras.ops.convert_to_numpy(variable.value))


def _plain(array: Any) -> Any:
    return np.array(array, np.float32 if array.dtype.name == "bfloat16" else None)


def restore(variables: Variables, file: NpzFile) -> None:
    """Give variables the numbers of `arrays_of`, of which none is read that is not of the shape and
    the type that they have.

    Raises:
        KeyError, ValueError: where they are another model's.
    """
    for kind, own in variables.items():
        for place, variable in enumerate(own):
            variable.assign(file.read(f"{kind}/{place}", _header(variable)))


def _header(variable: Any) -> ArrayHeader:
    """Return the shape and the type of what `arrays_of` gives a variable."""
    array = _array(variable)
    return ArrayHeader(array.shape, array.dtype)


def last_numbers(model: keras.Model) -> Variables:
    """Return what another stage of a training continues from; its rate is set on its own."""
    rate = private.rate_or_schedule(model.optimizer)
    slots = [variable for variable in model.optimizer.variables if variable is not rate]
    return {"model": model.variables, "optimizer": slots}


def read_last_numbers(folder: Path, model: keras.Model) -> None:
    """Give a model the numbers that a training ended with.

    Raises:
        NetError: N614 where the file is missing, damaged or another model's.
    """
    path = folder / LAST_NUMBERS
    try:
        restore(last_numbers(model), NpzFile(path))
    except Exception as error:  # as for a checkpoint
        raise _damaged(path, error) from None


def write_checkpoint(folder: Path, model: keras.Model, state: State) -> None:
    """Write how far the training has come.

    Raises:
        RunError: N610 where the disk does not take it; then the last one is still there.

    Args:
        folder: the run's.
        model: compiled, with a built optimizer.
        state: of the same step as the model's weights.
    """
    more = {f"best/{place}": array for place, array in enumerate(state.weights)}
    if state.taken:
        more |= arrays_of({RUNNING: model.metrics_variables})
    write_numbers(folder, variables_of(model), as_plain(state), more)


def write_numbers(
    folder: Path, variables: Variables, values: Mapping[str, Any], more: Mapping[str, Any]
) -> None:
    """Write variables, plain values and `more` arrays as a folder's checkpoint.

    Args:
        folder: the run's.
        variables: by kind; their places in each sequence are their names in the file.
        values: what JSON can hold.
        more: further arrays by name.

    Raises:
        RunError: N610 where the disk does not take it; then the last one is still there.
    """
    held = arrays_of(variables) | {name: _plain(array) for name, array in more.items()}
    # JSON as bytes in the same file: state and weights must be of the same step, and two files
    # could be written around a kill. `json` writes NaN, which a metric may be, and reads it again.
    state = np.frombuffer(json.dumps(values).encode(), np.uint8)

    # Written under another name and renamed: a kill leaves the last checkpoint whole.
    save(folder / CHECKPOINT, lambda path: write_arrays(path, {"state": state, **held}))


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays as an .npz file of this name."""
    with path.open("wb") as file:  # by name, NumPy would add .npz to it
        np.savez(file, **arrays)


def read_checkpoint(
    folder: Path, model: keras.Model, check: Callable[[State], None]
) -> State | None:
    """Bring the model to where the training was left, and give its state.

    None where nothing was written yet.

    Args:
        folder: the run's.
        model: built and compiled, its optimizer built too; its variables are assigned.
        check: raises ValueError for a state that the training cannot be in; afterwards the model
            has the variables of its figures, where the state is within an epoch.

    Raises:
        NetError: N614 where the file is damaged or another model's.
    """

    def made(values: dict[str, Any], file: NpzFile) -> State:
        kept = [f"best/{place}" for place in range(len(model.weights))]
        # Before the first evaluation there are no best weights.
        best = kept if kept and kept[0] in file else []
        # `strict=False`: `best` is empty before the first evaluation.
        weights = [
            file.read(name, _header(variable))
            for name, variable in zip(best, model.weights, strict=False)
        ]
        state = from_plain(values, weights)
        check(state)
        if state.taken:
            running = enumerate(model.metrics_variables)
            state.running = [
                file.read(f"{RUNNING}/{place}", _header(each)) for place, each in running
            ]
        return state

    return read_numbers(folder, variables_of(model), made)


def read_numbers(
    folder: Path, variables: Variables, made: Callable[[dict[str, Any], NpzFile], T]
) -> T | None:
    """Give variables what `write_numbers` wrote of them, and return what is `made` of the values.

    Args:
        folder: the run's.
        variables: as they were given to `write_numbers`; each must have the shape and type it had.
        made: makes the state of the plain values and the open file; any exception of it says that
            the file is damaged.

    Returns:
        What was made; None where nothing was written yet.

    Raises:
        NetError: N614 where the file is damaged or another model's.
    """
    path = folder / CHECKPOINT
    if not os.path.lexists(path):
        return None
    try:
        file = NpzFile(path)
        # The header first: NumPy would allocate what the file claims.
        if file.header("state").nbytes > MAX_STATE:
            raise ValueError(f"its state takes more than {MAX_STATE:,} bytes")
        state = made(json.loads(file.read("state").tobytes()), file)
        # Last: a state that is not sound must not leave a half-restored model.
        restore(variables, file)
    except Exception as error:  # zip, zlib, NumPy and JSON each raise what they like of damage
        raise _damaged(path, error) from None
    return state


def _damaged(path: Path, error: Exception) -> NetError:
    lacks = isinstance(error, KeyError | TypeError | AttributeError)
    why = f"it lacks what a {path.stem} holds" if lacks else first_line(error)
    return fail("N614", f"{path} is damaged, or belongs to another network: {why}")

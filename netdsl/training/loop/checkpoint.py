"""A training's numbers in one file, from which it is resumed bit for bit.

The file is written under another name and renamed. This module imports Keras.
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
"""The kind of the numbers from which an epoch's figures are computed: kept only within an epoch."""

MAX_STATE = 1 << 28
"""The most bytes of a state: a million epochs take less. A damaged or foreign file may claim any
size, and the array is allocated before it is read.
"""


Variables = Mapping[str, Sequence[Any]]
"""The Keras variables that a training changes, by their kind."""

T = TypeVar("T")


def variables_of(model: keras.Model) -> Variables:
    """Return the variables that a model's training changes: the weights, the random states of its
    layers, and the optimizer's numbers.
    """
    return {"model": model.variables, "optimizer": model.optimizer.variables}


def arrays_of(variables: Variables) -> dict[str, Any]:
    """Return the variables' values by kind and place."""
    held = {
        f"{kind}/{place}": variable
        for kind, own in variables.items()
        for place, variable in enumerate(own)
    }
    # Copied: under torch the arrays are the variables themselves. bfloat16, which NumPy's files do
    # not support, fits into float32.
    return {name: _array(variable) for name, variable in held.items()}


def _array(variable: Any) -> Any:
    return _plain(keras.ops.convert_to_numpy(variable.value))


def _plain(array: Any) -> Any:
    return np.array(array, np.float32 if array.dtype.name == "bfloat16" else None)


def restore(variables: Variables, file: NpzFile) -> None:
    """Set variables to the values that `arrays_of` returned; an array is read only if its shape and
    type are those of its variable.

    Raises:
        KeyError, ValueError: where they are another model's.
    """
    for kind, own in variables.items():
        for place, variable in enumerate(own):
            variable.assign(file.read(f"{kind}/{place}", _header(variable)))


def _header(variable: Any) -> ArrayHeader:
    """Return the shape and the type of the array that `arrays_of` returns for a variable."""
    array = _array(variable)
    return ArrayHeader(array.shape, array.dtype)


def last_numbers(model: keras.Model) -> Variables:
    """Return the variables from which another stage of a training continues; the rate is set
    separately.
    """
    rate = private.rate_or_schedule(model.optimizer)
    slots = [variable for variable in model.optimizer.variables if variable is not rate]
    return {"model": model.variables, "optimizer": slots}


def read_last_numbers(folder: Path, model: keras.Model) -> None:
    """Set a model's variables to the values that a training ended with.

    Raises:
        NetError: N614 where the file is missing, damaged or another model's.
    """
    path = folder / LAST_NUMBERS
    try:
        restore(last_numbers(model), NpzFile(path))
    except Exception as error:  # on damage errors of any kind are raised, as for a checkpoint
        raise _damaged(path, error) from None


def write_checkpoint(folder: Path, model: keras.Model, state: State) -> None:
    """Write a checkpoint of the training.

    Args:
        folder: the run's.
        model: compiled, with a built optimizer.
        state: of the same step as the model's weights.

    Raises:
        RunError: N610 where it cannot be written to the disk; then the last one is still there.
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
        values: values of JSON.
        more: further arrays by name.

    Raises:
        RunError: N610 where it cannot be written to the disk; then the last one is still there.
    """
    held = arrays_of(variables) | {name: _plain(array) for name, array in more.items()}
    # JSON as bytes in the same file: state and weights must be of the same step, and the process
    # could be killed between two files. `json` writes NaN, which a metric may be, and reads it.
    state = np.frombuffer(json.dumps(values).encode(), np.uint8)

    # Written under another name and renamed, so that a kill leaves the last checkpoint intact.
    save(folder / CHECKPOINT, lambda path: write_arrays(path, {"state": state, **held}))


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays as an .npz file with exactly this name."""
    with path.open("wb") as file:  # by name, NumPy would add .npz to it
        np.savez(file, **arrays)


def read_checkpoint(
    folder: Path, model: keras.Model, check: Callable[[State], None]
) -> State | None:
    """Set the model to where the training was stopped, and return its state.

    The state is None where nothing was written yet.

    Args:
        folder: the run's.
        model: built and compiled, its optimizer built too; its variables are assigned.
        check: raises ValueError for a state that the training cannot be in; if the state is within
            an epoch, it makes the variables of the model's figures.

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
    """Set variables to the values that `write_numbers` wrote, and return the state.

    Args:
        folder: the run's.
        variables: as they were given to `write_numbers`; each must have the shape and type it had.
        made: makes the state from the plain values and the open file; any exception of it means
            that the file is damaged.

    Returns:
        The state; None where nothing was written yet.

    Raises:
        NetError: N614 where the file is damaged or another model's.
    """
    path = folder / CHECKPOINT
    if not os.path.lexists(path):
        return None
    try:
        file = NpzFile(path)
        # The header first: NumPy would allocate whatever the file claims.
        if file.header("state").nbytes > MAX_STATE:
            raise ValueError(f"its state takes more than {MAX_STATE:,} bytes")
        state = made(json.loads(file.read("state").tobytes()), file)
        # Last: a state that is not sound must not leave a half-restored model.
        restore(variables, file)
    except Exception as error:  # on damage zip, zlib, NumPy and JSON raise errors of any kind
        raise _damaged(path, error) from None
    return state


def _damaged(path: Path, error: Exception) -> NetError:
    lacks = isinstance(error, KeyError | TypeError | AttributeError)
    why = f"it lacks what a {path.stem} holds" if lacks else first_line(error)
    return fail("N614", f"{path} is damaged, or belongs to another network: {why}")

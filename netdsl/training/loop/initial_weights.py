"""Initial weights that come from elsewhere: a run, a Keras model, or a safetensors file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, Span, fail
from netdsl.training.runs.folder import BEST, require_file
from netdsl.training.safetensors import read_safetensors
from netdsl.wording import first_few, shape_text

if TYPE_CHECKING:
    import keras

LISTED = 6
"""The most names that are listed."""


def take_over(model: keras.Model, source: str | Path, span: Span | None = None) -> tuple[str, ...]:
    """Copy arrays into a model: those that have the name and the shape of one of its own.

    Args:
        model: the model that they are copied into.
        source: a run's folder, a Keras model or a safetensors file.
        span: where a recipe's text names it.

    Returns:
        What was copied and what was not, in words.

    Raises:
        NetError: N601, N613, N614 where there is no such file or run, or it is damaged; N618 where
            nothing fits.
    """
    path = Path(source)
    held = _arrays(path, span)
    # By path (`conv_1/kernel`): the order differs where a layer was added, the names do not.
    own = {variable.path: variable for variable in model.weights}
    fits = {
        name: array
        for name, array in held.items()
        if name in own and tuple(own[name].shape) == tuple(array.shape)
    }
    if not fits:
        message = (
            f"none of the {len(held):,} arrays of {path} matches an array of {model.name} in name "
            "and shape"
        )
        raise fail(
            "N618",
            message,
            span,
            help=f"they are named {_listed(held)}; the network's are {_listed(own)}",
        )
    # Assigned only now, so that an error above leaves the model's weights unchanged.
    for name, array in fits.items():
        own[name].assign(array)
    report = [f"{path}: {len(fits):,} of the network's {len(own):,} arrays copied"]
    misshapen = [name for name in held if name in own and name not in fits]
    groups = {
        "with another shape": [
            f"{name} {_shape_text(held[name])}, here {_shape_text(own[name])}" for name in misshapen
        ],
        "not in the file": [name for name in own if name not in held],
        "not in the network": [name for name in held if name not in own],
    }
    return (*report, *(f"{what}: {_listed(names)}" for what, names in groups.items() if names))


def _arrays(path: Path, span: Span | None) -> dict[str, Any]:
    """Return the file's arrays by layer and name."""
    if path.suffix == ".safetensors":
        return read_safetensors(path, span)
    # A folder means a run's best weights; those of its last epoch are named by `last.keras`.
    if os.path.isdir(path):
        require_file(path, BEST)
        path = path / BEST
    from netdsl.keras.opening import load_model

    try:
        return {variable.path: variable.numpy() for variable in load_model(path).weights}
    except NetError as error:
        # The recipe names the file: the error is shown at the recipe's line.
        raise NetError(
            *(one._replace(span=one.span or span) for one in error.diagnostics)
        ) from None


def _listed(names: Iterable[str]) -> str:
    return first_few(list(names), LISTED)


def _shape_text(array: Any) -> str:
    return shape_text(array.shape, scalar="1")

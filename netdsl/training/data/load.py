"""Load a recipe's data for a network: read it, plan its preparation, arrange it in three parts."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, fail
from netdsl.training.data.dispatch import read
from netdsl.training.data.fit_table import fitted
from netdsl.training.data.partition import arrange, whole
from netdsl.training.data.parts import INPUT, Data
from netdsl.training.data.plan import plan
from netdsl.training.data.signature import NetworkSignature
from netdsl.training.data.sources.hub import HUBS
from netdsl.training.data.sources.named import BUNDLED, NAMES
from netdsl.training.data.sources.toys import MADE
from netdsl.training.preparation.rows import pieces
from netdsl.training.preparation.shapes import size

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import DataSpec, Recipe

FAR = 100
"""A larger mean or standard deviation of target values is reported."""


def load_data(recipe: Recipe, network: Architecture, given: Any = None) -> Data:
    """Load a recipe's data for a network, check it against inputs and outputs, and split it.

    Args:
        recipe: names the source; without one, a network of ten outputs gets the bundled digits.
        network: the network to train.
        given: data from Python, in place of a source.

    Raises:
        NetError: N505, N507, N510 to N521, N526 to N536.
        RunError: N522 where a download fails.
    """
    bundled = given is None and recipe.data.source is None and recipe.data.function is None
    if bundled:
        # A user who trains another network does not mean the digits.
        if len(network.inputs) != 1 or network.outputs[0].shape != (len(NAMES[BUNDLED]),):
            raise fail(
                "N510", "no data is given", help="give it: --data FILE.npz, or `data:` in a recipe"
            )
        recipe = replace(recipe, data=replace(recipe.data, source=BUNDLED))
    signature = NetworkSignature.of(network, recipe.augment.crop_from or 0)
    span = recipe.data_span
    held = read(recipe.data, signature, given, span=span)
    data = arrange(held, recipe, plan(held, recipe, signature))
    if held.columns:
        return fitted(data, span)
    notes = (*_other_size(data), *_far(data)) if bundled else _far(data)
    return replace(data, notes=(*data.notes, *notes))


def _other_size(data: Data) -> list[str]:
    """Warn of the bundled digits where the network's input is of another size, as MNIST's is."""
    digits = data.preparation.inputs[0]
    if math.prod(digits.example) == math.prod(digits.shape):
        return []
    sizes = f"{size(digits.example)} resized to {size(digits.shape)}"
    return [
        f"warning: no data is given: training on the digits that come with netdsl, {sizes} "
        "(for MNIST: --data mnist)"
    ]


def reload(recipe: Recipe, preparation: Preparation, given: Any = None) -> Data:
    """Load the data of a run again, for the preparation that is stored with it.

    Raises:
        NetError: as `load_data` does; N535 for data from Python.
    """
    signature, span = NetworkSignature.of_preparation(preparation), recipe.data_span
    held = read(recipe.data, signature, given, preparation, span)
    return arrange(held, recipe, preparation, trained=True)


def load_other(
    recipe: Recipe, preparation: Preparation, data: Any, known: Callable[[Data], bool]
) -> Data:
    """Load data to measure a run's network on.

    If it is the run's own data, it is split as that was. Otherwise, data without a test part of its
    own becomes the test part as a whole.

    Args:
        recipe: the run's.
        preparation: the run's.
        data: a source, or data from Python.
        known: says whether data is what the run was trained with.

    Raises:
        NetError: as `reload` does.
    """
    given = data
    if isinstance(data, str | os.PathLike):
        given, source = None, os.fspath(data)
        weight = recipe.data.weight  # of a file of its own it is for the run's examples alone
        if source.endswith(".npy") and _target(recipe.data, source) != recipe.data.target:
            weight = None
        recipe = replace(
            recipe,
            data=replace(
                recipe.data,
                source=source,
                target=_target(recipe.data, source),
                weight=weight,
                validation=None,
                test=None,
                **dict.fromkeys(MADE),  # type: ignore[arg-type]
            ),
        )
    held = read(recipe.data, NetworkSignature.of_preparation(preparation), given, preparation)
    asked = recipe.data.split
    own = replace(
        asked,
        test=None if held.test else asked.test,
        fold=None if held.test else asked.fold,
        validation=None if held.validation else asked.validation,
    )
    recipe = replace(recipe, data=replace(recipe.data, split=own, spans={}), spans={})
    try:
        # Data must be split to be compared: the run's fingerprint is that of its three parts.
        same = arrange(held, recipe, preparation, trained=True)
    except NetError as error:
        if error.diagnostics[0].code != "N516" or held.test:  # too few to be split
            raise
        return whole(held, recipe, preparation)
    return same if held.test or known(same) else whole(held, recipe, preparation)


def _target(spec: DataSpec, source: str) -> str | tuple[str, ...] | None:
    """Return the target of a run if it makes sense for another source, too: `input`, a column of a
    data set of the same hub, or the target of the same file.
    """
    hub = spec.source and next(
        (hub for hub in HUBS if spec.source.startswith(hub) and source.startswith(hub)), ""
    )
    same = os.path.abspath(source) == os.path.abspath(spec.source or "")
    return spec.target if spec.target == INPUT or hub or same else None


def _far(data: Data) -> Iterator[str]:
    """Report target values of arrays that are far from the outputs of an untrained network."""
    for output, y, name in zip(
        data.preparation.outputs, data.train.y, data.train.y_names, strict=True
    ):
        if output.classes or output.copies or output.loss not in ("squared", "absolute"):
            continue
        count = total = squares = 0.0
        for _, piece in pieces(y):
            count += piece.size
            total += float(piece.sum(dtype=float))
            # In one pass over files that may exceed the memory: exact enough for a warning.
            squares += float((piece.astype(float) ** 2).sum())
        mean = total / count
        deviation = math.sqrt(max(0.0, squares / count - mean**2))
        if max(abs(mean), deviation) > FAR:
            far = f"{name} has the mean {mean:.4g} and the standard deviation {deviation:.4g}"
            yield f"{far}: values near 1 train faster; those of a table are standardised"

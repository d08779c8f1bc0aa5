"""Plan a training: read the data, resolve the recipe, and reject what cannot work."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from netdsl.kinds.values import dims
from netdsl.reading import Fragment, with_params
from netdsl.training.data import load_data
from netdsl.training.data.example_shape import example_shape
from netdsl.training.planning.components import components
from netdsl.training.planning.job import Job
from netdsl.training.planning.measures import with_positive
from netdsl.training.planning.requirements import require_loggers, use_backend
from netdsl.training.planning.resolve import resolve
from netdsl.training.recipes.conflicts import conflict_context
from netdsl.training.recipes.recipe import DataSpec, Recipe

if TYPE_CHECKING:
    from netdsl.architecture import Architecture


def plan(
    network: Architecture | Fragment,
    recipe: Recipe | None = None,
    *,
    data: Any = None,
    target: str | int | Sequence[str | int] | None = None,
    drop: Sequence[str] | None = None,
    epochs: int | None = None,
    batch: int | str | None = None,
    seed: int | None = None,
    backend: str | None = None,
    log: tuple[str, ...] | None = None,
    init_from: str | None = None,
) -> Job:
    """Plan a training before anything is built: read the data, resolve the recipe.

    Arguments override the recipe, and the network's own params those of the recipe.

    Args:
        network: the network to train; one without an input gets the data's shape as its input.
        recipe: how to train it; whatever it leaves out has a default.
        data: a source as in a recipe, or the data itself: arrays `(x, y)`, a dict of arrays, or an
            iterable of batches.
        target: as in a recipe's `data`.
        drop: as in a recipe's `data`: columns of a table that are left out.
        epochs: as in a recipe.
        batch: as in a recipe.
        seed: as in a recipe.
        backend: as in a recipe.
        log: as in a recipe.
        init_from: as in a recipe.

    Raises:
        NetError: for what does not fit together, and what cannot be read.
    """
    recipe, given = asked_for(
        recipe,
        data=data,
        target=target,
        drop=drop,
        epochs=epochs,
        batch=batch,
        seed=seed,
        backend=backend,
        log=log,
        init_from=init_from,
    )
    # Before anything imports Keras, whose backend cannot be changed afterwards.
    use_backend(recipe.backend, recipe.span("backend"))
    shape = None
    if isinstance(network, Fragment):
        # A fragment has no input: its first layer reads examples of the data's shape.
        shape = example_shape(recipe, given)
        network = network.on(shape, {**recipe.params, **network.options.params})
    else:
        network = with_params(network, {**recipe.params, **network.params})
    # Before the data is read, which may take minutes: a missing package is reported at once.
    require_loggers(recipe.log or ())
    with conflict_context(recipe):
        loaded = with_positive(load_data(recipe, network, given), recipe)
    resolved = resolve(recipe, network, loaded)
    if shape is not None:
        what = f"its examples of {dims(shape)} are the network's input"
        source = f"{resolved.reasons.get('data.source', 'given')}; {what}"
        resolved = resolved._replace(reasons={**resolved.reasons, "data.source": source})
    return Job(network, resolved, loaded, components(network, loaded))


def asked_for(
    recipe: Recipe | None,
    *,
    data: Any = None,
    target: str | int | Sequence[str | int] | None = None,
    drop: Sequence[str] | None = None,
    epochs: int | None = None,
    batch: int | str | None = None,
    seed: int | None = None,
    backend: str | None = None,
    log: tuple[str, ...] | None = None,
    init_from: str | None = None,
) -> tuple[Recipe, Any]:
    """Return a recipe with the arguments of `plan` that override it, and data from Python."""
    recipe, given = recipe or Recipe(), None
    spec = None
    if isinstance(data, str | os.PathLike):
        spec = DataSpec(source=os.fspath(data))
    elif data is not None:
        given, spec = data, dataclasses.replace(recipe.data, source="python")
    if target is not None:
        learned: Any = tuple(target) if isinstance(target, list) else target
        spec = (spec or recipe.data).replace(target=learned)
    if drop is not None:
        spec = (spec or recipe.data).replace(drop=_columns(drop))
    recipe = recipe.replace(
        data=spec,
        epochs=epochs,
        batch=batch,
        seed=seed,
        backend=backend,
        log=log,
        init_from=init_from,
    )
    if recipe.init_from:  # the run may be resumed from another folder
        recipe = dataclasses.replace(recipe, init_from=os.path.abspath(recipe.init_from))
    return recipe, given


def _columns(given: Any) -> Any:
    """Return columns as a tuple, if they are given as a text, a list or a tuple."""
    if isinstance(given, str):
        return (given,)
    return tuple(given) if isinstance(given, list) else given

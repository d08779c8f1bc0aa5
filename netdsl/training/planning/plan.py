"""Planning a training: the data read, the recipe resolved, what can be refused refused."""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import TYPE_CHECKING, Any

from netdsl.errors import fail
from netdsl.params import exact_params
from netdsl.reading import with_params
from netdsl.training.data import load_data
from netdsl.training.planning.job import Job
from netdsl.training.planning.resolve import resolve
from netdsl.training.recipes.recipe import DataSpec, Recipe
from netdsl.training.reporting.loggers import check_loggers

if TYPE_CHECKING:
    from netdsl.architecture import Architecture


def plan(
    network: Architecture,
    recipe: Recipe | None = None,
    *,
    data: Any = None,
    target: str | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    seed: int | None = None,
    backend: str | None = None,
    log: tuple[str, ...] | None = None,
    init_from: str | None = None,
) -> Job:
    """Say all that can be said before anything is built: read the data, resolve the recipe.

    What is given here goes before the recipe; the network's own parameters go before the recipe's.

    Args:
        network: what is trained.
        recipe: how; whatever it leaves out has a default.
        data: a source as in a recipe, or the data itself: arrays `(x, y)`, a dict of arrays, or
            something that gives batches.
        target: as in a recipe's `data`.
        epochs: and the others: as in a recipe.

    Raises:
        NetError: for what does not go together, and what cannot be read.
    """
    recipe, given = recipe or Recipe(), None
    spec = None
    if isinstance(data, str | os.PathLike):
        spec = DataSpec(source=os.fspath(data))
    elif data is not None:
        given, spec = data, dataclasses.replace(recipe.data, source="python")
    if target is not None:
        spec = dataclasses.replace(spec or recipe.data, target=target)
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
    params = exact_params({**recipe.params, **network.params})
    if params != network.params:
        network = with_params(network, params)
    use_backend(recipe)
    check_loggers(recipe.log or ())
    loaded = load_data(recipe, network, given)
    return Job(network, resolve(recipe, network, loaded), loaded)


def use_backend(recipe: Recipe) -> None:
    """Make Keras take the recipe's backend.

    Raises:
        NetError: N602 where it is not installed, N617 where Keras has another already.
    """
    wanted = recipe.backend
    if wanted is None:
        return
    if "keras" in sys.modules:
        now = sys.modules["keras"].config.backend()
        if now != wanted:
            raise fail(
                "N617",
                f"Keras runs on {now} in this process; the recipe wants {wanted}",
                help=f"set KERAS_BACKEND={wanted} before Keras is imported",
            )
        return
    from importlib.util import find_spec

    if find_spec(wanted) is None:
        raise fail(
            "N602",
            f"the backend {wanted} is not installed",
            recipe.span("backend"),
            help=f"pip install netdsl[{wanted}]"
            if wanted != "tensorflow"
            else "pip install tensorflow",
        )
    os.environ["KERAS_BACKEND"] = wanted

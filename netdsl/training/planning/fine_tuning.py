"""Check where weights come from, which are trained, how fast and when, their averages, and the
accumulation of batches.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from netdsl.training.recipes.conflicts import Conflict, Typo

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.training.recipes.recipe import Optimizer, Recipe

LISTED = 12
"""The most names that a help lists."""


def check_layers(recipe: Recipe, graph: Graph, epochs: int) -> None:
    """Reject patterns of `freeze` and `rates` that match no layer with weights, those that freeze
    all layers, and layers that are never unfrozen.

    Raises:
        Conflict: where there is such a pattern or epoch.
    """
    # Layers without weights do not count: a pattern that matches only those freezes nothing.
    names, patterns = [op.name for op in graph.ops if graph.weights(op)], recipe.freeze or ()
    _check_named("freeze", patterns, names)
    _check_named("rates", tuple(recipe.rates or ()), names)
    if recipe.unfreeze is not None:
        if not patterns:
            message = "`unfreeze` is the epoch after which the layers of `freeze` are trained"
            raise Conflict("unfreeze", message, help="freeze: [conv*]")
        if recipe.unfreeze >= epochs:
            message = f"the training has {epochs:,} epochs: none comes after "
            raise Conflict(
                "unfreeze", message + f"{recipe.unfreeze:,}", help="leave `unfreeze` out"
            )
    elif patterns and _match_all(patterns, names):
        raise Conflict("freeze", "`freeze` names every layer: nothing is left to train")
    frozen = () if recipe.unfreeze is not None else patterns
    left = [name for name in names if not _match_all(frozen, [name])]
    if recipe.rates and not any(_share(recipe.rates, name) for name in left):
        raise Conflict("rates", "the rate of every layer is 0: nothing is left to train")


def _match_all(patterns: Iterable[str], names: Sequence[str]) -> bool:
    return all(any(fnmatchcase(name, pattern) for pattern in patterns) for name in names)


def _share(rates: Mapping[str, float], name: str) -> float:
    """Return a layer's share of the rate, that of the first pattern that matches."""
    return next((share for pattern, share in rates.items() if fnmatchcase(name, pattern)), 1)


def _check_named(key: str, patterns: Sequence[str], names: Sequence[str]) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            message = f"`{key}` names `{pattern}`, which matches no layer with weights"
            shown = ", ".join(names[:LISTED]) + (", ..." if len(names) > LISTED else "")
            help = f"the layers with weights are {shown}"
            raise Conflict(key, message, help=help, typo=Typo(pattern, names))


def check_first_weights(path: str | None) -> None:
    """Reject a path of initial weights that does not exist.

    Raises:
        Conflict: N601 where it does not exist.
    """
    if path and not os.path.exists(path):
        message = f"there is no {path} to initialise the weights from"
        raise Conflict("init_from", message, code="N601")


def check_updates(recipe: Recipe, optimizer: Optimizer) -> None:
    """Reject options for updates that an optimizer, or several devices, do not support.

    Raises:
        Conflict: for averages, accumulated batches, and rates by layer.
    """
    keys = {
        "accumulate": recipe.accumulate not in (None, 1),
        "ema": bool(recipe.ema),
        "rates": bool(recipe.rates),
        "unfreeze": recipe.unfreeze is not None,
    }
    for key in (key for key, asked in keys.items() if asked):
        if optimizer.searches or (key == "accumulate" and optimizer.whole):
            message = f"`{optimizer.name}` takes each step on the whole training part: no `{key}`"
            raise Conflict(key, message, help="use `adam` or `sgd`, for example")
        if recipe.hosts or recipe.devices not in (None, 1):
            raise Conflict(key, f"`{key}` works on one device", help="leave `devices` out")
        if key != "ema" and recipe.penalty.proximal:
            message = f"`proximal` moves weights after each step, whatever `{key}` says of them"
            raise Conflict(key, message, help="leave `proximal` out")

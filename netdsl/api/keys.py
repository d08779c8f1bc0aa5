"""The keys of a recipe as keyword arguments of `train`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

if TYPE_CHECKING:
    from netdsl.api.arguments import ParamValue
    from netdsl.training.recipes.recipe import (
        Adversarial,
        Augment,
        Gan,
        Keep,
        Loss,
        Optimizer,
        Penalty,
        Schedule,
        Stopping,
    )

Keys: TypeAlias = Mapping[str, object]
"""The keys of a section of a recipe, and their values."""


class RecipeKeys(TypedDict, total=False):
    """How a network is trained.

    These are the keys of a recipe, as `docs/recipes.md` explains them, and `target` and `drop`. A
    value that is given here replaces the whole key of the recipe; None leaves it as it is.

    Attributes:
        data: a data set's name, a path, `{"source": ..., "target": ...}`, or the data itself:
            arrays (x, y), a dict of arrays, or an iterable that gives batches.
        target: what is learned: a column of a table by its name or number (-1 is the last), or
            several columns, a file of targets, or `input`.
        drop: columns of a table that are left out.
    """

    data: Any
    target: str | int | Sequence[str | int] | None
    drop: Sequence[str] | str | None
    gan: Gan | Keys | str | None
    loss: Loss | Keys | str | None
    losses: Mapping[str, str] | None
    loss_weights: Mapping[str, float] | None
    kl: float | None
    label_smoothing: float | None
    label_noise: float | None
    class_weights: Mapping[str, float | str | Mapping[str, float]] | str | None
    optimizer: Optimizer | Keys | str | None
    schedule: Schedule | Keys | str | None
    penalty: Penalty | Keys | None
    batch: int | str | None
    accumulate: int | None
    ema: float | str | bool | None
    epochs: int | None
    early_stopping: Stopping | Keys | bool | None
    metrics: Sequence[str] | str | None
    threshold: float | str | None
    positive: str | None
    calibrate: str | None
    keep: Keep | Keys | None
    checkpoint: int | str | None
    augment: Augment | Keys | None
    adversarial: Adversarial | Keys | float | None
    precision: str | None
    backend: str | None
    speed: str | None
    devices: int | str | None
    hosts: Sequence[str] | None
    init_from: str | os.PathLike[str] | None
    freeze: Sequence[str] | str | None
    unfreeze: int | None
    rates: Mapping[str, float] | None
    log: Sequence[str] | str | None
    seed: int | None
    params: Mapping[str, ParamValue] | None

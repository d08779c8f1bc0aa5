"""The devices on which a training's steps are computed: one, unless a strategy has several."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


class Devices:
    """One device of one process, the backend's default.

    Attributes:
        shared: whether several devices take each step together.
        hosts: the processes that train together.
        first: whether this process keeps the run and reports it.
    """

    shared: bool = False
    hosts: int = 1
    first: bool = True

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which models are made, compiled and run."""
        return nullcontext()

    def take_over(self, model: keras.Model, evaluator: keras.Model) -> None:
        """Make the model's `fit` and the evaluator's `evaluate` use all devices."""

    def end(self) -> None:
        """Wait for the other hosts, so that none takes the end of another one for a failure."""


def has_accelerator() -> bool:
    """Return whether the backend computes on a device other than the CPU."""
    from netdsl.keras.quiet import quiet_keras

    keras = quiet_keras()
    if keras.config.backend() == "torch":
        import torch

        return bool(torch.cuda.is_available())
    return any(not name.startswith("cpu") for name in keras.distribution.list_devices())

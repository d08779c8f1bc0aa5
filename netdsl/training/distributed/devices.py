"""The devices that take a training's steps: one, unless a strategy has several."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


class Devices:
    """One device of one process, the one that the backend takes by itself.

    Attributes:
        shared: whether several devices take each step together.
        hosts: the processes that train together.
        first: whether this process keeps the run and reports it.
    """

    shared: bool = False
    hosts: int = 1
    first: bool = True

    def scope(self) -> AbstractContextManager[Any]:
        """Return what models are made, compiled and run in."""
        return nullcontext()

    def take_over(self, model: keras.Model, evaluator: keras.Model) -> None:
        """Make the model's `fit` and the evaluator's `evaluate` use all devices."""

    def end(self) -> None:
        """Wait for the other hosts, so that none takes another's end for a loss."""


def has_accelerator() -> bool:
    """Return whether the backend computes on something else than the CPU."""
    from netdsl.keras.quiet import quiet_keras

    keras = quiet_keras()
    if keras.config.backend() == "torch":
        import torch

        return bool(torch.cuda.is_available())
    return any(not name.startswith("cpu") for name in keras.distribution.list_devices())

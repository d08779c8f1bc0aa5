"""Several devices under JAX. This module imports Keras, and JAX where it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import keras
import numpy as np

from netdsl.keras import private
from netdsl.training.distributed.sharing import chosen_devices
from netdsl.training.distributed.strategy import DeviceStrategy

STATE = (
    "trainable_variables",
    "non_trainable_variables",
    "optimizer_variables",
    "metrics_variables",
)
"""The variables that a step takes and returns under JAX, in Keras's order; an evaluation leaves out
the optimizer's.
"""


class OnJax(DeviceStrategy):
    """One program for all devices (SPMD).

    The rows of a batch are divided among devices; each device holds everything else.
    """

    def __init__(self, hosts: Sequence[str], me: int, devices: int | str) -> None:
        import jax

        if hosts:
            # Before `jax.devices()`, which would start the backend without the other hosts.
            keras.distribution.initialize(",".join(hosts), len(hosts), me)
        taken = [
            chosen_devices(devices, [one for one in jax.devices() if one.process_index == host])
            for host in range(max(1, len(hosts)))
        ]
        before = sum(map(len, taken[:me]))
        super().__init__(
            len(hosts), me, sum(map(len, taken)), range(before, before + len(taken[me]))
        )
        self.distribution = keras.distribution.DataParallel(
            # Sorted by host, so that each host's rows of a batch are consecutive; `_placed` divides
            # them itself.
            devices=[one for each in taken for one in each],
            auto_shard_dataset=False,
        )
        self.states: dict[Any, Any] = {}

    def scope(self) -> AbstractContextManager[Any]:
        scope: AbstractContextManager[Any] = self.distribution.scope()
        return scope

    def step(self, model: keras.Model, training: bool, whole: bool, data: Any) -> Mapping[str, Any]:
        names = (
            STATE if training else tuple(name for name in STATE if name != "optimizer_variables")
        )
        if training:
            model.make_train_function()
        else:
            model.make_test_function()
        # The variables hold the values themselves, as weights were set or metrics reset: they are
        # read again.
        if model not in self.states or private.has_jax_state(model):
            self.states[model] = private.taken_jax_state(model, names)
        function = model.train_function if training else model.test_function
        logs, state = function(
            self.states[model], iter([keras.tree.map_structure(partial(self._placed, whole), data)])
        )
        # As in Keras's loops, the variables get these values only when they are read.
        self.states[model] = state
        private.lend_jax_state(model, dict(zip(names, state, strict=True)))
        found: Mapping[str, Any] = logs
        return found

    def _placed(self, whole: bool, array: Any) -> Any:
        """Return this process's rows as its part of an array over all devices; with `whole`, the
        array on each device.
        """
        import jax

        mesh = self.distribution.device_mesh
        axes = [None if whole else mesh.axis_names[0], *[None] * (array.ndim - 1)]
        return jax.make_array_from_process_local_data(
            keras.distribution.TensorLayout(axes, mesh).backend_layout, np.asarray(array)
        )

    def write_back(self, model: keras.Model) -> None:
        model.jax_state_sync()
        private.end_jax_state(model)
        self.states.pop(model, None)

    def end(self) -> None:
        if self.hosts > 1:
            import jax

            jax.distributed.shutdown()

"""Where a training diverged: the step, and the layer, in which NaN or an infinity occurred first.

This module imports Keras.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from netdsl.errors import Diagnostic, RunError
from netdsl.keras import private
from netdsl.training.data.batches import unpack_single
from netdsl.training.loop.learner import Learner
from netdsl.training.loop.learning_rate import synchronise
from netdsl.training.loop.setup import first_model
from netdsl.training.runs.folder import BEST

if TYPE_CHECKING:
    from netdsl.training.data.batches import Shuffled
    from netdsl.training.loop.state import State


def divergence(learner: Learner, folder: Path) -> RunError:
    """Return the error for a training that diverged: where it did, and what is kept of it.

    The steps since the folder's last checkpoint are taken again.

    Args:
        learner: the training that diverged, with its state.
        folder: the run's.

    Returns:
        N611, not raised.
    """
    best, devices = learner.state.best, learner.setup.devices
    # With several hosts, the others do not have the checkpoint.
    # Chunks of steps report only their sum: single steps show the first that is not finite.
    step, layer = _first_step(learner, folder) if devices.hosts == 1 else (learner.state.step, "")
    where = f"in {folder / BEST}" if devices.first else "on the first host"
    kept = (
        f"the best weights, of step {best.step:,}, are {where}"
        if best
        else "no step was evaluated before that"
    )
    first = f", first in {layer}" if layer else ""
    message = f"the loss is NaN or infinite at step {step:,}{first}: {kept}"
    help = "a lower `rate` of the optimizer, or `clip_norm`, often helps"
    return RunError(Diagnostic("N611", message, help=help))


def _first_step(learner: Learner, folder: Path) -> tuple[int, str]:
    """Return the step, and the layer where it can be found."""
    again, training = _replayed(learner, folder, learner.state.step)
    step = again.state.step
    # Numbers that differ in the last digit (GPU, XLA) may not overflow again: then no layer is
    # named, rather than a wrong one.
    if not again.state.diverged:
        return learner.state.step, ""
    # Again, up to the step before: after the step the weights are NaN everywhere.
    again, training = _replayed(learner, folder, step - 1)
    epoch, place = place_of(learner.state, step)
    training.at_epoch(epoch)
    x = training[place][0]
    return step, first_not_finite(again.model, x)


def place_of(state: State, step: int) -> tuple[int, int]:
    """Return the epoch of a step of the current stage, and the step's place in it, from 0."""
    # By the recorded epochs: one that early stopping ended, before others were added, is shorter.
    ends = [0, *(row.step for row in state.epochs if row.step < step)]
    return len(ends), step - 1 - ends[-1]


def _replayed(learner: Learner, folder: Path, last: int) -> tuple[Learner, Shuffled]:
    """Train again from the last checkpoint up to a step, one step at a time."""
    job, setup = learner.job, learner.setup
    # Another model: the learner's must keep the weights that are reported as kept.
    again = Learner(job, setup, first_model(job, setup.devices).model)
    again.load(folder)
    training = learner.single_steps()
    callback = again.callback(training)
    callback.last = last
    if again.state.step < last:
        again.fit(training, callback, place_of(learner.state, last)[0])
        synchronise(again.model)
    return again, training


def first_not_finite(model: keras.Model, x: Any) -> str:
    """Return the first layer, in the order of the network, whose weights or output hold a number
    that is not finite; if there is none, the loss.
    """
    # Weights first: where these are NaN all outputs are, and the first layer would be named.
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    for layer in layers:
        if not all(map(_is_finite, layer.weights)):
            return f"the weights of `{layer.name}`"
    nodes = [
        (layer.name, node)
        for layer in layers
        for node in private.calls_of(layer)
        if private.is_call_of(model, node)
    ]
    # Calls that belong to another model of the same layers (a shared layer, a part cut off) have
    # tensors that this model's inputs do not reach, which Keras would reject.
    inner = keras.Model(unpack_single(tuple(model.inputs)), [node.outputs for _, node in nodes])
    names = [name for name, node in nodes for _ in node.outputs]
    for name, value in zip(names, keras.tree.flatten(inner(x, training=True)), strict=True):
        if not _is_finite(value):
            return f"the output of `{name}`"
    return "the loss itself"


def _is_finite(value: Any) -> bool:
    # In its own precision: in a lower one a large number would be infinite.
    return bool(keras.ops.convert_to_numpy(keras.ops.all(keras.ops.isfinite(value))))

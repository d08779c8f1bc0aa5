"""How many steps are taken together, and whether as one program, by fixed rules.

This module imports Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from netdsl.analysis.counts import count_network
from netdsl.training.speed.placement import accelerated

if TYPE_CHECKING:
    from netdsl.graph import Graph

TOGETHER, CPU_MACS = 50, 2 * 10**10
"""The most steps in one call, and the most multiply-accumulates on a CPU: enough to make the
cost of a call small, few enough to stop soon after Ctrl-C.
"""

GPU_FACTOR = 1000
"""A GPU is assumed to do this many times `CPU_MACS` in the same time."""

PAYS_AFTER = 2000
"""If a training can have this many steps, XLA saves TensorFlow more time than compiling takes."""


def steps_together(graph: Graph, batch: int) -> int:
    """Choose how many steps are taken in one call.

    A step's backward pass is about twice its forward pass.
    """
    macs = CPU_MACS * GPU_FACTOR if accelerated() else CPU_MACS
    # `max(1, ...)`: a network of pooling alone has no multiply-accumulates.
    return max(1, min(TOGETHER, macs // (3 * batch * max(1, count_network(graph).macs))))


def rule(model: keras.Model, graph: Graph, steps: int, augments: bool) -> str:
    """Choose how steps are taken together where nothing was measured.

    On a CPU XLA only helps dense layers. Under TensorFlow, where compiling with XLA is an extra
    step, it takes a long training to save time, and a longer one if augmentation is compiled too.

    Args:
        model: what is trained.
        graph: its graph.
        steps: the most steps that the training can have.
        augments: whether examples are changed at random.

    Returns:
        `compiled` for one program, or `chunks` for one step after the other.
    """
    pays = (
        accelerated() or keras.config.backend() == "jax" or (steps >= PAYS_AFTER and not augments)
    )
    return "compiled" if gains(model, graph) and pays else "chunks"


def gains(model: keras.Model, graph: Graph) -> bool:
    """Return whether steps can be compiled as one program, and XLA makes them faster."""
    return compiles(model) and (accelerated() or gains_on_cpu(graph))


def gains_on_cpu(graph: Graph) -> bool:
    """Return whether XLA makes a network faster on a CPU: whether all its kinds of layers gain.

    Convolutions, pooling and loops over time are slower with it, above all in a compiled loop.
    """
    return all(op.kind is None or op.kind.gains_from_xla for op in graph.ops)


def compiles(model: keras.Model) -> bool:
    """Return whether steps can be compiled as one program without changing what they compute.

    torch has no such program, and in TensorFlow's, random layers draw other numbers.
    """
    draws = draws_at_random(model)
    return {"tensorflow": not draws, "jax": True, "torch": False}[keras.config.backend()]


def draws_at_random(model: keras.Model) -> bool:
    """Return whether layers of a model draw random numbers in training."""
    # Keras keeps the state of each layer that draws (dropout, noise) in a variable of this name.
    return any(
        variable.name == "seed_generator_state" for variable in model.non_trainable_variables
    )

"""The models that emitted programs make, compared with netdsl's own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from netdsl import Network
from netdsl.analysis.counts import count_ops
from netdsl.emit.program import program
from netdsl.kinds.values import Indices

LARGE = 10**6
"""Weights from which on a model is freed at once, not whenever the garbage collector runs."""


def made_by(networks: tuple[Network, ...]) -> Iterator[tuple[Network, Any]]:
    """Each network with the model that the emitted program makes."""
    space: dict[str, Any] = {}
    text = program(networks)
    exec(compile(text, "emitted", "exec"), space)
    makers = [
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
        and "return keras.Model(" in str(ast.get_source_segment(text, node))
    ]
    for network, name in zip(networks, makers, strict=True):
        yield network, space[name]()


def needed_params(network: Network) -> int:
    """The weights of what an output needs, wherever they are held: Keras leaves the others out."""
    graph = network.graph
    waiting = [output.op for output in graph.outputs]
    needed = set(waiting)
    while waiting:
        more = set(graph.ops[waiting.pop()].inputs) - needed
        needed |= more
        waiting += more
    holders = {op if graph.ops[op].shares is None else graph.ops[op].shares for op in needed}
    counts = count_ops(graph)
    return sum(counts[holder].total for holder in holders)


def settings(model: Any) -> list[tuple[str, dict[str, Any]]]:
    """For each layer with weights, how they begin and what holds them small, and what the layer
    is.
    """
    ends = (
        "initializer",
        "regularizer",
        "momentum",
        "epsilon",
        "use_bias",
        "strides",
        "padding",
        "groups",
        "dilation_rate",
    )
    return [
        (
            type(layer).__name__,
            {key: _plain(value) for key, value in layer.get_config().items() if key.endswith(ends)},
        )
        for layer in model.layers
        if layer.weights
    ]


def _plain(value: Any) -> Any:
    """A setting without what differs from one draw to the next."""
    if isinstance(value, dict) and value.get("class_name") == "__numpy__":
        return _plain(value["config"]["value"])
    if isinstance(value, dict):
        return {
            key: _plain(item)
            for key, item in value.items()
            if key not in ("seed", "module", "registered_name", "build_config")
        }
    return tuple(value) if isinstance(value, list) else value


def assert_same(networks: tuple[Network, ...]) -> None:
    """The emitted models have netdsl's weights in their order, settings and outputs."""
    from netdsl.keras.quiet import quiet_keras

    keras = quiet_keras()
    rng = np.random.default_rng(0)
    for network, emitted in made_by(networks):
        own = Network.of(network).keras(0)
        assert emitted.name == own.name
        assert [tuple(weight.shape) for weight in emitted.weights] == [
            tuple(weight.shape) for weight in own.weights
        ]
        assert [weight.name for weight in emitted.weights] == [
            weight.name for weight in own.weights
        ]
        assert settings(emitted) == settings(own)
        assert emitted.count_params() == own.count_params() == needed_params(network)
        # a little smaller, so that the numbers stay small through hundreds of layers, and no two of
        # them the same
        weights = [
            0.7 * weight + 0.01 * (rng.random(weight.shape, dtype="float32") - 0.3)
            for weight in own.get_weights()
        ]
        own.set_weights(weights)
        emitted.set_weights(weights)
        given = [
            rng.integers(0, x.shape.limit, (2, *x.shape))
            if isinstance(x.shape, Indices)
            else rng.random((2, *x.shape), dtype="float32")
            for x in network.inputs
        ]
        for ours, theirs in zip(*(_outputs(model, given) for model in (own, emitted)), strict=True):
            # roots and logarithms of what is below 0 are NaN in both
            size = float(np.nan_to_num(np.abs(ours), posinf=0).max())
            np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-6 * size)
        # Collecting garbage takes longer than all the rest of a small network.
        keras.backend.clear_session(free_memory=own.count_params() > LARGE)


def _outputs(model: Any, given: list[Any]) -> list[Any]:
    found = model(given if len(given) > 1 else given[0], training=False)
    return [np.asarray(each) for each in (found if isinstance(found, list | tuple) else [found])]

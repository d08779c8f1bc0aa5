"""The order in which Keras lists the layers of a model."""

from __future__ import annotations

from netdsl.emit.calls import KerasCalls


def weight_order(calls: KerasCalls) -> list[int]:
    """Return the operations in the order in which a Keras model of these calls lists its layers
    with weights.

    Keras sorts layers by their distance from the outputs, and those of one distance as a search
    from the outputs meets them first; a layer that is used several times has the largest of its
    distances that were known when it was met.

    Source: `keras/src/ops/function.py`, `map_graph`.
    """
    met, after = _searched(calls)
    depths = dict.fromkeys(range(len(calls.calls)), 0)
    of_layer: dict[int, int] = {}
    # Outputs first: a call's depth is known when its inputs are looked at.
    for place in reversed(after):
        layer = calls.calls[place].layer
        of_layer[layer] = depth = max(depths[place], of_layer.get(layer, 0))
        for source in calls.calls[place].inputs:
            depths[source] = max(depth + 1, depths[source])
    listed = sorted(of_layer, key=lambda layer: (-of_layer[layer], met[layer]))
    return [calls.calls[layer].op for layer in listed if calls.calls[layer].has_weights]


def _searched(calls: KerasCalls) -> tuple[dict[int, int], list[int]]:
    """Return when a search from the outputs meets each layer first, and the calls, each after its
    inputs.
    """
    met: dict[int, int] = {}
    after: list[int] = []
    seen: set[int] = set()
    # A stack that is marked on the way out: recursion would end at 1,000 layers.
    waiting = [(place, False) for place in reversed(calls.outputs)]
    while waiting:
        place, done = waiting.pop()
        if done:
            after.append(place)
        elif place not in seen:
            seen.add(place)
            met.setdefault(calls.calls[place].layer, len(met))
            waiting.append((place, True))
            waiting += [(source, False) for source in reversed(calls.calls[place].inputs)]
    return met, after

"""Dropout as an ensemble: the outputs of networks with dropped units, averaged.

Goodfellow, Bengio, Courville, 2016, "Deep Learning", figure 7.6: each way of dropping units is a
network of its own; the whole network with scaled weights approximates the mean of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from netdsl.errors import fail
from netdsl.training.metrics.definitions import training_metric

if TYPE_CHECKING:
    import keras

    from netdsl.training.data import Examples
    from netdsl.training.preparation.transforms import Preparation

ROWS = 256
"""The fewest examples that are computed at a time: a call costs more than a small network."""

MAX_NETWORKS = 1000
"""The most networks that are averaged."""


def averaged(
    model: keras.Model, part: Examples, preparation: Preparation, batch: int, networks: int
) -> dict[str, Any]:
    """Measure networks with dropped units, and the mean of their outputs.

    Units are dropped for each example separately, and normalisations work as in use.

    Args:
        model: the network.
        part: the examples to measure on.
        preparation: how the examples are prepared.
        batch: how many examples are computed at a time, at least `ROWS`.
        networks: how many networks to average.

    Returns:
        `metric`, the name of the first output's metric; `single`, its mean over the networks;
        `means`, a list of [count, value]: its value for the mean outputs of the first 1, 2, 5, 10,
        ... networks.

    Raises:
        NetError: N505 for too many networks, N507 for a network without dropout.
    """
    import numpy as np

    from netdsl.training.data.batches import unpack_single
    from netdsl.training.metrics.counters import Counter
    from netdsl.training.speed.choice import draws_at_random

    if networks > MAX_NETWORKS:
        raise fail("N505", f"{networks:,} networks are more than {MAX_NETWORKS:,}")
    if not draws_at_random(model):
        raise fail("N507", f"{model.name} has no dropout: it is one network, not an ensemble")
    output = preparation.outputs[0]
    metric = training_metric(output)
    stops = [count for count in _counts(networks) if count <= networks]
    means = {count: Counter(output, [metric]) for count in stops}
    singles = [Counter(output, [metric]) for _ in range(networks)]
    with _in_use(model):
        batch = max(batch, ROWS)
        for start in range(0, len(part), batch):
            rows = np.arange(start, min(start + batch, len(part)))
            y = np.asarray(part.y[0][rows])
            x = unpack_single(preparation.x(tuple(np.asarray(one[rows]) for one in part.x)))
            total: Any = 0.0
            for number, single in enumerate(singles, 1):
                found = model(x, training=True)
                first = found[0] if isinstance(found, list | tuple) else found
                values = np.asarray(_array(first), np.float64)
                single.update(y, values)
                # A running sum gives the mean of the first N for every N without keeping outputs.
                total = total + values
                if number in means:
                    means[number].update(y, total / number)
    return {
        "metric": metric.name,
        "single": float(np.mean([one.result(metric) for one in singles])),
        "means": [[count, one.result(metric)] for count, one in means.items()],
    }


def _array(tensor: Any) -> Any:
    import keras

    return keras.ops.convert_to_numpy(tensor)


def _counts(networks: int) -> list[int]:
    """Return 1, 2, 5, 10, 20, ... and the number itself."""
    found = [factor * 10**power for power in range(4) for factor in (1, 2, 5)]
    return sorted({*found, networks})


@contextmanager
def _in_use(model: keras.Model) -> Iterator[None]:
    """Within the block, make normalisations use their moving statistics, as Keras's do for layers
    that are not trainable.
    """
    trained = model.trainable
    model.trainable = False
    try:
        yield
    finally:
        model.trainable = trained

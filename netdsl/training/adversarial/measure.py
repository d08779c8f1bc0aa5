"""The losses of a GAN on a part of the data. This module imports Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

from netdsl.training.adversarial.losses import discriminator_loss, generator_loss
from netdsl.training.adversarial.players import FIGURES
from netdsl.training.adversarial.samples import BATCH, SEED, drawn_noise

if TYPE_CHECKING:
    from netdsl.training.adversarial.pair import NetworkPair
    from netdsl.training.adversarial.players import Players
    from netdsl.training.data import Examples
    from netdsl.training.preparation.transforms import Preparation


def measured(
    players: Players, part: Examples, preparation: Preparation, pair: NetworkPair
) -> dict[str, float]:
    """Compute both losses and the mean scores of a part, with the networks not in training.

    As many examples are generated as the part has, from a fixed seed; the penalty of
    `wasserstein-gp` is left out.

    Args:
        players: the two networks.
        part: the real examples.
        preparation: what is done to them.
        pair: the networks as the language has them.

    Returns:
        The means by their names, `FIGURES`.
    """
    sums, count = np.zeros(len(FIGURES)), len(part)
    # Drawn all at once: an example's noise must not depend on how many are measured at a time.
    drawn = drawn_noise(tuple(pair.noise.shape), count, SEED)
    for at in range(0, count, BATCH):
        rows = np.arange(at, min(at + BATCH, count))
        (real,) = preparation.x((np.asarray(part.x[0][rows]),))
        labels = None
        if pair.classes:
            labels = np.asarray(part.y[0][rows]).astype(np.int32).reshape(-1, 1)
        # Weighted by the number of rows: the last batch is smaller.
        sums += len(rows) * np.array(_figures(players, real, labels, drawn[rows]))
    return dict(zip(FIGURES, (sums / count).tolist(), strict=True))


def _figures(players: Players, real: Any, labels: Any, noise: Any) -> list[float]:
    real, noise = ops.convert_to_tensor(real), ops.convert_to_tensor(noise)
    labels = None if labels is None else ops.convert_to_tensor(labels)
    made = players.generated(noise, labels, training=False)
    of_real = players.scored(real, labels, training=False)
    of_made = players.scored(made, labels, training=False)
    losses = (
        generator_loss(players.loss, of_made),
        discriminator_loss(players.loss, of_real, of_made),
    )
    scores = players.as_figures(of_real, of_made)
    return [float(ops.convert_to_numpy(each)) for each in (*losses, *scores)]

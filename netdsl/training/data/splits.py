"""Which rows are taken for a part: shares and folds, stratified by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array


def split(labels: Array, share: float, seed: int) -> tuple[Array, Array]:
    """Take a share of the rows, and of each class the same share, to within one example.

    The rows, shuffled and then sorted by class, are taken at equal distances.

    Args:
        labels: the class of each row [n].
        share: of the rows, in 0..1.
        seed: of the order.

    Returns:
        The rows kept and the rows taken, in their order.
    """
    import numpy as np

    order = _by_class(labels, seed)
    count = round(len(labels) * share)
    places = ((np.arange(count) + 0.5) * len(labels) / count).astype(int)
    return np.sort(np.delete(order, places)), np.sort(order[places])


def folded(labels: Array, folds: int, fold: int, seed: int) -> tuple[Array, Array]:
    """Take one of K folds: every K-th of the rows, shuffled and then sorted by class.

    Returns:
        The rows kept and the rows of the fold, in their order.
    """
    import numpy as np

    order = _by_class(labels, seed)
    places = np.arange(fold, len(order), folds)
    return np.sort(np.delete(order, places)), np.sort(order[places])


def _by_class(labels: Array, seed: int) -> Array:
    """Return the rows shuffled, then sorted by class."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(labels))
    return np.asarray(order[np.argsort(labels[order], kind="stable")])

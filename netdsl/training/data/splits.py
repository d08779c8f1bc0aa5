"""Choose the rows of a part, shares or folds: at random and stratified by class, as whole groups,
or from the end of an order.

Each function returns the rows kept and the rows taken, in their order.
"""

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
    # Rows are sorted by class: equal distances take its share of each class, however rare it is.
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


# --- by time --------------------------------------------------------------------------------------


def last(order: Array, share: float) -> tuple[Array, Array]:
    """Take a share of the rows from the end of their order.

    Rows of the same time stay together, so that all rows taken are later than those kept. The share
    is the nearest possible one that leaves rows on both sides; no rows are taken if all have the
    same time.

    Args:
        order: the time of each row [n].
        share: of the rows, in 0..1.
    """
    import numpy as np

    times, counts = np.unique(order, return_counts=True)
    before = counts.cumsum()[:-1]  # rows before each time but the first
    if not len(before):
        return np.arange(len(order)), np.arange(0)
    cut = int(np.abs(len(order) - before - share * len(order)).argmin())
    taken = order > times[cut]
    return np.flatnonzero(~taken), np.flatnonzero(taken)


def advanced(order: Array, folds: int, fold: int) -> tuple[Array, Array]:
    """Take one of K blocks of rows by time, and keep all earlier rows.

    The times are cut into K + 1 blocks of about the same number of rows; fold k keeps the first
    k + 1 blocks and takes the next one. Later rows are neither kept nor taken.
    """
    import numpy as np

    _, places = np.unique(order, return_inverse=True)
    # By the middle of the rows of each time, so that equal times are in one block.
    middle = np.bincount(places).cumsum() - np.bincount(places) / 2
    block = (middle * (folds + 1) / len(order)).astype(int)[places]
    return np.flatnonzero(block <= fold), np.flatnonzero(block == fold + 1)


# --- by group -------------------------------------------------------------------------------------


def whole_groups(groups: Array, share: float, seed: int) -> tuple[Array, Array]:
    """Take whole groups, at random, until they have about a share of the rows.

    A group that is too large for the rest of the share is skipped; if all are, the smallest is
    taken. If there is only one group, none is taken.

    Args:
        groups: the group of each row [n], as a number from 0.
        share: of the rows, in 0..1.
        seed: of the order in which groups are taken.
    """
    import numpy as np

    names, counts = np.unique(groups, return_counts=True)
    room = share * len(groups)
    taken: list[int] = []
    for place in np.random.default_rng(seed).permutation(len(names)).tolist():
        # One group is always left to train on. 0.5, as elsewhere shares are rounded to rows, too.
        if counts[place] <= room + 0.5 and len(taken) < len(names) - 1:
            taken.append(place)
            room -= counts[place]
    if not taken and len(names) > 1:
        taken = [int(counts.argmin())]
    inside = np.isin(groups, names[taken])
    return np.flatnonzero(~inside), np.flatnonzero(inside)


def grouped_folds(groups: Array, folds: int, fold: int, seed: int) -> tuple[Array, Array]:
    """Take one of K folds of whole groups: the largest group first, each to the smallest fold."""
    import numpy as np

    names, counts = np.unique(groups, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    # Stable, so that groups of the same size stay in their random order.
    order = order[np.argsort(-counts[order], kind="stable")]
    rows, of = np.zeros(folds, int), np.empty(len(names), int)
    for place in order.tolist():
        of[place] = rows.argmin()
        rows[of[place]] += counts[place]
    inside = np.isin(groups, names[of == fold])
    return np.flatnonzero(~inside), np.flatnonzero(inside)


def _by_class(labels: Array, seed: int) -> Array:
    """Return the rows shuffled, then sorted by class."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(labels))
    # Stable, so that the random order remains within a class.
    return np.asarray(order[np.argsort(labels[order], kind="stable")])

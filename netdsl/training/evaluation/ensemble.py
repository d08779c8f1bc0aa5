"""Average several answers for one example: by several networks, or by one network for several
versions of the example.

Classes are averaged as probabilities, values in the units of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, fail
from netdsl.training.evaluation.network_outputs import BATCH, in_batches, predictor
from netdsl.training.metrics.answers import category_scores, in_units, probabilities
from netdsl.training.preparation.augment import augmented, random_cuts
from netdsl.training.preparation.outputs import LABELS, VALUES
from netdsl.training.preparation.resize import centre_cut
from netdsl.training.preparation.shapes import size
from netdsl.training.recipes.recipe import Augment, Recipe

if TYPE_CHECKING:
    from netdsl.training.evaluation.network_outputs import Predict
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array, Floats
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.runs.finished import FinishedRun

STREAM = 0x77A
"""Separates the random numbers of versions from others of the same seed."""


class Member(NamedTuple):
    """A network of an ensemble, with its inputs.

    Attributes:
        run: the network.
        recipe: of its training.
        x: an array for each input, as its preparation takes them.
    """

    run: FinishedRun
    recipe: Recipe
    x: tuple[Array, ...]


def averaged_preparation(preparations: Sequence[Preparation]) -> Preparation:
    """Return a preparation that reads averaged answers like those of the first network, with the
    mean of all networks' thresholds.
    """
    alike = zip(*(each.outputs for each in preparations), strict=True)
    outputs = tuple(replace(_averaged(each[0]), thresholds=_thresholds(each)) for each in alike)
    return replace(preparations[0], outputs=outputs)


def _thresholds(outputs: Sequence[OutputTransform]) -> tuple[float, ...]:
    """Return the mean thresholds of several networks' output; empty where none was chosen.

    The mean probability is above the mean threshold if probabilities are above their own thresholds
    on average.
    """
    first = outputs[0]
    if not any(output.thresholds for output in outputs):
        return ()
    usual = (0.5,) * (1 if first.task == LABELS else first.categories)
    # For two classes, the probability of one is 1 minus that of the other.
    each = [
        [
            one if output.positive == first.positive else 1 - one
            for one in output.thresholds or usual
        ]
        for output in outputs
    ]
    return tuple(sum(found) / len(outputs) for found in zip(*each, strict=True))


def _averaged(output: OutputTransform) -> OutputTransform:
    """Return an output whose numbers are probabilities, or values in the units of the data."""
    # Values are already in the data's units, probabilities calibrated: this must not happen twice.
    plain = replace(
        output, activation="linear", loss="squared", centre=0.0, spread=1.0, temperature=1.0
    )
    if output.task == VALUES:
        return plain
    if not output.classes:
        # Yes or no by averaged numbers, which are probabilities.
        return replace(plain, activation="sigmoid", loss="binary")
    shape = (*output.shape[:-1], output.categories)
    if not output.probable:
        # Scores that are not probabilities: with `hinge` the largest is answered, and none is
        # called one.
        return replace(plain, shape=shape, loss="hinge", classes=output.categories)
    return replace(
        plain,
        shape=shape,
        activation="softmax",
        loss="cross-entropy",
        classes=output.categories,
    )


def believed(output: OutputTransform, values: Array) -> Array:
    """Return the numbers to average for an output's numbers [n, *shape].

    Returns:
        For classes probabilities [n, *positions, classes], or scores if the loss has no
        probabilities; else values in the units of the data [n, *shape].
    """
    import numpy as np

    values = np.asarray(values, np.float64)
    if not output.classes:
        return np.asarray(in_units(np, output, values))
    scores = category_scores(np, output, values)
    known = np.asarray(probabilities(np, output, scores))
    return known.reshape(len(values), *output.shape[:-1], output.categories)


def mean_answers(
    members: Sequence[Member], versions: int = 0
) -> Iterator[tuple[Array, list[Array]]]:
    """Yield the rows of each batch, and for each output the mean of all answers.

    Args:
        members: the networks.
        versions: how many versions of each example, changed at random as in the training, are
            averaged with the example itself.

    Raises:
        NetError: N507 where a network was trained without such changes.
    """
    batches = [
        in_batches(_asked(member, versions), member.x, _prepared(member, versions), BATCH)
        for member in members
    ]
    for each in zip(*batches, strict=True):
        rows = each[0][0]
        outputs = zip(*(answers for _, answers in each), strict=True)
        # In float64, as returned by `believed`: rounding to float32 could change a close answer.
        yield rows, [sum(arrays) / len(members) for arrays in outputs]


def _prepared(member: Member, versions: int) -> Preparation:
    preparation = member.run.preparation
    return preparation.uncut if versions else preparation


def _asked(member: Member, versions: int) -> Predict:
    """Return a function for a network's answers, averaged over versions of the inputs."""
    predict, outputs = predictor(member.run.model()), member.run.preparation.outputs

    def believe(arrays: tuple[Array, ...]) -> list[Array]:
        both = zip(outputs, predict(arrays), strict=True)
        return [believed(output, values) for output, values in both]

    if not versions:
        return believe
    # Batches are counted here: a version's random numbers depend on the batch and its own number.
    change, at = _change(member), iter(range(1 << 62))

    def several(arrays: tuple[Array, ...]) -> list[Array]:
        batch = next(at)
        # The example itself is one of the versions.
        found = [believe((change(arrays[0], None),))]
        found += [believe((change(arrays[0], (batch, version)),)) for version in range(versions)]
        return [sum(each) / len(found) for each in zip(*found, strict=True)]

    return several


def _change(member: Member) -> Callable[[Floats, tuple[int, int] | None], Floats]:
    """Return a function that changes images as in the training, without noise, holes and mixtures.

    Raises:
        NetError: N507 where the training changed nothing, or an output has positions.
    """
    import numpy as np

    preparation, recipe, folder = member.run.preparation, member.recipe, member.run.run.folder
    # Noise, holes and mixtures only remove information from an example.
    section = replace(recipe.augment, noise=None, cutout=None, mixup=None)
    if section == Augment():
        message = f"{folder} was trained without `augment`: there are no versions of an example"
        raise fail("N507", message, help="train with changes: augment: {flip: horizontal}")
    if any(output.dense or output.copies for output in preparation.outputs):
        message = f"the outputs of {folder} are about positions, which versions would move"
        raise fail("N507", message, help="leave --augment out")
    sides = preparation.inputs[0].shape[:2]

    def change(x: Floats, draw: tuple[int, int] | None) -> Floats:
        if draw is None:
            return centre_cut(x, sides) if section.crop_from else x
        rng = np.random.default_rng((STREAM, recipe.seed or 0, *draw))
        if section.crop_from:
            x = random_cuts(x, sides, rng)
        return augmented(x, section, rng)

    return change


def check_alike(first: FinishedRun, other: FinishedRun) -> None:
    """Reject averaging the answers of networks with different tasks.

    Raises:
        NetError: N518 for other outputs, N526 for other classes.
    """
    ours, theirs = first.preparation.outputs, other.preparation.outputs
    both = f"{first.run.folder} and {other.run.folder}"
    if len(ours) != len(theirs):
        raise fail("N518", f"{both} have {len(ours)} and {len(theirs)} outputs")
    for one, more in zip(ours, theirs, strict=True):
        if one.task != more.task or _averaged(one).shape != _averaged(more).shape:
            raise _unlike(both, one, more)
        if one.names != more.names or one.columns != more.columns:
            names = " and ".join(
                ", ".join((each.names or each.columns)[:5]) or "none" for each in (one, more)
            )
            what = "classes" if one.classes else "columns"
            message = f"{both} cannot be averaged: their {what} are {names}"
            raise fail("N526", message, help="average networks that were trained on the same task")


def _unlike(both: str, one: OutputTransform, more: OutputTransform) -> NetError:
    gives = " and ".join(f"{output.task} of {size(output.shape)}" for output in (one, more))
    return fail("N518", f"{both} cannot be averaged: they give {gives}")

"""The three parts of the examples: training, validation, test, without a common example."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import Span, fail
from netdsl.training.data.apart import check_apart
from netdsl.training.data.checks import checked
from netdsl.training.data.parts import Data, Examples, SourceData
from netdsl.training.data.relabel import relabelled, relabelling, relabels
from netdsl.training.data.splits import advanced, folded, grouped_folds, last, split, whole_groups
from netdsl.training.preparation.ranges import scan
from netdsl.training.recipes.recipe import Split
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Recipe

TEST, TEST_SEED = 0.2, 0
"""The share of the test part, for data that has none of its own, and its seed: it has always the
same examples, whatever the recipe's seed.
"""

VALIDATION = 0.1
"""The share of the validation part, for data that has none of its own."""


SOME = 0x50E
"""Separates the random numbers of `training` from others of the same seed."""


def arrange(
    held: SourceData, recipe: Recipe, preparation: Preparation, trained: bool = False
) -> Data:
    """Check what a source holds, and arrange it in three parts.

    The test part is the source's own, or a share of it by a fixed seed; validation is the source's
    own, or a share of what remains, by the recipe's seed. Shares are stratified by class, or are
    whole groups, or the last rows, as the recipe says.

    Args:
        held: what the source holds.
        recipe: states the shares.
        preparation: how the examples are prepared.
        trained: whether the network is trained already; then one class is enough.

    Raises:
        NetError: N505, N507, N516 to N521, N527.
    """
    import numpy as np

    span, asked = recipe.data_span, recipe.data.split
    if asked.order and asked.group:
        message = "rows are divided by `order` or by `group`, not by both"
        raise fail("N507", message, recipe.span("data.split.group"), help="leave one of them out")
    found = [
        checked(part, preparation, span).with_places() if part else None
        for part in (held.train, held.validation, held.test)
    ]
    train, validation, test = found
    assert train is not None
    given, none = len(train), train.at(np.arange(0))
    if given == 1 and not trained and {asked.test, asked.validation, asked.fold} == {None}:
        message = f"{_too_few(given)} to be divided into parts"
        help = "give more examples; data: {split: {test: 0, validation: 0}} trains on the one"
        if validation is None or test is None:
            raise fail("N516", message, span, help=help)
    # Each is None where the source has such a part of its own and no other is asked for.
    share, portion = _shares(asked, given, test is None, validation is None)
    notes = [*held.notes, *_missing_parts(asked, given, share, portion)]
    if asked.column and test is None and asked.test is None and asked.fold is None:
        share = 0.0
        notes.append(
            f"no row of the column `{asked.column}` is of the test part, so there is none: data: "
            f"{{split: {{column: {asked.column}, test: {TEST}}}}} takes one of the training part"
        )
    # Before the shares are used: 1 / 0 folds.
    if asked.fold is not None and asked.test == 0:
        message = "a fold is one of K equal parts; a test share of 0 makes none"
        raise fail("N505", message, recipe.span("data.split.fold"), help="test: 0.2 makes 5 folds")
    # The test part is taken first, with its own seed: it stays the same whatever the recipe's seed
    # is, and whatever is taken for validation.
    if test is None and not share:
        test = none
    elif test is None:
        train, test = _test_part(train, preparation, recipe, share or TEST, span)
    elif share is not None or asked.fold is not None:
        key = "data.split.test" if share is not None else "data.split.fold"
        raise fail(
            "N507",
            f"{held.source} has a test part of its own",
            recipe.span(key),
            help=f"leave `{key.split('.')[-1]}` out",
        )
    # After the test part, whose labels stay right, and before the validation part is taken, whose
    # labels are changed too.
    if relabels(recipe, preparation):
        train = relabelled(train, preparation, recipe)
        notes.append(relabelling(recipe))
        if validation is not None:
            validation = relabelled(validation.named("validation"), preparation, recipe)
    if validation is None and not portion:
        validation = none
    elif validation is None:
        portion = portion or VALIDATION
        division = Division(portion, recipe.seed or 0, "validation", given)
        train, validation = _divided(train, preparation, asked, division, span)
    elif portion is not None:
        raise fail(
            "N507",
            f"{held.source} has a validation part of its own",
            recipe.span("data.split.validation"),
            help="leave `validation` out",
        )
    if not trained:
        notes += check_apart((train, validation, test), ("training", "validation", "test"), recipe)
    # After both parts, so that figures by the number of training examples have the same test part.
    train = _some(train, recipe, trained)
    if not trained:
        _check_classes(train, preparation, held.source, span)
    spec = dataclasses.replace(
        recipe.data,
        source=held.source,
        target=held.target,
        weight=_weight(recipe.data.weight),
        scale=_scale(preparation),
        split=dataclasses.replace(asked, test=share, validation=portion),
        **{"function": None, **held.made},
    )
    parts = (train.named("training"), validation.named("validation"), test.named("test"))
    return Data(spec, preparation, *parts, tuple(notes))


def _some(train: Examples, recipe: Recipe, trained: bool) -> Examples:
    """Return as many training examples as a recipe asks for, chosen by its seed.

    Raises:
        NetError: N507 where there are fewer, unless a network is `trained` already.
    """
    import numpy as np

    count = recipe.data.split.training
    if count is None or (trained and count >= len(train)):
        return train
    if count > len(train):
        there = f"there are {len(train):,} training examples, not {count:,}"
        raise fail("N507", there, recipe.span("data.split.training"))
    # The first of a permutation: the examples of a smaller count are among those of a larger one.
    order = np.random.default_rng((SOME, recipe.seed or 0)).permutation(len(train))
    return train.at(np.sort(order[:count]))


def _shares(
    asked: Split, count: int, tested: bool, validated: bool
) -> tuple[float | None, float | None]:
    """Choose the shares of the test and the validation part.

    Shares that the recipe does not state are 0 if there are so few examples that a part would be
    empty.

    Args:
        asked: the recipe's split.
        count: how many examples are divided.
        tested: whether the test part is taken from them.
        validated: whether the validation part is taken from them.
    """
    usual = asked.test is None and asked.fold is None
    share = (TEST if asked.test is None else asked.test) if tested else asked.test
    portion = VALIDATION if validated and asked.validation is None else asked.validation
    rest = count - round(count * (share or 0)) if tested else count
    empty = validated and asked.validation is None and not _divides(rest, VALIDATION)
    if count > 1 and tested and usual and (empty or not _divides(count, TEST)):
        share = 0.0
    if count > 1 and empty:
        portion = 0.0
    return share, portion


def _divides(count: int, share: float) -> bool:
    """Return whether a share of this many examples and the rest both hold some."""
    return 0 < round(count * share) < count


def _missing_parts(
    asked: Split, count: int, share: float | None, portion: float | None
) -> Iterator[str]:
    """Yield notes on the parts that are left out because there are too few examples."""
    tested, validated = share == 0 and asked.test is None, portion == 0 and asked.validation is None
    few = f"{counted(count, 'example')} are too few to be divided"
    if tested and validated:
        yield f"{few}: all are trained on, and there is neither a validation nor a test part"
    elif tested or validated:
        yield f"{few} further: there is no {'test' if tested else 'validation'} part"


def whole(held: SourceData, recipe: Recipe, preparation: Preparation) -> Data:
    """Make all examples the test part: data that a network was not trained with.

    Raises:
        NetError: N517 to N520, N527.
    """
    import numpy as np

    span = recipe.data_span
    parts = [checked(part, preparation, span) for part in (held.train, held.validation) if part]
    none = parts[0].at(np.arange(0))
    test = parts[0].joined(parts[1]) if len(parts) > 1 else parts[0]
    spec = dataclasses.replace(recipe.data, source=held.source, target=held.target)
    return Data(
        spec,
        preparation,
        none.named("training"),
        none.named("validation"),
        test.named("test"),
        held.notes,
    )


def _weight(weight: str | None) -> str | None:
    """Return the name of the weights; for a file, its absolute path."""
    return os.path.abspath(weight) if weight and weight.endswith(".npy") else weight


def _scale(preparation: Preparation) -> float | None:
    """Return the divisor of all inputs; None where the divisors differ, or there is none."""
    scales = {
        None if input.vocabulary or input.columns else input.scale for input in preparation.inputs
    }
    return scales.pop() if len(scales) == 1 else None


def _check_classes(
    part: Examples, preparation: Preparation, source: str, span: Span | None
) -> None:
    """Raise NetError N521 where all examples are of one class."""
    for y, output, name in zip(part.y, preparation.outputs, part.y_names, strict=True):
        if output.classes and (found := scan(y)).low == found.high:
            raise fail(
                "N521",
                f"{name} of {source} has only one class: {output.label(int(found.low))}",
                span,
            )


# --- shares of a part -----------------------------------------------------------------------------


def _test_part(
    part: Examples, preparation: Preparation, recipe: Recipe, share: float, span: Span | None
) -> tuple[Examples, Examples]:
    """Divide a part into the rest and the test part.

    Raises:
        NetError: N505 where there is no such fold, N516 where one of the two would be empty.
    """
    fold = recipe.data.split.fold
    if fold is None:
        return _divided(
            part, preparation, recipe.data.split, Division(share, TEST_SEED, "test"), span
        )
    folds = round(1 / share)
    place = recipe.span("data.split.fold")
    # A tolerance of 2 %: 0.33 is meant as a third.
    if abs(share * folds - 1) > 0.02:
        raise fail(
            "N505",
            f"a fold is one of K equal parts; the test share of {share:g} is not 1/K",
            place,
            help="test: 0.2 makes 5 folds",
        )
    if fold >= folds:
        makes = f"the test share of {share:g} makes {folds} folds, 0 to {folds - 1}"
        raise fail("N505", f"there is no fold {fold}: {makes}", place)
    if len(part) < folds:
        raise fail(
            "N516",
            f"{_too_few(len(part))} for {folds} folds",
            span,
            help="give more examples, or use fewer folds: a larger `test`",
        )
    kept, taken = _fold(part, preparation, recipe, folds, fold)
    return part.at(kept), part.at(taken)


def _fold(
    part: Examples, preparation: Preparation, recipe: Recipe, folds: int, fold: int
) -> tuple[Array, Array]:
    """Return the rows to train on and those of the fold. Raises NetError N516."""
    import numpy as np

    order, groups = _keys(part, recipe.data.split)
    # With an order the first block is only trained on: K folds need K + 1 blocks.
    keys, needed = (groups, folds) if order is None else (order, folds + 1)
    if keys is not None and (there := len(np.unique(keys))) < needed:
        what = "groups" if order is None else "different times"
        message = f"{folds} folds need {needed} {what}: there are {there}"
        raise fail("N516", message, recipe.span("data.split.fold"))
    if order is not None:
        return advanced(order, folds, fold)
    if groups is not None:
        return grouped_folds(groups, folds, fold, TEST_SEED)
    return folded(_strata(part, preparation), folds, fold, TEST_SEED)


def _keys(part: Examples, asked: Split) -> tuple[Array | None, Array | None]:
    """Return the times and the groups of rows, each if the recipe divides by it."""
    order = part.keys.order if part.keys and asked.order else None
    groups = part.keys.groups if part.keys and asked.group else None
    return order, groups


class Division(NamedTuple):
    """What is taken from a part.

    Attributes:
        share: of its examples.
        seed: of the order.
        what: the name of the part that the share becomes.
        given: how many examples there are in all; None where the part has all.
    """

    share: float
    seed: int
    what: str
    given: int | None = None


def _divided(
    part: Examples,
    preparation: Preparation,
    asked: Split,
    division: Division,
    span: Span | None,
) -> tuple[Examples, Examples]:
    """Divide a part into the rest and a share of it.

    Raises:
        NetError: N516 where one of the two would be empty.
    """
    count, (share, seed, what, given) = len(part), division
    if not 0 < round(count * share) < count:
        of = "them" if given in (None, count) else f"the {count:,} outside the test part"
        largest = count - (2 if what == "test" else 1)  # the validation part takes one more
        fits = next(
            (one for one in (0.1, 0.2, 0.25, 0.34, 0.5) if 0 < round(count * one) <= largest), None
        )
        other = f", or another share: data: {{split: {{{what}: {fits:g}}}}}" if fits else ""
        raise fail(
            "N516",
            f"{_too_few(given or count)}: {share:g} of {of} for {what} leaves a part empty",
            span,
            help=f"give more examples{other}",
        )
    order, groups = _keys(part, asked)
    if order is not None:
        kept, taken = last(order, share)
    elif groups is not None:
        kept, taken = whole_groups(groups, share, seed)
    else:
        kept, taken = split(_strata(part, preparation), share, seed)
    if not len(taken):
        one = f"are all of one group of `{asked.group}`"
        if order is not None:
            one = f"all have the same `{asked.order}`"
        message = f"the {counted(count, 'row')} {one}: none can be set aside for {what}"
        raise fail(
            "N516", message, span, help=f"data: {{split: {{{what}: 0}}}} leaves the part out"
        )
    return part.at(kept), part.at(taken)


def _too_few(count: int) -> str:
    """Write `3 examples are too few`."""
    return f"{counted(count, 'example')} {'is' if count == 1 else 'are'} too few"


def _strata(part: Examples, preparation: Preparation) -> Array:
    """Return the strata of examples [n]: the first output's labels, else one stratum for all."""
    import numpy as np

    output, labels = preparation.outputs[0], part.y[0]
    # Maps of labels and values have no classes to stratify by.
    single = output.classes and math.prod(labels.shape[1:]) == 1
    return np.asarray(labels[:]).reshape(-1) if single else np.zeros(len(part), int)

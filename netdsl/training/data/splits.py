"""The three parts of the examples: checked, and without a common example."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from netdsl.errors import Span, fail
from netdsl.training.data.joined import joined
from netdsl.training.data.parts import INPUT, Data, Part, Prepared, Table
from netdsl.training.data.plan import is_label
from netdsl.training.preparation.ranges import fractional_value, scan
from netdsl.training.preparation.shapes import counted, size
from netdsl.training.recipes.recipe import Split

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array, Rows, Shape
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Recipe

TEST, TEST_SEED = 0.2, 0
"""The test part of data that has none of its own: always the same examples, whatever the
recipe's seed.
"""

VALIDATION = 0.1


def arrange(table: Table, recipe: Recipe, preparation: Preparation, trained: bool = False) -> Data:
    """The table's three parts: training, validation, test. What is no such example is refused.

    The test part is the source's own, or a share of it by a fixed seed; validation is the source's
    own, or a share of what remains, by the recipe's seed. Shares are stratified by class. For a
    network that is `trained` one class will do. Raises NetError N505, N507, N516 to N521, N527.
    """
    import numpy as np

    span, asked = recipe.span("data.source"), recipe.data.split
    found = [
        checked(part, preparation, span) if part else None
        for part in (table.train, table.validation, table.test)
    ]
    train, validation, test = found
    assert train is not None
    share, portion, given = asked.test, asked.validation, len(train)
    if test is None:
        share = share or TEST
        train, test = _tested(train, preparation, recipe, share, span)
    elif share is not None or asked.fold is not None:
        key = "data.split.test" if share is not None else "data.split.fold"
        raise fail(
            "N507",
            f"{table.source} has a test part of its own",
            recipe.span(key),
            help=f"leave `{key.split('.')[-1]}` out",
        )
    if validation is None and portion == 0:
        validation = train.at(np.arange(0))
    elif validation is None:
        portion = portion or VALIDATION
        train, validation = _divided(
            train, preparation, portion, recipe.seed or 0, "validation", span, given
        )
    elif portion is not None:
        place = recipe.span("data.split.validation")
        raise fail(
            "N507",
            f"{table.source} has a validation part of its own",
            place,
            help="leave `validation` out",
        )
    if not trained:
        _several_classes(train, preparation, table.source, span)
    spec = dataclasses.replace(
        recipe.data,
        source=table.source,
        target=table.target,
        scale=_scale(preparation),
        split=Split(test=share, fold=asked.fold, validation=portion),
    )
    parts = (train.named("training"), validation.named("validation"), test.named("test"))
    return Data(spec, preparation, *parts, table.notes)


def whole(table: Table, recipe: Recipe, preparation: Preparation) -> Data:
    """All examples of a table that has no test part of its own as the test part: data that a
    network was not trained with.

    Raises NetError N517 to N520, N527.
    """
    import numpy as np

    span = recipe.span("data.source")
    parts = [checked(part, preparation, span) for part in (table.train, table.validation) if part]
    none = parts[0].at(np.arange(0))
    test = joined(*parts) if len(parts) > 1 else parts[0]
    spec = dataclasses.replace(recipe.data, source=table.source, target=table.target)
    return Data(
        spec,
        preparation,
        none.named("training"),
        none.named("validation"),
        test.named("test"),
        table.notes,
    )


def _scale(preparation: Preparation) -> float | None:
    """What all inputs are divided by; None where they are not alike, or not divided."""
    scales = {
        None if input.vocabulary or input.columns else input.scale for input in preparation.inputs
    }
    return scales.pop() if len(scales) == 1 else None


def _several_classes(part: Part, preparation: Preparation, source: str, span: Span | None) -> None:
    """Raises NetError N521 where all examples are of one class."""
    for y, output, name in zip(part.y, preparation.outputs, part.y_names, strict=True):
        if output.classes and (seen := scan(y)).low == seen.high:
            raise fail(
                "N521",
                f"{name} of {source} holds one class only: {output.label(int(seen.low))}",
                span,
            )


# --- checking -------------------------------------------------------------------------------------


def checked(part: Part, preparation: Preparation, span: Span | None) -> Part:
    """The part, its `y` as labels where there are classes, and as the prepared input where an
    output copies one.

    Raises NetError N517 to N520, N527.
    """
    for input, x, name in zip(preparation.inputs, part.x, part.x_names, strict=True):
        input.check(x, name, span)
        if input.vocabulary:
            input.check_range(x, name, span)
    if any(output.copies for output in preparation.outputs):
        by_name = {
            input.name: Prepared(x, input)
            for input, x in zip(preparation.inputs, part.x, strict=True)
        }
        return dataclasses.replace(
            part,
            y=tuple(by_name[output.copies] for output in preparation.outputs),
            y_names=(INPUT,) * len(preparation.outputs),
        )
    both = zip(preparation.outputs, part.y, part.y_names, strict=True)
    return dataclasses.replace(
        part, y=tuple(_targets(output, y, name, span) for output, y, name in both)
    )


def _targets(output: OutputTransform, y: Rows, name: str, span: Span | None) -> Rows:
    """Labels [n] or [n, *positions], or values that fit the output."""
    if output.classes:
        return _labels(y, output, name, span)
    given, wanted = y.shape[1:], output.shape
    if given != wanted and (*given, 1) != wanted:
        mend = (
            f"end the network with as many outputs: {math.prod(given) or 1}"
            if len(wanted) == 1 and len(given) < 2
            else ""
        )
        raise fail(
            "N518",
            f"{name} holds values of {size(given)}; the network gives {size(wanted)}",
            span,
            help=mend,
        )
    return y


def _labels(y: Rows, output: OutputTransform, name: str, span: Span | None) -> Rows:
    """Class labels counted from 0, from such labels or from rows of one 1 and else 0.

    -1 and 1 are taken for hinge.
    """
    import numpy as np

    positions: Shape = output.shape[:-1]
    if output.shape[-1] > 1 and y.shape[1:] == output.shape:
        rows = np.asarray(y[:])
        if not _one_hot(rows):
            raise fail("N519", f"the rows of {name} are not of one 1 and else 0", span)
        return np.asarray(rows.argmax(axis=-1))
    if not is_label(y.shape[1:], output.shape):
        if len(y.shape) == len(output.shape) + 1 and _one_hot(rows := np.asarray(y[:])):
            message = f"{name} holds rows of {rows.shape[-1]} classes, one 1 and else 0; the network tells {output.classes} apart"
            raise fail(
                "N518",
                message,
                span,
                help=f"end the network with as many outputs: {rows.shape[-1]}",
            )
        needed = (
            f"the network needs a label for each of {size(positions)}"
            if positions
            else "a class label is one number"
        )
        raise fail("N518", f"{name} holds {size(y.shape[1:])} for each example; {needed}", span)
    seen = scan(y)
    if seen.not_whole is not None:
        value = fractional_value(y, seen.not_whole)
        raise fail(
            "N519",
            f"the labels in {name} are not whole numbers: {value:g} in row {seen.not_whole}",
            span,
        )
    if (
        output.shape == (1,)
        and output.loss == "hinge"
        and seen.low == -1
        and np.isin(y[:], (-1, 1)).all()
    ):
        return np.asarray(np.asarray(y[:]).reshape(-1) > 0, np.int64)
    if seen.low < 0 or seen.high >= output.classes:
        labels = np.asarray(y[:])
        row = int(
            np.flatnonzero(
                ((labels < 0) | (labels >= output.classes)).reshape(len(y), -1).any(axis=1)
            )[0]
        )
        message = f"the labels in {name} go from {seen.low:g} to {seen.high:g}; the network tells 0 to {output.classes - 1} apart"
        raise fail("N520", message, span, help=f"first in row {row}; labels count from 0")
    if positions and type(y) is not np.ndarray and y.shape[1:] == positions:
        return y
    return np.asarray(y[:]).reshape(len(y), *positions).astype(np.int64)


def _one_hot(rows: Array) -> bool:
    """Whether rows are of one 1 and else 0."""
    return bool(((rows == 0) | (rows == 1)).all() and (rows.sum(axis=-1) == 1).all())


# --- splitting ------------------------------------------------------------------------------------


def _tested(
    part: Part, preparation: Preparation, recipe: Recipe, share: float, span: Span | None
) -> tuple[Part, Part]:
    """The part without the test part, and that.

    Raises NetError N505 where there is no such fold, N516 where one would be empty.
    """
    fold = recipe.data.split.fold
    if fold is None:
        return _divided(part, preparation, share, TEST_SEED, "test", span)
    folds = round(1 / share)
    place = recipe.span("data.split.fold")
    if abs(share * folds - 1) > 0.02:
        raise fail(
            "N505",
            f"a fold is one of K like parts; the test share of {share:g} is not 1/K",
            place,
            help="test: 0.2 makes 5 folds",
        )
    if fold >= folds:
        raise fail(
            "N505",
            f"there is no fold {fold}: the test share of {share:g} makes {folds} folds, 0 to {folds - 1}",
            place,
        )
    if len(part) < folds:
        few = f"{counted(len(part), 'example')} {'is' if len(part) == 1 else 'are'} too few for {folds} folds"
        raise fail(
            "N516", few, span, help="give more examples, or make fewer folds: a larger `test`"
        )
    kept, taken = folded(strata(part, preparation), folds, fold, TEST_SEED)
    return part.at(kept), part.at(taken)


def _divided(
    part: Part,
    preparation: Preparation,
    share: float,
    seed: int,
    what: str,
    span: Span | None,
    given: int | None = None,
) -> tuple[Part, Part]:
    """The part without a share of it, and that share; `given` counts all examples.

    Raises NetError N516 where one would be empty.
    """
    count = len(part)
    if not 0 < round(count * share) < count:
        of = "them" if given in (None, count) else f"the {count:,} that the test part leaves"
        few = f"{counted(given or count, 'example')} {'is' if (given or count) == 1 else 'are'} too few"
        most = count - (2 if what == "test" else 1)  # the validation part takes one more
        fits = next(
            (one for one in (0.1, 0.2, 0.25, 0.34, 0.5) if 0 < round(count * one) <= most), None
        )
        mend = f", or another share: data: {{split: {{{what}: {fits:g}}}}}" if fits else ""
        raise fail(
            "N516",
            f"{few}: {share:g} of {of} for {what} leaves a part empty",
            span,
            help=f"give more examples{mend}",
        )
    kept, taken = split(strata(part, preparation), share, seed)
    return part.at(kept), part.at(taken)


def strata(part: Part, preparation: Preparation) -> Array:
    """What shares are stratified by [n]: the first output's labels, where each example has one."""
    import numpy as np

    output, labels = preparation.outputs[0], part.y[0]
    single = output.classes and math.prod(labels.shape[1:]) == 1
    return np.asarray(labels[:]).reshape(-1) if single else np.zeros(len(part), int)


def split(labels: Array, share: float, seed: int) -> tuple[Array, Array]:
    """The rows kept and the rows taken, in order.

    Of each class the share is taken, to within one example.

    The rows, shuffled and then sorted by class, are taken at equal distances.
    """
    import numpy as np

    order = _by_class(labels, seed)
    count = round(len(labels) * share)
    places = ((np.arange(count) + 0.5) * len(labels) / count).astype(int)
    return np.sort(np.delete(order, places)), np.sort(order[places])


def folded(labels: Array, folds: int, fold: int, seed: int) -> tuple[Array, Array]:
    """The rows kept and the rows of one fold, in order: every K-th of the rows, shuffled and
    then sorted by class.
    """
    import numpy as np

    order = _by_class(labels, seed)
    places = np.arange(fold, len(order), folds)
    return np.sort(np.delete(order, places)), np.sort(order[places])


def _by_class(labels: Array, seed: int) -> Array:
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(labels))
    return np.asarray(order[np.argsort(labels[order], kind="stable")])

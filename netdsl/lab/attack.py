"""Adversarial examples: small changes that make a network's answers wrong, and random changes of
the same size to compare them with.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import fail
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, picture
from netdsl.lab.inside.scores import class_output, given_to_classes, scored
from netdsl.lab.inside.subject import nothing_to_show
from netdsl.text_table import aligned_lines
from netdsl.training.evaluation.evaluate import part_of
from netdsl.training.evaluation.network_outputs import row_batches
from netdsl.training.metrics.answers import answer, probabilities
from netdsl.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from netdsl.keras.gradients import Gradients
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.training.preparation.outputs import OutputTransform

STEPS, GRADIENTS = 1_000, 10_000_000
"""The most steps of an attack, and the most gradients over all its examples, steps and sizes."""

SIZES = 100
"""The most sizes that are tried, and the largest size."""

NUMBERS = 250_000_000
"""The most numbers that all attacked examples may have together."""

EXAMPLES, SHOWN = 1_000, 8
"""How many examples are attacked by default, and how many the sheet shows."""

TIMES = 10
"""The factor by which the sheet enlarges changes."""

STRIDE = 2.5
"""The length of all steps together, in sizes of the change: more than 1, so that steps can turn
(Madry et al. 2018)."""


class Attack(NamedTuple):
    """How an attack is made.

    Attributes:
        sizes: the sizes of changes to try, in units of the network's input.
        steps: 1 is the fast gradient sign method (Goodfellow et al. 2015), more are projected
            gradient descent (Madry et al. 2018).
        norm: `inf`, the change of each pixel; or `2`, the root of the sum of squares.
        target: the class that examples should be taken for; None for any wrong one.
        examples: how many are attacked.
        seed: of the random changes, and of which examples are attacked.
    """

    sizes: tuple[float, ...] = (0.0, 0.05, 0.1, 0.2)
    steps: int = 1
    norm: str = "inf"
    target: int | None = None
    examples: int = EXAMPLES
    seed: int = 0


class AttackResult(NamedTuple):
    """The effect of changes of one size.

    Attributes:
        size: of the change.
        adversarial: the accuracy after it; of a targeted attack, on examples of other classes.
        random: the accuracy after random changes of the same size and norm.
        hit: the share of examples that is taken for the target; None without one.
    """

    size: float
    adversarial: float
    random: float
    hit: float | None


class Attacked(NamedTuple):
    """The outcome of an attack.

    Attributes:
        attack: how it was made.
        examples: how many were attacked.
        results: for each size.
        rows: the numbers of the attacked examples within their part [n].
        labels: their classes [n].
        original: the network's inputs for them [n, *shape].
        changed: these with changes of the last size that is not 0 [n, *shape]; None without.
        sheet: original, change, result; None where the input is not an image, or nothing changed.
    """

    attack: Attack
    examples: int
    results: tuple[AttackResult, ...]
    rows: Any
    labels: Any
    original: Any
    changed: Any | None
    sheet: ImageSheet | None


def attack(subject: TrainedRun, how: Attack, part: str = "test") -> Attacked:
    """Attack a run's network with changes of several sizes.

    Args:
        subject: a trained run whose network classifies examples.
        how: the attack.
        part: of the data.

    Raises:
        NetError: N680 where the network does not classify, its input cannot be changed a little, or
            no example is of another class than the target; N107 for a target that is not one of its
            classes, N630 for an empty part, N670 for too much.
    """
    import numpy as np

    output = class_output(subject.run.preparation.outputs)
    transform = subject.run.preparation.outputs[output]
    _check(subject, how, transform)
    examples = part_of(subject.data, part)
    _check_amount(subject, how, len(examples))
    # One stream for all: the rows are drawn first, so that sizes attack the same examples.
    rng = np.random.default_rng(how.seed)
    rows = np.sort(rng.permutation(len(examples))[: how.examples])
    labels = np.asarray(examples.y[output][rows]).reshape(-1).astype(int)
    if how.target is not None:
        # Examples of the target's own class would count as hits without any change.
        rows, labels = rows[labels != how.target], labels[labels != how.target]
        if not len(rows):
            raise nothing_to_show(f"every example that is attacked is of the class {how.target}")
    # Sizes are in units of the network's input, so changes are made after preparation.
    (x,) = subject.prepared(examples, rows)
    unit = subject.run.preparation.inputs[0].unit
    climb = _climber(subject, output, transform)
    goal = transform.targets(labels if how.target is None else np.full_like(labels, how.target))
    results, last = [], None
    for size in how.sizes:
        given, at_random = x.copy(), np.zeros_like(labels)
        for each in row_batches(len(x), subject.batch):
            # The baseline: changes of the same size that do not depend on the network.
            noise = _random(rng, x[each].shape, size, how.norm)
            at_random[each] = _answers(subject, output, _bounded(x[each] + noise, unit))
            if size:
                given[each] = changed(climb, x[each], goal[each], size, how, unit)
        answers = _answers(subject, output, given)
        results.append(
            AttackResult(
                size,
                float((answers == labels).mean()),
                float((at_random == labels).mean()),
                None if how.target is None else float((answers == how.target).mean()),
            )
        )
        if size:
            last = size, given, answers
    sheet = None
    if last and subject.image_shape(0) is not None:
        sheet = _sheet(subject, output, x, labels, how, *last)
    found = None if last is None else last[1]
    return Attacked(how, len(rows), tuple(results), rows, labels, x, found, sheet)


def _check(subject: TrainedRun, how: Attack, transform: OutputTransform) -> None:
    if len(subject.graph.inputs) > 1:
        raise nothing_to_show("an attack is made on networks of one input")
    one = subject.run.preparation.inputs[0]
    if one.vocabulary:
        raise nothing_to_show("the network's input is indices, which cannot be changed a little")
    if how.target is not None and not 0 <= how.target < transform.categories:
        names = f"the classes 0 to {transform.categories - 1}"
        raise fail("N107", f"the network names {names}, not {how.target}")


def _check_amount(subject: TrainedRun, how: Attack, examples: int) -> None:
    """Reject attacks of more examples or more steps than can be made. Raises NetError N670."""
    count = min(how.examples, examples)
    numbers = count * math.prod(subject.graph.inputs[0].shape)
    if numbers > NUMBERS:
        message = f"{counted(count, 'example')} are {numbers:,} numbers"
        raise fail("N670", f"{message}; at most {NUMBERS:,} are changed", help="attack fewer")
    steps = count * how.steps * len(how.sizes)
    if steps > GRADIENTS:
        message = f"{counted(count, 'example')}, {counted(len(how.sizes), 'size')} and "
        message += f"{counted(how.steps, 'step')} take {steps:,} gradients"
        help = "attack fewer examples, or in fewer steps"
        raise fail("N670", f"{message}; at most {GRADIENTS:,} are computed", help=help)


def _climber(
    subject: TrainedRun, output: int, transform: OutputTransform
) -> Callable[[Any, Any], Gradients]:
    """Return a function for the derivative of the loss, summed over examples, by the input.

    A loss of probabilities is computed from the scores before softmax, so that its derivative does
    not vanish where a probability rounds to 1.
    """
    from netdsl.keras.gradients import repeated
    from netdsl.keras.quiet import quiet_keras

    keras = quiet_keras()
    from netdsl.training.metrics.losses import keras_loss  # late: it imports Keras itself

    own = subject.graph.outputs[output]
    end = scored(subject.graph).outputs[output] if transform.probable else own
    loss = keras_loss(
        transform if end == own else dataclasses.replace(transform, activation="linear")
    )
    model = subject.model([end.op])

    def number(x: Any, y: Any) -> Any:
        given = model(x, training=False)
        # A sum over examples: their gradients must not shrink as the batch grows.
        return loss(y, given) * keras.ops.cast(keras.ops.shape(x)[0], given.dtype)

    return repeated(number)


def changed(
    climb: Callable[[Any, Any], Gradients],
    x: Any,
    goal: Any,
    size: float,
    how: Attack,
    unit: bool,
) -> Any:
    """Change examples by steps along the loss, within the size.

    Args:
        climb: computes the derivative of the loss by the examples, given their targets.
        x: the examples [n, *shape].
        goal: the examples' own targets, whose loss is to grow; of a targeted attack, the target's,
            whose loss is to fall.
        size: the largest change.
        how: the attack.
        unit: whether examples are from 0 to 1, and must stay so.

    Returns:
        The changed examples [n, *shape].
    """
    way = -1.0 if how.target is not None else 1.0
    # A single step has the whole size: the fast gradient sign method.
    step = size if how.steps == 1 else STRIDE * size / how.steps
    current = x
    for _ in range(how.steps):
        (slope,) = climb(current, goal).tensors
        move = way * step * _direction(slope, how.norm)
        # The change from the original is bounded, not each step's: projected gradient descent.
        change = _within(current + move - x, size, how.norm)
        # Keep the dtype of the examples: another one would be traced again in each step.
        current = _bounded(x + change, unit).astype(x.dtype)
    return current


def _direction(slope: Any, norm: str) -> Any:
    """Return the steepest direction of size 1: signs, or the gradient itself by its norm."""
    import numpy as np

    if norm == "inf":
        return np.sign(slope)
    lengths = _lengths(slope)
    # An example whose gradient is 0 is not changed.
    return np.divide(slope, lengths, out=np.zeros_like(slope), where=lengths > 0)


def _within(change: Any, size: float, norm: str) -> Any:
    """Project changes onto those of at most this size."""
    import numpy as np

    if norm == "inf":
        return np.clip(change, -size, size)
    lengths = _lengths(change)
    return change * np.minimum(1.0, size / np.maximum(lengths, 1e-12))


def _lengths(array: Any) -> Any:
    import numpy as np

    flat = np.sqrt((array.reshape(len(array), -1) ** 2).sum(axis=1))
    return flat.reshape(-1, *(1,) * (array.ndim - 1))


def _random(rng: Any, shape: Sequence[int], size: float, norm: str) -> Any:
    """Draw changes of this size: random signs, or random directions."""
    drawn = rng.standard_normal(shape)
    return size * _direction(drawn, norm)


def _bounded(x: Any, bounded: bool) -> Any:
    import numpy as np

    return np.clip(x, 0.0, 1.0) if bounded else x


def _answers(subject: TrainedRun, output: int, x: Any) -> Any:
    """Return the classes that the network answers [n]."""
    import numpy as np

    transform = subject.run.preparation.outputs[output]
    return np.asarray(answer(np, transform, given_to_classes(subject, (x,), output)))


def _sheet(
    subject: TrainedRun,
    output: int,
    x: Any,
    labels: Any,
    how: Attack,
    size: float,
    given: Any,
    answers: Any,
) -> ImageSheet:
    """Draw examples that are answered wrongly now: original, change, result."""
    import numpy as np

    shape = subject.image_shape(0)
    transform = subject.run.preparation.outputs[output]
    before = _answers(subject, output, x)
    # Only examples that were right before the change were fooled by it.
    fooled = np.flatnonzero((answers != labels) & (before == labels))
    chosen = (fooled if len(fooled) else np.arange(len(x)))[:SHOWN]
    first, then = (
        probabilities(np, transform, given_to_classes(subject, (each[chosen],), output))
        for each in (x, given)
    )
    tiles: list[list[ImageTile]] = [[], [], []]
    for place, row in enumerate(chosen.tolist()):
        old, new = x[row].reshape(shape), given[row].reshape(shape)
        was, now = int(before[row]), int(answers[row])
        said = f"{transform.label(was)} {first[place, was]:.2f}"
        tiles[0].append(ImageTile(picture(subject.shown(old)), said))
        tiles[1].append(ImageTile(picture(0.5 + TIMES * (new - old) / 2)))
        said = f"{transform.label(now)} {then[place, now]:.2f}"
        tiles[2].append(ImageTile(picture(subject.shown(new)), said))
    labels_ = ("original", f"change x{TIMES}", "result")
    rows = [TileRow(label, line) for label, line in zip(labels_, tiles, strict=True)]
    about = f"{_kind(how)}; below, the answer and its probability; a change of 0 is grey"
    return ImageSheet(f"Adversarial examples, eps {size:g}", about, rows)


def _kind(how: Attack) -> str:
    """Name an attack."""
    kind = "fast gradient sign" if (how.steps, how.norm) == (1, "inf") else "gradient"
    aim = "" if how.target is None else f" for the class {how.target}"
    return f"{kind} attack{aim}, {counted(how.steps, 'step')}, norm {how.norm}"


def described(found: Attacked) -> list[str]:
    """Describe the outcome of the attack, in lines."""
    how = found.attack
    lines = [f"{_kind(how)}, on {counted(found.examples, 'example')}"]
    rows = [["eps", "adversarial", "random"]]
    if how.target is not None:
        rows[0].append(f"answered {how.target}")
    for one in found.results:
        row = [f"{one.size:g}", f"{one.adversarial:.4f}", f"{one.random:.4f}"]
        rows.append(row + ([] if one.hit is None else [f"{one.hit:.4f}"]))
    return [*lines, *aligned_lines(rows, "r" * len(rows[0]))]


def attack_json(found: Attacked) -> dict[str, Any]:
    """Return the figures."""
    how = found.attack
    return {
        **(found.sheet.to_dict() if found.sheet else {}),
        "steps": how.steps,
        "norm": how.norm,
        "target": how.target,
        "examples": found.examples,
        "results": [
            {
                "eps": one.size,
                "adversarial": one.adversarial,
                "random": one.random,
                **({} if one.hit is None else {"target": one.hit}),
            }
            for one in found.results
        ],
    }

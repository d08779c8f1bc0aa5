"""Adversarial examples: small changes that a network answers wrongly, compared with random ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import fail
from netdsl.keras.layer_outputs import called
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, picture
from netdsl.lab.inside.scores import class_output
from netdsl.lab.inside.subject import BATCH, nothing_to_show
from netdsl.text_table import aligned_lines
from netdsl.training.evaluation.evaluate import part_of
from netdsl.training.metrics.answers import answer, category_scores, probabilities
from netdsl.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from netdsl.keras.gradients import Gradients
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.training.preparation.outputs import OutputTransform

STEPS = 1_000
"""Steps of an attack, at most."""

EXAMPLES, SHOWN = 1_000, 8
"""Examples that are attacked by default, and those of the sheet."""

TIMES = 10
"""By how much the sheet enlarges changes."""

STRIDE = 2.5
"""Several steps together reach this many times as far as the size allows, so that they can turn
(Madry et al. 2018)."""


class Attack(NamedTuple):
    """How an attack is made.

    Attributes:
        sizes: the largest change, in units of what the network's input takes.
        steps: 1 is the fast gradient sign method (Goodfellow et al. 2015), more are projected
            gradient descent (Madry et al. 2018).
        norm: `inf`, the change of each pixel; or `2`, the root of the sum of squares.
        target: the class that answers should become; None where any wrong one will do.
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
    """What changes of a size do.

    Attributes:
        size: of the change.
        adversarial: the accuracy after it; of a targeted attack on the other classes' examples.
        random: the accuracy after random changes of the same size and norm.
        hit: the share that is answered with the target; None without one.
    """

    size: float
    adversarial: float
    random: float
    hit: float | None


class Attacked(NamedTuple):
    """The outcome of an attack, and the sheet: original, change, result."""

    attack: Attack
    examples: int
    results: tuple[AttackResult, ...]
    sheet: ImageSheet | None


def attack(subject: TrainedRun, how: Attack, part: str = "test") -> Attacked:
    """Attack a run's network with changes of several sizes.

    Args:
        subject: a trained run whose network names a class of each example.
        how: the attack.
        part: of the data.

    Raises:
        NetError: N680 where the network names no class or its input cannot be changed a little,
            N107 for a target that is none of its classes, N630 for an empty part.
    """
    import numpy as np

    output = class_output(subject.run.preparation.outputs)
    transform = subject.run.preparation.outputs[output]
    _check(subject, how, transform)
    examples = part_of(subject.data, part)
    rng = np.random.default_rng(how.seed)
    rows = np.sort(rng.permutation(len(examples))[: how.examples])
    labels = np.asarray(examples.y[output][rows]).reshape(-1).astype(int)
    if how.target is not None:
        rows, labels = rows[labels != how.target], labels[labels != how.target]
    (x,) = subject.prepared(examples, rows)
    bounded = subject.run.preparation.inputs[0].unit
    climb = _climber(subject, output, transform)
    goal = labels if how.target is None else np.full_like(labels, how.target)
    results, shown = [], None
    for size in how.sizes:
        noise = _random(rng, x.shape, size, how.norm)
        changed = _changed(climb, x, transform, goal, size, how, bounded)
        answers = _answers(subject, output, transform, changed)
        at_random = _answers(subject, output, transform, _bounded(x + noise, bounded))
        results.append(
            AttackResult(
                size,
                float((answers == labels).mean()),
                float((at_random == labels).mean()),
                None if how.target is None else float((answers == how.target).mean()),
            )
        )
        if size:
            shown = size, changed, answers
    sheet = None
    if shown and subject.image_shape(0) is not None:
        sheet = _sheet(subject, output, transform, x, labels, *shown)
    return Attacked(how, len(rows), tuple(results), sheet)


def _check(subject: TrainedRun, how: Attack, transform: OutputTransform) -> None:
    if len(subject.graph.inputs) > 1:
        raise nothing_to_show("an attack is made on networks of one input")
    one = subject.run.preparation.inputs[0]
    if one.vocabulary:
        raise nothing_to_show("the network's input is indices, which cannot be changed a little")
    if how.target is not None and not 0 <= how.target < transform.categories:
        names = f"the classes 0 to {transform.categories - 1}"
        raise fail("N107", f"the network names {names}, not {how.target}")


def _climber(
    subject: TrainedRun, output: int, transform: OutputTransform
) -> Callable[[Any, Any], Gradients]:
    """Return the derivative of the loss, summed over examples, by the input."""
    from netdsl.keras.gradients import repeated
    from netdsl.keras.quiet import quiet_keras

    keras, model = quiet_keras(), subject.own_model
    from netdsl.training.metrics.losses import keras_loss  # late: it imports Keras itself

    loss = keras_loss(transform)
    several = len(subject.graph.outputs) > 1

    def number(x: Any, y: Any) -> Any:
        found = model(x, training=False)
        given = found[output] if several else found
        return loss(y, given) * keras.ops.cast(keras.ops.shape(x)[0], given.dtype)

    return repeated(number)


def _changed(
    climb: Callable[[Any, Any], Gradients],
    x: Any,
    transform: OutputTransform,
    goal: Any,
    size: float,
    how: Attack,
    bounded: bool,
) -> Any:
    """Change examples [n, *shape] by steps along the loss, within the size."""
    import numpy as np

    if not size:
        return x
    y = transform.targets(goal)
    way = -1.0 if how.target is not None else 1.0
    step = size if how.steps == 1 else STRIDE * size / how.steps
    found = []
    for start in range(0, len(x), BATCH):
        own, targets = x[start : start + BATCH], y[start : start + BATCH]
        current = own
        for _ in range(how.steps):
            (slope,) = climb(current, targets).tensors
            move = way * step * _direction(slope, how.norm)
            change = _within(current + move - own, size, how.norm)
            current = _bounded(own + change, bounded).astype(x.dtype)
        found.append(current)
    return np.concatenate(found)


def _direction(slope: Any, norm: str) -> Any:
    """Return the steepest direction of size 1: signs, or the gradient itself by its norm."""
    import numpy as np

    if norm == "inf":
        return np.sign(slope)
    lengths = _lengths(slope)
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


def _answers(subject: TrainedRun, output: int, transform: OutputTransform, x: Any) -> Any:
    """Return the class that the network names [n]."""
    return answer_of(transform, _given(subject, output, transform, x))


def answer_of(transform: OutputTransform, scores: Any) -> Any:
    """Return the class of the largest score [n]."""
    import numpy as np

    return np.asarray(answer(np, transform, scores)).reshape(-1)


def _given(subject: TrainedRun, output: int, transform: OutputTransform, x: Any) -> Any:
    """Return what the network gives each class [n, 1, classes]."""
    import numpy as np

    found = [
        np.asarray(called(subject.own_model, [x[start : start + BATCH]])[output], np.float64)
        for start in range(0, len(x), BATCH)
    ]
    return np.asarray(category_scores(np, transform, np.concatenate(found)))


def _sheet(
    subject: TrainedRun,
    output: int,
    transform: OutputTransform,
    x: Any,
    labels: Any,
    size: float,
    changed: Any,
    answers: Any,
) -> ImageSheet:
    """Draw examples that are answered wrongly now: original, change, result."""
    import numpy as np

    shape = subject.image_shape(0)
    before = _answers(subject, output, transform, x)
    fooled = np.flatnonzero((answers != labels) & (before == labels))
    chosen = (fooled if len(fooled) else np.arange(len(x)))[:SHOWN]
    first, then = (
        probabilities(np, transform, _given(subject, output, transform, each[chosen])).reshape(
            len(chosen), -1
        )
        for each in (x, changed)
    )
    tiles: list[list[ImageTile]] = [[], [], []]
    for place, row in enumerate(chosen.tolist()):
        old, new = x[row].reshape(shape), changed[row].reshape(shape)
        change = np.clip(0.5 + TIMES * (new - old) / 2, 0, 1)
        was, now = int(before[row]), int(answers[row])
        tiles[0].append(ImageTile(picture(old), f"{transform.label(was)} {first[place, was]:.2f}"))
        tiles[1].append(ImageTile(picture(change)))
        tiles[2].append(ImageTile(picture(new), f"{transform.label(now)} {then[place, now]:.2f}"))
    labels_ = ("original", f"change x{TIMES}", "result")
    rows = [TileRow(label, line) for label, line in zip(labels_, tiles, strict=True)]
    about = "below, the answer and its probability; a change of 0 is grey"
    return ImageSheet(f"Adversarial examples, eps {size:g}", about, rows)


def described(found: Attacked) -> list[str]:
    """Say what the attack does, in lines."""
    how = found.attack
    kind = "fast gradient sign" if (how.steps, how.norm) == (1, "inf") else "gradient"
    steps = counted(how.steps, "step")
    lines = [f"{kind} attack, {steps}, norm {how.norm}, on {counted(found.examples, 'example')}"]
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

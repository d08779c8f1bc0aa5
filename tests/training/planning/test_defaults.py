"""What recipes leave out, key by key, and what is refused: both sides of each condition."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from netdsl import parse
from netdsl.training.data import Data, Examples
from netdsl.training.planning import averaging, defaults, few_steps, fine_tuning, measures
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.conflicts import Conflict
from netdsl.training.recipes.recipe import (
    Adversarial,
    Augment,
    DataSpec,
    Keep,
    Loss,
    Optimizer,
    Penalty,
    Recipe,
    Schedule,
    Stopping,
    parse_recipe,
)

KINDS = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3)
TWO = OutputTransform("two", (1,), "sigmoid", "binary", 2)
PAIR = OutputTransform("pair", (2,), "softmax", "cross-entropy", 2)
TAGS = OutputTransform("tags", (3,), "sigmoid", "binary", 0)
SIZE = OutputTransform("size", (1,), "linear", "squared", 0)
SPAN = OutputTransform("span", (1,), "linear", "absolute", 0)
MAPS = OutputTransform("map", (4, 4, 2), "softmax", "cross-entropy", 2)
MARGIN = OutputTransform("margin", (1,), "linear", "hinge", 2)
IMAGE = InputTransform("x", (8, 8), True, 255.0, True, (8, 8, 1))
INDICES = InputTransform("x", (4,), True, 1.0, False, (4,), vocabulary=9)
NUMBERS = InputTransform("x", (4,), False, 1.0, False, (4,))


class Refused(NamedTuple):
    """A conflict: the key that is shown first, and a part of the message or the help."""

    key: str
    said: str


def check(call: Callable[[], Any], expected: Any) -> None:
    """What a call gives is what is expected, or it is refused so."""
    if not isinstance(expected, Refused):
        assert call() == expected
        return
    with pytest.raises(Conflict) as caught:
        call()
    assert caught.value.keys[0] == expected.key
    assert expected.said in f"{caught.value.message} | {caught.value.help}"


no = Refused
ADAM, GD, SGD = Optimizer(name="adam"), Optimizer(name="gd"), Optimizer(name="sgd")


@pytest.mark.parametrize(
    ("given", "optimizer", "examples", "expected"),
    [
        (None, ADAM, 31, 31),
        (None, ADAM, 32, 32),
        (None, ADAM, 33, 32),
        (None, ADAM, 9_999, 32),
        (None, ADAM, 10_000, 128),
        (None, GD, 10_000, 10_000),
        (None, GD, 5, 5),
        (5, ADAM, 5, 5),
        (6, ADAM, 5, no("batch", "a batch of 6 is more than the 5 training examples")),
        (5, GD, 5, 5),
        (4, GD, 5, no("batch", "`gd` uses the whole training part (5 examples) as its batch")),
    ],
)
def test_batches(given: int | None, optimizer: Optimizer, examples: int, expected: Any) -> None:
    check(lambda: defaults.batch_size(given, optimizer, examples), expected)


@pytest.mark.parametrize(
    ("given", "rule", "name", "rate"),
    [
        (Optimizer(), False, "adam", 0.001),
        (Optimizer(rate=0.5), False, "adam", 0.5),
        (Optimizer(), True, "sgd", 1.0),
        (Optimizer(rate=0.5), True, "sgd", 0.5),
    ],
)
def test_optimizers(given: Optimizer, rule: bool, name: str, rate: float) -> None:
    found = defaults.optimizer(given, rule)
    assert (found.name, found.rate) == (name, rate)


SEARCH = Optimizer(name="lbfgs").resolved()
LINED = Optimizer(name="gd", line_search=True).resolved()
SOLVED = Optimizer(name="least_squares").resolved()


@pytest.mark.parametrize(
    ("text", "optimizer", "engine", "expected"),
    [
        ("seed: 1", SEARCH, "tensorflow", None),
        ("seed: 1", SEARCH, "jax", no("backend", "`lbfgs` takes its steps under TensorFlow")),
        ("seed: 1", LINED, "jax", no("backend", "`gd` with a line search takes its steps")),
        ("seed: 1", GD, "jax", None),
        ("schedule: cosine", GD, "tensorflow", None),
        ("schedule: constant", SEARCH, "tensorflow", None),
        ("schedule: cosine", SEARCH, "tensorflow", no("schedule", "finds the length of each")),
        ("augment: {noise: 0.1}", SEARCH, "tensorflow", no("augment", "the same examples")),
        ("adversarial: 0.1", SEARCH, "tensorflow", no("adversarial.eps", "the same examples")),
        ("speed: auto", SEARCH, "tensorflow", None),
        ("speed: plain", SEARCH, "tensorflow", no("speed", "one way of taking steps")),
        ("devices: 1", SEARCH, "tensorflow", None),
        ("devices: 2", SEARCH, "tensorflow", no("devices", "works on one device")),
        ("hosts: ['a:1', 'b:1']", SEARCH, "tensorflow", no("devices", "works on one device")),
        ("penalty: {l1: 1, l2: 1}", SEARCH, "tensorflow", None),
        ("penalty: {l1: 1, proximal: yes}", SEARCH, "tensorflow", no("penalty.proximal", "`pro")),
        ("penalty: {max_norm: 1}", SEARCH, "tensorflow", no("penalty.max_norm", "`max_norm`")),
        ("penalty: {l1: 1}", SOLVED, "tensorflow", no("penalty.l1", "without a penalty")),
        ("penalty: {l2: 1}", SOLVED, "tensorflow", no("penalty.l2", "without a penalty")),
        ("epochs: 1", SOLVED, "tensorflow", None),
        ("epochs: 2", SOLVED, "tensorflow", no("epochs", "takes one step, not 2 epochs")),
        ("epochs: 2", SEARCH, "tensorflow", None),
    ],
)
def test_searches(text: str, optimizer: Optimizer, engine: str, expected: Any) -> None:
    recipe = parse_recipe(text)
    check(lambda: defaults.check_search(recipe, optimizer, engine), expected)


@pytest.mark.parametrize("key", ["clip_norm", "clip_value"])
def test_searches_do_not_clip(key: str) -> None:
    for optimizer in (SEARCH, LINED):
        clipped = dataclasses.replace(optimizer, **{key: 1.0})  # type: ignore[arg-type]
        search = partial(defaults.check_search, Recipe(), clipped, "tensorflow")
        check(search, no(f"optimizer.{key}", "does not clip"))


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([SIZE], None),
        ([SPAN], no("optimizer.name", "not for loss absolute")),
        ([SIZE, SIZE], no("optimizer.name", "not for 2 outputs")),
        ([dataclasses.replace(SIZE, shape=(2, 2))], no("optimizer.name", "for one vector")),
        ([dataclasses.replace(SIZE, shape=(5,))], None),
    ],
)
def test_what_least_squares_solve_for(outputs: Any, expected: Any) -> None:
    check(lambda: defaults.check_solvable(outputs), expected)


@pytest.mark.parametrize(
    ("given", "rate", "epochs", "validation", "expected"),
    [
        (Schedule(name="steps", at=(30.0, 60.0)), 0.1, 100, 0, None),
        (Schedule(name="steps"), 0.1, 100, 0, no("schedule", "requires the epochs")),
        (Schedule(name="steps", at=(30.0, 30.0)), 0.1, 100, 0, no("schedule.at", "increase")),
        (Schedule(name="plateau"), 0.1, 9, 1, None),
        (Schedule(name="plateau"), 0.1, 9, 0, no("data.split.validation", "needs a validation")),
        (Schedule(name="plateau", least=0.1), 0.1, 9, 1, no("schedule.least", "fall to 0.1")),
        (Schedule(name="plateau", least=0.09), 0.1, 9, 1, None),
        (Schedule(name="cosine", least=0.1), 0.1, 9, 0, no("schedule.least", "begins at 0.1")),
        (Schedule(name="cosine", warmup=9.0), 0.1, 9, 0, no("schedule.warmup", "none of the 9")),
        (Schedule(name="cosine", warmup=8.5), 0.1, 9, 0, None),
        (Schedule(name="adaptive"), 1e-7, 9, 0, None),
    ],
)
def test_schedules(
    given: Schedule, rate: float, epochs: int, validation: int, expected: Any
) -> None:
    check(
        lambda: defaults.schedule(given, rate, epochs, validation),
        given.resolved() if expected is None else expected,
    )


@pytest.mark.parametrize(
    ("given", "epochs", "steps", "every", "validation", "expected"),
    [
        (Keep(epochs=(3, 9)), 9, 10, 10, 0, None),
        (Keep(epochs=(3, 10)), 9, 10, 10, 0, no("keep.epochs", "no epoch 10: the training has 9")),
        (Keep(every=1), 100, 10, 10, 0, None),
        (Keep(every=1), 101, 10, 10, 0, no("keep.every", "101 epochs would be kept, and 100")),
        (Keep(every=2), 201, 10, 10, 0, None),
        (Keep(every=2, best=1), 200, 10, 10, 1, no("keep.every", "the weights of 101 epochs")),
        (Keep(every=1, epochs=(1,)), 100, 10, 10, 0, no("keep.every", "101 epochs")),
        (Keep(best=3), 9, 10, 10, 5, None),
        (Keep(best=3), 9, 10, 5, 5, None),
        (Keep(best=3), 9, 10, 4, 5, no("keep.best", "epochs end between evaluations")),
        (Keep(best=3), 9, 10, 10, 0, no("keep.best", "there is no validation part")),
        (Keep(), 999, 10, 4, 0, None),
    ],
)
def test_kept_epochs(
    given: Keep, epochs: int, steps: int, every: int, validation: int, expected: Any
) -> None:
    check(
        lambda: defaults.keep(given, epochs, steps, every, validation),
        given if expected is None else expected,
    )


@pytest.mark.parametrize(
    ("precision", "beta2", "refused"),
    [
        ("bfloat16", 0.998, False),
        ("bfloat16", 1 - 2**-9, True),
        ("bfloat16", 0.999, True),
        ("bfloat16", None, False),
        ("mixed", 0.999, False),
        (None, 0.999, False),
    ],
)
def test_precision(precision: str | None, beta2: float | None, refused: bool) -> None:
    optimizer = Optimizer(name="adam", beta2=beta2)
    expected = no("precision", "no weight would ever move") if refused else None
    check(lambda: defaults.check_precision(precision, optimizer), expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Penalty(), Penalty()),
        (Penalty(l1=0.0, l2=0.0, proximal=False), Penalty()),
        (Penalty(l1=0.5, l2=0.25, proximal=True, max_norm=2.0), Penalty(0.5, 0.25, True, 2.0)),
        (Penalty(l2=0.5, proximal=True), no("penalty.proximal", "and there is none")),
        (Penalty(l1=0.0, proximal=True), no("penalty.proximal", "and there is none")),
    ],
)
def test_penalties(given: Penalty, expected: Any) -> None:
    check(lambda: defaults.penalty(given), expected)


@pytest.mark.parametrize(
    ("given", "text", "expected"),
    [
        (None, "2 > gaussian[ fc-2 | fc-2 ]", 1.0),
        (0.0, "2 > gaussian[ fc-2 | fc-2 ]", 0.0),
        (0.5, "2 > gaussian[ fc-2 | fc-2 ]", 0.5),
        (None, "2 > fc-2", None),
        (0.0, "2 > fc-2", no("kl", "draws nothing")),
    ],
)
def test_the_weight_of_a_divergence(given: float | None, text: str, expected: Any) -> None:
    check(lambda: defaults.divergence(given, parse(text).graph), expected)


@pytest.mark.parametrize(
    ("given", "outputs", "expected"),
    [
        (Loss(), [SIZE], Loss("squared")),
        (Loss(), [KINDS, SIZE], Loss("cross-entropy")),
        (Loss("absolute"), [SIZE], Loss("absolute")),
        (Loss(reduce="mean"), [SIZE], Loss("squared")),
        (Loss(reduce="sum"), [SIZE], Loss("squared", "sum")),
        (Loss(reduce="sum"), [SPAN], Loss("absolute", "sum")),
        (Loss(reduce="half"), [SIZE], Loss("squared", "half")),
        (Loss(reduce="half"), [SPAN], no("loss.reduce", "for the loss squared, not absolute")),
        (Loss(reduce="sum"), [KINDS], no("loss.reduce", "squared and absolute, not cross-en")),
        (Loss(reduce="mean"), [KINDS], no("loss.reduce", "squared and absolute, not cross-en")),
    ],
)
def test_losses(given: Loss, outputs: Any, expected: Any) -> None:
    check(lambda: defaults.loss(given, outputs), expected)


@pytest.mark.parametrize(
    ("given", "outputs", "expected"),
    [
        (None, [SIZE], None),
        ({"size": 2.0}, [SIZE], None),
        (None, [SIZE, KINDS], {"size": 1.0, "kind": 1.0}),
        ({"kind": 0}, [SIZE, KINDS], {"size": 1.0, "kind": 0.0}),
        ({"size": 0}, [SIZE], no("loss_weights", "are all 0")),
        ({"kind": 0, "size": 0}, [SIZE, KINDS], no("loss_weights", "are all 0")),
        ({"kin": 1}, [SIZE, KINDS], no("loss_weights", "the outputs are size, kind")),
    ],
)
def test_weights_of_losses(given: Any, outputs: Any, expected: Any) -> None:
    check(lambda: defaults.loss_weights(given, outputs), expected)


@pytest.mark.parametrize(
    ("given", "outputs", "expected"),
    [
        (None, [SIZE], None),
        (0.0, [SIZE], None),
        (0.1, [KINDS], 0.1),
        (0.1, [TWO], 0.1),
        (0.1, [SIZE, KINDS], 0.1),
        (0.1, [SIZE, SPAN], no("label_smoothing", "not squared, absolute")),
        (0.1, [MARGIN], no("label_smoothing", "not hinge")),
        (0.1, [TAGS], no("label_smoothing", "not binary")),
    ],
)
def test_smoothing(given: float | None, outputs: Any, expected: Any) -> None:
    check(lambda: defaults.label_smoothing(given, outputs), expected)


COPY = OutputTransform("out", (8, 8, 1), "sigmoid", "squared", 0, copies="x")


@pytest.mark.parametrize(
    ("text", "inputs", "outputs", "weighted", "speed", "expected"),
    [
        ("{shift: 0, noise: 0}", [INDICES], [KINDS], False, None, Augment()),
        ("{noise: 0.5}", [IMAGE], [KINDS], True, "chunks", Augment(noise=0.5)),
        ("{noise: 0.5}", [NUMBERS], [KINDS], False, None, Augment(noise=0.5)),
        ("{noise: 0.5}", [INDICES], [KINDS], False, None, no("augment", "not indices")),
        ("{noise: 0.5}", [IMAGE] * 2, [KINDS], False, None, no("augment", "with one input")),
        ("{crop_from: 9}", [IMAGE], [KINDS], False, None, Augment(crop_from=9)),
        ("{crop_from: 9}", [IMAGE], [KINDS], False, "auto", Augment(crop_from=9)),
        ("{crop_from: 9}", [IMAGE], [KINDS], False, "plain", Augment(crop_from=9)),
        ("{crop_from: 9}", [IMAGE], [KINDS], False, "chunks", no("speed", "not with `chunks`")),
        ("{crop_from: 9}", [IMAGE], [COPY], False, None, no("augment.crop_from", "target: inp")),
        ("{mixup: 0.2}", [IMAGE], [KINDS], False, None, Augment(mixup=0.2)),
        ("{mixup: 0.2}", [IMAGE], [KINDS, SIZE], False, None, no("augment.mixup", "one output")),
        ("{mixup: 0.2}", [IMAGE], [KINDS], True, None, no("augment.mixup", "cannot be applied")),
        ("{flip: both}", [NUMBERS], [KINDS], False, None, no("augment.flip", "image")),
    ],
)
def test_augmentation(
    text: str, inputs: Any, outputs: Any, weighted: bool, speed: str | None, expected: Any
) -> None:
    given = parse_recipe(f"augment: {text}").augment
    check(lambda: defaults.augment(given, inputs, outputs, weighted, speed), expected)


@pytest.mark.parametrize(
    ("eps", "inputs", "expected"),
    [
        (None, [INDICES], Adversarial()),
        (0.0, [INDICES], Adversarial()),
        (0.1, [NUMBERS], Adversarial(0.1)),
        (0.1, [INDICES], no("adversarial.eps", "not indices")),
        (0.1, [NUMBERS, NUMBERS], no("adversarial.eps", "with one input")),
    ],
)
def test_changes_against_the_network(eps: float | None, inputs: Any, expected: Any) -> None:
    check(lambda: defaults.adversarial(Adversarial(eps), inputs), expected)


@pytest.mark.parametrize(
    ("steps", "patience", "epochs"),
    [(1, 100, 500), (0, 100, 500), (2, 50, 250), (3, 40, 200), (10, 10, 50), (1000, 10, 50)],
)
def test_epochs_of_few_steps(steps: float, patience: int, epochs: int) -> None:
    assert few_steps.enough_epochs(steps) == (patience, epochs)


# --- when a training stops ------------------------------------------------------------------------

OFF = Stopping(enabled=False, every=7)
USUAL = Stopping(True, 10, 7, "loss", "stop")


@pytest.mark.parametrize(
    ("text", "validation", "outputs", "expected"),
    [
        ("{}", 9, [KINDS], USUAL),
        ("{}", 0, [KINDS], OFF),
        ("no", 0, [KINDS], OFF),
        ("no", 9, [KINDS], OFF),
        ("{enabled: no, every: 3}", 9, [KINDS], Stopping(enabled=False, every=3)),
        ("yes", 0, [KINDS], no("data.split.validation", "needs a validation part")),
        ("{patience: 3}", 0, [KINDS], no("data.split.validation", "needs a validation part")),
        ("{patience: 3}", 9, [KINDS], Stopping(True, 3, 7, "loss", "stop")),
        ("{every: 3 epochs}", 9, [KINDS], Stopping(True, 10, 21, "loss", "stop")),
        ("{every: 3}", 9, [KINDS], Stopping(True, 10, 3, "loss", "stop")),
        ("{metric: accuracy}", 9, [KINDS], Stopping(True, 10, 7, "accuracy", "stop")),
        ("{metric: accuracy}", 9, [SIZE], no("early_stopping.metric", "has the metric `accura")),
        ("{metric: loss}", 9, [SIZE], USUAL),
        ("{then: retrain}", 9, [SIZE], Stopping(True, 10, 7, "loss", "retrain")),
        ("{tol: 0.1}", 9, [SIZE], Stopping(True, 10, 7, "loss", "stop", tol=0.1)),
        ("{min_delta: 0.1}", 9, [SIZE], Stopping(True, 10, 7, "loss", "stop", min_delta=0.1)),
        (
            "{tol: 0, min_delta: 0.1}",
            9,
            [SIZE],
            Stopping(True, 10, 7, "loss", "stop", min_delta=0.1),
        ),
        ("{tol: 0.1, min_delta: 0.1}", 9, [SIZE], no("early_stopping.min_delta", "two rules")),
        ("{start_from: 4}", 9, [SIZE], Stopping(True, 10, 7, "loss", "stop", start_from=4)),
        ("{part: training}", 0, [SIZE], Stopping(True, 10, 7, "loss", "stop", "training")),
        ("{part: training}", 9, [SIZE], Stopping(True, 10, 7, "loss", "stop", "training")),
        (
            "{part: training, metric: loss, then: stop}",
            0,
            [SIZE],
            Stopping(True, 10, 7, "loss", "stop", "training"),
        ),
        ("{part: training, every: 3}", 0, [SIZE], no("early_stopping.every", "looks at the tra")),
        ("{part: training, metric: accuracy}", 0, [KINDS], no("early_stopping.metric", "looks")),
        ("{part: training, then: retrain}", 0, [SIZE], no("early_stopping.then", "looks at")),
        *(
            (f"{{enabled: no, {key}}}", 9, [SIZE], no(f"early_stopping.{key.split(':')[0]}", "off"))
            for key in (
                "patience: 3",
                "metric: loss",
                "then: stop",
                "part: training",
                "tol: 0.1",
                "min_delta: 0.1",
                "start_from: 3",
            )
        ),
    ],
)
def test_early_stopping(text: str, validation: int, outputs: Any, expected: Any) -> None:
    given = parse_recipe(f"early_stopping: {text}").early_stopping
    check(lambda: measures.early_stopping(given, 7, validation, outputs), expected)


def test_metrics_of_no_output() -> None:
    check(
        lambda: measures.check_metric("metrics", "f1", [SIZE, SPAN]),
        no("metrics", "they are compared with values | the metrics here are"),
    )
    check(
        lambda: measures.check_metric("metrics", "r2", [KINDS, TAGS]),
        no("metrics", "they are compared with labels and tags"),
    )


@pytest.mark.parametrize(
    ("given", "outputs", "validation", "expected"),
    [
        (None, [SIZE], 0, None),
        ((), [SIZE], 0, None),
        (("r2",), [SIZE], 9, ("r2",)),
        (("r2",), [SIZE], 0, no("metrics", "and there is none")),
        (("r2", "auc"), [SIZE], 9, no("metrics", "has the metric `auc`")),
        (("auc", "r2"), [TWO, SIZE], 9, ("auc", "r2")),
    ],
)
def test_metrics(given: Any, outputs: Any, validation: int, expected: Any) -> None:
    check(lambda: measures.metrics(given, outputs, validation), expected)


@pytest.mark.parametrize(
    ("text", "outputs", "validation", "expected"),
    [
        ("positive: a", [TWO], 0, None),
        ("positive: a", [PAIR], 0, None),
        ("positive: a", [KINDS, TWO], 0, None),
        ("positive: a", [KINDS], 9, no("positive", "no output has two")),
        ("positive: a", [TAGS], 9, no("positive", "no output has two")),
        ("threshold: 0.3", [TWO], 0, None),
        ("threshold: f1", [TWO], 9, None),
        ("threshold: f1", [TAGS], 9, None),
        ("threshold: f1", [PAIR], 9, None),
        ("threshold: f1", [KINDS], 9, no("threshold", "two classes or tags")),
        ("threshold: f1", [MAPS], 9, no("threshold", "two classes or tags")),
        ("threshold: f1", [MARGIN], 9, no("threshold", "answered by probabilities")),
        ("threshold: f1", [TWO], 0, no("threshold", "`threshold: f1` is chosen on the valid")),
        ("calibrate: temperature", [KINDS], 9, None),
        ("calibrate: temperature", [TAGS], 9, None),
        ("calibrate: temperature", [SIZE], 9, no("calibrate", "for classes or tags")),
        ("calibrate: temperature", [MAPS], 9, no("calibrate", "for classes or tags")),
        ("calibrate: temperature", [MARGIN], 9, no("calibrate", "answered by probabilities")),
        ("calibrate: temperature", [KINDS], 0, no("calibrate", "chosen on the validation part")),
    ],
)
def test_decisions(text: str, outputs: Any, validation: int, expected: Any) -> None:
    recipe = parse_recipe(text)
    check(lambda: measures.check_decisions(recipe, outputs, validation), expected)


def data_of(output: OutputTransform, y: Any) -> Data:
    part = Examples((np.zeros((len(y), 4), np.float32),), (np.asarray(y),), "training")
    preparation = Preparation((NUMBERS,), (output,))
    return Data(DataSpec(source="python"), preparation, part, part, part)


@pytest.mark.parametrize(
    ("output", "y", "asked", "expected"),
    [
        (dataclasses.replace(TWO, names=("bad", "good")), [0, 1, 1], None, 0),
        (dataclasses.replace(TWO, names=("bad", "good")), [0, 0, 1], None, 1),
        (dataclasses.replace(TWO, names=("bad", "good")), [0, 1], None, 1),
        (dataclasses.replace(TWO, names=("bad", "good")), [0, 0, 1], "bad", 0),
        (dataclasses.replace(TWO, names=("bad", "good")), [0, 1, 1], "good", 1),
        (dataclasses.replace(TWO, names=("-1", "+1")), [0, 1, 1], None, 1),
        (dataclasses.replace(TWO, names=("0", "x")), [0, 1, 1], None, 0),
        (TWO, [0, 1, 1], None, 1),
        (TWO, [0, 1, 1], "0", 0),
        (TWO, [0, 1, 1], "2", no("positive", "the classes are 0, 1")),
        (dataclasses.replace(KINDS, names=("a", "b", "c")), [0, 1, 1], None, 1),
        (dataclasses.replace(KINDS, names=("a", "b", "c")), [0, 1, 1], "a", 1),
    ],
)
def test_the_class_that_is_looked_for(
    output: OutputTransform, y: Any, asked: str | None, expected: Any
) -> None:
    def positive() -> int:
        found = measures.with_positive(data_of(output, y), Recipe(positive=asked))
        return found.preparation.outputs[0].positive

    check(positive, expected)


@pytest.mark.parametrize(
    ("text", "positive", "noted"),
    [
        ("metrics: [f1]", 0, True),
        ("metrics: [accuracy, recall]", 0, True),
        ("metrics: [pr_auc]", 0, True),
        ("metrics: [macro_f1]", 0, True),
        ("metrics: [auc]", 0, False),
        ("metrics: [accuracy]", 0, False),
        ("early_stopping: {metric: precision}", 0, True),
        ("threshold: 0.3", 0, True),
        ("metrics: [f1]", 1, False),
        ("metrics: [f1]\npositive: '0'", 0, False),
        ("seed: 1", 0, False),
    ],
)
def test_a_note_of_the_rarer_class(text: str, positive: int, noted: bool) -> None:
    outputs = [dataclasses.replace(TWO, names=("bad", "good"), positive=positive)]
    note = measures.positive_note(parse_recipe(text), outputs)
    assert (note is not None) == noted
    assert note is None or "are about `bad`, the rarer class" in note
    assert measures.positive_note(parse_recipe(text), [KINDS]) is None


@pytest.mark.parametrize(
    ("schedule", "stopping", "epochs", "doubt"),
    [
        ("cosine", "{patience: 10}", 100, "has its lowest rates in the last of 100 epochs"),
        ("cosine", "{patience: 99}", 100, "lowest rates"),
        ("cosine", "{patience: 100}", 100, ""),
        ("cosine", "{patience: 10, start_from: 99}", 100, "lowest rates"),
        ("cosine", "{patience: 10, start_from: 100}", 100, ""),
        ("cosine", "{patience: 50, every: 14}", 100, ""),  # of 7 steps an epoch
        ("cosine", "{patience: 49, every: 14}", 100, "lowest rates"),
        ("cosine", "{patience: 100, part: training}", 100, ""),
        ("cosine", "no", 100, ""),
        ("constant", "{patience: 10}", 100, ""),
        ("{name: steps, at: [30, 60]}", "{patience: 10}", 100, "after epoch 60: `start_from: 60`"),
        ("{name: steps, at: [30, 60.5]}", "{patience: 10}", 100, "60.5: `start_from: 61`"),
        ("{name: steps, at: [30, 60]}", "{patience: 60}", 100, ""),
        ("{name: steps, at: [30, 60]}", "{patience: 59}", 100, "perhaps before the rate"),
        ("{name: steps, at: [30, 100]}", "{patience: 10}", 100, "perhaps before the rate"),
        ("{name: steps, at: [30, 101]}", "{patience: 10}", 100, ""),
        ("plateau", "{patience: 5}", 100, "the rate is hardly ever divided"),
        ("plateau", "{patience: 6}", 100, ""),
    ],
)
def test_stopping_early_and_schedules(
    schedule: str, stopping: str, epochs: int, doubt: str
) -> None:
    recipe = parse_recipe(f"schedule: {schedule}\nearly_stopping: {stopping}\nepochs: {epochs}")
    full = recipe.replace(
        schedule=recipe.schedule.resolved(),
        early_stopping=measures.early_stopping(recipe.early_stopping, 7, 9, [KINDS]),
    )
    doubts = list(measures.doubts_of_stopping(full, 7))
    assert len(doubts) == bool(doubt), doubts
    assert all(doubt in said for said in doubts)


# --- which weights are trained --------------------------------------------------------------------

GRAPH = parse("4 > fc-3 > fc-2 > relu").graph


@pytest.mark.parametrize(
    ("text", "epochs", "expected"),
    [
        ("freeze: [fc_1]", 9, None),
        ("freeze: ['fc*']", 9, no("freeze", "names every layer")),
        ("freeze: [fc_1, fc_2]", 9, no("freeze", "names every layer")),
        ("freeze: ['fc*']\nunfreeze: 8", 9, None),
        ("freeze: ['fc*']\nunfreeze: 9", 9, no("unfreeze", "none comes after 9")),
        ("unfreeze: 8", 9, no("unfreeze", "the layers of `freeze`")),
        ("freeze: [fc_3]", 9, no("freeze", "the layers with weights are fc_1, fc_2")),
        ("freeze: [relu_1]", 9, no("freeze", "matches no layer with weights")),
        ("rates: {fc_1: 0}", 9, None),
        ("rates: {fc_1: 0, fc_2: 0}", 9, no("rates", "the rate of every layer is 0")),
        ("rates: {fc_1: 0, fc_2: 0.1}", 9, None),
        ("rates: {'fc*': 0}", 9, no("rates", "the rate of every layer is 0")),
        ("{freeze: [fc_1], rates: {fc_2: 0}}", 9, no("rates", "the rate of every layer is 0")),
        ("{freeze: [fc_1], unfreeze: 2, rates: {fc_2: 0}}", 9, None),
        ("rates: {fc_1: 0, fc_2: 0, 'fc*': 1}", 9, no("rates", "the rate of every layer is 0")),
        ("rates: {conv: 0.1}", 9, no("rates", "matches no layer with weights")),
    ],
)
def test_layers_that_are_named(text: str, epochs: int, expected: Any) -> None:
    recipe = parse_recipe(text)
    check(lambda: fine_tuning.check_layers(recipe, GRAPH, epochs), expected)


@pytest.mark.parametrize(
    ("text", "tabular", "each", "epochs", "expected"),
    [
        ("", False, 100, 100, None),
        ("", True, 100, 100, 1 - 1 / 500),  # five epochs
        ("", True, 100, 10, 1 - 1 / 100),  # a tenth of them
        ("", True, 1.5, 100, 0.866667),
        ("", True, 2, 3, None),  # less than two updates
        ("ema: no", True, 100, 100, False),
        ("ema: no", False, 100, 100, None),
        ("ema: 0.9", True, 100, 100, 0.9),
        ("ema: 2 epochs", False, 50, 3, 0.99),
        ("ema: 1 epoch", True, 1, 3, False),
        ("", True, 1_000_000, 100, 0.9999998),  # not rounded to 1
        ("ema: 999999999 epochs", False, 100, 3, 1 - 1e-9),
        ("devices: 2", True, 100, 100, None),
        ("hosts: ['a:1', 'b:1']", True, 100, 100, None),
        ("precision: bfloat16", True, 100, 100, None),
    ],
)
def test_averages(text: str, tabular: bool, each: float, epochs: int, expected: Any) -> None:
    recipe, updates = parse_recipe(text), averaging.Updates(each, epochs)
    assert averaging.average(recipe, SGD, tabular, updates) == expected


def test_whole_steps_are_not_averaged() -> None:
    assert averaging.average(Recipe(), GD, True, averaging.Updates(1, 500)) is None


@pytest.mark.parametrize(("count", "more"), [(12, False), (13, True)])
def test_twelve_names_are_listed(count: int, more: bool) -> None:
    graph = parse("4" + " > fc-3" * count).graph
    with pytest.raises(Conflict) as caught:
        fine_tuning.check_layers(parse_recipe("freeze: [x]"), graph, 9)
    assert caught.value.help.endswith("fc_12, ..." if more else "fc_12")


def test_first_weights_that_are_nowhere(tmp_path: Path) -> None:
    fine_tuning.check_first_weights(None)
    fine_tuning.check_first_weights(str(tmp_path))
    with pytest.raises(Conflict) as caught:
        fine_tuning.check_first_weights(str(tmp_path / "none"))
    assert (caught.value.code, caught.value.keys) == ("N601", ("init_from",))


@pytest.mark.parametrize(
    ("text", "optimizer", "expected"),
    [
        ("accumulate: 4", SGD, None),
        ("accumulate: 1", GD, None),
        ("accumulate: 4", GD, no("accumulate", "no `accumulate`")),
        ("ema: 0.9", GD, None),
        ("ema: 0.9", SEARCH, no("ema", "no `ema`")),
        ("rates: {a: 1}", GD, None),
        ("rates: {a: 1}", LINED, no("rates", "no `rates`")),
        ("unfreeze: 3", SEARCH, no("unfreeze", "no `unfreeze`")),
        ("ema: no", SEARCH, None),
        ("ema: 0.9\ndevices: 1", SGD, None),
        ("ema: 0.9\ndevices: 2", SGD, no("ema", "works on one device")),
        ("ema: 0.9\nhosts: ['a:1', 'b:1']", SGD, no("ema", "works on one device")),
        ("ema: 0.9\npenalty: {l1: 1, proximal: yes}", SGD, None),
        ("rates: {a: 1}\npenalty: {l1: 1, proximal: yes}", SGD, no("rates", "`proximal` moves")),
        ("rates: {a: 1}\npenalty: {l1: 1}", SGD, None),
    ],
)
def test_updates(text: str, optimizer: Optimizer, expected: Any) -> None:
    recipe = parse_recipe(text)
    check(lambda: fine_tuning.check_updates(recipe, optimizer), expected)

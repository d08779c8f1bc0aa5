"""What Keras computes inside a compiled step is what NumPy computes, for every output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.outputs import CASES, Case

from netdsl.keras.quiet import quiet_keras
from netdsl.training.metrics.counters import Counter
from netdsl.training.metrics.definitions import (
    ABSOLUTE_ERROR,
    ACCURACY,
    METRICS,
    R2,
    Metric,
    training_metric,
)
from netdsl.training.preparation.outputs import OutputTransform

pytestmark = pytest.mark.keras
keras = quiet_keras()


def streamed(metric: Metric, output: OutputTransform, *batches: tuple[Any, ...]) -> float:
    """The metric of these batches (targets, values), counted by Keras."""
    from netdsl.training.metrics.streamed import StreamedMetric

    made = StreamedMetric(metric, output)
    for batch in batches:
        made.update_state(*map(keras.ops.convert_to_tensor, batch))
    return metric.in_units(output, float(made.result()))


def test_a_temperature_makes_no_warning_before_the_first_batch() -> None:
    output = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3, temperature=0.5)
    with np.errstate(all="raise"):
        found = streamed(ACCURACY, output, ([0, 1], [[0.9, 0.1, 0.0], [0.8, 0.1, 0.1]]))
    assert found == 0.5


@pytest.mark.parametrize("case", CASES, ids=str)
def test_keras_and_numpy_agree(case: Case) -> None:
    y, values = case.sample(40)
    counter = Counter(case.output, METRICS)
    counter.update(y, values)
    targets = case.output.targets(y)
    batches = [(targets[rows], values[rows].astype("float32")) for rows in (slice(9), slice(9, 40))]
    for metric in (one for one in counter.metrics if one.streams):
        found = streamed(metric, case.output, *batches)
        assert found == pytest.approx(counter.result(metric), rel=2e-5, abs=1e-6), metric.name


@pytest.mark.parametrize(
    "name", ["softmax", "a class a pixel", "two classes by logits", "tags", "a share by logits"]
)
def test_in_a_compiled_step(name: str) -> None:
    from netdsl.training.metrics.streamed import StreamedMetric

    (case,) = (case for case in CASES if case.name == name)
    y, values = case.sample(40)
    metric = training_metric(case.output)
    model = keras.Sequential([keras.Input(case.output.shape), keras.layers.Identity()])
    model.compile(
        loss=lambda y, values: keras.ops.sum(values),
        metrics=[StreamedMetric(metric, case.output)],
        jit_compile=keras.config.backend() != "torch",
    )
    found = model.evaluate(
        values.astype("float32"),
        case.output.targets(y),
        batch_size=16,
        verbose=0,
        return_dict=True,
    )
    counter = Counter(case.output, [metric])
    counter.update(y, values)
    assert found[metric.name] == pytest.approx(counter.result(metric), rel=2e-5)


# --- targets that are not as the data has them ----------------------------------------------------


def test_smoothed_labels_count_as_their_class() -> None:
    """Two classes as 0.1 and 0.9, or a row of shares: what is taught is not what is right."""
    single = OutputTransform("y", (1,), "sigmoid", "binary", 2)
    y = np.array([[0.1], [0.9], [0.9], [0.1]], "float32")
    given = np.array([[0.2], [0.7], [0.4], [0.6]], "float32")
    assert streamed(ACCURACY, single, (y, given)) == 0.5
    three = OutputTransform("y", (3,), "softmax", "cross-entropy", 3)
    rows = np.array([[0.05, 0.9, 0.05], [0.9, 0.05, 0.05]], "float32")
    given = np.array([[0.1, 0.5, 0.4], [0.1, 0.5, 0.4]], "float32")
    assert streamed(ACCURACY, three, (rows, given)) == 0.5
    mixed = np.array([[0.3, 0.7, 0.0], [0.6, 0.0, 0.4]], "float32")
    assert streamed(ACCURACY, three, (mixed, given)) == 0.5


def test_many_classes_in_few_bits() -> None:
    """bfloat16 does not tell the label 257 from 258."""
    output = OutputTransform("y", (300,), "linear", "cross-entropy", 300)
    scores = keras.ops.cast(np.eye(300)[[257, 258, 259]], "bfloat16")
    assert streamed(ACCURACY, output, (np.array([258, 258, 258]), scores)) == pytest.approx(1 / 3)


def test_weights_of_classes_are_those_of_the_loss_alone() -> None:
    from netdsl.training.metrics.streamed import StreamedMetric

    output = OutputTransform("y", (2,), "softmax", "cross-entropy", 2)
    made = StreamedMetric(ACCURACY, output)
    made.update_state(np.array([0, 1]), np.eye(2)[[0, 0]], sample_weight=np.array([9.0, 1.0]))
    assert float(made.result()) == 0.5


def test_nothing_was_counted_yet() -> None:
    assert streamed(ACCURACY, OutputTransform("y", (1,), "sigmoid", "binary", 2)) == 0
    assert streamed(ABSOLUTE_ERROR, OutputTransform("y", (1,), "linear", "squared", 0)) == 0
    assert np.isnan(streamed(R2, OutputTransform("y", (1,), "linear", "squared", 0)))

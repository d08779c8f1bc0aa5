"""What the recipe's keys do to the steps: each against a reference in NumPy, or the definition
itself.
"""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError, RunError
from netdsl.keras.quiet import quiet_keras
from netdsl.training.distributed.devices import Devices
from netdsl.training.loop.setup import first_model
from netdsl.training.loop.train import train
from netdsl.training.planning.job import Job
from netdsl.training.planning.plan import plan
from netdsl.training.planning.resolve import resolve
from netdsl.training.recipes.conflicts import Conflict
from netdsl.training.recipes.recipe import (
    Augment,
    DataSpec,
    Optimizer,
    Penalty,
    Recipe,
    Schedule,
    Split,
    Stopping,
    load_recipe,
    parse_recipe,
)
from netdsl.training.runs.run import Run

pytestmark = pytest.mark.keras

quiet_keras()

import keras  # noqa: E402

from netdsl.training.data.batches import Sampling, Shuffled, smoothed  # noqa: E402
from netdsl.training.loop import compile as fit  # noqa: E402
from netdsl.training.loop import sanity as trial  # noqa: E402
from netdsl.training.speed import autotune, choice, placement  # noqa: E402
from netdsl.training.speed.chunks import Chunks, cuts  # noqa: E402

X = np.random.default_rng(1).normal(size=(240, 3)).astype(np.float32)
Y = (X @ [1.0, -2.0, 0.5]).astype(np.float32)
LINE = netdsl.parse("3 > linear-1", name="line")
ALL = Recipe(
    data=DataSpec(split=Split(test=0.5, validation=0.5)),
    batch=60,
    early_stopping=Stopping(enabled=False),
)


def trained(network: Any, where: Path, recipe: Recipe, **more: Any) -> Run:
    return train(network, recipe, where=where, quiet=True, **more)


def rows(run: Run, name: str = "metrics.csv") -> list[dict[str, float]]:
    lines = (run.folder / name).read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    return [
        {key: float(value or "nan") for key, value in zip(names, line.split(","), strict=True)}
        for line in lines[1:]
    ]


def model_of(job: Job) -> Any:
    return first_model(job, Devices()).model


def line(recipe: Recipe) -> Any:
    """The job of a line through X and Y."""
    return plan(
        LINE,
        dataclasses.replace(recipe, data=DataSpec(split=ALL.data.split)),
        data={"x": X, "y": Y},
    )


def stepped(recipe: Recipe, steps: int = 1) -> tuple[list[Any], list[Any], Any, Any]:
    """The weights before and after steps on the first batch, and that batch."""
    job = line(recipe)
    model = model_of(job)
    fit.compile_model(model, job.network.graph, job.recipe, job.data.preparation, job.steps)
    training = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    training.at_epoch(1)
    x, y, *_ = training[0]
    before = [weight.copy() for weight in model.get_weights()]
    for _ in range(steps):
        model.train_on_batch(x, y)
    return before, model.get_weights(), x, y


def gradient(weights: list[Any], x: Any, y: Any) -> tuple[Any, Any]:
    """Of the mean squared error of a line."""
    kernel, bias = weights
    error = x @ kernel + bias - y
    return 2 * x.T @ error / len(x), 2 * error.mean(axis=0)


SGD = dataclasses.replace(ALL, optimizer=Optimizer(name="sgd", rate=0.1))


def test_a_step_goes_down_the_gradient() -> None:
    before, after, x, y = stepped(SGD)
    kernel, bias = gradient(before, x, y)
    assert after[0] == pytest.approx(before[0] - 0.1 * kernel, abs=1e-6)
    assert after[1] == pytest.approx(before[1] - 0.1 * bias, abs=1e-6)


def test_a_penalty_is_on_weights_and_not_on_biases() -> None:
    before, after, x, y = stepped(dataclasses.replace(SGD, penalty=Penalty(l1=0.3, l2=0.5)))
    kernel, bias = gradient(before, x, y)
    assert after[0] == pytest.approx(
        before[0] - 0.1 * (kernel + 0.3 * np.sign(before[0]) + 0.5 * before[0]), abs=1e-6
    )
    assert after[1] == pytest.approx(before[1] - 0.1 * bias, abs=1e-6)


def test_a_gradient_is_clipped() -> None:
    for optimizer, clipped in (
        (
            Optimizer(name="sgd", rate=0.1, clip_norm=0.01),
            lambda kernel, length: kernel * 0.01 / length,
        ),
        (
            Optimizer(name="sgd", rate=0.1, clip_value=0.02),
            lambda kernel, length: np.clip(kernel, -0.02, 0.02),
        ),
    ):
        before, after, x, y = stepped(dataclasses.replace(SGD, optimizer=optimizer))
        kernel, bias = gradient(before, x, y)
        length = math.sqrt((kernel**2).sum() + (bias**2).sum())
        assert after[0] == pytest.approx(before[0] - 0.1 * clipped(kernel, length), abs=1e-6)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("optimizer", "moved"),
    [
        # the first step of each is the gradient over its own size, whatever that is; clipped, the
        # whole step has the length
        (
            Optimizer(name="adam", rate=0.1, eps=1e-12),
            lambda change: np.abs(change)[np.abs(change) > 1e-6],
        ),
        (
            Optimizer(name="rmsprop", rate=0.1, rho=0.75, eps=1e-12),
            lambda change: np.abs(change)[np.abs(change) > 1e-6] / 2,
        ),
        (Optimizer(name="sgd", rate=1.0, clip_norm=0.1), np.linalg.norm),
    ],
    ids=["adam", "rmsprop", "clipped"],
)
def test_the_gradient_of_a_word_is_one_however_often_the_word_comes(
    optimizer: Optimizer, moved: Any
) -> None:
    x, y = np.array([[0, 1, 1, 1], [1, 2, 2, 1]] * 8), np.array([[3.0], [-5.0]] * 8, np.float32)
    recipe = Recipe(
        data=DataSpec(split=Split(validation=0.0)),
        batch=16,
        early_stopping=Stopping(enabled=False),
        optimizer=optimizer,
    )
    network = netdsl.parse("4 of int(3) > embed-2 > flatten > linear-1")
    job = plan(network, recipe, data={"x_train": x, "y_train": y, "x_test": x, "y_test": y})
    model = model_of(job)
    fit.compile_model(model, job.network.graph, job.recipe, job.data.preparation, 1)
    before = model.get_weights()
    model.train_on_batch(x, y)
    change = np.concatenate(
        [(new - old).ravel() for old, new in zip(before, model.get_weights(), strict=True)]
    )
    assert moved(change) == pytest.approx(0.1, rel=1e-3)


def test_weights_into_a_unit_are_not_longer_than_the_norm() -> None:
    _, after, _, _ = stepped(dataclasses.replace(SGD, penalty=Penalty(max_norm=0.2)), 30)
    assert np.linalg.norm(after[0], axis=0) == pytest.approx([0.2], abs=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "8x8x3 > conv3-4(bn) > dw3 > sep3-5 > gap > softmax-3",
        "5x4 > lstm-3 > softmax-2",
        "6 of int(9) > embed-4 > gap > softmax-2",
    ],
)
def test_penalties_find_the_kernels(text: str) -> None:
    network = netdsl.parse(text)
    assert (
        sum(math.prod(kernel.shape) for kernel in fit.kernels(network.keras(), network.graph))
        == network.counts.weights
    )


# --- targets and weights --------------------------------------------------------------------------


def test_smoothed_labels() -> None:
    job = plan(netdsl.parse("64 > softmax-10"), Recipe(label_smoothing=0.1))
    output = job.data.preparation.outputs[0]
    assert smoothed(output, np.array([2, 0]), 0.1) == pytest.approx(
        np.array([[0.1 / 9] * 2 + [0.9] + [0.1 / 9] * 7, [0.9] + [0.1 / 9] * 9])
    )
    binary = dataclasses.replace(output, loss="binary", shape=(1,), classes=2)
    assert smoothed(binary, np.array([[1.0], [0.0]]), 0.1) == pytest.approx(
        np.array([[0.9], [0.1]])
    )


def test_balanced_classes() -> None:
    y = np.repeat([0, 1, 1, 1], 60)
    job = plan(
        netdsl.parse("3 > softmax-2"),
        dataclasses.replace(ALL, class_weights="balanced"),
        data=(X, y),
    )
    assert job.recipe.class_weights == {"0": 2.0, "1": pytest.approx(2 / 3, abs=1e-6)}
    training = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    training.at_epoch(1)
    _, labels, weights = training[0]
    assert weights == pytest.approx(np.where(labels == 0, 2.0, 2 / 3), abs=1e-6)


def test_weights_make_rare_classes_count(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    y = (chance.random(2000) < 0.1).astype(int)
    x = (chance.normal(size=(2000, 1)) + y[:, None]).astype(np.float32)
    found = {}
    for weights in (None, "balanced"):
        recipe = Recipe(epochs=8, class_weights=weights, optimizer=Optimizer(rate=0.05))
        run = trained(netdsl.parse("1 > softmax-2", name="rare"), tmp_path, recipe, data=(x, y))
        found[weights] = float(np.mean(run.model.predict(x, verbose=0).argmax(axis=1)))
    assert found[None] < 0.05
    assert found["balanced"] > 0.15


# --- schedules ------------------------------------------------------------------------------------


def rates(
    where: Path, schedule: Schedule, epochs: int = 6, rate: float = 0.1, **more: Any
) -> list[float]:
    """The learning rate at the end of each epoch of one step, for the line."""
    recipe = dataclasses.replace(
        SGD, epochs=epochs, schedule=schedule, optimizer=Optimizer(name="sgd", rate=rate), **more
    )
    return [row["rate"] for row in rows(trained(LINE, where, recipe, data=(X, Y)))]


def test_rates_that_follow_from_the_step(tmp_path: Path) -> None:
    assert rates(tmp_path, Schedule()) == pytest.approx([0.1] * 6)
    assert rates(tmp_path, Schedule(name="steps", at=(2.0, 4.0))) == pytest.approx(
        [0.1, 0.1, 0.01, 0.01, 0.001, 0.001], rel=1e-4
    )
    found = rates(tmp_path, Schedule(name="cosine"))
    assert found == pytest.approx(
        [0.05 * (1 + math.cos(math.pi * step / 6)) for step in range(6)], abs=1e-6
    )
    warm = rates(tmp_path, Schedule(name="cosine", warmup=2.0, least=0.01))
    assert warm[:3] == pytest.approx([0.0, 0.05, 0.1], abs=1e-6)
    assert 0.01 < warm[-1] < 0.03


def test_the_first_epochs_take_the_first_rate(tmp_path: Path) -> None:
    """Divided behind the second epoch: its steps are still taken at the full rate."""
    plain, divided = (
        trained(
            LINE, tmp_path, dataclasses.replace(SGD, epochs=2, schedule=schedule), data=(X, Y)
        ).model.get_weights()
        for schedule in (Schedule(), Schedule(name="steps", at=(2.0,), divide=1e6))
    )
    assert all(np.array_equal(one, other) for one, other in zip(plain, divided, strict=True))


def test_rates_as_in_scikit_learn(tmp_path: Path) -> None:
    expected = [0.5] + [0.5 / math.sqrt(60 * epoch + 1) for epoch in range(1, 6)]
    assert rates(tmp_path, Schedule(name="invscaling"), rate=0.5) == pytest.approx(
        expected, rel=1e-4
    )


def test_a_rate_that_waits_for_the_training_loss(tmp_path: Path) -> None:
    """No epoch is better by 100: after more than one of them in a row the rate is divided, and
    at its least the training ends.
    """
    schedule = Schedule(name="adaptive", patience=1, tolerance=100.0, least=0.001)
    recipe = dataclasses.replace(SGD, epochs=30, schedule=schedule)
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    assert [row["rate"] for row in rows(run)][:6] == pytest.approx(
        [0.1, 0.1, 0.1, 0.02, 0.02, 0.004]
    )
    assert run.ended == "rate"


def test_a_rate_that_waits_for_the_validation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([5, 4, 4, 4, 3, 3, 3, 3])
    monkeypatch.setattr(
        fit, "scores", lambda judge, batches: {"loss": next(losses, 3), "absolute_error": 1.0}
    )
    found = rates(tmp_path, Schedule(name="plateau", patience=2), epochs=8)
    assert found == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001])


# --- stopping -------------------------------------------------------------------------------------


def test_without_stopping_the_last_weights_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, losses = fit.scores, iter([1, 2, 3])
    monkeypatch.setattr(
        fit, "scores", lambda judge, batches: {**real(judge, batches), "loss": next(losses, 4)}
    )
    run = trained(LINE, tmp_path, dataclasses.replace(SGD, epochs=3), data=(X, Y))
    assert (run.best_step, run.ended, run.patience) == (3, "epochs", 0)
    last = netdsl.load_model(run.folder / "last.keras").get_weights()
    assert all(
        np.array_equal(one, other) for one, other in zip(run.model.get_weights(), last, strict=True)
    )


def test_training_again_on_all_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best step is the second of four: so many steps are taken from new weights, on training
    and validation part together.
    """
    real, losses = fit.scores, iter([5, 3, 4, 4])
    monkeypatch.setattr(
        fit, "scores", lambda judge, batches: {**real(judge, batches), "loss": next(losses, 9)}
    )
    recipe = dataclasses.replace(
        SGD, epochs=9, early_stopping=Stopping(patience=2, then="retrain"), seed=3
    )
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    assert (run.steps, run.best_step, run.retrained, run.ended) == (4, 2, 2, "patience")
    assert [row["step"] for row in rows(run, "retrained.csv")] == [
        2
    ]  # 120 examples, 60 a step: one epoch
    monkeypatch.undo()
    job = plan(LINE, recipe, data=(X, Y))
    model = model_of(job)
    kernel, bias = model.get_weights()
    training = Shuffled(
        job.data.train.joined(job.data.validation), job.data.preparation, Sampling.of(job.recipe)
    )
    training.at_epoch(1)
    for x, y in (training[0], training[1]):
        by_kernel, by_bias = gradient([kernel, bias], x, y)
        kernel, bias = kernel - 0.1 * by_kernel, bias - 0.1 * by_bias
    assert run.model.get_weights()[0] == pytest.approx(kernel, abs=1e-5)


def test_evaluations_by_epochs() -> None:
    assert (
        plan(
            LINE, parse_recipe("early_stopping: {every: 3 epochs}\nbatch: 50"), data=(X, Y)
        ).recipe.early_stopping.every
        == 12
    )


# --- several inputs and outputs -------------------------------------------------------------------


TWO = """
input left: 8
input right: 8
[ @left > fc-8 | @right > fc-8 ] > fc-8 as both
@both > sigmoid-1 as same
@both > linear-1 as gap
"""


def test_two_inputs_and_two_outputs(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    left, right = chance.random((2, 400, 8), np.float32)
    gap = left.sum(axis=1) - right.sum(axis=1)
    arrays = {"x_left": left, "x_right": right, "y_same": (gap > 0).astype(int), "y_gap": gap}
    recipe = Recipe(epochs=25, batch=20, optimizer=Optimizer(rate=0.01), loss_weights={"gap": 0.5})
    run = trained(netdsl.parse(TWO, name="two"), tmp_path, recipe, data=arrays)
    assert set(run.test) == {"examples", "loss", "same_accuracy", "gap_absolute_error"}
    assert run.test["same_accuracy"] > 0.85
    assert run.test["gap_absolute_error"] < 0.4
    assert {"same_accuracy", "val_same_accuracy", "gap_absolute_error"} < set(rows(run)[0])


def test_weights_for_outputs_that_are_none() -> None:
    with pytest.raises(NetError, match="no output `gaps`") as caught:
        plan(LINE, Recipe(loss_weights={"gaps": 1.0}), data=(X, Y))
    assert "fc_1" in caught.value.diagnostics[0].help


# --- precision, first weights, freezing -----------------------------------------------------------


@pytest.mark.parametrize(
    ("precision", "weights", "optimizer"),
    [("bfloat16", "bfloat16", "momentum"), ("mixed", "float32", "adam")],
)
def test_lower_precision(
    network: Any, tmp_path: Path, precision: str, weights: str, optimizer: str
) -> None:
    run = trained(
        network(),
        tmp_path,
        Recipe(
            epochs=5, batch=64, precision=precision, optimizer=Optimizer(name=optimizer, rate=0.02)
        ),
    )
    assert run.model.weights[0].dtype == weights
    assert run.model.layers[1].compute_dtype == "bfloat16"
    assert run.test["accuracy"] > 0.7


def test_weights_from_another_run(network: Any, tmp_path: Path) -> None:
    def taken_over(other: Any, source: Path) -> tuple[Any, tuple[str, ...]]:
        return first_model(plan(other, Recipe(init_from=str(source))), Devices())

    first = trained(network(), tmp_path, Recipe(epochs=1, batch=200))
    model, report = taken_over(network(outputs=10), first.folder)
    assert all(
        np.array_equal(one, other)
        for one, other in zip(model.get_weights(), first.model.get_weights(), strict=True)
    )
    assert "4 of the network's 4 arrays taken over" in report[0]
    other = netdsl.parse("net other\n64 > fc-16 > fc-8 > softmax-10")
    _, report = taken_over(other, first.folder / "best.keras")
    assert "2 of the network's 6 arrays taken over" in report[0]
    assert any("of another shape: fc_2" in line for line in report)
    with pytest.raises(NetError, match="none of the 4 arrays"):
        taken_over(netdsl.parse("8x8x1 > conv3-2 as c > softmax-10 as d"), first.folder)
    with pytest.raises(NetError, match="none to take first weights from"):
        taken_over(network(), tmp_path / "none")


def test_frozen_layers_stay(network: Any, tmp_path: Path) -> None:
    recipe = Recipe(epochs=1, batch=200, freeze=("fc_1",))
    before = network().keras(seed=0).get_weights()
    after = trained(network(), tmp_path, recipe).model.get_weights()
    assert np.array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])
    with pytest.raises(NetError, match="no layer with weights is called so"):
        plan(network(), Recipe(freeze=("fc1",)))
    with pytest.raises(NetError, match="nothing is left to train"):
        plan(network(), Recipe(freeze=("*",)))


# --- numbers that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rate", "where"),
    [
        ("3 > fc-8 > linear-1", 1e18, "the loss itself"),
        ("3 > fc-8 > linear-1", 1e30, "the output of `fc_2`"),
        ("3 > fc-8 > noise(0.1) > linear-1", 1e38, r"the (weights|output) of `fc_\d`"),
    ],
)
def test_the_layer_where_a_number_is_none_is_told(
    tmp_path: Path, text: str, rate: float, where: str
) -> None:
    recipe = dataclasses.replace(
        SGD, epochs=5, batch=20, optimizer=Optimizer(name="sgd", rate=rate)
    )
    with pytest.raises(RunError, match=rf"at step \d, first in ({where}):"):
        trained(netdsl.parse(text, name="far"), tmp_path, recipe, data=(X, Y))


# --- trying ---------------------------------------------------------------------------------------


def test_a_dry_run_writes_nothing(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = trial.dry_run(plan(network(), Recipe(augment=Augment(noise=0.1))))
    assert "the first step: loss 2." in told
    assert "training peak" in told
    assert "noise: 0.1" in told
    assert list(tmp_path.iterdir()) == []


def test_one_batch_is_learned_by_heart_or_not(network: Any) -> None:
    found = trial.overfit(plan(network(), Recipe(optimizer=Optimizer(rate=0.01))))
    assert found.learned
    assert found.examples == 32
    assert "is learned" in trial.describe_overfit(found)
    stuck = trial.overfit(plan(network(), Recipe(optimizer=Optimizer(name="sgd", rate=1e-9))))
    assert (stuck.learned, stuck.steps) == (False, trial.STEPS)
    assert "NOT learned" in trial.describe_overfit(stuck)


# --- what does not go together --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("label_smoothing: «0.1»", "is for classes"),
        ("class_weights: «balanced»", "a class for each example"),
        ("precision: «bfloat16»", "rounds adam's beta2 of 0.999 to 1"),
        ("schedule: «steps»", "takes the epochs at which"),
        ("epochs: 3\nschedule: {name: cosine, warmup: «3»}", "leaves none of 3 to train"),
        ("early_stopping: {enabled: no, patience: «3»}", "goes with early stopping"),
        ("early_stopping: {metric: «accuracy»}", "there is no accuracy"),
        ("augment: {flip: «both»}", "image"),
        ("schedule: {name: steps, at: «[30, 20]»}", "go up"),
        ("schedule: {name: cosine, least: «1»}", "cannot fall to 1"),
        (
            "data: {split: {validation: «0»}}\nearly_stopping: no\nschedule: plateau",
            "there is none",
        ),
        ("loss_weights: «{linear: 0}»", "no output|all 0"),
    ],
)
def test_values_that_do_not_go_together(text: str, told: str) -> None:
    recipe = parse_recipe(text.replace("«", "").replace("»", ""))
    job = line(Recipe())
    network, empty = LINE, job.data.train.at(np.arange(0))
    data = dataclasses.replace(job.data, validation=empty) if "validation" in text else job.data
    with pytest.raises(NetError, match=told) as caught:
        resolve(recipe, network, data)
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert span.start == text.index("«")


# --- many steps at once ---------------------------------------------------------------------------


AUGMENTED = {
    "augment": Augment(
        flip="horizontal", shift=1, rotate=10, brightness=0.1, noise=0.05, cutout=2, mixup=0.2
    )
}


@pytest.mark.parametrize("way", ["chunks", "compiled"])
@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("64 > fc-16 > dropout(0.2) > softmax-10", {}),
        ("64 > fc-16 > softmax-10", {"early_stopping": Stopping(every=7)}),
        (
            "8x8x1 > conv3-4(bn) > pool > softmax-10",
            {"label_smoothing": 0.1, "class_weights": "balanced"},
        ),
        ("8x8x1 > conv3-4 > pool > softmax-10", AUGMENTED),
    ],
)
def test_steps_taken_together_are_the_same_steps(
    tmp_path: Path, text: str, way: str, changes: dict[str, Any]
) -> None:
    """Batches, order, changes and dropout are those of Keras's own steps, to rounding; with
    1,294 examples the last batch is smaller.
    """
    recipe = Recipe(epochs=2, batch=30, optimizer=Optimizer(rate=0.01), **changes)
    network = netdsl.parse(text, name="many")
    if way == "compiled" and not choice.compiles(model_of(plan(network, recipe))):
        pytest.skip("its chance is another one when compiled, so the rule does not choose that")
    together, plain = (
        trained(network, tmp_path, dataclasses.replace(recipe, speed=speed))
        for speed in (way, "plain")
    )
    assert len(rows(together)) == 2
    for one, other in zip(rows(together), rows(plain), strict=True):
        del one["seconds"], other["seconds"]
        assert one == pytest.approx(other, rel=2e-3)
    for one, other in zip(together.model.get_weights(), plain.model.get_weights(), strict=True):
        assert one == pytest.approx(other, abs=2e-3)


def test_chunks_end_where_something_is_to_be_done() -> None:
    assert cuts(0, 120, 50, 120, 0, False) == [50, 50, 20]
    assert cuts(0, 120, 50, 120, 0, True) == [50, 50, 19, 1]
    assert cuts(120, 120, 50, 100, 0, False) == [50, 30, 40]
    assert cuts(120, 120, 50, 240, 123, False) == [3, 50, 50, 17]
    assert cuts(0, 1, 50, 1, 0, True) == [1]


def test_large_steps_are_taken_one_by_one() -> None:
    assert choice.steps_together(netdsl.parse("784 > fc-50 > softmax-10").graph, 200) == 50
    assert (
        choice.steps_together(netdsl.parse("224x224x3 > conv3-64 x2 > gap > softmax-10").graph, 32)
        == 1
    )


@pytest.mark.parametrize(
    ("text", "steps", "augment", "ways"),
    [
        (
            "64 > fc-16 > softmax-10",
            choice.PAYS_AFTER,
            Augment(),
            {"tensorflow": "compiled", "jax": "compiled"},
        ),
        (
            "64 > fc-16 > softmax-10",
            choice.PAYS_AFTER - 1,
            Augment(),
            {"tensorflow": "chunks", "jax": "compiled"},
        ),
        (
            "64 > fc-16 > softmax-10",
            choice.PAYS_AFTER,
            Augment(noise=0.1),
            {"tensorflow": "chunks", "jax": "compiled"},
        ),
        (
            "64 > fc-16 > dropout(0.2) > softmax-10",
            choice.PAYS_AFTER,
            Augment(),
            {"tensorflow": "chunks", "jax": "compiled"},
        ),
        (
            "8x8x1 > conv3-4 > softmax-10",
            choice.PAYS_AFTER,
            Augment(),
            {"tensorflow": "chunks", "jax": "chunks"},
        ),
    ],
)
def test_what_is_compiled_is_a_fixed_rule(
    text: str, steps: int, augment: Augment, ways: dict[str, str]
) -> None:
    network = netdsl.parse(text)
    found = choice.rule(network.keras(seed=0), network.graph, steps, augments=augment != Augment())
    assert found == ways.get(keras.config.backend(), "chunks")


@pytest.mark.parametrize(
    ("text", "data", "kept"),
    [
        ("64 > fc-16 > softmax-10", None, "uint8"),
        ("8x8x1 > conv3-4 > softmax-10", None, "uint8"),
        ("8x8x3 > conv3-4 > softmax-10", None, "float32"),  # grey made colour
        ("16x16x1 > conv3-4 > softmax-10", None, "float32"),  # resized
        ("3 > linear-1", {"x": X, "y": Y}, "float32"),
    ],
)
def test_bytes_that_are_only_divided_lie_on_the_device_as_bytes(
    text: str, data: Any, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = plan(netdsl.parse(text), data=data)
    part, preparation = job.data.train, job.data.preparation
    chunks = Chunks(part, preparation, Sampling.of(job.recipe), 5, 10**9)
    (x,), *_ = chunks.examples()
    assert keras.backend.standardize_dtype(x.dtype) == kept
    (divided,) = placement.divided((x,), preparation.inputs)
    (wanted,), _ = chunks.prepared(np.arange(len(part)))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(divided), wanted, rtol=1e-6)
    monkeypatch.setattr(placement, "GPU_FACTOR", 1)
    monkeypatch.setattr(placement, "KEPT_NBYTES", wanted.size * np.dtype(kept).itemsize)
    assert placement.fits_on_device(part, preparation)
    monkeypatch.setattr(placement, "KEPT_NBYTES", placement.KEPT_NBYTES - 1)
    with pytest.raises(Conflict, match="keeps the prepared examples on the device") as caught:
        placement.check_fits("chunks", part, preparation)
    assert caught.value.code == "N507"


def test_measuring_moves_nothing_of_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        autotune, "budget", lambda load: 1e9
    )  # else it would depend on how fast the machine is
    recipe = Recipe(epochs=2, batch=64, speed="measure", augment=Augment(noise=0.1))
    network = netdsl.parse("64 > fc-16 > dropout(0.2) > softmax-10", name="measured")
    run = trained(network, tmp_path, recipe)
    kept = (run.folder / "recipe.yaml").read_text(encoding="utf-8")
    chosen = load_recipe(run.folder / "recipe.yaml").speed
    assert chosen in ("plain", "chunks", "compiled")
    assert re.search(
        rf"speed: {chosen} +# milliseconds a step: {chosen} [\d.]+, (plain|chunks|compiled) [\d.]+",
        kept,
    )
    again = trained(network, tmp_path, dataclasses.replace(recipe, speed=chosen))
    assert all(
        np.array_equal(one, other)
        for one, other in zip(run.model.get_weights(), again.model.get_weights(), strict=True)
    )


def test_a_short_training_is_not_measured(tmp_path: Path) -> None:
    run = trained(
        netdsl.parse("64 > fc-16 > softmax-10", name="short"),
        tmp_path,
        Recipe(epochs=1, batch=64, speed="measure"),
    )
    assert re.search(
        "speed: (chunks|compiled) +# the rule's choice",
        (run.folder / "recipe.yaml").read_text(encoding="utf-8"),
    )


def test_what_measuring_may_take() -> None:
    graph = netdsl.parse("64 > fc-16 > softmax-10").graph
    short, long = (
        autotune.budget(autotune.Load(graph, batch=32, steps=41 * epochs)) for epochs in (1, 10**6)
    )
    assert short < 0.02 * 0.1
    assert long == 2


def test_all_the_data_without_a_validation_part(tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        SGD, epochs=2, data=DataSpec(split=Split(test=0.5, validation=0.0))
    )
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    assert (run.validation["examples"], run.best_step, run.steps) == (0, 4, 4)
    assert run.validation["loss"] == pytest.approx(rows(run)[-1]["loss"], rel=1e-4)
    with pytest.raises(NetError, match="looks at the validation part"):
        plan(LINE, dataclasses.replace(recipe, early_stopping=Stopping()), data=(X, Y))


def test_an_autoencoder_gives_back_what_was_moved_and_not_the_noise() -> None:
    recipe = Recipe(
        data=DataSpec(source="digits", target="input"), augment=Augment(shift=2, noise=0.1)
    )
    job = plan(netdsl.parse("8x8x1 > conv3-4 > conv3-1(sigmoid)"), recipe)
    training = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    training.at_epoch(1)
    x, y = training[0]
    plain, _ = training.prepared(training.order[:32])
    assert np.abs(x - y).std() == pytest.approx(
        0.06, abs=0.01
    )  # the mean distance of a normal deviate's absolute value
    assert not np.array_equal(y, plain[0])
    assert y.max() == 1

"""What a training loop decides and says, without a training: chunks, speeds, rates, one batch,
progress, folds.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.keras.quiet import quiet_keras
from netdsl.training.recipes.recipe import parse_recipe
from netdsl.training.runs.history import (
    Epoch,
    Evaluation,
    History,
    growth,
    metrics_csv,
    metrics_jsonl,
    path_csv,
)

pytestmark = pytest.mark.keras

quiet_keras()

from netdsl.training.loop import rate_finder, sanity  # noqa: E402
from netdsl.training.loop.folds import fold_axis, fold_settings, has_folds  # noqa: E402
from netdsl.training.loop.grid import Grid, GridAxis  # noqa: E402
from netdsl.training.loop.learning_rate import step_schedule  # noqa: E402
from netdsl.training.loop.progress import epoch_text, first_text, progress  # noqa: E402
from netdsl.training.loop.rate_finder import RateTest  # noqa: E402
from netdsl.training.loop.sanity import Overfitted, describe_overfit  # noqa: E402
from netdsl.training.loop.state import as_plain, from_plain, new_state  # noqa: E402
from netdsl.training.speed import autotune, choice  # noqa: E402
from netdsl.training.speed.chunks import cuts  # noqa: E402

# --- chunks and speeds ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "steps", "together", "every", "last", "ragged", "expected"),
    [
        (0, 5, 5, 5, 0, False, [5]),
        (0, 5, 4, 5, 0, False, [4, 1]),
        (0, 5, 5, 5, 0, True, [4, 1]),
        (0, 5, 4, 5, 0, True, [4, 1]),
        (0, 5, 2, 3, 0, False, [2, 1, 2]),
        (4, 4, 9, 3, 0, False, [2, 2]),
        (3, 4, 9, 3, 0, False, [3, 1]),
        (0, 4, 9, 9, 2, False, [2, 2]),
        (0, 4, 9, 9, 4, False, [4]),
        (4, 4, 9, 9, 4, False, [4]),
        (4, 4, 9, 9, 3, False, [4]),
        (0, 2, 1, 1, 0, True, [1, 1]),
    ],
)
def test_steps_of_chunks(
    done: int,
    steps: int,
    together: int,
    every: int,
    last: int,
    ragged: bool,
    expected: list[int],
) -> None:
    assert cuts(done, steps, together, [every], last, ragged) == expected


SMALL, LARGE = netdsl.parse("4 > fc-2").graph, netdsl.parse("1000 > fc-1000").graph


def test_steps_in_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """2 * 10^10 multiply-accumulates on a CPU, three for each of a step's forward pass."""
    for accelerated, batches in (
        (False, {1: 50, 133: 50, 134: 49, 6666: 1, 10**6: 1}),
        (True, {6666: 50}),
    ):
        monkeypatch.setattr(choice, "accelerated", lambda here=accelerated: here)
        for batch, steps in batches.items():
            assert choice.steps_together(LARGE, batch) == steps
    monkeypatch.setattr(choice, "accelerated", lambda: False)
    assert choice.steps_together(netdsl.parse("8x8x1 > pool > gap").graph, 10**9) == 6


def test_what_a_step_is_expected_to_take() -> None:
    load = autotune.Load(LARGE, batch=1000, steps=10)
    assert load.step_seconds == pytest.approx(3e-4 + 6 * 10**9 / 1e11)
    assert load.together == 1
    few = autotune.Load(SMALL, batch=1, steps=10)
    assert few.together == 50
    assert autotune.budget(load) == pytest.approx(0.02 * load.step_seconds * 10)
    assert autotune.budget(load._replace(steps=10**6)) == 2.0
    plain = autotune.cost(load, "plain")
    assert plain == pytest.approx(0.4 + 0.02 * len(LARGE.ops) + 0.15 + 2 * load.step_seconds)
    assert autotune.cost(load, "chunks") == plain
    assert autotune.cost(load, "compiled") - plain == pytest.approx(0.4 + 0.02 * len(LARGE.ops))


# --- learning rates -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("constant", None),
        ("adaptive", None),
        ("{name: steps, at: [1, 2.5], divide: 2}", [0.1] * 4 + [0.05] * 6 + [0.025] * 2),
        ("{name: steps, at: [0.1]}", [0.1] + [0.01] * 11),
        (
            "cosine",
            [0.05 * (1 + math.cos(math.pi * at / 12)) for at in range(12)],
        ),
        (
            "{name: cosine, least: 0.05}",
            [0.05 + 0.025 * (1 + math.cos(math.pi * at / 12)) for at in range(12)],
        ),
        (
            "{name: cosine, warmup: 1}",
            [0.025 * at for at in range(4)]
            + [0.05 * (1 + math.cos(math.pi * at / 8)) for at in range(8)],
        ),
    ],
)
def test_rates_of_three_epochs_of_four_steps(text: str, expected: list[float] | None) -> None:
    found = step_schedule(parse_recipe(f"schedule: {text}").schedule.resolved(), 0.1, 4, 3)
    if expected is None:
        assert found is None
    else:
        rates = [float(np.asarray(found(step))) for step in range(12)]
        assert rates == pytest.approx(expected, abs=1e-6)


def test_what_is_said_of_rates() -> None:
    found = RateTest("net", 8, 0.5, (0.01, 0.1, 1.0), (4.0, 1.0, 2.0), (4.0, 1.0, 2.0))
    assert (found.lowest, found.falls, found.proposed) == (1, True, 0.01)
    assert found.description.splitlines() == [
        "3 steps of 8 examples, with rates from 0.01 to 1: mean loss 4.0000 at first, lowest "
        "1.0000 at 0.1",
        "try --set optimizer.rate=0.01, a tenth of that; the recipe's is 0.5",
    ]
    assert "lowest mean loss at 0.1, a tenth is 0.01" in found.picture()


@pytest.mark.parametrize(
    ("means", "falls"),
    [
        ((1.0, 0.98), True),
        ((1.0, 0.99), False),
        ((1.0, 1.0), False),
        ((-1.0, -1.02), True),
        ((-1.0, -1.005), False),
    ],
)
def test_whether_any_rate_lowers_the_loss(means: tuple[float, ...], falls: bool) -> None:
    found = RateTest("net", 8, 0.5, (0.01, 0.123456), means, means)
    assert found.falls == falls
    assert ("no rate lowers it" in found.description) == (not falls)
    assert ("no rate lowers it" in found.picture()) == (not falls)
    if falls:
        assert found.proposed == 0.012


class Taken:
    """A model and its batches that only say that steps are taken."""

    def __init__(self, job: Any) -> None:
        self.preparation, self.batch, self.steps, self.order = job.data.preparation, 8, 4, range(29)
        self.optimizer, self.epochs = SimpleNamespace(), set[int]()

    def at_epoch(self, epoch: int) -> None:
        self.epochs.add(epoch)

    def __getitem__(self, index: int) -> tuple[int]:
        assert 0 <= index < self.steps
        return (index,)

    def reset_metrics(self) -> None:
        pass

    def train_on_batch(self, *_: Any, **__: Any) -> dict[str, float]:
        return {}


def planned(text: str, data: Any) -> Any:
    from netdsl.training.planning.plan import plan

    return plan(netdsl.parse(text), data=data)


@pytest.mark.parametrize(
    ("losses", "steps"),
    [
        ([1.0] * 200, 150),
        ([1.0] * 5 + [math.nan] * 200, 5),
        ([1.0] * 20 + [1000.0] * 180, 21),
        ([1.0] * 5 + [1000.0] * 195, 11),  # not before the tenth
        ([-1.0] * 20 + [-1000.0] * 180, 150),
    ],
)
def test_where_the_test_of_rates_ends(
    losses: list[float], steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = planned("2 > linear-1", (np.zeros((40, 2)), np.zeros(40)))
    taken, asked = Taken(job), iter(losses)
    monkeypatch.setattr(rate_finder, "trial", lambda _: (taken, taken, ()))
    monkeypatch.setattr(rate_finder, "named_scores", lambda *_: {"loss": next(asked)})
    found = rate_finder.find_rate(job)
    assert taken.epochs == set(range(1, -(-(steps + (losses[-1] != losses[-1])) // 4) + 1))
    assert (found.examples, taken.optimizer.learning_rate >= found.rates[-1]) == (8, True)
    assert len(found.rates) == len(found.means) == steps
    assert found.rates[0] == pytest.approx(1e-7)
    if steps == 150:
        assert found.rates[-1] == pytest.approx(10.0)
        assert found.means == pytest.approx(losses[:150] if losses[0] > 0 else found.means)


# --- one batch ------------------------------------------------------------------------------------


def test_how_one_batch_was_learned() -> None:
    found = Overfitted(8, 1200, 2.0, 0.1, "accuracy", 1.0, True)
    end = "loss 2.0000 to 0.1000, accuracy 1.0000 after 1,200 steps"
    assert describe_overfit(found) == f"one batch of 8 examples is learned: {end}"
    lines = describe_overfit(found._replace(learned=False)).splitlines()
    assert lines[0] == f"one batch of 8 examples is NOT learned: {end}"
    assert lines[1].startswith("check the labels")


@pytest.mark.parametrize(
    ("scores", "steps", "learned"),
    [
        ([(1.0, 0.5), (0.1, 0.5)], 2, True),
        ([(1.0, 0.5), (0.11, 0.5), (0.05, 0.9)], 3, True),
        ([(1.0, 0.5), (0.9, 1.0)], 2, True),
        ([(1.0, 0.5), (math.nan, 0.5)], 2, False),
        ([(1.0, 0.5)] * 500, 500, False),
    ],
)
def test_when_one_batch_is_learned(
    scores: Any, steps: int, learned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = planned("2 > softmax-2", (np.zeros((40, 2)), np.arange(40) % 2))
    taken, asked = Taken(job), iter(scores)
    monkeypatch.setattr(sanity, "trial", lambda _: (taken, taken, ()))

    def named(*_: Any) -> dict[str, float]:
        return dict(zip(("loss", "accuracy"), next(asked), strict=True))

    monkeypatch.setattr(sanity, "named_scores", named)
    found = sanity.overfit(job)
    assert (found.steps, found.learned, found.metric) == (steps, learned, "accuracy")
    assert (found.first, found.examples) == (scores[0][0], 8)
    assert found.last == pytest.approx(scores[steps - 1][0], nan_ok=True)


# --- progress -------------------------------------------------------------------------------------

SEEN = Evaluation(20, {"loss": 0.25, "accuracy": 0.75, "auc": 0.5}, True)
EPOCH = Epoch(2, 20, 0.1, {"loss": 0.5, "accuracy": 0.5, "auc": 0.25}, SEEN, 1.26)


@pytest.mark.parametrize(
    ("epoch", "text"),
    [
        (
            EPOCH,
            "step 20  loss 0.5000  mean accuracy 0.5000  auc 0.2500  validation loss 0.2500  "
            "mean accuracy 0.7500  auc 0.5000  best",
        ),
        (
            dataclasses.replace(EPOCH, evaluation=dataclasses.replace(SEEN, better=False)),
            "step 20  loss 0.5000  mean accuracy 0.5000  auc 0.2500  validation loss 0.2500  "
            "mean accuracy 0.7500  auc 0.5000",
        ),
        (
            dataclasses.replace(EPOCH, evaluation=None, scores={"loss": 0.5, "accuracy": 0.5}),
            "step 20  loss 0.5000  mean accuracy 0.5000",
        ),
        (
            dataclasses.replace(EPOCH, scores={"generator_loss": 0.5, "real_score": 1.0}),
            "step 20  generator loss 0.5000  real score 1.0000",
        ),
    ],
)
def test_an_epoch_in_a_line(epoch: Epoch, text: str) -> None:
    assert epoch_text(epoch, "mean_accuracy") == text


def test_the_first_line() -> None:
    assert first_text(SEEN) == (
        "step 0, the weights that were given: validation loss 0.2500  accuracy 0.7500  auc 0.5000"
    )


@pytest.mark.parametrize(("quiet", "lines"), [(False, 2), (True, 0)])
def test_progress_in_lines(quiet: bool, lines: int, capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet, 9, 10, "accuracy") as shown:
        shown.step(1, 0.5)
        shown.first(SEEN)
        shown.epoch(EPOCH)
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == lines
    if not quiet:
        assert err.splitlines()[1].startswith("epoch 2/9  step 20  loss 0.5000")
        assert err.endswith("  best  1.3 s\n")


# --- folds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("folds", [1, 51])
def test_how_many_folds_there_may_be(folds: int) -> None:
    assert fold_axis(2) == GridAxis("data.split.fold", ("0", "1"))
    assert len(fold_axis(50).values) == 50
    (setting,) = fold_settings(4)
    assert (setting.key, setting.value) == ("data.split.test", "0.25")
    with pytest.raises(NetError, match=f"requires 2 to 50, not {folds}") as caught:
        fold_axis(folds)
    assert caught.value.code == "N505"


@pytest.mark.parametrize(
    ("axes", "found"),
    [
        ([("data.split.fold", ("0", "1"))], True),
        ([("data.split.fold", ("0",))], False),
        ([("seed", ("0", "1"))], False),
        ([("seed", ("0", "1")), ("data.split.fold", ("0", "1"))], True),
    ],
)
def test_grids_of_folds(axes: Any, found: bool, tmp_path: Any) -> None:
    grid = Grid(tuple(GridAxis(*axis) for axis in axes), tmp_path, {})
    assert has_folds(grid) == found


def test_names_of_trainings(tmp_path: Any) -> None:
    grid = Grid(
        (GridAxis("params.w", ("2", "4")), GridAxis("optimizer.rate", ("0.1", "{a}"))), tmp_path, {}
    )
    assert [grid.run_name(at) for at in (1, 2, 3)] == [
        "1-w_2-rate_0.1",
        "2-w_2-rate__a_",
        "3-w_4-rate_0.1",
    ]
    assert grid.run_folder(3) == tmp_path / "3-w_4-rate_0.1-1"
    long = Grid((GridAxis("params.w", ("x" * 99,)),), tmp_path, {})
    assert len(long.run_name(1)) == len("1-") + 60
    grid.write()
    assert Grid.load(tmp_path) == grid


# --- the state ------------------------------------------------------------------------------------


def test_a_state_comes_back() -> None:
    recipe = parse_recipe("early_stopping: {patience: 3, metric: f1, tol: 0.1}\nschedule: plateau")
    state = new_state(recipe.replace(schedule=recipe.schedule.resolved()))
    assert (state.stopping.patience, state.stopping.higher, state.stopping.tolerance) == (
        3,
        True,
        0.1,
    )
    assert (state.stalled.patience, state.searching, state.cut_short) == (5, True, False)
    own = dataclasses.replace(EPOCH, epoch=1)
    state.rows, state.step, state.seconds = [own], 20, 1.5
    state.rates, state.best = [(10, 0.01)], SEEN
    state.evaluations = [SEEN]
    state.weights = [np.zeros(2)]
    again = from_plain(as_plain(state), state.weights)
    assert as_plain(again) == as_plain(state)
    assert again.epochs == [own]
    state.stage = "retrain"
    assert (state.searching, state.epochs) == (False, state.retrained)
    for ended, cut in (("interrupted", True), ("diverged", True), ("epochs", False)):
        state.ended = ended
        assert (state.cut_short, state.diverged) == (cut, ended == "diverged")
    usual = new_state(parse_recipe("seed: 1"))
    assert (usual.stopping.patience, usual.stopping.higher) == (10**9, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stage": "tired"}, "it is at the stage `tired`"),
        ({"ended": "tired"}, "ended by `tired`"),
        ({"step": 19}, "it is at step 19"),
        ({"step": -1}, "-1 is not a count"),
        ({"step": True}, "True is not a count"),
        ({"step": 2**63}, "is not a count"),
        ({"seconds": math.inf}, "inf is not a finite number"),
        ({"best": None}, "do not go together"),
        ({"decisions": {"a": {"more": 1}}}, "its decisions"),
        ({"rates": [(10, math.nan)]}, "nan is not a finite number"),
    ],
)
def test_a_state_that_cannot_be(change: dict[str, Any], said: str) -> None:
    state = new_state(parse_recipe("seed: 1"))
    state.step, state.best, state.weights = 20, SEEN, [np.zeros(2)]
    state.rows = [dataclasses.replace(EPOCH, epoch=1)]
    values = as_plain(state)
    from_plain(values, state.weights)
    with pytest.raises(ValueError, match=said):
        from_plain({**values, **change}, state.weights)


@pytest.mark.parametrize(
    ("losses", "grown"),
    [((1.0,), False), ((1.0, 2.0), False), ((1.0, 2.1), True), ((1.0, math.nan), False)],
)
def test_a_loss_that_has_grown(losses: tuple[float, ...], grown: bool) -> None:
    rows = [dataclasses.replace(EPOCH, scores={"loss": loss, "a": 1.0}) for loss in losses]
    said = growth(History(rows=rows))
    assert (
        said == "the training loss grew from 1 to 2.1: a lower rate of the optimizer may help"
    ) == grown
    assert bool(said) == grown


def test_epochs_as_csv_and_as_lines() -> None:
    plain = dataclasses.replace(EPOCH, epoch=1, evaluation=None)
    assert metrics_csv([plain, EPOCH], ["accuracy"]).splitlines() == [
        "epoch,step,rate,loss,accuracy,auc,val_loss,val_accuracy,val_auc,seconds",
        "1,20,0.1,0.5,0.5,0.25,,,,1.260",
        "2,20,0.1,0.5,0.5,0.25,0.25,0.75,0.5,1.260",
    ]
    assert (
        metrics_csv([], ["accuracy"])
        == "epoch,step,rate,loss,accuracy,val_loss,val_accuracy,seconds\n"
    )
    lines = metrics_jsonl(History(rows=[EPOCH], retrained=[plain])).splitlines()
    first, second = map(json.loads, lines)
    assert (first["stage"], first["val_auc"], second["stage"]) == ("search", 0.5, "retrain")
    assert "val_loss" not in second
    assert path_csv([[0.1, 1 / 3], [2.0, 3.0]]).splitlines() == [
        "step,weight_1,weight_2",
        "0,0.1,0.333333333",
        "1,2,3",
    ]


def test_an_undefined_figure_is_never_among_the_best(tmp_path: Path) -> None:
    from netdsl.training.loop.keeper import Keeper

    recipe = parse_recipe("keep: {best: 2}")
    preparation = SimpleNamespace(outputs=())
    keeper = Keeper(
        tmp_path, SimpleNamespace(recipe=recipe, data=SimpleNamespace(preparation=preparation))
    )  # type: ignore[arg-type]
    for values in itertools.permutations((0.5, math.nan, 0.25, 0.75)):
        rows = [
            Epoch(epoch, epoch, 0.1, {}, Evaluation(epoch, {"loss": value}, True), 0.0)
            for epoch, value in enumerate(values, 1)
        ]
        found = keeper._best_epochs(SimpleNamespace(rows=rows), 2)  # type: ignore[arg-type]
        assert {values[epoch - 1] for epoch in found} == {0.25, 0.5}

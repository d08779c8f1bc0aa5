"""What decides how steps are taken, by numbers; no step is taken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.analysis.counts import count_network
from netdsl.keras.quiet import quiet_keras

pytestmark = pytest.mark.keras

quiet_keras()

from netdsl.training.recipes.conflicts import Conflict  # noqa: E402
from netdsl.training.speed import autotune, choice, placement  # noqa: E402
from netdsl.training.speed.chunks import _filled, cuts  # noqa: E402

DENSE = netdsl.parse("64 > fc-16 > softmax-10").graph
PIXELS = netdsl.parse("8x8x1 > conv3-4 > gap > softmax-10").graph
POOLED = netdsl.parse("8x8x1 > gap").graph


class Model:
    """A model, as much of it as the rule looks at."""

    def __init__(self, *variables: str) -> None:
        self.non_trainable_variables = [SimpleNamespace(name=name) for name in variables]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the rule think of another backend, with or without a GPU."""

    def set_to(backend: str, gpu: bool = False) -> None:
        monkeypatch.setattr(choice.keras.config, "backend", lambda: backend)
        monkeypatch.setattr(choice, "accelerated", lambda: gpu)

    return set_to


@pytest.mark.parametrize(
    ("backend", "gpu", "model", "graph", "steps", "augments", "way"),
    [
        ("tensorflow", False, Model(), DENSE, 2000, False, "compiled"),
        ("tensorflow", False, Model(), DENSE, 1999, False, "chunks"),
        ("tensorflow", False, Model(), DENSE, 2000, True, "chunks"),
        ("tensorflow", False, Model(), PIXELS, 2000, False, "chunks"),
        ("tensorflow", False, Model("seed_generator_state"), DENSE, 2000, False, "chunks"),
        ("tensorflow", False, Model("moving_mean"), DENSE, 2000, False, "compiled"),
        ("tensorflow", True, Model(), PIXELS, 1, True, "compiled"),
        ("tensorflow", True, Model("seed_generator_state"), PIXELS, 1, True, "chunks"),
        ("jax", False, Model("seed_generator_state"), DENSE, 1, True, "compiled"),
        ("jax", False, Model(), PIXELS, 9999, False, "chunks"),
        ("jax", True, Model(), PIXELS, 1, True, "compiled"),
        ("torch", True, Model(), DENSE, 9999, False, "chunks"),
    ],
)
def test_the_rule(
    on: Any,
    backend: str,
    gpu: bool,
    model: Any,
    graph: Any,
    steps: int,
    augments: bool,
    way: str,
) -> None:
    on(backend, gpu)
    assert choice.rule(model, graph, steps, augments) == way
    gains = choice.gains(model, graph)
    assert gains or way == "chunks"
    load = autotune.Load(graph, 32, steps)
    ways = autotune._ways(model, load, augments)
    assert ways[0] == way
    assert sorted(ways) == sorted(["chunks", "plain", *(["compiled"] if gains else [])])


def test_steps_in_one_call(on: Any) -> None:
    macs = count_network(DENSE).macs
    assert macs == 64 * 16 + 16 * 10
    on("tensorflow")
    assert choice.steps_together(DENSE, 1) == 50
    batch = choice.CPU_MACS // (3 * macs)
    assert choice.steps_together(DENSE, batch // 10) == 10
    assert choice.steps_together(DENSE, batch) == 1
    assert choice.steps_together(DENSE, 10 * batch) == 1
    on("tensorflow", True)
    assert choice.steps_together(DENSE, batch) == 50
    assert choice.steps_together(DENSE, 100 * batch) == 10
    assert choice.steps_together(POOLED, 1) == 50


def test_what_measuring_takes(on: Any) -> None:
    on("tensorflow")
    load = autotune.Load(DENSE, 1000, 100)
    step = 3e-4 + 6 * 1184 * 1000 / 1e11
    assert load.step_seconds == pytest.approx(step)
    assert load.together == 50
    assert autotune.budget(load) == pytest.approx(0.02 * step * 100)
    assert autotune.budget(load._replace(steps=10**9)) == 2.0
    trace = 0.4 + 0.02 * len(DENSE.ops)
    assert autotune.cost(load, "plain") == pytest.approx(trace + 0.15 + 100 * step)
    assert autotune.cost(load, "chunks") == autotune.cost(load, "plain")
    assert autotune.cost(load, "compiled") == pytest.approx(2 * trace + 0.15 + 100 * step)
    large = autotune.Load(DENSE, 100_000, 100)
    assert large.together == int(0.05 / (3e-4 + 6 * 1184 * 100_000 / 1e11)) == 6
    assert autotune.Load(DENSE, 10**9, 100).together == 1


def test_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 10.1, 10.14, 10.151])
    monkeypatch.setattr(autotune.time, "perf_counter", lambda: next(times))
    epochs: list[int] = []
    training: Any = SimpleNamespace(at_epoch=epochs.append, chunk=lambda batch: batch)
    clock = autotune.Clock(training)
    clock.set_model(SimpleNamespace(stop_training=False))
    clock.on_epoch_begin(0)
    assert epochs == [1]
    clock.on_train_batch_end(0, {"loss": 1.0})
    assert clock.calls == 0, "an empty chunk is not a call"
    clock.on_train_batch_end(5, {"loss": 1.0})
    assert (clock.calls, clock.steps, clock.seconds) == (1, 0, 0.0)
    clock.on_train_batch_end(5, {"loss": 1.0})
    clock.on_train_batch_end(3, {"loss": 1.0})
    assert (clock.steps, clock.seconds) == (8, pytest.approx(0.14))
    assert not clock.model.stop_training
    clock.on_train_batch_end(2, {"loss": 1.0})
    assert clock.steps == 10
    assert clock.model.stop_training


@pytest.mark.parametrize(
    ("done", "steps", "together", "marks", "last", "ragged", "expected"),
    [
        (0, 0, 5, [], 0, False, []),
        (0, 5, 5, [], 0, False, [5]),
        (0, 6, 5, [], 0, False, [5, 1]),
        (0, 6, 5, [], 0, True, [5, 1]),
        (0, 5, 5, [], 0, True, [4, 1]),
        (0, 1, 5, [], 0, True, [1]),
        (0, 2, 5, [], 0, True, [1, 1]),
        (7, 5, 5, [5], 0, False, [3, 2]),
        (10, 5, 5, [5], 0, False, [5]),
        (0, 6, 9, [2, 3], 0, False, [2, 1, 1, 2]),
        (0, 6, 9, [], 4, False, [4, 2]),
        (4, 6, 9, [], 4, False, [6]),
        (5, 6, 9, [], 4, False, [6]),
        (0, 6, 9, [], 6, False, [6]),
    ],
)
def test_chunks(
    done: int,
    steps: int,
    together: int,
    marks: list[int],
    last: int,
    ragged: bool,
    expected: list[int],
) -> None:
    assert cuts(done, steps, together, marks, last, ragged) == expected
    assert sum(expected) == steps


def test_chunks_are_filled_up() -> None:
    found = _filled([np.array([1, 2], np.int32), np.array([3, 4], np.int32)], 3)
    assert (found.tolist(), str(found.dtype)) == ([[1, 2], [3, 4], [0, 0]], "int32")


@pytest.mark.parametrize("gpu", [False, True])
def test_what_fits_on_the_device(gpu: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = placement.KEPT_NBYTES * (8 if gpu else 1)
    nothing: Any = None
    monkeypatch.setattr(placement, "accelerated", lambda: gpu)
    monkeypatch.setattr(placement, "prepared_nbytes", lambda part, made, divided: limit)
    assert placement.fits_on_device(nothing, nothing)
    placement.check_fits("chunks", nothing, nothing)
    monkeypatch.setattr(placement, "prepared_nbytes", lambda part, made, divided: limit + 1)
    assert not placement.fits_on_device(nothing, nothing)
    with pytest.raises(Conflict, match="`speed: chunks` keeps the prepared examples") as caught:
        placement.check_fits("chunks", nothing, nothing)
    assert caught.value.keys == ("speed",)


@pytest.mark.parametrize("count", [1, 1023, 1024, 1025, 2500])
def test_rows_are_brought_in_blocks(count: int) -> None:
    asked: list[int] = []

    def prepared(rows: Any) -> Any:
        asked.append(len(rows))
        return (np.stack([rows, 2 * rows], axis=1).astype(np.float32), rows.astype(np.int32))

    x, y = placement.placed(prepared, count)
    assert np.asarray(x)[:, 1].tolist() == [2 * row for row in range(count)]
    assert np.asarray(y).tolist() == list(range(count))
    assert max(asked) <= 1024
    assert sum(asked[1:]) == count


def test_arrays_begin_at_a_multiple_of_64_bytes() -> None:
    for shape in ((3,), (5, 7), (100, 3)):
        made = placement._aligned(shape, np.dtype("float32"))
        assert made.shape == shape
        assert made.ctypes.data % 64 == 0

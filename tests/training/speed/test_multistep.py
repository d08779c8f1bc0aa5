"""Many steps in one call are the same steps; when they are taken so, and whether examples fit."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import X, Y, model_of, rows, trained

import netdsl
from netdsl.keras.quiet import quiet_keras
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.conflicts import Conflict
from netdsl.training.recipes.recipe import (
    Augment,
    Optimizer,
    Recipe,
    Stopping,
)

pytestmark = pytest.mark.keras

quiet_keras()

import keras  # noqa: E402

from netdsl.training.data.batches import Sampling  # noqa: E402
from netdsl.training.speed import choice, placement  # noqa: E402
from netdsl.training.speed.chunks import Chunks, cuts  # noqa: E402

AUGMENTED = {
    "augment": Augment(
        flip="horizontal", shift=1, rotate=10, brightness=0.1, noise=0.05, cutout=2, mixup=0.2
    )
}


DROPS = "64 > fc-16 > dropout(0.2) > softmax-10"


def test_what_draws_other_numbers_when_compiled_is_not_compiled_by_the_rule() -> None:
    assert not choice.compiles(model_of(plan(netdsl.parse(DROPS, name="many"), Recipe())))


@pytest.mark.parametrize(
    ("way", "text", "changes"),
    [("chunks", DROPS, {})]
    + [
        (way, text, changes)
        for way in ("chunks", "compiled")
        for text, changes in (
            ("64 > fc-16 > softmax-10", {"early_stopping": Stopping(every=7)}),
            (
                "8x8x1 > conv3-4(bn) > pool > softmax-10",
                {"label_smoothing": 0.1, "class_weights": "balanced"},
            ),
            ("8x8x1 > conv3-4 > pool > softmax-10", AUGMENTED),
        )
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


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="TensorFlow traces")
def test_a_smaller_last_batch_is_not_traced_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[int] = []
    real = Chunks.gathered

    def gathered(self: Chunks, held: Any, step: Any) -> Any:
        traced.append(1)
        return real(self, held, step)

    monkeypatch.setattr(Chunks, "gathered", gathered)
    recipe = Recipe(epochs=1, batch=100, speed="chunks")
    trained(netdsl.parse("64 > softmax-10", name="many"), tmp_path, recipe)
    assert len(traced) == 1


def test_chunks_end_where_something_must_be_done() -> None:
    assert cuts(0, 120, 50, [120], 0, False) == [50, 50, 20]
    assert cuts(0, 120, 50, [120], 0, True) == [50, 50, 19, 1]
    assert cuts(120, 120, 50, [100], 0, False) == [50, 30, 40]
    assert cuts(120, 120, 50, [240], 123, False) == [3, 50, 50, 17]
    assert cuts(0, 1, 50, [1], 0, True) == [1]
    assert cuts(130, 110, 50, [120, 100], 0, True) == [50, 20, 39, 1]


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
    chunks = Chunks(part, preparation, Sampling.of(job.recipe), 5, [10**9])
    (x,), *_ = chunks.examples()
    assert keras.backend.standardize_dtype(x.dtype) == kept
    (divided,) = placement.divided((x,), preparation.inputs)
    (expected,), _ = chunks.prepared(np.arange(len(part)))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(divided), expected, rtol=1e-6)
    monkeypatch.setattr(placement, "GPU_FACTOR", 1)
    monkeypatch.setattr(placement, "KEPT_NBYTES", expected.size * np.dtype(kept).itemsize)
    assert placement.fits_on_device(part, preparation)
    monkeypatch.setattr(placement, "KEPT_NBYTES", placement.KEPT_NBYTES - 1)
    with pytest.raises(Conflict, match="keeps the prepared examples on the device") as caught:
        placement.check_fits("chunks", part, preparation)
    assert caught.value.code == "N507"

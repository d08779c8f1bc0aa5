"""`init=pca`: kernels begin at the principal components of the training data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import assert_same_weights, stopped_after, trained

import netdsl
from netdsl.errors import NetError
from netdsl.training.loop.setup import seeded_model
from netdsl.training.loop.train import resume
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Recipe
from netdsl.training.runs.folder import COMPONENTS

pytestmark = pytest.mark.keras

RECIPE = Recipe(epochs=3, batch=8, seed=1)


def examples(*shape: int, count: int = 60) -> Any:
    """Examples whose components have variances that differ."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((count, *shape)) * np.linspace(1, 3, shape[-1])
    x = x + np.roll(x, 1, axis=1) * 0.7 + 5
    return x.astype(np.float32), np.arange(count) % 3


def windows(x: Any, size: int, gap: int = 1) -> Any:
    """All windows of images, one by one: [rows, size*size*channels]."""
    reach = (size - 1) * gap + 1
    return np.array(
        [
            image[i : i + reach : gap, j : j + reach : gap].ravel()
            for image in x
            for i in range(x.shape[1] - reach + 1)
            for j in range(x.shape[2] - reach + 1)
        ]
    )


CASES = {
    "fc": ("6 > fc-3(init=pca) > fc-3", (6,), lambda x: x),
    "fc, flattened": ("2x3 > flatten > fc-4(init=pca) > fc-3", (2, 3), lambda x: x.reshape(-1, 6)),
    "fc, of images": ("2x2x2 > fc-4(init=pca) > fc-3", (2, 2, 2), lambda x: x.reshape(-1, 8)),
    "dense": (
        "5x4 > dense-2(init=pca) > flatten > fc-3",
        (5, 4),
        lambda x: x.reshape(-1, 4),
    ),
    "conv": ("6x6x2 > conv3-4(init=pca) > gap > fc-3", (6, 6, 2), lambda x: windows(x, 3)),
    "conv, with a stride and zeros around": (
        "6x6x2 > conv3-4/2(init=pca, pad=2) > gap > fc-3",
        (6, 6, 2),
        lambda x: windows(x, 3),
    ),
    "conv, dilated": (
        "7x7x1 > conv3-4(init=pca, dilation=2) > gap > fc-3",
        (7, 7, 1),
        lambda x: windows(x, 3, 2),
    ),
    "conv, one dimension": (
        "9x3 > conv4-5(init=pca, pad=0) > gap > fc-3",
        (9, 3),
        lambda x: np.array([one[i : i + 4].ravel() for one in x for i in range(6)]),
    ),
    "each": ("each", (3, 5, 4), lambda x: x.reshape(-1, 20)),
}
TEXTS = {"each": "3x5x4 > each(flatten > fc-2(init=pca)) > flatten > fc-3"}


@pytest.mark.parametrize(("text", "shape", "rows"), CASES.values(), ids=CASES)
def test_the_kernel_is_what_svd_gives(text: str, shape: tuple[int, ...], rows: Any) -> None:
    job = plan(netdsl.parse(TEXTS.get(text, text)), RECIPE, data=examples(*shape))
    (kernel,) = job.components.values()
    seen = rows(job.data.train.x[0][:]).astype(float)
    _, _, vectors = np.linalg.svd(seen - seen.mean(0), full_matrices=False)
    found = kernel.reshape(-1, kernel.shape[-1]).T
    for component, expected in zip(found, vectors, strict=False):
        sign = np.sign(expected[np.abs(expected).argmax()])
        np.testing.assert_allclose(component, sign * expected, atol=2e-5)


def test_a_model_begins_at_them() -> None:
    text = "6x6x2 > conv3-4(init=pca, convolve) > gap > fc-3"
    job = plan(netdsl.parse(text), RECIPE, data=examples(6, 6, 2))
    straight = plan(netdsl.parse(text.replace(", convolve", "")), RECIPE, data=examples(6, 6, 2))
    ((name, kernel),) = job.components.items()
    model = seeded_model(job)
    np.testing.assert_array_equal(model.get_layer(name).kernel, kernel)
    (other,) = straight.components.values()
    np.testing.assert_array_equal(kernel[::-1, ::-1], other)  # as the layer flips it


def test_they_are_kept_with_the_run_and_a_resumed_one_begins_at_them(tmp_path: Path) -> None:
    network = netdsl.parse("6 > fc-3(init=pca) > fc-3", name="small")
    data = examples(6)
    recipe = RECIPE.replace(early_stopping={"then": "retrain"})
    whole = trained(network, tmp_path / "whole", recipe, data=data)
    stopped = stopped_after(6, network, tmp_path, recipe, data=data)
    with np.load(stopped.folder / COMPONENTS) as held:
        assert held["fc_1"].shape == (6, 3)
    assert_same_weights(resume(stopped.folder, data=data, quiet=True), whole)

    for content in (None, b"damaged"):
        (stopped.folder / COMPONENTS).unlink(missing_ok=True)
        if content:
            (stopped.folder / COMPONENTS).write_bytes(content)
        (stopped.folder / "result.json").unlink(missing_ok=True)
        (stopped.folder / "last.keras").unlink(missing_ok=True)
        with pytest.raises(NetError) as caught:
            resume(stopped.folder, data=data, quiet=True)
        assert caught.value.diagnostics[0].code == "N614"


def test_more_components_than_examples_are_refused() -> None:
    network = netdsl.parse("20 > fc-20(init=pca) > fc-3")
    with pytest.raises(NetError, match=r"needs more than 20 examples .* has 1[0-9]") as caught:
        plan(network, RECIPE, data=examples(20, count=24))
    assert caught.value.diagnostics[0].code == "N216"

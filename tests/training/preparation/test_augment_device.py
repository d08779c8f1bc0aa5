"""Changes made on the device: those of `augment`, which is the reference, from the same random
numbers, to rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netdsl.keras.quiet import quiet_keras
from netdsl.training.preparation import augment
from netdsl.training.recipes.recipe import Augment

pytestmark = pytest.mark.keras

quiet_keras()

from keras import ops  # noqa: E402

from netdsl.training.preparation import augment_device as pixels  # noqa: E402

X = np.random.default_rng(1).random((32, 9, 7, 3), np.float32)
MOVED = {"flip": "both", "shift": 2, "scale": 0.2, "rotate": 20.0, "shear": 10.0, "crop": 0.5}
LIGHT = {"brightness": 0.2, "contrast": 0.3, "colour": 0.4}
ALL = {**MOVED, **LIGHT, "noise": 0.1, "cutout": 3}
WISHES = [
    *({name: value} for name, value in ALL.items()),
    {"flip": "horizontal", "shift": 3},
    {"flip": "vertical"},
    MOVED,
    LIGHT,
    ALL,
]


def rng() -> np.random.Generator:
    return np.random.default_rng((3, 1))


def changed(x: Any, expected: Augment) -> tuple[Any, Any]:
    found = {
        name: ops.convert_to_tensor(array)
        for name, array in augment.numbers(expected, x.shape, rng()).items()
    }
    return tuple(
        map(ops.convert_to_numpy, pixels.changed(ops.convert_to_tensor(x), expected, found))
    )  # type: ignore[return-value]


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: "+".join(wish))
def test_the_same_changes(wish: dict[str, Any]) -> None:
    expected = Augment(**wish)
    result, whole = changed(X, expected)
    assert result == pytest.approx(augment.augmented(X, expected, rng()), abs=2e-5)
    kept = Augment(
        **{name: value for name, value in wish.items() if name not in ("noise", "cutout")}
    )
    assert whole == pytest.approx(augment.augmented(X, kept, rng()), abs=2e-5)


@pytest.mark.parametrize("wish", [{"flip": "both"}, {"shift": 4}, {"shift": 2, "flip": "both"}])
def test_pixels_that_only_move_keep_their_values(wish: dict[str, Any]) -> None:
    expected = Augment(**wish)
    assert np.array_equal(changed(X, expected)[0], augment.augmented(X, expected, rng()))


def test_values_that_are_not_images_can_have_noise() -> None:
    x, expected = X.reshape(32, -1), Augment(noise=0.3)
    assert changed(x, expected)[0] == pytest.approx(augment.augmented(x, expected, rng()), abs=1e-6)


def test_images_beyond_0_to_1_are_not_clipped() -> None:
    x = X * np.where(np.arange(32) % 2, 1, 3).astype(np.float32)[:, None, None, None]
    assert changed(x, Augment(**LIGHT))[0] == pytest.approx(
        augment.augmented(x, Augment(**LIGHT), rng()), abs=2e-5
    )


def test_the_same_pairs_are_mixed() -> None:
    y = np.eye(32, dtype=np.float32)
    partners, share = augment.pairs(32, 0.4, rng())
    for values, expected in zip((X, y), augment.mixed(X, y, 0.4, rng()), strict=True):
        found = pixels.mixed(ops.convert_to_tensor(values), partners.astype(np.int32), share)
        assert ops.convert_to_numpy(found) == pytest.approx(expected, abs=1e-6)

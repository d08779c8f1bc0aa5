"""Changes of training examples: exact where they can be, within what was asked for, the same
each time. No framework is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.training.preparation.augment import ASPECT, _draws, augmented, mixed
from netdsl.training.preparation.augment_checks import doubts, unfit
from netdsl.training.preparation.warp import shifted, warped


@dataclass(frozen=True)
class Wish:
    flip: str | None = None
    shift: int | None = None
    scale: float | None = None
    rotate: float | None = None
    shear: float | None = None
    crop: float | None = None
    crop_from: int | None = None
    brightness: float | None = None
    contrast: float | None = None
    colour: float | None = None
    noise: float | None = None
    cutout: int | None = None
    mixup: float | None = None


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng((3, 1, seed))


def images(count: int = 64, height: int = 9, width: int = 7, depth: int = 3) -> np.ndarray:
    return rng(99).random((count, height, width, depth), np.float32)


X = images()
GEOMETRY = {"flip": "both", "shift": 2, "scale": 0.2, "rotate": 20.0, "shear": 10.0, "crop": 0.5}
LIGHT = {"brightness": 0.2, "contrast": 0.3, "colour": 0.4}
ALL = Wish(**GEOMETRY, **LIGHT, noise=0.1, cutout=3)
NONE = replace(Wish(**dict.fromkeys(Wish.__annotations__, 0)), flip=None)


# --- all of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", [Wish(), NONE, Wish(mixup=0.2)])
def test_nothing_asked_changes_nothing(wish: Wish) -> None:
    assert np.array_equal(augmented(X, wish, rng()), X)


@pytest.mark.parametrize(
    "wish", [ALL, *(Wish(**{key: value}) for key, value in vars(ALL).items() if value)]
)
def test_the_same_seed_gives_the_same_and_another_does_not(wish: Wish) -> None:
    before = X.copy()
    first, second, other = (augmented(X, wish, rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
    assert np.array_equal(X, before)


def test_a_change_does_not_depend_on_the_others() -> None:
    noise = augmented(X, Wish(noise=0.1), rng()) - X
    for others in ({"flip": "both"}, GEOMETRY, {**GEOMETRY, **LIGHT}):
        given = augmented(X, Wish(**others), rng())
        assert augmented(X, Wish(**others, noise=0.1), rng()) - given == pytest.approx(
            noise, abs=1e-6
        )
    flat = np.full_like(X, 5)
    bright = augmented(flat, Wish(brightness=0.2, cutout=3), rng())
    assert augmented(flat, Wish(**LIGHT, flip="both", crop=0.5, cutout=3), rng()) == pytest.approx(
        bright, abs=1e-5
    )
    assert augmented(X, Wish(flip="both", shift=2, scale=1e-12), rng()) == pytest.approx(
        augmented(X, Wish(flip="both", shift=2), rng()), abs=1e-5
    )


def test_so_much_is_drawn_whatever_is_asked() -> None:
    after = []
    for wish in (Wish(), ALL):
        drawn = rng()
        augmented(X, wish, drawn)
        after.append(drawn.random())
    assert after[0] == after[1]


SHARE = st.none() | st.floats(0, 0.9)
DEGREES = st.none() | st.floats(0, 80)
WISHES = st.builds(
    Wish,
    flip=st.sampled_from([None, "horizontal", "vertical", "both"]),
    shift=st.none() | st.integers(0, 3),
    scale=SHARE,
    rotate=st.none() | st.floats(0, 180),
    shear=DEGREES,
    crop=st.none() | st.floats(0, 1),
    brightness=SHARE,
    contrast=SHARE,
    colour=SHARE,
    noise=st.none() | st.floats(0, 10),
    cutout=st.none() | st.integers(0, 3),
)


@pytest.mark.slow
@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    wish=WISHES,
    count=st.integers(0, 3),
    height=st.integers(4, 9),
    width=st.integers(4, 9),
    seed=st.integers(0, 1000),
)
def test_images_stay_images(wish: Wish, count: int, height: int, width: int, seed: int) -> None:
    x = images(count, height, width)
    assert unfit(wish, x.shape[1:]) is None
    result = augmented(x, wish, rng(seed))
    assert (result.shape, result.dtype) == (x.shape, np.float32)
    assert np.isfinite(result).all()
    if not wish.noise:
        assert result.min(initial=0) >= 0
        assert result.max(initial=1) <= 1 + 1e-6


# --- moving pixels --------------------------------------------------------------------------------


FLIPPED = [
    ("horizontal", [(1, 1), (1, -1)]),
    ("vertical", [(1, 1), (-1, 1)]),
    ("both", [(1, 1), (1, -1), (-1, 1), (-1, -1)]),
]


@pytest.mark.parametrize(("flip", "ways"), FLIPPED)
def test_flips_are_exact_and_as_frequent(flip: str, ways: list[tuple[int, int]]) -> None:
    x = images(1000, 3, 4, 1)
    found = [0] * len(ways)
    for image, result in zip(x, augmented(x, Wish(flip=flip), rng()), strict=True):
        found[
            [np.array_equal(result, image[::down, ::right]) for down, right in ways].index(True)
        ] += 1
    assert found == pytest.approx([1000 / len(ways)] * len(ways), abs=60)


def test_shifts_are_exact_and_each_comes_up() -> None:
    moves = [(down, right) for down in (-2, -1, 0, 1, 2) for right in (-2, -1, 0, 1, 2)]
    x = images(500, 5, 4, 2)
    found = set()
    for image, result in zip(x, augmented(x, Wish(shift=2), rng()), strict=True):
        padded = np.pad(image, ((2, 2), (2, 2), (0, 0)))
        same = [
            move
            for move in moves
            if np.array_equal(result, padded[2 - move[0] : 7 - move[0], 2 - move[1] : 6 - move[1]])
        ]
        assert len(same) == 1
        found.update(same)
    assert found == set(moves)


def test_images_are_moved_and_filled_with_zeros() -> None:
    image = np.arange(1.0, 10.0, dtype=np.float32).reshape(1, 3, 3, 1)
    for move, expected in (
        ((1, 0), [[0, 0, 0], [1, 2, 3], [4, 5, 6]]),
        ((-1, 2), [[0, 0, 4], [0, 0, 7], [0, 0, 0]]),
        ((0, -1), [[2, 3, 0], [5, 6, 0], [8, 9, 0]]),
    ):
        assert shifted(image, np.array([move]))[0, ..., 0].tolist() == expected


def maps(count: int, *rows: tuple[float, float, float]) -> np.ndarray:
    return np.repeat(np.array([rows], float), count, axis=0)


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("side", [6, 7])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_quarter_turn_is_numpys(turns: int, side: int, depth: int) -> None:
    x = images(3, side, side, depth)
    cosine, sine = np.cos(turns * np.pi / 2), np.sin(turns * np.pi / 2)
    result = warped(x, maps(3, (cosine, sine, 0), (-sine, cosine, 0)))
    assert result == pytest.approx(np.rot90(x, turns, (1, 2)), abs=1e-5)


def test_maps_without_fractions_are_exact() -> None:
    for down, right, signs in (
        (0, 0, (1, 1)),
        (2, -1, (1, 1)),
        (0, 0, (-1, 1)),
        (0, 0, (1, -1)),
        (20, 0, (1, 1)),
        (0, -1e9, (1, 1)),
    ):
        expected = np.zeros_like(X)
        if abs(down) < 9 and abs(right) < 7:
            expected = shifted(X, np.array([(down, right)] * len(X)))[:, :: signs[0], :: signs[1]]
        assert np.array_equal(
            warped(X, maps(len(X), (signs[0], 0, -down), (0, signs[1], -right))), expected
        )


def test_between_pixels_it_is_bilinear() -> None:
    x, matrix = images(2, 5, 6, 2), np.array([(0.8, 0.3, 0.4), (-0.2, 1.1, -1.3)])
    result = warped(x, maps(2, *matrix))
    expected = np.zeros_like(x)
    for row, column in np.ndindex(5, 6):
        origin = matrix @ (row - 2, column - 2.5, 1) + (2, 2.5)
        for i, j in np.ndindex(5, 6):
            near = np.maximum(0, 1 - np.abs(origin - (i, j)))
            expected[:, row, column] += near.prod() * x[:, i, j]
    assert result == pytest.approx(expected, abs=1e-5)


def test_large_batches_are_worked_on_in_parts() -> None:
    x, matrix = images(60, 40, 40, 1), rng().normal(0, 1, (60, 2, 3))
    assert np.array_equal(
        warped(x, matrix),
        np.concatenate([warped(x[i : i + 1], matrix[i : i + 1]) for i in range(60)]),
    )


def probed(side: int = 21, **wish: Any) -> tuple[np.ndarray, np.ndarray]:
    """Images that hold their own rows and columns, changed: where each pixel comes from, and the
    slope at the centre [n, 2, 2].
    """
    places = np.repeat(
        np.stack(np.mgrid[:side, :side], -1).astype(np.float32)[None] + 1, 400, axis=0
    )
    result, middle = augmented(places, Wish(**wish), rng()), side // 2
    down, right = (
        result[:, middle + 1, middle] - result[:, middle, middle],
        result[:, middle, middle + 1] - result[:, middle, middle],
    )
    return result, np.stack([down, right], 2)


def spans(values: np.ndarray, least: float, highest: float) -> bool:
    """Whether the values lie within these bounds and come close to both."""
    room = (highest - least) / 20
    return bool(
        least - 1e-4 <= values.min() < least + room
        and highest - room < values.max() <= highest + 1e-4
    )


def test_turns_are_turns_of_up_to_that_many_degrees() -> None:
    _, slope = probed(rotate=25)
    assert slope @ slope.transpose(0, 2, 1) == pytest.approx(
        np.repeat(np.eye(2)[None], 400, 0), abs=1e-4
    )
    assert spans(np.degrees(np.arctan2(slope[:, 0, 1], slope[:, 0, 0])), -25, 25)


def test_scaling_is_the_same_both_ways() -> None:
    _, slope = probed(scale=0.25)
    assert spans(1 / slope[:, 0, 0], 0.75, 1.25)
    assert slope == pytest.approx(slope[:, :1, :1] * np.eye(2), abs=1e-5)


def test_slants_leave_the_rows() -> None:
    _, slope = probed(shear=20)
    assert slope[:, 0] == pytest.approx(np.array([[1, 0]] * 400), abs=1e-5)
    assert slope[:, 1, 1] == pytest.approx(1, abs=1e-5)
    assert spans(np.degrees(np.arctan(slope[:, 1, 0])), -20, 20)


@pytest.mark.parametrize("least", [0.08, 0.5, 0.9])
def test_crops_lie_within_the_image(least: float) -> None:
    result, slope = probed(crop=least)
    assert result.min() >= 1 - 1e-4  # nothing comes from outside
    assert result.max() <= 21 + 1e-4
    high, wide = slope[:, 0, 0], slope[:, 1, 1]
    assert spans(high * wide, least, 1)
    assert 1 / ASPECT - 1e-4 <= (wide / high).min() < 1 < (wide / high).max() <= ASPECT + 1e-4
    assert high.max() <= 1
    assert wide.max() <= 1


def test_a_crop_of_everything_changes_nothing() -> None:
    assert np.array_equal(augmented(X, Wish(crop=1), rng()), X)
    assert np.array_equal(
        augmented(X, Wish(crop=1, flip="both"), rng()), augmented(X, Wish(flip="both"), rng())
    )


# --- changing values ------------------------------------------------------------------------------


def each(values: np.ndarray) -> np.ndarray:
    return values.mean((1, 2, 3))


def test_brightness_is_added() -> None:
    x = images(400) - 5
    more = augmented(x, Wish(brightness=0.2), rng()) - x
    assert np.ptp(more, (1, 2, 3)).max() < 1e-5
    assert spans(each(more), -0.2, 0.2)


def test_contrast_keeps_the_mean() -> None:
    x = images(400) - 5
    result = augmented(x, Wish(contrast=0.3), rng())
    assert each(result) == pytest.approx(each(x), abs=1e-5)
    assert spans(result.std((1, 2, 3)) / x.std((1, 2, 3)), 0.7, 1.3)


@pytest.mark.slow
def test_colour_keeps_the_grey() -> None:
    x = images(400) - 5
    luma = np.array([0.299, 0.587, 0.114])
    result = augmented(x, Wish(colour=0.5), rng())
    assert result @ luma == pytest.approx(x @ luma, abs=1e-4)
    ratio = (result - (x @ luma)[..., None]) / (x - (x @ luma)[..., None])
    assert spans(np.median(ratio, (1, 2, 3)), 0.5, 1.5)
    grey = np.repeat(x[..., :1], 3, 3)
    assert augmented(grey, Wish(colour=0.5), rng()) == pytest.approx(grey, abs=1e-5)


def test_only_images_within_0_and_1_are_clipped() -> None:
    x = images(300)
    x[100:200] -= 0.5
    x[200:] *= 255
    result = augmented(x, Wish(brightness=0.9, contrast=0.9), rng())
    assert (result[:100].min(), result[:100].max()) == (0, 1)
    assert result[100:200].min() < -0.5
    assert result[200:].max() > 255
    x = np.full_like(X, 0.9)
    x[:, 0, 0] = 2  # the image as it was given counts, not what a crop leaves of it
    assert augmented(x, Wish(crop=0.1, brightness=0.5), rng())[:, 0, 0].max() > 1.3


def test_noise_is_normal_and_for_any_input() -> None:
    for shape in ((50, 40, 40, 1), (2000, 40), (500, 8, 20)):
        x = rng(1).random(shape, np.float32)
        noise = augmented(x, Wish(noise=0.3), rng()) - x
        assert noise.mean() == pytest.approx(0, abs=0.006)
        assert noise.std() == pytest.approx(0.3, rel=0.02)
        assert (np.abs(noise) < 0.3).mean() == pytest.approx(0.683, abs=0.01)


@pytest.mark.parametrize("side", [1, 4, 5])
def test_a_square_is_cut_out_around_any_pixel(side: int) -> None:
    x = 1 + images(2000, 6, 7, 2)
    result = augmented(x, Wish(cutout=side), rng())
    hole = result == 0
    assert np.array_equal(result[~hole], x[~hole])
    assert np.array_equal(hole[..., 0], hole[..., 1])
    hole = hole[..., 0]
    high, wide = hole.any(2).sum(1), hole.any(1).sum(1)
    assert np.array_equal(high * wide, hole.sum((1, 2)))  # a rectangle without gaps
    assert (high.max(), wide.max()) == (side, side)
    assert (high.min(), wide.min()) == (
        (side + 1) // 2,
    ) * 2  # the pixel in the middle of the square is never outside
    assert hole[:, [0, 0, -1, -1], [0, -1, 0, -1]].any(0).all()


# --- mixing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [1e-9, 0.2, 1.0, 100.0])
@pytest.mark.parametrize("shape", [(4,), (5, 3, 2)])
def test_mixed_examples_lie_between_two(shape: tuple[int, ...], alpha: float) -> None:
    x = rng(1).random((40, *shape), np.float32)
    y = np.eye(40, dtype=np.float32)
    mixture, shares = mixed(x, y, alpha, rng())
    assert (mixture.shape, mixture.dtype, shares.shape, shares.dtype) == (
        x.shape,
        np.float32,
        y.shape,
        np.float32,
    )
    assert shares.sum(1) == pytest.approx(1, abs=1e-6)
    assert shares.min() >= 0
    assert (shares > 0).sum(1).max() <= 2
    assert mixture == pytest.approx(
        np.tensordot(shares, x, 1), abs=1e-5
    )  # inputs and targets with the same shares
    assert all(
        np.array_equal(*pair)
        for pair in zip(mixed(x, y, alpha, rng()), (mixture, shares), strict=True)
    )


def test_shares_follow_beta() -> None:
    y = np.eye(2000, dtype=np.float32)
    own = np.diag(mixed(y, y, 0.4, rng())[1])
    assert own.mean() == pytest.approx(0.5, abs=0.03)
    assert own.var() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), rel=0.06)


# --- what goes together ---------------------------------------------------------------------------

UNFIT = [
    ({"noise": 0.1, "mixup": 0.2}, (64,), None),
    (
        {"flip": "horizontal"},
        (64,),
        ("flip", "`flip` changes images HxWxC; the network's input is 64"),
    ),
    ({"cutout": 2, "noise": 1.0}, (8, 8), ("cutout", "input is 8x8")),
    ({"brightness": 0.1}, (8, 8, 8, 1), ("brightness", "input is 8x8x8x1")),
    ({"shift": 0, "colour": 0.0}, (64,), None),
    ({"shift": 7}, (8, 9, 1), None),
    ({"shift": 8}, (8, 9, 1), ("shift", "a shift of 8 leaves nothing of 8x9 pixels")),
    ({"shift": 8}, (9, 8, 1), ("shift", "9x8")),
    ({"colour": 0.1}, (8, 8, 3), None),
    ({"colour": 0.1}, (8, 8, 1), ("colour", "3 channels; the network's input is 8x8x1")),
    ({"cutout": 7}, (8, 9, 1), None),
    ({"cutout": 8}, (8, 9, 1), ("cutout", "a cutout of 8")),
]


@pytest.mark.parametrize(("keys", "shape", "expected"), UNFIT)
def test_what_an_input_cannot_have(
    keys: dict[str, Any], shape: tuple[int, ...], expected: tuple[str, str] | None
) -> None:
    found = unfit(Wish(**keys), shape)
    if expected is None or found is None:
        assert found == expected
    else:
        assert found[0] == expected[0]
        assert expected[1] in found[1]


DOUBTS = [
    ({"flip": "horizontal"}, "digits", ["a mirrored 2 is not a 2"]),
    (
        {"flip": "both"},
        "data/SVHN-cropped.npz",
        ["`flip: both` turns the characters in `SVHN-cropped` into others"],
    ),
    ({"flip": "vertical"}, r"C:\data\emnist_letters.npz", ["`emnist_letters`"]),
    ({"rotate": 15, "shear": 15.0}, "mnist", []),
    ({"rotate": 15.5}, "mnist", ["`rotate: 15.5` may turn the characters"]),
    ({"rotate": 90, "shear": 20.0, "flip": "both"}, "mnist", ["flip", "rotate", "shear"]),
    ({"rotate": 90, "flip": "horizontal"}, "fashion_mnist", []),
    ({"flip": "vertical"}, "fashion_mnist", ["upside down"]),
    ({"flip": "both"}, "cifar10", ["upside down"]),
    ({"flip": "both", "rotate": 180}, "pathmnist", []),
    ({"flip": "both", "rotate": 180}, "mnist/photographs.npz", []),
    (vars(Wish()), "mnist", []),
]


@pytest.mark.parametrize(("keys", "source", "expected"), DOUBTS)
def test_changes_that_may_give_another_class(
    keys: dict[str, Any], source: str, expected: list[str]
) -> None:
    found = doubts(Wish(**keys), source)
    assert len(found) == len(expected)
    assert all(words in text for words, text in zip(expected, found, strict=True))


def test_the_seeds_of_noise_are_of_63_bits() -> None:
    """Of few seeds, batches would have the same noise."""
    seeds = [_draws(1, np.random.default_rng(at))[1] for at in range(100)]
    assert len(set(seeds)) == 100
    assert max(seeds).bit_length() == 63

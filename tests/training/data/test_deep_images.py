"""Images of 16 and of 32 bits, and of floats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl import NetError
from netdsl.training.data import Data, reload
from netdsl.training.data.prediction import read_inputs
from netdsl.training.data.sources.deep_images import deep_files, deep_image
from netdsl.training.preparation.ranges import scan
from netdsl.training.preparation.transforms import as_plain, from_plain
from netdsl.training.recipes.recipe import DataSpec, Recipe, parse_recipe
from netdsl.training.recipes.yaml_writer import to_yaml
from tests.support.recipes import load_data

SIDE, COUNT = 4, 10
NET = netdsl.parse("4x4x1 > flatten > softmax-2")


def folder(path: Path, make: Any, suffix: str) -> Path:
    """Ten images of each of two classes; image `n` of all is `make(n)`."""
    for place, name in enumerate(("dark", "light")):
        (path / name).mkdir()
        for number in range(COUNT):
            image = make(place * COUNT + number)
            Image.fromarray(image).save(path / name / f"{number}{suffix}")
    return path


def sixteen(number: int) -> Any:
    return np.full((SIDE, SIDE), number * 200, np.uint16)


def floats(number: int) -> Any:
    return np.full((SIDE, SIDE), number / 8 - 1, np.float32)


def shares(number: int) -> Any:
    return np.full((SIDE, SIDE), number / 20, np.float32)


def wide(number: int) -> Any:
    return np.full((SIDE, SIDE), number * 100_000, np.int32)


def loaded(source: Path, network: Any = NET, **keys: Any) -> Data:
    return load_data(Recipe(data=DataSpec(source=str(source), **keys)), network)


def values(found: Data) -> dict[str, float]:
    """What the network gets of each image, by its file."""
    return {
        part.place(row): float(found.preparation.x((part.x[0][row : row + 1],))[0].mean())
        for part in (found.train, found.validation, found.test)
        for row in range(len(part))
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "suffix", "stated", "limits"),
    [
        (sixteen, ".png", None, (0, 65535)),
        (sixteen, ".tif", None, (0, 65535)),
        (sixteen, ".png", (0, 4095), (0, 4095)),
        (sixteen, ".png", (1000, 2000), (1000, 2000)),
        (floats, ".tif", None, (-1, 1.375)),
        (floats, ".tif", (-1, 1), (-1, 1)),
        (shares, ".tif", None, (0, 1)),
        (wide, ".tif", None, (0, 1_900_000)),
    ],
)
def test_pixels_are_scaled_by_their_range(
    tmp_path: Path, make: Any, suffix: str, stated: Any, limits: tuple[float, float]
) -> None:
    found = loaded(folder(tmp_path, make, suffix), range=stated)
    low, high = limits
    for number in range(2 * COUNT):
        name = f"{'dark' if number < COUNT else 'light'}/{number % COUNT}{suffix}"
        expected = (float(make(number).mean()) - low) / (high - low)
        assert values(found)[name] == pytest.approx(min(max(expected, 0), 1), abs=1e-6)
    assert bool([note for note in found.notes if "more than 8 bits" in note]) == (stated is None)
    assert found.spec.range == pytest.approx(limits)
    kept = from_plain(as_plain(found.preparation))
    assert kept == found.preparation
    again = reload(parse_recipe(to_yaml(Recipe(data=found.spec))), kept)
    assert values(again) == values(found)
    one = tmp_path / "light" / f"0{suffix}"
    read = kept.x(read_inputs(one, kept).x)[0]
    assert float(read.mean()) == pytest.approx(values(found)[f"light/0{suffix}"], abs=1e-6)


def test_they_are_resized_and_given_to_three_channels(tmp_path: Path) -> None:
    def ramp(number: int) -> Any:
        return np.linspace(0, 65535, 64).reshape(8, 8).astype(np.uint16) // (1 + number % 2)

    found = loaded(folder(tmp_path, ramp, ".png"), netdsl.parse("4x4x3 > flatten > softmax-2"))
    x = found.train.x[0][:]
    assert x.shape[1:] == (4, 4, 3)
    assert np.array_equal(x[..., 0], x[..., 2])
    assert (np.diff(x[0, :, 0, 0]) > 0).all()
    vector = loaded(tmp_path, netdsl.parse("8x8x1 > flatten > fc-2 > softmax-2"))
    assert vector.train.x[0][:].max() == pytest.approx(1)


def test_images_of_8_bits_among_them_keep_their_own_range(tmp_path: Path) -> None:
    folder(tmp_path, sixteen, ".png")
    Image.new("L", (SIDE, SIDE), 51).save(tmp_path / "dark" / "grey.png")
    found = loaded(tmp_path)
    assert values(found)["dark/grey.png"] == pytest.approx(0.2)
    read = read_inputs(tmp_path / "dark" / "grey.png", found.preparation)
    assert float(found.preparation.x(read.x)[0].mean()) == pytest.approx(0.2)


@pytest.mark.parametrize("image", [np.full((4, 6), 51, "u1"), np.full((4, 6), 13107, "u2")])
@pytest.mark.parametrize(
    ("shape", "read"), [((), (4, 6, 1)), ((4, 6, 3), (4, 6, 3)), ((2, 5, 1), (2, 5, 1))]
)
def test_images_are_read_at_the_size_asked_for_or_at_their_own(
    tmp_path: Path, image: Any, shape: tuple[int, ...], read: tuple[int, ...]
) -> None:
    """A fifth of the range of 8 bits, or of 16."""
    Image.fromarray(image).save(tmp_path / "a.png")
    found = deep_image(tmp_path / "a.png", shape, (0, 65535))
    assert (found.shape, found.dtype) == (read, np.float32)
    assert found == pytest.approx(0.2, abs=1e-6)


def test_the_range_and_the_digests_of_files_are_known_without_reading_them(tmp_path: Path) -> None:
    images = deep_files([tmp_path / "none.png"], (4, 4, 1), (0, 4095), [b"digest"])
    assert scan(images) == (0, 1, None, None)
    assert (images.shape, images.dtype) == ((1, 4, 4, 1), np.float32)
    assert images.digest is not None
    assert images.digest(0) == b"digest"


@pytest.mark.parametrize(
    ("make", "limits", "code", "reported"),
    [
        (sixteen, (5, 5), "N505", "the darkest and the brightest value, not [5, 5]"),
        (sixteen, (1, 2, 3), "N505", "not [1, 2, 3]"),
        (lambda number: np.full((4, 4), number, np.uint8), (0, 9), "N507", "have 8"),
        (lambda number: np.full((4, 4), np.nan, np.float32), None, "N524", "not finite"),
    ],
)
def test_ranges_that_are_none(
    tmp_path: Path, make: Any, limits: Any, code: str, reported: str
) -> None:
    with pytest.raises(NetError) as error:
        loaded(folder(tmp_path, make, ".tif"), range=limits)
    assert error.value.code == code
    assert reported in str(error.value)


def test_a_network_of_8_bits_refuses_them(tmp_path: Path) -> None:
    found = loaded(folder(tmp_path, lambda number: np.full((4, 4), number, np.uint8), ".png"))
    Image.fromarray(sixteen(3)).save(tmp_path / "deep.png")
    with pytest.raises(NetError, match="the training's images had 8"):
        read_inputs(tmp_path / "deep.png", found.preparation)

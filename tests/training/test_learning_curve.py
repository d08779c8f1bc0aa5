"""The learning curve: well-formed SVG whose points stand where the axes say."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from netdsl.training.reporting.charts import (
    HEIGHT,
    LEFT,
    RIGHT,
    WIDTH,
    curve,
    curves,
    scatter,
)

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [item.text or "" for item in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_curve_with_its_best_point() -> None:
    svg = curve("a <net> & data", "best", [(1, 2.0), (2, 1.0)], [(1, 1.5), (2, 1.7)], (1, 1.5))
    found = texts(svg)
    assert {
        "a <net> & data",
        "best",
        "training",
        "validation",
        "best weights",
        "epoch",
        "loss",
    } <= set(found)
    middle = (LEFT + WIDTH - RIGHT) / 2
    assert f"M{middle:.1f}" in svg  # epoch 1 of 2


@pytest.mark.parametrize(
    ("training", "validation"),
    [
        ([], []),
        ([(1, 0.5)], []),
        ([(1, 0.0), (2, 0.0)], [(1, 0.0)]),
        ([(1, math.nan), (2, 1.0)], [(1, math.inf)]),
        ([(1, -3.0), (2, -4.0)], [(1, -3.5)]),
        ([(1, 1e-9), (2, 1e9)], [(1, 1.0)]),
        ([(0.02, 3.0)], [(0.01, 2.9)]),
        ([(number, 1 / number) for number in range(1, 3000)], [(1, 0.3)]),
    ],
)
def test_every_curve_stays_in_the_picture(
    training: list[tuple[float, float]], validation: list[tuple[float, float]]
) -> None:
    svg = curve("x" * 300, "", training, validation, None)
    ElementTree.fromstring(svg)
    assert "nan" not in svg
    assert "inf" not in svg
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", svg):
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT
    assert 2 <= len([text for text in texts(svg) if re.fullmatch(r"-?[\d.e+-]+", text)]) <= 70


def test_losses_far_apart_are_shown_by_their_logarithms() -> None:
    assert "loss (logarithmic)" in texts(curve("", "", [(1, 2.0), (2, 0.01)], [], None))
    assert "loss" in texts(curve("", "", [(1, 2.0), (2, 1.01)], [], None))


FALLING = [(float(epoch), 8.0 / epoch**2) for epoch in range(1, 13)]
RISING = [(float(epoch), 1 - 0.5 / epoch) for epoch in range(1, 14)]
CHARTS = {
    "twelve points and a best one on the left": curve(
        "small on digits", "best < all", FALLING, FALLING[:1], FALLING[4]
    ),
    "a share, thirteen points, the best on the right": curves(
        "x" * 48, "", {"training": RISING, "validation": RISING[1:]}, RISING[-1], "accuracy"
    ),
    "one line over a factor of ten": curves("x" * 49, "", {"rate": [(1, 0.01), (2, 0.1)]}),
    "one line over more than that": curves(
        "rates", "", {"rate": [(1, 0.01), (2, 0.11)]}, None, "rate"
    ),
    "below 0": curves("", "", {"training": [(0.5, -3.0), (1.5, 4.0)]}, (0.5, -3.0)),
    "nothing": curves("", "", {"training": [(1, math.nan)]}),
    "predictions": scatter("price", "of houses", [(1.0, 2.0), (30.0, 25.5), (1500.0, 1400.0)]),
    "a prediction": scatter("one", "", [(2.0, 2.0)]),
    "no prediction": scatter("none", "", []),
}


def test_whole_charts(golden: Callable[[Path, str], None]) -> None:
    path = Path(__file__).parents[1] / "golden" / "training" / "charts.txt"
    golden(path, "\n".join(f"{name}\n{svg}" for name, svg in CHARTS.items()))


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ([1e-3 * (1 + math.cos(math.pi * at / 100)) / 2 + 5e-9 for at in range(101)], "rate"),
        ([0.1 / 10 ** (at // 15) for at in range(101)], "rate"),
        ([10.0**-at for at in range(9)], "loss"),
        ([2e-6 * at for at in range(9)], "loss"),
        ([3e6 + at for at in range(9)], "loss"),
    ],
)
def test_labels_do_not_touch_and_are_few(values: list[float], name: str) -> None:
    """Labels on the left are at least a line apart, and stay right of the axis's name."""
    points = [(1e5 * at, value) for at, value in enumerate(values)]
    text = curves("title", "", {"": points}, name=name)
    left = re.findall(r'x="75.0" y="([0-9.]+)"[^>]*>([^<]*)<', text)
    heights = sorted(float(y) for y, _ in left)
    assert 2 <= len(left) <= 10
    assert all(after - before >= 14.9 for before, after in pairwise(heights))
    assert max(len(label) for _, label in left) <= 8
    below = [
        (float(x), 7.5 * len(label))
        for x, label in re.findall(r'x="([0-9.]+)" y="388.0"[^>]*>([^<]*)<', text)
    ]
    assert len(below) >= 2
    for (one, wide), (other, long) in pairwise(below):
        assert other - one >= (wide + long) / 2

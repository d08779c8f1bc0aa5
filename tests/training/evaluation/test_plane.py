"""The outputs of a network of one or two inputs over its plane. No framework is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import netdsl
from netdsl.analysis.forward import initial_weights
from netdsl.training.data import load_data
from netdsl.training.evaluation.plane import has_plane, plane
from netdsl.training.recipes.recipe import DataSpec, Recipe
from netdsl.training.reporting.plane_picture import errors_of, plane_picture

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
XOR = netdsl.load(EXAMPLES / "xor.net")
SVG = "{http://www.w3.org/2000/svg}"


def planned(network: Any, data: Any) -> Any:
    """Compute the plane of a network whose weights its text states."""
    found = load_data(Recipe(data=DataSpec.of(data)), network)
    assert has_plane(network, found)
    weights, drawn = initial_weights(np, network.graph)
    assert not drawn
    return plane(network, weights, found)


def at(found: Any, *point: float) -> tuple[int, ...]:
    """Find the place of a point: the second axis comes first."""
    pairs = zip(found.axes, point, strict=True)
    return tuple(int(np.abs(axis - value).argmin()) for axis, value in pairs)[::-1]


def test_a_surface_and_its_hidden_units() -> None:
    found = planned(XOR, "xor")
    assert found.names == ("x1", "x2")
    for point, answer in (((0, 0), -1), ((0, 1), 1), ((1, 0), 1), ((1, 1), -1)):
        scores = found.values[at(found, *point)]
        assert scores[1] - scores[0] == 2 * answer
    (layer,) = found.layers
    assert (layer.name, layer.total, layer.meaning) == ("fc_1", 2, "decision")
    x1, x2 = np.meshgrid(*found.axes)
    assert (layer.units[0] == (x1 + x2 > 0.5)).all()
    assert (layer.units[1] == (x1 + x2 < 1.5)).all()
    (points,) = found.points
    assert (points.name, points.targets.tolist()) == ("training", [0, 1, 1, 0])


def test_a_curve_and_the_function_that_it_learns() -> None:
    network = netdsl.parse("1 > linear-1(init=2, bias_init=[0.5])")
    found = planned(network, {"function": "2*x", "count": 50, "range": [0, 4]})
    (xs,) = found.axes
    assert found.values == pytest.approx(2 * xs + 0.5)
    assert found.function == pytest.approx(2 * xs)
    assert errors_of(found) == pytest.approx((0.5, 0.25))
    assert [part.name for part in found.points] == ["training", "validation", "test"]
    assert found.points[0].targets == pytest.approx(2 * found.points[0].places[:, 0], abs=1e-5)


def test_a_polynomial_is_a_curve_over_x() -> None:
    network = netdsl.parse("3 > linear-1(init=[0, 2, 0], bias=no)")
    keys = {"source": "polynomial", "function": "x", "count": 30, "range": [-1, 1]}
    found = planned(network, keys)
    assert errors_of(found) == pytest.approx((0, 0), abs=1e-6)
    assert found.points[0].places[:, 0] == pytest.approx(found.points[0].targets, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "data", "shown"),
    [
        ("2 > fc-3(tanh) > sigmoid-1", "moons", True),
        ("2 > softmax-2", "xor", True),
        ("2 > linear-1", "bowl", True),
        ("1 > linear-1", "x^2", True),
        ("2 > linear-1", "polynomial", True),
        ("1 > fc-4(tanh) > linear-1", "polynomial", False),  # P_0 is 1 wherever x is
        ("8x8x1 > fc-10 > softmax", "digits", False),
        ("2 > [ sigmoid-1 as a | id ] > fc-1 as b\noutput @a, @b", "xor", False),
    ],
)
def test_which_networks_have_one(text: str, data: Any, shown: bool) -> None:
    network = netdsl.parse(text)
    assert has_plane(network, load_data(Recipe(data=DataSpec.of(data)), network)) is shown


def test_a_table_of_two_columns_is_shown_in_its_units(tmp_path: Path) -> None:
    rows = [f"{size},{size % 7},{2 * size}" for size in range(40, 90)]
    (tmp_path / "t.csv").write_text("\n".join(["size,rooms,price", *rows]))
    network = netdsl.parse("2 > linear-1(init=[1, 0])")
    found = planned(network, {"source": str(tmp_path / "t.csv"), "target": "price"})
    assert found.names == ("size", "rooms")
    assert 25 < found.axes[0][0] < 40
    assert found.values[at(found, 64.5, 3)] == pytest.approx(129, abs=3)


@pytest.mark.parametrize(
    ("network", "data", "images", "circles"),
    [
        (XOR, "xor", 3, 4),
        (netdsl.parse("2 > softmax-2(init=[[1, 0], [0, 1]])"), "blobs", 1, 500),
        (netdsl.parse("2 > linear-1(init=[1, 1])"), "bowl", 1, 2),
        (netdsl.parse("1 > fc-2(init=[1, -1]) > linear-1(init=[1, 1])"), "x^2", 0, 500),
    ],
)
def test_pictures(network: Any, data: Any, images: int, circles: int) -> None:
    root = ElementTree.fromstring(plane_picture("a & b", planned(network, data)))
    assert len(list(root.iter(f"{SVG}image"))) == images
    assert len(list(root.iter(f"{SVG}circle"))) == circles
    assert root.find(f"{SVG}title") is not None
    width = float(root.attrib["width"])
    ends = [float(each.attrib["x"]) for each in root.iter(f"{SVG}rect") if "x" in each.attrib]
    assert max(ends) < width

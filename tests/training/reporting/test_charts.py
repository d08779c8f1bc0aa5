"""Charts of trainings as golden SVG; their axes, ticks and colours in tables; the head of a report;
contact sheets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.data import contact_sheet
from netdsl.training.data.contact_sheet import (
    FONTS,
    _chosen,
    _headline,
    _short,
    _written,
    black_and_white,
    checked_images,
    tile,
    write_sheet,
)
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.reporting import charts
from netdsl.training.reporting.charts import (
    OverlaidLine,
    _across,
    _apart,
    _colours,
    _upwards,
    _with_margin,
    curve,
    curves,
    labelled,
    linear_axis,
    logarithmic_axis,
    overlay,
    scatter,
    stacked,
    tick_text,
)
from netdsl.training.reporting.colour_maps import by_class, class_colours, diverging, hex_colour
from netdsl.training.reporting.contours import contour
from netdsl.training.reporting.overview import (
    _time,
    learning_curves,
    tiles_of,
    verdict,
    wilson_interval,
)
from netdsl.training.reporting.tables import ConfusionTable
from netdsl.training.runs.history import Epoch, Evaluation, History
from netdsl.training.runs.run import RunResult

GOLDEN = Path(__file__).parents[2] / "golden" / "training"

FALLING = [(1.0, 2.0), (2.0, 1.0), (3.0, 0.5)]
NONE: list[tuple[float, float]] = []


def drawn() -> dict[str, str]:
    """Charts by name. Drawn within a test, so that an error is one of that test."""
    return {
        "a loss": curve("Loss", "by epoch", FALLING, [(1.0, 1.5), (3.0, 0.75)], (3.0, 0.75)),
        "a loss over decades": curve(
            "Loss", "", [(0, 100.0), (5, 1.0), (9, 0.001)], [], (1.0, 2.0)
        ),
        "an accuracy": curve("A", "", [(1, 0.97), (2, 0.99)], [(2, 0.98)], (2.0, 0.98), "accuracy"),
        "below zero": curve("Loss", "", [(1, -1.0), (2, 3.0)], [(1.0, 0.0)], None),
        "a diverged loss": curve("Loss", "", [(1, math.nan), (2, math.inf)], [], None),
        "thirteen epochs": curves("R", "", {"": [(n, 1 / n) for n in range(1, 14)]}, name="rate"),
        "an even rate": curves("R", "", {"": [(n, 1 - n / 20) for n in range(20)]}, name="rate"),
        "twelve epochs & <more>": curves("<R>", "a & b", {"": [(n, 1.0) for n in range(1, 13)]}),
        "scattered": scatter("Values", "", [(0.0, 0.5), (1.0, 0.75)]),
        "nothing scattered": scatter("Values", "", []),
        "labelled": labelled(
            "Codes", "", {"a": [(0, 0), (1, 1)], "longer": [(0.5, 2)], "c": []}, ("one", "two")
        ),
        "nothing labelled": labelled("Codes", "", {}, ("one", "two")),
        "one of several runs": overlay("O", "", [OverlaidLine("", FALLING)], "epoch", "loss"),
        "several runs": overlay(
            "A title that is longer than the forty-eight letters that fit",
            "",
            [
                OverlaidLine("a", FALLING, True),
                OverlaidLine("a", FALLING[1:]),
                OverlaidLine("b" * 40, [(0.1, math.nan), (0.5, 1.0), (math.inf, 2.0)]),
            ],
            "epoch",
            "loss",
        ),
        "by rate": overlay(
            "O", "", [OverlaidLine("a", [(0.001, 0.9), (0.1, 0.8)])], "rate", "accuracy"
        ),
        "no runs": overlay("O", "", [], "seconds", "loss"),
        "many runs": overlay(
            "O", "", [OverlaidLine(str(n), [(n, n + 1.0)]) for n in range(19)], "step", "loss"
        ),
    }


def test_whole_charts(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "curves.txt", "\n".join(f"{name}\n{svg}" for name, svg in drawn().items()))


def test_charts_below_each_other() -> None:
    assert stacked([]) == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 0" width="0" height="0">\n</svg>\n'
    )
    one, wide = drawn()["a loss"], drawn()["many runs"]
    text = stacked([one, wide, one])
    assert text.startswith(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 980 1305" width="980" height="1305">'
    )
    assert [text.count(f'<svg y="{at}"') for at in (0, 420, 885)] == [1, 1, 1]


# --- axes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "count", "whole", "ticks"),
    [
        (0, 10, 10, False, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (0, 11, 10, False, [0, 2, 4, 6, 8, 10]),
        (0, 30, 10, False, [0, 5, 10, 15, 20, 25, 30]),
        (0, 60, 10, False, [0, 10, 20, 30, 40, 50, 60]),
        (0.25, 0.95, 7, False, [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        (0, 3, 10, False, [0, 0.5, 1, 1.5, 2, 2.5, 3]),
        (0, 3, 10, True, [0, 1, 2, 3]),
        (-1, 1, 7, False, [-1, -0.5, 0, 0.5, 1]),
        (5, 5, 7, False, [5]),
        (0.0001, 0.0007, 7, False, [0.0001 * n for n in range(1, 8)]),
    ],
)
def test_ticks(low: float, high: float, count: int, whole: bool, ticks: list[float]) -> None:
    axis = linear_axis("x", low, high, 100, 300, count, whole)
    assert axis.ticks == pytest.approx(ticks)
    assert axis.name == "x"
    assert axis.place(low) == 100
    if high > low:
        assert axis.place(high) == pytest.approx(300)
        assert axis.place((low + high) / 2) == pytest.approx(200)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1, 100, [1, 2, 5, 10, 20, 50, 100]),
        (1, 1000, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]),
        (0.9, 2100, [1, 3, 10, 30, 100, 300, 1000]),
        (1e-3, 1e6, [10.0**n for n in range(-3, 7)]),
        (1e-4, 1e6, [1e-4, 1e-2, 1, 1e2, 1e4, 1e6]),
        (3, 4, []),
        (0.15, 25, [0.2, 0.5, 1, 2, 5, 10, 20]),
    ],
)
def test_ticks_of_decades(low: float, high: float, ticks: list[float]) -> None:
    axis = logarithmic_axis("x", low, high, 100, 300)
    assert axis.ticks == pytest.approx(ticks)
    assert axis.name == "x (logarithmic)"
    assert axis.place(low) == 100
    assert axis.place(high) == pytest.approx(300)
    assert axis.place(math.sqrt(low * high)) == pytest.approx(200)


@pytest.mark.parametrize(
    ("values", "name", "low", "high", "logarithmic"),
    [
        ([0.5, 0.75], "accuracy", 0.48, 0.77, False),
        ([0.5, 0.5], "accuracy", 0.0, 1.0, False),
        ([0.97, 0.99], "balanced accuracy", 0.9684, 0.9916, False),
        ([0.0, 1.0], "accuracy", 0.0, 1.0, False),
        ([1.0, 10.0], "loss", 0.0, 10.72, False),
        ([1.0, 10.5], "loss", 1 / 1.15, 10.5 * 1.15, True),
        ([0.0, 10.5], "loss", 0.0, 11.34, False),
        ([-1.0, 1.0], "loss", -1.16, 1.16, False),
        ([0.01, 0.5, 1.0], "rate", 0.0, 1.0792, False),
        ([0.01, 0.5, 1.0], "loss", 0.01 / 1.15, 1.15, True),
        ([0.01, 0.02, 1.0], "rate", 0.01 / 1.15, 1.15, True),
        ([2.0, 2.0], "loss", 0.0, 3.0, False),
    ],
)
def test_upward_axes(
    values: list[float], name: str, low: float, high: float, logarithmic: bool
) -> None:
    axis = _upwards(values, name)
    assert axis.name == (f"{name} (logarithmic)" if logarithmic else name)
    assert axis.place(low) == pytest.approx(charts.HEIGHT - charts.BOTTOM)
    assert axis.place(high) == pytest.approx(charts.TOP + 12)


@pytest.mark.parametrize(
    ("values", "name", "low", "high", "shown"),
    [
        ([1.0, 5.0], "epoch", 0.0, 5.0, "epoch"),
        ([0.25, 0.5], "epoch", 0.0, 1.0, "epoch"),
        ([0.25, 0.5], "seconds", 0.0, 1.0, "seconds"),
        ([1.0, 500.0], "step", 0.0, 500.0, "step"),
        ([1.0, 20.0], "rate", 1.0, 20.0, "rate"),
        ([1.0, 20.5], "rate", 1.0, 20.5, "rate (logarithmic)"),
        ([0.0, 500.0], "width", 0.0, 500.0, "width"),
    ],
)
def test_axes_across(values: list[float], name: str, low: float, high: float, shown: str) -> None:
    axis = _across(values, name)
    assert axis.name == shown
    assert axis.place(low) == pytest.approx(charts.LEFT)
    assert axis.place(high) == pytest.approx(charts.WIDTH - charts.RIGHT)
    if name in ("epoch", "step"):
        assert all(tick == round(tick) for tick in axis.ticks)
    elif name == "seconds":
        assert 0.1 in axis.ticks


@pytest.mark.parametrize(
    ("tick", "ticks", "text"),
    [
        (1.0, [1.0], "1"),
        (0.5, [0.0, 0.5, 1.0], "0.5"),
        (1.0, [0.0, 0.5, 1.0], "1.0"),
        (0.25, [0.0, 0.25], "0.2"),
        (2000.0, [0.0, 2000.0], "2,000"),
        (1e12, [0.0, 1e12], "1e+12"),
        (-1e12, [-1e12, 0.0], "-1e+12"),
        (9e11, [0.0, 9e11], "900,000,000,000"),
        (1e-7, [0.0, 1e-7], "1e-07"),
        (1e-6, [0.0, 1e-6], "0.000001"),
        (0.5, [0.1, 0.2, 0.5, 1.0], "0.5"),
        (1000.0, [1.0, 10.0, 100.0, 1000.0], "1000"),
    ],
)
def test_texts_of_ticks(tick: float, ticks: list[float], text: str) -> None:
    assert tick_text(tick, ticks) == text


def test_labels_that_do_not_touch() -> None:
    labels = {float(n): (10.0 * n, 20.0) for n in range(6)}
    assert _apart({n: (at, 10.0) for n, (at, _) in labels.items()}) == [0, 1, 2, 3, 4, 5]
    assert _apart({n: (at, 10.1) for n, (at, _) in labels.items()}) == [0, 2, 4]
    assert _apart(labels) == [0, 2, 4]
    assert _apart({n: (-at, length) for n, (at, length) in labels.items()}) == [0, 2, 4]
    assert _apart({n: (at, 999.0) for n, (at, _) in labels.items()}) == [0]
    assert _apart({}) == []
    assert _apart({0.0: (0.0, 10.0), 1.0: (15.0, 20.0)}) == [0, 1]
    assert _apart({0.0: (0.0, 10.0), 1.0: (15.0, 20.1)}) == [0]


def test_margins() -> None:
    assert _with_margin([1.0, 2.0]) == pytest.approx((0.96, 2.04))
    assert _with_margin([5.0]) == (4.0, 6.0)


def test_colours_of_runs() -> None:
    assert _colours(0) == ()
    assert _colours(8) == charts.COLOURS
    nine = _colours(9)
    assert (nine[0], nine[-1]) == (charts.SCALE[0], charts.SCALE[-1])
    assert nine[4] == charts.SCALE[3]
    assert nine[1] == "#265aa1", "three quarters of the way to the second"
    for count in (13, 100):
        found = _colours(count)
        assert len(set(found)) == count
        assert all(len(colour) == 7 for colour in found)
    assert _colours(13)[2::2][0] == charts.SCALE[1]


# --- colours --------------------------------------------------------------------------------------


def test_colours_of_numbers() -> None:
    colours = diverging(np.array([0.0, 1.0, -1.0, 2.0, math.nan, math.inf, 0.5]), 1.0)
    assert [hex_colour(one) for one in colours] == [
        "#ffffff",
        charts.TRAINING,
        charts.VALIDATION,
        charts.TRAINING,
        "#bbbbbb",
        "#bbbbbb",
        "#92b1d4",
    ]
    assert hex_colour(diverging(np.array([1.0]))[0]) == "#5182b9"


def test_colours_of_classes() -> None:
    assert class_colours(2) == [charts.VALIDATION, charts.TRAINING]
    assert class_colours(3) == list(charts.COLOURS[:3])
    assert class_colours(9) == [*charts.COLOURS, charts.COLOURS[0]]
    sure, even = by_class(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]))
    assert sure == pytest.approx(255 + 0.75 * (np.array([0x25, 0x63, 0xA8]) - 255))
    assert even == pytest.approx(255 + 0.15 * (np.array([0x25, 0x63, 0xA8]) - 255))


def test_a_line_between_places() -> None:
    xs, ys = np.array([0.0, 10.0]), np.array([0.0, 1.0, 3.0])
    (line,) = contour(xs, ys, np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]), 0.25)
    assert sorted(line) == [(0.0, 0.25), (10.0, 0.25)]
    (line,) = contour(xs, ys, np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]), 0.5)
    assert sorted(line) == [(5.0, 0.0), (5.0, 1.0), (5.0, 3.0)]
    assert contour(xs, ys, np.array([[0.0, math.nan], [1.0, 1.0], [1.0, 1.0]]), 0.25) == []
    assert contour(xs, ys, np.zeros((3, 2)), 0.0) == []


@pytest.mark.parametrize(
    ("names", "tall", "small"),
    [
        (["a"] * 16, False, False),
        (["a"] * 17, False, True),
        (["four"], False, False),
        (["a", "fives"], True, False),
    ],
)
def test_how_a_confusion_is_set(names: list[str], tall: bool, small: bool) -> None:
    table = ConfusionTable(names, [])
    assert (table.tall, table.small) == (tall, small)


# --- the head of a report -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (99.94, "99.9 s"),
        (100.0, "1 min 40 s"),
        (3599.6, "60 min 0 s"),
        (5999.4, "99 min 59 s"),
        (6000.0, "1 h 40 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert _time(seconds) == text


@pytest.mark.parametrize(
    ("share", "examples", "low", "high"),
    [
        (0.5, 100, 0.4038, 0.5962),
        (0.9, 1000, 0.8798, 0.9171),
        (1.0, 1, 0.2065, 1.0),
        (0.0, 1, 0.0, 0.7935),
    ],
)
def test_intervals(share: float, examples: int, low: float, high: float) -> None:
    assert wilson_interval(share, examples) == pytest.approx((low, high), abs=1e-4)


def run(**more: Any) -> RunResult:
    values: dict[str, Any] = {
        "folder": Path("runs/a-1"),
        "network": "a",
        "data": "digits",
        "steps": 1200,
        "epochs": 12,
        "ended": "patience",
        "patience": 3,
        "best_step": 1100,
        "best_epoch": 11,
        "metric": "accuracy",
        "best_value": 0.9,
        "validation": {"examples": 50, "loss": 0.25, "accuracy": 0.9},
        "test": {"examples": 100, "loss": 0.5, "accuracy": 0.8, "mean_error": 1.5},
        "retrained": 0,
        "seconds": 12.25,
    }
    return RunResult(**{**values, **more})


KINDS = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3)
PIXELS = OutputTransform("map", (4, 3), "softmax", "cross-entropy", 3)
TAGS = OutputTransform("tags", (2,), "sigmoid", "binary", 0)


def job(*outputs: OutputTransform) -> Any:
    return SimpleNamespace(
        data=SimpleNamespace(
            preparation=SimpleNamespace(outputs=outputs or (KINDS,)), train=range(1234)
        ),
        network=SimpleNamespace(counts=SimpleNamespace(params=1234, macs=56789)),
        steps=10,
    )


def test_the_figures_that_matter_most() -> None:
    assert [tuple(one) for one in tiles_of(run(), job())] == [
        (
            *("test accuracy", "80.00\u00a0%"),
            *("95 % interval 71.1 to 86.7 %; 100 examples", "test"),
        ),
        ("test mean error", "1.5", "100 examples", "test"),
        ("validation accuracy", "90.00\u00a0%", "50 examples", "validation"),
        ("test loss", "0.5000", "validation 0.2500", ""),
        ("best step", "1,100", "epoch 11 of 12", ""),
        ("parameters", "1,234", "56,789 multiply-accumulates", ""),
    ]


def test_the_figures_without_other_parts() -> None:
    alone = run(test={}, validation={"examples": 0, "loss": 0.25, "accuracy": 1.0})
    assert [tuple(one)[:3] for one in tiles_of(alone, job())][:2] == [
        ("training accuracy", "100.00\u00a0%", "1,234 examples"),
        ("training loss", "0.2500", "there is no test part"),
    ]
    for output in (PIXELS, TAGS):
        about = tiles_of(run(), job(output))[0].about
        assert about == "100 examples", "no interval of answers that are not independent"


def test_weights_that_are_zero() -> None:
    zeros = {"a": {"zeros": 1, "weights": 2000}, "b": {"zeros": 500, "weights": 2000}}
    tile = tiles_of(run(zeros=zeros), job())[-2]
    assert tile[:3] == ("weights exactly 0", "12.5\u00a0%", "501 of 4,000 in kernels")
    none = {"a": {"zeros": 0, "weights": 0}}
    assert [one.name for one in tiles_of(run(zeros=none), job())][-2:] == [
        "best step",
        "parameters",
    ]


def row(number: int, loss: float, rate: float = 0.1, evaluated: bool = True) -> Epoch:
    scores = {"loss": loss, "accuracy": 0.5, "other": 7.0}
    seen = Evaluation(10 * number, {"loss": loss / 2, "accuracy": 0.75}, True)
    return Epoch(number, 10 * number, rate, scores, seen if evaluated else None, 1.0)


def test_what_ended_a_training() -> None:
    first = "Ended after 12 epochs (1,200 steps, 12.2 s): no improvement in 3 evaluations in a row."
    assert verdict(run(), History()) == (
        f"{first} The best weights are those of step 1,100, epoch 11."
    )
    grown = History(rows=[row(1, 1.0), row(2, 3.0)])
    assert verdict(run(retrained=1500), grown) == (
        f"{first} The best was step 1,100, epoch 11; new weights were then trained on the training "
        "and validation parts together for 1,500 steps. The training loss grew from 1 to 3: a "
        "lower rate of the optimizer may help."
    )
    once = run(epochs=1, ended="epochs", patience=0)
    assert verdict(once, History()).startswith("Ended after 1 epoch (1,200 steps, 12.2 s): all")
    assert "The last weights are" in verdict(once, History())


def test_curves_of_a_training() -> None:
    rows = [row(1, 2.0), row(2, 1.0)]
    seen = [one.evaluation for one in rows if one.evaluation]
    history = History(best=seen[1], evaluations=seen, rows=rows)
    loss, accuracy = learning_curves(run(), job(), history)
    assert "<title>Loss: validation 0.5000 at step 20</title>" in loss
    assert "<title>Accuracy: validation 0.75 at step 20</title>" in accuracy
    at = linear_axis("", 0, 2.0, charts.LEFT, charts.WIDTH - charts.RIGHT, 10).place
    for picture in (loss, accuracy):
        assert picture.count(f'cx="{at(2.0):.1f}"') == 3, "both lines end at epoch 2, with a ring"
    alone = History(best=seen[1], rows=rows)
    assert "<title>Loss: training 0.5000" in learning_curves(run(), job(), alone)[0]
    assert "<title>Loss: </title>" in learning_curves(run(), job(), History(rows=rows))[0]
    two = learning_curves(run(), job(KINDS, TAGS), history)[1]
    assert "<title>Kind accuracy: validation" in two
    changing = [row(1, 2.0), row(2, 1.0, 0.1001)]
    again = [row(1, 2.0), row(2, 1.0)]
    more = History(best=None, rows=changing, retrained=again)
    titles = [
        one.partition("<title>")[2].partition("</title>")[0]
        for one in learning_curves(run(), job(), more)
    ]
    assert titles[2:] == [
        "Learning rate: at the end of each epoch",
        "Trained again: loss: on the training and validation parts together",
    ]
    same = [row(1, 2.0), row(2, 1.0, 0.100001)]
    assert len(learning_curves(run(), job(), History(rows=same))) == 2


# --- contact sheets -------------------------------------------------------------------------------


class Part:
    """Examples, as much of them as a sheet reads."""

    def __init__(self, x: Any, y: Any = None) -> None:
        self.x, self.x_names = (x,), ("x",)
        self.y = () if y is None else (y,)

    def __len__(self) -> int:
        return len(self.x[0])


def source(x: Any, y: Any = None, classes: tuple[str, ...] = (), test: Any = None) -> Any:
    return SimpleNamespace(train=Part(x, y), classes=classes, test=test, source="digits")


@pytest.mark.parametrize(
    ("x", "scale", "ends"),
    [
        (np.array([[0, 16]], np.uint8), 16.0, (0.0, 16.0)),
        (np.array([[0, 16]], np.uint8), None, (0.0, 16.0)),
        (np.array([[0, 17]], np.uint8), None, (0.0, 255.0)),
        (np.array([[0, 1]], np.uint8), None, (0.0, 1.0)),
        (np.array([[0.0, 1.0]]), None, (0.0, 1.0)),
        (np.array([[0.0, 0.5]]), None, (0.0, 1.0)),
        (np.array([[0.0, 1.5]]), None, (0.0, 1.5)),
        (np.array([[0.0, 255.0]]), None, (0.0, 255.0)),
        (np.array([[0.0, 256.0]]), None, (0.0, 256.0)),
        (np.array([[0.0, 0.5]]), 2.0, (0.0, 2.0)),
        (np.array([[-1.0, 0.5]]), None, (-1.0, 0.5)),
        (np.array([[-1.0, 0.5]]), 2.0, (-1.0, 0.5)),
    ],
)
def test_what_is_black_and_white(x: Any, scale: float | None, ends: Any) -> None:
    assert black_and_white(x, scale) == ends


def test_tiles() -> None:
    image = tile(np.array([[0.0, 0.5], [1.0, 2.0]]), (0.0, 1.0))
    assert (image.size, image.mode) == ((64, 64), "RGB")
    places = ((0, 0), (32, 0), (0, 32), (63, 63), (31, 31))
    assert [image.getpixel(place)[0] for place in places] == [0, 128, 255, 255, 0]  # type: ignore[index]
    assert tile(np.zeros((10, 20, 1)), (0.0, 0.0)).size == (60, 30)
    assert tile(np.zeros((128, 64, 3)), (0.0, 1.0)).size == (32, 64)
    assert tile(np.zeros((1, 640)), (0.0, 1.0)).size == (64, 1)
    assert tile(np.zeros((64, 64)), (0.0, 1.0)).size == (64, 64)
    assert tile(np.full((1, 1), -1.0), (-1.0, 1.0)).getpixel((0, 0)) == (0, 0, 0)


def test_what_a_sheet_shows() -> None:
    x = np.zeros((300, 2, 2))
    assert [(name, len(at)) for name, at in _chosen(Part(x), ())] == [("", 10)] * 10  # type: ignore[arg-type]
    few = _chosen(Part(x[:15]), ())  # type: ignore[arg-type]
    assert [len(at) for _, at in few] == [10, 5]
    assert sorted(np.concatenate([at for _, at in few])) == list(range(15))
    labels = np.arange(300) % 12
    rows = _chosen(Part(x, labels), ())  # type: ignore[arg-type]
    assert [(name, len(at)) for name, at in rows] == [(str(n), 10) for n in range(10)]
    assert all((labels[at] == int(name)).all() for name, at in rows)
    named = _chosen(Part(x[:3], np.array([2, 0, 2])), ("a", "b", "c"))  # type: ignore[arg-type]
    assert [(name, sorted(at)) for name, at in named] == [("a", [1]), ("c", [0, 2])]
    values = _chosen(Part(x[:3], np.array([0.5, 0.25, 2.0])), ())  # type: ignore[arg-type]
    assert [name for name, _ in values] == [""]


@pytest.mark.parametrize(
    ("classes", "test", "rows", "text"),
    [
        ((), None, 1, "digits · 3 examples of 4x4"),
        (("a", "b"), None, 2, "digits · 3 examples of 4x4 · 2 classes"),
        (("a", "b", "c"), [1], 2, "digits · 3 training examples of 4x4 · 2 of 3 classes"),
    ],
)
def test_headlines(classes: tuple[str, ...], test: Any, rows: int, text: str) -> None:
    assert _headline(source(np.zeros((3, 4, 4)), None, classes, test), rows) == text


@pytest.mark.parametrize(
    ("shape", "refused"),
    [
        ((3, 4, 4), False),
        ((3, 4, 4, 1), False),
        ((3, 4, 4, 3), False),
        ((3, 4, 4, 4), False),
        ((3, 4, 4, 2), True),
        ((3, 4), True),
        ((3, 4, 4, 4, 1), True),
    ],
)
def test_what_images_are(shape: tuple[int, ...], refused: bool) -> None:
    data = source(np.zeros(shape))
    if not refused:
        assert checked_images(data, "a.PNG") is data
        return
    with pytest.raises(NetError, match=r"N518.*x of digits holds examples of"):
        checked_images(data, "a.png")


def test_sheets_that_are_refused() -> None:
    with pytest.raises(NetError, match="N518"):
        checked_images(None, "a.png")
    with pytest.raises(NetError, match="N631") as caught:
        checked_images(None, "b/a.jpg")
    assert caught.value.diagnostics[0].help == "name it b/a.png"


def test_a_sheet_is_as_large_as_it_must_be(tmp_path: Path) -> None:
    from PIL import Image

    image = tile(np.zeros((8, 8)), (0.0, 1.0))
    small = tile(np.zeros((1, 8)), (0.0, 1.0))
    write_sheet([("", [image, small]), ("", [image])], "", tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.size == (24 + 64 + 6 + 64 + 24, 24 + 32 + 64 + 6 + 64 + 24)
        black = np.argwhere(np.asarray(sheet)[..., 0] == 0)
    # the second image is 64x8 pixels, in the middle of its place
    second = black[(black[:, 1] >= 24 + 70) & (black[:, 0] < 56 + 64)]
    assert (second.min(axis=0).tolist(), second.max(axis=0).tolist()) == ([84, 94], [91, 157])
    assert black.min(axis=0).tolist() == [56, 24]
    assert black.max(axis=0).tolist() == [56 + 70 + 63, 157]
    write_sheet([("label", [image])], "", tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as sheet:
        assert 24 + 14 + 64 + 24 < sheet.width < 220
        assert sheet.height == 24 + 32 + 64 + 24
    write_sheet([("", [image])], "a headline that is wider than the one image", tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as sheet:
        assert sheet.width > 250


def test_long_labels() -> None:
    assert _short("a" * 20) == "a" * 20
    assert _short("a" * 21) == "a" * 19 + "…"


def test_labels_beyond_ascii_are_written_or_lose_their_accents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from PIL import ImageFont

    real = ImageFont.truetype

    def on_this_system(font: Any, size: int, **keys: Any) -> Any:
        if font == FONTS[0]:
            raise OSError
        return f"{font} {size}" if font == FONTS[1] else real(font, size, **keys)

    names = ["Bäume", "Straße", "Łódź", "d · e"]
    monkeypatch.setattr(ImageFont, "truetype", on_this_system)
    assert _written(names, 14) == (f"{FONTS[1]} 14", names)
    monkeypatch.setattr(contact_sheet, "FONTS", FONTS[:1])
    assert _written(names, 14)[1] == ["Baume", "Strasse", "?odz", "d · e"]

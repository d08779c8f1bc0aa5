"""Bars, reliability, planes and sheets of images as golden SVG, and what a report says of outputs,
runs, grids and folds.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.runs import RESULT

from netdsl.lab.inside.descent import Descent
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, grey, picture, signed
from netdsl.lab.inside.landscape import Landscape
from netdsl.training.data import Examples
from netdsl.training.evaluation.mistakes import Mistake
from netdsl.training.evaluation.out_of_fold import OutOfFold
from netdsl.training.evaluation.outcomes import Outcome, outcomes
from netdsl.training.evaluation.plane import InputPlane, PartPoints, UnitLayer
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.settings import RecipeSetting
from netdsl.training.reporting.bars import BarGroup, bars
from netdsl.training.reporting.fold_report import SPREAD, describe_folds, folds_csv
from netdsl.training.reporting.grid_report import GridRun, grid_csv, grid_table
from netdsl.training.reporting.mistakes_section import mistakes_of
from netdsl.training.reporting.outcome_section import outcome_section
from netdsl.training.reporting.plane_picture import (
    _small_curve,
    described_plane,
    errors_of,
    plane_picture,
)
from netdsl.training.reporting.reliability import reliability
from netdsl.training.reporting.text import describe_run, opening_lines, scores_text
from netdsl.training.runs.listing import Entry

GOLDEN = Path(__file__).parents[2] / "golden" / "training"
IMAGE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


def without_png(svg: str) -> str:
    """An SVG whose images are their sizes and the mean colours of their quarters."""

    def summed_up(found: re.Match[str]) -> str:
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGB"))
        quarters = [
            part for half in np.array_split(pixels, 2) for part in np.array_split(half, 2, 1)
        ]
        means = (" ".join(f"{mean:.0f}" for mean in part.mean(axis=(0, 1))) for part in quarters)
        return f"{pixels.shape[1]}x{pixels.shape[0]}: {', '.join(means)}"

    return IMAGE.sub(summed_up, svg)


XS, YS = np.linspace(0, 1, 3), np.linspace(-1, 1, 3)
GRID = np.add.outer(YS, XS)  # the second axis comes first
TWO = OutputTransform("two", (1,), "sigmoid", "binary", 2, ("no", "yes"))
KINDS = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3, ("a", "b", "c"))
SIZE = OutputTransform("size", (1,), "linear", "squared", 0)
PLACES = np.array([[0.0, 0.5], [1.0, -0.5]])
TRAINED = PartPoints("training", PLACES, np.array([0, 1]))
TESTED = PartPoints("test", PLACES[:1], np.array([1]))
UNITS = UnitLayer("fc_1", "fc-2(tanh)", "", np.stack([GRID, -GRID]), 2)
MANY = UnitLayer("fc_1", "fc_1", "probability", np.stack([GRID / 4 + 0.5] * 9), 12)


def surface(output: OutputTransform, values: Any, *parts: PartPoints, layers: Any = ()) -> str:
    plane = InputPlane(("x1", "x2"), (XS, YS), output, values, layers, parts, None)
    return plane_picture("net on xor", plane)


def curve(values: Any, function: Any = None, layers: Any = (), **more: Any) -> str:
    part = PartPoints("training", np.array([[0.0], [0.5]]), np.array([0.1, 0.9]))
    other = PartPoints("validation", np.array([[1.0]]), np.array([0.4]))
    output = more.get("output", SIZE)
    plane = InputPlane(("x",), (XS,), output, values, layers, (part, other), function)
    return plane_picture("net on a curve", plane)


def drawn() -> dict[str, str]:
    """Charts and sheets by name. Drawn within a test, so that an error is one of that test."""
    return {
        "bars": bars(
            "params",
            "by layer",
            [BarGroup("fc_1", (3.0,)), BarGroup("x" * 40, (250.0,))],
            ("n",),
            "n",
        ),
        "two bars each": bars(
            "norms", "", [BarGroup("a", (0.5, None)), BarGroup("b", (0.0, 2.0))], ("g", "u"), "norm"
        ),
        "logarithmic bars": bars(
            "norms",
            "",
            [BarGroup("a", (1e-3, 0.0)), BarGroup("b", (0.5, math.inf))],
            ("g", "u"),
            "norm",
            logarithmic=True,
        ),
        "no bars": bars("none", "", [], ("n",), "n"),
        "reliability": reliability("sure", "", {"": [(2, 1.2, 1), (0, 0, 0), (8, 7.2, 6)]}),
        "reliability of two": reliability("sure", "", {"a": [(1, 0.5, 1)], "b": [(0, 0, 0)]}),
        "a surface of two classes": surface(
            TWO, np.stack([-GRID, GRID], axis=-1), TRAINED, TESTED, layers=(UNITS,)
        ),
        "a surface of three classes": surface(
            KINDS, np.stack([GRID, -GRID, GRID * 0 + 0.2], axis=-1), TRAINED
        ),
        "a surface of margins": surface(
            replace(KINDS, loss="hinge"), np.stack([GRID, -GRID, GRID * 0 + 0.2], axis=-1), TRAINED
        ),
        "a surface of one value": surface(SIZE, GRID * 0 + 0.25, TRAINED),
        "a surface of values": surface(SIZE, GRID, TRAINED, layers=(MANY,)),
        "many points": surface(
            TWO,
            np.stack([-GRID, GRID], axis=-1),
            PartPoints("training", np.repeat(PLACES, 76, axis=0), np.tile([0, 1], 76)),
        ),
        "thirteen points": surface(
            TWO,
            np.stack([-GRID, GRID], axis=-1),
            PartPoints("training", np.repeat(PLACES, 7, axis=0)[:13], np.tile([0, 1], 7)[:13]),
        ),
        "a curve": curve(np.array([0.0, 0.5, 2.0])),
        "a curve that learns a function": curve(
            np.array([0.0, math.nan, 2.0]),
            np.array([0.0, 1.0, 2.0]),
            (UNITS._replace(units=np.array([[0.0, 1.0, 0.5], [2.0, 2.0, 2.0]]), total=9),),
        ),
        "curves of classes": curve(np.array([[0.2, 0.3, 0.5]] * 3), output=KINDS),
        "the curve of two classes": curve(np.array([[0.2, 0.8]] * 3), output=TWO),
        "a sheet": ImageSheet(
            "filters",
            "from -1 to 1",
            [
                TileRow("conv_1", [ImageTile(np.zeros((4, 2)), "a"), ImageTile(np.ones((2, 4)))]),
                TileRow("", [ImageTile(np.eye(3), f"caption {at}" * 3) for at in range(17)]),
            ],
        ).svg,
        "an empty sheet": ImageSheet("none", "", []).svg,
        "a landscape": Landscape("net on toy", XS, GRID**2 + 1, 2).svg,
        "the path of two weights": Descent(
            title="net on bowl",
            about="squared loss",
            names=("fc_1.kernel", "fc_1.bias"),
            path=np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]),
            losses=np.array([2.0, 1.0, 0.5]),
            penalties=np.ones(3),
            axes=(XS, YS),
            surface=GRID**2,
            penalty=np.abs(GRID),
        ).svg,
    }


def test_whole_figures(golden: Callable[[Path, str], None]) -> None:
    text = "\n".join(f"{name}\n{without_png(svg)}" for name, svg in drawn().items())
    golden(GOLDEN / "figures.txt", text)


@pytest.mark.parametrize(
    ("tall", "wide", "size"), [(1, 1000, ("72.0", "1.0")), (1000, 1, ("1.0", "72.0"))]
)
def test_a_line_of_a_thousand_pixels_is_seen(tall: int, wide: int, size: tuple[str, str]) -> None:
    svg = ImageSheet("", "", [TileRow("", [ImageTile(np.zeros((tall, wide)))])]).svg
    assert re.findall(r'<image [^>]*width="([0-9.]+)" height="([0-9.]+)"', svg) == [size]


def test_pixels() -> None:
    assert grey([0.0, 1.0, 3.0, 9.0], 1.0, 5.0).tolist() == [0.0, 0.0, 0.5, 1.0]
    assert grey([3.0], 3.0, 3.0).tolist() == [0.0]
    colours = signed([[-1.0, 0.0, 2.0, 9.0]], 2.0)
    np.testing.assert_allclose(
        colours[0], [[0.565, 0.7, 0.835], [1, 1, 1], [0.7, 0.09, 0.17], [0.7, 0.09, 0.17]]
    )
    assert signed([[0.0]], 0.0).tolist() == [[[1.0, 1.0, 1.0]]]
    shapes = {
        shape: picture(np.full(shape, 2.0)) for shape in ((2, 2), (2, 2, 1), (2, 2, 2), (2, 2, 4))
    }
    assert [found.shape for found in shapes.values()] == [(2, 2), (2, 2), (2, 2), (2, 2, 3)]
    assert all(found.max() == 1 for found in shapes.values())


@pytest.mark.parametrize(
    ("output", "parts", "said"),
    [
        (TWO, 1, "colour: the answer, pale where it is unsure (orange: no, blue: yes); filled: tr"),
        (KINDS, 1, "colour: the answer, pale where it is unsure; filled: training"),
        (SIZE, 1, "from -1 (orange) to 2 (blue); filled: training"),
        (SIZE, 3, "; filled: training, hollow: validation and test"),
    ],
)
def test_what_a_plane_shows(output: OutputTransform, parts: int, said: str) -> None:
    names = ("training", "validation", "test")
    points = tuple(TRAINED._replace(name=name) for name in names[:parts])
    plane = InputPlane(("x1", "x2"), (XS, YS), output, GRID, (), points, None)
    assert said in described_plane(plane)


@pytest.mark.parametrize(
    ("count", "radius"), [(12, "7.0"), (13, "3.6"), (150, "3.6"), (151, "2.8")]
)
def test_fewer_points_are_larger(count: int, radius: str) -> None:
    part = PartPoints("training", np.resize(PLACES, (count, 2)), np.resize([0, 1], count))
    found = re.findall(r'r="([0-9.]+)"', surface(TWO, np.stack([-GRID, GRID], axis=-1), part))
    assert found == [radius] * count


@pytest.mark.parametrize(("length", "points"), [(80, 80), (159, 159), (160, 80), (240, 80)])
def test_a_small_curve_has_few_points(length: int, points: int) -> None:
    path = _small_curve(np.linspace(0, 1, length), 10.0, 20.0)
    assert path.count("L") == points - 1
    assert path.startswith('<path d="M12.0 72.0L')


def test_errors_are_those_within_the_range_of_the_examples() -> None:
    """Its ends are in it."""
    xs = np.linspace(0, 1, 5)
    part = PartPoints("training", np.array([[0.75], [0.25]]), np.zeros(2))
    values = np.array([9.0, 1.0, 0.0, -2.0, 9.0])
    plane = InputPlane(("x",), (xs,), SIZE, values, (), (part,), np.zeros(5))
    assert errors_of(plane) == (2.0, pytest.approx(5 / 3))


# --- outputs --------------------------------------------------------------------------------------

ROW = InputTransform("row", (1,), False, 1.0, False, (1,))


def found_of(output: OutputTransform, y: Any, given: Any, name: str = "test") -> Outcome:
    y, given = np.asarray(y), np.asarray(given, float)
    part = Examples((np.arange(len(y), dtype=np.float32)[:, None],), (y,), name)
    (found,) = outcomes(
        lambda x: [given[x[0][:, 0].astype(int)]], part, Preparation((ROW,), (output,)), 100
    )
    return found


def test_a_section_of_two_classes() -> None:
    found = found_of(TWO, [0, 0, 0, 1, 1], [[0.1], [0.2], [0.7], [0.9], [0.4]])
    section = outcome_section(found, several=False)
    assert section.title == "Test part"
    assert outcome_section(found, several=True).title == "Test part: two"
    assert (section.number, section.threshold) == ("3", "")
    assert section.sentence == (
        "of 5 examples right, 60.0\u00a0%. Always saying no, the most frequent class, would be "
        "right in 60.0\u00a0%."
    )
    trained = {"answer": "yes", "figure": "accuracy", "value": 0.4}
    assert outcome_section(found, several=False, baseline=trained).sentence.endswith(
        "Always saying yes, the most frequent class of the training part, would be right in "
        "40.0\u00a0%."
    )
    named = dict(section.figures)
    assert list(named) == [
        "F1 of yes",
        "precision of yes",
        "recall of yes",
        "balanced accuracy",
        "AUC",
        "PR-AUC of yes",
    ]
    assert (named["F1 of yes"], named["AUC"]) == ("0.5000", "0.8333")
    assert section.matrix is not None
    cells = [[(c.number, c.kind) if c else None for c in row] for row in section.matrix.rows]
    assert cells == [[("2", "hit deep"), ("1", "miss")], [("1", "miss"), ("1", "hit")]]
    shades = [round(c.shade, 3) for row in section.matrix.rows for c in row if c]
    assert shades == [0.667, 0.653, 0.8, 0.5]
    (table,) = section.tables
    assert table.caption == "By class, in %"
    assert list(table.heads) == ["class", "given", "precision", "recall", "F1"]
    assert [list(row) for row in table.rows] == [
        ["no", "3", 2 / 3, 2 / 3, "66.7"],
        ["yes", "2", 0.5, 0.5, "50.0"],
    ]
    assert list(table.foot) == ["mean", "", "", "", "58.3"]
    assert len(section.charts) == 1
    error = "calibration error (ECE) 0.3400"
    assert f"{error}; dashed: the probability is the share" in section.charts[0]
    assert section.charts[0].count("<circle") == 4, "two answers are in one bin"
    assert section.charts[0].count('cy="76.0"') == 2, "in two bins all are right"


def test_a_threshold_and_a_temperature_are_said() -> None:
    output = replace(TWO, thresholds=(0.123456,), temperature=2.0)
    section = outcome_section(found_of(output, [0, 1], [[0.1], [0.9]]), several=False)
    assert section.threshold == "yes is said above a probability of 0.1235. "
    assert "at temperature 2" in section.charts[0]
    assert "without a temperature" in section.charts[0]
    other = replace(output, positive=0)
    section = outcome_section(found_of(other, [0, 1], [[0.1], [0.9]]), several=False)
    assert section.threshold.startswith("no is said")
    tags = OutputTransform("tags", (2,), "sigmoid", "binary", 0, thresholds=(0.5, 0.25))
    section = outcome_section(found_of(tags, [[1.0, 0.0]], [[0.9, 0.1]]), several=False)
    assert section.threshold == "Yes is said above a probability of 0.5, 0.25. "
    assert section.sentence == "2 yes/no answers, one for each output of each example."
    assert section.matrix is None
    assert section.tables[0].heads[0] == "output"


@pytest.mark.parametrize(("classes", "listed"), [(30, 30), (31, 30)])
def test_many_classes(classes: int, listed: int) -> None:
    output = OutputTransform("kind", (classes,), "softmax", "cross-entropy", classes)
    y = np.repeat(np.arange(classes), 2)
    said = y.copy()
    said[::4] = (said[::4] + 1) % classes
    section = outcome_section(found_of(output, y, np.eye(classes)[said]), several=False)
    assert len(section.tables[0].rows) == listed
    assert (section.matrix is not None) == (classes == 30)
    assert (len(section.tables) == 2) == (classes == 31)
    if classes == 31:
        assert section.tables[0].caption == "The 30 classes of 31 with the lowest F1, in %"
        confused = section.tables[1]
        assert (confused.caption, confused.left) == ("Most confused", 2)
        assert list(confused.rows[0]) == ["0", "1", "1"]
        assert len(confused.rows) == 16


def test_a_section_of_positions_and_of_values() -> None:
    maps = OutputTransform("map", (2, 1, 3), "softmax", "cross-entropy", 3)
    section = outcome_section(found_of(maps, [[[0], [2]]], np.eye(3)[[[[0], [1]]]]), several=False)
    assert section.sentence.startswith("of 2 positions right, 50.0")
    size = replace(SIZE, columns=("a", "b", "c", "d", "e"))
    section = outcome_section(found_of(size, [[1.0], [3.0]], [[2.0], [3.0]]), several=False)
    assert section.sentence == "Errors are in the units of a, b, c, d."
    assert section.charts[0].count("<circle") == 2, "one for each prediction"
    simple = {"answer": "the mean", "figure": "absolute_error", "value": 1.5, "row_before": 2.0}
    found = found_of(size, [[1.0], [3.0]], [[2.0], [3.0]])
    assert outcome_section(found, several=False, baseline=simple).sentence.endswith(
        "always answering the mean has 1.5, the target of the row before 2."
    )
    assert list(section.figures) == [
        ("Mean absolute error", "0.5"),
        ("root mean squared error", "0.70711"),
        ("R²", "0.5000"),
    ]
    section = outcome_section(found_of(SIZE, [[1.0], [1.0]], [[2.0], [3.0]]), several=False)
    assert section.sentence == "Errors are in the units of the data's values."
    assert len(section.figures) == 2  # all targets are alike: R² is undefined
    two = OutputTransform("size", (2,), "linear", "squared", 0)
    section = outcome_section(found_of(two, [[1.0, 3.0]], [[2.0, 3.0]]), several=False)
    assert len(section.figures) == 2


@pytest.mark.parametrize(
    ("output", "y", "given", "about"),
    [
        (KINDS, [0], [[0.2, 0.5, 0.3]], "All 1, the highest loss first"),
        (KINDS, [0] * 30, [[0.2, 0.5, 0.3]] * 30, "The 24 of 30 with the highest loss"),
        (SIZE, [[1.0]], [[2.0]], "All 1, the largest error first"),
        (
            OutputTransform("tags", (2,), "sigmoid", "binary", 0),
            [[1.0, 0.0]],
            [[0.1, 0.1]],
            "All 1, the most mistakes first",
        ),
    ],
)
def test_a_section_of_mistakes(output: OutputTransform, y: Any, given: Any, about: str) -> None:
    section = mistakes_of(found_of(output, y, given))
    assert section is not None
    assert section.about.startswith(about)
    assert section.table is not None
    assert ("probability" in section.table.heads) == (output is KINDS)
    assert mistakes_of(found_of(KINDS, [1], [[0.2, 0.5, 0.3]])) is None


@pytest.mark.parametrize(
    ("pictures", "given", "sure", "legend", "words", "share"),
    [
        (1, "a", 0.5, "true → predicted, the probability of the prediction", "a → b", "50.0"),
        (1, "a", None, "true → predicted", "a → b", ""),
        (1, "", None, "the size of the error", "b", ""),
        (2, "", None, "the example and the network's output, the size of the error", "b", ""),
        (
            3,
            "",
            None,
            "the example, the target and the prediction, the share that is correct",
            "b",
            "",
        ),
    ],
)
def test_a_section_of_pictures(
    pictures: int, given: str, sure: float | None, legend: str, words: str, share: str
) -> None:
    shown = ("data:",) * pictures
    worst = (Mistake(0, "a/1.png", given, "b", sure, shown, ()),)
    section = mistakes_of(found_of(KINDS, [0], [[0.2, 0.5, 0.3]])._replace(worst=worst))
    about = f"All 1, the highest loss first: {legend}, and where the example of the test part is."
    share = f"{share}\u00a0% · " if share else ""
    assert section == (about, [("a/1.png", shown, words, share)], None)


# --- runs -----------------------------------------------------------------------------------------

RUN = dataclasses.replace(
    RESULT,
    validation={"examples": 99, "loss": 0.25, "accuracy": 0.9},
    test={"examples": 1000, "loss": 0.5, "accuracy": 0.875},
)


def test_a_run_in_words() -> None:
    assert describe_run(RUN).splitlines() == [
        "ended after 3 epochs (1,200 steps, 6.3 s): no improvement in 4 evaluations in a row",
        "best weights at step 800 (epoch 2): validation loss 0.2500, accuracy 0.9000 (99 examples)",
        "test: loss 0.5000, accuracy 0.8750 (1,000 examples)",
        "saved in runs/a-1: open runs/a-1/report.html",
    ]


def test_more_of_a_run_in_words() -> None:
    more = replace(
        RUN,
        epochs=1,
        retrained=1300,
        validation={"examples": 0, "loss": 0.25},
        test={},
        zeros={"fc_1/kernel": {"zeros": 3, "weights": 12}},
        decisions={"fc_1": {"thresholds": [0.5]}},
    )
    assert describe_run(more).splitlines()[1:] == [
        f"{more.kept} weights at step 800 (epoch 2): training loss 0.2500",
        "trained again on the training and validation parts together for 1,300 steps",
        "threshold 0.5",
        "weights that are exactly 0: fc_1/kernel 3 of 12 (25.0%)",
        "saved in runs/a-1: open runs/a-1/report.html",
    ]
    assert describe_run(more).startswith("ended after 1 epoch (")
    seven = {f"fc_{at}/kernel": {"zeros": 1, "weights": 2} for at in range(7)}
    assert describe_run(replace(RUN, zeros=seven)).count("1 of 2") == 6
    assert "and 1 more" in describe_run(replace(RUN, zeros=seven))


@pytest.mark.parametrize(
    ("ended", "steps", "value", "help"),
    [
        ("patience", 99, 0.9, "try --set early_stopping.patience=10 --set epochs=50, or --batch 8"),
        ("patience", 100, 0.9, ""),
        ("epochs", 99, 0.9, ""),
        ("patience", 99, 0.8, None),
    ],
)
def test_what_to_try_after_few_steps(
    ended: str, steps: int, value: float, help: str | None
) -> None:
    baseline = {"answer": "no", "figure": "accuracy", "value": value}
    lines = describe_run(replace(RUN, ended=ended, steps=steps, baseline=baseline)).splitlines()
    warned = any("not better than always answering no" in line for line in lines)
    assert warned == (help is not None)
    helps = [line for line in lines if line.startswith("help:")]
    assert len(helps) == bool(help)
    assert all(f"it stopped after {steps} steps; {help}" in line for line in helps)


def test_scores_in_words() -> None:
    assert scores_text({"examples": 0, "loss": 0.5}) == "loss 0.5000"
    assert scores_text({"examples": 1234, "mean_loss": 0.5}) == "mean loss 0.5000 (1,234 examples)"


# --- grids and folds ------------------------------------------------------------------------------


def run(number: int, figures: Any, problem: str = "", **settings: Any) -> GridRun:
    entry = Entry(
        f"{number}-run",
        epochs=number if figures else None,
        best_step=10 * number if figures else None,
        ended="epochs" if figures else "damaged",
        figures=figures,
        problem="" if figures else "it is damaged",
    )
    named = (("params.w", "8"), ("data.split.fold", str(number)), *settings.items())
    return GridRun(tuple(RecipeSetting(key, value) for key, value in named), entry, problem)


RUNS = [
    run(1, {"val_loss": 0.123456789, "test_accuracy": 0.9}),
    run(2, {"val_loss": 2.0, "test_accuracy": 0.8}, 'a "quoted", problem'),
]


def test_a_grid_as_a_table() -> None:
    assert grid_table([*RUNS, run(3, {})]).splitlines() == [
        "w  data.split.fold  epochs  val loss  test accuracy  run",
        "8  1                     1   0.12346         0.9000  1-run",
        '8  2                     2         2         0.8000  2-run: a "quoted", problem',
        "8  3                     -         -              -  3-run: it is damaged",
    ]
    assert grid_table([]) == "nothing was trained"


def test_a_grid_as_csv() -> None:
    assert grid_csv([*RUNS, run(3, {})]).split("\n")[:-1] == [
        "w,data.split.fold,run,epochs,best_step,val_loss,test_accuracy,problem",
        "8,1,1-run,1,10,0.123457,0.9,",
        '8,2,2-run,2,20,2,0.8,"a ""quoted"", problem"',
        "8,3,3-run,,,,,it is damaged",
    ]


@pytest.mark.parametrize(
    ("ended", "problem", "why"),
    [
        ("patience", "", ""),
        ("converged", "", ""),
        ("rate", "", ""),
        ("interrupted", "", "interrupted"),
        ("unfinished", "", "unfinished"),
        ("epochs", "no memory", "no memory"),
    ],
)
def test_why_a_training_has_no_figures(ended: str, problem: str, why: str) -> None:
    assert GridRun((), Entry("a", ended=ended), problem).why == why


def test_folds_in_words() -> None:
    assert describe_folds(RUNS, {}) == (
        f"mean of 2 folds (w=8): val loss 1.0617 ± 1.3269, test accuracy 0.8500 ± 0.0707\n{SPREAD}"
    )
    assert describe_folds(RUNS[:1], {}).startswith("mean of 1 fold (w=8): val loss 0.12346 ± 0, ")
    assert describe_folds([run(3, {})], {}).startswith(
        "mean of 1 fold (w=8): none of them has figures\n"
    )
    one = GridRun((RecipeSetting("data.split.fold", "0"),), Entry("a", figures={"val_loss": 1.0}))
    assert describe_folds([one], {}).startswith("mean of 1 fold: val loss 1 ± 0\n")
    assert folds_csv([*RUNS, run(3, {"val_loss": 1.0})], {}).split("\n")[:-1] == [
        "settings,figure,mean,spread,folds,pooled",
        "w=8,val_loss,1.04115,0.938948,3,",
    ]


def pooled(records: int, examples: int, **more: Any) -> OutOfFold:
    naive = {"answer": "no", "figure": "accuracy"}
    mean, value = {**naive, "value": 0.5}, {**naive, "value": 0.85}
    figures = more.get("figures", {"loss": 0.25, "accuracy": 0.85})
    return OutOfFold([{}] * records, examples, figures, mean, value)


def test_folds_together_in_words() -> None:
    lines = describe_folds(RUNS, {"w=8": pooled(6, 9)}).splitlines()
    assert lines[0].endswith("test accuracy 0.8500 ± 0.0707; always no: 0.5000")
    assert lines[1:-1] == [
        "all 6 test examples together (w=8): test loss 0.25, test accuracy 0.8500; "
        "always no: 0.8500",
        "warning: not better than always answering no",
        "6 of 9 examples are in a test part (w=8)",
    ]
    whole = describe_folds(RUNS, {"w=8": pooled(9, 9)})
    assert "are in a test part" not in whole
    assert len(describe_folds(RUNS, {"w=8": pooled(0, 9, figures={})}).splitlines()) == 2
    rows = folds_csv(RUNS, {"w=8": pooled(9, 9), "w=9": pooled(1, 1)}).splitlines()
    assert [row.split(",")[1:2] + row.split(",")[-1:] for row in rows[1:]] == [
        ["val_loss", ""],
        ["test_accuracy", "0.85"],
    ]


# --- before a training ----------------------------------------------------------------------------


def test_what_is_learned_in_words() -> None:
    table = TableTransform((ColumnTransform("u"), ColumnTransform("v")), ("y",))
    image = InputTransform("x", (8, 8), True, 255.0, True, (8, 8, 1))
    inputs = (
        image,
        replace(image, example=(8, 8, 1), scale=1.0),
        replace(image, columns=table, shape=(2,)),
    )
    outputs = (TWO, KINDS, replace(KINDS, name="again"))
    counts = {"training": 1200, "validation": 0, "test": 3}
    parts = [Examples((np.zeros((count, 2)),), (), name) for name, count in counts.items()]
    data: Any = SimpleNamespace(
        preparation=Preparation(inputs, outputs),
        spec=SimpleNamespace(source="a.csv"),
        notes=("a note",),
        **dict(zip(("train", "validation", "test"), parts, strict=True)),
    )
    assert opening_lines(data, ["a doubt"], ["weights of b"]) == [
        "a.csv: 1,200 training and 3 test examples; 8x8 made 8x8x1, divided by 255, "
        "inputs of 8x8x1, 2 columns made 2 numbers; loss binary, cross-entropy",
        "a note",
        "a doubt",
        "weights of b",
    ]

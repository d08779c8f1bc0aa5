"""How wrong examples are, how the worst are shown, and the points of a scatter plot."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from netdsl.training.data import Examples
from netdsl.training.evaluation.details import output_details
from netdsl.training.evaluation.mistakes import Mistake, worst_mistakes, wrongness
from netdsl.training.evaluation.outcomes import POINTS, Scatter, outcomes
from netdsl.training.evaluation.pictures import label_uri, png_uri
from netdsl.training.metrics.answers import answers
from netdsl.training.metrics.counters import Counter
from netdsl.training.metrics.definitions import METRICS
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation

ROW = InputTransform("row", (1,), False, 1.0, False, (1,))
CLASSES = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3, ("cat", "dog", "cow"))
YES = OutputTransform("yes", (1,), "sigmoid", "binary", 2)
TAGGED = OutputTransform("tags", (4,), "sigmoid", "binary", 0)
PIXELS = OutputTransform("map", (2, 2, 3), "softmax", "cross-entropy", 3)
MARGINS = OutputTransform("kind", (3,), "linear", "hinge", 3)
SIZES = OutputTransform("size", (2,), "linear", "squared", 0, centre=10.0, spread=4.0)


def ranked(output: OutputTransform, y: Any, given: Any) -> list[float]:
    y = np.asarray(y)
    found = answers(np, output, output.targets(y, np.float64), np.asarray(given, np.float64))
    return [round(float(each), 6) for each in wrongness(output, found)]


@pytest.mark.parametrize(
    ("output", "y", "given", "expected"),
    [
        # what the true class's probability lacks, of wrong answers alone
        (CLASSES, [0, 0], [[0.2, 0.7, 0.1], [0.4, 0.3, 0.3]], [0.8, 0.0]),
        (YES, [1, 1, 0], [[0.25], [0.75], [0.9]], [0.75, 0.0, 0.9]),
        # by how much its score is below the best
        (MARGINS, [2, 0], [[3.0, 1.0, -1.0], [3.0, 1.0, -1.0]], [4.0, 0.0]),
        # the share of tags, and of positions
        (TAGGED, [[1.0, 0, 1, 0]], [[0.9, 0.9, 0.1, 0.1]], [0.5]),
        (
            PIXELS,
            [[[0, 1], [2, 2]]],
            [[[[1, 0, 0], [1, 0, 0]], [[0, 0, 1], [0, 0, 1]]]],
            [0.25],
        ),
        # the mean error in the data's units
        (SIZES, [[10.0, 14.0]], [[0.5, 0.5]], [2.0]),
    ],
)
def test_how_wrong_examples_are(
    output: OutputTransform, y: Any, given: Any, expected: list[float]
) -> None:
    assert ranked(output, y, given) == expected


def test_a_wrong_answer_that_lacks_nothing_is_wrong() -> None:
    """Of equal probabilities the first class is the answer."""
    (rank,) = ranked(CLASSES, [1], [[0.5, 0.5, 0.0]])
    assert rank == 0.5
    found = answers(np, MARGINS, np.eye(3)[[1]], np.array([[1.0, 1.0, 0.0]]))
    assert 0 < wrongness(MARGINS, found)[0] < 1e-30


# --- the worst ------------------------------------------------------------------------------------


def worst(
    output: OutputTransform,
    y: Any,
    given: Any,
    x: Any = None,
    input: InputTransform = ROW,
    ranks: Any = None,
) -> tuple[Mistake, ...]:
    given, y = np.asarray(given, np.float64), np.asarray(y)
    x = np.arange(len(y), dtype=np.float32)[:, None] if x is None else np.asarray(x)
    number = np.arange(len(y), dtype=np.float32)[:, None]
    part = Examples((x, number), (y,), "test")
    preparation = Preparation((input, ROW), (output,))
    ranks = np.arange(len(y), 0, -1.0) if ranks is None else np.asarray(ranks)

    def predict(arrays: tuple[Any, ...]) -> list[Any]:
        return [given[arrays[1][:, 0].astype(int)]]

    return worst_mistakes(predict, part, preparation, 0, ranks)


def test_the_worst_come_first_and_none_that_is_right() -> None:
    given = np.tile([0.2, 0.7, 0.1], (40, 1))
    ranks = np.zeros(40)
    ranks[[3, 7, 9]] = 0.5, 0.75, 0.5
    found = worst(CLASSES, np.zeros(40, int), given, ranks=ranks)
    assert [(one.row, one.place) for one in found] == [(7, "row 7"), (3, "row 3"), (9, "row 9")]
    assert len(worst(CLASSES, np.zeros(40, int), given)) == 24
    assert worst(CLASSES, np.zeros(40, int), given, ranks=np.zeros(40)) == ()


@pytest.mark.parametrize(
    ("output", "y", "given", "words"),
    [
        (CLASSES, [2], [[0.2, 0.7, 0.1]], ("cow", "dog", 0.7)),
        (YES, [1], [[0.25]], ("1", "0", 0.75)),
        (MARGINS, [2], [[3.0, 1.0, -1.0]], ("2", "0", None)),
        (TAGGED, [[1.0, 0, 1, 0]], [[0.1, 0.9, 0.1, 0.9]], ("0, 2", "1, 3", None)),
        (TAGGED, [[0.0] * 4], [[0.9] * 4], ("none", "0, 1, 2, 3", None)),
        (
            PIXELS,
            [[[0, 1], [2, 2]]],
            [[[[1, 0, 0], [1, 0, 0]], [[0, 0, 1], [0, 0, 1]]]],
            ("", "75.0 % of 4 right", None),
        ),
        (SIZES, [[12.0, 8.0]], [[0.5, 1.0]], ("12, 8", "12, 14", None)),
    ],
)
def test_what_is_said_of_a_mistake(
    output: OutputTransform, y: Any, given: Any, words: tuple[Any, ...]
) -> None:
    (one,) = worst(output, y, given)
    assert (one.given, one.said) == words[:2]
    assert one.sure == (None if words[2] is None else pytest.approx(words[2]))
    assert dict(one.numbers) == {"row": "0"}


def test_values_far_from_0_are_said_with_their_digits() -> None:
    far = OutputTransform("size", (1,), "linear", "squared", 0, centre=1e9)
    (one,) = worst(far, np.array([[0.125]], np.float32), [[-1e9]])
    assert (one.given, one.said) == ("0.125", "0")


@pytest.mark.parametrize(
    ("count", "tags"),
    [(12, ", ".join(map(str, range(12)))), (13, ", ".join(map(str, range(12))) + ", ...")],
)
def test_twelve_tags_are_listed(count: int, tags: str) -> None:
    many = OutputTransform("tags", (20,), "sigmoid", "binary", 0)
    yes = np.array([[1.0] * count + [0.0] * (20 - count)])
    (one,) = worst(many, yes, 1 - yes)
    assert one.given == tags


@pytest.mark.parametrize(("count", "end"), [(4, "4"), (5, "4, ...")])
def test_four_values_are_listed(count: int, end: str) -> None:
    several = OutputTransform("size", (count,), "linear", "squared", 0)
    (one,) = worst(several, [np.arange(1.0, count + 1)], [np.zeros(count)])
    assert one.given == f"1, 2, 3, {end}"


@pytest.mark.parametrize(("count", "more"), [(12, ""), (13, " ...")])
def test_twelve_numbers_of_an_example_are_shown(count: int, more: str) -> None:
    input = InputTransform("x", (count,), False, 1.0, False, (count,))
    x = [np.arange(count) + 0.123456]
    (one,) = worst(CLASSES, [2], [[0.2, 0.7, 0.1]], x, input)
    shown = " ".join(f"{value:.5g}" for value in x[0][:12]) + more
    assert dict(one.numbers) == {"x": shown, "row": "0"}


def test_cells_of_a_table() -> None:
    columns = (
        ColumnTransform("age"),
        ColumnTransform("colour", "category", categories=("red", "blue")),
        *(ColumnTransform(f"c{at}") for at in range(15)),
    )
    table = TableTransform(columns, ("kind",))
    input = InputTransform("x", (17,), False, 1.0, False, (18,), columns=table)
    x = np.array([[31.5, 1.0, *range(15)]])
    (one,) = worst(CLASSES, [2], [[0.2, 0.7, 0.1]], x, input)
    names = ["age", "colour", *(f"c{at}" for at in range(10))]
    assert [name for name, _ in one.numbers] == [*names, "row"]
    assert dict(one.numbers)["age"] == "31.5"
    assert dict(one.numbers)["colour"] == "blue"


@pytest.mark.parametrize(
    ("column", "cells", "shown"),
    [
        (ColumnTransform("a", "text", categories=("x", "y")), [0, 3, 1, 2], "y ? x"),
        (ColumnTransform("a", "text", categories=("x",)), [0, 0, 0, 0], "missing"),
        (ColumnTransform("a", "category", categories=("x", "y")), [2], "y"),
        (ColumnTransform("a", "category", categories=("x", "y")), [0], "missing"),
        (ColumnTransform("a", "text", categories=("x",)), [2] * 12, " ".join("x" * 12)),
        (ColumnTransform("a", "text", categories=("x",)), [2] * 13, " ".join("x" * 12) + " ..."),
    ],
)
def test_words_of_a_text(column: ColumnTransform, cells: list[int], shown: str) -> None:
    size = len(cells)
    table = TableTransform((column,), ("kind",))
    input = InputTransform("a", (size,), True, 1.0, False, (size,), 9, columns=table)
    part = Examples((np.array([cells]),), (np.array([2]),), "test")
    preparation = Preparation((input,), (CLASSES,))
    said = [np.array([[0.2, 0.7, 0.1]])]
    (one,) = worst_mistakes(lambda _: said, part, preparation, 0, np.ones(1))
    assert dict(one.numbers) == {"a": shown}


# --- as images ------------------------------------------------------------------------------------


def pixels(uri: str) -> Any:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


@pytest.mark.parametrize(
    ("values", "limits", "corners"),
    [
        ([[0.0, 1.0], [0.5, 2.0]], (0.0, 2.0), (0, 128, 64, 255)),
        ([[0.0, 1.0], [0.5, 2.0]], None, (0, 128, 64, 255)),
        ([[1.0, 3.0], [2.0, 5.0]], None, (0, 128, 64, 255)),
        ([[-1.0, 3.0], [0.5, 1.0]], (0.0, 1.0), (0, 255, 128, 255)),
        ([[3.0, 3.0], [3.0, 3.0]], None, (0, 0, 0, 0)),
        ([[np.nan, 1.0], [1.0, 1.0]], None, (0, 255, 255, 255)),
    ],
)
def test_an_image_of_values(values: Any, limits: Any, corners: tuple[int, ...]) -> None:
    shown = pixels(png_uri(np.array(values), limits))
    assert shown.shape == (96, 96)
    assert tuple(shown[[0, 0, -1, -1], [0, -1, 0, -1]].tolist()) == corners


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ((96, 50), (96, 50)),
        ((95, 40), (190, 80)),
        ((40, 20), (120, 60)),
        ((192, 100), (192, 100)),
        ((384, 200), (192, 100)),
        ((4, 4, 1), (96, 96)),
        ((4, 4, 2), (96, 96)),
        ((4, 4, 3), (96, 96, 3)),
        ((4, 4, 5), (96, 96, 3)),
    ],
)
def test_the_size_of_an_image(shape: tuple[int, ...], shown: tuple[int, ...]) -> None:
    assert pixels(png_uri(np.zeros(shape))).shape == shown


def test_of_two_channels_the_first_is_shown() -> None:
    values = np.stack([np.eye(2), 1 - np.eye(2)], axis=2)
    assert np.array_equal(pixels(png_uri(values)), pixels(png_uri(np.eye(2))))
    four = np.concatenate([np.zeros((2, 2, 1)), values, np.ones((2, 2, 1))], axis=2)
    assert np.array_equal(pixels(png_uri(four)), pixels(png_uri(four[..., :3])))


def test_each_label_has_a_colour() -> None:
    labels = np.arange(4).reshape(2, 2)
    shown = pixels(label_uri(labels, 4))[::48, ::48].reshape(4, 3)
    assert shown.tolist() == [[0, 0, 0], [89, 89, 242], [89, 242, 89], [242, 89, 89]]
    two = pixels(label_uri(labels % 2, 2))[::48, ::48].reshape(4, 3)
    assert two[:2].tolist() == [[0, 0, 0], [242, 89, 89]]
    assert pixels(label_uri(np.zeros((2, 2), int), 1)).max() == 0


IMAGE = InputTransform("x", (4, 4), True, 255.0, True, (4, 4, 1))


def test_an_example_that_is_an_image() -> None:
    x = np.zeros((1, 4, 4), np.uint8)
    x[0, 0, 0], x[0, 3, 3] = 255, 51
    (one,) = worst(CLASSES, [2], [[0.2, 0.7, 0.1]], x, IMAGE)
    (uri,) = one.pictures
    shown = pixels(uri)
    assert (shown[0, 0], shown[-1, -1], shown[0, -1]) == (255, 51, 0)
    assert dict(one.numbers) == {"row": "0"}
    wide = InputTransform("x", (4, 4), True, 255.0, False, (4, 4, 1))
    (one,) = worst(CLASSES, [2], [[0.2, 0.7, 0.1]], x // 5, wide)
    assert pixels(one.pictures[0]).max() == 255  # without limits, the largest is white


def test_a_map_is_drawn_twice() -> None:
    x = np.zeros((1, 2, 2), np.uint8)
    input = InputTransform("x", (2, 2), True, 255.0, True, (2, 2, 1))
    labels = np.array([[[0, 1], [2, 2]]])
    given = np.eye(3)[[[[0, 1], [2, 1]]]]
    (one,) = worst(PIXELS, labels, given, x, input)
    assert one.pictures[1:] == (label_uri(labels[0], 3), label_uri(given[0].argmax(-1), 3))


@pytest.mark.parametrize(
    ("shape", "example", "pictures"),
    [
        ((16,), (4, 4), 2),
        ((4, 4, 1), (4, 4), 2),
        ((2, 2, 1), (4, 4), 2),
        ((2, 2), (4, 4), 2),
        ((4,), (4, 4), 1),  # another size without the form of an image
    ],
)
def test_an_image_that_is_given_back(shape: Any, example: Any, pictures: int) -> None:
    output = OutputTransform("out", shape, "sigmoid", "squared", 0, copies="x")
    x = np.zeros((1, *example), np.uint8)
    y = np.zeros((1, *shape))
    given = np.full((1, *shape), 0.2)
    given.reshape(-1)[0] = 0.4
    (one,) = worst(output, y, given, x, IMAGE)
    mean = float(given.mean())
    assert (one.given, one.said) == ("", f"off by {mean:.4g}")
    assert len(one.pictures) == pictures
    if pictures == 2:
        shown = pixels(one.pictures[1])
        assert (shown[0, 0], shown[-1, -1]) == (102, 51)


# --- over a part ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("examples", "size", "count"),
    [(10, 1, 10), (1500, 1, 1500), (1501, 1, 751), (3000, 2, 1500), (4, 3000, 1500 * 4)],
)
def test_points_of_a_scatter_plot(examples: int, size: int, count: int) -> None:
    """At equal distances, whatever the batches are; of an example with many values some."""
    output = OutputTransform("size", (size,), "linear", "squared", 0, centre=10.0, spread=4.0)
    y = np.arange(examples * size, dtype=float).reshape(examples, size)
    kept = []
    for batch in (7, 1000):
        scatter = Scatter(output, examples)
        for at in range(0, examples, batch):
            some = y[at : at + batch]
            targets = output.targets(some, np.float64)
            scatter.update(answers(np, output, targets, targets + 0.5))
        kept.append(scatter.points())
    assert kept[0] == kept[1]
    assert kept[0][0] == (0.0, 2.0)
    rows, columns = -(-examples * min(size, POINTS) // POINTS), -(-size // POINTS)
    assert [x for x, _ in kept[0]] == y[::rows, ::columns].reshape(-1).tolist()
    assert size < POINTS or columns == 2


def test_what_a_scatter_plot_leaves_out() -> None:
    scatter = Scatter(CLASSES, 3)
    scatter.update(answers(np, CLASSES, np.array([0]), np.array([[0.2, 0.7, 0.1]])))
    assert scatter.points() == ()
    scatter = Scatter(SIZES, 3)
    given = np.array([[0.0, np.nan], [np.inf, 1.0], [0.5, 1.0]])
    scatter.update(answers(np, SIZES, np.zeros((3, 2)), given))
    assert scatter.points() == ((10.0, 10.0), (10.0, 14.0), (10.0, 12.0), (10.0, 14.0))


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_outcomes_of_a_part(batch: int) -> None:
    y = np.array([0, 1, 2, 0, 1])
    given = np.eye(3)[[0, 2, 2, 1, 1]] * 0.7 + 0.1
    number = np.arange(5, dtype=np.float32)[:, None]
    hot = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3, temperature=2.0)
    for output, uncalibrated in ((CLASSES, False), (hot, True), (MARGINS, False)):
        (one,) = outcomes(
            lambda x: [given[x[0][:, 0].astype(int)]],
            Examples((number,), (y,), "test"),
            Preparation((ROW,), (output,)),
            batch,
        )
        assert (one.part, one.examples, one.wrong, one.points) == ("test", 5, 2, ())
        assert [mistake.row for mistake in one.worst] == [1, 3]
        assert one.counter.examples == 5
        assert (one.uncalibrated is not None) == uncalibrated
        if one.uncalibrated is not None:
            assert (one.uncalibrated.examples, one.uncalibrated.output.temperature) == (5, 1.0)


def test_what_is_nan_is_the_worst() -> None:
    number = np.arange(3, dtype=np.float32)[:, None]
    y, given = np.zeros((3, 2)), np.array([[9.0, 9.0], [np.nan, 0.0], [1.0, 1.0]])
    (one,) = outcomes(
        lambda x: [given[x[0][:, 0].astype(int)]],
        Examples((number,), (y,), "test"),
        Preparation((ROW,), (SIZES,)),
        2,
    )
    assert [mistake.row for mistake in one.worst] == [1, 0, 2]


# --- in detail ------------------------------------------------------------------------------------


def details(output: OutputTransform, y: Any, given: Any) -> dict[str, Any]:
    counter = Counter(output, METRICS)
    counter.update(np.asarray(y), np.asarray(given))
    return output_details(counter)


def test_details_of_classes() -> None:
    found = details(CLASSES, [0, 0, 1, 2], np.eye(3)[[0, 1, 1, 2]])
    assert "top5_accuracy" not in found
    assert found["confusion"] == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert [(one["class"], one["name"], one["support"]) for one in found["classes"]] == [
        (0, "cat", 2),
        (1, "dog", 1),
        (2, "cow", 1),
    ]
    assert [one["precision"] for one in found["classes"]] == [1.0, 0.5, 1.0]
    assert [one["recall"] for one in found["classes"]] == [0.5, 1.0, 1.0]
    assert "iou" not in found["classes"][0]
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert found["balanced_accuracy"] == pytest.approx(2.5 / 3)


def test_details_of_others() -> None:
    six = OutputTransform("kind", (6,), "softmax", "cross-entropy", 6)
    assert details(six, [0], [[0.0, 0.1, 0.2, 0.3, 0.4, 0.5]])["top5_accuracy"] == 0.0
    dense = details(PIXELS, [[[0, 1], [2, 2]]], np.eye(3)[[[[0, 0], [2, 2]]]])
    assert [one["iou"] for one in dense["classes"]] == [0.5, 0.0, 1.0]
    tags = details(TAGGED, [[1.0, 0, 1, 0]], [[0.9, 0.9, 0.1, 0.1]])
    assert len(tags["classes"]) == 4
    assert "confusion" not in tags
    values = details(SIZES, [[10.0, 14.0], [6.0, 2.0]], [[0.5, 0.5], [-1.0, -2.0]])
    assert (values["mae"], values["rmse"]) == pytest.approx((1.0, 2**0.5))
    assert values["r2"] == pytest.approx(1 - 8 / 80)


@pytest.mark.parametrize(("classes", "held"), [(1000, True), (1001, False)])
def test_of_very_many_classes_no_confusion(classes: int, held: bool) -> None:
    output = OutputTransform("kind", (classes,), "softmax", "cross-entropy", classes)
    assert ("confusion" in details(output, [0], [np.eye(classes)[0]])) == held

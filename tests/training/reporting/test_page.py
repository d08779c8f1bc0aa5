"""The report of a run: whole HTML that needs nothing from elsewhere, and the figures that numpy
finds too.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl.drawing.options import Options
from netdsl.drawing.picture import Picture
from netdsl.json_text import json_text
from netdsl.training.data import Examples
from netdsl.training.evaluation.mistakes import WORST
from netdsl.training.evaluation.outcomes import Outcome, outcomes
from netdsl.training.evaluation.pictures import png_uri
from netdsl.training.loop.setup import seeded_model
from netdsl.training.metrics.answers import answer, category_scores, probabilities
from netdsl.training.metrics.definitions import ABSOLUTE_ERROR, R2, RMSE, training_metric
from netdsl.training.planning.job import Job
from netdsl.training.planning.plan import plan
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.recipe import Recipe, parse_recipe
from netdsl.training.recipes.yaml_writer import to_yaml
from netdsl.training.reporting import charts
from netdsl.training.reporting.outcome_section import MATRIX
from netdsl.training.reporting.overview import verdict, wilson_interval
from netdsl.training.reporting.page import TEMPLATES, page, write_page
from netdsl.training.reporting.text import test_lines as closing_lines
from netdsl.training.runs.history import Epoch, Evaluation, History
from netdsl.training.runs.run import RunResult

VOID = {"meta", "img", "br"}


IMAGES = ("data:image/png;base64,", "data:image/svg+xml;base64,")  # which run nothing


class Tags(HTMLParser):
    """Checks that every tag that is opened is closed, and that nothing is loaded from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.seen: list[str] = []
        self.feed(text)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.stack.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("src", "href") or str(value).startswith(IMAGES)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


def linear(seed: int, size: int, outputs: int) -> Callable[[tuple[Any, ...]], list[Any]]:
    """A stand-in for a network: probabilities of a fixed linear map of the first input."""
    kernel = np.random.default_rng(seed).normal(size=(size, outputs)) / 4

    def predict(x: tuple[Any, ...]) -> list[Any]:
        found = np.exp(x[0].reshape(len(x[0]), -1) @ kernel)
        return [found / found.sum(axis=1, keepdims=True)]

    return predict


def numbers(output: OutputTransform, y: Any, given: Any, batch: int = 7) -> Outcome:
    """What is found of these outputs [n, ...], the input being the row's number."""
    part = Examples((np.arange(len(y), dtype=np.float32)[:, None],), (y,), "test")
    preparation = Preparation((InputTransform("row", (1,), False, 1.0, False, (1,)),), (output,))
    (found,) = outcomes(lambda x: [given[x[0][:, 0].astype(int)]], part, preparation, batch)
    return found


def report(job: Job, found: tuple[Outcome, ...], **more: Any) -> str:
    names = ["loss", *(training_metric(output).name for output in job.data.preparation.outputs)]
    values = dict(zip(names, (0.25, 0.9), strict=False))
    seen = [
        Evaluation(job.steps * epoch, {name: value / epoch for name, value in values.items()}, True)
        for epoch in (1, 2)
    ]
    rows = [Epoch(one.step // job.steps, one.step, 0.01, values, one, 1.0) for one in seen]
    history = History(best=seen[1], evaluations=seen, rows=rows, **more)
    scored = {"examples": len(job.data.test), **values}
    run = RunResult(
        Path("runs/small-1"),
        job.network.name,
        str(job.data.spec.source),
        82,
        2,
        "patience",
        3,
        82,
        2,
        "loss",
        0.1,
        scored,
        scored,
        0,
        9,
    )
    return page(
        run,
        job,
        history,
        found,
        to_yaml(job.recipe, job.resolved.reasons),
        {"netdsl": "0.1.0", "<i>": "&"},
    )


@pytest.fixture(scope="module")
def job(network: Any) -> Job:
    return plan(network(), Recipe())


# --- the page -------------------------------------------------------------------------------------


def test_a_page_of_digits(job: Job) -> None:
    part, preparation = job.data.test, job.data.preparation
    text = report(job, outcomes(linear(0, 64, 10), part, preparation, 32))
    seen = Tags(text).seen
    assert {seen.count(tag) for tag in ("script", "link", "iframe", "object")} == {0}
    assert seen.count("img") == WORST + 1  # the network's picture
    assert seen.count("svg") == 3  # loss, accuracy, reliability: the rate never changes
    for reported in (
        "small on digits",
        "no improvement in 3 evaluations in a row",
        "90.00\u00a0%",
        "&lt;i&gt;",
        "param width = 16",
        "Rows: true class",
    ):
        assert reported in text
    assert "given" in text
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)


def test_the_network_is_drawn(job: Job) -> None:
    found = outcomes(linear(0, 64, 10), job.data.test, job.data.preparation, 32)
    text = report(job, found)
    (data,) = re.findall(r"<img class=network src=\"data:image/svg\+xml;base64,([^\"]+)\"", text)
    picture = base64.b64decode(data).decode()
    assert picture == Picture([job.network], Options(heading=False)).svg
    assert 'data-id="fc_1"' in picture


def test_where_a_network_cannot_be_drawn_the_report_says_why(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netdsl.drawing.neurons.MAX_LAYERS", 0)
    monkeypatch.setattr("netdsl.drawing.subject.MAX_DRAWN", 1)
    text = report(job, outcomes(linear(0, 64, 10), job.data.test, job.data.preparation, 32))
    assert "<img class=network" not in text
    assert "more than 1<" in text


def test_names_are_never_markup(job: Job, tmp_path: Path) -> None:
    evil = '</td><script>alert("1")</script>'
    rows = "".join(
        f"{number},{number % 3},{evil if number % 2 else 'b&b'}\n".replace('"', "'")
        for number in range(60)
    )
    (tmp_path / "evil<b>.csv").write_text(f"a,<u>,target\n{rows}", encoding="utf-8")
    made = plan(
        netdsl.parse("2 > fc-4 > softmax-2  # <script>", name="x"),
        parse_recipe(f"data: {{source: '{tmp_path}/evil<b>.csv', target: target}}"),
    )
    text = report(made, outcomes(linear(1, 2, 2), made.data.test, made.data.preparation, 8))
    Tags(text)
    assert "<script" not in text
    assert "&lt;script&gt;alert" in text
    assert "<th class=n>&lt;u&gt;</th>" in text


def test_a_changing_rate_and_a_second_training_are_drawn(job: Job) -> None:
    again = [Epoch(1, 41, 0.01, {"loss": 0.2, "accuracy": 0.9}, None, 1.0)]
    assert Tags(report(job, (), retrained=again)).seen.count("svg") == 3


@pytest.mark.keras
def test_the_page_of_a_model(job: Job, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(to_yaml(job.recipe), encoding="utf-8")
    (tmp_path / "versions.json").write_text(json_text({"netdsl": "0"}), encoding="utf-8")
    scored = {"examples": 359, "loss": 2.0, "accuracy": 0.1}
    run = RunResult(
        tmp_path, "small", "digits", 41, 1, "epochs", 0, 41, 1, "loss", 2.0, scored, scored, 0, 1.0
    )
    path = write_page(run, job, seeded_model(job), History())
    text = path.read_text(encoding="utf-8")
    Tags(text)
    assert path.name == "report.html"
    assert "Worst mistakes" in text


def test_a_training_that_learned_nothing_in_few_steps_has_a_way_on() -> None:
    scored = {"examples": 9, "loss": 2.0, "accuracy": 0.5}
    baseline = {"answer": "cat", "figure": "accuracy", "value": 0.5}
    run = RunResult(
        Path("r"), "n", "d", 33, 11, "patience", 10, 3, 1, "loss", 2.0, scored, scored, 0, 7.0
    )
    assert len(closing_lines(run)) == 1
    run = dataclasses.replace(run, baseline=baseline)
    assert closing_lines(run)[1:] == [
        "warning: not better than always answering cat",
        "help: it stopped after 33 steps; try --set early_stopping.patience=40 --set epochs=200, "
        "or --batch 8",
    ]
    assert len(closing_lines(dataclasses.replace(run, steps=330))) == 2
    assert len(closing_lines(dataclasses.replace(run, ended="epochs"))) == 2


def test_what_was_kept_is_said() -> None:
    scored = {"examples": 9, "loss": 2.0, "accuracy": 0.1}
    run = RunResult(
        Path("r"), "n", "d", 40, 4, "epochs", 0, 30, 3, "loss", 2.0, scored, scored, 0, 7500.0
    )
    assert (
        "4 epochs (40 steps, 2 h 5 min): all epochs done. The last weights are those of step 30, "
        "epoch 3." in verdict(run, History())
    )
    run = dataclasses.replace(run, patience=2, retrained=30)
    assert "The best was step 30, epoch 3; new weights were then trained" in verdict(run, History())


def test_an_interval_of_a_share() -> None:
    assert wilson_interval(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0.0, 5)[0] == 0
    assert wilson_interval(1.0, 5)[1] == 1


# --- classes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 32, 1000])
def test_digits_are_counted(job: Job, batch: int) -> None:
    predict, part, preparation = linear(0, 64, 10), job.data.test, job.data.preparation
    (found,) = outcomes(predict, part, preparation, batch)
    given = predict(preparation.x(part.x))[0]
    said, labels = given.argmax(axis=1), np.asarray(part.y[0])
    matrix = np.zeros((10, 10), int)
    np.add.at(matrix, (labels, said), 1)
    assert np.array_equal(found.counter.confusion.matrix(), matrix)
    assert np.array_equal(found.counter.class_counts.right, matrix.diagonal())
    assert found.wrong == (said != labels).sum()
    wrong = np.flatnonzero(said != labels)
    worst = wrong[np.argsort(given[wrong, labels[wrong]], kind="stable")][:WORST]
    assert [one.row for one in found.worst] == worst.tolist()
    first = found.worst[0]
    assert (first.given, first.said) == (str(labels[first.row]), str(said[first.row]))
    assert first.sure == pytest.approx(given[first.row].max(), rel=1e-5)


def test_logits_and_margins_are_read_as_the_losses_read_them() -> None:
    def read(output: OutputTransform, values: Any) -> tuple[Any, Any]:
        scores = category_scores(np, output, values)
        return probabilities(np, output, scores)[:, 0], answer(np, output, scores)[:, 0]

    logits = np.array([[1.0, 2.0, 0.5]], np.float32)
    soft = np.exp(logits) / np.exp(logits).sum()
    found, said = read(OutputTransform("y", (3,), "linear", "cross-entropy", 3), logits)
    assert found == pytest.approx(soft)
    assert said.tolist() == [1]
    single = np.array([[-1.0], [2.0]], np.float32)
    found, said = read(OutputTransform("y", (1,), "linear", "binary", 2), single)
    assert found[:, 1] == pytest.approx(1 / (1 + np.exp(-single[:, 0])))
    assert found.sum(axis=1) == pytest.approx(1)
    assert said.tolist() == [0, 1]
    for output, values in (
        (OutputTransform("y", (1,), "tanh", "hinge", 2), single),
        (OutputTransform("y", (1,), "relu", "squared", 2), np.array([[0.4], [0.6]], np.float32)),
    ):
        assert read(output, values)[1].tolist() == [0, 1]


def test_many_classes_are_shown_by_pairs(job: Job) -> None:
    count = MATRIX + 10
    labels = np.arange(3 * count) % count
    given = np.eye(count, dtype=np.float32)[np.where(labels == 5, 6, labels)]
    found = numbers(
        OutputTransform("y", (count,), "softmax", "cross-entropy", count), labels, given
    )
    assert found.counter.confusion.mistakes(MATRIX) == [(5, 6, 3)]
    text = report(job, (found,))
    Tags(text)
    assert f"The 30 classes of {count} with the lowest F1" in text
    assert "Most confused" in text
    assert "Rows: true class" not in text


def test_no_mistake(job: Job) -> None:
    found = numbers(
        OutputTransform("y", (2,), "softmax", "cross-entropy", 2),
        np.array([0, 1, 0]),
        np.eye(2, dtype=np.float32)[[0, 1, 0]],
    )
    assert not found.worst
    text = report(job, (found, found))
    assert "Every prediction is right" in text
    assert text.count("Test part: y") == 2


def test_a_label_for_each_position() -> None:
    labels = np.random.default_rng(0).integers(0, 3, (5, 4, 4))
    said = labels.copy()
    said[3, 0] = (said[3, 0] + 1) % 3
    x = np.random.default_rng(1).integers(0, 256, (5, 4, 4, 3)).astype(np.uint8)
    preparation = Preparation(
        (InputTransform("image", (4, 4, 3), True, 255.0, True, (4, 4, 3)),),
        (OutputTransform("y", (4, 4, 3), "softmax", "cross-entropy", 3),),
    )
    rows = {array.tobytes(): row for row, array in enumerate(preparation.x((x,))[0])}
    (found,) = outcomes(
        lambda x: [np.eye(3)[said[[rows[one.tobytes()] for one in x[0]]]]],
        Examples((x,), (labels,), "test"),
        preparation,
        2,
    )
    counts = found.counter.class_counts
    assert (counts.support.sum(), counts.right.sum(), found.wrong) == (80, 76, 1)
    (worst,) = found.worst
    assert (worst.row, worst.said, len(worst.pictures)) == (3, "75.0 % of 16 right", 3)


def test_tags() -> None:
    y = np.array([[1, 0, 1], [0, 0, 1]])
    found = numbers(
        OutputTransform("y", (3,), "sigmoid", "binary", 0),
        y,
        np.array([[0.9, 0.2, 0.7], [0.8, 0.1, 0.9]], np.float32),
    )
    assert [one.tolist() for one in found.counter.class_counts] == [
        [1, 0, 2],
        [2, 0, 2],
        [1, 0, 2],
    ]
    assert [(one.row, one.given, one.said) for one in found.worst] == [(1, "2", "0, 2")]


# --- values ---------------------------------------------------------------------------------------


def test_values_in_the_units_of_the_data(job: Job) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(1e6, 10.0, (5000, 1))
    given = (y + rng.normal(0, 2.0, y.shape) - 1e6) / 10
    found = numbers(
        OutputTransform("price", (1,), "linear", "squared", 0, centre=1e6, spread=10.0),
        y,
        given.astype(np.float32),
        512,
    )
    error, result = given * 10 + 1e6 - y, found.counter.result
    assert result(ABSOLUTE_ERROR) == pytest.approx(np.abs(error).mean(), rel=1e-4)
    assert result(RMSE) == pytest.approx(np.sqrt(np.square(error).mean()), rel=1e-4)
    assert result(R2) == pytest.approx(
        1 - np.square(error).sum() / np.square(y - y.mean()).sum(), rel=1e-4
    )
    assert 1000 < len(found.points) <= 1500
    assert [one.row for one in found.worst] == np.argsort(-np.abs(error[:, 0]))[:WORST].tolist()
    text = report(job, (found,))
    Tags(text)
    assert "Predictions" in text


def test_what_gives_its_input_back_is_shown_next_to_it(job: Job) -> None:
    made = plan(
        netdsl.parse("8x8x1 > fc-64(sigmoid) > reshape(8x8x1)", name="auto"),
        parse_recipe("data: {source: digits, target: input}"),
    )
    found = outcomes(
        lambda x: [np.zeros_like(x[0]) + 0.5], made.data.test, made.data.preparation, 100
    )
    assert all(len(one.pictures) == 2 for one in found[0].worst)
    Tags(report(made, found))


def test_values_that_are_not_numbers(job: Job) -> None:
    given = np.array([[1.0], [np.nan], [2.0]], np.float32)
    found = numbers(
        OutputTransform("y", (1,), "linear", "squared", 0), np.array([[1.0], [1.0], [5.0]]), given
    )
    assert [one.row for one in found.worst] == [1, 2]
    Tags(report(job, (found,)))


def test_texts_are_shown_as_numbers(job: Job) -> None:
    x = np.arange(60).reshape(3, 20)
    preparation = Preparation(
        (InputTransform("text", (20,), True, 1.0, False, (20,), 100),),
        (OutputTransform("y", (2,), "softmax", "cross-entropy", 2),),
    )
    found = outcomes(
        lambda x: [np.tile([0.9, 0.1], (len(x[0]), 1))],
        Examples((x,), (np.array([0, 1, 0]),), "test"),
        preparation,
        2,
    )
    assert found[0].worst[0].numbers == (("text", "20 21 22 23 24 25 26 27 28 29 30 31 ..."),)
    Tags(report(job, found))


# --- pictures -------------------------------------------------------------------------------------


def opened(uri: str) -> Any:
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,"))))


def test_small_pictures_are_enlarged_pixel_by_pixel() -> None:
    image = opened(png_uri(np.array([[0, 16], [8, 4]]), (0, 16)))
    assert image.size == (96, 96)
    assert [image.getpixel(place) for place in ((0, 0), (95, 0), (47, 48), (48, 48))] == [
        0,
        255,
        128,
        64,
    ]


@pytest.mark.parametrize(
    ("shape", "mode"),
    [((300, 200, 3), "RGB"), ((300, 200, 1), "L"), ((300, 200, 2), "L"), ((300, 200, 5), "RGB")],
)
def test_large_pictures_are_reduced(shape: tuple[int, ...], mode: str) -> None:
    image = opened(png_uri(np.random.default_rng(0).normal(size=shape)))
    assert (image.size, image.mode) == ((128, 192), mode)


# --- the style sheet ------------------------------------------------------------------------------


def test_every_colour_of_a_chart_is_restated_for_dark_pages() -> None:
    sheet = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    dark = sheet.partition("prefers-color-scheme")[2].partition("@media print")[0]
    colours = {charts.TRAINING, charts.VALIDATION, charts.INK, charts.FAINT, charts.GRID, "white"}
    for attribute in ("fill", "stroke"):
        assert set(re.findall(rf'svg \[{attribute}="([^"]*)"\]', dark)) == colours


def test_ticks_are_written_with_the_digits_that_tell_them_apart() -> None:
    chart = charts.scatter("", "", [(999_960.0, 999_970.0), (1_000_020.0, 1_000_010.0)])
    assert {"999,980", "1,000,000", "1,000,020"} <= set(re.findall(r">([\d,.]+)</text>", chart))
    chart = charts.scatter("", "", [(0.11, 0.12), (0.13, 0.14)])
    assert {"0.110", "0.115", "0.120"} <= set(re.findall(r">([\d,.]+)</text>", chart))

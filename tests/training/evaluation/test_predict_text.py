"""What `predict` prints of its records, and how it ends.

No framework is imported here.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdsl.cli import predict as command
from netdsl.cli.main import main
from netdsl.training.evaluation import predict as module
from netdsl.training.evaluation.predict_text import (
    describe_notes,
    describe_predictions,
    predictions_csv,
)
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation

FINE: dict[str, Any] = {"input": "a/1.png", "output": [1.5]}
FAILED = {"input": "b/1.png", "error": "b/1.png is not a readable image", "code": "N524"}


def noted(row: int) -> dict[str, Any]:
    return {"input": f"t.csv:{row}", "output": [2.0], "notes": ["`RED` is unknown", "h is missing"]}


def test_files_that_could_not_be_read_are_not_predictions() -> None:
    assert describe_predictions([FINE, FAILED]) == "a/1.png: 1.5"
    assert predictions_csv([FINE, FAILED]) == "input,output\na/1.png,1.5\n"
    assert list(describe_notes([FINE])) == []
    assert list(describe_notes([FINE, FAILED])) == [
        "error[N524]: b/1.png is not a readable image",
        "1 of 2 files could not be read",
    ]


@pytest.mark.parametrize(
    ("said", "text", "cells"),
    [
        (
            {"output": [0.9, 0.25], "labels": [1, 0]},
            "tags 0 (0.9, 0.25)",
            "output_0,output_1,label_0,label_1\na,0.9,0.25,1,0",
        ),
        (
            {"output": [0.2, 0.75], "labels": [1, 1], "columns": ["red", "label_red"]},
            "tags red, label_red (0.2, 0.75)",
            "red,label_red,label_red2,label_label_red\na,0.2,0.75,1,1",
        ),
        (
            {"output": [0.2, 0.5], "labels": [0, 0]},
            "no tags (0.2, 0.5)",
            "output_0,output_1,label_0,label_1\na,0.2,0.5,0,0",
        ),
        (
            {"output": [[0.2], [0.5]], "labels": [[0], [1]]},
            "1 of 2 yes (0.2, 0.5)",
            "output_0,output_1,label_0,label_1\na,0.2,0.5,0,1",
        ),
    ],
)
def test_tags_are_answered(said: dict[str, Any], text: str, cells: str) -> None:
    record = {"input": "a", **said}
    assert describe_predictions([record]) == f"a: {text}"
    assert predictions_csv([record]) == f"input,{cells}\n"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"output": [1.23456789, -2]}, "1.23457, -2"),
        ({"output": list(range(30))}, ", ".join(map(str, range(30)))),
        ({"output": [-5, *range(30)]}, "31 values from -5 to 29"),
        ({"output": [[0.5] * 8] * 4}, "4x8 values from 0.5 to 0.5"),
        (
            {"top": [{"name": "cat", "probability": 0.75}, {"name": "dog", "probability": 0.25}]},
            "cat 0.750, dog 0.250",
        ),
        ({"top": [{"name": "cat", "output": -1.5}]}, "cat -1.500"),
        (
            {
                "shape": [2, 2],
                "classes": [{"name": "sky", "share": 0.75}, {"name": "sea", "share": 0.25}],
            },
            "2x2 labels, sky 75.0%, sea 25.0%",
        ),
        (
            {"outputs": {"a": {"output": [1]}, "b": {"top": [{"name": "x", "output": 2}]}}},
            "a: 1; b: x 2.000",
        ),
    ],
)
def test_predictions_in_words(said: dict[str, Any], text: str) -> None:
    assert describe_predictions([{"input": "a", **said}]) == f"a: {text}"


KIND = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3, names=("cat", "dog", "owl"))
SIDE = OutputTransform("side", (1,), "tanh", "hinge", 2)
TAGS = OutputTransform("tags", (2,), "sigmoid", "binary", 0)
SIZE = OutputTransform("size", (2,), "linear", "squared", 0, centre=1.0, spread=2.0)
MAP = OutputTransform("map", (2, 2, 3), "softmax", "cross-entropy", 3)
SURE = np.array([0.125, 0.625, 0.25])


@pytest.mark.parametrize(
    ("output", "values", "top", "expected"),
    [
        (SIZE, [0.5, -1.0], 3, {"output": [2.0, -1.0]}),
        (
            dataclasses.replace(SIZE, columns=("h", "w")),
            [0.5, 0.0],
            3,
            {"output": [2.0, 1.0], "columns": ["h", "w"]},
        ),
        (TAGS, [1.0, -1.0], 3, {"labels": [1, 0]}),
        (KIND, SURE, 2, {"class": 1, "name": "dog"}),
        (
            MAP,
            np.eye(3)[[[2, 0], [2, 2]]] * 9,
            3,
            {
                "shape": [2, 2],
                "classes": [
                    {"class": 2, "name": "2", "count": 3, "share": 0.75},
                    {"class": 0, "name": "0", "count": 1, "share": 0.25},
                ],
                "labels": [[2, 0], [2, 2]],
            },
        ),
    ],
)
def test_records(output: OutputTransform, values: Any, top: int, expected: Any) -> None:
    preparation = Preparation((), (output,))
    record = module.record_of([np.asarray(values, np.float32)], preparation, top)
    assert {key: record[key] for key in expected} == expected
    assert ("columns" in record) == bool(output.columns)
    both = Preparation((), (output, dataclasses.replace(output, name="other")))
    found = module.record_of([np.asarray(values, np.float32)] * 2, both, top)
    assert found == {"outputs": {output.name: record, "other": record}}


@pytest.mark.parametrize(("top", "listed"), [(0, 1), (1, 1), (2, 2), (9, 3)])
@pytest.mark.parametrize("logits", [False, True])
def test_the_likeliest_classes(top: int, listed: int, logits: bool) -> None:
    output = dataclasses.replace(KIND, activation="linear") if logits else KIND
    values = np.log(SURE) if logits else SURE
    record = module.record_of([values], Preparation((), (output,)), top)
    assert [best["name"] for best in record["top"]] == ["dog", "owl", "cat"][:listed]
    known = [best["probability"] for best in record["top"]]
    assert known == pytest.approx([0.625, 0.25, 0.125][:listed])
    assert record["probabilities"] == pytest.approx(dict(zip(KIND.names, SURE, strict=True)))


@pytest.mark.parametrize(("classes", "each"), [(100, True), (101, False)])
def test_of_many_classes_only_the_likeliest_are_given(classes: int, each: bool) -> None:
    output = OutputTransform("kind", (classes,), "softmax", "cross-entropy", classes)
    record = module.record_of([np.zeros(classes)], Preparation((), (output,)), 3)
    assert ("probabilities" in record) == each
    assert [best["class"] for best in record["top"]] == [0, 1, 2]


def test_a_loss_without_probabilities_has_scores() -> None:
    record = module.record_of([np.array([-0.5])], Preparation((), (SIDE,)), 2)
    assert record["class"] == 0
    assert list(record["top"][0]) == ["class", "name", "output"]
    assert "probabilities" not in record
    assert list(record["scores"]) == ["0", "1"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("-cat", "'-cat"),
        ("@x", "'@x"),
        ("\uff1d1", "'\uff1d1"),
        ("a\r=1", "a =1"),
        ("1\r", "1 "),
        ("\r=1", "' =1"),
        ("-1", "-1"),
        ("cat", "cat"),
    ],
)
def test_a_spreadsheet_runs_no_cell(name: str, cell: str) -> None:
    best = {"class": 0, "name": name, "probability": 0.5}
    found = predictions_csv([{"input": "a.png", "top": [best]}])
    assert found == f"input,class,name,probability\na.png,0,{cell},0.5\n"


def test_five_rows_are_noted_and_all_counted() -> None:
    lines = list(describe_notes([noted(row) for row in range(2, 9)]))
    assert lines[:2] == [f"note: t.csv:{row}: `RED` is unknown; h is missing" for row in (2, 3)]
    assert len(lines) == 6
    assert lines[-1] == "note: 7 of 7 rows hold values that the network was not trained on"
    several = [FINE, *(FAILED for _ in range(7))]
    assert len(list(describe_notes(several))) == 6


def test_rows_that_are_filled_are_counted() -> None:
    filled = {**FINE, "filled": ["size is missing: the training median, 7, is used"]}
    assert next(describe_notes([filled, FINE, filled, FAILED])) == (
        "note: 2 of 3 rows have empty cells, filled as in the training"
    )


def test_ids_come_after_the_input() -> None:
    best = {"class": 0, "name": "no", "probability": 0.5}
    records = [
        {"input": "t.csv:2", "id": {"customer_id": "C1", "name": "=Ada"}, "top": [best]},
        {"input": "u.csv:2", "top": [best]},
    ]
    assert predictions_csv(records).splitlines() == [
        "input,customer_id,id name,class,name,probability",
        "t.csv:2,C1,'=Ada,0,no,0.5",
        "u.csv:2,,,0,no,0.5",
    ]


def test_a_file_of_predictions_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "predict", lambda *_, **__: [FINE, FINE, FAILED])
    target = tmp_path / "pred.csv"
    assert main(["predict", "r", "x", "-o", str(target)]) == 1
    assert capsys.readouterr().err.splitlines()[0] == f"{target}: 2 predictions"
    assert target.read_text() == "input,output\na/1.png,1.5\na/1.png,1.5\n"


@pytest.mark.parametrize("format", ["text", "json", "csv"])
@pytest.mark.parametrize(("records", "code"), [([FINE, noted(2)], 0), ([FINE, FAILED], 1)])
def test_the_exit_code_says_whether_all_was_read(
    records: list[dict[str, Any]],
    code: int,
    format: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(
        module, "predict", lambda *given, **more: asked.append((given, more)) or records
    )
    options = argparse.Namespace(
        folder="r",
        inputs=["x"],
        top=3,
        strict=True,
        at=None,
        net=None,
        others=["s"],
        augment=4,
        output=None,
        force=False,
        format=format,
    )
    assert command.run(options) == code
    more = {"strict": True, "net": None, "others": ["s"], "versions": 4}
    assert asked == [(("r", ["x"], 3), more)]
    out, err = capsys.readouterr()
    assert "a/1.png" in out
    assert ("1 of 2 files could not be read" in err) == (code == 1)
    assert ("1 of 2 rows" in err) == (code == 0)

"""What `evaluate` prints of its result, line by line. No framework is imported here."""

from __future__ import annotations

from typing import Any

import pytest

from netdsl.training.evaluation.evaluate_text import describe_evaluation

BASE: dict[str, Any] = {
    "run": "runs/a-1",
    "part": "test",
    "data": "digits",
    "step": 1200,
    "examples": 1000,
    "loss": 0.25,
    "accuracy": 0.9375,
    "outputs": {},
    "trained_on": False,
    "changed": False,
    "whole": False,
}


def described(**more: Any) -> list[str]:
    return describe_evaluation({**BASE, **more}).splitlines()


def one_class(name: str, **figures: Any) -> dict[str, Any]:
    found = {"name": name, "precision": 0.5, "recall": 0.25, "f1": 0.3333, "support": 8}
    return {**found, **figures}


def test_the_first_lines() -> None:
    assert described() == [
        "runs/a-1, weights of step 1,200",
        "test part of digits: loss 0.2500, accuracy 0.9375 (1,000 examples)",
    ]
    assert described(examples=1, loss=None)[1].endswith("loss -, accuracy 0.9375 (1 example)")


@pytest.mark.parametrize(
    ("part", "whole", "trained_on", "expected"),
    [
        ("test", False, False, "test part of digits"),
        ("training", False, True, "training part of digits, which was trained on"),
        ("all", False, False, "all of digits"),
        ("all", True, False, "all of digits"),
        ("all", False, True, "all of digits, which was trained on"),
        ("training", True, False, "all of digits, which has no test part of its own"),
    ],
)
def test_what_was_measured(part: str, whole: bool, trained_on: bool, expected: str) -> None:
    lines = described(part=part, whole=whole, trained_on=trained_on)
    assert lines[1].split(":")[0] == expected


def test_other_data_is_noted() -> None:
    lines = described(changed=True)
    assert lines[1].startswith("this is not the data that the run was trained with")
    assert len(lines) == 3


def test_the_figures_of_a_gan() -> None:
    scores = {"generator_loss": 1.5, "real_score": 0.75, "diversity": None, "seconds": 3.0}
    line = described(**scores)[1]
    assert "generator loss 1.5000, real score 0.7500, diversity - (" in line
    assert "seconds" not in line


@pytest.mark.parametrize(
    ("figure", "value", "better"),
    [
        ("accuracy", 0.5, True),
        ("accuracy", 0.9375, False),
        ("accuracy", 0.95, False),
        ("loss", 0.3, True),
        ("loss", 0.25, False),
        ("loss", 0.2, False),
        ("f1", 0.9, True),  # which is not among the figures
    ],
)
def test_the_simplest_answer(figure: str, value: float, better: bool) -> None:
    lines = described(baseline={"answer": "No", "figure": figure, "value": value})
    assert f"(1,000 examples); always No: {value:.4f}" in lines[1]
    warning = "warning: not better than always answering No"
    assert lines[2:] == ([] if better else [warning])


@pytest.mark.parametrize(
    ("decisions", "lines"),
    [
        (
            {"fc_1": {"temperature": 1.5, "log_loss": [0.5, 0.25], "ece": [0.1, 0.05]}},
            [
                "temperature 1.5, chosen on the validation part: log loss 0.5000 to 0.2500, "
                "ECE 0.1000 to 0.0500"
            ],
        ),
        (
            {"fc_1": {"temperature": 1.5, "log_loss": [0.5, 0.25]}},
            ["temperature 1.5, chosen on the validation part: log loss 0.5000 to 0.2500"],
        ),
        ({"fc_1": {"thresholds": [0.7, 0.12345]}}, ["threshold 0.7, 0.1235"]),
        (
            {"fc_1": {"thresholds": [0.7], "for": "balanced_accuracy", "values": [0.5, 0.75]}},
            ["threshold 0.7, chosen on the validation part: balanced accuracy 0.5000 to 0.7500"],
        ),
        ({"fc_1": {"thresholds": [0.5] * 8}}, [f"threshold {', '.join(['0.5'] * 6)} and 2 more"]),
        (
            {"a": {"thresholds": [0.7]}, "b": {"temperature": 2.0, "log_loss": [1, 0.5]}},
            [
                "a: threshold 0.7",
                "b: temperature 2, chosen on the validation part: log loss 1.0000 to 0.5000",
            ],
        ),
    ],
)
def test_what_was_chosen(decisions: Any, lines: list[str]) -> None:
    assert described(decisions=decisions)[2:] == lines


def test_a_table_of_classes() -> None:
    known = [
        one_class("cat"),
        one_class("dog", precision=1.0, recall=None, f1=0.5, support=1200),
    ]
    details = {
        "classes": known,
        "macro_f1": 0.4,
        "confusion": [[5, 3], [1000, 200]],
        "auc": 0.875,
        "pr_auc": None,
        "ece": 0.0625,
    }
    assert described(outputs={"fc_1": details})[2:] == [
        "",
        "class  precision  recall      f1  support",
        "-----------------------------------------",
        "cat       0.5000  0.2500  0.3333        8",
        "dog       1.0000       -  0.5000    1,200",
        "-----------------------------------------",
        "mean      0.7500  0.2500  0.4166    1,208",
        "confused (true -> predicted): dog -> cat (1,000), cat -> dog (3)",
        "AUC 0.8750, PR-AUC -, calibration error 0.0625",
    ]


def test_classes_without_mistakes_or_figures() -> None:
    known = [one_class("cat", iou=0.75), one_class("dog", iou=None)]
    lines = described(outputs={"fc_1": {"classes": known, "confusion": [[8, 0], [0, 8]]}})
    assert lines[3].split() == ["class", "precision", "recall", "f1", "iou", "support"]
    assert lines[-1].split() == ["mean", "0.5000", "0.2500", "0.3333", "0.7500", "16"]
    assert described(outputs={"fc_1": {"classes": known}}) == lines


def test_the_most_frequent_mistakes() -> None:
    """Five, the most frequent first; of equal ones that of the first class."""
    known = [one_class(name) for name in "abc"]
    confusion = [[9, 1, 2], [2, 9, 4], [3, 3, 9]]
    (line,) = (
        line
        for line in described(outputs={"fc_1": {"classes": known, "confusion": confusion}})
        if "confused" in line
    )
    assert line.endswith(": b -> c (4), c -> a (3), c -> b (3), a -> c (2), b -> a (2)")


@pytest.mark.parametrize(("count", "listed"), [(30, 30), (31, 10)])
def test_of_many_classes_the_worst(count: int, listed: int) -> None:
    known = [one_class(f"c{at}", f1=(at * 7 % count) / count) for at in range(count)]
    known[3]["f1"] = None
    details = {"classes": known, "top5_accuracy": 0.875}
    lines = described(outputs={"fc_1": details})[3:]
    head = lines[0]
    assert head.startswith("top-5 accuracy 0.8750")
    assert ("the 10 of 31 classes with the lowest f1" in head) == (count == 31)
    names = [line.split()[0] for line in lines[3:-2]]
    if count == 30:
        assert names == [f"c{at}" for at in range(30)]
    else:
        ranked = sorted((one for one in known if one["f1"] is not None), key=lambda one: one["f1"])
        assert names == [one["name"] for one in ranked[:10]]
    assert lines[-1].split()[-1] == str(8 * count)  # of all, not of those shown
    assert len(names) == listed


def test_each_of_several_outputs_is_named() -> None:
    errors = {"r2": 0.5, "mae": 1234567.0, "rmse": None}
    classes = {"classes": [one_class("cat"), one_class("dog")]}
    lines = described(outputs={"size": errors, "kind": classes})
    assert lines[2:6] == ["", "size: R2 0.5000, MAE 1.23457e+06, RMSE -", "", "kind:"]
    assert described(outputs={"size": errors})[2:] == ["", "R2 0.5000, MAE 1.23457e+06, RMSE -"]
    many = {**classes, "top5_accuracy": 0.5}
    assert described(outputs={"size": errors, "kind": many})[5] == "kind: top-5 accuracy 0.5000"


def test_zeros() -> None:
    zeros = [
        {"layer": "relu_1", "units": 1024, "zeros": 0.5, "never": 3},
        {"layer": "relu_10", "units": 8, "zeros": 0.12345, "never": 1200},
    ]
    assert described(zeros=zeros)[2:] == [
        "",
        "layer    units  share of zeros  always 0",
        "----------------------------------------",
        "relu_1   1,024          0.5000         3",
        "relu_10      8          0.1235     1,200",
    ]
    assert described(zeros=[])[2:] == ["", "no layer gives a 0"]


@pytest.mark.parametrize("metric", ["accuracy", "mean_absolute_error"])
def test_subnetworks(metric: str) -> None:
    found = {"metric": metric, "single": 0.5, "means": [[1, 0.5], [20, 0.75]]}
    lines = described(subnetworks=found)[2:]
    whole = ["the whole network           0.9375"] if metric == "accuracy" else []
    rows = [line.replace(metric.replace("_", " "), "").rstrip() for line in lines]
    assert lines[1].split() == metric.split("_")
    assert [" ".join(row.split()) for row in rows[3:]] == [
        "one subnetwork, on average 0.5000",
        "mean of 1 output 0.5000",
        "mean of 20 outputs 0.7500",
        *(" ".join(row.split()) for row in whole),
    ]

"""`train --folds`: cross-validation."""

from __future__ import annotations

import csv
import math
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError, RunError
from netdsl.training.evaluation.out_of_fold import OutOfFold
from netdsl.training.recipes.settings import RecipeSetting
from netdsl.training.reporting.fold_report import (
    SPREAD,
    describe_folds,
    fold_figures,
    folds_csv,
)
from netdsl.training.reporting.grid_report import GridRun
from netdsl.training.runs.listing import Entry

ROWS = 31


def run(fold: int, width: str, **figures: float) -> GridRun:
    settings = (
        RecipeSetting("params.width", width),
        RecipeSetting("data.split.fold", str(fold)),
    )
    return GridRun(settings, Entry(f"{fold}", figures=figures))


def test_the_mean_and_the_spread() -> None:
    runs = [run(0, "8", test_loss=1.0), run(1, "8", test_loss=2.0, test_accuracy=0.5)]
    runs.append(run(0, "9", test_loss=4.0))
    (found,) = fold_figures(runs[:2])
    assert found == ("test_loss", 1.5, statistics.stdev([1, 2]), 2)
    always = {"answer": "no", "figure": "accuracy", "value": 0.5}
    together = OutOfFold([{}] * 6, 9, {"accuracy": 0.5}, always | {"value": 0.75}, always)
    assert describe_folds(runs, {"width=8": together}) == (
        "mean of 2 folds (width=8): test loss 1.5 ± 0.70711; always no: 0.7500\n"
        "all 6 test examples together (width=8): test accuracy 0.5000; always no: 0.5000\n"
        "warning: not better than always answering no\n"
        "6 of 9 examples are in a test part (width=8)\n"
        "mean of 1 fold (width=9): test loss 4 ± 0\n"
        f"{SPREAD}"
    )
    together = together._replace(figures={"loss": 1.25})
    assert folds_csv(runs, {"width=8": together}).splitlines() == [
        "settings,figure,mean,spread,folds,pooled",
        "width=8,test_loss,1.5,0.707107,2,1.25",
        "width=9,test_loss,4,0,1,",
    ]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--folds", "1"], "N505"),
        (["--folds", "51"], "N505"),
        (["--folds", "3", "--set", "data.split.fold=1"], "N506"),
        (["--folds", "3", "--set", "data.split={fold: 1}"], "N506"),
        (["--folds", "3", "--set", "data.split.test=0.5"], "N506"),
        (["--folds", "3", "--grid", "data.split.fold=1,2"], "N506"),
    ],
)
def test_folds_that_are_refused(
    options: list[str], code: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "64 > softmax-10", *options]) == 1
    assert code in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--folds", "6", "--set", "data.split.group=patient"], "6 folds need 6 groups"),
        (["--folds", "3", "--set", "data.split.column=part"], "a test part of its own"),
        (["--folds", "3", "--set", "data.test=b.csv"], "a test part of its own"),
    ],
)
def test_data_that_makes_no_folds_is_one_error_before_any_folder(
    options: list[str], message: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"{row % 7},{row % 2},p{row % 5},{('train', 'test')[row % 2]}" for row in range(ROWS)]
    Path("a.csv").write_text("\n".join(["x,left,patient,part", *lines]))
    Path("b.csv").write_text("x,left,patient,part\n9,1,p0,test\n9,0,p1,test\n")
    unused = "part" if "data.split.group=patient" in options else "patient"
    unused = "[patient, part]" if "data.test=b.csv" in options else unused
    command = ["train", "1 > softmax-2", "--set", "data.source=a.csv", "--set", "data.target=left"]
    assert main([*command, "--set", f"data.drop={unused}", *options]) == 1
    assert capsys.readouterr().err.count(message) == 1
    assert not Path("runs").exists()


def test_a_trial_has_no_folds(capsys: Any) -> None:
    assert main(["train", "64 > softmax-10", "--folds", "3", "--dry-run"]) == 2
    assert "--folds" in capsys.readouterr().err


@pytest.mark.keras
def test_each_fold_is_trained_and_each_row_predicted(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"00{row},{row % 7},{('no', 'yes')[row % 3 == 0]},p{row % 5}" for row in range(ROWS)]
    Path("a.csv").write_text("\n".join(["customer_id,x,left,patient", *lines]))
    recipe = "data: {source: b.csv, target: nothing}\nepochs: 1\nspeed: plain\nmetrics: [auc]\n"
    Path("r.yaml").write_text(recipe)
    command = ["train", "1 > fc-2 > softmax-2", "r.yaml", "--data", "a.csv", "--target", "left"]
    command += ["--folds", "3", "--name", "a", "--set", "early_stopping=no"]
    assert main([*command, "--ignore", "patient"]) == 0
    out = capsys.readouterr().out
    assert "mean of 3 folds: " in out
    assert "test accuracy 0." in out
    assert f"all {ROWS} test examples together: test loss " in out
    assert out.count(f"; always no: {20 / ROWS:.4f}\n") == 1
    assert out.count("; always no: ") == 2  # of the folds' mean, of all
    assert SPREAD in out
    assert "in a test part" not in out
    folder = tmp_path / "runs" / "a-folds-1"
    rows = list(csv.DictReader((folder / "out_of_fold.csv").read_text().splitlines()))
    assert sorted(int(row["input"].removeprefix("line ")) for row in rows) == list(
        range(2, ROWS + 2)
    )
    assert {row["fold"] for row in rows} == {"0", "1", "2"}
    by_line = {int(row["input"].removeprefix("line ")): row for row in rows}
    assert all(by_line[2 + row]["true"] == ("no", "yes")[row % 3 == 0] for row in range(ROWS))
    assert all(by_line[2 + row]["customer_id"] == f"00{row}" for row in range(ROWS))
    for row in rows:
        each = float(row["no"]), float(row["yes"])
        assert sum(each) == pytest.approx(1, abs=1e-5)
        assert row["name"] == ("no", "yes")[each[1] > each[0]]
    table = list(csv.DictReader((folder / "folds.csv").read_text().splitlines()))
    losses = [
        float(row["test_loss"])
        for row in csv.DictReader((folder / "grid.csv").read_text().splitlines())
    ]
    (loss,) = (row for row in table if row["figure"] == "test_loss")
    assert float(loss["mean"]) == pytest.approx(statistics.fmean(losses), rel=1e-4)
    assert float(loss["spread"]) == pytest.approx(statistics.stdev(losses), rel=1e-3)
    pooled = {row["figure"]: row["pooled"] for row in table}
    assert pooled["val_loss"] == ""
    right = sum(row["true"] == row["name"] for row in rows)
    assert float(pooled["test_accuracy"]) == pytest.approx(right / ROWS, rel=1e-5)
    logs = [-math.log(float(row[row["true"]])) for row in rows]
    assert float(pooled["test_loss"]) == pytest.approx(statistics.fmean(logs), rel=1e-4)
    yes = [float(row["yes"]) for row in rows if row["true"] == "yes"]
    no = [float(row["yes"]) for row in rows if row["true"] == "no"]
    pairs = [(one > other) + (one == other) / 2 for one in yes for other in no]
    assert float(pooled["test_auc"]) == pytest.approx(statistics.fmean(pairs), abs=1e-3)


# --- from Python ----------------------------------------------------------------------------------


@pytest.mark.keras
def test_from_python_as_on_the_command_line(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"{row % 7},{('no', 'yes')[row % 2]}" for row in range(ROWS)]
    Path("a.csv").write_text("\n".join(["x,left", *lines]))
    note = "`data.split.test: 0.5` is not used: each of the 2 folds is a test part"
    recipe = "data: {source: a.csv, target: left, split: {test: 0.5}}\nepochs: 1\nspeed: plain\n"
    Path("r.yaml").write_text(f"{recipe}early_stopping: no\n")
    assert main(["train", "1 > fc-2 > softmax-2", "r.yaml", "--folds", "2", "--name", "a"]) == 0
    assert note in capsys.readouterr().err
    found = netdsl.cross_validate("1 > fc-2 > softmax-2", "r.yaml", folds=2, name="a")
    assert note in capsys.readouterr().err
    assert found.folder.name == "a-folds-2"
    for name in ("folds.csv", "out_of_fold.csv"):
        one, other = ((Path("runs") / f"a-folds-{number}" / name) for number in (1, 2))
        assert one.read_text() == other.read_text()
    losses = [row["test_loss"] for row in found.scores]
    assert [run.test["loss"] for run in found.runs] == losses
    assert [row["fold"] for row in found.scores] == [0, 1]
    assert found.mean["test_loss"] == pytest.approx(statistics.fmean(losses))
    assert found.spread["test_loss"] == pytest.approx(statistics.stdev(losses))
    assert str(found).startswith("mean of 2 folds: ")
    by_input = {record["input"]: record for record in found.predictions}
    assert len(by_input) == len(found.predictions) == ROWS
    for row in range(ROWS):
        assert by_input[f"line {row + 2}"]["true"] == {"fc_2": ("no", "yes")[row % 2]}


@pytest.mark.keras
def test_arrays_in_folds(tmp_path: Path) -> None:
    x = np.arange(60, dtype=np.float32).reshape(20, 3)
    keys: dict[str, Any] = {"epochs": 1, "where": tmp_path, "quiet": True, "speed": "plain"}
    found = netdsl.cross_validate("fc-2 > fc-1", data=(x, x[:, 0]), folds=2, **keys)
    true = sorted(record["true"]["fc_2"] for record in found.predictions)
    assert true == sorted(x[:, 0].tolist())
    errors = [abs(record["true"]["fc_2"] - record["output"][0]) for record in found.predictions]
    assert found.pooled["absolute_error"] == pytest.approx(statistics.fmean(errors), rel=1e-5)
    assert found.baseline["answer"] == "the mean"
    assert "all 20 test examples together: test loss " in str(found)


@pytest.mark.keras
def test_growing_blocks_leave_the_first_one_out(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("\n".join(["t,y", *(f"{row},{row % 5}.5" for row in range(30))]))
    data = {"source": "a.csv", "target": "y", "split": {"order": "t"}}
    recipe = {"data": data, "epochs": 1, "speed": "plain"}
    found = netdsl.cross_validate("1 > fc-1", recipe, folds=2, quiet=True)
    assert len(found.predictions) == 20
    assert "20 of 30 examples are in a test part" in str(found)
    errors = [
        abs(next(iter(record["true"].values())) - record["output"][0])
        for record in found.predictions
    ]
    assert found.pooled["absolute_error"] == pytest.approx(statistics.fmean(errors))
    assert main(["resume", str(found.folder)]) == 1


@pytest.mark.parametrize(
    ("recipe", "folds", "code"),
    [
        ({}, 51, "N505"),
        ({"data": {"source": "digits", "split": {"fold": 1}}}, 3, "N506"),
        ({"gan": "nonsaturating"}, 3, "N507"),
        ({"hosts": ["a:1", "b:2"]}, 3, "N507"),
        ({"data": {"source": "xor", "split": {"test": 0.5}}}, 9, "N516"),
    ],
)
def test_folds_from_python_that_are_refused(
    recipe: dict[str, Any], folds: int, code: str, tmp_path: Path
) -> None:
    with pytest.raises(NetError) as raised:
        netdsl.cross_validate("2 > fc-1", recipe, folds=folds, where=tmp_path / "runs")
    assert raised.value.code == code
    assert not (tmp_path / "runs").exists()


@pytest.mark.keras
def test_a_fold_that_fails_ends_all(tmp_path: Path) -> None:
    x = np.arange(60, dtype=np.float32).reshape(20, 3)
    keys: dict[str, Any] = {"optimizer": {"name": "sgd", "rate": 1e30}, "epochs": 9, "quiet": True}
    with pytest.raises(RunError, match="NaN"):
        netdsl.cross_validate("fc-2 > fc-1", data=(x, x[:, 0]), folds=2, where=tmp_path, **keys)

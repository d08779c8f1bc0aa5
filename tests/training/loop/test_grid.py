"""`train --grid`: each combination of some values is trained."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from netdsl.analysis.memory.process import RESIDENT
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.training.loop import grid as module
from netdsl.training.loop.grid import Grid, GridAxis, check_size
from netdsl.training.planning import auto_batch
from netdsl.training.runs.inputs import read_recipe

NET = "param width = 4\n64 > fc-{width} > softmax-10"

READ = [
    ("width", "2,4,8", ("params.width", ("2", "4", "8"))),
    ("params.width", "2", ("params.width", ("2",))),
    ("optimizer.rate", "1e-2, 0.1", ("optimizer.rate", ("1e-2", "0.1"))),
    ("batch", "8,16", ("batch", ("8", "16"))),
    ("optimizer", "adam,{name: sgd, rate: 1}", ("optimizer", ("adam", "{name: sgd, rate: 1}"))),
    ("widths", "[1, 2],[3]", ("params.widths", ("[1, 2]", "[3]"))),
    ("loss", "'squared'", ("loss", ("'squared'",))),
]


@pytest.mark.parametrize(("key", "text", "axis"), READ)
def test_values_are_read_as_a_recipe_writes_them(
    key: str, text: str, axis: tuple[str, tuple[str, ...]]
) -> None:
    assert GridAxis.read(key, text) == axis


@pytest.mark.parametrize(
    ("text", "code"), [("", "N504"), ("1,,2", "N501"), ("[1", "N501"), ("1,2,1", "N505")]
)
def test_what_is_not_a_list_of_values(text: str, code: str) -> None:
    with pytest.raises(NetError) as caught:
        GridAxis.read("width", text)
    assert caught.value.code == code


def test_combinations_are_counted_before_anything_is_made() -> None:
    axes = [GridAxis("a", tuple("0123456789")), GridAxis("b", tuple("0123456789")[:10])]
    check_size(axes)
    with pytest.raises(NetError, match="10 x 10 x 2 = 200 trainings has more than 100"):
        check_size([*axes, GridAxis("c", ("1", "2"))])
    with pytest.raises(NetError, match="`--grid a` is given twice"):
        check_size([axes[0], axes[0]])


@pytest.mark.parametrize(
    ("options", "code", "help"),
    [
        (["--grid", "widht=1,2"], "N108", "did you mean `width`?"),
        (["--grid", "epoch=1,2"], "N108", "did you mean `epochs`?"),
        (["--grid", "optimizer.rate=1,0"], "N505", ""),
        (["--grid", "optimizer.rat=1"], "N503", "did you mean `rate`?"),
        (["--grid", "width=1,2", "-p", "width=3"], "N506", ""),
        (["--grid", "seed=1,2", "--seed", "5"], "N506", "leave out --seed"),
        (["--grid", "epochs=1,2", "--set", "epochs=3"], "N506", "leave out --set"),
        (["--grid", "seed=1,2", "--set", "hosts=[a:1, b:2]"], "N507", ""),
    ],
)
def test_mistakes_are_found_before_a_folder_is_made(
    options: list[str],
    code: str,
    help: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", NET, *options]) == 1
    err = capsys.readouterr().err
    assert code in err
    assert help in err
    assert not list(tmp_path.iterdir())


def test_a_grid_does_not_set_a_param_that_follows_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wide.net").write_text("param width = 4\n8 > fc-{width}\n")
    assert main(["train", "wide.net:width=3", "--data", "xor", "--grid", "width=1,2"]) == 1
    assert "N506]: the param `width` is set by FILE and by --grid" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["wide.net"]


def test_a_trial_has_no_grid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", NET, "--grid", "width=1,2", "--dry-run"]) == 2
    assert "--grid" in capsys.readouterr().err


@pytest.mark.keras
def test_a_grid_is_stopped_and_resumed_and_one_failure_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    real, trained = module.train, []

    def train(*given: object, name: str, **more: object) -> object:
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(name)
        return real(*given, name=name, **more)  # type: ignore[arg-type]

    command = ["train", NET, "--epochs", "1", "--batch", "500", "--set", "speed=plain"]
    command += ["--grid", "width=2,0,6", "--name", "try"]
    with monkeypatch.context() as patch:
        patch.setattr(module, "train", train)
        assert main(command) == 130
    assert "netdsl resume runs/try-grid-1" in capsys.readouterr().err
    folder = tmp_path / "runs" / "try-grid-1"
    first = (folder / "1-width_2-1" / "result.json").stat().st_mtime_ns
    assert main(["resume", str(folder)]) == 3  # no layer has 0 units
    out = capsys.readouterr().out
    assert "2-width_0-1: " in out
    assert (folder / "1-width_2-1" / "result.json").stat().st_mtime_ns == first
    rows = list(csv.DictReader((folder / "grid.csv").read_text("utf-8").splitlines()))
    assert [row["width"] for row in rows] == ["2", "0", "6"]
    assert [bool(row["val_loss"]) for row in rows] == [True, False, True]
    assert rows[1]["problem"]
    chart = (folder / "grid.svg").read_text("utf-8")
    assert "Validation loss by width" in chart
    assert ">width=6</text>" in chart

    values = json.loads((folder / "grid.json").read_text("utf-8"))
    values["command"]["file"] = NET.replace("10", "9 > fc-10")
    (folder / "grid.json").write_text(json.dumps(values), "utf-8")
    assert main(["resume", str(folder)]) == 1
    assert "N616" in capsys.readouterr().err
    (folder / "grid.json").write_text("{}", "utf-8")
    with pytest.raises(NetError, match="N614"):
        Grid.load(folder)


@pytest.mark.keras
def test_trainings_that_take_the_same_memory_have_one_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even though less memory is free when the second one begins."""
    free = iter([1 << 45, *[1 << 20] * 9])
    monkeypatch.setattr(auto_batch, "_memory", lambda: [(next(free), RESIDENT)])
    monkeypatch.chdir(tmp_path)
    command = ["train", NET, "--epochs", "1", "-b", "auto", "-q", "--name", "try"]
    command += ["--set", "speed=plain", "--grid", "width=2,3", "--grid", "optimizer.rate=0.1,0.2"]
    assert main(command) == 0
    folders = sorted((tmp_path / "runs" / "try-grid-1").glob("*-1"))
    assert [read_recipe(folder).batch for folder in folders] == [64, 64, 1, 1]
    text = (folders[0] / "recipe.yaml").read_text("utf-8")
    (folders[0] / "recipe.yaml").write_text(text.replace("batch: 64", "batch: auto"), "utf-8")
    with pytest.raises(NetError, match="N614"):
        read_recipe(folders[0])

"""`netdsl runs`: a line for each run whatever its folder holds, sorted as asked, and what
differs between some of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.json_text import json_text
from netdsl.training.recipes.flatten import flatten
from netdsl.training.recipes.recipe import parse_recipe
from netdsl.training.runs.compare import compare, compare_json, compare_text
from netdsl.training.runs.listing import entries, read_entry, runs_json, runs_text

ROOT = Path(__file__).resolve().parents[3]


def make(where: Path, name: str, **more: Any) -> Path:
    """A run folder as a training leaves it; `result=None` for one that has not ended."""
    folder = where / name
    folder.mkdir(parents=True)
    text = more.get("text", "param w = 4\n8 > fc-{w} > softmax-2\n")
    (folder / "network.net").write_text(text, encoding="utf-8")
    whole = "data: digits\nepochs: 9\nseed: 0\nearly_stopping: {every: 2}\n"
    recipe = more.get("recipe", "batch: 8\noptimizer: {name: adam, rate: 0.001}\n")
    (folder / "recipe.yaml").write_text(whole + recipe, encoding="utf-8")
    (folder / "versions.json").write_text(
        json_text({"keras": "3.12", "numpy": "2.4"}), encoding="utf-8"
    )
    reported = {
        "network": "small",
        "file": "network.net",
        "input": None,
        "data": "/far/away/digits.npz",
        "fingerprint": "a",
    }
    began = more.get("began", "2026-01-02T03:04:05+0000")
    (folder / "run.json").write_text(
        json_text({**reported, "began": began, **more.get("reported", {})}), encoding="utf-8"
    )
    metric, value = more.get("metric", "accuracy"), more.get("value", 0.9)
    rows = [
        {"epoch": at, "step": 10 * at, "val_loss": loss, "val_accuracy": 0.5, "seconds": 2.0}
        for at, loss in ((1, 0.4), (2, 0.3), (3, 0.35))
    ]
    (folder / "metrics.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
    )
    if more.get("result", {}) is not None:
        result = {
            "network": "small",
            "data": "digits",
            "steps": 30,
            "epochs": 3,
            "ended": "patience",
            "patience": 2,
            "best_step": 20,
        }
        result |= {
            "best_epoch": 2,
            "metric": "loss",
            "best_value": 0.3,
            "validation": {"examples": 9, "loss": 0.3, metric: value},
        }
        result |= {
            "test": {"examples": 10, "loss": 0.4, metric: value - 0.05},
            "retrained": 0,
            "seconds": 6.25,
        }
        (folder / "result.json").write_text(
            json_text({**result, **more.get("result", {})}), encoding="utf-8"
        )
    return folder


def test_without_a_validation_part_the_figures_are_the_training_parts(tmp_path: Path) -> None:
    make(tmp_path, "small-1")
    alone = {"validation": {"examples": 0, "loss": 0.3, "accuracy": 0.7}, "test": {}}
    make(tmp_path, "toy-1", began="2026-01-03T00:00:00+0000", result=alone)
    head, _, toy = runs_text(tmp_path).splitlines()
    assert "best step  training accuracy  validation accuracy  test accuracy  seconds" in head
    assert toy.split()[5:8] == ["20", "0.7000", "6.2"]
    assert read_entry(tmp_path / "toy-1").figures == {
        "training_loss": 0.3,
        "training_accuracy": 0.7,
    }
    assert [one.name for one in entries(tmp_path, "training_accuracy")] == ["toy-1", "small-1"]


def test_a_line_for_each_run(tmp_path: Path) -> None:
    make(
        tmp_path,
        "small-2",
        began="2026-01-03T00:00:00+0000",
        value=0.8,
        result={"ended": "interrupted"},
    )
    make(tmp_path, "small-1")
    make(tmp_path, "small-3", began="2026-01-04T00:00:00+0000", result=None)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes.txt").touch()
    lines = runs_text(tmp_path).splitlines()
    assert lines[0].split("  ")[0] == "run"
    assert "validation accuracy  test accuracy  seconds  began" in lines[0]
    assert lines[1].split()[:9] == [
        "small-1",
        "small",
        "digits.npz",
        "46",
        "3",
        "20",
        "0.9000",
        "0.8500",
        "6.2",
    ]
    assert lines[1].endswith("2026-01-02 03:04  stopped early")
    assert lines[2].endswith(f"interrupted: netdsl resume {tmp_path / 'small-2'}")
    assert lines[3].split()[3:9] == [
        "46",
        "3",
        "20",
        "0.5000",
        "6.0",
        "2026-01-04",
    ]  # the best so far, and no test
    assert lines[3].endswith(f"unfinished: netdsl resume {tmp_path / 'small-3'}")
    assert len(lines) == 4
    assert runs_text(tmp_path / "small-3").endswith(f"netdsl resume {tmp_path / 'small-3'}")


def test_sorted_by_a_figure_or_a_column(tmp_path: Path) -> None:
    for number, (value, loss) in enumerate([(0.7, 0.1), (0.9, 0.3), (0.8, 0.2)], 1):
        make(
            tmp_path,
            f"small-{number}",
            value=value,
            result={"test": {"examples": 10, "loss": loss, "accuracy": value}},
        )
    make(tmp_path, "other-1", metric="absolute_error", value=3.0, began="2027")

    def names(sort: str) -> list[str]:
        return [run.name for run in entries(tmp_path, sort)]

    assert (
        names("accuracy") == names("test_accuracy") == ["small-2", "small-3", "small-1", "other-1"]
    )
    assert names("loss") == ["small-1", "small-3", "small-2", "other-1"]
    assert names("val_accuracy")[0] == "small-2"
    assert names("absolute_error")[0] == "other-1"
    assert names("name")[0] == "other-1"
    assert names("began")[-1] == "other-1"
    assert "test loss" in runs_text(tmp_path, "loss")
    assert "absolute error 2.95" in runs_text(tmp_path)
    with pytest.raises(NetError, match=r"N640.*`acuracy`[\s\S]*did you mean `accuracy`"):
        entries(tmp_path, "acuracy")
    with pytest.raises(NetError) as caught:
        entries(tmp_path, "zzzzzzzz")
    columns = "absolute_error, accuracy, began, best_step, data, ended, epochs, loss, name, network"
    expected = (
        f"the columns are {columns}, params, seconds, val_absolute_error, val_accuracy, val_loss"
    )
    assert caught.value.diagnostics[0].help == expected


DAMAGES = {
    "result.json": ["", "{", "[]", "{}", '{"network": 3}', "null", b"\xff\xfe"],
    "run.json": ["", "[1]", "{}", b"\xff"],
    "recipe.yaml": ["batch: [", "batch: many", b"\xff\xff"],
    "network.net": ["8 > nothing-3", "", b"\xff\xff\xff"],
}


@pytest.mark.parametrize(
    ("file", "content"),
    [(file, content) for file, contents in DAMAGES.items() for content in contents],
)
def test_damaged_folders_are_reported_in_their_line(
    tmp_path: Path, file: str, content: str | bytes
) -> None:
    folder = make(tmp_path, "bad-1")
    make(tmp_path, "good-1")
    (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    bad, good = sorted(entries(tmp_path), key=lambda run: run.name)
    assert bad.problem
    assert (bad.ended, good.ended) == ("damaged", "patience")
    assert bad.problem in runs_text(tmp_path)
    for sort in ("accuracy", "params", "seconds", "began"):
        assert entries(tmp_path, sort)[-1].name == "bad-1"


@pytest.mark.parametrize(
    "values",
    [{"validation": 3}, {"seconds": None}, {"test": {"examples": 1, "loss": "x"}}, {"epochs": {}}],
)
def test_results_of_another_form(tmp_path: Path, values: dict[str, Any]) -> None:
    folder = make(tmp_path, "bad-1", result=values)
    assert entries(tmp_path)[0].problem == f"{folder / 'result.json'} is damaged"


def test_files_that_are_missing(tmp_path: Path) -> None:
    for name in ("run.json", "recipe.yaml", "network.net"):
        (make(tmp_path, name.replace(".", "-")) / name).unlink()
    assert [run.ended for run in entries(tmp_path)] == ["damaged"] * 3
    assert json.loads(runs_json(tmp_path))["runs"][0]["problem"]


def test_nothing_there(tmp_path: Path) -> None:
    assert runs_text(tmp_path) == f"no runs in {tmp_path}: `netdsl train` creates one"
    assert json.loads(runs_json(tmp_path)) == {"runs": []}
    with pytest.raises(NetError, match="N613") as caught:
        runs_text(tmp_path / "nowhere")
    assert caught.value.diagnostics[0].help == "`netdsl train` stores its runs in `runs`"


def test_params_that_the_run_has_kept_are_not_counted_again(tmp_path: Path) -> None:
    make(tmp_path, "small-1", text="", reported={"params": 7})
    assert entries(tmp_path)[0].params == 7


def test_both_networks_of_a_gan_are_named(tmp_path: Path) -> None:
    both = {"network": "generator", "discriminator": {"network": "critic"}, "params": 7}
    make(tmp_path, "gan-1", reported=both)
    assert entries(tmp_path)[0].network == "generator + critic"


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ("epochs", "all epochs"),
        ("rate", "rate at its minimum"),
        ("converged", "converged"),
        ("diverged", "diverged"),
    ],
)
def test_how_a_run_ended(tmp_path: Path, ended: str, said: str) -> None:
    make(tmp_path, "small-1", result={"ended": ended})
    assert runs_text(tmp_path).endswith(f"03:04  {said}")


def test_an_unfinished_run_without_epochs(tmp_path: Path) -> None:
    (make(tmp_path, "small-1", result=None) / "metrics.jsonl").unlink()
    (run,) = entries(tmp_path)
    assert (run.epochs, run.best_step, run.seconds, run.figures) == (0, None, 0, {})
    (tmp_path / "small-1" / "metrics.jsonl").write_text('{"epoch": 1, "step": 5, "seconds": 1}\n')
    (run,) = entries(tmp_path)
    assert (run.epochs, run.best_step, run.seconds, run.figures) == (1, None, 1, {})


def test_json_text(tmp_path: Path) -> None:
    make(
        tmp_path,
        "small-1",
        result={"test": {"examples": 10, "loss": float("nan"), "accuracy": 0.1}},
    )
    text = runs_json(tmp_path)
    assert text.startswith('{\n  "runs": [\n    {"name": "small-1", "network": '), (
        "a line for a run"
    )
    (run,) = json.loads(text, parse_constant=pytest.fail)["runs"]
    assert run["figures"] == {
        "val_loss": 0.3,
        "val_accuracy": 0.9,
        "test_loss": None,
        "test_accuracy": 0.1,
    }
    assert (run["params"], run["ended"], run["began"]) == (
        46,
        "patience",
        "2026-01-02T03:04:05+0000",
    )


def test_what_differs_between_runs(tmp_path: Path) -> None:
    one = make(tmp_path, "small-1")
    recipe = "batch: 4\noptimizer: {name: sgd, rate: 0.001}\nparams: {w: 5}\npenalty: {l2: 0.5}\n"
    other = make(tmp_path, "small-2", recipe=recipe, value=0.95, reported={"fingerprint": "b"})
    found = compare([one, other, one])
    assert found.names == ("small-1", "small-2", "small-1")
    assert found.recipe == {
        "optimizer.name": ("adam", "sgd", "adam"),
        "penalty.l2": (None, 0.5, None),
        "batch": (8, 4, 8),
        "params.w": (None, 5, None),
    }
    assert found.figures["params"] == (46, 57, 46)
    assert found.figures["val_accuracy"] == (0.9, 0.95, 0.9)
    assert (found.versions, found.networks, found.data) == ({}, (0, 1, 0), False)
    assert "the networks differ by their params" in compare_text([one, other])
    (other / "network.net").write_text(
        "param w = 9\n8 > fc-{w} > fc-3 > softmax-2", encoding="utf-8"
    )
    text = compare_text([one, other])
    assert [line.split() for line in text.splitlines() if "optimizer" in line] == [
        ["optimizer.name", "adam", "sgd"]
    ]
    assert f"the networks differ: netdsl diff {one / 'network.net'} {other / 'network.net'}" in text
    assert "the examples are not the same" in text


def test_versions_that_differ(tmp_path: Path) -> None:
    one, other = make(tmp_path, "a-1"), make(tmp_path, "a-2")
    (other / "versions.json").write_text(json_text({"keras": "3.13", "jax": "1"}), "utf-8")
    found = compare([one, other])
    expected = {"keras": ("3.12", "3.13"), "numpy": ("2.4", None), "jax": (None, "1")}
    assert found.versions == expected
    rows = [line.split() for line in compare_text([one, other]).splitlines()]
    at = rows.index(["versions"])
    assert rows[at - 1] == []
    assert rows[at + 1 : at + 4] == [
        ["keras", "3.12", "3.13"],
        ["numpy", "2.4", "-"],
        ["jax", "-", "1"],
    ]
    read = json.loads(compare_json([one, other]))
    assert read["versions"] == {name: list(values) for name, values in expected.items()}
    assert read["figures"]["test_accuracy"] == [0.85, 0.85]


def test_runs_that_are_the_same(tmp_path: Path) -> None:
    text = compare_text(
        [
            make(tmp_path, "lenet-1"),
            make(tmp_path, "lenet-2", text="8 > fc-4(relu) > softmax-2  # spelled otherwise\n"),
        ]
    )
    assert text.splitlines()[-3:] == [
        "the recipes are the same",
        "the networks are the same",
        "the examples are the same",
    ]
    heads = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert [head.strip() for head in heads[:-3]] == ["figures"]
    with pytest.raises(NetError, match="N613"):
        compare([tmp_path / "lenet-1", tmp_path / "a-9"])


def test_a_recipe_by_keys() -> None:
    recipe = parse_recipe("data: {split: {test: 0.3}}\nloss_weights: {a: 2}\nfreeze: [x, y]")
    assert flatten(recipe) == {"data.split.test": 0.3, "loss_weights.a": 2, "freeze": ("x", "y")}


@pytest.mark.slow
def test_runs_are_listed_without_keras(tmp_path: Path) -> None:
    make(tmp_path, "small-1")
    runs = str(tmp_path)
    program = f"""
import sys
from netdsl.training.runs.compare import compare_text
from netdsl.training.runs.listing import runs_json, runs_text
runs_text({runs!r}, 'loss')
runs_json({runs!r})
compare_text([{runs + "/small-1"!r}] * 2)
heavy = {{'keras', 'numpy', 'tensorflow', 'PIL', 'jax', 'torch'}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_the_command_compares_runs_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [str(make(Path("runs"), name)) for name in ("lenet-1", "lenet-2")]
    assert main(["runs", "compare", "lenet-1", "lenet-2"]) == main(["runs", *paths]) == 0
    first, second = capsys.readouterr().out.split("recipe", 1)[0], compare_text(paths)
    assert first.splitlines()[0] == second.splitlines()[0]
    assert main(["runs", "compare", "lenet-1"]) == 2
    assert "name two runs to compare" in capsys.readouterr().err
    Path("lenet-1").mkdir()  # is what is meant where it is here
    assert main(["runs", "compare", "lenet-1", "lenet-2"]) == 1
    assert main(["evaluate", "lenet-3"]) == 1
    assert "did you mean `lenet-1`?" in capsys.readouterr().err

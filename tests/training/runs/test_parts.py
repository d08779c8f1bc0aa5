"""What a run's folder says of itself, part by part: names, numbers, what is missing, what was
decided. The files are written here; nothing is trained.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from netdsl.errors import NetError
from netdsl.training.memory import is_out_of_memory
from netdsl.training.recipes.recipe import parse_recipe
from netdsl.training.runs.decisions import decision_lines, sound_decisions
from netdsl.training.runs.figures import figure_text, json_value
from netdsl.training.runs.folder import (
    kept_epochs,
    kept_name,
    locked,
    new_folder,
    read_json,
    removed_unless_begun,
    removed_without_memory,
    require_file,
)
from netdsl.training.runs.history import (
    Epoch,
    Evaluation,
    History,
    growth,
    metrics_csv,
    metrics_jsonl,
    path_csv,
    read_epochs,
    read_path,
)
from netdsl.training.runs.run import RunResult
from netdsl.training.runs.stages import AddedEpochs, add_stage, extended, read_stages
from tests.training.runs.test_damaged import BEGUN, ENDED, make_run

# --- the folder -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("a", True),
        ("_", True),
        ("7", True),
        ("é", True),
        ("lenet5.v2-b", True),
        ("a" * 100, True),
        ("a" * 101, False),
        ("", False),
        (".a", False),
        ("-a", False),
        ("a/b", False),
        ("a b", False),
        ("a\n", False),
        ("..", False),
    ],
)
def test_what_names_a_run(tmp_path: Path, name: str, fits: bool) -> None:
    if fits:
        assert new_folder(tmp_path, name) == tmp_path / f"{name}-1"
        assert new_folder(tmp_path, name) == tmp_path / f"{name}-2"
    else:
        with pytest.raises(NetError, match="N615") as caught:
            new_folder(tmp_path / "runs", name)
        help = "at most 100 letters, digits, `_`, `-` and `.`"
        assert caught.value.diagnostics[0].help == help
        assert list(tmp_path.iterdir()) == []


def test_the_first_free_number(tmp_path: Path) -> None:
    (tmp_path / "runs" / "a-1").mkdir(parents=True)
    (tmp_path / "runs" / "a-3").mkdir()
    (tmp_path / "runs" / "a-4").write_text("a file is in the way too")
    numbers = [new_folder(tmp_path / "runs", "a").name for _ in range(2)]
    assert numbers == ["a-2", "a-5"]
    assert new_folder(tmp_path / "not" / "there", "a").is_dir()


def test_a_file_where_the_runs_should_be(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(NetError, match="N610"):
        new_folder(tmp_path / "runs", "a")


def test_weights_that_were_kept(tmp_path: Path) -> None:
    assert kept_epochs(tmp_path) == {}
    assert (kept_name(7), kept_name(7, "generator")) == (
        "epoch-7.keras",
        "epoch-7-generator.keras",
    )
    kept = tmp_path / "kept"
    kept.mkdir()
    for name in (
        *("epoch-10.keras", "epoch-9.keras", "epoch-1.keras", "epoch-100.keras"),
        *("epoch-0.keras", "epoch-07.keras", "epoch-7-generator.keras", "epoch-.keras"),
        *("epoch-1234567890.keras", "xepoch-5.keras", "epoch-5.keras.part", "epoch--5.keras"),
    ):
        (kept / name).write_text("")
    assert list(kept_epochs(tmp_path)) == [1, 9, 10, 100]
    assert kept_epochs(tmp_path)[9] == kept / "epoch-9.keras"
    (kept / "epoch-123456789.keras").write_text("")
    assert list(kept_epochs(tmp_path))[-1] == 123456789


GAN = {**BEGUN, "discriminator": {"network": "d"}}
DIVERGED = {**ENDED, "ended": "diverged"}


@pytest.mark.parametrize(
    ("begun", "ended", "name", "code", "said"),
    [
        (None, None, "best.keras", "N613", "holds no run: it has no best.keras"),
        (None, None, "result.json", "N613", "holds no run: it has no run.json"),
        (BEGUN, None, "result.json", "N613", "has not ended: it has no result.json"),
        (BEGUN, None, "best.keras", "N613", "has not ended: it has no best.keras"),
        (BEGUN, None, "report.html", "N613", "has not ended: it has no report.html"),
        (BEGUN, None, "last.keras", "N614", "is damaged: it has no last.keras"),
        (BEGUN, None, "recipe.yaml", "N614", "is damaged: it has no recipe.yaml"),
        (BEGUN, ENDED, "best.keras", "N614", "is damaged: it has no best.keras"),
        (BEGUN, DIVERGED, "best.keras", "N613", "diverged before its first evaluation"),
        (BEGUN, DIVERGED, "report.html", "N613", "diverged before its first evaluation"),
        (BEGUN, DIVERGED, "last.keras", "N614", "is damaged: it has no last.keras"),
        (BEGUN, DIVERGED, "recipe.yaml", "N614", "is damaged: it has no recipe.yaml"),
        (GAN, ENDED, "best.keras", "N691", "is the run of a GAN"),
        (GAN, ENDED, "last.keras", "N691", "is the run of a GAN"),
        (GAN, ENDED, "generator.keras", "N614", "is damaged: it has no generator.keras"),
        (GAN, DIVERGED, "generator.keras", "N613", "diverged before its first evaluation"),
        (GAN, DIVERGED, "discriminator.keras", "N613", "diverged before its first evaluation"),
        (GAN, None, "generator.keras", "N614", "is damaged: it has no generator.keras"),
    ],
)
def test_what_a_missing_file_means(
    tmp_path: Path, begun: Any, ended: Any, name: str, code: str, said: str
) -> None:
    folder = make_run(tmp_path, "a-1", begun, ended)
    with pytest.raises(NetError) as caught:
        require_file(folder, name)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert said in found.message
    if "has not ended" in said:
        assert found.help == f"netdsl resume {folder}"
    if "GAN" in said:
        assert found.help.endswith(f"netdsl export {folder} g.keras --net generator")
    if "diverged" in said:
        assert found.help == "train again, with a lower rate"
    (folder / name).write_text("")
    require_file(folder, name)


def test_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def help_of(folder: Path) -> str | None:
        with pytest.raises(NetError, match="N613") as caught:
            require_file(folder, "run.json")
        return caught.value.diagnostics[0].help

    monkeypatch.chdir(tmp_path)
    usual = "`netdsl train` creates one, such as runs/lenet5-1"
    assert help_of(Path("lenet5-1")) == usual
    for name in ("runs/lenet5-1", "runs/lenet5-2", "other/lenet5-3"):
        Path(name).mkdir(parents=True)
    assert help_of(Path("lenet5-2x")) == usual, "a folder without a recipe is not a run"
    for name in ("runs/lenet5-1", "other/lenet5-3"):
        (Path(name) / "recipe.yaml").write_text("")
    assert help_of(Path("lenet5-l")) == "did you mean `lenet5-1`?"
    assert help_of(Path("other/lenet5-33")) == "did you mean `lenet5-3`?"
    assert help_of(Path("something")) == usual


@pytest.mark.parametrize("text", ["", "[]", "1", '"a"', "null", "{", '{"a": 1e999}'])
def test_values_that_are_not_a_file_of_a_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(NetError, match="N614"):
        read_json(tmp_path, "run.json")


def test_values_that_are(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"a": 1.5, "b": -1e300, "c": null}')
    assert read_json(tmp_path, "run.json") == {"a": 1.5, "b": -1e300, "c": None}


@pytest.mark.parametrize(
    ("error", "checkpoint", "before", "after"),
    [
        (KeyboardInterrupt(), False, True, False),
        (KeyboardInterrupt(), True, True, False),
        (ValueError("no"), False, False, False),
        (MemoryError(), False, False, True),
        (MemoryError(), True, False, False),
    ],
)
def test_folders_of_runs_that_never_began_are_removed(
    tmp_path: Path, error: BaseException, checkpoint: bool, before: bool, after: bool
) -> None:
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(ValueError())
    for guard, removed in ((removed_unless_begun, before), (removed_without_memory, after)):
        folder = tmp_path / guard.__name__
        folder.mkdir()
        if checkpoint:
            (folder / "checkpoint.npz").write_text("")
        with pytest.raises(type(error)), guard(folder):
            raise error
        assert folder.is_dir() is not removed
    stays = tmp_path / "stays"
    stays.mkdir()
    with removed_unless_begun(stays), removed_without_memory(stays):
        pass
    assert stays.is_dir()


def test_one_process_trains_in_a_folder(tmp_path: Path) -> None:
    with locked(tmp_path):
        assert (tmp_path / "lock").is_file()
        half = tmp_path / ".part-0123456789abcdef"
        half.mkdir()
        with pytest.raises(NetError, match="N619") as caught, locked(tmp_path):
            raise AssertionError("two trainings in one folder")
        assert "wait for it" in caught.value.diagnostics[0].help
        assert half.is_dir(), "the first one may be writing to it"
        assert (tmp_path / "lock").is_file(), "the second one does not take the lock away"
    assert not (tmp_path / "lock").exists()
    with pytest.raises(KeyError), locked(tmp_path):
        raise KeyError
    assert not (tmp_path / "lock").exists()
    (tmp_path / "lock").write_text("a kill left it")
    with locked(tmp_path):
        assert not half.exists(), "a kill left this too"
    with pytest.raises(NetError, match="N610"), locked(tmp_path / "no-such-folder"):
        pass


def test_a_lock_file_that_is_removed_locks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If its owner removes it while another process has it open, a third one makes a new file."""
    fcntl = pytest.importorskip("fcntl")
    real, removed = fcntl.flock, []

    def flock(descriptor: int, how: int) -> None:
        if not removed:
            removed.append(descriptor)
            (tmp_path / "lock").unlink()
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(tmp_path):
        assert removed
        with pytest.raises(NetError, match="N619"), locked(tmp_path):
            raise AssertionError("two trainings in one folder")


# --- figures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (None, "accuracy", "-"),
        (True, "augment", "yes"),
        (False, "augment", "no"),
        (0.5, "accuracy", "0.5000"),
        (-0.00001, "accuracy", "0.0000"),
        (0.5, "loss", "0.5"),
        (0.123456789, "test_loss", "0.12346"),
        (1234567, "params", "1,234,567"),
        (1, "epochs", "1"),
        (0, "epochs", "0"),
        ("adam", "optimizer.name", "adam"),
        ((1, 2), "input", "(1, 2)"),
    ],
)
def test_figures_for_people(value: Any, name: str, text: str) -> None:
    assert figure_text(value, name) == text


@pytest.mark.parametrize(
    ("value", "held"),
    [(1.5, 1.5), (math.nan, None), (math.inf, None), (-math.inf, None), (0.0, 0.0), (3, 3)],
)
def test_figures_for_json(value: float, held: float | None) -> None:
    assert json_value(value) == held


# --- what was decided -----------------------------------------------------------------------------

TEMPERATURE = {"temperature": 1.5, "log_loss": [0.5, 0.25], "ece": [0.125, 0]}
THRESHOLDS = {"thresholds": [0.25, 1.0, 0.0], "for": "f1", "values": [0.5, 0.75]}


@pytest.mark.parametrize(
    "one",
    [
        {},
        TEMPERATURE,
        THRESHOLDS,
        {**TEMPERATURE, **THRESHOLDS},
        {"temperature": 1e-9},
        {"thresholds": []},
        {"thresholds": [0.5]},
    ],
)
def test_decisions_that_a_run_makes(one: Mapping[str, Any]) -> None:
    assert sound_decisions({"y": one})
    assert sound_decisions({})
    decision_lines({"y": one})


@pytest.mark.parametrize(
    "decisions",
    [
        None,
        [],
        {1: {}},
        {"y": []},
        {"y": None},
        {"y": {**TEMPERATURE, "temperature": 0.0}},
        {"y": {**TEMPERATURE, "temperature": -1.0}},
        {"y": {**TEMPERATURE, "temperature": math.inf}},
        {"y": {**TEMPERATURE, "temperature": math.nan}},
        {"y": {**TEMPERATURE, "temperature": 1}},
        {"y": {**TEMPERATURE, "temperature": True}},
        {"y": {**TEMPERATURE, "temperature": "1"}},
        {"y": {**TEMPERATURE, "more": 1}},
        {"y": {**TEMPERATURE, "log_loss": [0.5]}},
        {"y": {**TEMPERATURE, "log_loss": [0.5, 0.5, 0.5]}},
        {"y": {**TEMPERATURE, "log_loss": 0.5}},
        {"y": {**TEMPERATURE, "ece": [0.5, "0.5"]}},
        {"y": {**TEMPERATURE, "ece": [0.5, True]}},
        {"y": {**THRESHOLDS, "thresholds": [0.5, 1.01]}},
        {"y": {**THRESHOLDS, "thresholds": [-0.01]}},
        {"y": {**THRESHOLDS, "thresholds": [1]}},
        {"y": {**THRESHOLDS, "thresholds": 0.5}},
        {"y": {**THRESHOLDS, "for": 1}},
        {"y": {**THRESHOLDS, "values": [0.5, None]}},
        {"y": {"thresholds": [0.5], "for": "f1"}},
        {"x": TEMPERATURE, "y": 1},
    ],
)
def test_decisions_that_no_run_makes(decisions: Any, tmp_path: Path) -> None:
    assert not sound_decisions(decisions)
    if isinstance(decisions, dict) and 1 not in decisions:
        folder = make_run(tmp_path, "a-1", ended={**ENDED, "decisions": decisions})
        with pytest.raises(NetError, match="N614"):
            RunResult.load(folder)


def test_what_is_said_of_decisions() -> None:
    assert decision_lines({}) == []
    temperature, threshold = decision_lines({"y": {**TEMPERATURE, **THRESHOLDS}})
    said = "log loss 0.5000 to 0.2500, ECE 0.1250 to 0.0000"
    assert temperature == f"temperature 1.5, chosen on the validation part: {said}"
    said = "f1 0.5000 to 0.7500"
    assert threshold == f"threshold 0.25, 1, 0, chosen on the validation part: {said}"
    of_two = decision_lines({"x": {"thresholds": [0.125]}, "y": TEMPERATURE})
    assert of_two[0] == "x: threshold 0.125"
    assert of_two[1].startswith("y: temperature 1.5, chosen")
    f_beta = {"thresholds": [0.5], "for": "balanced_accuracy", "values": [-0.00001, 1]}
    (line,) = decision_lines({"y": f_beta})
    assert line.endswith("balanced accuracy 0.0000 to 1.0000")


# --- epochs ---------------------------------------------------------------------------------------


def epoch(number: int, loss: float, evaluated: bool = True) -> Epoch:
    scores = {"loss": loss, "accuracy": 0.5}
    found = Evaluation(10 * number, {"loss": loss / 2, "accuracy": 1 / 3}, True)
    return Epoch(number, 10 * number, 1e-3, scores, found if evaluated else None, 1.23456)


def test_epochs_as_a_table() -> None:
    assert metrics_csv([], ["accuracy"]) == (
        "epoch,step,rate,loss,accuracy,val_loss,val_accuracy,seconds\n"
    )
    assert metrics_csv([epoch(1, 2.0, False), epoch(2, 1.0)], ["accuracy"]).splitlines() == [
        "epoch,step,rate,loss,accuracy,val_loss,val_accuracy,seconds",
        "1,10,0.001,2,0.5,,,1.235",
        "2,20,0.001,1,0.5,0.5,0.333333,1.235",
    ]
    named = Epoch(1, 1, 1.0, {"loss": 1.0, "huber": 2.0}, None, 0.0)
    assert metrics_csv([named], ["mae"]).splitlines()[0] == (
        "epoch,step,rate,loss,huber,val_loss,val_mae,seconds"
    ), "the names that there are come before those that are asked for"


def test_epochs_come_back_from_lines(tmp_path: Path) -> None:
    make_run(tmp_path, "a-1")
    nan = Epoch(3, 30, 0.5, {"loss": math.nan, "accuracy": 0.0}, None, 0.5)
    history = History(rows=[epoch(1, 2.0, False), nan], retrained=[epoch(1, 1.0)])
    folder = tmp_path / "a-1"
    (folder / "metrics.jsonl").write_text(metrics_jsonl(history))
    first, second, third = read_epochs(folder)
    assert first == {
        "stage": "search",
        "epoch": 1,
        "step": 10,
        "rate": 0.001,
        "loss": 2.0,
        "accuracy": 0.5,
        "seconds": 1.23456,
    }
    assert (second["loss"], second["accuracy"]) == (None, 0.0)
    assert (third["stage"], third["val_loss"], third["val_accuracy"]) == ("retrain", 0.5, 1 / 3)


EPOCH = {"stage": "search", "epoch": 1, "step": 1, "seconds": 0.5}


@pytest.mark.parametrize(
    "row",
    [
        [],
        1,
        {**EPOCH, "loss": "1"},
        {**EPOCH, "loss": True},
        {**EPOCH, "epoch": [1]},
        *({key: EPOCH[key] for key in EPOCH if key != left_out} for left_out in EPOCH),
    ],
)
def test_lines_that_are_not_epochs(tmp_path: Path, row: Any) -> None:
    folder = make_run(tmp_path, "a-1")
    (folder / "metrics.jsonl").write_text(json.dumps(EPOCH) + "\n" + json.dumps(row) + "\n")
    with pytest.raises(NetError, match="N614"):
        read_epochs(folder)
    (folder / "metrics.jsonl").write_text(json.dumps(EPOCH) + "\n{")
    with pytest.raises(NetError, match="N614"):
        read_epochs(folder)
    (folder / "metrics.jsonl").write_text(json.dumps({**EPOCH, "loss": None}) + "\n")
    assert read_epochs(folder) == [{**EPOCH, "loss": None}]


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([], ""),
        ([1.0], ""),
        ([1.0, 2.0], ""),
        ([1.0, 2.0001], "from 1 to 2"),
        ([1.0, 9.0, 0.5], ""),
        ([1.0, 0.5, 9.0], "from 1 to 9"),
        ([1.0, math.nan], ""),
        ([math.nan, 1.0], ""),
        ([0.0, 1e-9], "from 0 to 1e-09"),
        ([1.0, math.inf], "from 1 to inf"),
    ],
)
def test_a_loss_that_grows(losses: list[float], said: str) -> None:
    rows = [Epoch(1, 1, 1.0, {"loss": loss, "a": 0.0}, None, 0.0) for loss in losses]
    found = growth(History(rows=rows))
    assert said in found
    assert bool(said) is bool(found)


def test_weights_step_by_step(tmp_path: Path) -> None:
    path = [[0.1, -2.0], [1 / 3, 1e-12]]
    text = path_csv(path)
    assert text.splitlines() == [
        "step,weight_1,weight_2",
        "0,0.1,-2",
        "1,0.333333333,1e-12",
    ]
    (tmp_path / "path.csv").write_text(text)
    assert read_path(tmp_path) == [[0.1, -2.0], [0.333333333, 1e-12]]
    (tmp_path / "path.csv").write_text(text + "2,x,1\n")
    with pytest.raises(NetError, match="N614"):
        read_path(tmp_path)
    with pytest.raises(NetError, match="N614"):
        read_path(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 0), (1, 1), (10, 1), (11, 2), (14, 2), (15, 3), (24, 3), (25, 4), (34, 4), (35, 5)],
)
def test_the_epoch_of_a_step(step: int, expected: int) -> None:
    """Early stopping ended the second epoch after four of ten steps; then epochs were added."""
    ends = {1: 10, 2: 14, 3: 24}
    rows = [Epoch(number, end, 1.0, {"loss": 1.0}, None, 0.0) for number, end in ends.items()]
    assert History(rows=rows).epoch_of(step, 10) == expected
    assert History().epoch_of(step, 10) == math.ceil(step / 10)


def test_the_first_metric_is_the_first_outputs() -> None:
    scored = Evaluation(1, {"loss": 1.0, "b": 2.0, "a": 3.0}, True)
    assert (scored.loss, scored.metric) == (1.0, 2.0)


# --- stages ---------------------------------------------------------------------------------------


def test_epochs_that_were_added(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a-1")
    assert read_stages(folder) == ()
    add_stage(folder, AddedEpochs(5, 10))
    add_stage(folder, AddedEpochs(3, 15))
    assert read_stages(folder) == (AddedEpochs(5, 10), AddedEpochs(3, 15))
    assert read_json(folder, "run.json")["network"] == "a", "the rest stays"


@pytest.mark.parametrize(
    "stages",
    [
        1,
        "ab",
        None,
        [1],
        [{}],
        [{"epochs": 1}],
        [{"epochs": 1, "after": 2, "more": 3}],
        [{"epochs": 0, "after": 2}],
        [{"epochs": 1, "after": 0}],
        [{"epochs": -1, "after": 2}],
        [{"epochs": 1.0, "after": 2}],
        [{"epochs": True, "after": 2}],
        [{"epochs": 1, "after": 2}, {"epochs": "1", "after": 3}],
    ],
)
def test_stages_that_no_run_has(tmp_path: Path, stages: Any) -> None:
    with pytest.raises(NetError, match="N614"):
        read_stages(make_run(tmp_path, "a-1", {**BEGUN, "stages": stages}))


@pytest.mark.parametrize(
    ("schedule", "stays"),
    [("steps", "constant"), ("cosine", "cosine"), ("constant", "constant")],
)
def test_a_recipe_with_epochs_added(schedule: str, stays: str) -> None:
    recipe = parse_recipe(f"epochs: 10\nschedule: {{name: {schedule}}}\nbatch: 8")
    assert extended(recipe, ()) is recipe
    found = extended(recipe, (AddedEpochs(5, 10), AddedEpochs(3, 12)))
    assert (found.epochs, found.schedule.name, found.batch) == (15, stays, 8)


# --- what came of it ------------------------------------------------------------------------------

SOUND = {**ENDED, "zeros": {"a/kernel": {"zeros": 1, "weights": 2}}}
CHANGES: dict[str, Any] = {
    "zeros that are a list": {"zeros": []},
    "zeros without weights": {"zeros": {"a": {"zeros": 1}}},
    "zeros and more": {"zeros": {"a": {"zeros": 1, "weights": 2, "more": 3}}},
    "zeros that are not counts": {"zeros": {"a": {"zeros": 1.0, "weights": 2}}},
    "zeros that are a truth": {"zeros": {"a": {"zeros": True, "weights": 2}}},
    "zeros that are a number": {"zeros": {"a": 1}},
    "a baseline that is a list": {"baseline": [1]},
    "a negative time": {"seconds": -0.5},
    "a time of text": {"seconds": "1"},
    "a best value of text": {"best_value": "1"},
    "a best value of truth": {"best_value": True},
    "a metric that is a number": {"metric": 1},
    "a network that is a number": {"network": 1},
    "data that is a number": {"data": 1},
    "a figure of truth": {"test": {"loss": True}},
    "a part that is missing": {"validation": None},
    "retrained of truth": {"retrained": True},
    "a negative patience": {"patience": -1},
    "half an epoch": {"epochs": 1.5},
    "a negative best step": {"best_step": -1},
    "a best epoch of text": {"best_epoch": "1"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_result_that_no_run_has(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(NetError, match="N614"):
        RunResult.load(make_run(tmp_path, "a-1", ended={**SOUND, **change}))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"seconds": 0},
        {"best_value": None},
        {"best_value": 1},
        {"best_step": 0, "best_epoch": 0, "validation": {}, "test": {}},
        {"test": {"loss": None}},
        *({"ended": ended} for ended in ("rate", "converged", "interrupted", "diverged")),
    ],
)
def test_a_result_that_a_run_has(tmp_path: Path, change: dict[str, Any]) -> None:
    found = RunResult.load(make_run(tmp_path, "a-1", ended={**SOUND, **change}))
    assert found.values() == {**SOUND, "baseline": {}, "decisions": {}, **change}
    assert found.interrupted is (change.get("ended") == "interrupted")


@pytest.mark.parametrize(
    ("patience", "metric", "kept"),
    [(0, "loss", "last"), (3, "loss", "best"), (3, "training_loss", "last"), (1, "f1", "best")],
)
def test_which_weights_are_kept(tmp_path: Path, patience: int, metric: str, kept: str) -> None:
    change = {"patience": patience, "metric": metric, "ended": "patience"}
    found = RunResult.load(make_run(tmp_path, "a-1", ended={**SOUND, **change}))
    assert found.kept == kept
    assert found.why_ended == f"no improvement in {patience} evaluations in a row"

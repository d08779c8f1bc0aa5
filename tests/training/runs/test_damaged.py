"""Run folders that a stranger wrote: whatever is in them is one N614, and spoils no list."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netdsl.errors import NetError
from netdsl.training.loop.early_stopping import EarlyStopping
from netdsl.training.loop.state import State, as_plain, from_plain
from netdsl.training.runs.compare import compare
from netdsl.training.runs.folder import json_values, locked
from netdsl.training.runs.history import Epoch, Evaluation
from netdsl.training.runs.listing import entries, runs_text
from netdsl.training.runs.run import RunResult

BEGUN = {
    "network": "a",
    "file": "network.net",
    "input": None,
    "params": 10,
    "data": "digits",
    "recipe": "r",
    "fingerprint": "f",
    "began": "2026-01-01T10:00:00+0000",
}
ENDED = {
    "network": "a",
    "data": "digits",
    "steps": 4,
    "epochs": 2,
    "ended": "epochs",
    "patience": 0,
    "best_step": 2,
    "best_epoch": 1,
    "metric": "loss",
    "best_value": 0.5,
    "validation": {"examples": 10, "loss": 0.5, "accuracy": 0.75},
    "test": {"examples": 10, "loss": 0.5, "accuracy": 0.75},
    "retrained": 0,
    "seconds": 1.5,
}


def make_run(where: Path, name: str, begun: Any = BEGUN, ended: Any = ENDED) -> Path:
    folder = where / name
    folder.mkdir(parents=True)
    for file, values in (("run.json", begun), ("result.json", ended)):
        if values is not None:
            text = values if isinstance(values, str) else json.dumps(values)
            (folder / file).write_text(text)
    return folder


DEEP = "[" * 100_000
BAD_BEGUN = {
    "deep": DEEP,
    "deep inside": '{"network": ' + DEEP,
    "a list": "[]",
    "params of text": BEGUN | {"params": "10"},
    "params of infinity": json.dumps(BEGUN).replace("10", "Infinity"),
    "negative params": BEGUN | {"params": -1},
    "no network": {},
}
BAD_ENDED = {
    "deep": DEEP,
    "infinite seconds": json.dumps(ENDED).replace("1.5", "1e999"),
    "NaN": json.dumps(ENDED).replace("1.5", "NaN"),
    "text for a number": ENDED | {"steps": "4"},
    "truth for a number": ENDED | {"steps": True},
    "negative": ENDED | {"steps": -4},
    "an end that is a list": ENDED | {"ended": []},
    "an unknown end": ENDED | {"ended": "never"},
    "figures that are a list": ENDED | {"test": [1]},
    "a figure of text": ENDED | {"test": {"loss": "low"}},
    "more than there is": ENDED | {"more": 1},
    "less than there is": {"steps": 4},
    "a number without end": json.dumps(ENDED).replace("1.5", "1" * 5_000),
}


@pytest.mark.parametrize(
    ("begun", "ended"),
    [
        *((values, ENDED) for values in BAD_BEGUN.values()),
        *((BEGUN, values) for values in BAD_ENDED.values()),
    ],
    ids=[*(f"run.json: {name}" for name in BAD_BEGUN), *(f"result: {name}" for name in BAD_ENDED)],
)
def test_a_damaged_run_is_one_line_of_the_list(tmp_path: Path, begun: Any, ended: Any) -> None:
    make_run(tmp_path, "good-1")
    bad = make_run(tmp_path, "bad-1", begun, ended)
    found = {one.name: one for one in entries(tmp_path)}
    assert found["good-1"].ended == "epochs"
    assert found["bad-1"].ended == "damaged"
    assert len(runs_text(tmp_path).splitlines()) == 4 - 1
    with pytest.raises(NetError) as caught:
        compare([bad, bad])
    assert [one.code for one in caught.value.diagnostics] == ["N614"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"seconds": NaN}',
        '{"seconds": -1}',
        '{"val_loss": "x", "seconds": 1}',
        '{"step": [], "val_loss": 1}',
        DEEP,
    ],
)
def test_damaged_epochs_of_an_unfinished_run(tmp_path: Path, line: str) -> None:
    folder = make_run(tmp_path, "bad-1", ended=None)
    (folder / "metrics.jsonl").write_text(line + "\n")
    assert [one.ended for one in entries(tmp_path)] == ["damaged"]


def test_what_is_in_a_run_folder_in_place_of_files(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "bad-1", ended=None)
    os.mkfifo(folder / "metrics.jsonl")
    os.mkfifo(folder / "result.json")
    assert [one.ended for one in entries(tmp_path)] == ["unfinished"]


def test_names_do_not_break_the_list(tmp_path: Path) -> None:
    make_run(tmp_path, "a\n\x1b[2Jb-1", BEGUN | {"network": "n\r\nn"})
    assert len(runs_text(tmp_path).splitlines()) == 2
    assert "\x1b" not in runs_text(tmp_path)


def test_figures_that_are_not_finite_come_back(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a-1", ended=ENDED | {"test": {"examples": 1, "loss": None}})
    run = RunResult.load(folder)
    assert run.test["loss"] != run.test["loss"]
    assert run.values()["test"] == {"examples": 1, "loss": None}


def test_json_is_bounded_and_shallow() -> None:
    assert json_values('{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    for text in ("Infinity", "-Infinity", "1e999", DEEP, "{"):
        with pytest.raises(ValueError):  # noqa: PT011
            json_values(text)


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_planted_lock_is_not_opened(tmp_path: Path, kind: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    folder = make_run(tmp_path, "a-1")
    if kind == "link":
        (folder / "lock").symlink_to(victim)
    else:
        os.mkfifo(folder / "lock")
    with pytest.raises(NetError) as caught, locked(folder):
        pass
    assert caught.value.diagnostics[0].code == "N610"
    assert victim.read_text() == "kept"


# --- states ---------------------------------------------------------------------------------------


def plain() -> dict[str, Any]:
    evaluation = Evaluation(2, {"loss": 0.5, "accuracy": 0.75}, True)
    state = State(stopping=EarlyStopping(3, step=2, best=0.5), stalled=EarlyStopping(5))
    state.rows = [Epoch(1, 2, 0.01, {"loss": 1.0, "accuracy": 0.5}, evaluation, 0.25)]
    state.evaluations, state.best, state.step = [evaluation], evaluation, 2
    state.rates, state.seconds = [(1, 0.01)], 0.25
    values: dict[str, Any] = json.loads(json.dumps(as_plain(state)))
    return values


def test_a_state_comes_back() -> None:
    assert as_plain(from_plain(plain(), [0.0])) == as_plain(from_plain(plain(), [0.0]))
    assert json.loads(json.dumps(as_plain(from_plain(plain(), [0.0])))) == plain()


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "negative step": lambda v: v.update(step=-1),
    "step of text": lambda v: v.update(step="2"),
    "step before its epochs": lambda v: v.update(step=1),
    "unknown stage": lambda v: v.update(stage="later"),
    "unknown end": lambda v: v.update(ended="never"),
    "more": lambda v: v.update(more=1),
    "less": lambda v: v.pop("rates"),
    "rates of one": lambda v: v.update(rates=[[1]]),
    "infinite rate": lambda v: v.update(rates=[[1, float("inf")]]),
    "negative patience": lambda v: v["stopping"].update(patience=-1),
    "epochs that skip": lambda v: v["rows"][0].update(epoch=2),
    "epochs of text": lambda v: v["rows"][0].update(seconds="1"),
    "no loss": lambda v: v["rows"][0].update(scores={}),
    "scores of text": lambda v: v["best"].update(scores={"loss": "a", "accuracy": 1}),
    "other figures of an epoch": lambda v: v["rows"].append(
        {**v["rows"][0], "epoch": 2, "scores": {"loss": 1, "f1": 1}}
    ),
    "other figures of an evaluation": lambda v: v["evaluations"][0].update(
        scores={"loss": 1, "f1": 1}
    ),
    "an evaluation to come": lambda v: v["evaluations"][0].update(step=3),
    "a best step to come": lambda v: v["best"].update(step=3),
    "no best step": lambda v: v.update(best=None),
    "a list": lambda v: v.update(best=[]),
    "seconds of NaN": lambda v: v.update(seconds=float("nan")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_state_out_of_range_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    values = plain()
    change(values)
    with pytest.raises((TypeError, KeyError, ValueError, AttributeError)):
        from_plain(values, [0.0])


def test_best_weights_without_a_step_are_refused() -> None:
    with pytest.raises(ValueError, match="do not go together"):
        from_plain(plain(), [])

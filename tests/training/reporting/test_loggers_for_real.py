"""MLflow and W&B themselves: the log of a training that is interrupted and resumed."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl.training.loop.callback import TrainingCallback
from netdsl.training.loop.train import resume, train
from netdsl.training.recipes.recipe import parse_recipe

pytestmark = [
    pytest.mark.keras,
    pytest.mark.extra,
    pytest.mark.filterwarnings("ignore"),  # theirs
]

NETWORK = netdsl.parse("8x8x1 > conv3-4 > pool > softmax-10", name="small")
RECIPE = "epochs: 4\nbatch: 256\noptimizer: {{rate: 0.125}}\nspeed: plain\nlog: [{}]\n"


def trained(
    where: Path, logger: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, list[dict[str, Any]]]:
    """Interrupt a training in its third epoch, resume it, and give its folder and its rows."""
    real = TrainingCallback.on_train_batch_end

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        real(self, batch, logs)
        if self.state.step > 12:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrainingCallback, "on_train_batch_end", on_train_batch_end)
        stopped = train(NETWORK, parse_recipe(RECIPE.format(logger)), where=where, quiet=True)
    assert stopped.interrupted
    run = resume(stopped.folder, quiet=True).folder
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 4
    return run, rows


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "WANDB_API_KEY", "WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)


def test_mlflow_holds_the_whole_training_as_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, rows = trained(tmp_path / "runs", "mlflow", monkeypatch)
    import mlflow

    client = mlflow.MlflowClient((tmp_path / "mlruns").as_uri())
    (experiment,) = [one for one in client.search_experiments() if one.name == "netdsl"]
    (found,) = client.search_runs([experiment.experiment_id])
    assert (found.info.run_name, found.info.status) == ("small-1", "FINISHED")
    assert found.data.params["network"] == "small"
    assert found.data.params["optimizer.rate"] == "0.125"
    assert found.data.params["parameters"] == str(NETWORK.counts.params)
    for name, key in (("training/loss", "loss"), ("validation/accuracy", "val_accuracy")):
        history = client.get_metric_history(found.info.run_id, name)
        logged = [(one.step, one.value) for one in history]
        # what was after the last checkpoint is trained, and logged, again
        assert sorted(set(logged)) == [(row["step"], row[key]) for row in rows]
    files = {file.path for file in client.list_artifacts(found.info.run_id)}
    assert files == {"recipe.yaml", "curve.svg", "report.html"}


def pieces(data: bytes) -> Iterator[bytes]:
    """Give the records of W&B's file: a log of LevelDB's form, in blocks of 32 KiB."""
    assert data.startswith(b":W&B")
    at, whole = 7, b""
    while at + 7 <= len(data):
        if 32_768 - at % 32_768 < 7:  # no room for a head: the block is filled up
            at += 32_768 - at % 32_768
            continue
        length, kind = struct.unpack("<HB", data[at + 4 : at + 7])
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or its last piece
            yield whole
            whole = b""


def records(folder: Path) -> list[Any]:
    """What W&B wrote of its runs."""
    from wandb.proto.wandb_internal_pb2 import Record

    paths = sorted(folder.glob("wandb/offline-run-*/run-*.wandb"))
    return [Record.FromString(data) for path in paths for data in pieces(path.read_bytes())]


def test_wandb_holds_the_whole_training_as_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, rows = trained(tmp_path / "runs", "wandb", monkeypatch)
    found = records(run)
    begun = [one.run for one in found if one.WhichOneof("record_type") == "run"]
    assert len({one.run_id for one in begun}) == 1
    assert (begun[0].project, begun[0].display_name) == ("netdsl", "small-1")
    settings = {one.key: json.loads(one.value_json) for one in begun[0].config.update}
    assert settings["optimizer.rate"] == 0.125
    logged = []
    for one in found:
        if one.WhichOneof("record_type") == "history":
            items = {
                ".".join(item.nested_key) or item.key: json.loads(item.value_json)
                for item in one.history.item
            }
            logged.append((items["step"], items["training/loss"]))
    assert sorted(set(logged)) == [(row["step"], row["loss"]) for row in rows]
    ended = [one.exit.exit_code for one in found if one.WhichOneof("record_type") == "exit"]
    assert ended == [0, 0]

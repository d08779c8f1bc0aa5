"""Loggers: what TensorBoard, MLflow and W&B are sent, and that none of them can end a training."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.planning import requirements
from netdsl.training.recipes.recipe import parse_recipe
from netdsl.training.reporting.loggers.registry import check_loggers, open_loggers, run_settings
from netdsl.training.reporting.loggers.wandb import Wandb
from netdsl.training.runs.history import Epoch, Evaluation
from netdsl.training.runs.run import RunResult

Settings = dict[str, Any]
ROOT = Path(__file__).resolve().parents[3]
ROWS = [
    Epoch(
        at,
        10 * at,
        0.1 / at,
        {"loss": 1 / at, "accuracy": 0.5},
        Evaluation(10 * at, {"loss": 2 / at, "accuracy": 0.4}, True),
        1.5,
    )
    for at in (1, 2, 3)
]


@pytest.fixture
def settings() -> Settings:
    network = netdsl.parse("8 > fc-2", name="small")
    recipe = parse_recipe("batch: 8\noptimizer: {rate: 0.5}\nfreeze: [a, b]\nspeed: measure")
    return run_settings(network, recipe, "chunks")


def ended(folder: Path, why: str = "epochs") -> RunResult:
    scored = {"examples": 9, "loss": 0.25, "accuracy": 0.75}
    return RunResult(
        folder, "small", "digits", 30, 3, why, 0, 20, 2, "loss", 0.5, scored, scored, 0, 4.5
    )


def reported(
    names: list[str], folder: Path, settings: Settings, rows: list[Epoch], run: RunResult | None
) -> None:
    opened = open_loggers(names, folder, settings)
    for row in rows:
        for one in opened:
            one.epoch(row)
    for one in opened:
        one.end(run)


# --- names and packages ---------------------------------------------------------------------------


def test_names_that_are_not_loggers() -> None:
    check_loggers(["tensorboard"])
    with pytest.raises(NetError, match=r"N641.*`tensorbord`[\s\S]*did you mean `tensorboard`"):
        check_loggers(["tensorbord"])
    with pytest.raises(NetError, match="the loggers are tensorboard, mlflow, wandb"):
        check_loggers(["x"])


@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "wandb"])
def test_packages_that_are_not_installed(
    name: str, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requirements, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(NetError, match=rf"N602[\s\S]*pip install 'netdsl\[{name}\]'"):
        open_loggers([name], tmp_path, settings)
    assert not list(tmp_path.iterdir())


def test_loggers_are_imported_late() -> None:
    program = (
        "import sys, netdsl.training.reporting.loggers.registry; assert not {'keras', 'numpy', "
        "'tensorflow', 'mlflow', 'wandb'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


# --- TensorBoard ----------------------------------------------------------------------------------


def test_events_are_written_without_tensorflow(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from netdsl.training.reporting.loggers.tensorboard import TensorBoard\n"
        f"board = TensorBoard(Path({str(tmp_path)!r}), {{}})\n"
        "board._append('training', 1, {'loss': 0.5})\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
    assert list((tmp_path / "tensorboard" / "training").iterdir())


@pytest.mark.keras
def test_tensorboard_reads_what_was_written(tmp_path: Path, settings: Settings) -> None:
    import tensorflow as tf

    reported(["tensorboard"], tmp_path, settings, ROWS[:2], None)
    reported(["tensorboard"], tmp_path, settings, ROWS[2:], ended(tmp_path))  # as after `resume`

    def scalars(part: str) -> dict[str, list[tuple[int, float]]]:
        found: dict[str, list[tuple[int, float]]] = {}
        for file in sorted((tmp_path / "tensorboard" / part).iterdir()):
            assert "tfevents" in file.name
            events = [
                tf.compat.v1.Event.FromString(record.numpy())
                for record in tf.data.TFRecordDataset(str(file))
            ]
            assert events[0].file_version == "brain.Event:2"
            for event in events[1:]:
                for value in event.summary.value:
                    found.setdefault(value.tag, []).append(
                        (event.step, pytest.approx(value.simple_value))
                    )
        return found

    assert sorted(path.name for path in (tmp_path / "tensorboard").iterdir()) == [
        "test",
        "training",
        "validation",
    ]
    training = scalars("training")
    assert training["loss"] == [(10, 1.0), (20, 0.5), (30, 1 / 3)]
    assert training["rate"] == [(10, 0.1), (20, 0.05), (30, 0.1 / 3)]
    assert sorted(training) == ["accuracy", "loss", "rate", "seconds"]
    assert scalars("validation") == {
        "loss": [(10, 2.0), (20, 1.0), (30, 2 / 3)],
        "accuracy": [(10, 0.4), (20, 0.4), (30, 0.4)],
    }
    assert scalars("test") == {"loss": [(20, 0.25)], "accuracy": [(20, 0.75)]}


def test_a_second_training_is_a_part_of_its_own(tmp_path: Path, settings: Settings) -> None:
    (one,) = open_loggers(["tensorboard"], tmp_path, settings)
    one.epoch(ROWS[0])
    one.epoch(ROWS[0], "retrain")
    assert sorted(path.name for path in (tmp_path / "tensorboard").iterdir()) == [
        "retraining",
        "training",
        "validation",
    ]


# --- MLflow and W&B -------------------------------------------------------------------------------


class Client:
    """What the logger asks of `mlflow.MlflowClient`."""

    said: ClassVar[list[tuple[Any, ...]]] = []

    def get_experiment_by_name(self, name: str) -> Any:
        return None if not self.said else SimpleNamespace(experiment_id="7")

    def create_experiment(self, name: str) -> str:
        self.said.append(("experiment", name))
        return "7"

    def create_run(self, experiment: str, run_name: str) -> Any:
        self.said.append(("run", experiment, run_name))
        return SimpleNamespace(info=SimpleNamespace(run_id="r1"))

    def update_run(self, run: str, status: str) -> None:
        self.said.append(("again", run, status))

    def log_param(self, run: str, key: str, value: str) -> None:
        self.said.append(("param", key, value))

    def log_metric(self, run: str, key: str, value: float, step: int) -> None:
        self.said.append((key, value, step))

    def log_artifact(self, run: str, path: str) -> None:
        self.said.append(("file", Path(path).name))

    def set_terminated(self, run: str, status: str) -> None:
        self.said.append(("ended", status))


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    module: Any = ModuleType("mlflow")
    module.MlflowClient = type("Fresh", (Client,), {"said": []})
    module.uris = []
    module.set_tracking_uri = module.uris.append
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(tmp_path)
    return module


def test_mlflow_is_informed(mlflow: Any, tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "small-1"
    folder.mkdir()
    (folder / "curve.svg").touch()
    reported(["mlflow"], folder, settings, ROWS[:1], ended(folder))
    said = mlflow.MlflowClient.said
    assert mlflow.uris == [(tmp_path / "mlruns").as_uri()]
    assert said[:2] == [("experiment", "netdsl"), ("run", "7", "small-1")]
    assert {
        ("param", "network", "small"),
        ("param", "optimizer.rate", "0.5"),
        ("param", "parameters", "18"),
    } <= set(said)
    assert {
        ("training/loss", 1.0, 10),
        ("validation/accuracy", 0.4, 10),
        ("test/accuracy", 0.75, 20),
        ("file", "curve.svg"),
    } <= set(said)
    assert said[-1] == ("ended", "FINISHED")
    reported(["mlflow"], folder, settings, ROWS[1:2], ended(folder, "interrupted"))
    assert ("again", "r1", "RUNNING") in said
    assert [one for one in said if one[0] == "run"] == [("run", "7", "small-1")]
    assert said[-1] == ("ended", "KILLED")


def test_mlflow_goes_where_it_is_sent(
    mlflow: Any, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:1")
    reported(["mlflow"], tmp_path, settings, [], None)
    assert not mlflow.uris
    assert mlflow.MlflowClient.said[-1] == ("ended", "FAILED")


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module: Any = ModuleType("wandb")
    module.begun, module.logged, module.summary, module.ended = [], [], {}, []
    run = SimpleNamespace(
        id="w1",
        log=module.logged.append,
        summary=module.summary,
        finish=lambda exit_code: module.ended.append(exit_code),
    )
    module.init = lambda **options: module.begun.append(options) or run
    module.Settings = dict
    monkeypatch.setitem(sys.modules, "wandb", module)
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    return module


def test_wandb_is_informed(
    wandb: Any, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported(["wandb"], tmp_path, settings, ROWS[:1], ended(tmp_path))
    (begun,) = wandb.begun
    assert (begun["mode"], begun["id"], begun["name"], begun["project"]) == (
        "offline",
        None,
        tmp_path.name,
        "netdsl",
    )
    assert begun["config"] == {
        "network": "small",
        "parameters": 18,
        "optimizer.rate": 0.5,
        "batch": 8,
        "freeze": "('a', 'b')",
        "speed": "chunks",  # and not what the recipe says: to measure it
    }
    assert wandb.logged[0]["validation/loss"] == 2.0
    assert wandb.summary["test/accuracy"] == 0.75
    assert wandb.ended == [0]
    monkeypatch.setenv("WANDB_MODE", "online")
    reported(["wandb"], tmp_path, settings, [], None)
    assert (wandb.begun[1]["mode"], wandb.begun[1]["id"], wandb.begun[1]["resume"]) == (
        None,
        "w1",
        "allow",
    )
    assert wandb.ended == [0, 1]


# --- loggers that fail ----------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["begin", "epoch", "end"])
def test_a_logger_that_fails_is_switched_off(
    wandb: Any,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    when: str,
) -> None:
    def fail(*given: Any, **options: Any) -> None:
        raise ConnectionError("no such host\nand more")

    monkeypatch.setattr(Wandb, {"begin": "__init__", "epoch": "epoch", "end": "end"}[when], fail)
    reported(["wandb", "tensorboard", "wandb"], tmp_path, settings, ROWS, ended(tmp_path))
    assert (
        capsys.readouterr().err
        == "the logger wandb failed and is switched off: ConnectionError: no such host\n"
    )
    assert (tmp_path / "tensorboard" / "test").is_dir()


def test_an_interrupt_is_not_a_failure(
    wandb: Any, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*given: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Wandb, "epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        reported(["wandb"], tmp_path, settings, ROWS, None)


def test_a_disk_that_takes_nothing(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tensorboard").touch()
    reported(["tensorboard"], tmp_path, settings, ROWS, None)
    assert capsys.readouterr().err.count("the logger tensorboard failed and is switched off: ") == 1

"""MLflow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.files import write
from netdsl.training.reporting.loggers.figures import epoch_figures, run_figures
from netdsl.training.runs.folder import CURVE, RECIPE, REPORT

if TYPE_CHECKING:
    from netdsl.training.runs.history import Epoch
    from netdsl.training.runs.run import RunResult


class MLflow:
    """Writes a run of MLflow, in `./mlruns` unless MLFLOW_TRACKING_URI names another place.

    The run's id is kept in the run folder, so that a training that is resumed continues there too.
    """

    FILE = "mlflow.txt"

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        import mlflow

        self.folder = folder
        if not os.environ.get("MLFLOW_TRACKING_URI"):
            # Without a server only the store of files works, and newer versions of MLflow refuse it
            # unless this is set.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
            mlflow.set_tracking_uri(Path("mlruns").resolve().as_uri())
        self.client = mlflow.MlflowClient()
        # A resumed training continues its run; `update_run`, since the stop has ended it.
        kept = folder / self.FILE
        if kept.is_file():
            self.id = kept.read_text(encoding="utf-8").strip()
            self.client.update_run(self.id, status="RUNNING")
            return
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "netdsl")
        experiment = self.client.get_experiment_by_name(name)
        place = experiment.experiment_id if experiment else self.client.create_experiment(name)
        self.id = self.client.create_run(place, run_name=folder.name).info.run_id
        # Written before the settings: a training killed in between must not begin a second run when
        # it is resumed.
        write(kept, f"{self.id}\n")
        for key, value in settings.items():
            # 500 letters: older versions of MLflow refuse longer values.
            self.client.log_param(self.id, key, str(value)[:500])

    def epoch(self, row: Epoch, stage: str = "search") -> None:
        for part, name, value in epoch_figures(row, stage):
            self.client.log_metric(self.id, f"{part}/{name}", value, step=row.step)

    def end(self, run: RunResult | None) -> None:
        if run:
            for name, value in run_figures(run).items():
                self.client.log_metric(self.id, name, value, step=run.best_step)
            for file in (RECIPE, CURVE, REPORT):
                if (self.folder / file).is_file():
                    self.client.log_artifact(self.id, str(self.folder / file))
        ended = (
            "FAILED"
            # Runs that diverged have a result too, with the best weights before that.
            if run is None or run.ended == "diverged"
            else "KILLED"
            if run.interrupted
            else "FINISHED"
        )
        self.client.set_terminated(self.id, ended)

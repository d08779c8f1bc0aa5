"""Weights & Biases."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.files import write
from netdsl.training.reporting.loggers.figures import epoch_figures, run_figures

if TYPE_CHECKING:
    from netdsl.training.runs.history import Epoch
    from netdsl.training.runs.run import RunResult


class Wandb:
    """Writes a run of Weights & Biases.

    It is offline, in the run folder, where neither a key nor WANDB_MODE is set.
    """

    FILE = "wandb.txt"

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        import wandb

        kept = folder / self.FILE
        known = kept.read_text(encoding="utf-8").strip() if kept.is_file() else None
        online = os.environ.get("WANDB_MODE") or os.environ.get("WANDB_API_KEY")
        self.run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "netdsl"),
            name=folder.name,
            dir=str(folder),
            config=dict(settings),
            # Without a key `wandb.init` asks for one on the terminal, where nobody may be watching.
            mode=None if online else "offline",
            id=known,
            resume="allow" if known else None,
            # `console`: else it takes standard output over, and with it the progress of the
            # training.
            settings=wandb.Settings(silent=True, console="off"),
        )
        write(kept, f"{self.run.id}\n")

    def epoch(self, row: Epoch, stage: str = "search") -> None:
        self.run.log(
            {
                "epoch": row.epoch,
                "step": row.step,
                **{f"{part}/{name}": value for part, name, value in epoch_figures(row, stage)},
            }
        )

    def end(self, run: RunResult | None) -> None:
        if run:
            self.run.summary.update(run_figures(run))
        self.run.finish(exit_code=0 if run and run.ended != "diverged" else 1)

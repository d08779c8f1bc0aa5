"""Writing a GAN's run folder. This module imports Keras."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from netdsl.files import make_folder, save, write
from netdsl.json_text import json_text
from netdsl.training.adversarial.report import write_report
from netdsl.training.adversarial.samples import example_shape, is_image, save_samples
from netdsl.training.adversarial.state import as_plain
from netdsl.training.data.sources.toys import short_name
from netdsl.training.loop.checkpoint import write_numbers
from netdsl.training.loop.pace import Pace
from netdsl.training.reporting.charts import curves
from netdsl.training.runs.folder import (
    CHECKPOINT,
    CURVE,
    KEPT,
    METRICS,
    METRICS_JSONL,
    RESULT,
    SAMPLES,
    kept_name,
    model_name,
)
from netdsl.training.runs.history import History, metrics_jsonl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netdsl.training.adversarial.job import AdversarialJob
    from netdsl.training.adversarial.players import Players
    from netdsl.training.adversarial.state import AdversarialState
    from netdsl.training.preparation.rows import Array
    from netdsl.training.runs.history import Epoch
    from netdsl.training.runs.run import RunResult


class AdversarialKeeper:
    """Keeps a GAN's training in a run folder."""

    def __init__(self, folder: Path, job: AdversarialJob) -> None:
        self.folder, self.job = folder, job
        self.pace = Pace(job.recipe.checkpoint)

    def keep_epoch(self, players: Players, state: AdversarialState, samples: Array) -> None:
        """Write a sheet at the end of an epoch, and from time to time all that `resume` needs."""
        # Sheets are written at every epoch, whatever they cost: an epoch's samples cannot be made
        # again.
        self._keep_sheet(state.rows[-1].epoch, samples)
        self._keep_weights(players, state.rows[-1].epoch)
        if self.pace.at_end():
            self.keep_state(players, state)

    def keep_state(self, players: Players, state: AdversarialState) -> None:
        """Write all that `resume` needs, and the figures."""
        with self.pace.writing():
            # The checkpoint first: `resume` relies on it, and figures can be written again from it.
            write_numbers(self.folder, players.variables, as_plain(state), {})
            self._write_figures(state)

    def keep_result(
        self, run: RunResult, players: Players, state: AdversarialState, kept: bool
    ) -> None:
        """Write the outcome of the training.

        Args:
            run: the outcome.
            players: the two networks with the weights to keep.
            state: its epochs.
            kept: whether there are weights to keep.
        """
        self._write_figures(state)
        if kept:
            for part, model in players.models.items():
                save(self.folder / model_name(part), model.save)
        # After the networks: `resume` takes a run with a result for ended.
        write(self.folder / RESULT, json_text(run.values()) + "\n")
        if kept:
            write_report(run, self.job, state)

    def drop_checkpoint(self) -> None:
        """Remove the checkpoint, as nothing is left to resume."""
        with suppress(OSError):
            (self.folder / CHECKPOINT).unlink()

    def _keep_sheet(self, epoch: int, samples: Array) -> None:
        input = self.job.data.preparation.inputs[0]
        shape = example_shape(self.job.pair, input)
        if not is_image(shape):
            return
        make_folder(self.folder / SAMPLES)
        source = short_name(str(self.job.data.spec.source))
        headline = f"{self.job.pair.generator.name} on {source} · epoch {epoch} · fixed noise"
        names = names_of(self.job)
        images = samples.reshape(-1, *shape)
        save_samples(images, names, headline, self.folder / SAMPLES / f"epoch-{epoch}.png")

    def _keep_weights(self, players: Players, epoch: int) -> None:
        """Write the weights of an epoch that the recipe asks for."""
        keep = self.job.recipe.keep
        if epoch in (keep.epochs or ()) or (keep.every and epoch % keep.every == 0):
            make_folder(self.folder / KEPT)
            for part, model in players.models.items():
                save(self.folder / KEPT / kept_name(epoch, part), model.save)

    def _write_figures(self, state: AdversarialState) -> None:
        write(self.folder / METRICS, epochs_csv(state.rows))
        write(self.folder / METRICS_JSONL, metrics_jsonl(History(rows=state.rows)))
        write(self.folder / CURVE, losses_chart(self.job, state.rows))


def names_of(job: AdversarialJob) -> tuple[str, ...]:
    """Return the classes' names; none for networks without classes."""
    output = job.data.preparation.outputs[0]
    return tuple(output.label(at) for at in range(job.pair.classes))


def epochs_csv(rows: Sequence[Epoch]) -> str:
    """Write epochs as CSV, with six significant digits."""
    names = list(rows[0].scores) if rows else []
    lines = [",".join(["epoch", "step", *names, "seconds"])]
    for row in rows:
        figures = (f"{row.scores[name]:.6g}" for name in names)
        lines.append(",".join([str(row.epoch), str(row.step), *figures, f"{row.seconds:z.3f}"]))
    return "\n".join(lines) + "\n"


def losses_chart(job: AdversarialJob, rows: Sequence[Epoch]) -> str:
    """Draw both losses by epoch, as SVG."""
    source = short_name(str(job.data.spec.source))
    last = rows[-1].scores if rows else {}
    about = "  ".join(
        f"{name.replace('_', ' ')} {last[name]:z.4f}"
        for name in ("generator_loss", "discriminator_loss")
        if name in last
    )
    lines = {
        name: [(float(row.epoch), row.scores[f"{name}_loss"]) for row in rows]
        for name in ("generator", "discriminator")
    }
    return curves(f"{job.pair.generator.name} on {source}", about or "no epoch yet", lines)

"""The report of a GAN's run."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple

from netdsl.files import write
from netdsl.training.adversarial.state import DIVERSITY, summary
from netdsl.training.data.sources.toys import short_name
from netdsl.training.reporting.charts import curves
from netdsl.training.reporting.overview import Tile
from netdsl.training.reporting.page import of_page, rendered
from netdsl.training.reporting.text import opening_lines
from netdsl.training.runs.folder import CURVE, RECIPE, REPORT, SAMPLES, VERSIONS, read_json
from netdsl.wording import counted, number_text

if TYPE_CHECKING:
    from pathlib import Path

    from netdsl.training.adversarial.job import AdversarialJob
    from netdsl.training.adversarial.state import AdversarialState
    from netdsl.training.runs.run import RunResult


class PageSheet(NamedTuple):
    """A sheet of samples on the page: its title, what it shows, and the image's address."""

    title: str
    about: str
    address: str


def write_report(run: RunResult, job: AdversarialJob, state: AdversarialState) -> None:
    """Write `report.html` into the run's folder.

    Raises:
        NetError: N613, N614 where the folder lacks its recipe or versions.
        RunError: N610 where the page cannot be written to the disk.
    """
    pair, loss = job.pair, job.recipe.gan.loss or ""
    ended = f"Ended after {counted(run.epochs, 'epoch')} ({run.steps:,} steps): {run.why_ended}."
    found = summary(state.rows, loss)
    warned = f" Look out: {'; '.join(found)}." if found else ""
    text = rendered(
        title=f"{run.network} on {short_name(run.data)}",
        folder=run.folder.name,
        verdict=f"{ended} The last weights are kept.{warned}",
        tiles=_tiles(run, job),
        curves=_curves(run.folder, state),
        plane="",
        sheets=_sheets(run.folder, state),
        outcomes=[],
        networks=[of_page(pair.generator), of_page(pair.discriminator)],
        sources=[("", pair.generator.text), *pair.generator.used.items()],
        recipe=(run.folder / RECIPE).read_text(encoding="utf-8"),
        opening=opening_lines(job.data, job.resolved.doubts, ()),
        versions=read_json(run.folder, VERSIONS),
    )
    write(run.folder / REPORT, text)


def _tiles(run: RunResult, job: AdversarialJob) -> list[Tile]:
    """Return the main figures: both losses, on the test part if there is one, and others."""
    part = "test" if run.test else "training"
    scores = run.test or run.validation
    examples = int(run.test.get("examples", 0)) or len(job.data.train)
    about = f"{job.recipe.gan.loss}; {examples:,} examples"
    tiles = [
        Tile(f"{part} {name.replace('_', ' ')}", number_text(scores[name]), about, part)
        for name in ("generator_loss", "discriminator_loss")
    ]
    if (share := run.validation.get(DIVERSITY)) is not None:
        about = "mean distance of two samples, the data's is 1"
        tiles.append(Tile(DIVERSITY, number_text(share), about))
    counts = (job.pair.generator.counts.params, job.pair.discriminator.counts.params)
    about = f"{counts[0]:,} of the generator, {counts[1]:,} of the discriminator"
    return [*tiles, Tile("parameters", f"{sum(counts):,}", about)]


def _curves(folder: Path, state: AdversarialState) -> list[str]:
    """Return the chart of both losses, and those of the scores and of the diversity."""
    if not state.rows:
        return []

    def points(name: str) -> list[tuple[float, float]]:
        return [(float(row.epoch), row.scores[name]) for row in state.rows]

    scores = {"real": points("real_score"), "generated": points("generated_score")}
    return [
        (folder / CURVE).read_text(encoding="utf-8"),
        curves("Scores", "the discriminator's, on average", scores, name="score"),
        curves(
            "Diversity", "of the samples; the data's is 1", {"": points(DIVERSITY)}, name="share"
        ),
    ]


def _sheets(folder: Path, state: AdversarialState) -> list[PageSheet]:
    """Return the sheets of the first epoch and of the last complete one."""
    epochs = sorted({state.rows[0].epoch, state.rows[-1].epoch}) if state.rows else []
    found = []
    for epoch in reversed(epochs):
        path = folder / SAMPLES / f"epoch-{epoch}.png"
        if path.is_file():
            address = f"data:image/png;base64,{b64encode(path.read_bytes()).decode()}"
            about = "Samples of the same noise at the end of each epoch are in the run's folder."
            found.append(PageSheet(f"Samples of epoch {epoch}", about, address))
    return found

"""A run's report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors.printable import printable
from netdsl.files import write
from netdsl.report.table import html_table
from netdsl.training.data.sizes import evaluation_batch
from netdsl.training.data.sources.toys import short_name
from netdsl.training.reporting.outcome_section import outcome_section
from netdsl.training.reporting.overview import learning_curves, tiles_of, verdict
from netdsl.training.reporting.picture import NetworkPicture, picture_of
from netdsl.training.reporting.text import opening_lines
from netdsl.training.runs.folder import RECIPE, REPORT, VERSIONS, read_json

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.evaluation.outcomes import Outcome
    from netdsl.training.planning.job import Job
    from netdsl.training.runs.history import History
    from netdsl.training.runs.run import RunResult

TEMPLATES = Path(__file__).parent / "templates"
"""The page, its parts and its style sheet."""


def write_page(
    run: RunResult, job: Job, model: Any, history: History, taken_over: Sequence[str] = ()
) -> Path:
    """Run the model on the examples, and write `report.html` into the run's folder.

    They are the test part, or the training part where there is no test part.

    Args:
        run: the training's result.
        job: its plan.
        model: the network with the weights that were kept.
        history: its epochs.
        taken_over: what was initialized from other weights.

    Raises:
        NetError: N613, N614 where the folder lacks its recipe or versions.
        RunError: N610 where the page cannot be written to the disk.
    """
    from netdsl.training.evaluation.network_outputs import predictor
    from netdsl.training.evaluation.outcomes import outcomes

    versions = read_json(run.folder, VERSIONS)
    recipe = (run.folder / RECIPE).read_text(encoding="utf-8")
    # The part that `evaluate` chooses by default, so that the page has its figures.
    part = job.data.test if len(job.data.test) else job.data.train
    preparation = job.data.preparation.decided(run.decisions)
    batch = evaluation_batch(preparation, job.recipe.batch_size)
    found = outcomes(predictor(model), part, preparation, batch)
    path = run.folder / REPORT
    drawn = _plane(job, model)
    write(path, page(run, job, history, found, recipe, versions, taken_over, drawn))
    return path


def _plane(job: Job, model: Any) -> str:
    """Draw the output over the input, if that is one or two numbers; else return nothing."""
    from netdsl.keras.arrays import arrays_of_model
    from netdsl.training.evaluation.plane import has_plane, plane
    from netdsl.training.reporting.plane_picture import plane_picture

    if not has_plane(job.network, job.data):
        return ""
    found = plane(job.network, arrays_of_model(job.network, model), job.data)
    return plane_picture("Over its input", found)


def page(
    run: RunResult,
    job: Job,
    history: History,
    found: Sequence[Outcome],
    recipe: str,
    versions: Mapping[str, Any],
    taken_over: Sequence[str] = (),
    plane: str = "",
) -> str:
    """Return the report as HTML; the templates escape every text.

    Args:
        run: the training's result.
        job: its plan.
        history: its epochs.
        found: for each output, the predictions for the test part, or for the training part.
        recipe: the run's recipe as text, with the reasons.
        versions: the versions of what the run was made with.
        taken_over: what was initialized from other weights.
        plane: the output drawn over the input as SVG, if that is one or two numbers.
    """
    return rendered(
        title=f"{run.network} on {short_name(run.data)}",
        folder=run.folder.name,
        verdict=verdict(run, history),
        tiles=tiles_of(run, job),
        curves=learning_curves(run, job, history),
        plane=plane,
        outcomes=[
            outcome_section(one, len(found) > 1, {} if place else run.baseline)
            for place, one in enumerate(found)
        ],
        sheets=[],
        networks=[of_page(job.network)],
        sources=[("", job.network.text), *job.network.used.items()],
        recipe=recipe,
        opening=opening_lines(job.data, job.resolved.doubts, taken_over),
        versions=versions,
    )


class NetworkOnPage(NamedTuple):
    """A network of a report: its name, its picture, and its table as HTML."""

    name: str
    picture: NetworkPicture
    table: str


def of_page(network: Architecture) -> NetworkOnPage:
    """Return a network as a report shows it."""
    return NetworkOnPage(network.name, picture_of(network), html_table(network))


def rendered(**values: Any) -> str:
    """Fill in the report's template, which escapes every text."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    # Names of classes and columns may hold control characters, which no HTML may.
    return printable(_template().render(style=style, **values))


@cache
def _template() -> Any:
    """Read the report's template, which takes longer than filling it in."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        # Names of classes, columns and files can be any text: a `<script>` not escaped would run.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html")

"""Measure a run's network on a part of its data, or on other data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import did_you_mean, fail
from netdsl.json_text import json_number
from netdsl.keras.float64 import losses_in
from netdsl.training.data import load_other, reload
from netdsl.training.evaluation.activations import zero_shares
from netdsl.training.evaluation.details import DETAILS, output_details
from netdsl.training.evaluation.network_outputs import in_batches, predictor
from netdsl.training.evaluation.subnetworks import averaged
from netdsl.training.memory import memory_context
from netdsl.training.metrics.naive import naive_baseline
from netdsl.training.runs.finished import finished_run
from netdsl.training.runs.inputs import is_trained_on, read_recipe

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import keras

    from netdsl.architecture import Architecture
    from netdsl.training.data import Data, Examples
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Recipe

PARTS = ("test", "validation", "training", "all")
"""What can be evaluated: a part of the data, or all of it."""


def evaluate(
    folder: str | Path,
    *,
    part: str | None = None,
    data: Any = None,
    zeros: bool = False,
    subnetworks: int = 0,
) -> dict[str, Any]:
    """Measure a run's network on a part of its data, or of other data.

    Args:
        folder: the run's.
        part: one of `PARTS`; None for the test part, or for the training part of data without a
            test part.
        data: in place of the run's, a source as in a recipe, or arrays as `train` takes them.
        zeros: whether to count the outputs that are 0, layer by layer.
        subnetworks: also average the outputs of this many networks with dropped units.

    Returns:
        `loss` and the metrics as the training reports them; `baseline`, the score of the simplest
        answer (see `naive_baseline`), for other data by its own most frequent class or mean;
        `outputs`, the details of each output by name (see `output_details`); `decisions`, by
        output, the temperature and the thresholds that answers use, where some were chosen.
        `trained_on` says that the network was trained on the part, `changed` that this is not the
        data that the run was trained with, `whole` that this is other data without a test part of
        its own, which is measured as a whole. With `zeros` and `subnetworks`, the results of
        `zero_shares` and `averaged`, by these names.

    Raises:
        NetError: N613, N614 for the folder, N630 for a part that does not exist, N507 for
            subnetworks of a network without dropout, and what `load_data` raises for the data.
    """
    check_part(part)
    folder = Path(folder)
    held = finished_run(folder)
    run, preparation, recipe = held.run, held.preparation, read_recipe(folder)
    loaded, part, chosen, whole, changed = chosen_part(folder, recipe, preparation, part, data)
    batch = recipe.batch_size
    more: dict[str, Any] = {}
    with losses_in(recipe.precision or "float32"), memory_errors(batch):
        model = held.model()
        scores = _scores(model, chosen, preparation, recipe, held.network)
        outputs = _details(model, chosen, preparation, batch)
        if zeros:
            more["zeros"] = zero_shares(model, chosen, preparation, batch)
        if subnetworks:
            more["subnetworks"] = averaged(model, chosen, preparation, batch, subnetworks)
    return {
        "run": str(folder),
        "part": part,
        "data": str(loaded.spec.source),
        # The step of the weights that are kept; after a second training, its last step.
        "step": run.retrained or run.best_step,
        "examples": len(chosen),
        **{name: json_number(value) for name, value in scores.items()},
        "baseline": naive_baseline(
            chosen if whole else loaded.train,
            chosen,
            preparation.outputs,
            (loaded.train, loaded.validation),
        ),
        "outputs": outputs,
        **({"decisions": run.decisions} if run.decisions else {}),
        # After `retrain` the network was trained on the validation part, too.
        "trained_on": not changed
        and (part in ("training", "all") or (part == "validation" and run.retrained > 0)),
        "changed": changed,
        "whole": whole,
        **more,
    }


class ChosenPart(NamedTuple):
    """The part of the data to measure on.

    Attributes:
        data: the data that it is a part of.
        name: the name of the part.
        examples: its examples.
        whole: whether this is other data without a test part, which is measured as a whole.
        changed: whether this is not the data that the run was trained with.
    """

    data: Data
    name: str
    examples: Examples
    whole: bool
    changed: bool


def check_part(part: str | None) -> None:
    """Raise NetError N630 for a part that does not exist; None means the default."""
    if part not in (None, *PARTS):
        help = did_you_mean(str(part), PARTS) or f"a part is {', '.join(PARTS)}"
        raise fail("N630", f"there is no part `{part}`", help=help)


def chosen_part(
    folder: Path, recipe: Recipe, preparation: Preparation, part: str | None, data: Any
) -> ChosenPart:
    """Load the part of the data that a run is measured on.

    Args:
        folder: the run's.
        recipe: the run's.
        preparation: the run's.
        part: one of `PARTS`; None for the test part, or for the training part of data without a
            test part.
        data: in place of the run's, a source as in a recipe, or arrays as `train` takes them.

    Raises:
        NetError: N630 where the part is empty, and what `load_data` raises for the data.
    """

    def known(found: Data) -> bool:
        return is_trained_on(folder, found)

    loaded = (
        reload(recipe, preparation)
        if data is None
        else load_other(recipe, preparation, data, known)
    )
    whole = not len(loaded.train)
    name = part or ("test" if len(loaded.test) else "training")
    examples = part_of(loaded, name, whole)
    return ChosenPart(loaded, name, examples, whole, whole or not known(loaded))


def part_of(data: Data, part: str, whole: bool = False) -> Examples:
    """Return the part. Raises NetError N630 where it is empty."""
    if part == "all":
        return data.test if whole else data.train.joined(data.validation).joined(data.test)
    chosen = {"training": data.train, "validation": data.validation, "test": data.test}[part]
    if not len(chosen):
        measured = "test" if whole else "training"
        help = f"`--part {measured}` measures {'all of it' if whole else 'the training part'}"
        raise fail("N630", f"{data.spec.source} has no {part} part", help=help)
    return chosen


def _scores(
    model: keras.Model,
    part: Examples,
    preparation: Preparation,
    recipe: Recipe,
    network: Architecture,
) -> dict[str, float]:
    """Return the loss and the metrics as the training reports them, with its penalty."""
    from netdsl.training.data.batches import Batches
    from netdsl.training.evaluation.asked_figures import asked_figures, asked_metrics
    from netdsl.training.metrics.evaluator import make_evaluator, part_scores
    from netdsl.training.metrics.penalties import penalise

    # The training's loss includes the penalty: without it the losses could not be compared.
    if recipe.penalty.l1 or recipe.penalty.l2:
        penalise(model, network.graph, recipe.penalty)
    batches = Batches(part, preparation, recipe.batch_size)
    asked = asked_metrics(recipe, preparation.outputs)
    scores = part_scores(make_evaluator(model, preparation), batches)
    return scores | asked_figures(model, batches, asked, preparation.outputs)


def _details(
    model: keras.Model, part: Examples, preparation: Preparation, batch: int
) -> dict[str, Any]:
    """Return the details of each output, by name."""
    from netdsl.training.metrics.counters import Counter

    counters = [Counter(output, DETAILS) for output in preparation.outputs]
    for rows, outputs in in_batches(predictor(model), part.x, preparation, batch):
        for counter, y, values in zip(counters, part.y, outputs, strict=True):
            counter.update(y[rows], values)
    return {counter.output.name: output_details(counter) for counter in counters}


def memory_errors(batch: int) -> AbstractContextManager[None]:
    """Turn the errors that are raised when memory runs out into one clear error."""
    message = f"a batch of {batch:,} examples does not fit into memory"
    return memory_context(
        lambda: (message, "use a machine with more memory, or a smaller `batch` in recipe.yaml")
    )

"""The losses of a GAN's run on a part of its data, or of other data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.json_text import json_number
from netdsl.training.adversarial.job import AdversarialJob
from netdsl.training.adversarial.pair import NetworkPair
from netdsl.training.adversarial.samples import SHOWN, cycled, drawn_noise, generated, mean_distance
from netdsl.training.adversarial.state import DIVERSITY
from netdsl.training.adversarial.train import read_pair
from netdsl.training.evaluation.evaluate import check_part, chosen_part, memory_errors
from netdsl.training.planning.job import ResolvedRecipe
from netdsl.training.runs.finished import FinishedRun, finished_run
from netdsl.training.runs.folder import DISCRIMINATOR, GENERATOR
from netdsl.training.runs.inputs import read_preparation, read_recipe

if TYPE_CHECKING:
    from pathlib import Path


def evaluate_pair(folder: Path, *, part: str | None = None, data: Any = None) -> dict[str, Any]:
    """Measure both losses of a GAN's run.

    Args:
        folder: the run's.
        part: one of `PARTS`; where it is left out, the test part, or the training part of data
            without a test part.
        data: in place of the run's, a source as in a recipe, or arrays as `train` takes them.

    Returns:
        `generator_loss`, `discriminator_loss`, `real_score`, `generated_score`, `diversity`, and
        `run`, `part`, `data`, `step`, `examples`, `trained_on`, `changed`, `whole` as `evaluate` of
        one network returns them.

    Raises:
        NetError: N613, N614 for the folder, N630 for a part that does not exist, and what reading
            the data raises.
    """
    check_part(part)
    own = {name: finished_run(folder, name) for name in (GENERATOR, DISCRIMINATOR)}
    recipe, preparation, pair = read_recipe(folder), read_preparation(folder), read_pair(folder)
    loaded, part, chosen, whole, changed = chosen_part(folder, recipe, preparation, part, data)
    job = AdversarialJob(pair, ResolvedRecipe(recipe, {}, ()), loaded)
    with memory_errors(recipe.batch_size):
        scores = _scores(job, pair, own, chosen)
    return {
        "run": str(folder),
        "part": part,
        "data": str(loaded.spec.source),
        "step": own[GENERATOR].run.best_step,
        "examples": len(chosen),
        **{name: json_number(value) for name, value in scores.items()},
        "outputs": {},
        "trained_on": not changed and part in ("training", "all"),
        "changed": changed,
        "whole": whole,
    }


def _scores(
    job: AdversarialJob, pair: NetworkPair, own: dict[str, FinishedRun], part: Any
) -> dict[str, float]:
    import numpy as np

    models = {name: held.model() for name, held in own.items()}
    from netdsl.training.adversarial.measure import measured
    from netdsl.training.adversarial.trainer import players_of

    players = players_of(job)
    # `players_of` builds the scores before the sigmoid, which the saved model does not have.
    for name, model in models.items():
        players.models[name].set_weights(model.get_weights())
    preparation, noise = job.data.preparation, tuple(pair.noise.shape)
    scores = measured(players, part, preparation, pair)
    count = min(SHOWN, len(part))
    made = generated(
        models[GENERATOR], pair.generator, drawn_noise(noise, count, 0), cycled(pair.classes, count)
    )
    # Over the whole part: its first examples would be alike if they are sorted by class.
    rows = np.linspace(0, len(part) - 1, count).astype(int)
    spread = mean_distance(preparation.x((np.asarray(part.x[0][rows]),))[0])
    # Examples that are all equal have no distances to compare with.
    return {**scores, DIVERSITY: mean_distance(made) / spread if spread else 1.0}

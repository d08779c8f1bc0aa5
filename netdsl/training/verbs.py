"""Training, resuming and evaluating one network, or two that are trained against each other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import fail
from netdsl.training.runs.folder import RUN
from netdsl.training.runs.inputs import is_adversarial

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.reading import Fragment
    from netdsl.training.adversarial.job import AdversarialJob
    from netdsl.training.planning.job import Job
    from netdsl.training.recipes.recipe import Recipe
    from netdsl.training.runs.run import RunResult


def train(
    network: Architecture | Fragment,
    recipe: Recipe | None = None,
    *,
    name: str | None = None,
    where: str | Path = "runs",
    quiet: bool = False,
    **settings: Any,
) -> RunResult:
    """Train a network, or the two that a recipe's `gan` names in its file.

    Args:
        network: what is trained; for two networks, either one of their file.
        recipe: how it is trained.
        name: the run's name.
        where: the folder of runs.
        quiet: whether nothing is printed on standard error during the training.
        settings: as in `plan`.

    Raises:
        NetError: for mistakes in what is given.
        RunError: where the disk, the memory or the numbers fail (N610 to N612).
    """
    if recipe is not None and recipe.is_gan:
        from netdsl.training.adversarial.train import train_pair

        return train_pair(network, recipe, name=name, where=where, quiet=quiet, **settings)
    from netdsl.training.loop import train as loop

    return loop.train(network, recipe, name=name, where=where, quiet=quiet, **settings)


def resume(
    folder: str | Path, *, data: Any = None, quiet: bool = False, more: int | None = None
) -> RunResult:
    """Resume a run that was stopped, or train one that has ended for `more` epochs.

    Args:
        folder: the run's.
        data: the arrays that the run was trained on, if its recipe has no source; as in `train`.
        quiet: whether nothing is printed on standard error during the training.
        more: epochs to be added to a run that has ended; None resumes one that was stopped.

    Raises:
        NetError: N613, N614, N616, N619.
    """
    if adversarial(folder):
        if more is not None:
            raise fail("N691", f"{folder} is the run of a GAN, to which no epochs can be added")
        from netdsl.training.adversarial.train import resume_pair

        return resume_pair(Path(folder), data=data, quiet=quiet)
    if more is not None:
        from netdsl.keras.quiet import quiet_keras

        quiet_keras()
        from netdsl.training.loop.more import train_more

        return train_more(folder, more, data=data, quiet=quiet)
    from netdsl.training.loop import train as loop

    return loop.resume(folder, data=data, quiet=quiet)


def plan(
    network: Architecture | Fragment, recipe: Recipe | None = None, **settings: Any
) -> Job | AdversarialJob:
    """Plan a training: all that can be known before anything is built.

    Raises:
        NetError: for what cannot be read, and for what contradicts each other.
    """
    if recipe is not None and recipe.is_gan:
        from netdsl.training.adversarial.plan import plan_pair

        return plan_pair(network, recipe, **settings)
    from netdsl.training.planning import plan as planning

    return planning.plan(network, recipe, **settings)


def evaluate(
    folder: str | Path,
    *,
    part: str | None = None,
    data: Any = None,
    zeros: bool = False,
    subnetworks: int = 0,
) -> dict[str, Any]:
    """Measure a run's network, or the two of a GAN, on a part of its data, or of other data.

    Args:
        folder: the run's.
        part: by default the test part, or the training part of data without a test part.
        data: replaces the run's data: a source as in a recipe, or arrays as `train` takes them.
        zeros: whether to count the outputs that are 0, layer by layer.
        subnetworks: also average the outputs of this many networks with dropped units.

    Raises:
        NetError: as `evaluate` of one network does; N691 for what a GAN does not have.
    """
    if adversarial(folder):
        if zeros or subnetworks:
            asked = "zeros" if zeros else "subnetworks"
            message = f"{folder} is the run of a GAN, of which no {asked} are counted"
            raise fail("N691", message, help="netdsl evaluate RUN gives both losses")
        from netdsl.training.adversarial.evaluate import evaluate_pair

        return evaluate_pair(Path(folder), part=part, data=data)
    from netdsl.training.evaluation import evaluate as evaluation

    return evaluation.evaluate(folder, part=part, data=data, zeros=zeros, subnetworks=subnetworks)


def adversarial(folder: str | Path) -> bool:
    """Return whether a folder is the run of a GAN; anything wrong with it is reported later."""
    return os.path.isfile(Path(folder) / RUN) and is_adversarial(Path(folder))

"""The stages of a run to which epochs were added after it had ended, as listed in `run.json`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netdsl.files import write
from netdsl.json_text import json_text
from netdsl.training.recipes.recipe import Schedule
from netdsl.training.runs.folder import RUN, damaged, read_json

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import Recipe


class AddedEpochs(NamedTuple):
    """Epochs that were added to a run: how many, and after which epoch."""

    epochs: int
    after: int


def read_stages(folder: Path) -> tuple[AddedEpochs, ...]:
    """Read the stages that were added to a run; most runs have none.

    Raises:
        NetError: N613, N614.
    """
    found = read_json(folder, RUN).get("stages", [])
    try:
        stages = tuple(AddedEpochs(**one) for one in found)
    except TypeError:
        raise damaged(folder / RUN) from None
    if not all(type(value) is int and value > 0 for stage in stages for value in stage):
        raise damaged(folder / RUN)
    return stages


def add_stage(folder: Path, stage: AddedEpochs) -> None:
    """Record that epochs are added to a run.

    Raises:
        NetError: N613, N614.
        RunError: N610 where the file cannot be written to the disk.
    """
    stages = [one._asdict() for one in (*read_stages(folder), stage)]
    write(folder / RUN, json_text({**read_json(folder, RUN), "stages": stages}) + "\n")


def extended(recipe: Recipe, stages: tuple[AddedEpochs, ...]) -> Recipe:
    """Return a run's recipe with the epochs of its stages.

    If the schedule divides the rate after certain epochs, the last rate is kept.
    """
    if not stages:
        return recipe
    # `steps` counts the optimizer's steps. The optimizer is new, so the rate would be high again.
    schedule = Schedule("constant") if recipe.schedule.name == "steps" else recipe.schedule
    # Each stage counts from the run's beginning, so only the last one matters.
    last = stages[-1]
    return dataclasses.replace(recipe, epochs=last.after + last.epochs, schedule=schedule)

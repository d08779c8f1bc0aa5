"""The stages of a run that was trained on after it had ended, as `run.json` lists them."""

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
    """Read the stages that were added to a run; none of most.

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
    """Note that epochs are added to a run.

    Raises:
        NetError: N613, N614.
        RunError: N610 where the disk does not take it.
    """
    stages = [one._asdict() for one in (*read_stages(folder), stage)]
    write(folder / RUN, json_text({**read_json(folder, RUN), "stages": stages}) + "\n")


def extended(recipe: Recipe, stages: tuple[AddedEpochs, ...]) -> Recipe:
    """Return a run's recipe with the epochs of its stages.

    Of a schedule that has divided the rate after some epochs the last rate stays.
    """
    if not stages:
        return recipe
    # `steps` counts from the first step of the optimizer, which is new: it would start over high.
    schedule = Schedule("constant") if recipe.schedule.name == "steps" else recipe.schedule
    # Each stage counts from the run's beginning, so the last one says it all.
    last = stages[-1]
    return dataclasses.replace(recipe, epochs=last.after + last.epochs, schedule=schedule)

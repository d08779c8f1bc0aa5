"""One training for each combination of several keys' values: a folder of runs, with a table and a
chart of them.
"""

from __future__ import annotations

import itertools
import logging
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import NetError, Source, fail
from netdsl.errors.printable import in_one_line
from netdsl.files import write
from netdsl.json_text import json_text
from netdsl.training.loop.train import resume, train
from netdsl.training.planning.auto_batch import AUTO
from netdsl.training.recipes.recipe import Recipe
from netdsl.training.recipes.settings import RecipeSetting
from netdsl.training.recipes.yaml_reader import compose
from netdsl.training.reporting.fold_report import FOLD
from netdsl.training.reporting.grid_report import GridRun, grid_chart, grid_csv, settings_text
from netdsl.training.runs.folder import (
    CHECKPOINT,
    GRID,
    GRID_CHART,
    GRID_TABLE,
    RESULT,
    RUN,
    locked,
    new_folder,
    read_json,
)
from netdsl.training.runs.inputs import read_recipe
from netdsl.training.runs.listing import Entry, entry

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.reading import Fragment

MAX_RUNS = 100
"""The most trainings of a grid: more are most likely a mistake in one of its lists."""


class GridAxis(NamedTuple):
    """A key and the values that it takes in turn, as a recipe writes them."""

    key: str
    values: tuple[str, ...]

    @classmethod
    def read(cls, key: str, text: str) -> GridAxis:
        """Read values separated by commas: `0.01,0.1`, `[8, 16],[32]`, `{name: sgd},adam`.

        A name that is not a key of recipes is a param of the network.

        Raises:
            NetError: N501 where they are not a list in YAML, N504 for a value that is left out.
        """
        full = key if key.split(".")[0] in Recipe.__dataclass_fields__ else f"params.{key}"
        source = Source("--grid", f"{key}={text}")
        start = len(key) + 1
        # YAML splits the list, so that `[8, 16],[32]` are two values.
        listed = Source("--grid", f"{key}=[{text}]")
        node: Any = compose(listed, start)
        found = [
            # The texts rather than the values: they name the folders, and are read by the recipe's
            # own rules.
            listed.text[each.start_mark.index : each.end_mark.index].strip()
            for each in (node.value if isinstance(node.value, list) else ())
        ]
        if not found or not all(found):
            raise fail("N504", f"`{source.text}` gives `{key}` no list of values, as in {key}=1,2")
        if len(set(found)) < len(found):
            twice = next(one for one in found if found.count(one) > 1)
            raise fail("N505", f"`--grid {key}` holds `{twice}` twice", help="leave one out")
        return cls(full, tuple(found))


@dataclass(frozen=True)
class Grid:
    """A grid of trainings.

    Attributes:
        axes: the keys with their values; the last one changes fastest.
        folder: of its runs.
        command: the arguments that it was begun with, so that it can be resumed.
    """

    axes: tuple[GridAxis, ...]
    folder: Path
    command: Mapping[str, Any]

    @property
    def points(self) -> list[tuple[RecipeSetting, ...]]:
        """The settings of each training."""
        return points_of(self.axes)

    def run_folder(self, number: int) -> Path:
        """Return the folder of a training, counted from 1."""
        return self.folder / f"{self.run_name(number)}-1"

    def run_name(self, number: int) -> str:
        """Name a training by its number and its values: `3-width_8-rate_0.1`."""
        settings = self.points[number - 1]
        texts = (f"{one.key.rpartition('.')[2]}_{one.value}" for one in settings)
        # The number makes it unique: with characters replaced or cut, two names can be the same.
        return f"{number}-{re.sub('[^A-Za-z0-9._-]', '_', '-'.join(texts))[:60]}"

    def write(self) -> None:
        """Write the grid's file into its folder."""
        axes = {axis.key: list(axis.values) for axis in self.axes}
        write(self.folder / GRID, json_text({"grid": axes, "command": dict(self.command)}) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Grid:
        """Read the grid of a folder.

        Raises:
            NetError: N613, N614.
        """
        values = read_json(folder, GRID)
        axes, command = values.get("grid"), values.get("command")
        if not isinstance(axes, dict) or not isinstance(command, dict):
            raise fail("N614", f"{folder / GRID} is damaged")
        read = tuple(
            GridAxis(str(key), tuple(map(str, each if isinstance(each, list) else ())))
            for key, each in axes.items()
        )
        if not read or not all(axis.values for axis in read):
            raise fail("N614", f"{folder / GRID} is damaged")
        # A file may ask for any number of trainings, as the command line may.
        check_size(read)
        return cls(read, folder, command)


def points_of(axes: Sequence[GridAxis]) -> list[tuple[RecipeSetting, ...]]:
    """Return every combination of the values, the last key changing fastest."""
    keys = [axis.key for axis in axes]
    combined = itertools.product(*(axis.values for axis in axes))
    return [tuple(map(RecipeSetting, keys, each)) for each in combined]


def check_size(axes: Sequence[GridAxis]) -> None:
    """Reject a grid of too many trainings, and a key that is given twice.

    Raises:
        NetError: N505, N506.
    """
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            name = key.removeprefix("params.")
            raise fail("N506", f"`--grid {name}` is given twice", help=f"--grid {name}=A,B,C")
    count = math.prod(len(axis.values) for axis in axes)
    if count > MAX_RUNS:
        sizes = " x ".join(str(len(axis.values)) for axis in axes)
        product = f"{sizes} = {count:,}" if len(axes) > 1 else f"{count:,}"
        raise fail("N505", f"a grid of {product} trainings has more than {MAX_RUNS}")


def train_grid(
    grid: Grid,
    network: Architecture | Fragment,
    recipe: Callable[[Sequence[RecipeSetting]], Recipe | None],
    keys: Mapping[str, Any],
    quiet: bool = False,
    strict: bool = False,
) -> list[GridRun]:
    """Train each combination that has not been trained, and write the table and the chart.

    A training that fails is reported, and the others are trained, unless `strict`.

    Args:
        grid: the trainings.
        network: the network of each training.
        recipe: makes the recipe for given settings.
        keys: as in `plan`, in place of the recipe's.
        quiet: whether nothing is printed on standard error during the training.
        strict: whether a training that fails ends all.

    Raises:
        NetError: that of a training that fails, if `strict`.
        KeyboardInterrupt: after Ctrl-C; what is finished by then is kept.
    """
    # All recipes are read before the first training: a mistake in the last value would otherwise be
    # reported hours later.
    recipes = [recipe(point) for point in grid.points]
    batches: dict[tuple[RecipeSetting, ...], int] = {}
    found: list[GridRun] = []
    with locked(grid.folder):
        for number, (settings, each) in enumerate(zip(grid.points, recipes, strict=True), 1):
            if not quiet:
                _say(f"\n{number} of {len(recipes)}: {settings_text(settings)}")
            folder, problem, interrupted = grid.run_folder(number), "", False
            try:
                # A training of a grid that is resumed is begun, not begun (or killed before its
                # first checkpoint), ended. The last is only listed.
                if (folder / CHECKPOINT).is_file() or _interrupted(folder):
                    interrupted = resume(folder, quiet=quiet).interrupted
                elif not (folder / RESULT).is_file():
                    _free(folder)
                    name = grid.run_name(number)
                    own = {**keys, "batch": batches.get(_alike(settings), keys.get("batch"))}
                    made = train(network, each, **own, name=name, where=grid.folder, quiet=quiet)
                    interrupted = made.interrupted
            except NetError as error:
                if strict:
                    raise
                problem = in_one_line(error.diagnostics[0].message)
                if not quiet:
                    _say(f"failed: {problem}")
            _forget()
            # Read from the folder rather than from what `train` returned: ended runs are listed
            # alike.
            held = entry(folder) if folder.is_dir() else Entry(folder.name, ended="failed")
            if AUTO in (keys.get("batch"), each and each.batch) and (folder / RUN).is_file():
                batches.setdefault(_alike(settings), read_recipe(folder).batch_size)
            found.append(GridRun(settings, held, problem))
            # After each training: the table so far helps while the rest takes hours.
            write(grid.folder / GRID_TABLE, grid_csv(found))
            write(grid.folder / GRID_CHART, grid_chart(grid.folder, found))
            if interrupted:
                raise KeyboardInterrupt
    return found


def _alike(settings: Sequence[RecipeSetting]) -> tuple[RecipeSetting, ...]:
    """Return the settings that change how much memory a training takes.

    Trainings that agree in these have the same batch, even if `auto` would now choose another one.
    """
    sections = ("params", "precision", "backend", "adversarial", "batch", "data")
    return tuple(
        one
        for one in settings
        if one.key in ("optimizer", "optimizer.name")
        or (one.key.split(".")[0] in sections and one.key != FOLD)
    )


def _interrupted(folder: Path) -> bool:
    return (folder / RESULT).is_file() and read_json(folder, RESULT).get("ended") == "interrupted"


def _free(folder: Path) -> None:
    """Remove a run that was begun and has no complete epoch: it is begun again."""
    import shutil

    # A link could lead out of the grid's folder: its target is not removed.
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)


def _forget() -> None:
    """Release the models of one training before the next.

    Otherwise TensorFlow warns, as it takes several models for one that is traced again and again.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    keras = sys.modules.get("keras")
    if keras is not None:
        keras.utils.clear_session()


def new_grid(
    axes: Sequence[GridAxis], name: str, command: Mapping[str, Any], where: str | Path = "runs"
) -> Grid:
    """Make the folder of a grid, `where/NAME-N`.

    Raises:
        NetError: N505, N506 for its axes, N615 for the name.
        RunError: N610 where the folder cannot be made.
    """
    check_size(axes)
    grid = Grid(tuple(axes), new_folder(where, name), command)
    grid.write()
    return grid


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

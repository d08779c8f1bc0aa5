"""Grids of trainings: `netdsl train --grid`, and resuming one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.cli.exit_codes import INTERRUPTED, RUN_FAILED
from netdsl.cli.inputs import CommandInput, read_input, read_trained, split_params
from netdsl.cli.jobs import FLAGS, KEYS, PATHS, keys_of, recipe_of
from netdsl.cli.terminal import is_quiet, note
from netdsl.cli.then import follow
from netdsl.errors import NetError, did_you_mean, fail
from netdsl.wording import enumerated

PARAMS = "params."
"""The section of a recipe that holds the network's params."""

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.reading import Fragment
    from netdsl.training.loop.grid import Grid, GridAxis
    from netdsl.training.recipes.recipe import Recipe
    from netdsl.training.recipes.settings import RecipeSetting


def run_grid(options: argparse.Namespace) -> int:
    """Train the network of the options with each combination of the grid's values.

    Returns:
        The exit code.
    """
    whole = recipe_of(options)
    if whole is not None and whole.is_gan:
        message = "a grid trains one network with several values, and a GAN is made of two"
        raise fail("N507", message, whole.span("gan"), help="train each by --set")
    given = read_input(options.file)
    if options.file == "-":
        # The grid reads the network for each training, but standard input can be read only once:
        # the text takes its place.
        options.file = given.source.text
    network = read_trained(options)
    from netdsl.training.loop.grid import GridAxis, check_size, new_grid, points_of

    axes = [GridAxis.read(key, values) for key, values in options.grid]
    if options.folds:
        from netdsl.training.loop.folds import fold_axis, fold_settings, test_share_note

        # Last, so that it changes fastest: the folds of one combination follow each other.
        axes.append(fold_axis(options.folds))
        if any(key == "data.split.test" for key, _ in options.settings):
            message = "the folds are the test parts: `data.split.test` is set by --folds"
            raise fail("N506", message, help="leave --set data.split.test out")
        _check_once(axes, options)
        if whole is not None and whole.data.split.fold is not None:
            message = "the folds are all trained: `data.split.fold` is set by --folds"
            raise fail("N506", message, whole.span("data.split.fold"), help="leave `fold` out")
        if said := test_share_note(whole, options.folds):
            note(said)
        if options.data:  # which replaces all of `data`, before the split is set
            options.settings = [("data", json.dumps({"source": options.data})), *options.settings]
            options.data = None
        options.settings += [tuple(one) for one in fold_settings(options.folds)]
    check_size(axes)
    if not options.folds:
        _check_once(axes, options)
    _check_params(axes, options)
    for point in points_of(axes):  # all mistakes before the first step
        recipe = recipe_of(options, point)
        if recipe is not None and recipe.hosts:
            raise fail("N507", "a grid is trained by one process", recipe.span("hosts"))
    if options.folds:
        _check_folds(options, network, points_of(axes)[0])
    name = network.name if options.name is None else options.name
    what = "grid" if options.grid else "folds"
    return _trained(new_grid(axes, f"{name}-{what}", _command(options, given)), options)


def _check_once(axes: Sequence[GridAxis], options: argparse.Namespace) -> None:
    """Reject keys of the grid that an option sets as well, so that only one would count.

    `--set optimizer=sgd` and `--grid optimizer.rate=0.1,1` go together; with
    `--set optimizer.rate=0.1` and `--grid optimizer=sgd` the rate would be lost.

    Raises:
        NetError: N506.
    """
    alone = [key for key in KEYS if key != "data" and getattr(options, key) is not None]
    given = {PATHS.get(key, key): FLAGS.get(key, f"--{key.replace('_', '-')}") for key in alone}
    for axis in axes:
        # What options state is not lost: they take precedence over a section of the grid.
        found = [(axis.key, given[axis.key])] if axis.key in given else []
        found += [(k, "--set") for k, _ in options.settings if f"{k}.".startswith(f"{axis.key}.")]
        for key, option in found:
            message = f"`{key}` is set by {option}, and `{axis.key}` by --grid"
            raise fail("N506", message, help=f"leave out {option}, or the grid's")


def _check_folds(
    options: argparse.Namespace, network: Architecture | Fragment, first: Sequence[RecipeSetting]
) -> None:
    """Plan the first fold, so that data which cannot be divided is one error before any training.

    What is wrong with one combination of a grid only is left to its training.

    Raises:
        NetError: what planning it raises.
    """
    from netdsl.training.verbs import plan

    try:
        plan(network, recipe_of(options, first), **keys_of(options))
    except NetError as error:
        # Codes of shares and folds, which are the same for every combination.
        if not options.grid or error.code in ("N505", "N507", "N516"):
            raise


def _check_params(axes: Sequence[GridAxis], options: argparse.Namespace) -> None:
    """Reject params that the network does not have, or that `-p` sets as well.

    Raises:
        NetError: N108 where it is not a key of recipes either, N506.
    """
    from netdsl.params import parse_param
    from netdsl.training.recipes.recipe import Recipe

    of_network = [axis for axis in axes if axis.key.startswith(PARAMS)]
    names = [axis.key.removeprefix(PARAMS) for axis in of_network]
    for way, params in (("-p", options.params), ("FILE", split_params(options.file)[1])):
        for name, _ in params:
            if name in names:
                # Either would take precedence over the grid's values.
                raise fail("N506", f"the param `{name}` is set by {way} and by --grid")
    # One value of each is enough to see whether there is such a param.
    first = [
        (name, parse_param(axis.values[0])) for name, axis in zip(names, of_network, strict=True)
    ]
    try:
        read_trained(argparse.Namespace(**{**vars(options), "params": options.params + first}))
    except NetError as error:
        near = next(
            filter(None, (did_you_mean(name, Recipe.__dataclass_fields__) for name in names)), ""
        )
        if error.code != "N108" or not near:
            raise
        raise NetError(error.diagnostics[0]._replace(help=near)) from None


def resume_grid(folder: Path) -> int:
    """Train the combinations of a grid that are left.

    Returns:
        The exit code.

    Raises:
        NetError: N614 for a damaged folder, N616 where the network or the recipe has changed.
    """
    from netdsl.params import parse_param
    from netdsl.training.loop.grid import Grid
    from netdsl.training.runs.folder import GRID, damaged

    grid = Grid.load(folder)
    command = dict(grid.command)
    if command.keys() == {"folds"}:
        message = f"the folds of {folder} were begun in Python, with data that the command lacks"
        raise fail("N616", message, help="train them again: netdsl.cross_validate(...)")
    try:
        options = argparse.Namespace(
            **{name: command[name] for name in ("file", "recipe", "net", *KEYS)},
            input=tuple(map(int, command["input"])) if command["input"] else None,
            params=[(str(name), parse_param(str(text))) for name, text in command["params"]],
            settings=[(str(key), str(value)) for key, value in command["settings"]],
        )
        given = read_input(str(options.file))
    except (KeyError, TypeError, ValueError):
        raise damaged(folder / GRID) from None
    options.log = tuple(options.log) if options.log else None
    # The files may have been edited since: part of the table would be of another network.
    if _digest(options, given) != command.get("digest"):
        message = f"the network or the recipe of {folder} has changed since it began"
        raise fail("N616", message, help="train again, or restore the files")
    return _trained(grid, options)


def _trained(grid: Grid, options: argparse.Namespace) -> int:
    from netdsl.training.loop.folds import has_folds, write_folds
    from netdsl.training.loop.grid import train_grid
    from netdsl.training.reporting.fold_report import describe_folds
    from netdsl.training.reporting.grid_report import grid_table
    from netdsl.training.runs.folder import GRID_CHART, GRID_TABLE

    def recipe(settings: Sequence[RecipeSetting]) -> Recipe | None:
        return recipe_of(options, settings)

    try:
        found = train_grid(grid, read_trained(options), recipe, keys_of(options), is_quiet())
    except KeyboardInterrupt:
        print(f"interrupted: netdsl resume {grid.folder}", file=sys.stderr)
        return INTERRUPTED
    print(grid_table(found))
    files = [GRID_TABLE, GRID_CHART]
    if has_folds(grid):
        written = write_folds(grid, found)
        print(describe_folds([run for run in found if not run.why], written.pooled))
        files += written.files
    print(f"saved in {grid.folder}, with {enumerated(files)}")
    if any(run.why for run in found):
        return RUN_FAILED
    then = getattr(options, "then", None)
    return follow(then, [grid.folder / run.entry.name for run in found]) if then else 0


def _command(options: argparse.Namespace, given: CommandInput) -> dict[str, Any]:
    """Return what is needed to resume a grid, as values of JSON."""
    from netdsl.params import param_text

    return {
        "file": options.file,
        "recipe": options.recipe,
        "net": options.net,
        "input": options.input,
        "params": [[name, param_text(value)] for name, value in options.params],
        "settings": [list(one) for one in options.settings],
        **keys_of(options),
        "digest": _digest(options, given),
    }


def _digest(options: argparse.Namespace, given: CommandInput) -> str:
    """Hash the texts of the network and of the recipe."""
    import hashlib

    recipe = Path(options.recipe).read_bytes() if options.recipe else b""
    return hashlib.sha256(given.source.text.encode() + b"\0" + recipe).hexdigest()

"""What a run began with: its network, recipe and preparation, written before the first step and
read whenever the run is used later.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.analysis.canonical import digest
from netdsl.errors import NetError, fail
from netdsl.files import save, write
from netdsl.json_text import json_text
from netdsl.kinds.values import ArrayFile
from netdsl.reading import ReadOptions, read_file
from netdsl.training.data.fingerprint import fingerprint
from netdsl.training.preparation.transforms import Preparation, as_plain, from_plain
from netdsl.training.recipes.recipe import Recipe, load_recipe, recipe_hash
from netdsl.training.recipes.yaml_writer import to_yaml
from netdsl.training.runs.folder import (
    DISCRIMINATOR,
    PREPARATION,
    RECIPE,
    RUN,
    VERSIONS,
    damaged,
    read_json,
    require_file,
)

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.data import Data


def write_inputs(
    folder: Path,
    network: Architecture,
    recipe: Recipe,
    reasons: Mapping[str, str],
    data: Data,
    discriminator: Architecture | None = None,
) -> None:
    """Write what a run begins with, so that it can be resumed however it is stopped.

    Args:
        folder: the run's.
        network: what is trained, with its params and input. For a GAN, its generator.
        recipe: the recipe, with every value.
        reasons: why each value is what it is, by key.
        data: what it is trained on.
        discriminator: for a GAN, its other network.

    Raises:
        RunError: N610 where they cannot be written to the disk.
    """
    both = (network,) if discriminator is None else (network, discriminator)
    file = (
        # A file that the network uses may have this name: then the network's own name is kept.
        "network.net" if "network.net" not in network.used else os.path.basename(network.path or "")
    )
    # run.json is written last: a folder without it holds no run, so that killing the process before
    # leaves no half a run.
    write(folder / RECIPE, to_yaml(recipe, reasons))
    write(folder / file, network.text)
    for name, text in network.used.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, text)
    for array in (array for each in both for array in _array_files(each)):
        (folder / array.place).parent.mkdir(parents=True, exist_ok=True)
        save(folder / array.place, partial(shutil.copyfile, array.path))
    write(folder / PREPARATION, json_text(as_plain(data.preparation)) + "\n")
    write(folder / VERSIONS, json_text(_versions()) + "\n")
    values: dict[str, Any] = {
        "network": network.name,
        "file": file,
        "input": network.input_shape,
        "params": sum(each.counts.params for each in both),
        "graph": digest(network.graph),
        "arrays": _hashes(folder, network),
        "data": str(data.spec.source),
        "recipe": recipe_hash(recipe),
        "fingerprint": fingerprint(data),
        "began": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
    if discriminator is not None:
        values[DISCRIMINATOR] = {
            "network": discriminator.name,
            "graph": digest(discriminator.graph),
            "arrays": _hashes(folder, discriminator),
        }
    write(folder / RUN, json_text(values) + "\n")


def _array_files(network: Architecture) -> list[ArrayFile]:
    """Return the files of arrays that weights are initialized from, each once."""
    values = (each for op in network.graph.ops if op.kind for each in op.kind.values.values())
    found = {each.place: each for each in values if isinstance(each, ArrayFile)}
    return list(found.values())


def _hashes(folder: Path, network: Architecture) -> dict[str, str]:
    """Return the SHA-256 of each array in the run's folder that the network begins with."""
    return {
        array.place: sha256((folder / array.place).read_bytes()).hexdigest()
        for array in _array_files(network)
    }


def _versions() -> dict[str, str]:
    """Return the versions of what the run is made with."""
    import keras

    names = ("netdsl", "keras", keras.config.backend(), "numpy")
    return {"python": platform.python_version(), "platform": platform.platform()} | {
        name: _version(name) for name in names
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


# --- read again -----------------------------------------------------------------------------------


def is_adversarial(folder: Path) -> bool:
    """Return whether a folder is a GAN's run.

    Raises:
        NetError: N613, N614.
    """
    return DISCRIMINATOR in read_json(folder, RUN)


def read_network(folder: Path, part: str = "") -> Architecture:
    """Read the run's network, with the params and the input that it was trained with.

    Args:
        folder: the run's.
        part: `discriminator` for that of a GAN, else its generator.

    Raises:
        NetError: N613, N614, N616 where its graph or a file that it begins with is not the one
            that the run began with; or as for its text.
    """
    begun = read_json(folder, RUN)
    try:
        # The two networks share a file and an input's shape: only name, graph and arrays differ.
        values = {**begun, **begun[DISCRIMINATOR]} if part == DISCRIMINATOR else begun
        file, name, shape = str(values["file"]), str(values["network"]), values["input"]
        input_shape = tuple(map(int, shape)) if shape else None
    except (KeyError, TypeError, ValueError, OverflowError):
        raise damaged(folder / RUN) from None
    # If the file was changed, a path in it could lead out of the run's folder.
    if Path(file).name != file:
        raise damaged(folder / RUN)
    require_file(folder, file)
    options = ReadOptions(params=read_recipe(folder).params, input_shape=input_shape)
    network = read_file(folder / file, name, options, name)
    _require_same_graph(folder, file, network, values.get("graph"))
    if values.get("arrays", {}) != _hashes(folder, network):
        help = "put the file back that it was, or train again"
        raise fail("N616", f"a file that {folder / file} begins with has been changed", help=help)
    return network


def _require_same_graph(folder: Path, file: str, network: Architecture, begun: str | None) -> None:
    """Reject a network whose graph is not the one that the run began with.

    Runs of version 0.1.0 did not store their graph. In that version the uses of a shared layer
    could differ in their default activation, which W702 now reports.

    Raises:
        NetError: N616.
    """
    if begun is None:
        names = [piece.name for piece in network.graph.pieces]
        shared = len(names) > len(set(names))
        changed = shared and any(warning.code == "W702" for warning in network.warnings)
    else:
        changed = begun != digest(network.graph)
    if changed:
        version = read_json(folder, VERSIONS).get("netdsl", "another version")
        raise fail(
            "N616",
            f"{folder / file} is another network than the run began with: the file has been"
            f" changed, or netdsl {version}, which began it, read the file in another way",
            help="train again, or use the version of netdsl that began it",
        )


def read_recipe(folder: Path) -> Recipe:
    """Read the run's recipe, with every value.

    Raises:
        NetError: N613, N614.
    """
    require_file(folder, RECIPE)
    try:
        recipe = load_recipe(folder / RECIPE)
    except NetError:
        raise damaged(folder / RECIPE) from None
    # A run's recipe has every value; one that lacks these is not what `write_inputs` wrote.
    if not isinstance(recipe.batch, int) or None in (
        recipe.data.source,
        recipe.epochs,
        recipe.seed,
        recipe.early_stopping.every,
    ):
        raise damaged(folder / RECIPE)
    return recipe


def read_preparation(folder: Path) -> Preparation:
    """Read what was done to the run's data.

    Raises:
        NetError: N613, N614.
    """
    values = read_json(folder, PREPARATION)
    try:
        return from_plain(values)
    except (TypeError, KeyError, ValueError, AttributeError, IndexError, OverflowError):
        raise damaged(folder / PREPARATION) from None


def require_same_recipe(folder: Path, recipe: Recipe) -> None:
    """Reject resuming with a recipe that is not the one that the run began with.

    Raises:
        NetError: N616.
    """
    if read_json(folder, RUN).get("recipe") != recipe_hash(recipe):
        raise fail(
            "N616",
            f"{folder / RECIPE} has been changed since the run began",
            help="start a new training: netdsl train NETWORK RECIPE",
        )


def require_same_data(folder: Path, data: Data) -> None:
    """Reject resuming on data that is not the data that the run began with.

    Raises:
        NetError: N616.
    """
    if not is_trained_on(folder, data):
        raise fail(
            "N616",
            f"the data {data.spec.source} has changed since {folder} began",
            help="train again, or restore the old data",
        )


def is_trained_on(folder: Path, data: Data) -> bool:
    """Return whether the run began with this data.

    Args:
        folder: the run's.
        data: the data, read again with the run's preparation.
    """
    return bool(read_json(folder, RUN).get("fingerprint") == fingerprint(data))

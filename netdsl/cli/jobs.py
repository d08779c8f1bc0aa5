"""A network, a recipe and its keys on the command line, as `train` and `recipe` take them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from netdsl.cli.arguments import DATA_HELP, add_data, add_file, add_target, positive
from netdsl.cli.inputs import read_networks, read_trained
from netdsl.cli.terminal import note
from netdsl.errors import fail

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.reading import Fragment
    from netdsl.training.adversarial.job import AdversarialJob
    from netdsl.training.planning.job import Job
    from netdsl.training.recipes.recipe import Recipe

KEYS = ("data", "target", "drop", "epochs", "batch", "seed", "backend", "log", "init_from")
"""The keys that have options, which take precedence over the recipe."""

FLAGS = {"drop": "--ignore"}
"""The names of options that are not called as their key."""

PATHS = {"target": "data.target", "drop": "data.drop"}
"""Where a recipe has those that it does not have at its top."""


def add_job(parser: argparse.ArgumentParser) -> None:
    """Add FILE, RECIPE and the options that take precedence over the recipe's keys."""
    add_file(parser)
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE.yaml",
        help="how to train it; every key has a default",
    )
    add_data(parser, DATA_HELP)
    add_target(parser, "what to predict: a column of a table, a file of targets, or input")
    add_ignore(parser)
    parser.add_argument(
        "-e",
        "--epochs",
        type=positive,
        metavar="N",
        help="the maximum number of passes over the training data (default: 100)",
    )
    parser.add_argument(
        "-b",
        "--batch",
        type=_batch,
        metavar="N|auto",
        help="examples in a step, or auto: as many as the memory holds (default: 32 below 10,000 "
        "training examples, else 128)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="sets initial weights, shuffling and augmentation (default: 0)",
    )
    parser.add_argument(
        "--backend",
        choices=("tensorflow", "jax", "torch"),
        help="Keras's backend (default: its own choice)",
    )
    parser.add_argument(
        "--log",
        metavar="LOGGERS",
        type=_names,
        help="also log to tensorboard, mlflow, wandb",
    )
    parser.add_argument(
        "--init-from",
        metavar="OTHER",
        help="a run, a .keras or a .safetensors file with initial weights",
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        type=setting,
        default=[],
        metavar="KEY=VALUE",
        help="sets a key of the recipe: optimizer.rate=0.1",
    )


def add_ignore(parser: argparse.ArgumentParser) -> None:
    """Add `--ignore`: columns of a table that are left out."""
    parser.add_argument(
        "--ignore",
        dest="drop",
        metavar="A,B,...",
        type=_names,
        help="columns of a table that are left out",
    )


def _batch(text: str) -> int | str:
    return text if text == "auto" else positive(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def setting(text: str) -> tuple[str, str]:
    """Read a key and its value: `optimizer.rate=0.1`.

    Raises:
        argparse.ArgumentTypeError: where it is not `KEY=VALUE`.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def keys_of(options: argparse.Namespace) -> dict[str, Any]:
    """Gather the options that take precedence over a recipe's keys."""
    return {key: getattr(options, key) for key in KEYS}


def recipe_of(options: argparse.Namespace, more: Sequence[tuple[str, str]] = ()) -> Recipe | None:
    """Read the recipe, if one is named or keys of it are set.

    Args:
        options: of the command.
        more: further keys and values to set.

    Raises:
        NetError: where it has mistakes.
    """
    from netdsl.training.recipes.recipe import load_recipe, parse_recipe
    from netdsl.training.recipes.settings import RecipeSetting

    settings = [RecipeSetting(*one) for one in (*options.settings, *more)]
    of_data = next((one for one in settings if one.key.split(".")[0] == "data"), None)
    # --data is a whole `data` section: a key of it that is set as well would be lost silently.
    if options.data and of_data:
        message = f"--data replaces all of `data`, and `{of_data.text}` would be lost"
        raise fail("N506", message, help=f"--set data.source={options.data}")
    if options.recipe:
        return load_recipe(options.recipe, settings)
    # A caller who names data chose to do without the recipe.
    if not options.data and of_data is None:
        _note_recipe(options.file)
    return parse_recipe("", settings=settings) if settings else None


def _note_recipe(file: str) -> None:
    """Note that the recipe next to a network's file is not read, as none is named."""
    recipe = f"{file.removesuffix('.net')}.yaml"
    if file.endswith(".net") and os.path.isfile(recipe):
        note(f"{recipe} is not read; with it: netdsl train {file} {recipe}")


def network_to_train(options: argparse.Namespace, recipe: Recipe | None) -> Architecture | Fragment:
    """Read the network of a training; of a GAN, one of the two in its file.

    Raises:
        NetError: where it has mistakes; N507 where `--net` names one of a GAN's.
    """
    if recipe is None or not recipe.is_gan:
        return read_trained(options)
    if options.net is not None:
        message = f"a GAN is made of two networks, and --net {options.net} chooses one"
        raise fail("N507", message, help="name the two in the recipe: gan: {generator: NAME, ...}")
    return read_networks(options.file, options).networks[0]


def job_of(options: argparse.Namespace) -> Job | AdversarialJob:
    """Plan the training that is asked for.

    Raises:
        NetError: where the network, the recipe or the data has mistakes.
    """
    recipe = recipe_of(options)
    network = network_to_train(options, recipe)
    from netdsl.training.verbs import plan

    return plan(network, recipe, **keys_of(options))

"""Verbs of networks and of Keras models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from netdsl.api import arguments
from netdsl.api.texts import network_of, trained_of

if TYPE_CHECKING:
    from netdsl.api.arguments import PathArgument
    from netdsl.api.difference import NetworkDifference
    from netdsl.api.keys import RecipeKeys
    from netdsl.api.run import RecipeArgument, Run
    from netdsl.api.texts import NetworkArgument
    from netdsl.keras.calls import InputShapes


def from_keras(model: Any, input: InputShapes = None) -> str:
    """Write a Keras model as the text of a `.net` file; `Network.from_keras` gives the network.

    Args:
        model: a functional or sequential Keras model.
        input: the shape of its input without the batch, or of each by its name, where the model
            leaves sizes open.

    Returns:
        The text, after it was compared with the model as a function, on random weights and inputs.

    Raises:
        NetError: N602 where Keras is missing, N620 for what is not a model of layers, N621 for a
            layer that the language has no word for, N623 and N624 where the text cannot be shown
            to be the same function.
    """
    from netdsl.keras.importing import from_keras

    return from_keras(model, input)


def load_model(path: PathArgument) -> Any:
    """Load a Keras model from a `.keras` file, whatever layers of netdsl's it holds.

    Args:
        path: the file.

    Returns:
        The `keras.Model`, with its weights.

    Raises:
        NetError: N601 where there is no such file, N614 where it is damaged, N622 where it holds
            code.
    """
    from netdsl.keras.opening import load_model

    return load_model(arguments.path("path", path, "the path of a .keras file"))


def train(
    network: NetworkArgument,
    recipe: RecipeArgument = None,
    *,
    name: str | None = None,
    where: PathArgument = "runs",
    quiet: bool = False,
    **keys: Unpack[RecipeKeys],
) -> Run:
    """Train a network and keep the run in a new folder `where/NAME-N`.

    Args:
        network: a network, the path of a file, or a text; one without an input, such as
            `"fc-32 > fc-1"`, has the data's shape as its input.
        recipe: a Recipe, keys and values, or the path of a YAML file; what it leaves out has a
            default.
        name: of the run; the network's name where it is left out.
        where: the folder of runs.
        quiet: whether nothing is printed meanwhile.
        keys: keys of the recipe that replace those of `recipe`, and `target`; see `RecipeKeys`.

    Returns:
        The run, as `Network.train` gives it.

    Raises:
        NetError: with all mistakes in the network.
        RecipeError: for what is wrong with the recipe.
        DataError: for what is wrong with the data.
        RunError: N610 to N612 where the disk, the memory or the numbers fail.
    """
    from netdsl.api.run import train_architecture

    found = trained_of("network", network)
    return train_architecture(found, recipe, name, where, quiet, keys)


def diff(a: NetworkArgument, b: NetworkArgument) -> NetworkDifference:
    """Find what two networks do not share.

    Args:
        a: a network, the path of a file, or a text.
        b: the other one.

    Returns:
        The rows of both, what became of each, and the totals of both.

    Raises:
        NetError: with all mistakes in one of the two.

    >>> import netdsl
    >>> netdsl.diff("8 > fc-4 > fc-2", "8 > fc-5 > fc-2")
    <NetworkDifference of network and network: 2 of 3 rows differ>
    """
    return network_of("a", a).diff(network_of("b", b))

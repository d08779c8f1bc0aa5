"""Verbs of networks and of Keras models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from netdsl.api import arguments
from netdsl.api.texts import network_of

if TYPE_CHECKING:
    from netdsl.api.arguments import PathArgument
    from netdsl.api.difference import NetworkDifference
    from netdsl.api.keys import RecipeKeys
    from netdsl.api.run import RecipeArgument, Run
    from netdsl.api.texts import NetworkArgument
    from netdsl.keras.calls import InputShapes


def from_keras(model: Any, input: InputShapes = None) -> str:
    """Write a Keras model as the text of a `.net` file, after the two were compared as functions;
    `Network.from_keras` gives the network.

    Args:
        model: a functional or sequential Keras model.
        input: the shape of its input without the batch, or of each by its name, where the model
            leaves sizes open.

    Raises:
        NetError: N602 where Keras is missing, N620 for what is not a model of layers, N621 for a
            layer that the language has no word for, N623 and N624 where the text cannot be shown
            to be the same function.
    """
    from netdsl.keras.importing import from_keras

    return from_keras(model, input)


def load_model(path: PathArgument) -> Any:
    """Load a Keras model from a `.keras` file, whatever layers of netdsl's it holds.

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
    """Train a network, or that of a file or a text; see `Network.train`."""
    from netdsl.api.run import train_architecture

    found = network_of("network", network)
    return train_architecture(found, recipe, name, where, quiet, keys)


def diff(a: NetworkArgument, b: NetworkArgument) -> NetworkDifference:
    """Find what two networks do not share; each may be a network, a file or a text.

    >>> import netdsl
    >>> netdsl.diff("8 > fc-4 > fc-2", "8 > fc-5 > fc-2")
    <NetworkDifference of network and network: 2 of 3 rows differ>
    """
    return network_of("a", a).diff(network_of("b", b))

"""Public functions on networks and on Keras models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from netdsl.api import arguments
from netdsl.api.texts import network_of, trained_of
from netdsl.constants import FORMATS, SLOTS

if TYPE_CHECKING:
    from netdsl.api.arguments import PathArgument
    from netdsl.api.difference import NetworkDifference
    from netdsl.api.keys import RecipeKeys
    from netdsl.api.run import RecipeArgument, Run
    from netdsl.api.texts import NetworkArgument
    from netdsl.architecture import Architecture
    from netdsl.keras.calls import InputShapes
    from netdsl.reading import Fragment


def from_keras(model: Any, input: InputShapes = None) -> str:
    """Write a Keras model as the text of a `.net` file; `Network.from_keras` returns the network.

    Args:
        model: a functional or sequential Keras model.
        input: the shape of its input without the batch, or of each by its name, where the model
            leaves sizes open.

    Returns:
        The text, after comparing its outputs with the model's, on random weights and inputs.

    Raises:
        NetError: N602 where Keras is missing, N620 for what is not a model of layers, N621 for a
            layer that the language has no word for, N623 and N624 where the text cannot be shown
            to be the same function.
    """
    from netdsl.keras.importing import from_keras

    return from_keras(model, arguments.model_shapes(input))


def load_model(path: PathArgument) -> Any:
    """Load a Keras model from a `.keras` file, also one with netdsl's own layers.

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
            `"fc-32 > fc-1"`, gets the data's shape as its input. The two networks of a GAN are in
            one file.
        recipe: a Recipe, keys and values, or the path of a YAML file; what it leaves out has a
            default.
        name: of the run; the network's name where it is left out.
        where: the folder of runs.
        quiet: whether nothing is printed during the training.
        keys: keys of the recipe that replace those of `recipe`, `target` and `drop`; see
            `RecipeKeys`.

    Returns:
        The run, as `Network.train` returns it.

    Raises:
        NetError: with all mistakes in the network.
        RecipeError: for what is wrong with the recipe.
        DataError: for what is wrong with the data.
        RunError: N610 where the disk fails, N611 for numbers that are not finite, N612 where the
            memory is too small.
    """
    from netdsl.api.run import train_architecture

    def read(several: bool) -> Architecture | Fragment:
        return trained_of("network", network, several)

    return train_architecture(read, recipe, name, where, quiet, keys)


def summary(
    networks: Iterable[NetworkArgument],
    *,
    by: str = "network",
    columns: Sequence[str] | str | None = None,
    format: str = "text",
    sort: str | None = None,
    batch: int = 1,
    precision: str = "float32",
    optimizer: str = "adam",
    bias: bool = True,
    units: bool = False,
) -> str:
    """Write one table of several networks, as `netdsl table A B C` does.

    Args:
        networks: each a network, the path of a file, or a text.
        by: network for a row each, or stage for a column each, as papers print configurations.
        columns: those of `Network.table` except share, and also input, parameters, inference_peak
            and training_peak; all of them in JSON. By stage they become rows below the stages.
        format: text, markdown, csv, latex, html or json.
        sort: a column to sort the rows by, the largest first.
        batch: how many examples the memory is for.
        precision: float32, float64, bfloat16 or mixed, which the memory is for.
        optimizer: whose slots count in the training peak.
        bias: whether `params` counts biases and the factors of norms.
        units: whether numbers are shortened: 138.4 M.

    Returns:
        The table as text in the format.

    Raises:
        NetError: with all mistakes in one of them; N107 for an unknown word, N625 for a column that
            does not exist.

    >>> import netdsl
    >>> print(netdsl.summary(["8 > fc-4", "8 > fc-5 > fc-4"], columns="depth,params"))
    network    depth  params
    ------------------------
    network        1      36
    network 2      2      69
    """
    from netdsl.api.tables import table_view
    from netdsl.report import networks as of_networks
    from netdsl.report import stages
    from netdsl.report.several import several_text

    # A text is iterable, too: each of its letters would be read as a network.
    if isinstance(networks, str | bytes) or not isinstance(networks, Iterable):
        raise arguments.wrong_type("networks", "networks in a list", networks)
    found = [network_of(f"networks[{at}]", each) for at, each in enumerate(networks)]
    format = arguments.one_of("format", format, (*FORMATS, "json"))
    by_stage = arguments.one_of("by", by, ("network", "stage")) == "stage"
    if columns is None:
        usual = stages.DEFAULT_COLUMNS if by_stage else of_networks.DEFAULT_COLUMNS
        columns = of_networks.NETWORK_COLUMNS if format == "json" else usual
    known = of_networks.NETWORK_COLUMNS
    view = table_view(by, columns, known, of_networks.SORTED, sort, batch, precision, bias, units)
    optimizer = arguments.one_of("optimizer", optimizer, SLOTS)
    return several_text(found, view, optimizer, by=by, format=format)


def diff(a: NetworkArgument, b: NetworkArgument) -> NetworkDifference:
    """Find the differences between two networks.

    Args:
        a: a network, the path of a file, or a text.
        b: the other one.

    Returns:
        The rows of both, each with how it changed, and the totals of both.

    Raises:
        NetError: with all mistakes in one of the two.

    >>> import netdsl
    >>> netdsl.diff("8 > fc-4 > fc-2", "8 > fc-5 > fc-2")
    <NetworkDifference of network and network: 2 of 3 rows differ>
    """
    return network_of("a", a).diff(network_of("b", b))

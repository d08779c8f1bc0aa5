"""The two networks of a GAN: found in one file, and checked against each other. No Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netdsl.analysis.components import component_kernels
from netdsl.errors import NetError, Source, did_you_mean, fail
from netdsl.kinds.draws import Gaussian
from netdsl.kinds.values import Indices, dims
from netdsl.reading import ReadOptions, check_source, only
from netdsl.training.data import TensorSpec
from netdsl.training.runs.folder import DISCRIMINATOR, GENERATOR

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from netdsl.architecture import Architecture
    from netdsl.errors import Span
    from netdsl.graph import Port
    from netdsl.training.recipes.recipe import Recipe

ENDS = {
    "nonsaturating": ("linear", "sigmoid"),
    "least-squares": ("linear",),
    "wasserstein-gp": ("linear",),
}
"""The activations that a discriminator may end with, by the loss; scores are taken before them."""


class NetworkPair(NamedTuple):
    """A generator and a discriminator that fit each other.

    Attributes:
        generator: the network from noise, and a class if examples have some, to an example.
        discriminator: the network from an example, and its class, to a score.
        classes: how many there are; 0 where examples have no class.
    """

    generator: Architecture
    discriminator: Architecture
    classes: int

    @property
    def noise(self) -> Port:
        """The generator's input of noise."""
        # Of the two inputs, the class is the one of indices; their order does not matter.
        return next(port for port in self.generator.inputs if not vocabulary(port, self.generator))

    @property
    def example(self) -> Port:
        """The discriminator's input of examples."""
        own = self.discriminator
        return next(port for port in own.inputs if not vocabulary(port, own))

    @property
    def signed(self) -> bool:
        """Whether the generator gives numbers from -1 to 1."""
        return self.generator.outputs[0].activation == "tanh"

    @property
    def params(self) -> int:
        """The parameters of both."""
        return self.generator.counts.params + self.discriminator.counts.params


def vocabulary(port: Port, network: Architecture) -> int:
    """Return how many different indices an input takes, 0 where it takes real numbers."""
    shape = network.graph.ops[port.op].shape
    return shape.limit if isinstance(shape, Indices) else 0


def find_pair(network: Architecture, recipe: Recipe, params: Mapping[str, Any]) -> NetworkPair:
    """Find the two networks that a recipe names in the file of a network.

    Args:
        network: any one of the file.
        recipe: names them in `gan`.
        params: those that are set from outside.

    Raises:
        NetError: N113 where there is no such network, N507 where both are one, N690 where they do
            not fit each other or the loss, and for each mistake in the text.
    """
    source = Source(network.path or "<text>", network.text)
    options = ReadOptions(network.path, params, network.input_shape)
    # The file is read again: a network that was chosen from it does not hold the other one.
    checked = check_source(source, options, network.name)
    if checked.faulty:
        raise NetError(*checked.diagnostics)
    if len(checked.names) == 1:
        raise fail(
            "N113",
            f"{source.name} holds one network, {checked.names[0]}; a GAN is made of two",
            recipe.span("gan"),
            help="write `net generator` before one and `net discriminator` before the other",
        )
    names = {
        GENERATOR: recipe.gan.generator or GENERATOR,
        DISCRIMINATOR: recipe.gan.discriminator or DISCRIMINATOR,
    }
    for role, name in names.items():
        if name not in checked.names:
            known = f"it holds {', '.join(checked.names)}"
            raise fail(
                "N113",
                f"{source.name} does not hold a network `{name}`",
                recipe.span(f"gan.{role}") or recipe.span("gan"),
                help=did_you_mean(name, checked.names) or f"{known}: gan: {{{role}: NAME}}",
            )
    if names[GENERATOR] == names[DISCRIMINATOR]:
        message = f"`{names[GENERATOR]}` cannot be generator and discriminator at once"
        raise fail("N507", message, recipe.span("gan.discriminator"))
    generator, discriminator = (only(checked, name) for name in names.values())
    return _fitting(generator, discriminator, recipe.gan.loss or "nonsaturating")


def _fitting(generator: Architecture, discriminator: Architecture, loss: str) -> NetworkPair:
    """Return the two, once they fit each other and the loss. Raises NetError N690."""
    for network in (generator, discriminator):
        if len(network.outputs) != 1:
            message = f"{network.name} has {len(network.outputs)} outputs; in a GAN it has one"
            raise _unfit(network, message)
        _check_layers(network)
    _, given = _inputs(generator, "of noise")
    example, asked = _inputs(discriminator, "of examples")
    made = generator.outputs[0]
    if tuple(made.shape) != tuple(example.shape):
        message = (
            f"{generator.name} gives {dims(made.shape)}, and {discriminator.name} takes "
            f"{dims(example.shape)}: the one must be the other's input"
        )
        help = f"make the input of {discriminator.name} {dims(made.shape)}, or change the layers"
        raise _unfit(discriminator, message, example, help)
    if given != asked:
        first, second = (f"a class of {count}" if count else "no class" for count in (given, asked))
        message = f"{generator.name} takes {first}, and {discriminator.name} {second}"
        help = f"write `input class: 1 of int({max(given, asked)})` in both, or in neither"
        raise _unfit(discriminator if given else generator, message, help=help)
    score = discriminator.outputs[0]
    if score.shape[-1] != 1:
        message = f"{discriminator.name} gives {dims(score.shape)}; a score is one number"
        raise _unfit(discriminator, message, score, "end it with `linear-1`")
    ends = discriminator.graph.ops[score.op].kind
    # Only a sigmoid of the units themselves, as scores are taken before it: they cannot be taken
    # before a sigmoid within another kind.
    if score.activation not in ENDS[loss] or (
        score.activation == "sigmoid" and (ends is None or ends.word != "sigmoid")
    ):
        message = f"{discriminator.name} ends with `{score.activation}`"
        words = " or ".join(f"`{word}-1`" for word in ENDS[loss])
        raise _unfit(discriminator, f"{message}; `{loss}` needs {words}", score, "linear-1")
    normed = next((op for op in discriminator.graph.ops if op.kind and op.kind.word == "bn"), None)
    if loss == "wasserstein-gp" and normed is not None:
        message = (
            f"{discriminator.name} has batch norm, which makes an example's score depend on others;"
            " the gradient penalty is of each example alone"
        )
        span = discriminator.graph.layers[normed.layer].span
        raise fail("N690", message, span, help="leave it out, or use `ln`")
    return NetworkPair(generator, discriminator, given)


def _check_layers(network: Architecture) -> None:
    """Reject layers that need more of a training than a GAN's steps do. Raises NetError N690."""
    graph = network.graph
    components = {op.name for op, _ in component_kernels(graph)}
    for op in graph.ops:
        if op.kind is None:
            continue
        what = (
            "`init=pca` begins at the components of a training part"
            if op.name in components
            else "`gaussian` adds a divergence to the loss"
            if isinstance(op.kind, Gaussian)
            else "`act_l1` adds a penalty on activations to the loss"
            if op.kind.values.get("act_l1")
            else ""
        )
        if what:
            span = graph.layers[op.layer].span
            message = f"{what}, which the networks of a GAN do not have"
            raise fail("N690", message, span, help="leave it out")


def _inputs(network: Architecture, what: str) -> tuple[Port, int]:
    """Return the one input of real numbers, and the classes of the other, if any."""
    real = [port for port in network.inputs if not vocabulary(port, network)]
    labels = [port for port in network.inputs if vocabulary(port, network)]
    if len(real) != 1:
        message = f"{network.name} has {len(real)} inputs of numbers; it needs one, {what}"
        raise _unfit(network, message)
    if len(labels) > 1 or any(tuple(port.shape) != (1,) for port in labels):
        message = f"{network.name} can be given one class: `input class: 1 of int(10)`"
        raise _unfit(network, message, labels[0])
    return real[0], vocabulary(labels[0], network) if labels else 0


def _unfit(
    network: Architecture, message: str, port: Port | None = None, help: str = ""
) -> NetError:
    """Return the error for networks that do not fit, at the place of a port, or of the first."""
    op = network.graph.ops[(port or network.inputs[0]).op]
    span: Span | None = network.graph.layers[op.layer].span
    return fail("N690", message, span, help=help)


def example_spec(pair: NetworkPair) -> TensorSpec:
    """Return the name and the shape of a real example."""
    return TensorSpec(pair.example.name, tuple(pair.example.shape))

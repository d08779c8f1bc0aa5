"""From a Keras model to a `.net` file, and to the model of that file with the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

from netdsl.keras import private
from netdsl.keras.build import Built, build_layers, toolbox
from netdsl.keras.calls import InputShapes, calls_of_model
from netdsl.keras.describe import Imported, imported
from netdsl.keras.same_function import Comparison, WeightPair
from netdsl.kinds.other import Standardize


class ImportedModel(NamedTuple):
    """A model as a file.

    Attributes:
        text: the `.net` file's.
        clone: the Keras model of that text, with the first one's weights.
        left_out: what is not in the text and changes nothing in use: one sentence for each reason.
    """

    text: str
    clone: Any
    left_out: tuple[str, ...]


def from_keras(model: Any, input: InputShapes = None) -> str:
    """Write a Keras model as the text of a `.net` file.

    Blocks become `def`s, repeats `xN`, residuals `res`, and branches merges.

    Raises:
        NetError: as `import_model`.
    """
    return import_model(model, input).text


def import_model(
    model: Any,
    input: InputShapes = None,
    own_weights: bool = True,
    report: Callable[[int], None] = lambda macs: None,
) -> ImportedModel:
    """Write a Keras model as text, build the Keras model of that text, and compare what both
    compute.

    Args:
        model: a functional or sequential one.
        input: the shape of its input, or of each by its name, where it leaves sizes open.
        own_weights: whether the two are compared on the model's own weights too.
        report: is called before the two are compared, with the multiply-accumulates of an example.

    Raises:
        NetError: N620 for a model that is not of layers joined by inputs and outputs; N621 where
            the language has no word for a layer; N623 where the text would be another function;
            N624 where the comparison cannot tell.
    """
    toolbox()
    calls = calls_of_model(model, input)
    found = imported(calls)
    with catch_warnings():
        simplefilter("ignore")  # Keras's, of masks that layers drop, as the model has them too
        built = build_layers(found.network)
    pairs = list(_weight_pairs(calls.operations, found, built))
    macs = found.network.counts.macs
    # Before the comparison: its last part is on the model's own weights.
    _carry(pairs, built.model)
    report(macs)
    measured = dict(_measured(calls.operations, found))
    graph = found.network.graph
    Comparison(model, built.model, pairs, graph, macs, measured).hold(own_weights)
    return ImportedModel(found.text, built.model, found.left_out)


def _weight_pairs(
    operations: tuple[Any, ...], found: Imported, built: Built
) -> Iterator[WeightPair]:
    """Pair the weights of a model with those of the one that is built of its text."""
    ops = found.network.graph.ops
    backs: dict[str, list[str]] = {}  # by a layer with a kernel, those that use it transposed
    for op in ops:
        if op.tied is not None:
            backs.setdefault(ops[op.tied].name, []).append(op.name)
    tied = {name for names in backs.values() for name in names}
    for name in found.holders:
        if name in tied:
            continue  # its biases come with the kernel
        holders = [
            number
            for each in (name, *backs.get(name, ()))
            for number in found.holders.get(each, ())
        ]
        sources = [w for number in holders for w in private.weights_of(operations[number])]
        # Both in Keras's order of a layer's weights; `strict` catches a layer that holds one more.
        targets = [weight for layer in built.layers[name] for weight in layer.weights]
        yield from map(WeightPair._make, zip(sources, targets, strict=True))


def _measured(
    operations: tuple[Any, ...], found: Imported
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the means and standard deviations that normalization layers measured on data."""
    kinds = {op.name: op.kind for op in found.network.graph.ops}
    for name, numbers in found.holders.items():
        if isinstance(kinds[name], Standardize):
            # `Normalization` keeps mean, variance, count.
            mean, variance, *_ = operations[numbers[0]].get_weights()
            yield name, (mean, variance**0.5)


def _carry(pairs: list[WeightPair], clone: Any) -> None:
    """Copy the weights, maybe in other shapes (1x1xCxN as CxN)."""
    keras = toolbox().keras
    for pair in pairs:
        pair.target.assign(keras.ops.reshape(pair.source.value, pair.target.shape))
    for layer in clone.layers:
        if isinstance(layer, keras.layers.Normalization):
            # It computes with copies of its statistics, made here.
            layer.finalize_state()

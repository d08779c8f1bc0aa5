"""A layer of the `.net` file that a Keras model becomes."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

from netdsl.kinds import Argument, Kind, LayerSpec, Ref, make
from netdsl.kinds.each import on_each
from netdsl.kinds.values import Shape


class ImportedLayer(NamedTuple):
    """A layer of the `.net` file.

    Attributes:
        kind: as it was read, without the later layers that became options of it.
        spec: as it is written, with all options of the Keras layer, its norm and activation too.
        inputs: the layers that go in: one, then those that its options name; or a merge's branches.
        holders: for each of its operations with weights the Keras calls that hold them.
        shape: its output's; where Keras has 1x1xC, this may be a vector of C.
        shared: the number of the Keras operation, where that is called several times.
        option: the option of the layer before it that replaces it, where it can only be that.
        kernel: the number of the Keras operation that holds its kernel, where several have one
            kernel.
    """

    kind: Kind
    spec: LayerSpec
    inputs: tuple[int, ...]
    holders: tuple[tuple[int, ...], ...]
    shape: Shape
    shared: int | None = None
    option: Argument | None = None
    kernel: int | None = None

    @classmethod
    def plain(
        cls, spec: LayerSpec, inputs: tuple[int, ...], shape: Shape, axes: Shape = ()
    ) -> Self:
        """Make a layer without weights that is not a call of Keras's, on elements along `axes`."""
        return cls(on_each(make(spec), axes), spec, inputs, (), (*axes, *shape))

    @property
    def options(self) -> dict[str, Any]:
        """The options that are written with their names."""
        return {each.name: each.value for each in self.spec.arguments if each.name is not None}

    @property
    def positional(self) -> tuple[Any, ...]:
        """The options that are written without their names."""
        return tuple(each.value for each in self.spec.arguments if each.name is None)

    def with_option(self, option: Argument) -> Self:
        """Return the layer with this option set, whatever its value was before."""
        others = (each for each in self.spec.arguments if each.name != option.name)
        return self._replace(spec=self.spec._replace(arguments=(*others, option)))


class ModelLayers(NamedTuple):
    """A model's layers, and which of them are its inputs and outputs.

    Attributes:
        tensors: those that are tensors of the network's own.
        left_out: what has no word and changes nothing in use: a sentence for each reason.
    """

    layers: list[ImportedLayer]
    inputs: list[int]
    outputs: list[int]
    tensors: list[int]
    left_out: tuple[str, ...] = ()

    @property
    def roots(self) -> list[int]:
        """The layers that take no input, statements of their own."""
        return [*self.inputs, *self.tensors]


def as_point(layers: list[ImportedLayer], place: int) -> Ref:
    """Name a layer as the options of others do."""
    layer = layers[place]
    inputs = tuple((source, layers[source].shape) for source in layer.inputs)
    return Ref("", place, layer.shape, layer.kind if layer.inputs else None, inputs)

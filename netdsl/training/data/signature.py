"""The inputs and outputs of a network, which data must fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netdsl.kinds.values import Indices

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.preparation.rows import Shape
    from netdsl.training.preparation.transforms import Preparation


class TensorSpec(NamedTuple):
    """An input or output of a network.

    Attributes:
        name: its name.
        shape: its shape, without the batch.
        activation: an output's activation.
        vocabulary: the number of indices that an input accepts, 0 where it takes real numbers.
    """

    name: str
    shape: Shape
    activation: str = ""
    vocabulary: int = 0


class NetworkSignature(NamedTuple):
    """The inputs and outputs of a network, in its order.

    Attributes:
        inputs, outputs: of the network.
        sized: whether their shapes are known: a network without an input takes that of the data.
        crop_from: the height of the images that the input is cut out of, 0 without cropping.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    sized: bool = True
    crop_from: int = 0

    @classmethod
    def of(cls, network: Architecture, crop_from: int = 0) -> NetworkSignature:
        """Return the signature of a network, whose input is cut out of images of this height."""
        inputs = []
        for point in network.inputs:
            shape = network.graph.ops[point.op].shape
            vocabulary = shape.limit if isinstance(shape, Indices) else 0
            inputs.append(TensorSpec(point.name, tuple(shape), vocabulary=vocabulary))
        outputs = (
            TensorSpec(point.name, tuple(point.shape), point.activation)
            for point in network.outputs
        )
        return cls(tuple(inputs), tuple(outputs), crop_from=crop_from)

    @classmethod
    def of_preparation(cls, preparation: Preparation) -> NetworkSignature:
        """Return the signature of the network that data was prepared for."""
        inputs = (
            TensorSpec(one.name, one.shape, vocabulary=one.vocabulary) for one in preparation.inputs
        )
        outputs = (TensorSpec(one.name, one.shape, one.activation) for one in preparation.outputs)
        return cls(tuple(inputs), tuple(outputs), crop_from=preparation.inputs[0].crop_from)

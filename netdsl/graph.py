"""The network as a graph of operations: frozen, in the order of the text, each with its shape,
its place and its path of blocks.
"""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import Span
from netdsl.kinds.facts import Weight
from netdsl.kinds.kind import Kind
from netdsl.kinds.values import LayerSpec, Shape, dims

if TYPE_CHECKING:
    from typing import Protocol

    class Consumer(Protocol):
        """An operation, a layer or a call: what reads the outputs of others."""

        @property
        def inputs(self) -> tuple[int, ...]:
            """The operations that are read."""


CODE_NAMES = ("code", "codes", "z", "latent", "bottleneck")
"""Names of points that hold a code: sampling runs the decoder from there."""

_MANY_PORTS = 4
"""From how many inputs or outputs of one shape a description gives their number instead of each."""


class Op(NamedTuple):
    """One operation: a kind applied to the outputs of earlier operations.

    Attributes:
        kind: the configured layer; None for an input.
        inputs: indices of the operations whose outputs it reads.
        shape: the output's shape, without the batch, channels last.
        layer: index of the layer that the operation belongs to.
        name: its name in the Keras model, unique in the network.
        shares: the operation whose weights these are (a further use of a `let`), or None.
        tied: the operation whose kernel this one uses transposed (`tie`), or None.
    """

    kind: Kind | None
    inputs: tuple[int, ...]
    shape: Shape
    layer: int
    name: str
    shares: int | None = None
    tied: int | None = None

    @property
    def size(self) -> int:
        """Elements of the output, for one example."""
        return math.prod(self.shape)


class Layer(NamedTuple):
    """One row of a table: a layer as it was written, with its norm and activation, or an input.

    Attributes:
        ops: indices of its operations: first the layer itself, then its norm and its activation.
        text: as it was written, numbers put in.
        name: its stable name, made from the path of blocks.
        path: the uses of blocks that led to it, outermost first.
        uses: where the innermost of these uses are written, outermost first.
        blocks: the same uses as `path`, each by its number among the graph's.
        spec: what was written, evaluated, with the defaults in force; None where nothing was.
    """

    ops: tuple[int, ...]
    text: str
    name: str
    span: Span | None
    path: tuple[str, ...]
    uses: tuple[Span, ...] = ()
    blocks: tuple[int, ...] = ()
    spec: LayerSpec | None = None


class BlockUse(NamedTuple):
    """A use of a block or of a `let`.

    Attributes:
        word: the block's name: `bottleneck`.
        text: the use as it was written, numbers put in: `bottleneck(128, 2)`.
        span: where it is written.
    """

    word: str
    text: str
    span: Span


class Port(NamedTuple):
    """A named input or output of the network."""

    name: str
    op: int
    shape: Shape
    activation: str = "linear"


class Piece(NamedTuple):
    """A use of a `let`.

    Its name, its layers from `first` to `stop` (excluded), the layer whose output it gives, and
    the axes of the elements that it works on within `each`.
    """

    name: str
    first: int
    stop: int
    end: int
    axes: Shape = ()


class Graph(NamedTuple):
    """A whole network.

    Operations come after what they read; `pieces` are the uses of `let`s, those within others
    before them; `blocks` all uses of blocks, in the order of the text.
    """

    ops: tuple[Op, ...]
    layers: tuple[Layer, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    points: dict[str, int]
    pieces: tuple[Piece, ...] = ()
    blocks: tuple[BlockUse, ...] = ()

    def with_an_input_first(self) -> Iterator[tuple[int, Op]]:
        """Yield the operations with their indices, an input before all others.

        In Keras the network's own tensors (`learned`, `fixed`) are called on it, as it knows how
        many examples there are.
        """
        first = self.inputs[0].op
        yield first, self.ops[first]
        yield from ((index, op) for index, op in enumerate(self.ops) if index != first)

    def read_by(self, op: Op) -> tuple[int, ...]:
        """Return the operations that an operation's Keras layers are called on."""
        # A Keras layer needs a tensor: of this one it takes the size of the batch alone.
        is_source = op.kind is not None and op.kind.is_source
        return (self.inputs[0].op,) if is_source else op.inputs

    def input_shapes(self, op: Op) -> tuple[Shape, ...]:
        """Return the shapes of an operation's inputs."""
        return tuple(self.ops[index].shape for index in op.inputs)

    def weights(self, op: Op) -> tuple[Weight, ...]:
        """Return the arrays that an operation holds itself.

        Without those that it shares, and without a kernel that it is tied to.
        """
        if op.kind is None or op.shares is not None:
            return ()
        arrays = op.kind.weights(*self.input_shapes(op))
        return (
            arrays
            if op.tied is None
            else tuple(array for array in arrays if array.role != "kernel")
        )

    def written(self, layer: Layer) -> str:
        """Return the layer with every default, as `expand` prints it."""
        op = self.ops[layer.ops[0]]
        return op.kind.written() if op.kind else layer.text


def shapes_text(ports: "Sequence[Port]", joint: str = " and ") -> str:
    """Return the shapes of inputs or outputs: `13 and 26 times 1 of int(1000)`."""
    runs: list[tuple[str, int]] = []
    for shape in (dims(port.shape) for port in ports):
        same = bool(runs) and runs[-1][0] == shape
        # Runs only: 13 and 26 times 1 keep the order in which the inputs are given.
        runs[-1:] = [(shape, runs[-1][1] + 1)] if same else [*runs[-1:], (shape, 1)]
    return joint.join(
        f"{times} times {shape}" if times >= _MANY_PORTS else joint.join([shape] * times)
        for shape, times in runs
    )


def consumers_of(ops: "Sequence[Consumer]") -> list[list[int]]:
    """Return for each operation those that read its output."""
    found: list[list[int]] = [[] for _ in ops]
    for index, op in enumerate(ops):
        for source in op.inputs:
            found[source].append(index)
    return found

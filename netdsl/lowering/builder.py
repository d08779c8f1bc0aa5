"""The graph in the making: operations and layers, each within the limits when it is added."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from netdsl.errors import Diagnostic, NetError, Span, fail
from netdsl.graph import BlockUse, Layer, Op, Piece, Port
from netdsl.kinds import KINDS, Kind, LayerError, LayerSpec
from netdsl.kinds.facts import Weight
from netdsl.kinds.values import Defaults, Indices, Shape, dims, shown
from netdsl.library import Library
from netdsl.limits import Limits
from netdsl.lowering.defaults import DefaultActivations
from netdsl.lowering.faults import UNKNOWN, Faults
from netdsl.lowering.fewest import Least, LeastCounter
from netdsl.naming import unique_name

_PASSAGE = KINDS["id"].make(LayerSpec("id"))
"""What leads into an `each` or out of it, in the graph in the making."""


class NotShareable(Exception):
    """A further use of a `let` that makes another piece than the first."""


class PlannedLayer(NamedTuple):
    """A layer on its inputs, ready to be added.

    Attributes:
        kind: the configured layer.
        shape: of its output.
        text: how it is written.
        parts: its norm and its activation, and whether each is a default that may be left out.
        warnings: what its kind warns of.
        stated: where a `default` statement states its activation, if one does.
        defaults: kept alive, as `GraphBuilder.planned` knows them by their identity.
        spec: what was written, evaluated; None where nothing was.
    """

    kind: Kind
    shape: Shape
    text: str
    parts: tuple[tuple[Kind, bool], ...]
    warnings: tuple[LayerError, ...]
    stated: Span | None
    defaults: Defaults
    spec: LayerSpec | None = None


class GraphBuilder:
    """What one text has made so far.

    Attributes:
        limits: how much it may ask for.
        library: finds the files that it names.
        ops: the operations.
        layers: the rows of a table; each operation belongs to one.
        inputs: the network's.
        input_names: theirs.
        ends: the last operation of each flow, and those that `output` names, in order.
        given_out: those that `output` names: their names, and their places in `ends`.
        idle_flows: those that only name a point again: where each is written, and its operation.
        pieces: the uses of `let`s.
        blocks: all uses of blocks, those of `let`s among them.
        activations: the default activations, which only the whole network can resolve.
        warnings: of layers.
        first_uses: by the identity of a `let`, the operations of its first use.
        sharing: for each use of a `let` that is being made, the operations of its first use that
            are not matched yet; None within a first use.
        planned: layers by what their outcome depends on: deep networks repeat them.
        counter: counts the least that a piece of the text makes.
        kinds: configured layers by what they depend on, each with the defaults that it was made
            for: kept alive, as they are known by their identity.
        steps: how many steps were made one by one.
        axes: those in front of the shapes that are seen here: of the `each`s around.
        axes_of: these axes, by operation; none where they are left out.
        passages: operations that only lead into an `each` or out of it.
        faults: the mistakes of the statement at hand.
    """

    def __init__(self, limits: Limits, library: Library, faults: Faults) -> None:
        self.limits = limits
        self.library = library
        self.faults = faults
        self.ops: list[Op] = []
        self.layers: list[Layer] = []
        self.inputs: list[Port] = []
        self.input_names: set[str] = set()
        self.ends: list[int] = []
        self.given_out: dict[int, tuple[str, int]] = {}
        self.idle_flows: list[tuple[Span, int]] = []
        self.pieces: list[Piece] = []
        self.blocks: list[BlockUse] = []
        self.activations = DefaultActivations()
        self.warnings: list[Diagnostic] = []
        self.first_uses: dict[int, range] = {}
        self.sharing: list[Iterator[int] | None] = []
        self.planned: dict[Any, PlannedLayer] = {}
        self.counter = LeastCounter(limits)
        self.kinds: dict[Any, tuple[Kind, Defaults]] = {}
        self.steps = 0
        self.axes: Shape = ()
        self.axes_of: dict[int, Shape] = {}
        self.passages: set[int] = set()
        # By the identity of a kind; kinds stay alive in `ops`.
        self._with_arrays: dict[int, bool] = {}
        self._names: set[str] = set()
        # The number that a name has come to: else the 10,000th `conv` would try 9,999 names.
        self._last: dict[str, int] = {}

    def add_input(self, name: str, shape: Shape, span: Span | None) -> int:
        """Add an input of the network.

        Raises:
            NetError: N407 where it is too large.
        """
        self.check_elements(shape, span)
        index = len(self.ops)
        self.ops.append(Op(None, (), shape, len(self.layers), self.unique(name)))
        label = "input" if name == "input" else f"input {name}:"
        self.layers.append(Layer((index,), f"{label} {dims(shape)}", name, span, ()))
        self.inputs.append(Port(name, index, shape))
        self.input_names.add(name)
        return index

    def give_out(self, at: int, name: str) -> None:
        """Make an operation an output, whatever reads it."""
        # Outputs are ordered by their `output` statements, not by where the flows end.
        self.given_out[at] = name, len(self.ends)
        self.ends.append(at)

    def add_tensor(self, name: str, kind: Kind, shape: Shape, span: Span) -> int:
        """Add a tensor of the network's own, which takes no input.

        Raises:
            NetError: N406 where the network is too large.
        """
        at = self._add(kind, (), shape, len(self.layers), self.unique(name))
        if at >= self.limits.operations:
            raise self.too_large(Least(), span)
        text = f"{kind.word.strip('_')} {name}: {dims(shape)}"
        self.layers.append(Layer((at,), text, name, span, ()))
        return at

    def add_layer(
        self,
        planned: PlannedLayer,
        inputs: tuple[int, ...],
        name: str,
        span: Span,
        path: tuple[str, ...],
        uses: tuple[Span, ...],
        use_numbers: tuple[int, ...],
    ) -> int:
        """Add a layer: its own operation, then its norm and its activation.

        Args:
            planned: what is added.
            inputs: the operations whose outputs it reads.
            name: the layer's, made unique here.
            span: where it is written.
            path: the uses of blocks that led to it.
            uses: where they are written.
            use_numbers: their numbers in `blocks`.

        Returns:
            The last of its operations.

        Raises:
            NetError: N406 where the network is too large.
            NotShareable: where it is not what the first use of a `let` made here.
        """
        name = self.unique(name)
        row = len(self.layers)
        first = at = self._add(planned.kind, inputs, planned.shape, row, name)
        # Norm and activation are operations of their own: each can be left out, counted and built
        # alone.
        for kind, is_default in planned.parts:
            at = self._add(kind, (at,), planned.shape, row, self.unique(f"{name}_{kind.word}"))
            if is_default:
                self.activations.add(at, first, span, planned.text, planned.stated)
        # Checked once a layer: the few operations of one layer too many cost nothing.
        if at >= self.limits.operations:
            raise self.too_large(Least(), span)
        ops = tuple(range(first, at + 1))
        text = planned.text
        if self.axes:
            text = f"{'each(' * len(self.axes)}{text}{')' * len(self.axes)}"
        self.layers.append(Layer(ops, text, name, span, path, uses, use_numbers, planned.spec))
        return at

    def add_guessed(self, shape: Shape, layer: Layer) -> int:
        """Add an operation of which nothing is known but its shape, after a mistake."""
        # No kind and no inputs, as an input has: what follows reads its shape alone.
        at = self._add(None, (), shape, len(self.layers), layer.name)
        self.layers.append(layer)
        self.faults.guessed.add(at)
        return at

    def _add(
        self, kind: Kind | None, inputs: tuple[int, ...], shape: Shape, row: int, name: str
    ) -> int:
        index = len(self.ops)
        self.ops.append(Op(kind, inputs, shape, row, name))
        if self.axes:
            self.axes_of[index] = self.axes
        # A `let` within a `let` shares twice: with the first use of each. That of the innermost,
        # which made the weights, comes last: they are found in one step.
        for owners in self.sharing:  # each advances by one operation
            if owners is not None:
                self._share(next(owners, None), index)
        return index

    def in_region(self, at: int, span: Span) -> int:
        """Return the operation as it is seen here: within `each` its elements, outside all of them.

        Raises:
            NetError: N207 where an operation from elsewhere has other elements.
        """
        axes, around = self.axes_of.get(at, ()), self.axes
        if axes == around or at == UNKNOWN:
            return at
        op = self.ops[at]
        whole = (*axes, *op.shape)
        # Elements are matched by position: only their number can tell that they belong together.
        if whole[: len(around)] != around or len(whole) == len(around):
            count = dims(around)
            message = f"`each` goes over {count} elements here, and {dims(whole)} has others"
            help = "within `each`, a point from outside is taken element by element"
            raise fail("N207", message, span, help=help)
        # A shape seen from here; `defaults` removes the passage and puts the axes back.
        shape = _like(op.shape, whole[len(around) :])
        passage = self._add(_PASSAGE, (at,), shape, op.layer, op.name)
        self.passages.add(passage)
        return passage

    def _share(self, owner: int | None, index: int) -> None:
        """Give an operation the weights of the one in its place at the first use of a `let`."""
        if owner is None:
            raise NotShareable("it has more layers here than at its first use")
        op, first = self.ops[index], self.ops[owner]
        # The same planned layer on the same shapes is the usual case, and needs no comparison of
        # arrays.
        if not self._alike(op, first) and (
            self.arrays(index) != self.arrays(owner) or self._source(op) != self._source(first)
        ):
            raise NotShareable(self._difference(index, owner))
        # Asked once a kind: deep networks share their kinds among thousands of operations.
        if id(op.kind) not in self._with_arrays:
            self._with_arrays[id(op.kind)] = bool(self.arrays(index))
        if self._with_arrays[id(op.kind)]:
            self.ops[index] = op._replace(shares=owner)

    def _difference(self, index: int, owner: int) -> str:
        """Return what differs between an operation and the one in its place at the first use."""
        op, first = self.ops[index], self.ops[owner]
        assert op.kind is not None
        assert first.kind is not None
        word = op.kind.head()
        for here, there in zip(self.arrays(index), self.arrays(owner), strict=False):
            if (here.role, here.shape) != (there.role, there.shape):
                shapes = f"{dims(here.shape)} here and {dims(there.shape)} at its first use"
                return f"the {here.role} of `{word}` is {shapes}"
        if first.kind.head() != word:
            return f"it has `{word}` here and `{first.kind.head()}` at its first use"
        for name, ours in op.kind.values.items():
            theirs = first.kind.values[name]
            # Norms and activations are operations of their own.
            if ours != theirs and not isinstance(ours, Kind) and name not in op.kind.point_options:
                values = f"{shown(ours)} here and {shown(theirs)} at its first use"
                return f"`{name}` of `{word}` is {values}"
        inputs = (
            " and ".join(dims(self.ops[at].shape) for at in each.inputs) for each in (op, first)
        )
        return f"the input of `{word}` is {' here and '.join(inputs)} at its first use"

    def _alike(self, op: Op, first: Op) -> bool:
        """Return whether two operations are of one planned layer, on inputs of the same shapes."""
        return op.kind is first.kind and all(
            _same_shape(self.ops[a].shape, self.ops[b].shape)
            for a, b in zip(op.inputs, first.inputs, strict=True)
        )

    def _source(self, op: Op) -> tuple[str, ...]:
        """Return how an operation is built, whatever its name.

        What is built alike can be one piece.
        """
        kind = op.kind
        assert kind is not None
        # How weights begin is resolved later, and is the first use's anyway.
        plain = kind.replace(init=0) if "init" in kind.values else kind
        shapes = tuple(self.ops[source].shape for source in op.inputs)
        return (kind.word, *plain.source("piece", op.shape, *shapes, reads=("x",) * len(shapes)))

    def arrays(self, index: int) -> tuple[Weight, ...]:
        """Return the arrays of an operation, its own or shared."""
        op = self.ops[index]
        return op.kind.weights(*(self.ops[source].shape for source in op.inputs)) if op.kind else ()

    def unique(self, name: str) -> str:
        """Return the name, or with a number after it where the network has it already."""
        return unique_name(name, self._names, "_", str.lower, last=self._last)

    def fits(self, least: Least) -> bool:
        """Return whether at least this much may still be added.

        Uses of blocks that make nothing are stopped by the number of steps.
        """
        uses = least.uses if least.operations else 0
        return (
            len(self.ops) + least.operations <= self.limits.operations
            and len(self.blocks) + uses <= self.limits.uses
        )

    def too_large(self, least: Least, span: Span) -> NetError:
        """Return the error of a network to which this much cannot be added, to be raised."""
        if len(self.ops) + least.operations > self.limits.operations:
            message = f"the network has more than {self.limits.operations:,} operations"
            return fail("N406", message, span)
        uses = f"more than {self.limits.uses:,} steps into blocks are needed here"
        message = f"{uses}: blocks call each other again and again"
        return fail("N406", message, span, help="a use of a block should create its own layers")

    def check_elements(self, shape: Shape, span: Span | None) -> None:
        """Check a tensor's size.

        Raises:
            NetError: N407 where it is above the limit.
        """
        if len(shape) > self.limits.axes:
            message = f"a tensor has {len(shape):,} axes, more than {self.limits.axes}"
            raise fail("N407", message, span)
        # Python's integers do not overflow, and the product is checked before anything is
        # allocated.
        elements = 1
        for size in shape:
            elements *= size
        if elements > self.limits.elements:
            message = f"a tensor of {dims(shape)} has {elements:,} elements, more than 2^53"
            raise fail("N407", message, span)


def _like(one: Shape, shape: Shape) -> Shape:
    """Return a shape, as one of indices where the other is."""
    return Indices(shape, one.limit) if isinstance(one, Indices) else shape


def _same_shape(one: Shape, other: Shape) -> bool:
    """Return whether two shapes are the same; those of indices also in the indices' limit."""
    # `Indices` are tuples: 8 of int(20) equals 8 of int(50) and a plain 8 by `==` alone.
    return one == other and getattr(one, "limit", None) == getattr(other, "limit", None)

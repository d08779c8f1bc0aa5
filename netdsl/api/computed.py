"""The results of what a network computes: layers' outputs, derivatives, and their check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from netdsl.api import arguments
from netdsl.api.records import Records
from netdsl.errors import did_you_mean, fail
from netdsl.lab.backward_text import backward_json, backward_text, node_names, written
from netdsl.lab.forward import LayerValues, layer_called, values_json, values_text
from netdsl.lab.gradcheck import ArrayCheck, Settings, gradcheck_text
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.drawing.picture import Picture
    from netdsl.lab.backward import Backward

NAME = "the name of a layer or a point"


def named(name: str, names: Sequence[str]) -> int:
    """Find a name's place.

    Raises:
        TypeError: where it is not a text.
        NetError: N626 where nothing has it.
    """
    name = arguments.text("name", name, NAME).removeprefix("@")
    if name not in names:
        help = did_you_mean(name, names) or f"the names are {', '.join(names[:8])}"
        raise fail("N626", f"there is no layer or point `{name}`", help=help)
    return names.index(name)


class LayerOutputs(Records[LayerValues]):
    """The outputs of layers, in order: each has a `name`, its `text`, and its `array` [n, *shape].

    `print` shows them as `netdsl forward` does.
    """

    _network: Architecture

    @classmethod
    def of(cls, network: Architecture, values: Iterable[LayerValues]) -> Self:
        """Make it from the values of layers of a network."""
        found = cls(values)
        found._network = network
        return found

    def _part(self, rows: tuple[LayerValues, ...]) -> Self:
        return self.of(self._network, rows)

    @property
    def last(self) -> Any:
        """The output of the last layer, an array [n, *shape]."""
        return self[-1].array

    def array(self, name: str) -> Any:
        """Return the output of a layer or a named point.

        Args:
            name: of one of these layers, such as `conv_1`, or of a point.

        Returns:
            An array [n, *shape].

        Raises:
            NetError: N626 where nothing has this name.
        """
        return self[named(name, [each.name for each in self])].array

    def draw(self) -> Picture:
        """Draw the network with these numbers: single ones above wires, arrays as tables in boxes.

        Returns:
            A picture, which a notebook shows; `.save("values.svg")` writes it (.png too).

        Raises:
            NetError: N660 where an array or the network is too large to be drawn.
        """
        from netdsl.lab.circuit import forward_picture

        return forward_picture(self._network, self)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values that `netdsl forward --json` prints."""
        return values_json(list(self))

    def __str__(self) -> str:
        return values_text(list(self))


class PassedBack(NamedTuple):
    """The derivative that is passed back to one of a node's inputs.

    Attributes:
        name: the input's.
        local: the derivative of the node by this input, where both are one number; else None.
        downstream: the derivative that is passed back, an array [n, *shape].
    """

    name: str
    local: float | None
    downstream: Any


class NodeDerivatives(NamedTuple):
    """A node with its derivatives.

    Attributes:
        name: the layer's or the point's.
        text: the layer as it is written.
        value: its output [n, *shape].
        derivative: the derivative by its output [n, *shape].
        weights: the derivatives by its arrays, by the arrays' names.
        inputs: the derivatives that are passed back to its inputs.
    """

    name: str
    text: str
    value: Any
    derivative: Any
    weights: Mapping[str, Any]
    inputs: tuple[PassedBack, ...]


class NetworkDerivatives:
    """The derivatives of one number; `print` shows them as `netdsl backward` does.

    Attributes:
        number: the number that is differentiated, in words.
        value: its value.
        nodes: the nodes from the inputs to the outputs.
    """

    def __init__(self, network: Architecture, found: Backward) -> None:
        names = node_names(found.graph)
        self._network, self._found = network, found
        self.number, self.value = found.number, found.value
        self.nodes = Records(
            NodeDerivatives(
                names[node.op],
                written(found.graph, node.op),
                node.value,
                node.upstream,
                node.weights,
                tuple(PassedBack(names[op], local, down) for op, local, down in node.edges),
            )
            for node in found.nodes
        )

    def by(self, name: str) -> NodeDerivatives:
        """Find a node by its layer's name, or by that of a point.

        Args:
            name: such as `conv_1`, or an input's name.

        Returns:
            The layer's output with its norm and activation as `value`, the `derivative` by that,
            those by its `weights`, and those that are passed back to its `inputs`.

        Raises:
            NetError: N626 where nothing has this name.
        """
        graph = self._found.graph
        ops = graph.layers[layer_called(graph, arguments.text("name", name, NAME))].ops
        weights = {key: value for op in ops for key, value in self.nodes[op].weights.items()}
        # A layer is several operations: its inputs are those of the first, its value that of the
        # last.
        first, last = self.nodes[ops[0]], self.nodes[ops[-1]]
        return last._replace(text=first.text, weights=weights, inputs=first.inputs)

    def draw(self) -> Picture:
        """Draw the network with values in green and derivatives in red.

        Returns:
            A picture, which a notebook shows; `.save("derivatives.svg")` writes it (.png too).

        Raises:
            NetError: N660 where an array or the network is too large to be drawn.
        """
        from netdsl.lab.circuit import backward_picture

        return backward_picture(self._network, self._found)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values that `netdsl backward --json` prints."""
        return backward_json(self._found)

    def __str__(self) -> str:
        return backward_text(self._found)

    def __repr__(self) -> str:
        return f"<NetworkDerivatives of {self.number}: {counted(len(self.nodes), 'node')}>"


class GradientChecks:
    """Derivatives compared with finite differences; `print` shows them as `netdsl gradcheck` does.

    Attributes:
        arrays: a record for each array: `layer`, `array`, entries `tried`, `kinks` left out, the
            `worst` relative error, and whether it is `right`.
    """

    def __init__(
        self, checks: Sequence[ArrayCheck], settings: Settings, blocked: Sequence[str]
    ) -> None:
        self.arrays = Records(checks)
        self._settings, self._blocked = settings, blocked

    @property
    def right(self) -> bool:
        """Whether all are right."""
        return all(check.right for check in self.arrays)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values that `netdsl gradcheck --json` prints."""
        return {"arrays": [check._asdict() for check in self.arrays]}

    def __str__(self) -> str:
        return gradcheck_text(self.arrays, self._settings, self._blocked)

    def __repr__(self) -> str:
        wrong = sum(not check.right for check in self.arrays)
        return f"<GradientChecks of {counted(len(self.arrays), 'array')}: {wrong} wrong>"

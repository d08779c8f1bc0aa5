"""Layers as nodes of a plain graph, which `netdsl.factoring` nests and folds: a head, and the
numbers that may differ from layer to layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from netdsl.factoring.dominators import immediate_dominators
from netdsl.factoring.items import Node, NodeName
from netdsl.keras.defaults import FileDefaults, in_written_order
from netdsl.keras.imported_layer import ImportedLayer
from netdsl.keras.spelling import option_text, value_text
from netdsl.kinds import KINDS, UNITS, Ref, Word
from netdsl.kinds.options import Option, Real, SizesOption, Whole
from netdsl.kinds.values import is_number
from netdsl.kinds.window import Padding


class ImportedHead(NamedTuple):
    """A layer without its numbers.

    None in `size`, `stride` and among the options is a number that is a value of the node.

    Attributes:
        act: its activation, said or not: layers that differ in it are not alike.
        each: within how many `each` it is.
        tie: its own number, where it has one kernel with another: no layer is like it.
    """

    word: str
    size: str | None = ""
    amount: bool = False
    stride: str | None = ""
    options: tuple[tuple[str, str | None], ...] = ()
    positional: tuple[str | None, ...] = ()
    act: str = ""
    each: int = 0
    tie: int | None = None


class MergeHead(NamedTuple):
    """A merge of branches: what is written before them, and within how many `each` it is."""

    opening: str
    each: int = 0


class ResidualHead(NamedTuple):
    """A `res`, the activation after its sum, and within how many `each` it is."""

    act: str
    each: int = 0


class LayerNodes(NamedTuple):
    """The nodes of layers.

    Attributes:
        nodes: one for each layer.
        shared: by the Keras operation's number, the name of a shared layer, and its first use's
            head and values.
        ends: nodes that others name and that do not precede them in a chain: chains end there.
    """

    nodes: list[Node]
    shared: dict[int, tuple[str, ImportedHead, tuple[Any, ...]]]
    ends: list[int]


def layer_nodes(layers: Sequence[ImportedLayer], defaults: FileDefaults) -> LayerNodes:
    """Make nodes of layers."""
    nodes: list[Node] = []
    shared: dict[int, tuple[str, ImportedHead, tuple[Any, ...]]] = {}
    for place, layer in enumerate(layers):
        width = layers[layer.inputs[0]].shape[-1] if layer.inputs else None
        if layer.kind.merges:
            merge = MergeHead(layer.kind.element.opening(), len(layer.kind.each_axes))
            nodes.append(Node(merge, inputs=layer.inputs, width=width, merges=True))
            continue
        head, values, roles = _head(layer, defaults.left(place))
        if layer.shared is not None:
            # The only shared layer of a file needs none.
            number = f"_{len(shared) + 1}" if shared else ""
            name, *_ = shared.setdefault(layer.shared, (f"shared{number}", head, values))
            # A use is the name alone: its size and options are those of the `let`.
            head, values, roles = ImportedHead(name, each=head.each), (), ()
        if layer.kernel is not None:
            # `tie` names a single layer: folded into a repeat it could not be named.
            head = head._replace(tie=place)
        nodes.append(Node(head, values, roles, layer.inputs[:1], width))
    ends = sorted({*_aside(layers, nodes), *_around_each(layers)})
    return LayerNodes(nodes, shared, ends)


def _around_each(layers: Sequence[ImportedLayer]) -> set[int]:
    """Find the nodes outside an `each` that start branches of one merge within it.

    They cannot be written within the branches, so they are named.
    """
    found: set[int] = set()
    begins: list[set[int]] = []
    for place, layer in enumerate(layers):
        begins.append(set())
        axes = layer.kind.each_axes
        for source in layer.inputs if axes else ():
            inside = layers[source].kind.each_axes[: len(axes)] == axes
            begins[place] |= begins[source] if inside else {source}
        if layer.kind.merges and len(begins[place]) > 1:
            found |= {begin for begin in begins[place] if layers[begin].inputs}
    return found


def _aside(layers: Sequence[ImportedLayer], nodes: Sequence[Node]) -> list[int]:
    """Find the nodes that an option of another node names and that do not dominate that node."""
    dominators = immediate_dominators(nodes)
    found: set[int] = set()
    for place, layer in enumerate(layers):
        if not layer.kind.merges:
            before = set()
            at: int | None = place
            while at is not None:
                before.add(at)
                # Only what is on every path to the node is certainly named before it is used.
                at = dominators[at]
            found.update(point for point in layer.inputs[1:] if point not in before)
    return sorted(found)


class _TakenNumbers:
    """The numbers of a layer, taken out of what is written of it."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.roles: list[str] = []

    def take(self, value: Any, role: str) -> None:
        """Take a number out."""
        self.values.append(value)
        self.roles.append(role)

    def sizes(self, sizes: tuple[int, ...] | None, role: str) -> str | None:
        """Write a size or a stride: None where it is one number, which is taken out."""
        if not sizes:
            return ""
        # 3x1 and 1x3 stay text: one parameter cannot be two sizes.
        if len(set(sizes)) > 1:
            return "x".join(map(str, sizes))
        self.take(sizes[0], role)
        return None

    def option(self, option: Option[Any], value: Any, named: bool) -> str | None:
        """Write an option: None where its value is taken out."""
        role = _role(option, value, named)
        if not role:
            return option_text(option, value) if named else value_text(value)
        if isinstance(value, Ref):
            self.take(NodeName(value.op), role)
        else:  # what is not an integer counts as many characters as it has
            short = value_text(value).replace(", ", ",")
            self.take(value if isinstance(value, int) else short, role)
        return None


def _role(option: Option[Any], value: Any, named: bool) -> str:
    """Name a block's parameter for an option; empty where layers must agree in its value."""
    if isinstance(value, Ref):
        return "p"
    if isinstance(option, Padding):
        return "" if isinstance(value, Word) else "v"
    if named:
        whole = isinstance(option, Whole | SizesOption) and isinstance(value, int)
        return option.name if whole else ""
    if isinstance(option, SizesOption) or not is_number(value) or "/" in value_text(value):
        return ""
    # Parameters' names: p for probabilities and the like, v for other values.
    return "p" if isinstance(option, Real) and option.max == 1 else "v"


def _head(
    layer: ImportedLayer, options: dict[str, Any]
) -> tuple[ImportedHead, tuple[Any, ...], tuple[str, ...]]:
    """Return a layer's head, its numbers, and what parameters for these would be called."""
    spec, declared = layer.spec, layer.kind.options
    word = spec.word
    if isinstance(layer.kind, KINDS[UNITS]) and _is_filled(options):
        word, options = options["act"].text, {}
    numbers = _TakenNumbers()
    size = numbers.sizes(spec.size, "k")
    if spec.amount is not None:
        numbers.take(spec.amount, "c")
    stride = numbers.sizes(spec.stride, "s")
    names = _positional_names(layer)
    positional = [
        numbers.option(declared[name], value, named=False)
        for name, value in zip(names, layer.positional, strict=False)
    ]
    written = [
        (name, numbers.option(declared[name], options[name], named=True))
        for name in sorted(options, key=in_written_order)
    ]
    said = layer.options.get("act")
    head = ImportedHead(
        word,
        size,
        spec.amount is not None,
        stride,
        tuple(written),
        tuple(positional),
        "" if said is None else value_text(said),
        len(layer.kind.each_axes),
    )
    return head, tuple(numbers.values), tuple(numbers.roles)


def _is_filled(options: dict[str, Any]) -> bool:
    """Say whether units have an activation and no other option: `softmax-10`."""
    act = options.get("act", Word("none"))
    return set(options) == {"act"} and act.text != "none" and not act.arguments


def _positional_names(layer: ImportedLayer) -> Iterable[str]:
    """Name the options that values without names are for.

    The only positional option of a kind takes all of them (`permute(2, 1)`).
    """
    names = layer.kind.positional or tuple(layer.kind.options)
    return names if len(names) >= len(layer.positional) else names * len(layer.positional)

"""A Keras model as a `.net` file: its layers in the language's words, nested, folded, and with
what recurs as blocks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from netdsl.architecture import Architecture
from netdsl.errors import Source, fail
from netdsl.factoring.blocks import BlockRules, with_blocks
from netdsl.factoring.items import (
    REFERENCE,
    REPEAT,
    BlockCall,
    FactoredBlock,
    Formula,
    Item,
    ItemChain,
    Node,
    NodeName,
    RootedChain,
    all_items,
)
from netdsl.factoring.nesting import crossings, nested_chains
from netdsl.factoring.repeats import with_repeats
from netdsl.keras.convert import Layer, joined, layers_of
from netdsl.keras.defaults import Defaults, number_text, option_text
from netdsl.keras.read import Call, Calls
from netdsl.kinds import KINDS
from netdsl.kinds.act import Activation
from netdsl.kinds.part import Part
from netdsl.limits import Limits
from netdsl.reading import read_text
from netdsl.syntax.format import format_text

_WIDTH = 120
_DEEP = 60  # characters that a level of nesting counts for
_HOLES = ("groups", "mult", "heads", "dilation")
_ROLES = {"dropout": "p", "droppath": "p", "sdropout": "p"}


class Imported(NamedTuple):
    """A `.net` file's text, its network, and the Keras operation that holds the weights of an
    operation, by the latter's name.
    """

    text: str
    network: Architecture
    holders: Mapping[str, int]


def imported(calls: Calls) -> Imported:
    """The text for a model.

    Raises:
        NetError: N621 where the language has no word for a layer.
    """
    within, apart = (joined(*layers_of(calls, padded_apart)) for padded_apart in (False, True))
    writers = [
        _Writer(calls, *layers) for layers in ([within] if within == apart else [within, apart])
    ]
    texts = [writer.text() for writer in writers]
    text, writer = min(
        zip(texts, writers, strict=True), key=lambda found: len(found[0].splitlines())
    )  # the first of equal ones
    return _held_against(calls, [calls.calls[call] for call in writer.weights()], text)


def _held_against(calls: Calls, holders: Sequence[Call], text: str) -> Imported:
    """Reads the text again: it must have the model's weights, layer by layer, and its outputs.

    Raises:
        NetError: N623 where it has not; that is a mistake of netdsl's.
    """
    network = read_text(text)
    graph = network.graph
    sizes = {
        op.name: size
        for op in graph.ops
        if (size := sum(array.size for array in graph.weights(op)))
    }
    shapes = [graph.ops[point.op].shape for point in graph.outputs]
    same = list(sizes.values()) == [call.weights for call in holders]
    if not same or [math.prod(shape) for shape in shapes] != [
        math.prod(calls.calls[place].shape) for place in calls.outputs
    ]:
        raise fail(
            "N623",
            f"the text for `{calls.name}` would be another network",
            help="please report it, with the model",
        )
    return Imported(
        text, network, {name: call.operation for name, call in zip(sizes, holders, strict=True)}
    )


class Leaf(NamedTuple):
    """The head of a layer: None in `size`, `stride` and among the options stands for a value."""

    word: str
    size: str | None = ""
    amount: bool = False
    stride: str | None = ""
    options: tuple[tuple[str, str | None], ...] = ()
    positional: tuple[str | None, ...] = ()
    act: str = ""


class Merge(NamedTuple):
    word: str


class Residual(NamedTuple):
    act: str


class _Writer:
    def __init__(
        self, calls: Calls, layers: list[Layer], inputs: list[int], outputs: list[int]
    ) -> None:
        self.calls, self.layers, self.inputs, self.outputs = calls, layers, inputs, outputs
        self.defaults = Defaults(layers, outputs)
        self.shared: dict[int, tuple[str, str]] = {}
        self.nodes = [self._node(place) for place in range(len(layers))]
        self.input_names = _input_names([calls.calls[place].name for place in calls.inputs])
        self.order: list[int] = []
        self.blocks: list[FactoredBlock] = []
        self.flows: list[RootedChain] = []
        crossing = crossings(self.nodes)
        if not crossing:
            self._structure(())
        else:  # cells that take the last cell but one: the shortest text of those that end flows at some of them
            cells = dict.fromkeys(
                (self.nodes[place].head, len(self.nodes[place].inputs)) for place in crossing
            )
            alike = {
                cell: [
                    at
                    for at, node in enumerate(self.nodes)
                    if (node.head, len(node.inputs)) == cell
                ]
                for cell in cells
            }
            by_word = [
                [at for cell in cells if cell[0] == head for at in alike[cell]]
                for head in dict.fromkeys(head for head, _ in cells)
            ]
            self._shortest([[], *alike.values(), *by_word, crossing])

    def _structure(self, ends: Sequence[int]) -> None:
        """Finds branches, residuals, blocks and repeats, with flows that end at the given nodes."""
        nested = nested_chains(self.nodes, self.inputs, self.outputs, ends)
        self.order = [item.node for flow in nested for item in every_in_order(flow.chain)]
        self.blocks = []
        flows = with_repeats(
            [flow._replace(chain=self._residual(flow.chain)) for flow in nested], 1
        )
        self.blocks, flows = with_blocks(
            flows, BlockRules(lambda chain: len(self._chain(chain, {}, {})))
        )
        self.flows = with_repeats(flows, 6)

    def _shortest(self, candidates: Sequence[Sequence[int]]) -> None:
        """The structure, of those with flows that end at these nodes, whose text is shortest:
        the first of equal ones.
        """
        found = []
        for ends in candidates:
            self._structure(ends)
            found.append((self._length(), self.order, self.blocks, self.flows))
        _, self.order, self.blocks, self.flows = min(found, key=lambda structure: structure[0])

    def _length(self) -> int:
        """The text's length; merges within merges are hard to read, and count more."""
        return len(self.text()) + _DEEP * max(map(_depth, self._chains()))

    def weights(self) -> Iterator[int]:
        """The calls with weights, in the order of the file's operations."""
        seen: set[int] = set()
        for place in self.order:
            for call in self.layers[place].calls:
                operation = self.calls.calls[call].operation
                if operation not in seen:
                    seen.add(operation)
                    yield call

    # --- nodes ---

    def _node(self, place: int) -> Node:
        layer = self.layers[place]
        word = layer.word
        width = self.layers[layer.inputs[0]].shape[-1] if layer.inputs else None
        if len(layer.inputs) > 1:
            return Node(Merge(word.word), inputs=layer.inputs, width=width, merges=True)
        if layer.shared is not None:
            return Node(Leaf(self._shared(place)), inputs=layer.inputs, width=width)
        head, values, roles = self._leaf(place)
        return Node(head, values, roles, layer.inputs, width)

    def _leaf(self, place: int) -> tuple[Leaf, tuple[Any, ...], tuple[str, ...]]:
        layer = self.layers[place]
        word = layer.word
        options = self.defaults.left(place)
        values: list[Any] = []
        roles: list[str] = []
        size = stride = ""
        name = word.word
        act = str(options.get("act", ""))
        if name == "fc" and re.fullmatch("[a-z]+", act) and set(options) <= {"act"}:
            name = act
            options = {}
        if word.size:
            size = "x".join(map(str, word.size)) if len(set(word.size)) > 1 else ""
            if not size:
                values.append(word.size[0])
                roles.append("k")
        if word.amount is not None:
            values.append(word.amount)
            roles.append("c")
        if word.stride:
            stride = "x".join(map(str, word.stride)) if len(set(word.stride)) > 1 else ""
            if not stride:
                values.append(word.stride[0])
                roles.append("s")
        positional: list[str | None] = []
        for value in word.positional:
            hole = (
                isinstance(value, int | float) and not isinstance(value, bool)
            ) or word.word in ("pad", "crop")
            positional.append(None if hole else number_text(value))
            if hole:
                values.append(value)
                roles.append(_ROLES.get(word.word, "v"))
        written: list[tuple[str, str | None]] = []
        order = ("norm", "act", "pad", "groups")
        for key in sorted(
            options, key=lambda key: order.index(key) if key in order else len(order)
        ):
            hole = (key in _HOLES and isinstance(options[key], int)) or (
                key == "pad" and not str(options[key]).isalpha()
            )
            written.append((key, None if hole else option_text(key, options[key])))
            if hole:
                values.append(options[key])
                roles.append("v" if key == "pad" else key)
        head = Leaf(
            name,
            size or (None if word.size else ""),
            word.amount is not None,
            stride or (None if word.stride else ""),
            tuple(written),
            tuple(positional),
            str(word.options.get("act", "")),
        )
        return head, tuple(values), tuple(roles)

    def _shared(self, place: int) -> str:
        layer = self.layers[place]
        assert layer.shared is not None
        if layer.shared not in self.shared:
            name = f"shared_{len(self.shared) + 1}" if len(self.shared) else "shared"
            head, values, _ = self._leaf(place)
            self.shared[layer.shared] = (
                name,
                self._layer(head, [number_text(value) for value in values]),
            )
        return self.shared[layer.shared][0]

    def _residual(self, chain: ItemChain) -> ItemChain:
        """The chain with sums of a branch and what came in as `res`, and the activation behind
        it within.
        """
        result: list[Item] = []
        at = 0
        while at < len(chain):
            item = chain[at]._replace(
                children=tuple(self._residual(child) for child in chain[at].children)
            )
            branches = [child for child in item.children if child]
            inner = branches[0] if len(branches) == 1 else ()
            simple = (
                item.head == Merge("add")
                and len(item.children) == 2
                and inner
                and inner[0].head != REFERENCE
            )
            if simple:
                act = ""
                follower = chain[at + 1] if at + 1 < len(chain) else None
                if (
                    follower is not None
                    and isinstance(follower.head, Leaf)
                    and follower.head.word in KINDS
                    and issubclass(KINDS[follower.head.word], Activation)
                    and follower.head == Leaf(follower.head.word)
                    and not self._named(item.node, follower.node)
                ):
                    act = follower.head.word
                    at += 1
                    item = item._replace(node=follower.node)
                item = item._replace(head=Residual(act), children=(inner,))
            result.append(item)
            at += 1
        return tuple(result)

    def _named(self, place: int, taker: int) -> bool:
        """Whether a sum is taken by others than its activation."""
        return place in self.outputs or any(
            place in node.inputs for at, node in enumerate(self.nodes) if at != taker
        )

    # --- text ---

    def text(self) -> str:
        """The whole file."""
        names = dict(zip(self.inputs, self.input_names, strict=True))
        referred = [
            value.node
            for chain in self._chains()
            for item in all_items(chain)
            for value in item.values
            if isinstance(value, NodeName)
        ]
        made = {place: at for at, place in enumerate(self.order)}
        for place in sorted(set(referred) - set(names), key=made.__getitem__):
            names[place] = f"t{len(names) - len(self.inputs) + 1}"
        blocks = {
            block.number: (f"block{'' if at == 0 else at + 1}", block)
            for at, block in enumerate(self.blocks)
        }
        lines = [f"# {self.calls.name}: from a Keras model", f"net {_identifier(self.calls.name)}"]
        if self.defaults.statement():
            lines.append(self.defaults.statement())
        lines += [f"let {name} = {text}" for name, text in self.shared.values()]
        for name, block in blocks.values():
            parameters = ", ".join(
                p.name if p.default is None else f"{p.name}={p.default}" for p in block.parameters
            )
            lines += _filled(
                f"def {name}({parameters}) =", self._steps(block.chain, names, blocks), "  "
            )
        several = len(self.inputs) > 1
        if several:
            lines += [f"input {names[place]}: {self._input(place)}" for place in self.inputs]
        for flow in self.flows:
            steps = self._steps(flow.chain, names, blocks)
            if flow.start is None:
                lines += _filled("", steps, "")
            else:
                named = f"{names[flow.start]}: " if flow.start in referred else ""
                lines += [f"input {named}{self._input(flow.start)}", *_filled(">", steps, "")]
        return format_text(Source(self.calls.name, "\n".join(lines) + "\n"), Limits())

    def _chains(self) -> list[ItemChain]:
        return [*(block.chain for block in self.blocks), *(flow.chain for flow in self.flows)]

    def _input(self, place: int) -> str:
        layer = self.layers[place]
        shape = "x".join(map(str, layer.shape)) or "1"
        for taker in self.layers:
            if place in taker.inputs and taker.word.word == "embed":
                return f"{shape} of int({self.calls.calls[taker.calls[0]].config['input_dim']})"
        return shape

    def _chain(
        self,
        chain: ItemChain,
        names: Mapping[int, str],
        blocks: Mapping[int, tuple[str, FactoredBlock]],
    ) -> str:
        return " > ".join(self._steps(chain, names, blocks)) or "id"

    def _steps(
        self,
        chain: ItemChain,
        names: Mapping[int, str],
        blocks: Mapping[int, tuple[str, FactoredBlock]],
    ) -> list[str]:
        return [self._step(item, names, blocks) for item in chain]

    def _step(
        self, item: Item, names: Mapping[int, str], blocks: Mapping[int, tuple[str, FactoredBlock]]
    ) -> str:
        head = item.head
        values = [self._value(value, names) for value in item.values]
        if head == REFERENCE:
            return values[0] if values[0].startswith("@") else values[0].strip("{}")
        if head == REPEAT:
            inner = item.children[0]
            text = self._chain(inner, names, blocks)
            body = f"({text})" if len(inner) > 1 else text
            written = f"{body} x{values[0]}"
        elif isinstance(head, BlockCall):
            written = self._call(head, item, values, blocks)
        elif isinstance(head, Merge):
            branches = " | ".join(self._chain(child, names, blocks) for child in item.children)
            written = f"{'' if head.word == 'concat' else head.word}[ {branches} ]"
        elif isinstance(head, Residual):
            usual = self.defaults.conv_act() if self._holds_default(item.children[0]) else ""
            act = "" if head.act == usual else f", act={head.act or 'none'}"
            written = f"res({self._chain(item.children[0], names, blocks)}{act})"
        else:
            assert isinstance(head, Leaf)
            written = self._layer(head, values)
        return (
            f"{written} as {names[item.node]}"
            if item.node in names and item.node not in self.inputs
            else written
        )

    def _holds_default(self, chain: ItemChain) -> bool:
        """Whether a chain holds a kind with an activation of its own by default, blocks looked
        into.
        """
        blocks = {block.number: block for block in self.blocks}
        for item in all_items(chain):
            if (
                isinstance(item.head, BlockCall)
                and item.head.block in blocks
                and self._holds_default(blocks[item.head.block].chain)
            ):
                return True
            if isinstance(item.head, Leaf):
                word = item.head.word
                option = KINDS[word].options.get("act") if word in KINDS else None
                filled = word in KINDS and issubclass(KINDS[word], Activation) and item.head.amount
                if filled or (isinstance(option, Part) and option.default_word):
                    return True
        return False

    @staticmethod
    def _call(
        head: BlockCall,
        item: Item,
        values: list[str],
        blocks: Mapping[int, tuple[str, FactoredBlock]],
    ) -> str:
        if head.block not in blocks:  # while blocks are being looked for
            return f"block({', '.join(values)})"
        name, block = blocks[head.block]
        arguments = list(zip(block.parameters, item.values, values, strict=True))
        while (
            arguments
            and arguments[-1][0].default is not None
            and arguments[-1][0].default == arguments[-1][1]
        ):
            arguments.pop()
        given = ", ".join(value for _, _, value in arguments)
        return f"{name}({given})" if given else name

    @staticmethod
    def _value(value: Any, names: Mapping[int, str]) -> str:
        if isinstance(value, NodeName):
            return f"@{names.get(value.node, 't9')}"
        if isinstance(value, Formula):
            factor = f"{value.factor}*" if value.factor > 1 else ""
            divisor = f"//{value.divisor}" if value.divisor > 1 else ""
            return f"{{{factor}{value.parameter}{divisor}}}"
        return number_text(value)

    @staticmethod
    def _layer(head: Leaf, values: list[str]) -> str:
        left = iter(values)
        size = next(left) if head.size is None else head.size or ""
        amount = f"-{next(left)}" if head.amount else ""
        stride = next(left) if head.stride is None else head.stride
        usual = size if "pool" in head.word else "1"
        if head.word in ("pool", "avgpool") and size == "2" and stride == "2":
            size = ""
        given = [_bare(next(left)) if value is None else value for value in head.positional]
        for key, value in head.options:
            given.append(
                f"{key}={_bare(next(left)) if key == 'pad' else next(left)}"
                if value is None
                else value
            )
        options = f"({', '.join(given)})" if given else ""
        return f"{head.word}{size}{amount}{'' if stride in ('', usual) or (not size and stride == '2') else f'/{stride}'}{options}"


def _bare(value: str) -> str:
    """A parameter's value as an argument: its name alone, which may stand for more than a
    number.
    """
    return value[1:-1] if re.fullmatch(r"\{[a-z]+[0-9]*\}", value) else value


def _depth(chain: ItemChain) -> int:
    """How many branches stand within each other."""
    return max((1 + max(map(_depth, item.children)) for item in chain if item.children), default=0)


def every_in_order(chain: ItemChain) -> Iterator[Item]:
    """All layers of a chain in the order in which they are made: a merge's branches before it."""
    for item in chain:
        for child in item.children:
            yield from every_in_order(child)
        if item.head != REFERENCE:
            yield item


def _identifier(name: str) -> str:
    """A name of the language for a name of Keras's."""
    text = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_").lower()
    return text if re.match("[a-z]", text) else f"net_{text}"


def _input_names(names: Sequence[str]) -> list[str]:
    plain = [_identifier(name) for name in names]
    readable = len(set(plain)) == len(plain) and not any(
        re.match(r"input_(layer|[0-9])", name) for name in plain
    )
    return (
        plain
        if readable
        else [f"in_{number}" for number in range(1, len(names) + 1)]
        if len(names) > 1
        else ["given"]
    )


def _filled(begin: str, steps: Sequence[str], indent: str) -> list[str]:
    """Steps in lines of a decent length; each but the first line begins with `>`."""
    lines: list[str] = []
    line = begin
    for at, step in enumerate(steps):
        joined = step if not line else f"{line} {step}" if at == 0 else f"{line} > {step}"
        if at and len(joined) > _WIDTH:
            lines.append(line)
            line = f"{indent}> {step}"
        else:
            line = joined
    return [*lines, line]

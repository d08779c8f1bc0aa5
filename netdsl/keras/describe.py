"""A Keras model as a `.net` file: its layers in the language's words, nested, folded, and with what recurs as blocks."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from netdsl.errors import Source, fail
from netdsl.keras.read import Call, Calls
from netdsl.keras.words import BY_CONSTANT, MERGES, NOTHING, Word, decimal, merge_word, no_word, padded, word_of
from netdsl.kinds import KINDS
from netdsl.kinds.act import Activation
from netdsl.kinds.base import REQUIRED, Part
from netdsl.kinds.norm import Norm
from netdsl.limits import Limits
from netdsl.network import parse
from netdsl.structure import (
    REFERENCE,
    REPEAT,
    Block,
    BlockHead,
    Chain,
    Flow,
    Formula,
    Item,
    Node,
    NodeName,
    chains,
    crossings,
    every,
    repeated,
    with_blocks,
)
from netdsl.syntax.format import format_text

_WIDTH = 120
_DEEP = 60  # characters that a level of nesting counts for
_HOLES = ("groups", "mult", "heads", "dilation")
_ROLES = {"dropout": "p", "droppath": "p", "sdropout": "p"}
_BY_TRAINING = ("BatchNormalization", "Dropout", "GaussianNoise", "StochasticDepth", *(f"SpatialDropout{rank}D" for rank in (1, 2, 3)))
_OPERATORS = ("Add", "Multiply", "Subtract", "Maximum", "Average")


class Layer(NamedTuple):
    """A layer of the `.net` file.

    Attributes:
        word: in the language's words; `act` and `norm` among its options.
        inputs: the layers that go in.
        calls: the Keras calls that hold its weights, in the order of the `.net` file's operations.
        shape: its output's; where Keras has 1x1xC, a vector of C may stand.
        shared: the number of the Keras operation, where that is called several times.
    """

    word: Word
    inputs: tuple[int, ...]
    calls: tuple[int, ...]
    shape: tuple[int, ...]
    shared: int | None = None


class Imported(NamedTuple):
    """A `.net` file's text, and for each operation with weights, in its order, the number of the Keras operation that holds them."""

    text: str
    weights: tuple[int, ...]


def imported(calls: Calls) -> Imported:
    """The text for a model.

    Raises:
        NetError: N621 where the language has no word for a layer.
    """
    writers = [_Writer(calls, *_joined(*_layers(calls, padded_apart))) for padded_apart in (False, True)]
    writer = min(writers, key=lambda writer: len(writer.text().splitlines()))  # the first of equal ones
    text, holders = writer.text(), [calls.calls[call] for call in writer.weights()]
    _hold_against(calls, holders, text)
    return Imported(text, tuple(call.operation for call in holders))


def _hold_against(calls: Calls, holders: Sequence[Call], text: str) -> None:
    """Reads the text again: it must have the model's weights, layer by layer, and its outputs.

    Raises:
        NetError: N623 where it has not; that is a mistake of netdsl's.
    """
    graph = parse(text).graph
    sizes = [sum(array.size for array in op.kind.weights(*graph.input_shapes(op))) for op in graph.ops if op.kind and op.shares is None]
    shapes = [graph.ops[point.op].shape for point in graph.outputs]
    same = [size for size in sizes if size] == [call.weights for call in holders]
    if not same or [math.prod(shape) for shape in shapes] != [math.prod(calls.calls[place].shape) for place in calls.outputs]:
        raise fail("N623", f"the text for `{calls.name}` would be another network", help="please report it, with the model")


# --- calls to layers --------------------------------------------------------------------------------------------------------


class _Value(NamedTuple):
    """What a call gives: a layer's output; `squeezed` where it is a vector and Keras has 1x1xC."""

    layer: int
    squeezed: bool = False


class _Converter:
    def __init__(self, calls: Calls, padded_apart: bool) -> None:
        self.calls, self.padded_apart = calls.calls, padded_apart
        self.layers: list[Layer] = []
        self.values: list[_Value] = []
        self.uses = Counter(call.operation for call in self.calls)
        self.takers: dict[int, list[int]] = {}
        for place, call in enumerate(self.calls):
            for source in call.inputs:
                self.takers.setdefault(source, []).append(place)
        self.outputs = set(calls.outputs)

    def convert(self, place: int) -> _Value:
        call = self.calls[place]
        _whole(call)
        if call.kind == "InputLayer":
            return self._add(NOTHING, (), place, call.shape)
        if call.kind == "CustomScaleLayer":
            first, second = call.inputs
            scaled = self._add(Word("rescale", positional=(call.config["scale"],)), (self._plain(second),), place, call.shape)
            return self._add(Word("add"), (self._plain(first), scaled.layer), place, call.shape)
        if len(call.inputs) > 1 and call.kind in MERGES:
            return self._merge(place)
        if len(call.inputs) > 1 and call.kind != "MultiHeadAttention":
            raise no_word(call, f"it takes {len(call.inputs)} inputs")
        hard = self._hard_sigmoid(place)
        if hard is not None:
            return self._add(Word("hsigmoid"), (hard.layer,), place, call.shape, hard.squeezed)
        return self._one_to_one(place)

    def _one_to_one(self, place: int) -> _Value:
        call = self.calls[place]
        value = self.values[call.inputs[0]]
        (source,) = call.inputs[:1]
        if call.kind == "Pad" and call.options.get("constant_values") == -math.inf:
            takers = [self.calls[taker].kind for taker in self.takers[place]]
            if len(takers) == 1 and takers[0].startswith("MaxPooling") and place not in self.outputs:
                return value  # told by the pool
        word = word_of(call, [self.calls[source].shape])
        shape = self.layers[value.layer].shape
        if self.calls[source].inputs and self.takers[source] == [place] and source not in self.outputs and not value.squeezed:
            whole = None if self.padded_apart and self.calls[source].kind != "Pad" else padded(word, call, self.calls[source])
            if whole is not None:
                before = self.calls[source].inputs[0]
                return self._add(whole, (self._plain(before),), place, call.shape)
        if word.word in ("gap", "gmp"):
            squeezed = bool(call.config.get("keepdims"))
            return self._add(word, (self._plain(call.inputs[0]),), place, (call.shape[-1],), squeezed)
        if word.word in ("reshape", "flatten", "id") and len(shape) == 1 and call.shape in (shape, (1,) * (len(call.shape) - 1) + shape):
            return _Value(value.layer, len(call.shape) > 1)
        if word == NOTHING:
            return value
        if value.squeezed:
            if word.word == "conv" and "groups" not in word.options and set(call.config["kernel_size"]) == {1}:
                options = {key: option for key, option in word.options.items() if key not in ("pad", "dilation")}
                return self._add(Word("fc", (), word.amount, (), options), (value.layer,), place, (call.shape[-1],), True)
            if word.word == "dense":
                return self._add(word._replace(word="fc"), (value.layer,), place, (call.shape[-1],), True)
            kind = KINDS[word.word]
            if issubclass(kind, Activation | Norm) or word.word in ("dropout", "droppath", "rescale", "scale", "noise"):
                return self._add(word, (value.layer,), place, shape, True)
        return self._add(word, (self._plain(call.inputs[0]),), place, call.shape)

    def _plain(self, place: int) -> int:
        """The layer with a call's output in Keras's own shape."""
        value = self.values[place]
        if not value.squeezed:
            return value.layer
        shape = self.calls[place].shape
        self.layers.append(Layer(Word("reshape", positional=("x".join(map(str, shape)),)), (value.layer,), (), shape))
        self.values[place] = _Value(len(self.layers) - 1)
        return len(self.layers) - 1

    def _merge(self, place: int) -> _Value:
        call = self.calls[place]
        if any(value is not None for value in call.constants):
            raise no_word(call)
        values = [self.values[source] for source in call.inputs]
        word = merge_word(call, [self.calls[source].shape for source in call.inputs])
        squeezed = all(value.squeezed for value in values)
        spread = word.word not in ("concat", "dot", "stack") and any(self.calls[source].shape == call.shape for source in call.inputs)
        if squeezed or spread:
            shape = self.layers[values[0].layer].shape if squeezed else call.shape
            return self._add(word, tuple(value.layer for value in values), place, shape, squeezed)
        return self._add(word, tuple(self._plain(source) for source in call.inputs), place, call.shape)

    def _hard_sigmoid(self, place: int) -> _Value | None:
        """What goes into relu6(x + 3) / 6, written with operators."""
        call = self.calls[place]
        if call.kind != "Multiply" or not any(isinstance(c, float) and abs(c - 1 / 6) < 1e-12 for c in call.constants):
            return None
        (cut,) = call.inputs
        relu = self.calls[cut]
        if relu.kind != "ReLU" or relu.config.get("max_value") != 6 or self.takers[cut] != [place]:
            return None
        (shifted,) = relu.inputs
        add = self.calls[shifted]
        if add.kind != "Add" or 3.0 not in add.constants or self.takers[shifted] != [cut] or {cut, shifted} & self.outputs:
            return None
        return self.values[add.inputs[0]]

    def _add(self, word: Word, inputs: tuple[int, ...], place: int, shape: tuple[int, ...], squeezed: bool = False) -> _Value:
        call = self.calls[place]
        shared = call.operation if call.weights and self.uses[call.operation] > 1 else None
        self.layers.append(Layer(word, inputs, (place,) if call.weights else (), shape, shared))
        return _Value(len(self.layers) - 1, squeezed)


def _whole(call: Call) -> None:
    """Refuses what would change the call's meaning and is not looked at elsewhere.

    Raises:
        NetError: N621.
    """
    if call.kind in ("MultiHeadAttention", "InputLayer", "Pad", "GetItem"):
        return
    told = [key for key, value in call.options.items() if key != "training" or (value and call.kind in _BY_TRAINING)]
    if told and call.kind not in _OPERATORS:
        raise no_word(call, f"it is called with {', '.join(told)}")
    if call.kind not in BY_CONSTANT and any(value is not None for value in call.constants):
        raise no_word(call, "it is called with more than its inputs")


def _layers(calls: Calls, padded_apart: bool) -> tuple[list[Layer], list[int], list[int]]:
    """The model's layers, and which of them are inputs and outputs; padding before a layer as one of its own or as its option."""
    converter = _Converter(calls, padded_apart)
    for place in range(len(calls.calls)):
        converter.values.append(converter.convert(place))
    used = {place for call in converter.calls for place in call.inputs}
    unread = [converter.calls[place].name for place in calls.inputs if place not in used and place not in calls.outputs]
    if unread:
        raise fail("N621", f"input `{unread[0]}` goes nowhere", help="leave it out of the model")
    outputs = [converter._plain(place) for place in calls.outputs]
    return converter.layers, [converter.values[place].layer for place in calls.inputs], outputs


def _joined(layers: list[Layer], inputs: Sequence[int], outputs: Sequence[int]) -> tuple[list[Layer], list[int], list[int]]:
    """The layers with norms and activations as options of those before them, and without what goes nowhere."""
    needed = set(outputs) | set(inputs)
    for place in reversed(range(len(layers))):
        if place in needed:
            needed.update(layers[place].inputs)
    takers: dict[int, list[int]] = {}
    for place in sorted(needed):
        for source in layers[place].inputs:
            takers.setdefault(source, []).append(place)
    stands_for = list(range(len(layers)))  # what a layer that is joined to another is found at
    joined: dict[int, Layer] = {}
    for place in sorted(needed):
        layer = layers[place]
        sources = tuple(stands_for[source] for source in layer.inputs)
        host = joined.get(sources[0]) if len(sources) == 1 else None
        alone = host is not None and takers[layer.inputs[0]] == [place] and layer.inputs[0] not in outputs and layer.shared is None
        if host is not None and alone and host.shared is None and (option := _as_option(host, layer)):
            word = host.word._replace(options={**host.word.options, **option})
            joined[sources[0]] = Layer(word, host.inputs, (*host.calls, *layer.calls), layer.shape)
            stands_for[place] = sources[0]
        elif host is not None and host.word.word == "flatten" and layer.word.word == "fc" and layer.shared is None:
            joined[place] = layer._replace(inputs=host.inputs)
        else:
            joined[place] = layer._replace(inputs=sources)
    kept_takers = {source for layer in joined.values() for source in layer.inputs} | {stands_for[place] for place in outputs}
    kept = [place for place in joined if joined[place].word.word != "flatten" or place in kept_takers]
    number = {place: at for at, place in enumerate(kept)}
    found = [joined[place]._replace(inputs=tuple(number[source] for source in joined[place].inputs)) for place in kept]
    return found, [number[place] for place in inputs], [number[stands_for[place]] for place in outputs]


def _as_option(host: Layer, layer: Layer) -> dict[str, Any]:
    """The option of `host` that a norm or an activation behind it can be."""
    word = layer.word.word
    if host.word.word not in KINDS or word not in KINDS or host.word.options.get("act"):
        return {}
    takes = KINDS[host.word.word].options
    if issubclass(KINDS[word], Norm) and KINDS[word].as_part and "norm" in takes and not host.word.options.get("norm"):
        return {"norm": layer.word}
    if issubclass(KINDS[word], Activation) and "act" in takes and word != "softmax":
        return {"act": _plain_text(layer.word)}
    if word == "softmax" and host.word.word == "fc" and not host.word.options.get("norm"):
        return {"act": "softmax"}
    return {}


def _plain_text(word: Word) -> str:
    """A word with options that stand as they are."""
    given = [*map(_number, word.positional), *(_option(key, value) for key, value in word.options.items())]
    return word.word + (f"({', '.join(given)})" if given else "")


# --- numbers and options as text --------------------------------------------------------------------------------------------


def _number(value: Any) -> str:
    if isinstance(value, Fraction) and value.denominator != 1:
        upper, lower = value.numerator, value.denominator
        return f"{upper}/{lower}" if upper == 1 else f"1/{float(Fraction(lower, upper)):g}"
    if isinstance(value, float):
        return repr(value).replace("e-0", "e-")
    return str(value)


def _option(key: str, value: Any) -> str:
    if value is True:
        return key
    if value is False:
        return f"{key}=no"
    if key in ("act", "norm"):
        return str(value) if value else f"{key}=none"
    return f"{key}={_number(value)}"


class _Defaults:
    """The defaults that make the file shortest, and what each layer still has to say."""

    def __init__(self, layers: Sequence[Layer], outputs: Iterable[int]) -> None:
        self.layers = layers
        takers: dict[int, list[int]] = {place: [] for place in range(len(layers))}
        for place, layer in enumerate(layers):
            for source in layer.inputs:
                takers[source].append(place)
        self.takers, self.outputs = takers, set(outputs)
        self.of: dict[str, dict[str, Any]] = {}
        norms = [layer.word.options["norm"] for layer in layers if isinstance(layer.word.options.get("norm"), Word)]
        norms += [layer.word for layer in layers if layer.word.word in KINDS and issubclass(KINDS[layer.word.word], Norm)]
        for word in dict.fromkeys(norm.word for norm in norms):
            rows = [_plain_options(norm) for norm in norms if norm.word == word]
            self._choose(word, [(row, {}) for row in rows])
        self.full = [self._full(place) for place in range(len(layers))]
        groups: dict[str, list[int]] = {}
        for place, layer in enumerate(layers):
            groups.setdefault(layer.word.word, []).append(place)
        for word, places in groups.items():
            if word not in self.of and word in KINDS and "act" in KINDS[word].options:
                self._choose(word, [(self.full[place], self._freely(place)) for place in places])

    def _full(self, place: int) -> dict[str, Any]:
        options = dict(self.layers[place].word.options)
        norm = options.get("norm")
        if isinstance(norm, Word):
            options["norm"] = _plain_text(norm._replace(options=self._left(norm.word, _plain_options(norm))))
        elif "norm" in KINDS.get(self.layers[place].word.word, KINDS["id"]).options:
            options["norm"] = ""
        return options

    def _freely(self, place: int) -> dict[str, Any]:
        """What a layer has where nothing is said: its activation falls away before another, a norm, a sum, or the end."""
        norm = self.layers[place].word.options.get("norm")
        takes = KINDS[self.layers[place].word.word].options
        free: dict[str, Any] = {"bias": not norm if "norm" in takes or "bias" not in takes else takes["bias"].default}
        met = self._met(place)
        if len(met) > 1:
            free["act"] = None  # to be said
        elif met == {True}:
            free["act"] = ""
        return free

    def _met(self, place: int) -> set[bool]:
        """Whether what takes a layer's output makes a default activation needless: for each taker, moves passed over."""
        met: set[bool] = set()
        waiting, seen = [place], {place}
        while waiting:
            at = waiting.pop()
            if at in self.outputs:
                met.add(True)
            for taker in self.takers[at]:
                kind = KINDS.get(self.layers[taker].word.word) if self.layers[taker].shared is None else None
                if kind is not None and kind.moves and not issubclass(kind, Norm):
                    if taker not in seen:
                        seen.add(taker)
                        waiting.append(taker)
                else:
                    met.add(kind is not None and (kind.sums or issubclass(kind, Activation | Norm)))
        return met

    def _choose(self, word: str, rows: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
        found: dict[str, Any] = {}
        for key in dict.fromkeys(key for row, _ in rows for key in row):
            if any(key not in row for row, _ in rows):
                continue
            builtin = _builtin(word, key)
            candidates = [builtin, *dict.fromkeys(row[key] for row, _ in rows if row[key] != builtin)]
            found[key] = min(candidates, key=lambda value: _cost(key, value, builtin, rows))
            if found[key] == builtin:
                del found[key]
        self.of[word] = found

    def _left(self, word: str, options: Mapping[str, Any]) -> dict[str, Any]:
        chosen = self.of.get(word, {})
        return {key: value for key, value in options.items() if value != chosen.get(key, _builtin(word, key))}

    def left(self, place: int) -> dict[str, Any]:
        """The options that a layer has to say."""
        word = self.layers[place].word.word
        full = self.full[place]
        free, chosen = self._freely(place), self.of.get(word, {})
        return {key: value for key, value in full.items() if not _unsaid(key, value, chosen.get(key), _builtin(word, key), free)}

    def conv_act(self) -> str:
        """The activation that a residual with convolutions has where nothing is said."""
        return str(self.of.get("conv", {}).get("act", "relu"))

    def statement(self) -> str:
        """The `default` statement; nothing where there is nothing to say."""
        said = []
        for word, chosen in self.of.items():
            options = sorted(chosen, key=lambda key: ("norm", "act").index(key) if key in ("norm", "act") else 2)
            if options:
                said.append(f"{word}({', '.join(_option(key, chosen[key]) for key in options)})")
        return f"default {', '.join(said)}" if said else ""


def _plain_options(word: Word) -> dict[str, Any]:
    return dict(word.options)


def _builtin(word: str, key: str) -> Any:
    """What an option is where nothing is said; None where that depends on the layer (`bias`)."""
    option = KINDS[word].options.get(key)
    if option is None or option.default is REQUIRED or key == "bias":
        return None
    if key == "act":
        return option.word if isinstance(option, Part) and option.word else ""
    if key == "norm":
        return ""
    if key == "pad":
        return 0 if "pool" in word else "same"
    default = option.default
    if isinstance(default, Fraction):
        return decimal(float(default))
    return default[0] if isinstance(default, tuple) and len(set(default)) == 1 else default


def _unsaid(key: str, value: Any, chosen: Any, builtin: Any, free: Mapping[str, Any]) -> bool:
    """Whether an option need not be written, with `chosen` as the default of the file (None: the language's)."""
    if key == "act":
        default = builtin if chosen is None else chosen
        if "act" not in free:
            return bool(value == default)
        if free["act"] is None:
            return bool(value == "" == default)
        return bool(value == "")
    usual = builtin if chosen is None else chosen
    return bool(value == (free["bias"] if key == "bias" and chosen is None and "bias" in free else usual))


def _cost(key: str, value: Any, builtin: Any, rows: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> int:
    chosen = None if value == builtin else value
    own = 0 if chosen is None else len(_option(key, value)) + 2
    return own + sum(len(_option(key, row[key])) + 2 for row, free in rows if not _unsaid(key, row[key], chosen, builtin, free))


# --- layers to text ---------------------------------------------------------------------------------------------------------


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
    def __init__(self, calls: Calls, layers: list[Layer], inputs: list[int], outputs: list[int]) -> None:
        self.calls, self.layers, self.inputs, self.outputs = calls, layers, inputs, outputs
        self.defaults = _Defaults(layers, outputs)
        self.shared: dict[int, tuple[str, str]] = {}
        self.nodes = [self._node(place) for place in range(len(layers))]
        self.input_names = _input_names([calls.calls[place].name for place in calls.inputs])
        self.order: list[int] = []
        self.blocks: list[Block] = []
        self.flows: list[Flow] = []
        self._structure(())
        crossing = crossings(self.nodes)
        if crossing:  # cells that take the last cell but one: the shortest text of those that end flows at some of them
            cells = dict.fromkeys((self.nodes[place].head, len(self.nodes[place].inputs)) for place in crossing)
            alike = {cell: [at for at, node in enumerate(self.nodes) if (node.head, len(node.inputs)) == cell] for cell in cells}
            by_word = [[at for cell in cells if cell[0] == head for at in alike[cell]] for head in dict.fromkeys(head for head, _ in cells)]
            self._structure(min([[], *alike.values(), *by_word, crossing], key=self._length))

    def _structure(self, ends: Sequence[int]) -> None:
        """Finds branches, residuals, blocks and repeats, with flows that end at the given nodes."""
        nested = chains(self.nodes, self.inputs, self.outputs, ends)
        self.order = [item.node for flow in nested for item in every_in_order(flow.chain)]
        self.blocks = []
        flows = repeated([flow._replace(chain=self._residual(flow.chain)) for flow in nested], 1)
        self.blocks, flows = with_blocks(flows, lambda chain: len(self._chain(chain, {}, {})))
        self.flows = repeated(flows, 6)

    def _length(self, ends: Sequence[int]) -> int:
        """The text's length; merges within merges are hard to read, and count more."""
        self._structure(ends)
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
            hole = (isinstance(value, int | float) and not isinstance(value, bool)) or word.word in ("pad", "crop")
            positional.append(None if hole else _number(value))
            if hole:
                values.append(value)
                roles.append(_ROLES.get(word.word, "v"))
        written: list[tuple[str, str | None]] = []
        order = ("norm", "act", "pad", "groups")
        for key in sorted(options, key=lambda key: order.index(key) if key in order else len(order)):
            hole = (key in _HOLES and isinstance(options[key], int)) or (key == "pad" and not str(options[key]).isalpha())
            written.append((key, None if hole else _option(key, options[key])))
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
            self.shared[layer.shared] = (name, self._layer(head, [_number(value) for value in values]))
        return self.shared[layer.shared][0]

    def _residual(self, chain: Chain) -> Chain:
        """The chain with sums of a branch and what came in as `res`, and the activation behind it within."""
        result: list[Item] = []
        at = 0
        while at < len(chain):
            item = chain[at]._replace(children=tuple(self._residual(child) for child in chain[at].children))
            branches = [child for child in item.children if child]
            inner = branches[0] if len(branches) == 1 else ()
            simple = item.head == Merge("add") and len(item.children) == 2 and inner and inner[0].head != REFERENCE
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
        return place in self.outputs or any(place in node.inputs for at, node in enumerate(self.nodes) if at != taker)

    # --- text ---

    def text(self) -> str:
        """The whole file."""
        names = dict(zip(self.inputs, self.input_names, strict=True))
        referred = [value.node for chain in self._chains() for item in every(chain) for value in item.values if isinstance(value, NodeName)]
        for place in sorted(set(referred) - set(names), key=self._made):
            names[place] = f"t{len(names) - len(self.inputs) + 1}"
        blocks = {block.number: (f"block{'' if at == 0 else at + 1}", block) for at, block in enumerate(self.blocks)}
        lines = [f"# {self.calls.name}: from a Keras model", f"net {_identifier(self.calls.name)}"]
        if self.defaults.statement():
            lines.append(self.defaults.statement())
        lines += [f"let {name} = {text}" for name, text in self.shared.values()]
        for name, block in blocks.values():
            parameters = ", ".join(p.name if p.default is None else f"{p.name}={p.default}" for p in block.parameters)
            lines += _filled(f"def {name}({parameters}) =", self._steps(block.chain, names, blocks), "  ")
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

    def _chains(self) -> list[Chain]:
        return [*(block.chain for block in self.blocks), *(flow.chain for flow in self.flows)]

    def _made(self, place: int) -> int:
        return self.order.index(place)

    def _input(self, place: int) -> str:
        layer = self.layers[place]
        shape = "x".join(map(str, layer.shape)) or "1"
        for taker in self.layers:
            if place in taker.inputs and taker.word.word == "embed":
                return f"{shape} of int({self.calls.calls[taker.calls[0]].config['input_dim']})"
        return shape

    def _chain(self, chain: Chain, names: Mapping[int, str], blocks: Mapping[int, tuple[str, Block]]) -> str:
        return " > ".join(self._steps(chain, names, blocks)) or "id"

    def _steps(self, chain: Chain, names: Mapping[int, str], blocks: Mapping[int, tuple[str, Block]]) -> list[str]:
        return [self._step(item, names, blocks) for item in chain]

    def _step(self, item: Item, names: Mapping[int, str], blocks: Mapping[int, tuple[str, Block]]) -> str:
        head = item.head
        values = [self._value(value, names) for value in item.values]
        if head == REFERENCE:
            return values[0] if values[0].startswith("@") else values[0].strip("{}")
        if head == REPEAT:
            inner = item.children[0]
            text = self._chain(inner, names, blocks)
            body = f"({text})" if len(inner) > 1 else text
            written = f"{body} x{values[0]}"
        elif isinstance(head, BlockHead):
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
        return f"{written} as {names[item.node]}" if item.node in names and item.node not in self.inputs else written

    def _holds_default(self, chain: Chain) -> bool:
        """Whether a chain holds a kind with an activation of its own by default, blocks looked into."""
        blocks = {block.number: block for block in getattr(self, "blocks", ())}
        for item in every(chain):
            if isinstance(item.head, BlockHead) and item.head.block in blocks and self._holds_default(blocks[item.head.block].chain):
                return True
            if isinstance(item.head, Leaf):
                word = item.head.word
                option = KINDS[word].options.get("act") if word in KINDS else None
                filled = word in KINDS and issubclass(KINDS[word], Activation) and item.head.amount
                if filled or (isinstance(option, Part) and option.word):
                    return True
        return False

    @staticmethod
    def _call(head: BlockHead, item: Item, values: list[str], blocks: Mapping[int, tuple[str, Block]]) -> str:
        if head.block not in blocks:  # while blocks are being looked for
            return f"block({', '.join(values)})"
        name, block = blocks[head.block]
        arguments = list(zip(block.parameters, item.values, values, strict=True))
        while arguments and arguments[-1][0].default is not None and arguments[-1][0].default == arguments[-1][1]:
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
        return _number(value)

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
            given.append(f"{key}={_bare(next(left)) if key == 'pad' else next(left)}" if value is None else value)
        options = f"({', '.join(given)})" if given else ""
        return f"{head.word}{size}{amount}{'' if stride in ('', usual) or (not size and stride == '2') else f'/{stride}'}{options}"


def _bare(value: str) -> str:
    """A parameter's value as an argument: its name alone, which may stand for more than a number."""
    return value[1:-1] if re.fullmatch(r"\{[a-z]+[0-9]*\}", value) else value


def _depth(chain: Chain) -> int:
    """How many branches stand within each other."""
    return max((1 + max(map(_depth, item.children)) for item in chain if item.children), default=0)


def every_in_order(chain: Chain) -> Iterator[Item]:
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
    readable = len(set(plain)) == len(plain) and not any(re.match(r"input_(layer|[0-9])", name) for name in plain)
    return plain if readable else [f"in_{number}" for number in range(1, len(names) + 1)] if len(names) > 1 else ["given"]


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

"""The calls of a Keras model as layers of the language: one for one, then with norms and
activations as options of those before.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from netdsl.errors import fail
from netdsl.graph import consumers_of
from netdsl.keras.defaults import word_text
from netdsl.keras.from_keras import (
    BY_CONSTANT,
    MERGES,
    NOTHING,
    Word,
    merge_word,
    no_word,
    padded,
    word_of,
)
from netdsl.keras.read import Call, Calls
from netdsl.kinds import KINDS
from netdsl.kinds.act import Activation
from netdsl.kinds.norm import Norm

_BY_TRAINING = (
    "BatchNormalization",
    "Dropout",
    "GaussianNoise",
    "StochasticDepth",
    *(f"SpatialDropout{rank}D" for rank in (1, 2, 3)),
)
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
        self.takers = consumers_of(self.calls)
        self.outputs = set(calls.outputs)

    def convert(self, place: int) -> _Value:
        call = self.calls[place]
        _whole(call)
        if call.kind == "InputLayer":
            return self._add(NOTHING, (), place, call.shape)
        if call.kind == "CustomScaleLayer":
            first, second = call.inputs
            scaled = self._add(
                Word("rescale", positional=(call.config["scale"],)),
                (self._plain(second),),
                place,
                call.shape,
            )
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
        source = call.inputs[0]
        value = self.values[source]
        if call.kind == "Pad" and call.options.get("constant_values") == -math.inf:
            takers = [self.calls[taker].kind for taker in self.takers[place]]
            if (
                len(takers) == 1
                and takers[0].startswith("MaxPooling")
                and place not in self.outputs
            ):
                return value  # told by the pool
        word = word_of(call, [self.calls[source].shape])
        shape = self.layers[value.layer].shape
        if (
            self.calls[source].inputs
            and self.takers[source] == [place]
            and source not in self.outputs
            and not value.squeezed
        ):
            whole = (
                None
                if self.padded_apart and self.calls[source].kind != "Pad"
                else padded(word, call, self.calls[source])
            )
            if whole is not None:
                before = self.calls[source].inputs[0]
                return self._add(whole, (self._plain(before),), place, call.shape)
        if word.word in ("gap", "gmp"):
            squeezed = bool(call.config.get("keepdims"))
            return self._add(
                word, (self._plain(call.inputs[0]),), place, (call.shape[-1],), squeezed
            )
        if (
            word.word in ("reshape", "flatten", "id")
            and len(shape) == 1
            and call.shape in (shape, (1,) * (len(call.shape) - 1) + shape)
        ):
            return _Value(value.layer, len(call.shape) > 1)
        if word == NOTHING:
            return value
        if value.squeezed:
            if (
                word.word == "conv"
                and "groups" not in word.options
                and set(call.config["kernel_size"]) == {1}
            ):
                options = {
                    key: option
                    for key, option in word.options.items()
                    if key not in ("pad", "dilation")
                }
                return self._add(
                    Word("fc", (), word.amount, (), options),
                    (value.layer,),
                    place,
                    (call.shape[-1],),
                    True,
                )
            if word.word == "dense":
                return self._add(
                    word._replace(word="fc"), (value.layer,), place, (call.shape[-1],), True
                )
            kind = KINDS[word.word]
            if issubclass(kind, Activation | Norm) or word.word in (
                "dropout",
                "droppath",
                "rescale",
                "scale",
                "noise",
            ):
                return self._add(word, (value.layer,), place, shape, True)
        return self._add(word, (self._plain(call.inputs[0]),), place, call.shape)

    def _plain(self, place: int) -> int:
        """The layer with a call's output in Keras's own shape."""
        value = self.values[place]
        if not value.squeezed:
            return value.layer
        shape = self.calls[place].shape
        self.layers.append(
            Layer(
                Word("reshape", positional=("x".join(map(str, shape)),)), (value.layer,), (), shape
            )
        )
        self.values[place] = _Value(len(self.layers) - 1)
        return len(self.layers) - 1

    def _merge(self, place: int) -> _Value:
        call = self.calls[place]
        if any(value is not None for value in call.constants):
            raise no_word(call)
        values = [self.values[source] for source in call.inputs]
        word = merge_word(call, [self.calls[source].shape for source in call.inputs])
        squeezed = all(value.squeezed for value in values)
        spread = word.word not in ("concat", "dot", "stack") and any(
            self.calls[source].shape == call.shape for source in call.inputs
        )
        if squeezed or spread:
            shape = self.layers[values[0].layer].shape if squeezed else call.shape
            return self._add(word, tuple(value.layer for value in values), place, shape, squeezed)
        return self._add(
            word, tuple(self._plain(source) for source in call.inputs), place, call.shape
        )

    def ends(self, outputs: Sequence[int]) -> list[int]:
        """The layers of the model's outputs. One that is read elsewhere too, or twice an output, or
        an input, ends in a `linear` of its own: in the language an output is the end of a flow.
        """
        places = [self._plain(place) for place in outputs]
        read = {source for layer in self.layers for source in layer.inputs}
        for at, place in enumerate(places):
            if place in read or places.count(place) > 1 or not self.layers[place].inputs:
                self.layers.append(Layer(Word("linear"), (place,), (), self.layers[place].shape))
                places[at] = len(self.layers) - 1
                read.add(place)
        return places

    def _hard_sigmoid(self, place: int) -> _Value | None:
        """What goes into relu6(x + 3) / 6, written with operators."""
        call = self.calls[place]
        if call.kind != "Multiply" or not any(
            isinstance(c, float) and abs(c - 1 / 6) < 1e-12 for c in call.constants
        ):
            return None
        (cut,) = call.inputs
        relu = self.calls[cut]
        if relu.kind != "ReLU" or relu.config.get("max_value") != 6 or self.takers[cut] != [place]:
            return None
        (shifted,) = relu.inputs
        add = self.calls[shifted]
        if (
            add.kind != "Add"
            or 3.0 not in add.constants
            or self.takers[shifted] != [cut]
            or {cut, shifted} & self.outputs
        ):
            return None
        return self.values[add.inputs[0]]

    def _add(
        self,
        word: Word,
        inputs: tuple[int, ...],
        place: int,
        shape: tuple[int, ...],
        squeezed: bool = False,
    ) -> _Value:
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
    told = [
        key
        for key, value in call.options.items()
        if key != "training" or (value and call.kind in _BY_TRAINING)
    ]
    if told and call.kind not in _OPERATORS:
        raise no_word(call, f"it is called with {', '.join(told)}")
    if call.kind not in BY_CONSTANT and any(value is not None for value in call.constants):
        raise no_word(call, "it is called with more than its inputs")


def layers_of(calls: Calls, padded_apart: bool) -> tuple[list[Layer], list[int], list[int]]:
    """The model's layers, and which of them are inputs and outputs; padding before a layer as
    one of its own or as its option.
    """
    converter = _Converter(calls, padded_apart)
    for place in range(len(calls.calls)):
        converter.values.append(converter.convert(place))
    used = {place for call in converter.calls for place in call.inputs}
    unread = [
        converter.calls[place].name
        for place in calls.inputs
        if place not in used and place not in calls.outputs
    ]
    if unread:
        raise fail("N621", f"input `{unread[0]}` goes nowhere", help="leave it out of the model")
    return (
        converter.layers,
        [converter.values[place].layer for place in calls.inputs],
        converter.ends(calls.outputs),
    )


def joined(
    layers: list[Layer], inputs: Sequence[int], outputs: Sequence[int]
) -> tuple[list[Layer], list[int], list[int]]:
    """The layers with norms and activations as options of those before them, and without what
    goes nowhere.
    """
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
        alone = (
            host is not None
            and takers[layer.inputs[0]] == [place]
            and layer.inputs[0] not in outputs
            and layer.shared is None
        )
        if (
            host is not None
            and alone
            and host.shared is None
            and (option := _as_option(host, layer))
        ):
            word = host.word._replace(options={**host.word.options, **option})
            joined[sources[0]] = Layer(word, host.inputs, (*host.calls, *layer.calls), layer.shape)
            stands_for[place] = sources[0]
        elif (
            host is not None
            and host.word.word == "flatten"
            and layer.word.word == "fc"
            and layer.shared is None
        ):
            joined[place] = layer._replace(inputs=host.inputs)
        else:
            joined[place] = layer._replace(inputs=sources)
    kept_takers = {source for layer in joined.values() for source in layer.inputs} | {
        stands_for[place] for place in outputs
    }
    kept = [
        place for place in joined if joined[place].word.word != "flatten" or place in kept_takers
    ]
    number = {place: at for at, place in enumerate(kept)}
    found = [
        joined[place]._replace(inputs=tuple(number[source] for source in joined[place].inputs))
        for place in kept
    ]
    return (
        found,
        [number[place] for place in inputs],
        [number[stands_for[place]] for place in outputs],
    )


def _as_option(host: Layer, layer: Layer) -> dict[str, Any]:
    """The option of `host` that a norm or an activation behind it can be."""
    word = layer.word.word
    if host.word.word not in KINDS or word not in KINDS or host.word.options.get("act"):
        return {}
    takes = KINDS[host.word.word].options
    if (
        issubclass(KINDS[word], Norm)
        and KINDS[word].as_part
        and "norm" in takes
        and not host.word.options.get("norm")
    ):
        return {"norm": layer.word}
    if issubclass(KINDS[word], Activation) and "act" in takes and word != "softmax":
        return {"act": word_text(layer.word)}
    if word == "softmax" and host.word.word == "fc" and not host.word.options.get("norm"):
        return {"act": "softmax"}
    return {}

"""Sequences: indices to vectors, positions, recurrence, attention."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from netdsl.kinds.facts import Case, Reach, Saved, Seen, Weight
from netdsl.kinds.initial import Initial, Trained, keras_initializer
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, Flag, Reference, Whole
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Argument, Indices, Shape, Word, dims, shown
from netdsl.kinds.window import wrong_rank

_SMALL = Word("normal", (Argument(None, 0.02),))
_KERAS_EMBEDDING = Word("uniform", (Argument(None, 0.05),))


def _sequence(word: str, x: Shape) -> Shape:
    if len(x) != 2:
        raise wrong_rank(
            word,
            x,
            "a sequence",
            "reshape makes a sequence of it: reshape(49x512)" if len(x) > 2 else "",
        )
    return x


class Embed(Plain):
    """A learned vector of N numbers for each index: takes an input such as `128 of int(20000)`."""

    word = "embed"
    group = "sequence"
    reach = "position"
    names_elsewhere, usual_spelling = ("embedding",), "embed-64"
    takes: ClassVar[dict[str, str]] = {"amount": "yes"}
    takes_indices = True
    arithmetic, saved_for_backward = "", "inputs"
    cases = (
        Case("embed-16", Indices((128,), 20000), (128, 16), 320_000),
        Case("embed-8(init=normal(0.02)) > gap", Indices((10,), 50), (8,), 400),
        Case("embed-4 > flatten", Indices((1,), 10), (4,), 40),
    )

    init = Initial(_KERAS_EMBEDDING, "the vectors at the beginning")

    def shape(self, *inputs: Shape) -> Shape:
        """N numbers at each place."""
        x = inputs[0]
        if not isinstance(x, Indices):
            help = "say how many there are: input 128 of int(20000)"
            raise LayerError(
                "N203",
                f"`{self.word}` takes indices, and {dims(x)} holds numbers",
                help=help,
                label=f"{dims(x)} comes in here",
            )
        return (*x, self.amount or 0)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """N for each of V indices."""
        return (Weight("embeddings", (getattr(inputs[0], "limit", 0), self.amount or 0), "kernel"),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        usual = shown(self.init) == shown(self.options["init"].default)
        start = {} if usual else {"embeddings_initializer": keras_initializer(k, self.init)}
        return [
            k.keras.layers.Embedding(
                getattr(inputs[0], "limit", 0), self.amount, **start, name=name
            )
        ]


class Positions(Plain):
    """Learned positions: a number of its own is added to each channel at each position."""

    word = "pos"
    group = "sequence"
    reach = "position"
    arithmetic, saved_for_backward = "add", ""
    cases = (Case("pos", (10, 16), (10, 16), 160), Case("pos(init=0)", (4, 4, 3), (4, 4, 3), 48))

    init = Initial(_SMALL, "the numbers at the beginning")

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape; it must have positions."""
        if len(inputs[0]) < 2:
            raise wrong_rank(self.word, inputs[0], "positions")
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """One for each number of the input."""
        return (Weight("kernel", inputs[0], "kernel"),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.custom.LearnedPositions(keras_initializer(k, self.init), name=name)]


class SinCos(Plain):
    """Fixed positions: sin(t/10000^(2i/C)) is added to channel 2i, the cosine to channel 2i + 1
    (Vaswani et al. 2017).
    """

    word = "sincos"
    group = "sequence"
    reach = "position"
    arithmetic, saved_for_backward = "add", ""
    cases = (Case("sincos", (10, 16), (10, 16), 0), Case("sincos", (5, 3), (5, 3), 0))

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape, a sequence."""
        return _sequence(self.word, inputs[0])

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.custom.SinusoidalPositions(name=name)]


class First(Plain):
    """Position 0 of a sequence: a vector."""

    word = "first"
    group = "shape"
    reach = "all"
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    cases = (Case("first", (10, 16), (16,), 0),)

    def shape(self, *inputs: Shape) -> Shape:
        """A vector of the channels."""
        return _sequence(self.word, inputs[0])[1:]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [lambda tensor: tensor[:, 0]]


class ClassToken(Plain):
    """One learned position in front of a sequence, the same for all examples."""

    word = "cls"
    group = "shape"
    arithmetic, saved_for_backward = "", ""
    cases = (Case("cls", (49, 16), (50, 16), 16), Case("cls(init=0) > first", (3, 4), (4,), 4))

    init = Initial(_SMALL, "its numbers at the beginning")

    def shape(self, *inputs: Shape) -> Shape:
        """One position more."""
        length, channels = _sequence(self.word, inputs[0])
        return (length + 1, channels)

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """The position before it: the token is like padding."""
        return (Seen(((Reach(1, -1, -1),),)),)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """One for each channel."""
        return (Weight("kernel", (1, inputs[0][-1]), "kernel"),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.custom.LearnedToken(keras_initializer(k, self.init), name=name)]


# --- recurrence -----------------------------------------------------------------------------------


class Recurrent(Trained):
    """What the recurrent kinds share: a sequence read position by position, N states.

    `init` is for the kernel on the input; that on the states begins orthogonal.
    """

    word = "_recurrent"
    group = "sequence"
    takes: ClassVar[dict[str, str]] = {"amount": "yes"}
    gates: ClassVar[int] = 1
    kept: ClassVar[int] = 1  # numbers kept for the backward pass, for each state and position
    each: ClassVar[str] = ""  # what is done for each state and position beside the products
    keras_name: ClassVar[str] = ""

    seq = Flag(
        False,
        "the states at all positions, not the last ones only; with `back` in the order they are read",
    )
    back = Flag(False, "read from the end to the beginning")
    bi = Flag(False, "read both ways, the states of both next to each other: 2*N channels")

    def with_resolved_defaults(self) -> Kind:
        if self.values["bi"] and self.values["back"]:
            raise LayerError(
                "N107", "`bi` reads both ways: `back` goes without it", "back", "say bi or back"
            )
        return super().with_resolved_defaults()

    @property
    def ways(self) -> int:
        return 2 if self.bi else 1

    def shape(self, *inputs: Shape) -> Shape:
        """A vector of N states; of 2*N with `bi`, and at each position with `seq`."""
        length, _ = _sequence(self.word, inputs[0])
        states = self.ways * (self.amount or 0)
        return (length, states) if self.seq else (states,)

    def _bias(self) -> Shape:
        return (self.gates * (self.amount or 0),)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """For each gate and way of reading (C + N)*N, and N biases."""
        units = self.amount or 0
        width = self.gates * units
        found: list[Weight] = []
        for way in ("forward_", "backward_") if self.bi else ("",):
            found += [
                Weight(f"{way}kernel", (inputs[0][-1], width), "kernel"),
                Weight(f"{way}recurrent_kernel", (units, width), "kernel"),
            ]
            found += [Weight(f"{way}bias", self._bias(), "bias")] if self.bias else []
        return tuple(found)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """(C + N)*N for each gate and way of reading, at each position."""
        length, channels = inputs[0]
        units = self.amount or 0
        return length * self.ways * self.gates * units * (channels + units)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """At each position, for each state: the biases, the gates' activations, and what makes
        the new state of them.
        """
        biases = math.prod(self._bias()) if self.bias else 0
        return inputs[0][0] * self.ways * (biases + len(self.each.split()) * (self.amount or 0))

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """The input, and gates and states at every position."""
        return Saved(inputs=True, values=inputs[0][0] * self.ways * self.kept * (self.amount or 0))

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Taken as all positions; its own stays its own with `seq`, unless they are read from
        the end.
        """
        return (Seen(() if self.seq and not self.back else None, True),)

    def _more(self) -> dict[str, Any]:
        """Arguments of the Keras layer that the kind alone has."""
        return {}

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        given = {"return_sequences": self.seq, "go_backwards": self.back}
        arguments = {
            **{key: True for key, yes in given.items() if yes},
            **({} if self.bias else {"use_bias": False}),
        }
        weights = self.keras_weights(k)
        if "kernel_regularizer" in weights:
            weights["recurrent_regularizer"] = weights["kernel_regularizer"]
        make = getattr(k.keras.layers, self.keras_name)
        layer = make(
            self.amount,
            **arguments,
            **self._more(),
            **weights,
            name=f"{name}_way" if self.bi else name,
        )
        return [k.keras.layers.Bidirectional(layer, name=name) if self.bi else layer]


class LongShortTermMemory(Recurrent):
    """An LSTM (Hochreiter and Schmidhuber 1997, with forget gates; their biases begin at 1 where
    `bias_init` is 0).
    """

    word = "lstm"
    keras_name = "LSTM"
    gates, kept = 4, 6
    each = (
        # three gates and the candidate
        "negate exp add divide negate exp add divide negate exp add divide tanh"
        " multiply multiply add tanh multiply"  # f*c + i*g, and o*tanh(c)
    )
    cases = (
        Case("lstm-8", (10, 4), (8,), 416),
        Case("lstm-8(seq)", (10, 4), (10, 8), 416),
        Case("lstm-8(bi)", (10, 4), (16,), 832),
        Case("lstm-8(bi, seq)", (10, 4), (10, 16), 832),
        Case("lstm-3(back, bias=no)", (5, 2), (3,), 60),
    )

    def _more(self) -> dict[str, Any]:
        return {"unit_forget_bias": False} if self.bias and self.bias_init != 0 else {}


class GatedRecurrentUnit(Recurrent):
    """A GRU (Cho et al. 2014): the reset gate works on the states before their product; `after`
    behind it, with a second bias.

    `after` is Keras's own default and cuDNN's form (`reset_after=True`).
    """

    word = "gru"
    keras_name = "GRU"
    gates, kept = 3, 4
    each = (
        "negate exp add divide negate exp add divide tanh"  # two gates and the candidate
        " multiply multiply subtract multiply add"  # r*h, and z*h + (1 - z)*g
    )
    cases = (
        Case("gru-8", (10, 4), (8,), 312),
        Case("gru-8(seq, after)", (10, 4), (10, 8), 336),
        Case("gru-8(bi)", (10, 4), (16,), 624),
        Case("gru-3(back)", (5, 2), (3,), 54),
    )

    after = Flag(False, "the reset gate behind the product, with a second bias")

    def _bias(self) -> Shape:
        width = self.gates * (self.amount or 0)
        return (2, width) if self.after else (width,)

    def _more(self) -> dict[str, Any]:
        return {} if self.after else {"reset_after": False}


class SimpleRecurrent(Recurrent):
    """A plain recurrent layer (Elman 1990): h = tanh(W*x + U*h + b)."""

    word = "rnn"
    keras_name = "SimpleRNN"
    each = "tanh"
    cases = (
        Case("rnn-8", (10, 4), (8,), 104),
        Case("rnn-8(seq, bi)", (10, 4), (10, 16), 208),
        Case("rnn-3(back, seq)", (5, 2), (5, 3), 18),
    )


# --- attention ------------------------------------------------------------------------------------


class Attention(Trained):
    """Multi-head attention (Vaswani et al. 2017): each head has `dim` channels, C/heads by default;
    the output has the input's C.

    Queries come from the input, keys and values from the input too, or from the point `kv`. `acts`
    counts the four projections.
    """

    word = "attention"
    group = "sequence"
    positional = ("heads",)
    cases = (
        Case("attention(heads=4)", (10, 16), (10, 16), 1088),
        Case("attention(heads=2, causal, bias=no)", (10, 16), (10, 16), 1024),
        Case("attention(heads=2, dim=3)", (5, 4), (5, 4), 118),
        Case("dense-6 as m > dense-4 > attention(heads=2, kv=@m)", (5, 3), (5, 4), 148),
    )

    heads = Whole(REQUIRED, "how many heads")
    dim = Whole(None, "channels of each head; left out: C/heads")  # type: ignore[arg-type]
    causal = Flag(False, "each position sees itself and those before it only")
    kv = Reference(None, "where keys and values come from")
    dim.hidden_at_default = True

    def width(self, x: Shape) -> int:
        """The channels of each head."""
        return self.dim or x[-1] // self.heads

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape, a sequence."""
        x = inputs[0]
        for each in inputs:
            _sequence(self.word, each)
        if not self.dim and x[-1] % self.heads:
            help = "another number of heads, or the channels of each: dim=64"
            raise LayerError(
                "N206",
                f"heads={self.heads} does not divide {x[-1]} channels",
                "heads",
                help,
                f"{dims(x)} comes in here",
            )
        if self.causal and len(inputs) > 1:
            raise LayerError(
                "N107",
                "`causal` is for a sequence that attends to itself",
                "causal",
                "leave out causal or kv",
            )
        return x

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """C*heads*dim each for queries, keys, values (of kv's channels) and the output;
        heads*dim biases each, and C for the output.
        """
        x, other = inputs[0], inputs[-1]
        heads = (self.heads, self.width(x))
        found = []
        for name, channels in (("query", x[-1]), ("key", other[-1]), ("value", other[-1])):
            found += [
                Weight(f"{name}_kernel", (channels, *heads), "kernel"),
                Weight(f"{name}_bias", heads, "bias"),
            ]
        found += [
            Weight("output_kernel", (*heads, x[-1]), "kernel"),
            Weight("output_bias", (x[-1],), "bias"),
        ]
        return tuple(weight for weight in found if self.bias or weight.role == "kernel")

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """The four projections, queries times keys, and weights times values; `causal` counts
        the whole square.
        """
        (length, channels), (others, width) = inputs[0], inputs[-1]
        inner = self.heads * self.width(inputs[0])
        return (
            2 * length * channels * inner + 2 * others * width * inner + 2 * length * others * inner
        )

    def acts(self, output: Shape, *inputs: Shape) -> int:
        (length, channels), (others, _) = inputs[0], inputs[-1]
        return (length + 2 * others) * self.heads * self.width(inputs[0]) + length * channels

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """The biases; the queries' division by the root of `dim`; softmax (exp, add, divide)
        over each head's square.
        """
        (length, channels), (others, _) = inputs[0], inputs[-1]
        inner = self.heads * self.width(inputs[0])
        biases = (length + 2 * others) * inner + length * channels if self.bias else 0
        return biases + length * inner + 3 * self.heads * length * others

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """The inputs, queries, keys, values, the weights of each head, and what the output's
        projection takes.
        """
        (length, _), (others, _) = inputs[0], inputs[-1]
        inner = self.heads * self.width(inputs[0])
        return Saved(
            inputs=True, values=2 * (length + others) * inner + self.heads * length * others
        )

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """All positions of the keys and values, with `causal` too; of the queries its own."""
        return (Seen((), True),) if len(inputs) == 1 else (Seen(), Seen(None, True))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        bias = {} if self.bias else {"use_bias": False}
        causal = {"use_causal_mask": True} if self.causal else {}
        layer = k.keras.layers.MultiHeadAttention(
            self.heads, self.width(inputs[0]), **bias, **self.keras_weights(k), name=name
        )
        if self.kv is not None:
            return [lambda tensors: layer(tensors[0], tensors[1], **causal)]
        return [lambda tensor: layer(tensor, tensor, **causal)]

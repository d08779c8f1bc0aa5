"""Sequences: indices to vectors, positions, tokens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.facts import Arrays, Case, Reach, Seen, Weight
from netdsl.kinds.fitting import to_sequence
from netdsl.kinds.initial import Initial, initial_of, keras_initializer
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Flag, Real
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Argument, Indices, Shape, Word, dims, shown
from netdsl.kinds.window import wrong_rank

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning

# BERT and GPT-2 begin so.
_SMALL = Word("normal", (Argument(None, 0.02),))
# What Keras's Embedding does by default: left out of the layer's arguments.
_KERAS_EMBEDDING = Word("uniform", (Argument(None, 0.05),))


def as_sequence(word: str, x: Shape) -> Shape:
    """Return the shape of a sequence.

    Raises:
        LayerError: N203 where it is another shape.
    """
    if len(x) != 2:
        raise wrong_rank(
            word,
            x,
            "a sequence",
            f"{to_sequence(x)} turns it into a sequence",
        )
    return x


class Embed(Plain):
    """A learned vector of N numbers for each index: takes an input such as `128 of int(20000)`."""

    counterparts = ("layers.Embedding", "nn.Embedding")
    word = "embed"
    makes_mask = True
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
        Case("embed-4(mask) > lstm-3", Indices((6,), 10), (3,), 136),
    )

    init = Initial(_KERAS_EMBEDDING, "the initial vectors")
    mask = Flag(False, "index 0 is padding, which the layers after it skip")
    mask.hidden_at_default = True

    def shape(self, *inputs: Shape) -> Shape:
        """N numbers at each place.

        Raises:
            LayerError: N203 for an input of numbers.
        """
        x = inputs[0]
        if not isinstance(x, Indices):
            help = f"an input of indices gives their number: input {dims(x)} of int(20000)"
            raise LayerError(
                "N203",
                f"`{self.word}` requires indices, and {dims(x)} holds numbers",
                help=help,
                label=f"the input is {dims(x)}",
            )
        return (*x, self.units)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """N for each of V indices."""
        return (Weight("embeddings", (getattr(inputs[0], "limit", 0), self.units), "kernel"),)

    def backward_ops(self, output: Shape, *inputs: Shape) -> int:
        """An addition for each number, to the gradient of the vector that was looked up."""
        return math.prod(output)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return weights["embeddings"][inputs[0].astype(int)]

    def has_padding(self, x: Any) -> bool:
        return bool((x == 0).any())

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        # As text: 0.05 is a fraction in one and may be a float in the other.
        usual = shown(self.init) == shown(self.options["init"].default)
        start = (
            {} if usual else {"embeddings_initializer": keras_initializer(k, self, "init", inputs)}
        )
        if self.mask:
            start["mask_zero"] = True
        return [
            k.keras.layers.Embedding(
                getattr(inputs[0], "limit", 0), self.amount, **start, name=name
            )
        ]

    keras_layers = ("Embedding",)
    keras_signatures = ("Embedding(input_dim, output_dim)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        options = _start(call, "embeddings_initializer")
        if call.config.get("mask_zero"):
            options["mask"] = True
        call.leave_out("embeddings_constraint", "embeddings_regularizer")
        spec = cls.spec(amount=call.config["output_dim"], **options)
        return call.means(spec, index_limit=call.config["input_dim"])


class Positions(Plain):
    """Learned positions: a number of its own is added to each channel at each position."""

    word = "pos"
    keeps_mask = True
    names_elsewhere = (
        "positionembedding",
        "posembed",
        "posemb",
    )
    group = "sequence"
    reach = "position"
    arithmetic, saved_for_backward = "add", ""
    cases = (Case("pos", (10, 16), (10, 16), 160), Case("pos(init=0)", (4, 4, 3), (4, 4, 3), 48))

    init = Initial(_SMALL, "the initial values")

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape; it must have positions.

        Raises:
            LayerError: N203 for a vector.
        """
        if len(inputs[0]) < 2:
            raise wrong_rank(self.word, inputs[0], "positions")
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """One for each number of the input."""
        return (Weight("kernel", inputs[0], "kernel"),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0] + weights["kernel"]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.custom.LearnedPositions(keras_initializer(k, self, "init", inputs), name=name)]

    keras_layers = ("LearnedPositions",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec(**_start(call, "kernel_initializer")))


class SinCos(Plain):
    """Fixed positions: sin(t/10000^(2i/C)) is added to channel 2i, the cosine to channel 2i + 1
    (Vaswani et al. 2017).
    """

    word = "sincos"
    keeps_mask = True
    names_elsewhere = (
        "positionalencoding",
        "posenc",
    )
    group = "sequence"
    reach = "position"
    arithmetic, saved_for_backward = "add", ""
    cases = (Case("sincos", (10, 16), (10, 16), 0), Case("sincos", (5, 3), (5, 3), 0))

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape, a sequence."""
        return as_sequence(self.word, inputs[0])

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        length, channels = inputs[0].shape[1:]
        # Channels 2i and 2i + 1 have one frequency: 2i/C is the exponent of both.
        angles = np.arange(length)[:, None] / 10000.0 ** (np.arange(channels) // 2 * 2 / channels)
        return inputs[0] + np.where(np.arange(channels) % 2, np.cos(angles), np.sin(angles))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.custom.SinusoidalPositions(name=name)]

    keras_layers = ("SinusoidalPositions",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec())


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
        return as_sequence(self.word, inputs[0])[1:]

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0][:, 0]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [lambda tensor: tensor[:, 0]]

    keras_layers = ("GetItem",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        # `x[:, 0]`; on an image the same takes a row, for which there is no word.
        found = call.arguments[1:] == ((slice(None), 0),) and len(call.inputs[0]) == 2
        return call.means(cls.spec()) if found else None


class Reverse(Plain):
    """A sequence from its end to its beginning."""

    counterparts = ("ops.flip", "flip")
    word, added = "reverse", True
    group = "shape"
    reach = "all"
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    names_elsewhere = ("flip",)
    cases = (
        Case("reverse", (10, 16), (10, 16), 0),
        Case("rnn-3(back, seq) > reverse", (5, 2), (5, 3), 18),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape, a sequence."""
        return as_sequence(self.word, inputs[0])

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0][:, ::-1]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [lambda tensor: k.keras.ops.flip(tensor, axis=1)]

    keras_layers = ("Flip",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.config.get("axis") != 1 or len(call.output) != 2:
            raise call.refuse(f"its axis is {call.config.get('axis')}")
        return call.means(cls.spec())


class Mask(Plain):
    """Positions where every channel has this value are padding, which the layers after it skip."""

    counterparts = ("layers.Masking", "")
    word, added = "mask", True
    makes_mask = keeps_mask = True
    group = "sequence"
    reach = "position"
    positional = ("value",)
    arithmetic, saved_for_backward = "compare multiply", "mask"
    names_elsewhere = ("masking",)
    cases = (Case("mask", (10, 4), (10, 4), 0), Case("mask(-1) > gru-3", (10, 4), (3,), 72))

    value = Real(0, "the value of padding")

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape, a sequence."""
        return as_sequence(self.word, inputs[0])

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        # As Keras's Masking: what is masked is 0 as well, whatever `value` is.
        return inputs[0] * (inputs[0] != float(self.value)).any(-1, keepdims=True)

    def has_padding(self, x: Any) -> bool:
        return bool((x == float(self.value)).all(-1).any())

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Masking(float(self.value), name=name)]

    keras_layers = ("Masking",)
    keras_signatures = ("Masking(mask_value)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        value = call.number("mask_value")
        return call.means(cls.spec(value) if value else cls.spec())


class ClassToken(Plain):
    """One learned position in front of a sequence, the same for all examples."""

    word = "cls"
    keeps_mask = True
    names_elsewhere = (
        "classtoken",
        "clstoken",
    )
    group = "shape"
    arithmetic, saved_for_backward = "", ""
    cases = (Case("cls", (49, 16), (50, 16), 16), Case("cls(init=0) > gap", (3, 4), (4,), 4))

    init = Initial(_SMALL, "its initial values")

    def shape(self, *inputs: Shape) -> Shape:
        """One position more."""
        length, channels = as_sequence(self.word, inputs[0])
        return (length + 1, channels)

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return the position before it: the token is like padding."""
        # Output 0 is the token: it sees position -1, which is outside, as padding is.
        return (Seen(((Reach(1, -1, -1),),)),)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """One for each channel."""
        return (Weight("kernel", (1, inputs[0][-1]), "kernel"),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        token = np.broadcast_to(weights["kernel"], (len(inputs[0]), 1, inputs[0].shape[-1]))
        return np.concatenate([token, inputs[0]], 1)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.custom.LearnedToken(keras_initializer(k, self, "init", inputs), name=name)]

    keras_layers = ("LearnedToken",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec(**_start(call, "kernel_initializer")))


def _start(call: CallView, key: str) -> dict[str, Any]:
    """Return the option `init`, where the language can say how the weights begin."""
    start = initial_of(call, key)
    return {} if start is None else {"init": start}

"""Attention."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.facts import Arrays, Case, Saved, Seen, Weight
from netdsl.kinds.fitting import divisor
from netdsl.kinds.initial import Trained
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, Flag, ReferenceOption, Whole
from netdsl.kinds.sequence import as_sequence
from netdsl.kinds.values import Shape, dims

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Attention(Trained):
    """Multi-head attention (Vaswani et al. 2017): each head has `dim` channels, C/heads by default;
    the output has the input's C.

    Queries come from the input, keys and values from the input too, or from the point `kv`. `acts`
    counts the four projections.
    """

    counterparts = ("layers.MultiHeadAttention", "nn.MultiheadAttention")
    word = "attention"
    takes_mask = keeps_mask = True
    names_elsewhere = (
        "multiheadattention",
        "multihead",
        "mha",
        "mhsa",
        "selfattention",
        "sdpa",
    )
    group = "sequence"
    positional = ("heads",)
    cases = (
        Case("attention(heads=4)", (10, 16), (10, 16), 1088),
        Case("attention(heads=2, causal, bias=no)", (10, 16), (10, 16), 1024),
        Case("attention(heads=2, dim=3)", (5, 4), (5, 4), 118),
        Case("dense-6 as m > dense-4 > attention(heads=2, kv=@m)", (5, 3), (5, 4), 148),
    )

    heads = Whole(REQUIRED, "number of heads")
    dim = Whole(None, "channels of each head; default: C/heads")  # type: ignore[arg-type]
    causal = Flag(False, "each position sees only itself and those before it")
    kv = ReferenceOption(None, "the source of keys and values")
    # C/heads is known with an input alone, so `expand` cannot print the default.
    dim.hidden_at_default = True

    def width(self, x: Shape) -> int:
        """Return the channels of each head."""
        return self.dim or x[-1] // self.heads

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape, a sequence.

        Raises:
            LayerError: N203 for what is not a sequence, N206 where `heads` does not divide the
                channels, N107 for `causal` with `kv`.
        """
        x = inputs[0]
        for each in inputs:
            as_sequence(self.word, each)
        if not self.dim and x[-1] % self.heads:
            heads = divisor(x[-1], self.heads)
            help = f"heads={heads} does; or give the channels of each: dim={x[-1] // heads}"
            raise LayerError(
                "N206",
                f"heads={self.heads} does not divide {x[-1]} channels",
                "heads",
                help,
                f"the input is {dims(x)}",
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

    def input_macs(self, output: Shape, *inputs: Shape) -> int:
        """Return the projections to queries, keys and values."""
        (length, channels), (others, width) = inputs[0], inputs[-1]
        return (length * channels + 2 * others * width) * self.heads * self.width(inputs[0])

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
        """Return the inputs, queries, keys, values, the weights of each head, and what the output's
        projection takes. Scores before and after softmax, and the gradients of both, are not all
        computed in place: three more squares of each head.
        """
        (length, _), (others, _) = inputs[0], inputs[-1]
        inner = self.heads * self.width(inputs[0])
        square = self.heads * length * others
        return Saved(
            inputs=True, values=2 * (length + others) * inner + square, temporaries=3 * square
        )

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return all positions of keys and values, with `causal` too; of the queries its own."""
        return (Seen((), True),) if len(inputs) == 1 else (Seen(), Seen(None, True))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        x, other = inputs[0], inputs[-1]
        queries, keys, values = (
            np.einsum("zlc,chd->zhld", source, weights[f"{name}_kernel"])
            + (weights[f"{name}_bias"][:, None] if self.bias else 0)
            for name, source in (("query", x), ("key", other), ("value", other))
        )
        scores = queries @ keys.swapaxes(-1, -2) / math.sqrt(self.width(x.shape[1:]))
        if self.causal:
            # exp(-inf) is 0: what comes later has no share.
            scores = np.where(np.tri(x.shape[1], dtype=bool), scores, -math.inf)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares = shares / shares.sum(-1, keepdims=True)
        mixed = np.einsum("zhld,hdc->zlc", shares @ values, weights["output_kernel"])
        return mixed + weights.get("output_bias", 0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        bias = {} if self.bias else {"use_bias": False}
        causal = {"use_causal_mask": True} if self.causal else {}
        layer = k.keras.layers.MultiHeadAttention(
            self.heads, self.width(inputs[0]), **bias, **self.keras_weights(k, inputs), name=name
        )
        if self.kv is not None:
            return [lambda tensors: layer(tensors[0], tensors[1], **causal)]
        return [lambda tensor: layer(tensor, tensor, **causal)]

    keras_layers = ("MultiHeadAttention",)
    keras_signatures = ("MultiHeadAttention(num_heads, key_dim)",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        config, named = call.config, dict(call.named)
        causal = bool(named.pop("use_causal_mask", False))
        if left := [key for key, value in named.items() if value]:
            raise call.refuse(f"it is called with {', '.join(left)}")
        # Keras is called with (query, value) or (query, value, key): the language has one `kv`.
        queries, *others = call.sources
        if len({other.op for other in others}) > 1:
            raise call.refuse("its keys and values come from different layers")
        if config.get("value_dim") not in (None, config["key_dim"]):
            raise call.refuse(f"its value_dim is {config['value_dim']}, its key_dim another")
        if config.get("output_shape") and call.output != call.inputs[0]:
            raise call.refuse(f"its output_shape is {config['output_shape']}")
        call.leave_out("dropout")
        if config.get("attention_axes") not in (None, [1], (1,), 1):
            raise call.refuse(f"its attention_axes are {config['attention_axes']}")
        call.refuse_set("use_gate", "sliding_window")
        options = {"heads": config["num_heads"], **cls.trained_in_keras(call), "causal": causal}
        if config["num_heads"] * config["key_dim"] != call.inputs[0][-1]:
            options["dim"] = config["key_dim"]
        if others[0].op != queries.op:
            options["kv"] = others[0]
        return call.means(cls.spec(**options))

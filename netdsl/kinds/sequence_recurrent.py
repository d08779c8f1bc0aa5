"""Recurrence: sequences read position by position."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.act import activation_of
from netdsl.kinds.facts import Arrays, Case, Saved, Seen, Weight
from netdsl.kinds.initial import Trained
from netdsl.kinds.kind import KINDS, Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Choice, Flag
from netdsl.kinds.sequence import as_sequence
from netdsl.kinds.values import NO_DEFAULTS, Defaults, Shape, Word

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


INNER = ("tanh", "relu", "sigmoid", "linear", "elu", "selu", "softsign", "softplus", "hsigmoid")
_IN_KERAS = {"add": "sum", "mul": "mul", "avg": "ave"}  # how both ways are merged
# `merge_mode=None`, which gives two outputs, is not among them.
_MERGES = {"concat": True, **{keras: Word(own) for own, keras in _IN_KERAS.items()}}
_OPTIONS = {"activation": "inside", "recurrent_activation": "gates"}


class BothWays(Flag):
    """Yes or no, or how the states of both ways are merged: add, mul, avg, concat."""

    accepts = "yes, no, add, mul, avg or concat"

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> Any:
        if isinstance(value, Word) and not value.arguments:
            if value.text in _IN_KERAS:
                return value
            if value.text == "concat":
                return True
        return super().read(value, defaults)


class Inner(Choice):
    """An activation within a layer, by its name only."""

    hidden_at_default = True

    def bare_words(self) -> tuple[str, ...]:
        return ()


class Recurrent(Trained):
    """What the recurrent kinds share: a sequence read position by position, N states.

    `init` is for the kernel on the input; that on the states begins orthogonal.
    """

    word = "_recurrent"
    takes_mask = keeps_mask = True
    group = "sequence"
    takes: ClassVar[dict[str, str]] = {"amount": "yes"}
    gates: ClassVar[int] = 1
    kept: ClassVar[int] = 1  # numbers kept for the backward pass, for each state and position
    memories: ClassVar[int] = 1  # arrays that go from a position to the next
    each: ClassVar[str] = ""
    """What is done for each state and position in addition to the products; `inside`: its
    activation.
    """

    seq = Flag(
        False,
        "the states at all positions, not only the last; with `back` in the order in which they "
        "are read",
    )
    back = Flag(False, "read from the end to the beginning")
    bi = BothWays(
        False,
        "read in both directions, with concatenated states: 2*N channels; or with add, mul, avg",
    )
    inside = Inner("tanh", INNER, "the activation of the states")

    def with_resolved_defaults(self) -> Kind:
        if self.values["bi"] and self.values["back"]:
            raise LayerError(
                "N107",
                "`bi` reads in both directions: `back` cannot be combined with it",
                "back",
                "use bi or back",
            )
        return super().with_resolved_defaults()

    @property
    def ways(self) -> int:
        return 2 if self.bi else 1

    def shape(self, *inputs: Shape) -> Shape:
        """A vector of N states; of 2*N with `bi`, and at each position with `seq`."""
        length, _ = as_sequence(self.word, inputs[0])
        states = (2 if self.bi is True else 1) * self.units
        return (length, states) if self.seq else (states,)

    def _bias(self) -> Shape:
        return (self.gates * self.units,)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """For each gate and way of reading (C + N)*N, and N biases."""
        width = self.gates * self.units
        found: list[Weight] = []
        for way in ("forward_", "backward_") if self.bi else ("",):
            found += [
                Weight(f"{way}kernel", (inputs[0][-1], width), "kernel"),
                Weight(f"{way}recurrent_kernel", (self.units, width), "kernel"),
            ]
            found += [Weight(f"{way}bias", self._bias(), "bias")] if self.bias else []
        return tuple(found)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """(C + N)*N for each gate and way of reading, at each position."""
        length, channels = inputs[0]
        return length * self.ways * self.gates * self.units * (channels + self.units)

    def input_macs(self, output: Shape, *inputs: Shape) -> int:
        """C*N for each gate and way of reading, at each position; N*N are the states'."""
        length, channels = inputs[0]
        return length * self.ways * self.gates * self.units * channels

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """At each position, for each state: the biases, the gates' activations, and what makes
        the new state of them.
        """
        biases = math.prod(self._bias()) if self.bias else 0
        inner = len((KINDS[self.inside.text].arithmetic or "").split())
        each = sum(inner if part == "inside" else 1 for part in self.each.split())
        # A concatenation computes nothing; a sum of both ways is an operation for each state.
        merged = math.prod(output) if self.ways == 2 and self.bi is not True else 0
        return inputs[0][0] * self.ways * (biases + each * self.units) + merged

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Return the input, and gates and states at every position, which a loop's stacks hold
        twice.
        """
        stacks = inputs[0][0] * self.ways * self.kept * self.units
        return Saved(inputs=True, values=stacks, temporaries=stacks)

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """All positions are taken as seen; with `seq` positions stay, unless they are read from the
        end.
        """
        return (Seen(() if self.seq and not self.back else None, True),)

    def initial(self, np: Any, weight: Weight) -> Any:
        """That of the options; the kernel on the states begins orthogonal, drawn at random."""
        return None if "recurrent" in weight.name else super().initial(np, weight)

    def _read(self, np: Any, weights: Arrays, x: Any, back: bool) -> Any:
        """Return the states after each position, or the last: x read one way."""
        states: tuple[Any, ...] = (np.zeros((len(x), self.amount), x.dtype),) * self.memories
        found = []
        for at in range(x.shape[1]):
            states = self._step(np, weights, x[:, -1 - at if back else at], *states)
            found.append(states[0])
        return np.stack(found, 1) if self.seq else found[-1]

    def _step(self, np: Any, weights: Arrays, x: Any, *states: Any) -> tuple[Any, ...]:
        """Return the states after a position, the one that is given out first.

        Args:
            np: NumPy.
            weights: of one direction.
            x: the channels of the position: (batch, channels).
            states: those before it: (batch, N) each.
        """
        raise NotImplementedError

    def _activation(self, np: Any, option: str, x: Any) -> Any:
        kind = KINDS[self.values[option].text]
        return kind.make(kind.spec()).forward(np, {}, x)

    def _more(self) -> dict[str, Any]:
        """Arguments of the Keras layer that the kind alone has."""
        return {}

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        if not self.bi:
            return self._read(np, weights, inputs[0], self.back)
        ways = [
            self._read(
                np, {name.removeprefix(way): each for name, each in weights.items()}, x, back
            )
            for way, x, back in (("forward_", inputs[0], False), ("backward_", inputs[0], True))
        ]
        if self.seq:
            # Its states come last position first, and both ways are merged position by position.
            ways[1] = ways[1][:, ::-1]
        if self.bi is True:
            return np.concatenate(ways, -1)
        merge = KINDS[self.bi.text]
        return merge.make(merge.spec()).forward(np, {}, *ways)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        given = {"return_sequences": self.seq, "go_backwards": self.back}
        arguments = {
            **{key: True for key, yes in given.items() if yes},
            **({} if self.bias else {"use_bias": False}),
        }
        weights = self.keras_weights(k, inputs)
        if "kernel_regularizer" in weights:
            # The penalty is on all weights of the layer; Keras has an argument for each kernel.
            weights["recurrent_regularizer"] = weights["kernel_regularizer"]
        names = {"activation": self.inside, "recurrent_activation": self.values.get("gates")}
        for key, word in names.items():
            if word is not None and word != self.options[_OPTIONS[key]].default:
                weights[key] = _keras_name(word)
        make = getattr(k.keras.layers, self.keras_layers[0])
        layer = make(
            self.amount,
            **arguments,
            **self._more(),
            **weights,
            # Bidirectional has the layer's name, and the layer within needs another.
            name=f"{name}_way" if self.bi else name,
        )
        if not self.bi:
            return [layer]
        mode: dict[str, str] = {} if self.bi is True else {"merge_mode": _IN_KERAS[self.bi.text]}
        return [k.keras.layers.Bidirectional(layer, **mode, name=name)]

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Also a layer that reads both ways, in Keras's `Bidirectional`."""
        both = call.layer == "Bidirectional"
        if both and call.config["layer"]["class_name"] != cls.keras_layers[0]:
            return None
        cell = call._replace(config=call.config["layer"]["config"]) if both else call
        config = cell.config
        if not both:
            cell.refuse_set("zero_output_for_mask")
        cell.leave_out("dropout", "recurrent_dropout", "stateful")
        options = cls.trained_in_keras(cell, penalised=("recurrent",))
        options["seq"] = bool(config["return_sequences"])
        if both:
            options["bi"] = _MERGES[call.config["merge_mode"]]
        if config.get("go_backwards"):
            options["back"] = True
        for option, key in (("inside", "activation"), ("gates", "recurrent_activation")):
            if option in cls.options and config.get(key):
                options[option] = cls._inner_in_keras(call, key, config[key])
        return call.means(cls.spec(amount=config["units"], **options, **cls._read_more(cell)))

    @classmethod
    def _inner_in_keras(cls, call: CallView, key: str, value: Any) -> Word:
        """Return the activation of the states, or of the gates."""
        word = activation_of(call, value)
        word = Word("linear") if word.text == "none" else word
        if word.text not in cls.options["inside"].words or word.arguments:
            raise call.refuse(f"its {key} is {word.text}")
        return word

    @classmethod
    def _read_more(cls, cell: CallView) -> dict[str, Any]:
        """Options that the kind alone has."""
        return {}


class LongShortTermMemory(Recurrent):
    """An LSTM (Hochreiter and Schmidhuber 1997, with forget gates; their biases begin at 1 where
    `bias_init` is 0).
    """

    counterparts = ("layers.LSTM", "nn.LSTM")
    word = "lstm"
    keras_layers = ("LSTM", "Bidirectional")
    keras_signatures = ("LSTM(units)",)
    gates, kept = 4, 6
    each = (
        # three gates and the candidate
        "negate exp add divide negate exp add divide negate exp add divide inside"
        " multiply multiply add inside multiply"  # f*c + i*g, and o*tanh(c)
    )
    gates_ = Inner("sigmoid", INNER, "the activation of the gates")
    cases = (
        Case("lstm-8", (10, 4), (8,), 416),
        Case("lstm-8(seq)", (10, 4), (10, 8), 416),
        Case("lstm-8(bi)", (10, 4), (16,), 832),
        Case("lstm-8(bi, seq)", (10, 4), (10, 16), 832),
        Case("lstm-3(back, bias=no)", (5, 2), (3,), 60),
        Case("lstm-8(bi=add, seq)", (10, 4), (10, 8), 832),
        Case("lstm-8(inside=relu, gates=hsigmoid)", (10, 4), (8,), 416),
    )

    memories = 2

    def initial(self, np: Any, weight: Weight) -> Any:
        """That of the options; biases of the forget gates at 1 where the others begin at 0."""
        start = super().initial(np, weight)
        if weight.role == "bias" and self.bias_init == 0:
            # Keras orders the gates i, f, g, o; why f begins open: Jozefowicz et al. 2015.
            start[self.units : 2 * self.units] = 1
        return start

    def _step(self, np: Any, weights: Arrays, x: Any, *states: Any) -> tuple[Any, ...]:
        """i, f and o are gates, g the candidate: c' = f*c + i*g, h' = o*tanh(c')."""
        h, c = states
        all_four = x @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights.get("bias", 0)
        i, f, g, o = np.split(all_four, 4, -1)
        i, f, o = (self._activation(np, "gates", gate) for gate in (i, f, o))
        c = f * c + i * self._activation(np, "inside", g)
        return o * self._activation(np, "inside", c), c

    def _more(self) -> dict[str, Any]:
        return {"unit_forget_bias": False} if self.bias and self.bias_init != 0 else {}


class GatedRecurrentUnit(Recurrent):
    """A GRU (Cho et al. 2014): the reset gate works on the states before their product; `after`
    after it, with a second bias.

    `after` is Keras's own default and cuDNN's form (`reset_after=True`).
    """

    counterparts = ("layers.GRU", "nn.GRU")
    word = "gru"
    keras_layers = ("GRU", "Bidirectional")
    keras_signatures = ("GRU(units)",)
    gates, kept = 3, 4
    each = (
        "negate exp add divide negate exp add divide inside"  # two gates and the candidate
        " multiply multiply subtract multiply add"  # r*h, and z*h + (1 - z)*g
    )
    cases = (
        Case("gru-8", (10, 4), (8,), 312),
        Case("gru-8(seq, after)", (10, 4), (10, 8), 336),
        Case("gru-8(bi)", (10, 4), (16,), 624),
        Case("gru-3(back)", (5, 2), (3,), 54),
        Case("gru-8(bi=avg)", (10, 4), (8,), 624),
    )

    gates_ = Inner("sigmoid", INNER, "the activation of the gates")
    after = Flag(False, "the reset gate after the product, with a second bias")

    def _bias(self) -> Shape:
        width = self.gates * self.units
        return (2, width) if self.after else (width,)

    def _step(self, np: Any, weights: Arrays, x: Any, *states: Any) -> tuple[Any, ...]:
        """With gates z (update) and r (reset), and the candidate g: h' = z*h + (1 - z)*g."""
        (h,) = states
        kernel, bias = weights["recurrent_kernel"], weights.get("bias", np.zeros(1))
        # The second bias is within the reset product, and cannot be added to the first.
        first, second = bias if self.after and self.bias else (bias, np.zeros(1))
        xz, xr, xg = np.split(x @ weights["kernel"] + first, 3, -1)
        hz, hr, hg = np.split(h @ kernel + second, 3, -1)
        z, r = self._activation(np, "gates", xz + hz), self._activation(np, "gates", xr + hr)
        reset = r * hg if self.after else (r * h) @ np.split(kernel, 3, -1)[2]
        return (z * h + (1 - z) * self._activation(np, "inside", xg + reset),)

    def _more(self) -> dict[str, Any]:
        return {} if self.after else {"reset_after": False}

    @classmethod
    def _read_more(cls, cell: CallView) -> dict[str, Any]:
        return {"after": bool(cell.config.get("reset_after", True))}


class SimpleRecurrent(Recurrent):
    """A plain recurrent layer (Elman 1990): h = tanh(W*x + U*h + b)."""

    counterparts = ("layers.SimpleRNN", "nn.RNN")
    word = "rnn"
    names_elsewhere = ("simplernn",)
    keras_layers = ("SimpleRNN", "Bidirectional")
    keras_signatures = ("SimpleRNN(units)",)
    each = "inside"
    cases = (
        Case("rnn-8", (10, 4), (8,), 104),
        Case("rnn-8(seq, bi)", (10, 4), (10, 16), 208),
        Case("rnn-3(back, seq)", (5, 2), (5, 3), 18),
        Case("rnn-3(inside=relu, bi=mul)", (5, 2), (3,), 36),
    )

    def _step(self, np: Any, weights: Arrays, x: Any, *states: Any) -> tuple[Any, ...]:
        """Return the next states, h' = tanh(W*x + U*h + b)."""
        total = x @ weights["kernel"] + states[0] @ weights["recurrent_kernel"]
        return (self._activation(np, "inside", total + weights.get("bias", 0)),)


def _keras_name(word: Word) -> str:
    """Return what Keras calls an activation."""
    name: str = getattr(KINDS[word.text], "keras_name", "")
    return name or word.text

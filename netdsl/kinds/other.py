"""Kinds of no family: factors, learned and fixed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.act import activation_of
from netdsl.kinds.arguments import with_loose_numbers
from netdsl.kinds.facts import Arrays, Case, Weight
from netdsl.kinds.initial import Initial, initial_of, keras_initializer
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, Flag, Numbers, Real
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Argument, LayerSpec, Shape, Word, dims

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning

_AXES = {
    1: "ac",
    2: "abc",
    3: "abdc",
    4: "abdec",
}  # letters of the axes, the batch's first, the channels' last


class Scale(Plain):
    """A learned factor for each channel; with `bias` an offset too; `one` for all channels."""

    word = "scale"
    names_elsewhere = ("layerscale",)
    group = "other"
    reach = "position"
    saved_for_backward = "inputs"
    cases = (
        Case("scale", (8, 8, 4), (8, 8, 4), 4),
        Case("scale(init=1e-6)", (10, 16), (10, 16), 16),
        Case("scale(bias)", (7,), (7,), 14),
        Case("scale(bias)", (2, 3, 4, 5), (2, 3, 4, 5), 10),
        Case("scale(one)", (8, 8, 4), (8, 8, 4), 1),
        Case("scale(one, bias, init=0)", (5,), (5,), 2),
    )

    init = Initial(1, "the initial factors")
    bias = Flag(False, "an offset for each channel")
    one = Flag(False, "one factor, and with `bias` one offset, for all channels")
    one.hidden_at_default = True

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape.

        Raises:
            LayerError: N203 for more than four axes.
        """
        x = inputs[0]
        if len(x) not in _AXES:
            raise LayerError(
                "N203",
                f"`{self.word}` accepts arrays of up to 4 axes, and {dims(x)} has {len(x)}",
                label=f"the input is {dims(x)}",
            )
        return x

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """A factor for each channel or one, and with `bias` an offset."""
        channels = (1,) if self.one else inputs[0][-1:]
        return (
            Weight("kernel", channels, "factor"),
            *((Weight("bias", channels, "bias"),) if self.bias else ()),
        )

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """A multiplication for each number, and with `bias` an addition."""
        return math.prod(output) * (1 + self.bias)

    def backward_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number the products with the factor and with the input, and the sum of the
        latter; with `bias` another sum.
        """
        return math.prod(output) * (3 + self.bias)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0] * weights["kernel"] + weights.get("bias", 0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        # EinsumDense: Keras has no layer of one learned factor for each channel.
        axes, shape = _AXES[len(output)], output
        if self.one:  # all numbers as positions of one channel
            axes, shape = _AXES[2], (math.prod(output), 1)
        bias = {"bias_axes": "c"} if self.bias else {}
        start = keras_initializer(k, self, "init", inputs)
        scaled = k.keras.layers.EinsumDense(
            f"{axes},c->{axes}", shape, **bias, kernel_initializer=start, name=name
        )
        if not self.one:
            return [scaled]
        reshape = k.keras.layers.Reshape
        flat, whole = reshape(shape, name=f"{name}_flat"), reshape(output, name=f"{name}_whole")
        return [flat, scaled, whole]

    keras_layers = ("EinsumDense", "LayerScale", "Reshape")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "LayerScale":
            return call.means(cls.spec(init=call.number("init_values")))
        if call.layer == "Reshape":
            chain = call.chain("Reshape", "EinsumDense", "Reshape")
            if chain is None or chain[0].inputs[0] != call.output or chain[1].output[-1] != 1:
                return None
            found = cls.from_keras(chain[1])
            assert found is not None  # it refuses other equations
            spec = found.spec._replace(arguments=(Argument("one", True), *found.spec.arguments))
            return call.means(spec, calls=3)
        # "abc,c->abc": the last axis of the input with a vector, and nothing summed.
        left, _, right = str(call.config["equation"]).partition(",")
        axes = call.config.get("bias_axes")
        alike = right == f"{left[-1]}->{left}" and axes in (None, left[-1])
        if not alike or activation_of(call, call.config.get("activation")) != Word("none"):
            raise call.refuse(f"its equation is {call.config['equation']}")
        start = {} if (init := initial_of(call, "kernel_initializer")) is None else {"init": init}
        return call.means(cls.spec(bias=axes is not None, **start))


class ConstantBranch(Plain):
    """The same numbers whatever comes in, a vector: a branch such as `const(2)`, `const(1, -2)`."""

    word, added = "const", True
    names_elsewhere = ("constant", "fixed")
    group = "other"
    reach = "nothing"
    arithmetic, saved_for_backward = "", ""
    cases = (
        Case("mul[ id | const(2) ]", (8, 8, 4), (8, 8, 4), 0),
        Case("sub[ const(1) | id ]", (7,), (7,), 0),
        Case("[ gap | const(1, -2) ]", (8, 8, 4), (6,), 0),
    )

    values_ = Numbers(REQUIRED, "the numbers")

    @classmethod
    def make(cls, spec: LayerSpec) -> Kind:
        """Return the layer, its numbers without a name as one option: the values."""
        return super().make(with_loose_numbers(spec, "values"))

    def shape(self, *inputs: Shape) -> Shape:
        """As many numbers as are given, whatever comes in."""
        return (len(self.values_),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.custom.Constant([float(each) for each in self.values_], name=name)]

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        numbers = np.array([float(each) for each in self.values_], inputs[0].dtype)
        return np.broadcast_to(numbers, (len(inputs[0]), len(numbers)))

    keras_layers = ("Constant",)
    keras_signatures = ("Constant(values)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec(*map(call.as_written, call.config["values"])))


class Rescale(Plain):
    """Each number times a fixed factor, plus a fixed offset: `rescale(1/255)`,
    `rescale(1/127.5, offset=-1)`.
    """

    counterparts = ("layers.Rescaling", "")
    word = "rescale"
    keeps_mask = True
    names_elsewhere = ("rescaling",)
    group = "other"
    reach = "position"
    positional = ("factor", "offset")
    saved_for_backward = ""
    cases = (
        Case("rescale(1/255)", (28, 28, 1), (28, 28, 1), 0),
        Case("rescale(1/127.5, offset=-1)", (7,), (7,), 0),
    )

    factor = Real(REQUIRED, "the factor")
    offset = Real(0, "the offset")

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """A multiplication for each number, and an addition where the offset is not 0."""
        return math.prod(output) * (2 if self.offset else 1)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0] * float(self.factor) + float(self.offset)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        offset = {"offset": float(self.offset)} if self.offset else {}
        return [k.keras.layers.Rescaling(float(self.factor), **offset, name=name)]

    keras_layers = ("Rescaling", "Add", "Multiply", "Subtract", "TrueDivide", "Divide")
    keras_signatures = ("Rescaling(scale)",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Also x + 3 and its like, in Python's operators."""
        if call.layer != "Rescaling":
            return cls._from_operator(call)
        scale, offset = call.config["scale"], call.config.get("offset", 0)
        if isinstance(scale, list | tuple) or isinstance(offset, list | tuple):
            return None
        return call.means(cls.spec(call.number("scale"), offset=call.as_written(offset)))

    @classmethod
    def _from_operator(cls, call: CallView) -> Meaning | None:
        numbers = [value for value in call.arguments if value is not None]
        if len(call.inputs) > 1 or len(numbers) != 1:
            return None
        (number,) = numbers
        if isinstance(number, bool) or not isinstance(number, int | float):
            return None
        number, first = float(number), call.arguments[0] is None
        if call.layer in ("TrueDivide", "Divide"):
            # `2 / x` is another function.
            if not first or not number:
                return None
            scale, offset = 1 / number, 0.0
        elif call.layer == "Multiply":
            scale, offset = number, 0.0
        elif call.layer == "Add" or first:
            scale, offset = 1.0, number if call.layer == "Add" else -number
        else:
            # `1 - x`: the tensor is the second argument of the subtraction.
            scale, offset = -1.0, number
        return call.means(cls.spec(call.as_written(scale), offset=call.as_written(offset)))


class Standardize(Plain):
    """(x - mean)/std, with one number for all channels, or one for each; without numbers with
    statistics that are kept as weights.

    Those are not trained: Keras's `adapt` measures them on data, and before that they are 0 and 1.
    """

    counterparts = ("layers.Normalization", "")
    word = "std"
    keeps_mask = True
    names_elsewhere = ("normalization",)
    group = "other"
    reach = "position"
    positional = ("mean", "std")
    arithmetic, saved_for_backward = "subtract divide", ""
    cases = (
        Case("std(0.1307, 0.3081)", (28, 28, 1), (28, 28, 1), 0),
        Case("std((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))", (8, 8, 3), (8, 8, 3), 0),
        Case("std(5, 2)", (4,), (4,), 0),
        Case("std", (8, 8, 3), (8, 8, 3), 0),
    )

    mean = Numbers(None, "what is subtracted")  # type: ignore[arg-type]
    std = Numbers(None, "the divisor of the difference")  # type: ignore[arg-type]
    mean.hidden_at_default = std.hidden_at_default = True

    def with_resolved_defaults(self) -> Kind:
        if (self.mean is None) != (self.std is None):
            raise LayerError(
                "N106",
                f"`{self.word}` requires a mean and a standard deviation, or neither",
                help=f"{self.word}(0.13, 0.31), or {self.word}",
            )
        return super().with_resolved_defaults()

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape.

        Raises:
            LayerError: N107 for a deviation of 0 or below, N206 for another number of channels.
        """
        x = inputs[0]
        for name in ("mean", "std") if self.mean is not None else ():
            count = len(self.values[name])
            if count not in (1, x[-1]):
                raise LayerError(
                    "N206",
                    f"`{name}` has {count} numbers for {x[-1]} channels",
                    name,
                    label=f"the input is {dims(x)}",
                )
        if self.std is not None and min(self.std) <= 0:
            raise LayerError("N107", "`std` requires numbers above 0", "std")
        return x

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """None with numbers; else each channel's mean and variance, and a count, as moving
        statistics.
        """
        channels = inputs[0][-1:]
        if self.mean is not None:
            return ()
        return (
            Weight("mean", channels, "moving"),
            Weight("variance", channels, "moving"),
            # Keras's own: how many numbers `adapt` has seen.
            Weight("count", (), "moving"),
        )

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        if self.mean is None:
            mean, std = weights["mean"], np.sqrt(weights["variance"])
        else:
            mean, std = (
                np.array([float(each) for each in given]) for given in (self.mean, self.std)
            )
        # Keras's epsilon, for channels that are constant.
        return (inputs[0] - mean) / np.maximum(std, 1e-7)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        if self.mean is None:
            return [k.keras.layers.Normalization(name=name)]
        # Squared before it is rounded: the numbers are exact until here.
        mean, variance = [float(m) for m in self.mean], [float(s * s) for s in self.std]
        count = max(len(mean), len(variance))
        if count == 1:
            return [k.keras.layers.Normalization(mean=mean[0], variance=variance[0], name=name)]
        full = {
            "mean": mean * (count // len(mean)),
            "variance": variance * (count // len(variance)),
        }
        return [k.keras.layers.Normalization(**full, name=name)]

    keras_layers = ("Normalization", "Rescaling")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Also a factor and an offset for each channel.

        Raises:
            NoWord: for an inverted one.
        """
        if call.layer == "Rescaling":
            return cls._from_factors(call)
        mean, variance = call.config.get("mean"), call.config.get("variance")
        if call.config.get("invert"):
            raise call.refuse("it is inverted")
        if call.config.get("axis", -1) not in (None, [], ()):  # one number for everything
            call.refuse_other_axis()
        if mean is None or variance is None:
            return call.means(cls.spec())
        deviations = [math.sqrt(value) for value in _flat(variance)]
        return call.means(cls.spec(_numbers(call, _flat(mean)), _numbers(call, deviations)))

    @classmethod
    def _from_factors(cls, call: CallView) -> Meaning | None:
        scale, offset = call.config["scale"], call.config.get("offset", 0)
        if not isinstance(scale, list | tuple) and not isinstance(offset, list | tuple):
            return None
        channels = call.output[-1]
        factors, offsets = (
            each * channels if len(each) == 1 else each for each in (_flat(scale), _flat(offset))
        )
        if len(factors) != channels or len(offsets) != channels or min(factors) <= 0:
            raise call.refuse("its factors are not above 0, or not one for each channel")
        # a*x + b = (x - mean)/std with std = 1/a and mean = -b/a; 0 - 0 avoids a mean of -0.0.
        means = [0 - b / a for a, b in zip(factors, offsets, strict=True)]
        deviations = [1 / float(factor) for factor in factors]
        return call.means(cls.spec(_numbers(call, means), _numbers(call, deviations)))


def _flat(value: Any) -> list[Any]:
    """Return all numbers of nested lists."""
    if not isinstance(value, list | tuple):
        return [value]
    return [part for inner in value for part in _flat(inner)]


def _numbers(call: CallView, values: list[Any]) -> Any:
    """Return one number where all are the same, else one for each channel."""
    written = tuple(call.as_written(value) for value in values)
    return written[0] if len(set(written)) == 1 else written

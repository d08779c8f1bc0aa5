"""Activations. With an amount (`softmax-10`) an activation is `fc` with that activation."""

from __future__ import annotations

from typing import Any, ClassVar

from netdsl.kinds.facts import Case, Weight
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Real
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Shape, dims

_SAME = ((8, 8, 4), (8, 8, 4), 0)


class Activation(Plain):
    """An activation: a function of each number, or of each position's channels."""

    word = "_activation"
    group = "activation"
    reach = "position"
    as_part = True
    keras_name: ClassVar[str] = ""
    in_place = True

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Activation(self.keras_name, name=name)]


class Relu(Activation):
    """max(x, 0)."""

    word, keras_name, relu_like, cases = "relu", "relu", True, (Case("relu", *_SAME),)
    arithmetic, saved_for_backward = "compare", "output"
    gains_from_xla = True


class Relu6(Activation):
    """min(max(x, 0), 6)."""

    word, keras_name, relu_like, cases = "relu6", "relu6", True, (Case("relu6", *_SAME),)
    arithmetic, saved_for_backward = "compare compare", "output"
    library_saves_input = True


class LeakyRelu(Activation):
    """x where x > 0, else slope*x."""

    word, relu_like, positional = "lrelu", True, ("slope",)
    arithmetic, saved_for_backward = "multiply compare", "output"
    library_saves_input = True
    names_elsewhere = ("leakyrelu", "leaky")
    cases = (Case("lrelu", *_SAME), Case("lrelu(0.2)", *_SAME))

    slope = Real(0.01, "the slope below 0", min=0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.LeakyReLU(negative_slope=float(self.slope), name=name)]


class ParametricRelu(Activation):
    """x where x > 0, else a*x with a slope a learned for each channel."""

    word, relu_like = "prelu", True
    arithmetic, saved_for_backward = "multiply compare", "inputs"
    cases = (Case("prelu", (8, 8, 4), (8, 8, 4), 4), Case("prelu", (10,), (10,), 10))

    init = Real(0.25, "the slopes at the beginning")

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """A slope for each channel."""
        return (Weight("alpha", inputs[0][-1:], "factor"),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        start = k.keras.initializers.Constant(float(self.init))
        axes = list(range(1, len(inputs[0])))
        return [k.keras.layers.PReLU(alpha_initializer=start, shared_axes=axes or None, name=name)]


class Elu(Activation):
    """x where x > 0, else alpha*(exp(x) - 1)."""

    word, relu_like, positional = "elu", True, ("alpha",)
    arithmetic, saved_for_backward = "exp subtract multiply compare", "output"
    library_saves_input = True
    cases = (Case("elu", *_SAME), Case("elu(0.5)", *_SAME))

    alpha = Real(1, "minus the limit below", min=0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.ELU(alpha=float(self.alpha), name=name)]


class Selu(Activation):
    """The self-normalising elu: 1.0507*elu(x, 1.6733)."""

    word, keras_name, cases = "selu", "selu", (Case("selu", *_SAME),)
    arithmetic, saved_for_backward = "exp subtract multiply compare multiply", "output"
    library_saves_input = True


class Gelu(Activation):
    """x*P(X <= x) for a normal X, exact."""

    word, keras_name, relu_like, cases = "gelu", "gelu", True, (Case("gelu", *_SAME),)
    arithmetic, saved_for_backward = "divide erf add multiply multiply", "inputs"


class Swish(Activation):
    """x*sigmoid(x)."""

    word, aliases, keras_name, relu_like, cases = (
        "swish",
        ("silu",),
        "silu",
        True,
        (Case("swish", *_SAME), Case("silu", *_SAME)),
    )
    arithmetic, saved_for_backward = "negate exp add divide", "inputs"


class Mish(Activation):
    """x*tanh(softplus(x))."""

    word, keras_name, relu_like, cases = "mish", "mish", True, (Case("mish", *_SAME),)
    arithmetic, saved_for_backward = "exp add log tanh multiply", "inputs"


class HardSwish(Activation):
    """x*relu6(x + 3)/6."""

    word, keras_name, relu_like, cases = "hswish", "hard_silu", True, (Case("hswish", *_SAME),)
    arithmetic, saved_for_backward = "add compare compare multiply divide", "inputs"


class HardSigmoid(Activation):
    """relu6(x + 3)/6."""

    word, keras_name, cases = "hsigmoid", "hard_sigmoid", (Case("hsigmoid", *_SAME),)
    arithmetic, saved_for_backward = "add compare compare divide", "output"
    library_saves_input = True
    output_meaning = "probability"


class Tanh(Activation):
    """The hyperbolic tangent."""

    word, keras_name, cases = "tanh", "tanh", (Case("tanh", *_SAME),)
    arithmetic, saved_for_backward = "tanh", "output"
    output_meaning, gains_from_xla = "margin", True


class Sigmoid(Activation):
    """The logistic function 1/(1 + exp(-x))."""

    word, keras_name, cases = "sigmoid", "sigmoid", (Case("sigmoid", *_SAME),)
    arithmetic, saved_for_backward = "negate exp add divide", "output"
    output_meaning, gains_from_xla = "probability", True


class Softplus(Activation):
    """log(1 + exp(x))."""

    word, keras_name, relu_like, cases = "softplus", "softplus", True, (Case("softplus", *_SAME),)
    arithmetic, saved_for_backward = "exp add log", "output"
    library_saves_input = True


class Softsign(Activation):
    """x/(1 + |x|)."""

    word, keras_name, cases = "softsign", "softsign", (Case("softsign", *_SAME),)
    arithmetic, saved_for_backward = "absolute add divide", "inputs"


class Normalised(Activation):
    """An activation of each position's channels together."""

    word = "_normalised"

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape."""
        x = inputs[0]
        if len(x) > 4:  # TensorFlow has no softmax for more
            raise LayerError(
                "N203",
                f"`{self.word}` takes up to 4 axes, and {dims(x)} has {len(x)}",
                label=f"{dims(x)} comes in here",
            )
        return x


class Softmax(Normalised):
    """exp(x) over its sum along the channels: probabilities."""

    word, keras_name, cases = "softmax", "softmax", (Case("softmax", (10,), (10,), 0),)
    arithmetic, saved_for_backward = "exp add divide", "output"
    output_meaning, gains_from_xla = "distribution", True


class LogSoftmax(Normalised):
    """The logarithm of softmax."""

    word, keras_name, cases = "logsoftmax", "log_softmax", (Case("logsoftmax", (10,), (10,), 0),)
    arithmetic, saved_for_backward = "exp add subtract", "output"
    output_meaning = "log-distribution"


class Exponential(Activation):
    """exp(x)."""

    word, keras_name, cases = "exp", "exponential", (Case("exp", *_SAME),)
    arithmetic, saved_for_backward = "exp", "output"


class Absolute(Activation):
    """|x|."""

    word, cases = "abs", (Case("abs", *_SAME),)
    arithmetic, saved_for_backward = "absolute", "inputs"

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.ops.absolute]


class Linear(Activation):
    """x: no activation."""

    word, keras_name, cases = "linear", "linear", (Case("linear", *_SAME),)
    arithmetic, saved_for_backward = "", ""
    means_none = True
    output_meaning = "score"
    is_view = passes_gradient = gains_from_xla = True

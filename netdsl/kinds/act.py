"""Activations. With an amount (`softmax-10`) an activation is `fc` with that activation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.facts import Arrays, Case, Weight
from netdsl.kinds.kind import KINDS
from netdsl.kinds.options import Flag, Real
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Argument, Shape, Word, exact

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning

SAME = ((8, 8, 4), (8, 8, 4), 0)
"""A case's shapes and parameters, where a layer changes neither."""


class Activation(Plain):
    """An activation: a function of each number, or of each position's channels.

    Attributes:
        derivative: its formula.
        drawn: from where to where its curve is drawn; None where it is not a function of one
            number.
    """

    word = "_activation"
    keeps_mask = True
    group = "activation"
    reach = "position"
    as_part = True
    derivative: ClassVar[str] = ""
    drawn: ClassVar[tuple[float, float] | None] = (-4.0, 4.0)
    keras_name: ClassVar[str] = ""
    in_place = True
    # Older files have other names: `swish` for silu, `hard_swish` for hard_silu.
    keras_aliases: ClassVar[tuple[str, ...]] = ()

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        # By name: a saved model then needs no custom object to be loaded.
        return [k.keras.layers.Activation(self.keras_name, name=name)]

    keras_layers: ClassVar[tuple[str, ...]] = ("Activation",)
    keras_signatures = ("Activation(activation)",)
    program_name = "act"

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        word = cls.named_in_keras(_keras_name(call.config["activation"]))
        # Raises where no kind has this name, so that the message says which activation it is.
        if word is None:
            activation_of(call, call.config["activation"])  # some kind has this name
            return None
        return call.means(cls.spec(*(each.value for each in word.arguments)))

    @classmethod
    def named_in_keras(cls, name: str) -> Word | None:
        """Return what Keras means by the name of an activation, as the option `act` has it; None
        where that is another kind.
        """
        return Word(cls.word) if name in (cls.keras_name, *cls.keras_aliases) else None


class Relu(Activation):
    """max(x, 0); with `max` no more than that, with `slope` slope*x below 0: `relu(max=20)`."""

    counterparts = ("layers.ReLU", "nn.ReLU")
    derivative = "1 where 0 < x < max, slope where x < 0, else 0"
    word, keras_name, relu_like = "relu", "relu", True
    cases = (Case("relu", *SAME), Case("relu(max=20, slope=0.1)", (10,), (10,), 0))
    # relu(x) > 0 just where x > 0: the derivative is in the output, and the input can be freed.
    saved_for_backward = "output"
    gains_from_xla = True

    max = Real(None, "the largest value; none: there is no bound", min=0, hidden_at_default=True)
    slope = Real(0, "the slope below 0", min=0, hidden_at_default=True)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """A comparison, one more with `max`, and a product with `slope`."""
        return math.prod(output) * (1 + (self.max is not None) + bool(self.slope))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        given = {
            **({} if self.max is None else {"max_value": float(self.max)}),
            **({"negative_slope": float(self.slope)} if self.slope else {}),
        }
        # Without options the plain activation, which XLA fuses and every converter knows.
        if not given:
            return super().layers(k, name, output, *inputs)
        return [k.keras.layers.ReLU(**given, name=name)]

    keras_layers = ("Activation", "ReLU")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "Activation":
            return super().from_keras(call)
        form = _relu_form(call)
        if form == "plain":
            return call.means(cls.spec())
        if form != "general":
            return None
        slope = call.number("negative_slope")
        return call.means(cls.spec(max=call.number("max_value"), slope=slope))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        (x,) = inputs
        # 0 * -inf is NaN: without a slope nothing is multiplied.
        below = float(self.slope) * np.minimum(x, 0) if self.slope else 0
        return np.maximum(np.minimum(x, np.inf if self.max is None else float(self.max)), 0) + below


class Relu6(Activation):
    """min(max(x, 0), 6)."""

    counterparts = ("activations.relu6", "nn.ReLU6")
    derivative = "1 where 0 < x < 6, else 0"
    # Far enough to show the bend at 6.
    drawn = (-4.0, 10.0)
    word, keras_name, relu_like, cases = "relu6", "relu6", True, (Case("relu6", *SAME),)
    arithmetic, saved_for_backward = "compare compare", "output"
    library_saves_input = True

    keras_layers = ("Activation", "ReLU")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "Activation":
            return super().from_keras(call)
        return call.means(cls.spec()) if _relu_form(call) == "cut" else None

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.clip(inputs[0], 0, 6)


class LeakyRelu(Activation):
    """x where x > 0, else slope*x."""

    counterparts = ("layers.LeakyReLU", "nn.LeakyReLU")
    derivative = "1 where x > 0, else slope"
    word, relu_like, positional = "lrelu", True, ("slope",)
    arithmetic, saved_for_backward = "multiply compare", "output"
    library_saves_input = True
    names_elsewhere = ("leakyrelu", "leaky")
    cases = (Case("lrelu", *SAME), Case("lrelu(0.2)", *SAME))

    slope = Real(0.01, "the slope below 0", min=0)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.where(inputs[0] > 0, inputs[0], float(self.slope) * inputs[0])

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.LeakyReLU(negative_slope=float(self.slope), name=name)]

    keras_layers = ("Activation", "LeakyReLU", "ReLU")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "Activation":
            return super().from_keras(call)
        if call.layer == "ReLU" and _relu_form(call) != "slope":
            return None
        return call.means(cls.spec(slope=call.number("negative_slope")))

    @classmethod
    def named_in_keras(cls, name: str) -> Word | None:
        # Keras's function has the slope 0.2, its layer 0.3; the language's 0.01 is PyTorch's.
        return Word(cls.word, (Argument(None, exact(0.2)),)) if name == "leaky_relu" else None


class ParametricRelu(Activation):
    """x where x > 0, else a*x: a slope a is learned for each channel, or `one` for all."""

    counterparts = ("layers.PReLU", "nn.PReLU")
    derivative = "1 where x > 0, else a"
    word, relu_like, program_name = "prelu", True, ""
    names_elsewhere = ("parametricrelu",)
    arithmetic, saved_for_backward = "multiply compare", "inputs"
    cases = (
        Case("prelu", (8, 8, 4), (8, 8, 4), 4),
        Case("prelu", (10,), (10,), 10),
        Case("prelu(one)", (8, 8, 4), (8, 8, 4), 1),
        Case("prelu(one, init=0.1)", (10,), (10,), 1),
    )

    init = Real(0.25, "the initial slopes")
    one = Flag(False, "one slope for all channels")
    one.hidden_at_default = True

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """A slope for each channel, or one."""
        return (Weight("alpha", (1,) if self.one else inputs[0][-1:], "factor"),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.where(inputs[0] > 0, inputs[0], weights["alpha"] * inputs[0])

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        start = k.keras.initializers.Constant(float(self.init))
        # Keras counts the batch as axis 0; with `one` the channels are shared as well.
        axes = list(range(1, len(inputs[0]) + self.one))
        return [k.keras.layers.PReLU(alpha_initializer=start, shared_axes=axes or None, name=name)]

    keras_layers = ("PReLU",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        axes, all_axes = call.config.get("shared_axes") or [], [*range(1, len(call.output) + 1)]
        if sorted(axes) not in (all_axes[:-1], all_axes):
            raise call.refuse("its slopes are not shared by all positions: shared_axes")
        options: dict[str, Any] = {"one": True} if sorted(axes) == all_axes else {}
        start = call.constant("alpha_initializer")
        return call.means(cls.spec(**options, **({} if start is None else {"init": start})))


class Elu(Activation):
    """x where x > 0, else alpha*(exp(x) - 1)."""

    counterparts = ("layers.ELU", "nn.ELU")
    derivative = "1 where x > 0, else alpha*exp(x)"
    word, relu_like, positional = "elu", True, ("alpha",)
    arithmetic, saved_for_backward = "exp subtract multiply compare", "output"
    library_saves_input = True
    cases = (Case("elu", *SAME), Case("elu(0.5)", *SAME))

    alpha = Real(1, "minus the limit below", min=0)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.where(inputs[0] > 0, inputs[0], float(self.alpha) * _expm1(np, inputs[0]))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.ELU(alpha=float(self.alpha), name=name)]

    keras_layers = ("Activation", "ELU")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "Activation":
            return super().from_keras(call)
        return call.means(cls.spec(alpha=call.number("alpha")))

    @classmethod
    def named_in_keras(cls, name: str) -> Word | None:
        return Word(cls.word) if name == "elu" else None


class Selu(Activation):
    """1.0507*elu(x, 1.6733): the self-normalising elu."""

    counterparts = ("activations.selu", "nn.SELU")
    derivative = "1.0507 where x > 0, else 1.7581*exp(x)"
    word, keras_name, cases = "selu", "selu", (Case("selu", *SAME),)
    arithmetic, saved_for_backward = "exp subtract multiply compare multiply", "output"
    library_saves_input = True

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        # Klambauer et al. 2017, equation 14: the fixed point of mean 0 and variance 1.
        x, alpha, scale = inputs[0], 1.6732632423543772848, 1.0507009873554804934
        return scale * np.where(x > 0, x, alpha * _expm1(np, x))


class Gelu(Activation):
    """x*P(X <= x) for a normal X, exact."""

    counterparts = ("activations.gelu", "nn.GELU")
    derivative = "P(X <= x) + x*p(x), with the density p of X"
    word, keras_name, relu_like, cases = "gelu", "gelu", True, (Case("gelu", *SAME),)
    # Not monotonic: two inputs have one output, which cannot tell the derivative.
    arithmetic, saved_for_backward = "divide erf add multiply multiply", "inputs"

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        # NumPy has no erf, and SciPy is not a dependency; exact, as Keras's default is.
        error_function = np.vectorize(math.erf, otypes=[inputs[0].dtype])
        return inputs[0] * (1 + error_function(inputs[0] / math.sqrt(2))) / 2


class Swish(Activation):
    """x*sigmoid(x)."""

    counterparts = ("activations.silu", "nn.SiLU")
    derivative = "s + x*s*(1 - s), with s = sigmoid(x)"
    word, aliases, keras_name, relu_like, cases = (
        "swish",
        ("silu",),
        "silu",
        True,
        (Case("swish", *SAME), Case("silu", *SAME)),
    )
    arithmetic, saved_for_backward = "negate exp add divide", "inputs"
    keras_aliases = ("swish",)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0] * _logistic(np, inputs[0])


class Mish(Activation):
    """x*tanh(softplus(x))."""

    counterparts = ("activations.mish", "nn.Mish")
    derivative = "t + x*(1 - t^2)*sigmoid(x), with t = tanh(softplus(x))"
    word, keras_name, relu_like, cases = "mish", "mish", True, (Case("mish", *SAME),)
    arithmetic, saved_for_backward = "exp add log tanh multiply", "inputs"

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0] * np.tanh(np.logaddexp(0, inputs[0]))


class HardSwish(Activation):
    """x*relu6(x + 3)/6."""

    counterparts = ("activations.hard_silu", "nn.Hardswish")
    derivative = "(2*x + 3)/6 where -3 < x < 3, 0 below, 1 above"
    word, keras_name, relu_like, cases = "hswish", "hard_silu", True, (Case("hswish", *SAME),)
    names_elsewhere = ("hardswish",)
    arithmetic, saved_for_backward = "add compare compare multiply divide", "inputs"
    keras_aliases = ("hard_swish",)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0] * np.clip(inputs[0] + 3, 0, 6) / 6


class HardSigmoid(Activation):
    """relu6(x + 3)/6."""

    counterparts = ("activations.hard_sigmoid", "nn.Hardsigmoid")
    derivative = "1/6 where -3 < x < 3, else 0"
    word, keras_name, cases = "hsigmoid", "hard_sigmoid", (Case("hsigmoid", *SAME),)
    names_elsewhere = ("hardsigmoid",)
    arithmetic, saved_for_backward = "add compare compare divide", "output"
    library_saves_input = True
    output_meaning = "probability"

    keras_layers = ("Activation", "Multiply")
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Also relu6(x + 3) * (1/6), written with operators."""
        if call.layer == "Activation":
            return super().from_keras(call)
        chain = call.chain("Add", "ReLU", "Multiply")
        if chain is None or 3.0 not in chain[0].arguments or _relu_form(chain[1]) != "cut":
            return None
        factors = [factor for factor in call.arguments if isinstance(factor, float)]
        # keras.applications writes it so (MobileNetV3): 1/6 may be rounded.
        sixth = any(abs(factor - 1 / 6) < 1e-12 for factor in factors)
        return call.means(cls.spec(), calls=3) if sixth else None

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.clip(inputs[0] + 3, 0, 6) / 6


class Tanh(Activation):
    """The hyperbolic tangent (exp(x) - exp(-x))/(exp(x) + exp(-x))."""

    counterparts = ("activations.tanh", "nn.Tanh")
    derivative = "1 - tanh(x)^2"
    word, keras_name, cases = "tanh", "tanh", (Case("tanh", *SAME),)
    # 1 - tanh(x)^2 needs the output alone; sigmoid's s*(1 - s) and exp's as well.
    arithmetic, saved_for_backward = "tanh", "output"
    output_meaning, gains_from_xla = "margin", True

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.tanh(inputs[0])


class Sigmoid(Activation):
    """The logistic function 1/(1 + exp(-x))."""

    counterparts = ("activations.sigmoid", "nn.Sigmoid")
    derivative = "sigmoid(x)*(1 - sigmoid(x))"
    word, keras_name, cases = "sigmoid", "sigmoid", (Case("sigmoid", *SAME),)
    names_elsewhere = ("logistic", "expit")
    arithmetic, saved_for_backward = "negate exp add divide", "output"
    output_meaning, gains_from_xla = "probability", True

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return _logistic(np, inputs[0])


class Softplus(Activation):
    """log(1 + exp(x))."""

    counterparts = ("activations.softplus", "nn.Softplus")
    derivative = "sigmoid(x)"
    word, keras_name, relu_like, cases = "softplus", "softplus", True, (Case("softplus", *SAME),)
    # sigmoid(x) is 1 - exp(-softplus(x)).
    arithmetic, saved_for_backward = "exp add log", "output"
    library_saves_input = True

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.logaddexp(0, inputs[0])


class Softsign(Activation):
    """x/(1 + |x|)."""

    counterparts = ("activations.softsign", "nn.Softsign")
    derivative = "1/(1 + |x|)^2"
    word, keras_name, cases = "softsign", "softsign", (Case("softsign", *SAME),)
    arithmetic, saved_for_backward = "absolute add divide", "inputs"

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0] / (1 + np.abs(inputs[0]))


class Exponential(Activation):
    """exp(x)."""

    counterparts = ("activations.exponential", "exp")
    derivative = "exp(x)"
    word, keras_name, cases = "exp", "exponential", (Case("exp", *SAME),)
    arithmetic, saved_for_backward = "exp", "output"

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.exp(inputs[0])


class Linear(Activation):
    """x: no activation."""

    counterparts = ("activations.linear", "nn.Identity")
    derivative = "1"
    word, keras_name, cases = "linear", "linear", (Case("linear", *SAME),)
    arithmetic, saved_for_backward = "", ""
    means_none = True
    output_meaning = "score"
    is_view = passes_gradient = gains_from_xla = True

    @classmethod
    def named_in_keras(cls, name: str) -> Word | None:
        return Word("none") if name == cls.keras_name else None

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0]


def activation_of(call: CallView, value: Any) -> Word:
    """Return an activation by Keras's name for it, as the option `act` has it.

    Raises:
        NoWord: where no kind has this name.
    """
    name = _keras_name(value)
    for kind in KINDS.values():
        word = kind.named_in_keras(name) if issubclass(kind, Activation) else None
        if word is not None:
            return word
    raise call.refuse(f"its activation is {name}")


def _keras_name(value: Any) -> str:
    """Return the name of an activation in a configuration: a word, or an object that holds it."""
    if isinstance(value, dict):
        inner = value.get("config")
        value = inner if isinstance(inner, str) else value.get("class_name", "Python code")
    return "linear" if value is None else str(value)


def _relu_form(call: CallView) -> str:
    """Return what a ReLU layer is: plain, cut off at 6, with a slope below 0, or else general.

    Raises:
        NoWord: where it has a threshold.
    """
    top, slope, threshold = (
        call.config.get(key) for key in ("max_value", "negative_slope", "threshold")
    )
    if threshold:
        raise call.refuse(f"its threshold is {threshold}")
    if top is None:
        return "slope" if slope else "plain"
    # Each form is one kind's: `relu6`, `lrelu`, or `relu` with its options.
    return "cut" if top == 6 and not slope else "general"


def _expm1(np: Any, x: Any) -> Any:
    """exp(x) - 1 below 0; where x is above, 0."""
    # expm1 of a large x overflows, in the branch of `np.where` that is thrown away too.
    return np.expm1(np.minimum(x, 0))


def _logistic(np: Any, x: Any) -> Any:
    """1/(1 + exp(-x)), without an overflow."""
    # exp(-x) alone overflows below -88 in 32 bits.
    return np.exp(-np.logaddexp(0, -x))

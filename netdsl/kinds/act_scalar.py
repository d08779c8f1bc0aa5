"""Functions of each number that Keras has among its operations: scalar words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.act import SAME, Activation
from netdsl.kinds.facts import Arrays, Case
from netdsl.kinds.options import REQUIRED, Real
from netdsl.kinds.values import Shape

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Scalar(Activation):
    """A function of each number.

    Attributes:
        keras_op: its name in `keras.ops`.
    """

    word = "_scalar"
    # Operations are not layers: Keras hands no mask on through them.
    keeps_mask = False
    keras_op: ClassVar[str] = ""

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [getattr(k.keras.ops, self.keras_op)]

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec())


class Absolute(Scalar):
    """|x|."""

    counterparts = ("ops.abs", "abs")
    derivative = "sign(x)"
    word, keras_op, cases = "abs", "absolute", (Case("abs", *SAME),)
    arithmetic, saved_for_backward = "absolute", "inputs"
    keras_layers = ("Absolute",)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.abs(inputs[0])


class Negative(Scalar):
    """-x."""

    counterparts = ("ops.negative", "neg")
    derivative = "-1"
    word, added, keras_op, cases = "neg", True, "negative", (Case("neg", *SAME),)
    names_elsewhere = ("negative", "negate")
    arithmetic, saved_for_backward = "negate", ""
    keras_layers = ("Negative",)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return -inputs[0]


class Reciprocal(Scalar):
    """1/x."""

    counterparts = ("ops.reciprocal", "reciprocal")
    derivative = "-1/x^2"
    word, added, keras_op, cases = "recip", True, "reciprocal", (Case("recip", *SAME),)
    names_elsewhere = ("reciprocal", "inverse", "inv")
    arithmetic, saved_for_backward = "divide", "output"
    keras_layers = ("Reciprocal",)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return 1 / inputs[0]


class SquareRoot(Scalar):
    """The square root of x."""

    counterparts = ("ops.sqrt", "sqrt")
    derivative = "1/(2*sqrt(x))"
    word, added, keras_op, cases = "sqrt", True, "sqrt", (Case("sqrt", *SAME),)
    arithmetic, saved_for_backward = "root", "output"
    keras_layers = ("Sqrt",)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.sqrt(inputs[0])


class Logarithm(Scalar):
    """The natural logarithm of x."""

    counterparts = ("ops.log", "log")
    derivative = "1/x"
    word, added, keras_op, cases = "log", True, "log", (Case("log", *SAME),)
    names_elsewhere = ("logarithm",)
    arithmetic, saved_for_backward = "log", "inputs"
    keras_layers = ("Log",)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.log(inputs[0])


class Power(Scalar):
    """x to a fixed power: `pow(3)`."""

    counterparts = ("ops.power", "pow")
    derivative = "exponent*x^(exponent - 1)"
    word, added, positional = "pow", True, ("exponent",)
    names_elsewhere, usual_spelling = ("power",), "pow(3)"
    arithmetic, saved_for_backward = "power", "inputs"
    cases = (Case("pow(3)", *SAME), Case("pow(-1/2)", (10,), (10,), 0))

    exponent = Real(REQUIRED, "the exponent")

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [lambda tensor: k.keras.ops.power(tensor, float(self.exponent))]

    keras_layers = ("Power",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        # `2 ** x` has the number first: another function, and no kind's.
        base, exponent = call.arguments
        if base is not None or isinstance(exponent, bool) or not isinstance(exponent, int | float):
            raise call.refuse("its exponent is not a number")
        return call.means(cls.spec(call.as_written(exponent)))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0] ** float(self.exponent)


class Sign(Scalar):
    """1 where x > 0, -1 where x < 0, else 0. Its derivative is 0 everywhere."""

    counterparts = ("ops.sign", "sign")
    derivative = "0, and none at 0"
    word, added, keras_op, cases = "sign", True, "sign", (Case("sign", *SAME),)
    names_elsewhere, output_meaning = ("sgn", "signum"), "decision"
    arithmetic, saved_for_backward, differentiable = "compare compare", "", False
    keras_layers = ("Sign",)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.sign(inputs[0])


class UnitStep(Scalar):
    """1 where x > 0, else 0: the perceptron's unit. Its derivative is 0 everywhere."""

    derivative = "0, and none at 0"
    word, added, cases = "step", True, (Case("step", *SAME), Case("step-1", (2,), (1,), 3))
    names_elsewhere, output_meaning = ("heaviside",), "decision"
    arithmetic, saved_for_backward, differentiable = "compare", "", False

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        # relu(sign(x)) is 0 at 0 as the formula is, and needs no cast.
        return [k.keras.ops.sign, k.keras.ops.relu]

    keras_layers = ("Activation",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        steps = call.chain("Sign", "Activation")
        if steps is None or call.config["activation"] != "relu":
            return None
        return call.means(cls.spec(), calls=2)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return (inputs[0] > 0).astype(inputs[0].dtype)

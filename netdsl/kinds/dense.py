"""Dense layers: matrix products."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.facts import Arrays, Case, Saved, Weight
from netdsl.kinds.initial import Trained
from netdsl.kinds.initial_forms import Form, filter_forms
from netdsl.kinds.options import Real
from netdsl.kinds.part import Part
from netdsl.kinds.values import Shape

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Units(Trained):
    """What `fc` and `dense` share: a kernel from the inputs to the units."""

    word = "_units"
    group = "dense"
    takes: ClassVar[dict[str, str]] = {"amount": "yes"}
    depth = 1
    takes_components = True

    def _width(self, x: Shape) -> int:
        """Return how many inputs each unit sees."""
        raise NotImplementedError

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """One for each input and unit, and N biases."""
        kernel = Weight("kernel", (self._width(inputs[0]), self.units), "kernel")
        return (kernel, Weight("bias", (self.units,), "bias")) if self.bias else (kernel,)

    def kernel_forms(self, kernel: Shape) -> tuple[Form, ...]:
        """Units: (N, inputs)."""
        return filter_forms(kernel[::-1], (1, 0))

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """One for each input and unit, at every position that the layer is used at."""
        return math.prod(output) * self._width(inputs[0])

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        bias = {} if self.bias else {"use_bias": False}
        return [
            k.keras.layers.Dense(self.amount, **bias, name=name, **self.keras_weights(k, inputs))
        ]


class FullyConnected(Units):
    """A fully connected layer: everything that comes in, flattened, to every unit."""

    counterparts = ("layers.Dense", "nn.Linear")
    word = "fc"
    reach = "all"
    # An embedding is a matrix of rows by index: its transpose gives a score for each index.
    tied_to = ("fc", "embed")
    # The mask of `dropconnect` is of the weights: one for a whole batch.
    saved_once_per_batch = gains_from_xla = True
    names_elsewhere = ("fully", "fullyconnected", "full", "dense", "linear")
    usual_spelling = "fc-10 (an activation after it in brackets: fc-10(relu))"
    cases = (
        Case("fc-16", (784,), (16,), 12560),
        Case("fc-4096", (7, 7, 512), (4096,), 102764544),
        Case("fc-5(bias=no)", (2, 3), (5,), 30),
        Case("fc-4(bn, tanh)", (3,), (4,), 20),
        Case("fc-10(dropconnect=0.5)", (20,), (10,), 210),
    )

    dropconnect = Real(
        0,
        "the probability that a weight is 0 during training",
        min=0,
        max=1,
        exclude_max=True,
        hidden_at_default=True,
    )

    norm = Part("norm", doc="a norm after it")
    act = Part("activation", "relu", "the activation after it")

    def _width(self, x: Shape) -> int:
        return math.prod(x)

    def shape(self, *inputs: Shape) -> Shape:
        """A vector of N."""
        return (self.units,)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        flat = inputs[0].reshape(len(inputs[0]), -1)
        return flat @ weights["kernel"] + weights.get("bias", 0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        flat: list[Any] = (
            [k.keras.layers.Flatten(name=f"{name}_flatten")] if len(inputs[0]) > 1 else []
        )
        if not self.dropconnect:
            return [*flat, *super().layers(k, name, output, *inputs)]
        bias = {} if self.bias else {"use_bias": False}
        return [
            *flat,
            k.custom.DropConnectDense(
                self.amount,
                float(self.dropconnect),
                **bias,
                name=name,
                **self.keras_weights(k, inputs),
            ),
        ]

    keras_layers = ("Dense", "DropConnectDense", "Conv")
    keras_signatures = ("Dense(units)", "DropConnectDense(units, rate)")
    keras_activation, program_name = True, "dense"
    flattens_input = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Also a 1x1 convolution of a vector that Keras has as 1x1xC.

        Raises:
            NoWord: for an argument that the language has no option for.
        """
        # On positions Keras's Dense is `dense`: the same matrix at each.
        if len(call.inputs[0]) > 1:
            return None
        options = cls.trained_in_keras(call)
        if call.layer == "Conv":
            if {*call.sizes("kernel_size"), call.config.get("groups", 1)} != {1}:
                return None
            call.refuse_channels_first()
            return call.means(cls.spec(amount=call.config["filters"], **options))
        if call.layer == "DropConnectDense":
            # Dropping in use as well: a Bayesian network's, for which there is no word.
            if call.named.get("training"):
                raise call.refuse("it is called with training")
            options["dropconnect"] = call.number("rate")
        return call.means(cls.spec(amount=call.config["units"], **options))

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Return the input, and with `dropconnect` which weights were dropped."""
        return Saved(
            inputs=True, masks=self._width(inputs[0]) * output[0] if self.dropconnect else 0
        )


class Dense(Units):
    """A dense layer on the last axis only: the same matrix at every position."""

    counterparts = ("layers.Dense", "nn.Linear")
    word = "dense"
    keeps_mask = True
    reach = "position"
    tied_to = ("dense", "embed")
    cases = (
        Case("dense-16", (784,), (16,), 12560),
        Case("dense-8(gelu)", (10, 4), (10, 8), 40),
        Case("dense-8(bias=no)", (5, 5, 4), (5, 5, 8), 32),
    )

    norm = Part("norm", doc="a norm after it")
    act = Part("activation", doc="the activation after it")

    def _width(self, x: Shape) -> int:
        return x[-1]

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at the same positions."""
        return (*inputs[0][:-1], self.units)

    keras_layers = ("Dense",)
    keras_activation = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if len(call.inputs[0]) == 1:
            return None
        return call.means(cls.spec(amount=call.config["units"], **cls.trained_in_keras(call)))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0] @ weights["kernel"] + weights.get("bias", 0)

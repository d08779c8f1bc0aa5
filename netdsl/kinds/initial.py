"""How a layer's weights begin and what keeps them small: shared by all kinds with a kernel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.errors import did_you_mean
from netdsl.kinds.act import activation_of
from netdsl.kinds.initial_kernels import NAMED, PCA, SPELLED
from netdsl.kinds.initial_lists import arranged, is_array
from netdsl.kinds.kind import Kind
from netdsl.kinds.options import Flag, Option, Real
from netdsl.kinds.values import (
    NO_DEFAULTS,
    Argument,
    Defaults,
    Shape,
    Word,
    array_text,
    exact,
    is_number,
)

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView

KERAS_INITIALIZERS = {  # by their names in the language, which Keras takes for them too
    "he_normal": "HeNormal",
    "he_uniform": "HeUniform",
    "glorot_normal": "GlorotNormal",
    "glorot_uniform": "GlorotUniform",
    "lecun_normal": "LecunNormal",
    "lecun_uniform": "LecunUniform",
}


class Initial(Option[Any]):
    """Initial values: a scheme's name, `normal(0.02)`, `uniform(0.05)`, one number for all, or a
    list: `[[0, 1, 0], [1, -4, 1], [0, 1, 0]]`; kernels also by name: `sobel_x`, `gauss(1.5)`.

    `auto` is resolved from what follows the layer once the whole network is known.
    """

    accepts = (
        f"{', '.join(KERAS_INITIALIZERS)}, normal(0.02), uniform(0.05), {SPELLED}, a number, a "
        "list of them, or a file of them in quotes"
    )
    words = (*KERAS_INITIALIZERS, *NAMED)

    def __init__(self, default: Any, doc: str = "") -> None:
        super().__init__(Word(default) if isinstance(default, str) else default, doc)

    @property
    def default(self) -> Any:
        """As it was stated, with exact numbers."""
        if not isinstance(self.declared, Word):
            return exact(self.declared)
        return Word(
            self.declared.text,
            tuple(
                argument._replace(value=exact(argument.value))
                for argument in self.declared.arguments
            ),
        )

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> Any:
        if is_number(value) or is_array(value):
            return value
        if isinstance(value, Word):
            if (
                # `auto` only as the default: written, it would ask for what happens anyway.
                value.text in KERAS_INITIALIZERS or value == self.declared == Word("auto")
            ) and not value.arguments:
                return value
            if value == PCA:
                return value
            if (
                value.text in ("normal", "uniform")
                and len(value.arguments) == 1
                and _positive(value.arguments[0])
            ):
                return value
        error = self.refuse(value)
        if isinstance(value, Word) and value.text not in (*self.words, "normal", "uniform"):
            error.help = did_you_mean(value.text, self.words)
        raise error

    def shown(self, value: Any) -> str:
        return array_text(value)


def _positive(argument: Argument) -> bool:
    return bool(argument.name is None and is_number(argument.value) and argument.value > 0)


def keras_initializer(
    k: Any, kind: Kind, option: str, inputs: tuple[Shape, ...], shape: Shape | None = None
) -> Any:
    """Return the Keras initializer of an `Initial` option.

    Args:
        k: `keras` and `custom`, as `Kind.layers` has them.
        kind: the layer.
        option: `init` or `bias_init`.
        inputs: the layer's shapes, without the batch.
        shape: of Keras's weight, where it is another one than the kind's.
    """
    initializers, value = k.keras.initializers, kind.values[option]
    if is_array(value):
        return initializers.Constant(k.array(arranged(kind, option, inputs, shape)))
    if not isinstance(value, Word):
        return initializers.Constant(float(value)) if value else initializers.Zeros()
    if value.text == "normal":
        return initializers.RandomNormal(stddev=float(value.arguments[0].value))
    if value.text == "uniform":
        limit = float(value.arguments[0].value)
        return initializers.RandomUniform(-limit, limit)
    return getattr(initializers, KERAS_INITIALIZERS[value.text])()


def initial_of(call: CallView, key: str) -> Any:
    """Return how weights begin, as an `Initial` option has it; None where the language cannot say
    it.
    """
    constant = call.constant(key)
    if constant is not None:
        return constant
    given = call.config.get(key) or {}
    name, config = given.get("class_name"), given.get("config", {})
    for word, keras_name in KERAS_INITIALIZERS.items():
        if name == keras_name:
            return Word(word)
    if name == "RandomNormal" and not config["mean"]:
        return _called("normal", config["stddev"])
    if name == "RandomUniform" and config["minval"] == -config["maxval"]:
        return _called("uniform", config["maxval"])
    return None


def _called(word: str, number: float) -> Word:
    return Word(word, (Argument(None, exact(float(number))),))


class Trained(Kind):
    """A kind with a kernel: its initial values and its penalties.

    Penalties are the lectures': l2=a adds (a/2)*||W||^2, l1=a adds a*||W||_1, on weights and not on
    biases.
    """

    word = "_trained"
    saved_for_backward = "inputs"
    takes_components: ClassVar[bool] = False
    """Whether its kernel can begin at the principal components of the input."""

    bias = Flag(True, "a bias for each unit; no if the layer has a norm")
    init = Initial(
        "auto", "initial kernel: He normal before ReLU-like activations, else Glorot uniform"
    )
    bias_init = Initial(0, "initial biases")
    l1 = Real(0, "penalty l1*||W||_1", min=0, hidden_at_default=True)
    l2 = Real(0, "penalty (l2/2)*||W||^2", min=0, hidden_at_default=True)
    act_l1 = Real(0, "penalty on the layer's output", min=0, hidden_at_default=True)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """An addition for each number of the output where there are biases."""
        return math.prod(output) if self.bias else 0

    def with_resolved_defaults(self) -> Kind:
        """No bias where the layer itself has a norm, unless one was asked for."""
        # A norm subtracts the mean, or has an offset of its own: a bias before it changes nothing.
        if self.values.get("norm") and "bias" not in self.explicit and self.values["bias"]:
            return self.replace(bias=False)
        return self

    def keras_weights(
        self, k: Any, inputs: tuple[Shape, ...], *kernels: str, shape: Shape | None = None
    ) -> dict[str, Any]:
        """Initializers and regularizers as a Keras layer takes them, for the kernels of these names
        (`kernel` if none).

        What Keras would do anyway is left out: Glorot uniform, biases 0. `shape` is that of the
        kernel, where it is another one than the kind's.
        """
        if self.init == Word("auto"):
            raise AssertionError("init=auto must already be resolved")
        arguments: dict[str, Any] = (
            {}
            if self.bias_init == 0
            else {"bias_initializer": keras_initializer(k, self, "bias_init", inputs)}
        )
        for kernel in kernels or ("kernel",):
            if self.init not in (Word("glorot_uniform"), PCA):  # a run puts components in its place
                arguments[f"{kernel}_initializer"] = keras_initializer(
                    k, self, "init", inputs, shape
                )
            if self.l1 or self.l2:
                arguments[f"{kernel}_regularizer"] = k.keras.regularizers.L1L2(
                    # Keras's penalty has no factor 1/2.
                    l1=float(self.l1),
                    l2=float(self.l2) / 2,
                )
        return arguments

    @classmethod
    def trained_in_keras(
        cls, call: CallView, *kernels: str, penalised: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return the options of a Keras layer with kernels: bias, activation, penalties; and how
        the weights begin, where that is not Keras's usual way.

        Args:
            call: of the Keras layer.
            kernels: the names of its kernels; `kernel` if there are none.
            penalised: kernels that begin in a way of their own, and have the same penalties.

        Raises:
            NoWord: for a penalty that the language lacks.
        """
        config, kernels = call.config, kernels or ("kernel",)
        options: dict[str, Any] = {"bias": bool(config.get("use_bias", True))}
        if "act" in cls.options:
            options["act"] = activation_of(call, config.get("activation"))
        penalties = [_penalty(call, f"{kernel}_regularizer") for kernel in (*kernels, *penalised)]
        if any(penalty != penalties[0] for penalty in penalties):
            raise call.refuse("its kernels have different penalties")
        options |= penalties[0]
        call.leave_out("bias_regularizer", "activity_regularizer")
        call.leave_out(*(f"{kernel}_constraint" for kernel in (*kernels, *penalised, "bias")))
        if config.get("lora_rank"):
            raise call.refuse("it has a LoRA part")
        starts = [initial_of(call, f"{kernel}_initializer") for kernel in kernels]
        # One `init` for all kernels; where they begin differently nothing is stated.
        if starts[0] not in (None, Word("glorot_uniform")) and starts == starts[:1] * len(starts):
            options["init"] = starts[0]
        if options["bias"] and (start := initial_of(call, "bias_initializer")):
            options["bias_init"] = start
        return options


def _penalty(call: CallView, key: str) -> dict[str, Any]:
    """Return the options of a penalty. Keras's l2 is l2*||W||^2, the language's (l2/2)*||W||^2."""
    value = call.config.get(key)
    if not value:
        return {}
    name, config = value.get("class_name"), value.get("config", {})
    if name not in ("L1", "L2", "L1L2"):
        raise call.refuse(f"its penalty is {name}")
    strengths = {"l1": config.get("l1"), "l2": 2 * (config.get("l2") or 0)}
    return {option: call.as_written(number) for option, number in strengths.items() if number}

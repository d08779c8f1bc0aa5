"""What a call of a Keras layer is called in the language: one function for each class of
Keras's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from netdsl.errors import NetError, fail
from netdsl.keras.read import Call

Option = Any  # a number, yes or no, a word, or text as it is written


class Word(NamedTuple):
    """A layer in the language's words; `options` holds all that the Keras layer says, defaults
    too.
    """

    word: str
    size: tuple[int, ...] = ()
    amount: int | None = None
    stride: tuple[int, ...] = ()
    options: Mapping[str, Option] = MappingProxyType({})
    positional: tuple[Option, ...] = ()


NOTHING = Word("id")


def no_word(call: Call, why: str = "") -> NetError:
    """N621: what the language cannot say, and in which layer."""
    what = f"the language has no word for layer `{call.name}` ({call.kind})"
    return fail(
        "N621",
        f"{what}: {why}" if why else what,
        help="write that part by hand, or leave it out of the model",
    )


def decimal(value: float) -> int | float | Fraction:
    """A number as it is written: whole where it is whole, 1/n where that is the very same."""
    if float(value).is_integer() and abs(value) < 2**53:
        return int(value)
    for divisor in (3, 6, 7, 9, 127.5, 255):
        part = 1 / divisor
        if part == value:
            return Fraction(1) / Fraction(divisor)
    return float(value)


# --- activations ----------------------------------------------------------------------------------

_ACTIVATIONS = {
    "relu": "relu",
    "relu6": "relu6",
    "elu": "elu",
    "selu": "selu",
    "gelu": "gelu",
    "swish": "swish",
    "silu": "swish",
    "mish": "mish",
    "hard_silu": "hswish",
    "hard_swish": "hswish",
    "hard_sigmoid": "hsigmoid",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "softplus": "softplus",
    "softsign": "softsign",
    "softmax": "softmax",
    "log_softmax": "logsoftmax",
    "exponential": "exp",
    "leaky_relu": "lrelu(0.2)",
    "linear": "",
}


def activation(call: Call, value: Any) -> str:
    """An activation by Keras's name for it; nothing for the linear one."""
    if value is None:
        return ""
    if isinstance(value, dict):
        inner = value.get("config")
        value = inner if isinstance(inner, str) else value.get("class_name")
    if value not in _ACTIVATIONS:
        raise no_word(call, f"its activation is {value}")
    return _ACTIVATIONS[value]


def _activation(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    return _of_text(activation(call, call.config["activation"]))


def _of_text(text: str) -> Word:
    if not text:
        return NOTHING
    word, _, rest = text.partition("(")
    return Word(word, positional=(float(rest[:-1]),) if rest else ())


def _relu(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    top, slope, threshold = (
        call.config.get(key) for key in ("max_value", "negative_slope", "threshold")
    )
    if threshold:
        raise no_word(call, f"its threshold is {threshold}")
    if slope and top is None:
        return Word("lrelu", options={"slope": decimal(slope)})
    if slope or top not in (None, 6):
        raise no_word(
            call, f"it is cut off at {top}" + (f" and has slope {slope}" if slope else "")
        )
    return Word("relu" if top is None else "relu6")


def _prelu(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    axes = call.config.get("shared_axes") or []
    if sorted(axes) != list(range(1, len(call.shape))):
        raise no_word(call, "its slopes are not shared by all positions: shared_axes")
    return Word("prelu")


def _softmax(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    _last_axis(call, call.config.get("axis", -1), len(call.shape))
    return Word("softmax")


# --- convolutions ---------------------------------------------------------------------------------


def _last_axis(call: Call, axis: Any, rank: int) -> None:
    axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    if axis not in (-1, rank):
        raise no_word(call, f"its axis is {axis}, not the last")


def _channels_last(call: Call) -> None:
    if call.config.get("data_format") == "channels_first":
        raise no_word(call, "its channels come first")


def _tuple(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,) * rank


def _padding(
    call: Call, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> str:
    """`same` where TensorFlow's SAME is the papers': for odd windows at stride 1, whatever comes
    in.
    """
    if all(k == 1 for k in size):
        return "same"
    padding = str(call.config["padding"])
    if padding != "same":
        return padding
    even = all(
        k == 1 or (s == 1 and d * (k - 1) % 2 == 0)
        for k, s, d in zip(size, stride, dilation, strict=True)
    )
    return "same" if even else "tf"


def _trained(call: Call) -> dict[str, Option]:
    """What layers with kernels share: bias, activation, penalties."""
    config = call.config
    options: dict[str, Option] = {"bias": bool(config.get("use_bias", True))}
    options["act"] = activation(call, config.get("activation"))
    for key in ("kernel_regularizer", "depthwise_regularizer", "pointwise_regularizer"):
        options |= _penalty(call, config.get(key))
    for key in ("bias_regularizer", "activity_regularizer"):
        if config.get(key):
            raise no_word(call, f"it has a {key}")
    for key in (
        "kernel_constraint",
        "bias_constraint",
        "depthwise_constraint",
        "pointwise_constraint",
    ):
        if config.get(key):
            raise no_word(call, f"it has a {key}")
    if config.get("lora_rank"):
        raise no_word(call, "it has a LoRA part")
    return options


def _penalty(call: Call, value: Any) -> dict[str, Option]:
    if not value:
        return {}
    name, config = value.get("class_name"), value.get("config", {})
    if name not in ("L1", "L2", "L1L2"):
        raise no_word(call, f"its penalty is {name}")
    found = {}
    if config.get("l1"):
        found["l1"] = decimal(config["l1"])
    if config.get("l2"):
        found["l2"] = decimal(
            2 * config["l2"]
        )  # Keras's l2 is l2*||W||^2, the language's (l2/2)*||W||^2
    return found


def _convolved(call: Call) -> tuple[tuple[int, ...], tuple[int, ...], dict[str, Option]]:
    _channels_last(call)
    rank = len(call.shape) - 1
    size, stride, dilation = (
        _tuple(call.config[key], rank) for key in ("kernel_size", "strides", "dilation_rate")
    )
    options = _trained(call)
    options["pad"] = _padding(call, size, stride, dilation)
    if any(d > 1 for d in dilation):
        options["dilation"] = (
            dilation[0] if len(set(dilation)) == 1 else "x".join(map(str, dilation))
        )
    return size, stride, options


def _conv(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    size, stride, options = _convolved(call)
    if call.config.get("groups", 1) > 1:
        options["groups"] = call.config["groups"]
    return Word("conv", size, call.config["filters"], stride, options)


def _depthwise(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    size, stride, options = _convolved(call)
    if call.config.get("depth_multiplier", 1) > 1:
        options["mult"] = call.config["depth_multiplier"]
    return Word("dw", size, None, stride, options)


def _separable(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    size, stride, options = _convolved(call)
    if call.config.get("depth_multiplier", 1) > 1:
        raise no_word(call, f"its depth multiplier is {call.config['depth_multiplier']}")
    return Word("sep", size, call.config["filters"], stride, options)


def _transposed(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    size, stride, options = _convolved(call)
    options["pad"] = call.config["padding"]
    if call.config.get("output_padding") is not None:
        raise no_word(call, "it has an output_padding")
    return Word("tconv", size, call.config["filters"], stride, options)


def _dense(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    return Word(
        "dense" if len(shapes[0]) > 1 else "fc", (), call.config["units"], (), _trained(call)
    )


# --- pooling, padding, shapes ---------------------------------------------------------------------


def _pool(word: str) -> Callable[[Call, list[tuple[int, ...]]], Word]:
    def named(call: Call, shapes: list[tuple[int, ...]]) -> Word:
        _channels_last(call)
        rank = len(call.shape) - 1
        size = _tuple(call.config["pool_size"], rank)
        stride = _tuple(call.config["strides"] or size, rank)
        same = _padding(call, size, stride, (1,) * rank)
        pad: Option = 0 if same == "valid" or all(k == 1 for k in size) else same
        if pad == "same" and word == "avgpool":
            pad = "tf"  # padded cells do not count in Keras's divisor
        return Word(word, size, None, stride, {"pad": pad})

    return named


def _global_pool(word: str) -> Callable[[Call, list[tuple[int, ...]]], Word]:
    def named(call: Call, shapes: list[tuple[int, ...]]) -> Word:
        _channels_last(call)
        return Word(word)

    return named


def _sides(call: Call, value: Any) -> Option:
    """(2, 2), ((1, 1), (2, 2)) or 3 as the language writes it: one number, or one for each side."""
    return _written_sides(call, _pairs(call, value))


def _pairs(call: Call, value: Any) -> list[tuple[int, ...]]:
    """Before and behind each axis."""
    rank = len(call.shape) - 1
    return [_tuple(pair, 2) for pair in (_tuple(value, rank) if rank > 1 else (value,))]


def _written_sides(call: Call, pairs: list[tuple[int, ...]]) -> Option:
    rank = len(pairs)
    numbers = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
    if len(set(numbers)) == 1:
        return numbers[0]
    if rank == 2:
        (top, bottom), (left, right) = pairs
        return f"({top},{bottom},{left},{right})"
    if all(before == after for before, after in pairs):
        return "x".join(str(before) for before, _ in pairs)
    if rank == 1:
        return f"({pairs[0][0]},{pairs[0][1]})"
    raise no_word(call, "its sides differ")


def _pad(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    _channels_last(call)
    return Word("pad", positional=(_sides(call, call.config["padding"]),))


def _pad_operation(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    """`keras.ops.pad`: zeros around the positions, or behind the channels."""
    widths = [tuple(pair) for pair in call.config["pad_width"]]
    if call.config.get("mode", "constant") != "constant" or call.options.get("constant_values", 0):
        raise no_word(call, "it does not pad with zeros")
    if not any(map(any, widths[:-1])) and not widths[-1][0]:
        return Word("widen", (), call.shape[-1], (1,))
    if any(widths[0] + widths[-1]):
        raise no_word(call, "it pads the batch or the channels")
    return Word("pad", positional=(_written_sides(call, widths[1:-1]),))


def padded(word: Word, call: Call, before: Call) -> Word | None:
    """A layer without padding of its own that stands behind one that pads, as one; None where that
    is another function.

    Padded cells are zeros for convolutions and count in a mean's divisor; for max pools they are
    minus infinity.
    """
    if word.options.get("pad", "valid") not in ("valid", 0):
        return None
    zeros = before.kind.startswith("ZeroPadding") and word.word in (
        "conv",
        "dw",
        "sep",
        "avgpool",
        "l2pool",
        "lppool",
    )
    least = (
        before.kind == "Pad"
        and word.word == "pool"
        and before.options.get("constant_values") == -math.inf
    )
    if not zeros and not least:
        return None
    pairs = (
        _pairs(before, before.config["padding"])
        if zeros
        else [tuple(pair) for pair in before.config["pad_width"][1:-1]]
    )
    dilation = _tuple(call.config.get("dilation_rate", 1), len(pairs))
    same = all(
        pair[0] == pair[1] == d * (k - 1) / 2
        for pair, k, d in zip(pairs, word.size, dilation, strict=True)
    )
    return word._replace(
        options={**word.options, "pad": "same" if same else _written_sides(before, pairs)}
    )


def _item(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    """x[:, 0] and x[..., a:b]."""
    key = call.constants[1] if len(call.constants) == 2 else None
    if key == (slice(None), 0) and len(shapes[0]) == 2:
        return Word("first")
    if (
        isinstance(key, tuple)
        and len(key) == 2
        and key[0] is Ellipsis
        and isinstance(key[1], slice)
        and key[1].step in (None, 1)
    ):
        first, last, _ = key[1].indices(shapes[0][-1])
        return Word("slice", positional=(first, last))
    raise no_word(call)


def _crop(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    _channels_last(call)
    return Word("crop", positional=(_sides(call, call.config["cropping"]),))


def _up(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    _channels_last(call)
    how = call.config.get("interpolation", "nearest")
    if how not in ("nearest", "bilinear"):
        raise no_word(call, f"its interpolation is {how}")
    return Word("up", _tuple(call.config["size"], len(call.shape) - 1), options={"how": how})


def _reshape(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    if call.shape == shapes[0]:
        return NOTHING
    return Word("reshape", positional=("x".join(map(str, call.shape)),))


def _flatten(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    return NOTHING if len(shapes[0]) == 1 else Word("flatten")


def _permute(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    return Word("permute", positional=tuple(call.config["dims"]))


def _resize(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    config = call.config
    for key in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"):
        if config.get(key):
            raise no_word(call, f"it has {key}")
    if config["interpolation"] != "bilinear":
        raise no_word(call, f"its interpolation is {config['interpolation']}")
    return Word("resize", positional=(f"{config['height']}x{config['width']}",))


# --- norms, noise, factors ------------------------------------------------------------------------


def _affine(call: Call, **more: Option) -> dict[str, Option]:
    config = call.config
    _last_axis(call, config.get("axis", -1), len(call.shape))
    for key in ("beta_constraint", "gamma_constraint", "beta_regularizer", "gamma_regularizer"):
        if config.get(key):
            raise no_word(call, f"it has a {key}")
    return {
        "eps": decimal(config["epsilon"]),
        "scale": bool(config["scale"]),
        "shift": bool(config["center"]),
        **more,
    }


def _batch_norm(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    if call.config.get("renorm"):
        raise no_word(call, "it renormalizes")
    return Word("bn", options=_affine(call, momentum=decimal(call.config["momentum"])))


def _layer_norm(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    if call.config.get("rms_scaling"):
        raise no_word(call, "it has rms_scaling")
    return Word("ln", options=_affine(call))


def _group_norm(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    groups = call.config["groups"]
    if groups == -1:
        return Word("in", options=_affine(call))
    return Word("gn", options=_affine(call, groups=groups))


def _rms_norm(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    _last_axis(call, call.config.get("axis", -1), len(call.shape))
    return Word("rms", options={"eps": decimal(call.config["epsilon"])})


def _unit_norm(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    _last_axis(call, call.config.get("axis", -1), len(call.shape))
    return Word("l2norm")


def _dropout(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    rate = decimal(call.config["rate"])
    if not rate:
        return NOTHING
    kept = call.config.get("noise_shape")
    if kept is None:
        return Word("dropout", positional=(rate,))
    ones = [size == 1 for size in list(kept)[1:]]
    if all(ones):
        return Word("droppath", positional=(rate,))
    if all(ones[:-1]) and len(ones) > 1:
        return Word("sdropout", positional=(rate,))
    raise no_word(call, f"its noise_shape is {kept}")


def _spatial_dropout(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    _channels_last(call)
    return (
        Word("sdropout", positional=(decimal(call.config["rate"]),))
        if call.config["rate"]
        else NOTHING
    )


def _noise(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    return Word("noise", positional=(decimal(call.config["stddev"]),))


def _drop_path(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    rate = decimal(call.config["drop_path_rate"])
    return Word("droppath", positional=(rate,)) if rate else NOTHING


def _rescale(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    scale, offset = call.config["scale"], call.config.get("offset", 0)
    if isinstance(scale, list | tuple) or isinstance(offset, list | tuple):
        if not any(_tuple(offset, 1)) and isinstance(scale, list | tuple):
            return Word("std", positional=(0, _numbers([1 / float(value) for value in scale])))
        raise no_word(call, "it has a factor for each channel, and an offset")
    return Word("rescale", positional=(decimal(scale),), options={"offset": decimal(offset)})


def _numbers(values: list[float]) -> Option:
    written = [str(decimal(value)) for value in values]
    return decimal(values[0]) if len(set(written)) == 1 else f"({', '.join(written)})"


def _standardize(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    mean, variance = call.config.get("mean"), call.config.get("variance")
    if call.config.get("invert"):
        raise no_word(call, "it is inverted")
    _last_axis(call, call.config.get("axis", -1), len(call.shape))
    if mean is None or variance is None:
        return Word("std")
    means, variances = ([float(v) for v in _flat(value)] for value in (mean, variance))
    return Word("std", positional=(_numbers(means), _numbers([math.sqrt(v) for v in variances])))


def _flat(value: Any) -> list[Any]:
    return (
        [part for inner in value for part in _flat(inner)]
        if isinstance(value, list | tuple)
        else [value]
    )


def _layer_scale(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    return Word("scale", options={"init": decimal(call.config["init_values"])})


# --- sequences ------------------------------------------------------------------------------------


def _embedding(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    if call.config.get("mask_zero"):
        raise no_word(call, "it masks index 0")
    return Word("embed", (), call.config["output_dim"])


_RECURRENT = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}
_USUAL: dict[str, dict[str, Any]] = {
    "LSTM": {"activation": "tanh", "recurrent_activation": "sigmoid", "unit_forget_bias": True},
    "GRU": {"activation": "tanh", "recurrent_activation": "sigmoid"},
    "SimpleRNN": {"activation": "tanh"},
}


def _recurrent(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    return _recurrent_of(call, call.kind, call.config, {})


def _recurrent_of(
    call: Call, kind: str, config: Mapping[str, Any], options: dict[str, Option]
) -> Word:
    for key, usual in _USUAL[kind].items():
        if config.get(key, usual) != usual:
            raise no_word(call, f"its {key} is {config[key]}")
    for key in (
        "dropout",
        "recurrent_dropout",
        "stateful",
        "return_state",
        "kernel_constraint",
        "recurrent_constraint",
        "bias_constraint",
    ):
        if config.get(key):
            raise no_word(call, f"it has {key}")
    for key in (
        "kernel_regularizer",
        "recurrent_regularizer",
        "bias_regularizer",
        "activity_regularizer",
    ):
        if config.get(key):
            raise no_word(call, f"it has a {key}")
    options = {"bias": bool(config["use_bias"]), "seq": bool(config["return_sequences"]), **options}
    if config.get("go_backwards"):
        options["back"] = True
    if kind == "GRU":
        options["after"] = bool(config.get("reset_after", True))
    return Word(_RECURRENT[kind], (), config["units"], (), options)


def _bidirectional(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    inner, back = call.config["layer"], call.config.get("backward_layer")
    if inner["class_name"] not in _RECURRENT:
        raise no_word(call, f"it wraps a {inner['class_name']}")
    if call.config.get("merge_mode") != "concat":
        raise no_word(call, f"its merge_mode is {call.config.get('merge_mode')}")
    keys = ("units", "activation", "recurrent_activation", "use_bias", "return_sequences")
    if back and any(back["config"].get(key) != inner["config"].get(key) for key in keys):
        raise no_word(call, "its two directions differ")
    return _recurrent_of(call, inner["class_name"], inner["config"], {"bi": True})


def _attention(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    config, options = call.config, dict(call.options)
    if len(set(call.inputs)) > 1:
        raise no_word(call, "its keys and values come from elsewhere")
    causal = bool(options.pop("use_causal_mask", False))
    left = [key for key, value in options.items() if value]
    if left:
        raise no_word(call, f"it is called with {', '.join(left)}")
    if (
        config.get("dropout")
        or config.get("output_shape")
        or config.get("value_dim") not in (None, config["key_dim"])
    ):
        raise no_word(call, "it has dropout, an output_shape or a value_dim of its own")
    if config.get("attention_axes") not in (None, [1], (1,), 1):
        raise no_word(call, f"its attention_axes are {config['attention_axes']}")
    found: dict[str, Option] = {
        "heads": config["num_heads"],
        "bias": bool(config["use_bias"]),
        "causal": causal,
    }
    if config["num_heads"] * config["key_dim"] != shapes[0][-1]:
        found["dim"] = config["key_dim"]
    return Word("attention", options=found)


# --- netdsl's own layers --------------------------------------------------------------------------


def _power_pool(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    power = decimal(call.config["power"])
    word = Word("l2pool") if power == 2 else Word("lppool", options={"p": power})
    return word._replace(
        size=tuple(call.config["window"]),
        stride=tuple(call.config["strides"]),
        options={**word.options, "pad": 0},
    )


def _overhanging(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    options = {
        "pad": _written_sides(call, [tuple(pair) for pair in call.config["pads"]]),
        "ceil": True,
    }
    return Word(
        "avgpool", tuple(call.config["window"]), None, tuple(call.config["strides"]), options
    )


def _local_response(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    config = call.config
    return Word(
        "lrn",
        options={
            "size": config["size"],
            **{key: decimal(config[key]) for key in ("alpha", "beta", "k")},
        },
    )


def _factors(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    """`scale`, which netdsl builds as an EinsumDense of one factor a channel."""
    left, _, right = str(call.config["equation"]).partition(",")
    if (
        right != f"{left[-1]}->{left}"
        or call.config.get("bias_axes") not in (None, left[-1])
        or _trained(call)["act"]
    ):
        raise no_word(call, f"its equation is {call.config['equation']}")
    return Word("scale", options={"bias": call.config.get("bias_axes") is not None})


# --- operations -----------------------------------------------------------------------------------

MERGES = {
    "Stack": "stack",
    "Add": "add",
    "Multiply": "mul",
    "Maximum": "max",
    "Average": "avg",
    "Subtract": "sub",
    "Concatenate": "concat",
    "Dot": "dot",
}


def merge_word(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    """The word of a call that joins several outputs."""
    if call.kind == "Concatenate":
        _last_axis(call, call.config.get("axis", -1), len(call.shape))
    if call.kind == "Stack" and call.config.get("axis") != 1:
        raise no_word(
            call, f"its axis is {call.config.get('axis')}, not the first behind the batch"
        )
    if call.kind == "Dot" and (
        call.config.get("normalize") or set(_tuple(call.config["axes"], 1)) - {-1, len(shapes[0])}
    ):
        raise no_word(call, "it is not the inner product along the channels")
    return Word(MERGES[call.kind])


def _by_constant(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    """x + 3.0 and its like, in Python's operators."""
    (number,) = [value for value in call.constants if value is not None] or [None]
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise no_word(call)
    number = float(number)
    first = call.constants[0] is None
    scale, offset = {
        "Add": (1.0, number),
        "Multiply": (number, 0.0),
        "Subtract": (1.0, -number) if first else (-1.0, number),
        "TrueDivide": (1 / number, 0.0) if first and number else (math.nan, 0.0),
        "Divide": (1 / number, 0.0) if first and number else (math.nan, 0.0),
        "Negative": (-1.0, 0.0),
    }[call.kind]
    if math.isnan(scale):
        raise no_word(call)
    return Word("rescale", positional=(decimal(scale),), options={"offset": decimal(offset)})


BY_CONSTANT = ("Add", "Multiply", "Subtract", "TrueDivide", "Divide")

WORDS: dict[str, Callable[[Call, list[tuple[int, ...]]], Word]] = {
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": lambda call, _: Word(
        "lrelu", options={"slope": decimal(call.config["negative_slope"])}
    ),
    "PReLU": _prelu,
    "ELU": lambda call, _: Word("elu", options={"alpha": decimal(call.config["alpha"])}),
    "Softmax": _softmax,
    **{f"Conv{rank}D": _conv for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": _depthwise for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _separable for rank in (1, 2)},
    **{f"Conv{rank}DTranspose": _transposed for rank in (1, 2, 3)},
    "Dense": _dense,
    **{f"MaxPooling{rank}D": _pool("pool") for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": _pool("avgpool") for rank in (1, 2, 3)},
    **{f"GlobalAveragePooling{rank}D": _global_pool("gap") for rank in (1, 2, 3)},
    **{f"GlobalMaxPooling{rank}D": _global_pool("gmp") for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": _pad for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _crop for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _up for rank in (1, 2, 3)},
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "Resizing": _resize,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "GroupNormalization": _group_norm,
    "RMSNormalization": _rms_norm,
    "UnitNormalization": _unit_norm,
    "Dropout": _dropout,
    **{f"SpatialDropout{rank}D": _spatial_dropout for rank in (1, 2, 3)},
    "GaussianNoise": _noise,
    "StochasticDepth": _drop_path,
    "Rescaling": _rescale,
    "Normalization": _standardize,
    "LayerScale": _layer_scale,
    "Embedding": _embedding,
    **dict.fromkeys(_RECURRENT, _recurrent),
    "Bidirectional": _bidirectional,
    "MultiHeadAttention": _attention,
    "Identity": lambda call, _: NOTHING,
    "EinsumDense": _factors,
    "LocalResponseNormalization": _local_response,
    "FeaturePooling": lambda call, _: Word("featpool", (call.config["size"],)),
    "Pad": _pad_operation,
    "GetItem": _item,
    "PowerPooling": _power_pool,
    "OverhangingAveragePooling": _overhanging,
    "LearnedPositions": lambda *_: Word("pos"),
    "SinusoidalPositions": lambda *_: Word("sincos"),
    "LearnedToken": lambda *_: Word("cls"),
}


def word_of(call: Call, shapes: list[tuple[int, ...]]) -> Word:
    """A call of a layer with one input, in words; `shapes` are what goes in.

    Raises:
        NetError: N621 where the language has no word for it.
    """
    if call.kind in BY_CONSTANT and any(value is not None for value in call.constants):
        return _by_constant(call, shapes)
    known = WORDS.get(call.kind)
    if known is None:
        raise no_word(call)
    return known(call, shapes)

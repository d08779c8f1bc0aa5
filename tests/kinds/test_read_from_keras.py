"""What kinds read in calls of Keras layers that are written by hand: a golden, without Keras.

Each call comes with Keras's usual configuration, of which a case states what is different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from netdsl.kinds import keras_readers
from netdsl.kinds.call_view import CallView, Meaning, NoWord
from netdsl.kinds.pool import MaxPool
from netdsl.kinds.values import Argument, LayerSpec, Ref, Shape, dims, shown

GOLDEN = Path(__file__).parents[1] / "golden" / "kinds"
READERS = keras_readers()

TRAINED: dict[str, Any] = {
    "use_bias": True,
    "activation": "linear",
    "kernel_initializer": {"class_name": "GlorotUniform", "config": {}},
    "bias_initializer": {"class_name": "Zeros", "config": {}},
}
CONV = {**TRAINED, "filters": 4, "kernel_size": 3, "strides": 1, "padding": "valid"}
CONV |= {"dilation_rate": 1, "groups": 1}
CELL = {"units": 4, "return_sequences": False, "activation": "tanh", "use_bias": True}
POOL = {"pool_size": 2, "strides": None, "padding": "valid"}
AFFINE = {"axis": -1, "epsilon": 1e-3, "scale": True, "center": True}
USUAL: dict[str, dict[str, Any]] = {
    "Conv": CONV,
    "FlippedConv": CONV,
    "DepthwiseConv": {**CONV, "depth_multiplier": 1},
    "SeparableConv": {**CONV, "depth_multiplier": 1},
    "ConvTranspose": {**CONV, "output_padding": None},
    "LocallyConnected": {**CONV, "window": (3, 3)},
    "Dense": {**TRAINED, "units": 4},
    "DropConnectDense": {**TRAINED, "units": 4, "rate": 0.5},
    "MaxPooling": POOL,
    "AveragePooling": POOL,
    "StochasticPooling": {"window": 2, "strides": 2},
    "PowerPooling": {"window": 2, "strides": 2, "power": 2},
    "OverhangingAveragePooling": {"window": 3, "strides": 2, "pads": [[0, 0], [0, 0]]},
    "MaxUnpooling": {"window": [2, 2], "strides": [2, 2], "pads": [[0, 0], [0, 0]]},
    "BatchNormalization": {**AFFINE, "momentum": 0.99},
    "LayerNormalization": AFFINE,
    "GroupNormalization": {**AFFINE, "groups": 2},
    "RMSNormalization": {"axis": -1, "epsilon": 1e-6},
    "LSTM": {**CELL, "recurrent_activation": "sigmoid"},
    "GRU": {**CELL, "recurrent_activation": "sigmoid", "reset_after": True},
    "SimpleRNN": CELL,
    "MultiHeadAttention": {**TRAINED, "num_heads": 2, "key_dim": 4, "value_dim": 4},
    "ReLU": {"max_value": None, "negative_slope": 0.0, "threshold": 0.0},
    "Resizing": {"height": 8, "width": 8, "interpolation": "bilinear"},
    "Pad": {"mode": "constant"},
    "Rescaling": {"offset": 0.0},
    "Max": {"axis": -1, "keepdims": False},
    "Sum": {"axis": -1, "keepdims": False},
    "Mean": {"axis": -1, "keepdims": False},
    "UpSampling": {"size": 2},
    "ActivityRegularization": {"l1": 0.0, "l2": 0.0},
}


class Step(NamedTuple):
    """A call, with what its configuration states."""

    name: str
    output: Shape
    stated: dict[str, Any]
    arguments: tuple[Any, ...]
    named: dict[str, Any]


def to(
    name: str, *output: int, call: tuple[Any, ...] = (), named: Any = None, **stated: Any
) -> Step:
    return Step(name, output, stated, call, named or {})


def view(given: tuple[Shape, ...], steps: list[Step]) -> CallView:
    """The last of some calls that follow each other."""
    before: list[CallView] = []
    for step in steps:
        inputs = (before[-1].output,) if before else given
        made = CallView(step.name, step.stated, inputs, step.output, step.arguments, step.named)
        usual = USUAL.get(made.layer, {})
        made = made._replace(config={**usual, **step.stated}, before=tuple(before), left_out=[])
        before.append(made)
    return before[-1]


def point(name: str, op: int, shape: Shape) -> Ref:
    return Ref(name, op, shape, None, ())


SCALED = [0.5, 0.25]
STATED = {"class_name": "Constant", "config": {"value": 0.5}}
ARRAY = {"class_name": "Constant", "config": {"value": [[0.5, 1.0]]}}
PENALTY = {"class_name": "L2", "config": {"l2": 0.01}}
BOTH = {"class_name": "L1L2", "config": {"l1": 0.25, "l2": 0.5}}
NORMAL = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02}}
MEAN_1 = {"class_name": "RandomNormal", "config": {"mean": 1.0, "stddev": 0.02}}
UNIFORM = {"class_name": "RandomUniform", "config": {"minval": -0.5, "maxval": 0.5}}
UNEVEN = {"class_name": "RandomUniform", "config": {"minval": -0.5, "maxval": 1.0}}
HE = {"class_name": "HeNormal", "config": {}}
IMAGE, SEQUENCE, VECTOR, VOLUME = ((8, 8, 4),), ((8, 4),), ((4,),), ((6, 6, 6, 4),)
PAD_1 = to("ZeroPadding2D", 10, 10, 4, padding=((1, 1), (1, 1)))
LOWEST = {"constant_values": float("-inf")}
ALL, LAST = slice(None), slice(None, -1)

CALLS: list[tuple[tuple[Shape, ...], list[Step]]] = [
    # convolutions
    *(
        (IMAGE, [to("Conv2D", 8, 8, 4, **stated)])
        for stated in (
            {},
            {"padding": "same"},
            {"padding": "same", "kernel_size": 4},
            {"padding": "same", "strides": 2},
            {"padding": "same", "kernel_size": (1, 3), "strides": (2, 1)},
            {"padding": "same", "kernel_size": 2, "dilation_rate": 2},
            {"padding": "same", "kernel_size": 1, "strides": 2},
            {"kernel_size": 1},
            {"kernel_size": (3, 1), "dilation_rate": (2, 1)},
            {"groups": 2},
            {"groups": 4},
            {"groups": 4, "filters": 8, "strides": (2, 1)},
            {"groups": 4, "strides": (2, 1)},
            {"data_format": "channels_first"},
            {"use_bias": False, "activation": "relu"},
            {"activation": "leaky_relu"},
            {"activation": {"class_name": "function", "config": "tanh"}},
            {"activation": {"class_name": "Own", "config": {}}},
            {"activation": {}},
            {"activation": "nothing"},
            {"activation": None},
            {"kernel_initializer": HE, "bias_initializer": STATED},
            {"kernel_initializer": NORMAL, "use_bias": False, "bias_initializer": STATED},
            {"kernel_initializer": MEAN_1},
            {"kernel_initializer": UNIFORM},
            {"kernel_initializer": UNEVEN},
            {"kernel_initializer": {"class_name": "Ones"}},
            {"kernel_initializer": None},
            {"kernel_regularizer": PENALTY},
            {"kernel_regularizer": BOTH, "bias_regularizer": PENALTY},
            {"kernel_regularizer": {"class_name": "L2", "config": {"l2": None}}},
            {"kernel_regularizer": {"class_name": "OrthogonalRegularizer", "config": {}}},
            {"kernel_constraint": {"class_name": "MaxNorm"}, "bias_constraint": None},
            {"lora_rank": 2},
        )
    ),
    (VECTOR, [to("Conv2D", 1, 1, 4, kernel_size=1)]),
    (VECTOR, [to("Conv2D", 1, 1, 4, kernel_size=1, groups=2)]),
    (VECTOR, [to("Conv2D", 1, 1, 4)]),
    (VECTOR, [to("Conv2D", 4, 1, 1, kernel_size=1, data_format="channels_first")]),
    (((8, 8, 1),), [to("Conv2D", 6, 6, 4, strides=(2, 1))]),
    (((8, 8, 1),), [to("FlippedConv2D", 6, 6, 4)]),
    (VOLUME, [to("Conv3D", 4, 4, 4, 8, groups=4, filters=8)]),
    (IMAGE, [to("FlippedConv2D", 6, 6, 4)]),
    (IMAGE, [to("FlippedConv2D", 6, 6, 8, groups=4, filters=8)]),
    (IMAGE, [PAD_1, to("Conv2D", 8, 8, 4)]),
    (IMAGE, [PAD_1, to("Conv2D", 8, 8, 4, padding="same")]),
    (IMAGE, [PAD_1, to("Conv2D", 6, 6, 4, dilation_rate=2)]),
    (IMAGE, [to("ZeroPadding2D", 10, 9, 4, padding=((1, 1), (0, 1))), to("Conv2D", 8, 7, 4)]),
    (SEQUENCE, [to("ZeroPadding1D", 10, 4, padding=(2, 0)), to("Conv1D", 8, 4)]),
    (SEQUENCE, [to("ZeroPadding1D", 8, 4, padding=(0, 0)), to("Conv1D", 8, 4, kernel_size=1)]),
    (VOLUME, [to("ZeroPadding3D", 8, 8, 6, 4, padding=(1, 1, 0)), to("Conv3D", 6, 6, 4, 4)]),
    *(
        (
            IMAGE,
            [
                to("Conv2D", 8, 8, 4, **stated),
                to("MaxPooling2D", 4, 4, 4, pool_size=1, strides=2, **pool),
            ],
        )
        for stated, pool in (
            ({"dilation_rate": 2, "padding": "same"}, {}),
            ({"dilation_rate": 3, "padding": "same", "kernel_size": 2}, {}),
            ({"dilation_rate": 2}, {}),
            ({"dilation_rate": 2, "strides": (2, 1)}, {}),
            ({}, {}),
            ({"dilation_rate": 2}, {"padding": "same"}),
        )
    ),
    (IMAGE, [to("Conv2D", 8, 8, 4, dilation_rate=2), to("MaxPooling2D", 4, 4, 4)]),
    (IMAGE, [to("DepthwiseConv2D", 6, 6, 4)]),
    (IMAGE, [to("DepthwiseConv2D", 6, 6, 8, depth_multiplier=2, depthwise_regularizer=PENALTY)]),
    (IMAGE, [to("SeparableConv2D", 6, 6, 4)]),
    (IMAGE, [to("SeparableConv2D", 6, 6, 4, depth_multiplier=2)]),
    *(
        (IMAGE, [to("SeparableConv2D", 6, 6, 4, **stated)])
        for stated in (
            {"depthwise_regularizer": PENALTY},
            {"depthwise_regularizer": PENALTY, "pointwise_regularizer": PENALTY},
            {"depthwise_initializer": HE},
            {"depthwise_initializer": HE, "pointwise_initializer": HE},
        )
    ),
    *(
        (
            IMAGE,
            [
                to("Conv2D", 4, 6, 4, **{"groups": 4, "strides": (2, 1), "use_bias": False} | deep),
                to("Conv2D", 4, 6, 5, **{"kernel_size": 1, "filters": 5} | one),
            ],
        )
        for deep, one in (
            ({}, {}),
            ({"use_bias": True}, {}),
            ({"activation": "relu"}, {}),
            ({"kernel_regularizer": PENALTY}, {}),
            ({"kernel_regularizer": PENALTY}, {"kernel_regularizer": PENALTY}),
            ({}, {"kernel_size": (1, 3)}),
            ({}, {"strides": 2}),
            ({}, {"groups": 5}),
            ({"strides": 1}, {}),
        )
    ),
    (
        VOLUME,
        [
            to("Conv3D", 4, 4, 4, 8, groups=4, filters=8, use_bias=False),
            to("Conv3D", 4, 4, 4, 5, kernel_size=1, filters=5),
        ],
    ),
    *(
        (((5, 5, 3),), [to("Conv2DTranspose", *size, 4, **stated)])
        for size, stated in (
            ((10, 10), {"strides": 2, "padding": "same"}),
            ((7, 7), {}),
            ((9, 9), {"dilation_rate": 2}),
            ((10, 10), {"strides": 2, "kernel_size": 1}),
            ((12, 12), {"strides": 2, "output_padding": 1}),
            ((12, 11), {"strides": 2, "output_padding": (1, 0)}),
            ((9, 9), {"strides": 2, "padding": "same", "output_padding": 0}),
            ((10, 10), {"strides": 2, "padding": "same", "output_padding": 1}),
            ((15, 14), {"strides": 3, "kernel_size": 2, "padding": "same", "output_padding": 1}),
            ((7, 7), {"data_format": "channels_first"}),
        )
    ),
    *(
        (
            ((5, 5, 3),),
            [
                to("Conv2DTranspose", 11, 11, 4, strides=2, **stated),
                to("Cropping2D", 9, 9, 4, cropping=cut),
            ],
        )
        for stated, cut in (
            ({}, ((1, 1), (1, 1))),
            ({}, ((1, 0), (1, 0))),
            ({}, ((0, 1), (1, 1))),
            ({"output_padding": 1}, ((1, 1), (1, 1))),
            ({"output_padding": 1}, ((0, 1), (0, 1))),
            ({"padding": "same"}, ((1, 1), (1, 1))),
        )
    ),
    (IMAGE, [to("LocallyConnected2D", 6, 6, 4)]),
    (IMAGE, [PAD_1, to("LocallyConnected2D", 6, 6, 4, dilation_rate=(2, 2))]),
    # dense layers
    (VECTOR, [to("Dense", 4, activation="softmax")]),
    (SEQUENCE, [to("Dense", 8, 4)]),
    (VECTOR, [to("DropConnectDense", 4)]),
    (VECTOR, [to("DropConnectDense", 4, named={"training": True})]),
    # pools
    *(
        (IMAGE, [to("MaxPooling2D", 4, 4, 4, **stated)])
        for stated in (
            {},
            {"strides": 1},
            {"pool_size": 3, "strides": 2, "padding": "same"},
            {"pool_size": 3, "strides": 1, "padding": "same"},
            {"pool_size": 1, "strides": 2, "padding": "same"},
            {"pool_size": (2, 1), "strides": (2, 1)},
            {"data_format": "channels_first"},
        )
    ),
    *(
        (
            IMAGE,
            [
                to("Pad", 10, 10, 4, pad_width=[(0, 0), *pads, (0, 0)], named=named),
                to("MaxPooling2D", 4, 4, 4, pool_size=3, strides=2, **stated),
            ],
        )
        for pads, named, stated in (
            ([(1, 1), (1, 1)], LOWEST, {}),
            ([(1, 2), (1, 2)], LOWEST, {}),
            ([(0, 1), (0, 1)], LOWEST, {}),
            ([(0, 2), (0, 1)], LOWEST, {}),
            ([(1, 1), (0, 0)], LOWEST, {}),
            ([(0, 0), (0, 0)], LOWEST, {}),
            ([(1, 1), (1, 1)], LOWEST, {"padding": "same"}),
            ([(1, 1), (1, 1)], {}, {}),
        )
    ),
    (
        ((8, 7, 4),),
        [
            to("Pad", 9, 7, 4, pad_width=[(0, 0), (0, 1), (0, 0), (0, 0)], named=LOWEST),
            to("MaxPooling2D", 4, 3, 4, pool_size=3, strides=2),
        ],
    ),
    (IMAGE, [to("AveragePooling2D", 4, 4, 4)]),
    (IMAGE, [to("AveragePooling2D", 8, 8, 4, pool_size=3, strides=1, padding="same")]),
    (IMAGE, [to("AveragePooling2D", 4, 4, 4, padding="same")]),
    (IMAGE, [PAD_1, to("AveragePooling2D", 4, 4, 4, pool_size=3, strides=2)]),
    (IMAGE, [PAD_1, to("AveragePooling2D", 5, 5, 4, padding="same")]),
    (IMAGE, [to("OverhangingAveragePooling2D", 4, 4, 4)]),
    (IMAGE, [to("OverhangingAveragePooling2D", 5, 5, 4, pads=[[1, 0], [1, 1]])]),
    (IMAGE, [to("StochasticPooling", 4, 4, 4)]),
    (IMAGE, [PAD_1, to("StochasticPooling", 4, 4, 4, window=[3, 3])]),
    (IMAGE, [to("PowerPooling", 4, 4, 4)]),
    (IMAGE, [PAD_1, to("PowerPooling", 4, 4, 4, power=3.0)]),
    (IMAGE, [to("GlobalAveragePooling2D", 4)]),
    (IMAGE, [to("GlobalMaxPooling2D", 4, data_format="channels_first")]),
    (IMAGE, [to("FeaturePooling", 8, 8, 2, size=2)]),
    *(
        (IMAGE, [to("Reshape", *split), to("Max", 8, 8, 2, **stated)])
        for split, stated in (
            ((8, 8, 2, 2), {}),
            ((8, 8, 2, 2), {"keepdims": True}),
            ((8, 8, 2, 2), {"axis": 3}),
            ((8, 2, 8, 2), {}),
        )
    ),
    *(
        (IMAGE, [to(name, *shape, axis=axis, keepdims=keep)])
        for name, shape, axis, keep in (
            ("Mean", (8, 8), -1, False),
            ("Mean", (4,), [1, 2], False),
            ("Sum", (8, 4), 1, False),
            ("Sum", (8, 1, 4), 2, True),
            ("Max", (8,), [1, 3], False),
            ("Max", (8, 8, 4), 0, False),
            ("Max", (), None, False),
        )
    ),
    (VECTOR, [to("Mean", 1, axis=1, keepdims=True)]),
    (((2, 3, 4, 5, 6),), [to("Mean", 2, 3, 4, 5)]),
    (((2, 3, 4, 5, 6),), [to("Mean", 2, 4, 5, 6, axis=2)]),
    # unpooling and sizes
    (IMAGE, [to("UpSampling2D", 16, 16, 4)]),
    (IMAGE, [to("UpSampling2D", 16, 8, 4, size=(2, 1), interpolation="bilinear")]),
    (IMAGE, [to("UpSampling2D", 16, 16, 4, interpolation="bicubic")]),
    (IMAGE, [to("UpSampling2D", 16, 16, 4, data_format="channels_first")]),
    (IMAGE, [to("Resizing", 5, 7, 4, height=5, width=7)]),
    (IMAGE, [to("Resizing", 8, 8, 4, interpolation="nearest")]),
    (IMAGE, [to("Resizing", 8, 8, 4, antialias=True)]),
    *(
        (
            SEQUENCE,
            [
                to("Reshape", 1, rows, 4),
                to("Resizing", 1, 16, 4, height=height, width=16, interpolation=how),
                to("Reshape", *output),
            ],
        )
        for rows, height, how, output in (
            (8, 1, "bilinear", (16, 4)),
            (8, 1, "bilinear", (4, 16)),
            (8, 1, "nearest", (16, 4)),
            (8, 2, "bilinear", (16, 4)),
            (4, 1, "bilinear", (16, 4)),
            (8, 1, "bilinear", (8, 4)),
        )
    ),
    (
        SEQUENCE,
        [
            to("Reshape", 1, 8, 4),
            to("Resizing", 1, 12, 4, height=1, width=12),
            to("Reshape", 12, 4),
        ],
    ),
    (
        IMAGE,
        [
            to("Reshape", 1, 8, 32),
            to("Resizing", 1, 16, 32, height=1, width=16),
            to("Reshape", 16, 8, 4),
        ],
    ),
    (
        ((2, 3, 4, 5),),
        [
            to("Reshape", 1, 2, 60),
            to("Resizing", 1, 4, 60, height=1, width=4),
            to("Reshape", 12, 4, 5),
            to("Resizing", 12, 8, 5, height=12, width=8),
            to("Reshape", 4, 3, 8, 5),
        ],
    ),
    *(
        (
            SEQUENCE,
            [
                to("Reshape", *split),
                to("Pad", 8, 8, pad_width=[(0, 0), (0, 0), pad], mode=mode, named=named),
                to("Reshape", 16, 4),
            ],
        )
        for split, pad, mode, named in (
            ((8, 4), (0, 4), "constant", {}),
            ((4, 8), (0, 4), "constant", {}),
            ((8, 4), (4, 0), "constant", {}),
            ((8, 4), (0, 4), "reflect", {}),
            ((8, 4), (0, 4), "constant", {"constant_values": 1}),
        )
    ),
    (
        ((4, 4, 2),),
        [
            to("Reshape", 16, 2),
            to("Pad", 16, 6, pad_width=[(0, 0), (0, 0), (0, 4)]),
            to("Reshape", 4, 12, 2),
        ],
    ),
    (
        ((4, 4, 2),),
        [
            to("Reshape", 4, 8),
            to("Pad", 4, 16, pad_width=[(0, 0), (0, 0), (0, 8)]),
            to("Reshape", 32, 2),
            to("Pad", 32, 6, pad_width=[(0, 0), (0, 0), (0, 4)]),
            to("Reshape", 8, 12, 2),
        ],
    ),
    # edges
    (IMAGE, [PAD_1]),
    (IMAGE, [to("ZeroPadding2D", 10, 9, 4, padding=((1, 1), (1, 0)))]),
    (SEQUENCE, [to("ZeroPadding1D", 9, 4, padding=(1, 0))]),
    (VOLUME, [to("ZeroPadding3D", 8, 10, 6, 4, padding=(1, 2, 0))]),
    (VOLUME, [to("ZeroPadding3D", 8, 10, 7, 4, padding=((1, 1), (2, 2), (0, 1)))]),
    (IMAGE, [to("Cropping2D", 6, 6, 4, cropping=((1, 1), (1, 1)))]),
    (IMAGE, [to("Cropping2D", 6, 6, 4, cropping=1, data_format="channels_first")]),
    *(
        (IMAGE, [to("Pad", 8, 8, 4, pad_width=widths, **more)])
        for widths, more in (
            ([(0, 0), (1, 1), (1, 1), (0, 0)], {}),
            ([(0, 0), (0, 1), (0, 1), (0, 0)], {}),
            ([(0, 0), (0, 0), (0, 0), (0, 4)], {}),
            ([(0, 0), (0, 0), (0, 0), (4, 0)], {}),
            ([(0, 0), (1, 1), (1, 1), (0, 4)], {}),
            ([(0, 1), (0, 0), (0, 0), (0, 0)], {}),
            ([(0, 1), (0, 0), (0, 0), (0, 4)], {}),
            ([(0, 0), (1, 1), (1, 1), (0, 0)], {"mode": "reflect"}),
            ([(0, 0), (1, 1), (1, 1), (0, 0)], {"named": {"constant_values": 2}}),
        )
    ),
    *(
        (
            IMAGE,
            [
                to("MaxPooling2D", 4, 8, 4, pool_size=size, strides=(2, 1)),
                to("Pad", 4, 8, 6, pad_width=[(0, 0), (0, 0), (0, 0), (0, 2)]),
            ],
        )
        for size in (1, 2)
    ),
    # norms
    *(
        (IMAGE, [to(name, 8, 8, 4, **stated)])
        for name, stated in (
            ("BatchNormalization", {}),
            ("BatchNormalization", {"axis": [3], "scale": False, "center": False}),
            ("BatchNormalization", {"axis": 1}),
            ("BatchNormalization", {"axis": [1, 3]}),
            ("BatchNormalization", {"renorm": True}),
            ("BatchNormalization", {"epsilon": float("inf")}),
            ("BatchNormalization", {"gamma_regularizer": PENALTY}),
            ("BatchNormalization", {"beta_constraint": {"class_name": "NonNeg"}}),
            ("LayerNormalization", {}),
            ("LayerNormalization", {"axis": None}),
            ("LayerNormalization", {"rms_scaling": True}),
            ("GroupNormalization", {}),
            ("GroupNormalization", {"groups": -1}),
            ("GroupNormalization", {"groups": 4, "scale": False}),
            ("RMSNormalization", {}),
            ("RMSNormalization", {"axis": 2}),
            ("UnitNormalization", {"axis": -1}),
            ("UnitNormalization", {"axis": 1}),
            ("UnitNormalization", {"epsilon": 1e-3}),
            ("UnitNormalization", {"epsilon": 1e-12}),
            ("LocalResponseNormalization", {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 2.0}),
        )
    ),
    (VECTOR, [to("GroupNormalization", 4, groups=-1)]),
    # activations
    *(
        (VECTOR, [to(name, 4, **stated)])
        for name, stated in (
            ("Activation", {"activation": "relu"}),
            ("Activation", {"activation": "relu6"}),
            ("Activation", {"activation": "elu"}),
            ("Activation", {"activation": "silu"}),
            ("Activation", {"activation": "swish"}),
            ("Activation", {"activation": "softmax"}),
            ("Activation", {"activation": "linear"}),
            ("Activation", {"activation": "leaky_relu"}),
            ("Activation", {"activation": "nothing"}),
            ("ReLU", {}),
            ("ReLU", {"max_value": 6.0}),
            ("ReLU", {"max_value": 6.0, "negative_slope": 0.25}),
            ("ReLU", {"max_value": 5.0}),
            ("ReLU", {"max_value": 0.0}),
            ("ReLU", {"negative_slope": 0.25}),
            ("ReLU", {"threshold": 0.5}),
            ("LeakyReLU", {"negative_slope": 0.30000001192092896}),
            ("ELU", {"alpha": 0.5}),
            ("PReLU", {"shared_axes": None, "alpha_initializer": STATED}),
            ("PReLU", {"shared_axes": [1], "alpha_initializer": NORMAL}),
            ("Softmax", {"axis": -1}),
            ("Softmax", {"axis": 1}),
            ("Softmax", {"axis": 0}),
            ("Power", {"call": (None, 3)}),
            ("Power", {"call": (2, None)}),
            ("Power", {"call": (None, True)}),
            ("Power", {"call": (None, None)}),
            *((name, {}) for name in ("Absolute", "Negative", "Reciprocal", "Sqrt", "Log")),
        )
    ),
    (IMAGE, [to("PReLU", 8, 8, 4, shared_axes=[2, 1])]),
    (IMAGE, [to("PReLU", 8, 8, 4, shared_axes=[1, 2, 3])]),
    (IMAGE, [to("PReLU", 8, 8, 4, shared_axes=[1])]),
    (IMAGE, [to("Softmax", 8, 8, 4, axis=[1, 2])]),
    (IMAGE, [to("Softmax", 8, 8, 4, axis=1)]),
    (IMAGE, [to("Softmax", 8, 8, 4, axis=[1, 3])]),
    (VECTOR, [to("Sign", 4), to("Activation", 4, activation="relu")]),
    (VECTOR, [to("Sign", 4), to("Activation", 4, activation="tanh")]),
    # the same numbers otherwise
    (IMAGE, [to("Flatten", 256)]),
    (VECTOR, [to("Flatten", 4)]),
    (VECTOR, [to("Reshape", 1, 1, 4)]),
    (VECTOR, [to("Reshape", 1, 4, 1)]),
    (SEQUENCE, [to("Reshape", 1, 8, 4)]),
    (IMAGE, [to("Reshape", 8, 8, 4)]),
    (IMAGE, [to("Reshape", 16)]),
    (IMAGE, [to("Permute", 4, 8, 8, dims=[3, 1, 2])]),
    *(
        (given, [to("Reshape", *split), to("Permute", *turned, dims=axes), to("Reshape", *output)])
        for given, split, axes, turned, output in (
            (IMAGE, (64, 2, 2), (1, 3, 2), (64, 2, 2), (8, 8, 4)),
            (IMAGE, (64, 2, 2), (1, 2, 3), (64, 2, 2), (8, 8, 4)),
            (IMAGE, (64, 2, 2), (1, 3, 2), (64, 2, 2), (64, 4)),
            (IMAGE, (32, 2, 4), (1, 3, 2), (32, 4, 2), (8, 8, 4)),
            (IMAGE, (8, 8, 2, 2, 1), (1, 3, 2, 4, 5), (8, 2, 8, 2, 1), (16, 16, 1)),
            (IMAGE, (8, 8, 1, 2, 2), (1, 4, 2, 5, 3), (8, 2, 8, 2, 1), (16, 16, 1)),
            (((8, 8, 8),), (8, 8, 2, 2, 2), (1, 4, 2, 5, 3), (8, 2, 8, 2, 2), (16, 16, 2)),
            (((8, 8, 8),), (8, 8, 2, 2, 2), (1, 3, 2, 4, 5), (8, 2, 8, 2, 2), (16, 16, 2)),
            (((8, 8, 8),), (8, 8, 2, 2, 2), (1, 2, 3, 4, 5), (8, 8, 2, 2, 2), (16, 16, 2)),
            (IMAGE, (4, 2, 4, 2, 4), (1, 3, 2, 4, 5), (4, 4, 2, 2, 4), (4, 4, 16)),
            (SEQUENCE, (8, 2, 2), (1, 2, 3), (8, 2, 2), (16, 2)),
            (VECTOR, (2, 2), (2, 1), (2, 2), (4,)),
        )
    ),
    *(
        (SEQUENCE, [to("GetItem", 4, call=(None, key))])
        for key in (
            (ALL, 0),
            (ALL, -1),
            (ALL, 1),
            (ALL, slice(2, 5)),
            (ALL, slice(-3, None)),
            (ALL, slice(0, 4, 2)),
            (LAST, slice(2, 5)),
            (..., slice(1, 3)),
            (..., slice(-1, None, 1)),
            (..., slice(0, 4, 2)),
            (..., 0),
            (ALL, ALL, 0),
            0,
        )
    ),
    (IMAGE, [to("GetItem", 8, 4, call=(None, (ALL, 0)))]),
    (IMAGE, [to("GetItem", 8, 4, call=(None, (ALL, -1)))]),
    (IMAGE, [to("GetItem", 3, 8, 4, call=(None, (ALL, slice(2, 5))))]),
    (SEQUENCE, [to("Flip", 8, 4, axis=1)]),
    (SEQUENCE, [to("Flip", 8, 4, axis=2)]),
    (IMAGE, [to("Flip", 8, 8, 4, axis=1)]),
    *(
        (IMAGE, [to("Roll", 8, 8, 4, axis=axis, shift=shift)])
        for axis, shift in (
            (1, 2),
            ([1, 2], [1, -1]),
            ([1, 1], [1, 2]),
            ([-2, -3], 1),
            (0, 1),
            (None, 1),
            (-1, 1),
        )
    ),
    (SEQUENCE, [to("Roll", 8, 4, axis=1, shift=3)]),
    (VECTOR, [to("RepeatVector", 3, 4, n=3)]),
    (((1, 1, 4),), [to("Tile", 2, 3, 4, repeats=[1, 2, 3, 1])]),
    (((1, 1, 4),), [to("Tile", 2, 3, 8, repeats=[1, 2, 3, 2])]),
    (((1, 1, 4),), [to("Tile", 2, 3, 4, repeats=[2, 3, 1])]),
    (((2, 1, 4),), [to("Tile", 2, 3, 4, repeats=[1, 1, 3, 1])]),
    (VECTOR, [to("Reshape", 1, 4), to("Tile", 3, 4, repeats=[1, 3, 1])]),
    (((1, 4),), [to("Reshape", 1, 4), to("Tile", 3, 4, repeats=[1, 3, 1])]),
    # noise
    *(
        (IMAGE, [to(name, 8, 8, 4, **stated)])
        for name, stated in (
            ("Dropout", {"rate": 0.5}),
            ("Dropout", {"rate": 0.0}),
            ("Dropout", {"rate": 0.5, "noise_shape": (None, 1, 1, 1)}),
            ("Dropout", {"rate": 0.5, "noise_shape": (None, 1, 1, 4)}),
            ("Dropout", {"rate": 0.5, "noise_shape": (None, 8, 1, 4)}),
            ("Dropout", {"rate": 0.5, "noise_shape": (None,)}),
            ("SpatialDropout2D", {"rate": 0.25}),
            ("SpatialDropout2D", {"rate": 0.0}),
            ("SpatialDropout2D", {"rate": 0.25, "data_format": "channels_first"}),
            ("StochasticDepth", {"drop_path_rate": 0.125}),
            ("StochasticDepth", {"drop_path_rate": 0.0}),
            ("GaussianNoise", {"stddev": 0.5}),
            ("Identity", {}),
            ("ActivityRegularization", {"l1": 0.5}),
            ("ActivityRegularization", {}),
            ("ActivityRegularization", {"l2": 0.5}),
        )
    ),
    (VECTOR, [to("Dropout", 4, rate=0.5, noise_shape=(None, 1))]),
    (VECTOR, [to("Dropout", 4, rate=0.5, noise_shape=(None, 4))]),
    *(
        (
            VECTOR,
            [
                to("Rescaling", 4, scale=down, offset=first),
                to("GaussianNoise", 4, stddev=std),
                to("Rescaling", 4, scale=up, offset=last),
            ],
        )
        for down, first, std, up, last in (
            (0.25, 0.0, 1.0, 4.0, 0.0),
            (0.5, 0.0, 1.0, 4.0, 0.0),
            (0.25, 1.0, 1.0, 4.0, 0.0),
            (0.25, 0.0, 1.0, 4.0, 1.0),
            (0.25, 0.0, 0.5, 4.0, 0.0),
            (0.25, 0.0, 1.0, [4.0], 0.0),
        )
    ),
    # factors
    *(
        (((8, 2),), [to(name, 8, 2, **stated)])
        for name, stated in (
            ("EinsumDense", {"equation": "abc,c->abc"}),
            ("EinsumDense", {"equation": "abc,c->abc", "bias_axes": "c"}),
            ("EinsumDense", {"equation": "abc,c->abc", "bias_axes": "b"}),
            ("EinsumDense", {"equation": "abc,cd->abd"}),
            ("EinsumDense", {"equation": "abc,c->abc", "activation": "relu"}),
            ("EinsumDense", {"equation": "abc,c->abc", "kernel_initializer": STATED}),
            ("LayerScale", {"init_values": 1e-6}),
            ("Rescaling", {"scale": 1 / 255}),
            ("Rescaling", {"scale": 0.00392156862745098, "offset": -1}),
            ("Rescaling", {"scale": 2.0, "offset": 2.0**53}),
            ("Rescaling", {"scale": SCALED}),
            ("Rescaling", {"scale": SCALED, "offset": [0.0, 1.0]}),
            ("Rescaling", {"scale": [0.5]}),
            ("Rescaling", {"scale": 2.0, "offset": [1.0, 2.0]}),
            ("Rescaling", {"scale": [0.5, 0.0]}),
            ("Rescaling", {"scale": [0.5, 0.5, 0.5]}),
            ("Rescaling", {"scale": SCALED, "offset": [0.0, 1.0, 2.0]}),
            ("Constant", {"values": [2.0, -1.5]}),
            ("Normalization", {"axis": [-1]}),
            ("Normalization", {"axis": -1, "mean": [[1.0, 2.0]], "variance": [[4.0, 4.0]]}),
            ("Normalization", {"axis": -1, "mean": 1.0}),
            ("Normalization", {"axis": None, "mean": 1.0, "variance": 4.0}),
            ("Normalization", {"axis": 1, "mean": 1.0, "variance": 4.0}),
            ("Normalization", {"axis": -1, "invert": True}),
            ("Add", {"call": (None, 3)}),
            ("Subtract", {"call": (None, 3)}),
            ("Subtract", {"call": (3, None)}),
            ("Multiply", {"call": (None, 0.5)}),
            ("TrueDivide", {"call": (None, 4)}),
            ("TrueDivide", {"call": (4, None)}),
            ("Divide", {"call": (None, 0)}),
            ("Multiply", {"call": (None, True)}),
            ("Multiply", {"call": (None, [2])}),
            ("Add", {"call": (None, 1, 2)}),
        )
    ),
    *(
        (
            ((2, 3),),
            [
                to("Reshape", *flat),
                to("EinsumDense", *flat, equation="abc,c->abc"),
                to("Reshape", *output),
            ],
        )
        for flat, output in (((6, 1), (2, 3)), ((6, 1), (3, 2)), ((3, 2), (2, 3)))
    ),
    # sequences
    (((6,),), [to("Embedding", 6, 4, input_dim=9, output_dim=4, embeddings_initializer=UNIFORM)]),
    (
        ((6,),),
        [
            to(
                *("Embedding", 6, 4),
                input_dim=9,
                output_dim=4,
                mask_zero=True,
                embeddings_initializer=None,
                embeddings_regularizer=PENALTY,
            )
        ],
    ),
    (SEQUENCE, [to("LearnedPositions", 8, 4, kernel_initializer=NORMAL)]),
    (SEQUENCE, [to("LearnedToken", 9, 4, kernel_initializer=STATED)]),
    (SEQUENCE, [to("SinusoidalPositions", 8, 4)]),
    (SEQUENCE, [to("Masking", 8, 4, mask_value=0.0)]),
    (SEQUENCE, [to("Masking", 8, 4, mask_value=-1.0)]),
    *(
        (SEQUENCE, [to(name, 4, **stated)])
        for name, stated in (
            ("LSTM", {}),
            ("LSTM", {"return_sequences": True, "go_backwards": True}),
            ("LSTM", {"recurrent_activation": "hard_sigmoid", "activation": "linear"}),
            ("LSTM", {"activation": "selu"}),
            ("LSTM", {"activation": "leaky_relu"}),
            ("LSTM", {"zero_output_for_mask": True}),
            ("LSTM", {"dropout": 0.1, "recurrent_dropout": 0.1, "stateful": True}),
            ("LSTM", {"kernel_regularizer": PENALTY}),
            ("LSTM", {"kernel_regularizer": PENALTY, "recurrent_regularizer": PENALTY}),
            ("GRU", {}),
            ("GRU", {"reset_after": False}),
            ("SimpleRNN", {"use_bias": False}),
            ("SimpleRNN", {"activation": None}),
        )
    ),
    *(
        (SEQUENCE, [to("Bidirectional", 8, merge_mode=mode, layer=inner)])
        for mode, inner in (
            ("concat", {"class_name": "LSTM", "config": USUAL["LSTM"]}),
            ("sum", {"class_name": "GRU", "config": USUAL["GRU"]}),
        )
    ),
    # merges
    *(
        (inputs, [to(name, *output, **stated)])
        for inputs, name, output, stated in (
            (IMAGE * 2, "Concatenate", (8, 8, 8), {"axis": -1}),
            (IMAGE * 2, "Concatenate", (8, 8, 8), {"axis": 3}),
            (IMAGE * 2, "Concatenate", (16, 8, 4), {"axis": 1}),
            (IMAGE * 2, "Concatenate", (8, 16, 4), {"axis": -2}),
            (IMAGE * 2, "Concatenate", (8, 8, 4), {"axis": 0}),
            (IMAGE, "Concatenate", (8, 8, 4), {"axis": -1}),
            (((2, 2, 2, 2, 2),) * 2, "Concatenate", (4, 2, 2, 2, 2), {"axis": 1}),
            (IMAGE * 2, "Add", (8, 8, 4), {}),
            (IMAGE, "Add", (8, 8, 4), {"call": (None, None)}),
            (IMAGE * 2, "Maximum", (8, 8, 4), {}),
            (IMAGE * 2, "Stack", (2, 8, 8, 4), {"axis": 1}),
            (IMAGE * 2, "Stack", (8, 8, 4, 2), {"axis": -1}),
            (VECTOR * 2, "Dot", (1,), {"axes": 1}),
            (VECTOR * 2, "Dot", (1,), {"axes": -1, "normalize": True}),
            (VECTOR * 2, "Dot", (1,), {"axes": [1, 1]}),
            (((5, 4), (4, 6)), "Dot", (5, 6), {"axes": (2, 1)}),
            (((5, 4), (6, 4)), "Dot", (5, 6), {"axes": 2}),
            (((5, 4), (6, 4)), "Dot", (5, 6), {"axes": -1}),
            (((5, 4), (6, 4)), "Dot", (5, 6), {"axes": 2, "normalize": True}),
            (((5, 4), (5, 6)), "Dot", (4, 6), {"axes": 1}),
            (((5, 4), (4, 6)), "Matmul", (5, 6), {}),
            (((5, 4),), "Matmul", (5, 5), {}),
            (VECTOR * 2, "GaussianDraw", (4,), {}),
            (VECTOR * 3, "PairwiseProducts", (3,), {}),
            (((5, 4), (6, 4)), "Einsum", (5, 6), {"subscripts": "...nc,...mc->...nm"}),
            (((5, 4), (6, 4)), "Einsum", (5, 6), {"subscripts": "...ij,...jk->...ik"}),
        )
    ),
    *(
        (IMAGE * 2, [to("Multiply", 8, 8, 4), to("Sum", 8, 8, 1, axis=axis, keepdims=keep)])
        for axis, keep in ((-1, True), ([-1], True), (3, True), (2, True), (-1, False))
    ),
]


def texts(given: tuple[Shape, ...], steps: list[Step]) -> Iterator[str]:
    yield " and ".join(map(dims, given))
    for step in steps:
        stated = ", ".join(f"{key}={value!r}" for key, value in step.stated.items())
        called = f" called with {step.arguments} {step.named}" if step[3:] != ((), {}) else ""
        yield f"    > {step.name}({stated}){called} = {dims(step.output)}"
    yield from readings(view(given, steps))


def readings(call: CallView) -> Iterator[str]:
    """What each kind that reads the layer says."""
    for kind in READERS.get(call.layer, ()):
        call.left_out.clear()
        try:
            meaning = kind.from_keras(call)
        except NoWord as error:
            yield f"  {kind.word}: no, {error.reason}"
            continue
        if meaning is not None:
            left = f"; leaves out {', '.join(call.left_out)}" if call.left_out else ""
            yield f"  {kind.word}: {meant(meaning)}{left}"


def meant(meaning: Meaning) -> str:
    calls = f", {meaning.calls} calls" if meaning.calls != 1 else ""
    limit = f", of int({meaning.index_limit})" if meaning.index_limit else ""
    option = f", before it {argument_text(meaning.option)}" if meaning.option else ""
    return f"{spelled(meaning.spec)}{calls}{limit}{option}"


def spelled(spec: LayerSpec) -> str:
    amount = "" if spec.amount is None else f"-{spec.amount}"
    stride = f"/{dims(spec.stride)}" if spec.stride else ""
    inside = ", ".join(map(argument_text, spec.arguments))
    return f"{spec.word}{dims(spec.size or ())}{amount}{stride}({inside})"


def argument_text(argument: Argument) -> str:
    value = shown(argument.value)
    return value if argument.name is None else f"{argument.name}={value}"


def test_readings(golden: Callable[[Path, str], None]) -> None:
    lines = [line for given, steps in CALLS for line in texts(given, steps)]
    golden(GOLDEN / "from_keras.txt", "\n".join(lines) + "\n")


# --- what other layers are asked for --------------------------------------------------------------


POOLED = Ref("p", 3, (4, 4, 4), MaxPool.make(MaxPool.spec(size=(2, 2))), ())


@pytest.mark.parametrize(
    ("ref", "stated", "read"),
    [
        (POOLED, {}, "unpool(@p)"),
        (POOLED, {"pads": [[0, 1], [0, 1]]}, ""),
        (POOLED, {"window": [3, 3]}, ""),
        (POOLED, {"strides": [1, 1]}, ""),
        (POOLED._replace(shape=(8, 8, 4)), {}, ""),
        (POOLED._replace(kind=None), {}, ""),
    ],
)
def test_unpooling_is_of_a_pool_with_its_windows(
    ref: Ref, stated: dict[str, Any], read: str
) -> None:
    call = view(((4, 4, 4), (8, 8, 4)), [to("MaxUnpooling", 8, 8, 4, **stated)])
    call = call._replace(readers=((), (point("other", 2, (8, 8, 4)), ref)))
    expected = read or "no, its second input is not read by a max pool with its windows"
    assert [*readings(call)] == [f"  unpool: {expected}"]


QUERY, KEYS, OTHER = (point(name, at, (5, 8)) for at, name in enumerate("qko"))


@pytest.mark.parametrize(
    ("sources", "stated", "read"),
    [
        ((QUERY, QUERY), {}, "heads=2, causal=no"),
        ((QUERY, QUERY, QUERY), {"named": {"use_causal_mask": True}}, "heads=2, causal=yes"),
        ((QUERY, QUERY), {"named": {"training": False}}, "heads=2, causal=no"),
        ((QUERY, KEYS, KEYS), {}, "heads=2, causal=no, kv=@k"),
        ((QUERY, QUERY), {"key_dim": 3, "value_dim": None}, "heads=2, causal=no, dim=3"),
        ((QUERY, QUERY), {"attention_axes": [1], "output_shape": 8}, "heads=2, causal=no"),
        ((QUERY, QUERY), {"named": {"a": 1, "b": 2}}, "no, it is called with a, b"),
        ((QUERY, KEYS, OTHER), {}, "no, its keys and values come from different layers"),
        ((QUERY, QUERY), {"value_dim": 5}, "no, its value_dim is 5, its key_dim another"),
        ((QUERY, QUERY), {"attention_axes": [2]}, "no, its attention_axes are [2]"),
        ((QUERY, QUERY), {"use_gate": True}, "no, it has use_gate"),
        ((QUERY, QUERY), {"sliding_window": 3}, "no, it has sliding_window"),
    ],
)
def test_attention_is_of_one_or_two_layers(
    sources: tuple[Ref, ...], stated: dict[str, Any], read: str
) -> None:
    call = view(((5, 8),), [to("MultiHeadAttention", 5, 8, **stated)])
    (found,) = readings(call._replace(sources=sources))
    options = read.replace("heads=2", "heads=2, bias=yes")
    expected = options if read.startswith("no") else f"attention({options})"
    assert found == f"  attention: {expected}"


def test_an_attentions_dropout_is_left_out() -> None:
    call = view(((5, 8),), [to("MultiHeadAttention", 5, 8, dropout=0.1)])
    (found,) = readings(call._replace(sources=(QUERY, QUERY)))
    assert found == "  attention: attention(heads=2, bias=yes, causal=no); leaves out dropout"


@pytest.mark.parametrize(
    ("inputs", "sources", "width", "read"),
    [
        (((8, 8),), (QUERY, QUERY), 6, "no, its output_shape is 6"),
        (((8, 8), (8, 6)), (QUERY, KEYS), 6, "no, its output_shape is 6"),
        (((8, 8), (8, 6)), (QUERY, KEYS), 8, "attention(heads=2, bias=yes, causal=no, kv=@k)"),
    ],
)
def test_attention_that_leaves_another_width_than_the_queries_is_refused(
    inputs: tuple[Shape, ...], sources: tuple[Ref, ...], width: int, read: str
) -> None:
    call = view(inputs, [to("MultiHeadAttention", 8, width, output_shape=width)])
    (found,) = readings(call._replace(sources=sources))
    assert found == f"  attention: {read}"


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (3.0, "3"),
        (2.0**53 - 1, "9007199254740991"),
        (0.5, "0.5"),
        (1 / 3, "1/3"),
        (1 / 127.5, "2/255"),
        (0.20000000298023224, "0.2"),
        (0.1234567890123, "0.1234567890123"),
        (1e39, "1e+39"),
        (1.23456789012e39, "1.23456789012e+39"),
    ],
)
def test_numbers_as_people_write_them(value: float, exact: str) -> None:
    assert shown(CallView.as_written(value)) == exact


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        (ARRAY, ["0.5", "1"]),
        ({"class_name": "Constant", "config": {"value": {"config": {"value": [2]}}}}, ["2"]),
        ({"class_name": "Constant", "config": {"value": []}}, None),
        ({"class_name": "Constant", "config": {"value": ["a"]}}, None),
        ({"class_name": "Constant", "config": {"value": [True]}}, None),
        ({"class_name": "Other", "config": {"value": [1.0]}}, None),
        (STATED, None),
        (None, None),
    ],
)
def test_numbers_of_an_array(given: Any, numbers: list[str] | None) -> None:
    found = view(VECTOR, [to("Dense", 4, start=given)]).numbers_of("start")
    assert (found and [*map(shown, found)]) == numbers

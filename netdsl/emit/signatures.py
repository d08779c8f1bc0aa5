"""What the arguments of Keras's layers are called: which are positions, which have defaults."""

from __future__ import annotations

import re

POSITIONAL = {
    "Conv": ("filters", "kernel_size"),
    "SeparableConv": ("filters", "kernel_size"),
    "DepthwiseConv": ("kernel_size",),
    "LocallyConnected": ("filters", "window", "strides", "dilation_rate"),
    "Dense": ("units",),
    "DropConnectDense": ("units", "rate"),
    "LSTM": ("units",),
    "GRU": ("units",),
    "SimpleRNN": ("units",),
    "Embedding": ("input_dim", "output_dim"),
    "MultiHeadAttention": ("num_heads", "key_dim"),
    "MaxPooling": ("pool_size",),
    "AveragePooling": ("pool_size",),
    "Dropout": ("rate",),
    "SpatialDropout": ("rate",),
    "UpSampling": ("size",),
    "ZeroPadding": ("pad",),
    "Cropping": ("cropping",),
    "Rescaling": ("scale",),
    "Activation": ("activation",),
    "GroupNormalization": ("groups",),
    "Reshape": ("target_shape",),
    "Resizing": ("height", "width"),
    "GaussianNoise": ("stddev",),
}
DEFAULTS = {
    "strides": 1,
    "padding": "valid",
    "dilation_rate": 1,
    "groups": 1,
}  # of convolutions, in Keras and in blocks
BY_NAME = (
    *DEFAULTS,
    "depth_multiplier",
    "activation",
)  # the named arguments that a block can set
_LAYER = re.compile(r"(?:layers\.)?([A-Za-z]+?)[1-3]?D?(?:Transpose)?$")


def kind_of(made: str) -> str:
    """The name of a layer without its axes: `Conv` of `layers.Conv2DTranspose`."""
    match = _LAYER.match(made)
    return match[1] if match else ""

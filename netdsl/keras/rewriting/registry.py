"""Which operations are taken apart, and by which rule."""

from __future__ import annotations

from netdsl.keras.rewriting import (
    along,
    arithmetic,
    per_step,
    preprocessing,
    recurrent,
    slices,
)
from netdsl.keras.rewriting.parts import Rule

_RULES: dict[Rule, tuple[str, ...]] = {
    slices.indexed: ("GetItem",),
    slices.flipped: ("Flip",),
    slices.split: ("Split", "Unstack"),
    slices.joined: ("Concatenate",),
    slices.stacked: ("Stack",),
    along.reduced: ("Mean", "Sum", "Max", "Min"),
    along.along_last: ("Softmax", "BatchNormalization", "LayerNormalization"),
    along.transposed: ("Transpose", "SwapAxes", "Swapaxes", "Moveaxis", "MoveAxis"),
    along.reshaped: ("ExpandDims", "Squeeze"),
    along.repeated: ("RepeatVector",),
    arithmetic.activated: (
        "Relu",
        "Relu6",
        "Sigmoid",
        "Tanh",
        "Silu",
        "Softplus",
        "Softsign",
        "Selu",
        "Elu",
        "Gelu",
        "LeakyRelu",
        "LogSoftmax",
        "HardSigmoid",
        "HardSilu",
        "Exp",
    ),
    arithmetic.clipped: ("Clip",),
    arithmetic.negated: ("Negative",),
    arithmetic.squared: ("Square", "Power"),
    arithmetic.cast: ("Cast",),
    arithmetic.combined: (
        "Add",
        "Average",
        "Divide",
        "Maximum",
        "Multiply",
        "Subtract",
        "TrueDivide",
    ),
    along.inner_product: ("Dot",),
    per_step.time_distributed: ("TimeDistributed",),
    preprocessing.only_in_training: (
        "AlphaDropout",
        "AugMix",
        "CutMix",
        "GaussianDropout",
        "MixUp",
        "RandAugment",
        "RandomBrightness",
        "RandomColorDegeneration",
        "RandomColorJitter",
        "RandomContrast",
        "RandomElasticTransform",
        "RandomErasing",
        "RandomFlip",
        "RandomGaussianBlur",
        "RandomGrayscale",
        "RandomHue",
        "RandomInvert",
        "RandomPerspective",
        "RandomPosterization",
        "RandomRotation",
        "RandomSaturation",
        "RandomSharpness",
        "RandomShear",
        "RandomTranslation",
        "RandomZoom",
    ),
    preprocessing.normalized: ("Normalization",),
    preprocessing.cropped_in_the_middle: ("CenterCrop",),
    preprocessing.randomly_cropped: ("RandomCrop",),
    recurrent.bidirectional: ("Bidirectional",),
    recurrent.recurrent: ("LSTM", "GRU", "SimpleRNN"),
    recurrent.of_cells: ("RNN",),
}
_BY_CLASS = {name: rule for rule, names in _RULES.items() for name in names}


def rule_for(class_name: str) -> Rule | None:
    """Find the rule for a class of operations."""
    return _BY_CLASS.get(class_name)

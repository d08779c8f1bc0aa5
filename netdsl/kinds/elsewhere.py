"""Layers of the field that are made of several kinds: how they are written."""

from __future__ import annotations

_HALVES = "slice(0, {in/2}) | slice({in/2}, {in})"

COMPOSED = {
    "glu": f"mul[ {_HALVES} > sigmoid ]",
    **dict.fromkeys(("swiglu", "siglu"), "mul[ dense-{4*in}(silu) | dense-{4*in}(linear) ]"),
    "geglu": "mul[ dense-{4*in}(gelu) | dense-{4*in}(linear) ]",
    "reglu": "mul[ dense-{4*in}(relu) | dense-{4*in}(linear) ]",
    **dict.fromkeys(("mlp", "ffn", "feedforward"), "dense-{4*in}(gelu) > dense-{in}(linear)"),
    **dict.fromkeys(("bilstm", "blstm", "bidirectional"), "lstm-64(bi)"),
    "bigru": "gru-64(bi)",
    "birnn": "rnn-64(bi)",
    **dict.fromkeys(("bilinear", "upsamplingbilinear"), "up2(bilinear)"),
    **dict.fromkeys(("convbn", "bnconv"), "conv3-64(bn)"),
    **dict.fromkeys(("convbnrelu", "cbr"), "conv3-64(bn, relu)"),
    **dict.fromkeys(("patchembed", "patchify"), "conv16-768/16(pad=valid, act=none)"),
    **dict.fromkeys(("split", "chunk"), f"[ {_HALVES} ]"),
    "logsigmoid": "neg > softplus > neg",
    "quickgelu": "mul[ id | rescale(1.702) > sigmoid ]",
    "tanhshrink": "sub[ id | tanh ]",
    "crelu": "[ relu | neg > relu ]",
    "celu": "elu",
    "square": "pow(2)",
    "rsqrt": "sqrt > recip",
    "maxout": "fc-{2*in}(linear) > featpool2",
}
"""By names in small letters, without axes, numbers and `_`. A kind that is known by such a name
takes precedence."""

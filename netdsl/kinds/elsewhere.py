"""Layers of the field that are no kind of their own: how they are written of several."""

from __future__ import annotations

_HALVES = "mul[ slice(0, {in/2}) | slice({in/2}, {in}) > sigmoid ]"
_TO_SPACE = (
    "def d2s(r, h={in.h}, w={in.w}, c={in}) = reshape({h}x{w}x{r}x{r}x{c/(r*r)})"
    " > permute(1, 3, 2, 4, 5) > reshape({h*r}x{w*r}x{c/(r*r)})"
)
_TO_DEPTH = (
    "def s2d(r, h={in.h}, w={in.w}, c={in}) = reshape({h/r}x{r}x{w/r}x{r}x{c})"
    " > permute(1, 3, 2, 4, 5) > reshape({h/r}x{w/r}x{r*r*c})"
)

COMPOSED = {
    "glu": _HALVES,
    **dict.fromkeys(("swiglu", "siglu"), "mul[ dense-256(silu) | dense-256(linear) ]"),
    "geglu": "mul[ dense-256(gelu) | dense-256(linear) ]",
    "reglu": "mul[ dense-256(relu) | dense-256(linear) ]",
    **dict.fromkeys(("mlp", "ffn", "feedforward"), "dense-256(gelu) > dense-64(linear)"),
    **dict.fromkeys(("bilstm", "blstm", "bidirectional"), "lstm-64(bi)"),
    "bigru": "gru-64(bi)",
    "birnn": "rnn-64(bi)",
    **dict.fromkeys(("depthspace", "depthtospace", "ds", "subpixel"), _TO_SPACE),
    **dict.fromkeys(("spacedepth", "spacetodepth", "sd", "focus"), _TO_DEPTH),
    **dict.fromkeys(("bilinear", "upsamplingbilinear"), "up2(bilinear)"),
    **dict.fromkeys(("convbn", "bnconv"), "conv3-64(bn)"),
    **dict.fromkeys(("convbnrelu", "cbr"), "conv3-64(bn, relu)"),
    **dict.fromkeys(("patchembed", "patchify"), "conv16-768/16(pad=valid, act=none)"),
    **dict.fromkeys(("split", "chunk"), "[ slice(0, {in/2}) | slice({in/2}, {in}) ]"),
    "logsigmoid": "rescale(-1) > softplus > rescale(-1)",
    "quickgelu": "mul[ id | rescale(1.702) > sigmoid ]",
    "tanhshrink": "sub[ id | tanh ]",
    "crelu": "[ relu | rescale(-1) > relu ]",
    "celu": "elu",
    "square": "mul[ id | id ]",
    "maxout": "fc-64(linear) > featpool2",
}
"""By names in small letters, without axes, numbers and `_`. A kind that is known by such a name
goes before."""

"""`res(F)`."""

from __future__ import annotations

import pytest
from support.networks import check, read, steps

RESIDUALS = [
    # the identity where the shapes agree
    ("8x8x4 > res(conv3-4 > conv3-4)", "8x8x4 conv3-4 relu conv3-4 add<3,0> relu"),
    ("8x8x4 > res(conv3-4)", "8x8x4 conv3-4 add<1,0> relu"),
    ("8x8x4 > res(conv3-4, skip=id)", "8x8x4 conv3-4 add<1,0> relu"),
    # option B: a linear 1x1 convolution, with the product of the strides and F's norm
    ("8x8x4 > res(conv3-6 > conv3-6)", "8x8x4 conv3-6 relu conv3-6 conv1-6<0> add<3,4> relu"),
    ("8x8x4 > res(conv3-6/2 > conv3-6/2)",
     "8x8x4 conv3-6/2 relu conv3-6/2 conv1-6/4<0> add<3,4> relu"),
    ("8x8x4 > res(conv3-4/2)", "8x8x4 conv3-4/2 conv1-4/2<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-6/2x1 > pool2/1x2(pad=(0,1,0,0)))",
     "8x8x4 conv3-6/2x1 relu pool2/1x2 conv1-6/2<0> add<3,4> relu"),
    ("8x8x4 > res(conv3-6/2x1)", "8x8x4 conv3-6/2x1 conv1-6/2x1<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-6(bn) > conv3-6(bn))",
     "8x8x4 conv3-6 bn relu conv3-6 bn conv1-6<0> bn add<5,7> relu"),
    ("8x8x4 > res(conv3-6(bn) > conv3-6)",
     "8x8x4 conv3-6 bn relu conv3-6 conv1-6<0> bn add<4,6> relu"),
    ("8x8x4 > res(conv3-6(gn(groups=2)))", "8x8x4 conv3-6 gn conv1-6<0> gn add<2,4> relu"),
    ("8x8x4 > res(conv3-6 > bn)", "8x8x4 conv3-6 bn conv1-6<0> add<2,3> relu"),
    ("16x4 > res(conv3-6/2)", "16x4 conv3-6/2 conv1-6/2<0> add<1,2> relu"),
    ("4x4x4x2 > res(conv3-3/2)", "4x4x4x2 conv3-3/2 conv1-3/2<0> add<1,2> relu"),
    ("8x8x4 > res([ conv3-3/2 | pool ])",
     "8x8x4 conv3-3/2 pool2/2<0> concat<1,2> conv1-7/2<0> add<3,4> relu"),
    ("8x8x4 > res(pool > conv1-6)", "8x8x4 pool2/2 conv1-6 conv1-6/2<0> add<2,3> relu"),
    ("8x8x4 > res(res(conv3-6/2) > conv3-8/2)",
     "8x8x4 conv3-6/2 conv1-6/2<0> add<1,2> relu conv3-8/2 conv1-8/4<0> add<5,6> relu"),
    # on vectors the projection is a dense layer
    ("6 > res(fc-6 > fc-6)", "6 fc-6 relu fc-6 add<3,0> relu"),
    ("6 > res(fc-9 > fc-4)", "6 fc-9 relu fc-4 dense-4<0> add<3,4> relu"),
    # option A, match
    ("8x8x4 > res(conv3-6/2, skip=pad)", "8x8x4 conv3-6/2 widen-6/2<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-6, skip=pad)", "8x8x4 conv3-6 widen-6<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-4, skip=pad)", "8x8x4 conv3-4 add<1,0> relu"),
    ("6 > res(fc-9, skip=pad)", "6 fc-9 widen-9<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-4, skip=match)", "8x8x4 conv3-4 add<1,0> relu"),
    ("8x8x4 > res(conv3-6, skip=match)", "8x8x4 conv3-6 relu"),
    ("8x8x4 > res(conv3-6/2 > conv3-4, skip=match, act=none) > conv3-8 > gap",
     "8x8x4 conv3-6/2 relu conv3-4 conv3-8 relu gap"),
    ("8x8x4 > res(conv3-6, skip=match, act=none) > pool > gap", "8x8x4 conv3-6 pool2/2 gap"),
    # the activation after the sum
    ("8x8x4 > res(conv3-4, act=tanh)", "8x8x4 conv3-4 add<1,0> tanh"),
    ("8x8x4 > res(conv3-4, act=none)", "8x8x4 conv3-4 add<1,0>"),
    ("8x8x4 > res(conv3-4, act=lrelu(0.2))", "8x8x4 conv3-4 add<1,0> lrelu"),
    ("8x8x4 > res(dw3, act=relu)", "8x8x4 dw3 add<1,0> relu"),
    ("8x8x4 > res(dw3 > bn)", "8x8x4 dw3 bn add<2,0>"),
    ("8x8x4 > res(bn > pool3/1(pad=same))", "8x8x4 bn pool3/1 add<2,0>"),
    ("8x4 > res(ln > dense-4)", "8x4 ln dense-4 add<2,0>"),
    ("default conv(tanh)\n8x8x4 > res(conv3-4)", "8x8x4 conv3-4 add<1,0> tanh"),
    ("default conv(act=none)\n8x8x4 > res(conv3-4)", "8x8x4 conv3-4 add<1,0>"),
    ("default conv(tanh)\n8x8x4 > res(dw3 > fc-256 > reshape(8x8x4))",
     "8x8x4 dw3 fc-256 reshape add<3,0> tanh"),
    ("8x8x4 > res(conv3-4(act=none))", "8x8x4 conv3-4 add<1,0> relu"),
    ("8x8x4 > res(conv3-4(tanh) > conv3-4)", "8x8x4 conv3-4 tanh conv3-4 add<3,0> relu"),
    # the projection has the defaults in force where `res` is written
    ("default conv(bn)\n8x8x4 > res(conv3-6)", "8x8x4 conv3-6 bn conv1-6<0> bn add<2,4> relu"),
    ("default conv(bn)\ndef b(c) = res(conv3-{c})\ndefault conv(norm=none)\n8x8x4 > b(6)",
     "8x8x4 conv3-6 bn conv1-6<0> bn add<2,4> relu"),
]  # fmt: skip
RESIDUALS_REFUSED = [
    ("8x8x4 > res(conv3-6, skip=id)", "N208", "with skip=id the shapes must agree"),
    ("8x8x4 > res(conv3-4(pad=0))", "N208", "the output 6x6x4"),
    ("9x9x4 > res(conv3-4/2(pad=0))", "N208", "conv1-4/2 gives 5x5x4"),
    ("8x8x4 > res(gap)", "N208", "number of axes"),
    ("8x8x4 > res(conv3-2, skip=pad)", "N208", "cannot add"),
    ("8x8x4 > res()", "N106", "requires a chain"),
    ("8x8x4 > res(id)", "N207", "contains no layer"),
    ("8x8x4 > res(conv3-4 x0)", "N207", "contains no layer"),
    ("8x8x4 > res(conv3-4, conv3-4)", "N106", "one chain"),
    ("8x8x4 > res(conv3-4, skip=no)", "N107", "`skip` accepts"),
    ("8x8x4 > res(conv3-4, skp=pad)", "N103", "no option `skp`"),
    ("8x8x4 > res(conv3-4, act=bn)", "N107", "`act` requires"),
    ("8x8x4 > res(conv3-4, act=relux)", "N107", "`act` requires"),
    ("8x8x4 > res(conv3-4, act=3)", "N107", "`act` requires"),
    ("8x8x4 > res3(conv3-4)", None, ""),
    ("8x8x4 > res(4)", "N109", "requires a chain, not 4"),
    ("8x8x4 > res-4(conv3-4)", "N106", "not accept a size, amount or stride"),
]


@pytest.mark.parametrize(("text", "expected"), RESIDUALS)
def test_residuals(text: str, expected: str) -> None:
    assert steps(read(text)) == expected


@pytest.mark.parametrize(("text", "code", "says"), RESIDUALS_REFUSED)
def test_what_residuals_refuse(text: str, code: str | None, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert len(errors) == 1
    assert code is None or errors[0].code == code, errors
    assert says in errors[0].message


def test_the_projection_keeps_the_defaults_options() -> None:
    network = read(
        "default conv(bn(momentum=0.5), bias=yes, l2=0.1)\n8x8x4 > res(conv3-6 > conv3-6)"
    )
    projection = next(
        op.kind for op in network.graph.ops if op.kind and op.kind.head() == "conv1-6"
    )
    assert projection.written() == next(
        op.kind for op in network.graph.ops if op.kind and op.kind.head() == "conv3-6"
    ).written().replace("conv3", "conv1").replace("act=relu", "act=none").replace(
        "init=he_normal", f"init={projection.values['init'].text}"
    )

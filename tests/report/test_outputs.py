"""What tables and comparisons print of small networks, to the last sign: golden files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.cli.main import main

GOLDEN = Path(__file__).parents[1] / "golden" / "table"

SMALL = """\
# of blocks in blocks
def unit(c, s=1) = conv3-{c}/{s}(bn) > relu
def stage(c) = unit({c}, 2) > unit({c}) x2
net small
16x16x3 > conv3-4(bn) > stage(4) > stage(8) > up2 > sep3-8 x2 > gap > fc-2
"""
NETWORKS = {
    "SMALL": SMALL,
    "WIDER": SMALL.replace("(8)", "(9)").replace("fc-2", "fc-3").replace("small", "wider"),
    "OTHER": SMALL.replace("stage(4)", "unit(4) > pool").replace("# of blocks in blocks\n", ""),
    "VECTOR": "input x: 8 > fc-4(init=he_normal) > fc-4(tanh) > [ id | fc-4 ] > softmax-2",
    "BRANCHES": "def b() = [ conv1-2 > conv3-4 | conv1-5 ]\n8x8x4 > b > b > gap",
    "TWO": "input a: 4x4x2 > gap\ninput b: 3 > fc-2 as y",
    "HALF": "8x8x1 > up2 > conv3-2(bn) > relu > relu",
    "LINE": "4x1 > pool3/1(pad=same) > conv3-1(bias=no)",
    "BOTH": "net a\n8 > fc-2\nnet b\n8x8x1 > pool > fc-1",
    "RELU": "8x8x3 > conv3-4(relu) > pool > gap",
    "POOLED": "8x8x3 > pool > conv3-4(relu) > gap",
    "LRELU": "8x8x3 > conv3-4(lrelu) > pool > gap",
    "ELU": "8x8x3 > dense-5(elu) > conv3-4(elu) > pool > gap",
    "HIGH": "def u() = conv3-4 x2\ndef v() = conv3-5/1x2 > conv3-5\n8x8x3 > u > v > gap",
    "FLAT": "def w() = conv3-6/1x2 > conv3-6\n8x8x3 > w > gap",
    "BIASED": "4x1 > avgpool3/1(pad=same) > conv3-1(bias=yes)",
}

COMMANDS = {
    "blocks": """\
SMALL --by block --json
SMALL --by block --sort params --columns params
SMALL --by block --columns depth,training,intensity,moving,share
SMALL --sort macs --columns training,macs,acts:M
BRANCHES --by block --columns type,patch,branches,output
BRANCHES --columns branches --json
""",
    "operations": """\
VECTOR --by op --json
VECTOR --names
HALF --json
HALF TWO --json --columns params
BOTH --json --columns rf,stride,training
""",
    "compared": """\
SMALL --compare WIDER --by block --columns output,params
SMALL --compare WIDER --by block --sort params --columns params
SMALL --compare WIDER --units --columns memory,params:Ki --sort macs --memory-batch 100
SMALL --compare OTHER --by block --columns output,params
SMALL --compare OTHER --by block --columns rf,depth,params --json
SMALL --compare OTHER --by stage --columns output,params
SMALL --compare OTHER --by op --columns params
SMALL --compare OTHER --by network --columns params,depth
LINE --compare BIASED --by op --columns params
RELU --compare POOLED --by op --columns flops
RELU --compare ELU --by op --columns flops
RELU --compare LRELU --by op --columns flops
RELU --compare ELU --by block --columns flops
HIGH --compare FLAT --by block --columns output
""",
    "several": """\
SMALL VECTOR TWO --units --columns input,params,memory,training_peak
SMALL TWO --columns input,output,params:k --format latex
SMALL TWO --sort params --json
SMALL OTHER --by stage --units --columns depth,params,memory
SMALL OTHER --by stage --json
""",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_tables(
    name: str, golden: Callable[[Path, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    parts = []
    for command in COMMANDS[name].splitlines():
        words = command.split()
        assert main(["table", *(NETWORKS.get(word, word) for word in words)]) == 0
        parts.append(f"$ netdsl table {command}\n{capsys.readouterr().out}")
    golden(GOLDEN / f"{name}.outputs", "\n".join(parts))

"""The table: its levels, columns and formats. Sums of columns are the totals in each."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.zoo import EXAMPLES

import netdsl
from netdsl.cli.main import main
from netdsl.constants import LEVELS
from netdsl.report.columns import COLUMNS, SORTED, TableView, columns_and_scales
from netdsl.report.formats import FORMATS, as_text
from netdsl.report.lecture import lecture
from netdsl.report.memory import compared_memory_text, memory_text, memory_values
from netdsl.report.sheet import sheet_of
from netdsl.report.table import text_table
from netdsl.report.why import field_drawing, why

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "table"
SMALL = [
    "lenet5",
    "resnet18",
    "googlenet_bn",
    "efficientnet_b0",
    "siamese",
    "lstm_classifier",
    "vit_b_16",
]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["lenet5", "vgg16"])
def test_formats(name: str, format: str, golden: Callable[[Path, str], None]) -> None:
    network = netdsl.load(ROOT / "examples" / f"{name}.net")
    golden(GOLDEN / f"{name}.{format}", FORMATS[format](sheet_of(network, TableView())) + "\n")


@pytest.mark.parametrize("by", LEVELS)
def test_levels(by: str, golden: Callable[[Path, str], None]) -> None:
    network = netdsl.load(ROOT / "examples" / "resnet18.net")
    view = TableView(
        by=by,
        columns=("output", "params", "weights", "flops", "memory", "intensity", "share"),
        batch=8,
    )
    golden(GOLDEN / f"resnet18.by_{by}", as_text(sheet_of(network, view)) + "\n")


@pytest.mark.slow
@pytest.mark.parametrize("by", LEVELS)
@pytest.mark.parametrize("name", SMALL)
def test_columns_sum_to_the_totals(name: str, by: str) -> None:
    network = netdsl.load(ROOT / "examples" / f"{name}.net")
    found = sheet_of(network, TableView(by=by, columns=SORTED, batch=3))
    for at, key in enumerate(found.keys):
        if COLUMNS[key].sums:
            assert (
                sum(values[at] for _, depth, values in found.lines if not depth) == found.totals[at]
            ), key
            assert all(isinstance(values[at], int) for _, _, values in found.lines)
        else:
            assert found.totals[at] is None
    counts = network.counts
    assert (
        dict(zip(found.keys, found.totals, strict=True))["flops"] == counts.flops >= 2 * counts.macs
    )


@pytest.mark.parametrize("name", SMALL)
def test_every_format_says_the_same_numbers(name: str) -> None:
    network = netdsl.load(ROOT / "examples" / f"{name}.net")
    found = sheet_of(network, TableView(columns=("params", "macs")))
    rows = list(csv.reader(io.StringIO(FORMATS["csv"](found))))
    sums = [sum(int(row[column]) for row in rows[1:]) for column in (1, 2)]
    assert sums == list(found.totals)
    for format in ("text", "markdown", "latex", "html"):
        shown = FORMATS[format](found).replace("\\_", "_")
        for _, _, values in found.folded:
            assert re.search(rf"\b{values[0]:,}\b.*\b{values[1]:,}\b", shown), format
        params, macs = found.totals
        assert re.search(rf"\b{params:,}\b.*\b{macs:,}\b", shown), format


def test_receptive_fields_are_columns_and_drawings(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(ROOT / "examples" / "vgg16.net")
    assert main(["table", path, "--columns", "rf,stride"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^conv3-512 +196 +16$", shown, flags=re.MULTILINE)
    assert re.search(r"^softmax-1000 +all$", shown, flags=re.MULTILINE)
    assert main(["table", path, "--json"]) == 0
    axis = {"size": 212, "stride": 32}
    assert [
        {k: a[k] for k in axis} for a in json.loads(capsys.readouterr().out)["receptive_field"]
    ] == [axis, axis]
    assert main(["table", str(ROOT / "examples" / "lenet5.net"), "--rf", "conv5-16"]) == 0
    assert "sees rows 10 to 23, columns 10 to 23 of input" in capsys.readouterr().out


def test_sorted_by_a_column() -> None:
    found = sheet_of(
        netdsl.load(ROOT / "examples" / "vgg16.net"), TableView(columns=("params",), sort="params")
    )
    numbers = [values[0] for _, _, values in found.lines]
    assert numbers == sorted(numbers, reverse=True)
    assert found.lines[0][0] == "fc-4096"


def test_sorted_by_the_receptive_field() -> None:
    found = sheet_of(
        netdsl.load(ROOT / "examples" / "lenet5.net"), TableView(columns=("rf",), sort="rf")
    )
    assert [values[0] for _, _, values in found.lines] == [
        "all",
        "all",
        "all",
        "16",
        "14",
        "6",
        "5",
        "1",
    ]


@pytest.mark.parametrize(
    ("layers", "key", "values"),
    [
        ("up2 > conv3-1/4 > fc-2", "stride", ["2", "1", "1/2", ""]),
        # 3x3 positions are more than 1x7, and fewer than 3x7.
        ("[ conv3-1 | conv1x7-1 ]", "rf", ["3x7", "3", "1x7", "1"]),
    ],
)
def test_sorted_by_what_has_axes(layers: str, key: str, values: list[str]) -> None:
    found = sheet_of(netdsl.parse(f"20x20x1 > {layers}"), TableView(columns=(key,), sort=key))
    assert [cells[0] for _, _, cells in found.lines] == values


@pytest.mark.parametrize(
    ("layers", "shares"),
    [("1 > fc-1(bias=no)", [0, 100]), ("4 > fc-2 > fc-1 > fc-1", [0, 72.73, 18.18, 9.09])],
)
def test_shares_are_percents_of_two_digits(layers: str, shares: list[float]) -> None:
    found = sheet_of(netdsl.parse(layers), TableView(columns=("share",)))
    assert [values for _, _, values in found.lines] == [(share,) for share in shares]


def test_one_operation_in_use() -> None:
    found = sheet_of(netdsl.parse("1 > relu"), TableView(columns=("training",)))
    assert found.notes[0].endswith(": 1.00 times those in use")


def test_without_products_there_are_no_shares() -> None:
    network = netdsl.parse("8 > flatten")
    found = sheet_of(network, TableView(columns=("share", "intensity", "training")))
    assert [values for _, _, values in found.lines] == [(0, 0, 0)] * 2
    assert found.notes[1].endswith(
        "0 floating-point operations forward and backward, for one example: 0.00 times those in use"
    )


@pytest.mark.parametrize(
    ("precision", "intensity"), [("float32", 0.3), ("bfloat16", 0.61), ("float64", 0.15)]
)
def test_flops_for_each_byte_that_is_moved(precision: str, intensity: float) -> None:
    """34 operations on 8 + 2 + 18 numbers: the input, the output, the weights."""
    view = TableView(columns=("intensity",), precision=precision)
    found = sheet_of(netdsl.parse("8 > fc-2(linear)"), view)
    assert [values for _, _, values in found.lines] == [(0,), (intensity,)]


@pytest.mark.parametrize(
    ("units", "scales", "cells"),
    [
        (False, {}, ["29,000", "25,600,000", "100.00"]),
        (True, {}, ["29.0 k", "24.4 Mi", "100.00"]),
        (True, {"params": "M", "memory": "k"}, ["0.029 M", "25,600 k", "100.00"]),
    ],
)
def test_numbers_in_units(units: bool, scales: dict[str, str], cells: list[str]) -> None:
    view = TableView(columns=("params", "memory", "share"), batch=100, units=units, scales=scales)
    shown = as_text(sheet_of(netdsl.parse("8x8x3 > conv3-1000(bn) > gap"), view))
    assert re.split("  +", shown.split("\n")[5]) == ["conv3-1000(bn)", *cells]


def test_what_a_file_says_of_its_network_is_above_its_table() -> None:
    found = sheet_of(netdsl.parse("# about <it>\nnet a_b\n8 > fc-2"), TableView())
    assert as_text(found).startswith("a_b\nabout <it>\n\nlayer")
    assert FORMATS["markdown"](found).startswith("**a_b**\n\n| layer")
    assert FORMATS["latex"](found).startswith("% a_b; needs \\usepackage{booktabs}\n")
    assert "\n<caption>a_b</caption>\n" in FORMATS["html"](found)
    assert FORMATS["csv"](found).startswith("layer,output")


def test_without_biases() -> None:
    """The lecture's table of VGG-16, not counting biases."""
    found = sheet_of(
        netdsl.load(ROOT / "examples" / "vgg16.net"), TableView(columns=("params",), bias=False)
    )
    weights = [values[0] for _, _, values in found.lines if values[0]]
    assert weights == [
        1728,
        36864,
        73728,
        147456,
        294912,
        589824,
        589824,
        1179648,
        *[2359296] * 5,
        102760448,
        16777216,
        4096000,
    ]


def test_the_lectures_table_of_a_small_network_has_a_memory() -> None:
    assert "9,118 values * 4 bytes = 35.6 KiB" in lecture(
        netdsl.load(ROOT / "examples" / "lenet5.net")
    )


@pytest.mark.parametrize(
    ("shape", "memory"),
    [
        ("8", "8"),
        ("20000", "20000"),
        ("99x101", "99*101=9999"),
        ("100x100", "100*100=10K"),
        ("100x1234", "100*1234=120K"),
        ("999x1001", "999*1001=1.0M"),
        ("1000x9940", "1000*9940=9.9M"),
        ("1000x9960", "1000*9960=10M"),
        ("1000x1000x1000", "1000*1000*1000=1.0G"),
    ],
)
def test_memory_is_rounded_as_on_slides(shape: str, memory: str) -> None:
    """To two digits, exact below 10,000 and where there is no product."""
    first = lecture(netdsl.parse(f"input {shape} > relu")).split("\n")[0]
    assert first == f"INPUT: [{shape}] memory: {memory} params: 0"


def test_the_lectures_table_of_each_kind_of_weights() -> None:
    shown = lecture(netdsl.parse("4x4x2 > conv3-3(bn) > relu > sep3-5 > fc-6 > fc-7(bias=no)"))
    assert shown.split("\n") == [
        "INPUT:   [4x4x2] memory: 4*4*2=32 params: 0",
        "CONV3-3: [4x4x3] memory: 4*4*3=48 params: (3*3*2)*3 = 54",
        "RELU:    [4x4x3] memory: 4*4*3=48 params: 0",
        "SEP3-5:  [4x4x5] memory: 4*4*5=80 params: (3*3*3)*1 + (1*1*3)*5 = 42",
        "FC-6:    [6] memory: 6 params: 4*4*5*6 = 480",
        "FC-7:    [7] memory: 7 params: 6*7 = 42",
        "TOTAL memory: 221 values * 4 bytes = 884 B for an image, twice that for forward and "
        "backward",
        "TOTAL params: 618 without biases, 635 with them and the factors of norms",
    ]


def test_the_lectures_table_of_a_sequence() -> None:
    """What works at each position takes its channels alone."""
    shown = lecture(netdsl.parse("12 of int(50) > embed-4 > dense-3 > flatten > fc-2"))
    assert [line.partition("params: ")[2] for line in shown.split("\n")[:5]] == [
        "0",
        "50*4 = 200",
        "4*3 = 12",
        "0",
        "36*2 = 72",
    ]


def test_the_lectures_table_of_vgg16(golden: Callable[[Path, str], None]) -> None:
    shown = lecture(netdsl.load(ROOT / "examples" / "vgg16.net"))
    golden(GOLDEN / "vgg16.lecture", shown + "\n")
    lines = shown.split("\n")
    memory = [re.search(r"memory: (?:\S+=)?(\S+)", line)[1] for line in lines[:-2]]  # type: ignore[index]
    slide = (
        "150K 3.2M 3.2M 800K 1.6M 1.6M 400K 800K 800K 800K 200K 400K 400K 400K 100K 100K 100K "
        "100K 25K 4096 4096 1000"
    )
    assert memory == slide.split()
    assert "[224x224x64] memory: 224*224*64=3.2M params: (3*3*3)*64 = 1,728" in lines[1]
    assert "params: 7*7*512*4096 = 102,760,448" in lines[-5]
    assert "58.1 MiB" in lines[-2]


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_products_give_the_weights(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each row's product, computed, is the number after it."""
    assert main(["table", str(path), "--lecture"]) == 0
    for sum_, number in re.findall(
        r"params: (.*) = ([0-9,]+)$", capsys.readouterr().out, flags=re.MULTILINE
    ):
        parts = [
            math.prod(map(int, re.findall("[0-9]+", product))) for product in sum_.split(" + ")
        ]
        assert sum(parts) == int(number.replace(",", ""))


WHY = [
    (
        "28x28x6 > conv5-16(pad=0)",
        "conv_1",
        ["floor((28 - 5 + 0)/1) + 1 = 24 on each axis", "5*5*6*16 kernel + 16 bias = 2,416"],
    ),
    (
        "28x28x6 > conv5-16(pad=0) as c",
        "@c",
        ["24*24 positions * 5*5*6*16 = 1,382,400", "24*24*16 = 9,216"],
    ),
    (
        "7x7x3 > conv3-4/2x1(pad=(1,0,1,1))",
        "conv3-4/2x1",
        ["floor((7 - 3 + 1)/2) + 1 = 3; floor((7 - 3 + 2)/1) + 1 = 7"],
    ),
    ("5x5x16 > fc-120", "fc_1", ["400*120 = 48,000", "400*120 kernel + 120 bias = 48,120"]),
    (
        "8x8x4 > tconv3-4/2(bn)",
        "tconv_1",
        [
            "8*8 positions of the input * 3*3*4*4 = 9,216",
            "4 gamma + 4 beta = 8, and 8 moving statistics",
        ],
    ),
    ("8x8x4 > sep3-16", "sep3-16", ["8*8 positions * (3*3*4*1 + 1*1*4*16) = 6,400"]),
]


@pytest.mark.parametrize(
    ("text", "layer", "reported"),
    [
        (
            "8x8x3 > relu",
            "input",
            ["input 8x8x3 (input)", "  an input of 8x8x3: 8*8*3 = 192 elements"],
        ),
        ("input x: 3 > relu", "x", ["input x: 3 (x)", "  an input of 3: 3 elements"]),
        (
            "8x8x3 > conv3-4(bn) > gap",
            "conv3-4",
            [
                "conv3-4(bn) (conv_1)",
                "  conv3-4 on 8x8x3",
                "    output       8x8x4: floor((8 - 3 + 2)/1) + 1 = 8 on each axis",
                "    activations  8*8*4 = 256",
                "    params       3*3*3*4 kernel = 108",
                "    macs         8*8 positions * 3*3*3*4 = 6,912",
                "    flops        2*6,912 + 0 elementwise = 13,824",
                "  bn on 8x8x4",
                "    output       8x8x4: the input's shape",
                "    activations  8*8*4 = 256",
                "    params       4 gamma + 4 beta = 8, and 8 moving statistics",
                "    macs         0",
                "    flops        512",
                "  relu on 8x8x4",
                "    output       8x8x4: the input's shape",
                "    activations  8*8*4 = 256",
                "    params       0",
                "    macs         0",
                "    flops        256",
            ],
        ),
        (
            "input a: 3\ninput b: 3\nmul[ @a | @b ]",
            "mul_1",
            [
                "mul[ ... ] (mul_1)",
                "  mul on 3, 3",
                "    output       3: the branches' one shape. A vector of its channels counts for "
                "every position, a map of one channel for every channel, and a single number for "
                "both",
                "    activations  3",
                "    params       0",
                "    macs         0",
                "    flops        3",
            ],
        ),
        (
            "let e = fc-2(linear)\n3 > fc-3 > e > fc-3 > e",
            "e_1_fc_1",
            [
                "fc-2(linear) with e_fc_1 (e_1_fc_1)",
                "  fc-2 on 3",
                "    output       2: a vector of N",
                "    activations  2",
                "    params       0: its weights are counted where they were created",
                "    macs         3*2 = 6",
                "    flops        2*6 + 2 elementwise = 14",
            ],
        ),
        (
            "4 > bn(scale=no, shift=no)",
            "bn_1",
            [
                "bn(scale=no, shift=no) (bn_1)",
                "  bn on 4",
                "    output       4: the input's shape",
                "    activations  4",
                "    params       0, and 8 moving statistics",
                "    macs         0",
                "    flops        8",
            ],
        ),
        (
            "6x4 > lstm-3",
            "lstm-3",
            [
                "lstm-3 (lstm_1)",
                "  lstm-3 on 6x4",
                "    output       3: a vector of N states; of 2*N with `bi`, and at each position "
                "with `seq`",
                "    activations  3",
                "    params       4*12 kernel + 3*12 recurrent_kernel + 12 bias = 96",
                "    macs         6 positions of the input * (4*12 + 3*12) = 504",
                "    flops        2*504 + 396 elementwise = 1,404",
            ],
        ),
    ],
)
def test_why_in_full(text: str, layer: str, reported: list[str]) -> None:
    assert why(netdsl.parse(text), layer).split("\n") == reported


@pytest.mark.parametrize(
    ("text", "layer", "part"),
    [
        ("12x4 > conv3-4", "conv_1", "12x4: floor((12 - 3 + 2)/1) + 1 = 12\n"),
        ("default conv(pad=0)\n8x8x3 > conv3-4", "conv3-4(pad=0)", "conv3-4(pad=0) (conv_1)\n"),
        ("6 > fc-4 as a > fc-6 as b\ntie b = transpose a", "b", "params       6 bias = 6\n"),
        (
            "6 > fc-4 as a > fc-6(bias=no) as b\ntie b = transpose a",
            "b",
            "params       0: its weights are counted where they were created\n",
        ),
    ],
)
def test_a_line_of_why(text: str, layer: str, part: str) -> None:
    assert part in why(netdsl.parse(text), layer)


@pytest.mark.parametrize(("layers", "more"), [(8, ""), (9, ""), (10, " and 1 more")])
def test_ten_names_are_listed(layers: int, more: str) -> None:
    with pytest.raises(netdsl.NetError) as caught:
        why(netdsl.parse(f"8x8x4 > conv3-4 x{layers}"), "zz")
    names = ["input", *(f"conv_{number}" for number in range(1, 10))][: layers + 1]
    assert caught.value.diagnostics[0].help == f"its layers are {', '.join(names)}{more}"


def test_the_field_of_the_last_operation_of_the_first_layer_meant() -> None:
    network = netdsl.parse("24x24x1 > conv3-4(bn) > pool > conv3-4(bn) > gap")
    first, second, last = (field_drawing(network, name) for name in ("conv_1", "conv_2", ""))
    assert field_drawing(network, "conv3-4") == first
    assert last == second != first


def test_why_of_many_layers_and_of_none() -> None:
    """By name or text; the first ten names are listed where none is meant."""
    network = netdsl.parse("8x8x4 > conv3-4 x11 as c > gap")
    assert why(network, "conv3-4").count("\n\nconv3-4") == 10
    assert why(network, "c") == why(network, "@c") == why(network, "conv_11")
    with pytest.raises(netdsl.NetError) as caught:
        why(network, "zz")
    listed = ", ".join(["input", *(f"conv_{number}" for number in range(1, 10))])
    assert caught.value.diagnostics[0].help == f"its layers are {listed} and 4 more"


@pytest.mark.parametrize(("text", "layer", "reported"), WHY)
def test_why(text: str, layer: str, reported: list[str]) -> None:
    shown = why(netdsl.parse(text), layer)
    for part in reported:
        assert part in shown


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_all_that_is_said_holds(name: str) -> None:
    network = netdsl.load(ROOT / "examples" / f"{name}.net")
    for layer in network.graph.layers:
        for line in why(network, layer.name).split("\n"):
            found = re.fullmatch(r" +macs +(.*) = ([0-9,]+)", line)
            if found:
                terms = re.sub(r"[a-z ]", "", found[1]).replace("**", "*")
                outer, _, inner = terms.partition("*(")
                sums = sum(
                    math.prod(map(int, part.split("*")))
                    for part in (inner or outer).rstrip(")").split("+")
                )
                assert sums * (math.prod(map(int, outer.split("*"))) if inner else 1) == int(
                    found[2].replace(",", "")
                ), line


def test_why_knows_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", str(ROOT / "examples" / "lenet5.net"), "--why", "conv9_1"]) == 1
    assert "error[N626]" in capsys.readouterr().err


def test_memory_is_for_a_batch_and_a_precision() -> None:
    network = netdsl.load(ROOT / "examples" / "lenet5.net")
    (whole,) = sheet_of(network, TableView(columns=("memory",))).totals
    assert whole == 4 * network.counts.activations
    assert sheet_of(
        network, TableView(columns=("memory",), batch=32, precision="bfloat16")
    ).totals == (16 * whole,)


def test_equal_neighbours_are_one_line_of_text() -> None:
    shown = as_text(sheet_of(netdsl.parse("8x8x4 > conv3-4 x3 > gap"), TableView()))
    assert "conv3-4 x3" in shown
    assert f"{3 * 148:,}" in shown


def test_what_is_side_by_side_is_not_a_repeat() -> None:
    shown = as_text(
        sheet_of(netdsl.parse("8x8x4 > [ conv3-4 | conv3-4 ] > conv3-8 x3 > gap"), TableView())
    )
    assert "conv3-4 x2" not in shown
    assert "conv3-8 x3" in shown


def test_equal_blocks_are_one_line_with_what_is_in_them() -> None:
    text = "def a(c) = conv3-{c} > conv1-{c}\ndef b(c) = a({c}) x2\n8x8x4 > b(4) x3 > b(8) > gap"
    found = sheet_of(netdsl.parse(text), TableView(by="block", columns=("params", "share")))
    assert [(label, depth, values[0]) for label, depth, values in found.folded] == [
        ("input 8x8x4", 0, 0),
        ("b x3", 0, 3 * 2 * 168),
        ("a x2", 1, 3 * 2 * 168),
        ("b_4", 0, 1024),
        ("a_1", 1, 368),
        ("a_2", 1, 656),
        ("gap", 0, 0),
    ]
    assert [label for label, _, _ in found.lines][1:4] == ["b_1", "b_1_a_1", "b_1_a_2"]
    assert sum(values[1] for _, depth, values in found.folded if not depth) == pytest.approx(
        100, abs=0.02
    )


LARGE = 94_906_265  # its square is the largest below 2**53


def test_counts_are_exact_beyond_what_floats_hold(capsys: pytest.CaptureFixture[str]) -> None:
    """Integers everywhere: one that went through a float would be off by one here, or end in
    `.0`.
    """
    text = f"{2**53 - 1} > fc-1 > fc-3"
    totals = {
        "params": 2**53 + 6,
        "weights": 2**53 + 2,
        "macs": 2**53 + 2,
        "activations": 2**53 + 3,
    }
    assert main(["table", text, "--json", "--memory-batch", "1024"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {key: found["totals"][key] for key in totals} == totals
    assert [row["params"] for row in found["rows"]] == [0, 2**53, 6]
    assert found["rows"][0]["memory"] == 4 * 1024 * (2**53 - 1)
    assert found["memory"]["parameters"] == 4 * (2**53 + 6)
    assert not any(
        isinstance(number, float)
        for number in (*found["totals"].values(), *found["memory"].values())
    )
    assert main(["table", text, "--format", "csv"]) == 0
    assert f"fc-1,1,{2**53},{2**53 - 1},1" in capsys.readouterr().out
    for format in ("text", "markdown", "latex", "html"):
        assert main(["table", text, "--format", format]) == 0
        assert f"{totals['params']:,}" in capsys.readouterr().out


@pytest.mark.parametrize("by", LEVELS)
def test_no_float_in_a_count(by: str) -> None:
    network = netdsl.parse(f"def b() = conv1-1 x2 > pool\n{LARGE}x{LARGE}x1 > b > b > gap > fc-2")
    found = sheet_of(network, TableView(by=by, columns=SORTED, batch=1024, precision="bfloat16"))
    assert found.totals[found.keys.index("macs")] == 2 * LARGE**2 + 2 * (LARGE // 2) ** 2 + 2
    for values in [*(values for _, _, values in (*found.lines, *found.folded)), found.totals]:
        for key, value in zip(found.keys, values, strict=True):
            assert not COLUMNS[key].sums or type(value) is int, key


@pytest.mark.parametrize(
    ("width", "line"), [(None, 84), (200, 84), (84, 84), (83, 83), (49, 49), (48, 48), (47, 48)]
)
def test_narrow_terminals_cut_labels(width: int | None, line: int) -> None:
    """To 48 characters, and where lines are wider than the terminal down to 12."""
    text = "8x8x4 > conv3-4(l2=0.0001, init=he_uniform, bias_init=0.25, pad=same) > gap"
    shown = as_text(sheet_of(netdsl.parse(text), TableView()), width).split("\n")[5]
    assert len(shown) == line
    assert len(shown.split("  ")[0]) == line - 36


@pytest.mark.parametrize("format", ["text", "markdown", "csv", "latex", "html", "json"])
def test_the_command(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(ROOT / "examples" / "resnet18.net")
    assert (
        main(
            ["table", path, "--format", format, "--by", "block", "--columns", "output,params,flops"]
        )
        == 0
    )
    shown = capsys.readouterr().out
    assert ("basic_1" if format in ("csv", "json") else "basic x2") in shown.replace("\\_", "_")
    if format == "json":
        assert list(json.loads(shown)["rows"][0]) == ["layer", "level", "output", "params", "flops"]


def test_json_has_all_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", str(ROOT / "examples" / "lenet5.net"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["rows"][0]) == {"layer", "name", "kind", "written", *COLUMNS}
    assert sum(row["flops"] for row in found["rows"]) == found["totals"]["flops"]


@pytest.mark.parametrize("several", [",", "params,macs"])
def test_tables_are_sorted_by_one_column(several: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", str(ROOT / "examples" / "lenet5.net"), "--sort", several]) == 1
    assert "error[N625]" in capsys.readouterr().err


@pytest.mark.parametrize("key", COLUMNS)
def test_columns_of_numbers_can_have_units(key: str) -> None:
    words = {"type", "patch", "output", "branches", "rf", "stride"}
    assert columns_and_scales([key, "bias"], {key, "bias"}) == ((key, "bias"), {})
    if key not in words:
        assert columns_and_scales([f"{key}:Mi"]) == ((key,), {key: "Mi"})
        with pytest.raises(netdsl.NetError, match="there is no unit `x` for the column"):
            columns_and_scales([f"{key}:x"])
        return
    with pytest.raises(netdsl.NetError, match=f"`{key}` has no numbers, so it has no unit"):
        columns_and_scales([f"{key}:Mi"])


@pytest.mark.parametrize("twice", ["params,macs,params", "params:M,params:Ki"])
def test_a_column_is_named_once(twice: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "8 > fc-2", "--columns", twice]) == 1
    assert "the column `params` is named twice" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--columns", "--sort"])
def test_a_column_that_there_is_not(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", str(ROOT / "examples" / "lenet5.net"), option, "parms"]) == 1
    shown = capsys.readouterr().err
    assert "error[N625]" in shown
    assert "did you mean `params`" in shown


def test_memory_is_shown_for_a_batch_an_optimizer_or_a_budget(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = str(ROOT / "examples" / "vgg16.net")
    assert (
        main(["table", path, "--memory-batch", "32", "--optimizer", "momentum", "--fit", "24GiB"])
        == 0
    )
    shown = capsys.readouterr().out
    assert "memory, batch 32, float32, momentum" in shown
    assert re.search(r"training peak +3\.7 GiB", shown)
    highest = int(re.search(r"largest batch in 24.0 GiB: (\d+)", shown)[1])  # type: ignore[index]
    assert (
        main(
            [
                "table",
                path,
                "--json",
                "--memory-batch",
                str(highest),
                "--optimizer",
                "momentum",
                "--fit",
                "24GiB",
            ]
        )
        == 0
    )
    memory = json.loads(capsys.readouterr().out)["memory"]
    assert memory["largest_batch"] == highest
    assert memory["training_peak"] <= 24 << 30
    keys = {
        "parameters",
        "gradients",
        "optimizer",
        "activation_bytes",
        "saved",
        "inference_peak",
        "training_peak",
        "workspace",
    }
    assert keys < set(memory)
    assert memory["optimizer"] == memory["gradients"] == 4 * 138_357_544
    assert main(["table", path]) == 0
    assert "training peak" not in capsys.readouterr().out


def test_each_line_of_memory() -> None:
    """18 params of 4 bytes, and 10 numbers for each of 2 examples."""
    network = netdsl.parse("8 > fc-2(linear)")
    shown = memory_text(network, 2, "float32", "momentum").split("\n")
    assert [re.split("  +", line.strip())[:2] for line in shown] == [
        ["memory, batch 2, float32, momentum"],
        ["parameters", "72 B"],
        ["gradients", "72 B"],
        ["optimizer", "72 B"],
        ["activation bytes", "80 B"],
        ["saved", "64 B"],
        ["inference peak", "152 B"],
        ["training peak", "296 B"],
        ["workspace", "0 B"],
    ]
    # Nothing needs no bounds: they were `0 B to 0 B`.
    assert ["estimate" in line for line in shown] == [False] * 6 + [True, True, False]
    assert shown[6].endswith("  the maximum at inference; estimate: PyTorch 152 B to 243 B")
    assert shown[7].endswith("; estimate: PyTorch 290 B to 301 B; XLA on a CPU 177 B to 947 B")


@pytest.mark.parametrize(
    ("fit", "said"),
    [
        (1000, "  largest batch in 1000 B: 16, without workspace"),
        (100, "  not even one example fits into 100 B"),
    ],
)
def test_the_largest_batch(fit: int, said: str) -> None:
    network = netdsl.parse("8 > fc-2(linear)")
    assert memory_text(network, 2, "float32", "adam", fit).split("\n")[-1] == said
    largest = memory_values(network, 2, "float32", "adam", fit)["largest_batch"]
    assert largest == (16 if fit == 1000 else 0)


def test_memory_side_by_side() -> None:
    """How many times as much is said where both have some, and not the same."""
    a, b = netdsl.parse("8 > fc-2(linear)"), netdsl.parse("8 > fc-4(linear)")
    shown = compared_memory_text((a, b), 2, "float32", "sgd", 1000).split("\n")
    assert [re.split("  +", line.strip()) for line in shown] == [
        ["memory, batch 2, float32, sgd"],
        ["A", "B"],
        ["parameters", "72 B", "144 B", "x2.00"],
        ["gradients", "72 B", "144 B", "x2.00"],
        ["optimizer", "0 B", "0 B"],
        ["activation bytes", "80 B", "96 B", "x1.20"],
        ["saved", "64 B", "64 B"],
        ["inference peak", "152 B", "240 B", "x1.58"],
        ["training peak", "224 B", "384 B", "x1.71"],
        ["workspace", "0 B", "0 B"],
        ["largest batch", "19", "13", "x0.68"],
    ]


def test_sizes_that_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["table", "4 > fc-3", "--fit", "24G"])
    assert "write 24GiB or 24GB" in capsys.readouterr().err


def test_a_notebook_shows_the_table() -> None:
    assert netdsl.parse("4 > fc-3")._repr_html_().startswith("<table>")


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_has_a_table_of_blocks(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", str(path), "--by", "block", "--units"]) == 0
    assert "total" in capsys.readouterr().out


# --- next to a second network ---------------------------------------------------------------------

A = "28x28x1 > conv5-6 > pool > conv5-16 > pool > fc-120 > softmax-10"
B = "def c(n) = conv3-{n} x2\n28x28x1 > conv5-6 > pool > c(16) > pool > fc-84 > softmax-10"


@pytest.mark.parametrize("format", [*FORMATS, "json"])
def test_compared_in_each_format(
    format: str, golden: Callable[[Path, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["table", A, "--compare", B, "--format", format, "--columns", "output,params,share"])
        == 0
    )
    golden(GOLDEN / f"compare.{format}", capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.parametrize("by", LEVELS)
@pytest.mark.parametrize(
    ("a", "b"),
    [("resnet18", "resnet34"), ("vgg16", "lenet5"), ("efficientnet_b0", "efficientnet_b1")],
)
def test_compared_columns_sum_to_the_totals(
    a: str, b: str, by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = (ROOT / "examples" / f"{name}.net" for name in (a, b))
    assert (
        main(
            [
                "table",
                str(ours),
                "--compare",
                str(theirs),
                "--by",
                by,
                "--json",
                "--memory-batch",
                "2",
            ]
        )
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    rows = [row for row in found["rows"] if not row.get("level")]
    for side, path in {"a": ours, "b": theirs}.items():
        counts = netdsl.load(path).counts
        for key in ("params", "macs", "flops", "activations"):
            assert (
                sum(row[key][side] or 0 for row in rows)
                == found["totals"][key][side]
                == getattr(counts, key)
            )
        assert sum(row["memory"][side] or 0 for row in rows) == 8 * counts.activations
    for key in ("params", "macs", "memory"):
        assert all(
            row[key]["difference"] == (row[key]["b"] or 0) - (row[key]["a"] or 0)
            for row in found["rows"]
        )
    there = {"removed": [True, False], "added": [False, True]}
    assert all(
        [row["layer"][side] is not None for side in "ab"] == there.get(row["change"], [True, True])
        for row in found["rows"]
    )


@pytest.mark.parametrize("by", LEVELS)
def test_compared_with_itself(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(ROOT / "examples" / "googlenet_bn.net")
    assert main(["table", path, "--compare", path, "--by", by, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == len(sheet_of(netdsl.load(path), TableView(by=by)).lines)
    assert all(
        row["change"] == "same"
        and row["layer_a"] == row["layer_b"]
        and row["params_difference"] == "0"
        for row in rows
    )


@pytest.mark.parametrize(
    ("a", "b", "line"),
    [
        ("8 > relu", "8 > fc-8", "params       0 -> 72  +72"),
        ("8 > fc-8", "8 > relu", "params       72 -> 0  -72"),
        ("8 > fc-8", "8 > fc-8(linear)", "params       72 -> 72  the same"),
        ("8 > fc-8", "8 > fc-16", "params       72 -> 144  +72  x2.00"),
    ],
)
def test_how_totals_change(a: str, b: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """How many times as many is said where both have some, and not the same."""
    assert main(["table", a, "--compare", b]) == 0
    assert line in capsys.readouterr().out.splitlines()


def test_compared_blocks_are_folded(capsys: pytest.CaptureFixture[str]) -> None:
    a, b = (str(ROOT / "examples" / f"{name}.net") for name in ("resnet50", "resnet101"))
    assert main(["table", a, "--compare", b, "--by", "block", "--columns", "params"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^  bottleneck x5 +5,585,920 +5,585,920 +0$", shown, flags=re.MULTILINE)
    assert re.search(r"^\+ bottleneck x17 +18,992,128 +\+18,992,128$", shown, flags=re.MULTILINE)


def test_compared_memory_and_order(capsys: pytest.CaptureFixture[str]) -> None:
    options = [
        "--memory-batch",
        "32",
        "--precision",
        "bfloat16",
        "--optimizer",
        "sgd",
        "--fit",
        "1GiB",
        "--sort",
        "params",
        "--columns",
        "memory",
    ]
    assert main(["table", A, "--compare", B, *options]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^memory, batch 32, bfloat16, sgd$", shown, flags=re.MULTILINE)
    assert re.search(r"^  training peak( +[\d.]+ [KM]iB){2}  x[\d.]+$", shown, flags=re.MULTILINE)
    assert re.search(r"^  largest batch( +[\d,]+){2}  x[\d.]+$", shown, flags=re.MULTILINE)
    body = shown.split("\n---")[1].splitlines()[1:]
    assert body[0].split() == ["~", "fc-120", "->", "fc-84", "7,680", "5,376", "-2,304"]
    assert body[1].split()[:2] == ["~", "conv5-16"]


def test_compared_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.net").write_text("net first\n8 > fc-2\nnet second\n8 > fc-3\n")
    (tmp_path / "b.net").write_text("net second\n8 > fc-5\nnet first\n8 > fc-2\n")
    (tmp_path / "c.net").write_text("net frist\n8 > fc-5\nnet third\n8 > fc-2\n")
    a, b, c = (str(tmp_path / f"{name}.net") for name in "abc")
    assert main(["table", a, "--compare", b, "--json"]) == 0
    found = [
        (each["a"], each["b"], each["totals"]["params"]["difference"])
        for each in json.loads(capsys.readouterr().out)["networks"]
    ]
    assert found == [("first", "first", 0), ("second", "second", 18)]
    assert main(["table", a, "--compare", c]) == 1
    assert "did you mean `frist`" in capsys.readouterr().err
    assert main(["table", a, "--compare", b, "--net", "second", "--columns", "params"]) == 0
    assert re.search(r"^~ fc-3 -> fc-5 +27 +45 +\+18$", capsys.readouterr().out, flags=re.MULTILINE)


def test_compared_inputs_params_and_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    given = [
        "param w = 2\nconv3-{w} > gap",
        "--compare",
        "param w = 3\nconv3-{w} > gap",
        "--input",
        "8x8x1",
        "--format",
        "csv",
    ]
    assert main(["table", *given]) == 0
    assert "conv3-2,conv3-3,changed" in capsys.readouterr().out
    assert main(["table", *given, "-p", "w=5"]) == 0
    assert "conv3-5,conv3-5,same" in capsys.readouterr().out
    for other, code in {"no.net": "N601", "8 > fd-2": "N101"}.items():
        assert main(["table", A, "--compare", other]) == 1
        out, err = capsys.readouterr()
        assert not out
        assert f"error[{code}]" in err
    assert (
        main(["table", "-", "--compare", "-"])
        == main(["table", A, "--compare", B, "--lecture"])
        == 2
    )


def test_further_uses_of_a_shared_layer_say_whose_weights_they_have() -> None:
    text = text_table(netdsl.parse("let s = conv3-4(relu)\ninput 8x8x4 > s > bn > s > gap > fc-2"))
    rows = [line.split("  ")[0] for line in text.splitlines() if line.startswith("conv3-4")]
    assert rows == ["conv3-4(relu)", "conv3-4(relu) with s_conv_1"]

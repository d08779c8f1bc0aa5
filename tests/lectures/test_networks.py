"""The lectures' items 31, 33, 35, 77 to 85, 88 and 89: networks, counted and drawn."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from support.commands import answered, printed

from netdsl.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return capsys.readouterr


def totals(out: Any, network: str) -> dict[str, int]:
    """What a table of networks says of one."""
    (row,) = answered(out, f'table "{network}" --by network')["networks"]
    found: dict[str, int] = row
    return found


def example(name: str) -> Path:
    return EXAMPLES / f"{name}.net"


@pytest.mark.parametrize("width", [10, 100, 1000])
def test_item_31_backpropagation_costs_as_much_as_a_few_uses_whatever_the_weights(
    width: int, out: Any
) -> None:
    """O(d): ten and a hundred times as many weights, and the gradient still costs twice the use."""
    found = totals(out, f"{width} > fc-{width}(relu) x3 > fc-{width}(act=none)")
    assert found["params"] == 4 * (width**2 + width)
    assert 2.5 < found["training"] / found["flops"] <= 3


@pytest.mark.keras
def test_item_33_gradients_vanish_through_sigmoids(out: Any) -> None:
    """The first of eleven layers gets less than a ten-thousandth of the last's gradient."""
    ratios = {
        act: answered(out, f'backward "2 > fc-16({act}) x10 > softmax-2" --data blobs --norms')[
            "first_by_last"
        ]
        for act in ("sigmoid", "relu")
    }
    assert ratios["sigmoid"] < 1e-4
    assert 0.1 < ratios["relu"] < 10


def test_item_35_networks_are_drawn(tmp_path: Path) -> None:
    """A small perceptron as circles and lines, LeNet-5 as volumes, a module as boxes."""
    drawn = {}
    for network, style in {
        "3 > fc-4 > fc-2": "neurons",
        str(example("lenet5")): "volumes",
        str(example("inception")): "graph",
    }.items():
        file = tmp_path / f"{style}.svg"
        assert main(["draw", network, "--style", style, "-o", str(file)]) == 0
        drawn[style] = file.read_text(encoding="utf-8")
    assert drawn["neurons"].count("<circle") == 3 + 4 + 2
    threads = re.findall(r'class="thread" d="([^"]*)"', drawn["neurons"])
    assert sum(thread.count("M") for thread in threads) == 3 * 4 + 4 * 2
    for shape in ("28×28×6", "10×10×16", "5×5×16"):
        assert shape in drawn["volumes"]
    assert "concat 28×28×256" in drawn["graph"]


def test_item_77_lenet5(out: Any) -> None:
    """Fully connected C3; and as its paper has it."""
    assert totals(out, f"{example('lenet5')}")["params"] == 61_706
    assert totals(out, f"{example('lenet5_original')}")["params"] == 60_850


def test_item_78_alexnet(out: Any) -> None:
    rows = answered(out, f"table {example('alexnet')}")["rows"]
    assert [row["output"] for row in rows[:4]] == [
        [227, 227, 3],
        [55, 55, 96],
        [55, 55, 96],
        [27, 27, 96],
    ]
    found = totals(out, f"{example('alexnet')}")
    assert (found["params"], found["depth"]) == (60_965_224, 8)


def test_item_79_zfnet(out: Any) -> None:
    """512-1024-512, and with -p the network of the paper's figure 3."""
    file = example("zfnet")
    assert totals(out, f"{file}")["params"] == 107_627_624
    assert totals(out, f"{file}:c3=384,c4=384,c5=256")["params"] == 62_357_608


def test_item_80_vggs_configurations_next_to_each_other(out: Any) -> None:
    """Tables 1 and 2: 11 to 19 weight layers, 133 to 144 million parameters."""
    names = ("vgg11", "vgg11_lrn", "vgg13", "vgg16_1x1", "vgg16", "vgg19")
    files = " ".join(str(example(name)) for name in names)
    found = answered(out, f"table {files} --by stage --columns depth,params")["networks"]
    assert [row["depth"] for row in found] == [11, 11, 13, 16, 16, 19]
    assert [round(row["params"] / 1e6) for row in found] == [133, 133, 133, 134, 138, 144]
    third = {row["name"]: row["stages"][2] for row in found}
    assert third["vgg16_1x1"] == {
        "label": "56x56",
        "layers": ["pool", "conv3-256", "conv3-256", "conv1-256"],
    }
    assert third["vgg19"]["layers"] == ["pool", *["conv3-256"] * 4]


def test_item_81_vgg16_row_by_row(out: Any) -> None:
    """Most parameters are in the first dense layer, most memory in the first convolutions."""
    lines = printed(out, f"table {example('vgg16')} --lecture").splitlines()
    assert len(lines) == 22 + 2
    assert lines[1].endswith("memory: 224*224*64=3.2M params: (3*3*3)*64 = 1,728")
    assert lines[19].endswith("params: 7*7*512*4096 = 102,760,448")
    for column, layers in {
        "params": ["fc-4096", "fc-4096", "softmax-1000"],
        "memory": ["conv3-64", "conv3-64", "conv3-128"],
    }.items():
        rows = printed(out, f"table {example('vgg16')} --sort {column} --format csv").splitlines()
        assert [row.split(",")[0] for row in rows[1:4]] == layers


def test_item_82_the_inception_module_and_its_heads(out: Any) -> None:
    """3a; and as many parameters in the auxiliary heads as in most of the network."""
    assert totals(out, f"{example('inception')}")["weights"] == 163_328
    rows = answered(out, f"table {example('googlenet')} --by block")["rows"]
    heads = sum(row["params"] for row in rows if row["type"] == "head")
    assert totals(out, f"{example('googlenet')}")["params"] - heads == 6_998_552


GOOGLENET = """\
convolution_1 112 360
inception_3a 159.5 128
inception_3b 379 304
inception_4a 366.75 73.6
inception_4b 438 87.9
inception_4c 497.5 99.9
inception_4d 590.5 118.5
inception_4e 847 170
inception_5a 1018 51.1
inception_5b 1409 70.7
"""


def test_item_83_googlenets_table(out: Any) -> None:
    """Its rows with weights in K of 1,024 and multiply-adds in millions."""
    columns = "depth,branches,weights,macs"
    rows = answered(out, f"table {example('googlenet')} --by block --columns {columns}")["rows"]
    by_name = {row["layer"]: row for row in rows}
    for line in GOOGLENET.splitlines():
        name, kilo, mega = line.split()
        row = by_name[name]
        assert row["weights"] / 1024 == pytest.approx(float(kilo), abs=0.5)
        assert row["macs"] / 1e6 == pytest.approx(float(mega), abs=0.5)
        assert row["depth"] == 2
    assert by_name["inception_4e"]["branches"] == {
        "#1x1": 256,
        "#3x3 reduce": 160,
        "#3x3": 320,
        "#5x5 reduce": 32,
        "#5x5": 128,
        "pool proj": 128,
    }


def test_item_84_inception_v2_and_v3(out: Any) -> None:
    assert totals(out, f"{example('inception_v2')}")["params"] == 11_194_984
    assert totals(out, f"{example('inception_v3')}")["params"] == 23_817_352


def test_item_85_residual_networks(out: Any) -> None:
    """The bottleneck on 56x56x256 as torchvision has it, and networks of 18 to 152 layers."""
    block = totals(out, "use resnet\ninput 56x56x256\n> bottleneck(64)")
    assert (block["params"], block["moving"]) == (70_400, 768)
    sizes = (18, 34, 50, 101, 152)
    files = " ".join(str(example(f"resnet{size}")) for size in sizes)
    found = answered(out, f"table {files} --columns depth,params")["networks"]
    assert [row["depth"] for row in found] == list(sizes)
    assert found[2]["params"] == 25_557_032


def test_item_88_ancestors(out: Any) -> None:
    """The neocognitron and the time-delay network."""
    assert totals(out, f"{example('neocognitron')}")["params"] == 29_472
    assert totals(out, f"{example('tdnn')}")["params"] == 515


def test_item_89_the_winners_of_imagenet() -> None:
    """Errors as published; the page has them next to what the files count."""
    with (EXAMPLES / "results" / "imagenet.csv").open(encoding="utf-8", newline="") as file:
        entries = list(csv.DictReader(file))
    errors = {(row["year"], row["name"]): float(row["top5"]) for row in entries}
    assert {
        ("2012", "ISI"): 26.2,
        ("2012", "AlexNet"): 16.4,
        ("2013", "ZFNet"): 14.8,
        ("2014", "VGG"): 7.3,
        ("2014", "GoogLeNet"): 6.7,
        ("2015", "ResNet"): 3.57,
    }.items() <= errors.items()
    assert all(row["source"] for row in entries)
    page = (ROOT / "docs" / "zoo.md").read_text(encoding="utf-8")
    assert "| 2012 | AlexNet (`alexnet`) | 16.4 % | 8 | 61.0 M | 0.724 G |" in page
    assert "| 2014 | GoogLeNet (`googlenet`) | 6.7 % | 22 | 7.00 M | 1.58 G |" in page
    assert "| 2015 | ResNet (`resnet152`) | 3.57 % | 152 | 60.2 M | 11.5 G |" in page

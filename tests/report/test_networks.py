"""Several networks in one table: a row each, or a column each, stage by stage."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import netdsl
from netdsl.analysis.counts import depth
from netdsl.cli.main import main
from netdsl.report.formats import FORMATS
from netdsl.report.networks import NETWORK_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "table"
VGG = [
    str(ROOT / "examples" / f"{name}.net")
    for name in ("vgg11", "vgg11_lrn", "vgg13", "vgg16_1x1", "vgg16", "vgg19")
]
RESNETS = [str(ROOT / "examples" / f"resnet{size}.net") for size in (18, 34, 50)]
WIDE = "param width = 8\n16x16x3 > conv3-{width} > pool > fc-10"


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["table", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("format", [*FORMATS, "json"])
def test_a_row_each(
    format: str, golden: Callable[[Path, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    columns = ["--columns", "input,output,depth,params,macs,rf,training_peak"]
    golden(GOLDEN / f"networks.{format}", shown(capsys, *RESNETS, *columns, "--format", format))


@pytest.mark.slow
@pytest.mark.parametrize("format", ["text", "latex", "markdown"])
def test_vggs_tables_1_and_2(
    format: str, golden: Callable[[Path, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """The paper's columns A, A-LRN, B, C, D and E."""
    options = ["--by", "stage", "--columns", "depth,params:M", "--format", format]
    golden(GOLDEN / f"vgg_stages.{format}", shown(capsys, *VGG, *options))


def test_the_papers_params_in_millions(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, *VGG, "--by", "stage", "--columns", "depth,params:M")
    weight_layers, params = (line.split() for line in text.splitlines()[-2:])
    assert weight_layers == ["depth", "11", "11", "13", "16", "16", "19"]
    assert params[1::2] == ["133", "133", "133", "134", "138", "144"]


def test_a_row_has_the_figures_of_its_network(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(
        shown(capsys, *RESNETS, "--json", "--memory-batch", "8", "--optimizer", "sgd")
    )
    for row, path in zip(found["networks"], RESNETS, strict=True):
        assert list(row) == ["name", *NETWORK_COLUMNS]
        network = netdsl.load(path)
        for key in ("params", "moving", "weights", "macs", "flops", "activations", "acts"):
            assert row[key] == getattr(network.counts, key)
        memory = network.memory(batch=8, optimizer="sgd")
        assert row["training_peak"] == memory.training_peak
        assert row["inference_peak"] == memory.inference_peak
        assert row["memory"] == 4 * 8 * network.counts.activations
        assert row["depth"] == depth(network.graph)
    assert [row["rf"] for row in found["networks"]] == ["435", "899", "427"]


def test_each_file_can_have_params_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wide.net"
    file.write_text(WIDE + "\n")
    several = [str(file), f"{file}:width=16", f"{file}:width=32"]
    rows = csv.DictReader(
        io.StringIO(shown(capsys, *several, "--format", "csv", "--columns", "params"))
    )
    assert [(row["network"], row["params"]) for row in rows] == [
        ("wide", str(8 * 28 + 64 * 8 * 10 + 10)),
        ("wide (width=16)", str(16 * 28 + 64 * 16 * 10 + 10)),
        ("wide (width=32)", str(32 * 28 + 64 * 32 * 10 + 10)),
    ]
    text = shown(capsys, f"{file}:width=16", "--compare", f"{file}:width=32", "--json")
    assert json.loads(text)["rows"][1]["layer"]["b"].startswith("conv3-32")
    assert "10,698" in shown(capsys, f"{file}:width=16")


@pytest.mark.parametrize(
    ("value", "read"), [("(1, 2),depth=3", {"widths": (1, 2), "depth": 3}), ("x", {"widths": "x"})]
)
def test_params_of_a_file_may_be_lists(value: str, read: dict[str, object]) -> None:
    from netdsl.cli.inputs import split_params

    file, params = split_params(f"a.net:widths={value}")
    assert (file, dict(params)) == ("a.net", read)


def test_a_param_is_given_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.net"
    file.write_text("param w = 4\n8 > fc-{w}\n")
    assert main(["table", f"{file}:w=8,w=9"]) == 1
    error = capsys.readouterr().err
    assert f"error[N107]: the param `w` of {file} is given twice: 8 and 9" in error
    with pytest.raises(SystemExit, match="2"):
        main(["table", str(file), "-p", "w=8", "-p", "w=9"])
    assert "`w` is given twice: 8 and 9" in capsys.readouterr().err
    assert main(["table", f"{file}:w=8", "-p", "w=9"]) == 0  # a file's own goes before the others'


def test_a_file_whose_name_has_a_colon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a:b=1").write_text("8 > fc-4\n")
    assert "36" in shown(capsys, str(tmp_path / "a:b=1"))


def test_sorted_by_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, *RESNETS, "--sort", "macs", "--columns", "params", "--format", "csv")
    assert [line.split(",")[0] for line in text.split()[1:]] == ["resnet50", "resnet34", "resnet18"]


def test_several_networks_of_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "two.net").write_text("net first\n8 > fc-4\nnet second\n8 > fc-5\n")
    text = shown(capsys, str(tmp_path / "two.net"), "--by", "network", "--columns", "params")
    assert text.split() == ["network", "params", "-" * 15, "first", "36", "second", "45"]


def test_stages_of_networks_that_have_not_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Stages that both have are next to each other; the others are in each network's order."""
    a, b = "32x32x3 > conv3-4 > pool > pool > gap", "24x24x3 > conv3-4 > pool3 > gap > fc-2"
    rows = list(csv.reader(io.StringIO(shown(capsys, a, b, "--by", "stage", "--format", "csv"))))
    assert rows == [
        ["stage", "network", "network 2"],
        ["32x32", "input 32x32x3", ""],
        ["32x32", "conv3-4", ""],
        ["16x16", "pool", ""],
        ["24x24", "", "input 24x24x3"],
        ["24x24", "", "conv3-4"],
        ["8x8", "pool", "pool3"],
        ["vectors", "gap", "gap"],
        ["vectors", "", "fc-2"],
        ["depth", "1", "2"],
        ["params", "112", "122"],
        ["macs", "110592", "62216"],
    ]


STAGES = [
    ("16x16x4 > conv3-4 x4 > gap", {"16x16": ["input 16x16x4", *["conv3-4"] * 4]}),
    ("16x16x4 > conv3-4 x5 > gap", {"16x16": ["input 16x16x4", "conv3-4 x5"]}),
    (
        "def b(n) = conv1-{n}/2 > conv3-{n}\n16x16x4 > b(4) > b(4) > gap",
        {"16x16": ["input 16x16x4"], "8x8": ["b(4)"], "4x4": ["b(4)"]},
    ),
    (  # a block in which the positions change more than once is taken apart
        "def b() = conv3-4 > pool > conv3-8 > pool\n16x16x4 > b > gap",
        {"16x16": ["input 16x16x4", "conv3-4"], "8x8": ["pool", "conv3-8"], "4x4": ["pool"]},
    ),
    (
        "def u() = conv3-4/2 > conv3-4\ndef b() = u > u > conv1-4/2\n16x16x4 > b > gap",
        {"16x16": ["input 16x16x4"], "8x8": ["u"], "4x4": ["u"], "2x2": ["conv1-4/2"]},
    ),
    (
        "def b() = conv3-4 > conv3-4 > pool\n16x16x4 > b > gap",
        {"16x16": ["input 16x16x4"], "8x8": ["b"]},
    ),
    (  # a squeeze within a block is none of its positions
        "def se() = mul[ id | gap > fc-4(sigmoid) ]\n16x16x4 > conv3-4 > se x2 > gap",
        {"16x16": ["input 16x16x4", "conv3-4", "se x2"]},
    ),
]


@pytest.mark.parametrize(("text", "stages"), STAGES, ids=[text for text, _ in STAGES])
def test_stages(text: str, stages: dict[str, list[str]]) -> None:
    from netdsl.report.stages import stages_of

    found = stages_of(netdsl.parse(text).graph)
    assert found.pop() == ("vectors", ("gap",))
    assert {stage.label: list(stage.layers) for stage in found} == stages


@pytest.mark.parametrize(
    ("columns", "params"),
    [
        ("params:M", "138 M"),
        ("params:k", "138,358 k"),
        ("params:Mi", "132 Mi"),
        ("params:G", "0.138 G"),
        (" params : M ", "138 M"),
    ],
)
def test_a_column_can_have_a_unit(
    columns: str, params: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, VGG[4], "--columns", columns)
    assert re.search(rf"^total +{params}$", text, flags=re.MULTILINE)
    assert shown(capsys, VGG[4], "--columns", columns, "--format", "csv").endswith("4097000\n")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("params:MB", "there is no unit `MB` for the column `params`"),
        (
            "params:MB",
            "help: the units are k, M, G, T, P, Ki, Mi, Gi, Ti, Pi: powers of 1,000, and",
        ),
        ("params:m", "help: did you mean `M`?"),
        ("output:M", "the column `output` has no numbers"),
        ("input:M", "the column `input` has no numbers"),
        ("parms:M", "did you mean `params`"),
        ("share", "the table has no column `share`"),
    ],
)
def test_units_and_columns_that_there_are_not(
    columns: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", *RESNETS, "--columns", columns]) == 1
    error = capsys.readouterr().err
    assert "error[N625]" in error
    assert said in error


@pytest.mark.parametrize(
    "options",
    [
        ["--by", "layer"],
        ["--by", "block"],
        ["--compare", RESNETS[0]],
        ["--why", "conv_1"],
        ["--lecture"],
        ["--rf"],
        ["--fit", "1GiB"],
        ["--by", "stage", "--sort", "params"],
    ],
    ids=" ".join,
)
def test_what_is_of_one_file(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", *RESNETS, *options]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert len(err.splitlines()) == 1
    assert main(["table", "-", "-"]) == 2


def test_a_mistake_in_one_file_is_all_that_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", RESNETS[0], "8 > fd-2"]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "error[N101]" in err


def test_from_python() -> None:
    networks = [netdsl.load(path) for path in RESNETS]
    assert netdsl.summary(networks) == netdsl.summary(RESNETS)
    rows = csv.DictReader(io.StringIO(netdsl.summary(networks, columns="macs", format="csv")))
    assert [int(row["macs"]) for row in rows] == [network.counts.macs for network in networks]
    assert "bottleneck(64) x3" in netdsl.summary(networks, by="stage")
    with pytest.raises(TypeError, match="`networks` accepts networks"):
        netdsl.summary("8 > fc-4")
    with pytest.raises(netdsl.NetError, match="N107"):
        netdsl.summary(networks, by="layer")


def test_the_memory_of_a_batch_is_shown_in_two_more_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = shown(capsys, *RESNETS, "--memory-batch", "32", "--optimizer", "sgd", "--format", "csv")
    (first, *_) = csv.DictReader(io.StringIO(rows))
    memory = netdsl.load(RESNETS[0]).memory(batch=32, optimizer="sgd")
    assert int(first["training_peak"]) == memory.training_peak
    assert int(first["inference_peak"]) == memory.inference_peak
    assert "training_peak" not in shown(capsys, *RESNETS, "--format", "csv")


@pytest.fixture
def residual(tmp_path: Path) -> str:
    file = tmp_path / "rn.net"
    file.write_text(
        "param width = 16\n"
        "default conv(bn)\n"
        "def basic(c, s=1) = res(conv3-{c}/{s} > conv3-{c})\n"
        "input 8x8x3 > conv3-{width}(relu) > basic({width})\n"
        "> basic({2*width}, 2) > basic({4*width}, 2) > gap > softmax-10\n"
    )
    return str(file)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(list(arguments))
    return capsys.readouterr().out


@pytest.mark.parametrize("command", ["check", "draw", "emit", "expand", "table"])
def test_params_follow_a_file_in_every_command(
    residual: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {"check": ["--json"], "draw": ["-o", "-"]}.get(command, [])
    by_option = printed(capsys, command, residual, *more, "-p", "width=2")
    by_file = printed(capsys, command, f"{residual}:width=2", *more, "-p", "width=3")
    assert by_file.replace(f"{residual}:width=2", residual) == by_option
    assert by_file != printed(capsys, command, residual, *more, "-p", "width=3")


def test_two_variants_of_a_file_are_paired_by_place(
    residual: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = f"{residual}:width=16", f"{residual}:width=32"
    lines = printed(capsys, "diff", a, b).split("\n\n")[1].splitlines()[2:]
    assert {line[0] for line in lines[:-1]} == {"~"}  # the head has as many classes
    for level in ("block", "stage", "layer"):
        text = printed(capsys, "table", a, "--compare", b, "--by", level, "--format", "csv")
        changes = [row["change"] for row in csv.DictReader(io.StringIO(text))]
        assert {*changes[1:]} == {"changed"}, level
    text = printed(capsys, "table", a, "--compare", b)
    assert text.startswith("rn (width=16) and rn (width=32)\n")


def test_a_written_table_of_variants_says_their_params(
    residual: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "variants.tex")
    variants = [f"{residual}:width={width}" for width in (4, 8)]
    assert main(["table", *variants, "--format", "latex", "-o", target]) == 0
    assert "variants.tex: rn (width=4), rn (width=8)" in capsys.readouterr().err


def test_a_warning_of_several_variants_is_shown_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "two.net"
    file.write_text("param w = 4\n8x8x3 > conv3-{w} as a > bn\n@a > dropout(0.5) > gap\n")
    assert main(["table", *(f"{file}:w={width}" for width in (4, 8, 16))]) == 0
    error = capsys.readouterr().err
    assert error.count("W702") == 1
    assert "(and 2 more times)" in error
    assert "help: say which you mean: conv3-{w}(relu) or conv3-{w}(act=none)" in error


@pytest.mark.parametrize(
    ("columns", "notes"),
    [
        ("output", []),
        ("output,params", ["params"]),
        ("share", ["macs"]),
        ("training,memory", ["training", "activations"]),
        ("output,params,macs,activations", ["params", "macs", "activations"]),
    ],
)
def test_notes_are_those_of_the_columns(
    residual: str, columns: str, notes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    below = shown(capsys, residual, "--columns", columns).partition("\ntotal")[2].splitlines()[1:]
    assert [line.split()[0] for line in below if line] == notes


@pytest.mark.parametrize(
    ("value", "help"),
    [
        ("16,32", "for several variants: netdsl table FILE:width=16 FILE:width=32"),
        ("wide", ""),
    ],
)
def test_a_text_for_a_number_is_one_error(
    residual: str, value: str, help: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", residual, "-p", f"width={value}", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    assert found["message"] == f'`width` is "{value}", not a number'
    assert found["help"] == help


@pytest.mark.parametrize("value", ["-3", "(1, 2)"])
def test_numbers_for_a_bias_are_its_first_values(value: str) -> None:
    with pytest.raises(netdsl.NetError) as caught:
        netdsl.parse(f"8x8x1 > conv3-2(bias={value})")
    help = f"bias is yes or no; a bias's first value is bias_init={value}"
    assert caught.value.diagnostics[0].help == help


def test_a_picture_is_not_printed_on_a_terminal(
    residual: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["draw", residual]) == 2
    text, error = capsys.readouterr()
    assert (text, error) == (
        "",
        f"help: write it into a file: netdsl draw {residual} -o rn.svg\n",
    )

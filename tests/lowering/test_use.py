"""`use`: blocks of the library and of other files."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.networks import check, codes, steps

import netdsl
from netdsl.errors import NetError
from netdsl.library import standard_names

LIBRARY = [
    ("resnet", "56x56x64 > basic(64) > basic(128, 2) > gap", 73_984 + 230_144),
    ("resnet", "56x56x64 > bottleneck(64) > bottleneck(128, 2) > gap", 75_008 + 379_392),
    ("resnet", "56x56x64 > bottleneck(64, width=128, groups=32) > gap",
     64 * 128 + 128 * 4 * 9 + 128 * 256 + 64 * 256 + 2 * (128 + 128 + 256 + 256)),
    ("dense", "56x56x64 > dense_block(6, 32) > transition() > gap", 335_040 + 33_280),
    ("mobile", "112x112x32 > inverted(16, 1) > inverted(24, 6, 2) > inverted(24) > gap",
     896 + 5_136 + 8_832),
    ("mobile", "112x112x16 > bneck(16, 16, 2) > bneck(24, 72, 2, r=0) > gap", 744 + 3_864),
    ("mobile", "112x112x32 > dwsep(64) > dwsep(128, 2) > gap",
     288 + 64 + 2_048 + 128 + 576 + 128 + 8_192 + 256),
    ("efficient", "112x112x32 > mbconv(16, 1) > mbconv(24, 6, 2) > gap", 1_448 + 6_004),
    ("efficient", "112x112x24 > fused_mbconv(24, 1) > fused_mbconv(48, 4, 2) > gap",
     5_184 + 48 + 20_736 + 192 + 4_608 + 96),
    ("efficient", "112x112x16 > mbstage(24, 2, 6, 2) > gap", 6_004 + 10_710),
    ("efficient", "192x192x24 > fused_stage(48, 2, 4, 2) > gap", 25_632 + 92_640),
    ("efficient", "224x224x3 > efficientnet", 5_288_548),
    ("convnext", "56x56x96 > convnext() > downsample(192) > gap", 79_296 + 192 + 73_920),
    ("inception", "28x28x192 > inception(64, 96, 128, 16, 32, 32) > gap",
     163_328 + 64 + 96 + 128 + 16 + 32 + 32),
    ("se", "7x7x64 > se() > gap", 64 * 4 + 4 + 4 * 64 + 64),
    ("se", "7x7x8 > se(16) > gap", 8 + 1 + 8 + 8),
    ("preact", "32x32x16 > preact(16) > preact(32, 2) > bn > relu > gap",
     2 * 2_304 + 64 + 4_608 + 9_216 + 512 + 32 + 64 + 64),
    ("preact", "32x32x64 > preact_bottleneck(16) > bn > relu > gap",
     64 * 16 + 2_304 + 16 * 64 + 128 + 32 + 32 + 128),
    ("transformer", "196x768 > encoder(12) > ln > first", 7_087_872 + 1_536),
    ("transformer", "196x768 > decoder(12) > ln > first", 7_087_872 + 1_536),
    ("transformer", "196x768 > bert(12) > first", 7_087_872),
    ("transformer", "196x768 > mixer(384) > gap",
     1_536 + 75_648 + 75_460 + 1_536 + 2_362_368 + 2_360_064),
    ("unet", "32x32x1 > unet(1, 4) > conv1-2", 40 + 148 + 296 + 584 + 132 + 292 + 148 + 10),
]  # fmt: skip
WHOLE = [
    ("use resnet\n224x224x3 > conv7-64/2(bn) > pool3/2(pad=same) > bottleneck(64) x3 > "
    "bottleneck(128, 2) > bottleneck(128) x3"
     " > bottleneck(256, 2) > bottleneck(256) x5 > bottleneck(512, 2) > bottleneck(512) x2 > gap "
     "> softmax-1000", 25_557_032, None),
    ("use dense\n224x224x3 > conv7-64/2(bn, bias=no) > pool3/2(pad=same) > dense_block(6, 32) "
    "> transition() > dense_block(12, 32)"
     " > transition() > dense_block(24, 32) > transition() > dense_block(16, 32) > bn > relu > "
     "gap > softmax-1000",
     7_978_856, 2_834_161_664),
    ("use mobile\n224x224x3 > conv3-32/2(bn, relu6) > inverted(16, 1) > inverted(24, 6, 2) > "
    "inverted(24) > inverted(32, 6, 2)"
     " > inverted(32) x2 > inverted(64, 6, 2) > inverted(64) x3 > inverted(96) x3 > inverted(160, "
     "6, 2) > inverted(160) x2"
     " > inverted(320) > conv1-1280(bn, relu6) > gap > dropout(0.2) > softmax-1000", 3_504_872,
      300_774_272),
    ("use efficient\n224x224x3 > conv3-32/2(bn, swish) > mbconv(16, 1) > mbconv(24, 6, 2) > "
    "mbconv(24) > mbconv(40, 6, 2, 5)"
     " > mbconv(40, 6, 1, 5) > mbconv(80, 6, 2) > mbconv(80) x2 > mbconv(112, 6, 1, 5) x3 > "
     "mbconv(192, 6, 2, 5)"
     " > mbconv(192, 6, 1, 5) x3 > mbconv(320) > conv1-1280(bn, swish) > gap > dropout(0.2) > "
     "softmax-1000", 5_288_548, 385_814_752),
    ("use convnext\n224x224x3 > conv4-96/4(pad=0, act=none) > ln(eps=1e-6) > convnext() x3 > "
    "downsample(192) > convnext() x3"
     " > downsample(384) > convnext() x9 > downsample(768) > convnext() x3 > gap > ln > "
     "softmax-1000", 28_589_128, 4_455_531_264),
    ("use transformer\n224x224x3 > conv16-768/16(pad=0, act=none) > reshape(196x768) > cls > "
    "pos > encoder(12) x12 > ln > first"
     " > softmax-1000", 86_567_656, None),
    ("use inception\n224x224x3 > conv7-64/2 > pool3/2(pad=same) > lrn > conv1-64 > conv3-192 > "
    "lrn > pool3/2(pad=same)"
     " > inception(64, 96, 128, 16, 32, 32) > inception(128, 128, 192, 32, 96, 64) > "
     "pool3/2(pad=same)"
     " > inception(192, 96, 208, 16, 48, 64) > inception(160, 112, 224, 24, 64, 64) > "
     "inception(128, 128, 256, 24, 64, 64)"
     " > inception(112, 144, 288, 32, 64, 64) > inception(256, 160, 320, 32, 128, 128) > "
     "pool3/2(pad=same)"
     " > inception(256, 160, 320, 32, 128, 128) > inception(384, 192, 384, 48, 128, 128) > gap > "
     "dropout(0.4) > softmax-1000",
     6_998_552, None),
]  # fmt: skip


@pytest.mark.parametrize(("library", "text", "params"), LIBRARY)
def test_blocks_of_the_library(library: str, text: str, params: int) -> None:
    checked = check(f"use {library}\n{text}")
    assert not checked.diagnostics
    assert checked.networks[0].counts.params == params


def test_every_library_is_tried() -> None:
    assert standard_names() == sorted({library for library, _, _ in LIBRARY})


@pytest.mark.parametrize(
    ("text", "params", "macs"), WHOLE, ids=[text.split("\n")[0] for text, _, _ in WHOLE]
)
def test_networks_of_papers(text: str, params: int, macs: int | None) -> None:
    checked = check(text)
    assert not checked.diagnostics
    assert checked.networks[0].counts.params == params
    assert macs in (None, checked.networks[0].counts.macs)


def test_files_in_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alongside = {
        "blocks.net": 'use "sub/more.net"\nuse se\nparam c = 4\ndefault conv(tanh)\n'
        "def b() = conv3-{c} > more > se(2)\n",
        "sub/more.net": "def more() = conv1-{2*in}(relu)\n",
    }
    (tmp_path / "sub").mkdir()
    for name, text in alongside.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "main.net").write_text(
        'use "blocks.net"\ndef own() = conv3-6\n8x8x3 > b > own > gap\n'
    )
    monkeypatch.chdir("/")
    network = netdsl.load(tmp_path / "main.net")
    assert network.used == alongside
    assert steps(network) == (
        "8x8x3 conv3-4 tanh conv1-8 relu gap fc-4 relu fc-8 sigmoid mul<4,9> conv3-6 relu gap"
    )


FILES_REFUSED = [
    ({"a.net": "use resnett\n8 > fc-2"}, "N114", "no block library"),
    ({"a.net": 'use "b.net"\n8 > fc-2'}, "N601", "no file"),
    ({"a.net": 'use "../b.net"\n8 > fc-2'}, "N115", "outside the folder"),
    ({"a.net": 'use "/etc/passwd"\n8 > fc-2'}, "N115", "relative to this one's folder"),
    ({"a.net": 'use "b.net"\n8 > fc-2', "b.net": 'use "a.net"'}, "N116", "circle"),
    ({"a.net": 'use "a.net"\n8 > fc-2'}, "N116", "circle"),
    ({"a.net": 'use "b.net"\n8 > u > fc-2', "b.net": "def u() = fcc-3"}, "N101",
     "no layer or block `fcc`"),
    ({"a.net": 'use "b.net"\n8 > fc-2', "b.net": "def u() = conv3-"}, None, ""),
    ({"a.net": 'param w = 3\nuse "b.net"\n8 > u', "b.net": "def u() = fc-{w}"}, "N110",
     "there is no `w`"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "code", "says"), FILES_REFUSED)
def test_files_that_cannot_be_used(
    files: dict[str, str], code: str | None, says: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(NetError) as raised:
        netdsl.load(tmp_path / "a.net")
    found = [d for d in raised.value.diagnostics if d.severity == "error"]
    assert len(found) == 1, found
    assert code is None or found[0].code == code
    assert says in found[0].message


@pytest.mark.parametrize(
    ("files", "message", "help", "places"),
    [
        (
            {"a.net": 'def u() = fc-3\nuse "b.net"\n8 > u', "b.net": "def u() = fc-4"},
            "`u` of b.net is already defined here",
            "rename one of the two",
            [("a.net", '"b.net"')],
        ),
        (
            {"a.net": 'use "b.net"\n8 > fc-2', "b.net": 'use "a.net"'},
            "files use each other in a circle: a.net -> b.net -> a.net",
            "",
            [("b.net", '"a.net"'), ("a.net", '"b.net"')],
        ),
        (
            {
                "a.net": 'use "b.net"\n8 > fc-2',
                "b.net": 'use "c.net"',
                "c.net": 'use "d.net"',
                "d.net": 'use "e.net"',
                "e.net": "def u() = fcc-3",
            },
            "there is no layer or block `fcc`",
            "did you mean `fc`?",
            [("e.net", "fcc"), ("d.net", '"e.net"'), ("c.net", '"d.net"'), ("b.net", '"c.net"')],
        ),
    ],
)
def test_where_a_used_file_is_wrong(
    files: dict[str, str],
    message: str,
    help: str,
    places: list[tuple[str, str]],
    tmp_path: Path,
) -> None:
    """The place of the mistake, and of the uses that led to it."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(NetError) as raised:
        netdsl.load(tmp_path / "a.net")
    (found,) = raised.value.diagnostics
    assert (found.message.replace(f"{tmp_path}/", ""), found.help) == (message, help)
    spans = [found.span, *(note.span for note in found.notes)]
    assert [(Path(span.source.name).name, span.text) for span in spans if span] == places


def test_a_text_without_a_file_uses_the_standard_library_only() -> None:
    assert codes('use "b.net"\n8 > fc-2') == ["N115"]
    assert not check("use se\n8x8x32 > se > gap").diagnostics
    assert netdsl.parse("use se\n8x8x32 > se > gap").used == {}


def test_where_no_library_has_a_name_near_it_all_are_listed() -> None:
    (found,) = check("use zzzzzz\n8 > fc-2").diagnostics
    assert found.help == (
        f'the libraries are {", ".join(standard_names())}; write a file in quotes: use "zzzzzz.net"'
    )


@pytest.mark.parametrize(("block", "codes"), [("relu", ["W703"]), ("nolayer", ["N101"])])
def test_nothing_is_doubted_of_a_network_whose_used_file_is_wrong(
    block: str, codes: list[str], tmp_path: Path
) -> None:
    """It may be unfinished: what is never used may have its use in what failed."""
    (tmp_path / "b.net").write_text(f"def cell(c) = conv3-{{c}} > {block}")
    (tmp_path / "a.net").write_text('use "b.net"\n8 > fc-4 as never > fc-2')
    assert [found.code for found in netdsl.check(tmp_path / "a.net")] == codes

"""`netdsl draw`, `netdsl diff -o` and `Network.draw`."""

from __future__ import annotations

import errno
import re
import sys
from pathlib import Path

import pytest
from support.pictures import faults, seen
from support.zoo import FOLDER

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError

LENET = str(FOLDER / "lenet5.net")


def test_it_writes_svg_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", LENET]) == 0
    assert len(seen(capsys.readouterr().out).boxes) == 8


def test_it_draws_several_networks_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", str(FOLDER / "dcgan.net")]) == 0
    picture = seen(capsys.readouterr().out)
    assert faults(picture) == []
    assert {box.name.partition(".")[0] for box in picture.boxes} == {"generator", "discriminator"}
    assert main(["draw", str(FOLDER / "dcgan.net"), "--net", "generator"]) == 0
    assert len(seen(capsys.readouterr().out).boxes) == 7


def test_a_fragment_has_its_input_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "conv3-8 > pool > fc-10", "--input", "32x32x3"]) == 0
    assert len(seen(capsys.readouterr().out).boxes) == 4


@pytest.mark.parametrize(
    ("arguments", "beginning"),
    [
        ([], "<svg"),
        (["--format", "tex"], "% "),
        (["--format", "mmd"], "flowchart"),
        (["--format", "html"], "<!doctype html>"),
    ],
)
def test_a_format_is_chosen(
    arguments: list[str], beginning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["draw", LENET, *arguments]) == 0
    assert capsys.readouterr().out.startswith(beginning)


def test_columns_stand_in_the_boxes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["draw", LENET, "--columns", "macs,memory,rf"])
    boxes = {box.name: box for box in seen(capsys.readouterr().out).boxes}
    assert boxes["conv_2"].labels[-1].text == "240.0 k MACs · 6.3 KiB · rf 14"


def test_shares_have_a_legend_and_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    main(["draw", str(FOLDER / "vgg16.net"), "--colour", "params"])
    picture = seen(capsys.readouterr().out)
    assert "share of all params" in {label.text for label in picture.loose}
    (dense,) = (box for box in picture.boxes if box.labels[0].text == "fc-4096 relu")
    assert dense.look == "share5"
    assert "86%" in dense.labels[1].text


def test_without_a_heading(capsys: pytest.CaptureFixture[str]) -> None:
    main(["draw", LENET, "--no-heading"])
    assert seen(capsys.readouterr().out).loose == ()


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["-o", "net.jpg"], 1, "N604"),
        (["-o", "there/net.svg"], 1, "N601"),
        (["-o", f"{'n' * 300}.svg"], 3, "N610"),
        (["-o", "net.svg", "--format", "tex"], 1, "ends in .svg, but --format says tex"),
        (["--columns", "output,parms"], 1, "did you mean `params`?"),
        (["--open", "inception"], 1, "lenet5 has no block `inception`"),
        (["--style", "neurons"], 1, "N661"),
        (["--style", "cubes"], 2, "invalid choice"),
        (["--depth", "-1"], 2, "'-1' is not an integer from 0"),
        (["--theme", "grey"], 2, "invalid choice"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input(
    arguments: list[str],
    code: int,
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        given = main(["draw", LENET, *arguments])
    except SystemExit as end:
        given = int(str(end.code))
    captured = capsys.readouterr()
    assert given == code
    assert says in captured.err
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


def test_what_exists_is_written_over_with_force_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "net.svg"
    target.write_text("mine", encoding="utf-8")
    assert main(["draw", LENET, "-o", str(target)]) == 1
    assert "already exists" in capsys.readouterr().err
    assert target.read_text(encoding="utf-8") == "mine"
    assert main(["draw", LENET, "-o", str(target), "--force"]) == 0
    assert seen(target.read_text(encoding="utf-8")).boxes


def test_the_case_of_a_suffix_says_nothing(tmp_path: Path) -> None:
    target = tmp_path / "NET.SVG"
    assert main(["draw", LENET, "-o", str(target)]) == 0
    assert seen(target.read_text(encoding="utf-8")).boxes


def test_a_folder_that_others_may_not_enter(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system answers a user who may not look into the folder; root may."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", refused)
    assert main(["draw", LENET, "-o", str(tmp_path / "net.svg")]) == 3
    assert "error[N610]" in capsys.readouterr().err


def test_a_place_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("netdsl.files.os.replace", full)
    assert main(["draw", LENET, "-o", str(tmp_path / "net.svg")]) == 3
    assert "error[N610]" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("suffix", "package"), [("png", "resvg_py"), ("pdf", "typst")])
def test_a_missing_extra_is_named(
    suffix: str,
    package: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["draw", LENET, "-o", str(tmp_path / f"net.{suffix}")]) == 1
    message = capsys.readouterr().err
    assert f"needs {package}, which is not installed" in message
    assert "pip install 'netdsl[draw]'" in message


@pytest.mark.slow
def test_64_000_layers_are_refused_unfolded(capsys: pytest.CaptureFixture[str]) -> None:
    text = "8x8x4 > (conv1-4 > relu) x16000 > gap > fc-2"
    assert main(["draw", text, "--fold", "none"]) == 1
    message = capsys.readouterr().err
    assert "error[N660]" in message
    assert "--fold all" in message


# --- diff -----------------------------------------------------------------------------------------


def test_a_difference_is_drawn_and_the_exit_code_stays(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    one, other = str(FOLDER / "vgg16.net"), str(FOLDER / "vgg16_1x1.net")
    assert main(["diff", one, other, "-o", str(tmp_path / "d.svg")]) == 1
    picture = seen((tmp_path / "d.svg").read_text(encoding="utf-8"))
    assert faults(picture) == []
    assert {box.data["change"] for box in picture.boxes} == {"same", "changed", "added"}
    assert capsys.readouterr().out == ""
    assert main(["diff", one, one, "-o", str(tmp_path / "same.svg")]) == 0
    picture = seen((tmp_path / "same.svg").read_text(encoding="utf-8"))
    assert {box.data["change"] for box in picture.boxes} == {"same"}


def test_wires_of_one_network_alone_are_marked(tmp_path: Path) -> None:
    one, other = "8x8x4 > conv3-4 > relu > gap", "8x8x4 > conv3-4 > bn > relu > gap"
    main(["diff", one, other, "-o", str(tmp_path / "d.svg")])
    text = (tmp_path / "d.svg").read_text(encoding="utf-8")
    assert sorted(re.findall(r'data-in="(\w+)"', text)) == ["a", "b", "b", "both", "both"]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["resnet18.net", "googlenet.net", "unet.net", "dcgan.net"])
def test_differences_of_all_forms(path: str, tmp_path: Path) -> None:
    for other in ("resnet34.net", "inception.net", "lenet5.net"):
        target = tmp_path / f"{other}.svg"
        main(["diff", str(FOLDER / path), str(FOLDER / other), "-o", str(target)])
        if path != "dcgan.net":
            assert faults(seen(target.read_text(encoding="utf-8"))) == []


# --- from Python ----------------------------------------------------------------------------------


def test_a_network_draws_itself(tmp_path: Path) -> None:
    network = netdsl.load(LENET)
    picture = network.draw(direction="right", columns="params")
    assert picture._repr_svg_() == picture.svg
    assert repr(picture).startswith("<Picture of lenet5: ")
    picture.save(tmp_path / "net.svg")
    picture.save(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == picture.svg


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("style", "cubes"),
        ("fold", "some"),
        ("direction", "up"),
        ("columns", ("weight",)),
        ("theme", "grey"),
    ],
)
def test_a_wrong_option_names_itself(name: str, value: object) -> None:
    with pytest.raises(NetError) as error:
        netdsl.load(LENET).draw(**{name: value})  # type: ignore[arg-type]
    assert error.value.diagnostics[0].code == "N664"
    assert f"`{name}`" in str(error.value)

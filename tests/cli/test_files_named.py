"""The errors for a FILE on the command line that is not a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from netdsl import sources
from netdsl.cli.main import main
from netdsl.limits import Limits
from netdsl.sources import examples, located, read_bytes


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04\x14\0", "is an archive"),
        (b'{"a": 1}', "is a JSON file"),
        (b'\n[{"a": 1}]', "is a JSON file"),
        (b" " * 1022 + b'{"a": 1}', "is a JSON file"),
        (b"age,name\n3,somebody\n4,another\n", "is a table"),
    ],
)
def test_a_file_without_a_suffix_is_known_by_its_beginning(
    data: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(data)
    assert main(["check", str(tmp_path / "file")]) == 1
    assert f"error[N607]: {tmp_path / 'file'} {words}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "[ 4 > fc-2 | 4 > fc-2 ] > relu\n",
        "4, 5 > fc-2\n",
        "4 >\nfc",
        "pool\nbn\n",
        "a,b\nc\n",
        "a,b\n",
        " " * 1023 + '{"a": 1}',  # more than is looked at
    ],
)
def test_a_network_without_a_suffix_is_parsed(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text(text)
    main(["check", str(tmp_path / "file")])
    assert "N607" not in capsys.readouterr().err
    (tmp_path / "a.net").write_text('{"a": 1}')
    main(["check", str(tmp_path / "a.net")])
    assert "N607" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "message", "help"),
    [
        ("a.net:n=", "the param `n` of a.net has no value", "a comma separates params"),
        ("a.net:n=3:m=4", "the param `n` of a.net is 3:m=4", "a comma separates params"),
        ("a.net:n", "there is no file a.net:n", "a param has a value: a.net:n=32"),
        ("link.net", "there is no file link.net", "it is a link to gone.net, which is not there"),
        ("a(1)", "there is no file a(1)", "a formula is written as a network"),
        ("b(1", "there is no file b(1", "did you mean `b(1)`?"),
        ("lenet4.net", "there is no file lenet4.net", "did you mean `lenet6.net`?"),
        ("lenet5", "there is no file lenet5", "`zoo:lenet5` is an example of netdsl's"),
        ("far", "there is no file far", "a network in quotes contains a `>`"),
        ("far.n", "there is no file far.n\n", ""),
        ("in/far", "there is no file in/far\n", ""),
    ],
)
def test_what_is_wrong_with_the_name_of_a_file(
    file: str,
    message: str,
    help: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text("param n = 2\n8 > fc-{n}\n")
    Path("link.net").symlink_to("gone.net")
    for other in ("b(1)", "lenet6.net"):
        Path(other).touch()
    assert main(["check", file]) == 1
    said = capsys.readouterr().err
    assert message in said
    assert help in said
    assert ("help:" in said) == bool(help)


def test_a_file_that_is_called_like_an_example_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert located("zoo:lenet5") == located("zoo:lenet5.net") == examples()["lenet5"]
    Path("zoo:lenet5").write_text("4 > fc-2\n")
    assert located("zoo:lenet5") == "zoo:lenet5"


def test_installed_examples_come_before_those_of_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "netdsl"
    monkeypatch.setattr(sources, "_PACKAGE", str(package))
    for folder in (tmp_path, package):
        (folder / "examples").mkdir(parents=True)
        (folder / "examples" / "lenet5.net").touch()
        (folder / "examples" / "notes.txt").touch()
        assert examples() == {"lenet5": str(folder / "examples" / "lenet5.net")}


def test_of_a_large_file_one_byte_too_many_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abcdefg")
    assert read_bytes(tmp_path / "a", Limits(source=3)) == b"abcd"


def test_a_place_is_warned_of_once_whatever_the_params(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text("param n = 2\n8 > fc-{n} as unused > relu > fc-2\n")
    assert main(["check", "a.net", "a.net:n=3"]) == 0
    said = capsys.readouterr()
    assert said.err.count("W703") == 1
    assert said.err.endswith("2 files: 1 warning in 1 of them\n")
    assert said.out.count("is fine") == 2

"""The errors for a FILE on the command line that is not a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from netdsl.cli.main import main


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04\x14\0", "is an archive"),
        (b'{"a": 1}', "is a JSON file"),
        (b'\n[{"a": 1}]', "is a JSON file"),
        (b"age,name\n3,somebody\n", "is a table"),
    ],
)
def test_a_file_without_a_suffix_is_known_by_its_beginning(
    data: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(data)
    assert main(["check", str(tmp_path / "file")]) == 1
    assert f"error[N607]: {tmp_path / 'file'} {words}" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[ 4 > fc-2 | 4 > fc-2 ] > relu\n", "4, 5 > fc-2\n", "4 >\nfc"])
def test_a_network_without_a_suffix_is_parsed(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text(text)
    main(["check", str(tmp_path / "file")])
    assert "N607" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "message", "help"),
    [
        ("a.net:n=", "the param `n` of a.net has no value", "a comma separates params"),
        ("a.net:n=3:m=4", "the param `n` of a.net is 3:m=4", "a comma separates params"),
        ("a.net:n", "there is no file a.net:n", "a param has a value: a.net:n=32"),
        ("link.net", "there is no file link.net", "it is a link to gone.net, which is not there"),
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
    assert main(["check", file]) == 1
    said = capsys.readouterr().err
    assert message in said
    assert help in said


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

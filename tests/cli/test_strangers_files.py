"""Folders that a stranger made: links, pipes, and names that commands write to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netdsl.cli.main import main

NETWORK = "input   28x28x1 > fc-10\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("s").mkdir()
    Path("s/x.net").write_text(NETWORK)
    Path("victim.net").write_text(NETWORK)
    return tmp_path


def test_formatting_a_folder_writes_through_no_planted_name(folder: Path) -> None:
    Path("s/.part-x.net").symlink_to("../victim.net")
    assert main(["fmt", "s"]) == 0
    assert Path("victim.net").read_text() == NETWORK
    assert Path("s/x.net").read_text() != NETWORK


@pytest.mark.parametrize("command", ["fmt", "check"])
def test_a_link_out_of_a_folder_is_refused(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("s/y.net").symlink_to("../victim.net")
    assert main([command, "s"]) == 1
    assert "error[N601]: s/y.net is a link that leads outside s" in capsys.readouterr().err
    assert Path("victim.net").read_text() == Path("s/x.net").read_text() == NETWORK


def test_a_link_within_a_folder_is_the_file_that_it_leads_to(folder: Path) -> None:
    Path("s/y.net").symlink_to("x.net")
    assert main(["fmt", "s"]) == 0
    assert Path("s/y.net").is_symlink()
    assert Path("s/x.net").read_text() != NETWORK


def test_a_link_in_a_folder_to_what_is_not_formatted_there_is_not_followed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("s/.hidden.net").write_text(NETWORK)
    Path("s/y.net").symlink_to(".hidden.net")
    assert main(["fmt", "s"]) == 1
    assert "error[N604]: s/y.net is a link" in capsys.readouterr().err
    assert Path("s/.hidden.net").read_text() == NETWORK
    assert main(["fmt", "s/y.net"]) == 0  # named, it is followed, and stays a link
    assert Path("s/y.net").is_symlink()
    assert Path("s/.hidden.net").read_text() != NETWORK


@pytest.mark.parametrize("target", ["pipe", "s", "/dev/tty", "/dev/full"])
def test_output_is_not_written_to_what_is_not_a_file(
    folder: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe")
    assert main(["emit", "s/x.net", "-o", target, "--force"]) == 1
    assert "error[N604]" in capsys.readouterr().err


def test_output_to_the_null_device_and_to_standard_output(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["emit", "s/x.net", "-o", "/dev/null"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["emit", "s/x.net", "-o", "-"]) == 0
    assert "import keras" in capsys.readouterr().out


def test_a_link_that_the_user_names_is_followed_with_force(folder: Path) -> None:
    Path("target.py").write_text("old")
    Path("link.py").symlink_to("target.py")
    assert main(["emit", "s/x.net", "-o", "link.py"]) == 1
    assert Path("target.py").read_text() == "old"
    assert main(["emit", "s/x.net", "-o", "link.py", "--force"]) == 0
    assert Path("link.py").is_symlink()
    assert "import keras" in Path("target.py").read_text()


@pytest.mark.parametrize("command", ["check", "fmt", "table", "expand", "emit"])
def test_named_pipes_are_refused(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe.net")
    assert main([command, "pipe.net"]) == 1
    assert "it is a named pipe, not a regular file" in capsys.readouterr().err

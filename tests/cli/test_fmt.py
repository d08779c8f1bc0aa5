"""`netdsl fmt` and `netdsl expand` on the command line: what is written, what is reported, and the
exit codes.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

import netdsl
from netdsl.cli.main import main
from netdsl.limits import DEFAULT_LIMITS

UGLY = "# a net\n32x32x3 >conv3-4( bn )  >   pool\n"
FORMATTED = "# a net\n32x32x3 > conv3-4(bn) > pool\n"


@pytest.fixture
def ugly(tmp_path: Path) -> Path:
    path = tmp_path / "ugly.net"
    path.write_text(UGLY, encoding="utf-8")
    return path


def test_a_file_is_formatted_in_place(ugly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ugly.chmod(0o640)
    assert main(["fmt", str(ugly)]) == 0
    assert ugly.read_text(encoding="utf-8") == FORMATTED
    assert ugly.stat().st_mode & 0o777 == 0o640
    assert capsys.readouterr().err == f"{ugly}: formatted\n"
    assert main(["fmt", str(ugly)]) == 0
    assert capsys.readouterr().err == ""
    assert [path.name for path in ugly.parent.iterdir()] == ["ugly.net"]


def test_a_link_stays_a_link(ugly: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.net"
    link.symlink_to(ugly)
    assert main(["fmt", str(link)]) == 0
    assert link.is_symlink()
    assert ugly.read_text(encoding="utf-8") == FORMATTED


def test_a_link_is_followed_only_where_it_is_named(
    ugly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ugly.parent / "networks"
    (folder / "below").mkdir(parents=True)
    target = folder / "ugly.txt"
    ugly.rename(target)
    link = folder / "below" / "link.net"
    link.symlink_to("../ugly.txt")
    assert main(["fmt", str(folder)]) == 1
    error = capsys.readouterr().err
    assert "error[N604]" in error
    assert f"{link} is a link, which is not followed for writing" in error
    assert target.read_text(encoding="utf-8") == UGLY
    assert main(["fmt", str(link)]) == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == FORMATTED


def test_check_writes_nothing(ugly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--check", str(ugly)]) == 1
    assert ugly.read_text(encoding="utf-8") == UGLY
    assert capsys.readouterr().err == f"{ugly}: would be formatted\n"
    ugly.write_text(FORMATTED, encoding="utf-8")
    assert main(["fmt", "--check", str(ugly)]) == 0


def test_diff_shows_what_would_change(ugly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--diff", str(ugly)]) == 0
    out = capsys.readouterr().out
    assert "-32x32x3 >conv3-4( bn )  >   pool" in out
    assert "+32x32x3 > conv3-4(bn) > pool" in out
    assert not out.endswith("\n\n")
    assert ugly.read_text(encoding="utf-8") == UGLY
    assert main(["fmt", "--diff", "--check", str(ugly)]) == 1


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbf" + FORMATTED.encode(), FORMATTED.replace("\n", "\r\n").encode()]
)
def test_marks_and_line_ends_are_work_too(data: bytes, ugly: Path) -> None:
    ugly.write_bytes(data)
    assert main(["fmt", "--check", str(ugly)]) == 1
    assert main(["fmt", str(ugly)]) == 0
    assert ugly.read_bytes() == FORMATTED.encode()


def test_a_file_with_mistakes_is_left_and_the_others_are_done(
    ugly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = ugly.parent / "broken.net"
    broken.write_text("32x32x3 > (conv3-4\n", encoding="utf-8")
    assert main(["fmt", str(ugly.parent)]) == 1
    assert broken.read_text(encoding="utf-8") == "32x32x3 > (conv3-4\n"
    assert ugly.read_text(encoding="utf-8") == FORMATTED
    assert "N001" in capsys.readouterr().err


def test_standard_input_goes_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == FORMATTED
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"32x32x3 > (conv3-4\n")))
    assert main(["fmt", "-", "--stdin-filename", "mine.net"]) == 1
    assert "mine.net:1:11" in capsys.readouterr().err
    assert main(["fmt", "-", "a.net"]) == 2


def test_what_holds_no_network_is_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "a.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    assert main(["fmt", str(table)]) == 1
    assert "error[N607]" in capsys.readouterr().err


def test_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", str(tmp_path / "none.net")]) == 1
    assert "N601" in capsys.readouterr().err


def test_what_expand_writes_may_be_longer_than_files_may_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = DEFAULT_LIMITS._replace(source=10, statements=1)
    monkeypatch.setattr("netdsl.cli.expand.DEFAULT_LIMITS", limits)
    assert main(["expand", "4 > fc-2"]) == 0
    assert "fc-2" in capsys.readouterr().out


def test_expand_prints_the_same_network(ugly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expand", str(ugly)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# a net\nnet ugly\ninput 32x32x3")
    assert netdsl.parse(text).counts == netdsl.load(ugly).counts
    assert main(["expand", "32x32x3 > cnov3-4"]) == 1

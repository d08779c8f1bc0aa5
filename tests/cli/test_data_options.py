"""`netdsl data` reads a table as a recipe's keys say."""

from __future__ import annotations

from pathlib import Path

import pytest

from netdsl.cli.main import main

TABLE = "größe;preis;art\n1,5;2.000,25;a\n2,5;unknown;b\n3,5;1.000,75;a\n".encode("latin-1")
KEYS = ["--separator", ";", "--decimal", ",", "--thousands", ".", "--encoding", "latin-1"]


def test_a_table_is_read_as_the_options_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(TABLE)
    code = main(["data", str(path), "--target", "art", *KEYS, "--missing-values", "unknown,none"])
    assert code == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["größe", "number", "0", "1.5", "2.5", "3.5"] in lines
    assert ["preis", "number", "1", "1,001", "1,500", "2,000"] in lines


@pytest.mark.parametrize(("given", "first"), [("yes", "2024-02-01"), ("no", "2024-01-02")])
def test_the_order_of_dates_is_an_option(
    given: str, first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dates.csv"
    path.write_text("day,y\n1/2/2024,1.5\n3/4/2024,2.5\n", encoding="utf-8")
    assert main(["data", str(path), "--target", "y", "--day-first", given]) == 0
    assert ["day", "date", "0", first] in [
        line.split()[:4] for line in capsys.readouterr().out.splitlines()
    ]


def test_an_option_that_a_recipe_would_refuse_is_refused_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(TABLE)
    assert main(["data", str(path), "--separator", ";;"]) == 1
    assert "`separator` requires one character or `tab` or `space`" in capsys.readouterr().err


def test_a_line_of_the_table_is_a_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.csv"
    path.write_text('a,b,y\n1,"one\nnote",u\n2,another,v\n', encoding="utf-8")
    assert main(["data", str(path), "--target", "y"]) == 0
    assert "2: another, one note" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("größe,art\n1,a\n2,b\n".encode("latin-1"), "state it, as in --encoding latin-1; or save"),
        (b'a,y\n"1,200",u\n3,v\n', '--decimal "," reads it as 1.200, --thousands "," as 1200'),
        (b"a,y\n1,u\n2,v\n3,u\nbad,v\n", '--missing-values "bad" reads this one so'),
        (
            b"a,y\n1/2/2024,u\n3/4/2024,v\n",
            "the day or the month first help: --day-first yes, or no",
        ),
        (b"a,y,a\n1,u,2\n", "a file without a row of names needs `--no-header`"),
    ],
)
@pytest.mark.parametrize("command", [["data"], ["new", "first.net", "--data"]])
def test_errors_name_the_options(
    command: list[str],
    text: bytes,
    help: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_bytes(text)
    assert main([*command, "a.csv", "--target", "y"]) == 1
    assert help in " ".join(capsys.readouterr().err.split())

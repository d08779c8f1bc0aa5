"""Rows of a CSV that are not plain: found without reading the others."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.data.sources import csv_arrow, csv_rows, csv_table
from netdsl.training.data.sources.csv_text import CsvText, rows
from netdsl.training.data.sources.table_file import read_table_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def written(path: Path, content: str) -> Path:
    path.write_bytes(content.encode())
    return path


PIECES = (
    "1",
    "02",
    '"a"',
    '"b,\n"',
    '""',
    '"c""d"',
    "",
    " ",
    "-0.5",
    ",",
    ",",
    ",",
    "\n",
    "\n",
    "\r\n",
    "\r",
)


@pytest.mark.parametrize("seed", range(4))
def test_places_of_rows_are_those_that_python_reads(seed: int) -> None:
    rng = random.Random(seed)
    plain = 0
    for _ in range(400):
        content = "".join(rng.choices(PIECES, k=rng.randrange(1, 25)))
        text = CsvText("t.csv", content.encode(), ",", ["a", "b"], False, 0, 1)
        try:
            found = csv_rows.row_places(text)
            expected = list(rows(text.path, text.content, ",", None, blank=True))
        except (csv_rows.NotPlain, NetError):
            continue
        plain += 1
        assert found.lines.tolist() == [line for line, _ in expected], repr(content)
        every = np.arange(len(expected))
        assert list(found.cells(every)) == [row for _, row in expected], repr(content)
        others = [at for at, (_, row) in enumerate(expected) if len(row) != 2]
        assert found.of_other_widths().tolist() == others, repr(content)
    assert plain > 100


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "PARTS", 8)
    monkeypatch.setattr(csv_rows, "PART", 40)
    monkeypatch.setattr(csv_rows, "COLUMN", 1)


@pytest.mark.usefixtures("small_parts")
def test_parts_are_of_whole_rows() -> None:
    rng, longest = random.Random(0), 0
    ends = ("\n", "\r\n", "\n\n", "\r")
    for _ in range(100):
        rows = (",".join(rng.choices(PIECES[:9], k=2)) for _ in range(rng.randrange(40)))
        content = "".join(row + rng.choice(ends) for row in rows)
        text = CsvText("t.csv", content.encode(), ",", ["a", "b"], False, 0, 1)
        parts = [csv_rows.part_of(text, part) for part in csv_rows.parts(text)]
        assert b"".join(part.content for part in parts) == text.content
        lines = [line for part in parts for line in csv_rows.row_places(part).lines.tolist()]
        assert lines == csv_rows.row_places(text).lines.tolist(), repr(content)
        longest = max(longest, len(parts))
    assert longest > 5


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize(
    ("row", "message", "twice"),
    [
        ("1,odd", "`odd` in line 77", 1),
        ('"odd",odd', "`odd` in line 77", 1),
        ("1,2,3", "line 77 of .* has 3 cells, but the first has 2", 0),
        (",,,\n1", "line 78 of .* has 1 cell, but the first has 2", 0),
        ("1,1e39", "`1e39` in line 77, which is too large", 0),
    ],
)
def test_what_is_wrong_is_looked_for_in_its_part(
    path: Path, row: str, message: str, twice: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the part with the odd cell is read again."""
    made, read = csv_arrow._reader, []

    def counted(*given: Any) -> Any:
        reader = made(*given)
        return lambda part, *rest: read.append(part) or reader(part, *rest)

    monkeypatch.setattr(csv_arrow, "_reader", counted)
    monkeypatch.setattr(csv_table, "SAMPLE", 4)
    lines = ["a,b", *["10,20"] * 75, row, *["10,20"] * 25]
    with pytest.raises(NetError, match=message):
        read_table_file(written(path, "\n".join(lines)))
    assert len(read) > 4
    assert len(read) - len({part.start for part in read}) == twice


@pytest.mark.parametrize("piece", [3, 2**20])
def test_numbers_that_begin_with_zero_are_found(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are those that a regular expression finds, wherever the pieces that are read end."""
    monkeypatch.setattr(csv_rows, "PIECE", piece)
    rng, found = random.Random(piece), 0
    for _ in range(2_000):
        content = "".join(rng.choices("00159.+-a;, \"'\n", k=rng.randrange(12)))
        separator = rng.choice(",;")
        body = rng.choice([0, *(at + 1 for at, sign in enumerate(content) if sign == "\n")])
        text = CsvText("t.csv", content.encode(), separator, [], False, body, 1)
        pattern = rf"(?:^|[\s\"'{separator}])[+-]?0[0-9]"
        expected = bool(re.search(pattern, content[body:]))
        zeros = [place for piece in csv_rows._zeros(text) for place in piece.tolist()]
        assert bool(zeros) == expected, (content, separator, body)
        found += expected
    assert 100 < found < 1_000


def test_only_columns_with_zeros_are_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zero within a text, as in a time, does not make its column one of such numbers."""
    names, found = ["a", "b", "c", "d"], csv_rows.columns_with_zeros
    content = '2020 01,1,"x, 05",2\n\n2020 01,-07,y,2\n'
    assert found(CsvText("t.csv", content.encode(), ",", names, False, 0, 1)) == ["a", "b", "c"]
    plain, readings = csv_table.read_plain, []
    monkeypatch.setattr(csv_table, "read_plain", lambda *all: readings.append(0) or plain(*all))
    read_table_file(written(path, "a,b\n2020-01-01 01:05,1\n2020-01-01 01:06,2\n"))
    assert len(readings) == 1


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_row_of_another_width_is_found_at_once(path: Path, ends: str) -> None:
    """Rows of empty cells count for nothing, whatever their width; a quoted cell is one."""
    lines = ["a,b", "1,2", ",,,", '"3,\n3",4', "", "5", "6,7"]
    with pytest.raises(NetError, match=r"line 7 of .*a\.csv has 1 cell, but the first has 2"):
        read_table_file(written(path, ends.join(lines)))


@pytest.mark.parametrize("cell", ["1.234", "012"])
def test_columns_that_are_read_again_are_read_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, cell: str
) -> None:
    """However many there are: a table of 200,000 columns would be read as often."""
    plain, readings = csv_table.read_plain, []

    def counted(*given: Any) -> Any:
        readings.append(given)
        return plain(*given)

    monkeypatch.setattr(csv_table, "read_plain", counted)
    names = [f"c{place}" for place in range(1_200)]
    table = read_table_file(written(path, "\n".join([",".join(names), ",".join([cell] * 1_200)])))
    assert len(table.notes) == 1_200
    assert len(readings) == 2

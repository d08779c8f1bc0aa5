"""CSV texts: pyarrow and Python read the same, and separators in numbers mean what they should.

No framework is imported here.
"""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.data.sources import cells, csv_rows, csv_table
from netdsl.training.data.sources.cells import MISSING, cell_number, why_not_finite
from netdsl.training.data.sources.csv_rows import NotPlain
from netdsl.training.data.sources.parsed_table import ParsedTable
from netdsl.training.data.sources.table_file import read_table_file
from netdsl.training.data.sources.table_notes import table_notes
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.table_format import NumberFormat, TableFormat


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def read(path: Path, content: str | bytes, **stated: Any) -> ParsedTable:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table_file(path, TableFormat(**stated))


def values(table: ParsedTable) -> dict[str, Any]:
    return {
        column.name: [column.categories[int(code)] for code in column.values]
        if column.categories is not None
        else column.values.tolist()
        for column in table.columns
    }


# --- two readers ----------------------------------------------------------------------------------

CELLS = [
    *("1", "-2.5", "+3", ".5", "1e3", "007", " 4 ", "12345678901234567890", "0.1", "1e-320"),
    *("x", "a b", "ä", "'", "yes", "2024-01-02", "1_000", "inf", "nan", "NaN", "NA", "-", "?", ""),
    *(
        " ",
        "\u00a0",
        "\t",
        "1,5",
        "1.234,5",
        "1 234",
        "nan(1)",
        "0x10",
        "١٢",
        "1e999",
        "1e300",
        "1e39",
        "−5",
        "#",
    ),
]


def quoted(cell: str, rng: random.Random) -> str:
    needs = any(sign in cell for sign in ',;"\n\r')
    if not needs and rng.random() > 0.1:
        return cell
    return '"' + cell.replace('"', '""') + '"'


def random_text(seed: int) -> str:
    """A text of rows, with what makes texts hard to read here and there."""
    rng = random.Random(seed)
    separator, end = rng.choice(",;\t|"), rng.choice(["\n", "\r\n", "\r"])
    width = rng.randint(1, 4)
    kinds = [rng.sample(CELLS, rng.choice([1, 3, 8])) + ["1", "2"] * 9 for _ in range(width)]
    if rng.random() < 0.3:
        kinds[0] += ['say "no"', "two\nlines", "two\r\nlines"]
    rows = [[f"c{place}" for place in range(width)]]
    rows += [[rng.choice(kind) for kind in kinds] for _ in range(rng.randint(0, 40))]
    text = end.join(separator.join(quoted(cell, rng) for cell in row) for row in rows)
    for _ in range(rng.choice([0, 0, 0, 1])):
        place = rng.randrange(len(text) + 1)
        odd = rng.choice(['"', separator, end, " ", end + end, separator * width, ' "', '" '])
        text = text[:place] + odd + text[place:]
    return text + rng.choice(["", end, end + end])


def outcome(path: Path) -> Any:
    try:
        table = read_table_file(path)
    except NetError as error:
        return str(error)
    return table.numbers, table.notes, table.places.tolist(), str(values_or_codes(table))


def values_or_codes(table: ParsedTable) -> Any:
    return [(one.name, one.values.tolist(), one.categories) for one in table.columns]


@pytest.mark.slow
def test_pyarrow_reads_what_python_reads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "SAMPLE", 4)  # what follows it comes as a surprise
    monkeypatch.setattr(csv_rows, "COLUMN", 1)
    monkeypatch.setattr(cells, "MANY", 3)
    plain = csv_table.read_plain
    by_pyarrow = 0
    for seed in range(600):
        path.write_bytes(random_text(seed).encode())
        monkeypatch.setattr(csv_rows, "PART", (1, 40, 2**21)[seed % 3])
        readings: list[bool] = []

        def counted(*given: Any, to: list[bool] = readings) -> Any:
            found = plain(*given)
            to.append(True)
            return found

        def never(*given: Any) -> Any:
            raise NotPlain

        monkeypatch.setattr(csv_table, "read_plain", counted)
        quick = outcome(path)
        by_pyarrow += bool(readings)
        monkeypatch.setattr(csv_table, "read_plain", never)
        assert outcome(path) == quick, seed
    assert by_pyarrow > 200


def test_a_plain_file_is_never_read_by_python(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: Any) -> None:
        raise AssertionError("read by Python")

    monkeypatch.setattr(csv_table, "check_widths", refused)
    rng = np.random.default_rng(0)
    made = rng.normal(size=(500, 3))
    body = "".join(f"{a!r},{b!r},{c!r}\n" for a, b, c in made.tolist())
    table = read(path, "a,b,c\n" + body)
    assert np.array_equal(np.stack([column.values for column in table.columns], axis=1), made)
    assert table.place(499) == "line 501"
    mixed = read(path, "a,b\n" + '1,"x, y"\n' * 200 + "late,z\n" * 300)
    assert mixed.columns[0].categories == ("1", "late")
    empty = read(path, "a,b\n1,2\n-,NA\n,\n\n3,4\n")
    assert empty.places.tolist() == [2, 3, 6]
    assert np.isnan(empty.columns[0].values).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("a,b\n1,2\n\n3,4\n", [2, 4]),
        ("\n\na,b\n1,2\n3,4", [4, 5]),
        ("sep=,\na,b\n1,2\n3,4", [3, 4]),
        ('a,b\n1,"x\ny"\n3,z\n', [3, 4]),
        ("a,b\r\n1,2\r\n , \r\n3,4\r\n", [2, 4]),
        ("a,b\r1,2\r3,4\r", [2, 3]),
        ('"a\nb",c\n1,2\n', [3]),
    ],
)
def test_rows_know_their_lines(path: Path, content: str, lines: list[int]) -> None:
    assert read(path, content).places.tolist() == lines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n" + "1,2\n" * 5000 + "1,two\n" + "1,2\n" * 5000, "`two` in line 5,002"),
        ("a,b\n" + "x,2\n" * 5000 + "y,two\n" + "x,2\n" * 5000, "`two` in line 5,002"),
        ("a,b\n" + "1,2\n" * 5000 + "1,2,3\n", "line 5,002 of .* has 3 cells, but the first has 2"),
        ("a,b\n" + "1,2\n" * 5000 + '1,"2\n', "line 5,002 of .* is not a row of a table"),
        ('a,b\n1,"x\n\ny"\n' + "1,x\n" * 9 + "z,x\n1,q\n", "`z` in line 14"),
        ("a,b\n1,2\n\n1,x\n1,2\n", "`x` in line 4"),
        ("a,b\n1," + "x" * 200_000 + "\n", "line 2 of .* field larger than field limit"),
        (b"a,b\n1,2\n" * 2 + b"1,\xff\n", "byte 0xff in line 5"),
    ],
)
def test_errors_say_the_line_and_the_cell(path: Path, content: Any, message: str) -> None:
    with pytest.raises(NetError, match=message):
        read(path, content)


# --- signs within numbers -------------------------------------------------------------------------

GERMAN, ENGLISH = NumberFormat(",", "."), NumberFormat(".", ",")


@pytest.mark.parametrize(
    ("content", "form", "expected"),
    [
        ("a\tb\n5,09\t1\n-0,5\t2\n", GERMAN, {"a": [5.09, -0.5], "b": [1, 2]}),
        ('a,b\n"6,06","9"\n"5,02","1.234,5"\n', GERMAN, {"a": [6.06, 5.02], "b": [9, 1234.5]}),
        ("a;b\n2.514;0,17\n975;0,20\n", GERMAN, {"a": [2514, 975], "b": [0.17, 0.2]}),
        ("a;b\n1.234.567;1\n2;3\n", GERMAN, {"a": [1234567, 2], "b": [1, 3]}),
        ("a;b\n1;0,123\n2.514;0,456\n", GERMAN, {"a": [1, 2514], "b": [0.123, 0.456]}),
        ('a,b\n"1,234",0.5\n"12,000",1.5\n', ENGLISH, {"a": [1234, 12000], "b": [0.5, 1.5]}),
        ('a,b\n"1,234.5",1\n"7",2\n', ENGLISH, {"a": [1234.5, 7], "b": [1, 2]}),
        ('a\n"1,234,567"\n"12,000"\n', ENGLISH, {"a": [1234567, 12000]}),
        ("a;b\n1 234,5;1\n7;2\n", NumberFormat(",", " "), {"a": [1234.5, 7], "b": [1, 2]}),
        ("a;b\n1\u202f234,5;1\n7;2\n", NumberFormat(",", " "), {"a": [1234.5, 7], "b": [1, 2]}),
        ("a;b\n1'234.5;1\n7;2\n", NumberFormat(".", "'"), {"a": [1234.5, 7], "b": [1, 2]}),
        ("a,b\n−5,1\n−2.5,2\n", NumberFormat(), {"a": [-5, -2.5], "b": [1, 2]}),
        ("sep=;\na;b\n1,5;2\n", GERMAN, {"a": [1.5], "b": [2]}),
        ("a;b\n1,5e3;1\n,5;2\n", GERMAN, {"a": [1500, 0.5], "b": [1, 2]}),
        ("a,b\n2.5,x\n1e3,1.2.3\n", NumberFormat(), {"a": [2.5, 1000], "b": ["x", "1.2.3"]}),
        ("a,b\n2.5,01.02.2024\n1,03.04.2025\n", NumberFormat(), None),
        ('a,b\n2.5,"Rome, 5"\n1,"5,5"\n3,x\n', NumberFormat(), None),
    ],
)
def test_signs_within_numbers(path: Path, content: str, form: NumberFormat, expected: Any) -> None:
    found = read(path, content)
    assert found.numbers == form
    assert not found.notes
    if expected is not None:
        assert values(found) == expected
    else:
        assert found.columns[1].categories


@pytest.mark.parametrize("rows", [1, 150, 1000])
def test_what_decides_may_be_far_down(path: Path, rows: int) -> None:
    assert values(read(path, "a;b\n" + "2.514;7\n" * rows + "1;0,17\n"))["a"][0] == 2514
    english = read(path, "a;b\n" + "2,514;7\n" * rows + "1;0.17\n")
    assert english.columns[0].values[0] == 2514


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a;b\n0,17;1.5\n0,20;2.25\n", "column `b` .*`1.5` in line 2, where `,` is the decimal"),
        ("a;b\n" + "2.51;1\n" * 300 + "3;0,17\n", "column `a` .*`2.51` in line 2.*as in `0,17`"),
        ('a,b\n"1,234",5\n"975",6\n', r"`1,234` in line 2, which may be 1\.234 or 1234"),
        ("a\tb\n1\t1,234\n2\t975\n", r"`b` .*`1,234` in line 2, which may be"),
        ('a,b\n"1,234.5",7\n"3,4",8\n', r"column `a` .*`1,234\.5` in line 2"),
    ],
)
def test_signs_that_contradict_each_other(path: Path, content: str, message: str) -> None:
    with pytest.raises(NetError, match=message) as caught:
        read(path, content)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["N531"]
    assert "data: {" in str(caught.value)


def test_three_digits_after_every_point_are_reported(path: Path) -> None:
    (note,) = read(path, "a,b\n2.514,1\n975,2\n1.020,3\n").notes
    assert note.startswith("all fractions in a have three digits, as in 2.514: `.` is read as")
    (note,) = read(path, "a;b\n2,514;1\n975;2\n").notes
    assert "`,` is read as the decimal separator" in note
    for content in ("a,b\n2.514,1\n2.51,2\n", "a,b\n0.514,1\n", "a,b\n2.514,1\n1204,1\n"):
        assert not read(path, content).notes
    stated = read(path, "a,b\n2.514,1\n975,2\n", thousands=".")
    assert (values(stated)["a"], stated.notes) == ([2514, 975], ())


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("zip,b\n12,1\n01234,2\n", "numbers in zip begin with 0, as `01234` in line 3, which is"),
        ("zip,b\n12,1\n\n007,2\n", "`007` in line 4, which is read as 7; data: {columns: {zip"),
        ('b;zip\n1,5;"-042"\n2,5;42\n', "`-042` in line 2, which is read as -42"),
        ("zip\n" + "12\n" * 200 + "0815\n", "`0815` in line 202, which is read as 815"),
    ],
)
def test_numbers_that_begin_with_0_are_reported(path: Path, content: str, note: str) -> None:
    (found,) = read(path, content).notes
    assert note in found


@pytest.mark.parametrize(
    "content",
    ["a,b\n0,0.5\n10,-0.25\n", "day,b\n2024-01-05,1\n2024-02-06,2\n", "a,b\n0x1,1\n007b,2\n"],
)
def test_numbers_that_do_not_begin_with_0(path: Path, content: str) -> None:
    assert not read(path, content).notes


def test_numbers_that_begin_with_0_as_texts(path: Path) -> None:
    path.write_text("zip,b\n007,1\n7,2\n")
    found = read_table_file(path, kinds={"zip": True})
    assert (found.notes, found.column("zip").categories) == ((), ("007", "7"))


def test_stated_signs_are_the_signs(path: Path) -> None:
    comma = 'a,b\n"1,234",5\n"975",6\n'
    assert values(read(path, comma, decimal=","))["a"] == [1.234, 975]
    assert values(read(path, comma, thousands=","))["a"] == [1234, 975]
    assert values(read(path, comma, decimal="."))["a"] == [1234, 975]
    with pytest.raises(NetError, match=r"`0,17` in line 2, where `\.` is the decimal separator"):
        read(path, "a;b\n0,17;1\n2;3\n", decimal=".")


@pytest.mark.parametrize("points", ["12.5,1\n7.25,2\n", '12.5,"n/a"\n"7.25",2\n'])
def test_decimal_points_of_the_training_make_commas_thousands(path: Path, points: str) -> None:
    found = read(path, "a,b\n" + points).numbers
    kept = TableTransform((ColumnTransform("a"), ColumnTransform("b")), ("c",), numbers=found)
    path.write_text('a,b\n"1,234",5\n')
    assert values(read_table_file(path, known=kept))["a"] == [1234]
    assert found.reason in ("12.5", "7.25")


def test_a_run_reads_other_rows_as_its_own(path: Path) -> None:
    """Where other rows show nothing, the separators found in the run's own table count."""
    columns = (ColumnTransform("a"), ColumnTransform("b"))
    kept = TableTransform(columns, ("c",), numbers=GERMAN)
    for content, expected in (
        ("a;b\n2.514;3\n", 2514.0),
        ("a,b\n2.51,3\n", 2.51),
        ('a,b\n"2,514",3\n', 2.514),
    ):
        path.write_text(content)
        assert values(read_table_file(path, known=kept))["a"] == [expected]


# --- what a recipe states -------------------------------------------------------------------------


def test_what_a_recipe_states_of_a_text(path: Path) -> None:
    assert values(read(path, "a b\n1 2\n", separator=" ")) == {"a": [1], "b": [2]}
    assert values(read(path, "a:b\n1:2\n", separator=":")) == {"a": [1], "b": [2]}
    latin = "größe,b\nrot,2\ngrün,3\n".encode("latin-1")
    assert values(read(path, latin, encoding="latin-1")) == {
        "größe": ["rot", "grün"],
        "b": [2, 3],
    }
    assert values(read(path, "a,b\n1,2\n".encode("utf-16"), encoding="utf-16"))["b"] == [2]
    commented = '# one\n#\na,b\n1,2\n#3,4\n5,"x\n#y"\n'
    table = read(path, commented, comment="#")
    assert values(table)["b"] == ["2", "x\n#y"]
    assert table.places.tolist() == [4, 7]


def test_values_that_are_stated_as_missing(path: Path) -> None:
    content = "a,b\n1,red\n-999,unknown\nunknown,-999\n-999.0,blue\n"
    found = read(path, content, missing_values=("-999", "unknown"))
    assert [math.isnan(value) for value in found.columns[0].values] == [False, True, True, True]
    assert found.columns[1].categories == ("blue", "red")
    with pytest.raises(NetError, match=r'missing_values: \["unknown"\]'):
        read(path, "a,b\n1,2\n3,4\nunknown,5\n")


def test_what_replaces_a_missing_number_is_reported(path: Path) -> None:
    body = "".join(f"{row},{-999 if row % 7 == 0 else row / 2}\n" for row in range(100, 140))
    (note,) = table_notes(read(path, "a,b\n" + body))
    assert note == (
        "b is -999 in 5 rows, far from its other numbers: "
        "if it means missing, data: {missing_values: [-999]}"
    )
    near = "".join(f"{row},{99 if row % 7 == 0 else row / 2}\n" for row in range(100, 240))
    assert not table_notes(read(path, "a,b\n" + near))


@pytest.mark.parametrize(
    ("cell", "noted"),
    [("-99", True), ("99.0", True), ("9", False), ("-9", False), ("-100", False), ("99.5", False)],
)
def test_only_whole_nines_are_doubted(cell: str, noted: bool, path: Path) -> None:
    body = "".join(f"{row},{cell if row % 7 == 0 else row / 200}\n" for row in range(100, 140))
    assert bool(table_notes(read(path, "a,b\n" + body))) == noted


@pytest.mark.parametrize(
    ("cells", "noted"),
    [
        (["12%", "15.5 %"], True),
        (["$1,234.50", "$975.00"], True),
        (["€ 5,00", "€ 6,50"], True),
        (["5 kg", "12 kg"], True),
        (["5 kg", "heavy"], False),
        (["70 years", "1 year"], True),
        (["170cm", "95cm"], True),
        (["12°C", "-3 °C", "7°"], True),
        (["12 Elm", "14 Main", "3 Park"], True),
        (["12 Elmwood", "14 Maindale", "3 Parkway"], False),
        (["1st", "2nd"], False),
        (["12B", "14A"], False),
        (["01.02.2024", "02.02.2024"], False),
        (["red", "blue"], False),
    ],
)
def test_numbers_with_a_unit_are_reported(path: Path, cells: list[str], noted: bool) -> None:
    body = "".join(f'"{cell}",1\n' for cell in cells)
    notes = table_notes(read(path, "a,b\n" + body))
    assert len(notes) == noted
    assert all("a holds numbers with a unit" in note for note in notes)


@pytest.mark.parametrize(
    ("cells", "noted"),
    [(["train", "Test"], True), (["train", "bus"], False), (["test", "val"], False)],
)
def test_a_column_of_parts_is_reported(path: Path, cells: list[str], noted: bool) -> None:
    notes = table_notes(read(path, "a,b\n" + "".join(f"{cell},1\n" for cell in cells)))
    said = "a holds test and train: if these are the parts of the data, data: {split: a}"
    assert notes == ((said,) if noted else ())


def test_texts_that_differ_only_in_case_or_spaces_are_noted(path: Path) -> None:
    (note,) = table_notes(read(path, "a,b\n1,yes\n2,Yes\n3,no\n"))
    assert note.startswith("b has `Yes` and `yes`, which differ only in case or spaces: 2 cat")
    assert not table_notes(read(path, "a,b\n1,yes\n2,no\n"))


@pytest.mark.parametrize(
    ("content", "help"),
    [
        ("# by tool\na,b\n1,2\n", r'comment: "#"'),
        ("größe,b\n1,2\n".encode("latin-1"), "encoding: latin-1"),
        ("a,b\n1,2\n".encode("utf-16"), "encoding: utf-16"),
        ("a\n1,2\n", "separator"),
        ("My data\na,b\n1,2\n", "remove the lines before the names"),
        ("a,b,\n1,2,\n", "remove the separator that ends the lines"),
        ("a,b\n1,2,\n", "remove the separator that ends the line"),
    ],
)
def test_a_text_that_is_not_read_has_one_help(path: Path, content: Any, help: str) -> None:
    with pytest.raises(NetError, match=help):
        read(path, content)


COMMA, SPACED, POINTS = NumberFormat(","), NumberFormat(".", " "), NumberFormat(",", ".")


@pytest.mark.parametrize(
    ("cell", "form", "number", "why"),
    [
        ("1.5", NumberFormat("."), 1.5, "finite"),
        ("1.5", COMMA, None, ""),
        ("1,5", COMMA, 1.5, "finite"),
        ("1.234,5", POINTS, 1234.5, "finite"),
        ("1.23,5", POINTS, None, ""),
        ("1 234", SPACED, 1234.0, "finite"),
        ("1 234,5", SPACED, None, ""),
        ("1 234.5", NumberFormat(",", " "), None, ""),
        ("1 234,5", NumberFormat(",", " "), 1234.5, "finite"),
        ("1.234 567", SPACED, None, ""),
        ("3.4e38", NumberFormat("."), 3.4e38, "finite"),
        ("3.5e38", NumberFormat("."), None, "too large"),
        ("1e400", NumberFormat("."), None, "too large"),
        ("inf", NumberFormat("."), None, "not finite"),
        ("1_0", NumberFormat("."), None, ""),
        ("-", COMMA, math.nan, ""),
        ("village", POINTS, None, ""),
    ],
)
def test_a_cell_in_a_format(cell: str, form: NumberFormat, number: float | None, why: str) -> None:
    found = cell_number(cell, form)
    assert found == number or (number is not None and math.isnan(number) and math.isnan(found or 0))
    if why != "finite":
        assert why in why_not_finite(cell, form)
        assert bool(why) == bool(why_not_finite(cell, form))


@pytest.mark.parametrize("seed", range(3))
def test_certain_words_are_not_numbers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In no format, and it does not mean a missing number; nor is it one beyond float32."""
    monkeypatch.setattr(cells, "MANY", 2)
    rng = random.Random(seed)
    signs = "0123456789+-.,'_ eEinfityNaAbx:/#<>?\u00a0\u202f−–١ä"
    texts = ["", *CELLS, *MISSING, *map(str.upper, MISSING), "Infinity"]
    texts += ["".join(rng.choices(signs, k=rng.randrange(1, 7))) for _ in range(3_000)]
    maybe = set(cells.maybe_numbers(texts))
    words = [text.strip() for place, text in enumerate(texts) if place not in maybe]
    assert 300 < len(words) < 2_700
    forms = [NumberFormat(*form) for form in ((".", ""), (".", ","), (",", "."), (",", " "))]
    for word in words:
        assert word.lower() not in MISSING
        assert not cells.is_number_somehow(word), word
        assert all(cell_number(word, form) is None for form in forms), word
        assert not any(why_not_finite(word, form) for form in forms), word
    for word in ("2024-01-02", "12:30", "1/2", "x1", "a b", "1-"):
        assert cells.maybe_numbers(["5", word, "-5", ""]) == [0, 2, 3]


def test_many_texts_are_ordered_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [text for text in CELLS if text]
    expected = cells.order_of(texts).tolist()
    assert [texts[place] for place in expected] == sorted(texts)
    monkeypatch.setattr(cells, "MANY", 2)
    assert cells.order_of(texts).tolist() == expected

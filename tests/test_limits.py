"""Bombs: texts that ask for too much end in one clear error, quickly."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netdsl import load, parse
from netdsl.errors import Diagnostic, NetError, Source
from netdsl.limits import Limits
from netdsl.reading import Checked, ReadOptions, check_source

OPEN = 100_000
DOUBLING = "\n".join(f"def f{i + 1}() = f{i} > f{i}" for i in range(60))
CHAINS = "\n".join(f"def g{i + 1}(c) = g{i}({{c}}) > g{i}({{c}})" for i in range(60))


def check(text: str, **limits: Any) -> Checked:
    return check_source(Source("test", text), ReadOptions(limits=Limits(**limits)), "test")


def first(text: str, **limits: Any) -> Diagnostic:
    return check(text, **limits).diagnostics[0]


BOMBS: list[Any] = [
    # repeats
    (
        "repeats of repeats",
        "32x32x3 > ((conv3-64 x1000) x1000) x1000",
        "N406",
        "more than 200,000 operations",
    ),
    ("a billion repeats", f"4 > fc-3 x{10**9} > fc-1", "N406", "more than 200,000 operations"),
    (
        "a repeat of 19 digits",
        "4 > fc-3 x9223372036854775807",
        "N406",
        "more than 200,000 operations",
    ),
    ("a repeat of a group that holds nothing", f"4 > ((id) x{10**9}) x{10**9} > fc-1", "N406", ""),
    ("a repeat in braces", "4 > fc-3 x{10**9}", "N406", "more than 200,000 operations"),
    ("a repeat beyond 64 bits", f"4 > fc-3 x{10**30}", "N404", "larger than the limit"),
    # blocks
    ("a block that calls itself", "def f() = fc-3 > f\n4 > f", "N405", "more than 100 levels"),
    ("a block that calls itself twice", "def f() = f > f\n4 > f", "N405", "more than 100 levels"),
    ("a block as its own argument", "def f(u) = u(u)\n4 > f(f)", "N405", "more than 100 levels"),
    ("blocks that double", f"def f0() = fc-3\n{DOUBLING}\n4 > f60", "N406", "operations"),
    (
        "blocks that double nothing",
        f"def f0() = id\n{DOUBLING}\n4 > f60 > fc-1",
        "N406",
        "blocks call each other again and again",
    ),
    (
        "blocks that double, with values",
        f"def g0(c) = id\n{CHAINS}\n4 > g60(1) > fc-1",
        "N406",
        "blocks call each other again and again",
    ),
    (
        "a block that doubles itself",
        "def f(n) = when(n > 0, f({n-1}) > f({n-1}))\n4 > f(60)",
        "N406",
        "again and again",
    ),
    # brackets
    ("round brackets", "4 > " + "(" * OPEN, "N402", "more than 200 brackets are open here"),
    ("square brackets", "4 > " + "[" * OPEN + "]" * OPEN, "N402", "more than 200 brackets"),
    ("braces", "4 > fc-" + "{" * OPEN, "N402", "more than 200 brackets"),
    (
        "brackets in an expression",
        "param a = " + "(" * OPEN + "1" + ")" * OPEN,
        "N402",
        "more than 200 brackets",
    ),
    ("blocks' brackets", "4 > " + "res(" * OPEN, "N402", "more than 200 brackets"),
    ("closing brackets", "4 > " + ")" * OPEN, "N001", "closes nothing"),
    # numbers
    ("a tower of powers", "param a = 9**9**9**9", "N404", "larger than the limit"),
    ("a tower in braces", "4 > fc-{9**9**9**9}", "N404", "larger than the limit"),
    ("a large negative power", "param a = 9**-(10**9)", "N404", "larger than the limit"),
    ("an integer of 5,000 digits", f"param a = {'9' * 5000}", "N404", "too long or too large"),
    ("an amount of 5,000 digits", f"4 > fc-{'9' * 5000}", "N40", ""),
    ("a size of 5,000 digits", f"9x{'9' * 5000} > fc-1", "N404", "too long or too large"),
    ("a window of 5,000 digits", f"9x9x1 > conv{'9' * 5000}-1", "N40", ""),
    ("a window of 100 digits", f"9x9x1 > conv{'9' * 100}-1", "N404", "too large"),
    ("a huge exponent", "param a = 1e999999999", "N404", "too long or too large"),
    ("a huge exponent of an option", "4 > dropout(1e-999999999)", "N404", "too long or too large"),
    ("an exponent of 5,000 digits", f"param a = 1e{'9' * 5000}", "N404", "too long or too large"),
    (
        "squaring again and again",
        "param a = 2\n" + "\n".join(f"param a{i + 1} = a{i or ''} ** 8" for i in range(40)),
        "N404",
        "larger than",
    ),
    ("a large tensor", "99999999x99999999x3 > fc-1", "N407", "more than 2^53"),
    ("a large kernel", "4 > fc-999999999 > fc-999999999", "N407", "more than 2^53"),
    # terms
    (
        "additions in a param",
        "param a = " + "+".join(["1"] * 200_000),
        "N403",
        "more than 10,000 terms",
    ),
    (
        "additions in braces",
        "4 > fc-{" + "+".join(["1"] * 200_000) + "}",
        "N403",
        "more than 10,000 terms",
    ),
    (
        "additions in when",
        "4 > when(" + "+".join(["1"] * 200_000) + " > 2, fc-1)",
        "N403",
        "more than 10,000 terms",
    ),
    ("signs", "param a = " + "-" * 200_000 + "1", "N403", "more than 10,000 terms"),
    ("a long word", "4 > " + "a" * 100_000, "N403", "the limit is 200"),
    ("a long name", f"4 > fc-1 as {'a' * 201}", "N403", "201 characters"),
    # text
    (
        "a line of 10 MB",
        "a" * 10_000_000,
        "N401",
        "10,000,000 characters; the limit is 4,194,304",
    ),
    ("a string without an end", '4 > f("' + "a" * 1_000_000, "N002", "never closed"),
    ("a million lines", ">\n" * 1_000_000, "N003", "there is nothing above it"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "code", "words"), [pytest.param(*bomb[1:], id=bomb[0]) for bomb in BOMBS]
)
def test_a_bomb_ends_in_a_clear_error(text: str, code: str, words: str) -> None:
    found = check(text)
    assert found.faulty
    diagnostic = found.diagnostics[0]
    assert diagnostic.code.startswith(code)
    assert words in diagnostic.message, diagnostic.message
    assert len(str(NetError(*found.diagnostics))) < 60_000


@pytest.mark.parametrize(
    "text",
    [
        "4 > " + "(" * 199 + "fc-1" + ")" * 199,
        "4 > " + "[" * 199 + "fc-1" + "]" * 199,
        "param a = " + "(" * 199 + "1" + ")" * 199 + "\n4 > fc-{a}",
        "4 > fc-{" + "(" * 198 + "1" + ")" * 198 + "}",
        "4 > fc-{" + "max(" * 198 + "1" + ")" * 198 + "}",
        "4 > " + "res(" * 198 + "fc-4" + ")" * 198,
        "4 > " + "add[ id | " * 199 + "fc-4" + " ]" * 199,
        "4 > " + "when(1 < 2, " * 199 + "fc-1" + ")" * 199,
        "def f(a) = fc-1\n4 > f(" + "(" * 198 + "fc-1, 1" + ", 1)" * 198 + ")",
    ],
    ids=["groups", "merges", "expression", "braces", "functions", "res", "add", "when", "tuples"],
)
def test_brackets_199_deep_are_read(text: str) -> None:
    errors = [
        diagnostic for diagnostic in check(text).diagnostics if diagnostic.severity == "error"
    ]
    assert not errors or text.startswith("def f(a)"), errors[0]
    assert all(diagnostic.code != "N402" for diagnostic in errors)


@pytest.mark.parametrize(
    ("text", "limit", "code"),
    [
        ("4 > fc-1 > fc-2", {"source": 14}, "N401"),
        ("4 > ((fc-1))", {"brackets": 1}, "N402"),
        ("4 > fc-{1 + 1 + 1 + 1 + 1}", {"terms": 4}, "N403"),
        ("4 > fc-1 as second", {"word": 5}, "N403"),
        ("4 > fc-{10 * 11}", {"integer": 109}, "N404"),
        ("def f() = fc-1\ndef g() = f\n4 > g", {"blocks": 1}, "N405"),
        ("4 > fc-1 x3", {"operations": 6}, "N406"),
        ("4 > fc-1 > fc-2(bn)", {"operations": 5}, "N406"),
        ("learned g: 4\n4 > add[ id | @g ]", {"operations": 2}, "N406"),
        ("4 > fc-1(linear)\nlearned g: 4", {"operations": 2}, "N406"),
        ("4 > fc-4", {"elements": 15}, "N407"),
        ("param a = 1\nparam b = a\n4 > fc-{b}", {"statements": 2}, "N408"),
        ("def f() = fc-1\n4 > f x5", {"uses": 4}, "N406"),
        ("2x2x2x2 > flatten", {"axes": 3}, "N407"),
        ("4 > fc-{len([1, 2, 3])}", {"numbers": 2}, "N404"),
    ],
)
def test_each_limit_can_be_set(text: str, limit: dict[str, int], code: str) -> None:
    assert first(text, **limit).code == code
    assert not check(text, **{name: number + 1 for name, number in limit.items()}).faulty


@pytest.mark.parametrize(
    ("limit", "text", "code"),
    [
        (32, lambda n: f"{'x'.join('1' * n)} > flatten", "N407"),
        (32, lambda n: f"learned q: {'x'.join('1' * n)}\n4 > fc-2\n@q > flatten", "N407"),
        (32, lambda n: f"1 > reshape({'x'.join('1' * n)})", "N407"),
        (200, lambda n: f"4 > fc-1 as {'a' * n}", "N403"),
        (200, lambda n: f"4 > {'(' * n}fc-1{')' * n}", "N402"),
        (10_000, lambda n: f"4 > fc-{{{'+'.join('1' * n)}}}", "N403"),
        (99, lambda n: f"def f(n) = when(n > 0, relu > f({{n - 1}}))\n4 > f({n})", "N405"),
    ],
    ids=["input", "learned", "reshape", "word", "brackets", "terms", "blocks"],
)
def test_the_usual_limits(limit: int, text: Callable[[int], str], code: str) -> None:
    """As much as there may be is read, and one more refused."""
    assert not check(text(limit)).faulty
    assert first(text(limit + 1)).code == code


def test_merges_that_double() -> None:
    text = "def f(n) = when(n > 0, [ f({n-1}) | f({n-1}) ], fc-1)\n4 > f(60)"
    assert first(text, operations=10_000).code == "N406"


@pytest.mark.slow
def test_the_usual_limit_of_operations() -> None:
    found = first("4 > fc-3 x100_001 > fc-2")
    assert (found.code, found.span and found.span.start) == ("N406", 4)
    assert "the network has more than 200,000 operations" in found.message


@pytest.mark.slow
def test_many_steps_are_refused_where_they_stand() -> None:
    diagnostic = first(f"4 > {' > '.join(['relu'] * 20_010)}", operations=20_000)
    assert (diagnostic.code, diagnostic.message) == (
        "N406",
        "the network has more than 20,000 operations",
    )
    assert diagnostic.span
    assert diagnostic.span.start == 4


@pytest.mark.slow
def test_what_is_just_within_the_limits_is_read() -> None:
    assert parse("4 > fc-4 x9_000").counts.params == 9_000 * 20
    assert parse("4 > fc-{" + "+".join(["1"] * 9_999) + "}").outputs[0].shape == (9_999,)
    depth = parse("def f(n) = when(n > 0, fc-4 > f({n - 1}))\n4 > f(98)")
    assert depth.counts.params == 98 * 20


# --- files ----------------------------------------------------------------------------------------


def found(path: Path) -> Diagnostic:
    with pytest.raises(NetError) as caught:
        load(path)
    return caught.value.diagnostics[0]


@pytest.mark.parametrize(("size", "code"), [(4 * 2**20 + 1, "N401"), (4 * 2**20, None)])
def test_a_file_of_4_mib_is_read_and_one_byte_more_is_not(
    size: int, code: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "large.net"
    text = b"4 > fc-1 "
    path.write_bytes(text + b"#" * (size - len(text)))
    if code:
        diagnostic = found(path)
        assert (
            diagnostic.code,
            "larger than the limit, 4,194,304 bytes" in diagnostic.message,
        ) == (code, True)
    else:
        assert load(path).counts.params == 5


def test_a_line_of_10_mb_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "line.net"
    path.write_bytes(b"4 > " + b"(" * 10_000_000)
    assert found(path).code == "N401"


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ({"a.net": 'use "a.net"\n4 > fc-1'}, "N116", "a.net -> "),
        ({"a.net": 'use "b.net"\n4 > fc-1', "b.net": 'use "a.net"'}, "N116", "b.net -> "),
        (
            {"a.net": 'use "b.net"\n4 > fc-1', "b.net": 'use "c.net"', "c.net": 'use "b.net"'},
            "N116",
            "in a circle",
        ),
        ({"a.net": 'use "b.net"\n4 > fc-1', "b.net": "def f() = cnov3-4"}, "N101", "cnov3"),
        ({"a.net": 'use "b.net"\n4 > fc-1', "b.net": "def f( = id"}, "N001", "never closed"),
        ({"a.net": 'use "none.net"\n4 > fc-1'}, "N601", "there is no file"),
        ({"a.net": 'use ""\n4 > fc-1'}, "N115", ""),
        ({"a.net": 'use "/etc/hostname"\n4 > fc-1'}, "N115", "relative to this one's folder"),
        ({"a.net": 'use "../secret.net"\n4 > fc-1'}, "N115", "outside the folder"),
        ({"a.net": 'use "in/../../secret.net"\n4 > fc-1'}, "N115", "outside the folder"),
        (
            {"a.net": 'use "in/b.net"\n4 > fc-1', "in/b.net": 'use "../../secret.net"'},
            "N115",
            "outside the folder",
        ),
        ({"a.net": 'use "link.net"\n4 > fc-1'}, "N115", "outside the folder"),
        ({"a.net": 'use "out/secret.net"\n4 > fc-1'}, "N115", "outside the folder"),
        ({"a.net": 'use "in"\n4 > fc-1', "in/b.net": ""}, "N601", "directory"),
        ({"a.net": 'use "C:\\\\x.net"\n4 > fc-1'}, "N115", "relative to this one's folder"),
    ],
)
def test_a_use_that_is_refused(
    files: dict[str, str], code: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.net").write_text("def stolen() = id", encoding="utf-8")
    home = tmp_path / "home"
    (home / "in").mkdir(parents=True)
    os.symlink(tmp_path / "secret.net", home / "link.net")
    os.symlink(tmp_path, home / "out")
    for name, text in files.items():
        (home / name).write_text(text, encoding="utf-8")
    diagnostic = found(home / "a.net")
    assert diagnostic.code == code
    assert words in diagnostic.message, diagnostic.message


def test_uses_that_meet_again_are_not_a_circle_and_each_file_is_taken_in_once(
    tmp_path: Path,
) -> None:
    for i in range(30):
        (tmp_path / f"b{i}.net").write_text(
            f'use "b{i + 1}.net"\nuse "b{i + 1}.net"\ndef f{i}() = f{i + 1}', encoding="utf-8"
        )
    (tmp_path / "b30.net").write_text("def f30() = fc-1", encoding="utf-8")
    (tmp_path / "a.net").write_text('use "b0.net"\n4 > f0', encoding="utf-8")
    assert load(tmp_path / "a.net").counts.params == 5


@pytest.mark.parametrize(("files", "code"), [(50, None), (51, "N405"), (400, "N405")])
def test_a_long_row_of_uses_is_refused(files: int, code: str | None, tmp_path: Path) -> None:
    for i in range(files):
        (tmp_path / f"b{i}.net").write_text(f'use "b{i + 1}.net"\n4 > fc-1', encoding="utf-8")
    (tmp_path / f"b{files}.net").write_text("def f() = fc-1", encoding="utf-8")
    if code:
        assert found(tmp_path / "b0.net").code == code
    else:
        assert load(tmp_path / "b0.net").counts.params == 5

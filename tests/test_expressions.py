"""Expressions: their exact values, and what is not a value."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from netdsl.errors import NetError, Source, Span, fail
from netdsl.expressions import evaluate
from netdsl.limits import DEFAULT_LIMITS, Limits
from netdsl.syntax import parse_text, tree

NAMES = {
    "a": 3,
    "b": Fraction(1, 2),
    "yes": True,
    "no": False,
    "word": "text",
    "in": 64,
    "in.h": 7,
    "shape": object(),
}


def value_of(text: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    (statement,) = parse_text(Source("test", f"param v = {text}"), Limits()).statements
    assert isinstance(statement, tree.Param)

    def lookup(name: str, span: Span) -> Any:
        if name not in NAMES:
            raise fail("N110", f"no {name}", span)
        return NAMES[name]

    return evaluate(statement.value, Source("test", f"param v = {text}"), lookup, limits)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1_000", 1000),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1e-4 * 1e4", 1),
        (".5 + 2.", Fraction(5, 2)),
        ("1/255", Fraction(1, 255)),
        ("6/3", 2),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7.5 // 2", 3),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("10 - 4 - 3", 3),
        ("100 / 10 / 5", 2),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("2 ** -1", Fraction(1, 2)),
        ("(-2) ** 3", -8),
        ("0 ** 0", 1),
        ("--3", 3),
        ("-+-3", 3),
        ("+3", 3),
        ("2 * -3", -6),
        ("9223372036854775807", 2**63 - 1),
        ("1 < 2", True),
        ("2 <= 1", False),
        ("2 <= 2", True),
        ("2 >= 2", True),
        ("2 >= 3", False),
        ("2 < 2", False),
        ("2 > 2", False),
        ("1 ** 3000", 1),
        ("1 == 1.0", True),
        ("1 == yes", False),
        ("0 != no", True),
        ("yes == yes", True),
        ("1 != 2", True),
        ('"a" == "a"', True),
        ('"a" != word', True),
        ("1 + 1 == 2", True),
        ("not 1 > 2", True),
        ("not not yes", True),
        ("not no and no", False),
        ("1 != (yes and no)", True),
        ("yes or no and no", True),
        ("(yes or no) and no", False),
        ("no and 1/0 == 1", False),
        ("yes or 1/0 == 1", True),
        ("no or no or yes", True),
        ("yes and yes and no", False),
        ("no and nothing or yes", True),
        ("if(1 < 2, 3, 1/0)", 3),
        ("if(no, 1/0, if(yes, 4, 1/0))", 4),
        ("if(yes, word, 1)", "text"),
        ("min(3, 1, 2)", 1),
        ("max(3)", 3),
        ("max(b, 1/3)", Fraction(1, 2)),
        ("round(2.5)", 3),
        ("round(-2.5)", -2),
        ("round(2.4)", 2),
        ("ceil(2.1)", 3),
        ("floor(-2.1)", -3),
        ("round8(1.4 * 32)", 48),
        ("round8(1)", 8),
        ("round8(12)", 16),
        ("round8(11)", 16),
        ("round8(1.3 * 32)", 40),
        ("round8(0.75 * 24)", 24),
        ("a * b", Fraction(3, 2)),
        ("in // in.h", 9),
        ("(((((1)))))", 1),
        # Fractions of as many bits as there may be: in what they are made of, and in the result.
        ("(1/2) ** 2047", Fraction(1, 2**2047)),
        ("(1/2) ** 1000 * (1/2) ** 1000", Fraction(1, 2**2000)),
        ("[1, 2][0]", 1),
        ("[1, 2][2 - 1]", 2),
        ("len([[1, 2], [3, 4]])", 2),
        ("sum([1/2, 1/2])", 1),
        ("min([3, 1])", 1),
        ("[1, 2] == [1, 2]", True),
        ("[1, 2] != [1, 3]", True),
    ],
)
def test_a_value(text: str, value: Any) -> None:
    found = value_of(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("1 / 0", "N112", "`/` divides by zero"),
        ("1 // (1 - 1)", "N112", "`//` divides by zero"),
        ("5 % 0", "N112", "`%` divides by zero"),
        ("0 ** -1", "N112", "`**` divides by zero"),
        ("1 + yes", "N111", "`+` requires numbers, not yes"),
        ("word * 2", "N111", '`*` requires numbers, not the string "text"'),
        ("-word", "N111", "`-` requires numbers"),
        ("not 1", "N111", "a condition is yes or no, not 1"),
        ("1 and yes", "N111", "a condition is yes or no, not 1"),
        ("yes and 1", "N111", "a condition is yes or no, not 1"),
        ("if(1, 2, 3)", "N111", "a condition is yes or no, not 1"),
        ("2 ** 0.5", "N111", "an exponent is an integer, not 1/2"),
        ('"a" < "b"', "N111", "`<` requires numbers"),
        ("min(1, word)", "N111", "`min` requires numbers"),
        ("9223372036854775807 + 1", "N404", "larger than the limit, 9,223,372,036,854,775,807"),
        ("2 ** 63", "N404", "larger than the limit"),
        ("9 ** 9 ** 9 ** 9", "N404", "larger than the limit"),
        ("2 ** 10 ** 18", "N404", "larger than the limit"),
        ("1 / 3 ** 4000", "N404", "larger than the limit"),
        ("(1/2) ** 2048", "N404", "larger than the limit"),
        ("(1/2) ** 2049", "N404", "larger than the limit"),
        ("(1/2) ** 2000 * (1/2) ** 2000", "N404", "larger than the limit"),
        ("(3/2) ** 1200 * (3/2) ** 100", "N404", "larger than the limit"),
        ("-9223372036854775807 - 1", "N404", "larger than the limit"),
        ("(1, 2)[2]", "N117", "there is no item 2: (1, 2) has 2 items, counted from 0"),
        ("(1, 2)[-1]", "N117", "there is no item -1"),
        ("[1][1]", "N117", "there is no item 1: [1] has 1 item"),
        ("[1][1/2]", "N111", "an index is an integer, not 1/2"),
        ("[1][yes]", "N111", "an index is an integer, not yes"),
        ("a[0]", "N111", "an index requires a list before it, not 3"),
        ("len(a)", "N111", "`len` requires a list, not 3"),
        ("[1, word]", "N111", ""),
        ("[1, [2]]", "N111", ""),
        ("[shape, 1]", "N111", "a list holds numbers or lists, not a chain or a shape"),
        ("shape + 1", "N111", "`+` requires numbers, not a chain or a shape"),
        ("not no + 1", "N111", "`+` requires numbers, not no"),
        (
            "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20] + 1",
            "N111",
            "not the list (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,",
        ),
        ("[1, 2] + 1", "N111", "`+` requires numbers, not the list"),
        ("min([1], 2)", "N111", "`min` requires numbers, not the list"),
        ("nothing + 1", "N110", "no nothing"),
    ],
)
def test_no_value(text: str, code: str, words: str) -> None:
    with pytest.raises(NetError) as caught:
        value_of(text)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, words in diagnostic.message) == (code, True), diagnostic.message


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("[1, 2][2]", "the last one is [1]"),
        ("[1][-1]", "the last one is [0]"),
        ("if(1, 2, 3)", "compare two values, as in c > 1"),
        ("1 / 0", ""),
    ],
)
def test_the_way_to_a_value(text: str, help: str) -> None:
    with pytest.raises(NetError) as caught:
        value_of(text)
    assert caught.value.diagnostics[0].help == help


@pytest.mark.parametrize("function", ["min", "max"])
def test_functions_of_up_to_64_values(function: str) -> None:
    numbers = [str(number) for number in range(1, 66)]
    expected = {"min": 1, "max": 64}[function]
    assert value_of(f"{function}({', '.join(numbers[:64])})") == expected
    (found,) = parse_text(
        Source("test", f"param v = {function}({', '.join(numbers)})"), Limits()
    ).diagnostics
    assert found.message == f"`{function}` requires 1 to 64 values, not 65"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("1 + 2 / 0 + 3", "2 / 0"),
        ("1 + 0 ** -1", "0 ** -1"),
        ("1 + word * 2", "word * 2"),
        ("1 + (-word)", "-word"),
        ("if(a, 2, 3)", "a"),
        ("1 + 2 ** 0.5", "2 ** 0.5"),
        ("2 ** 63 + 1", "2 ** 63"),
        ("nothing + 1", "nothing"),
        ("a + a[0]", "a[0]"),
        ("a + [1][1]", "[1][1]"),
        ("a + [1][yes]", "[1][yes]"),
        ("a + len(a)", "len(a)"),
        ("len([1, word, 2])", "[1, word, 2]"),
        ("len([shape, 2])", "[shape, 2]"),
        ("len([1, [2], 3])", "[1, [2], 3]"),
        ("len([1, 2, 3, 4]) + 1", "[1, 2, 3, 4]"),
    ],
)
def test_where_there_is_no_value(text: str, part: str) -> None:
    with pytest.raises(NetError) as caught:
        value_of(text, Limits()._replace(numbers=3))
    (diagnostic,) = caught.value.diagnostics
    span = diagnostic.span
    assert span is not None
    assert span.source.text[span.start : span.end] == part

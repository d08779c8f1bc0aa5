"""`expect`: facts, compared with what the graph gives."""

from __future__ import annotations

import pytest
from support.networks import check, codes, only


def test_facts_are_not_looked_at_with_params_from_outside() -> None:
    text = "param c = 3\n8x8x2 > conv1-{c}\nexpect params = 9\nexpect output = 8x8x{c}"
    assert not check(text).diagnostics
    assert not check(text, params={"c": 4}).diagnostics
    assert codes(text.replace("= 9", "= 10")) == ["N301"]


EXPECTED = [
    (
        "8x8x3 > conv3-4 > gap > fc-2",
        {"params": 122, "total": 122, "weights": 116, "macs": 6920, "depth": 2},
    ),
    (
        "8x8x3 > conv3-4(bn) > gap",
        {"params": 116, "total": 124, "weights": 108, "macs": 6912, "depth": 1},
    ),
    ("8x8x3 > sep3-4 > gap > dense-3", {"depth": 3, "params": 58}),
    ("8x8x4 > add[ conv1-4 x3 | conv1-4 ] > dw3 > tconv2-1/2", {"depth": 5}),
    ("8x8x4 > res(conv3-6/2) > gap > fc-2", {"depth": 2}),
    ("8x8x4 > res(conv3-6/2 > conv3-6) > gap > fc-2", {"depth": 3}),
    ("8x8x3 > bn > pool > gap", {"depth": 0, "weights": 0, "macs": 0, "params": 6, "total": 12}),
    ("8x8x3 > local3-2(pad=0)", {"depth": 1, "params": 36 * (27 * 2 + 2), "weights": 36 * 54}),
]


@pytest.mark.parametrize(("text", "facts"), EXPECTED)
def test_facts(text: str, facts: dict[str, int]) -> None:
    held = "".join(f"\nexpect {name} = {value:_}" for name, value in facts.items())
    assert not [d for d in check(text + held).diagnostics if d.code.startswith("N")]
    for name, value in facts.items():
        found = [
            d for d in check(f"{text}\nexpect {name} = {value + 7}").diagnostics if d.code == "N301"
        ]
        assert len(found) == 1
        assert f"{name} is {value:,}, not {value + 7} (-7)" in found[0].message
        assert found[0].help == f"expect {name} = {value:_}"


def test_facts_about_shapes() -> None:
    text = "param c = 4\n8x8x3 > conv3-{c} as a > (pool as p) x2\n"
    assert not [
        d
        for d in check(
            f"{text}expect output = 2x2x4\nexpect @a = 8x8x{{c}}\nexpect @p.0 = 4x4x4"
        ).diagnostics
        if d.severity == "error"
    ]
    for wrong, says in (
        ("expect output = 2x2x5", "output is 2x2x4, not 2x2x5"),
        ("expect output = 16", "output is 2x2x4, not 16"),
        ("expect @a = 8x8x{c + 1}", "@a is 8x8x4, not 8x8x5"),
        ("expect @p.1 = 4x4x4", "@p.1 is 2x2x4, not 4x4x4"),
    ):
        found = [d for d in check(text + wrong).diagnostics if d.severity == "error"]
        assert [d.code for d in found] == ["N301"]
        assert says in found[0].message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("8 > fc-2\nexpect parms = 18", "N302"),
        ("8 > fc-2\nexpect @b = 2", "N101"),
        ("8 > fc-2\nexpect params = {w}", "N110"),
        ("8 > fc-2 as a\n@input > fc-3 as b\nexpect output = 2", "N302"),
    ],
)
def test_facts_that_there_are_not(text: str, code: str) -> None:
    assert [d.code for d in check(text).diagnostics if d.severity == "error"] == [code]


@pytest.mark.parametrize("stated", ["3x4", "{18 / 4}"])
def test_a_number_that_is_not_an_integer_is_not_subtracted(stated: str) -> None:
    found = check(f"8 > fc-2\nexpect params = {stated}").diagnostics
    assert [one.code for one in found] == ["N301"]
    assert found[0].message.startswith("params is 18, not ")
    assert not found[0].message.endswith(")")


@pytest.mark.parametrize(("value", "said"), [("yes", "yes"), ('"x"', "x"), ("(1, 2)", "(1, 2)")])
@pytest.mark.parametrize("fact", ["@a", "output", "params"])
def test_a_fact_is_compared_with_numbers_alone(value: str, said: str, fact: str) -> None:
    """Yes is 1 in Python, and not in a network."""
    found = check(f"param w = {value}\n1 > relu as a\nexpect {fact} = {{w}}").diagnostics
    assert [(one.code, one.message) for one in found if one.code == "N301"] == [
        ("N301", f"{said} is not a number: facts and shapes are compared with numbers")
    ]


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (
            "1 > relu as a\nexpect @a = 3",
            "the shape of @a is 1, not 3",
            "expect @a = 1; a number that comes out is in brackets: expect @a = [3]",
        ),
        (
            "3 > relu as a\nexpect @a = {1/2}",
            "the shape of @a is 3, not 1/2",
            "expect @a = 3; a number that comes out is in brackets: expect @a = [1/2]",
        ),
        ("3 > relu as a\nexpect @a = 1", "@a is 3, not 1", "expect @a = 3"),
        ("3 > relu as a\nexpect @a = 0x3", "@a is 3, not 0x3", "expect @a = 3"),
    ],
)
def test_a_shape_that_may_be_meant_as_a_value(text: str, message: str, help: str) -> None:
    found = only(text, "N301")
    assert (found.message, found.help) == (message, help)


def test_facts_of_a_text_with_mistakes_are_not_compared() -> None:
    assert codes("8 > pol as a\nexpect params = 3\nexpect output = 3\nexpect @a = 3") == ["N101"]


def test_points_of_a_statement_with_a_mistake_are_not_said_to_be_unknown() -> None:
    assert codes("8 > > (fc-3 as a) x2\nexpect @a.0 = 3\nexpect @b.a = 3") == ["N003", "N101"]

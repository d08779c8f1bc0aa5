"""What looks like something else than it is: flows that are not outputs, branches that add their
input, definitions that continue, shared pieces that differ, facts that are not known.
"""

from __future__ import annotations

import pytest
from support.networks import check, codes, only

IDLE = "input 28x28x1\n> conv3-16(relu) as a > conv3-16 > gap > softmax-10\n"


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ("@a > id as aux", ["W720"]),
        ("@a", ["W720"]),
        ("@a > when(no, conv3-8) as aux", ["W720"]),
        ("@a > (conv3-8) x0", ["W720"]),
        ("@a > linear as aux", []),
        ("@a > flatten", []),
    ],
)
def test_a_flow_without_a_layer_is_not_an_output(flow: str, expected: list[str]) -> None:
    checked = check(IDLE + flow)
    assert [each.code for each in checked.diagnostics] == expected
    assert len(checked.networks[0].outputs) == 2 - len(expected)


def test_other_names_that_are_never_used_are_reported_with_it() -> None:
    found = check("8 > fc-4 as a > fc-3 as c > fc-2\n@a as b\n@a > fc-5 as d > fc-2").diagnostics
    assert [(each.code, each.span and each.span.text) for each in found] == [
        ("W703", "c"),
        ("W720", "@a as b"),
        ("W703", "d"),
    ]


def test_an_end_may_be_named_by_a_flow_of_its_own() -> None:
    assert codes("input 8\n> fc-4 > fc-2 as a\n@a") == []


@pytest.mark.parametrize(
    ("branches", "expected"),
    [
        ("conv3-8 | when(no, conv1-8)", ["W722"]),
        ("conv3-8 | when(no, conv1-8) > when(no, conv3-8)", ["W722"]),
        ("conv3-8 | when(no, conv1-8, id)", []),
        ("conv3-8 | when(yes, conv1-8)", []),
        ("conv3-8 | when(no, conv1-8) > conv1-4", []),
        ("conv3-8 | id", []),
    ],
)
def test_a_when_that_adds_its_input_to_a_concatenation(branches: str, expected: list[str]) -> None:
    assert codes(f"8x8x4 > [ {branches} ] > gap > fc-2") == expected


def test_a_when_in_a_sum_adds_nothing_of_its_own() -> None:
    assert codes("8x8x4 > add[ conv3-4 | when(no, conv1-4) ] > gap > fc-2") == []


@pytest.mark.parametrize("definition", ["def f(c) = conv3-{c}", "let f = conv3-8"])
def test_a_definition_between_an_input_and_its_flow(definition: str) -> None:
    found = only(f"input 8x8x3\n{definition}\n> gap > fc-10", "N212")
    assert "continues `f`" in found.message
    assert found.notes[0].message == "defined here"
    assert "before the input" in found.help


def test_a_definition_in_a_flow_that_reaches_an_output() -> None:
    found = only("8x8x3 > conv3-4\ndef f(c) = conv3-{c}\n\n# on\n> gap > fc-10", "W712")
    assert found.message == "the block `f` is never used, and the `>` below continues it"
    assert found.help == "define `f` before the flow if that `>` is the flow's"
    found = only("input 8\n> fc-4\nlet f = fc-3\n> fc-2", "W712")
    assert found.message == "the shared piece `f` is never used, and the `>` below continues it"


@pytest.mark.parametrize(
    "text", ["8 > fc-4\ndef f(c) =\n  fc-{c}\n  > relu", "def f() = fc-4\n> relu\n8 > fc-4"]
)
def test_a_definition_of_several_lines_that_is_never_used(text: str) -> None:
    assert only(text, "W712").message == "the block `f` is never used"


def test_a_shared_piece_in_its_own_definition() -> None:
    found = only("let f = fc-3 > f\n8 > f > fc-2", "N101")
    assert (
        found.help == "a shared piece is not part of itself: define it before the flow that uses it"
    )


@pytest.mark.parametrize(
    "text",
    [
        "input 8\nlet f = fc-3\n> f > fc-2",
        "input 8\n> fc-4\nlet f = fc-3\n> f > fc-2",
        "input x: 8\nlet f = fc-3\n\n# on\n  > fc-2 > f",
        "8 > fc-4\nlet f = fc-3\n> f > fc-2",
    ],
)
def test_a_shared_piece_that_a_flow_was_meant_to_use(text: str) -> None:
    found = only(text, "N101")
    assert found.message == "there is no layer or block `f`"
    assert found.help == "this `>` continues `let f`: put the `let` before the input or the flow"


@pytest.mark.parametrize("statement", ["param w = 4", "default fc(tanh)", "expect @a = 4"])
def test_a_statement_in_a_flow(statement: str) -> None:
    found = only(f"8 > fc-4 as a\n{statement}\n> fc-2", "N003")
    word = statement.split()[0]
    assert found.help.startswith(f"put the `{word}` statement before the flow, or begin the flow")


@pytest.mark.parametrize(
    ("text", "difference"),
    [
        ("let s = fc-3\n8 > s > fc-4 > s", "the kernel of `fc-3` is 4x3 here and 8x3 at"),
        ("let s = conv3-4\n8x8x4 > s > conv3-5 > s", "3x3x5x4 here and 3x3x4x4 at"),
        (
            "let s = when(in.h > 4, conv3-4(bias=no), conv3-4)\n8x8x4 > s > pool > s",
            "`bias` of `conv3-4` is yes here and no at its first use",
        ),
        (
            "let s = when(in > 4, lrelu(0.2), lrelu(0.3))\n8 > s > fc-3 > s",
            "`slope` of `lrelu` is 0.3 here and 0.2 at its first use",
        ),
        (
            "let s = when(in.h > 4, pool2, pool4)\n8x8x4 > s > s",
            "it has `pool4/4` here and `pool2/2` at its first use",
        ),
        (
            "let s = when(in > 4, relu, tanh)\n8 > s > fc-3 > s",
            "it has `tanh` here and `relu` at its first use",
        ),
        (
            "let s = when(in > 4, add[ id | id ], add[ id | id | id ])\n8 > s > fc-3 > s",
            "the input of `add` is 3 and 3 and 3 here and 8 and 8 at its first use",
        ),
        ("let s = gap > fc-4\n8x8x4 > [ s | conv3-6 > s ]", "the kernel of `fc-4` is 6x4 here"),
        ("let s = conv3-{in} > when(in > 4, bn)\n8x8x4 > s > conv3-8 > s", "8x8 here and 3x3x4x4"),
    ],
)
def test_what_differs_between_uses_of_a_shared_piece(text: str, difference: str) -> None:
    assert difference in only(text, "N214").message


@pytest.mark.parametrize("text", ["8 > fcc-3", "8 > fc-3\nx y", "8 > conv3-8"])
def test_unknown_facts_are_reported_with_other_errors(text: str) -> None:
    found = codes(f"{text}\nexpect parms = 3")
    assert len(found) == 2
    assert "N302" in found
    assert len(codes(f"{text}\nexpect params = 3")) == 1


def test_a_number_is_not_a_condition() -> None:
    found = only("param t = 1\n8x8x4 > when(t, conv3-4) > gap", "N111")
    assert found.help == "write when(t > 0, ...), or yes or no"


@pytest.mark.parametrize(
    "text",
    [
        "3x15x16 > conv3-8 > gap",
        "3x16x15 > conv3-8 > gap",
        "2x16x16 > conv3-8 > gap",
        "4x16x16 > conv3-8 > gap",
        "3x16x16 > fc-8",
        "3x16x16 > dense-8 > conv3-4 > gap",
        "input seq: 28x28 > conv3-8 > gap",
        "28x28 > fc-3",
        "28x28 > dense-8 > conv3-8 > gap",
        "8x9 > conv3-4 > gap",
        "16x16 of int(5) > embed-4 > conv3-4 > gap",
    ],
)
def test_an_input_that_is_most_likely_meant_as_it_is_written(text: str) -> None:
    assert not {"W707", "W708"} & set(codes(text))

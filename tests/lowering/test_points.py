"""Named points: what references lead to, and names that nothing refers to."""

from __future__ import annotations

import pytest
from support.networks import check, codes, only, read, steps

REFERENCES = [
    ("8x8x3 > conv1-4 as a > conv1-5\n@a > conv1-6", "8x8x3 conv1-4 relu conv1-5 conv1-6<2>"),
    ("8x8x3 > conv1-4 > relu as a > conv1-5\n[ @a | @input ] > conv1-6",
     "8x8x3 conv1-4 relu conv1-5 concat<2,0> conv1-6"),
    ("def b() = conv1-4 > relu as mid > conv1-5 > relu\n8x8x3 > b as u > gap\n@u.mid > gmp",
     "8x8x3 conv1-4 relu conv1-5 relu gap gmp<2>"),
    ("def b() = conv1-4 > relu as mid > conv1-5 > relu\ndef c() = b as v > bn\n"
    "8x8x3 > c as u > gap\n@u.v.mid > gmp",
     "8x8x3 conv1-4 relu conv1-5 relu bn gap gmp<2>"),
    ("8x8x3 > (conv1-4 > relu as p) x3 > gap\n@p.0 > gmp\n[ @p.1 | @p.2 ] > gmp",
     "8x8x3 conv1-4 relu conv1-4 relu conv1-4 relu gap gmp<2> concat<4,6> gmp"),
    ("8 > ((fc-3 as a) x2 > fc-8) x2\n[ @a.* ] > fc-1",
     "8 fc-3 relu fc-3 relu fc-8 relu fc-3 relu fc-3 relu fc-8 concat<2,4,8,10> fc-1"),
    ("8x8x3 > (conv1-4 > relu as p) x3 > gap\nadd[ @p.* ] > gmp",
     "8x8x3 conv1-4 relu conv1-4 relu conv1-4 relu gap add<2,4,6> gmp"),
    ("8x8x3 > conv1-4(relu) x3 as p > gap\n@p > gmp",
     "8x8x3 conv1-4 relu conv1-4 relu conv1-4 relu gap gmp<6>"),
    ("def b() = conv1-4(relu) as q\n8x8x3 > (b as u) x2 > gap\nadd[ @u.0.q | @u.1.q ] > gmp",
     "8x8x3 conv1-4 relu conv1-4 relu gap add<2,4> gmp"),
    ("def b() = conv1-4(relu) as q > [ id | @q ]\n8x8x3 > b > b",
     "8x8x3 conv1-4 relu concat<2,2> conv1-4 relu concat<5,5>"),
    ("8x8x3 > [ conv1-4 as a > conv1-4 | @a > conv1-5 ] > gap",
     "8x8x3 conv1-4 relu conv1-4 relu conv1-5<2> relu concat<4,6> gap"),
    ("8x8x3 > ((conv1-4(relu) as p) x2 > pool) x2 > gap\n@p.0.1 > gap\n[ @p.1.* ] > gap",
     "8x8x3 conv1-4 relu conv1-4 relu pool2/2 conv1-4 relu conv1-4 relu pool2/2 gap gap<4> "
     "concat<7,9> gap"),
    ("input a: 4\ninput b: 4\n[ @a | @b ] > fc-2", "4 4 concat<0,1> fc-2"),
    ("input a: 4 > fc-3(relu) as h\ninput b: 4 > fc-3(relu) as g\nsub[ @h | @g ] > abs",
     "4 fc-3 relu 4 fc-3 relu sub<2,5> abs"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REFERENCES)
def test_references(text: str, expected: str) -> None:
    assert steps(read(text)) == expected


REFERENCES_REFUSED = [
    ("8x8x3 > conv1-4 as a > conv1-5 as a", "N104", "used twice"),
    ("8x8x3 > conv1-4 as input > conv1-5", "N104", "used twice"),
    ("8x8x3 > conv1-4 as a > conv1-5\n@b > conv1-6", "N101", "`@b` refers to nothing"),
    ("8x8x3 > conv1-5 > [ id | @a ] > conv1-4 as a", "N101", "nothing before it"),
    ("8x8x3 > conv1-4 as a > @a", "N109", "begins a chain"),
    ("8x8x3 > (conv1-4 as a) x2\n@a > conv1-5", "N109", "each iteration has its own"),
    ("8x8x3 > (conv1-4 as a) x2 > conv1-4\n@a.2 > conv1-5", "N101", "refers to nothing"),
    ("8x8x3 > conv1-4 as a > conv1-4\n[ @a.* ] > conv1-5", "N109", "not in a repeat"),
    ("8x8x3 > (conv1-4 as a) x2 > conv1-4\n@a.*", "N109", "one point for each iteration"),
    ("8x8x3 > (conv1-4 as a) x2 > conv1-4\n(@a.* > bn) > gap", "N109", "one point for each"),
    ("8x8x3 > conv1-4 as a > conv1-4\n@a x2 > conv1-5", "N109", "a reference has no repeat"),
    ("def b() = conv1-4 as q > bn\n8x8x3 > b\n@q > conv1-5", "N101", "refers to nothing"),
    ("8x8x3 > (conv1-4 as a) x2 > conv1-4 as a", "N104", "used twice"),
    ("input a: 8\ninput a: 8\n[ @a ] > fc-2", "N104", "second input"),
    ("input 8\ninput 8\n@input > fc-2", "N104", "second input"),
    ("input a: 8\ninput b: 8\n@a > fc-2", "N212", "`b` reaches no output"),
    ("input 8x8x3\nconv1-4", "N209", "no input here"),
    ("8 > fc-4 > [ add[ ] ]", None, ""),
    ("net a", "N211", "no input"),
]


@pytest.mark.parametrize(("text", "code", "says"), REFERENCES_REFUSED)
def test_what_references_refuse(text: str, code: str | None, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert errors
    assert code is None or [d.code for d in errors] == [code], errors
    assert says in errors[0].message


def test_points_are_known_from_outside() -> None:
    network = read("def b() = conv1-4 as q > bn\n8x8x3 > b as u > (conv1-5 as p) x2 > gap as end")
    shapes = {name: network.graph.ops[at].shape for name, at in network.graph.points.items()}
    assert shapes == {
        "input": (8, 8, 3),
        "u": (8, 8, 4),
        "u.q": (8, 8, 4),
        "p.0": (8, 8, 5),
        "p.1": (8, 8, 5),
        "end": (5,),
    }


def test_a_name_of_a_block_that_a_repeat_uses_again_is_named_as_it_was_written() -> None:
    found = only("def f() = fc-3 as a > fc-3\n4 > f as e > (f as e) x2", "N104")
    assert found.message == "the name `e` is used twice"
    assert [note.message for note in found.notes] == ["first used here"]


UNUSED = [
    ("8x8x3 > conv3-4 as a > gap", ["W703"]),
    ("8x8x3 > conv3-4 > gap as a", []),
    ("8 > fc-2 as code > fc-8", []),
    ("def b() = fc-2 as code > fc-8\n8 > b", ["W703"]),
    ("8x8x3 > conv3-4 as a > gap\nexpect @a = 8x8x4", []),
    ("8x8x3 > conv3-4 as a > gap\n@a > gmp", []),
    ("8x8x3 > (conv3-4 as a) x2 > gap\nadd[ @a.* ] > gmp", []),
    ("def b() = conv3-4 as q > bn\n8x8x3 > b as u > gap\n@u.q > gmp", []),
    ("def b() = conv3-4 as q > bn\n8x8x3 > b as u > gap", ["W703", "W703"]),
]


@pytest.mark.parametrize(("text", "expected"), UNUSED)
def test_names_that_are_never_used(text: str, expected: list[str]) -> None:
    assert [code for code in codes(text) if code == "W703"] == expected

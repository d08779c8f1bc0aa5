"""Several alike, side by side: branches `|4`, inputs `|26`, flows of `@name.*`; and `none`, a
branch that is left out.
"""

from __future__ import annotations

import pytest
from support.networks import check, codes, read, steps
from support.written import written_out_again

from netdsl.graph import shapes_text

SAME = [
    ("8x8x3 > add[ (conv3-4 > bn) |3 ]",
     "8x8x3 > add[ conv3-4 > bn | conv3-4 > bn | conv3-4 > bn ]"),
    ("8x8x3 > [ id | conv3-{2 + i} |2 ]", "8x8x3 > [ id | conv3-2 | conv3-3 ]"),
    ("8x8x3 > [ conv3-3 x2 |2 ]", "8x8x3 > [ conv3-3 > conv3-3 | conv3-3 > conv3-3 ]"),
    ("8x8x3 > [ conv3-4 |{1 + 1} | id ]", "8x8x3 > [ conv3-4 | conv3-4 | id ]"),
    ("8x8x3 > [ conv3-4 |1 ]", "8x8x3 > [ conv3-4 ]"),
    ("param n = 2\n8x8x3 > [ conv3-4|{n} ]", "8x8x3 > [ conv3-4 | conv3-4 ]"),
    ("8x8x3 > add[ conv3-4 |2 as b ] > gap\n@b.1 > gap",
     "8x8x3 > add[ conv3-4 | conv3-4 as b ] > gap\n@b > gap"),
    ("8x8x3 > add[ (conv3-4 as f > bn) |2 ] > gap\nadd[ @f.* ] > gap",
     "8x8x3 > add[ conv3-4 as f > bn | conv3-4 as g > bn ] > gap\nadd[ @f | @g ] > gap"),
    ("8x8x3 > add[ ([ conv3-{2 + i} |2 ] > conv1-4) |2 ]",
     "8x8x3 > add[ [ conv3-2 | conv3-3 ] > conv1-4 | [ conv3-2 | conv3-3 ] > conv1-4 ]"),
    ("let e = fc-4(relu)\n8 > add[ e |2 ] > fc-2", "let e = fc-4(relu)\n8 > add[ e | e ] > fc-2"),
    ("def f(i) = fc-{i}\n8 > [ f({i + 1}) |3 ]", "8 > [ fc-1 | fc-2 | fc-3 ]"),
    ("input a: 3 |2 > fc-4 as h\nadd[ @h.* ] > fc-2",
     "input a_0: 3 > fc-4 as g\ninput a_1: 3 > fc-4 as h\nadd[ @g | @h ] > fc-2"),
    ("input a: 3 |2\n[ @a.* > fc-4 | @a.0 ] > fc-2",
     "input a_0: 3\ninput a_1: 3\n[ @a_0 > fc-4 | @a_1 > fc-4 | @a_0 ] > fc-2"),
    ("1 of int(9) |2 > embed-4", "input input_0: 1 of int(9) > embed-4\n"
     "input input_1: 1 of int(9) > embed-4"),
    ("8 > (fc-4 as h) x2 > fc-3\n@h.* > fc-{2 + i}(tanh) as y\n[ @y.* ] > fc-1",
     "8 > fc-4 as g > fc-4 as h > fc-3\n@g > fc-2(tanh) as y\n@h > fc-3(tanh) as z\n"
     "[ @y | @z ] > fc-1"),
    ("8 > (fc-4 as h) x2 > fc-3\n@h.* > fc-2", "8 > fc-4 as g > fc-4 as h > fc-3\n"
     "@g > fc-2\n@h > fc-2"),
]  # fmt: skip


@pytest.mark.parametrize(("short", "long"), SAME)
def test_it_is_what_is_written_out(short: str, long: str) -> None:
    assert steps(read(short)) == steps(read(long))
    assert read(short).counts == read(long).counts


@pytest.mark.parametrize("text", [short for short, _ in SAME])
def test_expand_writes_it_out(text: str) -> None:
    written_out_again(read(text))


def test_layers_and_outputs_are_called_by_their_numbers() -> None:
    network = read("input a: 4 |2 > fc-3 as h\n@h.* > fc-2 as y")
    assert [each.name for each in network.inputs] == ["a_0", "a_1"]
    assert [each.name for each in network.outputs] == ["y_0", "y_1"]
    assert {"h.0", "h.1", "y.0", "y.1", "a.0", "a.1"} <= set(network.graph.points)


def test_many_inputs_are_counted_where_a_network_is_described() -> None:
    network = read("input a: 3\ninput b: 4 |5\n[ @a | @b.* ] > fc-2")
    assert shapes_text(network.inputs) == "3 and 5 times 4"
    assert shapes_text(network.inputs[:4], ", ") == "3, 4, 4, 4"
    assert shapes_text([*network.inputs[:5], *network.inputs[:2]]) == "3 and 4 times 4 and 3 and 4"
    assert "3, 5 times 4 to 2" in repr(network)


REFUSED = [
    ("8 > [ fc-4 |0 ]", "N201", "an integer from 1, not 0"),
    ("8 > [ fc-4 |{1/2} ]", "N111", "the number of branches"),
    ("8 > [ fc-4 |1000000 ]", "N406", "more than 200,000 operations"),
    ("8 > [ id |1000000 ]", "N406", "more than 200,000 operations"),
    ("8 > [ fc-4 x1000 |1000 ]", "N406", "more than 200,000 operations"),
    ("def f() = [ fc-4 |1000 ]\n8 > [ f |1000 ]", "N406", "more than 200,000 operations"),
    ("8 > fc-4 |2 > fc-3", "N109", "follows the one step of a branch"),
    ("8 > [ fc-4 > fc-3 |2 ]", "N109", "follows the one step of a branch"),
    ("8 > [ fc-4 |2 > fc-3 ]", "N109", "follows the one step of a branch"),
    ("8 > (fc-4 |2) > fc-3", "N109", "follows the one step of a branch"),
    ("8 > [ fc-4 | 2 ]", "N003", "follows its `|` without a space"),
    ("8 > [ fc-4 as a |2 ]", "N003", "is written before `as`"),
    ("8 > [ fc-4 |2 x3 ]", "N003", "is written before `|2`"),
    ("input a: 8 |0 > fc-2", "N201", "the number of inputs is an integer from 1"),
    ("input a: 8 |1000000 > fc-2", "N406", "more than 200,000 operations"),
    ("input a: 8 |2 > fc-2\ninput a: 8 > fc-2", None, ""),
    ("input a_1: 8 > fc-2\ninput a: 8 |2 > fc-2", "N104", "called `a_1`"),
    ("8 > (fc-4 as h) x2\n@h.* x2 > fc-2", "N109", "no repeat"),
    ("8 > (fc-4 as h) x2\n@h.* as g > fc-2", "N109", "no further name"),
    ("8 > fc-4 as h > fc-3\n@h.* > fc-2", "N109", "not in a repeat"),
    ("8 > (fc-4 as h) x2\n@h.* > fc-2 as y\n@y > fc-3", "N109", "each iteration has its own"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("text", "code", "says"), REFUSED)
def test_what_it_refuses(text: str, code: str | None, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    if code is not None:
        assert [d.code for d in errors] == [code], errors
        assert says in errors[0].message


NONE = [
    ("8 > add[ fc-8 | none ] > fc-2", "8 > fc-8 > fc-2"),
    ("8 > [ fc-4 | none | fc-3 ]", "8 > [ fc-4 | fc-3 ]"),
    ("8 > [ fc-4 | when(1 > 2, fc-3, none) ] > bn", "8 > fc-4 > bn"),
    ("8 > [ fc-4 | when(1 < 2, fc-3, none) ]", "8 > [ fc-4 | fc-3 ]"),
    ("def b(c) = when(c > 0, fc-{c}, none)\n8 > [ b(0) | b(4) | b(3) ]", "8 > [ fc-4 | fc-3 ]"),
    ("def b(c, f) = [ fc-{c} | f ]\n8 > b(4, none) > b(3, id)",
     "def b(c, f) = [ fc-{c} | f ]\n8 > fc-4 > b(3, id)"),
    ("let e = none\n8 > add[ e | fc-8 ]", "8 > fc-8"),
    ("8 > [ when(i > 0, fc-4, none) |3 ]", "8 > [ fc-4 | fc-4 ]"),
    ("8 > stack[ none | id ]", "8 > stack[ id ]"),
    ("8 > max[ none | none | id ] > fc-2", "8 > fc-2"),
    ("def none(c) = fc-{c}\n8 > none(3)", "8 > fc-3"),
    ("let none = fc-8\n8 > none", "8 > fc-8"),
    ("def f(none) = none > fc-2\n8 > f(fc-3)", "8 > fc-3 > fc-2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "plain"), NONE)
def test_branches_that_are_none(text: str, plain: str) -> None:
    assert steps(read(text)) == steps(read(plain))
    assert read(text).counts == read(plain).counts


NONE_REFUSED = [
    "8 > none",
    "none",
    "8 > none > fc-2",
    "8 > fc-2 > none",
    "8 > none as a > fc-2",
    "8 > res(none)",
    "8 > [ none > fc-2 | id ]",
    "8 > [ none x2 | id ]",
    "8 > [ none as a | id ]",
    "8 > sub[ id | none ]",
    "8 > sub[ id | none | id ]",
    "8x4 > matmul[ id | none ]",
    "8 > dot[ none | id ]",
    "8 > [ none | none ]",
    "8 > add[ none ]",
    "8 > (fc-2 as h) x2\n@h.* > none",
    "let e = none\n8 > e > fc-2",
    "let e = none > fc-2\n8 > [ e | id ]",
    "def b() = none\n8 > b > fc-2",
]


@pytest.mark.parametrize("text", NONE_REFUSED)
def test_where_none_is_refused(text: str) -> None:
    assert codes(text, input_shape=None if text[0] in "8dl" else (8,)) == ["N109"]

"""What cannot fit is counted before it is made, and counting takes no longer than the text is."""

from __future__ import annotations

from typing import Any

import pytest

from netdsl.errors import Source
from netdsl.limits import DEFAULT_LIMITS, Limits
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.defaults import before_relu
from netdsl.lowering.fewest import Least, LeastCounter
from netdsl.lowering.scopes import Scope
from netdsl.reading import Checked, ReadOptions, check_source
from netdsl.syntax import tree


def check(text: str, limits: Limits = DEFAULT_LIMITS) -> Checked:
    return check_source(Source("test", text), ReadOptions(limits=limits), "test")


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the operations that are made."""
    made: list[int] = []
    usual = GraphBuilder._add

    def counted(builder: GraphBuilder, *given: Any) -> int:
        made.append(1)
        return usual(builder, *given)

    monkeypatch.setattr(GraphBuilder, "_add", counted)
    return made


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the pieces of a text that are looked into."""
    seen: list[int] = []
    usual = LeastCounter._of

    def of(counter: LeastCounter, node: Any, inside: Any) -> Any:
        seen.append(1)
        return usual(counter, node, inside)

    monkeypatch.setattr(LeastCounter, "_of", of)
    return seen


def doubled(times: int, first: str, each: str, last: str = "8x8x4 > a{n}") -> str:
    lines = [each.format(i=i, b=i - 1) for i in range(1, times + 1)]
    return "\n".join([first, *lines, last.format(n=times)])


BOMBS = {
    "lets that double": doubled(15, "let a0 = conv1-4", "let a{i} = add[ a{b} | a{b} ]"),
    "lets that double often": doubled(90, "let a0 = conv1-4", "let a{i} = add[ a{b} | a{b} ]"),
    "a block that doubles itself": (
        "def d(n) = when(n > 0, [ d({n-1}) | d({n-1}) ], conv1-1)\n8x8x1 > d(40)"
    ),
    "a block of two counts": (
        "def d(n, m) = when(n > 0 and m > 0, [ d({n-1}, m) | d(n, m={m-1}) ], conv1-1)\n"
        "8x8x1 > d(30, 30)"
    ),
    "a chain that is doubled": "def t(u) = u > u\n8x8x4 > " + "t(" * 40 + "conv1-4" + ")" * 40,
    "a chain that is passed on": (
        "def t(u, n=40) = when(n > 0, t((u > u), {n-1}), u)\n8x8x4 > t(conv1-4)"
    ),
    "residuals that double": doubled(40, "def a0() = conv1-4", "def a{i}() = res(a{b} > a{b})"),
    "blocks that double": doubled(60, "def a0() = conv1-4", "def a{i}() = a{b} > a{b}"),
    "repeats of counts": "param k = 1000\n8x8x3 > ((conv1-3 x{k}) x{k}) x{k}",
    "blocks that make nothing": doubled(40, "def a0() = id", "def a{i}() = a{b} > a{b}"),
}


@pytest.mark.slow
@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_what_doubles_is_refused_before_it_is_made(
    text: str, added: list[int], counted: list[int]
) -> None:
    found = check(text)
    assert [one.code for one in found.diagnostics] == ["N406"]
    assert not added
    assert len(counted) < 10_000


@pytest.mark.parametrize(
    ("text", "operations", "uses"),
    [
        ("8x8x4 > conv1-4 > add[ id | conv1-4 ] x3", 1 + 3 * 2, 0),
        ("def d(n) = when(n > 0, [ d({n-1}) | d({n-1}) ], conv1-1)\n8x8x1 > d(3)", 15, 15),
        ("def t(u) = u > u\n8x8x4 > t(t(conv1-4 > conv1-4))", 8, 3),
        ("let a = conv1-4 > conv1-4\n8x8x4 > a > a", 4, 2),
        ("def f(n=2) = conv1-4 x{n}\n8x8x4 > f > f(5) > f(n=1)", 8, 3),
        ("def f(n) = conv1-4 x{in} > conv1-4 x{n}\n8x8x4 > f(3)", 3, 1),
        ("def f(n) = when(in > 4, conv1-4, conv1-4 > conv1-4)\n8x8x4 > f(3)", 1, 1),
        ("def f(big=no) = when(big, conv1-4 x9, conv1-4)\n8x8x4 > f(yes) > f", 10, 2),
        ("8x8x4 > id > flatten > fc-3", 2, 0),
        ("def f(n) = f({n-1})\n8x8x4 > conv1-4 > when(no, f(3))", 1, 0),
        # What is given goes by its name, else by order past those with names.
        ("def f(n, c=5) = fc-{c} x{n}\n8 > f(n=2, 9) > f(3)", 5, 2),
        ("def f(n=9) = fc-3 x{n} > fc-3\n8 > f({in}) > f(fc-2)", 2, 2),
        ("param n = 4\ndef f(n) = fc-3 x{n} > fc-3\n8 > f", 1, 1),
        ("def f(n) = fc-3 x{n}\ndef g(n, u) = f(n) > u\n8 > g(3, fc-2)", 4, 2),
        ("def f(w) = fc-3 x{w[1]} > relu\n8 > f((7, 4)) > f(({in}, 4))", 6, 2),
        ("param n = 4\ndef f(m={n}, k={m}) = fc-3 x{m} > fc-3 x{k}\n8 > f > f(2) > f(k=1)", 17, 3),
        ("def a(c) = fc-{c} x{c}\ndef two(f) = f(2) > f(3)\n8 > two(a)", 5, 3),
        ("def f(u) = [ u | id ]\n8 > f(fc-3 > fc-3)", 3, 1),
        ("def b() = fc-3 > fc-3\n8 > [ b | id ]", 3, 1),
        ("8 > res(fc-8 > fc-8, act=tanh) > [ res(fc-8) | id ]", 4, 0),
        ("8 > [ fc-3 |3 ] > [ (fc-3 > relu) |4 | id ] > [ fc-3 |{in} | id ]", 14, 0),
        ("def b() = fc-3\n8 > when(in > 4, b > b, fc-2) > when(in > 2, b)", 1, 0),
        ("param n = 2\n8 > when(n > 1, fc-3 > fc-3, fc-2) > when(n > 2, fc-3, fc-2)", 3, 0),
        ("8 > when(yes, fc-3) > when(no, fc-2, fc-3 > fc-3)", 3, 0),
    ],
)
def test_counts(text: str, operations: int, uses: int, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[Least] = []
    usual = LeastCounter.least

    def least(counter: LeastCounter, node: Any, scope: Scope) -> Least:
        found = usual(counter, node, scope)
        if isinstance(node, tree.Chain):
            counts.append(found)
        return found

    monkeypatch.setattr(LeastCounter, "least", least)
    check(text)
    assert counts[0] == Least(operations, uses)


def test_what_depends_on_shapes_ends_at_the_limit(added: list[int]) -> None:
    text = "def d() = when(in > 1, [ d > conv1-{in} | d ], conv1-1)\n8x8x4 > d"
    found = check(text, Limits(uses=100, blocks=20))
    assert {one.code for one in found.diagnostics} <= {"N405", "N406"}
    assert len(added) < 1_000


def test_counting_goes_as_deep_as_blocks_may_be(counted: list[int]) -> None:
    (found,) = check("def f(n) = fc-3 > f({n + 1})\n8 > f(0)", Limits(blocks=20)).diagnostics
    assert found.code == "N405"
    assert len(counted) < 100


def test_what_a_block_is_given_is_counted_before_it_is_repeated(added: list[int]) -> None:
    (found,) = check("def g(u) = u x60\n8x8x4 > g(conv1-4 x4)", Limits(operations=100)).diagnostics
    assert (found.code, found.span.start, found.span.end) == ("N406", 11, 16)  # `u x60`
    assert len(added) <= 1  # the input


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("def f() = fc-3 x300\n8 > f", "fc-3 x300"),
        ("def f() = fc-3 x300\ndef g() = f > relu\n8 > g", "g"),
        ("8 > fc-3 x20 > (fc-2 x300)", "fc-2 x300"),
        ("8 > fc-3 x30 > fc-2 x60", "fc-2 x60"),
        ("8 > add[ fc-3 x300 | id ]", "fc-3 x300"),
    ],
)
def test_what_is_too_large_is_reported_where_it_is_written(text: str, place: str) -> None:
    (found,) = check(text, Limits(operations=100)).diagnostics
    assert (found.code, found.span and found.span.text) == ("N406", place)


def test_each_iteration_has_its_own_number_when_it_is_counted() -> None:
    assert not check("8 > ((fc-8 x{i}) x2) x50 > fc-2", Limits(operations=160)).faulty


def test_blocks_that_make_nothing_are_not_counted() -> None:
    assert not check("def a() = id\n8 > a x5 > fc-2", Limits(uses=3)).faulty


def test_uses_within_the_limit_are_made() -> None:
    text = "def a() = conv1-4\n8x8x4 > a x5"
    assert not check(text, Limits(uses=5)).faulty
    (found,) = check(text, Limits(uses=4)).diagnostics
    assert "more than 4 steps into blocks" in found.message


@pytest.mark.parametrize("text", ["x".join(["1"] * 100_000) + " > relu", "x".join(["2"] * 33)])
def test_an_input_of_many_axes_is_refused(text: str) -> None:
    found = check(text)
    assert [one.code for one in found.diagnostics] == ["N407"]


# --- what is computed once for the whole network --------------------------------------------------


class Kinds:
    """As much of kinds as the rule uses."""

    def __init__(self, group: str = "", relu: bool = False, passes: bool = False) -> None:
        self.group, self.relu_like = group, relu
        self.sums_inputs = self.as_part = False
        self.shape_only = passes


RELU, TANH = Kinds("activation", relu=True), Kinds("activation")
SUM, CONV = Kinds(passes=True), Kinds()


@pytest.mark.parametrize(
    ("kinds", "consumers", "expected"),
    [
        ([CONV, RELU], [[1], []], [True, False]),
        ([CONV, SUM, TANH], [[1], [2], []], [False, False, False]),
        ([CONV, SUM, RELU], [[1], [2], []], [True, True, False]),
        ([CONV, CONV, RELU], [[1], [2], []], [False, True, False]),
        ([CONV, CONV, None, RELU], [[1, 2, 3], [], [], []], [True, False, False, False]),
        ([CONV, SUM, TANH, RELU], [[1, 3], [2], [], []], [True, False, False, False]),
        ([CONV, TANH, RELU], [[1, 2], [], []], [False, False, False]),
        ([CONV, RELU, TANH], [[1, 2], [], []], [True, False, False]),
    ],
)
def test_the_nearest_activation_says_how_a_kernel_begins(
    kinds: Any, consumers: list[list[int]], expected: list[bool]
) -> None:
    assert before_relu(kinds, consumers) == expected


class CountedList(list[Any]):
    """A list that counts how often it is asked."""

    asked = 0

    def __getitem__(self, place: Any) -> Any:
        self.asked += 1
        return super().__getitem__(place)


def test_each_operation_is_looked_at_once() -> None:
    count = 1_000
    consumers = [[at + 1, at + 2] for at in range(count - 2)] + [[count - 1], []]
    kinds = CountedList([SUM] * count)
    before_relu(kinds, consumers)
    assert kinds.asked < 3 * count


# --- many networks, many mistakes -----------------------------------------------------------------


def test_what_networks_share_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from netdsl.lowering import statements

    read: list[str] = []
    usual = statements._lower

    def lower(statement: Any, *given: Any) -> Any:
        read.append(type(statement).__name__)
        return usual(statement, *given)

    monkeypatch.setattr(statements, "_lower", lower)
    shared = "".join(f"def d{i}() = conv1-{i + 1}\n" for i in range(50))
    nets = "".join(f"net n{i}\ndef own() = d{i}\ninput 8x8x4 > own\n" for i in range(50))
    found = check(f"param k = 2\n{shared}{nets}")
    assert not found.faulty
    assert [net.outputs[0].shape[-1] for net in found.networks] == list(range(1, 51))
    assert read.count("Def") == 50 + 50
    assert read.count("Param") == 1


def test_networks_do_not_see_each_others_names() -> None:
    found = check("net a\ndef d() = conv1-2\ninput 4x4x1 > d\nnet b\ninput 4x4x1 > d\n")
    assert [(one.code, one.span and one.span.text) for one in found.diagnostics] == [("N101", "d")]


def test_a_mistake_in_what_is_shared_is_said_once_and_spoils_all() -> None:
    found = check(
        "def d() = foo-2\nnet a\ninput 4 > d\nnet b\ninput 4 > d\nnet c\ninput 4 > fc-2\n"
    )
    assert [one.code for one in found.diagnostics] == ["N101"]
    assert not found.networks


def test_inputs_before_the_first_network_are_each_networks_own() -> None:
    found = check("input 4x4x1\nnet a\n@input > conv1-2\nnet b\n@input > conv1-3\n")
    assert [net.outputs[0].shape for net in found.networks] == [(4, 4, 2), (4, 4, 3)]


def test_the_nearest_word_is_looked_for_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    from netdsl.lowering import hints

    asked: list[str] = []
    usual = hints._meant

    def meant(word: str, scope: Scope) -> str:
        asked.append(word)
        return usual(word, scope)

    monkeypatch.setattr(hints, "_meant", meant)
    found = check("input 4\n" + "".join(f"> foo{i}\n" for i in range(500)))
    assert len(found.diagnostics) == 500
    assert len(asked) == 100


def test_layers_of_one_text_on_other_numbers_of_indices_count_their_own() -> None:
    text = "input a: 1 of int(9)\ninput b: 1 of int(5)\n[ @a > embed-2 | @b > embed-2 ] > fc-3"
    assert check(text).networks[0].counts.params == 9 * 2 + 5 * 2 + 4 * 3 + 3

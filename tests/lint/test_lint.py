"""Warnings: each with the place that it names, what keeps it away, and the comments that silence
it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.messages import messages

from netdsl import parse
from netdsl.errors import Diagnostic, Source
from netdsl.reading import ReadOptions, check_source


def found(text: str, given: ReadOptions | None = None) -> tuple[Diagnostic, ...]:
    return check_source(Source("test.net", text), given or ReadOptions(), "test").diagnostics


def marked(text: str) -> list[str]:
    """The warnings as `code: the text under the caret`."""
    return [f"{d.code}: {d.span.text if d.span else ''}" for d in found(text)]


CASES = [
    # what nothing uses
    ("param width = 8\n32x32x3 > gap > softmax-10", ["W711: width"]),
    ("param width = 8\n32x32x3 > conv3-{width} > gap > softmax-10", []),
    ("param n = 2\n32x32x3 > conv3-8 x{n} > gap > softmax-10", []),
    ("param deep = 2\n32x32x3 > when(deep > 1, conv3-8 > relu) > gap > softmax-10", []),
    ("param c = 8\nparam d = c\n32x32x3 > conv3-{d} > gap > softmax-10", []),
    ("param rate = 0.5\n32x32x3 > gap > dropout(rate) > softmax-10", []),
    ("param rate = 0.5\n32x32x3 > gap > dropout(rate=0.5) > softmax-10", ["W711: rate"]),
    ("param c = 8\ndef f(c) = conv3-{c}\n32x32x3 > f(4) > gap > softmax-10", ["W711: c"]),
    ("param c = 8 # c is the width\n32x32x3 > gap > softmax-10", ["W711: c"]),
    ('param c = 8\n32x32x3 > conv3-{if("c" == "d", 1, 2)} > gap > softmax-10', ["W711: c"]),
    ("param c = 8\n32x32x3 > gap > softmax-10\nexpect output = {c + 2}", []),
    (
        "param c = 8\nnet a\n32x32x3 > conv3-{c} > gap > softmax-10\nnet b\n"
        "32x32x3 > gap > softmax-10",
        [],
    ),
    ("def f(c, s=1) = conv3-{c}\n32x32x3 > f(8) > gap > softmax-10", ["W711: s"]),
    ("def f(c, d={2*c}) = conv3-{d}\n32x32x3 > f(8) > gap > softmax-10", []),
    ("param c = 8\ndef f(d={2*c}) = conv3-{d}\n32x32x3 > f > gap > softmax-10", []),
    ("param c = 8\ndef f(c) = conv3-4\n8x8x3 > f(1) > conv3-{c} > gap", ["W711: c"]),
    ("def f(unit) = unit > unit\n32x32x3 > f(conv3-8) > gap > softmax-10", []),
    ("def f() = conv3-8\n32x32x3 > gap > softmax-10", ["W712: f"]),
    ("def f() = conv3-8\ndef g() = f > f\n32x32x3 > gap > softmax-10", ["W712: g"]),
    ("def f(n) = when(n > 0, f({n - 1}))\n32x32x3 > gap > softmax-10", ["W712: f"]),
    ("def g(u) = u(8)\ndef f(c) = conv3-{c}\n32x32x3 > g(f) > gap > softmax-10", []),
    ("let enc = conv3-8\n32x32x3 > gap > softmax-10", ["W712: enc"]),
    ("32x32x3 > conv3-8 as a > gap > softmax-10", ["W703: a"]),
    ("32x32x3 > conv3-8 > gap > softmax-10 as out", []),
    ("def f() = conv3-8 as a > relu\n32x32x3 > f > gap > softmax-10", ["W703: a"]),
    ("def f() = (conv3-8 as a > relu)\n32x32x3 > f > gap > softmax-10", ["W703: a"]),
    ("def f() = conv3-8(relu) as a > relu > [ id | @a ]\n32x32x3 > f > gap > softmax-10", []),
    ("input 32x32x3\n> (conv3-8(relu) as a) x2 > gap > softmax-10", ["W703: a"]),
    ("input 32x32x3\n> (conv3-8(relu) as a) x2\n> [ @a.* ] > gap > softmax-10", []),
    # layers that do nothing, or not what was meant
    (
        "input 8x8x3\n> conv3-8(relu) as a\n> conv3-4 > [ @a | @a > bn ] > gap > softmax-10",
        ["W713: conv3-4"],
    ),
    ("8x8x3 > gap > softmax-10 > softmax", ["W714: softmax"]),
    ("8x8x3 > gap > softmax-10 > logsoftmax", ["W714: logsoftmax"]),
    ("8x8x3 > gap > softmax-10 > flatten > softmax", ["W714: softmax"]),
    ("8x8x3 > gap > [ softmax-2 | fc-3 ] > softmax", ["W714: softmax"]),
    ("8x8x3 > gap > [ fc-3 | softmax-2 ] > softmax", []),
    ("8x8x3 > gap > fc-10 > softmax", []),
    ("8x8x3 > gap > softmax-8 > softmax-10", []),
    ("8x8x3 > gap > softmax-1", ["W719: softmax-1"]),
    ("8x8x3 > gap > fc-1 > logsoftmax", ["W719: logsoftmax"]),
    ("8x8x3 > conv1-1 > softmax", ["W719: softmax"]),
    ("1x1x4 > softmax", []),
    ("8x8x3 > conv3-4(bias=yes) > bn > relu > gap > softmax-2", ["W715: conv3-4(bias=yes)"]),
    ("8x8x3 > conv3-4(bn, bias=yes) > gap > softmax-2", ["W715: conv3-4(bn, bias=yes)"]),
    (
        "8x8x3 > conv3-4(bias=yes) as a\n[ @a > bn | @a > in ] > gap > softmax-2",
        ["W715: conv3-4(bias=yes)"],
    ),
    ("8x8x3 > conv3-4(bias=yes)", []),
    ("8x8x3 > conv3-4(bias=yes) > ln > relu > gap > softmax-2", []),
    ("8x8x3 > conv3-4 > bn > relu > gap > softmax-2", []),
    ("8x8x3 > conv3-4(bias=no) > bn > relu > gap > softmax-2", []),
    ("input 8x8x3\n> conv3-4(bias=yes, act=none) as a > bn\n> [ id | @a ] > gap > softmax-2", []),
    ("8x8x3 > gap > softmax-2 > dropout(0.5)", ["W716: dropout(0.5)"]),
    ("8x8x3 > gap > fc-2 > dropout(0.5) > softmax", ["W716: dropout(0.5)"]),
    ("8x8x3 > gap > dropout(0.5) > softmax-2", []),
    ("8x8x3 > gap > dropout(0.5) as a > fc-2 as b\noutput @a, @b", []),
    ("8192x8192x3 > conv3-4 > gap > softmax-2", []),
    ("8192x8192x3 > conv3-5 > gap > softmax-2", ["W717: conv3-5"]),
    # comments that silence
    ("param width = 8 # netdsl: ignore W711\n32x32x3 > gap > softmax-10", []),
    ("param width = 8 # kept # netdsl: ignore W711\n32x32x3 > gap > softmax-10", []),
    ("29x29x3 > conv3-8 as a > pool > gap > softmax-10 # netdsl: ignore W701, W703", []),
    (
        "param w = 8 # netdsl: ignore W701\n8x8x3 > gap > fc-2",
        ["W711: w", "W718: # netdsl: ignore W701"],
    ),
    (
        "param w = 8 # kept # netdsl: ignore W701\n8x8x3 > gap > fc-2",
        ["W711: w", "W718: # netdsl: ignore W701"],
    ),
    (
        "param w = 8 # netdsl: ignore W711, W701\n8x8x3 > gap > fc-2",
        ["W718: # netdsl: ignore W711, W701"],
    ),
    (
        "def f() = conv3-4(bias=yes) > bn\n8x8x3 > f > gap > fc-2 # netdsl: ignore W715",
        ["W715: conv3-4(bias=yes)", "W718: # netdsl: ignore W715"],
    ),
    ("8x8x3 > gap > fc-2 # netdsl: ignore", ["W718: # netdsl: ignore"]),
    ("8x8x3 > gap > fc-2 # netdsl: ignore N204", ["W718: # netdsl: ignore N204"]),
    ('param w = "# netdsl: ignore W701"\n8x8x3 > when(w == "a", conv3-4 > relu) > gap > fc-2', []),
    # an error is reported with what was found up to it, and nothing seems unused because of it
    ("param width = 8\n32x32x3 > conv3-{widht} > gap > softmax-10", ["N110: widht"]),
    ("8x8x3 > conv9-4(pad=0) > gap > fc-2 # netdsl: ignore N204", ["N204: conv9-4(pad=0)"]),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_warnings_with_their_places(text: str, expected: list[str]) -> None:
    assert marked(text) == expected


def test_every_message_says_how_to_fix_it() -> None:
    for text, _ in CASES:
        for diagnostic in found(text):
            assert diagnostic.help, diagnostic


def test_whole_messages(golden: Callable[[Path, str], None]) -> None:
    path = Path(__file__).parents[1] / "golden" / "errors" / "warnings.txt"
    golden(path, messages(text for text, _ in CASES))


def test_messages_come_in_the_order_of_their_places() -> None:
    """Of the network and of the text alike."""
    text = "def f() = conv3-8\n8x8x3 > conv3-4 as a > gap > softmax-2\nparam c = 1\nlet g = pool"
    assert marked(text) == ["W712: f", "W703: a", "W711: c", "W712: g"]


def test_mistakes_next_to_a_broken_statement_are_reported() -> None:
    """But not what may follow from it: points that are missing, or not used."""
    broken = "def f() = pool >\n"
    assert [one.code for one in found(f"{broken}8x8x3 > convv3-4 > gap")] == ["N003", "N101"]
    assert [one.code for one in found(f"{broken}8x8x3 > conv3-4 as a > gap")] == ["N003"]
    assert [one.code for one in found("net a\n8x8x3 > pool >")] == ["N003"]


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("param width = 8\n8x8x3 > conv3-{width}", "did you mean `width`?"),
        ("param c = 8\nparam b = 1\n8x8x3 > conv3-{b*c}", "its params are b, c"),
        ("8x8x3 > conv3-8", "it has no params"),
    ],
)
def test_a_param_from_outside_that_no_network_has(text: str, help: str) -> None:
    (one,) = found(text, ReadOptions(params={"zoom": 2, "widht": 4}))
    assert (one.code, one.help) == ("N108", help)
    assert one.message == "test.net has no param `widht`"
    several = f"net a\n{text}\nnet b\nparam widht = 2\n8 > fc-{{widht}}"
    assert not found(several, ReadOptions(params={"widht": 4}))
    broken = [each.code for each in found(f"{text} >", ReadOptions(params={"widht": 4}))]
    assert broken == ["N003"]


def test_a_param_whose_statement_is_faulty_is_not_unknown() -> None:
    text = "param n = m\n8 > fc-{n}"
    assert [each.code for each in found(text, ReadOptions(params={"n": 3}))] == ["N110"]


def test_a_fragment_may_end_in_dropout() -> None:
    assert not found("conv3-8 > relu > dropout(0.5)", ReadOptions(input_shape=(8, 8, 3)))


def test_idle_comments_are_not_reported_under_other_params() -> None:
    text = "param n = 29\n{n}x{n}x3 > pool > conv3-8 > gap > fc-2 # netdsl: ignore W701"
    assert not found(text)
    assert not found(text, ReadOptions(params={"n": 28}))


def test_silenced_warnings_are_not_the_networks() -> None:
    assert [w.code for w in parse("29x29x3 > pool > gap > fc-2").warnings] == ["W701"]
    assert not parse("29x29x3 > pool > gap > fc-2 # netdsl: ignore W701").warnings


def test_a_block_warns_once_and_shows_a_use() -> None:
    text = (
        "def f() = pool > conv3-4(bias=yes) > bn\n"
        "29x29x3 > f > pad((0,1,0,1)) > f > relu > gap > fc-2"
    )
    diagnostics = found(text)
    assert [d.code for d in diagnostics] == ["W701", "W715"]
    assert all(d.message.endswith("(and 1 more use)") for d in diagnostics)
    assert [d.notes[0].span.text for d in diagnostics] == ["f", "f"]


def test_written_out_defaults_ask_for_no_bias() -> None:
    """`netdsl expand` writes `bias=yes` where it is the default: nobody asked for that bias."""
    network = parse("8x8x3 > conv3-4 > bn > relu > gap > fc-2")
    text = network.graph.written(network.graph.layers[1])
    assert "bias=yes" in text
    assert not found(f"8x8x3 > {text} > bn > relu > gap > fc-2")

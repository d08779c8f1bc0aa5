"""What a piece of text sees: names up to its place, points around it, the uses that led to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdsl.errors import Source, Span
from netdsl.lowering.scopes import SHOWN_USES, NamesView, Points, Scope


@pytest.mark.slow
@given(st.lists(st.text(max_size=3), unique=True, max_size=12))
def test_a_view_holds_what_a_copy_would(names: list[str]) -> None:
    view, copy = NamesView(), dict[str, int]()
    views, copies = [view], [dict(copy)]
    for value, name in enumerate(names):
        view = view.followed_by(name, value)
        copy[name] = value
        views.append(view)
        copies.append(dict(copy))
    for seen, expected in zip(views, copies, strict=True):  # later names change no earlier view
        assert dict(seen) == expected
        assert list(seen) == list(expected)
        assert len(seen) == len(expected)
        assert [name in seen for name in names] == [name in expected for name in names]


def test_a_block_sees_itself() -> None:
    before = NamesView().followed_by("earlier", 1)
    after = before.followed_by("itself", 2)
    assert dict(before.with_next()) == dict(after) == {"earlier": 1, "itself": 2}


def test_points_of_a_pass_are_seen_from_inside_out() -> None:
    network = Points()
    network.names["a"], network.names["b"] = 1, 2
    inner = Points("u_", network)
    inner.names["a"] = 3
    assert inner.holder("a") is inner
    assert inner.holder("b") is network
    assert inner.holder("c") is None
    assert inner.known() == ["a", "b"]


def test_layers_are_counted_through_the_passes_of_a_repeat() -> None:
    network = Points("block_")
    first, second = Points("block_", network), Points("block_", network)
    assert first.layer_name("conv") == "block_conv_1"
    assert second.layer_name("conv") == "block_conv_2"
    assert network.layer_name("conv") == "block_conv_3"
    assert network.layer_name("bn") == "block_bn_1"


def test_messages_show_the_innermost_uses_first() -> None:
    source = Source("test", "abcdef")
    scope = Scope(source, NamesView(), NamesView(), {}, Points(), set())
    for at in range(5):
        scope = scope.inside(scope, f"use{at}", Span(source, at, at + 1), at)
    assert [note.span.text for note in scope.notes()] == ["e", "d", "c"]
    assert len(scope.notes()) == SHOWN_USES
    assert scope.path == ("use0", "use1", "use2", "use3", "use4")
    assert scope.points.layer_name("conv") == "use4_conv_1"

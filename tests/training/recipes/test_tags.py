"""Tags say how another program is to read a value: a recipe has none."""

from __future__ import annotations

import pytest

from netdsl.errors import NetError
from netdsl.training.recipes.recipe import parse_recipe


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("epochs: !many 3", "!many"),
        ("epochs: !!python/name:os.system 3", "!!python/name:os.system"),
        ("epochs: !!int 3", "!!int"),
        ("!recipe {epochs: 3}", "!recipe"),
        ("data: !!map {source: digits}", "!!map"),
        ("freeze: [a, !x b]", "!x"),
        ("epochs: &a !n 3", "!n"),
        ("!k epochs: 3", "!k"),
    ],
)
def test_a_tag_is_refused_at_its_place(text: str, tag: str) -> None:
    with pytest.raises(NetError) as caught:
        parse_recipe(text)
    (found,) = caught.value.diagnostics
    assert found.code == "N501"
    assert found.span is not None
    assert found.span.text == tag


def test_what_only_looks_like_a_tag_is_text() -> None:
    assert parse_recipe("epochs: 2\ndata: {source: 'a!b.csv'}").data.source == "a!b.csv"


def test_a_list_within_itself_ends() -> None:
    with pytest.raises(NetError):
        parse_recipe("freeze: &a [*a]")

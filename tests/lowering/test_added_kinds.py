"""A text's own definitions go before kinds that came after version 0.1.0."""

from __future__ import annotations

import pytest

from netdsl import parse
from netdsl.errors import Source
from netdsl.kinds import KINDS
from netdsl.reading import ReadOptions, check_source
from netdsl.report.write import written_out

ADDED = [word for word, kind in KINDS.items() if kind.added and word == kind.word]


def codes(text: str) -> list[str]:
    found = check_source(Source("test.net", text), ReadOptions(), "test").diagnostics
    return [diagnostic.code for diagnostic in found]


@pytest.mark.parametrize("word", ADDED)
@pytest.mark.parametrize(
    ("definition", "use"),
    [
        ("def {0}(c) = fc-{{c}}", "{0}(5)"),
        ("let {0} = fc-5", "{0}"),
        ("param {0} = 5", "fc-{{{0}}}"),
    ],
)
def test_a_definition_hides_the_kind(word: str, definition: str, use: str) -> None:
    text = f"{definition.format(word)}\ninput 4\n> {use.format(word)} > fc-3\nexpect params = 43"
    assert codes(text) == ["W721"]


@pytest.mark.parametrize("word", ADDED)
def test_a_parameter_hides_the_kind_in_its_block(word: str) -> None:
    text = f"def f({word}) = fc-{{{word}}}\ninput 4\n> f(5) > fc-3\nexpect params = 43"
    assert not codes(text)


def test_a_name_that_reads_as_an_added_kind_with_a_size_is_free() -> None:
    assert not codes("def reverse2(c) = fc-{c}\n4 > reverse2(5) > fc-3\nexpect params = 43")


def test_a_kind_is_written_below_a_shared_piece_of_its_name() -> None:
    """`expand` prints definitions first, also where the text has the kind before them."""
    text = "input 5x4\n> reverse as a\nlet reverse = dense-3\n@a > reverse > flatten > fc-2"
    written = written_out(parse(text))
    assert "let reverse_" in written
    assert parse(written).counts == parse(text).counts
    assert written_out(parse(written)) == written

"""The class of an error follows from its code, and each can be caught by itself."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import netdsl
from netdsl.errors import (
    DataError,
    Diagnostic,
    NetError,
    NetNameError,
    NetSyntaxError,
    RecipeError,
    RunError,
    RunFolderError,
    ShapeError,
    Source,
    Span,
    fail,
)

PAGES = sorted((Path(__file__).resolve().parents[2] / "docs" / "errors").glob("N*.md"))
CLASSES = {
    "N0": NetSyntaxError,
    "N1": NetNameError,
    "N2": ShapeError,
    "N3": NetError,
    "N4": NetError,
    "N50": RecipeError,
    "N51": DataError,
    "N52": DataError,
    "N53": DataError,
    "N56": DataError,
    "N613": RunFolderError,
    "N614": RunFolderError,
    "N615": RunFolderError,
    "N616": RunFolderError,
    "N619": RunFolderError,
    "N6": NetError,
}


@pytest.mark.parametrize("code", [page.stem for page in PAGES])
def test_the_class_follows_from_the_code(code: str) -> None:
    made = fail(code, "a message")
    expected = next(
        CLASSES[begin] for begin in sorted(CLASSES, key=len, reverse=True) if code.startswith(begin)
    )
    assert type(made) is expected
    assert made.code == code


@pytest.mark.parametrize(
    ("codes", "of", "code"),
    [
        (["W701", "N204", "N101"], ShapeError, "N204"),
        (["N101", "N204"], NetNameError, "N101"),
        (["W701"], NetError, "W701"),
        ([], NetError, ""),
    ],
)
def test_the_first_error_decides(codes: list[str], of: type[NetError], code: str) -> None:
    made = NetError(*(Diagnostic(each, "a message") for each in codes))
    assert type(made) is of
    assert made.code == code
    assert [each.code for each in made.diagnostics] == codes


def test_a_class_that_is_named_stays() -> None:
    made = RunError(*fail("N513", "a message").diagnostics)
    assert type(made) is RunError
    assert made.exit_code == 3
    assert not isinstance(made, DataError)


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("4x4x1 > (pool", NetSyntaxError),
        ("4x4x1 > pol", NetNameError),
        ("4x4x1 > conv9-3(pad=0)", ShapeError),
    ],
)
def test_parse_raises_what_can_be_caught(text: str, of: type[NetError]) -> None:
    with pytest.raises(of) as caught:
        netdsl.parse(text)
    assert type(caught.value) is of


def test_errors_travel_between_processes() -> None:
    made = NetError(Diagnostic("N204", "a message", Span(Source("a.net", "4x4"), 0, 3), "a help"))
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is ShapeError
    assert str(again) == str(made)
    assert again.code == "N204"

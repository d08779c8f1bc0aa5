"""Pictures of the lab as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from netdsl.errors import NetError
from netdsl.lab.pictures import LabPicture, checked_picture

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8">é</svg>\n'


class Square(LabPicture):
    """A picture without anything in it."""

    svg = SVG


def test_a_picture_is_written_as_its_suffix_says(tmp_path: Path) -> None:
    Square().save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_bytes() == SVG.encode()
    Square().save(str(tmp_path / "a.png"))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert Square()._repr_svg_() == SVG


@pytest.mark.parametrize("name", ["a.gif", "a", "a.SVG"])
def test_other_suffixes_are_refused(name: str, tmp_path: Path) -> None:
    for refused in (checked_picture, Square().save):
        with pytest.raises(NetError, match=r"ends in neither \.svg nor \.png") as caught:
            refused(tmp_path / name)
        assert caught.value.code == "N604"
    assert list(tmp_path.iterdir()) == []


def test_a_picture_says_what_it_is() -> None:
    with pytest.raises(NotImplementedError):
        LabPicture().svg  # noqa: B018

"""Kernels in NumPy's files: what is read, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdsl import load
from netdsl.emit.program import program
from netdsl.errors import NetError

GRID = np.arange(9.0).reshape(3, 3) / 7


def network(folder: Path, content: Any, text: str = '9x9x1 > conv3-1(init="k.npy")') -> Any:
    if isinstance(content, bytes):
        (folder / "k.npy").write_bytes(content)
    elif content is not None:
        np.save(folder / "k.npy", content, allow_pickle=True)
    (folder / "n.net").write_text(text + "\n", encoding="utf-8")
    return load(folder / "n.net")


ORDERS = [GRID, np.asfortranarray(GRID), GRID.astype(">f8"), GRID.astype("f4"), GRID.astype("f2")]


@pytest.mark.parametrize("array", ORDERS, ids=["C", "F", "big", "f4", "f2"])
def test_numbers_are_those_of_the_file(array: Any, tmp_path: Path) -> None:
    made = network(tmp_path, array)
    emitted = program([made])
    middle, last = map(float, array[0, 1:])
    listed = f"[[[0.0]], [[{middle}]], [[{last}]]]"
    assert listed in emitted
    assert made.counts.params == 10


@pytest.mark.parametrize("kind", ["i1", "u2", ">i4", "u8"])
def test_integers(kind: str, tmp_path: Path) -> None:
    array = np.arange(18).reshape(2, 3, 3).astype(kind)
    made = network(tmp_path, array, '9x9x1 > conv3-2(init="k.npy")')
    assert "[[[0.0, 9.0]], [[1.0, 10.0]], [[2.0, 11.0]]]" in program([made])


def header(shape: str, kind: str = "<f8") -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


REFUSED = [
    (np.array([{}], dtype=object), "N118", "holds pickled objects"),
    (np.zeros(9, complex), "N118", "numbers of type '<c16'"),
    (np.zeros(9, bool), "N118", "numbers of type '|b1'"),
    (np.zeros(9, [("a", "f4")]), "N118", "several arrays or fields"),
    (np.array(3.0), "N118", "one number without an axis"),
    (np.zeros((0, 3)), "N118", "holds 0 numbers"),
    (np.zeros((3, 4)), "N216", '"k.npy" of 3x4, and `conv3-1` requires 3x3'),
    (header("(100000, 100000000)"), "N118", "holds 10,000,000,000,000 numbers"),
    (header("(3, 3)"), "N118", "is cut off"),
    (header(f"({'9' * 5000},)"), "N118", "a kernel has 1 to 1,048,576"),
    (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "N118", "no header that is known"),
    (b"\x93NUMPY", "N118", "is not an array in NumPy's format"),
    (b"", "N118", "is not an array in NumPy's format"),
    (b"PK\x03\x04", "N118", "is not an array in NumPy's format"),
    (None, "N601", "cannot be read"),
]


@pytest.mark.parametrize(("content", "code", "message"), REFUSED)
def test_what_is_refused(content: Any, code: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(NetError) as caught:
        network(tmp_path, content)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert message in found.message
    assert found.span


@pytest.mark.parametrize("path", ["../k.npy", "/k.npy", "C:k.npy", "a\\\\k.npy", "link.npy"])
def test_nothing_outside_the_folder_is_read(path: str, tmp_path: Path) -> None:
    np.save(tmp_path / "k.npy", GRID)
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "link.npy").symlink_to(tmp_path / "k.npy")
    with pytest.raises(NetError) as caught:
        network(folder, None, f'9x9x1 > conv3-1(init="{path}")')
    assert caught.value.code == "N115"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "k.npy")
    with pytest.raises(NetError, match="is not a file"):
        network(tmp_path, None)


def test_what_changes_later_is_reported(tmp_path: Path) -> None:
    made = network(tmp_path, GRID)
    np.save(tmp_path / "k.npy", np.full((3, 3), np.nan))
    with pytest.raises(NetError, match="holds NaN or infinity"):
        program([made])
    np.save(tmp_path / "k.npy", np.zeros((2, 2)))
    with pytest.raises(NetError, match="has changed"):
        program([made])
    (tmp_path / "k.npy").unlink()
    with pytest.raises(NetError, match="cannot be read"):
        program([made])

"""Which rows are taken for a part, row by row; batches of them; files that are two parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.data.own_parts import _check, _check_other_file, _common
from netdsl.training.data.partition import TEST, _divides, _shares
from netdsl.training.data.parts import Examples
from netdsl.training.data.splits import (
    advanced,
    folded,
    grouped_folds,
    last,
    split,
    whole_groups,
)
from netdsl.training.recipes.recipe import Split


def rows(found: Any) -> tuple[list[int], list[int]]:
    kept, taken = found
    return kept.tolist(), taken.tolist()


@pytest.mark.parametrize(
    ("times", "share", "first"),
    [
        ([1, 2, 3, 4], 0.25, 3),
        ([1, 2, 3, 4], 0.5, 2),
        ([1, 2, 3, 4], 0.01, 3),
        ([1, 2, 3, 4], 0.99, 1),
        ([1, 1, 1, 2], 0.9, 3),
        ([1, 2, 2, 2], 0.1, 1),
        ([1, 1, 2, 3], 0.4, 2),
    ],
)
def test_the_last_rows(times: list[int], share: float, first: int) -> None:
    count = len(times)
    assert rows(last(np.array(times), share)) == ([*range(first)], [*range(first, count)])
    back = [*range(count - first, count)], [*range(count - first)]
    assert rows(last(np.array(times[::-1]), share)) == back


def test_rows_of_one_time() -> None:
    assert rows(last(np.array([5, 5, 5]), 0.5)) == ([0, 1, 2], [])
    assert rows(last(np.array([7]), 0.5)) == ([0], [])


def test_blocks_of_later_rows() -> None:
    times = np.array([10, 20, 30, 40, 50, 60])
    assert rows(advanced(times, 2, 0)) == ([0, 1], [2, 3])
    assert rows(advanced(times, 2, 1)) == ([0, 1, 2, 3], [4, 5])
    assert rows(advanced(times[::-1], 2, 0)) == ([4, 5], [2, 3])
    together = np.array([1, 1, 1, 2, 3, 4])
    assert rows(advanced(together, 1, 0)) == ([0, 1, 2], [3, 4, 5])


def test_a_share_of_each_class() -> None:
    labels = np.array([0] * 10 + [1] * 20 + [2] * 10)
    kept, taken = split(labels, 0.2, 3)
    assert np.bincount(labels[taken]).tolist() == [2, 4, 2]
    assert sorted([*kept, *taken]) == list(range(40))
    assert taken.tolist() == sorted(taken)
    assert rows(split(labels, 0.2, 3)) == (kept.tolist(), taken.tolist())
    assert rows(split(labels, 0.2, 4))[1] != taken.tolist()
    assert taken.tolist() == [1, 4, 16, 20, 24, 25, 33, 34]
    assert len(split(np.zeros(9, int), 0.5, 0)[1]) == 4


def test_folds_of_each_class() -> None:
    labels = np.array([0] * 10 + [1] * 20)
    found = [folded(labels, 5, fold, 1) for fold in range(5)]
    assert [np.bincount(labels[taken]).tolist() for _, taken in found] == [[2, 4]] * 5
    assert sorted(np.concatenate([taken for _, taken in found])) == list(range(30))
    assert all(sorted([*kept, *taken]) == list(range(30)) for kept, taken in found)
    assert [len(folded(np.zeros(7, int), 3, fold, 0)[1]) for fold in range(3)] == [3, 2, 2]


@pytest.mark.parametrize(
    ("groups", "share", "taken"),
    [
        ([0, 0, 0, 0], 0.5, [0]),
        ([0, 0, 0, 1], 0.25, [1]),
        ([0, 0, 0, 1], 0.1, [1]),
        ([0, 0, 1, 1], 0.5, [2]),
        ([0, 1, 2, 3], 0.5, [2]),
        ([0, 1, 2, 3], 0.99, [3]),
        ([0, 0, 0, 1, 1, 1], 0.41, [3]),
        ([0, 0, 0, 0, 1, 1, 1], 0.1, [3]),
    ],
)
def test_whole_groups(groups: list[int], share: float, taken: list[int]) -> None:
    for seed in range(3):
        kept, found = whole_groups(np.array(groups), share, seed)
        assert sorted([*kept, *found]) == list(range(len(groups)))
        names = set(np.array(groups)[found].tolist())
        assert not names & set(np.array(groups)[kept].tolist())
        assert len(found) in taken


def test_a_single_group_stays() -> None:
    assert rows(whole_groups(np.array([4, 4, 4]), 0.5, 0)) == ([0, 1, 2], [])


def test_groups_that_are_a_row_too_large_fit() -> None:
    # room for 1.5 rows: a group of two is half a row too large
    groups = np.array([0, 0, 1, 1, 2, 2])
    assert len(whole_groups(groups, 0.25, 0)[1]) == 2
    assert len(whole_groups(groups, 0.24, 0)[1]) == 2, "the smallest, where none fits"
    uneven = np.array([0, 0, 0, 1, 1, 2])
    assert rows(whole_groups(uneven, 0.05, 0))[1] == [5]


def test_folds_of_whole_groups() -> None:
    groups = np.array([0] * 6 + [1] * 3 + [2] * 2 + [3])
    found = [set(groups[grouped_folds(groups, 2, fold, 0)[1]].tolist()) for fold in range(2)]
    assert found == [{0}, {1, 2, 3}]
    kept, taken = grouped_folds(groups, 2, 1, 0)
    assert (kept.tolist(), taken.tolist()) == ([*range(6)], [*range(6, 12)])


def test_groups_are_those_of_earlier_versions() -> None:
    """Else a run of an earlier version could not read its data again."""
    groups = np.arange(8)
    assert [whole_groups(groups, 0.25, seed)[1].tolist() for seed in (0, 1)] == [[2, 4], [0, 5]]
    assert grouped_folds(groups, 4, 0, 0)[1].tolist() == [2, 5]


# --- shares ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "count", "tested", "validated", "expected"),
    [
        ({}, 100, True, True, (TEST, 0.1)),
        ({}, 100, False, True, (None, 0.1)),
        ({}, 100, True, False, (TEST, None)),
        ({"test": 0.5}, 100, True, True, (0.5, 0.1)),
        ({"test": 0.5}, 100, False, False, (0.5, None)),
        ({"validation": 0.3}, 100, True, True, (TEST, 0.3)),
        ({"test": 0.0, "validation": 0.0}, 100, True, True, (0.0, 0.0)),
        ({}, 2, True, True, (0.0, 0.0)),
        ({}, 7, True, True, (TEST, 0.1)),
        ({}, 6, True, True, (0.0, 0.0)),
        ({}, 3, True, False, (TEST, None)),
        ({}, 2, True, False, (0.0, None)),
        ({"test": 0.5}, 2, True, True, (0.5, 0.0)),
        ({"fold": 0}, 6, True, True, (TEST, 0.0)),
        ({}, 1, True, True, (TEST, 0.1)),
    ],
)
def test_shares(asked: Any, count: int, tested: bool, validated: bool, expected: Any) -> None:
    assert _shares(Split(**asked), count, tested, validated) == expected


def test_what_divides() -> None:
    assert [_divides(count, 0.5) for count in (0, 1, 2)] == [False, False, True]
    assert [_divides(count, 0.1) for count in (5, 6)] == [False, True]
    assert [_divides(count, 0.9) for count in (4, 5)] == [False, True]


# --- files of their own ---------------------------------------------------------------------------


def test_one_file_is_one_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    _check_other_file("b.csv", ["a.csv"], None)
    _check_other_file("a.csv", [], None)
    for path in ("a.csv", "./a.csv", "link.csv", str(tmp_path / "a.csv")):
        with pytest.raises(NetError, match="N507"):
            _check_other_file(path, ["b.csv", "a.csv"], None)


def part(x: Any, y: Any) -> Examples:
    return Examples((np.array(x, np.float32),), (np.array(y),), ("x",), ("y",))


def test_rows_that_are_in_two_files() -> None:
    train = part([[1.0], [2.0], [3.0]], [0, 1, 0])
    assert list(_common(train, part([[4.0]], [0]), "test")) == []
    assert list(_common(train, part([[1.0]], [1]), "test")) == [], "another label"
    (note,) = _common(train, part([[1.0], [4.0], [1.0]], [0, 0, 0]), "test")
    assert note == (
        "warning: 2 rows of 3 of the test part are in the training's file too, with the same cells"
    )
    (note,) = _common(train, part([[3.0]], [0]), "validation")
    assert note.startswith("warning: 1 row of 1 of the validation part")


class Held:
    """As much of a source as is compared with another."""

    source = "a.npz"

    def __init__(self, classes: tuple[str, ...], **more: Any) -> None:
        self.classes, self.classes_by = classes, more.get("by")
        self.test, self.validation = more.get("test"), more.get("validation")


@pytest.mark.parametrize(
    ("other", "code", "said"),
    [
        (Held(("a", "b")), "", ""),
        (Held(("b", "c")), "N526", "other classes than a.npz: a, c"),
        (Held(("a", "b"), by="x"), "N526", "other classes than a.npz: "),
        (Held(("a", "b"), test=[1]), "N507", "has several parts; the test part is one"),
        (Held(("a", "b"), validation=[1]), "N507", "the test part is one"),
        (Held(tuple("bcdefgh")), "N526", "a, c, d, e, f"),
    ],
)
def test_sources_that_do_not_go_together(other: Any, code: str, said: str) -> None:
    held: Any = Held(("a", "b"))
    if not code:
        _check(other, held, "b.npz", "test", None)
        return
    with pytest.raises(NetError, match=f"{code}.*{said}") as caught:
        _check(other, held, "b.npz", "test", None)
    assert caught.value.diagnostics[0].message.endswith(said)

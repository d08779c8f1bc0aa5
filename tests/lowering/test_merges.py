"""Merges."""

from __future__ import annotations

import pytest
from support.networks import check, read

MERGES = [
    ("8x8x3 > [ conv1-4 | conv1-5 ]", (8, 8, 9)),
    ("8x8x3 > [ id | id | id ]", (8, 8, 9)),
    ("5 > [ id | fc-2 ]", (7,)),
    ("10x4 > [ id | conv3-2 ]", (10, 6)),
    ("8x8x4 > add[ conv1-4 | conv3-4 | id ]", (8, 8, 4)),
    ("8x8x4 > mul[ id | gap ]", (8, 8, 4)),
    ("8x8x4 > mul[ gap | id ]", (8, 8, 4)),
    ("8x8x4 > mul[ gap | gmp ]", (4,)),
    ("8x8x4 > max[ id | conv1-4 ]", (8, 8, 4)),
    ("8x8x4 > avg[ id | conv1-4 | gap ]", (8, 8, 4)),
    ("8x8x4 > sub[ id | gap ]", (8, 8, 4)),
    ("8x8x4 > dot[ id | conv1-4 ]", (8, 8, 1)),
    ("8x8x4 > dot[ id | gap ]", (8, 8, 1)),
    ("6 > dot[ fc-3 | fc-3 ]", (1,)),
    ("6 > stack[ id | fc-6 | fc-6 ]", (3, 6)),
    ("8x8x4 > stack[ id | conv1-4 ]", (2, 8, 8, 4)),
    ("4x4x4x2 > add[ id | gap ]", (4, 4, 4, 2)),
    ("8x8x4 > [ conv1-4 ]", (8, 8, 4)),
    ("8x8x4 > add[ id | conv1-1 ]", (8, 8, 4)),
    ("8x8x4 > mul[ gap > fc-1 | id ]", (8, 8, 4)),
    ("8x8x4 > mul[ gap | conv1-1 ]", (8, 8, 4)),
    ("8x8x4 > max[ id | gap | conv1-1 | gap > fc-1 ]", (8, 8, 4)),
    ("10x4 > avg[ id | dense-1 ]", (10, 4)),
    ("6 > sub[ id | fc-1 ]", (6,)),
    ("8x8x4 > dot[ id | conv1-1 ]", (8, 8, 1)),
    ("10x4 > concat(over=positions)[ id | reverse | take(0, 3) ]", (23, 4)),
    ("10x4 > concat(n)[ id | id ]", (20, 4)),
    ("8x6x4 > concat(over=h)[ id | conv1-4 > crop((1,0,0,0)) ]", (15, 6, 4)),
    ("2x8x6x4 > concat(over=d)[ id | id ]", (4, 8, 6, 4)),
    ("8x6x4 > concat(over=channels)[ id | conv1-2 ]", (8, 6, 6)),
    ("default concat(over=w)\n8x6x4 > [ id | id ] > concat(h)[ id | id ]", (16, 12, 4)),
    ("10x4 > matmul[ id | permute(2, 1) ]", (10, 10)),
    ("input a: 3x10x4\ninput b: 3x7x4\nmatmul(transpose)[ @a | @b ]", (3, 10, 7)),
    ("param t = yes\n10x4 > matmul(transpose=t)[ id | dense-4 ]", (10, 10)),
    ("8x8x4 > add[ conv1-1 | gap > fc-1 ]", (8, 8, 1)),
]
MERGES_REFUSED = [
    ("8x8x4 > [ id | pool ]", "N207", "8x8x4 and 4x4x4"),
    ("8x8x4 > [ id | gap ]", "N207", "same positions"),
    ("8x8x4 > add[ id | conv1-5 ]", "N207", "8x8x4 and 8x8x5"),
    ("8x8x4 > add[ id | conv1-1 > pool ]", "N207", "8x8x4 and 4x4x1"),
    ("8x8x4 > add[ id | pool ]", "N207", "8x8x4 and 4x4x4"),
    ("8x8x4 > add[ id | gap > fc-5 ]", "N207", "8x8x4 and 5"),
    ("8x8x4 > mul[ conv1-2 | gap ]", "N207", "8x8x2 and 4"),
    ("8x8x4 > sub[ id | id | id ]", "N106", "2 branches, not 3"),
    ("8x8x4 > dot[ id ]", "N106", "2 branches, not 1"),
    ("8x8x4 > sub[ id ]", "N106", "2 branches, not 1"),
    ("8x8x4 > stack[ id | gap ]", "N207", "one shape"),
    ("8x8x4 > concat(over=h)[ id | pool ]", "N207", "except along `h`"),
    ("10x4 > concat(over=h)[ id | id ]", "N202", "10x4 has n and channels"),
    ("8x8x4 > concat(over=positions)[ id | id ]", "N202", "8x8x4 has several axes of positions"),
    ("4 > concat(over=n)[ id | id ]", "N202", "4 has channels alone"),
    ("10x4 > concat(over=n)[ id | gap ]", "N207", "10x4 and 4"),
    ("10x4 > concat(over=rows)[ id | id ]", "N107", "one of channels, positions"),
    ("10x4 > concat(along=n)[ id | id ]", "N103", "along"),
    ("10x4 > add(over=n)[ id | id ]", "N103", "over"),
    ("10x4 > conv(over=n)[ id | id ]", "N101", "not a merge"),
    ("10x4 > matmul[ id | id ]", "N207", "columns of the first branch as rows of the second"),
    ("10x4 > matmul(transpose)[ id | dense-3 ]", "N207", "10x4 and 10x3"),
    ("10x4 > matmul[ id | gap ]", "N207", "two axes or more"),
    ("3x10x4 > matmul[ id | reshape(30x4) ]", "N207", "axes before the last two"),
    ("10x4 > matmul[ id | id | id ]", "N106", "2 branches, not 3"),
    ("10x4 > matmul", "N106", "merges branches"),
    ("8x8x4 > plus[ id | id ]", "N101", "not a merge"),
    ("8x8x4 > conv[ id | id ]", "N101", "not a merge"),
    ("8x8x4 > add", "N106", "merges branches"),
    ("8x8x4 > add(id, id)", None, ""),
]


@pytest.mark.parametrize(("text", "shape"), MERGES)
def test_merges(text: str, shape: tuple[int, ...]) -> None:
    assert read(text).outputs[0].shape == shape


@pytest.mark.parametrize(("text", "code", "says"), MERGES_REFUSED)
def test_what_merges_refuse(text: str, code: str | None, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert len(errors) == 1
    assert code is None or errors[0].code == code, errors
    assert says in errors[0].message

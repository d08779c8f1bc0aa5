"""Folded tables: what they say is what the lines say, one by one."""

from __future__ import annotations

from random import Random

import pytest
from support.programs import program

import netdsl
from netdsl.architecture import Architecture
from netdsl.report.columns import TableView
from netdsl.report.sheet import TableSheet, sheet_of

COLUMNS = ("output", "params", "macs", "activations")


def sheet(text: str, by: str) -> TableSheet:
    return sheet_of(netdsl.parse(text), TableView(by=by, columns=COLUMNS))


def labels(found: TableSheet) -> list[str]:
    return ["  " * depth + label for label, depth, _ in found.folded]


@pytest.mark.parametrize(
    ("text", "by", "expected"),
    [
        ("8x8x4 > conv3-4 x3 > gap", "layer", ["input 8x8x4", "conv3-4 x3", "gap"]),
        ("8x8x2 > conv3-4 x3 > gap", "layer", ["input 8x8x2", "conv3-4", "conv3-4 x2", "gap"]),
        (
            "8x8x4 > [ conv3-4 | conv3-4 ] > gap",
            "layer",
            ["input 8x8x4", "conv3-4", "conv3-4", "[ ... ]", "gap"],
        ),
        # what only other columns would show
        ("8x8x8 > slice(0, 4) > slice(0, 4)", "layer", ["input 8x8x8", "slice(0, 4) x2"]),
        (
            "def b(n) = when(n > 0, conv1-4(linear) > conv1-4(linear) > relu, "
            "add[ conv1-4(linear) | conv1-4(linear) ])\n8x8x4 > b(0) > b(1)",
            "block",
            ["input 8x8x4", "b x2"],
        ),
        # blocks that differ in one of the lines within them are not alike, whichever it is
        (
            "def a(c) = conv3-{c} > conv1-4\ndef b(c) = a({c}) > a(4)\n8x8x4 > b(4) > b(5) > gap",
            "block",
            ["input 8x8x4", "b_1", "  a x2", "b_2", "  a_1", "  a_2", "gap"],
        ),
        (
            "def a(c) = conv3-{c} > conv1-4\ndef b(c) = a(4) > a({c})\n8x8x4 > b(4) > b(5) > gap",
            "block",
            ["input 8x8x4", "b_1", "  a x2", "b_2", "  a_1", "  a_2", "gap"],
        ),
        (
            "def a(c) = conv3-{c} > conv1-4\ndef b(c) = a({c}) > conv1-4\n"
            "def d(c) = b({c}) > a(4)\n8x8x4 > d(5) > d(6) > gap",
            "block",
            ["input 8x8x4", "d_1", "  b_1", "    a_1", "  a_1", "d_2", "  b_1", "    a_1", "  a_1",
             "gap"],
        ),
        (
            "def a() = conv3-4\ndef b() = a() x2\n8x8x4 > b() x2 > gap",
            "block",
            ["input 8x8x4", "b x2", "  a x2", "gap"],
        ),
        # one has more within it than the other
        (
            "def a() = conv3-4\ndef b(n) = a() x{n}\n8x8x4 > b(1) > b(2) > gap",
            "block",
            ["input 8x8x4", "b_1", "  a_1", "b_2", "  a x2", "gap"],
        ),
    ],
)  # fmt: skip
def test_equal_neighbours_are_one_line(text: str, by: str, expected: list[str]) -> None:
    assert labels(sheet(text, by)) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [(None, ["conv3-4", "conv3-4", "conv3-8"]), ("params", ["conv3-8", "conv3-4 x2"])],
)
def test_sorted_lines_are_folded_wherever_they_were(sort: str | None, expected: list[str]) -> None:
    network = netdsl.parse("8x8x4 > [ conv3-4 | conv3-4 | conv3-8 ]")
    found = labels(sheet_of(network, TableView(columns=COLUMNS, sort=sort)))
    assert [label for label in found if label.startswith("conv")] == expected


@pytest.mark.slow
@pytest.mark.parametrize("by", ["op", "layer", "block", "stage"])
@pytest.mark.parametrize("seed", range(12))
def test_folded_lines_sum_to_what_the_lines_sum_to(seed: int, by: str) -> None:
    network: Architecture = netdsl.parse(program(Random(seed), 12).text)
    found = sheet_of(network, TableView(by=by, columns=COLUMNS))
    for column in range(1, len(COLUMNS)):
        sums = {
            sum(values[column] for _, depth, values in lines if not depth)
            for lines in (found.lines, found.folded)
        }
        assert sums == {found.totals[column]}
    assert len(found.folded) <= len(found.lines)

"""The winners of the ImageNet challenge: published errors, and what their files say of them.

`examples/results/imagenet.csv` has the errors with their sources; depth, params and
multiply-accumulates are counted from the networks of `examples/`, as they are used: of several
outputs the first.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import netdsl  # noqa: E402
from netdsl.analysis.counts import added, count_ops, depth_within  # noqa: E402
from netdsl.training.reporting.bars import BarGroup, bars  # noqa: E402
from netdsl.wording import in_units  # noqa: E402

PICTURE = "imagenet.svg"


class Entry(NamedTuple):
    """An entry of the challenge.

    Attributes:
        year: the year of the challenge.
        name: the name of the network or the team.
        file: of examples/, without `.net`; empty where it is not a network.
        top5: the published share of the test images whose class is not among five guesses, in %.
        what: the place in the challenge, and how many networks the entry averages.
        source: where it was published.
    """

    year: str
    name: str
    file: str
    top5: str
    what: str
    source: str

    def figures(self) -> tuple[str, str, str]:
        """Return depth, params and multiply-accumulates of the network, as it is used."""
        if not self.file:
            return "", "", ""
        graph = netdsl.load(ROOT / "examples" / f"{self.file}.net").graph
        used = {graph.outputs[0].op}
        for index in range(len(graph.ops) - 1, -1, -1):
            if index in used:
                used.update(graph.ops[index].inputs)
        counts = count_ops(graph)
        total = added(counts[index] for index in sorted(used))
        deep = depth_within(graph, sorted(used))
        return str(deep), in_units(total.params, "M"), in_units(total.macs, "G")


def entries() -> Iterator[Entry]:
    """Read the entries, by their years."""
    path = ROOT / "examples" / "results" / "imagenet.csv"
    with path.open(encoding="utf-8", newline="") as file:
        yield from (Entry(**row) for row in csv.DictReader(file))


def section() -> str:
    """Write the table as Markdown, with the chart below it."""
    rows = [
        "| year | entry | top-5 error | depth | params | MACs | what | source |",
        "| ---: | :--- | ---: | ---: | ---: | ---: | :--- | :--- |",
    ]
    for entry in entries():
        name = f"{entry.name} (`{entry.file}`)" if entry.file else entry.name
        cells = (entry.year, name, f"{entry.top5} %", *entry.figures(), entry.what, entry.source)
        rows.append(f"| {' | '.join(cells)} |")
    return (
        "\n\n## ImageNet\n\n"
        "The classification challenge from 2010 to 2015 (1,000 classes): the share of test images\n"
        "whose class is not among five guesses, as published in the source that is named; depth,\n"
        "params and MACs are counted from the files, of one network, without heads that only\n"
        "training has.\n\n"
        + "\n".join(rows)
        + f"\n\n![Top-5 errors of the ImageNet challenge by year](pictures/{PICTURE})\n"
    )


def chart() -> str:
    """Draw the errors as bars, with the depths of the networks in their names."""
    groups = []
    for entry in entries():
        deep, *_ = entry.figures()
        layers = f", {deep} layers" if deep else ""
        groups.append(BarGroup(f"{entry.year} {entry.name}{layers}", (float(entry.top5),)))
    return bars(
        "ImageNet: top-5 error by year",
        "as published, of several networks together; layers counted from the files",
        groups,
        ("top-5 error",),
        "% of the test images",
    )

"""Training on tables, folders of images and series, compared with other programs: the table of
docs/results.md between `<!-- tables -->` and `<!-- end -->`.

    python benchmarks/results.py tables                      # all parts, with the seeds 0, 1 and 2
    python benchmarks/results.py tables abalone --seeds 0    # one of them, with one seed
    python benchmarks/results.py tables --write              # writes its rows of docs/results.md
    python benchmarks/results.py tables --kept --write       # trains nothing, writes what is there

NETDSL_DATA names the folder with california_housing.csv, abalone.csv and fashion_mnist.npz; the
series is generated. scikit-learn is needed: pip install 'netdsl[benchmarks]'. The figures of each
seed are kept in runs/tables (`--runs`), and the kept figures of seeds that are not asked for count
too. For `folders`, a seed is a round that measures both ways in turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lab_results import PAGE, options_of, with_row
from table_parts import PARTS, Figures, Line, Part

SEEDS = (0, 1, 2)


def figures(part: Part, seed: int, where: Path, measured: bool) -> Figures | None:
    """Return a part's figures with a seed: measured now and kept, or those that were kept."""
    path = where / part.name / f"seed{seed}.json"
    if measured:
        path.parent.mkdir(parents=True, exist_ok=True)
        found = part.measure(path.parent, seed)
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else None


def row(line: Line, name: str) -> str:
    """The line of docs/results.md."""
    measured = line.measured + ("" if line.reached else " **(missed)**")
    command = f"`python benchmarks/results.py tables {name}`"
    return f"| {line.what} | {line.target} | {measured} | {command} |"


def main(arguments: Sequence[str]) -> None:
    """Measure parts and print a line for each target."""
    names = [part.name for part in PARTS]
    options = options_of("tables", __doc__, "part", names, arguments, SEEDS)
    text = PAGE.read_text(encoding="utf-8")
    for part in PARTS:
        if options.names and part.name not in options.names:
            continue
        found = {}
        for seed in SEEDS:
            measured = seed in options.seeds and not options.kept
            one = figures(part, seed, options.runs.resolve(), measured)
            if one is not None:
                found[seed] = one
        for line in part.lines(found) if found else ():
            said = "reached" if line.reached else "missed"
            seeds = ", ".join(map(str, found))
            print(
                f"{line.what}, seeds {seeds}: {line.measured}; target: {line.target}: {said}",
                flush=True,
            )
            text = with_row(text, "tables", line.what, row(line, part.name))
    if options.write:
        PAGE.write_text(text, encoding="utf-8")

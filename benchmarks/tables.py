"""Reading a CSV, compared with pyarrow alone: seconds and memory, and their ratios, in one run. The
tables are of plain numbers, or have something that is not plain.

`python benchmarks/tables.py [ROWS [COLUMNS]]`
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

REPEATS = 7
WORDS = ("red", "green", "blue", "dark grey")
PEAK = """
import sys
from pathlib import Path
{}
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
"""
READERS = {
    "nothing": "import numpy, pyarrow.csv",
    "pyarrow": "import numpy, pyarrow.csv; table = pyarrow.csv.read_csv(sys.argv[1])",
    "netdsl": "from netdsl.training.data.sources.table_file import read_table_file; "
    "import numpy, pyarrow.csv; table = read_table_file(Path(sys.argv[1]))",
}


def texts(rows: int, columns: int) -> dict[str, list[str]]:
    """The lines of tables by name: plain numbers, and the same with something not plain."""
    names = ",".join(f"c{place}" for place in range(columns))
    numbers = np.random.default_rng(0).normal(size=(rows, columns))
    plain = [",".join(f"{number:.6g}" for number in row) for row in numbers.tolist()]
    odd, every = rows * 3 // 4, range(0, rows, 1_000)
    first = [line.partition(",")[2] for line in plain]
    seconds = np.random.default_rng(1).integers(0, 2**30, rows).astype("datetime64[s]")
    times = [str(moment).replace("T", " ") for moment in seconds]
    made = {
        "numbers": plain,
        "a quoted word": [f'"{WORDS[at % 4]}",{line}' for at, line in enumerate(first)],
        "a column of texts": [f"row {at:x} of {rows:x},{line}" for at, line in enumerate(first)],
        "a column of times": [
            f"{moment},{line}" for moment, line in zip(times, first, strict=True)
        ],
        "quoted numbers": [f'"{line}"'.replace(",", '","') for line in plain],
        "blank lines": _among(plain, every, ""),
        "rows of empty cells": _among(plain, every, "," * (columns - 1)),
        "rows without numbers": _among(plain, every, ",".join(["NA"] * columns)),
        "an odd cell, refused": [*plain[:odd], ",".join(["odd"] * columns), *plain[odd:]],
        "a short row, refused": [*plain[:odd], "1,2", *plain[odd:]],
    }
    return {name: [names, *lines] for name, lines in made.items()}


def _among(lines: list[str], places: range, line: str) -> list[str]:
    """Insert a line before those at these places."""
    return [
        each for at, own in enumerate(lines) for each in ((line, own) if at in places else (own,))
    ]


def main(rows: int = 200_000, columns: int = 11) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.csv"
        print(f"{rows:,} x {columns} numbers; the median ratio is that of {REPEATS} pairs")
        print(f"{'':22}  {'pyarrow s':>9}  {'netdsl s':>8}  {'ratio':>5}  {'CPU':>5}")
        for name, lines in texts(rows, columns).items():
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            pairs = _seconds([partial(_arrow, path), partial(_netdsl, path)])
            theirs, ours = zip(*pairs, strict=True)
            wall, cpu = (statistics.median(b[at] / a[at] for a, b in pairs) for at in range(2))
            seconds = (statistics.median(each[0] for each in side) for side in (theirs, ours))
            print("{:22}  {:9.3f}  {:8.3f}  {:5.2f}  {:5.2f}".format(name, *seconds, wall, cpu))
            if name == "numbers":
                peaks = {reader: _peak(code, path) for reader, code in READERS.items()}
        print(", ".join(f"{name} {peak:.0f} MiB" for name, peak in peaks.items()), "at the peak")


def _arrow(path: Path) -> None:
    from pyarrow import ArrowInvalid, csv

    with suppress(ArrowInvalid):
        csv.read_csv(path)


def _netdsl(path: Path) -> None:
    from netdsl.errors import NetError
    from netdsl.training.data.sources.table_file import read_table_file

    with suppress(NetError):
        read_table_file(path)


def _seconds(readers: list[Callable[[], object]]) -> list[tuple[tuple[float, float], ...]]:
    """Time readers in turn, so that what slows the machine slows them alike: seconds of wall time
    and of CPU time.
    """
    found = []
    for _ in range(REPEATS + 1):
        row = []
        for read in readers:
            begin, used = time.perf_counter(), time.process_time()
            read()
            row.append((time.perf_counter() - begin, time.process_time() - used))
        found.append(tuple(row))
    return found[1:]


def _peak(code: str, path: Path) -> float:
    """Return the largest memory of a process that reads a file, in MiB."""
    command = [sys.executable, "-c", PEAK.format(code), str(path)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""Reading a CSV in addition to pyarrow alone: seconds and memory, and their ratios, in one run.

`python benchmarks/tables.py [ROWS [COLUMNS]]`
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

REPEATS = 7
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


def main(rows: int = 200_000, columns: int = 11) -> None:
    from pyarrow import csv

    from netdsl.training.data.sources.table_file import read_table_file

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.csv"
        names = ",".join(f"c{place}" for place in range(columns))
        numbers = np.random.default_rng(0).normal(size=(rows, columns))
        np.savetxt(path, numbers, "%.6g", ",", header=names, comments="")
        print(f"{rows:,} x {columns} numbers, {path.stat().st_size / 1e6:.1f} MB")
        seconds = _seconds([lambda: csv.read_csv(path), lambda: read_table_file(path)])
        ratios = [ours / theirs for theirs, ours in seconds]
        theirs, ours = (statistics.median(column) for column in zip(*seconds, strict=True))
        print(f"seconds: pyarrow {theirs:.3f}, netdsl {ours:.3f}; ", end="")
        print(f"the median ratio of {REPEATS} pairs is {statistics.median(ratios):.2f}")
        peaks = {name: _peak(code, path) for name, code in READERS.items()}
        print(", ".join(f"{name} {peak:.0f} MiB" for name, peak in peaks.items()), "at the peak")


def _seconds(readers: list[Callable[[], object]]) -> list[tuple[float, ...]]:
    """Time readers in turn, so that what slows the machine slows them alike."""
    found = []
    for _ in range(REPEATS + 1):
        row = []
        for read in readers:
            begin = time.perf_counter()
            read()
            row.append(time.perf_counter() - begin)
        found.append(tuple(row))
    return found[1:]


def _peak(code: str, path: Path) -> float:
    """Return the largest memory of a process that reads a file, in MiB."""
    command = [sys.executable, "-c", PEAK.format(code), str(path)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""How a table's time and memory grow with the network: chains of 16,000, 32,000 and 64,000 layers,
and EfficientNet-B7.

    python benchmarks/scale.py [--runs 1]

Each figure is that of a process of its own, the least of several runs: CPU seconds (user and
system) and peak memory. An exponent of 1 is linear growth; what the process itself takes, measured
with a table of two layers, is subtracted first.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from cold import measured

ROOT = Path(__file__).resolve().parents[1]
LENGTHS = (16_000, 32_000, 64_000)
TABLES = {
    "the usual columns": [],
    "batch 1,024 with all memory": [
        "--memory-batch",
        "1024",
        "--columns",
        "output,params,macs,memory",
    ],
    "receptive fields": ["--columns", "output,rf,stride"],
    "by block": ["--by", "block"],
    "CSV": ["--format", "csv"],
    "JSON, all columns": ["--json"],
}


def least(file: Path, arguments: list[str], runs: int) -> tuple[float, float]:
    """CPU seconds and peak MiB of a table."""
    found = [
        measured([sys.executable, "-m", "netdsl", "table", str(file), *arguments], ROOT)
        for _ in range(runs)
    ]
    return min(seconds for seconds, _ in found), min(memory for _, memory in found) * 1e6 / 2**20


def exponent(ours: float, theirs: float, nothing: float) -> float:
    """By which power the figure grows when the network doubles."""
    return math.log2(max(theirs - nothing, 1e-3) / max(ours - nothing, 1e-3))


def main() -> None:
    parser = argparse.ArgumentParser(description="growth of a table's time and memory")
    parser.add_argument(
        "--runs", type=int, default=1, help="processes for each figure (default: 1)"
    )
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        chains = {length: Path(folder) / f"chain{length}.net" for length in (1, *LENGTHS)}
        for length, path in chains.items():
            path.write_text(f"32x32x8 > conv3-8 x{length} > pool\n", encoding="utf-8")
        nothing = least(chains[1], [], max(runs, 3))
        print(
            f"{'chains, CPU s and MiB':30}", *(f"{length:>14,}" for length in LENGTHS), "   growth"
        )
        for name, arguments in TABLES.items():
            found = [least(chains[length], arguments, runs) for length in LENGTHS]
            seconds, memory = (
                " ".join(f"{exponent(a[at], b[at], nothing[at]):.2f}" for a, b in pairwise(found))
                for at in (0, 1)
            )
            print(
                f"{name:30}",
                *(f"{s:6.2f} {m:7.0f}" for s, m in found),
                f"   s {seconds}, MiB {memory}",
            )
    print(f"\n{'EfficientNet-B7':30}   CPU s   MiB")
    for name, arguments in TABLES.items():
        batch = [] if "--memory-batch" in arguments else ["--memory-batch", "1024"]
        seconds, mib = least(ROOT / "examples" / "efficientnet_b7.net", [*arguments, *batch], runs)
        print(f"{name:30}  {seconds:6.2f} {mib:5.0f}")


if __name__ == "__main__":
    main()

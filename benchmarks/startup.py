"""What a cold `netdsl table` costs, compared with Keras's own summary of the same network.

    python benchmarks/startup.py [--runs 7]

Each row is the median over cold processes of CPU seconds (user and system) and of peak memory. Each
round measures all rows in turn, so that whatever else the machine does affects all of them alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

from cold import Figures, measured

ROOT = Path(__file__).resolve().parents[1]
KERAS = "import keras; keras.applications.{}(weights=None).summary()"
BARE = (
    "import argparse, lark; lark.Lark(open('grammar/netdsl.lark').read(), parser='lalr', "
    "start='flow')"
)
FORBIDDEN = ("keras", "tensorflow", "numpy", "rich", "yaml")


def imported(network: str) -> list[str]:
    """The modules that a table imported although it must not."""
    command = [sys.executable, "-X", "importtime", "-m", "netdsl", "table", network]
    trace = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stderr
    modules = {
        line.rsplit("|", 1)[-1].strip().split(".")[0]
        for line in trace.splitlines()
        if line.startswith("import time:")
    }
    return sorted(modules.intersection(FORBIDDEN))


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU seconds and peak memory of cold processes")
    parser.add_argument(
        "--runs", type=int, default=7, help="cold processes for each row (default: 7)"
    )
    parser.add_argument("--without-keras", action="store_true", help="leave out the slow rows")
    options = parser.parse_args()
    netdsl = [sys.executable, "-m", "netdsl"]
    rows = {
        "bare: Python, argparse, lark, a built grammar": [sys.executable, "-c", BARE],
        "netdsl check examples/vgg16.net": [*netdsl, "check", "examples/vgg16.net"],
        "netdsl table examples/vgg16.net": [*netdsl, "table", "examples/vgg16.net"],
        "netdsl table examples/resnet50.net": [*netdsl, "table", "examples/resnet50.net"],
    }
    if not options.without_keras:
        rows["keras.applications.VGG16(weights=None).summary()"] = [
            sys.executable,
            "-c",
            KERAS.format("VGG16"),
        ]
        rows["keras.applications.ResNet50(weights=None).summary()"] = [
            sys.executable,
            "-c",
            KERAS.format("ResNet50"),
        ]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    seen: dict[str, list[Figures]] = {name: [] for name in rows}
    for _ in range(options.runs):
        for name, command in rows.items():
            seen[name].append(measured(command, ROOT))
    width = max(map(len, rows))
    print(f"{'median of ' + str(options.runs) + ' cold processes':{width}}  CPU s  peak MB")
    for name, figures in seen.items():
        seconds, megabytes = (statistics.median(column) for column in zip(*figures, strict=True))
        print(f"{name:{width}}  {seconds:5.2f}  {megabytes:7.0f}")
    for network in ("examples/vgg16.net", "examples/resnet50.net"):
        print(
            f"table {network} imports of {', '.join(FORBIDDEN)}: "
            f"{', '.join(imported(network)) or 'none'}"
        )


if __name__ == "__main__":
    main()

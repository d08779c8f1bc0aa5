"""What building networks in Keras with initial weights costs, compared with Keras's own
constructors of the same networks.

    python benchmarks/building.py [--runs 5]

Each run is a process of its own, and the two ways take turns, so that whatever else the machine
does affects both alike. A process imports Keras and builds a small network, which is not counted;
then it builds the network, discards it, and builds it again: by then TensorFlow holds the memory,
which the system need not clear any more. Figures are medians: seconds of CPU time (user and system,
of all threads) and seconds by the clock.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = {"vgg16": "VGG16", "resnet50": "ResNet50"}
"""The files of the networks, and what Keras calls them."""
COLUMNS = ("first: CPU s", "clock s", "again: CPU s", "clock s")


def built(way: str) -> list[float]:
    """Build a network twice in this process: the seconds of each, by COLUMNS."""
    import keras

    import netdsl

    small = netdsl.parse("8x8x3 > conv3-4(bn) > pool > flatten > fc-2")
    keras.models.clone_model(small.keras(seed=0))
    figures: list[float] = []
    network = netdsl.load(ROOT / "examples" / f"{way}.net") if way in NETWORKS else None
    for _ in range(2):
        gc.collect()
        cpu, clock = time.process_time(), time.perf_counter()
        model = network.keras(seed=0) if network else getattr(keras.applications, way)(weights=None)
        figures += [time.process_time() - cpu, time.perf_counter() - clock]
        del model
    return figures


def in_a_process(way: str) -> list[float]:
    """The seconds of `built` in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--build", way],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    found: list[float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="building networks, compared with Keras alone")
    parser.add_argument("--runs", type=int, default=5, help="of each way (default: 5)")
    parser.add_argument("--build", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        print(json.dumps(built(options.build)))
        return
    print(f"{f'median of {options.runs}':40}", *(f"{column:>12}" for column in COLUMNS))
    for ours, theirs in NETWORKS.items():
        runs = [(in_a_process(ours), in_a_process(theirs)) for _ in range(options.runs)]
        mine, kerass = (
            [statistics.median(column) for column in zip(*way, strict=True)]
            for way in zip(*runs, strict=True)
        )
        for name, figures in {
            f"netdsl, examples/{ours}.net": mine,
            f"keras.applications.{theirs}": kerass,
            "ratio": [one / other for one, other in zip(mine, kerass, strict=True)],
        }.items():
            print(f"{name:40}", *(f"{figure:12.2f}" for figure in figures))


if __name__ == "__main__":
    main()

"""Runs the Keras programs of random networks, and compares their models with netdsl's own: weights
in their order, settings, and outputs.

    python benchmarks/emitted.py [--programs 1000] [--seed 0] [--steps 6]

Each network whose program makes another model is printed. The exit status is 1 where there is one,
and where a program has no blocks because those found could not be proven right.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.emitted import assert_same  # noqa: E402
from support.programs import program as random_program  # noqa: E402

import netdsl  # noqa: E402
from netdsl.emit.program import UNFACTORED, program  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the Keras programs of random networks.")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=6, help="about how many in the main flow")
    options = parser.parse_args()
    begin, wrong, without_blocks = time.perf_counter(), 0, 0
    for number in range(options.programs):
        name = f"{options.seed}-{number}"
        network = netdsl.parse(random_program(Random(name), options.steps).text)
        try:
            without_blocks += UNFACTORED in program((network,))
            assert_same((network,))
        except Exception:
            wrong += 1
            print(f"--- {name}\n{network.text}\n{traceback.format_exc()}")
    seconds = time.perf_counter() - begin
    print(
        f"{options.programs:,} programs, {wrong} make another model,"
        f" {without_blocks} are without blocks, {seconds:,.0f} seconds"
    )
    return 1 if wrong or without_blocks else 0


if __name__ == "__main__":
    sys.exit(main())

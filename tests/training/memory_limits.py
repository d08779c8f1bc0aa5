"""Run in a process of its own by test_memory_limits.py: trainings under `ulimit -v`.

Prints for each network the batch that was advised; dies where that does not fit.
"""

from __future__ import annotations

import re
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np

import netdsl
from netdsl.errors import RunError

MIB = 1 << 20


def used() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def trained(network: netdsl.Network, batch: int, runs: str) -> str:
    """Train for a step, and say what came of it: `trained`, or the message that refused it."""
    shape, rng = network.graph.ops[0].shape, np.random.default_rng(0)
    x = rng.random((int(1.5 * batch) + 40, *shape), np.float32)
    data = (x, np.arange(len(x)) % 10)
    try:
        network.train(data=data, batch=batch, epochs=1, seed=1, where=runs, quiet=True)
    except RunError as error:
        return str(error)
    return "trained"


def main(mib: int, *cases: str) -> None:
    for case in cases:
        text, large = case.split("; batch ")
        network = netdsl.parse(text)
        with tempfile.TemporaryDirectory() as runs:
            trained(network, 8, runs)  # what the backend takes once is there from now on
            resource.setrlimit(resource.RLIMIT_AS, (used() + mib * MIB, resource.RLIM_INFINITY))
            refused = trained(network, int(large), runs)
            found = re.search(r"N612.*`batch: (\d+)` fits", refused, re.DOTALL)
            assert found, refused
            advised = int(found[1])
            print(advised, trained(network, advised, runs), flush=True)
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])

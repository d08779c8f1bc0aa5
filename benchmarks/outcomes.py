"""Whether texts still mean what they meant: random texts, read by two checkouts.

    python benchmarks/outcomes.py OLD NEW [--inputs 10000] [--seeds 0 1 2 3]

OLD and NEW are folders that hold the package. The texts are those that OLD's `benchmarks/fuzz.py`
makes from these seeds, in its shares: programs, broken programs, noise. An outcome is the
codes of all diagnostics and, of each network, the shapes of its inputs and outputs, its operations
and its counts. Texts with another outcome are printed, grouped by how it changed, each group with
its shortest texts; the exit status is 1 where there are any.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

SHOWN = 3  # texts of a group
OPERATIONS = 5_000  # of the fuzzer's limits


def shares(fuzzer: str) -> tuple[float, float]:
    """Return the shares of texts that a fuzzer leaves as they are, and of noise."""
    for node in ast.parse(fuzzer).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            names = [ast.unparse(target) for target in node.targets[0].elts]
            if {"VALID", "NOISE"} <= set(names):
                found = dict(zip(names, ast.literal_eval(node.value), strict=True))
                return found["VALID"], found["NOISE"]
    raise SystemExit("benchmarks/fuzz.py does not state VALID and NOISE")


def texts(checkout: Path, seed: int, count: int) -> Iterator[str]:
    """Yield the texts that a checkout's fuzzer makes in its first process."""
    found = [checkout / "tests" / part / "programs.py" for part in (".", "support")]
    spec = importlib.util.spec_from_file_location("programs", next(filter(Path.exists, found)))
    assert spec
    assert spec.loader
    programs = importlib.util.module_from_spec(spec)
    sys.modules["programs"] = programs
    spec.loader.exec_module(programs)
    valid, noise = shares((checkout / "benchmarks" / "fuzz.py").read_text(encoding="utf-8"))
    for number in range(count):
        rng = Random(f"{seed}-0-{number}")
        text = programs.program(rng).text
        roll = rng.random()
        if roll >= valid:
            text = programs.noise(rng) if roll > 1 - noise else programs.mutated(rng, text)
        yield text


def read(text: str) -> Any:
    """What the netdsl of this process says of a text; 0.1.0 has its parts in other modules."""
    from netdsl.errors import NetError, Source
    from netdsl.limits import Limits

    limits = Limits(operations=OPERATIONS)
    try:
        from netdsl.reading import ReadOptions, check_source
        from netdsl.sources import decoded
    except ImportError:
        from netdsl.network import Given as ReadOptions
        from netdsl.network import check_source, decoded
    try:
        plain = decoded(text.encode("utf-8", "surrogatepass"), "<text>", limits).text
        checked = check_source(Source("<text>", plain), ReadOptions(limits=limits), "test")
    except NetError as error:
        return [[each.code for each in error.diagnostics], []]
    codes = sorted(each.code for each in checked.diagnostics)
    return [codes, [] if checked.faulty else [facts(each) for each in checked.networks]]


def facts(network: Any) -> Any:
    counts = network.counts
    return [
        network.name,
        [list(each.shape) for each in network.inputs],
        [list(each.shape) for each in network.outputs],
        [list(op.shape) for op in network.graph.ops],
        [counts.params, counts.moving, counts.weights, counts.macs],
    ]


def outcomes(checkout: Path, generator: Path, seed: int, count: int) -> Iterator[Any]:
    """Yield the outcome of each text, from a process with this checkout's package."""
    command = [sys.executable, __file__, str(generator), str(checkout), "--seeds", str(seed)]
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve())}
    process = subprocess.Popen(
        [*command, "--inputs", str(count), "--worker"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    yield from map(json.loads, process.stdout)
    if process.wait():
        raise SystemExit(f"{checkout} ended with {process.returncode}")


def change(old: Any, new: Any) -> str:
    """How an outcome changed, in a line."""
    said = [" ".join(codes) or "fine" for codes, _ in (old, new)]
    return f"{said[0]} -> {said[1]}" if said[0] != said[1] else f"{said[0]}: other networks"


def main() -> int:
    parser = argparse.ArgumentParser(description="Holds what random texts mean in two checkouts.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--inputs", type=int, default=10_000, help="texts of each seed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        for text in texts(options.old, options.seeds[0], options.inputs):
            print(json.dumps(read(text)), flush=False)
        return 0
    groups: dict[str, list[str]] = defaultdict(list)
    for seed in options.seeds:
        sides = (
            outcomes(each, options.old, seed, options.inputs) for each in (options.old, options.new)
        )
        made = texts(options.old, seed, options.inputs)
        for text, old, new in zip(made, *sides, strict=True):
            if old != new:
                groups[change(old, new)].append(text)
    total = len(options.seeds) * options.inputs
    differing = sum(map(len, groups.values()))
    for how, found in sorted(groups.items(), key=lambda group: -len(group[1])):
        print(f"--- {len(found):,} x  {how}")
        for text in sorted(found, key=len)[:SHOWN]:
            print(f"{text}\n")
    print(f"{total:,} texts, {differing:,} with another outcome")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())

"""What reading a network costs: chains of growing depth, long and hostile files, and how each
construct of the language grows.

    python benchmarks/language.py [--runs 3]

For chains and constructs, the figures are CPU seconds in one process (the best of some runs, with
garbage collection on), for what `check` and `table` do with a text. Each file is read by a cold
command: CPU seconds, their ratio to a cold `check` of VGG-16 in the same run, and the largest ratio
that is aimed at. growth.py prints the constructs alone.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import growth
from cold import measured

from netdsl.errors import Source
from netdsl.reading import ReadOptions, check_source
from netdsl.report.table import text_table
from netdsl.syntax.format import format_text

ROOT = Path(__file__).resolve().parents[1]
LIMITS = ReadOptions().limits


def chain(layers: int) -> str:
    """One flow of convolutions, norms and activations, each a step of its own."""
    kinds = ("conv3-64", "bn", "relu", "conv1-32", "dw3", "relu6")
    return (
        "32x32x3 > "
        + " > ".join(kinds[i % len(kinds)] for i in range(layers))
        + " > gap > softmax-10\n"
    )


def long_file(lines: int) -> str:
    """Blocks, each used once, and a flow with a line for each use."""
    blocks = [
        f"def block{i}(c) = conv3-{{c}}(bn) > conv1-{{2*c}}(relu) > conv3-{{c}}"
        for i in range(lines // 2)
    ]
    uses = [f"> block{i}({8 + i % 8})" for i in range(lines // 2)]
    return "\n".join([*blocks, "input 32x32x3", *uses]) + "\n"


def checked_and_tabulated(text: str) -> None:
    checked = check_source(Source("benchmark", text), ReadOptions(), "benchmark")
    if checked.faulty:
        raise SystemExit(f"the benchmark's own text has mistakes: {checked.diagnostics[0].message}")
    text_table(checked.networks[0])


def best(work: Callable[[], object], runs: int) -> float:
    """The least CPU seconds of some runs."""
    seconds = []
    for _ in range(runs):
        gc.collect()
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def cold(arguments: list[str]) -> float:
    """CPU seconds of a cold process."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "netdsl", *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


class File(NamedTuple):
    """A text that a cold command reads.

    Attributes:
        command: the command of netdsl.
        text: what it reads.
        limit: the largest ratio to a cold `check` of VGG-16 that is aimed at.
        code: the exit code; 1 where the text is refused.
    """

    command: str
    text: str
    limit: float
    code: int = 1


def files() -> dict[str, File]:
    """Make the files that are compared with a cold `check`."""
    doubles = "def d(n) = when(n > 0, {}, conv1-4)\n8x8x4 > d(40)\n"
    nested = f"8x8x4 > {'t(' * 40}conv1-4{')' * 40}\n"
    blocks = " > ".join(["res(conv3-16(bn) > conv3-16(bn))"] * 100)
    return {
        "40 lets that double": File("check", growth.MISTAKES["lets that double"](40), 10),
        "40 blocks that double": File("check", doubles.format("[ d({n-1}) | d({n-1}) ]"), 10),
        "t(u) = u > u, 40 deep": File("check", f"def t(u) = u > u\n{nested}", 10),
        "res that doubles": File("check", doubles.format("res(d({n-1}) > d({n-1}))"), 10),
        "t(u) = res(u > u), 40 deep": File("check", f"def t(u) = res(u > u)\n{nested}", 10),
        "100 residual blocks": File("emit", f"32x32x16 > {blocks} > gap > softmax-10\n", 10, 0),
        "2,001 lines": File("check", long_file(2_000), 5, 0),
        "57,000 errors": File("check", "input 4\n" + "> nosuch\n" * 57_000, math.inf),
        "an input of a million axes": File(
            "check", f"{'x'.join(['1'] * 10**6)} > fc-2\n", math.inf
        ),
    }


def print_ratios(runs: int) -> None:
    """Print what the files cost compared with a cold `check`; each round reads all of them."""
    compared = {"check of VGG-16": File("check", "", 1, 0), **files()}
    costs: dict[str, list[float]] = {name: [] for name in compared}
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a cold start reads bytecode
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.net"
        for _ in range(runs):
            for name, file in compared.items():
                path.write_text(file.text, encoding="utf-8")
                read = path if file.text else ROOT / "examples" / "vgg16.net"
                command = [sys.executable, "-m", "netdsl", file.command, str(read)]
                costs[name].append(measured(command, ROOT, environment, file.code).seconds)
    base = min(costs["check of VGG-16"])
    print(f"\n{'cold':42}  CPU s  ratio  at most")
    for name, file in compared.items():
        least = min(costs[name])
        ratio = least / base
        mark = "  <- more" if ratio > file.limit else ""
        print(f"{name:42}  {least:5.2f}  {ratio:5.2f}  {file.limit:7.0f}{mark}")


def print_merges(runs: int) -> None:
    """Print what merges of a layer and its input cost, compared with as many plain layers."""
    plain, merges = growth.STEPS["a chain of convolutions"], growth.STEPS["add[ id | conv ]"]
    layers, merged = (
        min(growth.seconds(text(20_000), 1) for _ in range(runs)) for text in (plain, merges)
    )
    print(f"{'check of 20,000 layers in a row':42}  {layers:5.2f}")
    print(f"{'check of 20,000 add[ id | layer ]':42}  {merged:5.2f}  ratio {merged / layers:.2f}")


def print_columns(runs: int) -> None:
    """Print what CSVs of many columns and three rows cost."""
    from netdsl.training.data.sources.table_file import read_table_file

    sizes, costs = [2_500, 5_000, 10_000, 20_000, 40_000], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "columns.csv"
        for size in sizes:
            names = ",".join(f"c{place}" for place in range(size))
            rows = [",".join(["1.5"] * size)] * 3
            path.write_text("\n".join([names, *rows]), encoding="utf-8")
            costs.append(best(partial(read_table_file, path), runs))
    exponent = growth.slope(sizes, costs)
    print(
        f"{'a CSV of 3 rows and n columns, n':42}", *(f"{size:>7,}" for size in sizes), " exponent"
    )
    print(f"{'':42}", *(f"{cost:7.2f}" for cost in costs), f"  {exponent:7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU seconds of reading networks")
    parser.add_argument("--runs", type=int, default=3, help="of which the best counts (default: 3)")
    options = parser.parse_args()
    checked_and_tabulated(chain(100))  # the parser's tables are loaded once
    print(f"{'check and table of':42}  CPU s")
    sizes = (1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 32_000, 64_000)
    figures = {
        layers: best(partial(checked_and_tabulated, chain(layers)), options.runs)
        for layers in sizes
    }
    for layers, seconds in figures.items():
        print(f"{f'a chain of {layers:,} layers':42}  {seconds:5.2f}")
    exponent = math.log(figures[64_000] / figures[1_000]) / math.log(64)
    print(f"{'growth exponent, 1,000 to 64,000 layers':42}  {exponent:5.2f}")
    print_merges(options.runs)
    text = long_file(2_000)
    print(
        f"{f'a file of {text.count(chr(10)):,} lines':42}  "
        f"{best(lambda: checked_and_tabulated(text), options.runs):5.2f}"
    )
    flow = Source("benchmark", chain(20_000))
    print(
        f"{'formatting a chain of 20,000 layers':42}  "
        f"{best(lambda: format_text(flow, LIMITS), 1):5.2f}"
    )
    for name in ("check", "table"):
        seconds = statistics.median(cold([name, "examples/lenet5.net"]) for _ in range(7))
        print(f"{f'a cold {name} of examples/lenet5.net':42}  {seconds:5.2f}")
    print_ratios(max(options.runs, 5))
    print()
    print_columns(options.runs)
    print()
    growth.print_exponents(250, 3, options.runs)


if __name__ == "__main__":
    main()

"""Tries texts until its time is up: generated programs, broken ones, and noise, through check, and
some of fmt, table, expand, emit, draw, diff and forward.

    python benchmarks/fuzz.py [--seconds 60] [--inputs N] [--processes 2] [--seed 0]

A failure is an exception other than a diagnostic, a text that takes more than 10 seconds of CPU
time, a valid program that is refused or whose shapes and counts differ from those that plain code
of the tests computes, and a formatted or expanded text that means something else. Each is printed
with the text that causes it; the exit status is 1 where there is one.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np  # noqa: E402
from support.programs import Program, meaning, mutated, noise, program, tangled  # noqa: E402

from netdsl import Network  # noqa: E402
from netdsl.architecture import Architecture  # noqa: E402
from netdsl.constants import FORMATS, LEVELS  # noqa: E402
from netdsl.drawing import options as drawn  # noqa: E402
from netdsl.emit.program import UNFACTORED  # noqa: E402
from netdsl.emit.program import program as keras_program  # noqa: E402
from netdsl.errors import NetError, Source  # noqa: E402
from netdsl.errors.terminal import render  # noqa: E402
from netdsl.errors.values import as_json  # noqa: E402
from netdsl.kinds import KINDS  # noqa: E402
from netdsl.kinds.values import dims  # noqa: E402
from netdsl.limits import Limits  # noqa: E402
from netdsl.reading import Checked, ReadOptions, check_source  # noqa: E402
from netdsl.report.columns import TableView  # noqa: E402
from netdsl.report.table import text_table  # noqa: E402
from netdsl.report.table_json import table_values  # noqa: E402
from netdsl.report.write import written_out  # noqa: E402
from netdsl.sources import decoded  # noqa: E402
from netdsl.syntax.format import format_text  # noqa: E402

LIMITS = Limits(operations=5_000)
PATIENCE = 10  # seconds of CPU time for one text
VALID, CASES, NOISE = 0.05, 0.15, 0.3
"""Shares of the texts: valid programs, which take ten times as long as broken ones; cases of the
kinds; noise. The rest are broken programs.
"""
SOME = 0.4
"""The share of the other commands that a text meets after `check`."""
REFUSED = {"N527", "N661", "N670"}
"""What is not shown of each network: outputs for fractions as indices, pictures of some styles,
outputs that take too long."""


def cases(rng: Random) -> str:
    """A case of a kind followed by others, whether they fit or not.

    Together the texts have all kinds and all their options.
    """
    known = [case for kind in dict.fromkeys(KINDS.values()) for case in kind.cases]
    first = rng.choice(known)
    texts = [first.text, *(rng.choice(known).text for _ in range(rng.choice([0, 0, 1, 2, 4])))]
    return f"input {dims(first.input)}\n> {' > '.join(texts)}\n"


def fault(text: str, rng: Random | None = None) -> str:
    """Return what netdsl does wrong with a text; empty where all is right.

    Args:
        text: what `check` and the other commands read.
        rng: draws some of the other commands; without it, all but those that show a network run.
    """
    try:
        text = decoded(text.encode("utf-8", "surrogatepass"), "<text>", LIMITS).text
    except NetError:
        return ""
    checked = _checked(text)
    assert all(diagnostic.code and diagnostic.message for diagnostic in checked.diagnostics)
    render(checked.diagnostics)
    json.dumps([as_json(diagnostic) for diagnostic in checked.diagnostics])
    if not checked.faulty and not checked.networks:
        return "no network and no error"
    commands: list[Callable[[], str]] = [partial(_fault_in_format, text, checked)]
    if not checked.faulty:
        for network in checked.networks:
            faults = (_fault_in_tables, _fault_in_expanded, _fault_in_program)
            commands += [partial(found, network) for found in faults]
            if rng:
                commands.append(partial(_fault_in_view, network, rng))
    drawn = (command for command in commands if rng is None or rng.random() < SOME)
    return next(filter(None, (command() for command in drawn)), "")


def _fault_in_tables(network: Architecture) -> str:
    rows = table_values(network, TableView())
    text_table(network)
    if sum(row["params"] for row in rows["rows"]) != rows["totals"]["params"]:
        return "the rows' params do not sum up to the total"
    return ""


def _fault_in_expanded(network: Architecture) -> str:
    written = written_out(network)
    again = _checked(written)
    if again.faulty or len(again.networks) != 1:
        return f"what expand writes is refused:\n{written}\n{render(again.diagnostics)}"
    before, after = meaning(network), meaning(again.networks[0])
    if not before.pop("named outputs") <= after.pop("named outputs"):
        return f"what expand writes loses the outputs' names:\n{written}"
    if before != after:
        return f"what expand writes is another network:\n{written}"
    if written_out(again.networks[0]) != written:
        return f"what expand writes is written otherwise the second time:\n{written}"
    return ""


def _fault_in_program(network: Architecture) -> str:
    text = keras_program([network])
    return f"the Keras program with blocks is not proven:\n{text}" if UNFACTORED in text else ""


def _fault_in_view(network: Architecture, rng: Random) -> str:
    try:
        rng.choice(_VIEWS)(Network.of(network), rng)
    except NetError as error:
        return "" if error.code in REFUSED else f"it is not shown: {error}"
    return ""


def _drawn(network: Network, rng: Random) -> None:
    picture = network.draw(
        style=rng.choice(drawn.STYLES),
        fold=rng.choice(drawn.FOLDS),
        depth=rng.choice([None, 0, 1, 2]),
        direction=rng.choice(drawn.DIRECTIONS),
        columns=rng.sample(drawn.COLUMNS, rng.randint(0, 3)),
        colour=rng.choice(drawn.COLOURS),
        theme=rng.choice(drawn.THEMES),
        heading=rng.random() < 0.5,
    )
    text = picture.text(form := rng.choice(drawn.FORMATS))
    if form == "svg":
        ElementTree.fromstring(text)


def _tabulated(network: Network, rng: Random) -> None:
    network.table(
        by=rng.choice(list(LEVELS)),
        format=rng.choice((*FORMATS, "json")),
        batch=rng.choice([1, 7]),
        bias=rng.random() < 0.5,
        units=rng.random() < 0.5,
    )


def _compared(network: Network, rng: Random) -> None:
    other = Network.of(_checked(program(rng).text).networks[0])
    str(network.diff(other))


def _computed(network: Network, rng: Random) -> None:
    if sum(math.prod(each.shape) for each in network.inputs) > 10_000:
        return
    generator = np.random.default_rng(rng.randrange(2**32))
    network.forward({each.name: generator.random(each.shape) for each in network.inputs})


_VIEWS = (_drawn, _drawn, _tabulated, _compared, _computed)


def _fault_in_format(text: str, checked: Checked) -> str:
    try:
        formatted = format_text(Source("<text>", text), LIMITS)
    except NetError as error:
        return (
            ""
            if {d.code for d in error.diagnostics} <= {d.code for d in checked.diagnostics}
            else f"fmt alone refuses it: {error}"
        )
    if format_text(Source("<text>", formatted), LIMITS) != formatted:
        return f"formatted once:\n{formatted}\nis formatted otherwise the second time"
    again = _checked(formatted)
    if sorted(d.code for d in again.diagnostics) != sorted(d.code for d in checked.diagnostics):
        return f"formatted, it has other diagnostics:\n{formatted}\n{render(again.diagnostics)}"
    if [meaning(network) for network in again.networks] != [
        meaning(network) for network in checked.networks
    ]:
        return f"formatted, it is another network:\n{formatted}"
    return ""


def disagreement(expected: Program) -> str:
    """Where netdsl and plain code differ about a valid program; empty where they agree."""
    checked = _checked(expected.text)
    if checked.faulty:
        return f"a valid program is refused:\n{render(checked.diagnostics)}"
    network = checked.networks[0]
    shapes, counts = tuple(point.shape for point in network.outputs), network.counts
    found = Program(
        expected.text,
        network.inputs[0].shape,
        shapes,
        counts.params,
        counts.moving,
        counts.weights,
        counts.macs,
    )
    return "" if found == expected else f"it is {found[1:]}, and should be {expected[1:]}"


def _checked(text: str) -> Checked:
    return check_source(Source("<text>", text), ReadOptions(limits=LIMITS), "test")


# --- the run --------------------------------------------------------------------------------------


class TooSlow(Exception):
    """A text took more than `PATIENCE`."""


def _alarm(*_: Any) -> None:
    raise TooSlow


def tried(seed: str) -> tuple[str, str]:
    """The text of a seed, and what goes wrong with it."""
    rng = Random(seed)
    signal.signal(signal.SIGPROF, _alarm)
    text = ""
    try:
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        valid = program(rng)
        text, roll = valid.text, rng.random()
        if roll < VALID / 2:
            text = tangled(rng)
            return text, fault(text, rng)
        if roll < VALID:
            return text, disagreement(valid) or fault(text, rng)
        if roll < VALID + CASES:
            text = cases(rng)
            if rng.random() < 0.5:
                return text, fault(text, rng)
        text = noise(rng) if roll > 1 - NOISE else mutated(rng, text)
        return text, fault(text, rng)
    except TooSlow:
        return text, f"it takes more than {PATIENCE} s of CPU time"
    except RecursionError:
        return text, "Python's recursion ends: " + traceback.format_exc(limit=-3)
    except Exception:
        return text, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _work(worker: int, seed: int, seconds: float, inputs: int | None, results: Any) -> None:
    """Try texts until the time or the number is up; report each failure, and at the end how many
    were tried.
    """
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds if inputs is None else count < inputs:
        name = f"{seed}-{worker}-{count}"
        text, wrong = tried(name)
        count += 1
        if wrong:
            results.put((name, text, wrong))
    results.put(count)


def main() -> int:
    parser = argparse.ArgumentParser(description="Tries generated and broken texts on netdsl.")
    parser.add_argument("--seconds", type=float, default=60, help="how long (default 60)")
    parser.add_argument("--inputs", type=int, help="how many texts, instead of --seconds")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    results: Any = multiprocessing.Queue()
    share = None if options.inputs is None else -(-options.inputs // options.processes)
    begin = time.perf_counter()
    workers = [
        multiprocessing.Process(
            target=_work, args=(number, options.seed, options.seconds, share, results), daemon=True
        )
        for number in range(options.processes)
    ]
    for worker in workers:
        worker.start()
    total, failures, running = 0, 0, len(workers)
    while running:
        found = results.get()
        if isinstance(found, int):
            total, running = total + found, running - 1
        else:
            name, text, wrong = found
            failures += 1
            print(f"--- seed {name}\n{text}\n--- {wrong}\n")
    seconds = time.perf_counter() - begin
    print(f"{total:,} inputs, {failures} failures, {total / seconds:.0f} inputs a second")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Trains, ends the training at random moments, resumes it, and compares the result with that of a
training that nothing stopped: weights bit for bit, and figures.

    python benchmarks/interrupts.py [--kills 100] [--interrupts 50] [--backend jax] [--seed 0]

Kills (SIGKILL) are those of `tests/support/killing.py`, which imports Keras once. Interrupts
(Ctrl-C, SIGINT) are sent to `netdsl train` in a process of its own, at any moment from its start:
it should end with 130 and no traceback, and leave no run, or one that `netdsl resume` takes to the
same result. The exit status is 1 where one of them ends otherwise.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from support.kept import NETWORK, RECIPE, figures, weights  # noqa: E402

INTERRUPTED = 130


def kills(where: Path, count: int, seed: int) -> int:
    """Kill a training this many times, printing each; return how many results differ."""
    script = ROOT / "tests" / "support" / "killing.py"
    command = [sys.executable, str(script), str(where), str(count), str(seed)]
    return subprocess.run(command, check=False).returncode


def begun(where: Path, command: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a command of netdsl in a folder, its messages in a file next to it."""
    with (where / "messages.txt").open("w") as messages:
        return subprocess.Popen(
            [sys.executable, "-m", "netdsl", command, *arguments],
            cwd=where,
            stdout=subprocess.DEVNULL,
            stderr=messages,
            text=True,
        )


def prepared(where: Path) -> Path:
    """Make a folder with the network and the recipe."""
    where.mkdir()
    (where / "small.net").write_text(NETWORK + "\n", encoding="utf-8")
    (where / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    return where


def interrupted(where: Path, after: float, whole: Path) -> str:
    """Interrupt a training after some seconds, as Ctrl-C does, and resume it.

    Returns:
        What is wrong with the result; empty where nothing is.
    """
    process = begun(prepared(where), "train", "small.net", "recipe.yaml")
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    code, messages = process.wait(), (where / "messages.txt").read_text()
    run = where / "runs" / "small-1"
    if code not in (0, INTERRUPTED) or "Traceback" in messages:
        return f"it ended with {code}: {messages}"
    if code == 0 and not (run / "report.html").exists():
        return "it ended with 0 before the end"
    if code == 0 or not run.exists():
        return ""
    if code := begun(where, "resume", "runs/small-1").wait():
        return f"resume ended with {code}: {(where / 'messages.txt').read_text()}"
    if (weights(run), figures(run)) != (weights(whole), figures(whole)):
        return "the result differs from that of the whole training"
    return ""


def interrupts(where: Path, count: int, seed: int) -> int:
    """Interrupt a training this many times, printing each; return how many went wrong."""
    began = time.perf_counter()
    if begun(prepared(where / "whole"), "train", "small.net", "recipe.yaml").wait():
        raise SystemExit((where / "whole" / "messages.txt").read_text())
    seconds = time.perf_counter() - began
    rng, wrong = Random(seed), 0
    for number in range(count):
        after = rng.random() * seconds
        folder = where / f"interrupted-{number}"
        found = interrupted(folder, after, where / "whole" / "runs" / "small-1")
        print(f"interrupted after {after:.2f} s: {found or 'as it should be'}", flush=True)
        wrong += bool(found)
        shutil.rmtree(folder)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description="ends trainings at random moments")
    parser.add_argument("--kills", type=int, default=100, help="(default: 100)")
    parser.add_argument("--interrupts", type=int, default=50, help="(default: 50)")
    parser.add_argument("--backend", help="tensorflow (the default), jax or torch")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.backend:
        os.environ["KERAS_BACKEND"] = options.backend
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        if options.kills:
            wrong += kills(Path(folder) / "kills", options.kills, options.seed)
        if options.interrupts:
            wrong += interrupts(Path(folder), options.interrupts, options.seed)
    print(f"{options.kills} kills, {options.interrupts} interrupts: {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

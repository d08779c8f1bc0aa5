"""Trains, kills at random moments and resumes, again and again; prints for each whether its result
is that of a run that was never stopped.

Run by `test_resume.py` in a process of its own: Keras is imported once, and each training is a fork
of that process, so that twenty kills take a minute. `python tests/support/killing.py FOLDER KILLS
SEED`
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.kept import NETWORK, RECIPE, figures, weights

import netdsl
from netdsl.keras.quiet import quiet_keras
from netdsl.training.recipes.recipe import parse_recipe

quiet_keras()

from netdsl.training.loop import pace  # noqa: E402
from netdsl.training.loop import train as run  # noqa: E402


def train(where: Path) -> None:
    run.train(netdsl.parse(NETWORK), parse_recipe(RECIPE), where=where, quiet=True)


def resume(where: Path) -> None:
    run.resume(where / "small-1", quiet=True)


def child(action: object, where: Path) -> int:
    """The number of a new process that does this."""
    pid = os.fork()
    if pid == 0:
        pace.MIN_SECONDS = pace.SHARE = 0.0  # each epoch is written
        try:
            action(where)  # type: ignore[operator]
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return pid


def ended(pid: int) -> bool:
    """Waits for the process, and returns whether it was not killed.

    Raises SystemExit where it failed by itself: it would each time, and there would be no end.
    """
    status = os.waitpid(pid, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("a training failed")
    return status == 0


def main(where: Path, kills: int, seed: int) -> int:
    rng = random.Random(seed)
    assert ended(child(train, where / "whole"))
    began = time.perf_counter()
    assert ended(child(train, where / "again"))
    seconds = time.perf_counter() - began
    whole = where / "whole" / "small-1"
    wrong = int(weights(where / "again" / "small-1") != weights(whole))
    number = resumed = 0
    while resumed < kills:
        number += 1
        here = where / f"killed-{number}"
        times, action = [], train
        while True:
            pid = child(action, here)
            after = rng.random() * seconds
            time.sleep(after)
            os.kill(pid, signal.SIGKILL)
            done = ended(pid)
            begun = (here / "small-1" / "run.json").exists()
            times.append(f"{after:.2f} s")
            if done or rng.random() < 0.7:
                break
            action = resume if begun else train
        if not begun:
            continue  # killed before there was a run: nothing to resume
        done = done or (
            (here / "small-1" / "result.json").exists()
            and not (here / "small-1" / "checkpoint.npz").exists()
        )
        if not done:
            done = ended(child(resume, here))
            resumed += 1
        same = (
            done
            and weights(here / "small-1") == weights(whole)
            and figures(here / "small-1") == figures(whole)
        )
        print(
            f"killed after {', '.join(times)}: {'the same' if same else 'NOT THE SAME'}",
            flush=True,
        )
        wrong += not same
    return wrong


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))

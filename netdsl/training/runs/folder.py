"""A run's folder: making a new one, the names of its files, and reading them."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from netdsl.errors import NetError, did_you_mean, fail
from netdsl.files import not_written, private_descriptor, remove_abandoned
from netdsl.training.memory import is_out_of_memory

NAME = re.compile(r"\w[\w.-]{0,99}")
"""What can name a run: no separator, no dot at the
beginning, and short enough for every file system."""

RUN, RECIPE, PREPARATION, VERSIONS = "run.json", "recipe.yaml", "preparation.json", "versions.json"
"""The files that a run begins with, in addition to its network's text."""

COMPONENTS = "components.npz"
"""The principal components that a run began with, if its weights begin at some."""

METRICS, METRICS_JSONL, RETRAINED, CURVE, PATH = (
    "metrics.csv",
    "metrics.jsonl",
    "retrained.csv",
    "curve.svg",
    "path.csv",
)
"""The figures by epoch; for a network with two trained numbers, `path.csv`: these by step."""

BEST, LAST, RESULT, REPORT = "best.keras", "last.keras", "result.json", "report.html"
"""The results of a run."""

GENERATOR, DISCRIMINATOR = "generator", "discriminator"
"""The two networks of a GAN's run; each has a file, `generator.keras`."""

SAMPLES = "samples"
"""The folder of a GAN's sheets of fixed noise: `samples/epoch-7.png`."""

LAST_NUMBERS = "last.npz"
"""What `resume --more` continues from if a training averages its weights: the weights that the
optimizer has moved, and its own state.
"""

CHECKPOINT, LOCK = "checkpoint.npz", "lock"
"""The files that exist only while a run is being trained or can be resumed."""


KEPT = "kept"
"""The folder of the weights that the recipe's `keep` adds: `kept/epoch-7.keras`."""

_KEPT = re.compile(r"epoch-([1-9][0-9]{0,8})\.keras")


def kept_name(epoch: int, part: str = "") -> str:
    """Return the name of the file with an epoch's weights, for a GAN those of one network."""
    return f"epoch-{epoch}{part and f'-{part}'}.keras"


def model_name(part: str) -> str:
    """Return the name of the file of one of a GAN's networks."""
    return f"{part}.keras"


def kept_epochs(folder: Path) -> dict[int, Path]:
    """Find the weights that a run has kept, by epoch, in their order."""
    files = (folder / KEPT).glob("epoch-*.keras")
    found = {int(name[1]): file for file in files if (name := _KEPT.fullmatch(file.name))}
    return dict(sorted(found.items()))


GRID, GRID_TABLE, GRID_CHART = "grid.json", "grid.csv", "grid.svg"
"""In the folder of a grid's runs: what the grid trains, and its results as table and chart."""

FOLDS_TABLE, OUT_OF_FOLD = "folds.csv", "out_of_fold.csv"
"""For several folds: the mean of each figure, and the predictions for the examples out of fold."""


def new_folder(where: str | Path, name: str) -> Path:
    """Make a new folder `where/NAME-N`, with the first N from 1 on that is free.

    Raises:
        NetError: N615 for a name that cannot be a folder's.
        RunError: N610 where the folder cannot be made.
    """
    if not NAME.fullmatch(name):
        raise fail(
            "N615",
            f"`{name}` cannot name a run",
            help="at most 100 letters, digits, `_`, `-` and `.`",
        )
    try:
        Path(where).mkdir(parents=True, exist_ok=True)
        for number in count(1):
            folder = Path(where) / f"{name}-{number}"
            # `mkdir` itself decides: looking first, two trainings could take one folder.
            with suppress(FileExistsError):
                folder.mkdir()
                return folder
    except OSError as error:
        raise not_written(Path(where), error) from None
    raise AssertionError("counting ends")


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Read the values of a run's file.

    Raises:
        NetError: N613 where there is none, N614 where it is damaged.
    """
    require_file(folder, name)
    try:
        values = json_values((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise damaged(folder / name) from None
    if not isinstance(values, dict):
        raise damaged(folder / name)
    return values


def json_values(text: str) -> Any:
    """Read the values of a JSON text.

    Raises:
        ValueError: where it is not JSON, nested too deep, or holds an infinite number.
    """
    try:
        # `parse_constant` is called for NaN and the infinities, `parse_float` for 1e999, which is
        # infinite too.
        return json.loads(text, parse_constant=_bounded, parse_float=_bounded)
    except RecursionError:
        raise ValueError("its brackets are nested too deep") from None


def _bounded(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is infinite")
    return value


def _names_in(folder: Path) -> list[str]:
    return [recipe.parent.name for recipe in folder.glob(f"*/{RECIPE}")]


def require_file(folder: Path, name: str) -> None:
    """Reject a folder that is not a run's, or does not hold such a file.

    Raises:
        NetError: N613, or N614 where a file is missing that a run always has.
    """
    # Not `folder.is_dir()`, which raises for a name that is too long.
    if not os.path.isdir(folder):
        # Also in `runs`: leaving out `runs/` is the most frequent mistake.
        near = did_you_mean(folder.name, _names_in(folder.parent)) or did_you_mean(
            folder.name, _names_in(Path("runs"))
        )
        raise fail(
            "N613",
            f"there is no run folder {folder}",
            help=near or "`netdsl train` creates one, such as runs/lenet5-1",
        )
    if (folder / name).is_file():
        return
    if not (folder / RUN).is_file():
        raise fail("N613", f"{folder} holds no run: it has no {RUN if name == RESULT else name}")
    if name in (BEST, LAST) and DISCRIMINATOR in read_json(folder, RUN):
        raise of_two_networks(folder)
    # From here on the folder is a run's: the error depends on how far the run has come.
    if (folder / RESULT).is_file():
        of_pair = (model_name(GENERATOR), model_name(DISCRIMINATOR))
        if (
            name in (BEST, REPORT, *of_pair)
            and read_json(folder, RESULT).get("ended") == "diverged"
        ):
            raise fail(
                "N613",
                f"the run {folder} diverged before its first evaluation: it has no weights",
                help="train again, with a lower rate",
            )
        raise fail("N614", f"{folder} is damaged: it has no {name}")
    if name in (RESULT, BEST, REPORT):
        raise fail(
            "N613",
            f"the run {folder} has not ended: it has no {name}",
            help=f"netdsl resume {folder}",
        )
    raise fail("N614", f"{folder} is damaged: it has no {name}")


def of_two_networks(folder: Path) -> NetError:
    """Return the error about a GAN's run where a run of one network is required."""
    return fail(
        "N691",
        f"{folder} is the run of a GAN, and this is about one network",
        help="resume, evaluate, sample, show, predict and runs know both; exported, one is alone: "
        f"netdsl export {folder} g.keras --net generator",
    )


def damaged(path: Path) -> NetError:
    """Return the error about a file that does not hold what it should."""
    return fail("N614", f"{path} is damaged")


@contextmanager
def removed_unless_begun(folder: Path) -> Iterator[None]:
    """Remove a folder that was made for a run if Ctrl-C comes before everything is written that the
    run begins with.
    """
    try:
        yield
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def removed_without_memory(folder: Path) -> Iterator[None]:
    """Remove a folder that was made for a run if the memory runs out before there is anything to
    resume from: resuming it would end in the same way.
    """
    try:
        yield
    except Exception as error:
        # With a checkpoint the folder stays: another machine may resume it.
        if is_out_of_memory(error) and not (folder / CHECKPOINT).is_file():
            shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from training in the folder during the block.

    The lock ends with the process, however the process ends.

    Raises:
        NetError: N619 where another one is training there.
        RunError: N610 where the folder cannot be written.
    """
    try:
        import fcntl
    except ImportError:  # not on every system
        yield
        return
    path = folder / LOCK
    with ExitStack() as stack:
        while True:
            try:
                descriptor = stack.enter_context(private_descriptor(path, os.O_RDWR))
            except OSError as error:
                raise not_written(path, error) from None
            try:
                # The open file is locked: a lock file left by a process that was killed locks
                # nothing.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise fail(
                    "N619",
                    f"another process is training in {folder}",
                    help="wait for it, or train into another folder",
                ) from None
            # Another process may have removed the file before it was locked here: then the next
            # process would lock a new file.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    break
            stack.close()
        # Only with the lock: the half-written files of a running process are still in use.
        remove_abandoned(folder)
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()

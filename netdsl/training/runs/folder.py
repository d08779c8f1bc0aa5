"""A run's folder: made anew for each run, and what it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, did_you_mean, fail
from netdsl.files import not_written

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Recipe

NAME = re.compile(r"\w[\w.-]{0,99}")

RUN, RECIPE, PREPARATION, VERSIONS, RESULT = (
    "run.json",
    "recipe.yaml",
    "preparation.json",
    "versions.json",
    "result.json",
)
METRICS, RETRAINED, CURVE, BEST, LAST, REPORT = (
    "metrics.csv",
    "retrained.csv",
    "curve.svg",
    "best.keras",
    "last.keras",
    "report.html",
)
FILE = "checkpoint.npz"
LINES, LOCK = "metrics.jsonl", "lock"


def new_folder(where: str | Path, name: str) -> Path:
    """A folder `where/NAME-N` that did not exist, N being the first that is free from 1 on.

    Raises NetError N615 for a name that is none for a folder, RunError N610 where the folder cannot
    be made.
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
            with suppress(FileExistsError):
                folder.mkdir()
                return folder
    except OSError as error:
        raise not_written(Path(where), error) from None
    raise AssertionError("counting ends")


def as_json(values: Mapping[str, Any]) -> str:
    """A key a line."""
    return (
        "{\n"
        + ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in values.items())
        + "\n}\n"
    )


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """The values of a run's file.

    Raises NetError N613 where there is none, N614 where it is damaged.
    """
    there(folder, name)
    try:
        values = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise damaged(folder / name) from None
    if not isinstance(values, dict):
        raise damaged(folder / name)
    return values


def there(folder: Path, name: str) -> None:
    """Raises NetError N613 where the folder is no run's, or does not hold such a file."""
    if not folder.is_dir():
        near = did_you_mean(
            folder.name, (run.parent.name for run in folder.parent.glob(f"*/{RECIPE}"))
        )
        raise fail(
            "N613",
            f"there is no run folder {folder}",
            help=near or "`netdsl train` makes one, such as runs/lenet5-1",
        )
    if (folder / name).is_file():
        return
    if not (folder / RUN).is_file():
        raise fail("N613", f"{folder} holds no run: it has no {RUN if name == RESULT else name}")
    if (folder / RESULT).is_file():
        if name == BEST and read_json(folder, RESULT).get("ended") == "diverged":
            raise fail(
                "N613",
                f"the run {folder} diverged before its first evaluation: it has no weights",
                help="train anew, at a lower rate",
            )
        raise fail("N614", f"{folder} is damaged: it has no {name}")
    if name in (RESULT, BEST):
        raise fail(
            "N613",
            f"the run {folder} has not ended: it has no {name}",
            help=f"netdsl resume {folder}",
        )
    raise fail("N614", f"{folder} is damaged: it has no {name}")


def damaged(path: Path) -> NetError:
    return fail("N614", f"{path} is damaged")


def kept_preparation(folder: Path) -> Preparation:
    """What was done to the run's data. Raises NetError N613, N614."""
    from netdsl.training.preparation.transforms import from_plain

    values = read_json(folder, PREPARATION)
    try:
        return from_plain(values)
    except (TypeError, KeyError, ValueError, AttributeError):
        raise damaged(folder / PREPARATION) from None


def kept_recipe(folder: Path) -> Recipe:
    """The run's recipe, with every value. Raises NetError N613, N614."""
    from netdsl.training.recipes.recipe import load_recipe

    there(folder, RECIPE)
    try:
        recipe = load_recipe(folder / RECIPE)
    except NetError:
        raise damaged(folder / RECIPE) from None
    if None in (
        recipe.data.source,
        recipe.batch,
        recipe.epochs,
        recipe.seed,
        recipe.early_stopping.every,
    ):
        raise damaged(folder / RECIPE)
    return recipe


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other processes from training in the folder meanwhile; the lock ends with the process,
    however that ends.

    Raises NetError N619 where another one does, RunError N610 where the folder cannot be written.
    """
    try:
        import fcntl
    except ImportError:  # not on every system
        yield
        return
    try:
        file = (folder / LOCK).open("w")
    except OSError as error:
        raise not_written(folder / LOCK, error) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise fail(
                "N619",
                f"another process is training in {folder}",
                help="wait for it, or train into a folder of its own",
            ) from None
        try:
            yield
        finally:
            with suppress(OSError):
                (folder / LOCK).unlink()


def kept_network(folder: Path) -> Architecture:
    """The run's network, with the params and the input that it was trained with.

    Raises NetError N613, N614, or of its text.
    """
    from netdsl.reading import ReadOptions, read_file

    told = read_json(folder, RUN)
    try:
        file, name, shape = str(told["file"]), str(told["network"]), told["input"]
        given = tuple(map(int, shape)) if shape else None
    except (KeyError, TypeError, ValueError):
        raise damaged(folder / RUN) from None
    if Path(file).name != file:
        raise damaged(folder / RUN)
    there(folder, file)
    options = ReadOptions(params=kept_recipe(folder).params, input_shape=given)
    return read_file(folder / file, name, options, name)

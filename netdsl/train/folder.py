"""A run's folder: made anew for each run."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import count
from pathlib import Path

from netdsl.errors import fail
from netdsl.files import not_written

NAME = re.compile(r"\w[\w.-]{0,99}")


def new_folder(where: str | Path, name: str) -> Path:
    """A folder `where/NAME-N` that did not exist, N being the first that is free from 1 on.

    Raises NetError N615 for a name that is none for a folder, RunError N610 where the folder cannot be made.
    """
    if not NAME.fullmatch(name):
        raise fail("N615", f"`{name}` cannot name a run", help="at most 100 letters, digits, `_`, `-` and `.`")
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

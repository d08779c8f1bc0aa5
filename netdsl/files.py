"""Files written beside their place and renamed: what stood there stands until the new one is
whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from netdsl.errors import Diagnostic, RunError


def write(path: Path, text: str) -> None:
    """Writes a text. Raises RunError N610, and then what stood there still stands."""
    save(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))


def save(path: Path, writer: Callable[[Path], object]) -> None:
    """Lets `writer` write a file beside the path, and then gives it the path's name.

    Raises RunError N610.
    """
    part = path.with_name(f".part-{path.name}")
    try:
        writer(part)
        if path.exists():
            part.chmod(path.stat().st_mode)
        os.replace(part, path)
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # h5py reports a full disk as a RuntimeError or a ValueError
        raise not_written(path, error) from None
    finally:
        with suppress(OSError):
            part.unlink()


def not_written(path: Path, error: Exception) -> RunError:
    """The error of a path that the disk does not take."""
    reason = getattr(error, "strerror", None) or str(error)
    return RunError(
        Diagnostic(
            "N610",
            f"{path} cannot be written: {reason}",
            help="it takes a folder that can be written, and room",
        )
    )

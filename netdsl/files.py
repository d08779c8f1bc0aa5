"""Files written where strangers may have been before: into a private folder next to their place,
and renamed. What was there stays until the new one is whole, and nothing is written through a link.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netdsl.errors import Diagnostic, RunError
from netdsl.paths import is_null_device, kind_of

_PRIVATE = re.compile(r"\.part-[0-9a-f]{16}")


def write(path: Path, text: str) -> None:
    """Write a text.

    Raises:
        RunError: N610 where it cannot be written; what was there is still there then.
    """
    save(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))


def save(path: Path, writer: Callable[[Path], object]) -> None:
    """Let `writer` write a file next to the path, and then give it the path's name.

    A link of this name is replaced, and what it leads to is left alone. What is written to the null
    device is dropped.

    Raises:
        RunError: N610 where it cannot be written; what was there is still there then.
    """
    try:
        dropped = is_null_device(path)
        with private_folder(_temporary() if dropped else path.parent) as folder:
            part = folder / path.name
            writer(part)
            if not dropped:
                _replace(part, path)
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # h5py reports a full disk as a RuntimeError or a ValueError
        raise not_written(path, error) from None


def _replace(part: Path, path: Path) -> None:
    """Rename a part to its path, with the permissions of the file that was there."""
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            part.chmod(stat.S_IMODE(mode))
        elif not stat.S_ISLNK(mode):
            raise OSError(errno.EINVAL, f"it is a {kind_of(mode)}")
    # Atomic within one file system, which is why the folder is next to the path.
    os.replace(part, path)


def make_folder(path: Path) -> None:
    """Make a folder where there is none.

    Raises:
        RunError: N610 where it cannot be made, as where a file has its name.
    """
    try:
        path.mkdir(exist_ok=True)
    except FileExistsError:
        message = f"{path} cannot be made a folder: a file has this name"
        help = "move the file, or remove it"
        raise RunError(Diagnostic("N610", message, help=help)) from None
    except OSError as error:
        raise not_written(path, error) from None


@contextmanager
def private_folder(target: Path) -> Iterator[Path]:
    """Make a folder of a random name that nobody else may write to, and remove it at the end."""
    folder = target / f".part-{os.urandom(8).hex()}"
    folder.mkdir(0o700)  # fails where anything of this name is there, a link too
    try:
        yield folder
    finally:
        _remove(folder)


def remove_abandoned(folder: Path) -> None:
    """Remove the private folders that killed processes left in a folder.

    Only for a folder that no other process writes to meanwhile.
    """
    for found in folder.iterdir():
        if _PRIVATE.fullmatch(found.name) and stat.S_ISDIR(found.lstat().st_mode):
            _remove(found)


def _remove(folder: Path) -> None:
    with suppress(OSError):
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def _temporary() -> Path:
    import tempfile

    return Path(tempfile.gettempdir())


def not_written(path: Path, error: Exception) -> RunError:
    """Return the error of a path that cannot be written."""
    reason = getattr(error, "strerror", None) or str(error)
    return RunError(
        Diagnostic(
            "N610",
            f"{path} cannot be written: {reason}",
            help="choose a writable folder with enough space",
        )
    )


@contextmanager
def private_descriptor(path: Path, flags: int) -> Iterator[int]:
    """Open a file of the tool's own, made where it is missing, cut nowhere, and through no link.

    Raises:
        OSError: where it cannot be opened, or is a link or not a regular file.
    """
    # Without blocking: opening a named pipe would wait for its other end.
    flags |= os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o666)
    try:
        if kind := kind_of(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, f"it is a {kind}, not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)

"""What a path leads to: a file, a folder, or something that reading would wait for."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys

_SPECIAL = (
    (stat.S_ISDIR, "folder"),
    (stat.S_ISFIFO, "named pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)
_INHERITED = re.compile(r"/dev/(stdin|fd/\d+)|/proc/self/fd/\d+")


def kind_of(mode: int) -> str:
    """Say what kind of file a `stat` mode belongs to: `folder`, `named pipe`, `socket`, `device`.

    Empty for a regular file.
    """
    return next((name for matches, name in _SPECIAL if matches(mode)), "")


def is_null_device(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is the device that drops what is written to it."""
    try:
        found = os.lstat(path)
        return stat.S_ISCHR(found.st_mode) and found.st_rdev == os.stat(os.devnull).st_rdev
    except (OSError, ValueError):
        return False


def require_regular(path: str | os.PathLike[str]) -> None:
    """Reject what a reader could wait for without end: pipes, sockets and devices.

    The null device is an empty file, and a pipe that this process was given open (`/dev/stdin`, the
    `/dev/fd/63` of a shell) is read.

    Raises:
        OSError: with the reason as its `strerror`, or where there is nothing of this name.
    """
    kind = kind_of(os.stat(path).st_mode)
    if kind in ("", "folder") or is_null_device(path):
        return  # opening a folder says what it is
    if not _INHERITED.fullmatch(os.fspath(path)):
        raise OSError(errno.EINVAL, f"it is a {kind}, not a regular file")


def leads_out(path: str, folder: str) -> bool:
    """Return whether a path in a folder is a link to something outside of it."""
    # The separator at the end, or `/data2` would be inside of `/data`.
    return os.path.islink(path) and not os.path.realpath(path).startswith(
        os.path.join(os.path.realpath(folder), "")
    )


def read_regular(path: str | os.PathLike[str]) -> bytes:
    """Read a file's bytes.

    Raises:
        OSError: where it cannot be read, or reading could wait without end.
    """
    if "\0" in os.fspath(path):
        raise OSError(errno.EINVAL, "no file can have this name")
    require_regular(path)
    with open(path, "rb") as file:
        return file.read()


def standard_input(limit: int = -1) -> bytes:
    """Read standard input, at most this many bytes.

    Raises:
        OSError: where it is closed, or cannot be read.
    """
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    return sys.stdin.buffer.read(limit)

"""Where a command may write."""

from __future__ import annotations

from pathlib import Path

from netdsl.errors import fail


def free_path(path: str | Path, force: bool) -> Path:
    """Give back a path that can be written.

    Raises:
        NetError: N604 where a file is there and `force` is not given, N601 where its folder does
            not exist.
    """
    path = Path(path)
    if path.exists() and not force:
        raise fail(
            "N604",
            f"{path} exists already",
            help="write over it with --force, or choose another name",
        )
    if not path.parent.is_dir():
        raise fail("N601", f"there is no folder {path.parent}")
    return path


def free_model_path(path: str | Path, force: bool) -> Path:
    """Give back a path to which Keras can write a model.

    Raises:
        NetError: N604 where it does not end in .keras; else as in `free_path`.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise fail(
            "N604",
            f"{path} does not end in .keras",
            help="Keras writes whole models as .keras files",
        )
    return free_path(path, force)

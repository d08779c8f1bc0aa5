"""Where a command may write."""

from __future__ import annotations

import os

from netdsl.cli.terminal import note, show_text
from netdsl.errors import fail
from netdsl.paths import is_null_device, kind_of

TYPE_CHECKING = False  # as `typing` has it
if TYPE_CHECKING:
    from pathlib import Path  # which `table` does without, where it prints

STANDARD_OUTPUT = "-"


def target_of(output: str | None, force: bool) -> Path | None:
    """Return the path that `-o` names; None for standard output.

    Raises:
        NetError: as `free_path` does.
    """
    return None if output in (None, STANDARD_OUTPUT) else free_path(output, force)


def show_or_write(text: str, target: Path | None, about: str) -> None:
    """Print a text, through a pager if it is long, or write it into a file.

    Args:
        text: without the end of its last line.
        target: the file; None for standard output.
        about: what the note after writing says about the file.
    """
    if target is None:
        show_text(text)
    else:
        from netdsl.files import write

        write(target, f"{text}\n")
        note(f"{target}: {about}")


def free_path(path: str | Path, force: bool) -> Path:
    """Return a path that can be written.

    For a link that the user has named, it is the path that the link leads to.

    Raises:
        NetError: N604 where a file is there and `force` is not given, or what is there is not a
            file; N601 where its folder does not exist.
        RunError: N610 where the system rejects the path: too long, or in another user's folder.
    """
    from pathlib import Path

    path = Path(path)
    try:
        return _free(path, force)
    except OSError as error:
        from netdsl.files import not_written

        raise not_written(path, error) from None


def _free(path: Path, force: bool) -> Path:
    from pathlib import Path

    # Files are written under another name and renamed, which would replace a link.
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    # `-o /dev/null` is of use for measuring, and must not replace the device by a file.
    if is_null_device(target):
        return target
    if target.exists() and (kind := kind_of(target.stat().st_mode)):
        raise fail(
            "N604",
            f"{path} is a {kind}, not a file that can be replaced",
            help="name a file; for standard output leave out the name, or write `-`",
        )
    if os.path.lexists(path) and not force:
        raise fail(
            "N604",
            f"{path} already exists",
            help="overwrite it with --force, or choose another name",
        )
    if not target.parent.is_dir():
        raise fail("N601", f"there is no folder {target.parent}")
    return target


def free_model_path(path: str | Path, force: bool) -> Path:
    """Return a path to which Keras can write a model.

    Raises:
        NetError: N604 where it does not end in .keras, and as `free_path` does.
    """
    from pathlib import Path

    path = Path(path)
    if path.suffix != ".keras":
        raise fail(
            "N604",
            f"{path} does not end in .keras",
            help="Keras writes whole models as .keras files",
        )
    return free_path(path, force)

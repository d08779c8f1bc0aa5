"""Settings of a folder: which file holds them, and how they replace built-in defaults.

`netdsl.toml`, or the table `[tool.netdsl]` of a `pyproject.toml`, is looked for from the working
directory upwards. TOML is imported only where there is such a file.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # as `typing` has it
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from typing import Any

NAME, PROJECT = "netdsl.toml", "pyproject.toml"

WITHOUT = ("help", "completion")
"""Commands that read no settings, so that they work where the file has mistakes."""

HEADER = "[tool.netdsl]"
"""The header of the settings in a `pyproject.toml`."""

LONGEST = 1 << 20
"""The most bytes of a `pyproject.toml` that are read."""


def fill_in(options: Namespace, settings: Mapping[str, Any]) -> None:
    """Fill in what the options leave out, from the environment or else from the settings."""
    if options.quiet is None:
        options.quiet = settings.get("quiet", False) and not getattr(options, "verbose", False)
    if options.color is None:
        # The environment comes first: it is this user's, and the file may be a project's.
        options.color = "auto" if os.environ.get("NO_COLOR") else settings.get("color", "auto")
    if options.pager is None:
        options.pager = settings.get("pager", True)


def nearest_config() -> str | None:
    """Find the file with settings that is nearest to the working directory, upwards."""
    try:
        folder = os.getcwd()
    except OSError:  # it was removed
        return None
    while True:
        own, project = os.path.join(folder, NAME), os.path.join(folder, PROJECT)
        if os.path.isfile(own):
            return own
        # The files of most projects hold no settings of netdsl: they are not parsed, and the
        # search continues.
        if os.path.isfile(project) and _has_settings(project):
            return project
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _has_settings(project: str) -> bool:
    """Return whether a `pyproject.toml` has a table `[tool.netdsl]`."""
    try:
        with open(project, "rb") as file:
            # A mention in a comment counts too: the file is then read, and shows what it holds.
            return HEADER.encode() in file.read(LONGEST)
    except OSError:
        return False

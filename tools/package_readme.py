"""README as a package index shows it: links and pictures of the checkout become plain text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


def package_readme(text: str) -> str:
    """Return the text without relative pictures, and with relative links as their words alone."""
    text = re.sub(r"!\[[^]]*\]\((?!https?:)[^)]+\)\n*", "", text)
    return re.sub(r"(?<!!)\[([^]]+)\]\((?!https?:)[^)]+\)", r"\1", text)


class PackageReadme(MetadataHookInterface):
    """Gives the package's metadata its readme."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the readme."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": package_readme(text)}

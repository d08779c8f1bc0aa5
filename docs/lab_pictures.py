"""Draws the pictures of trained networks in `docs/lab.md`, into `docs/pictures/lab/`.

    NETDSL_DATA=DATA python docs/lab_pictures.py

The commands of the page are run as they are there, from the first training to the last picture,
with the seed 0. MNIST lies in the folder DATA, or is downloaded.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from netdsl.cli.main import main as netdsl  # noqa: E402

PAGE, PICTURES = ROOT / "docs" / "lab.md", ROOT / "docs" / "pictures" / "lab"
SECTIONS = ("Inside a trained network", "What fools it", "New examples")


def commands() -> Iterator[list[str]]:
    """The commands of the sections of trained networks, in order."""
    text = PAGE.read_text(encoding="utf-8")
    for title in SECTIONS:
        section = text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
        for line in re.findall(r"^    netdsl (.*)$", section, re.MULTILINE):
            yield [
                str(ROOT / word) if word.startswith("examples/") else word
                for word in shlex.split(line)
            ]


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        for command in commands():
            if netdsl(command) != 0:
                raise SystemExit(f"failed: netdsl {' '.join(command)}")
        for drawn in Path(folder).glob("*.svg"):
            shutil.copyfile(drawn, PICTURES / drawn.name)


if __name__ == "__main__":
    main()

"""Draws every picture that the pages show, and writes the gallery into `docs/zoo.md`.

    python docs/gallery.py

Each command of a page that writes an SVG is run as it is there, and writes into `docs/pictures/`;
the gallery's are in FIGURES.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from imagenet import PICTURE, chart  # noqa: E402

from netdsl.cli.main import main as netdsl  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
ZOO = ROOT / "docs" / "zoo.md"
_DRAWING = "draw|diff|forward|backward|matrix|explain"  # the commands that draw a network or a kind
_COMMAND = re.compile(rf"^(?: {{4}}|\$ )netdsl ((?:{_DRAWING}) .* -o \w+\.svg)$", re.MULTILINE)


class Figure(NamedTuple):
    """A picture of the gallery: a network of examples/, options, and what it shows."""

    name: str
    options: str
    about: str

    @property
    def file(self) -> str:
        """The picture's name."""
        style = re.search(r"--style (\w+)", self.options)
        net = re.search(r"--net (\w+)", self.options)
        parts = (self.name, net and net[1], style and style[1])
        return "_".join(filter(None, parts)) + ".svg"

    @property
    def command(self) -> str:
        """The command that draws it."""
        return f"draw examples/{self.name}.net {self.options}".rstrip()


FIGURES = (
    Figure(
        "mlp", "", "The multilayer perceptron 784-16-16-10: circles for numbers, lines for weights"
    ),
    Figure("autoencoder_8_3_8", "", "The autoencoder that learns a binary code"),
    Figure("lenet5", "--style volumes", "LeNet-5"),
    Figure(
        "alexnet", "--style volumes", "AlexNet: two columns, which meet in the third convolution"
    ),
    Figure("vgg16", "--style volumes", "VGG-16"),
    Figure("dcgan", "--net generator --style volumes", "The generator of DCGAN"),
    Figure("inception", "", "An inception module"),
    Figure("googlenet", "", "GoogLeNet, with both auxiliary heads"),
    Figure("plain34", "", "The plain network of 34 layers"),
    Figure("resnet34", "", "The residual network of 34 layers, its counterpart"),
    Figure("resnet50", "", "ResNet-50, and its two forms of bottleneck"),
    Figure("densenet121", "", "DenseNet-121"),
    Figure("se_resnet50", "", "SE-ResNet-50: a bottleneck that weighs its channels"),
    Figure("xception", "", "Xception"),
    Figure("mobilenet_v2", "", "MobileNetV2: inverted residuals"),
    Figure("shufflenet_v2", "", "ShuffleNetV2"),
    Figure("unet", "", "U-Net"),
    Figure("fcn8s", "", "FCN-8s"),
    Figure("gpt_small", "", "A decoder of transformer blocks"),
    Figure("vit_b_16", "", "ViT-B/16"),
    Figure("bert_base", "", "BERT"),
    Figure("wavenet", "", "WaveNet: gated residuals, all of which reach the output"),
    Figure("nasnet_mobile", "", "NASNet-A mobile: its reduction and normal cells"),
    Figure("siamese", "", "A Siamese network: both sides share their weights"),
    Figure("text_cnn", "", "A convolutional network for sentences"),
)

_HEAD = """

## Pictures

Drawn by `make gallery` with `netdsl draw`. [pictures.md](pictures.md) shows every style and option.
"""


def gallery() -> str:
    """The gallery as Markdown."""
    return _HEAD + "".join(
        f"\n### {figure.about}\n\n`netdsl {figure.command}`\n\n"
        f"![{figure.about}](pictures/{figure.file})\n"
        for figure in FIGURES
    )


def commands() -> list[str]:
    """The commands to run: those of all pages, then the gallery's."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = [each for page in pages for each in _COMMAND.findall(page.read_text(encoding="utf-8"))]
    found += [f"{figure.command} -o {figure.file}" for figure in FIGURES]
    return list(dict.fromkeys(found))


def run(command: str, folder: Path) -> Path:
    """Draw one picture into a folder; the working directory is the project's.

    Raises:
        SystemExit: where the command fails.
    """
    parts = shlex.split(command)
    target = folder / parts[parts.index("-o") + 1]
    parts[parts.index("-o") + 1] = str(target)
    allowed = (0, 1) if parts[0] == "diff" else (0,)  # diff ends with 1 where both differ
    if netdsl([*parts, "--force"]) not in allowed:
        raise SystemExit(f"failed: netdsl {command}")
    return target


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.svg"):  # those of lab/ are made by lab_pictures.py
        old.unlink()
    os.chdir(ROOT)
    for command in commands():
        run(command, PICTURES)
    (PICTURES / PICTURE).write_text(chart(), encoding="utf-8")
    tables = ZOO.read_text(encoding="utf-8").partition("\n## Pictures\n")[0]
    ZOO.write_text(tables.rstrip() + gallery(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The networks of examples/, for the tests that go through all of them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from netdsl.architecture import Architecture
from netdsl.emit.program import program
from netdsl.reading import Checked, ReadOptions, check_source
from netdsl.sources import read_source, stem

FOLDER = Path(__file__).resolve().parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.net"))

# Built in Keras by `make test-all` only: some seconds, or some hundred megabytes, each. The others
# are made of nearly the same pieces.
LARGE = frozenset(
    {
        *(
            "alexnet",
            "alexnet_torchvision",
            "bert_base",
            "cbam_resnet18",
            "convnext_base",
            "convnext_large",
            "convnext_small",
            "convnext_tiny",
            "dcgan",
            "deeplabv3_resnet50",
            "deeplabv3plus",
            "densenet121",
            "densenet169",
            "densenet201",
        ),
        *(f"efficientnet_b{number}" for number in range(8)),
        *(
            "efficientnet_v2_s",
            "fcn8s",
            "googlenet",
            "googlenet_bn",
            "inception_resnet_v2",
            "inception_v2",
            "inception_v3",
            "mlp_mixer",
            "mobilenet_v3_large",
            "nasnet_mobile",
        ),
        *("preact_resnet50", "resnet101", "resnet152", "resnet34", "resnext50", "se_resnet50"),
        *("vgg11", "vgg11_lrn", "vgg13", "vgg16_1x1", "vgg19", "zfnet"),
    }
)


@cache
def checked(path: Path) -> Checked:
    """What `netdsl check` finds in a file; read once, as all of it is frozen."""
    return check_source(read_source(path), ReadOptions(str(path)), stem(path))


def names(path: Path) -> list[str]:
    """The names of a file's networks, found without reading the networks themselves: for the ids
    of tests, which each worker process makes for itself.
    """
    return re.findall(r"^net (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE) or [stem(path)]


def named(path: Path, name: str) -> Architecture:
    """The network of this name."""
    (network,) = (network for network in checked(path).networks if network.name == name)
    return network


@cache
def program_of(path: Path) -> str:
    """The program of a file's networks."""
    return program(checked(path).networks)

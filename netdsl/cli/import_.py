"""`netdsl import`: a Keras model as a network file."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import add_force, shape
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import free_model_path, target_of
from netdsl.cli.terminal import note
from netdsl.files import save, write

EXAMPLES = (
    "import model.keras -o model.net",
    "import keras:ResNet50",
    "import model.h5 -o model.net --weights copy.keras",
    "import keras:ResNet50 -o resnet50.net --weights resnet50.keras --pretrained",
)

IMAGENET = "imagenet"

_LONG = 10**9  # multiply-accumulates of an example: from here on comparing takes seconds


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a .keras or .h5 file, or keras:NAME for one of keras.applications",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE.net",
        help="where to write the network (default: standard output)",
    )
    parser.add_argument(
        "--weights",
        metavar="MODEL.keras",
        help="also write that network as a Keras model, with the weights copied",
    )
    parser.add_argument(
        "--pretrained",
        nargs="?",
        const=IMAGENET,
        metavar="FILE.h5",
        help="with keras:NAME: its ImageNet weights, which Keras downloads, or those of a file;"
        " kept by --weights",
    )
    parser.add_argument(
        "--input",
        metavar="[NAME=]SHAPE",
        type=_named_shape,
        action="append",
        help="the input's shape, if the model leaves sizes open: 224x224x3; title=20 for one"
        " of several",
    )
    add_force(parser, "existing files")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.keras.importing import import_model
    from netdsl.keras.opening import is_application, open_model

    pretrained = options.pretrained
    if pretrained is not None and not is_application(options.model):
        return wrong_usage("import", "--pretrained is for keras:NAME; a file has its own weights")
    if pretrained is not None and not options.weights:
        return wrong_usage("import", "--pretrained needs --weights FILE.keras, which keeps them")
    target = target_of(options.output, options.force)
    weights = free_model_path(options.weights, options.force) if options.weights else None
    shapes = _shapes(options.input or [])
    model = open_model(options.model, shapes, pretrained)
    # Random weights need no comparison of their own, and nobody needs a copy of them.
    random = is_application(options.model) and pretrained is None
    found = import_model(model, shapes, not random, _comparing)
    for sentence in found.left_out:
        print(f"warning: {sentence}", file=sys.stderr)
    if target is None:
        print(found.text, end="")
    else:
        write(target, found.text)
        note(f"{target}: {model.name}, {len(found.text.splitlines())} lines")
    if weights is not None:
        save(weights, found.clone.save)
        count = f"{found.clone.count_params():,}"
        if random:
            why = "--pretrained takes those that Keras has"
            print(f"{weights}: {found.clone.name}, {count} random weights ({why})", file=sys.stderr)
        else:
            note(f"{weights}: {found.clone.name}, {count} weights copied")
    return 0


def _named_shape(text: str) -> tuple[str, tuple[int, ...]]:
    """Read `title=20`, or `20` without a name."""
    name, equals, value = text.rpartition("=")
    return (name if equals else "", shape(value))


def _shapes(
    given: list[tuple[str, tuple[int, ...]]],
) -> tuple[int, ...] | dict[str, tuple[int, ...]] | None:
    """Return one shape, or one for each name."""
    if len(given) == 1 and not given[0][0]:
        return given[0][1]
    return dict(given) or None


def _comparing(macs: int) -> None:
    """Note that the networks are being compared, which takes long for large ones."""
    if macs > _LONG:
        note(f"comparing the two networks on random weights ({macs:,} MACs)")

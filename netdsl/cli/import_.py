"""`netdsl import`: a Keras model as a network file."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import add_force, shape
from netdsl.cli.outputs import free_model_path, target_of
from netdsl.files import save, write

EXAMPLES = (
    "import model.keras -o model.net",
    "import keras:ResNet50",
    "import model.h5 -o model.net --weights twin.keras",
)


def set_up(parser: argparse.ArgumentParser) -> None:
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
        "--input",
        metavar="SHAPE",
        type=shape,
        help="the input's shape, if the model leaves sizes open: 224x224x3",
    )
    add_force(parser, "existing files")


def run(options: argparse.Namespace) -> int:
    from netdsl.keras.importing import from_keras, rebuilt
    from netdsl.keras.opening import open_model

    target = target_of(options.output, options.force)
    weights = free_model_path(options.weights, options.force) if options.weights else None
    model = open_model(options.model, options.input)
    text, clone = rebuilt(model) if weights else (from_keras(model), None)
    if target is None:
        print(text, end="")
    else:
        write(target, text)
        print(f"{target}: {model.name}, {len(text.splitlines())} lines", file=sys.stderr)
    if weights is not None and clone is not None:
        save(weights, clone.save)
        print(
            f"{weights}: {clone.name}, {clone.count_params():,} weights copied",
            file=sys.stderr,
        )
    return 0

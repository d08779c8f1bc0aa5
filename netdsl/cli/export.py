"""`netdsl export`: a run's best model for use elsewhere."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import RUN_HELP, add_force, add_net, run_folder
from netdsl.cli.terminal import is_quiet

EXAMPLES = (
    "export runs/lenet5-1 lenet5.onnx",
    "export runs/lenet5-1 weights.safetensors",
    "export runs/lenet5-1 saved/ --to savedmodel",
    "export runs/lenet5-1 network.onnx --bare",
    "export runs/lenet5-1 lenet5.tflite --quantize int8",
    "export runs/dcgan-1 generator.onnx --net generator",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "source", metavar="RUN", type=run_folder, help=f"{RUN_HELP}; or a .keras file"
    )
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="the target: NAME.onnx, .keras, .tflite, .safetensors, or a folder for a SavedModel",
    )
    parser.add_argument(
        "--to",
        choices=("keras", "savedmodel", "onnx", "litert", "safetensors"),
        help="the format (default: from the target's suffix)",
    )
    parser.add_argument(
        "--bare",
        action="store_true",
        help="write the network alone; without it, ONNX and a SavedModel of a run take examples as "
        "the data has them, and give classes or values as predict does",
    )
    parser.add_argument(
        "--quantize",
        choices=("float16", "int8"),
        help="LiteRT with fewer bits; the figures before and after are measured on the run's "
        "validation part",
    )
    add_net(parser)
    add_force(parser, "existing files")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.export.export import export

    lines = export(
        options.source,
        options.target,
        format=options.to,
        force=options.force,
        net=options.net,
        bare=options.bare,
        quantize=options.quantize,
    )
    for line in lines:
        if line.startswith("warning["):
            print(line, file=sys.stderr)
        elif not is_quiet():
            print(line)
    return 0

"""`netdsl export`: a run's best model for use elsewhere."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import RUN_HELP, add_force, add_net, run_folder
from netdsl.cli.terminal import is_quiet

EXAMPLES = (
    "export runs/lenet5-1 lenet5.onnx",
    "export runs/lenet5-1 weights.safetensors",
    "export runs/lenet5-1 saved/ --to savedmodel",
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
    add_net(parser)
    add_force(parser, "existing files")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.export.export import export

    force, net = options.force, options.net
    for line in export(options.source, options.target, format=options.to, force=force, net=net):
        if not is_quiet():
            print(line)
    return 0

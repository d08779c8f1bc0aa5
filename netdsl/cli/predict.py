"""`netdsl predict`: a run's best model is applied."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import add_format, add_run_folder, positive
from netdsl.cli.terminal import print_json

EXAMPLES = (
    "predict runs/lenet5-1 seven.png",
    "predict runs/lenet5-1 images.npy --json",
    "predict runs/iris-1 - < flowers.csv",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_folder(parser)
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="images, .npy, .npz or .csv files, or - for a table on standard input",
    )
    parser.add_argument(
        "--top",
        type=positive,
        default=3,
        metavar="K",
        help="how many of the most likely classes to show (default: 3)",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse rows of tables with values that the network was not trained on",
    )
    add_format(parser, "csv")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.evaluation.predict import predict
    from netdsl.training.evaluation.predict_text import (
        describe_notes,
        describe_predictions,
        predictions_csv,
    )

    records = predict(options.folder, options.inputs, options.top, strict=options.strict)
    if options.format == "csv":
        print(predictions_csv(records), end="")
    elif options.format == "json":
        print_json(records)
    else:
        print(describe_predictions(records))
    for line in describe_notes(records):
        print(line, file=sys.stderr)
    return 1 if any("error" in record for record in records) else 0

"""`netdsl evaluate`: a run's best model is measured on a part of its data."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_format, add_run_folder, positive
from netdsl.cli.terminal import print_json

EXAMPLES = (
    "evaluate runs/lenet5-1",
    "evaluate runs/lenet5-1 --part validation",
    "evaluate runs/dropout-1 --subnetworks 100",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_folder(parser)
    parser.add_argument(
        "--part",
        choices=("test", "validation", "training", "all"),
        help="of the data (default: test, or training where there is no test part)",
    )
    parser.add_argument("--data", metavar="DATA", help="other data of the same kind")
    parser.add_argument(
        "--zeros", action="store_true", help="count the numbers that are 0, layer by layer"
    )
    parser.add_argument(
        "--subnetworks",
        type=positive,
        default=0,
        metavar="N",
        help="also average the outputs of N networks with dropped units",
    )
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.evaluation.evaluate import evaluate
    from netdsl.training.evaluation.evaluate_text import describe_evaluation

    result = evaluate(
        options.folder,
        part=options.part,
        data=options.data,
        zeros=options.zeros,
        subnetworks=options.subnetworks,
    )
    if options.format == "json":
        print_json(result)
    else:
        print(describe_evaluation(result))
    return 0

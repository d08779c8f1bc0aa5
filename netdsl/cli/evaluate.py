"""`netdsl evaluate`: measure a run's best model on a part of its data."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_data, add_format, add_output, add_run_folder, positive
from netdsl.cli.outputs import show_or_write, target_of
from netdsl.cli.terminal import json_lines

EXAMPLES = (
    "evaluate runs/lenet5-1",
    "evaluate runs/lenet5-1 --part validation",
    "evaluate runs/lenet5-1 -o scores.json",
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
    add_data(parser, "other data of the same kind")
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
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.evaluation.evaluate_text import describe_evaluation
    from netdsl.training.verbs import evaluate

    target = target_of(options.output, options.force)
    result = evaluate(
        options.folder,
        part=options.part,
        data=options.data,
        zeros=options.zeros,
        subnetworks=options.subnetworks,
    )
    as_json = options.format == "json"
    text = json_lines(result) if as_json else describe_evaluation(result)
    show_or_write(text, target, f"{result['run']}, {result['part']} part")
    return 0

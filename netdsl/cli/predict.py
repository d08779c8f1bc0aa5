"""`netdsl predict`: apply a run's best model."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from netdsl.cli.arguments import (
    add_force,
    add_format,
    add_net,
    add_run_folder,
    positive,
    run_folder,
)
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note
from netdsl.wording import counted

EXAMPLES = (
    "predict runs/lenet5-1 seven.png",
    "predict runs/lenet5-1 images.npy --format json",
    "predict runs/cats-1 photos/ -o answers.csv",
    "predict runs/cats-1 photos/ --with runs/cats-2 --augment 8",
    "predict runs/iris-1 - < flowers.csv",
    "predict runs/lenet5-1 seven.png --at conv_2 -o maps.npy",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_folder(parser)
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="images, .npy, .npz or .csv files, folders, or - for a table on standard input",
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
        help="reject rows of tables with values that the network was not trained on",
    )
    parser.add_argument(
        "--with",
        dest="others",
        action="append",
        default=[],
        type=run_folder,
        metavar="RUN",
        help="another run, whose answers are averaged with those of the first",
    )
    parser.add_argument(
        "--augment",
        type=positive,
        default=0,
        metavar="N",
        help="average over N versions of each image, changed as in the training",
    )
    parser.add_argument(
        "--at", metavar="LAYER", help="the output of a layer or a point, in place of the network's"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write: .csv or .json, else text; with --at .npy, for images .png or .svg",
    )
    add_net(parser, "discriminator")
    add_force(parser)
    add_format(parser, "csv")


ARRAYS = (".npy", ".png", ".svg")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.evaluation.predict_text import describe_notes

    target, net = target_of(options.output, options.force), options.net
    suffix = target.suffix.lower() if target else ""
    if suffix in ARRAYS or options.at is not None:
        if options.others or options.augment:
            return wrong_usage(
                "predict", "--with and --augment average answers, not what --at gives"
            )
        from netdsl.lab.inside.at import save_values, values_at
        from netdsl.lab.inside.subject import TrainedRun

        found = values_at(TrainedRun.of(options.folder, net=net), options.inputs, options.at)
        if target is not None and suffix in ARRAYS:
            save_values(found, target)
            note(f"{target}: {found.layer}")
            return 0
        records = [
            {"input": name, "output": values.tolist()}
            for name, values in zip(found.names, found.array, strict=True)
        ]
    else:
        from netdsl.training.evaluation.predict import predict

        records = predict(
            options.folder,
            options.inputs,
            options.top,
            strict=options.strict,
            net=net,
            others=options.others,
            versions=options.augment,
        )
    written = _written(records, options.format)
    if target is None:
        print(written, end="")
    else:
        from netdsl.files import write

        write(target, written)
        # A file that could not be read has a record too.
        made = sum("error" not in record for record in records)
        note(f"{target}: {counted(made, 'prediction')}")
    for line in describe_notes(records):
        print(line, file=sys.stderr)
    # The predictions that could be made are written nonetheless.
    return 1 if any("error" in record for record in records) else 0


def _written(records: list[dict[str, Any]], format: str) -> str:
    from netdsl.training.evaluation.predict_text import describe_predictions, predictions_csv

    if format == "csv":
        return predictions_csv(records)
    return (
        json.dumps(records, indent=2) if format == "json" else describe_predictions(records)
    ) + "\n"

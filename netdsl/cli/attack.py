"""`netdsl attack`: small changes that make the answers of a run's network wrong."""

from __future__ import annotations

import argparse
from pathlib import Path

from netdsl.cli.arguments import (
    add_force,
    add_format,
    add_run_folders,
    change,
    natural,
    picture_file,
    positive,
)
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note, print_json

EXAMPLES = (
    "attack runs/lenet5-1",
    "attack runs/lenet5-1 --eps 0,0.05,0.1 --steps 20 -o sheet.svg",
    "attack runs/lenet5-1 --norm 2 --eps 1,2 --target 3",
    "attack runs/plain-1 runs/hardened-1 -o chart.svg",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_folders(parser, "or several, next to each other")
    parser.add_argument(
        "--eps",
        type=sizes,
        default=(0.0, 0.05, 0.1, 0.2),
        metavar="E,E,...",
        help="the largest changes, where pixels are from 0 to 1 (default: 0,0.05,0.1,0.2)",
    )
    parser.add_argument(
        "--steps",
        type=steps,
        default=1,
        metavar="N",
        help="1 for the fast gradient sign, 2 to 1,000 for projected gradient descent (default: 1)",
    )
    parser.add_argument(
        "--norm",
        choices=("inf", "2"),
        default="inf",
        help="of a change: its largest pixel, or the root of the sum of squares (default: inf)",
    )
    parser.add_argument(
        "-t", "--target", type=natural, metavar="CLASS", help="the class to be answered instead"
    )
    parser.add_argument(
        "--part",
        choices=("test", "validation", "training", "all"),
        default="test",
        help="of the data (default: test)",
    )
    parser.add_argument(
        "--count",
        type=positive,
        default=1000,
        metavar="N",
        help="how many examples, drawn at random (default: 1000)",
    )
    parser.add_argument("--seed", type=natural, default=0, metavar="N", help="(default: 0)")
    parser.add_argument(
        "-o",
        "--output",
        type=picture_file,
        metavar="FILE",
        help="where to write a sheet of original, change and result, or of several runs a chart: "
        ".svg or .png",
    )
    add_force(parser)
    add_format(parser)


def sizes(text: str) -> tuple[float, ...]:
    """Read sizes of changes: `0,0.05,0.1`.

    Raises:
        argparse.ArgumentTypeError: where one is not a number from 0, or there are too many.
    """
    from netdsl.lab.attack import SIZES

    found = list(map(change, text.split(",")))
    if len(found) > SIZES:
        raise argparse.ArgumentTypeError(f"{len(found)} sizes; at most {SIZES} are tried")
    return tuple(found)


def steps(text: str) -> int:
    """Read how many steps an attack makes.

    Raises:
        argparse.ArgumentTypeError: where it is not an integer from 1, or too many.
    """
    from netdsl.lab.attack import STEPS

    found = positive(text)
    if found > STEPS:
        raise argparse.ArgumentTypeError(f"{found:,} steps; at most {STEPS:,} are made")
    return found


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.lab.attack import Attack, attack, attack_json, described
    from netdsl.lab.attack_chart import AttackChart, described_runs, runs_json
    from netdsl.lab.inside.subject import TrainedRun, nothing_to_show
    from netdsl.lab.pictures import checked_picture, save_picture
    from netdsl.training.reporting.run_curves import run_names

    target = target_of(options.output, options.force)
    if target is not None:
        checked_picture(target)
    how = Attack(
        options.eps, options.steps, options.norm, options.target, options.count, options.seed
    )
    # A run that is named twice is attacked once.
    folders = list(dict.fromkeys(map(Path, options.folders)))
    subjects = [TrainedRun.of(folder) for folder in folders]  # all that is wrong before any attack
    attacked = {
        name: attack(subject, how, options.part)
        for name, subject in zip(run_names(folders).values(), subjects, strict=True)
    }
    several, (found, *_) = len(attacked) > 1, attacked.values()
    if target is not None and not several and found.sheet is None:
        message = "there is no sheet: the input is not an image, or every size is 0"
        raise nothing_to_show(message, "without -o the figures are printed")
    if options.format == "json":
        print_json(runs_json(attacked) if several else attack_json(found))
    else:
        print("\n".join(described_runs(attacked) if several else described(found)))
    picture = AttackChart(attacked) if several else found.sheet
    if target is not None and picture is not None:
        save_picture(picture, target)
        note(f"{target}: {picture.title}")
    return 0

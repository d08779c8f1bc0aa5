"""The arguments that the lab's commands share: FILE or RUN, and numbers for the inputs."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from netdsl.cli.arguments import add_network_options, natural, run_folder
from netdsl.cli.inputs import read_network
from netdsl.errors import NetError

if TYPE_CHECKING:
    from netdsl.lab.given import Values
    from netdsl.lab.weighted import WeightedNetwork


def add_subject(parser: argparse.ArgumentParser) -> None:
    """Add FILE or RUN, and the seed of a file's weights."""
    parser.add_argument(
        "file",
        metavar="FILE|RUN",
        type=run_folder,
        help="a .net file, '-', a network in quotes, or a run folder",
    )
    add_network_options(parser)
    parser.add_argument(
        "--seed",
        type=natural,
        default=0,
        metavar="N",
        help="of a file's weights, where they are drawn at random (default: 0)",
    )


def add_values(parser: argparse.ArgumentParser) -> None:
    """Add the values that are given to the inputs."""
    parser.add_argument(
        "values",
        nargs="*",
        metavar="[NAME=]VALUE",
        help="numbers for an input: as text, or an .npy, .npz, .csv or image file",
    )


def subject_of(options: argparse.Namespace) -> WeightedNetwork:
    """Read the network and its weights: a run's best, or the initial ones of a file's network.

    Raises:
        NetError: for what is wrong with the file or the run.
    """
    from netdsl.lab.weighted import begun, trained

    if not os.path.isdir(options.file):
        return begun(read_network(options), options.seed)
    from pathlib import Path

    from netdsl.training.runs.finished import finished_run

    return trained(finished_run(Path(options.file)))


def opened(options: argparse.Namespace) -> tuple[WeightedNetwork, Values]:
    """Read the network, its weights, and the values of its inputs.

    A fragment's input gets the shape of the value that is given. Inputs without a value take the
    one that the file states.

    Raises:
        NetError: for what is wrong with the file, the run or the values.
    """
    from netdsl.lab.given import named_values, own_shape, with_stated

    try:
        subject = subject_of(options)
    except NetError as error:
        # N209: the text has no input. A single value determines its shape; several values do not.
        if error.code != "N209" or options.input is not None or len(options.values) != 1:
            raise
        options.input = own_shape(options.values[0].removeprefix("x="))
        subject = subject_of(options)
    names = [port.name for port in subject.network.inputs]
    return subject, with_stated(subject.network, named_values(options.values, names))

"""Arguments that several commands share, and the types of their values."""

from __future__ import annotations

import argparse
import os
import re
from typing import Any

from netdsl.params import is_name, param_text, parse_param

FILE_HELP = "a .net file, an example (zoo:lenet5), '-', or a network in quotes"
DATA_HELP = (
    "a data set's name, a function such as 'sin(3*pi*x)', an .npz, .npy, .csv or .parquet file, "
    "or a folder of images by class"
)


RUN_HELP = "a run folder, such as runs/lenet5-1; lenet5-1 is short for it"
RUNS = "runs"
"""The folder of runs."""


def add_file(parser: argparse.ArgumentParser) -> None:
    """Add FILE, and the options that choose the network in it and set its params."""
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    add_network_options(parser)


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command with a FILE: `--net`, `--input` and `-p`."""
    parser.add_argument("--net", metavar="NAME", help="one of the file's networks")
    parser.add_argument(
        "--input",
        type=shape,
        metavar="SHAPE",
        help="the input's shape, for a fragment or instead of the file's: 224x224x3",
    )
    parser.add_argument(
        "-p",
        dest="params",
        action=_Params,
        type=param,
        default=[],
        metavar="NAME=VALUE",
        help="sets a param of the file",
    )


def add_format(parser: argparse.ArgumentParser, *more: str) -> None:
    """Add `--format` with text, JSON and `more`, and `--json`.

    Where neither is given, the suffix of `-o` decides (`netdsl.cli.formats`).
    """
    formats = ("text", "json", *more)
    parser.add_argument("--format", choices=formats, help="format of the output (default: text)")
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="short for --format json"
    )
    parser.set_defaults(formats=formats)


def add_output(parser: argparse.ArgumentParser, metavar: str = "FILE", help: str = "") -> None:
    """Add `--output` and `--force` of a command that prints its result where no file is given."""
    parser.add_argument(
        "-o",
        "--output",
        metavar=metavar,
        help=help or "where to write it (default: standard output)",
    )
    parser.set_defaults(writes_text=True)
    add_force(parser)


EACH_EPOCH = "print a line for each epoch on a terminal too, in place of the bar"
"""The help of `--verbose` for commands that train."""


def add_verbose(parser: argparse.ArgumentParser, help: str) -> None:
    """Add `--verbose`, which cannot be combined with `--quiet`."""
    parser.add_argument("-v", "--verbose", action="store_true", help=help)


def add_data(parser: argparse.ArgumentParser, help: str) -> None:
    """Add `--data`."""
    parser.add_argument("-d", "--data", metavar="DATA", help=help)


def add_target(parser: argparse.ArgumentParser, help: str, metavar: str = "NAME") -> None:
    """Add `--target`."""
    parser.add_argument("-t", "--target", metavar=metavar, help=help)


def add_run_folder(parser: argparse.ArgumentParser) -> None:
    """Add RUN, a run folder."""
    parser.add_argument("folder", metavar="RUN", type=run_folder, help=RUN_HELP)


def add_net(parser: argparse.ArgumentParser, usual: str = "") -> None:
    """Add `--net`, which chooses one of a GAN's two networks."""
    more = f" (default: {usual})" if usual else ""
    parser.add_argument(
        "--net",
        choices=("generator", "discriminator"),
        help=f"of a GAN's run, which of its two networks{more}",
    )


def add_run_folders(parser: argparse.ArgumentParser, several: str) -> None:
    """Add RUN, one run folder or several; `several` ends its help."""
    parser.add_argument(
        "folders", nargs="+", metavar="RUN", type=run_folder, help=f"{RUN_HELP}; {several}"
    )


def add_force(parser: argparse.ArgumentParser, what: str = "an existing file") -> None:
    """Add `--force`, without which nothing that exists is overwritten."""
    parser.add_argument("-f", "--force", action="store_true", help=f"overwrite {what}")


class _Params(argparse.Action):
    """Collects params, each of which is given once."""

    def __call__(self, parser: Any, options: Any, given: Any, flag: Any = None) -> None:
        name, value = given
        before: list[tuple[str, Any]] = getattr(options, self.dest)
        for other, earlier in before:
            if other == name:
                values = f"{param_text(earlier)} and {param_text(value)}"
                raise argparse.ArgumentError(self, f"`{name}` is given twice: {values}")
        # A new list: the default is one object, which every parse of this process shares.
        setattr(options, self.dest, [*before, given])


# --- types of values ------------------------------------------------------------------------------


def shape(text: str) -> tuple[int, ...]:
    """Read a shape: `224x224x3`, or `784`.

    Raises:
        argparse.ArgumentTypeError: where it is not sizes from 1 joined by `x`.
    """
    # At most nine digits: `int` of thousands of digits takes long, or is refused by Python.
    if not re.fullmatch(r"[0-9]{1,9}([x×][0-9]{1,9})*", text) or "0" in re.split("[x×]", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a shape: write it like 224x224x3, or 784"
        )
    return tuple(map(int, re.split("[x×]", text)))


def run_folder(text: str) -> str:
    """Read a run folder: its path, or its name in `runs`."""
    inside = os.path.join(RUNS, text)
    # A bare name that does not exist here means the run of that name; a path is never guessed at.
    alone = os.path.basename(text) == text not in ("", os.curdir, os.pardir)
    return inside if alone and not os.path.exists(text) and os.path.isdir(inside) else text


def picture_file(text: str) -> str:
    """Read the name of a file for a picture, which is not printed.

    Raises:
        argparse.ArgumentTypeError: for `-`, standard output.
    """
    if text == "-":
        message = "'-' is standard output; a picture is written into a file: -o picture.svg"
        raise argparse.ArgumentTypeError(message)
    return text


def memory_size(text: str) -> int:
    """Read an amount of memory, in bytes: `24GiB`, or that of a card: `A100-40GB`.

    Raises:
        argparse.ArgumentTypeError: where it is neither.
    """
    from netdsl.analysis.memory import parse_size
    from netdsl.analysis.memory.cards import card_memory

    try:
        # Sizes begin with a digit, so what begins with a letter can only be a card.
        if re.match(r"\s*[A-Za-z]", text) and (found := card_memory(text)) is not None:
            return found
        return parse_size(text)
    except ValueError as error:
        help = str(error).replace("write it like 24GiB", "write it like 24GiB or A100-40GB")
        raise argparse.ArgumentTypeError(help) from None


def param(text: str) -> tuple[str, Any]:
    """Read a param and its value: `width=8`.

    Raises:
        argparse.ArgumentTypeError: where it is not `NAME=VALUE`.
    """
    name, equals, value = text.partition("=")
    if not equals or not is_name(name):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, parse_param(value)


def positive(text: str) -> int:
    """Read an integer from 1 up.

    Raises:
        argparse.ArgumentTypeError: where it is not an integer from 1, or has too many digits.
    """
    _check_digits(text)
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 1")
    return int(text)


def natural(text: str) -> int:
    """Read an integer from 0 up.

    Raises:
        argparse.ArgumentTypeError: where it is not an integer from 0, or has too many digits.
    """
    _check_digits(text)
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 0")
    return int(text)


def _check_digits(text: str) -> None:
    if re.fullmatch(r"[0-9]{13,}", text):
        raise argparse.ArgumentTypeError(f"{text[:20]} is more than 999,999,999,999")


def change(text: str) -> float:
    """Read the size of a change or of noise, where values are about 1.

    Raises:
        argparse.ArgumentTypeError: where it is not a number from 0, or more than `LARGEST`.
    """
    from netdsl.training.recipes.recipe import LARGEST

    if (found := from_0(text)) > LARGEST:
        raise argparse.ArgumentTypeError(f"{found:g} is more than {LARGEST:,.0f}")
    return found


def from_0(text: str) -> float:
    """Read a finite number from 0 up: `0.05`.

    Raises:
        argparse.ArgumentTypeError: where it is not one.
    """
    import math

    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0")
    return value

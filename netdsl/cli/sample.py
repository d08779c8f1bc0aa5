"""`netdsl sample`: new examples from a decoder."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_force, add_run_folder, natural, positive
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note

EXAMPLES = (
    "sample runs/vae-1 --count 64 -o samples.png",
    "sample runs/deep-1 --at code --between two.png seven.png --steps 8 -o between.svg",
    "sample runs/deep-1 --mean 7 --minus 1 --plus 4 -o sum.svg",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_folder(parser)
    parser.add_argument(
        "--at",
        metavar="LAYER",
        help="the code that is decoded; by default what `gaussian` gives, or a point called code",
    )
    parser.add_argument(
        "--count", type=positive, metavar="N", help="how many are drawn (default: 64)"
    )
    parser.add_argument("--seed", type=natural, metavar="N", help="(default: 0)")
    parser.add_argument(
        "--between", nargs=2, metavar="IMAGE", help="decode the codes between two images'"
    )
    parser.add_argument(
        "--steps",
        type=_several,
        metavar="N",
        help="of --between, both ends with it (default: 8)",
    )
    for sign, help in (
        ("mean", "decode the mean code of a class"),
        ("plus", "... plus that of another"),
        ("minus", "... minus that of another"),
    ):
        parser.add_argument(
            f"--{sign}", dest="terms", action=_Term, metavar="CLASS", default=[], help=help
        )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help="where to write: .svg or .png for images, .npy for the numbers",
    )
    add_force(parser)


def _several(text: str) -> int:
    """Read an integer from 2 up."""
    if (number := positive(text)) < 2:
        raise argparse.ArgumentTypeError("there are two ends: at least 2")
    return number


class _Term(argparse.Action):
    """A term of a sum: 1 or -1, and the class."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        sign = -1 if option_string == "--minus" else 1
        namespace.terms = [*namespace.terms, (sign, str(values))]


def _problem(options: argparse.Namespace) -> str | None:
    """Say which options do not go together, if any."""
    if options.between and options.terms:
        return "--between is one way, and --mean, --plus and --minus another"
    if options.steps is not None and not options.between:
        return "--steps is for --between"
    random = options.count is not None or options.seed is not None
    if random and (options.between or options.terms):
        return "--count and --seed are for what is drawn: without --between and --mean"
    return None


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if (problem := _problem(options)) is not None:
        return wrong_usage("sample", problem)
    from netdsl.lab.given import saved
    from netdsl.lab.inside.decode import Decoder, arithmetic, between, drawn
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.lab.pictures import checked_picture, save_picture

    target = target_of(options.output, options.force)
    if target is not None and target.suffix != ".npy":
        checked_picture(target)
    decoder = Decoder(TrainedRun.of(options.folder), options.at)
    if options.between:
        first, last = options.between
        made = between(decoder, first, last, options.steps or 8)
    elif options.terms:
        made = arithmetic(decoder, options.terms)
    else:
        made = drawn(decoder, options.count or 64, options.seed or 0)
    if target is not None and target.suffix == ".npy":
        saved(made.array, target)
    elif target is not None:
        save_picture(made.sheet, target)
    print(f"{made.title}; {made.about}")
    note(f"{options.output}: {made.title}")
    return 0

"""`netdsl sample`: new examples from a decoder, or from the generator of a GAN."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from netdsl.cli.arguments import (
    add_force,
    add_format,
    add_run_folder,
    natural,
    picture_file,
    positive,
    run_folder,
)
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note, print_json
from netdsl.errors import fail

if TYPE_CHECKING:
    from netdsl.lab.inside.decode import Samples
    from netdsl.lab.inside.naming import Classifier

EXAMPLES = (
    "sample runs/vae-1 --count 64 -o samples.png",
    "sample runs/deep-1 --at code --between two.png seven.png --steps 8 -o between.svg",
    "sample runs/deep-1 --mean 7 --minus 1 --plus 4 -o sum.svg",
    "sample runs/dcgan-1 --between 3 8 -o between.svg",
    "sample runs/dcgan-1 --judge runs/lenet5-1",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_folder(parser)
    parser.add_argument(
        "--at",
        metavar="LAYER",
        help="the code to decode (default: the output of `gaussian`, or a point called code)",
    )
    parser.add_argument(
        "--count",
        type=positive,
        metavar="N",
        help="how many to draw (default: 64, with --judge 1000)",
    )
    parser.add_argument("--seed", type=natural, metavar="N", help="(default: 0)")
    parser.add_argument(
        "--between",
        nargs=2,
        metavar="IMAGE",
        help="decode codes between those of two images; for a GAN, give two samples by number",
    )
    parser.add_argument(
        "--steps",
        type=_several,
        metavar="N",
        help="how many samples --between makes, both ends included (default: 8)",
    )
    for sign, help in (
        ("mean", "decode the mean code of a class"),
        ("plus", "... plus that of another"),
        ("minus", "... minus that of another"),
    ):
        parser.add_argument(
            f"--{sign}", dest="terms", action=_Term, metavar="CLASS", default=[], help=help
        )
    parser.add_argument("--label", metavar="CLASS", help="the class to make, of a GAN with classes")
    parser.add_argument(
        "--judge",
        dest="classifier",
        type=run_folder,
        metavar="RUN",
        help="a classifier's run: count the classes among the samples, and its mean confidence",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=picture_file,
        metavar="FILE",
        help="where to write: .svg or .png for images, .npy for the numbers",
    )
    add_force(parser)
    add_format(parser)


DRAWN, COUNTED = 64, 1000
"""How many samples are drawn by default, and with a classifier."""


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


def problem(options: argparse.Namespace) -> str | None:
    """Say which options do not go together, if any."""
    if options.between and options.terms:
        return "--between is one way, and --mean, --plus and --minus another"
    if options.steps is not None and not options.between:
        return "--steps is for --between"
    if options.count is not None and (options.between or options.terms):
        return "--count is for what is drawn: without --between and --mean"
    if options.output is None and options.format != "json" and options.classifier is None:
        return "say what to make of the samples: -o FILE, --json or --judge RUN"
    return None


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if (found := problem(options)) is not None:
        return wrong_usage("sample", found)
    from netdsl.lab.given import saved
    from netdsl.lab.inside.naming import Classifier
    from netdsl.lab.pictures import checked_picture, save_picture

    target = None if options.output is None else target_of(options.output, options.force)
    # Before anything is computed.
    if target is not None and target.suffix != ".npy":
        checked_picture(target)
    classifier = None if options.classifier is None else Classifier(options.classifier)
    made = _made(options, classifier)
    named = (
        None if classifier is None or options.terms else classifier.named(made.array, made.classes)
    )
    if target is not None and target.suffix == ".npy":
        saved(made.array, target)
    elif target is not None:
        # A classifier names many samples, too many for a sheet.
        shown = made if classifier is None else made.first(DRAWN)
        save_picture(shown.sheet, target)
    if options.format == "json":
        said = {"title": made.title, "about": made.about}
        print_json(made.values if named is None else {**said, "judge": named.values})
    else:
        print("\n".join([f"{made.title}; {made.about}", *(named.lines if named else ())]))
    if options.output is not None:
        note(f"{options.output}: {made.title}")
    return 0


def _made(options: argparse.Namespace, classifier: Classifier | None) -> Samples:
    """Make the samples that are asked for, by a decoder or a generator."""
    from netdsl.training.verbs import adversarial

    usual = DRAWN if classifier is None else COUNTED
    count, seed, steps = options.count or usual, options.seed or 0, options.steps or 8
    if adversarial(options.folder):
        from netdsl.lab.inside import generate

        if options.at is not None:
            message = f"{options.folder} is the run of a GAN, whose samples are made of noise"
            raise fail("N691", message, help="leave --at out")
        generator = generate.Generator(options.folder)
        if options.between:
            return generate.between(generator, options.between, steps, seed, options.label)
        if options.terms:
            return generate.arithmetic(generator, options.terms, seed, classifier)
        return generate.drawn(generator, count, seed, options.label)
    from netdsl.lab.inside.decode import Decoder, arithmetic, between, drawn
    from netdsl.lab.inside.subject import TrainedRun

    if options.label is not None:
        message = f"{options.folder} is not the run of a GAN that is given a class"
        raise fail("N691", message, help="leave --label out; --mean 7 decodes the mean code of a 7")
    decoder = Decoder(TrainedRun.of(options.folder), options.at)
    if options.between:
        first, last = options.between
        return between(decoder, first, last, steps)
    if options.terms:
        return arithmetic(decoder, options.terms)
    return drawn(decoder, count, seed)

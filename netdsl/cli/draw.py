"""`netdsl draw`: pictures of networks."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from netdsl.cli.arguments import add_file, add_force, natural
from netdsl.cli.exit_codes import WRONG_USAGE
from netdsl.cli.inputs import read_networks
from netdsl.cli.outputs import STANDARD_OUTPUT, target_of
from netdsl.cli.terminal import note
from netdsl.drawing.options import (
    COLOURS,
    DIRECTIONS,
    FOLDS,
    FORMATS,
    STYLES,
    THEMES,
    Options,
    column_names,
)
from netdsl.drawing.picture import Picture, checked_suffix
from netdsl.errors import fail

EXAMPLES = (
    "draw resnet50.net -o resnet50.svg",
    "draw vgg16.net --style volumes -o vgg16.pdf",
    "draw googlenet.net --open inception --direction right -o googlenet.png",
    'draw "784 > fc-16 x2 > softmax-10" --style neurons > mlp.svg',
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_file(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="PICTURE",
        help="where to write it: .svg, .png, .pdf, .tex, .mmd or .html (default: standard output, "
        "unless that is a terminal)",
    )
    add_force(parser)
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="for standard output (default: svg)",
    )
    _choice(parser, "style", STYLES, "boxes and arrows, cuboids, circles, or a U")
    _choice(parser, "fold", FOLDS, "what to draw only once: blocks and repeats, repeats, nothing")
    parser.add_argument(
        "--depth", type=natural, metavar="N", help="how many levels of nested blocks are open"
    )
    parser.add_argument(
        "--open",
        action="append",
        default=[],
        metavar="NAME",
        help="a block to draw open; repeatable",
    )
    _choice(parser, "direction", DIRECTIONS, "the direction of the network")
    parser.add_argument(
        "--columns",
        default=",".join(Options().columns),
        metavar="NAMES",
        help="the contents of the boxes: output, params, macs, memory, rf, separated by commas",
    )
    _choice(
        parser, "colour", COLOURS, "the meaning of the colours: kinds, or shares of the network"
    )
    _choice(parser, "theme", THEMES, "auto follows the reader's screen")
    parser.add_argument(
        "--no-heading", action="store_true", help="leave out the name and the totals"
    )


def _choice(
    parser: argparse.ArgumentParser, name: str, words: tuple[str, ...], meaning: str
) -> None:
    usual = getattr(Options(), name)
    help = f"{meaning} (default: {usual})"
    parser.add_argument(f"--{name}", choices=words, default=usual, help=help)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    asked = picture_options(options)
    if options.output not in (None, STANDARD_OUTPUT):
        form = checked_suffix(Path(options.output))
        if options.format not in (None, form):
            raise fail(
                "N604",
                f"{options.output} ends in .{form}, but --format says {options.format}",
                help="leave out --format: the suffix chooses it",
            )
    target = target_of(options.output, options.force)
    networks = read_networks(options.file, options).networks
    picture = Picture(networks, asked)
    if options.output is None and options.format is None and sys.stdout.isatty():
        file, picture_file = map(shlex.quote, (options.file, f"{networks[0].name}.svg"))
        print(f"help: write it into a file: netdsl draw {file} -o {picture_file}", file=sys.stderr)
        return WRONG_USAGE
    if target is None:
        print(picture.text(options.format or "svg"), end="")
    else:
        picture.save(target)
        note(f"{target}: {', '.join(network.name for network in networks)}")
    return 0


def picture_options(options: argparse.Namespace) -> Options:
    """Return the options of a picture from those of the command line."""
    return Options(
        options.style,
        options.fold,
        options.depth,
        tuple(options.open),
        options.direction,
        column_names(options.columns),
        options.colour,
        options.theme,
        not options.no_heading,
    )

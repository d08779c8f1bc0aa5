"""`netdsl matrix`: a layer as the matrix that it multiplies its input by."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_force, add_format
from netdsl.cli.lab_arguments import add_subject, subject_of
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note, print_json

EXAMPLES = (
    'matrix "8x1 > conv3-1(pad=0, init=[1, 2, 1])" conv_1',
    "matrix lenet5.net conv_1 --input 12x12x1 -o toeplitz.svg",
    'matrix "8x1 > conv3-1(init=[1, 2, 1])" conv_1 --fft',
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_subject(parser)
    parser.add_argument("layer", metavar="LAYER", help="the layer's name, or that of a point")
    parser.add_argument(
        "--fft",
        action="store_true",
        help="a convolution with its borders joined, in the basis of waves: its eigenvalues",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write the matrix: .npy, or as a picture .svg or .png",
    )
    add_force(parser)
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.lab.given import saved
    from netdsl.lab.matrix import layer_matrix
    from netdsl.lab.matrix_text import matrix_json, matrix_text

    target = target_of(options.output, options.force)
    as_numbers = target is not None and target.suffix.lower() == ".npy"
    subject = subject_of(options)
    if options.fft:
        from netdsl.lab.fourier import spectrum_json, spectrum_of, spectrum_text

        spectrum = spectrum_of(subject, options.layer)
        if target is not None and as_numbers:
            saved(spectrum.circulant, target)
        elif target is not None:
            spectrum.draw().save(target)
        elif options.format == "json":
            print_json(spectrum_json(spectrum))
        else:
            print(spectrum_text(spectrum))
        return 0
    found = layer_matrix(subject, options.layer)
    if target is not None:
        if as_numbers:
            saved(found.array, target)
        else:
            found.draw().save(target)
        note(f"{target}: {found.name}")
    elif options.format == "json":
        print_json(matrix_json(found))
    else:
        print(matrix_text(found))
    return 0

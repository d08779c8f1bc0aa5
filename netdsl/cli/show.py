"""`netdsl show`: pictures of what a run has learned."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import (
    add_force,
    add_format,
    add_net,
    add_run_folders,
    change,
    natural,
    picture_file,
)
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note, print_json
from netdsl.wording import counted

EXAMPLES = (
    "show runs/lenet5-1",
    "show runs/lenet5-1 --report",
    "show runs/lenet5-1 --filters -o filters.svg",
    "show runs/lenet5-1 --maps seven.png -o maps.png",
    "show runs/lenet5-1 --top conv_2:5 -o patches.svg",
    "show runs/lenet5-1 --excite fc_3 --prior tv -o classes.png",
    "show runs/lenet5-1 --where seven.png -o where.svg",
    "show runs/lenet5-1 --codes fc_1 -o codes.svg",
    "show runs/mnist-1 --filters --evolution -o filters.svg",
    "show runs/resnet20-1 --landscape -o landscape.svg",
    "show runs/xor-1 --plane -o plane.svg",
    "show runs/bowl-1 --path -o path.svg",
    "show runs/a-1 runs/b-1 --reconstruct --noise 0.3 -o images.svg",
)


OF_FORMS = {
    "evolution": ("filters",),
    "prior": ("excite",),
    "label": ("where",),
    "map": ("codes",),
    "part": ("top", "codes", "reconstruct"),
    "seed": ("excite", "landscape", "reconstruct"),
    "noise": ("reconstruct",),
}
"""The forms that each option is for."""
DEFAULTS = {"prior": "none", "map": "pca", "part": "test", "seed": 0, "noise": 0.0}


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_folders(parser, "for --reconstruct, several")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument(
        "--filters",
        nargs="?",
        const="",
        metavar="LAYER",
        help="the kernels of a layer as images; by default of the first that has some",
    )
    forms.add_argument(
        "--maps",
        nargs="+",
        metavar=("IMAGE", "LAYER"),
        help="the map of every channel of a layer for an image; without LAYER, some of each layer",
    )
    forms.add_argument(
        "--top",
        metavar="LAYER[:CHANNEL]",
        help="the 9 patches of the data that excite each channel most",
    )
    forms.add_argument("--excite", metavar="LAYER[:UNIT]", help="images made to excite a unit most")
    forms.add_argument(
        "--where",
        metavar="IMAGE",
        help="what the network looked at: occlusion, gradient, Grad-CAM",
    )
    forms.add_argument("--codes", metavar="LAYER", help="a map of a layer's outputs for examples")
    forms.add_argument(
        "--plane",
        action="store_true",
        default=None,
        help="the output of a network over its one or two input numbers, with the examples and a "
        "small picture for each hidden unit",
    )
    forms.add_argument(
        "--path",
        action="store_true",
        default=None,
        help="the path of a training of two weights over the contours of the loss",
    )
    forms.add_argument(
        "--landscape",
        action="store_true",
        default=None,
        help="the loss on a plane of two random directions around the weights",
    )
    forms.add_argument(
        "--reconstruct",
        action="store_true",
        default=None,
        help="images, and their reconstructions by autoencoders, a row for each run",
    )
    forms.add_argument(
        "--report",
        action="store_true",
        help="add to report.html each kind of picture that can be made of the run",
    )
    parser.add_argument(
        "--print",
        dest="printed",
        action="store_true",
        help="without a form: print where the report is, and open no browser",
    )
    parser.add_argument(
        "--evolution",
        action="store_true",
        help="with --filters: at each epoch that was kept (`keep` in the recipe)",
    )
    parser.add_argument(
        "--prior",
        choices=("none", "l2", "blur", "tv"),
        help="of --excite: what keeps the images natural (default: none)",
    )
    parser.add_argument(
        "--label", type=natural, metavar="CLASS", help="of --where: a class other than the answer"
    )
    parser.add_argument(
        "--map",
        choices=("pca", "tsne", "umap"),
        help="of --codes: how they are mapped to the plane (default: pca)",
    )
    parser.add_argument(
        "--part",
        choices=("test", "validation", "training", "all"),
        help="of the data, for --top, --codes and --reconstruct (default: test)",
    )
    parser.add_argument(
        "--seed",
        type=natural,
        metavar="N",
        help="of --excite, --landscape and the noise of --reconstruct (default: 0)",
    )
    parser.add_argument(
        "--noise",
        type=change,
        metavar="STD",
        help="of --reconstruct: the standard deviation of noise added to the images (default: 0)",
    )
    add_net(parser, "discriminator")
    parser.add_argument(
        "-o",
        "--output",
        type=picture_file,
        metavar="FILE",
        help="where to write the picture: .svg or .png",
    )
    add_force(parser)
    add_format(parser)


def problem(options: argparse.Namespace) -> str | None:
    """Say which options do not go together, if any."""
    for option, forms in OF_FORMS.items():
        value = getattr(options, option)
        if value is None or value is False:  # a class of 0 is one
            continue
        if all(getattr(options, form) is None for form in forms):
            known = " and ".join(f"--{form}" for form in forms)
            return f"--{option} is for {known}"
    if len(options.maps or ()) > 2:
        return "--maps is for one image, and one layer"
    if len(options.folders) > 1 and options.reconstruct is None:
        return "several runs are for --reconstruct"
    return None


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if (found := problem(options)) is not None:
        return wrong_usage("show", found)
    for option in OF_FORMS:
        # Defaults are set here, so that `problem` can see which options were given.
        if getattr(options, option) is None:
            setattr(options, option, DEFAULTS.get(option))
    folder = options.folders[0]
    if options.report:
        return _report(folder)
    from netdsl.lab.inside.forms import FORMS, view

    if all(getattr(options, form) is None for form in FORMS):
        return _open_report(folder, options.printed)
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.lab.pictures import checked_picture, save_picture

    target = target_of(options.output, options.force)
    if target is not None:
        checked_picture(target)
    shown = view(TrainedRun.of(folder, net=options.net), options)
    if target is not None:
        save_picture(shown.picture, target)
    if options.format == "json":
        print_json(shown.values)
    else:
        print("\n".join(shown.lines))
    if target is not None:
        note(f"{target}: {shown.lines[0]}")
    return 0


def _report(folder: str) -> int:
    """Write the report with a gallery."""
    from netdsl.lab.inside.gallery import with_gallery
    from netdsl.lab.inside.subject import TrainedRun

    found = with_gallery(TrainedRun.of(folder))
    for title in found.shown:
        print(title)
    for each in found.left_out:
        note(f"not shown: {each}")
    note(f"{found.path}: {counted(len(found.shown), 'picture')}")
    return 0


def _open_report(folder: str, printed: bool) -> int:
    """Open the run's report in a browser, or print where it is."""
    from pathlib import Path

    from netdsl.training.runs.folder import REPORT, require_file

    require_file(Path(folder), REPORT)
    path = Path(folder, REPORT)
    print(path)
    if not printed and sys.stdout.isatty():
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    return 0

"""`netdsl gradcheck`: derivatives compared with finite differences."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import DATA_HELP, add_data, add_format, add_output, add_target
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.lab_arguments import add_subject, add_values, opened
from netdsl.cli.outputs import show_or_write, target_of
from netdsl.cli.terminal import json_lines

EXAMPLES = (
    "gradcheck lenet5.net",
    "gradcheck lenet5.net --data digits",
    'gradcheck "2 > fc-3(tanh) > softmax-2" "1 -1" --loss cross-entropy --target 0',
    "gradcheck mlp.net --one-sided --h 1e-4",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from netdsl.lab.losses import LOSSES

    add_subject(parser)
    add_values(parser)
    add_data(parser, f"take two examples of it, in place of random ones: {DATA_HELP}")
    parser.add_argument(
        "--h", type=float, default=1e-6, metavar="STEP", help="the step (default: 1e-6)"
    )
    parser.add_argument(
        "--one-sided", action="store_true", help="use (f(x + h) - f(x))/h instead of both sides"
    )
    parser.add_argument("--of", metavar="OUTPUT", help="an output, or one number of it: f[2]")
    parser.add_argument("--loss", choices=LOSSES, help="a loss of the output, summed")
    add_target(parser, "what the loss compares with", "VALUE")
    add_format(parser)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.lab.gradcheck import (
        Settings,
        blocked,
        examples_of,
        gradcheck,
        gradcheck_text,
        require_step,
    )
    from netdsl.lab.losses import Asked

    asked = Asked(options.of, options.loss, options.target)
    settings = Settings(require_step(options.h), options.one_sided, options.seed, asked)
    if options.data is not None and options.values:
        return wrong_usage("gradcheck", "--data is in place of numbers for the inputs")
    target = target_of(options.output, options.force)
    subject, given = opened(options)
    if options.data is not None:
        given = examples_of(subject.network, options.data)
    checks = gradcheck(subject, given, settings)
    if options.format == "json":
        text = json_lines({"arrays": [check._asdict() for check in checks]})
    else:
        text = gradcheck_text(checks, settings, blocked(subject.network.graph))
    show_or_write(text, target, subject.network.name)
    return 0 if all(check.right for check in checks) else 1

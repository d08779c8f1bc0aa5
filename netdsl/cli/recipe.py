"""`netdsl recipe`: the recipe that a network would be trained with on its data."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import add_format, add_output
from netdsl.cli.jobs import add_job, job_of
from netdsl.cli.outputs import show_or_write, target_of
from netdsl.cli.terminal import json_lines, note

EXAMPLES = ("recipe lenet5.net", "recipe lenet5.net lenet5.yaml --data mnist -o full.yaml")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_job(parser)
    add_format(parser)
    add_output(parser, "RECIPE")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    target = target_of(options.output, options.force)
    job = job_of(options)
    from netdsl.training.recipes.yaml_writer import as_values, to_yaml

    reasons = job.resolved.reasons
    for line in job.data.notes:
        note(line)
    for line in job.resolved.doubts:
        print(line, file=sys.stderr)
    if options.format == "json":
        text = json_lines({"recipe": as_values(job.recipe), "reasons": dict(reasons)})
    else:
        text = to_yaml(job.recipe, reasons).removesuffix("\n")
    show_or_write(text, target, f"the recipe for {job.data.spec.source}")
    return 0

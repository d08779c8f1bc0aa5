"""`netdsl recipe`: the recipe that a network and its data would get."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import add_format
from netdsl.cli.jobs import add_job, job_of
from netdsl.cli.terminal import print_json

EXAMPLES = ("recipe lenet5.net", "recipe lenet5.net lenet5.yaml --data mnist > full.yaml")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_job(parser)
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    job = job_of(options)
    from netdsl.training.recipes.yaml_writer import as_values, to_yaml

    reasons = job.resolved.reasons
    for line in (*job.data.notes, *job.resolved.doubts):
        print(line, file=sys.stderr)
    if options.format == "json":
        print_json({"recipe": as_values(job.recipe), "reasons": dict(reasons)})
    else:
        print(to_yaml(job.recipe, reasons), end="")
    return 0

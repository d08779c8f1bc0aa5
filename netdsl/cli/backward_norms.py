"""`netdsl backward --norms`: the norms of gradients and updates, layer by layer."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.inputs import read_trained
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note, print_json


def run_norms(options: argparse.Namespace) -> int:
    """Measure a first step of FILE on the data, or the next step of a run on its own data."""
    from netdsl.lab.norms import norms_json, norms_of, norms_picture, norms_text
    from netdsl.lab.pictures import checked_picture, save_picture
    from netdsl.training.planning.plan import plan

    is_run = os.path.isdir(options.file)
    if options.values:
        return wrong_usage("backward", "--norms is of a batch of --data, not of numbers")
    if not is_run and options.data is None:
        return wrong_usage("backward", "--norms of a file requires --data")
    target = target_of(options.output, options.force)
    if target is not None:
        checked_picture(target)
    if is_run:
        from netdsl.training.runs.inputs import read_network, read_recipe

        folder = Path(options.file)
        job = plan(read_network(folder), read_recipe(folder), data=options.data)
        norms = norms_of(job, folder)
    else:
        norms = norms_of(plan(read_trained(options), data=options.data, seed=options.seed))
    if target is not None:
        save_picture(norms_picture(norms), target)
        note(f"{target}: {norms.verdict()}")
    elif options.format == "json":
        print_json(norms_json(norms))
    else:
        print(norms_text(norms))
    return 0

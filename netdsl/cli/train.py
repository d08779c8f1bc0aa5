"""`netdsl train`: train a network in a run folder."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from netdsl.cli.arguments import EACH_EPOCH, add_verbose, positive
from netdsl.cli.exit_codes import RUN_FAILED, wrong_usage
from netdsl.cli.jobs import add_job, job_of, keys_of, network_to_train, recipe_of, setting
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import is_quiet, note
from netdsl.cli.then import check_following, following
from netdsl.cli.training_end import on_hosts
from netdsl.errors import fail
from netdsl.files import write

if TYPE_CHECKING:
    from pathlib import Path

    from netdsl.training.adversarial.job import AdversarialJob
    from netdsl.training.planning.job import Job

EXAMPLES = (
    "train lenet5.net --data digits",
    "train lenet5.net lenet5.yaml --epochs 20",
    "train lenet5.net --set optimizer.rate=0.01 --set augment.shift=2",
    "train mlp.net --grid width=8,32,128 --grid optimizer.rate=0.001,0.01",
    "train churn.net --data churn.csv --target churn --folds 5",
    "train lenet5.net --then 'show --filters -o filters.svg'",
    "train lenet5.net --overfit-one-batch",
    "train lenet5.net --find-rate rates.svg",
    "train dcgan.net --data mnist --set gan=nonsaturating",
)

NO_FILE = "netdsl new churn.net --data churn.csv --target churn makes a first one"


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_job(parser)
    add_verbose(parser, EACH_EPOCH)
    parser.add_argument(
        "-n",
        "--name",
        metavar="NAME",
        help="name of the run folder runs/NAME-N (default: the network's)",
    )
    parser.add_argument(
        "--grid",
        action="append",
        type=setting,
        default=[],
        metavar="KEY=A,B,...",
        help="train with each value of a key or a param; of several --grid with each combination",
    )
    parser.add_argument(
        "--folds",
        type=positive,
        metavar="K",
        help="cross-validation: train on each of K folds, with the mean and the spread of all",
    )
    parser.add_argument(
        "--then",
        type=following,
        metavar="COMMAND",
        help="a command on the run when it has ended, or on all runs of a grid: "
        "'show --filters -o filters.svg'",
    )
    trials = parser.add_mutually_exclusive_group()
    trials.add_argument(
        "--dry-run", action="store_true", help="check everything, take one step, and write nothing"
    )
    trials.add_argument(
        "--overfit-one-batch",
        action="store_true",
        help="train on one batch until it is learned (a bug check)",
    )
    trials.add_argument(
        "--find-rate",
        nargs="?",
        const="",
        metavar="FILE.svg",
        help="take steps with growing learning rates, and propose one; a file shows their losses",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if options.dry_run or options.overfit_one_batch or options.find_rate is not None:
        if options.grid or options.folds:
            what = "--grid" if options.grid else "--folds"
            return wrong_usage("train", f"{what} trains; try one of its trainings out by --set")
        if options.then:
            return wrong_usage("train", "--then is for a run, and this writes none")
        return _try(options)
    if options.then:
        check_following(options.then)
    if options.grid or options.folds:
        from netdsl.cli.grids import run_grid

        return run_grid(options)
    recipe, keys = recipe_of(options), keys_of(options)
    network = network_to_train(options, recipe)
    from netdsl.training.verbs import train

    return on_hosts(
        recipe,
        lambda: train(network, recipe, **keys, name=options.name, quiet=is_quiet()),
        options.then,
    )


def _try(options: argparse.Namespace) -> int:
    """Take a step, or overfit one batch, or look for a rate; no run is written."""
    # Before the steps, so that a path that cannot be written wastes none.
    picture = target_of(options.find_rate, force=False) if options.find_rate else None
    job = job_of(options)
    from netdsl.keras.quiet import quiet_keras

    quiet_keras()  # before anything else imports Keras
    from netdsl.training.adversarial.job import AdversarialJob

    if isinstance(job, AdversarialJob):
        return _try_pair(job, options)
    if options.find_rate is not None:
        return _find_rate(job, picture)
    from netdsl.training.loop.sanity import describe_overfit, dry_run, overfit

    if options.dry_run:
        print(dry_run(job))
        return 0
    found = overfit(job)
    print(describe_overfit(found))
    return 0 if found.learned else RUN_FAILED


def _find_rate(job: Job, picture: Path | None) -> int:
    """Take steps with growing rates, and propose one."""
    from netdsl.training.loop.rate_finder import find_rate

    found = find_rate(job)
    print(found.description)
    if picture is not None:
        write(picture, found.picture())
        note(f"{picture}: losses by rate")
    return 0 if found.falls else RUN_FAILED


def _try_pair(job: AdversarialJob, options: argparse.Namespace) -> int:
    """Take a step of a GAN; nothing is written."""
    from netdsl.training.adversarial.train import dry_run_pair

    if options.find_rate is not None:
        message = (
            "a range test needs a loss that falls, and those of two networks that compete do not"
        )
        raise fail("N507", message, job.recipe.span("gan"), help="--dry-run takes one step")
    if options.overfit_one_batch:
        message = "two networks that compete do not overfit a batch: their losses do not fall to 0"
        raise fail("N507", message, job.recipe.span("gan"), help="--dry-run takes one step")
    print(dry_run_pair(job))
    return 0

"""The commands about training and runs: what each takes, and what it does."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.cli.main import add_file, add_format, code_of, free_path, one_network, positive

if TYPE_CHECKING:
    from netdsl.training.loop.job import Job, Run
    from netdsl.training.recipes.recipe import Recipe

_DATA = "a data set's name, an .npz, .npy, .csv or .parquet file, or a folder of images by class"


def _set_up_train(parser: argparse.ArgumentParser) -> None:
    _add_job(parser)
    parser.add_argument(
        "--name", metavar="NAME", help="of the run folder runs/NAME-N (default: the network's)"
    )
    tries = parser.add_mutually_exclusive_group()
    tries.add_argument(
        "--dry-run", action="store_true", help="check everything, take one step, and write nothing"
    )
    tries.add_argument(
        "--overfit-one-batch",
        action="store_true",
        help="learn one batch by heart: what cannot has a mistake in it",
    )


def _add_job(parser: argparse.ArgumentParser) -> None:
    add_file(parser)
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE.yaml",
        help="how to train it; whatever it leaves out has a default",
    )
    parser.add_argument("--data", metavar="DATA", help=_DATA)
    parser.add_argument(
        "--target",
        metavar="NAME",
        help="what is learned: a column of a table, a file of targets, or input",
    )
    parser.add_argument(
        "--epochs", type=positive, metavar="N", help="passes over the training data, at most"
    )
    parser.add_argument("--batch", type=positive, metavar="N", help="examples in a step")
    parser.add_argument(
        "--seed", type=int, metavar="N", help="fixes weights, shuffling and augmentation"
    )
    parser.add_argument(
        "--backend",
        choices=("tensorflow", "jax", "torch"),
        help="what Keras computes with (default: its own choice)",
    )
    parser.add_argument(
        "--log",
        metavar="LOGGERS",
        type=_names,
        help="tell each epoch to tensorboard, mlflow, wandb as well",
    )
    parser.add_argument(
        "--init-from",
        metavar="OTHER",
        help="a run, a .keras or a .safetensors file to take first weights from",
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _given(options: argparse.Namespace) -> dict[str, Any]:
    return {
        name: getattr(options, name)
        for name in ("data", "target", "epochs", "batch", "seed", "backend", "log", "init_from")
    }


def _job(options: argparse.Namespace) -> Job:
    network = one_network(options)
    from netdsl.training.loop.job import plan
    from netdsl.training.recipes.recipe import load_recipe

    return plan(network, load_recipe(options.recipe) if options.recipe else None, **_given(options))


def _train(options: argparse.Namespace) -> int:
    if options.dry_run or options.overfit_one_batch:
        return _try(options)
    network = one_network(options)
    from netdsl.training.loop.job import train
    from netdsl.training.recipes.recipe import load_recipe

    recipe = load_recipe(options.recipe) if options.recipe else None
    return _on_hosts(recipe, lambda: train(network, recipe, **_given(options), name=options.name))


def _try(options: argparse.Namespace) -> int:
    job = _job(options)
    from netdsl.training.loop import sanity as trial

    if options.dry_run:
        print(trial.dry_run(job))
        return 0
    found = trial.overfit(job)
    print(trial.describe_overfit(found))
    return 0 if found.learned else 3


def _on_hosts(recipe: Recipe | None, work: Callable[[], Run]) -> int:
    """Trains, watched where it is one of several hosts; the first of them tells what came of it."""
    if recipe is None or not recipe.hosts:
        return _ended(work())
    from netdsl.training.distributed.hosts import number, supervised

    me = number(recipe)
    return supervised(lambda: code_of(lambda: _ended(work(), tell=me == 0)))


def _ended(run: Run, tell: bool = True) -> int:
    from netdsl.training.loop.job import describe_run

    if tell:
        print(describe_run(run))
    return 130 if run.interrupted else 0


def _resume(options: argparse.Namespace) -> int:
    from netdsl.training.loop.job import resume
    from netdsl.training.runs.folder import kept_recipe

    return _on_hosts(kept_recipe(Path(options.folder)), lambda: resume(options.folder))


def _recipe(options: argparse.Namespace) -> int:
    job = _job(options)
    from netdsl.training.recipes.recipe import as_values, to_yaml

    for line in (*job.data.notes, *job.resolved.doubts):
        print(line, file=sys.stderr)
    if options.format == "json":
        print(
            json.dumps(
                {"recipe": as_values(job.recipe), "reasons": dict(job.resolved.reasons)}, indent=2
            )
        )
    else:
        print(to_yaml(job.recipe, job.resolved.reasons), end="")
    return 0


def _set_up_recipe(parser: argparse.ArgumentParser) -> None:
    _add_job(parser)
    add_format(parser)


def _set_up_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="RUN", help="a run folder")


# --- data -----------------------------------------------------------------------------------------


def _set_up_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=_DATA)
    parser.add_argument(
        "--target", metavar="NAME", help="the column that is learned, or a file of targets"
    )
    parser.add_argument(
        "--no-header",
        dest="header",
        action="store_false",
        help="the table does not begin with its columns' names",
    )
    parser.add_argument(
        "--sheet", metavar="FILE.png", help="write some images of each class as a picture"
    )
    parser.add_argument("--force", action="store_true", help="write over an existing file")
    add_format(parser)


def _data(options: argparse.Namespace) -> int:
    from netdsl.training.data import inspect as look
    from netdsl.training.recipes.recipe import DataSpec

    target = free_path(Path(options.sheet), options) if options.sheet else None
    seen = look.survey(
        DataSpec(
            source=options.source, target=options.target, header=None if options.header else False
        )
    )
    print(
        json.dumps(look.as_json(seen), indent=2)
        if options.format == "json"
        else look.describe(seen)
    )
    if target is not None:
        look.contact_sheet(seen.table, target)
        print(f"{target}: examples of each class", file=sys.stderr)
    return 0


# --- after training -------------------------------------------------------------------------------


def _set_up_evaluate(parser: argparse.ArgumentParser) -> None:
    _set_up_run(parser)
    parser.add_argument(
        "--part",
        choices=("test", "validation", "training", "all"),
        default="test",
        help="of the data (default: test)",
    )
    parser.add_argument("--data", metavar="DATA", help="other data of the same kind")
    add_format(parser)


def _evaluate(options: argparse.Namespace) -> int:
    from netdsl.training.evaluation.use import describe_evaluation, evaluate

    result = evaluate(options.folder, part=options.part, data=options.data)
    print(json.dumps(result, indent=2) if options.format == "json" else describe_evaluation(result))
    return 0


def _set_up_predict(parser: argparse.ArgumentParser) -> None:
    _set_up_run(parser)
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="images, .npy, .npz or .csv files, or - for a table on standard input",
    )
    parser.add_argument(
        "--top",
        type=positive,
        default=3,
        metavar="K",
        help="so many of the likeliest classes (default: 3)",
    )
    add_format(parser, "csv")


def _predict(options: argparse.Namespace) -> int:
    from netdsl.training.evaluation.use import describe_predictions, predict, predictions_csv

    records = predict(options.folder, options.inputs, options.top)
    if options.format == "csv":
        print(predictions_csv(records), end="")
    else:
        print(
            json.dumps(records, indent=2)
            if options.format == "json"
            else describe_predictions(records)
        )
    return 0


def _set_up_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="RUN", help="a run folder, or a .keras file")
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="where to: NAME.onnx, .keras, .tflite, .safetensors, or a folder for a SavedModel",
    )
    forms = ("keras", "savedmodel", "onnx", "litert", "safetensors")
    parser.add_argument(
        "--to", choices=forms, help="the form (default: what the target's name ends in)"
    )
    parser.add_argument("--force", action="store_true", help="write over what is there")


def _export(options: argparse.Namespace) -> int:
    from netdsl.training.export.formats import export

    for line in export(options.source, options.target, format=options.to, force=options.force):
        print(line)
    return 0


def _set_up_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        help="a folder of runs (default: runs), or two or more runs to be compared",
    )
    parser.add_argument(
        "--sort", metavar="FIGURE", help="the best first: loss, accuracy, params, seconds"
    )
    add_format(parser)


def _runs(options: argparse.Namespace) -> int:
    from netdsl.training.runs import listing as runs

    as_json = options.format == "json"
    if len(options.folders) > 1:
        print(runs.compare_json(options.folders) if as_json else runs.compare_text(options.folders))
        return 0
    where = options.folders[0] if options.folders else "runs"
    print(runs.runs_json(where, options.sort) if as_json else runs.runs_text(where, options.sort))
    return 0


class Command(NamedTuple):
    set_up: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


COMMANDS = {
    "train": Command(_set_up_train, _train),
    "resume": Command(_set_up_run, _resume),
    "recipe": Command(_set_up_recipe, _recipe),
    "data": Command(_set_up_data, _data),
    "evaluate": Command(_set_up_evaluate, _evaluate),
    "predict": Command(_set_up_predict, _predict),
    "export": Command(_set_up_export, _export),
    "runs": Command(_set_up_runs, _runs),
}

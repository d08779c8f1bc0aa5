"""Training into a run folder: `train`, and `resume` where a run was stopped."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import fail
from netdsl.keras.float64 import losses_in
from netdsl.training.data import reload
from netdsl.training.distributed.devices import has_accelerator
from netdsl.training.distributed.hosts import error_context
from netdsl.training.distributed.opening import open_devices
from netdsl.training.loop.setup import Setup, check_steps, first_model, tuned
from netdsl.training.memory import check_memory, memory_context, smaller_training
from netdsl.training.planning.auto_batch import training_memory
from netdsl.training.planning.job import Job, ResolvedRecipe
from netdsl.training.planning.plan import plan
from netdsl.training.planning.requirements import use_backend
from netdsl.training.recipes.conflicts import conflict_context
from netdsl.training.reporting.text import opening_lines
from netdsl.training.runs.components import read_components, write_components
from netdsl.training.runs.folder import (
    CHECKPOINT,
    LAST,
    RESULT,
    RUN,
    locked,
    new_folder,
    removed_unless_begun,
    removed_without_memory,
    require_file,
)
from netdsl.training.runs.inputs import (
    read_network,
    read_preparation,
    read_recipe,
    require_same_data,
    require_same_recipe,
    write_inputs,
)
from netdsl.training.runs.run import RunResult
from netdsl.training.runs.stages import extended, read_stages

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras

    from netdsl.architecture import Architecture
    from netdsl.reading import Fragment
    from netdsl.training.distributed.devices import Devices
    from netdsl.training.recipes.recipe import Recipe


def train(
    network: Architecture | Fragment,
    recipe: Recipe | None = None,
    *,
    name: str | None = None,
    where: str | Path = "runs",
    quiet: bool = False,
    **settings: Any,
) -> RunResult:
    """Train the network and keep the run in a new folder `where/NAME-N`.

    Mistakes that can be found before the training are raised before the folder is made. After
    Ctrl-C the run is kept as it is at that point, and `interrupted` is true. Of several hosts the
    first one keeps the run; for the others, `folder` is `where`.

    Args:
        network: the network to train.
        recipe: how to train it; whatever it leaves out has a default.
        name: of the run; the network's where it is left out.
        where: the folder of runs.
        quiet: whether nothing is printed on standard error during the training.
        settings: as in `plan`: `data`, `target`, `drop`, `epochs`, `batch`, `seed`, `backend`,
            `log`, `init_from`.

    Raises:
        NetError: for mistakes in what is given.
        RunError: N610 where the disk fails, N611 for numbers that are not finite, N612 where the
            memory is too small, N652, N653 where another host fails.
    """
    job = plan(network, recipe, **settings)
    # Devices are opened before anything is computed: backends do not accept them later.
    with conflict_context(job.recipe):
        devices = open_devices(job.recipe, quiet)
        with failure_context(job, devices):
            model, taken_over = first_model(job, devices)
            check_steps(job, model)
            resolved = tuned(job, devices)
            setup = Setup(devices, resolved.recipe.speed or "auto", taken_over)
            # Only one of several hosts writes; the others have no folder of their own.
            if not devices.first:
                return _trained(job, setup, model, Path(where), quiet=True)
            folder = new_folder(where, job.network.name if name is None else name)
            # Locked before anything is written: a second process must not resume an incomplete
            # folder.
            with locked(folder), removed_without_memory(folder):
                with removed_unless_begun(folder):
                    write_inputs(folder, job.network, resolved.recipe, resolved.reasons, job.data)
                    write_components(folder, job.components)
                if not quiet:
                    _say(*opening_lines(job.data, resolved.doubts, taken_over))
                return _trained(job, setup, model, folder, quiet)


def resume(folder: str | Path, *, data: Any = None, quiet: bool = False) -> RunResult:
    """Resume a run that was stopped.

    On a CPU it ends with the same weights, bit for bit, as a run that was never stopped.

    Args:
        folder: the run's.
        data: the data itself, where the run was given it in Python.
        quiet: whether nothing is printed on standard error during the training.

    Raises:
        NetError: N613, N614 where the folder holds no run or is damaged, N616 where the run has
            ended, or its data or its recipe have changed, N619 where another process is training
            there.
    """
    folder = Path(folder)
    require_unfinished(folder)
    job = begun_job(folder, data)
    recipe = job.recipe
    with conflict_context(recipe):
        devices = open_devices(recipe, quiet)
        quiet = quiet or not devices.first
        # Other hosts may share the folder through a network file system: only one takes the lock.
        with locked(folder) if devices.first else nullcontext(), failure_context(job, devices):
            # Checked again with the lock: another process may have ended the run meanwhile.
            require_unfinished(folder)
            model, taken_over = first_model(job, devices)
            setup = Setup(devices, recipe.speed or "auto", taken_over)
            return _trained(job, setup, model, folder, quiet, again=True)


def begun_job(folder: Path, data: Any = None) -> Job:
    """Read the job that a run began with, and select its backend for Keras.

    Args:
        folder: the run's.
        data: the data itself, where the run was given it in Python.

    Raises:
        NetError: N613, N614 where the folder holds no run or is damaged, N616 where its data or its
            recipe have changed.
    """
    recipe, network, preparation = (
        read_recipe(folder),
        read_network(folder),
        read_preparation(folder),
    )
    # Before the data is read, which can take minutes.
    require_same_recipe(folder, recipe)
    loaded = reload(recipe, preparation, data)
    require_same_data(folder, loaded)
    # Results are the same bit for bit only on the backend that the run began with.
    use_backend(recipe.backend, recipe.span("backend"))
    kernels = read_components(folder, network)
    # After `require_same_recipe`: added stages are in run.json, and recipe.yaml is not changed.
    recipe = extended(recipe, read_stages(folder))
    return Job(network, ResolvedRecipe(recipe, {}, ()), loaded, kernels)


def _trained(
    job: Job, setup: Setup, model: keras.Model, folder: Path, quiet: bool, again: bool = False
) -> RunResult:
    """Train from the beginning, or `again` from where the folder's training was stopped.

    Waits for the other hosts at the end.
    """
    from netdsl.training.loop.learner import Learner
    from netdsl.training.loop.trainer import Trainer

    learner = Learner(job, setup, model)
    if again:
        learner.load(folder)
        if not quiet:
            epochs, step = len(learner.state.epochs), learner.state.step
            _say(f"resuming {folder} after epoch {epochs}, step {step:,}")
    run = Trainer(learner, folder, quiet).run()
    setup.devices.end()
    return run


def require_unfinished(folder: Path) -> None:
    """Reject a folder that holds no run, or one that has ended.

    Raises:
        NetError: N613, N614, N616.
    """
    require_file(folder, RUN)
    ended, stopped = (folder / RESULT).is_file(), (folder / CHECKPOINT).is_file()
    # A run with result and checkpoint was killed before its report, which `resume` finishes.
    if ended and not stopped and not RunResult.load(folder).interrupted:
        raise fail("N616", f"the run {folder} is complete: there is nothing to resume")
    # The last weights are written at the very end, right before the result.
    if (folder / LAST).is_file() and not ended and not stopped:
        raise fail("N614", f"{folder} is damaged: the run has ended, and it has no {RESULT}")


@contextmanager
def failure_context(job: Job, devices: Devices) -> Iterator[None]:
    """Turn what a backend raises where the memory is full, or another host is gone, into one clear
    message.

    Raises:
        RunError: N612, N652.
    """
    training = training_memory(job.network.graph, job.recipe, job.data)
    batch = job.recipe.batch_size
    # The estimate is for one process on one device; several devices share this memory.
    if not devices.shared and not has_accelerator():  # which has a memory of its own
        check_memory(training, batch)
    with (
        losses_in(job.recipe.precision or "float32"),
        memory_context(lambda: smaller_training(training, batch)),
        error_context(devices.hosts),
    ):
        yield


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)

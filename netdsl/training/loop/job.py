"""Training into a run folder: `train`, and `resume`, which goes on where a run was stopped."""

from __future__ import annotations

import dataclasses
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.architecture import Architecture
from netdsl.errors import Diagnostic, NetError, RunError, fail
from netdsl.files import write
from netdsl.keras.quiet import quiet_keras
from netdsl.params import exact_params
from netdsl.reading import with_params
from netdsl.training.data import Data, load_data, reload
from netdsl.training.distributed.hosts import lost_told, number
from netdsl.training.preparation.shapes import size
from netdsl.training.preparation.transforms import as_plain
from netdsl.training.recipes.recipe import DataSpec, Recipe, to_yaml
from netdsl.training.recipes.resolve import Resolved, resolve, several
from netdsl.training.reporting.loggers import check_loggers
from netdsl.training.runs.folder import (
    BEST,
    FILE,
    LAST,
    PREPARATION,
    RECIPE,
    RESULT,
    RUN,
    VERSIONS,
    as_json,
    damaged,
    kept_network,
    kept_preparation,
    kept_recipe,
    locked,
    new_folder,
    read_json,
    there,
)

if TYPE_CHECKING:
    import keras

    from netdsl.training.distributed.devices import Spread

ENDS = {
    "patience": "{patience} evaluations in a row were not better",
    "epochs": "all epochs done",
    "rate": "the learning rate has come down to its least",
    "interrupted": "interrupted",
    "diverged": "the loss is no number",
}
"""What can end a training, and how it is told."""


@dataclass(frozen=True)
class Run:
    """What a training gave.

    `best_value` is the validation part's `metric` (`loss` or `accuracy`) at `best_step`.

    `test` holds the test part's loss and metrics with the weights that were kept, and the number of
    its examples; `validation` the same of the validation part, at `best_step`. Where the loss was
    no number before the first evaluation, the step is 0 and there are no figures. `retrained` is
    the number of steps done again on all the data, or 0. `ended` is one of `ENDS`.
    """

    folder: Path
    network: str
    data: str
    steps: int
    epochs: int
    ended: str
    patience: int
    best_step: int
    best_epoch: int
    metric: str
    best_value: float | None
    validation: Mapping[str, float]
    test: Mapping[str, float]
    retrained: int
    seconds: float

    def values(self) -> dict[str, Any]:
        """What is written of it."""
        return {
            item.name: getattr(self, item.name)
            for item in dataclasses.fields(self)
            if item.name != "folder"
        }

    @property
    def sound(self) -> bool:
        """Whether each value is of its type, as it need not be in a file."""
        whole = (
            self.steps,
            self.epochs,
            self.patience,
            self.best_step,
            self.best_epoch,
            self.retrained,
        )
        parts = [part for part in (self.validation, self.test) if isinstance(part, dict)]
        return (
            all(isinstance(value, int) for value in whole)
            and all(isinstance(value, str) for value in (self.network, self.data, self.metric))
            and len(parts) == 2
            and all(isinstance(value, int | float) for part in parts for value in part.values())
            and isinstance(self.seconds, int | float)
            and isinstance(self.best_value, int | float | None)
            and self.ended in ENDS
        )

    @property
    def interrupted(self) -> bool:
        return self.ended == "interrupted"

    @property
    def model(self) -> keras.Model:
        """The network with the best weights, read from the run folder.

        Raises NetError N613, N614.
        """
        from netdsl.keras.build import load_model

        there(self.folder, BEST)
        return load_model(self.folder / BEST)

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """The run in a folder.

        Raises NetError N613 where there is none, or it has not ended, N614 where it is damaged.
        """
        values = read_json(Path(folder), RESULT)
        try:
            run = cls(folder=Path(folder), **values)
        except TypeError:
            raise damaged(Path(folder) / RESULT) from None
        if not run.sound:
            raise damaged(Path(folder) / RESULT)
        return run


# --- train ----------------------------------------------------------------------------------------


def train(
    network: Architecture,
    recipe: Recipe | None = None,
    *,
    name: str | None = None,
    where: str | Path = "runs",
    quiet: bool = False,
    **settings: Any,
) -> Run:
    """Trains the network and keeps the run in a new folder `where/NAME-N`.

    The settings are those of `plan`: `data`, `target`, `epochs`, `batch`, `seed`, `backend`, `log`,
    `init_from`. Everything that can be refused is refused before the folder is made. After Ctrl-C
    the run is kept as it is by then, and `interrupted` is true. Of several hosts the first one
    keeps the run; the `folder` of the others' is `where`. Raises NetError for mistakes in what is
    given, RunError where the disk, the memory or the numbers fail (N610 to N612), or another host
    (N652, N653).
    """
    job = spread(plan(network, recipe, **settings), quiet)
    with memory_told(lambda: smaller(job)), lost_told(job.hosts):
        model = job.model()
        if job.recipe.speed == "measure":
            from netdsl.training.speed.autotune import measured

            job = measured(job)
        if job.recipe.speed in ("chunks", "compiled"):
            from netdsl.training.speed.multistep import check

            check(job.recipe, job.data.train, job.data.preparation)
        if not job.first:
            return _trained(job, model, Path(where), quiet=True)
        folder = new_folder(where, network.name if name is None else name)
        with locked(folder):
            _begin(folder, job)
            if not quiet:
                for line in (
                    describe_data(job.data),
                    *job.data.notes,
                    *job.resolved.doubts,
                    *job.taken,
                ):
                    print(line, file=sys.stderr, flush=True)
            return _trained(job, model, folder, quiet)


def _trained(job: Job, model: keras.Model, folder: Path, quiet: bool, again: bool = False) -> Run:
    """Trains from the beginning, or from where the folder's training stood; the other hosts are
    waited for at the end.
    """
    from netdsl.training.loop.trainer import Training

    training = Training(job, model, folder, quiet)
    if again:
        training.load()
        if not quiet:
            state = training.state
            print(
                f"going on with {folder} after epoch {len(state.epochs)}, step {state.step:,}",
                file=sys.stderr,
                flush=True,
            )
    run = training.run()
    if job.spread is not None:
        job.spread.end()
    return run


def spread(job: Job, quiet: bool) -> Job:
    """The job on the devices and hosts that its recipe asks for.

    Raises NetError and RunError as `devices.begin` does.
    """
    if not several(job.recipe):
        return job
    hosts = job.recipe.hosts or ()
    if len(hosts) > 1 and not quiet:
        me = number(job.recipe)
        others = ", ".join(host for place, host in enumerate(hosts) if place != me)
        print(f"host {me} of {len(hosts)}: waiting for {others}", file=sys.stderr, flush=True)
    quiet_keras()
    from netdsl.training.distributed.devices import begin

    return dataclasses.replace(job, spread=begin(job.recipe))


def resume(folder: str | Path, *, data: Any = None, quiet: bool = False) -> Run:
    """Goes on with a run that was stopped, and ends with the same weights, bit for bit, as one that
    never was (on a CPU).

    Raises NetError N613, N614 where the folder holds no run or is damaged, N616 where the run has
    ended, or its data or its recipe have changed, N619 where another process is training there.
    """
    folder = Path(folder)
    told = read_json(folder, RUN)
    if (
        (folder / RESULT).is_file()
        and not (folder / FILE).is_file()
        and not Run.load(folder).interrupted
    ):
        raise fail("N616", f"the run {folder} has ended: there is nothing to go on with")
    if (
        (folder / LAST).is_file()
        and not (folder / RESULT).is_file()
        and not (folder / FILE).is_file()
    ):
        raise fail("N614", f"{folder} is damaged: the run has ended, and it has no {RESULT}")
    recipe, network, preparation = (
        kept_recipe(folder),
        kept_network(folder),
        kept_preparation(folder),
    )
    if told.get("recipe") != recipe_hash(recipe):
        raise fail(
            "N616",
            f"{folder / RECIPE} has been changed since the run began",
            help="train anew with it: netdsl train NETWORK RECIPE",
        )
    loaded = reload(recipe, preparation, data)
    if told.get("fingerprint") != fingerprint(loaded):
        raise fail(
            "N616",
            f"the data {loaded.spec.source} is not what it was when {folder} began",
            help="train anew, or bring the old data back",
        )
    use_backend(recipe)
    job = spread(Job(network, Resolved(recipe, {}, ()), loaded), quiet)
    with (
        locked(folder) if job.first else nullcontext(),
        memory_told(lambda: smaller(job)),
        lost_told(job.hosts),
    ):
        return _trained(job, job.model(), folder, quiet or not job.first, again=True)


@dataclass
class Job:
    """A network, the resolved recipe and the data: all that a training needs.

    `taken` says what came from other weights.

    `spread` are the devices that share each step; None is the usual one.
    """

    network: Architecture
    resolved: Resolved
    data: Data
    taken: tuple[str, ...] = ()
    spread: Spread | None = None

    @property
    def hosts(self) -> int:
        """The processes that train together."""
        return self.spread.hosts if self.spread else 1

    @property
    def first(self) -> bool:
        """Whether this process keeps the run and tells of it, as but one of several hosts does."""
        return self.spread is None or self.spread.first

    def scope(self) -> AbstractContextManager[Any]:
        """What models that use all of the devices are made and compiled in."""
        return self.spread.scope() if self.spread else nullcontext()

    @property
    def recipe(self) -> Recipe:
        return self.resolved.recipe

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return math.ceil(len(self.data.train) / (self.recipe.batch or 1))

    def model(self) -> keras.Model:
        """The network with its first weights: the seed's, or those of `init_from`."""
        with self.scope():
            model = self.plain_model()
            if self.recipe.init_from:
                from netdsl.training.loop.initial_weights import take_over

                self.taken = take_over(model, self.recipe)
        return model

    def plain_model(self) -> keras.Model:
        """The network with the seed's weights."""
        quiet_keras()
        from netdsl.keras.build import build

        return build(self.network, self.recipe.seed, self.recipe.precision or "float32")


def plan(
    network: Architecture,
    recipe: Recipe | None = None,
    *,
    data: Any = None,
    target: str | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    seed: int | None = None,
    backend: str | None = None,
    log: tuple[str, ...] | None = None,
    init_from: str | None = None,
) -> Job:
    """All that can be said before anything is built: the data read, the recipe resolved.

    Raises NetError as `train` does.

    What is given here goes before the recipe; the network's own parameters go before the recipe's.
    `data` is a source as in a recipe, or the data itself: arrays `(x, y)`, a dict of arrays, or
    something that gives batches.
    """
    recipe, given = recipe or Recipe(), None
    spec = None
    if isinstance(data, str | os.PathLike):
        spec = DataSpec(source=os.fspath(data))
    elif data is not None:
        given, spec = data, dataclasses.replace(recipe.data, source="python")
    if target is not None:
        spec = dataclasses.replace(spec or recipe.data, target=target)
    recipe = recipe.replace(
        data=spec,
        epochs=epochs,
        batch=batch,
        seed=seed,
        backend=backend,
        log=log,
        init_from=init_from,
    )
    if recipe.init_from:  # the run may be gone on with from another folder
        recipe = dataclasses.replace(recipe, init_from=os.path.abspath(recipe.init_from))
    params = exact_params({**recipe.params, **network.params})
    if params != network.params:
        network = with_params(network, params)
    use_backend(recipe)
    check_loggers(recipe.log or ())
    loaded = load_data(recipe, network, given)
    return Job(network, resolve(recipe, network, loaded), loaded)


def use_backend(recipe: Recipe) -> None:
    """Makes Keras take the recipe's backend.

    Raises NetError N602 where it is not installed, N617 where Keras has another already.
    """
    wanted = recipe.backend
    if wanted is None:
        return
    if "keras" in sys.modules:
        now = sys.modules["keras"].config.backend()
        if now != wanted:
            raise fail(
                "N617",
                f"Keras runs on {now} in this process; the recipe wants {wanted}",
                help=f"set KERAS_BACKEND={wanted} before Keras is imported",
            )
        return
    from importlib.util import find_spec

    if find_spec(wanted) is None:
        raise fail(
            "N602",
            f"the backend {wanted} is not installed",
            recipe.span("backend"),
            help=f"pip install netdsl[{wanted}]"
            if wanted != "tensorflow"
            else "pip install tensorflow",
        )
    os.environ["KERAS_BACKEND"] = wanted


def _begin(folder: Path, job: Job) -> None:
    """Writes what the run was started with, so that it can be gone on with whatever happens."""
    network = job.network
    file = (
        "network.net" if "network.net" not in network.used else os.path.basename(network.path or "")
    )
    write(folder / RECIPE, to_yaml(job.recipe, job.resolved.reasons))
    write(folder / file, network.text)
    for name, text in network.used.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, text)
    write(folder / PREPARATION, as_json(as_plain(job.data.preparation)))
    write(folder / VERSIONS, as_json(_versions()))
    told = {
        "network": network.name,
        "file": file,
        "input": network.input_shape,
        "params": network.counts.params,
        "data": str(job.data.spec.source),
    }
    hashes = {"recipe": recipe_hash(job.recipe), "fingerprint": fingerprint(job.data)}
    write(folder / RUN, as_json({**told, **hashes, "began": time.strftime("%Y-%m-%dT%H:%M:%S%z")}))


def recipe_hash(recipe: Recipe) -> str:
    """The same for recipes that say the same.

    On which machines a run goes on is no part of what it gives.
    """
    import hashlib

    return hashlib.sha256(
        to_yaml(dataclasses.replace(recipe, devices=None, hosts=None)).encode()
    ).hexdigest()


def fingerprint(data: Data) -> str:
    """A hash of the data's shapes and of up to 100 examples of each part: other data has
    another, most likely.
    """
    import hashlib

    import numpy as np

    told = hashlib.sha256()
    for part in (data.train, data.validation, data.test):
        rows = np.unique(np.linspace(0, len(part) - 1, min(100, len(part))).astype(int))
        for array in (*part.x, *part.y):
            told.update(str(array.shape).encode())
            told.update(np.ascontiguousarray(array[rows]).tobytes())
    return told.hexdigest()


@contextmanager
def memory_told(what: Callable[[], tuple[str, str]]) -> Iterator[None]:
    """Makes one clear message (N612) of the ways in which memory runs out: `what` gives the
    message and its mend.
    """
    try:
        yield
    except NetError:
        raise
    except Exception as error:  # each backend has a class of its own, which cannot be named without importing the backend
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if kinds & {
            "MemoryError",
            "ResourceExhaustedError",
            "OutOfMemoryError",
        } or "RESOURCE_EXHAUSTED" in str(error):
            message, help = what()
            raise RunError(Diagnostic("N612", message, help=help)) from None
        raise


def smaller(job: Job) -> tuple[str, str]:
    """What to say where the memory is full: what the step takes by the estimate, and the batch
    that half of it would hold.
    """
    from netdsl.analysis.memory import estimate, largest_batch
    from netdsl.wording import bytes_text

    recipe = job.recipe
    batch, precision, optimizer = (
        recipe.batch or 1,
        recipe.precision or "float32",
        recipe.optimizer.name or "adam",
    )
    peak = estimate(job.network.graph, batch, precision, optimizer).training_peak
    fits = largest_batch(job.network.graph, peak // 2, precision, optimizer)
    message = f"the memory does not hold this training: a batch of {batch:,} takes about {bytes_text(peak)}, and workspace"
    return (
        message,
        f"`batch: {fits}` takes half of it"
        if fits
        else "take a smaller `batch`, or a smaller input",
    )


def _versions() -> dict[str, str]:
    """What the run was made with."""
    import keras

    names = ("netdsl", "keras", keras.config.backend(), "numpy")
    return {"python": platform.python_version(), "platform": platform.platform()} | {
        name: _version(name) for name in names
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


# --- telling --------------------------------------------------------------------------------------


def describe_data(data: Data) -> str:
    """What is learned from, and what is done to it, in a line."""
    preparation = data.preparation
    parts = f"{len(data.train):,} training, {len(data.validation):,} validation and {len(data.test):,} test examples"
    made = ", ".join(
        f"{size(one.example)} made {size(one.shape)}"
        + (f", divided by {one.scale:g}" if one.scale != 1 else "")
        for one in preparation.inputs
    )
    losses = ", ".join(dict.fromkeys(output.loss for output in preparation.outputs))
    return f"{data.spec.source}: {parts}; {made}; loss {losses}"


def describe_run(run: Run) -> str:
    """A run's end, its best weights and their test, for people."""
    why = ENDS[run.ended].format(patience=run.patience)
    epochs = f"{run.epochs} epoch{'s' if run.epochs != 1 else ''}"
    again = (
        [f"trained again on training and validation part together for {run.retrained:,} steps"]
        if run.retrained
        else []
    )
    kept = "best" if run.patience else "last"
    part = "validation" if run.validation["examples"] else "training"
    return "\n".join(
        [
            f"ended after {epochs} ({run.steps:,} steps, {run.seconds:.1f} s): {why}",
            f"{kept} weights at step {run.best_step:,} (epoch {run.best_epoch}): {part} {told_scores(run.validation)}",
            *again,
            f"test: {told_scores(run.test)}",
            f"kept in {run.folder}",
        ]
    )


def told_scores(values: Mapping[str, float]) -> str:
    told = [
        f"{name.replace('_', ' ')} {value:.4f}"
        for name, value in values.items()
        if name != "examples"
    ]
    return ", ".join(told) + (f" ({values['examples']:,} examples)" if values["examples"] else "")

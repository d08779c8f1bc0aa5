"""Training into a run folder, and using what was trained: `train`, `evaluate`, `predict`."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import Diagnostic, NetError, RunError, Source, did_you_mean, fail
from netdsl.files import save, write
from netdsl.keras.quiet import quiet_keras
from netdsl.network import Given, Network, check_source, choose
from netdsl.train.curve import curve
from netdsl.train.data import Data, arrange, load_data, read, read_inputs
from netdsl.train.folder import new_folder
from netdsl.train.prepare import Preparation, as_plain, from_plain, size
from netdsl.train.progress import progress
from netdsl.train.recipe import DataSpec, Recipe, load_recipe, resolve, to_yaml

if TYPE_CHECKING:
    import keras

    from netdsl.train.fit import Row, Watch

NETWORK, RECIPE, PREPARATION, VERSIONS = "network.net", "recipe.yaml", "preparation.json", "versions.json"
METRICS, CURVE, BEST, RESULT = "metrics.csv", "curve.svg", "best.keras", "result.json"

ENDS = {
    "patience": "{patience} evaluations in a row were not better",
    "epochs": "all epochs done",
    "interrupted": "interrupted",
    "diverged": "the loss is no number",
}
"""What can end a training, and how it is told."""


@dataclass(frozen=True)
class Run:
    """What a training gave. `best_value` is the validation part's `metric` (`loss` or `accuracy`) at `best_step`.

    `test` holds the test part's loss and metric with the best weights, and the number of its examples; `validation` the same of the
    validation part. `ended` is one of `ENDS`.
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
    best_value: float
    validation: Mapping[str, float]
    test: Mapping[str, float]
    seconds: float

    @property
    def interrupted(self) -> bool:
        return self.ended == "interrupted"

    @property
    def model(self) -> keras.Model:
        """The network with the best weights, read from the run folder. Raises NetError N613, N614."""
        return _model(self.folder)

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """The run in a folder. Raises NetError N613 where there is none, N614 where it is damaged."""
        values = _json(Path(folder), RESULT)
        try:
            return cls(folder=Path(folder), **values)
        except TypeError:
            raise _damaged(Path(folder) / RESULT) from None


# --- train --------------------------------------------------------------------------------------------------------


def train(
    network: Network,
    recipe: Recipe | None = None,
    *,
    data: str | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    seed: int | None = None,
    name: str | None = None,
    where: str | Path = "runs",
    quiet: bool = False,
) -> Run:
    """Trains the network and keeps the run in a new folder `where/NAME-N`.

    What is given here goes before the recipe; the network's own parameters go before the recipe's. Everything that can be
    refused is refused before the folder is made. After Ctrl-C the run is kept as it is by then, and `interrupted` is true.
    Raises NetError for mistakes in what is given, RunError where the disk, the memory or the numbers fail (N610 to N612).
    """
    recipe = (recipe or Recipe()).replace(data=None if data is None else DataSpec(source=data), epochs=epochs, batch=batch, seed=seed)
    params = {**recipe.params, **network.params}
    if params != network.params:
        network = _with_params(network, params)
    loaded = load_data(recipe, network)
    recipe = resolve(recipe, network, loaded)
    with _memory_told():
        keras = quiet_keras()
        keras.utils.set_random_seed(recipe.seed or 0)
        model = network.keras(seed=recipe.seed)
        folder = new_folder(where, network.name if name is None else name)
        write(folder / RECIPE, to_yaml(recipe))
        write(folder / NETWORK, network.text)
        write(folder / PREPARATION, _as_json(as_plain(loaded.preparation)))
        write(folder / VERSIONS, _as_json(_versions()))
        if not quiet:
            print(describe_data(loaded), file=sys.stderr, flush=True)
        return _trained(model, network.name, recipe, loaded, folder, quiet)


def _with_params(network: Network, params: Mapping[str, Any]) -> Network:
    """The same network read again with these params. Raises NetError for what is wrong with them."""
    source = Source(network.path or "<text>", network.text)
    checked = check_source(source, Given(network.path, params, network.input_shape), network.name)
    if checked.faulty:
        raise NetError(*checked.diagnostics)
    return choose(checked, network.name, source)


def _trained(model: keras.Model, name: str, recipe: Recipe, data: Data, folder: Path, quiet: bool) -> Run:
    """Fits the model and writes what comes of it, also when it is interrupted or the loss is no longer a number."""
    from netdsl.train import fit
    from netdsl.train.feed import Batches

    preparation, batch = data.preparation, recipe.batch or 1
    training = Batches(data.train, preparation, batch, recipe.seed, recipe.augment.shift or 0)
    judge = fit.judge(model, preparation)
    model.compile(optimizer=fit.optimizer(recipe.optimizer), loss=fit.loss(preparation), metrics=[fit.metric(preparation)])
    watch = fit.Watch(recipe, preparation, judge, Batches(data.validation, preparation, batch))
    keeper = _Keeper(folder, f"{name} on {Path(data.spec.source or '').name}", len(training), watch)
    watch.set_model(model)  # Keras sets it too, but an interrupt may come before
    interrupted, began = False, time.perf_counter()
    try:
        with progress(quiet, recipe.epochs or 1, len(training), preparation.metric) as shown:

            def on_epoch(row: Row) -> None:
                shown.epoch(row)
                keeper.keep()

            watch.on_step, watch.on_epoch = shown.step, on_epoch
            model.fit(training, epochs=recipe.epochs, verbose=0, shuffle=False, callbacks=[watch])
    except KeyboardInterrupt:
        interrupted = True
    watch.finish(interrupted)
    if watch.best is None:
        keeper.keep()
        raise _diverged(watch, folder)
    found = fit.scores(judge, Batches(data.test, preparation, batch))
    run = Run(
        folder=folder,
        network=name,
        data=str(data.spec.source),
        steps=watch.step,
        epochs=math.ceil(watch.step / len(training)),
        ended="interrupted" if interrupted else "diverged" if watch.diverged else "patience" if watch.stopping.over else "epochs",
        patience=watch.stopping.patience,
        best_step=watch.best.step,
        best_epoch=math.ceil(watch.best.step / len(training)),
        metric=str(recipe.early_stopping.metric),
        best_value=watch.stopping.best,
        validation={"examples": len(data.validation), "loss": watch.best.loss, preparation.metric: watch.best.metric},
        test={"examples": len(data.test), **found},
        seconds=time.perf_counter() - began,
    )
    keeper.keep(run)
    if watch.diverged:
        raise _diverged(watch, folder)
    return run


class _Keeper:
    """Writes metrics, curve and best weights as they come, so that little is lost if the process dies."""

    def __init__(self, folder: Path, title: str, steps: int, watch: Watch) -> None:
        self.folder, self.title, self.steps, self.watch = folder, title, steps, watch
        self.saved: int | None = None

    def keep(self, run: Run | None = None) -> None:
        """Writes what there is by now; with a run, its result too."""
        write(self.folder / METRICS, self._metrics())
        write(self.folder / CURVE, self._curve(run))
        if self.watch.best and self.watch.best.step != self.saved:
            self._save_best()
        if run:
            values = {item.name: getattr(run, item.name) for item in dataclasses.fields(run)}
            del values["folder"]
            write(self.folder / RESULT, _as_json(values))

    def _save_best(self) -> None:
        import keras

        model, watch = self.watch.model, self.watch
        now = model.get_weights()
        model.set_weights(watch.weights)
        plain = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
        save(self.folder / BEST, plain.save)
        model.set_weights(now)
        self.saved = watch.best.step if watch.best else None

    def _metrics(self) -> str:
        name = self.watch.metric
        lines = [f"epoch,step,loss,{name},val_loss,val_{name},seconds"]
        for row in self.watch.rows:
            found = (f"{row.evaluation.loss:.6g}", f"{row.evaluation.metric:.6g}") if row.evaluation else ("", "")
            lines.append(f"{row.epoch},{row.step},{row.loss:.6g},{row.metric:.6g},{','.join(found)},{row.seconds:.3f}")
        return "\n".join(lines) + "\n"

    def _curve(self, run: Run | None) -> str:
        watch, best = self.watch, self.watch.best
        told = "no evaluation yet"
        if best:
            told = f"best weights at step {best.step:,}: validation loss {best.loss:.4f}, {_words(watch.metric)} {best.metric:.4f}"
        if run:
            told += f" · test {_words(watch.metric)} {run.test[watch.metric]:.4f}"
        training = [(row.step / self.steps, row.loss) for row in watch.rows]
        validation = [(found.step / self.steps, found.loss) for found in watch.evaluations]
        return curve(self.title, told, training, validation, (best.step / self.steps, best.loss) if best else None)


def _diverged(watch: Watch, folder: Path) -> RunError:
    best = f"the best weights, of step {watch.best.step:,}, are in {folder / BEST}" if watch.best else "no step was evaluated before"
    message = f"the loss is no longer a number at step {watch.step:,}: {best}"
    return RunError(Diagnostic("N611", message, help="a lower `rate` of the optimizer often helps"))


@contextmanager
def _memory_told() -> Iterator[None]:
    """Makes one clear message of the ways in which memory runs out."""
    try:
        yield
    except NetError:
        raise
    except Exception as error:  # each backend has a class of its own, which cannot be named without importing the backend
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if kinds & {"MemoryError", "ResourceExhaustedError", "OutOfMemoryError"} or "RESOURCE_EXHAUSTED" in str(error):
            raise RunError(Diagnostic("N612", "the memory does not hold this training", help="take a smaller `batch`")) from None
        raise


def _versions() -> dict[str, str]:
    """What the run was made with."""
    import keras

    names = ("netdsl", "keras", keras.config.backend(), "numpy")
    return {"python": platform.python_version(), "platform": platform.platform()} | {name: _version(name) for name in names}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _as_json(values: Mapping[str, Any]) -> str:
    """A key a line."""
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in values.items()) + "\n}\n"


# --- evaluate and predict -----------------------------------------------------------------------------------------


def evaluate(folder: str | Path) -> dict[str, Any]:
    """The loss and the metric of a run's network on the test part of its data, and the number of its examples.

    Raises NetError N613 where the folder holds no run, N614 where it is damaged, and what `load_data` raises of the data.
    """
    folder = Path(folder)
    run, preparation, model = Run.load(folder), _kept_preparation(folder), _model(folder)
    from netdsl.train import fit
    from netdsl.train.feed import Batches

    recipe = load_recipe(folder / RECIPE)
    data = arrange(read(recipe.data.source or ""), recipe, preparation)
    with _memory_told():
        found = fit.scores(fit.judge(model, preparation), Batches(data.test, preparation, recipe.batch or 1))
    return {"run": str(folder), "data": run.data, "step": run.best_step, "examples": len(data.test), **found}


def predict(folder: str | Path, inputs: str | Path, top: int = 3) -> list[dict[str, Any]]:
    """What a run's network says of an image file, or of the examples in an `.npy` or `.npz` file: one record each.

    Of classes: `input`, `class`, `name`, and `top`, the most likely ones as `{class, name, probability}` (`output` instead of
    `probability` where the network gives none). Of values: `input` and `output`. Raises NetError N511 to N518, N524, N613, N614.
    """
    folder = Path(folder)
    preparation = _kept_preparation(folder)
    names, x = read_inputs(inputs, preparation)
    with _memory_told():
        outputs = _model(folder).predict(preparation.inputs(x), verbose=0)
    return [{"input": name} | _record(output, preparation, top) for name, output in zip(names, outputs, strict=True)]


def _record(output: Any, preparation: Preparation, top: int) -> dict[str, Any]:
    """What one output [*output] says."""
    import numpy as np

    if not preparation.classes:
        return {"output": output.tolist()}
    values = _probabilities(output.astype(np.float64), preparation)
    kind = "probability" if preparation.loss in ("cross-entropy", "binary") else "output"
    order = np.argsort(-values, kind="stable")[:top].tolist()
    best = [{"class": label, "name": preparation.name(label), kind: float(values[label])} for label in order]
    return {"class": best[0]["class"], "name": best[0]["name"], "top": best}


def _probabilities(output: Any, preparation: Preparation) -> Any:
    """A value for each class: probabilities where the loss was one of probabilities."""
    import numpy as np

    if preparation.logits:
        if preparation.loss == "cross-entropy":
            powers = np.exp(output - output.max())
            return powers / powers.sum()
        output = 1 / (1 + np.exp(-output))
    return np.array([1 - output[0], output[0]]) if preparation.output == (1,) else output


def _kept_preparation(folder: Path) -> Preparation:
    values = _json(folder, PREPARATION)
    try:
        return from_plain(values)
    except (TypeError, KeyError, ValueError):
        raise _damaged(folder / PREPARATION) from None


def _model(folder: Path) -> keras.Model:
    _there(folder, BEST)
    from netdsl.keras.build import load_model

    return load_model(folder / BEST)


def _json(folder: Path, name: str) -> dict[str, Any]:
    _there(folder, name)
    try:
        values = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _damaged(folder / name) from None
    if not isinstance(values, dict):
        raise _damaged(folder / name)
    return values


def _there(folder: Path, name: str) -> None:
    if not folder.is_dir():
        near = did_you_mean(folder.name, (run.parent.name for run in folder.parent.glob("*/result.json")))
        mend = near or "`netdsl train` makes one, such as runs/lenet5-1"
        raise fail("N613", f"there is no run folder {folder}", help=mend)
    if not (folder / name).is_file():
        raise fail("N613", f"{folder} holds no finished run: it has no {name}")


def _damaged(path: Path) -> NetError:
    return fail("N614", f"{path} is damaged")


# --- telling ------------------------------------------------------------------------------------------------------


def describe_data(data: Data) -> str:
    """What is learned from, and what is done to it, in a line."""
    preparation = data.preparation
    parts = f"{len(data.train):,} training, {len(data.validation):,} validation and {len(data.test):,} test examples"
    made = f"{size(preparation.example)} made {size(preparation.input)}"
    return f"{data.spec.source}: {parts}; {made}, divided by {preparation.scale:g}; loss {preparation.loss}"


def describe_run(run: Run) -> str:
    """A run's end, its best weights and their test, for people."""
    why = ENDS[run.ended].format(patience=run.patience)
    epochs = f"{run.epochs} epoch{'s' if run.epochs != 1 else ''}"
    return "\n".join(
        [
            f"ended after {epochs} ({run.steps:,} steps, {run.seconds:.1f} s): {why}",
            f"best weights at step {run.best_step:,} (epoch {run.best_epoch}): validation {_scores(run.validation)}",
            f"test: {_scores(run.test)}",
            f"kept in {run.folder}",
        ]
    )


def describe_evaluation(result: Mapping[str, Any]) -> str:
    """What `evaluate` gave, for people."""
    found = {name: value for name, value in result.items() if isinstance(value, (int, float)) and name != "step"}
    return f"{result['run']}, weights of step {result['step']:,}\ntest part of {result['data']}: {_scores(found)}"


def describe_predictions(records: Sequence[Mapping[str, Any]]) -> str:
    """What `predict` gave, a line for each input."""
    return "\n".join(f"{record['input']}: {_told(record)}" for record in records)


def _told(record: Mapping[str, Any]) -> str:
    if "top" not in record:
        return json.dumps(record["output"])
    return ", ".join(f"{best['name']} {best.get('probability', best.get('output')):.3f}" for best in record["top"])


def _scores(values: Mapping[str, float]) -> str:
    told = [f"{_words(name)} {value:.4f}" for name, value in values.items() if name != "examples"]
    return f"{', '.join(told)} ({values['examples']:,} examples)"


def _words(metric: str) -> str:
    return metric.replace("_", " ")

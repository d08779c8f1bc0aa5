"""A run: the outcome of a training, with the methods of the public interface."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from netdsl.api import arguments
from netdsl.api.arguments import PathArgument
from netdsl.api.computing import Computing
from netdsl.api.exporting import Exporting, exported
from netdsl.api.inside import InsideViews
from netdsl.api.making import Making
from netdsl.api.records import Records
from netdsl.errors import NetError, did_you_mean, fail
from netdsl.training.data.sources.named import NAMES
from netdsl.training.data.sources.toys import NAMES as TOYS
from netdsl.training.recipes.recipe import DataSpec, Recipe, load_recipe
from netdsl.training.runs.history import read_epochs
from netdsl.training.runs.run import RunResult

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.lab.inside.descent import Descent
    from netdsl.lab.inside.plane import RunPlane
    from netdsl.lab.weighted import WeightedNetwork
    from netdsl.reading import Fragment

RecipeArgument: TypeAlias = "Recipe | Mapping[str, object] | PathArgument | None"
RECIPE = "a Recipe, keys and values, or the path of a YAML file"


class EvaluationResult(dict[str, Any]):
    """The figures of an evaluation by name; `print` shows them as `netdsl evaluate` does."""

    def __str__(self) -> str:
        from netdsl.training.evaluation.evaluate_text import describe_evaluation

        return describe_evaluation(self)


class Run(InsideViews, Making, Computing, Exporting, RunResult):
    """A training that has ended, and its folder.

    `train` returns one, and `Run.load("runs/lenet5-1")` reads one. `print` shows it as
    `netdsl train` does.

    Attributes:
        folder: the run's folder.
        network: the network's name.
        data: the name of the data.
        steps: the number of steps that were taken.
        epochs: the number of epochs that were begun.
        ended: what ended it: patience, epochs, rate, interrupted, or diverged.
        patience: after how many evaluations in a row without improvement it would have ended.
        best_step: the step of the best weights.
        best_epoch: the epoch of that step.
        metric: what evaluations were compared by: loss, accuracy, or training_loss.
        kept: whether the weights are the best or the last.
        best_value: the metric's value at the best step; None where nothing was evaluated.
        validation: loss and metrics of the validation part at the best step, by name.
        test: loss and metrics of the test part with the best weights, by name.
        baseline: the score of the simplest answer on the test part: `answer`, the training part's
            most frequent class or the mean, the `figure` and its `value`; for values with
            `split.order` also `row_before`, the score of the target of the row before.
        retrained: the number of steps that were taken again on all the data.
        seconds: how long it took.
    """

    @classmethod
    def of(cls, result: RunResult) -> Run:
        """Return the result of a training as a run with these methods."""
        return cls(**{item.name: getattr(result, item.name) for item in dataclasses.fields(result)})

    @classmethod
    def load(cls, folder: PathArgument) -> Run:
        """Read the run in a folder.

        Args:
            folder: the run's folder, such as `runs/lenet5-1`.

        Returns:
            The run, as `train` returned it.

        Raises:
            RunFolderError: N613 where there is none, or it has not ended, N614 where it is damaged.
        """
        return cls.of(RunResult.load(_folder(folder)))

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder

    @property
    def recipe(self) -> Recipe:
        """The recipe that it was trained by, with every value.

        Raises:
            RunFolderError: N613, N614.
        """
        from netdsl.training.runs.inputs import read_recipe

        return read_recipe(self.folder)

    @property
    def history(self) -> Records[dict[str, Any]]:
        """The epochs in order, each as a dict.

        Its keys are `stage` (search or retrain), `epoch`, `step`, `rate`, `loss`, the metrics by
        name, these with `val_` for the validation part, and `seconds`.

        Raises:
            RunFolderError: N613, N614.
        """
        return Records(read_epochs(self.folder))

    def evaluate(
        self,
        data: Any = None,
        *,
        part: str | None = None,
        zeros: bool = False,
        subnetworks: int = 0,
    ) -> EvaluationResult:
        """Measure the best weights on a part of the run's data, or on other data.

        Args:
            data: in place of the run's: a name, a path, or arrays (x, y).
            part: test, validation, training, or all; test where it is left out, or training where
                there is no test part.
            zeros: whether to count the outputs that are 0, layer by layer.
            subnetworks: also average the outputs of this many networks with dropped units.

        Returns:
            `loss` and the metrics by name, `examples`, and `outputs`: the details of each output;
            `zeros` and `subnetworks` where they are asked for.

        Raises:
            RunFolderError: N613, N614 for the folder.
            DataError: for what is wrong with the data.
            NetError: N630 for a part that does not exist.
        """
        return evaluate(self, part=part, data=data, zeros=zeros, subnetworks=subnetworks)

    def predict(
        self,
        inputs: Any,
        *,
        top: int = 3,
        strict: bool = False,
        others: RunArgument | Sequence[RunArgument] = (),
        versions: int = 0,
    ) -> Records[dict[str, Any]]:
        """Predict examples with the best weights.

        Args:
            inputs: paths of files or folders, or patterns; or the examples themselves, raw, as in
                the training's data: an array [n, *shape] or one example [*shape], for several
                inputs a dict of arrays by name, for a table a dict of columns, a data frame or a
                list of dicts.
            top: how many of the likeliest classes are listed.
            strict: whether rows of a table with values that the network was not trained on, such as
                unknown categories, are an error.
            others: runs whose answers are averaged with this one's: probabilities, or values.
            versions: how many versions of each image, changed at random as in the training, are
                averaged with the image itself.

        Returns:
            A dict for each example: `input`, its name; `id`, the cells that identify its row, by
            column; for classes `class`, `name` and `top`, the likeliest with their probabilities;
            for values `output`, in the data's units; `notes`, if a row holds values that the
            network was not trained on; `filled`, if a row has empty cells that are filled as in the
            training; for one of several files that cannot be read `error` and its `code`.

        Raises:
            RunFolderError: N613, N614 for the folder.
            DataError: for what is wrong with the examples.
        """
        return predict(self, inputs, top=top, strict=strict, others=others, versions=versions)

    def plane(self, data: Any = None) -> RunPlane:
        """Draw the output of the best weights over an input of one or two numbers.

        Args:
            data: the data itself, where the run was given it in Python.

        Returns:
            A picture with `save(path)`, and the arrays as `plane`.

        Raises:
            NetError: N680 where the input is not one or two numbers.
            RunFolderError: N613, N614 for the folder.
        """
        from netdsl.lab.inside.plane import over_input
        from netdsl.lab.inside.subject import TrainedRun

        return over_input(TrainedRun.of(self.folder, data))

    def descent(self, data: Any = None) -> Descent:
        """Draw the path of a training of two weights over the contours of its loss.

        Args:
            data: the data itself, where the run was given it in Python.

        Returns:
            A picture with `save(path)`, and `path` and `losses` as arrays.

        Raises:
            NetError: N680 where more or fewer weights were trained.
            RunFolderError: N613, N614 for the folder.
        """
        from netdsl.lab.inside.descent import descent
        from netdsl.lab.inside.subject import TrainedRun

        return descent(TrainedRun.of(self.folder, data))

    def resume(self, *, data: Any = None, quiet: bool = False, more: int | None = None) -> Run:
        """Resume the training where it was interrupted, or add epochs to it.

        Args:
            data: the data itself, where the run was given it in Python.
            quiet: whether nothing is printed during the training.
            more: how many epochs to add to a run that has ended, from its last weights.

        Returns:
            The run after its end; on a CPU its weights are, bit for bit, those of a run that was
            never interrupted.

        Raises:
            RunFolderError: N616 where it has ended, or its data or its recipe have changed.
        """
        return resume(self, data=data, quiet=quiet, more=more)

    def _weighted(self, seed: int) -> WeightedNetwork:
        """Return the network with the best weights."""
        from netdsl.lab.weighted import trained
        from netdsl.training.runs.finished import finished_run

        return trained(finished_run(self.folder))

    def __str__(self) -> str:
        from netdsl.training.reporting.text import describe_run

        return describe_run(self)


RunArgument: TypeAlias = Run | PathArgument


def evaluate(
    run: RunArgument,
    *,
    part: str | None = None,
    data: Any = None,
    zeros: bool = False,
    subnetworks: int = 0,
) -> EvaluationResult:
    """Measure a run's best weights on a part of its data, or on other data.

    Args:
        run: the run, or the path of its folder.
        part: test, validation, training, or all; test where it is left out, or training where
            there is no test part.
        data: in place of the run's: a name, a path, or arrays (x, y).
        zeros: whether to count the outputs that are 0, layer by layer.
        subnetworks: also average the outputs of this many networks with dropped units.

    Returns:
        The figures by name, as `Run.evaluate` describes them.

    Raises:
        RunFolderError: N613, N614 for the folder.
        DataError: for what is wrong with the data.
        NetError: N630 for a part that does not exist.
    """
    from netdsl.training.verbs import evaluate

    if part is not None:
        part = arguments.text("part", part, "test, validation, training or all")
    if isinstance(data, os.PathLike):
        data = arguments.path("data", data)
    return EvaluationResult(
        evaluate(
            _folder(run),
            part=part,
            data=data,
            zeros=arguments.yes_or_no("zeros", zeros),
            subnetworks=arguments.whole("subnetworks", subnetworks, 0),
        )
    )


def predict(
    run: RunArgument,
    inputs: Any,
    *,
    top: int = 3,
    strict: bool = False,
    others: RunArgument | Sequence[RunArgument] = (),
    versions: int = 0,
) -> Records[dict[str, Any]]:
    """Predict examples with a run's best weights.

    Args:
        run: the run, or the path of its folder.
        inputs: paths, or the examples themselves, as `Run.predict` describes them.
        top: how many of the likeliest classes are listed.
        strict: whether values that the network was not trained on are an error.
        others: runs whose answers are averaged with this one's.
        versions: how many changed versions of each image are averaged, as `Run.predict` describes.

    Returns:
        A dict for each example, as `Run.predict` describes it.

    Raises:
        RunFolderError: N613, N614 for the folder.
        DataError: for what is wrong with the examples.
    """
    from netdsl.training.evaluation.predict import predict

    strict = arguments.yes_or_no("strict", strict)
    several = [others] if isinstance(others, str | os.PathLike | Run) else others
    if not isinstance(several, Sequence):
        raise arguments.wrong_type(
            "others", "a Run, the path of a folder, or a list of them", several
        )
    folders = [_folder(other, f"others[{at}]") for at, other in enumerate(several)]
    top, versions = arguments.whole("top", top, 1), arguments.whole("versions", versions, 0)
    found = predict(_folder(run), inputs, top, strict=strict, others=folders, versions=versions)
    return Records(found)


def export(
    run: RunArgument,
    path: PathArgument,
    *,
    format: str | None = None,
    force: bool = False,
    bare: bool = False,
    quantize: str | None = None,
    data: Any = None,
) -> list[str]:
    """Write a run's best weights, or the model in a .keras file, in another format.

    Args:
        run: the run, the path of its folder, or that of a .keras file.
        path: where to; its suffix chooses the format: .keras, .onnx, .tflite, .safetensors.
        format: keras, savedmodel, onnx, litert or safetensors, in place of the suffix.
        force: whether existing files may be replaced.
        bare: whether ONNX and a SavedModel hold the network alone, and neither prepare examples nor
            turn outputs into answers.
        quantize: float16 or int8, for LiteRT; the loss of accuracy is measured on the validation
            part.
        data: the data itself, where the run was given it in Python and is quantized.

    Returns:
        What was written and checked, in words.

    Raises:
        NetError: N601, N604 for paths, N602 for a missing package, N631 to N635 where the format
            cannot express the network.
        RunError: N610 where it cannot be written to the disk.
    """
    return exported(
        _folder(run),
        path,
        format=format,
        force=force,
        bare=bare,
        quantize=quantize,
        data=data,
    )


def resume(
    run: RunArgument, *, data: Any = None, quiet: bool = False, more: int | None = None
) -> Run:
    """Resume a training that was stopped, or add epochs to one that has ended.

    Args:
        run: the run, or the path of its folder.
        data: the data itself, where the run was given it in Python.
        quiet: whether nothing is printed during the training.
        more: how many epochs to add to a run that has ended, from its last weights.

    Returns:
        The run after its end; on a CPU its weights are, bit for bit, those of a run that was never
        stopped.

    Raises:
        RunFolderError: N616 where it has ended, or its data or its recipe have changed.
    """
    from netdsl.training.verbs import resume

    quiet = arguments.yes_or_no("quiet", quiet)
    more = None if more is None else arguments.whole("more", more, 1)
    return Run.of(resume(_folder(run), data=data, quiet=quiet, more=more))


def train_architecture(
    network: Callable[[bool], Architecture | Fragment],
    recipe: RecipeArgument,
    name: str | None,
    where: PathArgument,
    quiet: bool,
    keys: Mapping[str, Any],
) -> Run:
    """Train a network, as `Network.train`.

    The network is read after the recipe, which says whether it is one of a GAN's two.
    """
    from netdsl.training.verbs import train

    if name is not None:
        name = arguments.text("name", name, "a run's name")
    where, quiet = arguments.path("where", where), arguments.yes_or_no("quiet", quiet)
    known, data = asked_training(recipe, keys)
    result = train(network(known.is_gan), known, **data, name=name, where=where, quiet=quiet)
    return Run.of(result)


def asked_training(
    recipe: RecipeArgument, keys: Mapping[str, Any]
) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe of the arguments, and `data`, `target` and `drop` as `plan` takes them."""
    known, data = _recipe(recipe)
    replaced, given = _separate(keys)
    target, drop = replaced.pop("target", None), replaced.pop("drop", None)
    # Whole keys: a keyword replaces the recipe's section, and is not merged into it.
    known = known.replace(**Recipe.of(replaced).given())
    return known, {"data": data if given is None else given, "target": target, "drop": drop}


def _folder(run: object, name: str = "run") -> str:
    if isinstance(run, RunResult):
        return str(run.folder)
    return arguments.path(name, run, "a Run or the path of its folder")


def _recipe(recipe: object) -> tuple[Recipe, Any]:
    """Return the recipe of an argument, and the data itself where the argument holds it."""
    if recipe is None or isinstance(recipe, Recipe):
        return recipe or Recipe(), None
    if isinstance(recipe, Mapping):
        keys, given = _separate(recipe)
        return Recipe.of(keys), given
    path = arguments.path("recipe", recipe, RECIPE)
    try:
        return load_recipe(path), None
    except NetError as error:
        # `train("mnist")`: the name of the data was taken for the path of a recipe.
        if error.code != "N601":
            raise
        near = did_you_mean(path, (*NAMES, *TOYS))
        help = near and f'data is given by name: train(data="{path}")'
        message = f"`recipe` accepts {RECIPE}: {error.diagnostics[0].message}"
        raise fail("N601", message, help=help or error.diagnostics[0].help) from None


def _separate(keys: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """Return the keys of a recipe without the data itself, and the data itself where it is given.

    A text, a path, or a section whose source is one of these, names data and stays among the keys.
    """
    # A copy: the caller's dict is not changed.
    left = dict(keys)
    data = left.get("data")
    source = data.get("source") if isinstance(data, Mapping) else data
    if data is None or isinstance(source, str | os.PathLike) or isinstance(data, DataSpec):
        return left, None
    if isinstance(data, Mapping) and "source" in data:
        accepts = "the name or the path of data; arrays are given as data=(x, y)"
        raise arguments.wrong_type("data.source", accepts, source)
    return {name: value for name, value in left.items() if name != "data"}, data

"""What a recipe states for outputs by name: losses, and weights of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from netdsl.training.recipes.conflicts import Conflict, Typo

if TYPE_CHECKING:
    from netdsl.training.data import Examples
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Rows


def losses(
    given: Mapping[str, str] | None, outputs: Sequence[OutputTransform]
) -> Mapping[str, str] | None:
    """Return the loss of each output by its name; None where all have the same.

    Raises:
        Conflict: for an output that does not exist.
    """
    names = [output.name for output in outputs]
    for name in given or {}:
        if name not in names:
            help = f"the outputs are {', '.join(names)}"
            message = f"the network has no output `{name}` to have a loss"
            raise Conflict("losses", message, help=help, typo=Typo(name, names))
    found = {output.name: output.loss for output in outputs}
    # If all are the same, `loss` alone is enough in the recipe that is written.
    return found if len(set(found.values())) > 1 else None


ClassWeights: TypeAlias = Mapping[str, float | str | Mapping[str, float]] | str
"""A recipe's `class_weights`: weights by the names of classes or `balanced`, or these by output."""


def class_weights(
    given: ClassWeights | None, outputs: Sequence[OutputTransform], train: Examples
) -> ClassWeights | None:
    """Choose a weight for each class by its name; with several outputs, for those that are named.

    Raises:
        Conflict: for a class or an output that does not exist, and a network without one class for
            each example.
    """
    if given is None:
        return None
    if len(outputs) == 1:
        return _class_weights(given, outputs[0], train.y[0])
    labelled = [output.name for output in outputs if output.classes and not output.dense]
    if given == "balanced":
        given = dict.fromkeys(labelled, "balanced")
    if not labelled or isinstance(given, str):
        raise Conflict("class_weights", "no output has a class for each example to be weighted")
    for name in given:
        if name not in labelled:
            message = f"there is no output `{name}` with a class for each example to be weighted"
            help = f"of several outputs: class_weights: {{{labelled[0]}: balanced}}"
            raise Conflict("class_weights", message, help=help, typo=Typo(name, labelled))
    by_name = {output.name: (output, y) for output, y in zip(outputs, train.y, strict=True)}
    return {name: _class_weights(one, *by_name[name]) for name, one in given.items()}


def _class_weights(
    given: ClassWeights | float, output: OutputTransform, y: Rows
) -> Mapping[str, float]:
    """Choose the weights of an output's classes.

    `balanced` is n / (classes x the class's examples), as in scikit-learn's `compute_class_weight`.

    Raises:
        Conflict: as `class_weights` does.
    """
    import numpy as np

    if not output.classes or len(y.shape) != 1:
        message = "`class_weights` are for a network with a class for each example"
        raise Conflict("class_weights", message)
    names = [output.label(label) for label in range(output.classes)]
    if isinstance(given, str):
        counts = np.bincount(np.asarray(y[:]), minlength=output.classes)
        return {
            # The weight of a class without examples would be infinite; it is not needed.
            name: round(len(y) / (output.classes * int(count)), 6) if count else 1.0
            for name, count in zip(names, counts, strict=True)
        }
    if not isinstance(given, Mapping):
        message = f"the class weights of `{output.name}` are `balanced` or by class, not {given:g}"
        raise Conflict("class_weights", message, help=f"the classes are {', '.join(names)}")
    found = dict.fromkeys(names, 1.0)
    for name, weight in given.items():
        if name not in names:
            message = f"there is no class `{name}` to be weighted"
            help = f"the classes are {', '.join(names)}"
            raise Conflict("class_weights", message, help=help, typo=Typo(name, names))
        if not isinstance(weight, int | float):
            message = f"the weight of the class `{name}` is a number, not {weight}"
            raise Conflict("class_weights", message)
        found[name] = float(weight)
    return found

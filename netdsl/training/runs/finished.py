"""A run that has ended, opened for use: its files are checked against each other before its
network is used.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, did_you_mean, fail
from netdsl.training.data import NetworkSignature
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.shapes import fits, size
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.runs.folder import (
    BEST,
    DISCRIMINATOR,
    GENERATOR,
    PREPARATION,
    RESULT,
    damaged,
    model_name,
    of_two_networks,
    require_file,
)
from netdsl.training.runs.inputs import is_adversarial, read_network, read_preparation, read_recipe
from netdsl.training.runs.run import RunResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from netdsl.architecture import Architecture
    from netdsl.training.data.signature import TensorSpec
    from netdsl.training.preparation.rows import Shape


class FinishedRun(NamedTuple):
    """What a run's folder holds.

    Attributes:
        run: its result.
        network: the one that was trained; for a GAN one of the two.
        preparation: what is done to its inputs and outputs.
        part: for a GAN `generator` or `discriminator`.
    """

    run: RunResult
    network: Architecture
    preparation: Preparation
    part: str = ""

    def model(self) -> keras.Model:
        """Read the network with the run's best weights, or for a GAN the last.

        Raises:
            NetError: N613, N614, the latter also where they are another network's.
        """
        file = model_name(self.part) if self.part else BEST
        require_file(self.run.folder, file)
        return self.model_in(self.run.folder / file)

    def model_in(self, path: Path) -> keras.Model:
        """Read the network with the weights in one of the run's files.

        Raises:
            NetError: N614 where it is damaged, or they are another network's.
        """
        from netdsl.keras.opening import load_model

        model, network = load_model(path), self.network
        found = (
            [tuple(one.shape[1:]) for one in model.inputs],
            [tuple(one.shape[1:]) for one in model.outputs],
            int(model.count_params()),
        )
        signature = NetworkSignature.of(network)
        own = (
            [tensor.shape for tensor in signature.inputs],
            [tensor.shape for tensor in signature.outputs],
            network.counts.total,
        )
        # Keras would accept files of another run and predict nonsense: shapes and counts are
        # compared.
        if found != own:
            message = (
                f"{path} does not hold the network {network.name}: it has "
                f"{_described(*found)}; {network.name} has {_described(*own)}"
            )
            raise fail("N614", message, help="restore the run's own, or train again")
        return model


def _described(inputs: Sequence[Shape], outputs: Sequence[Shape], weights: int) -> str:
    shapes = (" and ".join(map(size, one)) for one in (inputs, outputs))
    return "inputs of {}, outputs of {}, {:,} weights".format(*shapes, weights)


def finished_run(folder: Path, net: str | None = None, usual: str = "") -> FinishedRun:
    """Open the folder of a run that has ended.

    Args:
        folder: the run's.
        net: `generator` or `discriminator`, if it is a GAN's.
        usual: the one of the two that is meant if `net` is left out.

    Raises:
        NetError: N613 where there is none, N614 where its files contradict each other, N691 where
            it is a GAN's run and neither network is named, or is not and one is.
    """
    run, preparation = RunResult.load(folder), read_preparation(folder)
    if is_adversarial(folder):
        return _of_pair(run, preparation, net or usual)
    if net is not None:
        message = f"{folder} is the run of one network; `{net}` is one of a GAN's"
        raise fail("N691", message, help="leave --net out")
    require_file(folder, BEST)
    network = read_network(folder)
    _check(preparation, NetworkSignature.of(network), folder / PREPARATION)
    try:
        # Decisions of another number of outputs or classes raise ValueError.
        return FinishedRun(run, network, preparation.decided(run.decisions))
    except ValueError:
        raise damaged(folder / RESULT) from None


def _of_pair(run: RunResult, preparation: Preparation, part: str) -> FinishedRun:
    """Open one of the two networks of a GAN's run. Raises NetError N613, N614, N691."""
    folder = run.folder
    if not part:
        raise of_two_networks(folder)
    if part not in (GENERATOR, DISCRIMINATOR):
        message = f"{folder} has a generator and a discriminator, not `{part}`"
        help = did_you_mean(part, (GENERATOR, DISCRIMINATOR)) or "--net generator"
        raise fail("N691", message, help=help)
    require_file(folder, model_name(part))
    network = read_network(folder, part)
    return FinishedRun(run, network, _of_part(preparation, network, folder, part), part)


def _of_part(
    preparation: Preparation, network: Architecture, folder: Path, part: str
) -> Preparation:
    """Return what is done to the inputs and outputs of one of a GAN's networks.

    A discriminator distinguishes generated examples, class 0, and real ones, class 1, where its
    loss is of probabilities; else it gives a score. A generator is given noise as it is.
    """
    signature, loss = NetworkSignature.of(network), read_recipe(folder).gan.loss
    inputs = tuple(
        InputTransform(one.name, one.shape, True, 1.0, False, one.shape, one.vocabulary)
        if one.vocabulary
        else replace(preparation.inputs[0], name=one.name)
        if part == DISCRIMINATOR
        else InputTransform(one.name, one.shape, False, 1.0, False, one.shape)
        for one in signature.inputs
    )
    (output,) = signature.outputs
    # With the other losses it gives scores without bounds, which are not probabilities.
    answers = part == DISCRIMINATOR and loss == "nonsaturating" and output.shape == (1,)
    made = OutputTransform(
        output.name,
        output.shape,
        output.activation,
        "binary" if answers else "squared",
        2 if answers else 0,
        ("generated", "real") if answers else (),
    )
    return Preparation(inputs, (made,))


def _check(preparation: Preparation, signature: NetworkSignature, path: Path) -> None:
    """Reject a preparation that is not for the inputs and outputs of a signature.

    Raises:
        NetError: N614.
    """
    made = NetworkSignature.of_preparation(preparation)
    for what, held, own in (
        ("input", made.inputs, signature.inputs),
        ("output", made.outputs, signature.outputs),
    ):
        if len(held) != len(own):
            raise _unfit(path, f"it has {len(held)} {what}s, and the network {len(own)}")
        for one, tensor in zip(held, own, strict=True):
            # The name too: if two inputs have one shape, columns could go to the wrong one.
            if (one.name, one.shape) != (tensor.name, tensor.shape):
                have = f"its {what} `{one.name}` has {size(one.shape)}"
                needs = f"the network's `{tensor.name}` has {size(tensor.shape)}"
                raise _unfit(path, f"{have}; {needs}")
    for input, tensor in zip(preparation.inputs, signature.inputs, strict=True):
        _check_input(input, tensor, path)
    names = ("", *(input.name for input in preparation.inputs))
    for output, tensor in zip(preparation.outputs, signature.outputs, strict=True):
        if output.activation != tensor.activation:
            have = f"its output `{output.name}` is a `{output.activation}`"
            raise _unfit(path, f"{have}, the network's a `{tensor.activation}`")
        if output.copies not in names:
            raise _unfit(
                path, f"its output `{output.name}` copies `{output.copies}`, which is not an input"
            )


def _check_input(input: InputTransform, tensor: TensorSpec, path: Path) -> None:
    if input.vocabulary != tensor.vocabulary:
        known = (
            f"{input.vocabulary} indices for `{input.name}`, and the network {tensor.vocabulary}"
        )
        raise _unfit(path, f"it has {known}")
    if input.columns and input.columns.width != math.prod(tensor.shape):
        raise _unfit(
            path,
            f"it gives {input.columns.width} numbers for `{input.name}` of {size(tensor.shape)}",
        )
    # For images the preparation accepts any data that can be reshaped to an example, so that
    # check does not cover the input's shape.
    possible = input.accepts(input.example) and (
        not input.images or fits(input.example, input.shape)
    )
    if not input.columns and not possible:
        raise _unfit(path, f"it turns examples of {size(input.example)} into {size(input.shape)}")


def _unfit(path: Path, why: str) -> NetError:
    return fail(
        "N614",
        f"{path} is damaged: {why}",
        help="it is written when a run begins and must not be changed",
    )

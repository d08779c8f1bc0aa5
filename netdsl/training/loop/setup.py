"""The model, the devices and the way of taking steps for a job on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netdsl.training.preparation.readings import PERCEPTRON, decides
from netdsl.training.recipes.conflicts import Conflict

if TYPE_CHECKING:
    import keras

    from netdsl.training.distributed.devices import Devices
    from netdsl.training.planning.job import Job, ResolvedRecipe


class Setup(NamedTuple):
    """The devices, the way of taking steps, and a description of weights from elsewhere."""

    devices: Devices
    speed: str
    taken_over: tuple[str, ...]


class FirstModel(NamedTuple):
    """A model with its initial weights, and a description of those that came from elsewhere."""

    model: keras.Model
    taken_over: tuple[str, ...]


def first_model(job: Job, devices: Devices) -> FirstModel:
    """Build the network on its devices with initial weights: the seed's, or those of `init_from`.

    Raises:
        NetError: N601, N613, N614, N618 for weights that cannot be copied.
    """
    with devices.scope():
        # First the seed's weights, which arrays that are not in the file keep.
        model, path = seeded_model(job), job.recipe.init_from
        if not path:
            return FirstModel(model, ())
        from netdsl.training.loop.initial_weights import take_over

        return FirstModel(model, take_over(model, path, job.recipe.span("init_from")))


def seeded_model(job: Job) -> keras.Model:
    """Build the network with the seed's weights, and kernels at principal components."""
    from netdsl.keras.build import build_layers

    built = build_layers(job.network, job.recipe.seed, job.recipe.precision or "float32")
    for name, kernel in job.components.items():
        built.layers[name][0].kernel.assign(kernel)
    return built.model


def trained_part(model: keras.Model, job: Job) -> keras.Model:
    """Return the part of a model that is trained: all of it, or a perceptron without its last step.

    No gradient passes a step; Rosenblatt's rule uses the sum that goes into it.
    """
    import keras

    from netdsl.keras import private

    output, graph = job.data.preparation.outputs[0], job.network.graph
    if output.loss != PERCEPTRON or not decides(output.activation):
        return model
    name = f"{graph.ops[graph.outputs[0].op].name}_0"
    step = next(each for each in model.operations if each.name == name)
    # The last call: a layer that was part of another model before has several.
    return keras.Model(model.inputs, private.inputs_of(private.calls_of(step)[-1])[0])


def check_steps(job: Job, model: keras.Model) -> None:
    """Reject a model on which the recipe's optimizer cannot take its steps.

    Raises:
        Conflict: N507 for layers that draw at random, and a last layer that cannot be solved for.
    """
    optimizer = job.recipe.optimizer
    if not optimizer.searches:
        return
    from netdsl.training.loop.least_squares import is_solvable
    from netdsl.training.speed.choice import draws_at_random

    key = ("optimizer.name", "optimizer.line_search", "optimizer")
    if draws_at_random(model) and optimizer.name != "least_squares":
        message = f"`{optimizer.name}` compares losses, and layers that draw change them each time"
        raise Conflict(key, message, help="leave out dropout and noise, or use `gd`")
    if optimizer.name == "least_squares" and not is_solvable(model):
        message = "`least_squares` solves for a last layer without an activation"
        raise Conflict(key, message, help="end the network with a layer such as `linear-10`")


def compiled_model(job: Job, devices: Devices) -> keras.Model:
    """Build the network with its initial weights, ready to take steps."""
    from netdsl.training.loop.compile import compile_model

    model = trained_part(first_model(job, devices).model, job)
    compile_model(model, job.network.graph, job.recipe, job.data.preparation, job.steps)
    return model


def tuned(job: Job, devices: Devices) -> ResolvedRecipe:
    """Return the resolved recipe with the fastest way of taking steps, where it asks to `measure`.

    Raises:
        Conflict: N507 where it asks for a way whose examples do not fit on the device.
    """
    resolved, data = job.resolved, job.data
    recipe = resolved.recipe
    if recipe.speed == "measure":
        from netdsl.training.data.batches import Sampling, Shuffled
        from netdsl.training.speed.autotune import measured_speed

        # A copy for each way: steps that are only timed must not change the training's weights.
        speed = measured_speed(
            lambda: compiled_model(job, devices),
            job.network.graph,
            Shuffled(data.train, data.preparation, Sampling.of(recipe)),
            int(recipe.early_stopping.every or 1),
            recipe.epochs or 1,
        )
        return resolved.at_speed(speed.way, speed.why)
    if recipe.speed in ("chunks", "compiled"):
        from netdsl.training.speed.placement import check_fits

        check_fits(recipe.speed, data.train, data.preparation)
    return resolved

"""What a network looked at: which parts of an image its answer comes from."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.keras.layer_outputs import called
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, grey, picture
from netdsl.lab.inside.scores import class_output, class_score, given_to_classes, scored
from netdsl.lab.inside.subject import OneExample, nothing_to_show
from netdsl.training.evaluation.network_outputs import row_batches

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.keras.taps import Derivatives
    from netdsl.lab.inside.subject import TrainedRun

SHARE, STEPS = 5, 24
"""An occluding patch is a square of 1/SHARE of the shorter side; at most STEPS places are tried
along a side.
"""


class Where(NamedTuple):
    """Where the answer for an image comes from.

    Attributes:
        name: the class that was asked for.
        probability: of this class, or its score.
        image: [h, w, c].
        occlusion: by how much the probability falls with a grey patch around each pixel [h, w].
        gradient: the largest |derivative| of the class's score by a pixel's channels [h, w]
            (Simonyan et al. 2014).
        grad_cam: relu of the sum of the last layer's maps, weighted by the means of their
            derivatives [h', w'] (Selvaraju et al. 2017); None where no layer has maps.
        cam_layer: that layer's name.
        sheet: the picture.
    """

    name: str
    probability: float
    image: Any
    occlusion: Any
    gradient: Any
    grad_cam: Any | None
    cam_layer: str
    sheet: ImageSheet


def where(subject: TrainedRun, given: Any, label: int | None = None) -> Where:
    """Show what the network looked at in an image.

    Args:
        subject: a trained run whose network classifies.
        given: the image, as `TrainedRun.example` takes it, or an example that was read.
        label: the class that is asked for; by default the one that the network answers.

    Raises:
        NetError: N680 where there is no image, no class, or no class of this number, and what
            reading the image raises.
    """
    import numpy as np

    place = subject.image_input()
    shape = subject.image_shape(place)
    assert shape is not None
    output = class_output(subject.run.preparation.outputs)
    example = given if isinstance(given, OneExample) else subject.example(given)
    inputs = example.inputs
    answers = _answers(subject, inputs, output)
    transform = subject.run.preparation.outputs[output]
    count = transform.categories
    if label is None:
        label = int(answers[0].argmax())
    elif not 0 <= label < count:
        raise nothing_to_show(f"the network names the classes 0 to {count - 1}, not {label}")
    # The score before softmax: the gradient of a probability near 1 vanishes.
    graph = scored(subject.graph)
    found = _derivatives(subject, graph, inputs, output, label)
    gradient = np.abs(_by_op(graph, found, graph.inputs[place].op)[0].reshape(shape)).max(axis=-1)
    layer = _last_with_maps(graph)
    cam = None if layer is None else grad_cam(*_layer_facts(subject, graph, found, inputs, layer))
    occluded = _occlusion(subject, inputs, place, output, label)
    image, name = inputs[place][0].reshape(shape), transform.label(label)
    named = "" if layer is None else graph.layers[graph.ops[layer].layer].name
    drawn = subject.shown(image, place)
    sheet = _sheet(example, name, float(answers[0, label]), drawn, occluded, gradient, cam, named)
    return Where(name, float(answers[0, label]), image, occluded, gradient, cam, named, sheet)


def grad_cam(maps: Any, derivatives: Any) -> Any:
    """Sum maps [h, w, c], weighted by the means of a score's derivatives by them, and keep what
    speaks for the class: the values above 0 [h, w].

    Source: Selvaraju et al. 2017, equations 1 and 2.
    """
    import numpy as np

    return np.maximum(maps @ derivatives.mean(axis=(0, 1)), 0.0)


def _answers(subject: TrainedRun, inputs: tuple[Any, ...], output: int) -> Any:
    """Return the probability of each class [n, classes], or its score where the loss reads that."""
    import numpy as np

    from netdsl.training.metrics.answers import probabilities

    transform = subject.run.preparation.outputs[output]
    return probabilities(np, transform, given_to_classes(subject, inputs, output))


def _derivatives(
    subject: TrainedRun, graph: Graph, inputs: tuple[Any, ...], output: int, label: int
) -> Derivatives:
    import numpy as np

    from netdsl.keras.taps import derivatives

    exact = [x if x.dtype.kind == "i" else x.astype(np.float64) for x in inputs]
    return derivatives(
        graph,
        subject.weighted.weights,
        exact,
        lambda ops, outputs: class_score(ops, outputs[output], label),
    )


def _by_op(graph: Graph, found: Derivatives, op: int) -> Any:
    """Sum the derivatives by an operation's output [n, *shape], over all that read it."""
    parts = [
        derivative
        for (index, slot), derivative in found.edges.items()
        if graph.ops[index].inputs[slot] == op
    ]
    parts += [
        derivative
        for port, derivative in zip(graph.outputs, found.outputs, strict=True)
        if port.op == op
    ]
    return sum(parts[1:], start=parts[0])


def _last_with_maps(graph: Graph) -> int | None:
    """Return the last operation that gives maps, as the output of its layer."""
    ends = [layer.ops[-1] for layer in graph.layers]
    maps = [
        op
        for op in ends
        if graph.ops[op].inputs
        and len(graph.ops[op].shape) == 3
        and graph.ops[op].shape[0] * graph.ops[op].shape[1] > 1
    ]
    return maps[-1] if maps else None


def _layer_facts(
    subject: TrainedRun, graph: Graph, found: Derivatives, inputs: tuple[Any, ...], op: int
) -> tuple[Any, Any]:
    """Return an operation's output for the image, and the derivatives by it, both [h, w, c]."""
    model = subject.model([op])
    (maps,) = called(model, inputs)
    return maps[0], _by_op(graph, found, op)[0]


def _occlusion(
    subject: TrainedRun, inputs: tuple[Any, ...], place: int, output: int, label: int
) -> Any:
    """Cover a patch around each place of a grid with the image's mean, and return by how much the
    probability of the class falls [h, w] (Zeiler and Fergus 2014).
    """
    import numpy as np

    shape = subject.image_shape(place)
    assert shape is not None
    image = inputs[place][0].reshape(shape)
    side = max(1, min(shape[:2]) // SHARE)
    rows, columns = (_grid(size) for size in shape[:2])
    places = list(product(rows, columns))
    given = []
    for chosen in row_batches(len(places), subject.batch):
        covered = [_covered(image, places[at], side) for at in chosen.tolist()]
        every = [np.repeat(x, len(chosen), axis=0) for x in inputs]
        every[place] = np.stack(covered).reshape(len(chosen), *inputs[place].shape[1:])
        given.append(_answers(subject, tuple(every), output)[:, label])
    usual = _answers(subject, inputs, output)[0, label]
    # Each pixel gets the value of the nearest place of the grid.
    coarse = (usual - np.concatenate(given)).reshape(len(rows), len(columns))
    return coarse[np.ix_(_nearest(rows, shape[0]), _nearest(columns, shape[1]))]


def _covered(image: Any, place: tuple[int, int], side: int) -> Any:
    """Return the image [h, w, c] with a patch around a place covered by the image's mean."""
    copy = image.copy()
    top, left = (each - side // 2 for each in place)
    # The mean, not black: black is a colour that networks know from their data.
    copy[max(0, top) : top + side, max(0, left) : left + side] = image.mean(axis=(0, 1))
    return copy


def _grid(size: int) -> list[int]:
    step = -(-size // STEPS)
    return list(range(step // 2, size, step))


def _nearest(places: list[int], size: int) -> Any:
    import numpy as np

    return np.abs(np.arange(size)[:, None] - np.array(places)[None]).argmin(axis=1)


def _sheet(
    example: OneExample,
    name: str,
    probability: float,
    image: Any,
    occlusion: Any,
    gradient: Any,
    cam: Any | None,
    layer: str,
) -> ImageSheet:
    import numpy as np

    fall, steepest = max(float(occlusion.max()), 0.0), float(gradient.max())
    tiles = [
        ImageTile(picture(image), "image"),
        # Where covering makes the class more likely there is nothing to look at.
        ImageTile(grey(np.maximum(occlusion, 0), 0, fall), "occlusion"),
        ImageTile(grey(gradient, 0, steepest), "gradient"),
    ]
    about = f"{example.note}; " if example.note else ""
    about += f"white: by covering it {name} falls by {fall:.3g}"
    about += f"; the score's gradient is {steepest:.3g}"
    if cam is not None:
        tiles.append(ImageTile(grey(cam, 0, float(cam.max())), "Grad-CAM"))
        about += f"; Grad-CAM of {layer} is {float(cam.max()):.3g}"
    title = f"What {name} ({probability:.3f}) comes from in {example.name}"
    return ImageSheet(title, about, [TileRow("", tiles)])


def where_json(found: Where) -> dict[str, Any]:
    """Return the maps as nested lists, with what the sheet says."""
    return {
        **found.sheet.to_dict(),
        "class": found.name,
        "given": found.probability,
        "occlusion": found.occlusion.tolist(),
        "gradient": found.gradient.tolist(),
        "grad_cam": None if found.grad_cam is None else found.grad_cam.tolist(),
        "layer": found.cam_layer,
    }

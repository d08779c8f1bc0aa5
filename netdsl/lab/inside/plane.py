"""The output of a run's network over its input of one or two numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.lab.inside.subject import TrainedRun, nothing_to_show
from netdsl.lab.pictures import LabPicture
from netdsl.lab.show_arrays import json_array
from netdsl.training.evaluation.plane import has_plane, plane
from netdsl.training.reporting.plane_picture import described_plane, errors_of, plane_picture
from netdsl.wording import counted, enumerated

if TYPE_CHECKING:
    from netdsl.training.evaluation.plane import InputPlane


class RunPlane(LabPicture):
    """A surface or a curve, with the examples and the hidden units.

    Attributes:
        title: the network and its data.
        plane: the arrays.
    """

    def __init__(self, title: str, plane: InputPlane) -> None:
        self.title, self.plane = title, plane

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return plane_picture(self.title, self.plane)


def over_input(subject: TrainedRun) -> RunPlane:
    """Compute the output of a run's best weights over the input.

    Raises:
        NetError: N680 where the input is not one or two numbers, and as `reload` does.
    """
    network, data = subject.run.network, subject.data
    if not has_plane(network, data):
        shapes = enumerated("x".join(map(str, port.shape)) for port in subject.graph.inputs)
        message = (
            f"the network has the input {shapes}, and a plane is drawn over one or two numbers"
        )
        help = "it needs one input, and one output of a class or a number"
        raise nothing_to_show(message, help)
    found = plane(network, subject.weighted.weights, data)
    return RunPlane(f"{network.name} on {subject.run.run.data}", found)


def described(found: RunPlane) -> list[str]:
    """Describe what is shown, in lines."""
    axes = zip(found.plane.names, found.plane.axes, strict=True)
    said = (f"{name} from {axis[0]:.4g} to {axis[-1]:.4g}" for name, axis in axes)
    lines = [f"{found.title}: {', '.join(said)}"]
    lines += [f"{part.name}: {counted(len(part.places), 'example')}" for part in found.plane.points]
    lines += [
        f"{layer.name}  {layer.text}: {counted(layer.total, 'unit')}, {len(layer.units)} shown"
        for layer in found.plane.layers
    ]
    if found.plane.function is not None:
        largest, squared = errors_of(found.plane)
        lines.append(f"largest error {largest:.6g}, mean squared error {squared:.6g}")
    return lines


def plane_json(found: RunPlane) -> dict[str, Any]:
    """Return what is shown as lists."""
    own = found.plane
    values: dict[str, Any] = {
        "title": found.title,
        "scale": described_plane(own),
        "axes": {name: axis.tolist() for name, axis in zip(own.names, own.axes, strict=True)},
        "values": json_array(own.values),
        "layers": [
            {"name": each.name, "layer": each.text, "units": each.total, "shown": len(each.units)}
            for each in own.layers
        ],
    }
    if own.function is not None:
        values["function"] = json_array(own.function)
        values["largest_error"], values["squared_error"] = errors_of(own)
    return values

"""Activations drawn with their derivatives, by the kinds' definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.analysis.forward import forward, initial_weights
from netdsl.drawing.curves import Curve, curves_sheet
from netdsl.drawing.options import Options
from netdsl.drawing.picture import Picture
from netdsl.errors import NetError, fail
from netdsl.kinds import KINDS
from netdsl.kinds.act import Activation
from netdsl.reading import read_text
from netdsl.report.kind_pages import formula_of
from netdsl.wording import represented

if TYPE_CHECKING:
    from netdsl.graph import Graph

ALL = "activations"
"""The word for all of them."""
POINTS = 400
"""How many places a curve is computed at, at equal distances: none of them is an integer."""
_STEP = 1e-6  # of the central differences


def curves_picture(what: str) -> Picture:
    """Draw an activation with its derivative.

    Args:
        what: an activation as a layer is written, `lrelu(0.1)`, or `activations` for all.

    Raises:
        NetError: N661 where it is not an activation of one number, and what reading it raises.
    """
    if what == ALL:
        kinds = dict.fromkeys(KINDS.values())
        texts = [kind.usual_spelling or kind.word for kind in kinds if _drawn(kind)]
        curves = [curve_of(text) for text in texts]
    else:
        curves = [curve_of(what)]
    return Picture.of([curves_sheet(curves, what)], Options())


def _drawn(kind: type) -> bool:
    return issubclass(kind, Activation) and kind.drawn is not None


def curve_of(text: str) -> Curve:
    """Compute the curve of an activation, in float64, its slope by central differences.

    Args:
        text: the layer as it is written.

    Raises:
        NetError: N661 where it is not an activation of one number, and what reading it raises.
    """
    import numpy as np

    kind = KINDS.get(text)
    if kind is not None and not _drawn(kind):
        raise _not_drawn(text)
    written = text if kind is None else kind.usual_spelling or text
    graph = read_text(f"1 > {written}").graph
    activation = _activation(graph, text)
    low, high = activation.drawn or (0.0, 0.0)
    # In the middle of each interval: kinks lie at integers, where the slope is not defined.
    x = low + (np.arange(POINTS) + 0.5) * (high - low) / POINTS
    weights, _ = initial_weights(np, graph)
    # One pass for the curve and both sides of the differences.
    places = np.concatenate([x, x - _STEP, x + _STEP])[:, None]
    with np.errstate(all="ignore"):
        y, before, after = forward(np, graph, weights, [places])[-1][:, 0].reshape(3, POINTS)
        slope = (after - before) / (2 * _STEP)
    arrays = (tuple(map(float, array)) for array in (x, y, slope))
    return Curve(written, formula_of(type(activation)), activation.derivative, *arrays)


def _activation(graph: Graph, text: str) -> Activation:
    """Return the only layer of a network, an activation of one number."""
    kinds = [op.kind for op in graph.ops if op.kind is not None]
    if len(kinds) == 1 and isinstance(kinds[0], Activation) and kinds[0].drawn is not None:
        return kinds[0]
    raise _not_drawn(text)


def _not_drawn(text: str) -> NetError:
    return fail(
        "N661",
        f"{represented(text)} has no curve: it is not an activation of one number",
        help=f"such as sigmoid or lrelu(0.1); `{ALL}` draws all of them",
    )

"""Patches are what their positions depend on, as a gradient through Keras finds."""

from __future__ import annotations

import numpy as np
import pytest

import netdsl
from netdsl.lab.inside.subject import TrainedRun
from netdsl.lab.inside.top import top

pytestmark = pytest.mark.keras

# tanh: relu's slope is 0 for half of all numbers
NETWORK = """net ways
input 8x8x1 > conv3-3(pad=1, tanh) as padded
@padded > conv3-3/2(tanh) as strided
@padded > conv3-3(pad=0, dilation=2, tanh) as dilated
concat[ @padded > conv1-2(tanh) | @padded > conv5-2(tanh) ] as branches
@branches > avgpool3/2(pad=0) as averaged
concat[ @strided > gap | @dilated > gap | @averaged > gap ] > softmax-10
"""


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    where = tmp_path_factory.mktemp("runs")
    run = netdsl.parse(NETWORK).train(data="digits", epochs=1, where=where, quiet=True)
    return TrainedRun.of(run.folder)


@pytest.mark.parametrize("name", ["padded", "strided", "dilated", "branches", "averaged"])
def test_boxes_are_those_that_a_gradient_finds(ways: TrainedRun, name: str) -> None:
    from netdsl.keras.gradients import gradients

    model = ways.model([ways.layer(name).ops[-1]])
    channel = model.output_shape[-1] - 1  # of branches the widest: a box is that of all together
    (patches,) = top(ways, name, channel).patches.values()
    assert len({one.place for one in patches}) > 2
    for one in patches:
        (x,) = ways.prepared(ways.data.test, [one.row])

        def number(tensors: list, place: tuple = (0, *one.place, channel)) -> object:
            return model(tensors[0])[place]

        (slope,) = gradients(number, [x]).tensors
        rows, columns = (np.flatnonzero(slope[0, ..., 0].any(axis=axis)) for axis in (1, 0))
        inside = [(max(first, 0), min(last, 7)) for first, last in one.box]
        assert inside == [(rows[0], rows[-1]), (columns[0], columns[-1])]
        (up, down), (left, right) = one.box
        cut = one.pixels[max(-up, 0) :, max(-left, 0) :]
        seen = x[0, max(up, 0) : down + 1, max(left, 0) : right + 1]
        np.testing.assert_array_equal(cut[: len(seen), : seen.shape[1]], seen)
        assert one.pixels.shape == (down - up + 1, right - left + 1, 1)

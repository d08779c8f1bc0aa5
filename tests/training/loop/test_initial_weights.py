"""First weights that come from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import trained

import netdsl
from netdsl.errors import NetError
from netdsl.keras.quiet import quiet_keras
from netdsl.training.distributed.devices import Devices
from netdsl.training.loop.setup import first_model
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import (
    Recipe,
)

pytestmark = pytest.mark.keras

quiet_keras()


def test_weights_from_another_run(network: Any, tmp_path: Path) -> None:
    def taken_over(other: Any, source: Path) -> tuple[Any, tuple[str, ...]]:
        return first_model(plan(other, Recipe(init_from=str(source))), Devices())

    first = trained(network(), tmp_path, Recipe(epochs=1, batch=200))
    model, report = taken_over(network(outputs=10), first.folder)
    assert all(
        np.array_equal(one, other)
        for one, other in zip(model.get_weights(), first.model.get_weights(), strict=True)
    )
    assert "4 of the network's 4 arrays copied" in report[0]
    other = netdsl.parse("net other\n64 > fc-16 > fc-8 > softmax-10")
    _, report = taken_over(other, first.folder / "best.keras")
    assert "2 of the network's 6 arrays copied" in report[0]
    assert any("with another shape: fc_2" in line for line in report)
    with pytest.raises(NetError, match="none of the 4 arrays"):
        taken_over(netdsl.parse("8x8x1 > conv3-2 as c > softmax-10 as d"), first.folder)
    with pytest.raises(NetError, match="none to initialise the weights from"):
        taken_over(network(), tmp_path / "none")

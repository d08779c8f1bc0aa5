"""The names that kinds state of themselves in Keras are names of Keras's."""

from __future__ import annotations

from operator import attrgetter

import pytest
from support.kinds import ALL_KINDS

from netdsl.keras.quiet import quiet_keras


@pytest.mark.keras
def test_counterparts_exist_in_keras() -> None:
    keras = quiet_keras()
    named = {kind.counterparts[0] for kind in ALL_KINDS} - {""}
    assert len(named) > 60
    assert all(callable(attrgetter(name)(keras)) for name in named)

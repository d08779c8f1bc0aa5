"""Cases of which `make test` tries a share, because of the time they take; `make test-all` all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def share(cases: Iterable[Any], quick: Callable[[Any], bool]) -> list[Any]:
    """Give all cases as parameters; those that are not quick have the marker `zoo`."""
    return [pytest.param(case, marks=() if quick(case) else pytest.mark.zoo) for case in cases]

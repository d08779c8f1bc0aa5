"""What the tests of training share: small networks, and files of arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import netdsl


@pytest.fixture(scope="session")
def network() -> Callable[..., netdsl.Network]:
    """Makes a network of one hidden layer of `width`, with this input, this many outputs and their
    activation.
    """

    def make(
        shape: tuple[int, ...] = (64,),
        outputs: int = 10,
        activation: str = "softmax",
        **params: int,
    ) -> netdsl.Network:
        text = (
            f"net small\nparam width = 16\ninput {'x'.join(map(str, shape))} > fc-{{width}} > "
            f"{activation}-{outputs}\n"
        )
        return netdsl.parse(text, params=params)

    return make


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., str]:
    """Writes arrays into an .npz file and gives its path."""
    import numpy as np

    def make(name: str = "data.npz", **arrays: Any) -> str:
        np.savez(tmp_path / name, **arrays)
        return str(tmp_path / name)

    return make

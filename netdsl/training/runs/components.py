"""The principal components that a run began with, in a file of its folder."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.analysis.components import component_kernels
from netdsl.files import save
from netdsl.training.data.npz import ArrayHeader, NpzFile
from netdsl.training.runs.folder import COMPONENTS, damaged, require_file

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.preparation.rows import Array


def write_components(folder: Path, kernels: Mapping[str, Array]) -> None:
    """Write the kernels that begin at principal components, if there are any.

    Raises:
        RunError: N610 where the file cannot be written to the disk.
    """
    import numpy as np

    if kernels:
        save(folder / COMPONENTS, lambda path: np.savez(path, **dict[str, Any](kernels)))


def read_components(folder: Path, network: Architecture) -> Mapping[str, Array]:
    """Read the kernels of a run's network that begin at principal components.

    Raises:
        NetError: N613, N614 where the file is missing or is not theirs.
    """
    import numpy as np

    float32 = np.dtype("<f4")
    expected = {
        # The network decides what is read, not the file: a file's header can claim any size.
        op.name: ArrayHeader(shape, float32)
        for op, shape in component_kernels(network.graph)
    }
    if not expected:
        return {}
    require_file(folder, COMPONENTS)
    try:
        file = NpzFile(folder / COMPONENTS)
        return {name: file.read(name, header) for name, header in expected.items()}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        raise damaged(folder / COMPONENTS) from None

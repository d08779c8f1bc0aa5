"""Files of safetensors: the weights by their names, without the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.training.export.format import Format
from netdsl.training.safetensors import write_safetensors

if TYPE_CHECKING:
    import keras


def _write(model: keras.Model, path: Path) -> str:
    """Write each weight by the path of its variable, in the order of these names.

    The same weights therefore give the same bytes. Moving statistics are weights, the states of
    random generators are not.
    """
    import keras

    arrays = {
        one.path: keras.ops.convert_to_numpy(one.value)
        for one in sorted(model.weights, key=lambda one: str(one.path))
    }
    # Paths are unique in models that netdsl builds, but not in all .keras files.
    if len(arrays) < len(model.weights):
        raise ValueError("several weights have the same name")
    write_safetensors(path, arrays, {"network": model.name})
    return f", {len(arrays):,} arrays of {sum(array.size for array in arrays.values()):,} numbers"


SAFETENSORS = Format("safetensors", (".safetensors",), _write, None, tensorflow=False)

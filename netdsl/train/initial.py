"""Weights to begin with that come from elsewhere: a run, a Keras model, or a file of safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import Span, fail
from netdsl.train.folder import BEST, there

if TYPE_CHECKING:
    import keras

    from netdsl.train.recipe import Recipe


def take_over(model: keras.Model, recipe: Recipe) -> tuple[str, ...]:
    """Gives the model the arrays of `init_from` that have the name and the shape of its own; what was taken and what not, in words.

    Raises:
        NetError: N601, N613, N614 where there is no such file or run, or it is damaged; N618 where nothing fits.
    """
    path, span = Path(recipe.init_from or ""), recipe.span("init_from")
    held = _arrays(path, span)
    own = {variable.path: variable for variable in model.weights}
    fits = {name: array for name, array in held.items() if name in own and tuple(own[name].shape) == tuple(array.shape)}
    if not fits:
        message = f"none of the {len(held):,} arrays of {path} has the name and the shape of one of {model.name}'s"
        raise fail("N618", message, span, help=f"they are named {_list(held)}; the network's are {_list(own)}")
    for name, array in fits.items():
        own[name].assign(array)
    told = [f"{path}: {len(fits):,} of the network's {len(own):,} arrays taken over"]
    misshapen = [name for name in held if name in own and name not in fits]
    groups = {
        "of another shape": [f"{name} {_size(held[name])}, here {_size(own[name])}" for name in misshapen],
        "not in the file": [name for name in own if name not in held],
        "not in the network": [name for name in held if name not in own],
    }
    return (*told, *(f"{what}: {_list(names)}" for what, names in groups.items() if names))


def _arrays(path: Path, span: Span | None) -> dict[str, Any]:
    """The file's arrays by layer and name."""
    if path.suffix == ".safetensors":
        return _safetensors(path, span)
    if path.is_dir():
        there(path, BEST)
        path = path / BEST
    from netdsl.keras.build import load_model

    return {variable.path: variable.numpy() for variable in load_model(path).weights}


def _safetensors(path: Path, span: Span | None) -> dict[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise fail("N602", "safetensors is not installed", span, help="pip install netdsl[export]") from None
    if not path.is_file():
        raise fail("N601", f"there is no file {path}", span)
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise fail("N614", f"{path} is damaged: {error}", span) from None


def _list(names: Any) -> str:
    names = list(names)
    return ", ".join(names[:6]) + (f" and {len(names) - 6:,} more" if len(names) > 6 else "")


def _size(array: Any) -> str:
    return "x".join(map(str, array.shape)) or "1"

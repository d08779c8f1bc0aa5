"""Data sets of Hugging Face (`hf:NAME`) and of TensorFlow Datasets (`tfds:NAME`)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from netdsl.errors import Diagnostic, NetError, RunError, Span, did_you_mean, fail, first_line
from netdsl.training.data.parts import INPUT, Examples, SourceData
from netdsl.training.data.signature import NetworkSignature
from netdsl.training.data.sources.arrays import sound
from netdsl.training.data.sources.images import LazyImages, flat, image_shape, pixels_of
from netdsl.training.data.sources.python import MAX_BYTES, as_array, too_much, unlike

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array, Rows

HUBS = ("hf:", "tfds:")

SPLITS = {"train": ("train",), "validation": ("validation", "valid", "val"), "test": ("test",)}
"""The names that the hubs have for the parts of a data set."""


def read_hub(
    source: str, signature: NetworkSignature, target: str | None, span: Span | None = None
) -> SourceData:
    """Read a data set of a hub: `hf:NAME`, `hf:NAME:CONFIGURATION`, `tfds:NAME`.

    Raises:
        NetError: N510 where there is no such data set, N514 to N518, N530 where it has no images or
            numbers, N532 where the package is missing.
        RunError: N522 where a download fails.
    """
    hub, _, name = source.partition(":")
    if hub == "hf":
        return _hugging_face(source, name, signature, target, span)
    return _tensorflow(source, name, signature, target, span)


def _found(name: str, splits: Mapping[str, Any], span: Span | None) -> dict[str, Any]:
    """Return the parts by netdsl's names. Raises NetError N514 where there is none to train on."""
    found = {
        part: splits[other] for part, names in SPLITS.items() for other in names if other in splits
    }
    if "train" not in found and len(splits) == 1:
        # Some data sets have a single part, which they call `test` or by its language.
        found = {"train": next(iter(splits.values()))}
    if "train" not in found:
        raise fail("N514", f"{name} has no part `train`; it has {', '.join(sorted(splits))}", span)
    return found


def _absent(package: str, extra: str, span: Span | None) -> NetError:
    return fail(
        "N532",
        f"`{extra}:` needs the package {package}",
        span,
        help=f"pip install 'netdsl[{extra}]'",
    )


def _failed(source: str, error: Exception, span: Span | None) -> NetError:
    """Return the error for a data set that does not exist, or could not be downloaded."""
    # By name, since the classes have moved between versions of the package.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    reason = first_line(error)
    if kinds & {"DatasetNotFoundError", "FileNotFoundError", "DataFilesNotFoundError"}:
        return fail("N510", f"there is no data set `{source}`: {reason}", span)
    return RunError(Diagnostic("N522", f"{source} could not be downloaded: {reason}", span))


# --- Hugging Face ---------------------------------------------------------------------------------


def _hugging_face(
    source: str, name: str, signature: NetworkSignature, target: str | None, span: Span | None
) -> SourceData:
    try:
        import datasets
    except ImportError:
        raise _absent("datasets", "hf", span) from None
    known, _, configuration = name.partition(":")
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            loaded = datasets.load_dataset(known, configuration or None)
    # the package raises many kinds, and those of the packages that it calls
    except Exception as error:
        raise _failed(source, error, span) from None
    splits = _found(source, loaded if isinstance(loaded, Mapping) else {"train": loaded}, span)
    features = splits["train"].features
    y_name = None if target == INPUT else _label(source, features, target, span)
    x_name = _examples(source, features, y_name, span)
    where = {part: f" of {part}" if len(splits) > 1 else "" for part in splits}
    parts = {
        part: _part(split, (x_name, y_name), where[part], signature, source, span)
        for part, split in splits.items()
    }
    names = tuple(getattr(features[y_name], "names", None) or ()) if y_name else ()
    pictured = _is_image(features[x_name])
    return SourceData(
        source,
        parts["train"],
        parts.get("test"),
        parts.get("validation"),
        names,
        bool(names),
        255.0 if pictured else None,
        target,
    )


def _is_image(feature: Any) -> bool:
    return type(feature).__name__ == "Image"


def _label(source: str, features: Mapping[str, Any], target: str | None, span: Span | None) -> str:
    """Return the column that is learned: the one that is named, or the only one of classes.

    Raises:
        NetError: N530.
    """
    if target is not None:
        if target not in features:
            help = did_you_mean(target, features) or f"the columns are {', '.join(features)}"
            raise fail("N530", f"{source} has no column `{target}`", span, help=help)
        return target
    classes = [name for name, feature in features.items() if type(feature).__name__ == "ClassLabel"]
    found = (
        classes
        if len(classes) == 1
        else [name for name in ("label", "labels", "target") if name in features]
    )
    if not found:
        raise fail(
            "N530",
            f"no target column is given for {source}",
            span,
            help="give it with --target COLUMN, or `target` in a recipe; the columns are "
            f"{', '.join(features)}",
        )
    return found[0]


def _examples(
    source: str, features: Mapping[str, Any], y_name: str | None, span: Span | None
) -> str:
    """Return the column of examples: the images, or the only other one. Raises NetError N530."""
    others = [name for name in features if name != y_name]
    images = [name for name in others if _is_image(features[name])]
    if len(images) == 1 or len(others) == 1:
        return images[0] if images else others[0]
    raise fail(
        "N530",
        f"{source} has {len(images)} columns of images, so the examples are ambiguous",
        span,
        help=f"it has {', '.join(features)}",
    )


def _part(
    split: Any,
    names: tuple[str, str | None],
    where: str,
    signature: NetworkSignature,
    source: str,
    span: Span | None,
) -> Examples:
    """Return one part, whose images are read when they are needed."""
    x_name, y_name = names
    x: Rows
    if _is_image(split.features[x_name]):
        shape = image_shape(source, signature, span)
        x = LazyImages(
            len(split), lambda place: _picture(split, place, x_name, shape, source), shape
        )
    else:
        x = as_array(split[x_name], f"`{x_name}`")
    y = (as_array(split[y_name], f"`{y_name}`"),) * len(signature.outputs) if y_name else ()
    return sound(
        Examples((x,), y, "", (f"`{x_name}`{where}",), (f"`{y_name}`{where}",) * len(y)),
        source,
        span,
    )


def _picture(split: Any, place: int, name: str, shape: tuple[int, int, int], source: str) -> Array:
    """Return one image at the network's size. Raises NetError N524 where there is none."""
    image = split[place][name]
    if image is None:
        raise fail("N524", f"{source} has no image in row {place:,}")
    return pixels_of(flat(image, shape[2] == 1), shape)


# --- TensorFlow Datasets --------------------------------------------------------------------------


def _tensorflow(
    source: str, name: str, signature: NetworkSignature, target: str | None, span: Span | None
) -> SourceData:
    try:
        import tensorflow_datasets
    except ImportError:
        raise _absent("tensorflow-datasets", "tfds", span) from None
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            loaded, info = tensorflow_datasets.load(name, as_supervised=True, with_info=True)
    # the package raises many kinds, and those of the packages that it calls
    except Exception as error:
        raise _failed(source, error, span) from None
    splits = _found(source, loaded, span)
    key = info.supervised_keys[1] if info.supervised_keys else "label"
    bare = target == INPUT
    names = () if bare else tuple(getattr(info.features[key], "names", None) or ())
    where = {part: f" of {part}" if len(splits) > 1 else "" for part in splits}
    parts = {
        part: _read_part(split, where[part], signature, source, bare, span)
        for part, split in splits.items()
    }
    train = parts["train"]
    scale = 255.0 if train.x[0].dtype == "uint8" and len(train.x[0].shape) == 4 else None
    return SourceData(
        source,
        train,
        parts.get("test"),
        parts.get("validation"),
        names,
        bool(names),
        scale,
        target,
    )


def _read_part(
    split: Any, where: str, signature: NetworkSignature, source: str, bare: bool, span: Span | None
) -> Examples:
    """Read the examples of one part into memory, images at the network's size.

    Raises:
        NetError: N518 where they differ in shape, N534 where they are too many.
    """
    import numpy as np

    x, y, nbytes = [], [], 0
    for image, label in split.as_numpy_iterator():
        example = _fitted(np.asarray(image), source, signature, span)
        x.append(example)
        y.append(label)
        nbytes += example.nbytes
        if nbytes > MAX_BYTES:
            why = f"{source} has more than {MAX_BYTES / 2**30:g} GiB at this size"
            raise too_much(why, span)
    labels = () if bare else (as_array(y, "the labels"),) * len(signature.outputs)
    if len({one.shape for one in x}) > 1:
        raise unlike((one.shape for one in x), span)
    examples = np.stack(x) if x else np.zeros((0,))
    return sound(
        Examples((examples,), labels, "", (f"examples{where}",), (f"labels{where}",) * len(labels)),
        source,
        span,
    )


def _fitted(example: Array, source: str, signature: NetworkSignature, span: Span | None) -> Array:
    """Resize an image of bytes to the network's size; return anything else unchanged."""
    # What is not an image is returned unchanged, and checked with everything else.
    if example.dtype != "uint8" or example.ndim != 3:
        return example
    from PIL import Image

    shape = image_shape(source, signature, span)
    image = Image.fromarray(example[..., 0] if example.shape[2] == 1 else example)
    return pixels_of(flat(image, shape[2] == 1), shape)

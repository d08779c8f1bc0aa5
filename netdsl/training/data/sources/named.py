"""Data sets known by name: the bundled digits, and those that Keras downloads."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import Diagnostic, RunError, Span, fail
from netdsl.keras.quiet import quiet_keras
from netdsl.training.data.sources.arrays import TRAINED, named_parts, read_npz

if TYPE_CHECKING:
    from netdsl.training.data.parts import SourceData
    from netdsl.training.data.signature import NetworkSignature, TensorSpec
    from netdsl.training.preparation.rows import Array

FOLDER = "NETDSL_DATA"
"""The environment variable that names a folder of data sets, which then need no download."""

BUNDLED = "digits"

_CIFAR100 = (
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus "
    "butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach "
    "couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster "
    "house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree "
    "motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear "
    "pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket "
    "rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar "
    "sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip "
    "turtle wardrobe whale willow_tree wolf woman worm"
)

NAMES: Mapping[str, tuple[str, ...]] = {
    BUNDLED: tuple("0123456789"),
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt",
        "trousers",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    "cifar10": (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    "cifar100": tuple(_CIFAR100.split()),
    "imdb": ("negative", "positive"),
}
"""The data sets known by name, and their classes."""

SCALES: Mapping[str, float] = {BUNDLED: 16.0}
"""The divisor of a data set's pixels, where it is not the largest value of their type."""

PAD, UNKNOWN = 0, 2
"""The indices for padding of a review, and for a word beyond the vocabulary."""


def read_named(
    name: str, signature: NetworkSignature, target: str | None = None, span: Span | None = None
) -> SourceData:
    """Read a data set of `NAMES`.

    It is bundled, in the folder that NETDSL_DATA names, or downloaded by Keras.

    Raises:
        NetError: N511 to N518 for a file that is not such a data set.
        RunError: N522 where a download fails.
    """
    if name == "imdb":
        return _reviews(signature, target, span)
    if name == BUNDLED:
        with resources.as_file(
            resources.files("netdsl.training.data.sources") / f"{BUNDLED}.npz"
        ) as path:
            held: Mapping[str, Array] = read_npz(path, span)
    else:
        held = _in_folder(name, span) or _downloaded(name)
    held = {
        # Keras's CIFAR labels are [n, 1].
        key: array.reshape(-1) if key.startswith("y") and name.startswith("cifar") else array
        for key, array in held.items()
    }
    return replace(
        named_parts(name, held, signature, target, span=span),
        classes=NAMES[name],
        scale=SCALES.get(name),
    )


def _in_folder(name: str, span: Span | None) -> dict[str, Array]:
    """Return the arrays of NAME.npz in the folder of data sets; none where it is not there."""
    path = Path(os.environ.get(FOLDER, "")) / f"{name}.npz"
    return dict(read_npz(path, span)) if os.environ.get(FOLDER) and path.exists() else {}


def _downloaded(name: str, **options: Any) -> dict[str, Array]:
    """Return the arrays as Keras downloads them, without its own output."""
    known = getattr(quiet_keras().datasets, name)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            (x_train, y_train), (x_test, y_test) = known.load_data(**options)
    # Keras raises a bare Exception for a failed download, and others for a damaged one
    except Exception as error:
        help = (
            f"put {name}.npz with {', '.join(TRAINED)} into a folder and set {FOLDER} to the folder"
        )
        raise RunError(
            Diagnostic("N522", f"{name} could not be downloaded: {error}", help=help)
        ) from None
    return dict(zip(TRAINED, (x_train, y_train, x_test, y_test), strict=True))


# --- reviews --------------------------------------------------------------------------------------


def _reviews(signature: NetworkSignature, target: str | None, span: Span | None) -> SourceData:
    """Read the IMDB reviews: the last words of each, with padding before them.

    Words are indices below the network's vocabulary. The convention is Keras's: 0 pads, 1 begins a
    review, 2 represents a word beyond the vocabulary, and the word of rank r is r + 3.
    """
    if (
        len(signature.inputs) != 1
        or not signature.inputs[0].vocabulary
        or len(signature.inputs[0].shape) != 1
    ):
        message = "imdb has sequences of words, which need an input of indices"
        raise fail(
            "N518",
            message,
            span,
            help="begin the network with `80 of int(20000)`: "
            "80 words, of the 20,000 most frequent ones",
        )
    tensor = signature.inputs[0]
    held = _in_folder("imdb", span) or _downloaded("imdb")
    made = {
        name: _words(array, tensor) if name.startswith("x") else array
        for name, array in held.items()
    }
    found = named_parts("imdb", made, signature, target, span=span)
    note = (
        f"reviews are cut or padded to {tensor.shape[0]:,} words, and words from "
        f"{tensor.vocabulary:,} on become 2"
    )
    return replace(found, classes=NAMES["imdb"], notes=(note,))


def _words(reviews: Array, tensor: TensorSpec) -> Array:
    """Turn lists of indices, or an array of them, into int32 [n, length].

    Padding comes first, so that a recurrent layer reads the words last.
    """
    import numpy as np

    made = np.full((len(reviews), tensor.shape[0]), PAD, np.int32)
    for row, review in zip(made, reviews, strict=True):
        # The end of a long review, as `pad_sequences` of Keras keeps by default.
        words = np.asarray(review[-len(row) :])
        row[len(row) - len(words) :] = np.where(words < tensor.vocabulary, words, UNKNOWN)
    return made

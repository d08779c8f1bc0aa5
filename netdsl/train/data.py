"""Where examples come from, what is refused before the first step, and how they are split."""

from __future__ import annotations

import contextlib
import os
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import Diagnostic, RunError, Span, did_you_mean, fail
from netdsl.keras.quiet import quiet_keras
from netdsl.train.prepare import LOGITS, PROBABILITIES, Preparation, channels, fits, misfit, size
from netdsl.train.recipe import VALIDATION, DataSpec, Recipe

if TYPE_CHECKING:
    from netdsl.network import Network
    from netdsl.train.prepare import Array

FOLDER = "NETDSL_DATA"
"""The environment variable that names a folder of data sets, which then need no download."""

TEST, TEST_SEED = 0.2, 0
"""The test part of data that has none of its own: always the same examples, whatever the recipe's seed."""

BUNDLED = "digits"

NAMES: Mapping[str, tuple[str, ...]] = {
    BUNDLED: tuple("0123456789"),
    "mnist": tuple("0123456789"),
    "fashion_mnist": ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    "cifar10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
}
"""The data sets known by name, and their classes."""

SCALES: Mapping[str, float] = {BUNDLED: 16.0}
"""What the pixels of a data set are divided by, where it is not the most that their type holds."""

TRAINED = ("x_train", "y_train", "x_test", "y_test")
WHOLE = ("x", "y")


@dataclass(frozen=True, eq=False)
class Part:
    """Examples x [n, ...] as they were given, and their labels [n] or values [n, ...]."""

    x: Array
    y: Array
    name: str

    def __len__(self) -> int:
        return len(self.x)

    def at(self, rows: Array) -> Part:
        return Part(self.x[rows], self.y[rows], self.name)


@dataclass(frozen=True, eq=False)
class Table:
    """What a source holds: a part to train on, and perhaps one to test with."""

    source: str
    train: Part
    test: Part | None


@dataclass(frozen=True, eq=False)
class Data:
    """Examples ready for training: three parts without a common example, and what is done to them."""

    spec: DataSpec
    preparation: Preparation
    train: Part
    validation: Part
    test: Part


def load_data(recipe: Recipe, network: Network) -> Data:
    """The recipe's data, checked against the network's input and output, and split.

    Without a source, a network of ten outputs is given the bundled digits. Raises NetError (N507, N510 to N521, N523).
    """
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        many = f"{len(network.inputs)} inputs and {len(network.outputs)} outputs"
        raise fail("N523", f"{network.name} has {many}; training takes one of each")
    if recipe.data.source is None:
        if network.outputs[0].shape != (len(NAMES[BUNDLED]),):
            raise fail("N510", "no data is named", help="name it: --data FILE.npz, or `data:` in a recipe")
        recipe = recipe.replace(data=replace(recipe.data, source=BUNDLED))
    table = read(recipe.data.source or BUNDLED, _span(recipe))
    return arrange(table, recipe, _preparation(table, recipe, network))


def arrange(table: Table, recipe: Recipe, preparation: Preparation) -> Data:
    """The table's three parts: training, validation, test. What is no such example is refused.

    The test part is the source's own, or a share of it by a fixed seed; validation is a share of what remains, by the
    recipe's seed. Shares are stratified by class.
    """
    span = _span(recipe)
    train, test = (_checked(part, preparation, span) if part else None for part in (table.train, table.test))
    assert train is not None
    share = recipe.data.test
    if test is None:
        share = share or TEST
        train, test = _divided(train, preparation, share, TEST_SEED, "test", span)
    elif share is not None:
        raise fail("N507", f"{table.source} has a test part of its own", recipe.span("data.test"), help="leave `test` out")
    train, validation = _divided(train, preparation, recipe.validation or VALIDATION, recipe.seed or 0, "validation", span)
    if preparation.classes and (train.y == train.y[0]).all():
        raise fail("N521", f"{train.name} of {table.source} holds one class only: {preparation.name(int(train.y[0]))}", span)
    return Data(DataSpec(source=table.source, test=share, scale=preparation.scale), preparation, train, validation, test)


def _span(recipe: Recipe) -> Span | None:
    return recipe.span("data.source")


# --- reading ------------------------------------------------------------------------------------------------------


def read(source: str, span: Span | None = None) -> Table:
    """The examples of a data set known by name, or of an `.npz` file.

    Raises NetError N510 to N517; RunError N522 where a download fails.
    """
    if source == BUNDLED:
        with resources.as_file(resources.files(__package__) / f"{BUNDLED}.npz") as path:
            return _table(BUNDLED, arrays(path, span), span)
    if source in NAMES:
        path = Path(os.environ.get(FOLDER, "")) / f"{source}.npz"
        known = arrays(path, span) if FOLDER in os.environ and path.exists() else _downloaded(source)
        return _table(source, known, span)
    if not source.endswith(".npz"):
        help = did_you_mean(source, NAMES) or f"a data set is {', '.join(f'`{name}`' for name in NAMES)}, or the path of an .npz file"
        raise fail("N510", f"there is no data set `{source}`", span, help=help)
    return _table(str(Path(source).absolute()), arrays(Path(source), span), span)


def arrays(path: Path, span: Span | None = None) -> dict[str, Array]:
    """The arrays of an `.npz` file. Raises NetError N511 unreadable, N512 no such file or damaged, N513 pickled."""
    import numpy as np

    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise fail("N512", f"{path} is no .npz file", span)
            file.seek(0)
            with np.load(file, allow_pickle=False) as found:
                held = {name: found[name] for name in found.files}
    except OSError as error:
        raise fail("N511", f"the data {path} cannot be read: {error.strerror or error}", span) from None
    except (ValueError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError, SyntaxError, MemoryError, zlib.error) as error:
        if "allow_pickle" in str(error):
            help = "save arrays of numbers: np.savez(path, x=..., y=...)"
            raise fail("N513", f"{path} holds pickled Python objects, which are not read", span, help=help) from None
        raise fail("N512", f"{path} is damaged: {error}", span) from None
    return {name: array for name, array in held.items() if isinstance(array, np.ndarray)}


def _downloaded(name: str) -> dict[str, Array]:
    known = getattr(quiet_keras().datasets, name)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            (x_train, y_train), (x_test, y_test) = known.load_data()
    except Exception as error:  # Keras raises a bare Exception for a failed download, and others for a damaged one
        help = f"put {name}.npz with {', '.join(TRAINED)} in a folder and name the folder in {FOLDER}"
        raise RunError(Diagnostic("N522", f"{name} could not be downloaded: {error}", help=help)) from None
    return dict(zip(TRAINED, (x_train, y_train, x_test, y_test), strict=True))


def _table(source: str, held: dict[str, Array], span: Span | None) -> Table:
    """The parts that the arrays make. Raises NetError N514 where names are missing, and what `_part` raises."""
    names = TRAINED if any(name in held for name in TRAINED) else WHOLE
    missing = [name for name in names if name not in held]
    if missing:
        message = f"{source} has no array {', '.join(f'`{name}`' for name in missing)}; it holds {', '.join(sorted(held)) or 'none'}"
        raise fail("N514", message, span, help=f"the arrays are {', '.join(TRAINED)}, or {', '.join(WHOLE)}")
    parts = [_part(source, held, x, y, span) for x, y in zip(names[::2], names[1::2], strict=True)]
    if len(parts) > 1 and parts[0].x.shape[1:] != parts[1].x.shape[1:]:
        shapes = " and ".join(size(part.x.shape[1:]) for part in parts)
        raise fail("N518", f"`x_train` and `x_test` of {source} hold examples of unlike shapes: {shapes}", span)
    return Table(source, parts[0], parts[1] if len(parts) > 1 else None)


def _part(source: str, held: dict[str, Array], x_name: str, y_name: str, span: Span | None) -> Part:
    """One part, whose numbers are numbers. Raises NetError N515 to N517."""
    import numpy as np

    x, y = held[x_name], held[y_name]
    for name, array in ((x_name, x), (y_name, y)):
        if array.dtype.kind not in "biuf":
            raise fail("N517", f"`{name}` of {source} holds {array.dtype}, not numbers", span)
        if array.ndim == 0 or array.size == 0:
            raise fail("N516", f"`{name}` of {source} is empty", span)
        if array.dtype.kind == "f" and not (finite := _finite(array)).all():
            row = int(np.flatnonzero(~finite)[0])
            raise fail("N517", f"`{name}` of {source} holds a number that is not finite, first in row {row}", span)
    if len(x) != len(y):
        raise fail("N515", f"`{x_name}` of {source} has {len(x):,} rows and `{y_name}` has {len(y):,}", span)
    return Part(x, y, f"`{x_name}`")


def _finite(array: Array) -> Array:
    """Which rows hold finite numbers only, also as float32: [n]."""
    import numpy as np

    with np.errstate(over="ignore"):
        return np.asarray(np.isfinite(array.astype(np.float32)).reshape(len(array), -1).all(axis=1))


# --- planning -----------------------------------------------------------------------------------------------------


def _preparation(table: Table, recipe: Recipe, network: Network) -> Preparation:
    """What is to be done to the table's examples for this network. Raises NetError N507, N518."""
    x, y = table.train.x, table.train.y
    wanted, output = network.inputs[0].shape, network.outputs[0]
    if not fits(x.shape[1:], wanted):
        raise misfit(x.shape[1:], wanted, f"`x` of {table.source}", _span(recipe))
    scale = recipe.data.scale or SCALES.get(table.source) or (255.0 if x.dtype == "uint8" and x.max() > 1 else 1.0)
    classes = _classes(y, output.shape, output.activation, recipe.loss)
    loss = recipe.loss or _loss(y, output.activation, classes)
    preparation = Preparation(
        example=x.shape[1:],
        whole=x.dtype.kind in "iub",
        scale=scale,
        unit=bool(x.min() >= 0 and x.max() <= scale),
        input=wanted,
        output=output.shape,
        activation=output.activation,
        loss=loss,
        classes=classes,
        names=NAMES.get(table.source, ()),
    )
    _check_loss(preparation, y, recipe)
    return preparation


def _classes(y: Array, output: tuple[int, ...], activation: str, loss: str | None) -> int:
    """How many classes the output tells apart; 0 where `y` holds values."""
    single = y.size == len(y)
    if len(output) != 1:
        return 0
    if output[0] > 1:
        softmax = loss == "cross-entropy" or (loss is None and activation in ("softmax", "logsoftmax"))
        return output[0] if single or softmax else 0
    whole = bool((y == y.astype(int)).all())
    return 2 if single and whole and (loss == "binary" or activation in PROBABILITIES["binary"]) else 0


def _loss(y: Array, activation: str, classes: int) -> str:
    """The loss that goes with the output's activation and the labels."""
    if activation in PROBABILITIES["binary"] and (classes or (y.min() >= 0 and y.max() <= 1)):
        return "binary"
    if activation in PROBABILITIES["cross-entropy"] or (classes and activation in LOGITS["cross-entropy"]):
        return "cross-entropy"
    return "squared"


def _check_loss(preparation: Preparation, y: Array, recipe: Recipe) -> None:
    """Raises NetError N507 where the loss cannot be told from such an output or such labels."""
    loss, span = preparation.loss, recipe.span("loss")
    allowed = PROBABILITIES.get(loss, ()) + LOGITS.get(loss, ())
    if allowed and preparation.activation not in allowed:
        words = ", ".join(f"`{word}`" for word in allowed)
        raise fail("N507", f"the loss `{loss}` needs an output of {words}; the network ends with `{preparation.activation}`", span)
    if loss == "cross-entropy" and (not preparation.classes or preparation.output == (1,)):
        output = f"an output of {size(preparation.output)}"
        raise fail("N507", f"the loss `cross-entropy` needs class labels and two outputs or more, not {output}", span)
    if loss == "binary" and not preparation.classes and (y.min() < 0 or y.max() > 1):
        raise fail("N507", f"the loss `binary` needs values from 0 to 1; the data holds {y.min():g} to {y.max():g}", span)


# --- checking and splitting ---------------------------------------------------------------------------------------


def _checked(part: Part, preparation: Preparation, span: Span | None) -> Part:
    """The part, its `y` as labels [n] where there are classes. Raises NetError N517 to N520."""
    preparation.check(part.x, part.name, span)
    label = part.name.replace("x", "y")
    if preparation.classes:
        return Part(part.x, _labels(part.y, preparation, label, span), part.name)
    given, wanted = part.y.shape[1:], preparation.output
    if given != wanted and (*given, 1) != wanted:
        raise fail("N518", f"{label} holds values of {size(given)}; the network gives {size(wanted)}", span)
    return part


def _labels(y: Array, preparation: Preparation, name: str, span: Span | None) -> Array:
    """Class labels [n], counted from 0, from labels [n] or [n, 1], or from rows [n, classes] of one 1 and else 0."""
    import numpy as np

    if y.ndim == 2 and y.shape[1] == preparation.classes > 1 and preparation.output != (1,):
        if not (((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all()):
            raise fail("N519", f"the rows of {name} are not of one 1 and else 0", span)
        return np.asarray(y.argmax(axis=1))
    if y.size != len(y):
        raise fail("N518", f"{name} holds {size(y.shape[1:])} for each example; a class label is one number", span)
    labels = y.reshape(-1).astype(np.int64)
    if (labels != y.reshape(-1)).any():
        row = int(np.flatnonzero(labels != y.reshape(-1))[0])
        raise fail("N519", f"the labels in {name} are not whole numbers: {y.reshape(-1)[row]:g} in row {row}", span)
    outside = np.flatnonzero((labels < 0) | (labels >= preparation.classes))
    if len(outside):
        row, last = int(outside[0]), preparation.classes - 1
        message = f"the labels in {name} go from {labels.min()} to {labels.max()}; the network tells 0 to {last} apart"
        raise fail("N520", message, span, help=f"first in row {row}; labels count from 0")
    return labels


def _divided(part: Part, preparation: Preparation, share: float, seed: int, what: str, span: Span | None) -> tuple[Part, Part]:
    """The part without a share of it, and that share. Raises NetError N516 where one of them would be empty."""
    import numpy as np

    if not 0 < round(len(part) * share) < len(part):
        raise fail("N516", f"{len(part)} examples are too few: {share:g} of them for {what} leaves a part empty", span)
    kept, taken = split(part.y if preparation.classes else np.zeros(len(part), int), share, seed)
    return part.at(kept), part.at(taken)


def split(labels: Array, share: float, seed: int) -> tuple[Array, Array]:
    """The rows kept and the rows taken, in order. Of each class the share is taken, to within one example.

    The rows, shuffled and then sorted by class, are taken at equal distances.
    """
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    count = round(len(labels) * share)
    places = ((np.arange(count) + 0.5) * len(labels) / count).astype(int)
    return np.sort(np.delete(order, places)), np.sort(order[places])


# --- what is to be predicted --------------------------------------------------------------------------------------


def read_inputs(path: str | Path, preparation: Preparation) -> tuple[list[str], Array]:
    """What a file holds to be predicted: a name and an example each, for `preparation.inputs`.

    An `.npz` holds them as `x`, as `x_test` or as its only array; an `.npy` is one array, of examples or of one example; any
    other file is an image. Raises NetError N511 to N514, N516 to N518, N524.
    """
    path = Path(path)
    if path.suffix not in (".npy", ".npz"):
        return [path.name], _picture(path, preparation)
    x = _array(path)
    if x.shape == preparation.example:
        x = x[None]
    _part(path.name, {path.name: x, "y": x}, path.name, "y", None)
    preparation.check(x, path.name)
    preparation.check_range(x, path.name)
    return [f"{path.name}[{row}]" for row in range(len(x))], x


def _array(path: Path) -> Array:
    import numpy as np

    if path.suffix == ".npz":
        held = arrays(path)
        only = list(held) if len(held) == 1 else []
        for name in ("x", "x_test", *only):
            if name in held:
                return held[name]
        raise fail("N514", f"{path} has no array `x`; it holds {', '.join(sorted(held)) or 'none'}")
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise fail("N511", f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, EOFError, MemoryError) as error:
        raise fail("N512", f"{path} is no .npy file of numbers: {error}") from None
    if not isinstance(array, np.ndarray):
        raise fail("N512", f"{path} is no .npy file of numbers")
    return array


def _picture(path: Path, preparation: Preparation) -> Array:
    """An image file as one example [1, h, w] or [1, h, w, 3], its black to white in the range of the training data."""
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not preparation.unit:
        help = "give an .npy file with numbers like the training data's, or train with `data: {scale: ...}`"
        raise fail("N524", "the training data's values are not from 0 to its scale: what white is cannot be told", help=help)
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
            if image.mode.startswith(("I", "F")):
                raise fail("N524", f"{path} has pixels of more than 8 bits", help="save it with 8 bits")
            seen = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image.convert("RGBA"))
    except UnidentifiedImageError:
        raise fail("N524", f"{path} is no image that can be read, and no .npy or .npz file") from None
    except Image.DecompressionBombError as error:
        raise fail("N524", f"{path} is too large an image: {error}") from None
    except OSError as error:
        raise fail("N511", f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, SyntaxError) as error:  # Pillow's readers raise these for damaged files
        raise fail("N524", f"{path} is a damaged image: {error}") from None
    grey = channels(preparation.example) == 1 if preparation.pictures else channels(preparation.input) == 1
    pixels = np.asarray(seen.convert("L" if grey else "RGB"), np.float32)[None] * (preparation.scale / 255)
    if not preparation.pictures and pixels[0].size != np.prod(preparation.input):
        raise misfit(pixels.shape[1:], preparation.input, str(path))
    return pixels

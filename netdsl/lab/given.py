"""Values that are given to a network's inputs: `x="1 4 3"`, `x=image.npy`, `photo.png`, arrays."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from netdsl.analysis.worked import input_called
from netdsl.errors import NetError, did_you_mean, fail
from netdsl.files import save
from netdsl.kinds.values import Indices, Shape, dims
from netdsl.sources import read_bytes
from netdsl.training.data.sources.arrays import read_npy, read_npz
from netdsl.training.data.sources.images import read_image
from netdsl.wording import counted, represented

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Port

Value: TypeAlias = Any
"""Numbers as a text, the path of a file, or an array: nested lists too."""
Values: TypeAlias = Mapping[str, Value]
"""The values that inputs are given, by the inputs' names."""

NUMBERS = 10_000_000
"""The most numbers that a text or a file may give, for all examples."""
_BETWEEN = r"\s,;\[\]()"
# Numbers need a separator on both sides, or `1-2` and `1.2.3` would be read as two. Exponents have
# at most three digits, so that no text overflows `float` slowly.
_NUMBER = re.compile(
    rf"(?<![^{_BETWEEN}])[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{{1,3}})?(?:/[0-9]+)?"
    rf"(?![^{_BETWEEN}])"
)
_FILES = (".npy", ".npz", ".csv")
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")


class GivenArray(NamedTuple):
    """Numbers, what messages call them, and whether they are an image, whose shape must fit."""

    array: Any
    called: str
    is_image: bool = False


def named_values(texts: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return the value of each input: `x=1` is for the named input, a lone value for a lone input.

    Raises:
        NetError: N514 for a name that is not one of the inputs, or one given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        # `x=1` names an input; a path such as `a/b=c.npy` does not.
        if not equals or not name.isidentifier():
            if len(names) > 1 or len(texts) > 1:
                help = f"name it, as in {names[0]}={text}"
                if len(names) == 1:
                    help = f'write the numbers of an input together, in quotes: "{" ".join(texts)}"'
                raise fail("N514", f"which input {represented(text)} is for is not said", help=help)
            name, value = names[0], text
        name = _input(name, names)
        if name in found:
            raise fail("N514", f"the input `{name}` is given twice")
        found[name] = value
    return found


def named_inputs(given: Mapping[str, Value], names: Sequence[str]) -> dict[str, Value]:
    """Return what is given, by the inputs' own names: a lone input may be called x.

    Raises:
        NetError: N514 for a name that is not one of the inputs.
    """
    return {_input(name, names): value for name, value in given.items()}


def _input(name: str, names: Sequence[str]) -> str:
    """Find an input by its name.

    Raises:
        NetError: N514.
    """
    name = input_called(name, names)
    if name not in names:
        help = did_you_mean(str(name), names) or f"the inputs are {', '.join(names)}"
        raise fail("N514", f"the network has no input `{name}`", help=help)
    return name


def stated_values(network: Architecture) -> Values:
    """Return the values of inputs that a network's text states, as arrays by their names."""
    import numpy as np

    names = [port.name for port in network.inputs]
    return {
        input_called(each.name, names): np.array(each.numbers, np.float64) for each in network.given
    }


def with_stated(network: Architecture, given: Values) -> Values:
    """Return the given values, and those that the network's text states for the other inputs.

    Where nothing is given, the text's values are returned only if it states them for every input.
    """
    stated = stated_values(network)
    whole = all(port.name in stated for port in network.inputs)
    # Half of the inputs from the text alone is a mistake to be reported, not a choice.
    return {**stated, **given} if given or whole else {}


def read_value(value: Value, channels: int | None = None) -> GivenArray:
    """Read numbers from a text, from the file that it names, or from an array.

    Args:
        value: `1 4 3`, `[[1, 2], [3, 4]]`, the path of an array, a table or an image, or an array.
        channels: 1 to read an image in grey, else it is read in colour; pixels are from 0 to 1.

    Raises:
        NetError: N401, N511, N517, N524, N601, N670.
    """
    import numpy as np

    if not isinstance(value, str | os.PathLike):
        try:
            return GivenArray(_checked(np.asarray(value), "the array"), "the array")
        except (ValueError, TypeError) as error:
            raise fail("N517", f"{represented(value)} is not an array: {error}") from None
    text = os.fspath(value)
    suffix = Path(text).suffix.lower()
    if suffix in _IMAGES:
        image = read_image(Path(text), grey=channels == 1)
        pixels = np.asarray(image, np.float64) / 255
        return GivenArray(pixels.reshape(*pixels.shape[:2], -1), text, is_image=True)
    if suffix in _FILES:
        return GivenArray(_checked(_from_file(Path(text), suffix), text), text)
    return GivenArray(_from_text(text), represented(text))


def own_shape(value: Value) -> Shape:
    """Return the shape of a value taken as one example: a grey image has one channel.

    Raises:
        NetError: as `read_value` does.
    """
    shape: Shape = read_value(value).array.shape
    if not isinstance(value, str) or Path(value).suffix.lower() not in _IMAGES:
        return shape
    from PIL import Image as pillow

    with pillow.open(value) as image:
        # By the file's mode: `read_value` reads an image in colour unless `channels` is 1.
        is_grey = image.mode in ("1", "L", "LA", "I", "I;16", "F")
    return (*shape[:2], 1) if is_grey else shape


def is_file(value: Value) -> bool:
    """Return whether a value names a file of numbers or an image."""
    if not isinstance(value, str | os.PathLike):
        return False
    return Path(os.fspath(value)).suffix.lower() in (*_FILES, *_IMAGES)


def _from_file(path: Path, suffix: str) -> Any:
    import numpy as np

    if suffix == ".npy":
        return read_npy(path)
    if suffix == ".npz":
        held = read_npz(path)
        if len(held) != 1:
            names = ", ".join(sorted(held)) or "none"
            raise fail("N514", f"{path} holds {counted(len(held), 'array')}, not one: {names}")
        return next(iter(held.values()))
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fail("N511", f"{path} cannot be read: {error}") from None
    rows = [line for line in text.splitlines() if line.strip()]
    if rows and any(cell and not _NUMBER.fullmatch(cell) for cell in _cells(rows[0])):
        rows = rows[1:]  # the columns' names
    values = []
    for number, row in enumerate(rows, 1):
        try:
            values.append(_from_text(row).reshape(-1))
        except NetError as error:
            message = f"{path}, row {number}: {error.diagnostics[0].message}"
            raise fail(error.code, message) from None
    if len({len(each) for each in values}) > 1:
        raise fail("N517", f"{path} has rows of different lengths")
    return np.array(values)


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split("[,;\t]", row)]


def _checked(array: Any, called: str) -> Any:
    import numpy as np

    # Texts, dates and objects: the latter could hold anything.
    if array.dtype.kind not in "iufb":
        raise fail("N517", f"{called} holds {array.dtype}, not numbers")
    if array.size > NUMBERS:
        message = f"{called} holds {array.size:,} numbers; at most {NUMBERS:,} are computed with"
        raise fail("N670", message)
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise fail("N517", f"{called} holds numbers that are not finite")
    return array


def _from_text(text: str) -> Any:
    """Read numbers with spaces or commas between them, in brackets or not; rows end with `;`.

    Raises:
        NetError: N517.
    """
    import numpy as np

    # Before the expressions go through it, which would take minutes.
    if len(text) > 20 * NUMBERS:
        raise fail("N670", f"a text of {len(text):,} characters; at most {NUMBERS:,} numbers")
    left = re.sub(f"[{_BETWEEN}]+", " ", _NUMBER.sub(" ", text)).strip()
    if left:
        raise fail("N517", f"{represented(left.split()[0])} is not a number")
    numbers = np.array([_number(each) for each in _NUMBER.findall(text)])
    if not numbers.size:
        raise fail("N517", f"{represented(text)} has no numbers in it")
    return _checked(numbers.reshape(_layout(text, numbers.size)), represented(text))


def _number(text: str) -> float:
    top, _, bottom = text.partition("/")
    divisor = float(bottom or 1)
    if not divisor:
        raise fail("N517", f"{text} divides by 0")
    return float(top) / divisor


def _layout(text: str, count: int) -> Shape:
    """Find the shape that brackets or semicolons give: a flat one where rows differ in length.

    Raises:
        NetError: N517 where a bracket is not closed, or was not opened.
    """
    depth, opened, lowest = 0, 0, 0
    for sign in text:
        depth += (sign in "[(") - (sign in "])")
        opened, lowest = max(opened, depth), min(lowest, depth)
    if depth or lowest:
        wrong = "closed that was not opened" if lowest else "not closed"
        raise fail("N517", f"a bracket is {wrong} in {represented(text)}")
    # Two brackets deep: the inner ones are rows; more are flat, as no input needs them.
    if opened > 1:
        inner = re.findall(r"[\[(]([^\[\]()]*)[\])]", text)
    else:
        inner = [part for part in text.strip("[]() ").split(";") if part.strip()]
    lengths = {len(_NUMBER.findall(part)) for part in inner}
    if len(lengths) != 1 or len(inner) < 2:
        return (count,)
    return (len(inner), lengths.pop())


def fitted(given: GivenArray, port: Port) -> Any:
    """Reshape numbers to an input's [n, *shape].

    As many numbers as one example has fill it row by row. n times as many fill n examples, if they
    are flat or have a first axis of n.

    Raises:
        NetError: N518 where they do not fit, N527 for an index out of range.
    """
    import numpy as np

    array, shape = given.array, tuple(port.shape)
    size = math.prod(shape)
    alike = array.shape[-len(shape) :] == shape and array.ndim in (len(shape), len(shape) + 1)
    matches = alike and array.size > 0
    if given.is_image and array.shape != shape:
        message = f"{given.called} is {dims(array.shape)}, and `{port.name}` {dims(shape)}"
        help = f"--input {dims(array.shape)} reads the network at the image's size"
        raise fail("N518", message, help=help)
    count, left = divmod(array.size, size)
    # An array with the right count but another layout would be cut in the wrong places: only flat
    # numbers, and rows of one example each, are reshaped.
    in_rows = not left and count and (array.ndim < 2 or count in (1, len(array)))
    if not matches and not in_rows:
        numbers = counted(array.size, "number")
        has = f"is {dims(array.shape)}, {numbers}" if array.ndim > 1 else f"has {numbers}"
        message = f"`{port.name}` is {dims(shape)}, {counted(size, 'number')}, and {given.called}"
        help = f"write {counted(size, 'number')}, or name a file of them, as in {port.name}=x.npy"
        if len(shape) == 3:
            help = f"name an image, as in {port.name}=x.png, or a file of numbers: x.npy"
        raise fail("N518", f"{message} {has}", help=help)
    array = array.reshape(-1, *shape)
    if isinstance(port.shape, Indices):
        wrong = array[(array != np.floor(array)) | (array < 0) | (array >= port.shape.limit)]
        if wrong.size:
            message = f"`{port.name}` holds indices from 0 to {port.shape.limit - 1:,}"
            raise fail("N527", f"{message}, not {wrong.flat[0]:g}")
        array = array.astype(np.int64)
    return array


def examples(given: Values, ports: Sequence[Port]) -> list[Any]:
    """Read the value of each input, in their order: arrays of [n, *shape] with the same n.

    Raises:
        NetError: N514 for an input that nothing is given for, N515 for inputs with different
            numbers of examples.
    """
    arrays = []
    for port in ports:
        if port.name not in given:
            help = f'write {port.name}="..." with {counted(math.prod(port.shape), "number")}'
            raise fail("N514", f"nothing is given for the input `{port.name}`", help=help)
        arrays.append(fitted(read_value(given[port.name], port.shape[-1]), port))
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        said = ", ".join(f"`{p.name}` {len(a)}" for p, a in zip(ports, arrays, strict=True))
        raise fail("N515", f"each input requires the same number of examples: {said}")
    return arrays


def saved(array: Any, path: Path) -> None:
    """Write an array: .npy as it is, .png as an image, with 0 black and 1 white.

    Args:
        array: [n, *shape].
        path: where; of an image, one example of one or three channels.

    Raises:
        NetError: N604 for another suffix, N518 where the array is not an image.
        RunError: N603 where it cannot be written.
    """
    import numpy as np

    suffix = path.suffix.lower()
    if suffix == ".npy":
        save(path, lambda part: _write_npy(np, array, part))
        return
    if suffix != ".png":
        raise fail("N604", f"{path} ends in neither .npy nor .png")
    is_map = array.ndim == 3 or (array.ndim == 4 and array.shape[-1] in (1, 3))
    if len(array) != 1 or not is_map:
        is_not = "is not" if len(array) == 1 else "are not"
        message = f"{counted(len(array), 'example')} of {dims(array.shape[1:])} {is_not} an image"
        raise fail("N518", message, help="an image is HxW, HxWx1 or HxWx3, of one example")
    from PIL import Image as pillow

    pixels = np.rint(np.clip(array[0], 0, 1) * 255).astype(np.uint8)
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
    save(path, lambda part: pillow.fromarray(pixels).save(part, "PNG"))


def _write_npy(np: Any, array: Any, path: Path) -> None:
    with path.open("wb") as file:
        # An open file: by name, NumPy would add a second suffix to the temporary one.
        np.save(file, array, allow_pickle=False)

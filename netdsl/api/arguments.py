"""Checks of the arguments of public functions, whose errors name the argument and what it accepts.

A value of a wrong type is a TypeError; a value that its type allows and the argument does not is a
NetError.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsIndex, TypeAlias

from netdsl.errors import did_you_mean, fail
from netdsl.kinds.values import Indices, Shape
from netdsl.limits import Limits
from netdsl.params import exact_params
from netdsl.sources import holds_text
from netdsl.wording import represented

if TYPE_CHECKING:
    from netdsl.keras.calls import InputShapes
    from netdsl.params import Param

PathArgument: TypeAlias = str | os.PathLike[str]
ParamValue: TypeAlias = SupportsIndex | SupportsFloat | str
"""A number of Python or NumPy, yes or no as a bool, or a text."""


def wrong_type(name: str, accepts: str, value: object, more: str = "") -> TypeError:
    """Return the error for a value whose type an argument does not accept."""
    return TypeError(f"`{name}` accepts {accepts}, not {represented(value)}{more}")


def is_whole(value: Any) -> bool:
    """Return whether a value is an integer of Python or NumPy, and not a bool."""
    return (
        # Of the type, as for the class `int` itself: it has the attribute, and is not an integer.
        hasattr(type(value), "__index__")
        and not isinstance(value, bool)
        and not _is_array(value)
        # NumPy's bool has `__index__` too; by name, so that NumPy need not be imported.
        and not type(value).__name__.startswith("bool")
    )


def _is_array(value: Any) -> bool:
    return bool(getattr(value, "ndim", 0))


def whole(name: str, value: Any, min: int, below: int = 2**63) -> int:
    """Return an integer of at least `min` and below `below`.

    Raises:
        TypeError: where it is not an integer.
        NetError: N201 where it is out of its range.
    """
    if not is_whole(value):
        raise wrong_type(name, "an integer", value)
    number = int(value)
    if not min <= number < below:
        bounds = f"from {min}" + (f" to {below - 1:,}" if number >= below else "")
        raise fail("N201", f"`{name}` accepts integers {bounds}, not {represented(number)}")
    return number


def positive(name: str, value: Any, max: float = math.inf) -> float:
    """Return a finite number above 0, up to `max`.

    Raises:
        TypeError: where it is not a number.
        NetError: N201 where it is out of its range.
    """
    if _is_array(value) or isinstance(value, bool | str):
        raise wrong_type(name, "a number", value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise wrong_type(name, "a number", value) from None
    except OverflowError:
        number = math.inf
    if not (0 < number < math.inf and number <= max):
        bounds = "above 0" + (f" up to {max:g}" if max < math.inf else "")
        raise fail("N201", f"`{name}` accepts numbers {bounds}, not {represented(value)}")
    return number


def names(name: str, value: object) -> tuple[str, ...]:
    """Return the names in a list of them, or in a text where they are joined by commas.

    Raises:
        TypeError: where it is neither.
    """
    accepts = "names in a list, or joined by commas in a text"
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if not isinstance(value, Sequence) or not all(isinstance(each, str) for each in value):
        raise wrong_type(name, accepts, value)
    return tuple(value)


def dtype_name(value: object) -> object:
    """Return the name of a number type, also for NumPy's `float64` or `dtype("float64")`."""
    if isinstance(value, type):
        return value.__name__
    # NumPy's dtypes have a class each: `Float64DType`.
    return str(value) if type(value).__name__.endswith("DType") else value


def text(name: str, value: object, accepts: str, more: str = "") -> str:
    """Return a text that is not empty.

    Raises:
        TypeError: where it is not a text.
        NetError: N107 where it is empty.
    """
    if not isinstance(value, str):
        raise wrong_type(name, accepts, value, more)
    if not value:
        raise fail("N107", f"`{name}` accepts {accepts}, not an empty text")
    return str(value)


def yes_or_no(name: str, value: object) -> bool:
    """Return a bool, also for one of NumPy.

    Raises:
        TypeError: where it is neither true nor false.
    """
    if isinstance(value, bool) or (type(value).__name__.startswith("bool") and value in (0, 1)):
        return bool(value)
    raise wrong_type(name, "True or False", value)


def one_of(name: str, value: object, words: Iterable[str]) -> str:
    """Return one of some words.

    Raises:
        TypeError: where it is not a text.
        NetError: N107 where it is another one.
    """
    known = tuple(words)
    accepts = "one of " + ", ".join(f'"{word}"' for word in known)
    if not isinstance(value, str):
        raise wrong_type(name, accepts, value)
    if value not in known:
        help = did_you_mean(value, known)
        raise fail("N107", f"`{name}` accepts {accepts}, not {represented(value)}", help=help)
    return value


def path(name: str, value: object, accepts: str = "a path") -> str:
    """Return a path as a text.

    Raises:
        TypeError: where it is neither a text nor a path object.
        NetError: N107 where it is empty, N601 where no file can have that name.
    """
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    found = text(name, value, accepts)
    if "\0" in found and not holds_text(found):
        raise fail("N601", f"{found!r} is not a file name")
    return found


def shape(value: object, limits: Limits) -> Shape | None:
    """Return the shape of one example that is given as `input`.

    Raises:
        TypeError: where it is not a tuple of integers.
        NetError: N201 for a size below 1, N407 for more elements than the limit.
    """
    if value is None or isinstance(value, Indices):
        return value
    accepts = "a shape as a tuple of integers, such as (28, 28, 1)"
    if not isinstance(value, tuple) or not value or not all(map(is_whole, value)):
        # Callers write 8 or [8, 8, 3]: the message shows the tuple that they mean.
        near, more = (value,) if is_whole(value) else value, ""
        if isinstance(near, list | tuple) and near and all(map(is_whole, near)):
            more = f"; write {represented(tuple(int(size) for size in near))}"
        raise wrong_type("input", accepts, value, more)
    sizes = tuple(int(size) for size in value)
    if min(sizes) < 1:
        raise fail("N201", f"`input` accepts sizes of at least 1, not {represented(sizes)}")
    if math.prod(sizes) > limits.elements:
        highest = f"at most {limits.elements:,} elements"
        raise fail("N407", f"`input` accepts shapes of {highest}, not {represented(sizes)}")
    return sizes


def model_shapes(value: InputShapes) -> InputShapes:
    """Return the shapes that are given for the inputs of a Keras model.

    Raises:
        TypeError: where they are not integers.
        NetError: N201 for a size below 1.
    """
    for each in value.values() if isinstance(value, Mapping) else (value,):
        if each is None and not isinstance(value, Mapping):
            continue
        if not isinstance(each, list | tuple) or not all(map(is_whole, each)):
            accepts = "a shape as a tuple of integers, or a dict of them by the inputs' names"
            raise wrong_type("input", accepts, value)
        if min(each, default=1) < 1:
            raise fail("N201", f"`input` accepts sizes of at least 1, not {represented(each)}")
    return value


def limits(value: object, elsewhere: str = "") -> Limits:
    """Return the limits within which a text is read.

    Raises:
        TypeError: where the value is not `Limits`, or one of them is not an integer.
    """
    if not isinstance(value, Limits):
        raise wrong_type("limits", "a netdsl.Limits", value, elsewhere)
    for name, limit in value._asdict().items():
        if not is_whole(limit):
            raise wrong_type(f"limits.{name}", "an integer", limit)
    return Limits(*map(int, value))


def params(
    function: str, given: Mapping[str, ParamValue] | None, keywords: Mapping[str, ParamValue]
) -> dict[str, Param]:
    """Return the params of a network as exact values. Params as keywords are deprecated.

    Args:
        function: the name of the public function, which must call this directly: the warning points
            to its caller.
        given: its argument `params`.
        keywords: its other keywords.

    Raises:
        TypeError: where a param is given twice, or is not a number, a text, or yes or no.
        NetError: N107, N404 for numbers that the language does not have.
    """
    if keywords:
        name, value = next(iter(keywords.items()))
        warnings.warn(
            f"params as keywords of `{function}` are deprecated: write "
            f'params={{"{name}": {represented(value)}}}',
            DeprecationWarning,
            # Points to the line that calls `function`, which calls this.
            stacklevel=3,
        )
    exact = exact_params({} if given is None else given)
    for name in keywords:
        # `params` and keywords cannot be merged silently: one of the two values would be lost.
        if name in exact:
            raise TypeError(f"the param `{name}` is given twice: in `params` and as a keyword")
    return {**exact, **exact_params(keywords)}


def elsewhere(name: str, value: object) -> str:
    """Return the help for a wrong argument that may have been meant for a param of its name."""
    if isinstance(value, bool | int | float | str):
        return f'; a param of this name is set by params={{"{name}": {represented(value)}}}'
    return ""

"""What a block's parameters are: the values that differ from place to place, but for those that
follow from others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from netdsl.factoring.forms import ItemForm
from netdsl.factoring.items import INPUT_WIDTH, BlockParameter, Formula, ItemChain, NodeName
from netdsl.naming import unique_name

# Widths that belong together are small multiples; a larger factor is an accident.
_LARGEST_RATIO = 64

Alike = Callable[[str, str], bool]
"""Whether values of one role can be written as multiples of those of another; `in` is the
width's.
"""


class Parameters(NamedTuple):
    """The parameters of a block that replaces pieces of one form.

    Attributes:
        columns: each parameter's name, and which of the form's values are its arguments.
        inside: what is in the block for each of the form's values.
    """

    columns: tuple[tuple[str, int], ...]
    inside: tuple[Any, ...]

    def declared(self, forms: Sequence[ItemForm]) -> list[tuple[BlockParameter, int]]:
        """Return the parameters in their order, each with its column.

        Those that can be left out last.
        """
        found = []
        for name, at in self.columns:
            optional = name.startswith("s") and any(form.values[at] == 1 for form in forms)
            found.append((BlockParameter(name, 1 if optional else None), at))  # a stride of 1
        return sorted(found, key=lambda each: each[0].default is not None)


MAX_PARAMETERS = 8
"""Of a block: a call with more numbers is harder to read than the layers themselves."""


def parameters_of(
    pieces: Sequence[ItemChain], forms: Sequence[ItemForm], alike: Alike
) -> Parameters | None:
    """Find the parameters of a block that replaces some pieces.

    Args:
        pieces: chains of one form.
        forms: the form of each.
        alike: see `Alike`.

    Returns:
        None where no block can be made: the width of the input is another thing at the call
        than within the block, or the parameters are more than `MAX_PARAMETERS`.
    """
    columns = list(zip(*(form.values for form in forms), strict=True))
    widths = list(zip(*(form.widths for form in forms), strict=True))
    roles = forms[0].roles
    names: dict[str, int] = {}
    inside: list[Any] = []
    for at, column in enumerate(columns):
        # The same everywhere: a number of the block, not a parameter.
        if len(set(column)) == 1 and not _is_outer(column[0]):
            inside.append(column[0])
            continue
        role = roles[at]
        known = [
            (name, columns[place]) for name, place in names.items() if alike(role, roles[place])
        ]
        wide = widths[at] if alike(role, INPUT_WIDTH) else (None,) * len(column)
        # The simplest explanation first: another parameter, the width itself, a multiple of either.
        formula = (
            equal_to(column, known)
            or _part_of_width(column, wide, 1)
            or _part_of(column, known)
            or _part_of_width(column, wide, _LARGEST_RATIO)
        )
        if formula is None:
            # `in` means other channels within the block than at the call: no parameter can say it.
            if _depends_on_place(column, widths[at], pieces):
                return None
            # Of long pieces most have far more: each value would be compared with all before it.
            if len(names) == MAX_PARAMETERS:
                return None
            formula = Formula(unique_name(role, {*names}))
            names[formula.parameter] = at
        inside.append(formula)
    return Parameters(tuple(names.items()), tuple(inside))


def equal_to(column: Sequence[Any], known: Iterable[tuple[str, Sequence[Any]]]) -> Formula | None:
    """Return the parameter whose arguments a column repeats, of those that are known."""
    if any(_is_of_width(value) for value in column):
        return None
    return next((Formula(name) for name, other in known if list(column) == list(other)), None)


def _is_outer(value: Any) -> bool:
    """Return whether a value means nothing within a block.

    Another block's parameter, or a node outside.
    """
    return isinstance(value, NodeName) or (isinstance(value, Formula) and not value.of_width)


def _is_of_width(value: Any) -> bool:
    return isinstance(value, Formula) and value.of_width


def _depends_on_place(
    column: Sequence[Any], widths: Sequence[Any], pieces: Sequence[ItemChain]
) -> bool:
    """Return whether a value follows from channels that are not those that come into the block."""
    return any(
        _is_of_width(value) and (width is None or width != piece[0].width)
        for value, width, piece in zip(column, widths, pieces, strict=True)
    )


def _part_of(column: Sequence[Any], known: Iterable[tuple[str, Sequence[Any]]]) -> Formula | None:
    """Return a column as a whole multiple, or a whole part, of a parameter that is known."""
    for name, other in known:
        # most differ in their first row, and long blocks have hundreds of parameters
        ratio = _ratio(column[0], other[0], _LARGEST_RATIO)
        if ratio and all(
            _ratio(a, b, _LARGEST_RATIO) == ratio for a, b in zip(column, other, strict=True)
        ):
            return Formula(name, *ratio)
    return None


def _part_of_width(column: Sequence[Any], widths: Sequence[Any], largest: int) -> Formula | None:
    """Return a column as one multiple, or one part, of the channels that come in; None where it is
    not.

    A row may be such a formula already.
    """
    # One ratio for all rows, or it is coincidence.
    ratios = {
        (value.factor, value.divisor) if _is_of_width(value) else _ratio(value, width, largest)
        for value, width in zip(column, widths, strict=True)
    }
    ratio = ratios.pop()
    return Formula(INPUT_WIDTH, *ratio) if ratio and not ratios else None


def _ratio(value: Any, other: Any, largest: int) -> tuple[int, int] | None:
    """Return (n, 1) for n times the other, (1, n) for an nth of it; None for anything else."""
    if value == other and value is not None and not isinstance(value, NodeName):
        return 1, 1
    if not isinstance(value, int) or not isinstance(other, int) or min(value, other) < 1:
        return None
    factor, divisor = value // other, other // value
    if 1 < factor <= largest and value == factor * other:
        return factor, 1
    if 1 < divisor <= largest and other == divisor * value:
        return 1, divisor
    return None

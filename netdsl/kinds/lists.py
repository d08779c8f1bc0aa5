"""Lists of values: `(32, 64)`, `[[0, 1], [2, 3]]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netdsl.kinds.values import is_number, shown
from netdsl.limits import DEFAULT_LIMITS

MAX_ITEMS = DEFAULT_LIMITS.numbers
"""How many numbers one list may have that comes from outside a text."""
MAX_NESTED = 32
"""How deep lists may be nested: as deep as a tensor can have axes."""


def mixed(items: Sequence[Any]) -> str:
    """Return what is wrong with a list whose values are not of one sort: numbers, texts, yes and
    no, or lists; empty where they are.
    """
    # Reversed, so that the first of each sort is what the message shows.
    sorts = {_sort(item): item for item in reversed(items)}
    if len(sorts) < 2:
        return ""
    found = " and ".join(f"{shown(item):.40}" for item in reversed(sorts.values()))
    return f"a list holds numbers alone, or lists alone, not {found}"


def _sort(value: Any) -> type:
    kind = type(value)
    # Integers, fractions and floats are one sort.
    return kind if kind in (bool, tuple, str) else object


def too_large(value: tuple[Any, ...], numbers: int) -> str:
    """Return what a list has too much of; empty where it does not.

    Lists that are in it several times are looked through once, and count each time: a few lines
    can make one of more numbers than there is memory.

    Args:
        value: the list.
        numbers: how many it may hold.
    """
    sizes: dict[int, tuple[int, int]] = {}  # by identity: how many numbers, how deep
    waiting = [value]
    while waiting:
        each = waiting[-1]
        lists = [item for item in each if type(item) is tuple]
        unknown = [item for item in lists if id(item) not in sizes]
        # Left on the stack until what is in it is counted; no recursion, as lists may nest deeply.
        if unknown:
            waiting += unknown
            continue
        waiting.pop()
        inner = [sizes[id(item)] for item in lists]
        count = len(each) - len(lists) + sum(count for count, _ in inner)
        sizes[id(each)] = count, 1 + max((depth for _, depth in inner), default=0)
    count, depth = sizes[id(value)]
    if depth > MAX_NESTED:
        return f"this list is nested more than {MAX_NESTED} deep"
    return f"this list has more than {numbers:,} numbers" if count > numbers else ""


def is_of_numbers(value: Any) -> bool:
    """Return whether a value is a list, not empty, of numbers alone or of such lists alone."""
    waiting = [value]
    while waiting:
        items = waiting.pop()
        if type(items) is not tuple or not items:
            return False
        if any(type(item) is tuple for item in items):
            waiting += items
        elif not all(map(is_number, items)):
            return False
    return True


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Return how many items lists of lists have along each axis; None where their lengths differ,
    or numbers and lists are mixed.
    """
    if type(value) is not tuple:
        return ()
    inner = {shape_of(item) for item in value}
    (one,) = inner if len(inner) == 1 else (None,)
    return None if one is None else (len(value), *one)


def flat(value: Any) -> list[Any]:
    """Return all numbers of lists of lists, in order."""
    return [number for item in value for number in flat(item)] if type(value) is tuple else [value]


def frozen(value: Any) -> Any:
    """Lists of lists as tuples."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def nested(numbers: Sequence[Any], shape: Sequence[int]) -> Any:
    """Numbers as lists of lists of this shape."""
    if not shape:
        return numbers[0]
    step = len(numbers) // shape[0]
    return [nested(numbers[at * step : (at + 1) * step], shape[1:]) for at in range(shape[0])]

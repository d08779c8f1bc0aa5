"""Names made of others: fit for a language, and unlike those that are in use."""

from __future__ import annotations

import re
from collections.abc import Callable


def unique_name(
    name: str,
    taken: set[str],
    separator: str = "",
    key: Callable[[str], str] = str,
    numbered: bool = False,
) -> str:
    """Take the name, or the first of `name2`, `name3`, ... that nothing else has.

    Args:
        name: the name that is requested.
        taken: what names in use are by `key`; the name that is returned is among them afterwards.
        separator: what comes before the number: `_` makes `conv_2` of `conv`.
        key: says which names count as the same: by `str.lower` those that differ in case alone.
        numbered: whether the first has a number as well: `branch1`.
    """
    unique, number = f"{name}{separator}1" if numbered else name, 1
    while key(unique) in taken:
        number += 1
        unique = f"{name}{separator}{number}"
    taken.add(key(unique))
    return unique


def identifier(name: str) -> str:
    """Make a name that Python and the language take.

    Letters of ASCII in lower case, digits and `_`.
    """
    text = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
    return text if re.match("[a-z]", text) else f"net_{text}"

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
    last: dict[str, int] | None = None,
) -> str:
    """Take the name, or the first of `name2`, `name3`, ... that nothing else has.

    Args:
        name: the name that is requested.
        taken: what names in use are by `key`; the name that is returned is among them afterwards.
        separator: what comes before the number: `_` makes `conv_2` of `conv`.
        key: says which names count as the same: by `str.lower` those that differ in case alone.
        numbered: whether the first has a number as well: `branch1`.
        last: the number that each name has come to, kept here between calls: those below it are
            not tried again, where thousands have one name.
    """
    number = 1 if last is None else last.get(name, 1)
    unique = f"{name}{separator}{number}" if numbered or number > 1 else name
    while key(unique) in taken:
        number += 1
        unique = f"{name}{separator}{number}"
    if last is not None:
        last[name] = number
    taken.add(key(unique))
    return unique


def identifier(name: str) -> str:
    """Make a name that both Python and the language accept.

    Letters of ASCII in lower case, digits and `_`.
    """
    text = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
    return text if re.match("[a-z]", text) else f"net_{text}"

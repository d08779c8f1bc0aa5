"""How a kind is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from netdsl.kinds.options import Option

ARTICLED = {"size": "a size", "amount": "an amount", "stride": "a stride"}


class Signature(NamedTuple):
    """How a kind is written: what touches its word, and what is in its brackets.

    Attributes:
        word: the kind's.
        group: its family.
        takes: of size, amount and stride: `yes` (must) or `maybe`; left out: refused.
        positional: the options that may be given without their names, in order.
        options: all options by their names.
        example: one spelling, for messages.
    """

    word: str
    group: str
    takes: Mapping[str, str]
    positional: tuple[str, ...]
    options: Mapping[str, Option[Any]]
    example: str

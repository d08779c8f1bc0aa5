"""How a kind is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netdsl.kinds.options import Option

ARTICLED = {"size": "a size", "amount": "an amount", "stride": "a stride"}


class Signature:  # no named tuple: one costs a tenth of a millisecond at every start
    """How a kind is written: what touches its word, and what is in its brackets.

    Attributes:
        word: the kind's.
        group: its family.
        takes: of size, amount and stride: `yes` (must) or `maybe`; left out: refused.
        positional: the options that may be given without their names, in order.
        options: all options by their names.
        example: one spelling, for messages.
    """

    __slots__ = ("example", "group", "options", "positional", "takes", "word")

    def __init__(
        self,
        word: str,
        group: str,
        takes: Mapping[str, str],
        positional: tuple[str, ...],
        options: Mapping[str, Option[Any]],
        example: str,
    ) -> None:
        self.word, self.group, self.takes = word, group, takes
        self.positional, self.options, self.example = positional, options, example

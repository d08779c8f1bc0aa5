"""Keys of a recipe that accept an integer or, in its place, words: epochs, a time, `all`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from netdsl.training.recipes.values import NumberValue, ValueProblem, ValueType, shown

SECONDS = {"second": 1, "minute": 60, "hour": 3600}
"""The units of a time."""

MAX_EPOCHS = 10**9
"""A time that no training takes."""

_TIME = re.compile(r"([1-9][0-9]{0,8}) (second|minute|hour)s?")


@dataclass(frozen=True)
class CountOrText(ValueType):
    """An integer from 1, or a text."""

    def is_text(self, value: str) -> bool:
        """Return whether a text is accepted."""
        raise NotImplementedError

    def read(self, text: str) -> int | str:
        # Longer numbers stay texts, and are rejected as such: no training has a billion epochs.
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text

    def check(self, value: Any) -> None:
        if isinstance(value, int) and not isinstance(value, bool):
            if value < 1:
                raise ValueProblem("N505", f"requires {self.description}, not {value:,}")
        elif not isinstance(value, str) or not self.is_text(value):
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")


@dataclass(frozen=True)
class StepsOrEpochs(CountOrText):
    """Steps as an integer, or epochs: `2 epochs`."""

    description: str = "a number of steps, at least 1, or `2 epochs`"
    epochs: ClassVar[re.Pattern[str]] = re.compile(r"([1-9][0-9]{0,8}) epochs?")

    def is_text(self, value: str) -> bool:
        return self.epochs.fullmatch(value) is not None


@dataclass(frozen=True)
class StepsOrTime(CountOrText):
    """Steps as an integer, or a time: `10 minutes`."""

    description: str = "a number of steps, at least 1, or a time such as `10 minutes`"

    def is_text(self, value: str) -> bool:
        return _TIME.fullmatch(value) is not None


def seconds_of(value: int | str | None) -> int | None:
    """Return the seconds of a time that `StepsOrTime` accepts; None for steps."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * SECONDS[found[2]] if found else None


@dataclass(frozen=True)
class CountOrWord(CountOrText):
    """An integer from 1, or one word."""

    word: str

    @property
    def description(self) -> str:
        return f"`{self.word}` or an integer, at least 1"

    def is_text(self, value: str) -> bool:
        return value == self.word


@dataclass(frozen=True)
class AverageValue(ValueType):
    """How weights are averaged: the share that an update keeps, epochs, or not at all (False)."""

    share: ClassVar[NumberValue] = NumberValue(above=0, below=1)
    description: str = f"{share.description}, or epochs as `5 epochs`, or `no`"

    def read(self, text: str) -> Any:
        if text.lower() in ("no", "false"):
            return False
        return self.share.read(text) if re.match(r"[-+.]?[0-9.e]+$", text) else text

    def check(self, value: Any) -> None:
        if value is False or (isinstance(value, str) and StepsOrEpochs.epochs.fullmatch(value)):
            return
        if isinstance(value, str | bool):
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")
        self.share.check(value)

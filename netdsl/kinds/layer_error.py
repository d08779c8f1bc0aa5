"""The one exception that kinds raise."""

from __future__ import annotations

from typing import Any

# Messages quote values, and `init=` may be a list of thousands of numbers.
_LONGEST_MESSAGE = 400


class LayerError(Exception):
    """A mistake in what a layer was given.

    Attributes:
        code: of the error or warning: `N107`.
        message: what is wrong, with its numbers; cut off where it is very long.
        where: the part of the layer it lies in: `size`, `amount`, `stride`, an option's name, or
            `layer` for all of it.
        help: what to write instead.
        label: what the marked place is.
        place: that of the faulty value, where there is one.
    """

    def __init__(
        self,
        code: str,
        message: str,
        where: str = "layer",
        help: str = "",
        label: str = "",
        place: Any = None,
    ) -> None:
        if len(message) > _LONGEST_MESSAGE:
            message = f"{message[:_LONGEST_MESSAGE]}..."
        super().__init__(message)
        self.code, self.message, self.where = code, message, where
        self.help, self.label, self.place = help, label, place

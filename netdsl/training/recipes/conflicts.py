"""Conflicts in a recipe: values that contradict each other, or that do not fit the network, the
data or the machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from netdsl.errors import did_you_mean, fail
from netdsl.training.recipes.recipe import Recipe


class Typo(NamedTuple):
    """A name that is not among those that are known."""

    name: str
    known: Collection[str]


class Conflict(Exception):
    """A key of a recipe whose value is not possible, and why.

    It knows only the key, not the recipe's text: `conflict_context` finds the key's place in it.
    """

    def __init__(
        self,
        key: str | tuple[str, ...],
        message: str,
        help: str = "",
        code: str = "N507",
        typo: Typo | None = None,
    ) -> None:
        """Say what is wrong.

        Args:
            key: the key to point at, such as `early_stopping.every`; if there are several, the
                first that the recipe gives.
            message: why the value is not possible.
            help: what to do instead.
            code: the error's code.
            typo: where suggesting a similar name helps more than `help`.
        """
        super().__init__(message)
        self.keys = (key,) if isinstance(key, str) else key
        self.message, self.help, self.code, self.typo = message, help, code, typo


@contextmanager
def conflict_context(recipe: Recipe) -> Iterator[None]:
    """Show conflicts that come up in the block at their keys' places in the recipe's text.

    Raises:
        NetError: with the conflict's code.
    """
    try:
        yield
    except Conflict as conflict:
        near = did_you_mean(*conflict.typo) if conflict.typo else ""
        # The name itself where a key holds several names. A key that the recipe leaves out has no
        # place: the next one is shown, or none.
        name = conflict.typo.name if conflict.typo else ""
        places = (recipe.span(f"{key}.{name}") or recipe.span(key) for key in conflict.keys)
        place = next(filter(None, places), None)
        raise fail(conflict.code, conflict.message, place, help=near or conflict.help) from None

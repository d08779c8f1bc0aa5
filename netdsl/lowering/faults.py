"""The mistakes of a text that is read on after them."""

from netdsl.errors import Diagnostic, NetError, Span

UNKNOWN = -2
"""What a step with a mistake gives, in the place of an operation: its shape is not known."""

_ENDING = ("N405", "N406")
"""Codes of exceeded limits: nothing is read after one, so that no text takes unbounded time."""

_MAX_FOUND = 500
"""Mistakes in chains after which a text is not read on."""


class Faults:
    """The mistakes in the statement that is being lowered.

    Attributes:
        found: those that are reported.
        failed: whether there were any, also those that only follow from others.
        count: how many there were in the text, these among them.
        silent: places of unknown words and options that are known before the statement is lowered.
        guessed: operations of which nothing is known but the shape.
        invented: those of them whose shape has numbers in it that could not be read.
        misfits: operations whose output a layer cannot read at all, which is said once.
    """

    def __init__(self, silent: set[Span] | None = None) -> None:
        self.found: list[Diagnostic] = []
        self.failed = False
        self.count = 0
        self.silent: set[Span] = set() if silent is None else silent
        self.guessed: set[int] = set()
        self.invented: set[int] = set()
        self.misfits: set[int] = set()
        self._known: set[tuple[str, str, Span | None]] = set()

    def add(self, error: NetError) -> None:
        """Note the mistakes of a step, each once; reading continues after it.

        Raises:
            NetError: the same, where nothing can be read after it.
        """
        if self.ends(error):
            raise error
        self.failed = True
        self.count += 1
        for each in error.diagnostics:
            key = each.code, each.message, each.span
            # Within a block that is used a hundred times each use finds the same mistake.
            if key not in self._known and each.span not in self.silent:
                self._known.add(key)
                self.found.append(each)

    def ends(self, error: NetError) -> bool:
        """Return whether nothing can be read after an error."""
        return len(self._known) >= _MAX_FOUND or any(
            each.code in _ENDING for each in error.diagnostics
        )

    def take(self) -> list[Diagnostic]:
        """Return the mistakes of a statement, and forget them for the next one."""
        found, self.found, self.failed = self.found, [], False
        return found

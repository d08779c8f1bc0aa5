"""What is said where a machine's memory runs out, on whatever backend it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netdsl.errors import Diagnostic, NetError, RunError
from netdsl.wording import bytes_text

if TYPE_CHECKING:
    from netdsl.graph import Graph

OUT_OF_MEMORY = frozenset(("MemoryError", "ResourceExhaustedError", "OutOfMemoryError"))
"""What Python and the backends raise: classes that cannot be named without importing a backend."""

EXHAUSTED = "RESOURCE_EXHAUSTED"
"""What the messages of other classes hold that the backends raise then."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the memory is full."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & OUT_OF_MEMORY) or EXHAUSTED in str(error)


@contextmanager
def memory_context(explain: Callable[[], tuple[str, str]]) -> Iterator[None]:
    """Make one clear message of the ways in which memory runs out in the block.

    Args:
        explain: gives the message and its help; called only where it is needed.

    Raises:
        RunError: N612 where the memory is full.
    """
    try:
        yield
    except NetError:
        raise
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        message, help = explain()
        raise RunError(Diagnostic("N612", message, help=help)) from None


def smaller_training(graph: Graph, batch: int, precision: str, optimizer: str) -> tuple[str, str]:
    """Say where the memory is full what a step takes by the estimate, and which batch half of that
    would hold.

    Returns:
        The message and its help, for `memory_context`.
    """
    from netdsl.analysis.memory import estimate, largest_batch

    peak = estimate(graph, batch, precision, optimizer).training_peak
    fits = largest_batch(graph, peak // 2, precision, optimizer)
    message = f"not enough memory for this training: a batch of {batch:,} needs about {bytes_text(peak)}, plus workspace"
    help = (
        f"`batch: {fits}` needs half of it" if fits else "use a smaller `batch`, or a smaller input"
    )
    return message, help

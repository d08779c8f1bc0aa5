"""The memory of this machine: how much is free, and what is said where it runs out, on whatever
backend it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import Diagnostic, NetError, RunError
from netdsl.wording import bytes_text

if TYPE_CHECKING:
    from netdsl.graph import Graph

OUT_OF_MEMORY = frozenset(("MemoryError", "ResourceExhaustedError", "OutOfMemoryError"))
"""What Python and the backends raise: classes that cannot be named without importing a backend."""

EXHAUSTED = ("RESOURCE_EXHAUSTED", "could not create a memory object")
"""What the messages of other classes hold that the backends raise then; the second is oneDNN's."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory is full."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & OUT_OF_MEMORY) or any(text in str(error) for text in EXHAUSTED)


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
    message = (
        f"not enough memory for this training: a batch of {batch:,} needs about "
        f"{bytes_text(peak)}, plus workspace"
    )
    help = (
        f"`batch: {fits}` needs half of it" if fits else "use a smaller `batch`, or a smaller input"
    )
    return message, help


def check_memory(graph: Graph, batch: int, precision: str, optimizer: str) -> None:
    """Refuse a training that cannot fit into this machine's memory, before its first step.

    Args:
        graph: the network's.
        batch: examples in a step.
        precision: of the activations.
        optimizer: whose slots are kept.

    Raises:
        RunError: N612, with a batch that takes half of what is free by the estimate, as it leaves
            out what the backend takes on top, and with the largest that could fit.
    """
    from netdsl.analysis.memory import estimate, largest_batch

    free = available_bytes()
    peak = estimate(graph, batch, precision, optimizer).training_peak
    if free is None or peak <= free:
        return
    halves, fits = (
        largest_batch(graph, budget, precision, optimizer) for budget in (free // 2, free)
    )
    message = (
        f"not enough memory for this training: a batch of {batch:,} needs at least "
        f"{bytes_text(peak)}, and {bytes_text(free)} are free"
    )
    help = (
        f"`batch: {max(1, halves)}` takes half of it, the rest is for the backend; "
        f"the largest that could fit is {fits}"
        if fits
        else "use a smaller network or input: not even one example fits"
    )
    raise RunError(Diagnostic("N612", message, help=help))


# --- what is free ---------------------------------------------------------------------------------


def available_bytes(root: Path = Path("/")) -> int | None:
    """Say how much memory this process can still take.

    What the machine has, or what is left of its control groups' limits (cgroup v1 and v2) and of
    `ulimit -v`; None where nothing says it.

    Args:
        root: where the file system begins.
    """
    found = [_of_machine(root), *_of_groups(root), _of_limit()]
    known = [value for value in found if value is not None]
    return max(0, min(known)) if known else None


def _of_machine(root: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _of_groups(root: Path) -> Iterator[int | None]:
    """Yield what is left of the limit of each group that this process is in."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current")
            elif "memory" in controllers.split(","):
                top = root / "sys/fs/cgroup/memory"
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            else:
                continue
            group = top / path.lstrip("/")
            for folder in (group, *group.parents):
                if folder.is_relative_to(top):
                    yield _left(folder, *names)


def _left(group: Path, limit: str, usage: str) -> int | None:
    """Return what is left of a group's limit; pages of files that can be dropped are not used."""
    with suppress(OSError, ValueError):  # `max` is not a number: there is no limit
        allowed, used = (int((group / name).read_text()) for name in (limit, usage))
        lines = (group / "memory.stat").read_text().splitlines()
        stat = dict(line.split(maxsplit=1) for line in lines)
        return allowed - used + int(stat.get("inactive_file", 0))
    return None


def _of_limit() -> int | None:
    with suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            return soft - pages * resource.getpagesize()
    return None

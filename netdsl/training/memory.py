"""The memory of this machine: how much is free, and what is said where it runs out, on whatever
backend it does.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from netdsl.errors import Diagnostic, NetError, RunError
from netdsl.wording import bytes_text

if TYPE_CHECKING:
    from netdsl.analysis.memory.process import Overheads

OUT_OF_MEMORY = frozenset(("MemoryError", "ResourceExhaustedError", "OutOfMemoryError"))
"""What Python and the backends raise: classes that cannot be named without importing a backend."""

EXHAUSTED = ("RESOURCE_EXHAUSTED", "could not create a memory object")
"""What the messages of other classes hold that the backends raise then; the second is oneDNN's."""


class TrainingMemory(Protocol):
    """A training, as far as memory is concerned, as `ProcessMemory` is."""

    def needed(self, batch: int, kind: Overheads) -> int:
        """Return the bytes that it takes with this batch on top of what is there."""

    def largest(self, budget: int, kind: Overheads) -> int:
        """Return the largest batch with which it takes at most this much, 0 where none does."""


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
        # By class or by text: a backend's own class need not be imported to be recognised.
        if not is_out_of_memory(error):
            raise
        message, help = explain()
        raise RunError(Diagnostic("N612", message, help=help)) from None


def smaller_training(training: TrainingMemory, batch: int) -> tuple[str, str]:
    """Say where the memory is full what a step takes by the estimate, and which batch half of that
    would hold.

    Returns:
        The message and its help, for `memory_context`.
    """
    from netdsl.analysis.memory.process import RESIDENT

    needed = training.needed(batch, RESIDENT)
    fits = training.largest(needed // 2, RESIDENT)
    message = (
        f"not enough memory for this training: a batch of {batch:,} needs about "
        f"{bytes_text(needed)}"
    )
    help = (
        f"`batch: {fits}` needs half of it" if fits else "use a smaller `batch`, or a smaller input"
    )
    return message, help


def check_memory(training: TrainingMemory, batch: int) -> None:
    """Refuse a training that does not fit into this machine's memory, before its first step.

    Args:
        training: as far as memory is concerned.
        batch: examples in a step.

    Raises:
        RunError: N612, with the largest batch that fits by the estimate.
    """
    from netdsl.analysis.memory.process import ADDRESSES, RESIDENT

    limits = [
        (free, training.needed(batch, kind), training.largest(free, kind))
        for free, kind in ((free_memory(), RESIDENT), (free_addresses(), ADDRESSES))
        if free is not None
    ]
    # Two limits, since they count different things: pages in use, and addresses reserved (which the
    # backends reserve far more of than they use).
    over = [limit for limit in limits if limit[1] > limit[0]]
    if not over:
        return
    # The one that allows the smaller batch: what the help says must fit within both.
    free, needed, fits = min(over, key=lambda limit: limit[2])
    message = (
        f"not enough memory for this training: a batch of {batch:,} needs about "
        f"{bytes_text(needed)}, and {bytes_text(free)} are free"
    )
    help = (
        f"`batch: {fits}` fits"
        if fits
        else "use a smaller network or input, or less data: not even one example fits"
    )
    raise RunError(Diagnostic("N612", message, help=help))


# --- what is free ---------------------------------------------------------------------------------


def available_bytes() -> int | None:
    """Say how much memory this process can still take; None where nothing says it."""
    return _smallest(free_memory(), free_addresses())


def free_memory(root: Path = Path("/")) -> int | None:
    """Say how much memory is left to this process.

    What the machine has, or what is left of its control groups' limits (cgroup v1 and v2); None
    where nothing says it.

    Args:
        root: where the file system begins.
    """
    return _smallest(_of_machine(root), *_of_groups(root))


def _smallest(*found: int | None) -> int | None:
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
                top, usage = root / "sys/fs/cgroup", "memory.current"
                # Above `high` the kernel slows a process down until it hardly runs.
                limits = ["memory.max", "memory.high"]
            elif "memory" in controllers.split(","):
                top, usage = root / "sys/fs/cgroup/memory", "memory.usage_in_bytes"
                limits = ["memory.limit_in_bytes"]
            else:
                continue
            group = top / path.lstrip("/")
            # Limits of the groups around count too: a container's is often set two levels up.
            for folder in (group, *group.parents):
                if folder.is_relative_to(top):
                    yield from (_left(folder, limit, usage) for limit in limits)


def _left(group: Path, limit: str, usage: str) -> int | None:
    """Return what is left of a group's limit; pages of files that can be dropped are not used."""
    with suppress(OSError, ValueError):  # `max` is not a number: there is no limit
        allowed, used = (int((group / name).read_text()) for name in (limit, usage))
        # The kernel drops such pages before it refuses memory: counted as used, a machine that has
        # read a large data set would seem full.
        return allowed - used + _dropped(group)
    return None


def _dropped(group: Path) -> int:
    """Return the bytes of pages that can be dropped, in a group and those within it."""
    with suppress(OSError, ValueError, IndexError):
        lines = (group / "memory.stat").read_text().splitlines()
        stat = dict(line.split(maxsplit=1) for line in lines)
        # In cgroup v1 those with `total_` are of the groups within too, as its usage is.
        return int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
    return 0


def accelerator_memory() -> int | None:
    """Say how much memory the smallest NVIDIA GPU has in all; None where nothing says it.

    Not what is free: backends take most of it for themselves when they begin.
    """
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        return min(int(line) << 20 for line in said.stdout.split("\n") if line.strip())
    return None


def free_addresses() -> int | None:
    """Say how much is left of `ulimit -v`; None where it limits nothing."""
    with suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            return soft - pages * resource.getpagesize()
    return None


def cores() -> int:
    """Return how many cores this process can use: each has threads, with memory of their own."""
    if hasattr(os, "sched_getaffinity"):
        # A container or `taskset` may allow fewer than the machine has.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

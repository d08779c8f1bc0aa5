"""The memory of this machine: how much is free, and the error when it runs out, on any backend."""

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
"""The errors of Python and the backends, by name, so that no backend need be imported."""

EXHAUSTED = ("RESOURCE_EXHAUSTED", "could not create a memory object")
"""Parts of the messages of other errors that backends raise then; the second is oneDNN's."""


class TrainingMemory(Protocol):
    """The memory that a training needs, as `ProcessMemory` describes it."""

    def needed(self, batch: int, kind: Overheads) -> int:
        """Return the bytes that it needs with this batch, in addition to what is used already."""

    def largest(self, budget: int, kind: Overheads) -> int:
        """Return the largest batch with which it needs at most `budget` bytes; 0 for none."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory is full."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & OUT_OF_MEMORY) or any(text in str(error) for text in EXHAUSTED)


@contextmanager
def memory_context(explain: Callable[[], tuple[str, str]]) -> Iterator[None]:
    """Within the block, turn errors that are raised when memory runs out into one clear message.

    Args:
        explain: returns the message and its help; called only if it is needed.

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
    """Return the error's texts where the memory is full: how much a step needs by the estimate, and
    which batch would need half of that.

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
    """Reject a training that does not fit into this machine's memory, before its first step.

    Args:
        training: the memory that it needs.
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
    # Two limits that count different things: pages in use, and reserved addresses, of which
    # backends reserve far more than they use.
    over = [limit for limit in limits if limit[1] > limit[0]]
    if not over:
        return
    # The limit that allows the smaller batch: the batch in the help must fit within both.
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
    """Return how much memory this process can still use; None where it cannot be found out."""
    return _smallest(free_memory(), free_addresses())


def free_memory(root: Path = Path("/")) -> int | None:
    """Return how much memory is free for this process.

    It is the free memory of the machine, or what is left of the limits of its control groups
    (cgroup v1 and v2); None where it cannot be found out.

    Args:
        root: the root of the file system.
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
    """Yield how much is left of the limit of each group that this process is in."""
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
            # Limits of enclosing groups count, too: a container's is often set two levels up.
            for folder in (group, *group.parents):
                if folder.is_relative_to(top):
                    yield from (_left(folder, limit, usage) for limit in limits)


def _left(group: Path, limit: str, usage: str) -> int | None:
    """Return how much is left of a group's limit; droppable pages of files count as free."""
    with suppress(OSError, ValueError):  # `max` is not a number: there is no limit
        allowed, used = (int((group / name).read_text()) for name in (limit, usage))
        # The kernel drops such pages before it denies memory: if they counted as used, a machine
        # that has read a large data set would seem full.
        return allowed - used + _dropped(group)
    return None


def _dropped(group: Path) -> int:
    """Return the bytes of pages that can be dropped, in a group and its subgroups."""
    with suppress(OSError, ValueError, IndexError):
        lines = (group / "memory.stat").read_text().splitlines()
        stat = dict(line.split(maxsplit=1) for line in lines)
        # In cgroup v1 values with `total_` include subgroups, as the usage does.
        return int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
    return 0


def accelerator_memory() -> int | None:
    """Return the total memory of the smallest NVIDIA GPU; None where it cannot be found out.

    It is not what is free: backends reserve most of it for themselves when they start.
    """
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        return min(int(line) << 20 for line in said.stdout.split("\n") if line.strip())
    return None


def free_addresses() -> int | None:
    """Return how much is left of the limit of `ulimit -v`; None if there is none."""
    with suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            return soft - pages * resource.getpagesize()
    return None


def cores() -> int:
    """Return how many cores this process can use: backends have threads, with memory, for each."""
    if hasattr(os, "sched_getaffinity"):
        # A container or `taskset` may allow fewer than the machine has.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""The estimated memory of a training, and the batch that `batch: auto` chooses."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from netdsl.analysis.memory.process import ADDRESSES, RESIDENT, ProcessMemory
from netdsl.process import backend
from netdsl.training.data.sizes import evaluation_batch, kept_nbytes
from netdsl.training.distributed.devices import has_accelerator
from netdsl.training.distributed.sharing import is_shared
from netdsl.training.memory import accelerator_memory, cores, free_addresses, free_memory
from netdsl.training.recipes.conflicts import Conflict
from netdsl.wording import bytes_text

if TYPE_CHECKING:
    from netdsl.analysis.memory.process import Overheads
    from netdsl.graph import Graph
    from netdsl.training.data import Data
    from netdsl.training.recipes.recipe import Recipe

AUTO = "auto"
"""The value of `batch` that lets the memory decide."""

SHARE = Fraction(3, 5)
"""The share of free memory to use: the rest is for other programs, and for errors of estimates."""

LARGEST = 1024
"""The largest batch: a training with larger ones needs more care than a rule can take."""

STEPS = 20
"""The fewest steps in an epoch: with fewer updates a network learns little from it."""


class AutoBatch(NamedTuple):
    """Examples in a step, and why."""

    batch: int
    why: str


def training_memory(graph: Graph, recipe: Recipe, data: Data) -> ProcessMemory:
    """Return the memory that a training needs.

    Args:
        graph: the network's.
        recipe: with every value, or one whose batch is not chosen yet.
        data: all parts.
    """
    kept = sum(kept_nbytes(part, data.preparation) for part in (data.train, data.validation))
    # For a second training, the two parts are joined and prepared once more.
    again = recipe.early_stopping.then == "retrain"
    return ProcessMemory(
        graph,
        recipe.precision or "float32",
        recipe.optimizer.chosen,
        recipe.backend or backend(),
        min(len(data.validation), evaluation_batch(data.preparation, recipe.batch_size)),
        kept * (2 if again else 1),
        cores(),
        copies=2 if recipe.adversarial.eps else 1,
    )


def with_batch(recipe: Recipe, graph: Graph, data: Data) -> tuple[Recipe, str]:
    """Replace the batch `auto` by one that fits.

    Args:
        recipe: the recipe.
        graph: the network's.
        data: all parts.

    Returns:
        The recipe, and the reason for its batch; empty if it is not `auto`.

    Raises:
        Conflict: for an optimizer that uses the whole training part in each step, for several
            devices, and where it cannot be found out how much memory is free.
    """
    if recipe.batch != AUTO:
        return recipe, ""
    if recipe.optimizer.whole:
        message = f"`{recipe.optimizer.chosen}` uses the whole training part as its batch"
        raise Conflict("batch", message, help="leave `batch` out, or use `sgd`")
    if is_shared(recipe):
        message = "`batch: auto` looks at the memory of one device, and several share a batch"
        raise Conflict("batch", message, help="give a number: batch: 128")
    found = auto_batch(training_memory(graph, recipe, data), len(data.train))
    return dataclasses.replace(recipe, batch=found.batch), found.why


def auto_batch(training: ProcessMemory, examples: int) -> AutoBatch:
    """Choose the largest power of two that fits.

    It takes at most `SHARE` of the memory by the estimate, is at most `LARGEST`, and leaves an
    epoch `STEPS` steps; it is 1 where not even that fits.

    Args:
        training: the memory that it needs.
        examples: of the training part.

    Raises:
        Conflict: N507 where it cannot be found out how much memory is free.
    """
    limits = [(free, training.largest(int(SHARE * free), kind)) for free, kind in _memory()]
    if not limits:
        message = "nothing says here how much memory is free for `batch: auto`"
        raise Conflict("batch", message, help="give a number: batch: 128")
    free, fits = min(limits, key=lambda one: one[1])
    share = f"{float(SHARE):.0%} of {bytes_text(free)} hold {fits:,}"
    few = f"{STEPS} steps in an epoch of {examples:,} examples"
    reasons = {fits: share, examples // STEPS: few, LARGEST: "its upper limit"}
    limit = min(reasons)
    batch = 1 << max(0, limit.bit_length() - 1)
    return AutoBatch(batch, f"auto: {reasons[limit]}")


def auto_note(recipe: Recipe, why: str) -> str:
    """Return a note on the batch that was chosen, the reason, and the rate that is not changed."""
    rate = f"the rate stays {recipe.optimizer.rate:g}, whatever the batch is"
    return f"batch {recipe.batch_size:,} ({why}); {rate}: `--find-rate` tries others"


def _memory() -> list[tuple[int, Overheads]]:
    """List how much memory is free, for each limit that there is."""
    own = accelerator_memory()
    if has_accelerator():
        return [(own, RESIDENT)] if own is not None else []
    found = ((free_memory(), RESIDENT), (free_addresses(), ADDRESSES))
    return [(free, kind) for free, kind in found if free is not None]

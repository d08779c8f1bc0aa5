"""The estimate of a network's memory, and the largest batch that fits."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from netdsl.analysis.memory.plan import MemoryPlan, make_plan
from netdsl.analysis.memory.storage import Outputs
from netdsl.analysis.memory.training_walk import HeldBytes, TrainingWalk
from netdsl.graph import Graph

# What was measured lies between these multiples of the estimates (docs/accounting.md, "How near it
# comes"): a library's workspace; the peak of training as PyTorch simulates it and as XLA reserves
# it on a CPU; the peak in use as PyTorch simulates it.
WORKSPACE_BAND = (Fraction(0), Fraction(2))
TORCH_BAND = (Fraction("0.98"), Fraction("1.02"))
XLA_BAND = (Fraction("0.6"), Fraction("3.2"))
USE_BAND = (Fraction(1), Fraction("1.6"))


class Memory(NamedTuple):
    """Bytes, for a batch.

    Attributes:
        parameters: all that is stored, trained or moving; `mixed` adds the copies of the trained
            ones in two bytes.
        gradients: one number for each trained weight.
        optimizer: the optimizer's slots.
        activation_bytes: the lecture's sum over the inputs and all outputs; activations, pad,
            flatten and dropout work in place.
        saved: what the backward pass needs of the forward pass, each tensor once.
        inference_peak: parameters, and the largest sum of tensors alive at one time in use.
        training_peak: the largest sum at one step of forward pass, backward pass and update.
        workspace: an estimate of what a library takes on top, in no other line; see
            `WORKSPACE_BAND`.
    """

    parameters: int
    gradients: int
    optimizer: int
    activation_bytes: int
    saved: int
    inference_peak: int
    training_peak: int
    workspace: int


def estimate(
    graph: Graph, batch: int = 1, precision: str = "float32", optimizer: str = "adam"
) -> Memory:
    """Return the memory of a network, for a batch of this many examples.

    Args:
        graph: the network.
        batch: examples in a batch.
        precision: a key of `PRECISIONS`.
        optimizer: a key of `SLOTS`, whose arrays are held.

    Raises:
        ValueError: where the batch is below 1, or the precision or optimizer is none of
            `PRECISIONS`, `SLOTS`.
    """
    if batch < 1:
        raise ValueError(f"a batch has at least 1 example, not {batch}")
    plan = make_plan(graph, precision, optimizer)
    training, use, saved = peaks(plan)
    return Memory(
        parameters=plan.parameters,
        gradients=plan.gradients,
        optimizer=plan.slots,
        activation_bytes=sum(facts.size for facts in plan.facts if not facts.free) * batch,
        saved=saved[0] + saved[1] * batch,
        inference_peak=max(fixed + each * batch for fixed, each in use),
        training_peak=max(fixed + each * batch for fixed, each in training),
        workspace=max(facts.moved for facts in plan.facts) * batch,
    )


def largest_batch(
    graph: Graph, budget_bytes: int, precision: str = "float32", optimizer: str = "adam"
) -> int:
    """Return the most examples in a batch whose training peak fits into this many bytes.

    0 where not even one does. The workspace is not in it.

    Args:
        graph: the network.
        budget_bytes: what a training may take at its peak.
        precision: a key of `PRECISIONS`.
        optimizer: a key of `SLOTS`.

    Raises:
        ValueError: where the precision or optimizer is none of `PRECISIONS`, `SLOTS`.
    """
    return largest_of(peaks(make_plan(graph, precision, optimizer)).training, budget_bytes)


def largest_of(steps: list[HeldBytes], budget_bytes: int) -> int:
    """Return the most examples with which each step holds at most this many bytes.

    0 where not even one does.
    """
    if any(fixed > budget_bytes for fixed, _ in steps):
        return 0
    # Each step is a line in the batch: the smallest of all bounds is exact, without a search.
    return min((budget_bytes - fixed) // each for fixed, each in steps if each)


class Peaks(NamedTuple):
    """What is held at each step of a training and in use, and what is saved between the passes."""

    training: list[HeldBytes]
    use: list[HeldBytes]
    saved: HeldBytes


def peaks(plan: MemoryPlan) -> Peaks:
    """Walk through a network, in training and in use."""
    walk = TrainingWalk(plan)
    saved = walk.run()
    return Peaks(walk.steps, list(_held_in_use(plan)), saved)


def _held_in_use(plan: MemoryPlan) -> Iterator[HeldBytes]:
    """Yield what is held at each step in use."""
    outputs = Outputs(plan, training=False)
    yield plan.parameters, outputs.store.bytes
    for index, op in enumerate(plan.graph.ops):
        if op.kind is not None:
            outputs.make(index)
        yield plan.parameters, outputs.store.bytes
        outputs.read(index)

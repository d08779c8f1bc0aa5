"""What a training takes of its process, beyond its tensors: a measured model.

The definitions of estimate.py are of tensors. A process holds more: what the backend sets up, what
its operations copy, what the allocator keeps for itself, and copies of the weights. The constants
below are measured, and round to the safe side: `docs/accounting.md`, "What a process takes".
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from netdsl.analysis.memory.estimate import largest_of, peaks
from netdsl.analysis.memory.plan import MemoryPlan, make_plan
from netdsl.graph import Graph

_MIB = 1 << 20


class Overhead(NamedTuple):
    """What a backend takes on top, of one kind of memory.

    Attributes:
        fixed: bytes that any training takes: libraries, compiled programs.
        each_core: bytes that the threads of a core take.
        times: what the tensors' bytes are multiplied by.
    """

    fixed: int
    each_core: int
    times: Fraction


Overheads = dict[str, Overhead]
"""By backend."""

RESIDENT: Overheads = {
    "tensorflow": Overhead(100 * _MIB, 0, Fraction("1.3")),
    "jax": Overhead(700 * _MIB, 0, Fraction("2.8")),
    "torch": Overhead(100 * _MIB, 0, Fraction("2.2")),
}
"""Of the memory itself, which a machine and control groups limit: the rise of VmHWM from before
the model is built to the end of the run.
"""

ADDRESSES: Overheads = {
    "tensorflow": Overhead(500 * _MIB, 150 * _MIB, Fraction(2)),
    "jax": Overhead(1200 * _MIB, 150 * _MIB, Fraction("2.8")),
    "torch": Overhead(100 * _MIB, 150 * _MIB, Fraction("2.2")),
}
"""Of addresses, which `ulimit -v` limits: the rise of VmPeak. Threads and their heaps reserve more
than they use.
"""

COPIES = 6
"""Of the weights: the best and the last ones, and a checkpoint with the optimizer's slots, in
memory and as they are written.
"""


class ProcessMemory(NamedTuple):
    """A training, as far as memory is concerned.

    Attributes:
        graph: the network's.
        precision: of the activations. Half precision counts as float32, in which a CPU without
            arithmetic for it computes.
        optimizer: whose slots are kept.
        backend: that computes.
        evaluated: the examples that are evaluated at a time, at least.
        data: bytes of prepared examples that are kept.
        cores: of the CPU.
        copies: of each example of a batch in a step: 2 in adversarial training.
    """

    graph: Graph
    precision: str = "float32"
    optimizer: str = "adam"
    backend: str = "tensorflow"
    evaluated: int = 1
    data: int = 0
    cores: int = 1
    copies: int = 1

    def needed(self, batch: int, kind: Overheads) -> int:
        """Return the bytes that a training with this batch takes on top of what is there."""
        plan = self._plan()
        training, use, _ = peaks(plan)
        tensors = max(
            max(fixed + each * batch * self.copies for fixed, each in training),
            max(fixed + each * self.evaluated for fixed, each in use),
        )
        return self._fixed(plan, kind) + int(self._overhead(kind).times * tensors)

    def largest(self, budget: int, kind: Overheads) -> int:
        """Return the most examples in a batch with which a training takes at most this much.

        0 where not even one does.
        """
        # Also where the constant part alone is above the budget: what is left would be below 0.
        if self.needed(1, kind) > budget:
            return 0
        plan = self._plan()
        tensors = (budget - self._fixed(plan, kind)) / self._overhead(kind).times
        return largest_of(peaks(plan).training, int(tensors)) // self.copies

    def _plan(self) -> MemoryPlan:
        precision = "float64" if self.precision == "float64" else "float32"
        return make_plan(self.graph, precision, self.optimizer, temporaries=True)

    def _fixed(self, plan: MemoryPlan, kind: Overheads) -> int:
        """Return what does not depend on the batch, except for tensors."""
        overhead = self._overhead(kind)
        threads = overhead.each_core * self.cores
        return overhead.fixed + threads + self.data + COPIES * plan.parameters

    def _overhead(self, kind: Overheads) -> Overhead:
        """Return the backend's overhead; for one that was not measured the largest."""
        return kind.get(self.backend) or Overhead(*map(max, zip(*kind.values(), strict=True)))

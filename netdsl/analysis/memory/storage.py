"""Which tensors are in memory at one time, and how many bytes they have."""

from __future__ import annotations

from netdsl.analysis.memory.plan import MemoryPlan


class Store:
    """Tensors by their numbers, each with its holders, and the bytes of all of them for one
    example.
    """

    def __init__(self, places: int = 0) -> None:
        self.bytes = 0
        self._sizes = [0] * places
        self._holders = [0] * places

    def make(self, name: int, size: int) -> None:
        """Add a tensor at one of the first places, with one holder."""
        self._sizes[name] = size
        self._holders[name] = 1
        self.bytes += size

    def new(self, size: int) -> int:
        """Add a tensor after all others, with one holder, and return its number."""
        self._sizes.append(size)
        self._holders.append(1)
        self.bytes += size
        return len(self._sizes) - 1

    def hold(self, name: int) -> None:
        """Add a holder."""
        self._holders[name] += 1

    def release(self, name: int) -> None:
        """Take a holder away; the last one frees the tensor."""
        self._holders[name] -= 1
        if not self._holders[name]:
            self.bytes -= self._sizes[name]

    def alone(self, name: int) -> bool:
        """Return whether a tensor has one holder only."""
        return self._holders[name] == 1


class Outputs:
    """The outputs of operations in order.

    Each is held from the operation that makes it to the last one that reads it.
    """

    def __init__(self, plan: MemoryPlan, training: bool) -> None:
        self.store = Store(len(plan.facts))
        self.homes = homes(plan, training)
        self._facts = plan.facts
        self._dying: list[list[int]] = [[] for _ in range(len(plan.facts) + 1)]
        for index, last in enumerate(plan.last):
            # By the last reader: a walk then finds what is freed at a step in one look.
            self._dying[last].append(index)
        for index, op in enumerate(plan.graph.ops):
            if op.kind is None:
                self.store.make(index, plan.facts[index].size)

    def make(self, index: int) -> None:
        """Hold the output of an operation, except the network's inputs.

        They are there from the beginning.
        """
        if self.homes[index] == index:
            self.store.make(index, self._facts[index].size)
        else:
            self.store.hold(self.homes[index])

    def read(self, index: int) -> None:
        """Finish an operation; with the number after the last one, all of them.

        What nothing reads any more is let go.
        """
        for dead in self._dying[index]:
            self.store.release(self.homes[dead])


def homes(plan: MemoryPlan, training: bool) -> list[int]:
    """Return for each operation the one in whose storage its output lies.

    Its own, or that of its input.

    What can work in place does so where nothing else reads its input and no gradient needs it; a
    view is its input.
    """
    found: list[int] = []
    busy = [False] * len(plan.facts)
    for index, (op, own) in enumerate(zip(plan.graph.ops, plan.facts, strict=True)):
        before = found[op.inputs[0]] if op.inputs else index
        is_view = own.is_view or (own.inactive_in_use and not training)
        saves = training and plan.trained[index]
        # What its own gradient needs of the input must not be written over.
        in_place = own.in_place and not busy[before] and not (saves and own.saves_inputs)
        at = before if is_view or in_place else index
        # An input is the caller's; what is read twice, or saved, must outlive the next operation.
        if op.kind is None or plan.readers[index] > 1 or (saves and own.saves_output):
            busy[at] = True
        found.append(at)
    return found

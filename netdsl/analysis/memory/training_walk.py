"""The walk of a training step: forward, backward, and through the update."""

from __future__ import annotations

from netdsl.analysis.memory.plan import MemoryPlan
from netdsl.analysis.memory.storage import Outputs, Store

# What is held at one time, in bytes: this many whatever the batch, and this many an example.
HeldBytes = tuple[int, int]


class TrainingWalk:
    """A walk forward, backward and through the update that notes what is held at each step.

    The inputs are held to its end.

    Attributes:
        plan: of the network.
        steps: what is held at each step.
        fixed: bytes held whatever the batch.
    """

    def __init__(self, plan: MemoryPlan) -> None:
        self.plan = plan
        self.steps: list[HeldBytes] = []
        self.fixed = plan.parameters + plan.slots
        self._outputs = Outputs(plan, training=True)
        self._inputs = [index for index, op in enumerate(plan.graph.ops) if op.kind is None]
        for index in self._inputs:
            self._outputs.store.hold(index)  # by the caller who asks for the step
        self._gradients = Store()
        self._gradient: dict[int, int] = {}  # by operation: the gradient of its output
        self._kernels = [False] * len(plan.facts)  # whose gradients are made
        self._rests = [False] * len(plan.facts)
        self._extra = 0  # bytes saved in addition to outputs, for one example

    def run(self) -> HeldBytes:
        """Walk through the step, and return what is saved between the passes."""
        plan = self.plan
        for index, op in enumerate(plan.graph.ops):
            if op.kind is not None:
                self.forward(index)
            self._outputs.read(index)
        saved = self.loss()
        for index in range(len(plan.facts) - 1, -1, -1):
            if plan.trained[index]:
                self.backward(index)
        # All tensors of the passes are freed by then, but for the caller's inputs.
        update = plan.parameters + plan.gradients + plan.slots + plan.scratch
        self.steps.append((update, sum(plan.facts[index].size for index in self._inputs)))
        return saved

    def note(self, more: int = 0) -> None:
        """Note what is held now, and `more` bytes whatever the batch."""
        each = self._outputs.store.bytes + self._extra + self._gradients.bytes
        self.steps.append((self.fixed + more, each))

    def forward(self, index: int) -> None:
        """Go forward through one operation: make its output, save what its gradient needs."""
        self._outputs.make(index)
        if self.plan.trained[index]:
            own, store = self.plan.facts[index], self._outputs.store
            for home in self._saved(index):
                store.hold(home)
            self._extra += own.extra
            self.fixed += own.once
        self.note()

    def loss(self) -> HeldBytes:
        """Make the gradients of the loss with respect to the network's outputs.

        Returns what is saved between the passes.
        """
        plan, store = self.plan, self._outputs.store
        for end in sorted(plan.ends):
            if plan.trained[end]:
                self._gradient[end] = self._gradients.new(plan.facts[end].size)
        self.note()
        self._outputs.read(len(plan.facts))
        # An input that no gradient needs is held by the caller alone, and is not saved.
        unused = sum(plan.facts[index].size for index in self._inputs if store.alone(index))
        return (
            self.fixed - plan.parameters - plan.slots,
            store.bytes - unused + self._extra,
        )

    def backward(self, index: int) -> None:
        """Go back through one operation.

        Gradients of its weights and inputs from that of its output, which is freed with what was
        saved.
        """
        own, op = self.plan.facts[index], self.plan.graph.ops[index]
        gradient = self._gradient.pop(index)
        again = self.weight_gradients(index)
        parts: list[tuple[int, int]] = []
        for source in op.inputs:
            if self.plan.trained[source]:
                size = self.plan.facts[source].size
                # A sum hands its gradient on, and a concatenation slices of it. A branch that was
                # spread over positions (`add[ a | gap ]`) has a sum of it, in storage of its own.
                if own.splits_gradient or (own.passes_gradient and size == own.size):
                    self._gradients.hold(gradient)
                    parts.append((source, gradient))
                else:
                    parts.append((source, self._gradients.new(size)))
        # Before anything is freed: a gradient and what it is made of are there at one time.
        self.note(again)
        self._gradients.release(gradient)
        for home in self._saved(index):
            self._outputs.store.release(home)
        self._extra -= own.extra
        self.fixed -= own.once
        for source, part in parts:
            self._add(source, part)

    def weight_gradients(self, index: int) -> int:
        """Make the gradients of an operation's weights.

        Returns the bytes of those that are added to gradients made before.
        """
        own, (kernel, rest) = self.plan.facts[index], self.plan.owners[index]
        again = 0
        for owner, made, elements in (
            (kernel, self._kernels, own.kernel),
            (rest, self._rests, own.rest),
        ):
            # A further use of shared weights makes a gradient that is added to the first one.
            again += elements * self.plan.width * made[owner]
            self.fixed += elements * self.plan.width * (not made[owner])
            made[owner] = True
        return again

    def _saved(self, index: int) -> list[int]:
        """Return the storages of the inputs and the output that an operation saves."""
        own, homes = self.plan.facts[index], self._outputs.homes
        found = [homes[source] for source in self.plan.graph.ops[index].inputs]
        return (found if own.saves_inputs else []) + ([homes[index]] if own.saves_output else [])

    def _add(self, source: int, part: int) -> None:
        """Add a gradient of an operation's output; with an earlier one, their sum.

        Two tensors are read and a third is written.
        """
        there = self._gradient.get(source)
        if there is None:
            self._gradient[source] = part
            return
        self._gradient[source] = self._gradients.new(self.plan.facts[source].size)
        self.note()
        self._gradients.release(there)
        self._gradients.release(part)

"""A call of a Keras operation, as importing reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from netdsl.errors import NetError, fail
from netdsl.kinds.values import Shape


class ModelCall(NamedTuple):
    """One call of a Keras operation on the outputs of earlier calls, or one of several that
    together do the same.

    Attributes:
        name: the operation's name in the model.
        class_name: the name of its class; `InputLayer` for an input.
        config: what the class was made with.
        inputs: the calls whose outputs go in, by their place in the list.
        arguments: those of the call, in order; None represents tensors.
        named: the arguments by name, tensors left out.
        shape: the output's, without the batch.
        operation: the same number for all calls of one operation, so for shared weights.
        weights: how many numbers it holds.
        written_as: the class that is in the model, where this call is a part of what it does.
        kernel: the number of the operation that holds its kernel, where several have one kernel.
    """

    name: str
    class_name: str
    config: Mapping[str, Any]
    inputs: tuple[int, ...]
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    shape: Shape
    operation: int
    weights: int
    written_as: str = ""
    kernel: int | None = None

    def no_word(self, reason: str = "") -> NetError:
        """Return N621: what the language cannot say, and in which layer."""
        return no_word(self.name, self.written_as or self.class_name, reason)


def no_word(name: str, class_name: str, reason: str = "") -> NetError:
    """Return N621: what the language cannot say, and in which layer."""
    what = f"the language cannot express layer `{name}` ({class_name})"
    return fail(
        "N621",
        f"{what}: {reason}" if reason else what,
        help="write that part by hand, or leave it out of the model",
    )

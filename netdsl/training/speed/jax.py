"""Many steps in one call under JAX. This module imports Keras and JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import keras

if TYPE_CHECKING:
    from netdsl.training.speed.chunks import Chunks, Held


def train_function(
    model: keras.Model, chunks: Chunks, held: Held, compiled: bool
) -> Callable[[Any, Any], tuple[dict[str, Any], Any]]:
    """Make the function that `fit` calls for a step: it takes the steps of a chunk, `compiled` as
    one program or not.

    Under JAX the state is an argument and a result. The examples are an argument too, since what a
    function closes over becomes a constant in its program.
    """

    def step(at: Any, state: Any, held: Held, found: dict[str, Any]) -> Any:
        return model.train_step(
            state, chunks.gathered(held, {name: array[at] for name, array in found.items()})
        )[1]

    # `count` is traced: a chunk that is not full takes fewer steps of the same program.
    def loop(count: Any, state: Any, held: Held, found: dict[str, Any]) -> Any:
        return jax.lax.fori_loop(0, count, lambda at, state: step(at, state, held, found), state)

    @jax.jit  # type: ignore[untyped-decorator]
    def results(values: Any) -> dict[str, Any]:
        with keras.StatelessScope(
            state_mapping=list(zip(model.metrics_variables, values, strict=True))
        ):
            return dict(model.get_metrics_result())

    # The old state is donated: its memory is reused for the new one.
    steps = jax.jit(loop if compiled else step, donate_argnums=1)

    def chunk(state: Any, iterator: Any) -> tuple[dict[str, Any], Any]:
        found, count = chunks.next()
        if compiled and count:
            # A chunk without steps has no rows, for which the program would be traced again.
            state = steps(count, state, held, found)
        for at in () if compiled else range(count):
            state = steps(at, state, held, found)
        # The metrics are the fourth part of the state that Keras passes to a step.
        return results(state[3]), state

    return chunk

"""Check an export: run it and compare it with Keras on random examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import NetError, fail, first_line
from netdsl.training.export.examples import EXAMPLES, as_input, as_list, random_examples
from netdsl.training.export.silence import exact, silent

if TYPE_CHECKING:
    import keras

    from netdsl.training.export.format import Format
    from netdsl.training.preparation.rows import Array

LARGEST_ERROR = 1e-4
"""The largest relative error of an export: of float32 sums in another order, 1e-6 is usual."""

SCALES = (1.0, 0.1, 0.01, 10.0, 100.0, 1000.0)
"""Random examples are scaled until the outputs change enough from one to the next."""

ENOUGH = 0.01
"""How much outputs must change, relative to the largest number: if they do not, any export would
pass the check.
"""


def check(model: keras.Model, path: Path, form: Format) -> str:
    """Run an export and Keras on the same random examples, and say how close they are.

    Raises:
        NetError: N632 where the export does not run, N634 where they differ.
    """
    import numpy as np

    with silent(), exact():
        examples, ours = _distinct_outputs(model)
        assert form.runner is not None
        with running(model, form):
            theirs = form.runner(model, path)(examples)
    if not all(np.isfinite(array).all() for array in ours):
        raise not_finite(model, form)
    # Before they are subtracted: NumPy would broadcast [3, 1] and [3, 4] into a difference.
    alike = [one.shape for one in ours] == [one.shape for one in theirs]
    off = max(map(relative_error, ours, theirs)) if alike else float("inf")
    if not off <= LARGEST_ERROR:
        raise not_the_same(model, form, off)
    return compared("Keras", EXAMPLES, form, off, ours)


@contextmanager
def running(model: keras.Model, form: Format) -> Iterator[None]:
    """Turn what a runtime raises into N632, except where the disk or the memory is full."""
    try:
        yield
    except (OSError, MemoryError):
        raise
    except Exception as error:  # runtimes raise errors of any kind
        raise cannot_hold(model, form, error) from None


def compared(what: str, examples: int, form: Format, off: float, ours: Sequence[Array]) -> str:
    """Describe what an export was compared with, and how close it is."""
    version = f" {metadata.version(form.checker)}" if form.checker else ""
    doubt = "; its outputs hardly depend on the inputs, so this says little"
    return (
        f"compared with {what} on {examples} random examples with {form.checker}{version}: "
        f"relative error {off:.1e}{doubt if change(ours) < ENOUGH else ''}"
    )


def not_finite(model: keras.Model, form: Format) -> NetError:
    """Return the error N634 for a network whose outputs cannot be compared."""
    nothing = f"there is nothing to compare {form.title} with"
    message = f"{model.name} gives numbers that are not finite for random inputs: {nothing}"
    return fail("N634", message)


def not_the_same(model: keras.Model, form: Format, off: float) -> NetError:
    """Return the error N634 for an export with this relative error."""
    message = (
        f"{form.title} does not compute the same as {model.name}: relative error {off:.1e}, "
        f"and {LARGEST_ERROR:.0e} is allowed"
    )
    help = "nothing was written; .keras and .safetensors hold every network"
    return fail("N634", message, help=help)


def cannot_hold(model: keras.Model, form: Format, error: Exception) -> NetError:
    """Return the error N632 for a converter or a runtime that failed.

    It gives the reason, the layer that the reason names, and the layers that Keras lacks.
    """
    reason = first_line(error).strip()
    named = [each.name for each in model.layers if f"{each.name}/" in str(error)]
    at = f" at its layer {named[0]}" if named else ""
    own = sorted(
        {
            type(layer).__name__
            for layer in model.layers
            if type(layer).__module__.startswith("netdsl.")
        }
    )
    of = f" (it has layers that Keras lacks: {', '.join(own)})" if own else ""
    message = f"{form.title} cannot hold {model.name}{of}{at}: {reason[:300]}"
    return fail("N632", message, help=".keras and .safetensors hold every network")


def _distinct_outputs(model: keras.Model) -> tuple[list[Array], list[Array]]:
    """Return random examples, scaled so that the outputs differ, and the model's outputs."""
    import numpy as np

    found: list[tuple[list[Array], list[Array]]] = []
    for scale in SCALES:
        examples = random_examples(model, scale)
        outputs = as_list(model.predict_on_batch(as_input(examples)))
        if not found or all(np.isfinite(array).all() for array in outputs):
            found.append((examples, outputs))
        if change(outputs) >= ENOUGH:
            break
    # NaN, from outputs that are not finite, is not below any number: it would win by coming first.
    return max(found, key=lambda one: np.nan_to_num(change(one[1]), nan=-1.0))


def change(outputs: Sequence[Array]) -> float:
    """Return how much outputs [n, ...] differ from those of the first example.

    It is relative to the largest number, and is that of the output that differs least.
    """
    import numpy as np

    return min(relative_error(np.broadcast_to(array[:1], array.shape), array) for array in outputs)


def relative_error(ours: Array, theirs: Array) -> float:
    """Return the largest difference, relative to the largest number of `ours`."""
    import numpy as np

    largest = float(np.abs(ours).max())
    return float(np.abs(ours - theirs).max()) / (largest or 1.0)

"""Check an export that prepares its examples itself: run it, compare it with `netdsl predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.training.export.checks import (
    LARGEST_ERROR,
    compared,
    not_finite,
    not_the_same,
    running,
)
from netdsl.training.export.examples import as_input, as_list
from netdsl.training.export.prepared import said
from netdsl.training.export.raw_examples import RAW_EXAMPLES, as_read, raw_examples
from netdsl.training.export.silence import exact, silent
from netdsl.training.metrics.answers import category_scores, probabilities
from netdsl.training.preparation.outputs import LABELS, TAGS

if TYPE_CHECKING:
    from netdsl.training.export.format import Format
    from netdsl.training.export.interface import ExportedOutput
    from netdsl.training.export.prepared import PreparedModel
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array


def check_prepared(prepared: PreparedModel, path: Path, form: Format) -> str:
    """Run an export on random raw examples, and describe how close its answers are.

    Raises:
        NetError: N632 where the export does not run, N634 where they differ.
    """
    import numpy as np

    preparation, interface = prepared.preparation, prepared.interface
    examples = raw_examples(preparation, interface)
    with silent(), exact():
        x = preparation.x(as_read(preparation, examples))
        values = as_list(prepared.model.predict_on_batch(as_input(x)))
        if not all(np.isfinite(array).all() for array in values):
            raise not_finite(prepared.model, form)
        assert form.prepared_runner is not None
        with running(prepared.model, form):
            theirs = form.prepared_runner(prepared, path)(examples)
    off = max(
        _error(preparation.outputs[one.place], one, values[one.place], array)
        for one, array in zip(interface.outputs, theirs, strict=True)
    )
    if not off <= LARGEST_ERROR:
        raise not_the_same(prepared.model, form, off)
    return compared("netdsl predict", RAW_EXAMPLES, form, off, values)


def _error(output: OutputTransform, one: ExportedOutput, values: Array, theirs: Array) -> float:
    """Return the largest difference, relative to the largest number; infinity for other classes."""
    import numpy as np

    given = np.asarray(values, np.float64)
    ours = said(np, output, given)
    if one.key == "name":
        names = np.array(one.names, object)[ours["class"]]
        # If two classes are equally likely, a rounding error may choose the other one.
        same = [*map(str, names)] == [*map(_text, theirs.tolist())]
        return 0.0 if same or not _certain(output, given).all() else float("inf")
    expected = ours[one.key]
    if expected.shape != theirs.shape:
        return float("inf")
    if one.key in ("class", "labels"):
        wrong = (expected != theirs).reshape(len(given), -1)
        wrong &= _certain(output, given).reshape(len(given), -1)
        return float("inf") if wrong.any() else 0.0
    # Relative to the values' spread: relative to a mean of 1e6 any error would look small.
    centre = output.centre if one.key == "output" else 0.0
    largest = float(np.abs(expected - centre).max())
    return float(np.abs(expected - theirs).max()) / (largest or 1.0)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _certain(output: OutputTransform, values: Array) -> Array:
    """Return where an error within the limit cannot change an answer [n, positions]; for tags
    [n, positions, tags].
    """
    import numpy as np

    scores = category_scores(np, output, values)
    if output.thresholds or output.task == TAGS:
        known = probabilities(np, output, scores)
        known = known[..., output.positive] if output.task == LABELS else known
        return np.asarray(np.abs(known - (output.thresholds or 0.5)) > LARGEST_ERROR)
    ranked = np.sort(scores, axis=-1)
    certain = ranked[..., -1] - ranked[..., -2] > LARGEST_ERROR * np.abs(scores).max()
    return np.asarray(certain)

"""Whether two Keras models are the same function: their outputs on random weights and inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, NamedTuple

from netdsl.errors import fail, first_line
from netdsl.graph import Graph, consumers_of
from netdsl.keras import private
from netdsl.keras.build import toolbox
from netdsl.kinds.other import Rescale, Standardize
from netdsl.kinds.sequence import Mask
from netdsl.kinds.values import Indices, Shape

TOLERANCE = 1e-5  # of the output's largest magnitude
_NOISE = 10  # times the noise of rounding: smaller differences prove nothing
_MOVING = ("moving_mean", "moving_variance")
_VARIES = 1e-3  # of the largest magnitude: outputs that differ by less count as equal
_DRAWS = (*((gain, False) for gain in (1, 1, 2**0.5, 2, 3)), (1, True))
"""For each draw the gain of the kernels, as deep networks shrink their input, and whether inputs
are above 0, as roots and logarithms need them."""
_DRAWN_STATISTICS = 2  # draws with random statistics; later ones measure those of batch norms
_BIG = 5 * 10**8  # multiply-accumulates of an example from which batches are smaller


class WeightPair(NamedTuple):
    """A weight of a model, and the one of the clone with the same numbers, maybe reshaped."""

    source: Any
    target: Any


class InputDraw(NamedTuple):
    """How numbers for an input are drawn.

    Attributes:
        shape: without the batch.
        limit: indices below this; else normal numbers.
        offset: the mean of normal numbers, for each channel or all.
        factor: their standard deviation.
        padding: the value of the last third of the first example, where a mask skips this value.
    """

    shape: Shape
    limit: int | None = None
    offset: Any = 0.0
    factor: Any = 1.0
    padding: float | None = None


def input_draws(graph: Graph, measured: Mapping[str, tuple[Any, Any]]) -> list[InputDraw]:
    """Return how the inputs of a network are drawn.

    Where a network begins with factors and offsets, standard normal numbers come out of these.

    Args:
        graph: of the network.
        measured: the means and standard deviations that `adapt` measured, by operations' names.
    """
    import numpy as np

    consumers = consumers_of(graph.ops)
    found = []
    for point in graph.inputs:
        place, shape = point.op, graph.ops[point.op].shape
        factor: Any = 1.0
        offset: Any = 0.0
        padding: float | None = None
        # As long as there is one reader: after a fork, no single scaling suits all of them.
        while len(consumers[place]) == 1:
            place = consumers[place][0]
            kind = graph.ops[place].kind
            if isinstance(kind, Rescale):
                scale: Any = float(kind.factor) or 1.0
                shift: Any = float(kind.offset)
            elif isinstance(kind, Standardize):
                mean, deviation = measured.get(graph.ops[place].name, (kind.mean, kind.std))
                deviation = np.where(np.array(deviation, float) > 0, deviation, 1.0)
                scale, shift = 1 / deviation, -np.array(mean, float) / deviation
            elif isinstance(kind, Mask):
                padding = float(kind.value)
                break
            elif kind is not None and (kind.inactive_in_use or kind.is_view) and not kind.merges:
                continue
            else:
                break
            factor, offset = factor * scale, offset * scale + shift
        if np.ndim(factor) and np.shape(factor) != shape[-1:]:
            factor, offset = np.mean(factor), np.mean(offset)
        if isinstance(shape, Indices):
            found.append(InputDraw(tuple(shape), shape.limit, padding=0))
        else:
            found.append(InputDraw(shape, None, -offset / factor, 1 / factor, padding))
    return found


class Comparison:
    """Compares a model with its clone.

    Attributes:
        pairs: which weights hold the same numbers.
        batches: how many examples each comparison has.
        measured_batch: how many examples statistics are measured on.
    """

    def __init__(
        self,
        model: Any,
        clone: Any,
        pairs: Sequence[WeightPair],
        graph: Graph,
        macs: int,
        measured: Mapping[str, tuple[Any, Any]],
    ) -> None:
        import numpy as np

        self.model, self.clone, self.pairs = model, clone, list(pairs)
        self.inputs = input_draws(graph, measured)
        self.dtypes = [str(tensor.dtype) for tensor in model.inputs]
        # Two sizes of batch: an error that mixes examples shows in at least one of them.
        self.batches = (2, 3) if macs < _BIG else (2,)
        self.measured_batch = 16 if macs < _BIG else 4
        # Always the same numbers: an import that succeeds does so every time.
        self.rng = np.random.default_rng(0)

    def hold(self, own_weights: bool) -> None:
        """Compare the two on random weights, and on the model's own.

        Args:
            own_weights: whether to compare on the model's own weights too.

        Raises:
            NetError: N623 where they differ, N624 where the outputs cannot show whether they do.
        """
        self._hold_drawn()
        if own_weights:
            weights = [_numbers(pair.source) for pair in self.pairs]
            for given in map(self._inputs, self.batches):
                self._differ(weights, given)

    def _hold_drawn(self) -> None:
        # The first draw that shows a difference between inputs decides; the others are for networks
        # that it saturates.
        for number, (gain, positive) in enumerate(_DRAWS):
            weights = [self._drawn(pair.source, gain) for pair in self.pairs]
            inputs = [self._inputs(batch, positive) for batch in self.batches]
            # Later draws only: random statistics reveal a norm whose statistics are swapped.
            if number >= _DRAWN_STATISTICS:
                weights = self._with_statistics(weights, positive)
            if self._shows(weights, inputs):
                return
        raise fail(
            "N624",
            f"`{self.model.name}` gives nearly the same output for every input, whatever its "
            "weights: it cannot be compared with the text",
            help="leave out the layers that make its output constant",
        )

    def _shows(self, weights: list[Any], inputs: list[Any]) -> bool:
        """Compare on one draw, and say whether all outputs differ between inputs, before or after a
        last softmax or sigmoid.
        """
        shown = [self._differ(weights, given) for given in inputs]
        found = [any(column) for column in zip(*shown, strict=True)]
        with ExitStack() as stack:
            ends = [
                stack.enter_context(without_last_activation(m)) for m in (self.model, self.clone)
            ]
            if all(ends):
                more = [self._differ(weights, given) for given in inputs]
                found = [
                    a or b for a, b in zip(found, map(any, zip(*more, strict=True)), strict=True)
                ]
        return all(found)

    def _differ(self, weights: list[Any], inputs: list[Any]) -> list[bool]:
        """Say for each output whether it is finite and differs between two inputs.

        Raises:
            NetError: N623 where the models' outputs differ.
        """
        import numpy as np

        shown = []
        outputs = zip(*self._outputs(weights, inputs), strict=True)
        for number, (one, other) in enumerate(outputs):
            finite = np.isfinite(one)
            # An overflow in one of the two alone is a difference, whatever its size.
            if one.shape != other.shape or not (finite == np.isfinite(other)).all():
                raise self._other(number, math.inf)
            # Where both overflow alike nothing is proved; the finite rest still counts.
            one, other = np.where(finite, one, 0), np.where(finite, other, 0)
            largest = float(np.abs(one).max(initial=0))
            error = float(np.abs(one - other).max(initial=0))
            if error > TOLERANCE * largest:
                # Measured only here: it takes one more run of the model.
                noise = self._noise(weights, inputs, number, one)
                if error > _NOISE * noise:
                    raise self._other(number, error / largest if largest else math.inf)
                shown.append(False)
                continue
            varies = max(float(np.abs(row - one[0]).max(initial=0)) for row in one[1:])
            shown.append(bool(finite.all()) and varies > _VARIES * largest)
        return shown

    def _noise(self, weights: list[Any], inputs: list[Any], number: int, output: Any) -> float:
        """Measure how far the model's own output moves if the last bit of all weights and inputs
        changes.

        A softmax of large numbers, or a deep network, amplifies rounding.
        """
        import numpy as np

        def nudged(numbers: Any, padding: float | None = None) -> Any:
            if numbers.dtype != np.float32:
                return numbers
            # The next float32 above: the smallest change there is.
            return np.where(numbers == padding, numbers, np.nextafter(numbers, np.float32(np.inf)))

        moved_inputs = [
            nudged(numbers, draw.padding)  # steps that a mask skips must still be skipped
            for numbers, draw in zip(inputs, self.inputs, strict=True)
        ]
        moved = self._outputs([nudged(numbers) for numbers in weights], moved_inputs)[0][number]
        return float(np.abs(np.where(np.isfinite(moved), moved, 0) - output).max(initial=0))

    def _other(self, number: int, error: float) -> Exception:
        outputs = self.model.outputs
        which = f"output {number + 1}" if len(outputs) > 1 else "the output"
        by = "altogether" if math.isinf(error) else f"by {error:.1g} of its largest number"
        return fail(
            "N623",
            f"the text for `{self.model.name}` would be another function: {which} differs {by}",
            help="please report it, with the model",
        )

    # --- random numbers ---

    def _drawn(self, weight: Any, gain: float) -> Any:
        """Draw a weight.

        Kernels have the standard deviation gain/sqrt(fan-in), biases and means 0.1, embeddings 1;
        factors and variances lie from 0.5 to 1.5.
        """
        import numpy as np

        shape, name = tuple(weight.shape), weight.path.rpartition("/")[2]
        if name in ("mean", "variance", "count"):  # of a Normalization, which computes with copies
            return _numbers(weight)
        if not str(weight.dtype).startswith(("float", "bfloat")):
            return _numbers(weight)
        if (
            name in ("gamma", "scale")
            or "variance" in name
            or (len(shape) < 2 and "kernel" in name)
        ):
            # Around 1 and above 0: variances have a root, and a factor near 0 would hide its layer.
            return self.rng.uniform(0.5, 1.5, shape).astype("float32")
        # Biases below the signal, so that a relu does not go dead.
        deviation = 0.1 if "kernel" not in name else gain * _fan_in(shape, weight.path) ** -0.5
        if name == "embeddings":
            deviation = 1.0
        return (deviation * self.rng.standard_normal(shape)).astype(np.float32)

    def _with_statistics(self, weights: list[Any], positive: bool) -> list[Any]:
        """Set the moving statistics of batch norms to those of their inputs.

        With random statistics the difference between two inputs would be lost in deep networks:
        norm after norm would divide by more than its input's standard deviation.
        """
        sources = {id(pair.source): value for pair, value in zip(self.pairs, weights, strict=True)}
        with _taking_statistics(self.model):
            _, after = _call(self.model, sources, self._inputs(self.measured_batch, positive))
        convert = toolbox().keras.ops.convert_to_numpy
        return [
            convert(after[id(pair.source)]) if pair.source.path.split("/")[-1] in _MOVING else value
            for pair, value in zip(self.pairs, weights, strict=True)
        ]

    def _inputs(self, batch: int, positive: bool = False) -> list[Any]:
        drawn = [
            self._input(draw, dtype, (batch, *draw.shape))
            for draw, dtype in zip(self.inputs, self.dtypes, strict=True)
        ]
        return [abs(numbers) for numbers in drawn] if positive else drawn

    def _input(self, draw: InputDraw, dtype: str, shape: Shape) -> Any:
        import numpy as np

        if draw.limit is not None:
            values = self.rng.integers(0, draw.limit, shape)
        else:
            values = draw.offset + draw.factor * self.rng.standard_normal(shape)
        if draw.padding is not None:
            # One example with padding and others without: a mask that is lost changes the first.
            values[0, shape[1] - shape[1] // 3 :] = draw.padding
        if draw.limit is None and dtype.startswith(("float", "bfloat")):
            return np.asarray(values, "float32")
        if dtype.startswith(("uint", "bool")):
            values = np.abs(values).clip(0, 1 if dtype == "bool" else np.iinfo(dtype).max)
        return np.rint(values).astype("int32")

    # --- outputs ---

    def _outputs(self, weights: list[Any], inputs: list[Any]) -> tuple[list[Any], list[Any]]:
        """Return the outputs of both models with these weights."""
        sources = {id(pair.source): value for pair, value in zip(self.pairs, weights, strict=True)}
        targets = {
            id(pair.target): value.reshape(pair.target.shape)
            for pair, value in zip(self.pairs, weights, strict=True)
        }
        try:
            outputs = _run(self.model, sources, inputs)
        except Exception as error:  # Keras raises whatever a layer's code raises
            message = f"`{self.model.name}` cannot be called: {first_line(error)}"
            raise fail(
                "N624", message, help="model.predict fails too: fix the model first"
            ) from None
        return outputs, _run(self.clone, targets, inputs)


def _run(model: Any, weights: Mapping[int, Any], inputs: Sequence[Any]) -> list[Any]:
    """Return a model's outputs in use, with other weights than its own."""
    ops = toolbox().keras.ops
    outputs, _ = _call(model, weights, inputs)
    return [ops.convert_to_numpy(ops.cast(tensor, "float32")) for tensor in outputs]


def _call(
    model: Any, weights: Mapping[int, Any], inputs: Sequence[Any]
) -> tuple[list[Any], dict[int, Any]]:
    """Return a model's outputs in use with other weights than its own, and the new values of the
    variables that are not trained, by their identities.

    The model itself is not changed.
    """
    keras = toolbox().keras

    def values(variables: Iterable[Any]) -> list[Any]:
        return [weights.get(id(variable), variable.value) for variable in variables]

    given = [
        keras.ops.cast(value, tensor.dtype)
        for value, tensor in zip(inputs, model.inputs, strict=True)
    ]
    with _without_states(model):
        # Stateless: the model that is imported must not be changed.
        outputs, after = model.stateless_call(
            values(model.trainable_variables),
            values(model.non_trainable_variables),
            _as_called(model, given),
            training=False,
        )
    variables = map(id, model.non_trainable_variables)
    return keras.tree.flatten(outputs), dict(zip(variables, after, strict=True))


@contextmanager
def _taking_statistics(model: Any) -> Iterator[None]:
    """Within the block, make batch norms use the statistics of their input as the moving ones."""
    norm = toolbox().keras.layers.BatchNormalization
    with ExitStack() as stack:
        for layer in private.layers_within(model):
            if isinstance(layer, norm):
                stack.callback(
                    _set(layer, "call", partial(_with_own_statistics, layer, layer.call))
                )
        yield


def _with_own_statistics(norm: Any, call: Callable[..., Any], inputs: Any, **more: Any) -> Any:
    """Call a batch norm, its moving statistics set to those of the inputs."""
    rank = len(inputs.shape)
    axes = [axis for axis in range(rank) if axis != norm.axis % rank]
    mean, variance = toolbox().keras.ops.moments(inputs, axes)
    # Within `stateless_call` this changes the values that the call returns, not the model.
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(variance)
    return call(inputs, **more)


@contextmanager
def _without_states(model: Any) -> Iterator[None]:
    """Within the block, make recurrent layers begin every batch with states of 0."""
    with ExitStack() as stack:
        for layer in private.layers_within(model):
            if getattr(layer, "stateful", False):
                stack.callback(_set(layer, "stateful", False))
        yield


def _as_called(model: Any, given: list[Any]) -> Any:
    """Put inputs into the structure that a model is called with: one, a list, a dictionary."""
    if isinstance(model, private.functional_class()):
        return toolbox().keras.tree.pack_sequence_as(model.input, given)
    return given[0]


def _numbers(weight: Any) -> Any:
    return toolbox().keras.ops.convert_to_numpy(weight.value)


def _fan_in(shape: Shape, path: str) -> float:
    """Return how many numbers a kernel of this shape sums up."""
    if "depthwise" in path and len(shape) > 2:
        return math.prod(shape[:-2])
    if "transpose" in path and len(shape) > 2:
        return math.prod(shape[:-2]) * shape[-1]
    if any(name in path for name in ("/query", "/key", "/value")):
        return shape[0]
    return math.prod(shape[:-1])


# --- the last activation --------------------------------------------------------------------------


@contextmanager
def without_last_activation(model: Any) -> Iterator[bool]:
    """Within the block, leave out softmax and sigmoid at a model's outputs; yield whether any are
    there.
    """
    keras = toolbox().keras
    ends = keras.activations.softmax, keras.activations.sigmoid
    undo: list[Callable[[], None]] = []
    try:
        for operation in _last_operations(model):
            if vars(operation).get("activation") in ends:  # recurrent layers have it in a cell
                undo.append(_set(operation, "activation", keras.activations.linear))
            elif type(operation).__name__ in ("Softmax", "Sigmoid"):
                undo.append(_set(operation, "call", lambda x, *_, **__: x))
        yield bool(undo)
    finally:
        for step in undo:
            step()


def _set(holder: Any, name: str, value: Any) -> Callable[[], None]:
    """Set an attribute, and return a function that restores its value."""
    own = vars(holder).get(name, _set)
    before = getattr(holder, name)
    setattr(holder, name, value)
    return (
        (lambda: delattr(holder, name)) if own is _set else (lambda: setattr(holder, name, before))
    )


def _last_operations(model: Any) -> Iterator[Any]:
    """Yield the operations that a model, and each model nested at its end, ends with; only those
    that are called once.
    """
    for output in model.outputs:
        made = private.origin(output)
        if made is None:
            continue
        if isinstance(made.operation, private.functional_class()) or hasattr(
            made.operation, "outputs"
        ):
            yield from _last_operations(made.operation)
        elif len(private.calls_of(made.operation)) == 1:
            yield made.operation

"""A Keras model as a list of calls: each with its operation, what goes in, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from netdsl.errors import fail, first_line
from netdsl.keras import private
from netdsl.keras.model_call import ModelCall, no_word
from netdsl.keras.rewriting.parts import AddNode, CallParts, OutputPlaces
from netdsl.keras.rewriting.registry import rule_for
from netdsl.kinds.values import Shape, dims

InputShapes = Sequence[int] | Mapping[str, Sequence[int]] | None


class ModelCalls(NamedTuple):
    """A model's calls, each after those that it needs, nested models written out.

    Attributes:
        name: the model's.
        calls: all of them.
        inputs: those that are its inputs.
        outputs: those that give its outputs.
        output_names: the names of the layers that these come from.
        operations: what is called, by the calls' number for it.
        left_out: what works in training only and is not a call.
    """

    name: str
    calls: tuple[ModelCall, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    output_names: tuple[str, ...]
    operations: tuple[Any, ...]
    left_out: tuple[str, ...]


def calls_of_model(model: Any, input: InputShapes = None) -> ModelCalls:
    """List the calls of a functional or sequential Keras model.

    Args:
        model: the Keras model, which is not changed.
        input: the shape of its input, or of each by its name, where it leaves sizes open.

    Raises:
        NetError: N620 for a model that is neither, has not been built, or leaves sizes open; N621
            for an operation with several outputs that has no word.
    """
    import keras

    _refuse_other_models(model, keras)
    reader = _ModelReader(keras, model)
    shapes = _given_shapes(model, input)
    inputs = [
        reader.input(tensor, shape) for tensor, shape in zip(model.inputs, shapes, strict=True)
    ]
    outputs = reader.run(model, inputs)
    # Inputs too, even if nothing reads them: they are refused with their names, not dropped.
    places = _needed(reader.calls, {*inputs, *outputs})
    return ModelCalls(
        model.name,
        tuple(
            call._replace(inputs=tuple(places[source] for source in call.inputs))
            for place, call in enumerate(reader.calls)
            if place in places
        ),
        tuple(places[place] for place in inputs),
        tuple(places[place] for place in outputs),
        tuple(_origin(tensor).operation.name for tensor in model.outputs),
        tuple(reader.operations),
        tuple(reader.left_out),
    )


def _needed(calls: Sequence[ModelCall], ends: set[int]) -> dict[int, int]:
    """Return the places of the calls that `ends` need, each with its place once the others are left
    out: rules replace some calls, and those replaced are no longer needed.
    """
    needed, waiting = set(ends), list(ends)
    while waiting:
        more = {*calls[waiting.pop()].inputs} - needed
        needed |= more
        waiting += more
    return {place: new for new, place in enumerate(sorted(needed))}


def _refuse_other_models(model: Any, keras: Any) -> None:
    """Reject what is not a graph of layers in 32-bit numbers.

    Raises:
        NetError: N620.
    """
    if not isinstance(model, keras.Model):
        raise fail("N620", f"this is not a Keras model: {type(model).__name__}")
    if not isinstance(model, (keras.Sequential, private.functional_class())):
        raise fail(
            "N620",
            f"`{model.name}` is a model of Python code, not of layers joined by inputs and outputs",
            help="call its layers on keras.Input(shape), and make keras.Model(inputs, outputs)",
        )
    if not model.built or not model.inputs:
        raise fail(
            "N620",
            f"`{model.name}` has no input shape yet",
            help="call model.build(shape), or begin it with keras.Input(shape)",
        )
    for layer in private.layers_within(model):
        computes = getattr(layer.dtype_policy, "compute_dtype", "float32")
        if computes in ("float16", "bfloat16") or layer.quantization_mode:
            raise fail(
                "N620",
                f"`{layer.name}` computes in {layer.dtype_policy.name}, which is too coarse to "
                "compare two networks",
                help="load the model after keras.config.set_dtype_policy('float32')",
            )


def _given_shapes(model: Any, input: InputShapes) -> list[Shape | None]:
    """Return the shapes that are asked for, input by input.

    Raises:
        NetError: N620 for a name or a number of shapes that the model does not have.
    """
    names = [_origin(tensor).operation.name for tensor in model.inputs]
    if input is None:
        return [None] * len(names)
    if isinstance(input, Mapping):
        for name in input:
            if name not in names:
                raise fail("N620", f"`{model.name}` has no input `{name}`: {', '.join(names)}")
        return [tuple(input[name]) if name in input else None for name in names]
    if len(names) > 1:
        example = ", ".join(f'"{name}": (...)' for name in names)
        raise fail(
            "N620",
            f"`{model.name}` has {len(names)} inputs, and one shape is given",
            help=f"name them: input={{{example}}}",
        )
    return [tuple(input)]


class _Holder:
    """Some of an operation's weights: those of one of the layers that it becomes."""

    def __init__(self, weights: Sequence[Any]) -> None:
        self.weights = list(weights)


class _ModelReader:
    """Walks a model, and the models within it, from the outputs to the inputs.

    Attributes:
        calls: those that were found, each after those that it needs.
        operations: what they call; kept, so that the identity of each stays its own.
        numbers: the operations' places there, by their identity.
        left_out: what works in training only.
        read: the identities of the symbolic tensors that something reads.
        holders: of parts of operations, by the identities of their weights.
        masks_are_read: whether a layer of the model, or its loss, skips what masks leave out.
    """

    def __init__(self, keras: Any, model: Any) -> None:
        self.keras = keras
        # Keras passes masks on to every layer: only those that a layer reads are written.
        layers = private.layers_within(model)
        self.masks_are_read = any(map(private.reads_mask, layers)) or any(
            map(private.has_mask, model.outputs)
        )
        self.models = (keras.Sequential, private.functional_class())
        self.calls: list[ModelCall] = []
        self.operations: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.left_out: list[str] = []
        self.read: set[int] = set()
        self.holders: dict[tuple[int, ...], _Holder] = {}

    def input(self, tensor: Any, shape: Shape | None) -> int:
        """Add an input of the whole model.

        Raises:
            NetError: N620 for one whose shape has no axes or open sizes, or does not fit.
        """
        operation, own = _origin(tensor).operation, tuple(tensor.shape[1:])
        if shape is not None and (
            len(shape) != len(own)
            or any(size not in (None, given) for size, given in zip(own, shape, strict=True))
        ):
            message = f"input `{operation.name}` is {_open(own)}: {dims(shape)} does not fit"
            raise fail("N620", message)
        if not own:
            raise fail(
                "N620",
                f"input `{operation.name}` is a single number without axes",
                help="begin with keras.Input((1,))",
            )
        if shape is None and None in own:
            sizes = "x".join(str(224 if size is None else size) for size in own)
            raise fail(
                "N620",
                f"input `{operation.name}` leaves sizes open: {_open(own)}",
                help=f"state them: --input {sizes}, or from_keras(model, input=...)",
            )
        return self.add(operation, (), (), {}, shape or own)

    def run(self, model: Any, given: list[int], add: AddNode | None = None) -> list[int]:
        """Add the calls of a model whose inputs are given; find those that its outputs come from.

        Args:
            model: a functional or sequential model.
            given: the places, among the calls so far, of what its inputs are.
            add: adds what a call does; else it is added as it is.

        Returns:
            The places of its outputs.

        Raises:
            NetError: N620 where the inputs do not fit, N621 for what has no word.
        """
        known = {id(tensor): place for tensor, place in zip(model.inputs, given, strict=True)}
        operations = getattr(model, "operations", model.layers)
        nodes = (node for each in operations for node in private.calls_of(each))
        self.read |= {id(source) for node in nodes for source in private.inputs_of(node)}
        self.read |= {id(tensor) for tensor in model.outputs}
        # A stack rather than recursion: models are deeper than Python's stack.
        waiting = list(reversed(model.outputs))
        while waiting:
            tensor = waiting[-1]
            # A tensor that several calls read can be on the stack more than once.
            if id(tensor) in known:
                waiting.pop()
                continue
            operation, number = _origin(tensor)
            node = private.calls_of(operation)[number]
            missing = [source for source in private.inputs_of(node) if id(source) not in known]
            if missing:
                waiting += reversed(missing)
                continue
            places = (add or self._node)(operation, node, known)
            known |= {id(output): place for output, place in zip(node.outputs, places, strict=True)}
        return [known[id(output)] for output in model.outputs]

    def _node(self, operation: Any, node: Any, known: Mapping[int, int]) -> OutputPlaces:
        """Add what a call of an operation does."""
        inputs = tuple(known[id(source)] for source in private.inputs_of(node))
        if isinstance(operation, self.models):
            # A nested model is written out where it is called; each call of it, with the same
            # layers.
            return self.run(operation, list(inputs))
        shapes = self._shapes(operation, node, known)
        arguments, named = node.arguments.args, node.arguments.kwargs
        call = self.call(operation, inputs, arguments, named, shapes[0])
        return self.place(call, operation, shapes, node)

    def _shapes(self, operation: Any, node: Any, known: Mapping[int, int]) -> list[Shape]:
        """Return the shapes of a call's outputs, from Keras if sizes were open at first."""
        own = [tuple(output.shape[1:]) for output in node.outputs]
        sources = private.inputs_of(node)
        given = {id(source): self.calls[known[id(source)]].shape for source in sources}
        same = all(tuple(source.shape[1:]) == given[id(source)] for source in sources)
        # Keras's own record, as long as the shape that is given is the one it was made with.
        if same and not any(None in shape for shape in own):
            return own
        tensors = {
            id(source): self.keras.KerasTensor((None, *given[id(source)]), dtype=source.dtype)
            for source in sources
        }
        try:
            arguments, named = private.arguments_with(node, tensors)
            shapes = self._announced(operation.compute_output_spec(*arguments, **named))
            if any(None in shape for shape in shapes):  # a call on zeros shows the exact sizes
                tried = {
                    key: self.keras.ops.zeros((1, *tensor.shape[1:]), tensor.dtype)
                    for key, tensor in tensors.items()
                }
                arguments, named = private.arguments_with(node, tried)
                shapes = self._announced(operation(*arguments, **named))
        except Exception as error:  # Keras raises whatever a layer's code raises
            sizes = ", ".join(dims(shape) for shape in given.values())
            message = f"`{operation.name}` does not take {sizes}: {first_line(error)}"
            raise fail("N620", message) from None
        return shapes

    def _announced(self, outputs: Any) -> list[Shape]:
        """Return the shapes of what a call gives, without the batch."""
        return [tuple(output.shape[1:]) for output in self.keras.tree.flatten(outputs)]

    # --- calls ---

    def call(
        self,
        operation: Any,
        inputs: tuple[int, ...],
        arguments: Sequence[Any],
        named: Mapping[str, Any],
        shape: Shape,
    ) -> ModelCall:
        """Make a call of an operation."""
        is_layer = isinstance(operation, self.keras.layers.Layer)
        return ModelCall(
            operation.name,
            type(operation).__name__,
            self._config(operation),
            inputs,
            # None keeps a tensor's place among the arguments.
            tuple(None if self._is_tensor(value) else value for value in arguments),
            {
                key: value
                for key, value in named.items()
                if value is not None and not self._is_tensor(value)
            },
            shape,
            self.number(operation),
            _count(private.weights_of(operation)) if is_layer else 0,
        )

    def _config(self, operation: Any) -> dict[str, Any]:
        """Return what an operation was made with; an embedding whose mask nothing reads gets no
        mask, as in the language operators would pass it on.

        Raises:
            NetError: N621 where its `get_config` does not say it.
        """
        try:
            config: dict[str, Any] = _plain(operation.get_config())
        except Exception:  # of other people's layers, and of operations that were given arrays
            reason = "its get_config() does not say what it was made with"
            raise no_word(operation.name, type(operation).__name__, reason) from None
        # A mask that nothing reads changes nothing, but the layer would become `embed(mask)`.
        if config.get("mask_zero") and not self.masks_are_read:
            config["mask_zero"] = False
        return config

    def number(self, operation: Any) -> int:
        """Return an operation's number, a new one for an operation not seen before."""
        number = self.numbers.setdefault(id(operation), len(self.operations))
        if number == len(self.operations):
            # Kept: the identity of an object that is gone can be another's.
            self.operations.append(operation)
        return number

    def holder(self, weights: Sequence[Any]) -> Any:
        """Return what holds some of an operation's weights: the same for all its calls."""
        return self.holders.setdefault(tuple(map(id, weights)), _Holder(weights))

    def add(
        self,
        operation: Any,
        inputs: tuple[int, ...],
        arguments: Sequence[Any],
        named: Mapping[str, Any],
        shape: Shape,
    ) -> int:
        """Add a call as it is."""
        self.calls.append(self.call(operation, inputs, arguments, named, shape))
        return len(self.calls) - 1

    def place(
        self, call: ModelCall, operation: Any, shapes: Sequence[Shape], node: Any = None
    ) -> OutputPlaces:
        """Add a call, or those that together do the same, and return the places of its outputs.

        Raises:
            NetError: N621 for one with several outputs that no rule takes apart.
        """
        rule = rule_for(call.class_name)
        if rule is not None:
            places = rule(CallParts(self, call, operation, tuple(shapes), node))
            if places is not None:
                return places
        if len(shapes) > 1:
            raise call.no_word(f"it has {len(shapes)} outputs")
        self.calls.append(call)
        return [len(self.calls) - 1]

    def is_read(self, tensor: Any) -> bool:
        """Say whether a symbolic tensor goes into a call, or is an output of a model."""
        return id(tensor) in self.read

    def _is_tensor(self, value: Any) -> bool:
        """Say whether an argument is a tensor, or holds some."""
        several = isinstance(value, list | tuple) and any(map(self._is_tensor, value))
        return several or isinstance(value, self.keras.KerasTensor)


def _origin(tensor: Any) -> private.Origin:
    found = private.origin(tensor)
    assert found is not None, "a functional model's tensors are symbolic"
    return found


def _open(shape: Sequence[int | None]) -> str:
    """Write a shape with open sizes: `?x?x3`."""
    return "x".join("?" if size is None else str(size) for size in shape)


def _count(weights: Sequence[Any]) -> int:
    """Count the numbers of weights."""
    return sum(math.prod(weight.shape) for weight in weights)


def _plain(value: Any) -> Any:
    """Write a configuration without Keras's own kinds of dictionaries and lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value

"""A Keras model as a list of calls: what each operation is, what goes into it, and what comes
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from netdsl.errors import NetError, fail
from netdsl.keras import private


class ModelCall(NamedTuple):
    """One call of a Keras operation on the outputs of earlier calls.

    Attributes:
        name: the operation's name in the model.
        class_name: the name of its class; `InputLayer` for an input.
        config: what the class was made with.
        inputs: the calls whose outputs go in, by their place in the list.
        arguments: those of the call, in order; None stands for tensors.
        named: the arguments by name, tensors left out.
        shape: the output's, without the batch.
        operation: the same number for all calls of one operation, so for shared weights.
        weights: how many numbers it holds.
    """

    name: str
    class_name: str
    config: Mapping[str, Any]
    inputs: tuple[int, ...]
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    shape: tuple[int, ...]
    operation: int
    weights: int

    def no_word(self, reason: str = "") -> NetError:
        """N621: what the language cannot say, and in which layer."""
        what = f"the language cannot express layer `{self.name}` ({self.class_name})"
        return fail(
            "N621",
            f"{what}: {reason}" if reason else what,
            help="write that part by hand, or leave it out of the model",
        )


class ModelCalls(NamedTuple):
    """A model's calls, each after those that it needs, nested models written out.

    Attributes:
        name: the model's.
        calls: all of them.
        inputs: those that are its inputs.
        outputs: those that give its outputs.
        operations: what is called, by the calls' number for it.
    """

    name: str
    calls: tuple[ModelCall, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operations: tuple[Any, ...]


def calls_of_model(model: Any) -> ModelCalls:
    """List the calls of a functional or sequential Keras model.

    Raises:
        NetError: N620 for a model that is neither, has not been built, or has an operation with
            several outputs.
    """
    import keras

    graphs = (keras.Sequential, private.functional_class())
    if not isinstance(model, graphs):
        if isinstance(model, keras.Model):
            raise fail(
                "N620",
                f"`{model.name}` is a model of Python code,"
                " not of layers joined by inputs and outputs",
            )
        raise fail("N620", f"this is not a Keras model: {type(model).__name__}")
    if not model.built or not model.inputs:
        raise fail(
            "N620",
            f"`{model.name}` has no input shape yet",
            help="call model.build(shape), or begin it with keras.Input(shape)",
        )
    reader = _ModelReader(keras, graphs)
    inputs = [reader.input(tensor) for tensor in model.inputs]
    outputs = reader.run(model, inputs)
    return ModelCalls(
        model.name, tuple(reader.calls), tuple(inputs), tuple(outputs), tuple(reader.operations)
    )


class _ModelReader:
    """Walks a model, and the models within it, from the outputs to the inputs.

    Attributes:
        calls: those that were found, each after those that it needs.
        operations: what they call; kept, so that the identity of each stays its own.
        numbers: the operations' places there, by their identity.
    """

    def __init__(self, keras: Any, models: tuple[type, ...]) -> None:
        self.keras, self.models = keras, models
        self.calls: list[ModelCall] = []
        self.operations: list[Any] = []
        self.numbers: dict[int, int] = {}

    def input(self, tensor: Any) -> int:
        """Add an input of the whole model."""
        return self._add(_origin(tensor).operation, (), (), {}, tensor)

    def run(self, model: Any, given: list[int]) -> list[int]:
        """Add the calls of a model whose inputs are given; find those that its outputs come from.

        Raises:
            NetError: N620 for an operation with several outputs, or a shape with open sizes.
        """
        known = {id(tensor): place for tensor, place in zip(model.inputs, given, strict=True)}
        waiting = list(reversed(model.outputs))
        while waiting:
            tensor = waiting[-1]
            if id(tensor) in known:
                waiting.pop()
                continue
            operation, number = _origin(tensor)
            node = private.calls_of(operation)[number]
            missing = [source for source in node.input_tensors if id(source) not in known]
            if missing:
                waiting += reversed(missing)
                continue
            inputs = tuple(known[id(source)] for source in node.input_tensors)
            if isinstance(operation, self.models):
                ends = self.run(operation, list(inputs))
                known |= {id(output): end for output, end in zip(node.outputs, ends, strict=True)}
                continue
            if len(node.outputs) > 1:
                raise fail(
                    "N620",
                    f"`{operation.name}` ({type(operation).__name__}) has {len(node.outputs)} outputs: in the language a layer has one",
                )
            known[id(node.outputs[0])] = self._add(
                operation, inputs, node.arguments.args, node.arguments.kwargs, node.outputs[0]
            )
        return [known[id(output)] for output in model.outputs]

    def _add(
        self,
        operation: Any,
        inputs: tuple[int, ...],
        arguments: tuple[Any, ...],
        named: Mapping[str, Any],
        tensor: Any,
    ) -> int:
        shape = tuple(tensor.shape[1:])
        if None in shape:
            raise fail(
                "N620",
                f"`{operation.name}` has no fixed shape: {('batch', *shape)}",
                help="give keras.Input all sizes",
            )
        number = self.numbers.setdefault(id(operation), len(self.operations))
        if number == len(self.operations):
            self.operations.append(operation)
        is_layer = isinstance(operation, self.keras.layers.Layer)
        call = ModelCall(
            operation.name,
            type(operation).__name__,
            _plain(operation.get_config()),
            inputs,
            tuple(None if self._is_tensor(value) else value for value in arguments),
            {
                key: value
                for key, value in named.items()
                if value is not None and not self._is_tensor(value)
            },
            shape,
            number,
            operation.count_params() if is_layer else 0,
        )
        self.calls += _steps(call, len(self.calls), self.calls)
        return len(self.calls) - 1

    def _is_tensor(self, value: Any) -> bool:
        """Say whether an argument is a tensor, or holds some."""
        several = isinstance(value, list | tuple) and any(map(self._is_tensor, value))
        return several or isinstance(value, self.keras.KerasTensor)


def _steps(call: ModelCall, place: int, calls: list[ModelCall]) -> list[ModelCall]:
    """Take a call apart where it is more than one: the sum of InceptionResNetV2 scales its second
    input first.
    """
    if call.class_name != "CustomScaleLayer":
        return [call]
    first, second = call.inputs
    factor = {"scale": call.config["scale"], "offset": 0}
    scaled = call._replace(
        class_name="Rescaling", config=factor, inputs=(second,), shape=calls[second].shape
    )
    return [scaled, call._replace(class_name="Add", config={}, inputs=(first, place))]


def _origin(tensor: Any) -> private.Origin:
    found = private.origin(tensor)
    assert found is not None, "a functional model's tensors are symbolic"
    return found


def _plain(value: Any) -> Any:
    """Write a configuration without Keras's own kinds of dictionaries and lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value

"""Files that Keras 2 wrote, as models of Keras 3.

Their configuration is brought up to date (keys that Keras 3 no longer has, calls in the old form)
and their weights are found by the names of the layers, never by their order.
"""

from __future__ import annotations

import inspect
import re
import zipfile
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, NoReturn

from netdsl.errors import fail
from netdsl.keras.build import toolbox
from netdsl.keras.keras_2_operators import operators

_MODELS = ("Functional", "Model", "Sequential")
# Keys of Keras 2 that do not affect what is computed.
_ALWAYS = {"implementation", "input_length", "query_shape", "key_shape", "value_shape"}
_HARMLESS = (("groups", 1), ("output_mode", "int"), ("fused", True), ("trainable", True))
_OF_EVERY_LAYER = {"name", "trainable", "dtype", "activity_regularizer"}
_RENAMED = {("LeakyReLU", "alpha"): "negative_slope"}


def is_keras_2(config: Mapping[str, Any], version: Any) -> bool:
    """Say whether a stored configuration is of Keras 1 or 2: by the version, else by its calls."""
    if version:
        return str(version).split(".")[0] in ("1", "2")
    # Old files hold no version.
    return "batch_input_shape" in str(config) and "batch_shape" not in str(config)


def load_keras_2(path: str, config: Mapping[str, Any]) -> Any:
    """Load a model that Keras 2 wrote.

    Args:
        path: the file, of which the weights are read.
        config: the stored configuration, in which nothing names code.

    Raises:
        NetError: N614 with the layer and the reason, where Keras 3 has nothing that does the same.
    """
    keras = toolbox().keras
    # A module's name in a file would be imported: classes are looked up in Keras alone.
    updated = _Updater(path, keras).model(_without_modules(config))
    make = keras.Sequential if updated["class_name"] == "Sequential" else keras.Model
    model = make.from_config(deepcopy(updated["config"]), custom_objects=operators())
    _load_weights(path, model, updated)
    return model


def _without_modules(value: Any) -> Any:
    """Leave out where classes come from: Keras finds its own by their names."""
    if isinstance(value, Mapping):
        value = {key: _without_modules(part) for key, part in value.items()}
        for key in ("module", "registered_name", "build_config"):
            value.pop(key, None)
        return value
    return [_without_modules(part) for part in value] if isinstance(value, list) else value


class _Updater:
    """Brings configurations up to date."""

    def __init__(self, path: str, keras: Any) -> None:
        self.path, self.keras = path, keras

    def model(self, model: dict[str, Any]) -> dict[str, Any]:
        """Bring a model up to date, and the models within it."""
        config = model["config"]
        if isinstance(config, list):  # before Keras 2.2.3
            config = {"layers": config}
        layers = config["layers"]
        if model["class_name"] == "Sequential":
            found = [self._layer(layer) for layer in layers]
            if (
                layers
                and layers[0]["class_name"] != "InputLayer"
                and (shape := layers[0]["config"].get("batch_input_shape"))
            ):
                found.insert(0, _input(shape))
            config.pop("build_input_shape", None)
            return {"class_name": "Sequential", "config": {**config, "layers": found}}
        calls = {
            layer["name"]: len(layer["inbound_nodes"])
            for layer in layers
            if layer["class_name"] in _MODELS
        }
        latest = dict.fromkeys(calls, -1)
        for name, number in _references(config):
            if name in latest:
                latest[name] = max(latest[name], number)
        # Keras 2 counted the making of a model as its first call.
        shift = {name: int(latest[name] >= count) for name, count in calls.items()}
        found = []
        for layer in layers:
            updated = self._layer(layer)
            nodes = [_node(node, shift) for node in layer["inbound_nodes"]]
            found.append({**updated, "name": layer["name"], "inbound_nodes": nodes})
        kinds = {layer["name"]: layer["class_name"] for layer in layers}
        ends = {key: _end(config[key], shift, kinds) for key in ("input_layers", "output_layers")}
        return {"class_name": "Functional", "config": {**config, "layers": found, **ends}}

    def _layer(self, layer: dict[str, Any]) -> dict[str, Any]:
        """Bring a layer up to date."""
        class_name, config = layer["class_name"], layer["config"]
        if class_name in _MODELS:
            return self.model(layer)
        name = layer.get("name") or config.get("name", class_name)
        if class_name == "InputLayer":
            if config.get("ragged"):
                self._refuse(name, class_name, "its input is ragged")
            shape = config.get("batch_input_shape") or config.get("batch_shape")
            return _input(shape, config.get("dtype", "float32"), name)
        if class_name in operators():
            return layer
        # Sequential models had it on their first layer; `model` has made an input of it.
        config = {key: value for key, value in config.items() if key != "batch_input_shape"}
        for key in ("layer", "backward_layer", "cell"):
            if isinstance(config.get(key), dict):
                config[key] = self._within(config[key])
        if isinstance(config.get("cells"), list):
            config["cells"] = [self._within(cell) for cell in config["cells"]]
        if "hard_sigmoid" in (config.get("activation"), config.get("recurrent_activation")):
            self._refuse(
                name, class_name, "hard_sigmoid has the slope 0.2 in Keras 2 and 1/6 in Keras 3"
            )
        # Without its module Keras 3 takes a text such as "dot" for the function of this name.
        return {
            "class_name": class_name,
            "module": "keras.layers",
            "registered_name": None,
            "config": self._config(name, class_name, config),
        }

    def _within(self, layer: dict[str, Any]) -> dict[str, Any]:
        """Bring a layer within another up to date."""
        module = "keras.models" if layer["class_name"] in _MODELS else "keras.layers"
        return {**self._layer(layer), "module": module, "registered_name": None}

    def _config(self, name: str, class_name: str, config: dict[str, Any]) -> dict[str, Any]:
        """Keep what Keras 3 accepts; leave out the rest where it has no effect."""
        made = getattr(self.keras.layers, class_name, None)
        if made is None:
            self._refuse(name, class_name, "Keras 3 has no such layer")
        accepted, ignored = _accepted(made), set(_ALWAYS)
        if class_name.startswith(("Depthwise", "Separable")):  # they have kernels of other names
            ignored |= {f"kernel_{what}" for what in ("initializer", "regularizer", "constraint")}
        found = {}
        for key, value in config.items():
            new = _RENAMED.get((class_name, key), key)
            if new in accepted or (new in ("layer", "backward_layer")):
                found[new] = _updated_value(key, value)
            elif not (
                value in (None, False, [], {}) or key in ignored or (key, value) in _HARMLESS
            ):
                self._refuse(name, class_name, f"its {key} is {value}, which Keras 3 does not have")
        return found

    def _refuse(self, name: str, class_name: str, reason: str) -> NoReturn:
        raise fail(
            "N614",
            f"{self.path}: layer `{name}` ({class_name}), written by Keras 2: {reason}",
            help="write that part again with Keras 3",
        )


def _accepted(made: Any) -> set[str]:
    """Return what a class of layers is made with, by its name."""
    found: set[str] = set()
    # Up to the first class that passes nothing on by **kwargs: the arguments of all of them count.
    for base in made.__mro__[:-1]:
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(base.__init__).parameters
        found.update(parameters)
        if all(each.kind is not each.VAR_KEYWORD for each in parameters.values()):
            return found
    return found | _OF_EVERY_LAYER


def _input(shape: Any, dtype: Any = "float32", name: str | None = None) -> dict[str, Any]:
    config = {"batch_shape": shape, "dtype": _updated_value("dtype", dtype)}
    return {"class_name": "InputLayer", "config": config | ({"name": name} if name else {})}


def _updated_value(key: str, value: Any) -> Any:
    """Bring one value of a configuration up to date."""
    if key == "dtype" and isinstance(value, dict):
        return value["config"].get("name", "float32")
    # TensorFlow's batch norm wrote a list; Keras 3 takes a number.
    if key == "axis" and isinstance(value, list) and len(value) == 1:
        return value[0]
    if isinstance(value, dict) and value.get("class_name") == "VarianceScaling":
        old = value["config"].get("distribution")
        # Keras 2's "normal" was truncated; Keras 3 has the same under its full name.
        new = "truncated_normal" if old == "normal" else old
        return {**value, "config": {**value["config"], "distribution": new}}
    return value


# --- calls ----------------------------------------------------------------------------------------


def _is_reference(value: Any) -> bool:
    """Say whether a value names a tensor: a layer, the number of its call, that of the output."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and isinstance(value[1], int)
    )


def _references(value: Any) -> Iterator[tuple[str, int]]:
    """Yield the layers that are referred to, and the numbers of their calls."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if _is_reference(part):
            yield part[0], part[1]
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += (inner for key, inner in part.items() if key != "config")


def _node(node: Any, shift: Mapping[str, int]) -> dict[str, Any]:
    """Write a call as Keras 3 does, its positional and keyword arguments separately."""
    if isinstance(node, dict):
        return node
    if _is_reference(node):
        first, named = node, node[3] if len(node) > 3 else {}
        arguments = [_argument(first[:3], shift)]
    else:
        named = next((each[3] for each in node if len(each) > 3 and each[3]), {})
        tensors = [_argument(each[:3], shift) for each in node]
        # One tensor in a list and one alone were written alike: a merge is known by its other
        # tensors.
        listed = len(tensors) > 1 or "values" in named
        arguments = [tensors] if listed else tensors
    return {
        "args": arguments,
        "kwargs": {key: _argument(value, shift) for key, value in named.items()},
    }


def _argument(value: Any, shift: Mapping[str, int]) -> Any:
    """Write a value of a call; a tensor is named by the call that gives it."""
    if isinstance(value, list) and len(value) == 3 and value[0] == "_CONSTANT_VALUE":
        return value[2]
    if _is_reference(value):
        name, number, output = value[:3]
        # Shape and dtype are not read: Keras finds the tensor by its history.
        history = [name, number - shift.get(name, 0), output]
        config = {"shape": [None], "dtype": "float32", "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, list):
        return [_argument(part, shift) for part in value]
    if isinstance(value, dict) and value.get("class_name") != "__ellipsis__":
        return {key: _argument(part, shift) for key, part in value.items()}
    return value


def _end(value: Any, shift: Mapping[str, int], kinds: Mapping[str, str]) -> Any:
    """Write the inputs or outputs of a model; Keras 3 itself takes 1 off for functional models."""
    if _is_reference(value):
        name, number, output = value[:3]
        functional = kinds.get(name) in ("Functional", "Model")
        return [name, number - shift.get(name, 0) + functional, output]
    if isinstance(value, dict):
        return {key: _end(part, shift, kinds) for key, part in value.items()}
    return [_end(part, shift, kinds) for part in value]


# --- weights --------------------------------------------------------------------------------------


def _load_weights(path: str, model: Any, config: Mapping[str, Any]) -> None:
    """Load the weights of a file, layer by layer.

    Raises:
        NetError: N614 where they do not fit.
    """
    import h5py

    try:
        if zipfile.is_zipfile(path):
            with (
                zipfile.ZipFile(path) as archive,
                archive.open("model.weights.h5") as member,
                h5py.File(member, "r") as file,
            ):
                _load_by_class(model, config, file)
        else:
            with h5py.File(path, "r") as file:
                _load_by_name(model, file["model_weights"])
    except (KeyError, ValueError) as error:
        raise fail("N614", f"{path}: its weights do not fit its layers: {error}") from None


def _leaves(model: Any) -> Iterator[Any]:
    """Yield the layers of a model that are not models themselves."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _leaves(layer)
        else:
            yield layer


def _load_by_name(model: Any, file: Any) -> None:
    """Load the weights of an `.h5` file, whose groups are called as the layers are."""
    for layer in model.layers:
        if not layer.weights:
            continue
        group = file[layer.name]
        names = [
            name.decode() if isinstance(name, bytes) else str(name)
            for name in group.attrs["weight_names"]
        ]
        within = {each.name: each for each in _leaves(layer)} if hasattr(layer, "layers") else {}
        found: dict[str, list[Any]] = {}
        for name in names:
            # A nested model's weights lie in one group, named by their layers within.
            inner = next((part for part in name.split("/") if part in within), layer.name)
            found.setdefault(inner, []).append(group[name][()])
        for name, arrays in found.items():
            within.get(name, layer).set_weights(arrays)
        if sum(len(arrays) for arrays in found.values()) != len(layer.weights):
            raise ValueError(
                f"`{layer.name}` has {len(layer.weights)} arrays, the file {len(names)}"
            )


def _load_by_class(model: Any, config: Mapping[str, Any], file: Any) -> None:
    """Load the weights of a `.keras` file, whose groups are called by the layers' classes, counted
    in the order of the configuration.
    """
    groups = file["layers"] if "layers" in file else file["_layer_checkpoint_dependencies"]
    counted: dict[str, int] = {}
    for layer in config["config"]["layers"]:
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", layer["class_name"])
        snake = snake.lower()  # Conv2DTranspose is conv2d_transpose
        number = counted[snake] = counted.get(snake, -1) + 1
        name = layer["config"].get("name") or layer.get("name")
        if layer["class_name"] in ("InputLayer", *operators()) or name is None:
            continue
        own, group = model.get_layer(name), f"{snake}_{number}" if number else snake
        if not own.weights:
            continue
        if layer["class_name"] in _MODELS:
            _load_by_class(own, layer, groups[group])
        else:
            _load_parts(own, groups[group])


def _load_parts(layer: Any, group: Any) -> None:
    """Load a layer's own weights, and those of the layers within it."""
    if "vars" in group and len(group["vars"]):
        layer.load_own_variables(group["vars"])
    for name in group:
        part = getattr(layer, name, None)
        if name != "vars" and part is not None and getattr(part, "weights", None):
            _load_parts(part, group[name])

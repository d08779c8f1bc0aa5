"""The calls of a Keras model as layers of the language, as the kinds read them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from netdsl.errors import NetError, fail
from netdsl.graph import consumers_of
from netdsl.keras.calls import ModelCalls
from netdsl.keras.imported_layer import ImportedLayer, ModelLayers, as_point
from netdsl.keras.lists import ListedLayer, with_lists
from netdsl.kinds import Kind, LayerError, Ref, keras_readers
from netdsl.kinds.act import Linear
from netdsl.kinds.call_view import CallView, Meaning, NoWord
from netdsl.kinds.each import element_of, on_each
from netdsl.kinds.form import Identity, Reshape
from netdsl.kinds.initial import initial_of
from netdsl.kinds.tensors import Fixed, Learned
from netdsl.kinds.values import Indices, Shape, dims
from netdsl.kinds.window import sizes_value

_TENSORS = ("LearnedTensor", "FixedTensor")
_LONGEST_CHAIN = 8  # calls that are one layer
_TRAINING = "it has an effect in training only"
_REASONS = {  # of keys that have an effect in use too
    "stateful": "here every batch begins with states of 0",
    "epsilon": "it changes only vectors that are shorter, which `l2norm` divides by 1e-12 or more",
}


def layers_of_calls(calls: ModelCalls, padding_apart: bool) -> ModelLayers:
    """Read a model's calls as layers.

    Args:
        calls: of the model, in an order in which they can be computed.
        padding_apart: whether layers that pad with zeros stay layers, and do not become an option
            of the next one.

    Raises:
        NetError: N621 for the first call that the language has no word for, or an input that goes
            nowhere.
    """
    converter = _Converter(calls, padding_apart)
    for place in range(len(calls.calls)):
        converter.outputs.append(converter.convert(place))
    # After all calls were read: a layer without a word is the more useful message.
    used = {place for call in calls.calls for place in call.inputs} | {*calls.outputs}
    outputs = converter.ends(calls.outputs)
    for place in calls.inputs:
        if place not in used:
            message = f"the input `{calls.calls[place].name}` is not used"
            raise fail("N621", message, help="leave it out of the model")
    inputs = [converter.read(place).layer for place in calls.inputs]
    left_out = tuple(_sentences(calls.left_out, converter.left_out()))
    tensors = [at for at, layer in enumerate(converter.layers) if layer.kind.is_source]
    return ModelLayers(converter.layers, inputs, outputs, tensors, left_out)


def _sentences(training: Iterable[str], keys: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Say what is left out, and why that changes nothing in use.

    Args:
        training: what works in training only and is not a call.
        keys: settings that the language has no word for, each with its call's name.
    """
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    reasons[_TRAINING] += training
    for key, name in keys:
        reasons[_REASONS.get(key, _TRAINING)].append(f"{key} of `{name}`")
    for reason, what in reasons.items():
        if what:
            yield f"left out, as {reason}: {', '.join(dict.fromkeys(what))}"


class _Output(NamedTuple):
    """What a call gives: a layer's output; `squeezed` where it is a vector and Keras has 1x1xC."""

    layer: int
    squeezed: bool = False


class _Unread(NamedTuple):
    """What a call gives that has no word by itself; those after it may be read together with it.

    Attributes:
        place: the first such call.
        error: what is raised where nothing takes it in.
    """

    place: int
    error: NetError


class _Reading(NamedTuple):
    """What calls may be in the language, and the places of them all."""

    kind: type[Kind]
    meaning: Meaning
    places: tuple[int, ...]


class _Converter:
    """Calls to layers, one after the other.

    Attributes:
        layers: those of the calls before.
        read_by: by layer, those that read it.
        outputs: what each of these calls gives.
        views: these calls as the kinds see them.
        axes: of the elements that are in the batch of what each of them gives.
        passages: the calls that only put elements into the batch, or take them out of it.
    """

    def __init__(self, calls: ModelCalls, padding_apart: bool) -> None:
        self.calls, self.padding_apart = calls.calls, padding_apart
        self.readers = keras_readers()
        self.uses = Counter(call.operation for call in self.calls)
        self.consumers = consumers_of(self.calls)
        self.ended = set(calls.outputs)
        self.layers: list[ImportedLayer] = []
        self.read_by: defaultdict[int, list[int]] = defaultdict(list)
        self.outputs: list[_Output | _Unread] = []
        self.views: list[CallView] = []
        self.axes: list[Shape] = []
        self.passages: set[int] = set()

    def read(self, place: int) -> _Output:
        """Return what a call gives.

        Raises:
            NetError: N621 where it has no word.
        """
        found = self.outputs[place]
        if isinstance(found, _Unread):
            raise found.error
        return found

    def convert(self, place: int) -> _Output | _Unread:
        """Read a call: by itself, or together with those before it."""
        call = self.calls[place]
        around = {self.axes[source] for source in call.inputs} or {()}
        self.axes.append(max(around, key=len))
        # Before the view is made: it shows the shape of elements, which this sets.
        passed = self._passed(place)
        self.views.append(self._view(place))
        if passed is not None:
            return passed
        if len(around) > 1:
            return _Unread(place, call.no_word("some of its inputs have elements in the batch"))
        if call.class_name == "InputLayer":
            return _Output(self._add(ImportedLayer.plain(Identity.spec(), (), call.shape)))
        if call.class_name in _TENSORS:
            return _Output(self._add(self._tensor(place)))
        if not call.class_name:
            return _Unread(place, call.no_word(call.config["reason"]))
        sources = [self.outputs[source] for source in call.inputs]
        unread = [source for source in sources if isinstance(source, _Unread)]
        reason = f"it takes {len(sources)} inputs" if len(sources) > 1 else ""
        # Several calls can be one layer only along a chain: a merge cannot take an unread one in.
        for view in () if unread and len(sources) > 1 else self._ways_to_see(place):
            readings, why = self._readings(view, place)
            for reading in readings:
                try:
                    return self._layer(reading)
                except NoWord as problem:
                    why = why or problem.reason
            reason = why or reason
        if unread:
            # Nothing took it in: the first call without a word is what is missing, not this one.
            return min(unread, key=lambda source: source.place)
        return _Unread(place, call.no_word(reason))

    def _passed(self, place: int) -> _Output | None:
        """Return a call's input, where the call only puts elements of it into the batch, or takes
        them out again; None where it does more.
        """
        call = self.calls[place]
        if call.class_name != "Reshape" or isinstance(self.outputs[call.inputs[0]], _Unread):
            return None
        axes, shape = self.axes[place], self.calls[call.inputs[0]].shape
        whole = (*axes, *shape)
        count = len(whole) - len(call.shape)
        # A reshape of the same numbers is one of the language; folding changes how many an example
        # has.
        if math.prod(call.shape) == math.prod(shape) or whole[max(count, 0) :] != call.shape:
            return None
        source = self._unsqueezed(call.inputs[0])
        self.axes[place] = whole[:count]
        self.passages.add(place)
        return _Output(source)

    def _tensor(self, place: int) -> ImportedLayer:
        """Return a tensor of the network's own."""
        call, view = self.calls[place], self.views[place]
        if call.class_name == "FixedTensor":
            numbers = tuple(view.as_written(number) for number in call.config["numbers"])
            kind: Kind = Fixed.of(call.shape, numbers if len(numbers) > 1 else numbers[0])
        else:
            kind = Learned.of(call.shape, initial_of(view, "kernel_initializer"))
        groups = ((place,),) if call.weights else ()
        return ImportedLayer(kind, Identity.spec(), (), groups, call.shape)

    # --- how kinds see a call ---

    def _view(self, place: int) -> CallView:
        call = self.calls[place]
        before: tuple[CallView, ...] = ()
        if len(call.inputs) == 1 and self._is_chained(call.inputs[0], place):
            first = self.views[call.inputs[0]]
            # Bounded: each view holds all before it, which would be quadratic in a chain's length.
            before = (*first.before, first)[-_LONGEST_CHAIN:]
        outputs = [self.outputs[source] for source in call.inputs]
        layers = [output.layer for output in outputs if isinstance(output, _Output)]
        several = len(layers) == len(call.inputs) > 1
        return CallView(
            call.class_name,
            call.config,
            tuple(self._shape(source) for source in call.inputs),
            call.shape,
            call.arguments,
            call.named,
            before,
            self._points(layers, place) if several else (),
            tuple(self._points(self.read_by[layer], place) for layer in layers) if several else (),
            [],
        )

    def _shape(self, place: int) -> Shape:
        """Return the shape of a call's output in the language, as far as it is known."""
        output = self.outputs[place]
        if isinstance(output, _Unread):
            return self.calls[place].shape
        return element_of(self.layers[output.layer].shape, len(self.axes[place]))

    def _points(self, layers: Sequence[int], place: int) -> tuple[Ref, ...]:
        """Return layers as points that a call can name."""
        axes = len(self.axes[place])
        return tuple(as_point(self.layers, layer).of_element(axes) for layer in layers)

    def _is_chained(self, source: int, place: int) -> bool:
        """Say whether only one call reads another's output, so that the two can be one layer."""
        call, before = self.calls[place], self.calls[source]
        alone = self.consumers[source] == [place] and source not in self.ended
        if not alone or not before.inputs or {source, place} & self.passages:
            return False
        if self.padding_apart and self.views[source].layer == "ZeroPadding":
            return False
        uses = self.uses[call.operation], self.uses[before.operation]
        shared = (call.weights and uses[0] > 1) or (before.weights and uses[1] > 1)
        # Both called equally often, each time together: else a shared layer's use would lack its
        # partner.
        return uses[0] == uses[1] or not shared

    def _ways_to_see(self, place: int) -> Iterator[CallView]:
        """Show a call with those before it, alone, and with its inputs as Keras has them: 1x1xC."""
        view = self.views[place]
        yield view
        if view.before:
            yield view._replace(before=())
        outputs = [self.outputs[source] for source in self.calls[place].inputs]
        if any(isinstance(output, _Output) and output.squeezed for output in outputs):
            for source in self.calls[place].inputs:
                self._unsqueezed(source)
            yield self._view(place)._replace(before=())

    def _readings(self, view: CallView, place: int) -> tuple[list[_Reading], str]:
        """Find what the call may be, readings of most calls first, and why it is nothing else."""
        found, reason = [], ""
        for kind in self.readers.get(view.layer, ()):
            try:
                _refuse_more(kind, view)
                meaning = kind.from_keras(view)
                if meaning is not None:
                    for call in view.before[len(view.before) - meaning.calls + 1 :]:
                        _refuse_more(kind, call)
                    found.append(_Reading(kind, meaning, self._places(place, meaning.calls)))
            except NoWord as problem:
                reason = reason or problem.reason
        # Most calls first: `conv(bn)` rather than `conv > bn`.
        return sorted(found, key=lambda each: -each.meaning.calls), reason

    def _places(self, last: int, count: int) -> tuple[int, ...]:
        places = [last]
        while len(places) < count:
            places.append(self.calls[places[-1]].inputs[0])
        return tuple(reversed(places))

    # --- layers ---

    def _layer(self, reading: _Reading) -> _Output:
        """Add the layer that the calls are.

        Raises:
            NoWord: where the kind does not take the input, or gives another shape than Keras.
        """
        meaning, places = reading.meaning, reading.places
        sources = [self.outputs[place] for place in self.calls[places[0]].inputs]
        inputs = [source.layer for source in sources if isinstance(source, _Output)]
        if len(inputs) < len(sources):
            raise NoWord
        axes = self.axes[places[0]]
        shapes = [element_of(self.layers[source].shape, len(axes)) for source in inputs]
        if meaning.index_limit is not None:
            indices = self._as_indices(inputs[0], meaning.index_limit)
            shapes = [element_of(indices, len(axes))]
        try:
            kind = reading.kind.make(meaning.spec)
            points = [ref.op for ref in kind.references().values()]
            if not kind.merges:
                if len({*inputs[1:]} - {inputs[0]}) > len(points):
                    raise NoWord(f"it takes {len(inputs)} inputs")
                inputs = [inputs[0], *points]
                shapes = [shapes[0], *(shape for _, shape in kind.referenced_inputs())]
            shape = kind.shape(*shapes)
            views = [self.views[place] for place in places]
            kind, spec = with_lists(ListedLayer(kind, meaning.spec), views, shapes)
        except LayerError as error:
            raise NoWord(error.message) from None
        squeezed = _is_squeezed(shape, self.calls[places[-1]].shape)
        if meaning.index_limit is not None:
            # Only now, when the reading holds: an input is indices because of what reads it.
            self.layers[inputs[0]] = self.layers[inputs[0]]._replace(shape=indices)
        if (kind.is_identity or kind.means_none) and meaning.option is None:
            return _Output(inputs[0], squeezed)
        holders = tuple(place for place in places if self.calls[place].weights)
        operations = [self.calls[place].operation for place in holders]
        shared = next((number for number in operations if self.uses[number] > 1), None)
        groups = (holders,) if holders else ()
        kind, shape = on_each(kind, axes), (*axes, *shape)
        layer = ImportedLayer(
            kind,
            spec,
            tuple(inputs),
            groups,
            shape,
            shared,
            meaning.option,
            self.calls[places[-1]].kernel,
        )
        return _Output(self._add(layer), squeezed)

    def left_out(self) -> Iterator[tuple[str, str]]:
        """Yield what the calls say that is left out, each with its call's name."""
        for call, view in zip(self.calls, self.views, strict=True):
            yield from ((key, call.name) for key in view.left_out)

    def _add(self, layer: ImportedLayer) -> int:
        place = len(self.layers)
        self.layers.append(layer)
        for source in dict.fromkeys(layer.inputs):
            self.read_by[source].append(place)
        return place

    def _as_indices(self, place: int, limit: int) -> Shape:
        """Make an input one of indices, and return its shape.

        Raises:
            NoWord: where it is not an input, or has another number of indices.
        """
        given = self.layers[place]
        if given.inputs:
            raise NoWord("its indices do not come from an input")
        if isinstance(given.shape, Indices) and given.shape.limit != limit:
            raise NoWord(f"its input has {given.shape.limit} indices for another layer")
        return Indices(given.shape, limit)

    def _unsqueezed(self, place: int) -> int:
        """Return the layer with a call's output in Keras's own shape."""
        output = self.read(place)
        if not output.squeezed:
            return output.layer
        shape = self.calls[place].shape
        spec = Reshape.spec(sizes_value(shape))
        layer = ImportedLayer.plain(spec, (output.layer,), shape, self.axes[place])
        whole = self._add(layer)
        self.outputs[place] = _Output(whole)
        return whole

    def ends(self, outputs: Sequence[int]) -> list[int]:
        """Find the layers of the model's outputs.

        An output that is also read elsewhere, that is an output twice, or that is an input gets a
        `linear` of its own: in the language an output is the end of a chain.

        Raises:
            NetError: N621 where they come from a call that has no word.
        """
        unread = [each for place in outputs if isinstance(each := self.outputs[place], _Unread)]
        if unread:
            raise min(unread, key=lambda each: each.place).error
        for place in outputs:
            if self.axes[place]:
                call = self.calls[place]
                raise call.no_word(f"an output has {dims(self.axes[place])} elements in its batch")
        places = [self._unsqueezed(place) for place in outputs]
        for at, place in enumerate(places):
            read = self.read_by[place] or not self.layers[place].inputs
            if read or places.count(place) > 1:
                layer = ImportedLayer.plain(Linear.spec(), (place,), self.layers[place].shape)
                places[at] = self._add(layer)
        return places


def _refuse_more(kind: type[Kind], call: CallView) -> None:
    """Reject a call with arguments that the kind does not look at and that would change the layer.

    Raises:
        NoWord: with the arguments' names.
    """
    if kind.reads_call_arguments:
        return
    by_training = kind.differs_in_training or kind.inactive_in_use
    given = [
        name for name, value in call.named.items() if name != "training" or (value and by_training)
    ]
    if given:
        raise NoWord(f"it is called with {', '.join(given)}")
    if any(value is not None for value in call.arguments):
        raise NoWord("it is called with more than its inputs")


def _is_squeezed(shape: Shape, keras_shape: Shape) -> bool:
    """Say whether a shape in Keras is 1x1xC where the language has a vector of C.

    Raises:
        NoWord: where the shapes differ otherwise.
    """
    if shape == keras_shape:
        return False
    if len(shape) == 1 and keras_shape == (*(1,) * (len(keras_shape) - 1), *shape):
        return True
    raise NoWord

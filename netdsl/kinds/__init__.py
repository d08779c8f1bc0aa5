"""The kinds of layers: one class each. `KINDS` has them by their words; nothing else lists them but
what `make docs` writes.
"""

from netdsl.kinds.kind import KINDS, Kind, as_layer
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.values import Argument, LayerSpec, Ref, Word

__all__ = [
    "KINDS",
    "UNITS",
    "Argument",
    "Kind",
    "LayerError",
    "LayerSpec",
    "Ref",
    "Word",
    "keras_readers",
    "layer_kind",
    "make",
]


UNITS = "fc"
"""What an activation with an amount is: `softmax-10` is `fc-10(softmax)`."""


def keras_readers() -> dict[str, list[type[Kind]]]:
    """Return the kinds that read each Keras layer, by its name without the rank."""
    readers: dict[str, list[type[Kind]]] = {}
    for kind in dict.fromkeys(KINDS.values()):
        for layer in kind.keras_layers:
            readers.setdefault(layer, []).append(kind)
    return readers


def layer_kind(word: str) -> type[Kind]:
    """Return the kind that a word means as a layer: `max(over=h)`, and not `max[ a | b ]`.

    Raises:
        KeyError: where no kind has this word.
    """
    return KINDS.get(as_layer(word)) or KINDS[word]


def make(spec: LayerSpec) -> Kind:
    """Return the configured layer of a spec; an activation with an amount is `fc` with that
    activation.

    Raises:
        LayerError: for whatever the kind does not take.
        KeyError: where no kind has this word.
    """
    kind = KINDS[spec.word]
    if kind.merges and spec.arguments:
        kind = layer_kind(spec.word)
    if kind.group != "activation" or spec.amount is None:
        return kind.make(spec)
    units = KINDS[UNITS]
    # `softmax-10(over=positions, bias=no)`: what `fc` knows is its own, the rest the activation's.
    own = tuple(each for each in spec.arguments if each.name not in units.options)
    rest = tuple(each for each in spec.arguments if each.name in units.options)
    activation = Argument("act", Word(spec.word, own), own[0].place if own else None)
    return units.make(spec._replace(word=UNITS, arguments=(activation, *rest)))

"""The kinds of layers: one class each. `KINDS` has them by their words; nothing else lists them."""

from netdsl.kinds import act, conv, dense, form, merge, noise, norm, other, pool, sequence, unpool
from netdsl.kinds.kind import KINDS, Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.values import Argument, LayerSpec, Ref, Word

__all__ = [
    "KINDS",
    "Argument",
    "Kind",
    "LayerError",
    "LayerSpec",
    "Ref",
    "Word",
    "act",
    "conv",
    "dense",
    "form",
    "make",
    "merge",
    "noise",
    "norm",
    "other",
    "pool",
    "sequence",
    "unpool",
]


def make(spec: LayerSpec) -> Kind:
    """The configured layer of a spec; an activation with an amount is `fc` with that activation.

    Raises:
        LayerError: for whatever the kind does not take.
        KeyError: where no kind has this word.
    """
    kind = KINDS[spec.word]
    if kind.group != "activation" or spec.amount is None:
        return kind.make(spec)
    units = KINDS["fc"]
    own = tuple(each for each in spec.arguments if each.name not in units.options)
    rest = tuple(each for each in spec.arguments if each.name in units.options)
    activation = Argument("act", Word(spec.word, own), own[0].place if own else None)
    return units.make(spec._replace(word="fc", arguments=(activation, *rest)))

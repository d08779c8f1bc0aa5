"""The kinds of layers: one class each. `KINDS` has them by their words; nothing else lists them."""

from netdsl.kinds import (
    act,
    conv,
    conv_transposed,
    conv_unshared,
    dense,
    form,
    form_edges,
    merge,
    noise,
    norm,
    other,
    pool,
    pool_features,
    pool_global,
    pool_power,
    sequence,
    sequence_attention,
    sequence_recurrent,
    unpool,
)
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
    "conv_transposed",
    "conv_unshared",
    "dense",
    "form",
    "form_edges",
    "make",
    "merge",
    "noise",
    "norm",
    "other",
    "pool",
    "pool_features",
    "pool_global",
    "pool_power",
    "sequence",
    "sequence_attention",
    "sequence_recurrent",
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

"""The kinds of layers: one class each. `KINDS` has them by their words; nothing else lists them."""

from netdsl.kinds import act, conv, dense, form, merge, noise, norm, other, pool, sequence, unpool
from netdsl.kinds.base import KINDS, Call, Given, Kind, Problem, Ref, Word

__all__ = [
    "KINDS",
    "Call",
    "Given",
    "Kind",
    "Problem",
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


def make(call: Call) -> Kind:
    """The configured layer of a call; an activation with an amount is `fc` with that activation.

    Raises:
        Problem: for whatever the kind does not take.
        KeyError: where no kind has this word.
    """
    kind = KINDS[call.word]
    if kind.group != "activation" or call.amount is None:
        return kind.make(call)
    units = KINDS["fc"]
    own = tuple(given for given in call.given if given.name not in units.options)
    rest = tuple(given for given in call.given if given.name in units.options)
    activation = Given("act", Word(call.word, own), own[0].place if own else None)
    return units.make(
        Call("fc", call.size, call.amount, call.stride, (activation, *rest), call.defaults)
    )

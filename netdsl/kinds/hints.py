"""What a reader who knows other libraries may have meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from netdsl.errors import did_you_mean
from netdsl.kinds.elsewhere import COMPOSED
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.signature import ARTICLED, Signature
from netdsl.kinds.stated import Stated
from netdsl.kinds.values import Argument, LayerSpec, Word, dims, shown
from netdsl.wording import plural

# Other libraries' names of arguments: the part of a layer that they are here, and how it is
# written; or no part, and the option's name here.
_ELSEWHERE = {
    **dict.fromkeys(("stride", "strides", "s"), ("stride", "after a slash")),
    **dict.fromkeys(("filters", "units", "channels", "out_channels"), ("amount", "after a dash")),
    **dict.fromkeys(
        ("kernel", "kernel_size", "window", "size", "pool_size"),
        ("size", "directly after the word"),
    ),
    "activation": ("", "act"),
    **dict.fromkeys(("padding", "p"), ("", "pad")),
    "use_bias": ("", "bias"),
    "dilation_rate": ("", "dilation"),
    "depth_multiplier": ("", "mult"),
    "epsilon": ("", "eps"),
    **dict.fromkeys(("axis", "axes", "dim"), ("", "over")),
    **dict.fromkeys(("keepdims", "keepdim"), ("", "keep")),
}


def plain_names(name: str) -> tuple[str, str]:
    """Return a name in small letters, and without axes and numbers: `conv2d_1` and `conv`."""
    return name.lower(), re.sub(r"[123]d|[0-9_]", "", name.lower())


def written_here(name: str, kinds: Iterable[type[Stated]]) -> str:
    """Return how a layer of Keras, PyTorch or the literature is written here, by its name there:
    `Conv2D`, `batch_normalization`, `GLU`; empty where nothing is known by it.
    """
    plain = plain_names(name)
    for each in plain:
        for kind in kinds:
            if each in kind.names_elsewhere:
                return kind.usual_spelling or kind.word
    return next((COMPOSED[each] for each in plain if each in COMPOSED), "")


def unmatched(signature: Signature, argument: Argument) -> LayerError:
    """Return the error of an argument that belongs to no option."""
    if argument.name is not None:
        return unknown_option(signature, argument.name)
    if isinstance(argument.value, Word):
        return unknown_option(signature, argument.value.text, bare=True)
    return _one_too_many(signature, argument.value)


def unknown_option(signature: Signature, name: str, bare: bool = False) -> LayerError:
    """Return the error of an option that the kind does not have; a bare word could have been a
    flag, a norm, an activation.
    """
    options = signature.options.values()
    help = ""
    if bare:
        # `conv3-8(he_normal)`: a value of `init`, which has to be named.
        named = [option.name for option in options if name in option.words]
        help = f"write {named[0]}={name}" if named else ""
        meant = next(filter(None, (option.word_of(name) for option in options)), "")
        help = help or (meant and f"did you mean `{meant}`?")
        known = [word for option in options for word in option.bare_words()]
    else:
        known = list(signature.options)
    help = help or _elsewhere(signature, name) or did_you_mean(name, known)
    message = f"`{signature.word}` has no option `{name}`"
    return LayerError("N103", message, help=help or _options(signature))


def _one_too_many(signature: Signature, value: Any) -> LayerError:
    """Return the error of a value without a name for which no option is left."""
    allowed = len(signature.positional)
    takes = f"accepts {allowed or 'no'} {plural('value', allowed)} without a name"
    message = f"`{signature.word}` {takes}; {shown(value)} is one too many"
    return LayerError("N103", message, help=_touching(signature, value))


def respelled(signature: Signature, spec: LayerSpec) -> str:
    """Return how to write a layer that lacks its size or amount: from `dense(10)`, `conv(64, 3)` or
    `conv-64` to netdsl's form.
    """
    numbers = [
        argument.value
        for argument in spec.arguments
        if argument.name is None and type(argument.value) is int and argument.value > 0
    ]
    amount = spec.amount
    # `Conv2D(64, 3)` and `Dense(10)`: other libraries name the amount first.
    if amount is None and numbers and signature.takes.get("amount"):
        amount = numbers.pop(0)
    size: Any = 3
    if spec.size:
        size = dims(spec.size)
    elif numbers:
        size = numbers.pop(0)
    # What is in the brackets is not understood: the kind's example says more than a guess.
    if amount is None or (spec.arguments and type(spec.arguments[0].value) is not int):
        return f"write it like `{signature.example}`"
    return f"write {spec.word}{size if signature.takes.get('size') else ''}-{amount}"


def _elsewhere(signature: Signature, name: str) -> str:
    """Return how other libraries' words for an option, or for what is not an option, are written
    here.
    """
    part, written = _ELSEWHERE.get(name, ("", ""))
    if written in signature.options:
        return f"did you mean `{written}`?"
    if part not in signature.takes:
        return ""
    touching = [sign for of, sign in (("size", "3"), ("amount", "-64")) if of in signature.takes]
    stride = "/2" if part == "stride" else ""
    return f"{ARTICLED[part]} is written {written}: {signature.word}{''.join(touching)}{stride}"


def _touching(signature: Signature, value: Any) -> str:
    """For `pool(2)` and `softmax(10)`: a number that belongs to the word. Else the options."""
    if type(value) is int and value > 0 and not signature.positional:
        if signature.group == "activation":
            help = f"{ARTICLED['amount']} is written after a dash, as in {signature.word}-10"
            return f"{help}; {_options(signature)}" if signature.options else help
        if "size" in signature.takes and "amount" not in signature.takes:
            return f"{ARTICLED['size']} follows the word without a space: {signature.word}{value}"
    return _options(signature)


def _options(signature: Signature) -> str:
    names = ", ".join(signature.options)
    return f"its options are {names}" if names else "it has no options"

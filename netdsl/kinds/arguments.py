"""Matches what is written of a layer to what its kind takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.lists import is_of_numbers
from netdsl.kinds.options import REQUIRED, Option
from netdsl.kinds.signature import ARTICLED, Signature
from netdsl.kinds.values import Argument, Defaults, Dims, LayerSpec, Word, is_number, shown


def check_head(signature: Signature, spec: LayerSpec) -> None:
    """Check size, amount and stride against what the kind takes.

    Raises:
        LayerError: N106 for one that is missing or that the kind does not take, N201 for one below
            1.
    """
    for part, number in (("size", spec.size), ("amount", spec.amount), ("stride", spec.stride)):
        takes = signature.takes.get(part, "no")
        if number is None:
            if takes == "yes":
                message = f"`{signature.word}` requires {ARTICLED[part]}"
                from netdsl.kinds.hints import respelled  # late: start-up is short

                raise LayerError("N106", message, help=respelled(signature, spec))
        elif takes == "no":
            message = (
                f"`{signature.word}` has no {part} (as in `{_spelled(signature, spec, part)}`)"
            )
            raise LayerError("N106", message, part, _instead(signature, spec, part))
        elif min(number if isinstance(number, tuple) else (number,)) < 1:
            plain = Dims(number) if isinstance(number, tuple) else number
            message = f"{ARTICLED[part]} is an integer from 1, not {shown(plain)}"
            raise LayerError("N201", message, part)


def _instead(signature: Signature, spec: LayerSpec, part: str) -> str:
    """Return how a layer is written that has a part which its kind does not take: of `fc10` the
    size is meant as an amount.
    """
    takes_amount = "amount" in signature.takes or signature.group == "activation"
    if part == "size" and takes_amount and spec.amount is None and len(spec.size or ()) == 1:
        return f"the amount follows a dash: {spec.word}-{spec.size[0]}"  # type: ignore[index]
    return f"write it like `{signature.example}`"


def _spelled(signature: Signature, spec: LayerSpec, part: str) -> str:
    """Return a layer with the part that its kind does not take."""
    word = signature.word if part == "size" else spec.word
    return word + {"size": "3", "amount": "-64", "stride": "/2"}[part]


def read_options(signature: Signature, spec: LayerSpec) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the options of a layer: the kind's defaults, then what each `default` statement says,
    then what the layer says.

    Returns:
        The options' values, and the names of those that the text states.

    Raises:
        LayerError: N103 for an option that the kind does not have, N104 for one given twice, N106
            for one that is missing, N107 for a value that it does not accept.
    """
    options = signature.options
    # A default may depend on others: the norm of `conv(bn)` has `bn`'s own defaults.
    values = {name: option.default_under(spec.defaults) for name, option in options.items()}
    explicit: set[str] = set()
    # Statement by statement: each counts its positions from the first, and the last one wins.
    for arguments in spec.defaults.get(signature.word, ()):
        said = _read(signature, arguments, spec.defaults, values)
        explicit |= said - {"act"}  # an activation by default can be left out
    explicit |= _read(signature, spec.arguments, spec.defaults, values)
    for name, value in values.items():
        if value is REQUIRED:
            doc = options[name].doc
            message = f"`{signature.word}` requires `{name}`{doc and f', {doc}'}"
            raise LayerError("N106", message, help=f"write it like `{signature.example}`")
    return values, frozenset(explicit)


def _first_value(signature: Signature, error: LayerError, argument: Argument) -> str:
    """Return what to write where numbers are given for `bias`, which is yes or no."""
    name, value = error.where, argument.value
    meant = f"{name}_init"
    if error.code != "N107" or meant not in signature.options:
        return ""
    if not (is_number(value) or is_of_numbers(value)):
        return ""
    return f"{name} is yes or no; a {name}'s first value is {meant}={shown(value)}"


def _read(
    signature: Signature,
    arguments: tuple[Argument, ...],
    defaults: Defaults,
    values: dict[str, Any],
) -> set[str]:
    """Put the arguments into the options' values; gives the names of these options.

    Args:
        signature: of the kind.
        arguments: of a layer, or of one `default` statement.
        defaults: in force for other kinds, such as an option's norm.
        values: by option; changed here.
    """
    said: set[str] = set()
    positions = iter(signature.positional)
    for argument in arguments:
        try:
            option, value = match(signature, argument, positions)
            if option.name in said:
                raise LayerError("N104", f"`{option.name}` is given twice")
            values[option.name] = option.read(value, defaults)
        except LayerError as error:
            error.help = error.help or _first_value(signature, error, argument)
            error.place = error.place or argument.place
            raise
        said.add(option.name)
    return said


def match(
    signature: Signature, argument: Argument, positions: Iterator[str]
) -> tuple[Option[Any], Any]:
    """Return the option that an argument sets, and the value: by its name, by a bare word that is
    the option's own, by position.

    Raises:
        LayerError: N103 where there is no such option.
    """
    if argument.name is not None:
        if argument.name in signature.options:
            return signature.options[argument.name], argument.value
    elif isinstance(argument.value, Word):
        # `conv3-8(bn, relu)`: a word says by itself whether it is a norm or an activation.
        for option in signature.options.values():
            value = option.of_bare(argument.value)
            if value is not None:
                return option, value
    elif (name := next(positions, None)) is not None:
        return signature.options[name], argument.value
    from netdsl.kinds.hints import unmatched  # late: start-up is short

    raise unmatched(signature, argument)


def default_argument(signature: Signature, name: str, defaults: Defaults) -> Argument | None:
    """Return what the `default` statements say of an option: the last one's argument."""
    found = None
    for arguments in defaults.get(signature.word, ()):
        positions = iter(signature.positional)
        for argument in arguments:
            if match(signature, argument, positions)[0].name == name:
                found = argument
    return found


def with_loose_numbers(spec: LayerSpec, option: str) -> LayerSpec:
    """Return the spec with the values that have no name, words apart, as one option: a number where
    there is one, else all of them.
    """
    loose = [
        argument
        for argument in spec.arguments
        if argument.name is None and not isinstance(argument.value, Word)
    ]
    if not loose:
        return spec
    numbers = tuple(argument.value for argument in loose)
    joined = Argument(option, numbers if loose[1:] else numbers[0], loose[0].place)
    rest = tuple(argument for argument in spec.arguments if argument not in loose)
    return spec._replace(arguments=(joined, *rest))

"""What a program's functions, variables and parameters are called."""

from __future__ import annotations

import builtins
import keyword

from netdsl.emit.heads import LayerHead
from netdsl.emit.signatures import BY_NAME, DEFAULTS, POSITIONAL, PROGRAM_NAMES, layer_of
from netdsl.factoring.items import ItemChain

_PARAMETERS = {"n": "repeats", "p": "skip"}  # what roles are called in Python
# What a program imports, and what it calls its own variables.
_OWN = ("keras", "layers", "ops", "np", "Any", "x", "layer", "inputs", "outputs", "shared")
RESERVED = frozenset(
    (
        *(*keyword.kwlist, *keyword.softkwlist, *dir(builtins)),
        *(*_OWN, *_PARAMETERS.values()),
        *(*(role for roles in POSITIONAL.values() for role in roles), *BY_NAME),
    )
)
"""Names that would hide what a program needs."""


def name_of_content(chain: ItemChain) -> str:
    """Return a name for a few different layers in a row: `conv_bn_act`; `block` for others."""
    made = [item.head.made if isinstance(item.head, LayerHead) else "" for item in chain]
    words = [PROGRAM_NAMES.get(layer_of(each), "") for each in made]
    # A longer name says less than `block`.
    if len(words) > 3 or not all(words) or len(set(words)) < len(words):
        return "block"
    return "_".join(
        f"up{word}" if each.endswith("Transpose") else word
        for word, each in zip(words, made, strict=True)
    )


def parameter_name(name: str) -> str:
    """Return a block's parameter in Python: `n`, of a repeat, is `repeats`."""
    role = role_of(name)
    return _PARAMETERS.get(role, role) + name[len(role) :]


def parameter_order(name: str) -> tuple[int, bool]:
    """Return a key that sorts parameters: those with defaults last, the number of repeats before
    them."""
    role = role_of(name)
    return list(DEFAULTS).index(role) if role in DEFAULTS else -1, role == "n"


def role_of(name: str) -> str:
    """Return what a parameter is for: `filters` of `filters2`."""
    return name.rstrip("0123456789")

"""The meaning of arrays' names: examples, targets or weights, of which part, for which input."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.wording import first_few

if TYPE_CHECKING:
    from netdsl.training.data.npz import ArrayHeader
    from netdsl.training.data.signature import NetworkSignature
    from netdsl.training.preparation.rows import Rows

PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""The parts, and the endings of their arrays' names, in upper or lower case."""

X, Y, WEIGHT = "x", "y", "sample_weight"
ROLES = {X: "the examples", Y: "the targets"}
_ROLE = r"(?P<role>[xX]|[yY]|(?:sample_)?weights?)"
_PART = "|".join(one for names in PARTS.values() for one in names)
NAME = re.compile(rf"{_ROLE}(?:_(?P<part>(?i:{_PART})))?(?:_(?P<tensor>.+))?")
KNOWN = "x, y and sample_weight, alone or ending in _train, _val and _test"


class ArrayName(NamedTuple):
    """What an array's name says.

    Attributes:
        role: `x`, `y` or `sample_weight`.
        part: a key of `PARTS`, or empty.
        tensor: the input or output of the network that it is for; empty where it is for all.
    """

    role: str
    part: str = ""
    tensor: str = ""

    @property
    def text(self) -> str:
        """The name as messages write it: `x_train_left`."""
        return "_".join(filter(None, self))


def meaning(name: str, tensors: Collection[str] = (), weight: str = WEIGHT) -> ArrayName | None:
    """Return the meaning of an array's name; None where it has none.

    Args:
        name: the array's.
        tensors: the names of the network's inputs and outputs: one may be called `val`.
        weight: the name of weights that a recipe states, alongside `sample_weight`.
    """
    if name == weight or name.startswith(f"{weight}_"):
        name = WEIGHT + name[len(weight) :]
    found = NAME.fullmatch(name)
    if found is None:
        return None
    role = found["role"].lower()
    role = role if role in (X, Y) else WEIGHT
    # The network's own names first: an output may be called `test`.
    rest = name[len(found["role"]) + 1 :]
    if rest in tensors:
        return ArrayName(role, "", rest)
    part = (found["part"] or "").lower()
    part = next((one for one, names in PARTS.items() if part in names), "")
    return ArrayName(role, part, found["tensor"] or "")


class ArraysByMeaning:
    """Arrays by the meaning of their names; each must be used, or is an error."""

    def __init__(
        self,
        source: str,
        held: Mapping[str, Rows],
        signature: NetworkSignature,
        weight: str | None,
        span: Span | None,
    ) -> None:
        """Sort arrays by their names.

        Raises:
            NetError: N507 where the name of the weights is that of examples or targets, N514 where
                two names say the same.
        """
        if weight and (other := meaning(weight)) and other.role != WEIGHT:
            message = f"`{weight}` of {source} holds {ROLES[other.role]}, and cannot be the weights"
            raise fail("N507", message, span, help="name another array, or leave `weight` out")
        self.source, self.held, self.span = source, held, span
        several = [*signature.inputs] if len(signature.inputs) > 1 else []
        several += [*signature.outputs] if len(signature.outputs) > 1 else []
        tensors = [tensor.name for tensor in several]
        self.by_meaning: dict[ArrayName, str] = {}
        self.unknown: list[str] = []
        for name in held:
            said = meaning(name, tensors, weight or WEIGHT)
            if said is None:
                self.unknown.append(name)
                continue
            if said in self.by_meaning:
                both = f"`{self.by_meaning[said]}` and `{name}`"
                raise self._fail(f"{both} of {source} are both {said.text}", "leave one out")
            self.by_meaning[said] = name
        self.used: dict[str, Rows] = {}
        self.spelled = {
            said.part: found["part"]
            for said, name in self.by_meaning.items()
            if said.part and (found := NAME.fullmatch(name))
        }

    def __contains__(self, said: ArrayName) -> bool:
        return said in self.by_meaning

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts, the training part's first; an empty one where none is named."""
        named = {said.part for said in self.by_meaning}
        return (
            ("train", *(part for part in PARTS if part in named - {"train", ""}))
            if (named - {""})
            else ("",)
        )

    def form(self, name: str) -> Rows | ArrayHeader:
        """Return an array's shape and type, without unpacking it."""
        header = getattr(self.held, "header", None)
        found: Rows | ArrayHeader = header(name) if header else self.held[name]
        return found

    def take(self, said: ArrayName) -> tuple[str, Rows]:
        """Return an array and its name."""
        name = self.by_meaning[said]
        if name not in self.used:  # an array of a file is read only now
            self.used[name] = self.held[name]
        return name, self.used[name]

    def require(self, expected: Iterable[ArrayName]) -> None:
        """Raise NetError N514 where arrays are missing."""
        expected = tuple(dict.fromkeys(expected))
        missing = [self._asked(said) for said in expected if said not in self]
        if not missing:
            return
        asked = [self._asked(said) for said in expected]
        others = [name for name in self.held if name not in asked]
        help = did_you_mean(missing[0], others) or f"the arrays are {', '.join(asked)}"
        if len(expected) <= 2 and not any(said.part or said.tensor for said in expected):
            # A user who has neither `x` nor `y` needs the whole convention.
            help = "the arrays are x_train, y_train, x_test, y_test, or x, y"
        no_such = ", ".join(f"`{name}`" for name in missing)
        holds = f"it has {', '.join(sorted(self.held)) or 'none'}"
        raise self._fail(f"{self.source} has no array {no_such}; {holds}", help)

    def _asked(self, said: ArrayName) -> str:
        """Return the missing name, with its part as other arrays spell it: `y_val` for `x_val`."""
        return said._replace(part=self.spelled.get(said.part, said.part)).text

    def check_used(self, ignored: str = "") -> None:
        """Raise NetError N514 where an array is not used; those of one role may be `ignored`."""
        rest = [
            name
            for said, name in self.by_meaning.items()
            if name not in self.used and said.role != ignored
        ]
        if unused := [*self.unknown, *rest]:
            names = first_few([f"`{name}`" for name in unused], 5)
            what = "arrays that are" if len(unused) > 1 else "an array that is"
            help = f"arrays are {KNOWN}; leave out any other"
            raise self._fail(f"{self.source} has {what} not used: {names}", help)

    def _fail(self, message: str, help: str) -> NetError:
        return fail("N514", message, self.span, help=help)

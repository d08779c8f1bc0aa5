"""Named points: how steps get their names, and what references lead to."""

from __future__ import annotations

import re
from typing import Any, TypeGuard

from netdsl.errors import NetError, Note, Span, did_you_mean, fail
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.scopes import Block, Closure, Points, Scope
from netdsl.syntax import tree
from netdsl.syntax.walks import names_of


def define(name: str, x: int, span: Span | None, scope: Scope) -> None:
    """Give an operation a name.

    Args:
        name: the point's.
        x: the operation.
        span: where the name is written; None for an input without one.
        scope: whose points it is added to.

    Raises:
        NetError: N104 where the name is used already.
    """
    points = scope.points
    if name in points.names:
        raise _used_twice(name, span, scope)
    points.names[name] = x
    if span is not None:
        points.places[name] = span


def define_pass(turn: int, inner: Points, earlier: set[str], scope: Scope) -> None:
    """Make the names of a repeat's pass known around the repeat.

    Args:
        turn: the pass.
        inner: its points.
        earlier: the names of earlier passes; this one's are added.
        scope: what the repeat sees.

    Raises:
        NetError: N104 where a name is used already.
    """
    points = scope.points
    for name, point in inner.names.items():
        # `a.` holds the points within a block's use that is named `a`.
        plain = name.rstrip(".")
        # The earlier passes of the same repeat have the name as well, by their numbers.
        if name not in earlier and name in points.names:
            raise _used_twice(plain, inner.places.get(plain), scope)
        earlier.add(name)
        # Text, as the part of `@a.0` that it is looked up by.
        points.names.setdefault(name, {})[str(turn)] = point
        if name in inner.places:
            points.places.setdefault(name, inner.places[name])


def _used_twice(name: str, span: Span | None, scope: Scope) -> NetError:
    first = scope.points.places.get(name)
    notes = (*((Note("first used here", first),) if first else ()), *scope.notes())
    message, help = f"the name `{name}` is used twice", "a name is unique in its network"
    return fail("N104", message, span, help=help, notes=notes)


def operation_at(reference: tree.Reference, scope: Scope) -> int:
    """Return the operation that a reference leads to.

    Raises:
        NetError: N101 where it leads nowhere, N109 where it leads to several; one that is not
            reported where a mistake hides what it leads to.
    """
    name = reference.name
    if is_each(reference):
        message = f"`@{name}` is one point for each iteration: it begins a branch or a flow"
        help = f"write [ @{name} ], [ @{name} > conv1-8 ], or @{name} > conv1-8 as a flow for each"
        raise fail("N109", message, scope.span(reference), help=help)
    found = find(reference, name.split("."), scope)
    if isinstance(found, dict):
        message = f"`@{name}` is in a repeat: each iteration has its own"
        help = f"say {_iterations(name, found)}; @{name}.* is each of them"
        raise fail("N109", message, scope.span(reference), help=help)
    if found == UNKNOWN:
        raise NetError()
    return int(found)


def _iterations(name: str, found: dict[str, Any]) -> str:
    each = [f"@{name}.{turn}" for turn in found]
    return ", ".join(each if len(each) <= 4 else [*each[:2], "...", each[-1]])


def each_as_outputs(reference: tree.Reference, scope: Scope) -> NetError:
    """Return the error of `output @name.*`, to be raised.

    Raises:
        NetError: N101 where it leads nowhere.
    """
    name = reference.name.removesuffix(".*")
    found = find(reference, name.split("."), scope)
    outputs = _iterations(name, found) if isinstance(found, dict) else f"@{name}"
    message = f"`@{reference.name}` is not one point: an output is"
    return scope.fail("N109", message, reference, f"write output {outputs}")


def is_each(body: tree.Body) -> TypeGuard[tree.Reference]:
    """Return whether this is `@name.*`: each of several points."""
    return isinstance(body, tree.Reference) and body.name.endswith(".*")


def operations_of_passes(reference: tree.Reference, scope: Scope) -> list[int]:
    """Return the operations that `@name.*` leads to, one for each pass.

    Raises:
        NetError: N101 where it leads nowhere, N109 where it is not in a repeat.
    """
    found = find(reference, reference.name.split(".")[:-1], scope)
    if not isinstance(found, dict):
        name = reference.name[:-2]
        raise scope.fail("N109", f"`@{name}` is not in a repeat", reference, _each(name, scope))
    waiting: list[Any] = [found]
    operations: list[int] = []
    while waiting:
        point = waiting.pop()
        if isinstance(point, dict):
            # Repeats in repeats: in the order in which the layers are made.
            waiting += reversed(point.values())
        elif point == UNKNOWN:
            raise NetError()
        else:
            operations.append(int(point))
    return operations


def _each(name: str, scope: Scope) -> str:
    """Return how each iteration gets a name of its own, where one names a repeat's last."""
    holder = scope.points.holder(name)
    place = holder.places.get(name) if holder else None
    # From the text: a repeat's `as` leaves nothing in the points that says it follows a repeat.
    repeat = place and re.search(r"[x×]([0-9_]+|\{[^{}]*\})[ \t\n]+as[ \t\n]+$", _before(place))
    if not repeat:
        return "a name within a repeat is each iteration's: (conv3-64 as a) x3 has @a.*"
    return (
        f"after the repeat `{name}` names its last iteration; "
        f"within it, each: (... as {name}) x{repeat[1]}"
    )


def _before(place: Span) -> str:
    # Enough for `x{...} as `: the search never reads a whole text again for each message.
    return place.source.text[max(0, place.start - 200) : place.start]


def find(node: tree.Reference | tree.Name, parts: list[str], scope: Scope) -> Any:
    """Return what the names of a reference lead to.

    An operation, or the passes of a repeat by their numbers.

    Raises:
        NetError: N101 where they lead nowhere.
    """
    holder = scope.points.holder(parts[0])
    found: Any = None
    if holder is not None:
        # Also where the rest leads nowhere: that is one mistake, not an unused name besides.
        holder.used.add(parts[0])
        found = _inside(holder, parts)
    if found is None:
        raise _leads_nowhere(node, parts, scope)
    return found


def _inside(points: Points, parts: list[str]) -> Any:
    found: Any = points.names[parts[0]]
    # A name may be both: of a block's last operation, and of the points within the block.
    inner: Any = points.names.get(f"{parts[0]}.")
    for part in parts[1:]:
        if isinstance(found, dict):
            found = found.get(part)
            inner = inner.get(part) if isinstance(inner, dict) else None
        elif isinstance(inner, Points):
            found, inner = inner.names.get(part), inner.names.get(f"{part}.")
        else:
            found = None
    return found


def _parameter(name: str, scope: Scope) -> str:
    """Say how a parameter is written that was taken for a point."""
    if isinstance(scope.values[name], Closure):
        return f"`{name}` is a parameter: write it without `@`"
    return f"`{name}` is a number: write {{{name}}} where a number is required"


def _passes(parts: list[str], scope: Scope) -> str:
    """Say how many points a repeat or branches side by side have, where the index is too large."""
    holder = scope.points.holder(parts[0])
    found = _inside(holder, parts[:-1]) if holder and parts[-1].isdigit() else None
    if not isinstance(found, dict):
        return ""
    name, last = ".".join(parts[:-1]), [*found][-1]
    return f"`{name}` has {len(found)}, counted from 0: the last one is @{name}.{last}"


def _within_block(parts: list[str], scope: Scope) -> str:
    """Say how a point within a block is referred to from outside."""
    text = ".".join(parts)
    for key, inner in scope.points.names.items():
        if key.endswith(".") and isinstance(inner, Points) and parts[0] in inner.names:
            return f"it is a point inside `{key[:-1]}`: write @{key}{text}"
    # A block that is defined and has no named use: its points cannot be reached yet.
    for word in scope.blocks:
        block = scope.blocks[word]
        if isinstance(block, Block) and parts[0] in names_of(block.definition.chain):
            return (
                f"`{parts[0]}` is a point inside the block `{word}`: name its use, {word} as use, "
                f"and write @use.{text}"
            )
    return ""


def _leads_nowhere(node: tree.Reference | tree.Name, parts: list[str], scope: Scope) -> NetError:
    if parts[0] in scope.lost:
        return NetError()
    known = scope.points.known()
    text = ".".join(parts)
    help = (
        (_parameter(text, scope) if text in scope.values else "")
        or _passes(parts, scope)
        or (_each(parts[0], scope) if parts[-1].isdigit() else "")
        or _within_block(parts, scope)
        or did_you_mean(text, known)
        or (f"the names so far are {', '.join(known)}" if known else "`as NAME` names a step")
    )
    return scope.fail("N101", f"`@{text}` refers to nothing before it", node, help)


def named_operations(points: Points) -> dict[str, int]:
    """Return every named operation by what refers to it from outside: `a`, `use.a`, `a.0`."""
    found: dict[str, int] = {}
    # A stack and not recursion: blocks nest up to the limit, repeats within them as well.
    waiting = [("", points.names)]
    while waiting:
        prefix, names = waiting.pop()
        for name, at in names.items():
            if isinstance(at, Points):
                waiting.append((prefix + name, at.names))
            elif not isinstance(at, dict):
                found[prefix + name] = at
            elif name.endswith("."):
                waiting.append((prefix + name, {f"{turn}.": inner for turn, inner in at.items()}))
            else:
                waiting.append((f"{prefix}{name}.", at))
    return found

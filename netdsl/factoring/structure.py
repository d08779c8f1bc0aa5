"""Blocks, branches and repeats, found again in a plain graph of layers: what `from_keras` and
`emit` write.

`chains` nests the graph: a merge holds its branches, each a chain. `repeated` folds equal
neighbours. `with_blocks` takes out what occurs again and again with other numbers, as blocks with
parameters. None of them knows what a layer is, or how it is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from netdsl.naming import unique_name

_LONGEST = 24  # items that a block can hold in a row
_WORTH = 40  # characters that a block saves at least
_MOST_PARAMETERS = 8
_MOST_RATIO = 64


class Node(NamedTuple):
    """A layer of the graph.

    Attributes:
        head: what it is, numbers left out; layers of the same head differ in their values alone.
        values: its numbers.
        roles: for each value what a parameter would be called.
        inputs: the nodes that go in; several for a merge.
        width: its input's channels.
    """

    head: Hashable
    values: tuple[Any, ...] = ()
    roles: tuple[str, ...] = ()
    inputs: tuple[int, ...] = ()
    width: int | None = None
    merges: bool = False


class Item(NamedTuple):
    """A step of a chain: a layer, a merge of branches, a repeat, a call of a block, or a reference
    to a node (`REFERENCE`).

    Attributes:
        width: the channels that come in; in a block, where they differ from call to call, a formula
            or what stands for all of them.
        children: the chains within it.
        node: the node whose output the step gives.
        span: the first and the last node that it was made of; in a block or a repeat, those of one
            of its places.
    """

    head: Hashable
    values: tuple[Any, ...] = ()
    roles: tuple[str, ...] = ()
    width: Any = None
    children: tuple[Chain, ...] = ()
    node: int = -1
    span: tuple[int, int] = (-1, -1)


Chain = tuple[Item, ...]
REFERENCE = "@"
REPEAT = "x"


class BlockHead(NamedTuple):
    """The head of a call."""

    block: int


class Formula(NamedTuple):
    """factor * parameter // divisor; the parameter `in` is the channels that come in."""

    parameter: str
    factor: int = 1
    divisor: int = 1


class NodeName(NamedTuple):
    """A value that stands for a node's output."""

    node: int


class Parameter(NamedTuple):
    name: str
    default: int | None = None


class Block(NamedTuple):
    """A chain that is used several times. Its number is in the heads of its calls."""

    number: int
    parameters: tuple[Parameter, ...]
    chain: Chain


class Flow(NamedTuple):
    """A chain that begins at an input (`start`), at what its first item refers to, or with a
    merge of such.
    """

    start: int | None
    chain: Chain


# --- nesting --------------------------------------------------------------------------------------


def chains(
    nodes: Sequence[Node], inputs: Iterable[int], outputs: Sequence[int], ends: Iterable[int] = ()
) -> list[Flow]:
    """The graph as flows, in the order in which everything is made.

    Nodes stand behind their inputs.

    A merge's branches begin where all of them part: at its immediate dominator. What a branch takes
    from elsewhere is a reference. Flows end at the outputs, and at `ends`.
    """
    return list(
        _Nester(nodes, tuple(inputs)).flows(
            [*(end for end in sorted(ends) if end not in outputs), *outputs]
        )
    )


def crossings(nodes: Sequence[Node]) -> list[int]:
    """Nodes whose output goes to places that are not the branches of one merge: cells that reach
    over the next one.

    Merges, where any are such: the ends of cells rather than what is used twice within one.
    """
    takers: Counter[int] = Counter(source for node in nodes for source in set(node.inputs))
    over = _dominators(nodes)
    joined = {over[place] for place, node in enumerate(nodes) if node.merges}
    found = [
        place
        for place, node in enumerate(nodes)
        if node.inputs and takers[place] > 1 and place not in joined
    ]
    return [place for place in found if nodes[place].merges] or found


class _Nester:
    def __init__(self, nodes: Sequence[Node], inputs: tuple[int, ...]) -> None:
        self.nodes, self.inputs = nodes, inputs
        self.made: set[int] = set()
        self.over = _dominators(nodes)

    def flows(self, outputs: Iterable[int]) -> Iterator[Flow]:
        first = self.inputs[0] if len(self.inputs) == 1 else None
        if first is None:
            self.made.update(self.inputs)
        for output in outputs:
            start, spine = self._spine(output, None)
            if start is None or start in self.made:
                chain = self._run(spine)
                needless = start is None or (chain and _begins_elsewhere(chain[0]))
                yield Flow(None, chain if needless else (self._reference(start), *chain))
            else:
                self.made.add(start)
                yield Flow(start, self._run(spine))

    def _spine(self, end: int, stop: int | None) -> tuple[int | None, list[int]]:
        """The nodes from `stop`, an input, or one that is already made, down to `end`, branches
        left out.
        """
        spine: list[int] = []
        at: int | None = end
        while at is not None and at != stop and at not in self.made and self.nodes[at].inputs:
            spine.append(at)
            at = self.over[at]
        return at, spine[::-1]

    def _run(self, spine: Iterable[int]) -> Chain:
        return tuple(self._item(place) for place in spine)

    def _item(self, place: int) -> Item:
        node = self.nodes[place]
        children = (
            tuple(self._branch(source, self.over[place]) for source in node.inputs)
            if node.merges
            else ()
        )
        self.made.add(place)
        first = min(
            (item.span[0] for child in children for item in child if item.head != REFERENCE),
            default=place,
        )
        return Item(node.head, node.values, node.roles, node.width, children, place, (first, place))

    def _branch(self, end: int, stop: int | None) -> Chain:
        start, spine = self._spine(end, stop)
        chain = self._run(spine)
        return chain if start == stop else (self._reference(start), *chain)

    @staticmethod
    def _reference(place: int | None) -> Item:
        assert place is not None
        return Item(REFERENCE, (NodeName(place),), ("p",))


def _begins_elsewhere(item: Item) -> bool:
    """Whether a merge takes nothing of what comes in."""
    return bool(item.children) and all(
        child and (child[0].head == REFERENCE or _begins_elsewhere(child[0]))
        for child in item.children
    )


def _dominators(nodes: Sequence[Node]) -> list[int | None]:
    """Each node's immediate dominator: the last node that all ways to it pass; None where they
    begin at different inputs.

    Cooper, Harvey and Kennedy (2001): in an acyclic graph one pass in topological order is enough.
    """
    over: list[int | None] = []
    depth: list[int] = []
    for node in nodes:
        meeting: int | None = node.inputs[0] if node.inputs else None
        for other in node.inputs[1:]:
            there: int | None = other
            while meeting != there and meeting is not None and there is not None:
                if depth[meeting] >= depth[there]:
                    meeting = over[meeting]
                else:
                    there = over[there]
            if meeting is None or there is None:
                meeting = None
                break
        over.append(meeting)
        depth.append(0 if meeting is None else depth[meeting] + 1)
    return over


# --- what is alike --------------------------------------------------------------------------------


class _Form(NamedTuple):
    """Items without their values: equal for those that differ in values alone.

    Names within count by their places.
    """

    skeleton: Hashable
    values: tuple[Any, ...]
    roles: tuple[str, ...]
    widths: tuple[Any, ...]


class Forms:
    """The forms of items, references among them told apart from outside ones."""

    def __init__(self, flows: Iterable[Chain]) -> None:
        self.references: Counter[int] = Counter()
        for chain in flows:
            for item in every(chain):
                self.references.update(
                    value.node for value in item.values if isinstance(value, NodeName)
                )
        self._plain: dict[int, tuple[Item, _Form | None]] = {}

    def of(self, items: Chain) -> _Form | None:
        """Their form; None where something within is referred to from outside (their last output
        apart).
        """
        plain = [self._without_names(item) for item in items[:-1]]
        last = (
            self._without_names(items[-1]._replace(node=-1))
            if items[-1].node in self.references
            else self._without_names(items[-1])
        )
        parts = [*plain, last]
        if all(part is not None for part in parts):
            known = [part for part in parts if part is not None]
            return _Form(
                tuple(part.skeleton for part in known),
                tuple(value for part in known for value in part.values),
                tuple(role for part in known for role in part.roles),
                tuple(width for part in known for width in part.widths),
            )
        return self._with_names(items)

    def _without_names(self, item: Item) -> _Form | None:
        """An item's form where nothing in it has a name or is a reference."""
        kept = self._plain.get(id(item))
        if kept is None or kept[0] is not item:
            form = None
            if not any(
                i.node in self.references or any(isinstance(v, NodeName) for v in i.values)
                for i in every((item,))
            ):
                form = self._with_names((item,))
            kept = self._plain[id(item)] = (item, form)
        return kept[1]

    def _with_names(self, items: Chain) -> _Form | None:
        within = {item.node for item in every(items) if item.node in self.references}
        last = items[-1].node
        used: Counter[int] = Counter(
            v.node for item in every(items) for v in item.values if isinstance(v, NodeName)
        )
        if any(used[node] != self.references[node] for node in within if node != last):
            return None
        if used[last] and last in within:
            return None
        places: dict[int, int] = {}
        values: list[Any] = []
        roles: list[str] = []
        widths: list[Any] = []

        def skeleton(item: Item) -> Hashable:
            own: list[Any] = []
            for value, role in zip(item.values, item.roles, strict=True):
                if isinstance(value, NodeName) and value.node in places:
                    own.append(places[value.node])
                else:
                    values.append(value)
                    roles.append(role)
                    widths.append(item.width)
                    own.append("name" if isinstance(value, NodeName) else "")
            children = tuple(tuple(skeleton(child) for child in chain) for chain in item.children)
            if item.node in within and item.node != last:
                places[item.node] = len(places)
                own.append(f"as {places[item.node]}")
            return (item.head, tuple(own), children)

        return _Form(
            tuple(skeleton(item) for item in items), tuple(values), tuple(roles), tuple(widths)
        )


def every(chain: Chain) -> Iterator[Item]:
    """All items of a chain, and those within them."""
    for item in chain:
        yield item
        for child in item.children:
            yield from every(child)


# --- repeats --------------------------------------------------------------------------------------


def repeated(flows: Sequence[Flow], longest: int) -> list[Flow]:
    """The flows with equal neighbours folded: runs of one item, and of up to `longest`."""
    forms = Forms(flow.chain for flow in flows)
    return [flow._replace(chain=fold(flow.chain, longest, forms)) for flow in flows]


def fold(chain: Chain, longest: int, forms: Forms) -> Chain:
    """A chain with equal neighbours folded, inside and out."""
    items = tuple(
        item._replace(children=tuple(fold(child, longest, forms) for child in item.children))
        for item in chain
    )
    for period in range(1, longest + 1):
        items = _folded(items, period, forms)
    return items


def _folded(chain: Chain, period: int, forms: Forms) -> Chain:
    result: list[Item] = []
    at = 0
    while at < len(chain):
        piece = chain[at : at + period]
        times = 1
        if (
            len(piece) == period
            and piece[0].head not in (REFERENCE, REPEAT)[: 1 if period > 1 else 2]
        ):
            form = forms.of(piece)
            while form is not None and _same(
                form, forms, chain[at + times * period : at + (times + 1) * period], period
            ):
                if chain[at + times * period - 1].node in forms.references:
                    break
                times += 1
        if times == 1:
            result.append(chain[at])
            at += 1
            continue
        last = chain[at + times * period - 1]
        pieces = [chain[at + turn * period : at + (turn + 1) * period] for turn in range(times)]
        span = (piece[0].span[0], last.span[1])
        result.append(
            Item(
                REPEAT,
                (times,),
                ("n",),
                piece[0].width,
                (_unnamed(_one_of(pieces)),),
                last.node,
                span,
            )
        )
        at += times * period
    return tuple(result)


def _same(form: _Form, forms: Forms, other: Chain, period: int) -> bool:
    if len(other) != period:
        return False
    there = forms.of(other)
    return there is not None and (there.skeleton, there.values) == (form.skeleton, form.values)


def _one_of(pieces: Sequence[Chain]) -> Chain:
    """One chain for equal ones: widths that differ from pass to pass are unknown."""
    return tuple(_merged(items) for items in zip(*pieces, strict=True))


def _unnamed(chain: Chain) -> Chain:
    """A chain whose output has no name of its own: what stands around it has it."""
    return (*chain[:-1], chain[-1]._replace(node=-1))


def _merged(items: Sequence[Item]) -> Item:
    widths = {item.width for item in items}
    children = tuple(
        _one_of(chains) for chains in zip(*(item.children for item in items), strict=True)
    )
    return items[-1]._replace(width=widths.pop() if len(widths) == 1 else None, children=children)


# --- blocks ---------------------------------------------------------------------------------------


def with_blocks(
    flows: Sequence[Flow],
    measure: Callable[[Chain], int],
    rank: Callable[[Chain], int] = lambda chain: 1,
    alike: Callable[[str, str], bool] = lambda role, other: True,
) -> tuple[list[Block], list[Flow]]:
    """The flows with blocks taken out, and the blocks, each behind those that it uses.

    Args:
        measure: a chain's length as text.
        rank: 0 for chains that cannot be blocks; of the others those of the highest rank come
            first.
        alike: whether values of one role can be written as multiples of those of another; `in` is
            the width's.
    """
    blocks: list[Block] = []
    flows = list(flows)
    while True:
        bodies = [*(flow.chain for flow in flows), *(block.chain for block in blocks)]
        forms = Forms(bodies)
        best = _best(bodies, forms, measure, rank, alike)
        if best is None:
            return _in_order(blocks), flows
        block, calls = _block(len(blocks), best, alike)
        replace = _Replacer(calls).chain
        flows = [flow._replace(chain=replace(flow.chain)) for flow in flows]
        blocks = [*(b._replace(chain=replace(b.chain)) for b in blocks), block]
        forms = Forms([*(flow.chain for flow in flows), *(b.chain for b in blocks)])
        flows = [flow._replace(chain=fold(flow.chain, 1, forms)) for flow in flows]
        blocks = [b._replace(chain=fold(b.chain, 1, forms)) for b in blocks]


def _in_order(blocks: Sequence[Block]) -> list[Block]:
    ordered: dict[int, Block] = {}

    def add(block: Block) -> None:
        if block.number in ordered:
            return
        for item in every(block.chain):
            if isinstance(item.head, BlockHead):
                add(blocks[item.head.block])
        ordered[block.number] = block

    for block in blocks:
        add(block)
    return list(ordered.values())


class _Found(NamedTuple):
    pieces: list[Chain]
    forms: list[_Form]


def _best(
    bodies: Iterable[Chain],
    forms: Forms,
    measure: Callable[[Chain], int],
    rank: Callable[[Chain], int],
    alike: Callable[[str, str], bool],
) -> _Found | None:
    """The piece that saves most as a block, among those of the highest rank."""
    groups: dict[Hashable, _Found] = {}
    ranks: dict[Hashable, int] = {}
    for chain in _all_chains(bodies):
        last_at: dict[Hashable, int] = {}
        for start in range(len(chain)):
            for end in range(start + 1, min(len(chain), start + _LONGEST) + 1):
                if chain[end - 1].head == REFERENCE or chain[start].head == REFERENCE:
                    break
                piece = chain[start:end]
                form = forms.of(piece)
                standing = 0 if form is None else rank(piece)
                if form is None or not standing:
                    continue
                if last_at.get(form.skeleton, 0) > start:
                    continue  # overlaps the one before
                last_at[form.skeleton] = end
                found = groups.setdefault(form.skeleton, _Found([], []))
                found.pieces.append(piece)
                found.forms.append(form)
                ranks[form.skeleton] = max(standing, ranks.get(form.skeleton, 0))
    best, most, highest = None, _WORTH, 0
    for skeleton, found in groups.items():
        first = found.pieces[0]
        if len(found.pieces) < 2 or (len(first) == 1 and isinstance(first[0].head, BlockHead)):
            continue
        parameters, inside = _parameters(found, alike)
        if not inside:
            continue
        arguments = sum(
            _length(form.values[place]) + 2 for form in found.forms for _, place in parameters
        )
        saved = (
            (len(found.pieces) - 1) * measure(first)
            - 14
            - 8 * (len(found.pieces) + len(parameters))
            - arguments
        )
        better = ranks[skeleton] >= highest and saved > (
            most if ranks[skeleton] == highest else _WORTH
        )
        if (
            better
            and len(parameters) <= _MOST_PARAMETERS
            and not _periodic([forms.of((item,)) for item in first])
        ):
            best, most, highest = found, saved, ranks[skeleton]
    return best


def _length(value: Any) -> int:
    return 4 if isinstance(value, Formula | NodeName) else len(str(value))


def _periodic(parts: Sequence[_Form | None]) -> bool:
    """Whether a piece is itself a shorter one several times."""
    skeletons = [None if part is None else part.skeleton for part in parts]
    return any(
        len(skeletons) % period == 0
        and skeletons == skeletons[:period] * (len(skeletons) // period)
        for period in range(1, len(skeletons) // 2 + 1)
    )


def _all_chains(bodies: Iterable[Chain]) -> Iterator[Chain]:
    for chain in bodies:
        yield chain
        for item in chain:
            yield from _all_chains(item.children)


def _parameters(
    found: _Found, alike: Callable[[str, str], bool]
) -> tuple[list[tuple[str, int]], list[Any]]:
    """The parameters of a block, each with the column of its argument, and for each column what
    stands there in the block.

    Nothing stands there where no block can be made: what comes in (`in`) is another thing at the
    call than within the block.
    """
    rows = found.forms
    columns = list(zip(*(form.values for form in rows), strict=True))
    widths = list(zip(*(form.widths for form in rows), strict=True))
    names: list[tuple[str, int]] = []
    inside: list[Any] = []
    for at, column in enumerate(columns):
        if len(set(column)) == 1 and not _is_outer(column[0]):
            inside.append(column[0])
            continue
        role = rows[0].roles[at]
        known = [
            (name, columns[place]) for name, place in names if alike(role, rows[0].roles[place])
        ]
        wide = widths[at] if alike(role, "in") else (None,) * len(column)
        formula = _equal(column, known) or _of_width(column, wide, 1)
        formula = formula or _multiple(column, known) or _of_width(column, wide, _MOST_RATIO)
        if formula is None:
            formula = Formula(unique_name(role, {name for name, _ in names}))
            names.append((formula.parameter, at))
            for value, width, piece in zip(column, widths[at], found.pieces, strict=True):
                if (
                    isinstance(value, Formula)
                    and value.parameter == "in"
                    and (width is None or width != piece[0].width)
                ):
                    return [], []
        inside.append(formula)
    return names, inside or [None]


def _is_outer(value: Any) -> bool:
    """Whether a value means nothing within a block: another block's parameter, or a node
    outside.
    """
    return isinstance(value, NodeName) or (isinstance(value, Formula) and value.parameter != "in")


def _equal(column: Sequence[Any], known: Iterable[tuple[str, Sequence[Any]]]) -> Formula | None:
    return next(
        (
            Formula(name)
            for name, other in known
            if list(column) == list(other) and not _has_width(column)
        ),
        None,
    )


def _has_width(column: Sequence[Any]) -> bool:
    return any(isinstance(value, Formula) and value.parameter == "in" for value in column)


def _multiple(column: Sequence[Any], known: Iterable[tuple[str, Sequence[Any]]]) -> Formula | None:
    """A column as a whole multiple, or a whole part, of one that is known."""
    for name, other in known:
        ratio = _ratio(column[0], other[0], _MOST_RATIO)
        if ratio and all(
            _ratio(a, b, _MOST_RATIO) == ratio for a, b in zip(column, other, strict=True)
        ):
            return Formula(name, *ratio)
    return None


def _of_width(column: Sequence[Any], widths: Sequence[Any], most: int) -> Formula | None:
    """A column as a multiple or a part of the channels that come in, in each row, or already
    said to be.
    """
    ratios = {
        (value.factor, value.divisor)
        if isinstance(value, Formula) and value.parameter == "in"
        else _ratio(value, width, most)
        for value, width in zip(column, widths, strict=True)
    }
    ratio = ratios.pop()
    return Formula("in", *ratio) if ratio and not ratios else None


def _ratio(value: Any, other: Any, most: int) -> tuple[int, int] | None:
    """(n, 1) for n times the other, (1, n) for an nth of it; None for anything else."""
    if value == other and value is not None and not isinstance(value, NodeName):
        return 1, 1
    if not isinstance(value, int) or not isinstance(other, int) or min(value, other) < 1:
        return None
    factor, divisor = value // other, other // value
    if 1 < factor <= most and value == factor * other:
        return factor, 1
    if 1 < divisor <= most and other == divisor * value:
        return 1, divisor
    return None


def _block(
    number: int, found: _Found, alike: Callable[[str, str], bool]
) -> tuple[Block, dict[int, tuple[int, Item]]]:
    """The block, and the call that stands for each piece, by the identity of the piece's first
    item.
    """
    names, inside = _parameters(found, alike)
    rows = [form.values for form in found.forms]
    order = sorted(
        names, key=lambda pair: pair[0].startswith("s") and any(row[pair[1]] == 1 for row in rows)
    )
    parameters = []
    for name, place in order:
        has_default = name.startswith("s") and any(row[place] == 1 for row in rows)
        parameters.append(Parameter(name, 1 if has_default else None))
    known = [(name, [row[place] for row in rows]) for name, place in names]
    chain = _unnamed(_filled(_common(found.pieces, known), iter(inside)))
    calls = {}
    for piece, row in zip(found.pieces, rows, strict=True):
        values = tuple(row[place] for _, place in order)
        roles = tuple(name.rstrip("0123456789") for name, _ in order)
        span = (piece[0].span[0], piece[-1].span[1])
        call = Item(BlockHead(number), values, roles, piece[0].width, (), piece[-1].node, span)
        calls[id(piece[0])] = (len(piece), call)
    return Block(number, tuple(parameters), chain), calls


def _common(pieces: Sequence[Chain], known: Sequence[tuple[str, Sequence[Any]]]) -> Chain:
    """One chain for pieces of one form: the first, each width as a parameter where they differ."""
    return tuple(_common_item(items, known) for items in zip(*pieces, strict=True))


def _common_item(items: Sequence[Item], known: Sequence[tuple[str, Sequence[Any]]]) -> Item:
    widths = [item.width for item in items]
    width: Any = (
        widths[0]
        if len(set(widths)) == 1
        else None
        if None in widths
        else _equal(widths, known) or tuple(widths)
    )
    children = tuple(
        _common(chains, known) for chains in zip(*(item.children for item in items), strict=True)
    )
    return items[0]._replace(width=width, children=children)


def _filled(chain: Chain, inside: Iterator[Any]) -> Chain:
    """The chain with what stands in the block for each value, in the order of `_Form.values`."""
    named: set[int] = set()

    def filled(item: Item) -> Item:
        values = tuple(
            v if isinstance(v, NodeName) and v.node in named else next(inside) for v in item.values
        )
        children = tuple(tuple(filled(child) for child in inner) for inner in item.children)
        named.add(item.node)
        return item._replace(values=values, children=children)

    return tuple(filled(item) for item in chain)


class _Replacer:
    """Puts calls where the pieces of a block stood."""

    def __init__(self, calls: Mapping[int, tuple[int, Item]]) -> None:
        self.calls = calls

    def chain(self, chain: Chain) -> Chain:
        result: list[Item] = []
        at = 0
        while at < len(chain):
            length, call = self.calls.get(id(chain[at]), (0, None))
            if call is not None:
                result.append(call)
                at += length
                continue
            item = chain[at]
            result.append(
                item._replace(children=tuple(self.chain(child) for child in item.children))
                if item.children
                else item
            )
            at += 1
        return tuple(result)
